"""Every constant of a provider has a witness outside, or is said to have none."""

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

#: What constants of providers look like in a fixture.
LOOKS = (
    r"\bHS_[A-Z]_\d{4}\b", r"\b[A-Z]{2}\.[A-Z]{3}\.[A-Z]{4}\.[A-Z]{2}\b", r"\bDS-\d{6}\b",
    r"\b[A-Z]{3}_(?:VAL|DUT)_MO\b", r"/data/timeseries/intltrade/\w+/hs\b",
    r"/(?:public|data)/v1/(?:getDa|preview)\b", r"/distance/\w+\.\w+", r"\bODPFN\d{3}\b",
    r"\bCIMT-CICM_\w+?(?=_)",
)  # fmt: skip
#: Codes that a fixture has in order to be refused, or as part of a recorded answer.
WRONG = {"HS_M_0010", "DS-059341", "EG.ELC.RNEW.ZS"}


@pytest.fixture(scope="module")
def providers(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("providers", root / "scripts/providers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_constant_is_declared_and_nothing_else_is(providers: ModuleType) -> None:
    in_code, declared = providers.constants(), set(providers.declared())
    assert sorted(in_code - declared) == [], "declare these there, or the witness of the source"
    assert sorted(declared - in_code) == [], "these are no longer in the code"


def test_the_page_is_current(providers: ModuleType) -> None:
    written = providers.PAGE.read_text(encoding="utf-8")
    assert written == providers.page(), "run python scripts/providers.py"
    assert "| wto | indicator | `HS_A_0010` | client wtor" in written


def fixtures(root: Path) -> list[Path]:
    folder = root / "tests/sources"
    served = [f for f in sorted(folder.glob("*.py")) if "Reply(" in f.read_text("utf-8")]
    return [f for f in served if f.name not in ("server.py", "test_providers.py")]


def test_fixtures_hold_no_constant_without_witness(providers: ModuleType, root: Path) -> None:
    known = " ".join(
        value for (_, _, value), (what, _) in providers.declared().items()
        if what != providers.UNWITNESSED
    )  # fmt: skip
    strange = {
        (file.name, found)
        for file in fixtures(root)
        for look in LOOKS
        for found in re.findall(look, file.read_text("utf-8"))
        if found not in known and found not in WRONG
    }
    assert strange == set()


def test_fixtures_say_whether_they_are_recorded_or_synthetic(root: Path) -> None:
    silent = [
        file.name
        for file in fixtures(root)
        if not re.search(
            r"synthetic|recorded", ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "", re.I
        )
    ]
    assert silent == []

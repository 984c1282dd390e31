"""A first run on an empty folder: every provider as it is documented today, with and without keys.

Fixtures: synthetic answers of all providers, played by one server on this machine.
"""

import io
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from marketintel.cli.app import app
from marketintel.documents.engine.blocks import Callout, Table, Text
from marketintel.sources import selftest, snapshot
from marketintel.sources.providers import cepii
from marketintel.sources.selftest import selftest as ask_all
from tests.documents.studies import open_study
from tests.sources.providers import Comtrade
from tests.sources.server import FakeClock, Reply, Request, Server
from tests.sources.test_home_sources import cimt, outlook, rates, wits
from tests.sources.test_today import PAIR, comext_service

SOURCES = ("CENSUS", "STATCAN_CIMT", "COMEXT", "COMTRADE", "WITS", "ECB", "IMF", "CEPII_GEODIST",
           "WORLDBANK", "WTO")  # fmt: skip
KEYS = {"CENSUS_KEY": "c" * 40, "COMTRADE_KEY": "d" * 32, "WTO_KEY": "e" * 32}
KEYLESS = {"comext", "statcan_cimt", "comtrade", "wits", "worldbank", "imf", "ecb", "cepii_geodist"}
ASK = ("fetch", "--for", "USA,CAN,JPN", "--segments", "lasers", "--years", "2022-2023", "--quiet")


def census(request: Request) -> Reply:
    """One partner and every code asked; without its key a redirect, as since May 2026."""
    if request.query.get("key") != KEYS["CENSUS_KEY"]:
        away = {"Location": "https://api.census.gov/data/missing_key.html",
                "X-DataWebAPI-KeyError": "1"}  # fmt: skip
        return Reply(302, headers=away)
    flow = "I_COMMODITY" if "/imports/" in request.path else "E_COMMODITY"
    names = request.query["get"].split(",")
    codes = [part.partition("=")[2] for part in request.url_query.split("&")
             if part.startswith(flow)]  # fmt: skip
    rows = [["5880", *("10" for _ in names[1:]), code, "HS6", request.query["time"]]
            for code in codes]  # fmt: skip
    return Reply(json=[[*names, flow, "COMM_LVL", "time"], *rows])


def worldbank(request: Request) -> Reply:
    name = request.path.rpartition("/")[2]
    rows = [
        {"indicator": {"id": name, "value": name}, "country": {"id": code[:2], "value": code},
         "countryiso3code": code, "date": "2022", "value": 5.0, "unit": ""}
        for code in ("CAN", "JPN", "MEP")
    ]  # fmt: skip
    return Reply(json=[{"pages": 1, "lastupdated": "2026-10-01"}, rows])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    stata = io.BytesIO()
    pd.DataFrame([PAIR]).to_stata(stata, write_index=False)
    with Server() as running:
        for source in SOURCES:
            monkeypatch.setenv(f"MARKETINTEL_{source}_URL", running.url)
            monkeypatch.setenv(f"MARKETINTEL_{source}_INTERVAL_S", "0")
        for key in KEYS:
            monkeypatch.delenv(key, raising=False)
        running.route("/data/timeseries/intltrade", census)
        running.route("/CIMT-CICM", cimt)
        running.route("/sdmx/2.1/data/DS-045409", comext_service())
        for how in ("/public/v1/preview", "/data/v1/get/"):
            running.route(how, Comtrade())
        for how in ("/public/v1/getDa", "/data/v1/getDa"):
            running.route(how, lambda _: Reply(json={"count": 0, "data": []}))
        running.route("/reporter", wits)
        running.route("/data/EXR", rates)
        running.route("/data/dataflow", lambda _: outlook("7"))
        running.route("/country", worldbank)
        running.add(cepii.STATA, body=stata.getvalue(), content_type="binary/octet-stream")
        yield running


def run(data: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--data", str(data)])


def arrived(data: Path) -> set[str]:
    return {held.meta.source for held in snapshot.list_snapshots(data)}


def test_without_a_key(server: Server, tmp_path: Path) -> None:
    done = run(tmp_path, *ASK)
    assert done.exit_code == 0, done.output
    assert arrived(tmp_path) == KEYLESS
    assert "key_signup.html" in done.output
    assert "code MEP is no economy's" in done.output
    assert not any(r.path.startswith("/data/timeseries") for r in server.requests)
    built = run(tmp_path, "build")
    assert built.exit_code == 0, built.output
    study = open_study("JPN", segments=["lasers"], data_dir=tmp_path).facts
    assert (study.basis.kind, study.basis.sources) == ("reported", ["comtrade"])
    asked = run(tmp_path, "forecast", "JPN", "-s", "lasers", "--table")
    refused = getattr(asked.exception, "exit_code", None)  # two years are no series
    assert asked.exit_code == 0 or refused == 3, asked.output
    again = run(tmp_path, *ASK)
    assert again.exit_code == 0
    assert "new vintage" not in again.output


def test_with_all_keys(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    done = run(tmp_path, *ASK)
    assert done.exit_code == 0, done.output
    assert arrived(tmp_path) == KEYLESS | {"us_census_imports", "us_census_exports"}
    assert not any(value in done.output for value in KEYS.values())
    assert run(tmp_path, "build").exit_code == 0
    assert open_study("USA", segments=["lasers"], data_dir=tmp_path).facts.basis.kind == "reported"


def test_a_wrong_key_costs_its_source_only(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CENSUS_KEY", "w" * 40)
    done = run(tmp_path, *ASK)
    assert done.exception.exit_code == 6  # type: ignore[union-attr]
    assert arrived(tmp_path) == KEYLESS
    assert "key_signup.html" in done.output


def test_with_the_exports_of_the_union_alone_a_study_shows_them_and_says_so(
    server: Server, tmp_path: Path
) -> None:
    words = ("fetch", "comext", "ecb", "--for", "KOR", "--segments", "lasers", "--years",
             "2022-2023", "--quiet")  # fmt: skip
    done = run(tmp_path, *words)
    assert done.exit_code == 0, done.output
    assert run(tmp_path, "build").exit_code == 0
    document = open_study("KOR", segments=["lasers"], data_dir=tmp_path)
    study = document.facts
    assert study.basis.kind == "EU exports"
    assert len(study.basis.partners) == 27
    assert study.basis.sources == ["comext"]
    flows = study.basis.flows
    assert set(flows["partner"]) == set(study.basis.partners)
    year = flows[flows["period"] == study.year]
    assert year["value_usd"].sum() == pytest.approx(11.0 * len(year)), "10 euros each, at 1.10"
    blocks = []
    for name in ("summary", "suppliers", "change", "segments", "gaps"):
        stack = document.chapter(name)
        stack._repr_mimebundle_()
        blocks += stack.flat()
    said = " ".join(b.markdown for b in blocks if isinstance(b, Text | Callout))
    assert "No competitor is in them" in said
    assert "not the size of the market" in said
    for shown in (b for b in blocks if isinstance(b, Table) and b.name != "rules"):
        assert "no competitors" in (shown.source or ""), shown.name


def test_the_selftest_asks_each_source_once(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ask_all([*sorted(KEYLESS - {"statcan_cimt"}), "wto"], tmp_path,
                    clock=FakeClock())  # fmt: skip
    assert {f.source: f.result for f in found} == dict.fromkeys(
        KEYLESS - {"statcan_cimt"}, "ok"
    ) | {"wto": "no key"}
    server.route("/country", lambda _: Reply(json=[{"message": [{"id": "120", "value": "no"}]}]))
    (bad,) = ask_all(["worldbank"], tmp_path, clock=FakeClock())
    assert bad.result == "failed"
    monkeypatch.setenv("MARKETINTEL_WITS_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(selftest, "REACH_S", 0.5)
    done = CliRunner().invoke(app, ["fetch", "--selftest", "wits"])
    assert done.exception.exit_code == 6  # type: ignore[union-attr]
    assert "wits" in done.output
    assert "unreachable" in done.output

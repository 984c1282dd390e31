"""The files that people edit for a screening, read and checked."""

from __future__ import annotations

import csv
import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.errors import ReferenceFileError
from marketintel.reference.criteria import Filter, Indicator, Rule
from marketintel.reference.files import REFERENCE_DIR

if TYPE_CHECKING:
    import pandas as pd

NONTARIFF_COLUMNS = (
    "market", "measure_by", "kind", "segments", "cmd_codes", "fact", "since", "as_of", "source",
    "url",
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """``screening.toml``: indicators, weights of the sides, filters, rule, draws, record."""

    indicators: list[Indicator]
    sides: dict[str, float]
    filters: list[Filter]
    rule: Rule
    draws: int
    concentration: float
    range_pct: float
    horizons: tuple[int, ...]
    first: tuple[int, ...]
    lookback: int
    smooth: int


@dataclass(frozen=True)
class Material:
    """One table of ``raw_materials.toml``."""

    code: str
    name: str
    elements: str
    segments: tuple[str, ...]
    why: str
    source: str
    url: str


def load_settings(path: Path | None = None) -> Settings:
    """Read ``screening.toml``.

    Raises
    ------
    ReferenceFileError
        Not TOML, a table or key missing or unknown, or a weight that is not above zero.
    """
    path = path or REFERENCE_DIR / "screening.toml"
    tables = _toml(path)
    try:
        weights, record = tables["weights"], tables["record"]
        settings = Settings(
            [_made(Indicator, name, entry) for name, entry in tables["indicator"].items()],
            {side: float(weights[side]) for side in ("attractiveness", "access")},
            [_made(Filter, name, entry) for name, entry in tables["filter"].items()],
            Rule(**tables["classes"]),
            int(weights["draws"]),
            float(weights["concentration"]),
            float(weights["range_pct"]),
            tuple(record["horizons"]),
            tuple(record["first"]),
            int(record["lookback"]),
            int(record["smooth"]),
        )
    except KeyError as error:
        raise ReferenceFileError(f"{path.name}: {error.args[0]} is missing; put it back") from error
    except TypeError as error:
        raise ReferenceFileError(f"{path.name}: {error}; correct the key") from error
    for indicator in settings.indicators:
        if not indicator.weight > 0 or indicator.better not in ("high", "low"):
            raise ReferenceFileError(
                f"{path.name}: indicator {indicator.id}: weight must be above 0 and better "
                "'high' or 'low'"
            )
        if indicator.side not in settings.sides:
            raise ReferenceFileError(
                f"{path.name}: indicator {indicator.id}: side is attractiveness or access, "
                f"not {indicator.side!r}"
            )
    return settings


def load_materials(path: Path | None = None) -> dict[str, Material]:
    """Read ``raw_materials.toml``: HS1992 code to material.

    Raises
    ------
    ReferenceFileError
        Not TOML, or a key missing or unknown.
    """
    path = path or REFERENCE_DIR / "raw_materials.toml"
    found = {}
    for code, entry in _toml(path).items():
        try:
            found[code] = Material(**{**entry, "code": code, "segments": tuple(entry["segments"])})
        except (TypeError, KeyError) as error:
            raise ReferenceFileError(f"{path.name}: [{code}]: {error}; correct it") from error
    return found


def load_nontariff(path: Path | None = None) -> pd.DataFrame:
    """Read ``nontariff.csv``: cited facts on access that no duty shows.

    Returns
    -------
    DataFrame
        ``market`` (ISO3, group, or ``*`` for everywhere), ``measure_by, kind, segments, cmd_codes``
        (joined by ``;``), ``fact, since, as_of, source, url``; all text.

    Raises
    ------
    ReferenceFileError
        Another header, or a fact without source, address or date of reading.
    """
    import pandas as pd

    return pd.DataFrame(nontariff_rows(path), columns=list(NONTARIFF_COLUMNS), dtype="str")


def nontariff_rows(path: Path | None = None) -> list[dict[str, str]]:
    """Return the rows of :func:`load_nontariff`, checked."""
    path = path or REFERENCE_DIR / "nontariff.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(handle)
        if tuple(reader.fieldnames or ()) != NONTARIFF_COLUMNS:
            raise ReferenceFileError(
                f"{path.name}:1: the header must be {','.join(NONTARIFF_COLUMNS)}"
            )
        rows = list(reader)
    for line, row in enumerate(rows, start=2):
        for column in ("market", "fact", "as_of", "source", "url"):
            if not row[column]:
                raise ReferenceFileError(
                    f"{path.name}:{line}: {column} is empty: no fact without one"
                )
    return rows


def _made(kind: type[Any], name: str, entry: Mapping[str, Any]) -> Any:
    known = {field.name for field in dataclasses.fields(kind)}
    if unknown := set(entry) - known:
        raise TypeError(f"{name}: unknown key {', '.join(sorted(unknown))}")
    return kind(id=name, **entry)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ReferenceFileError(f"{path.name}: cannot be read as TOML: {error}") from error

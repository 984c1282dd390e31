"""Declared shocks, elasticities estimated once, and notes on single markets and years."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field
from pydantic_core.core_schema import ValidationInfo

from marketintel.reference.fields import (
    Month,
    Names,
    Text,
    filled,
    known,
    mistake,
    named_by,
    written,
)
from marketintel.reference.files import REFERENCE_DIR, Tables, sound
from marketintel.reference.model import Broken, Table, toml_tables

if TYPE_CHECKING:
    import pandas as pd


def _flow(value: str, info: ValidationInfo) -> str:
    sides = value.split("-")
    names = None if info.context is None else info.context["countries"]
    if len(sides) != 2 or (names is not None and not {"*", *names}.issuperset(sides)):
        raise mistake("flow", f"{value!r} is not REPORTER-PARTNER in ISO3: write USA-CHN or USA-*")
    return value


Flow = Annotated[str, AfterValidator(_flow)]
Year = Annotated[str, written(r"(19|20)\d\d", "market-year", "is no year: write [USA.2025]")]
Estimate = Annotated[tuple[float, Annotated[float, Field(gt=0)]] | None, Field(strict=False)]


class Shock(Table):
    """Table of ``shocks.toml``: an event that touches flows from ``first`` to ``last`` month."""

    name: Text
    first: Annotated[Month, filled]
    flows: Literal["all"] | list[Flow]
    source: Text
    last: Month | None = None
    note: str = ""

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        if self.last and self.last < self.first:
            yield "month-order", "ends before it begins: change first or last", "last"


class StoredElasticity(Table):
    """Estimate of ``elasticities.toml``; ``placebo`` and ``trend`` are value and standard error."""

    made: ClassVar = frozenset({"key"})

    key: str
    driver: Literal["duty", "gdp", "exchange_rate"]
    label: Text
    value: Annotated[float, Field(allow_inf_nan=False)]
    std_error: Annotated[float, Field(gt=0)]
    n_obs: Annotated[int, Field(gt=0)]
    n_clusters: Annotated[int, Field(ge=2)]
    clusters: Text
    method: Text
    sample: Text
    source: Text
    weaknesses: Text
    made_by: Annotated[
        str, filled, written(r"python \S+\.py", "made-by", "is no command: write python SCRIPT.py")
    ]
    made_at: date
    placebo: Estimate = None
    trend: Estimate = None

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        if self.n_clusters > self.n_obs:
            message = "there are more clusters than observations: correct one"
            yield "n-clusters", message, "n_clusters"


class MarketNote(Table):
    """Note on one market in one year, and its source."""

    text: Text
    source: Text


_ESTIMATES = Annotated[dict[str, StoredElasticity], named_by("key")]
_NOTES = dict[Annotated[str, known("countries", "country")], dict[Year, MarketNote]]


def check_shocks(path: Path) -> Tables:
    """Check a ``shocks.toml``."""
    return toml_tables(path, dict[str, Shock], Names(path.parent))


def check_elasticities(path: Path) -> Tables:
    """Check an ``elasticities.toml``."""
    return toml_tables(path, _ESTIMATES)


def check_market_notes(path: Path) -> Tables:
    """Check a ``market_notes.toml``: one table a market and year, with text and source."""
    return toml_tables(path, _NOTES, Names(path.parent))


def load_shocks(path: Path | None = None) -> pd.DataFrame:
    """Read all shocks, one row for each pair of sides that one touches.

    Returns
    -------
    DataFrame
        ``shock`` (id), ``name``, ``first``, ``last`` (month, "YYYY-MM"; ``last`` is missing while
        the shock lasts), ``reporter``, ``partner`` (ISO3, or ``*`` for any), ``source``, ``note``.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule: the first mistake with file and line.
    """
    import pandas as pd

    tables = sound(check_shocks(Path(path or REFERENCE_DIR / "shocks.toml")))
    rows = [
        (name, s.name, s.first, s.last, *flow.split("-"), s.source, s.note)
        for name, s in tables.items.items()
        for flow in (["*-*"] if s.flows == "all" else s.flows)
    ]
    columns = ["shock", "name", "first", "last", "reporter", "partner", "source", "note"]
    return pd.DataFrame(rows, columns=columns)


def load_elasticities(path: Path | None = None) -> list[StoredElasticity]:
    """Read the stored estimates, in the order of the file.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule: the first mistake with file and line.
    """
    tables = sound(check_elasticities(Path(path or REFERENCE_DIR / "elasticities.toml")))
    return list(tables.items.values())


def market_note(market: str, year: str, path: Path | None = None) -> MarketNote | None:
    """Return the note on a market and year; None where there is none.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule: the first mistake with file and line.
    """
    tables = sound(check_market_notes(path or REFERENCE_DIR / "market_notes.toml"))
    note: MarketNote | None = tables.items.get(market, {}).get(year)
    return note

"""Declared shocks, elasticities estimated once, and notes on single markets and years."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import AfterValidator, Field, model_validator

from marketintel.reference.countries import country_rows
from marketintel.reference.files import REFERENCE_DIR, Tables, raw_toml, refuse
from marketintel.reference.model import Table, Text, mistake, toml_tables

if TYPE_CHECKING:
    import pandas as pd

DRIVERS = ("duty", "gdp", "exchange_rate")


def _flow(value: str) -> str:
    sides = value.split("-")
    if len(sides) != 2 or not {"*", *(row["iso3"] for row in country_rows())}.issuperset(sides):
        raise mistake("flow", f"{value!r} is not REPORTER-PARTNER in ISO3: USA-CHN or USA-*")
    return value


Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Flow = Annotated[str, AfterValidator(_flow)]


class Shock(Table):
    """Table of ``shocks.toml``: an event that touches flows from ``first`` to ``last`` month."""

    name: Text
    first: Month
    flows: Literal["all"] | list[Flow]
    source: Text
    last: Month | None = None
    note: str = ""

    @model_validator(mode="after")
    def _order(self) -> Shock:
        if self.last and self.last < self.first:
            raise mistake("month-order", "ends before it begins")
        return self


class StoredElasticity(Table):
    """Estimate of ``elasticities.toml``; ``placebo`` and ``trend`` are value and standard error."""

    driver: Literal["duty", "gdp", "exchange_rate"]
    label: Text
    value: float
    std_error: Annotated[float, Field(gt=0)]
    n_obs: int
    n_clusters: Annotated[int, Field(ge=2)]
    clusters: Text
    method: Text
    sample: Text
    source: Text
    weaknesses: Text
    made_by: Annotated[str, Field(pattern=r"^python \S+\.py$")]
    made_at: date
    placebo: Annotated[tuple[float, Annotated[float, Field(gt=0)]] | None, Field(strict=False)] = (
        None
    )
    trend: Annotated[tuple[float, Annotated[float, Field(gt=0)]] | None, Field(strict=False)] = None
    key: str = ""

    @model_validator(mode="after")
    def _clusters(self) -> StoredElasticity:
        if self.n_clusters > self.n_obs:
            raise mistake("n-clusters", "there are no more clusters than observations")
        return self


class MarketNote(NamedTuple):
    """Note on one market in one year, and its source."""

    text: str
    source: str


def check_shocks(path: Path) -> Tables:
    """Check a ``shocks.toml``."""
    return toml_tables(path, Shock)


def check_elasticities(path: Path) -> Tables:
    """Check an ``elasticities.toml``."""
    return toml_tables(path, StoredElasticity)


def check_market_notes(path: Path) -> Tables:
    """Check a ``market_notes.toml``: one table a market and year, with text and source."""
    tables = raw_toml(path)
    countries = {row["iso3"] for row in country_rows()}
    for market, years in tables.raw.items():
        for year, entry in years.items() if isinstance(years, dict) else [("", None)]:
            if market not in countries or not (year.isdigit() and len(year) == 4):
                message = f"a table is [ISO3.YEAR], such as [USA.2025]; not [{market}.{year}]"
                tables.add("market-year", message, market, year)
            elif not isinstance(entry, dict) or set(entry) != {"text", "source"}:
                message = "a note needs text and source, and nothing else: put that right"
                tables.add("note", message, market, year)
            elif not all(isinstance(part, str) and part for part in entry.values()):
                tables.add("wrong-type", "text and source are texts: write them", market, year)
    return tables


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

    tables = check_shocks(Path(path or REFERENCE_DIR / "shocks.toml"))
    refuse(tables.problems)
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
    tables = check_elasticities(Path(path or REFERENCE_DIR / "elasticities.toml"))
    refuse(tables.problems)
    return [one.model_copy(update={"key": key}) for key, one in tables.items.items()]


def market_note(market: str, year: str, path: Path | None = None) -> MarketNote | None:
    """Return the note on a market and year; None where there is none.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule: the first mistake with file and line.
    """
    tables = check_market_notes(path or REFERENCE_DIR / "market_notes.toml")
    refuse(tables.problems)
    entry = tables.raw.get(market, {}).get(year)
    return MarketNote(**entry) if entry else None

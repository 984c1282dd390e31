"""Trade of a country as context, and cited facts: shared by the partnership's documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from marketintel.documents.market.load import load
from marketintel.documents.market.priorities import Priorities, market_priorities
from marketintel.documents.market.priority_views import names_by_class
from marketintel.documents.market.study import Study
from marketintel.errors import MissingDataError
from marketintel.reference.countries import EU, country_name
from marketintel.reference.files import year_of

#: A fact from so many years ago is marked as old.
OLD_YEARS = 5


@dataclass(frozen=True)
class Market:
    """Trade of one country; ``study`` is None if there are no figures."""

    iso3: str
    study: Study | None
    data_dir: Path | None = None
    exporter: str = EU

    @property
    def name(self) -> str:
        """Plain name of the country."""
        return country_name(self.iso3)

    @cached_property
    def priorities(self) -> Priorities:
        """Segments to push here, seen from the exporter; a missing list raises MissingDataError."""
        return market_priorities(self.iso3, self.exporter, data_dir=self.data_dir, study=self.study)

    @property
    def pushed(self) -> dict[str, list[str]] | None:
        """Names of segments by class; None without figures."""
        try:
            return names_by_class(self.priorities)
        except MissingDataError:
            return None

    @property
    def figures(self) -> Study:
        """Trade of the country; a missing one raises MissingDataError."""
        if self.study is None:
            raise MissingDataError(f"no import figures of {self.name} are in the data directory")
        return self.study


def market(iso3: str, data_dir: Path | None = None, exporter: str = EU) -> Market:
    """Return the trade of a country as a market study of the exporter's goods reads it."""
    try:
        return Market(iso3, load(iso3, exporter, data_dir=data_dir), data_dir, exporter)
    except MissingDataError:
        return Market(iso3, None, data_dir, exporter)


def trade_context(markets: Sequence[Market]) -> pd.DataFrame | None:
    """Return imports of markets and sales of the exporter in them; None without figures."""
    rows = [
        {
            "country": one.name,
            "period": one.study.year,
            "imports_usd": one.study.total["value_usd"],
            "imports_change_pct": one.study.total["change_pct"],
            "sales_usd": one.study.place["value_usd"],
            "sales_change_pct": one.study.place["change_pct"],
            "share_pct": one.study.place["share_pct"],
        }
        for one in markets
        if one.study
    ]
    return pd.DataFrame(rows) if rows else None


def without_one(markets: Sequence[Market]) -> str:
    """Return changes and shares of markets without a segment that makes over half of them."""
    measures = ("change_pct", "sold_change_pct", "share_pct")
    studies = [m.study for m in markets if m.study]
    texts = [s.beside(*measures) for s in studies]
    pairs = zip(studies, texts, strict=True)
    return "".join(f" {s.name(s.market)}: {text.removeprefix('; ')}." for s, text in pairs if text)


def age(ref_date: str, as_of: str) -> str:
    """Return whether a fact is old on a day: ``old``, ``undated``, or nothing."""
    year = year_of(ref_date)
    if year is None:
        return "undated"
    return "old" if int(as_of[:4]) - year >= OLD_YEARS else ""


def dated(ref_date: str, as_of: str) -> str:
    """Return a fact's date, marked if it is old."""
    return f"{ref_date} (old)" if age(ref_date, as_of) == "old" else ref_date


def figure(value: str, unit: str) -> str:
    """Return a fact's figure with its unit; a date is its own unit."""
    if unit in ("date", "label"):
        return value
    number = f"{float(value):,g}" if value.replace(".", "", 1).isdigit() else value
    if value.isdigit() and len(value) > 3:
        number = f"{int(value):,}"
    return f"{number} {unit}"


def cited(
    facts: pd.DataFrame, who: str, as_of: str, group_col: str | None = None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return cited facts with figure and date in words; old and self-declared ones are marked.

    Parameters
    ----------
    facts : DataFrame
        fact, value, unit, ref_date, self_declared, source_title, source_url, and `who`.
    """
    rows = facts.assign(
        date=[dated(day, as_of) for day in facts["ref_date"]],
        figure=[
            figure(r["value"], r["unit"]) + ("*" if r["self_declared"] == "yes" else "")
            for r in facts.to_dict("records")
        ],
    )
    columns = [*dict.fromkeys([*([group_col] if group_col else []), who]), "fact", "figure", "date"]
    return rows[[*columns, "source_title", "source_url", "self_declared"]], {
        "group_col": group_col,
        "hide": ["source_url", "self_declared"],
    }


def addresses(facts: pd.DataFrame) -> list[tuple[str, str]]:
    """Return title and address of every source once."""
    rows = facts.drop_duplicates("source_url")
    return list(zip(rows["source_title"], rows["source_url"], strict=True))

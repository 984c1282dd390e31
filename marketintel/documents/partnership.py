"""What all documents of the partnership share: cited facts as tables, trade as context, marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from marketintel.analysis.trade.frames import CORE
from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import Callout, Table, Text, escape
from marketintel.documents.frames import one
from marketintel.documents.market.load import load
from marketintel.documents.market.study import Study
from marketintel.errors import MissingDataError
from marketintel.reference.countries import EU, country_name
from marketintel.reference.files import year_of
from marketintel.warehouse import reads

#: The four target markets of PIMAP+.
KEY_MARKETS = ("USA", "CAN", "JPN", "CHN")
#: A fact from so many years ago is marked as old.
OLD_YEARS = 5
KIND_NAMES = {
    "association": "Associations",
    "cluster": "Clusters",
    "institute": "Institutes",
    "industry": "Industry",
    "fair": "Fairs",
    "congress": "Congresses",
}


@dataclass(frozen=True)
class Market:
    """Trade of one country, or the reason why there is none."""

    iso3: str
    study: Study | None
    gap: str

    @property
    def name(self) -> str:
        """Plain name of the country."""
        return country_name(self.iso3)


def market(iso3: str, exporter: str = EU, data_dir: Path | None = None) -> Market:
    """Return the trade of a country as a market study reads it; a gap where there is none."""
    return _market(iso3, exporter, data_dir)


@lru_cache(maxsize=16)
def _market(iso3: str, exporter: str, data_dir: Path | None) -> Market:
    try:
        return Market(iso3, load(iso3, exporter, data_dir=data_dir), "")
    except MissingDataError:
        return Market(
            iso3,
            None,
            f"No import figures of {w.the(country_name(iso3))} are in the data directory; "
            f"`marketintel fetch --for {iso3}` gets them.",
        )


def age(ref_date: str, as_of: str) -> str:
    """Say whether a fact is old on a day: ``old``, ``undated``, or nothing."""
    year = year_of(ref_date)
    if year is None:
        return "undated"
    return "old" if int(as_of[:4]) - year >= OLD_YEARS else ""


def facts_table(
    facts: pd.DataFrame,
    who: str,
    name: str,
    caption: str,
    as_of: str,
    group_col: str | None = None,
    header: str = "Who",
) -> Table:
    """Cited facts: what, how much, when, by whom; old and self-declared ones are marked.

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
    return Table(
        rows[[*columns, "source_title", "source_url", "self_declared"]],
        name=name,
        caption=caption,
        headers={who: header, "fact": "What", "figure": "Figure", "date": "As of",
                 "source_title": "Source"},
        group_col=group_col,
        hide=["source_url", "self_declared"],
        note=(
            f"* Self-declared: counted by the organisation itself or quoted from it. Old: {OLD_YEARS} "
            f"years or more before {as_of[:4]}. Scopes differ, so figures of different rows are "
            "not to be added or compared. Addresses are in the tables beside the report."
        ),
    )  # fmt: skip


def dated(ref_date: str, as_of: str) -> str:
    """Say a fact's date, and that it is old where it is."""
    mark = age(ref_date, as_of)
    return f"{ref_date} (old)" if mark == "old" else ref_date


def figure(value: str, unit: str) -> str:
    """Say a fact's figure with its unit; a date is its own unit."""
    if unit in ("date", "label"):
        return value
    number = f"{float(value):,g}" if value.replace(".", "", 1).isdigit() else value
    if value.isdigit() and len(value) > 3:
        number = f"{int(value):,}"
    return f"{number} {unit}"


def addresses(facts: pd.DataFrame) -> Text:
    """List every source of a table once, with its address."""
    found = facts.drop_duplicates("source_url")
    rows = zip(found["source_title"], found["source_url"], strict=True)
    return Text("\n".join(f"- {escape(title)}: <{url}>" for title, url in rows))


def citations(data_dir: Path | None = None) -> list[str]:
    """Return the citation of every source of figures that was read so far."""
    try:
        return list(reads.used(data_dir)["citation"].unique())
    except MissingDataError:
        return []


def trade_context(markets: Sequence[Market]) -> pd.DataFrame | None:
    """Return imports of markets and sales of the exporter in them; None without figures."""
    rows = []
    for one_market in markets:
        if study := one_market.study:
            total = one(study.demand_total, "scope", CORE)
            own = one(study.position_total, "scope", CORE)
            rows.append(
                {
                    "country": one_market.name,
                    "period": study.year,
                    "imports_usd": total["value_usd"],
                    "imports_change_pct": total["change_pct"],
                    "sales_usd": own["value_usd"],
                    "sales_change_pct": own["change_pct"],
                    "share_pct": own["share_pct"],
                }
            )
    return pd.DataFrame(rows) if rows else None


def without_one(markets: Sequence[Market]) -> str:
    """Return changes and shares of markets without a segment that makes over half of them."""
    return _without_one([m.study for m in markets if m.study])


def figures_read(data_dir: Path | None = None) -> Text | None:
    """Cite every source of figures that was read so far; nothing where none was."""
    try:
        cited = reads.used(data_dir)["citation"].unique()
    except MissingDataError:
        return None
    return Text("\n".join(f"- {escape(text)}" for text in cited)) if len(cited) else None


def _without_one(studies: Sequence[Study]) -> str:
    """Say the changes and shares of the table without a segment that makes over half of them."""
    measures = ("change_pct", "sold_change_pct", "share_pct")
    said = [(s, s.beside(*measures).removeprefix("; ")) for s in studies]
    return "".join(f" {s.name(s.market)}: {text}." for s, text in said if text)


def context(markets: Sequence[Market]) -> list[Table | Text | Callout]:
    """What the target countries import: beside the indicators, never because of them."""
    rows = []
    for one_market in markets:
        if study := one_market.study:
            total = one(study.demand_total, "scope", CORE)
            own = one(study.position_total, "scope", CORE)
            rows.append(
                {
                    "country": one_market.name,
                    "period": study.year,
                    "imports_usd": total["value_usd"],
                    "imports_change_pct": total["change_pct"],
                    "sales_usd": own["value_usd"],
                    "sales_change_pct": own["change_pct"],
                    "share_pct": own["share_pct"],
                }
            )
    blocks: list[Table | Text | Callout] = [
        Callout(
            "note",
            "**Context, not effect.** Imports of whole countries move with prices, duties and the "
            "business cycle. A partnership of a few hundred companies cannot be seen in them. They "
            "stand here so that readers know the water level; nothing in this document claims that "
            "an indicator moved them, or the other way round.",
        )
    ]
    if rows:
        study = next(m.study for m in markets if m.study)
        blocks.append(
            Table(
                pd.DataFrame(rows),
                name="trade_context",
                caption=f"Context: photonic imports of the target countries, {EU} as supplier",
                formats={
                    "imports_usd": "usd_m",
                    "imports_change_pct": "pct_signed",
                    "sales_usd": "usd_m",
                    "sales_change_pct": "pct_signed",
                    "share_pct": "pct",
                    "period": "year",
                },
                headers={
                    "country": "Country",
                    "period": "Year",
                    "imports_usd": "Imports",
                    "imports_change_pct": "Change",
                    "sales_usd": f"From the {EU}",
                    "sales_change_pct": "Change",
                    "share_pct": "Share",
                },
                note="Core codes of all photonics segments; changes on the year before."
                + _without_one([m.study for m in markets if m.study]),
                source=study.source_line,
            )
        )
    missing = [m.gap for m in markets if m.study is None]
    if missing:
        blocks.append(Text("**Not known.** " + " ".join(missing)))
    return blocks

"""Chapters of supply: duties, facts beyond duties, segments through one market, whole baskets."""

from __future__ import annotations

from typing import Any

import pandas as pd

from marketintel.documents.screening.facts import Screening
from marketintel.documents.screening.facts.baskets import ALL_PRODUCTS
from marketintel.documents.screening.facts.supply import MARKET
from marketintel.documents.screening.views.frames import named, printed, with_name
from marketintel.documents.screening.views.ranks import Shown
from marketintel.reference.segments import load_segments


def access_duties(screening: Screening) -> Shown:
    """Return effective duty by supplier."""
    table = with_name(screening, screening.duties_paid["table"], "partner")
    columns = (
        "name customs_value_usd effective_duty_pct effective_duty_change_pp like_for_like_gap_pp"
    )
    rest = "partner duties_usd covered_pct"
    marked = (table["partner"] == screening.exporter).tolist()
    return printed(table, columns, rest, highlight=marked, printed_rows=12)


def nontariff(screening: Screening) -> Shown:
    """Return cited facts on the shortlist, the exporter, and everywhere."""
    rows = screening.nontariff
    rows = rows[rows["market"].isin({*screening.shortlist, screening.exporter, MARKET, "*"})]
    rows = rows.assign(
        where=["everywhere" if m == "*" else screening.name(m) for m in rows["market"]],
        by=rows["measure_by"].map(screening.name),
        since=rows["since"].replace("", None),
    )
    return printed(rows, "where by kind fact since source", "as_of url segments cmd_codes market")


def supply_side(screening: Screening) -> Shown:
    """Return specialisation and relatedness of the exporter by segment."""
    table = named(screening, screening.supply_side, "leader")
    table.insert(0, "name", table["segment"].map(load_segments().names()))
    columns = "name value_usd segment_share_of_supplier_pct rca_in_market relatedness_pct leader"
    return printed(table, columns, "segment n_codes n_present")


def outlook_gain(screening: Screening) -> Shown | None:
    """Return goods in which the exporter is not specialised, best net gain first."""
    table = screening.basket["products"]
    if table.empty:
        return None
    columns = "cmd_code group_name rca density_pct pci cog_net cog_gross"
    source = screening.cited(ALL_PRODUCTS) or screening.source_line
    return printed(table, columns, "", printed_rows=12, source=source)


def gaps(screening: Screening) -> dict[str, Any]:
    """Return markets with known duties, columns that lack markets, and traps in the trade data."""
    rates, now = screening.inputs.duties, screening.now
    columns = ("gdp_growth_pct", "gdp_usd", "distance_km", "demand_growth_pct")
    lacking = {c: now.indicators.index[now.indicators[c].isna()].tolist() for c in columns}
    trade = screening.used[screening.used["source"] == screening.source]
    return {
        "duties": None if rates is None else len(set(rates["market"]) & set(now.markets)),
        "lacking": [(column, markets) for column, markets in lacking.items() if markets],
        "quirks": [(s, " ".join(lines)) for s, lines in trade[["source", "quirks"]].to_numpy()],
    }


def assumed_figures(screening: Screening) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return every figure that had to be assumed, which is not printed."""
    table = screening.now.potential.assumed
    own = (table["economy"] == screening.exporter) | table["economy"].isin(screening.now.markets)
    rows = table[own].drop_duplicates().astype("str")
    return (rows if len(rows) else None), {"printed_rows": 0}


def sources(screening: Screening) -> pd.DataFrame:
    """Return every source that was read."""
    return screening.used[["title", "vintage", "retrieved_at", "licence"]].astype("str")


def citations(screening: Screening) -> list[str]:
    """Return the citations of what was read."""
    return list(screening.used["citation"].unique())

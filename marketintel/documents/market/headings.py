"""Tables that any study of a market has from headings of world trade and from national products."""

from __future__ import annotations

from typing import Any

import pandas as pd

from marketintel.documents import prose
from marketintel.reference.headings import load_headings
from marketintel.reference.scopes import NEIGHBOUR
from marketintel.warehouse import context_trade

#: Years of headings that are not printed, so that the table fits an upright page.
HIDDEN_YEARS = ("2018", "2019", "2020")


def heading_trend(facts: Any, flow: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return imports or exports by heading and year, and the change since the last break."""
    wide = facts.heading_trade.pivot_table(
        index="cmd_code", columns="period", values=f"{flow}s_usd", aggfunc="sum", min_count=1
    )
    first, last = int(wide.columns[0]), int(wide.columns[-1])
    headings = load_headings()
    since = {code: headings[code].compared_from(first, last) for code in wide.index}
    table = wide.rename(columns=lambda year: f"year_{year}").reset_index(names="heading")
    table.insert(1, "goods", [headings[code].short for code in wide.index])
    table["since"] = [str(since[code]) for code in wide.index]
    table["change_pct"] = [
        change_pct(wide.loc[code].get(str(year)), wide.loc[code, str(last)])
        for code, year in since.items()
    ]
    years = {f"year_{year}": str(year) for year in wide.columns}
    return table, {"headers": years, "formats": dict.fromkeys(years, "usd_m"),
            "hide": [c for c, year in years.items() if year in HIDDEN_YEARS]}  # fmt: skip


def scope_of_headings(facts: Any) -> dict[str, Any]:
    """Return how many headings and economies there are, how many list partners, years and breaks.

    Returns
    -------
    dict
        ``headings, economies, listing`` (numbers), ``first, last`` (years), ``breaks``: headings
        that compare from a later year only, as words.
    """
    trade = context_trade.heading_trade(data_dir=facts.data_dir)
    shares = context_trade.heading_shares(data_dir=facts.data_dir)
    first, last = str(trade["period"].min()), str(trade["period"].max())
    known, codes = load_headings(), sorted(trade["cmd_code"].unique())
    since = {h: known[h].compared_from(int(first), int(last)) for h in codes}
    return {
        "headings": len(codes), "economies": trade["reporter"].nunique(),
        "listing": shares["reporter"].nunique(), "first": first, "last": last,
        "breaks": prose.listing([f"{h} compares from {y} on" for h, y in since.items() if y > int(first)]),
    }  # fmt: skip


def change_pct(before: float | None, after: float) -> float:
    """Return a change in per cent; missing where nothing was traded before."""
    return 100 * (after / before - 1) if before is not None and before > 0 else float("nan")


def heading_cover(facts: Any) -> pd.DataFrame:
    """Return the headings with the segments they speak for, their cover and breaks."""
    rows = []
    for heading in map(load_headings().__getitem__, sorted(set(facts.heading_trade["cmd_code"]))):
        best = max(heading.cover, key=lambda s: heading.cover[s])
        speaks = [s for s in heading.cover if heading.speaks_for(s)]
        names = facts.segments.names()
        why = "; ".join(heading.objections(best))
        if heading.is_bridged(best):
            why += "; for the world, a regression with steps at the breaks is tried"
        verdict = names[best] if speaks else f"none ({why})"
        rows.append(
            (heading.heading, heading.title, names[best], 100 * heading.cover[best], verdict)
        )
    columns = ["heading", "goods", "best_segment", "best_cover_pct", "speaks_for"]
    return pd.DataFrame(rows, columns=columns)


def canada_segments(facts: Any) -> pd.DataFrame:
    """Return Canada's imports, exports and balance by segment, own codes; neighbours marked."""
    sums = facts.canada.groupby("segment", sort=False)[["imports_cad", "exports_cad"]].sum()
    sums = sums.reset_index().sort_values("imports_cad", ascending=False)
    near = {s.id: " (neighbour)" for s in facts.segments if s.own == NEIGHBOUR}
    names = {s: name + near.get(s, "") for s, name in facts.segments.names().items()}
    sums.insert(0, "segment_name", sums.pop("segment").map(names))
    table: pd.DataFrame = sums.assign(balance_cad=sums["exports_cad"] - sums["imports_cad"])
    return table


def canada_products(facts: Any) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return Canada's imports, exports and balance by product."""
    rows = facts.canada.sort_values("imports_cad", ascending=False)
    rows = rows.assign(balance_cad=rows["exports_cad"].fillna(0) - rows["imports_cad"].fillna(0))
    columns = ["cmd_code", "label", "imports_cad", "exports_cad", "balance_cad"]
    return rows[columns], {"printed_rows": 15}

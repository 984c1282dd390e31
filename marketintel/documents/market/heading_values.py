"""Criteria of segments from headings of world trade, for markets without figures by code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from marketintel.analysis.trade.headings import positions, suppliers, yearly_growth
from marketintel.errors import MissingDataError
from marketintel.reference.countries import country, country_name, group_members
from marketintel.reference.headings import Heading, load_headings
from marketintel.reference.priorities import FromHeadings, load_priorities
from marketintel.reference.scopes import NEIGHBOUR
from marketintel.reference.segments import load_segments
from marketintel.warehouse.context_trade import heading_shares, heading_trade


def read_for(segment: str, rule: FromHeadings, there: Sequence[str]) -> dict[str, float]:
    """Return the headings read in a segment's place, with the segment's cover of each."""
    return {
        h.heading: h.cover[segment]
        for h in load_headings().candidates(segment)
        if h.heading in there
        and sum(h.cover.values()) >= rule.min_cover
        and h.cover[segment] >= rule.min_segment_cover
    }


def weight_of(segment: str, headings: Sequence[str]) -> float:
    """Return the part of a segment's core codes that headings hold."""
    found = load_headings()
    return sum(found[h].weight.get(segment, 0.0) for h in headings)


def context(market: str, segments: Sequence[str], data_dir: Path | None) -> pd.DataFrame:
    """Return share of world imports and growth of segments from their headings.

    Returns
    -------
    DataFrame
        Index segment; ``size_usd, world_share_pct, growth_pct, growth_years`` and the two bases
        ``world_share_pct_basis, growth_pct_basis``; NaN where the headings do not hold enough of
        the segment. ``attrs["year"]`` is the year.
    """
    trade = heading_trade(data_dir=data_dir)
    rule = load_priorities().headings
    rows = {segment: _standing(trade, market, segment, rule) for segment in segments}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.attrs["year"] = trade["period"].max()
    return table


def _standing(trade: pd.DataFrame, market: str, segment: str, rule: FromHeadings) -> dict[str, Any]:
    covers = read_for(segment, rule, list(trade["cmd_code"].unique()))
    if weight_of(segment, list(covers)) < rule.min_weight:
        nothing = dict.fromkeys(
            ("size_usd", "world_share_pct", "growth_pct", "growth_years"), np.nan
        )
        why = _lacking(segment, list(covers))
        return nothing | {"world_share_pct_basis": why, "growth_pct_basis": why}
    year = str(trade["period"].max())
    rows = trade[trade["cmd_code"].isin(covers)]
    worth = rows["imports_usd"] * rows["cmd_code"].map(covers)
    world = worth.groupby(rows["period"]).sum()
    mine = rows["reporter"] == market
    own = worth[mine].groupby(rows["period"]).sum(min_count=1)
    first = int(trade["period"].min())
    since = {h: load_headings()[h].compared_from(first, int(year)) for h in covers}
    long = [h for h in covers if int(year) - since[h] >= load_priorities().classes.min_growth_years]
    used = long or list(covers)
    start = max(since[h] for h in used)
    part = worth[mine & rows["cmd_code"].isin(used)].groupby(rows["period"]).sum(min_count=1)
    growth = yearly_growth(part, str(start), year)
    name = " and ".join(sorted(covers))
    return {
        "size_usd": own.get(year, np.nan),
        "world_share_pct": 100 * own.get(year, np.nan) / world[year],
        "growth_pct": growth,
        "growth_years": float(int(year) - start) if growth == growth else np.nan,
        "world_share_pct_basis": f"heading {name}, {year}",
        "growth_pct_basis": f"heading {' and '.join(sorted(used))}, {start} to {year}",
    }


def _lacking(segment: str, headings: Sequence[str]) -> str:
    part = weight_of(segment, headings)
    if not headings:
        return "no heading on file stands for it"
    return f"heading {' and '.join(sorted(headings))} holds only {part:.0%} of the segment"


def values(
    market: str, exporter: str, data_dir: Path | None, why: str
) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Return criteria of segments from headings, their bases, and the year.

    Size is each heading's imports times the segment's cover of it in US imports; shares, growth
    and concentration are of the headings as a whole. Shares are what is known in a matrix known in
    part: lower bounds.

    Parameters
    ----------
    why : str
        What is lacking by code; it is the message where there are no headings either.
    """
    reporter, seller = country(market), country(exporter)
    members = group_members(seller)
    trade = heading_trade(data_dir=data_dir)
    year = str(trade["period"].max())
    if not ((trade["reporter"] == reporter) & (trade["period"] == year)).any():
        raise MissingDataError(f"no imports of {country_name(reporter)} by heading either: {why}")
    shares = heading_shares(data_dir=data_dir)
    sales = positions(shares, trade, reporter, {seller: members})
    sellers = suppliers(shares, trade, reporter)
    chosen = [s.id for s in load_segments() if s.own != NEIGHBOUR]
    table = context(reporter, chosen, data_dir)
    known = table.index[table["size_usd"].notna()]
    average = _share(sales[sales["period"] == year])
    rule = load_priorities().headings
    rows: dict[str, dict[str, Any]] = {}
    for segment in chosen:
        covers = read_for(segment, rule, list(trade["cmd_code"].unique()))
        if segment not in known:
            rows[segment] = {"basis": table.loc[segment, "growth_pct_basis"]}
            continue
        found = _position(sales, sellers, covers, year, average, members)
        if not _listed(shares, reporter, covers, found.pop("since"), year):
            found["share_change_pp"] = np.nan
        rows[segment] = found | {"basis": _basis(segment, covers, year)}
    position = pd.DataFrame.from_dict(rows, orient="index").reindex(columns=[
        "exporter_share_pct", "share_change_pp", "rca", "suppliers_hhi", "rival_share_pct",
        "competitor", "basis",
    ])  # fmt: skip
    bases = _bases(table, position, year)
    table = table.drop(columns=["world_share_pct_basis", "growth_pct_basis"]).join(position)
    nothing = dict.fromkeys(("duty_gap_pp", "duty_gap_usd", "handicap_pp"), np.nan)
    table = table.assign(market=reporter, exporter=seller, **nothing)
    return table.rename_axis("segment").reset_index(), bases, year


def _position(
    sales: pd.DataFrame,
    sellers: pd.DataFrame,
    covers: dict[str, float],
    year: str,
    average: float,
    members: Sequence[str],
) -> dict[str, Any]:
    """Return share, its change, specialisation and rivals over a segment's headings."""
    mine = sales[sales["cmd_code"].isin(covers)]
    mine = mine.assign(cover=mine["cmd_code"].map(covers))
    share = _share(mine[mine["period"] == year])
    first = int(sales["period"].min())
    since = max(load_headings()[h].compared_from(first, int(year)) for h in covers)
    before = _share(mine[mine["period"] == str(since)])
    parts = sellers[sellers["cmd_code"].isin(covers) & (sellers["period"] == year)]
    known = (parts["value_usd"] * parts["cmd_code"].map(covers)).groupby(parts["partner"]).sum()
    now = mine[mine["period"] == year]
    whole = (now["imports_usd"] * now["cover"]).sum()
    percent = 100 * known / whole
    others = percent.drop(list(members), errors="ignore")
    return {
        "since": str(since),
        "exporter_share_pct": share,
        "share_change_pp": (share - before) / (int(year) - since) if int(year) > since else np.nan,
        "rca": share / average if average > 0 else np.nan,
        "suppliers_hhi": float(((percent / 100) ** 2).sum()) if len(percent) else np.nan,
        "rival_share_pct": float(others.max()) if len(others) else np.nan,
        "competitor": str(others.idxmax()) if len(others) else None,
    }


def _listed(
    shares: pd.DataFrame, market: str, covers: dict[str, float], since: object, year: str
) -> bool:
    """Return whether a market lists its suppliers of all headings in both years."""
    own = shares[(shares["reporter"] == market) & (shares["flow"] == "import")]
    found = set(zip(own["cmd_code"], own["period"], strict=True))
    return all((code, when) in found for code in covers for when in (since, year))


def _share(rows: pd.DataFrame) -> float:
    """Return known sales as per cent of imports; missing where no pair is known."""
    cover = rows.get("cover", 1.0)
    sold, whole = (rows["value_usd"] * cover).sum(min_count=1), (rows["imports_usd"] * cover).sum()
    return float(100 * sold / whole) if whole > 0 else float("nan")


def _basis(segment: str, covers: dict[str, float], year: str) -> str:
    """Return what a segment was read from, and with whom it shares the heading."""
    names, found = load_segments().names(), load_headings()
    parts = []
    for code, cover in sorted(covers.items()):
        others = [names[s] for s in _sharing(found[code], segment)]
        shared = f", shared with {' and '.join(others).lower()}" if others else ""
        parts.append(f"heading {code} ({cover:.0%} of it is the segment's in US imports{shared})")
    return f"{'; '.join(parts)}, {year}"


def _sharing(heading: Heading, segment: str) -> list[str]:
    least = load_priorities().headings.min_segment_cover
    return [s for s, cover in heading.cover.items() if s != segment and cover >= least]


def _bases(table: pd.DataFrame, position: pd.DataFrame, year: str) -> pd.DataFrame:
    return pd.DataFrame(index=table.index, data={
        "size_usd": position["basis"], "world_share_pct": table["world_share_pct_basis"],
        "growth_pct": table["growth_pct_basis"],
        "exporter_share_pct": f"known suppliers, a lower bound, {year}",
        "share_change_pp": "known suppliers, over the years that compare",
        "rca": f"share against the share over all headings on file, {year}",
        "duty_gap_pp": "missing: no schedule by supplier on file",
        "suppliers_hhi": f"known suppliers, a lower bound, {year}",
    })  # fmt: skip

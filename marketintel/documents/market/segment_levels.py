"""Present imports of each segment in a market: by six-digit code, else from headings, else none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from marketintel.documents.market.heading_values import read_for, weight_of
from marketintel.errors import MissingDataError
from marketintel.reference.headings import load_headings
from marketintel.reference.priorities import load_priorities
from marketintel.reference.scopes import OWN
from marketintel.reference.segments import load_segments
from marketintel.warehouse.context import macro
from marketintel.warehouse.context_trade import canada_trade, heading_trade
from marketintel.warehouse.flows import flows

LEVELS = ["segment", "level_usd", "level_year", "basis", "weight_pct", "reason"]


def segment_levels(
    market: str, segments: Sequence[str], data_dir: Path | None = None
) -> pd.DataFrame:
    """Return the newest imports of segments in a market.

    Parameters
    ----------
    market : str
        ISO3.
    segments : sequence of str
        Segment ids.

    Returns
    -------
    DataFrame
        One row a segment: ``segment, level_usd`` (missing without a level), ``level_year`` (int),
        ``basis`` (what it was read from, with the cover of headings), ``weight_pct`` (part of the
        segment's core codes that the basis holds, per cent), ``reason`` (why there is no level, and
        the command that fetches one; empty where there is one).
    """
    readers = [_by_code, _from_headings]
    if market == "CAN":
        readers.insert(1, _canadian)
    rows: dict[str, dict[str, Any]] = {}
    for read in readers:
        try:
            found = read(market, segments, data_dir)
        except MissingDataError:
            continue
        for segment, row in found.items():
            if "level_usd" in row or segment not in rows:
                rows[segment] = rows[segment] if "level_usd" in rows.get(segment, {}) else row
    nothing = {"level_usd": np.nan, "level_year": 0, "basis": "", "weight_pct": np.nan}
    ask = f"`marketintel fetch --for {market}` asks UN Comtrade for its imports by six-digit code"
    table = pd.DataFrame([
        nothing | {"segment": s} | row
        | {"reason": "" if "level_usd" in row else f"{row.get('reason', 'no heading on file stands for it')}; {ask}"}
        for s, row in ((s, rows.get(s, {})) for s in segments)
    ])  # fmt: skip
    return table[LEVELS]


def has_level(market: str, segments: Sequence[str], data_dir: Path | None = None) -> bool:
    """Return whether a level of any of the segments in a market is known."""
    return bool(segment_levels(market, segments, data_dir)["level_usd"].notna().any())


def _by_code(market: str, segments: Sequence[str], data_dir: Path | None) -> dict[str, Any]:
    """Return own codes by six digits, last year."""
    rows = flows(reporter=market, segments=segments, with_origin=True, data_dir=data_dir)
    if rows.empty:
        return {}
    last = str(rows["period"].max())
    rows = rows[(rows["period"] == last) & rows["scope"].isin(OWN)]
    use = " for consumption" if set(rows["source"]) == {"us_census_imports"} else ""
    return {
        str(segment): {"level_usd": float(value), "level_year": int(last),
                       "basis": f"six-digit codes, imports{use}, {last}", "weight_pct": 100.0}
        for segment, value in rows.groupby("segment")["value_usd"].sum().items() if value > 0
    }  # fmt: skip


def _canadian(market: str, segments: Sequence[str], data_dir: Path | None) -> dict[str, Any]:
    """Return Canada's codes by six digits: a total over months as a yearly average, in dollars."""
    codes = load_segments().frame("HS2022")
    codes = codes[codes["scope"].isin(OWN) & codes["segment"].isin(segments)]
    rows = canada_trade("HS6", list(codes["cmd_code"]), None, data_dir)
    rows = rows.merge(codes[["cmd_code", "segment"]], left_on="product", right_on="cmd_code")
    first, last = rows["period"].iloc[0].split("/")
    months = pd.period_range(first, last, freq="M")
    rates = macro("exchange_rate_per_eur", ["USA", market], data_dir=data_dir)
    rates = rates[rates["period"].isin(months.astype(str))]
    rates = rates.set_index(["period", "economy"])["value"].unstack().dropna()  # noqa: PD010
    if len(rates) < len(months):
        raise MissingDataError(
            f"exchange rates of {len(rates)} of {len(months)} months {first} to {last}; fetch them "
            f"with `marketintel fetch ecb --years {first[:4]}-{last[:4]}`"
        )
    rate = float((rates["USA"] / rates[market]).mean())
    basis = (
        f"six-digit codes, yearly average of {first} to {last} ({len(months)} months, no single "
        f"year), {rate:.4f} USD per CAD"
    )
    sums = rows.groupby("segment")["imports_cad"].sum().to_dict()
    middle = int(months[len(months) // 2].year)
    return {
        str(segment): {"level_usd": float(value) / len(months) * 12 * rate, "level_year": middle,
                       "basis": basis, "weight_pct": 100.0}
        for segment, value in sums.items() if value > 0
    }  # fmt: skip


def _from_headings(market: str, segments: Sequence[str], data_dir: Path | None) -> dict[str, Any]:
    """Return headings times the segment's cover of them, or why none may be read."""
    trade = heading_trade(data_dir=data_dir)
    year = str(trade["period"].max())
    now = trade[(trade["reporter"] == market) & (trade["period"] == year)]
    imports = now.set_index("cmd_code")["imports_usd"]
    rule, found = load_priorities().headings, {}
    there = sorted(trade["cmd_code"].unique())
    for segment in segments:
        covers = read_for(segment, rule, there)
        recorded = {h: cover for h, cover in covers.items() if h in imports.index}
        level = sum(cover * imports[h] for h, cover in recorded.items())
        if level > 0:
            parts = [f"heading {h} ({cover:.0%} of it)" for h, cover in sorted(recorded.items())]
            found[segment] = {
                "level_usd": float(level), "level_year": int(year),
                "basis": f"{' and '.join(parts)}, {year}",
                "weight_pct": 100 * weight_of(segment, list(recorded)),
            }  # fmt: skip
        else:
            found[segment] = {"reason": _why(segment, covers, there)}
    return found


def _why(segment: str, covers: dict[str, float], there: Sequence[str]) -> str:
    """Return why headings give no level."""
    if covers:
        return f"no recorded imports of heading {' and '.join(sorted(covers))}"
    mixed = [h for h in load_headings().candidates(segment) if h.heading in there]
    if not mixed:
        return "its headings are not on file"
    best = mixed[0]
    share = best.cover[segment]
    return f"only {share:.0%} of heading {best.heading} are its core codes, too few to stand for it"

"""Series that compare with themselves: whole segments after their last break, unchanged codes before.

A segment is a list of codes in each HS revision. Where a revision changed what its core codes hold,
the segment's series breaks, and nothing is forecast across it. Two kinds of series follow:

* **monthly, whole segment**: all core codes, from the segment's last break on;
* **yearly, comparable goods**: the core codes that mean the same in every revision of the data, over
  all years; where they are too little of the segment, what weights and families join across
  revisions (:mod:`marketintel.warehouse.comparison`). Both speak for the segment only where they are
  most of it. Data of one revision have no such question.
"""

from __future__ import annotations

import pandas as pd

from marketintel.documents.comparable import (  # noqa: F401 - read as series.NAME in this folder
    JOINED,
    MIN_COVER_PCT,
    UNCHANGED,
    name,
    shaped,
    unchanged,
    yearly,
)
from marketintel.reference.segments import Segments


def breaks(flows: pd.DataFrame, segments: Segments) -> pd.DataFrame:
    """Where the series of whole segments break.

    Parameters
    ----------
    flows : DataFrame
        ``segment, partner, hs_revision, period``; core codes by month. Each partner's revisions
        begin when its reporter adopted them.

    Returns
    -------
    DataFrame
        ``unique_id, ds, reason``: the first month of a revision that changed what the segment's core
        codes hold, for every partner. A change of number without a change of content (a family of
        ``segments.toml`` whose codes are core in both revisions) is no break.
    """
    rows = []
    for partner, own in flows.groupby("partner"):
        starts = own.groupby("hs_revision")["period"].min().sort_values()
        for before, after in zip(starts.index[:-1], starts.index[1:], strict=True):
            first = month_ends(pd.Series([starts[after]])).iloc[0]
            for segment in own["segment"].unique():
                reason = _reason(segments, segment, before, after)
                if reason:
                    rows.append((f"{partner} {segment}", first, f"{after}: {reason}"))
    columns = {"unique_id": "str", "ds": "datetime64[s]", "reason": "str"}
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def monthly(flows: pd.DataFrame) -> pd.DataFrame:
    """``unique_id, ds, y, partner, segment``: core codes of each segment summed by month."""
    keys = ["partner", "segment", "period"]
    sums = flows.groupby(keys)["value_usd"].sum().reset_index()
    return sums.assign(unique_id=name(sums), ds=month_ends(sums["period"])).rename(
        columns={"value_usd": "y"}
    )[["unique_id", "ds", "y", "partner", "segment"]]


def complete_years(rows: pd.DataFrame) -> pd.DataFrame:
    """Sum months to the calendar years whose twelve months the rows have; ``period`` is the year."""
    year = rows["period"].str[:4]
    months = rows.groupby(year)["period"].transform("nunique")
    whole = rows[months == 12].assign(period=year)
    keys = [c for c in whole.columns if c != "value_usd"]
    return whole.groupby(keys, dropna=False)["value_usd"].sum().reset_index()


def by_code(rows: pd.DataFrame) -> pd.DataFrame:
    """One country's mixed codes by year, each a series of its own; columns as :func:`yearly`.

    Only codes that are there in one revision throughout: a mixed code that a revision touched has
    no rule by which it compares.
    """
    broad = rows[rows["scope"] == "broad"]
    latest = broad["hs_revision"].max()
    keys = ["partner", "segment", "cmd_code", "period"]
    sums = broad[broad["hs_revision"] == latest].groupby(keys)["value_usd"].sum().reset_index()
    named = sums["partner"] + " " + sums["cmd_code"]
    return shaped(sums.assign(cover_pct=float("nan"), basis=UNCHANGED), named)


def month_ends(periods: pd.Series) -> pd.Series:
    """Last days of months given as "YYYY-MM"."""
    ends = pd.PeriodIndex(periods, freq="M").to_timestamp(how="end").normalize().as_unit("s")
    return pd.Series(ends, index=periods.index)


def _reason(segments: Segments, segment: str, before: str, after: str) -> str:
    """What changed in a segment's core codes from one revision to the next; empty if nothing did."""
    found = segments[segment]
    old, new = (set(found.cmd_codes(r, found.own)) for r in (before, after))
    reasons = {c.cmd_code: c.breaks[after] for c in found.codes if after in c.breaks}
    changed = {code: why for code, why in reasons.items() if code in new}
    moved = old ^ new
    for family in segments.families:
        codes = [set(family.codes.get(revision, ())) for revision in (before, after)]
        if codes[0] and codes[1] and codes[0] <= old and codes[1] <= new:
            moved -= codes[0] | codes[1]
            changed = {code: why for code, why in changed.items() if code not in codes[1]}
    moved -= set(changed)
    said = [f"{code} {why}" for code, why in sorted(changed.items())[:2]]
    if len(changed) > 2:
        said.append(f"{len(changed) - 2} more codes changed")
    if moved and not said:
        said.append(f"core codes {', '.join(sorted(moved))} came or left")
    return "; ".join(said)

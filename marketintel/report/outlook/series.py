"""Series that compare with themselves: whole segments after their last break, unchanged codes before.

A segment is a list of codes in each HS revision. Where a revision changed what its core codes hold,
the segment's series breaks, and nothing is forecast across it. Two kinds of series follow:

* **monthly, whole segment**: all core codes, from the segment's last break on;
* **yearly, unchanged codes**: the core codes that mean the same in every revision of the data, over
  all years. They speak for the segment only where they are most of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from marketintel.warehouse.reference import Segments

MIN_COVER_PCT = 60.0
"""Unchanged codes speak for a segment from this share of its core trade in the last year on."""


def breaks(flows: pd.DataFrame, segments: Segments) -> pd.DataFrame:
    """Where the series of whole segments break.

    Parameters
    ----------
    flows : DataFrame
        ``segment, partner, hs_revision, period``; core codes by month.

    Returns
    -------
    DataFrame
        ``unique_id, ds, reason``: the first month of a revision that changed what the segment's core
        codes hold, for every partner. A change of number without a change of content (a family of
        ``segments.toml`` whose codes are core in both revisions) is no break.
    """
    starts = flows.groupby("hs_revision")["period"].min().sort_values()
    rows = []
    for before, after in zip(starts.index[:-1], starts.index[1:], strict=True):
        first = month_ends(pd.Series([starts[after]])).iloc[0]
        for segment in flows["segment"].unique():
            reason = _reason(segments, segment, before, after)
            if reason:
                rows.append((segment, first, f"{after}: {reason}"))
    found = pd.DataFrame(rows, columns=["segment", "ds", "reason"])
    cells = flows[["segment", "partner"]].drop_duplicates()
    found = cells.merge(found, on="segment")
    return found.assign(unique_id=name(found))[["unique_id", "ds", "reason"]]


def unchanged(segments: Segments, revisions: Sequence[str]) -> pd.DataFrame:
    """``segment, hs_revision, cmd_code``: core codes that mean the same in all these revisions."""
    rows = []
    for segment in segments:
        core = {r: set(segment.cmd_codes(r, "core")) for r in revisions}
        changed = {c.cmd_code for c in segment.codes if set(c.breaks) & set(revisions[1:])}
        same = set.intersection(*core.values()) - changed
        found = {r: set(same) for r in revisions}
        for family in segments.families:
            codes = {r: set(family.codes.get(r, ())) for r in revisions}
            whole = all(codes[r] and codes[r] <= core[r] - changed for r in revisions)
            if whole and family.segments == (segment.id,):
                found = {r: found[r] | codes[r] for r in revisions}
        rows += [(segment.id, r, code) for r in revisions for code in sorted(found[r])]
    return pd.DataFrame(rows, columns=["segment", "hs_revision", "cmd_code"])


def monthly(flows: pd.DataFrame) -> pd.DataFrame:
    """``unique_id, ds, y, partner, segment``: core codes of each segment summed by month."""
    keys = ["partner", "segment", "period"]
    sums = flows.groupby(keys)["value_usd"].sum().reset_index()
    return sums.assign(unique_id=name(sums), ds=month_ends(sums["period"])).rename(
        columns={"value_usd": "y"}
    )[["unique_id", "ds", "y", "partner", "segment"]]


def yearly(flows: pd.DataFrame, segments: Segments) -> pd.DataFrame:
    """Unchanged codes of each partner's revisions, summed by complete calendar year.

    Returns
    -------
    DataFrame
        ``unique_id, ds, y, partner, segment, cover_pct``: the share of these codes in the segment's
        core trade of the partner's last year. Only years whose twelve months the data have.
    """
    keys = ["partner", "segment", "year"]
    same = pd.concat(
        unchanged(segments, sorted(rows["hs_revision"].unique())).assign(partner=partner)
        for partner, rows in flows.groupby("partner")
    )
    rows = flows.assign(year=flows["period"].str[:4])
    months = rows.groupby(["partner", "year"])["period"].transform("nunique")
    rows = rows[months == 12]
    kept = rows.merge(same, on=["partner", "segment", "hs_revision", "cmd_code"])
    sums = kept.groupby(keys, as_index=False)["value_usd"].sum()
    whole = rows.groupby(keys)["value_usd"].sum()
    last = rows.groupby("partner")["year"].max()
    cells = sums[["partner", "segment"]].drop_duplicates()
    cells = cells.assign(year=cells["partner"].map(last)).merge(sums, "left", on=keys)
    everything = whole.reindex(pd.MultiIndex.from_frame(cells[keys])).reset_index(drop=True)
    cells["cover_pct"] = 100 * cells["value_usd"] / everything.where(everything > 0)
    sums = sums.merge(cells[["partner", "segment", "cover_pct"]], on=["partner", "segment"])
    ends = pd.to_datetime(sums["year"] + "-12-31").astype("datetime64[s]")
    return sums.assign(unique_id=name(sums), ds=ends).rename(columns={"value_usd": "y"})[
        ["unique_id", "ds", "y", "partner", "segment", "cover_pct"]
    ]


def name(rows: pd.DataFrame) -> pd.Series:
    """Name of a cell: partner and segment."""
    return rows["partner"] + " " + rows["segment"]


def month_ends(periods: pd.Series) -> pd.Series:
    """Last days of months given as "YYYY-MM"."""
    ends = pd.PeriodIndex(periods, freq="M").to_timestamp(how="end").normalize().as_unit("s")
    return pd.Series(ends, index=periods.index)


def _reason(segments: Segments, segment: str, before: str, after: str) -> str:
    """What changed in a segment's core codes from one revision to the next; empty if nothing did."""
    found = segments[segment]
    old, new = set(found.cmd_codes(before, "core")), set(found.cmd_codes(after, "core"))
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

"""Yearly series of goods that compare with themselves across revisions of the HS."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from marketintel.analysis.trade.frames import OWN
from marketintel.reference.segments import Segments
from marketintel.warehouse.comparison import like_for_like

#: Comparable goods stand for a segment from this share of its core trade in the last year on.
MIN_COVER_PCT = 60.0

UNCHANGED, JOINED = "unchanged codes", "codes joined across revisions"


def unchanged(segments: Segments, revisions: Sequence[str]) -> pd.DataFrame:
    """``segment, hs_revision, cmd_code``: own codes that mean the same in all these revisions."""
    rows = []
    for segment in segments:
        core = {r: set(segment.cmd_codes(r, segment.own)) for r in revisions}
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


def yearly(rows: pd.DataFrame, segments: Segments) -> pd.DataFrame:
    """One country's comparable goods by year.

    Parameters
    ----------
    rows : DataFrame
        ``partner, segment, scope, hs_revision, cmd_code, period, value_usd``: one country, one
        source, whole years, core and broad codes (a family may need both).

    Returns
    -------
    DataFrame
        ``unique_id, ds, y, partner, segment, cover_pct, basis``: the share of these goods in the
        segment's core trade of the last year, and what they are: :data:`UNCHANGED` where these are
        :data:`MIN_COVER_PCT` or more of it, else :data:`JOINED` where these are, else the former.
    """
    core = rows[rows["scope"].isin(OWN)]
    revisions = sorted(core["hs_revision"].unique())
    keys = ["segment", "hs_revision", "cmd_code"]
    found = _covered(core.merge(unchanged(segments, revisions), on=keys), core, UNCHANGED)
    short = found.loc[found["cover_pct"] >= MIN_COVER_PCT, "segment"]
    if len(revisions) < 2 or set(core["segment"]) <= set(short):
        return found
    joined = like_for_like(rows).rows
    other = _covered(joined[joined["scope"].isin(OWN)], core, JOINED)
    better = other[(other["cover_pct"] >= MIN_COVER_PCT) & ~other["segment"].isin(short)]
    kept = found[~found["segment"].isin(better["segment"])]
    return pd.concat([kept, better], ignore_index=True)


def _covered(kept: pd.DataFrame, core: pd.DataFrame, basis: str) -> pd.DataFrame:
    """Sum kept rows by year and say what share of the segment's last year they are."""
    keys = ["partner", "segment", "period"]
    sums = kept.groupby(keys)["value_usd"].sum().reset_index()
    last = core[core["period"] == core["period"].max()]
    whole = last.groupby("segment")["value_usd"].sum()
    now = sums[sums["period"] == core["period"].max()].set_index("segment")["value_usd"]
    cover = 100 * now / whole.where(whole > 0)
    return shaped(sums.assign(cover_pct=sums["segment"].map(cover), basis=basis), name(sums))


def shaped(sums: pd.DataFrame, named: pd.Series) -> pd.DataFrame:
    """Return yearly sums in the columns of :func:`yearly`."""
    ends = pd.to_datetime(sums["period"] + "-12-31").astype("datetime64[s]")
    return sums.assign(unique_id=named.astype("str"), ds=ends).rename(columns={"value_usd": "y"})[
        ["unique_id", "ds", "y", "partner", "segment", "cover_pct", "basis"]
    ]


def name(rows: pd.DataFrame) -> pd.Series:
    """Name of a cell: partner and segment."""
    return rows["partner"] + " " + rows["segment"]

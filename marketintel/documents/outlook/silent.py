"""What has no forecast, or is in no total, and why."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.documents.frames import each
from marketintel.documents.outlook import totals
from marketintel.documents.outlook.months import Months
from marketintel.documents.outlook.wording import label
from marketintel.documents.outlook.years import Years
from marketintel.warehouse import comparable

OTHER_KIND = "another kind of trade"
"""The reason of a series that counts something else."""

_NOTHING = "no core code has figures here"

COLUMNS = ["unique_id", "partner", "item", "monthly", "yearly"]


def silent(
    countries: Sequence[str], chosen: Sequence[str], months: Months, years: Years
) -> pd.DataFrame:
    """Every series without a forecast of one kind.

    Returns
    -------
    DataFrame
        ``unique_id, partner, item, monthly, yearly``: the reasons; missing where there is a
        forecast, or where there never was such a series beside the other one. One row for each
        country and segment of which nothing is here.
    """
    reasons: dict[str, tuple[str | None, str | None]] = {
        u: (r, None) for u, r in _refused(months.fans)
    }
    for unique_id, why in _no_years(years):
        reasons[unique_id] = (reasons.get(unique_id, (None, None))[0], why)
    by_year = set(years.found["unique_id"]) if len(years.found) else set()
    for unique_id in sorted(set(months.panel["unique_id"])):
        if unique_id not in by_year and not _by_code(years, unique_id):
            reasons[unique_id] = (
                reasons.get(unique_id, (None, None))[0],
                "no code is unchanged over the years",
            )
    for country in countries:
        for segment in chosen:
            unique_id = f"{country} {segment}"
            there = unique_id in by_year or unique_id in set(months.panel["unique_id"])
            if not there and not _by_code(years, unique_id):
                reasons[unique_id] = (_NOTHING, _NOTHING)
    rows = [
        (u, u.partition(" ")[0], u.partition(" ")[2], monthly, yearly)
        for u, (monthly, yearly) in sorted(reasons.items())
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def left_out(years: Years, group: int) -> pd.DataFrame:
    """What a group's grand total does not hold, ``partner, item, kind, reason``: forecasts elsewhere."""
    cells = years.nodes[(years.nodes["role"] == totals.CELL) & (years.nodes["group"] != group)]
    basis = years.nodes.loc[years.nodes["group"] == group, "kind"].iloc[0]
    ends = years.panel.groupby("unique_id")["ds"].max().dt.year
    rows = [
        (
            row.partner,
            row.item,
            label(row.kind),
            f"data end in {ends[row.unique_id]}" if row.kind == basis else OTHER_KIND,
        )
        for row in each(cells)
    ]
    return pd.DataFrame(rows, columns=["partner", "item", "kind", "reason"])


def _refused(made: pd.DataFrame) -> list[tuple[str, str]]:
    rows = fc.refused(made)
    return list(zip(rows["unique_id"].astype(str), rows["reason"].astype(str), strict=True))


def _by_code(years: Years, unique_id: str) -> bool:
    """Whether a segment's mixed codes stand in for it by year."""
    if years.found.empty:
        return False
    own = years.found[comparable.name(years.found) == unique_id]
    return bool(own["kind"].map(lambda basis: basis.mixed).any())


def _no_years(years: Years) -> list[tuple[str, str]]:
    if years.found.empty:
        return []
    once = years.found.drop_duplicates("unique_id")
    core = once[~once["kind"].map(lambda basis: basis.mixed)]
    low = core[~(core["cover_pct"] >= comparable.MIN_COVER_PCT)]
    found = [
        (
            row.unique_id,
            f"codes unchanged since the data begin are {row.cover_pct:.0f} % of the segment's trade, "
            f"less than {comparable.MIN_COVER_PCT:.0f} %"
            if row.cover_pct == row.cover_pct
            else "no trade in the last year",
        )
        for row in each(low)
    ]
    return found + list(years.refused.itertuples(index=False, name=None))

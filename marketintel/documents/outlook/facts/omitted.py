"""Series omitted from forecasts or totals, with the reason."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.documents.frames import each
from marketintel.documents.outlook.facts import totals
from marketintel.documents.outlook.facts.months import Months
from marketintel.documents.outlook.facts.years import Years
from marketintel.documents.outlook.wording import label
from marketintel.warehouse import comparable

OTHER_KIND = "another kind of trade"
"""The reason of a series of another basis."""

_NOTHING = "no core code has figures here"


def omitted(
    countries: Sequence[str], chosen: Sequence[str], months: Months, years: Years
) -> pd.DataFrame:
    """Return every series without a forecast by month or by year.

    Returns
    -------
    DataFrame
        ``unique_id, partner, item, monthly, yearly``: the reasons; missing where there is a
        forecast, or where there never was such a series beside the other one. One row for each
        country and segment of which nothing is here.
    """
    refused = fc.refused(months.fans)
    monthly = dict(zip(refused["unique_id"], refused["reason"], strict=True))
    yearly = _without_years(years)
    by_month, by_year = set(months.panel["unique_id"]), set(years.found["unique_id"])
    by_code = set(comparable.name(years.found[years.is_mixed]))
    for unique_id in by_month - by_year - by_code:
        yearly[unique_id] = "no code is unchanged over the years"
    wanted = {f"{country} {segment}" for country in countries for segment in chosen}
    for unique_id in wanted - by_month - by_year - by_code:
        monthly[unique_id] = yearly[unique_id] = _NOTHING
    rows = [
        (u, u.partition(" ")[0], u.partition(" ")[2], monthly.get(u), yearly.get(u))
        for u in sorted(monthly.keys() | yearly.keys())
    ]
    return pd.DataFrame(rows, columns=["unique_id", "partner", "item", "monthly", "yearly"])


def left_out(years: Years, group: int) -> pd.DataFrame:
    """Return cells in other groups than a grand total's: ``partner, item, kind, reason``."""
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


def _without_years(years: Years) -> dict[str, str]:
    """Reasons of yearly series without a forecast."""
    core = years.found[~years.is_mixed].drop_duplicates("unique_id")
    low = core[~(core["cover_pct"] >= comparable.MIN_COVER_PCT)]
    reasons = {
        row.unique_id: f"codes unchanged since the data begin are {row.cover_pct:.0f} % of the segment's "
        f"trade, less than {comparable.MIN_COVER_PCT:.0f} %"
        if pd.notna(row.cover_pct)
        else "no trade in the last year"
        for row in each(low)
    }
    return reasons | dict(zip(years.refused["unique_id"], years.refused["reason"], strict=True))

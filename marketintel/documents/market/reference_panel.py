"""Panels that reference classes are estimated and tested on, from the warehouse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from marketintel.reference.countries import group_members
from marketintel.reference.headings import load_headings
from marketintel.warehouse.context import macro
from marketintel.warehouse.context_trade import enduse_imports, heading_trade

REGIONS = ("EU27", "EFTA", "USMCA", "ASEAN", "MERCOSUR", "GCC", "OECD")
"""Groups that stand for regions; an economy is in the first that has it, else in ``other``."""

CAPITAL_GOODS = "2"
"""End-use classes whose codes begin so are comparable with photonics: capital goods."""

GDP_YEARS = 5


def region_of() -> dict[str, str]:
    """Return the region of every member of :data:`REGIONS`."""
    return {iso3: region for region in reversed(REGIONS) for iso3 in group_members(region)}


def gdp_growth(data_dir: Path | None = None) -> pd.DataFrame:
    """Return the yearly log growth of GDP over the five years before each year.

    Returns
    -------
    DataFrame
        ``economy, year, gdp_growth``: log points a year of GDP in current US dollars to the year
        before, which is all that is known in a year.
    """
    gdp = macro("gdp_current_usd", projections=True, data_dir=data_dir)
    gdp = gdp.assign(year=gdp["period"].astype(int)).rename(columns={"value": "gdp_usd"})
    gdp = gdp[["economy", "year", "gdp_usd"]]
    before = gdp.assign(year=gdp["year"] + GDP_YEARS)
    both = gdp.merge(before, on=["economy", "year"], suffixes=("", "_before"))
    growth = (both["gdp_usd"] / both["gdp_usd_before"]).map(np.log) / GDP_YEARS
    return pd.DataFrame(
        {"economy": both["economy"], "year": both["year"] + 1, "gdp_growth": growth}
    )


def heading_panel(data_dir: Path | None = None) -> pd.DataFrame:
    """Return imports by heading, economy and year after each heading's last break (BACI).

    Returns
    -------
    DataFrame
        As :func:`marketintel.analysis.forecast.reference_class.windows` takes it.
    """
    trade = heading_trade(data_dir=data_dir)
    year = trade["period"].astype(int)
    headings = load_headings()
    since = {
        h: headings[h].compared_from(year.min(), year.max()) for h in trade["cmd_code"].unique()
    }
    rows = trade.assign(group=trade["cmd_code"], economy=trade["reporter"], year=year)
    rows = rows[year >= rows["group"].map(since)].rename(columns={"imports_usd": "value_usd"})
    return _panel(rows.dropna(subset="value_usd"), data_dir)


def enduse_panel(data_dir: Path | None = None) -> pd.DataFrame:
    """Return US imports of capital goods by end-use class, partner and year (Census).

    Returns
    -------
    DataFrame
        As :func:`heading_panel`; the economy is the partner.
    """
    rows = enduse_imports(CAPITAL_GOODS, data_dir=data_dir)
    rows = rows[rows["partner"] != "WLD"]
    rows = rows.assign(
        group=rows["end_use"], economy=rows["partner"], year=rows["period"].astype(int)
    )
    return _panel(rows, data_dir)


def _panel(rows: pd.DataFrame, data_dir: Path | None) -> pd.DataFrame:
    keys = ["group", "economy", "year"]
    sums = rows.groupby(keys)["value_usd"].sum().reset_index()
    sums["region"] = sums["economy"].map(region_of()).fillna("other")
    return sums.merge(gdp_growth(data_dir), how="left", on=["economy", "year"])

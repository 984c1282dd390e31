"""Duty rates of many markets in one shape, and what a change of them would look like.

What each exporter pays in each market: calculated (duty ÷ customs value of a year in which measures
may have changed), preferential, or MFN for everyone without another one.
"""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from marketintel.analysis.markets.world import Array, World
from marketintel.analysis.trade.frames import require

_KEYS = ["exporter", "market", "cmd_code", "regime"]


def rates_of(
    rows: pd.DataFrame, year: int, exporter: str | None = None, members: Collection[str] = ()
) -> pd.DataFrame:
    """Return the rates known in a year.

    Parameters
    ----------
    rows : DataFrame
        ``reporter`` (the market), ``partner`` (the exporter, or WLD for everyone), ``cmd_code``,
        ``period, regime, rate_pct, customs_value_usd, duties_usd``.
    year : int
        Nothing later is looked at: the last period of each market and regime up to it counts.
    exporter : str, optional
        A pooled exporter to add, by its `members`: their duties over their customs values where
        calculated; else the mean of their rates, which within a customs union are the same.

    Returns
    -------
    DataFrame
        ``exporter, market, cmd_code, regime, rate_pct``: see
        :func:`marketintel.analysis.markets.potential.duty_block`. Of two sources the first stands.
    """
    money = ["customs_value_usd", "duties_usd"]
    require(rows, ["reporter", "partner", "cmd_code", "period", "regime", "rate_pct", *money],
            "rates")  # fmt: skip
    known = rows[rows["period"].astype(int) <= year]
    last = known.groupby(["reporter", "regime"])["period"].transform("max")
    known = known[known["period"] == last].rename(
        columns={"partner": "exporter", "reporter": "market"}
    )
    known = known.drop_duplicates(_KEYS)
    if exporter is not None:
        own = known[known["exporter"].isin(list(members))]
        own = own[(own["regime"] != "calculated") | own["duties_usd"].notna()]
        pool = own.assign(exporter=exporter).groupby(_KEYS)
        sums = pool[money].sum(min_count=1).join(pool["rate_pct"].mean())
        known = pd.concat([known, sums.reset_index()], ignore_index=True)
    value = known["customs_value_usd"]
    paid = 100 * known["duties_usd"] / value.where(value > 0)
    rate = known["rate_pct"].where(known["regime"] != "calculated", paid)
    return known.assign(rate_pct=rate).dropna(subset=["rate_pct"])[[*_KEYS, "rate_pct"]]


def scenario_block(
    duties: Array | None, world: World, exporter: str, points: Mapping[str, float]
) -> Array:
    """Return duties in which one exporter pays more or less in some markets.

    Parameters
    ----------
    duties : array or None
        Duties in force as fractions, exporters × markets × codes, NaN where not known.
    exporter : str
        Whose duty changes; all others pay what they pay.
    points : mapping of str to float
        Market to percentage points; no duty falls below zero.

    Returns
    -------
    array
        Same shape. In the markets named, a rate not known is taken to be the mean that the others
        pay on the product, weighted by trade, or zero where nobody's is known: equal treatment.

    Raises
    ------
    ValueError
        The exporter or a market is not in the world.
    """
    block = np.full(world.values.shape, np.nan) if duties is None else duties.copy()
    (row,) = world.exporters.get_indexer(pd.Index([exporter]))
    places = world.markets.get_indexer(pd.Index(list(points)))
    if row < 0 or (places < 0).any():
        raise ValueError("exporter or market of the scenario is not in the world")
    for place, change in zip(places, points.values(), strict=True):
        rates, trade = block[:, place], world.values[:, place]
        weight = np.where(np.isnan(rates), 0.0, trade)
        total = weight.sum(axis=0)
        mean = np.divide((weight * np.nan_to_num(rates)).sum(axis=0), total,
                         out=np.zeros(len(total)), where=total > 0)  # fmt: skip
        block[:, place] = np.where(np.isnan(rates), mean[None], rates)
        block[row, place] = np.maximum(0.0, block[row, place] + change / 100)
    return block

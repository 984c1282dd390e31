"""Duty rates of many exporters in many markets, their factors in a potential, and changes of them.

A rate is calculated (duty ÷ customs value of a year in which measures may have changed),
preferential, or MFN for everyone without another one.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from marketintel.analysis.markets.world import Array, World
from marketintel.analysis.trade.frames import require
from marketintel.analysis.trade.indices import divide

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
        :func:`duty_block`. Of two sources the first stands.
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


def duty_block(
    rates: pd.DataFrame, world: World, prefer: Sequence[str] = ("calculated", "preferential", "MFN")
) -> Array:
    """Lay out duty rates as exporters × markets × codes, as fractions; NaN where not known.

    Parameters
    ----------
    rates : DataFrame
        ``exporter, market, cmd_code, regime, rate_pct``. An MFN rate may name the exporter
        ``WLD``: it then holds for everyone without another one.
    world : World
        Its axes are used; other rows are not. A pooled exporter takes the rates written for
        its name.
    prefer : sequence of str
        Regimes in order of precedence; ``("MFN",)`` gives the schedule.

    Raises
    ------
    ValueError
        A rate is negative or stands twice, or a regime is unknown.
    """
    require(rates, ["exporter", "market", "cmd_code", "regime", "rate_pct"], "rates")
    if (rates["rate_pct"] < 0).any():
        raise ValueError("a duty rate is negative")
    if rates.duplicated(["exporter", "market", "cmd_code", "regime"]).any():
        raise ValueError("a duty rate stands twice")
    if unknown := set(prefer) - {"calculated", "preferential", "MFN"}:
        raise ValueError(f"unknown regime {', '.join(sorted(unknown))}")
    block = np.full(world.values.shape, np.nan)
    for regime in reversed(prefer):
        rows = rates[rates["regime"] == regime]
        for everyone in (True, False):  # a rate of one's own is written over the general one
            part = rows[(rows["exporter"] == "WLD") == everyone].dropna(subset=["rate_pct"])
            j = world.markets.get_indexer(pd.Index(part["market"]))
            k = world.codes.get_indexer(pd.Index(part["cmd_code"]))
            i = world.exporters.get_indexer(pd.Index(part["exporter"]))
            on = (j >= 0) & (k >= 0) & ((i >= 0) | everyone)
            value = part["rate_pct"].to_numpy(float)[on] / 100
            if everyone:
                block[:, j[on], k[on]] = value
            else:
                block[i[on], j[on], k[on]] = value
    return block


def scenario_block(
    duties: Array | None, world: World, exporter: str, points: Mapping[str, float]
) -> Array:
    """Return duties in which one exporter pays more or less in some markets.

    Parameters
    ----------
    duties : array or None
        Duties in force as fractions, exporters × markets × codes, NaN where not known.
    exporter : str
        The duty of all others stays.
    points : mapping of str to float
        Market to percentage points; no duty falls below zero.

    Returns
    -------
    array
        Same shape. In the markets named, a rate not known is taken to be the mean that the others
        pay on the product, weighted by trade, or zero where no rate is known: equal treatment.

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
        mean = divide((weight * np.nan_to_num(rates)).sum(axis=0), weight.sum(axis=0), 0.0)
        block[:, place] = np.where(np.isnan(rates), mean[None], rates)
        block[row, place] = np.maximum(0.0, block[row, place] + change / 100)
    return block


def relative_duty(trade: Array, duties: Array) -> Array:
    """Mean duty of an exporter against that of all, ``(1+τ_ik)/(1+τ_k)``; exporters × codes.

    Means are weighted with trade. 1 where not known.
    """
    weight = np.where(np.isnan(duties), 0.0, trade)
    paid = weight * np.nan_to_num(duties)
    own = divide(paid.sum(axis=1), weight.sum(axis=1), np.nan)
    everyone = divide(paid.sum(axis=(0, 1)), weight.sum(axis=(0, 1)), np.nan)
    ratio = (1 + own) / (1 + everyone)[None, :]
    return np.where(np.isnan(ratio), 1.0, ratio)


def duty_margin(trade: Array, duties: Array, sigma: Array) -> Array:
    """Margin over the mean duty of a market's suppliers, ``((1+τ_jk)/(1+τ_ijk))^σ``; 1 if unknown."""
    known = ~np.isnan(duties)
    weight = np.where(known, trade, 0.0)
    paid = divide((weight * np.nan_to_num(duties)).sum(axis=0), weight.sum(axis=0), np.nan)
    ratio = (1 + paid)[None] / (1 + duties)
    ratio = np.where(np.isnan(ratio), 1.0, ratio)
    margin: Array = ratio if (sigma == 1).all() else ratio**sigma
    return margin


def unknown_duties(world: World, duties: Array) -> pd.DataFrame:
    """List the pairs for which a duty is not known: ``factor, economy, other, assumption``."""
    unknown = (np.isnan(duties) & (world.values.sum(axis=0) > 0)[None]).any(axis=2)
    i, j = np.nonzero(unknown & ~world.is_home())
    return pd.DataFrame(
        {
            "factor": "duty",
            "economy": world.exporters[i],
            "other": world.markets[j],
            "assumption": "not known for at least one product that the market imports: factor 1",
        }
    )

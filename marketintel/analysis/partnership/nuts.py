"""Carry regional figures from one version of NUTS to another, and add regions up.

The weights are the inhabitants of each intersection of an old and a new region (JRC). What is
counted (persons, euros) is divided over the new regions; what is a rate (per cent, per million)
is averaged. A figure that needs a missing one is missing: gaps are carried along, never filled.
"""

from typing import Literal

import pandas as pd

#: An intersection with less of the old region's inhabitants is a sliver of the overlaid maps.
SLIVER = 0.005


def shares(crosswalk: pd.DataFrame, weight: str = "population_2011") -> pd.DataFrame:
    """Return which part of each old region lies in which new one.

    Parameters
    ----------
    crosswalk : DataFrame
        ``from_code, to_code`` and `weight`, one row an intersection.
    weight : str
        Column with what is shared out; inhabitants are closest to jobs.

    Returns
    -------
    DataFrame
        ``from_code, to_code, share, weight``; shares of an old region add up to 1. Intersections
        below :data:`SLIVER` are dropped.
    """
    rows = crosswalk[["from_code", "to_code", weight]].rename(columns={weight: "weight"})
    whole = rows.groupby("from_code")["weight"].transform("sum")
    rows = rows[rows["weight"] >= SLIVER * whole].reset_index(drop=True)
    rows["share"] = rows["weight"] / rows.groupby("from_code")["weight"].transform("sum")
    return rows[["from_code", "to_code", "share", "weight"]]


def convert(values: pd.Series, parts: pd.DataFrame, how: Literal["sum", "mean"]) -> pd.Series:
    """Convert figures by region from the old version to the new one.

    Parameters
    ----------
    values : Series
        Figures by old region.
    parts : DataFrame
        Result of :func:`shares`.
    how : {"sum", "mean"}
        ``sum`` for what is counted, ``mean`` (weighted by inhabitants) for rates.

    Returns
    -------
    Series
        Figures by new region. NaN where any old region that it is made of has no figure.
    """
    if how not in ("sum", "mean"):
        raise ValueError(f"how must be sum or mean, not {how}")
    rows = parts.assign(value=parts["from_code"].map(values))
    factor = rows["share"] if how == "sum" else rows["weight"]
    rows = rows.assign(part=rows["value"] * factor, gap=rows["value"].isna())
    grouped = rows.groupby("to_code")
    result = grouped["part"].sum()
    if how == "mean":
        result = result / grouped["weight"].sum()
    return result.mask(grouped["gap"].any())


def add_up(frame: pd.DataFrame, members: dict[str, float]) -> pd.Series:
    """Add the figures of several regions up to one.

    Parameters
    ----------
    frame : DataFrame
        What is counted, regions as rows.
    members : dict of str to float
        Region to the share of it that counts.

    Returns
    -------
    Series
        By column; NaN where a member has no figure.
    """
    share = pd.Series(members, dtype=float)
    return frame.reindex(share.index).mul(share, axis=0).sum(skipna=False)


def average(values: pd.Series, members: dict[str, float], weights: pd.Series) -> float:
    """Return the mean of a rate over several regions; NaN where a member has none.

    Parameters
    ----------
    values : Series
        Rate by region.
    members : dict of str to float
        As of :func:`add_up`.
    weights : Series
        Inhabitants by region.
    """
    share = pd.Series(members, dtype=float)
    if len(share) == 1:  # its own mean, also where its inhabitants are not known
        return float(values.reindex(share.index).iloc[0])
    weight = share * weights.reindex(share.index)
    parts = values.reindex(share.index) * weight
    return float(parts.sum(skipna=False) / weight.sum(skipna=False))

"""Potential of a market by its forecast: a level, an addition, and two probabilities.

Never only a point: next to the level stands how likely it is that the market grows at all, and that
it passes a threshold. Probabilities are read off the calibrated intervals: the bounds of every
level from 1 to 99 % are quantiles of what will be.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from marketintel.analysis.forecast.engine import forecast
from marketintel.analysis.forecast.panel import SEASON_LENGTH
from marketintel.analysis.forecast.present import forecast_ahead

COLUMNS = [
    "unique_id",
    "cutoff",
    "ds",
    "level_now",
    "level_then",
    "lo_80",
    "hi_80",
    "lo_95",
    "hi_95",
    "added_per_year",
    "probability_growth",
    "threshold",
    "probability_above_threshold",
]

LEVELS = tuple(range(1, 100))
"""Interval levels that :func:`potential` reads probabilities off."""


def potential(
    panel: pd.DataFrame,
    horizon: int = 5,
    thresholds: Mapping[str, float] | float | None = None,
    *,
    breaks: pd.DataFrame | None = None,
    month: str | None = None,
) -> pd.DataFrame:
    """Summarise where annual series stand at the horizon.

    Parameters
    ----------
    panel : DataFrame
        ``unique_id, ds, y``, annual.
    horizon : int
        Years ahead, of the last observation or, with `month`, of an edition.
    thresholds : mapping of unique_id to float, or float, optional
        Level to be passed, in the unit of ``y``.
    breaks : DataFrame, optional
        Declared breaks, see :func:`~marketintel.analysis.forecast.breaks.cut`.
    month : str, optional
        An edition's, see :mod:`~marketintel.analysis.forecast.present`.

    Returns
    -------
    DataFrame
        One row per series that is not refused: ``level_now`` (last observation), ``level_then``
        (point forecast at ``ds``) with its 80 and 95 % bounds, ``added_per_year`` (difference of
        the two over ``horizon``; unit of ``y`` a year), ``probability_growth`` (that the level then
        exceeds the level now) and ``probability_above_threshold``, 0 to 1, missing without a
        threshold. Probabilities below .005 and above .995 are given as those bounds: the intervals
        say no more. ``attrs["refused"]`` as in ``forecast``.
    """
    if breaks is not None:
        from marketintel.analysis.forecast.breaks import cut

        panel = cut(panel, breaks)
    if month:
        made = forecast_ahead(panel, horizon, month, LEVELS)
    else:
        made = forecast(
            panel, horizon, LEVELS, freq="A", season_length=SEASON_LENGTH["A"], statsmodels=True
        )
    return summarise(made, panel, thresholds)


def summarise(
    made: pd.DataFrame, panel: pd.DataFrame, thresholds: Mapping[str, float] | float | None = None
) -> pd.DataFrame:
    """Give the table of :func:`potential` from forecasts that are there already.

    Parameters
    ----------
    made : DataFrame
        Annual forecasts of one model at :data:`LEVELS`, reconciled or not.
    panel : DataFrame
        What they were made from.
    thresholds
        As in :func:`potential`.
    """
    refusals = made.attrs.get("refused", [])
    final = made[made["ds"] == made.groupby("unique_id")["ds"].transform("max")]
    last = panel.dropna(subset="y").sort_values("ds").groupby("unique_id")["y"].last()
    rows = [
        _row(str(unique_id), rows, float(last[unique_id]), thresholds)
        for unique_id, rows in final.groupby("unique_id", sort=True)
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    table.attrs["refused"] = refusals
    return table


def probability_above(rows: pd.DataFrame, value: float) -> float:
    """Probability that the outcome exceeds a value, from one target's bounds at many levels.

    Parameters
    ----------
    rows : DataFrame
        ``level, lo, hi, mean`` of one series, origin and target.
    """
    rows = rows.sort_values("level")
    levels = rows["level"].to_numpy() / 100
    quantiles = np.concatenate([rows["lo"].to_numpy()[::-1], rows["mean"].iloc[:1], rows["hi"]])
    below = np.concatenate([(1 - levels[::-1]) / 2, [0.5], (1 + levels) / 2])
    if quantiles[0] == quantiles[-1]:  # a series that never moved
        return float(quantiles[0] > value)
    last = np.append(np.diff(quantiles) > 0, True)  # of equal ones, as where bounds are cut at zero
    return float(1 - np.interp(value, quantiles[last], below[last]))


def _row(
    unique_id: str,
    rows: pd.DataFrame,
    now: float,
    thresholds: Mapping[str, float] | float | None,
) -> tuple[object, ...]:
    at = rows.set_index("level")
    then = float(at["mean"].iloc[0])
    horizon = at["ds"].iloc[0].year - at["cutoff"].iloc[0].year
    threshold = thresholds.get(unique_id) if isinstance(thresholds, Mapping) else thresholds
    above = np.nan if threshold is None else probability_above(rows, threshold)
    return (
        unique_id,
        at["cutoff"].iloc[0],
        at["ds"].iloc[0],
        now,
        then,
        at.loc[80, "lo"],
        at.loc[80, "hi"],
        at.loc[95, "lo"],
        at.loc[95, "hi"],
        (then - now) / horizon,
        probability_above(rows, now),
        np.nan if threshold is None else threshold,
        above,
    )

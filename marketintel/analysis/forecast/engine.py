"""Forecast and back-test a panel: the two functions most callers need.

One long frame in, ``unique_id, ds, y`` (see :mod:`~marketintel.analysis.forecast.panel`), one long
frame out:

``unique_id``, ``ds`` (period end of the target), ``cutoff`` (period end of the last observation
the forecast knew), ``model``, ``level`` (percent), ``mean``, ``lo``, ``hi``; one row per series,
origin, target, model and level, in the unit of ``y``. ``ds`` minus ``cutoff`` is the horizon.

Refused series are not in the frame but in ``frame.attrs["refused"]``; :func:`refused` and
:func:`notes` give them as frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from marketintel.analysis.forecast import combination
from marketintel.analysis.forecast.models import check_names
from marketintel.analysis.forecast.panel import MIN_POINTS, REFUSED_COLUMNS, screen
from marketintel.analysis.forecast.rolling import Plan, frames_at, needed, roll
from marketintel.errors import UsageError

COLUMNS = ["unique_id", "ds", "cutoff", "model", "level", "mean", "lo", "hi"]


def forecast(
    panel: pd.DataFrame,
    horizon: int,
    levels: Sequence[int] = (80, 95),
    model: str | Iterable[str] = combination.NAME,
    *,
    freq: str | None = None,
    season_length: int | None = None,
    nonnegative: bool = True,
    min_points: int = MIN_POINTS,
    statsmodels: bool = False,
) -> pd.DataFrame:
    """Forecast every series of a panel.

    Parameters
    ----------
    panel : DataFrame
        ``unique_id, ds, y``; ``ds`` are period ends.
    horizon : int
        Periods ahead, at least 1.
    levels : sequence of int
        Interval levels in percent, each between 1 and 99.
    model : str or iterable of str
        One or several of :data:`~marketintel.analysis.forecast.models.MODELS`.
    freq, season_length, nonnegative, min_points
        As in :func:`~marketintel.analysis.forecast.panel.screen`. With ``nonnegative`` neither
        means nor bounds fall below zero. ``min_points`` below the default is for experiments.
    statsmodels : bool
        Fit the last origin by statsmodels, series by series, as documents do
        (:mod:`~marketintel.analysis.forecast.members`), instead of by the kernels.

    Returns
    -------
    DataFrame
        ``unique_id, ds, cutoff, model, level, mean, lo, hi``; the cutoff is the series' last known
        period.

    Raises
    ------
    UsageError
        A horizon, level, model or column that is not one.
    """
    plan = _plan(horizon, levels, model, nonnegative, min_points, statsmodels)
    found = screen(
        panel,
        freq=freq,
        season_length=season_length,
        nonnegative=nonnegative,
        min_points=min_points,
    )
    parts = []
    for batch in found.batches:
        rolled = roll(batch, needed([0], batch.freq), plan)
        parts += frames_at(batch, rolled, 0, plan)
    return _frame(parts, found.refused, found.notes)


def backtest(
    panel: pd.DataFrame,
    horizon: int,
    origins: int = 5,
    levels: Sequence[int] = (80, 95),
    model: str | Iterable[str] = combination.NAME,
    *,
    freq: str | None = None,
    season_length: int | None = None,
    nonnegative: bool = True,
    min_points: int = MIN_POINTS,
) -> pd.DataFrame:
    """Forecast from earlier origins, knowing at each only what was known then.

    The last origin lies ``horizon`` periods before the series' end and each other one period before
    it, so every origin is scored on the whole horizon. Seasonal factors, parameters and interval
    calibration are estimated anew at each origin from the data up to it. Series with fewer than
    ``min_points`` observations at an origin are left out of that origin, and refused if no origin
    is left.

    Parameters
    ----------
    origins : int
        How many origins, at least 1.
    panel, horizon, levels, model, freq, season_length, nonnegative, min_points
        As in :func:`forecast`.

    Returns
    -------
    DataFrame
        The columns of :func:`forecast`; compare with
        :func:`~marketintel.analysis.forecast.scores.accuracy`.
    """
    plan = _plan(horizon, levels, model, nonnegative, min_points)
    if origins < 1:
        raise UsageError(f"origins is {origins}; at least 1 is needed")
    found = screen(
        panel,
        freq=freq,
        season_length=season_length,
        nonnegative=nonnegative,
        min_points=min_points,
    )
    refusals = [found.refused]
    parts = []
    for batch in found.batches:
        enough = batch.length - horizon >= min_points
        reasons = [
            f"{n} points, {min_points + horizon} are needed for an origin {horizon} periods back"
            for n in batch.length[~enough]
        ]
        refusals.append(pd.DataFrame({"unique_id": batch.ids[~enough], "reason": reasons}))
        if not enough.any():
            continue
        kept = batch.take(np.flatnonzero(enough))
        tests = [horizon + back for back in range(origins)]
        rolled = roll(kept, needed(tests, kept.freq), plan)
        for cut in tests:
            parts += frames_at(kept, rolled, cut, plan)
    return _frame(parts, pd.concat(refusals, ignore_index=True), found.notes)


def refused(frame: pd.DataFrame) -> pd.DataFrame:
    """``unique_id, reason`` of the series that a forecast or back-test refused."""
    return pd.DataFrame(frame.attrs.get("refused", []), columns=REFUSED_COLUMNS)


def notes(frame: pd.DataFrame) -> pd.DataFrame:
    """``unique_id, note`` of the repairs made before a forecast or back-test."""
    return pd.DataFrame(frame.attrs.get("notes", []), columns=["unique_id", "note"])


def _plan(
    horizon: int,
    levels: Sequence[int],
    model: str | Iterable[str],
    nonnegative: bool,
    min_points: int,
    statsmodels: bool = False,
) -> Plan:
    if horizon < 1:
        raise UsageError(f"horizon is {horizon}; at least 1 is needed")
    if not levels or any(not 1 <= level <= 99 for level in levels):
        raise UsageError(f"levels are percentages between 1 and 99, not {tuple(levels)}")
    if min_points < 4:
        raise UsageError(f"min_points is {min_points}; at least 4 are needed")
    names = check_names([model] if isinstance(model, str) else model)
    return Plan(horizon, levels, names, nonnegative, min_points, statsmodels)


def _empty() -> pd.DataFrame:
    """The long frame without rows but with its types, so that it still merges."""
    types = {"ds": "datetime64[s]", "cutoff": "datetime64[s]", "level": "int64"}
    types |= dict.fromkeys(["mean", "lo", "hi"], "float64")
    return pd.DataFrame(columns=COLUMNS).astype(types)


def _frame(
    parts: list[pd.DataFrame], refusals: pd.DataFrame, repairs: pd.DataFrame
) -> pd.DataFrame:
    frame = pd.concat(parts, ignore_index=True) if parts else _empty()
    frame = frame.sort_values(
        ["unique_id", "cutoff", "model", "level", "ds"], kind="stable", ignore_index=True
    )
    frame.attrs["refused"] = refusals.to_dict("records")
    frame.attrs["notes"] = repairs.to_dict("records")
    return frame

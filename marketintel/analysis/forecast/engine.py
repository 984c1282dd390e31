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
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from marketintel.analysis.forecast import combination, intervals
from marketintel.analysis.forecast.models import check_names, fit_models
from marketintel.analysis.forecast.panel import (
    MIN_POINTS,
    REFUSED_COLUMNS,
    STEP_MONTHS,
    Batch,
    period_ends,
    screen,
)
from marketintel.errors import UsageError

COLUMNS = ["unique_id", "ds", "cutoff", "model", "level", "mean", "lo", "hi"]

MIN_CALIBRATION_POINTS = 6
"""Fewest observations left at an origin whose errors calibrate the intervals."""

CALIBRATION_ORIGINS = 12
"""Most rolling origins used to calibrate one forecast."""


def forecast(
    panel: pd.DataFrame,
    horizon: int,
    levels: Sequence[int] = (80, 95),
    model: str | Iterable[str] = combination.NAME,
    *,
    freq: str | None = None,
    season_length: int | None = None,
    nonnegative: bool = True,
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
    freq, season_length, nonnegative
        As in :func:`~marketintel.analysis.forecast.panel.screen`. With ``nonnegative`` neither
        means nor bounds fall below zero.

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
    names = _checked(horizon, levels, model)
    found = screen(panel, freq=freq, season_length=season_length, nonnegative=nonnegative)
    parts = []
    for batch in found.batches:
        rolled = _roll(batch, [0, *_calibration_cuts(batch, horizon)], horizon, names)
        parts += _with_intervals(batch, rolled, 0, horizon, levels, names, nonnegative)
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
) -> pd.DataFrame:
    """Forecast from earlier origins, knowing at each only what was known then.

    The last origin lies ``horizon`` periods before the series' end and each other one period before
    it, so every origin is scored on the whole horizon. Seasonal factors, parameters and interval
    calibration are estimated anew at each origin from the data up to it. Series with fewer than
    ``MIN_POINTS`` observations at an origin are left out of that origin, and refused if no origin
    is left.

    Parameters
    ----------
    origins : int
        How many origins, at least 1.
    panel, horizon, levels, model, freq, season_length, nonnegative
        As in :func:`forecast`.

    Returns
    -------
    DataFrame
        The columns of :func:`forecast`; compare with
        :func:`~marketintel.analysis.forecast.scores.accuracy`.
    """
    names = _checked(horizon, levels, model)
    if origins < 1:
        raise UsageError(f"origins is {origins}; at least 1 is needed")
    found = screen(panel, freq=freq, season_length=season_length, nonnegative=nonnegative)
    refusals = [found.refused]
    parts = []
    for batch in found.batches:
        enough = batch.length - horizon >= MIN_POINTS
        reasons = [
            f"{n} points, {MIN_POINTS + horizon} are needed for an origin {horizon} periods back"
            for n in batch.length[~enough]
        ]
        refusals.append(pd.DataFrame({"unique_id": batch.ids[~enough], "reason": reasons}))
        if not enough.any():
            continue
        kept = batch.take(np.flatnonzero(enough))
        tests = [horizon + back for back in range(origins)]
        cuts = sorted({t + k for t in tests for k in [0, *_calibration_cuts(kept, horizon)]})
        rolled = _roll(kept, cuts, horizon, names)
        for cut in tests:
            parts += _with_intervals(kept, rolled, cut, horizon, levels, names, nonnegative)
    return _frame(parts, pd.concat(refusals, ignore_index=True), found.notes)


def refused(frame: pd.DataFrame) -> pd.DataFrame:
    """``unique_id, reason`` of the series that a forecast or back-test refused."""
    return pd.DataFrame(frame.attrs.get("refused", []), columns=REFUSED_COLUMNS)


def notes(frame: pd.DataFrame) -> pd.DataFrame:
    """``unique_id, note`` of the repairs made before a forecast or back-test."""
    return pd.DataFrame(frame.attrs.get("notes", []), columns=["unique_id", "note"])


@dataclass(frozen=True)
class _Origin:
    """Forecasts from one cut: which series (``rows``), means (r, h) and scales (r, h) by model."""

    rows: np.ndarray
    batch: Batch
    mean: dict[str, np.ndarray]
    scale: dict[str, np.ndarray]


def _checked(horizon: int, levels: Sequence[int], model: str | Iterable[str]) -> list[str]:
    if horizon < 1:
        raise UsageError(f"horizon is {horizon}; at least 1 is needed")
    if not levels or any(not 1 <= level <= 99 for level in levels):
        raise UsageError(f"levels are percentages between 1 and 99, not {tuple(levels)}")
    return check_names([model] if isinstance(model, str) else model)


def _calibration_cuts(batch: Batch, horizon: int) -> list[int]:
    """How many periods back the calibrating origins lie: the horizon and a season, spread."""
    furthest = min(int(batch.length.max()) - MIN_CALIBRATION_POINTS, horizon + max(batch.season, 7))
    if furthest < 1:
        return []
    spread = np.linspace(1, furthest, min(furthest, CALIBRATION_ORIGINS))
    return sorted({round(k) for k in spread})


def _roll(batch: Batch, cuts: Sequence[int], horizon: int, names: list[str]) -> dict[int, _Origin]:
    """Fit all cuts in one go: rows of one large batch."""
    pieces, index = [], []
    for cut in cuts:
        least = MIN_POINTS if cut == 0 else MIN_CALIBRATION_POINTS
        rows = np.flatnonzero(batch.length - cut >= least)
        if rows.size:
            pieces.append(batch.take(rows).cut_last(cut))
            index.append((cut, rows))
    stacked = _concatenate(pieces)
    fits = fit_models(stacked, horizon, names)
    scales = {
        name: intervals.scale_of(
            stacked.y, fit.fitted, stacked.valid, np.broadcast_to(fit.spread, fit.mean.shape)
        )
        for name, fit in fits.items()
    }
    rolled, start = {}, 0
    for (cut, rows), piece in zip(index, pieces, strict=True):
        span = slice(start, start + len(rows))
        start += len(rows)
        rolled[cut] = _Origin(
            rows,
            piece,
            {name: fit.mean[span] for name, fit in fits.items()},
            {name: scale[span] for name, scale in scales.items()},
        )
    return rolled


def _concatenate(pieces: list[Batch]) -> Batch:
    longest = max(piece.y.shape[1] for piece in pieces)
    y = np.concatenate([np.pad(p.y, ((0, 0), (0, longest - p.y.shape[1]))) for p in pieces])
    return replace(
        pieces[0],
        ids=np.concatenate([p.ids for p in pieces]),
        y=y,
        length=np.concatenate([p.length for p in pieces]),
        last=np.concatenate([p.last for p in pieces]),
    )


def _with_intervals(
    batch: Batch,
    rolled: dict[int, _Origin],
    cut: int,
    horizon: int,
    levels: Sequence[int],
    names: list[str],
    nonnegative: bool,
) -> list[pd.DataFrame]:
    """Rows of the long frame for one origin, calibrated on the origins before it."""
    origin = rolled[cut]
    enough = origin.batch.length >= MIN_POINTS
    frames = []
    for name in names:
        calibration = _calibrate(batch, rolled, cut, horizon, name)
        mean, scale = origin.mean[name][enough], origin.scale[name][enough]
        if nonnegative:
            mean = np.maximum(mean, 0.0)
        unit = calibration.unit(scale, origin.rows[enough])
        for level in sorted(set(levels)):
            half = calibration.quantile(level) * unit
            lo = np.maximum(mean - half, 0.0) if nonnegative else mean - half
            frames.append(_rows(origin.batch, enough, name, level, mean, lo, mean + half))
    return frames


def _calibrate(
    batch: Batch, rolled: dict[int, _Origin], cut: int, horizon: int, name: str
) -> intervals.Calibration:
    errors, scales = [np.empty((0, horizon))], [np.empty((0, horizon))]
    series = [np.empty(0, dtype=int)]
    for back, origin in rolled.items():
        if back <= cut:
            continue
        target = origin.batch.length[:, None] + np.arange(horizon)[None, :]
        known = target < (batch.length[origin.rows] - cut)[:, None]
        at = np.minimum(target, batch.y.shape[1] - 1)
        actual = batch.y[origin.rows[:, None], at]
        errors.append(np.where(known, actual - origin.mean[name], np.nan))
        scales.append(origin.scale[name])
        series.append(origin.rows)
    return intervals.calibrate(
        np.concatenate(errors), np.concatenate(scales), np.concatenate(series), len(batch)
    )


def _rows(
    batch: Batch,
    keep: np.ndarray,
    name: str,
    level: int,
    mean: np.ndarray,
    lo: np.ndarray,
    hi: np.ndarray,
) -> pd.DataFrame:
    horizon = mean.shape[1]
    last = batch.last[keep]
    steps = np.arange(1, horizon + 1) * STEP_MONTHS[batch.freq]
    return pd.DataFrame(
        {
            "unique_id": np.repeat(batch.ids[keep], horizon),
            "ds": period_ends(last[:, None] + steps[None, :]).ravel(),
            "cutoff": np.repeat(period_ends(last), horizon),
            "model": name,
            "level": level,
            "mean": mean.ravel(),
            "lo": lo.ravel(),
            "hi": hi.ravel(),
        }
    )


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

"""Fit many origins in one go, and calibrate each origin's intervals on the ones before it.

A *cut* is how many periods before a series' end an origin lies; cut 0 is the forecast itself. All
cuts of all series are rows of one large batch, so rolling costs no more calls than forecasting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from marketintel.analysis.forecast import fanout, intervals
from marketintel.analysis.forecast.panel import STEP_MONTHS, Batch, period_ends

MIN_CALIBRATION_POINTS = 6
"""Fewest observations left at an origin whose errors calibrate the intervals."""

CALIBRATION_ORIGINS = 12
"""Most rolling origins used to calibrate one forecast."""


@dataclass(frozen=True)
class Plan:
    """What is asked of every batch; see :func:`~marketintel.analysis.forecast.engine.forecast`."""

    horizon: int
    levels: Sequence[int]
    models: list[str]
    nonnegative: bool
    min_points: int

    @property
    def min_calibration_points(self) -> int:
        """Fewest observations at a calibrating origin: never more than at a forecasting one."""
        return min(MIN_CALIBRATION_POINTS, self.min_points)

    def calibration_cuts(self, batch: Batch) -> list[int]:
        """How far back the calibrating origins lie: over the horizon and a season, spread."""
        furthest = min(
            int(batch.length.max()) - self.min_calibration_points,
            self.horizon + max(batch.season, 7),
        )
        spread = np.linspace(1, max(furthest, 1), min(max(furthest, 0), CALIBRATION_ORIGINS))
        return sorted({round(k) for k in spread})


@dataclass(frozen=True)
class Origin:
    """Forecasts from one cut: which series (``rows``), means (r, h) and scales (r, h) by model."""

    rows: np.ndarray
    batch: Batch
    mean: dict[str, np.ndarray]
    scale: dict[str, np.ndarray]


def roll(batch: Batch, cuts: Sequence[int], plan: Plan) -> dict[int, Origin]:
    """Fit the plan's models at every cut that leaves some series long enough, cuts rising."""
    pieces, index = [], []
    for cut in sorted(set(cuts)):
        rows = np.flatnonzero(batch.length - cut >= plan.min_calibration_points)
        if rows.size:
            pieces.append(batch.take(rows).cut_last(cut))
            index.append((cut, rows))
    stacked = _concatenate(pieces)
    fits = fanout.fit(stacked, plan.horizon, plan.models)
    rolled, start = {}, 0
    for (cut, rows), piece in zip(index, pieces, strict=True):
        span = slice(start, start + len(rows))
        start += len(rows)
        rolled[cut] = Origin(
            rows,
            piece,
            {name: fit.mean[span] for name, fit in fits.items()},
            {name: fit.scale[span] for name, fit in fits.items()},
        )
    return rolled


def frames_at(batch: Batch, rolled: dict[int, Origin], cut: int, plan: Plan) -> list[pd.DataFrame]:
    """Rows of the long frame for one origin; none where every series is too short there."""
    if cut not in rolled:
        return []
    origin = rolled[cut]
    enough = origin.batch.length >= plan.min_points
    frames = []
    for name in plan.models:
        calibration = _calibrate(batch, rolled, cut, plan.horizon, name)
        mean, scale = origin.mean[name][enough], origin.scale[name][enough]
        if plan.nonnegative:
            mean = np.maximum(mean, 0.0)
        unit = calibration.unit(scale, origin.rows[enough])
        for level in sorted(set(plan.levels)):
            half = calibration.quantile(level) * unit
            lo = np.maximum(mean - half, 0.0) if plan.nonnegative else mean - half
            frames.append(_rows(origin.batch, enough, name, level, mean, lo, mean + half))
    return frames


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


def _calibrate(
    batch: Batch, rolled: dict[int, Origin], cut: int, horizon: int, name: str
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

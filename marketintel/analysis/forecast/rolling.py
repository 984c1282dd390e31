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
from marketintel.analysis.forecast.panel import STEP_MONTHS, Batch, period_ends, total

MIN_CALIBRATION_POINTS = 6
"""Fewest observations left at an origin whose errors calibrate the intervals."""

CALIBRATION_CUTS = {
    "A": tuple(range(1, 13)),
    "Q": tuple(range(1, 17)),
    "M": (1, 3, 5, 7, 9, 11, 14, 16, 18, 20, 22, 24),
}
"""Distances of calibrating origins before an origin, in periods: the same for every series."""

CALIBRATION_STEPS = {"A": 6, "Q": 8, "M": 12}
"""Steps ahead whose errors calibrate, whatever horizon is asked."""


@dataclass(frozen=True)
class Plan:
    """Parameters of a forecast of every batch; see :func:`~marketintel.analysis.forecast.engine.forecast`."""

    horizon: int
    levels: Sequence[int]
    models: list[str]
    nonnegative: bool
    min_points: int
    statsmodels: bool = False
    """True if the last origin is fitted by statsmodels; origins before it are the kernels'."""

    @property
    def min_calibration_points(self) -> int:
        """Fewest observations at a calibrating origin: never more than at a forecasting one."""
        return min(MIN_CALIBRATION_POINTS, self.min_points)


def needed(cuts: Sequence[int], freq: str) -> list[int]:
    """The cuts and those that calibrate them."""
    return sorted({cut + back for cut in cuts for back in (0, *CALIBRATION_CUTS[freq])})


@dataclass(frozen=True)
class Origin:
    """Forecasts from one cut: which series (``rows``), means (r, h) and scales (r, h) by model."""

    rows: np.ndarray
    batch: Batch
    mean: dict[str, np.ndarray]
    scale: dict[str, np.ndarray]


def roll(batch: Batch, cuts: Sequence[int], plan: Plan) -> dict[int, Origin]:
    """Fit the plan's models at every cut that leaves some series long enough, cuts rising."""
    index = {}
    for cut in sorted(set(cuts)):
        rows = np.flatnonzero(batch.length - cut >= plan.min_calibration_points)
        if rows.size:
            index[cut] = (rows, batch.take(rows).cut_last(cut))
    steps = max(plan.horizon, CALIBRATION_STEPS[batch.freq])
    rolled = {}
    if plan.statsmodels and 0 in index:
        from marketintel.analysis.forecast.members import MODELS

        rows, piece = index.pop(0)
        rolled[0] = _origin(rows, piece, fanout.scaled(piece, steps, plan.models, MODELS), 0)
    fits = fanout.fit(_concatenate([p for _, p in index.values()]), steps, plan.models)
    start = 0
    for cut, (rows, piece) in index.items():
        rolled[cut] = _origin(rows, piece, fits, start)
        start += len(rows)
    return rolled


def _origin(rows: np.ndarray, batch: Batch, fits: dict[str, fanout.Scaled], start: int) -> Origin:
    """The rows of an origin, from ``start`` on, out of fits of several."""
    span = slice(start, start + len(rows))
    return Origin(
        rows,
        batch,
        {name: fit.mean[span] for name, fit in fits.items()},
        {name: fit.scale[span] for name, fit in fits.items()},
    )


def frames_at(batch: Batch, rolled: dict[int, Origin], cut: int, plan: Plan) -> list[pd.DataFrame]:
    """Rows of the long frame for one origin; none where every series is too short there."""
    if cut not in rolled:
        return []
    origin = rolled[cut]
    enough = origin.batch.length >= plan.min_points
    frames = []
    for name in plan.models:
        reference = intervals.pool()[batch.freq][name]
        factor = own_factor(batch, rolled, cut, name, reference)[origin.rows]
        unit = reference.unit(origin.scale[name], origin.batch.length) * factor[:, None]
        mean, unit = origin.mean[name][enough, : plan.horizon], unit[enough, : plan.horizon]
        if plan.nonnegative:
            mean = np.maximum(mean, 0.0)
        unit = np.maximum(unit, intervals.FLOOR * np.abs(mean))  # however calm it has been
        for level in sorted(set(plan.levels)):
            half = reference.quantile(level) * unit
            lo = np.maximum(mean - half, 0.0) if plan.nonnegative else mean - half
            frames.append(_rows(origin.batch, enough, name, level, mean, lo, mean + half))
    return frames


def own_factors(batch: Batch, names: Sequence[str]) -> dict[str, np.ndarray]:
    """(n,) of each model, the factor that its intervals at the last origin are widened by.

    How much worse or better than the pool each series has done at its own rolling origins.
    """
    plan = Plan(1, (80,), list(names), True, MIN_CALIBRATION_POINTS)
    rolled = roll(batch, CALIBRATION_CUTS[batch.freq], plan)
    pool = intervals.pool()[batch.freq]
    return {name: own_factor(batch, rolled, 0, name, pool[name]) for name in names}


def own_factor(
    batch: Batch, rolled: dict[int, Origin], cut: int, name: str, reference: intervals.Reference
) -> np.ndarray:
    """(n,) each series' own factor at a cut, from origins before it and outcomes known by then."""
    steps = np.arange(CALIBRATION_STEPS[batch.freq])
    size = np.full(len(batch), intervals.SHRINK)
    counted = size.copy()
    for back in CALIBRATION_CUTS[batch.freq]:
        origin = rolled.get(cut + back)
        if origin is None:
            continue
        error, unit = errors_at(batch, origin, cut, name, reference)
        known = ~np.isnan(error)
        missed = np.minimum(np.abs(np.where(known, error, 0.0)) / unit, intervals.CAP)
        size[origin.rows] += total(missed / (steps + 1)) / reference.typical
        counted[origin.rows] += total(known / (steps + 1))
    factor: np.ndarray = size / counted
    return factor


def errors_at(
    batch: Batch, origin: Origin, cut: int, name: str, reference: intervals.Reference
) -> tuple[np.ndarray, np.ndarray]:
    """Errors (r, steps) of an origin, NaN where not known at ``cut``, and their units."""
    steps = np.arange(CALIBRATION_STEPS[batch.freq])
    target = origin.batch.length[:, None] + steps
    known = target < (batch.length[origin.rows] - cut)[:, None]
    actual = batch.y[origin.rows[:, None], np.minimum(target, batch.y.shape[1] - 1)]
    error = np.where(known, actual - origin.mean[name][:, : len(steps)], np.nan)
    return error, reference.unit(origin.scale[name][:, : len(steps)], origin.batch.length)


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

"""Prediction intervals from the errors that rolling origins actually made.

Split conformal prediction (Vovk, Gammerman & Shafer 2005; Lei et al. 2018) carried to a panel of
series. An error made ``k`` steps ahead is put in units of its series, origin and horizon,

    z = (y - mean) / (scale_k * growth_k * factor)

* ``scale_k``: the root of the model's mean squared one-step error in sample plus a quarter of the
  squared disagreement among its members ``k`` steps ahead (zero for a model that stands alone).
* ``growth_k``: the pooled root mean square of ``error / scale_k``; it never falls with ``k``.
* ``factor``: how much worse or better than the pool this series has done out of sample,
  ``sqrt((SHRINK + sum z2) / (SHRINK + count))`` over its own rolling origins, so that a few errors
  move it little. A row that calibrates is judged by the factor from its series' *earlier* origins,
  for that is what was known then.

The half-width is the pooled quantile of ``|z|`` times ``scale_k * growth_k * factor`` at the
series' own cutoff. One distribution serves all levels, so intervals nest.

**Short histories.** Ten series of twelve points give too few errors for a 95 % quantile. So the
pool always holds a prior sample worth ``PRIOR_WEIGHT`` errors: ``|z|`` of a Student t with
``PRIOR_DF`` degrees of freedom and unit variance, and ``growth_k = PRIOR_GROWTH * sqrt(k)``: a
random walk whose errors are larger out of sample than in it. Errors of overlapping horizons repeat
each other; one made ``k`` steps ahead counts ``1 / k``. With no rolling origin at all the prior is
the interval; with thousands it is invisible.

The constants were chosen on training data; ``docs/forecast.md`` says how.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

PRIOR_WEIGHT = 20.0
PRIOR_DF = 5
PRIOR_GROWTH = 1.75

DISAGREEMENT = 0.25
"""Weight of the squared spread among the members beside the squared one-step error."""

SHRINK = 10.0
"""Pool-average errors that stand beside a series' own when its factor is estimated."""

WINSOR_GROWTH, WINSOR_FACTOR = 8.0, 4.0
"""Errors beyond this many scales count as this many in ``growth`` and ``factor``."""


@dataclass(frozen=True)
class Calibration:
    """Pooled error distribution of one model on one panel.

    Attributes
    ----------
    growth : (h,) float
        Root mean square error at each horizon in units of the scale.
    factor : (s,) float
        Each series' own factor; 1 where it has no rolling origin.
    sample, weight : (k,) float
        Absolute standardised errors in rising order, with weights that sum to one.
    errors : int
        How many rolling-origin errors went in; 0 means that the prior stands alone.
    """

    growth: np.ndarray
    factor: np.ndarray
    sample: np.ndarray
    weight: np.ndarray
    errors: int

    def unit(self, scale: np.ndarray, series: np.ndarray) -> np.ndarray:
        """(n, h) one standardised error in the unit of the data."""
        return scale * self.growth * self.factor[series][:, None]

    def quantile(self, level: float) -> float:
        """Give the standardised error that ``level`` percent do not exceed."""
        at = int(np.searchsorted(np.cumsum(self.weight), level / 100))
        return float(self.sample[min(at, len(self.sample) - 1)])


def scale_of(
    y: np.ndarray, fitted: np.ndarray, valid: np.ndarray, spread: np.ndarray
) -> np.ndarray:
    """(n, h) scale from one-step errors in sample, the first left out, and members' spread."""
    error = np.where(valid, y - fitted, 0.0)[:, 1:]
    mean_square = (error**2).sum(axis=1) / np.maximum(valid[:, 1:].sum(axis=1), 1)
    return np.sqrt(mean_square[:, None] + DISAGREEMENT * spread**2)


def calibrate(errors: np.ndarray, scale: np.ndarray, series: np.ndarray, count: int) -> Calibration:
    """Pool rolling-origin errors.

    Parameters
    ----------
    errors : (r, h) float
        Observation minus forecast, one row per series and origin; NaN where the target was not yet
        known at the origin the intervals are for.
    scale : (r, h) float
        The scale at that origin.
    series : (r,) int
        Which of the ``count`` series a row belongs to; of one series, later origins come first.
    """
    steps = np.arange(1, errors.shape[1] + 1)
    known = ~np.isnan(errors) & (scale > 0)
    relative = np.where(known, errors, 0.0) / np.where(known, scale, 1.0)
    growth = _growth(relative, known, steps)
    relative = relative / growth
    weight = known / steps
    factor, own = _factors(relative, weight, series, count)
    size = np.abs(relative / own[:, None])[known]
    prior = _prior_sample()
    sample = np.concatenate([size, prior])
    weights = np.concatenate([weight[known], np.full(len(prior), PRIOR_WEIGHT / len(prior))])
    order = np.argsort(sample)
    weights = weights[order] / weights.sum()
    return Calibration(growth, factor, sample[order], weights, int(known.sum()))


def _growth(relative: np.ndarray, known: np.ndarray, steps: np.ndarray) -> np.ndarray:
    squares = np.minimum(np.abs(relative), WINSOR_GROWTH * np.sqrt(steps)) ** 2
    total = squares.sum(axis=0) / steps + PRIOR_WEIGHT * PRIOR_GROWTH**2 * steps
    count = known.sum(axis=0) / steps + PRIOR_WEIGHT
    return np.maximum.accumulate(np.sqrt(total / count))


def _factors(
    relative: np.ndarray, weight: np.ndarray, series: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Each series' factor, and for each row the factor from its series' earlier origins."""
    squares = (np.minimum(np.abs(relative), WINSOR_FACTOR) ** 2 * weight).sum(axis=1)
    size = weight.sum(axis=1)
    total = np.bincount(series, squares, count) + SHRINK
    number = np.bincount(series, size, count) + SHRINK
    squares_before = total[series] - _running(squares, series)
    size_before = number[series] - _running(size, series)
    return np.sqrt(total / number), np.sqrt(squares_before / size_before)


def _running(values: np.ndarray, series: np.ndarray) -> np.ndarray:
    """Cumulative sum of values within each series, in the order of the rows."""
    order = np.argsort(series, kind="stable")
    grouped = series[order]
    sums = np.cumsum(values[order])
    start = np.searchsorted(grouped, grouped)
    sums = sums - np.where(start > 0, sums[start - 1], 0.0)
    out = np.empty_like(sums)
    out[order] = sums
    return out


def _prior_sample(points: int = 400) -> np.ndarray:
    """Quantiles of ``|t|``, scaled to unit variance."""
    probability = (np.arange(points) + 0.5) / points
    spread = np.sqrt(PRIOR_DF / (PRIOR_DF - 2))
    return student.ppf(0.5 + probability / 2, PRIOR_DF) / spread

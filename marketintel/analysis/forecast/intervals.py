"""Prediction intervals from the errors that rolling origins actually made.

Split conformal prediction (Vovk, Gammerman & Shafer 2005; Lei et al. 2018) carried to a panel of
series. An error made ``k`` steps ahead is put in units of its series and its horizon,
``z = (y - mean) / (scale * growth_k)``, where

* ``scale`` is the root mean square of the model's one-step errors in sample at that origin, and
* ``growth_k`` the pooled root mean square of ``error / scale`` at horizon ``k``, which never falls.

The interval's half-width is the pooled conformal quantile of ``|z|``, times ``growth_k``, times the
series' scale at its own cutoff. Because one distribution serves all levels, intervals nest.

**Short histories.** Ten series of twelve points give too few errors for a 95 % quantile. So the
pool always holds a prior sample worth ``PRIOR_WEIGHT`` errors: ``|z|`` of a Student t with
``PRIOR_DF`` degrees of freedom and unit variance, and ``growth_k = PRIOR_GROWTH * sqrt(k)``, which
is that of a random walk whose one-step errors are larger out of sample than in it. Errors of
overlapping horizons repeat each other; one made ``k`` steps ahead counts ``1 / k``. With no rolling
origin at all the prior is the interval; with thousands it is invisible.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

PRIOR_WEIGHT = 20.0
PRIOR_DF = 5
PRIOR_GROWTH = 1.25
WINSOR = 8.0
"""Errors beyond this many scales count as this many when the growth is estimated."""


@dataclass(frozen=True)
class Calibration:
    """Pooled error distribution of one model on one panel.

    Attributes
    ----------
    growth : (h,) float
        Root mean square error at each horizon in units of the one-step scale.
    sample, weight : (k,) float
        Absolute standardised errors in rising order, with weights that sum to one.
    errors : int
        How many rolling-origin errors went in; 0 means that the prior stands alone.
    """

    growth: np.ndarray
    sample: np.ndarray
    weight: np.ndarray
    errors: int

    def half_width(self, scale: np.ndarray, level: int) -> np.ndarray:
        """(n, h) half-widths at a level in percent for series with these scales (n,)."""
        cumulative = np.cumsum(self.weight)
        at = min(int(np.searchsorted(cumulative, level / 100)), len(self.sample) - 1)
        return self.sample[at] * scale[:, None] * self.growth[None, :]


def scale_of(y: np.ndarray, fitted: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """(n,) root mean square of one-step errors in sample; the first observation is left out."""
    error = np.where(valid, y - fitted, 0.0)[:, 1:]
    return np.sqrt((error**2).sum(axis=1) / np.maximum(valid[:, 1:].sum(axis=1), 1))


def calibrate(errors: np.ndarray, scale: np.ndarray) -> Calibration:
    """Pool rolling-origin errors.

    Parameters
    ----------
    errors : (r, h) float
        Observation minus forecast, one row per series and origin; NaN where the target was not yet
        known at the origin the intervals are for.
    scale : (r,) float
        The series' one-step scale at that origin.
    """
    steps = np.arange(1, errors.shape[1] + 1)
    usable = scale > 0
    relative = errors[usable] / scale[usable, None]
    known = ~np.isnan(relative)
    growth = _growth(relative, known, steps)
    size = np.abs(relative / growth)[known]
    weight = np.broadcast_to(1.0 / steps, relative.shape)[known]
    prior = _prior_sample()
    sample = np.concatenate([size, prior])
    weights = np.concatenate([weight, np.full(len(prior), PRIOR_WEIGHT / len(prior))])
    order = np.argsort(sample)
    return Calibration(growth, sample[order], weights[order] / weights.sum(), int(known.sum()))


def _growth(relative: np.ndarray, known: np.ndarray, steps: np.ndarray) -> np.ndarray:
    size = np.abs(np.where(known, relative, 0.0))
    total = (np.minimum(size, WINSOR * np.sqrt(steps)) ** 2).sum(axis=0) / steps
    count = known.sum(axis=0) / steps
    prior = PRIOR_GROWTH**2 * steps
    return np.maximum.accumulate(np.sqrt((total + PRIOR_WEIGHT * prior) / (count + PRIOR_WEIGHT)))


def _prior_sample(points: int = 400) -> np.ndarray:
    """Quantiles of ``|t|``, scaled to unit variance."""
    probability = (np.arange(points) + 0.5) / points
    spread = np.sqrt(PRIOR_DF / (PRIOR_DF - 2))
    return student.ppf(0.5 + probability / 2, PRIOR_DF) / spread

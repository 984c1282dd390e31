"""Prediction intervals from a fixed record of errors and from a series' own.

Split conformal prediction (Vovk, Gammerman & Shafer 2005; Lei et al. 2018) with the calibration
made once, on a reference pool of official trade statistics (``reference/forecast_pool.json``,
written by ``scripts/forecast_pool.py``), never on what happens to be asked. An error made ``k``
steps ahead from ``n`` points is put in units of its series,

    z = (y - mean) / (scale_k * growth(n, k) * factor)

* ``scale_k``: geometric mean of the absolute and of the relative mean error one step ahead in
  sample (the second times the present level; at most four times the first, at least a quarter),
  times the series' :func:`profile` over the horizon, plus a quarter of the squared disagreement
  among members, plus :data:`FLOOR` of the level.
* ``growth``: the pool's 80 % quantile of ``|error| / scale_k`` for horizon and length of history,
  ``log growth = a + b log k + c / n + d log k / n``.
* ``factor``: how much worse or better than the pool this series has done at its own rolling
  origins: mean of ``min(|z|, CAP) / typical`` with weight ``1 / k`` as horizons overlap, beside
  :data:`SHRINK` errors of the pool, so that a few errors move it little and a wild one cannot.

The half-width at a level is the pool's quantile of ``|z|`` times the unit: symmetric about the mean
until it is cut at zero, and strictly wider at each higher level. Same series, same interval: alone,
in company, at any horizon asked.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from marketintel.analysis.forecast.panel import Batch, total

FLOOR = 0.005
"""Smallest scale and smallest unit as a share of the level: what a constant series' interval rests
on. An 80 % half-width is more than one unit."""

DISAGREEMENT = 0.25
"""Weight of the squared spread among the members beside the squared one-step error."""

SHRINK = 10.0
"""The pool's errors that stand beside a series' own when its factor is estimated."""

MOST_MEMORY = 0.9
"""Largest autocorrelation of changes that a series is believed to have."""

CAP = 3.0
"""An own error beyond this many units counts as this many."""

PROBABILITIES = np.array([*np.arange(0, 0.9, 0.05), 0.9, 0.925, 0.95, 0.97, 0.98, 0.99])
"""Levels at which the pool's quantiles are stored; between them they are interpolated."""


@dataclass(frozen=True)
class Reference:
    """The pool's errors of one model at one frequency.

    Attributes
    ----------
    growth : (4,) float
        Coefficients of ``log growth`` on 1, log k, 1 / n, log k / n.
    typical : float
        Mean of ``min(|z|, CAP)``.
    quantiles : (len(PROBABILITIES),) float
        Quantiles of ``|z|``, strictly rising from zero.
    """

    growth: np.ndarray
    typical: float
    quantiles: np.ndarray

    def unit(self, scale: np.ndarray, length: np.ndarray) -> np.ndarray:
        """(n, h) 80 % quantile of an average series' error, in the unit of the data."""
        grown: np.ndarray = scale * np.exp(
            sum(c * x for c, x in zip(self.growth, terms(length, scale.shape[1]), strict=True))
        )
        return grown

    def quantile(self, level: float) -> float:
        """Give the standardised error that ``level`` percent do not exceed."""
        return float(np.interp(level / 100, PROBABILITIES, self.quantiles))


def terms(length: np.ndarray, horizon: int) -> list[np.ndarray]:
    """1, log k, 1 / n, log k / n, each (n, h)."""
    step = np.log(np.arange(1.0, horizon + 1))[None, :] + 0.0 * length[:, None]
    inverse = 1.0 / length[:, None] + 0.0 * step
    return [np.ones_like(step), step, inverse, step * inverse]


@lru_cache(maxsize=1)
def _file() -> dict[str, Any]:
    text = (files("marketintel") / "reference" / "forecast_pool.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def vintage() -> str:
    """Month in which the pool was made."""
    return str(_file()["vintage"])


@lru_cache(maxsize=1)
def pool() -> dict[str, dict[str, Reference]]:
    """Reference errors by frequency and model."""
    return {
        freq: {
            name: Reference(
                np.array(found["growth"]), found["typical"], np.array(found["quantiles"])
            )
            for name, found in models.items()
        }
        for freq, models in _file()["pool"].items()
    }


def profile(batch: Batch, horizon: int) -> np.ndarray:
    """(n, h) variance of a change over k periods in units of that over one, season removed.

    From the autocorrelation of changes at lag one, ``r``: below zero changes take themselves back
    (a moving average, ``k + 2 (k - 1) r``, not below 1), above zero they go on (an autoregression,
    ``k + 2 sum (k - j) r^j``); a random walk has ``k``.
    """
    inside = batch.valid[:, 1:]
    moves = np.where(inside, np.diff(batch.y, axis=1), 0.0)
    moves = np.where(inside, moves - (total(moves) / (batch.length - 1))[:, None], 0.0)
    square = total(moves**2)
    together = total(moves[:, 1:] * moves[:, :-1])
    r = np.clip(together / np.where(square > 0, square, 1.0), -0.5, MOST_MEMORY)
    variance, power, gone = np.ones(len(batch)), np.ones(len(batch)), np.zeros(len(batch))
    steps = []
    for k in range(horizon):
        steps.append(variance)
        power = power * r if k == 0 else np.where(r > 0, power * r, 0.0)
        gone = gone + power
        variance = variance + 1 + 2 * gone
    return np.stack(steps, axis=1)


def scale_of(
    batch: Batch,
    fitted: np.ndarray,
    mean: np.ndarray,
    spread: np.ndarray | float,
    growing: np.ndarray,
) -> np.ndarray:
    """(n, h) scale from one-step errors in sample, the first left out, profile and spread."""
    y, rows = np.abs(batch.y), np.arange(batch.y.shape[1])[None, :]
    seen = batch.valid & (rows > 0)
    count = np.maximum(batch.length - 1, 1)
    error = np.where(seen, np.abs(batch.y - fitted), 0.0)
    size = np.maximum(y, np.abs(fitted))
    share = np.where(seen & (size > 0), error / np.where(size > 0, size, 1.0), 0.0)
    recent = batch.valid & (rows >= batch.length[:, None] - batch.season)
    now = total(np.where(recent, y, 0.0)) / np.minimum(batch.length, batch.season)
    absolute = total(error) / count
    relative = np.clip(total(share) / count * now, absolute / 4, absolute * 4)
    level = np.maximum((total(y) / batch.length)[:, None], np.abs(mean))
    square = np.pi / 2 * (absolute * relative)[:, None]  # of a normal error of that mean size
    variance = square * growing + DISAGREEMENT * spread**2 + (FLOOR * level) ** 2
    scale: np.ndarray = np.sqrt(variance)
    return scale

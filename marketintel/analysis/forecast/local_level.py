"""Local level, with or without a fixed drift, by exact maximum likelihood for many series at once.

The structural model (Harvey 1989; Durbin & Koopman 2012, ch. 2)::

    y_t = mu_t + eps_t,        eps_t ~ N(0, s2)
    mu_t = mu_{t-1} + d + eta_t,   eta_t ~ N(0, q s2)

The Kalman gains depend on ``q`` and ``t`` alone, so they are computed once for every series; the
innovations are linear in the drift ``d``, which is estimated by generalised least squares. Only
``q`` is searched. Level and drift start diffuse, and the likelihood is the diffuse one, as in
``statsmodels.tsa.statespace.structural.UnobservedComponents``; tests hold the two together.

Shapes and alignment as in :mod:`~marketintel.analysis.forecast.smoothing`.
"""

from __future__ import annotations

import numpy as np

from marketintel.analysis.forecast.panel import total

RISE_DOUBT, FALL_DOUBT = 1.0, 20.0
"""``z2`` at which half of a rise, half of a fall is carried on: trade in nominal money that rose
mostly goes on to rise, what fell mostly does not go on to fall."""

MOST_GROWTH = 0.1
"""Drift of one period is at most this share of the last observation."""

SIGNAL_TO_NOISE = np.concatenate([[0.0], np.logspace(-4, 3, 43)])


def local_level(
    y: np.ndarray, length: np.ndarray, horizon: int, *, drift: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Mean (n, h) and fitted values (n, T); the first fitted value is the observation itself."""
    offset = y[:, :1]
    valid = np.arange(y.shape[1])[None, :] < length[:, None]
    centred = np.where(valid, y - offset, 0.0)
    best = np.full(len(y), np.inf)
    level, slope = np.zeros(len(y)), np.zeros(len(y))
    fitted = np.zeros_like(y)
    for q in SIGNAL_TO_NOISE:
        objective, last, step, expected = _filter(centred, valid, length, q, drift)
        better = objective < best
        best = np.where(better, objective, best)
        level[better], slope[better], fitted[better] = last[better], step[better], expected[better]
    steps = np.arange(1, horizon + 1)[None, :]
    return level[:, None] + slope[:, None] * steps + offset, fitted + offset


def shrunk_drift(y: np.ndarray, length: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Last value and local level, halfway, plus a drift shrunk by its own signal.

    Mean (n, h) and fitted values (n, T).

    The drift is the mean change times ``z2 / (z2 + doubt)``; ``z2`` is the likelihood-ratio
    statistic of a mean change of zero, ``(m - 1.5) log(1 + t2 / (m - 1))`` of ``m`` changes, so
    that a ``t`` of few changes counts less than one of many.
    """
    mean, fitted = local_level(y, length, horizon, drift=False)
    changes = (length - 1).astype(float)
    inside = np.arange(1, y.shape[1])[None, :] < length[:, None]
    moves = np.where(inside, np.diff(y, axis=1), 0.0)
    drift = total(moves) / changes
    spread = total(np.where(inside, moves - drift[:, None], 0.0) ** 2) / (changes - 1)
    moved = drift != 0
    t2 = np.where(moved, drift**2, 0.0) * changes / np.where(moved, spread + 1e-12 * drift**2, 1.0)
    last = y[np.arange(len(y)), length - 1]
    drift, last = shrink(drift, t2, changes, last)[:, None], last[:, None]
    before = np.concatenate([y[:, :1], y[:, :-1]], axis=1)
    ahead = drift * np.arange(1, horizon + 1)[None, :]
    return (mean + last) / 2 + ahead, (fitted + before) / 2 + drift


def shrink(drift: np.ndarray, t2: np.ndarray, changes: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Drift of :func:`shrunk_drift` from the mean change, its squared t, their number, last value."""
    z2 = (changes - 1.5) * np.log1p(t2 / (changes - 1))
    shrunk = drift * z2 / (z2 + np.where(drift > 0, RISE_DOUBT, FALL_DOUBT))
    limit = MOST_GROWTH * np.abs(last)
    clipped: np.ndarray = np.clip(shrunk, -limit, limit)
    return clipped


def _filter(
    y: np.ndarray, valid: np.ndarray, length: np.ndarray, q: float, drift: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Minus twice the concentrated log-likelihood, last level, drift, one-step forecasts."""
    n, periods = y.shape
    gain, variance = _gains(q, periods)
    state = y[:, 0].copy()
    expected, unit = np.zeros_like(y), np.zeros(periods)
    expected[:, 0] = y[:, 0]
    levels, unit_levels = np.zeros_like(y), np.zeros(periods)
    levels[:, 0] = state
    moved = 0.0
    for t in range(1, periods):
        expected[:, t] = state
        state = state + gain[t] * (y[:, t] - state)
        levels[:, t] = state
        unit[t] = moved + 1.0  # where the forecast stands after a drift of one
        moved = unit[t] * (1 - gain[t])
        unit_levels[t] = moved
    innovation = np.where(valid, y - expected, 0.0)
    innovation[:, 0] = 0.0
    scaled = innovation / variance
    at = length - 1
    log_f = np.cumsum(np.log(variance))[at]
    sse = total(innovation * scaled)
    if not drift:
        free = np.maximum(length - 1, 1)
        tiny = np.maximum(sse, np.finfo(float).tiny)
        return free * np.log(tiny / free) + log_f, levels[np.arange(n), at], np.zeros(n), expected
    information = np.maximum(np.cumsum(unit**2 / variance)[at], 1e-300)
    slope = total(scaled * unit) / information
    sse = np.maximum(sse - slope**2 * information, np.finfo(float).tiny)
    free = np.maximum(length - 2, 1)
    objective = free * np.log(sse / free) + log_f + np.log(information)
    last = levels[np.arange(n), at] + slope * unit_levels[at]
    return objective, last, slope, expected + slope[:, None] * unit


def _gains(q: float, periods: int) -> tuple[np.ndarray, np.ndarray]:
    """Kalman gain and innovation variance (in units of s2) at every step; step 0 is diffuse."""
    gain, variance = np.ones(periods), np.ones(periods)
    state = 1.0 + q
    for t in range(1, periods):
        variance[t] = state + 1.0
        gain[t] = state / variance[t]
        state = state * (1 - gain[t]) + q
    return gain, variance

"""The Theta method and its dynamic optimised form, for many series at once.

Theta (Assimakopoulos & Nikolopoulos 2000) halves the linear trend and smooths what is left; it is
SES with a drift of half the least-squares slope (Hyndman & Billah 2003), which is how
``statsmodels.tsa.forecasting.theta.ThetaModel`` computes it too.

The dynamic optimised theta model (Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler 2016, DOTM)
re-estimates the line at every step and chooses theta::

    mu_t = l_{t-1} + (1 - 1/theta) { (1-alpha)^{t-1} A_{t-1} + [1 - (1-alpha)^t] / alpha B_{t-1} }
    l_t  = alpha y_t + (1-alpha) l_{t-1}

``A, B`` are intercept and slope of the line through the first ``t - 1`` observations. For a
fixed ``alpha`` the errors are linear in ``(l_0, 1 - 1/theta)``; so a grid over ``alpha`` and a
2 × 2 least squares replace the three-parameter search.

Shapes and alignment as in :mod:`~marketintel.analysis.forecast.smoothing`.
"""

from __future__ import annotations

import numpy as np

from marketintel.analysis.forecast import smoothing
from marketintel.analysis.forecast.panel import total

ALPHAS = np.concatenate([[0.02, 0.05], np.linspace(0.1, 0.99, 30)])

MAX_BIAS = 0.5
"""Largest bias correction of :func:`log_theta`, in logarithms."""

MAX_GROWTH = np.log(1000)
""":func:`log_theta` never exceeds the largest value seen by more than this factor."""


def theta(y: np.ndarray, length: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean (n, h) and fitted values (n, T) of the standard Theta method."""
    return with_drift(smoothing.fit(y, length, smoothing.ANN), y, length, horizon)


def with_drift(
    ses: smoothing.Smoothed, y: np.ndarray, length: np.ndarray, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    """Theta from an SES fit already made: its forecasts plus half the least-squares slope."""
    drift = slopes(y, length) / 2
    settled = partial_sum(ses.alpha, length)
    steps = np.arange(horizon)[None, :]
    mean = ses.level[:, None] + drift[:, None] * (steps + settled[:, None])
    when = np.arange(y.shape[1])[None, :]
    return mean, ses.fitted + drift[:, None] * partial_sum(ses.alpha[:, None], when)


def log_theta(y: np.ndarray, length: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Theta on logarithms: growth in percent. Mean (n, h) and fitted values (n, T).

    Only for positive series. The mean is bias-corrected, ``exp(mu + s2 / 2)``, with the variance
    of SES ``s2 = sigma2 (1 + (k - 1) alpha2)`` at ``k`` periods ahead (Hyndman et al. 2008, ch. 6);
    the correction is at most ``exp(MAX_BIAS)``, so that one wild series cannot explode.
    """
    valid = np.arange(y.shape[1])[None, :] < length[:, None]
    logs = np.where(valid, np.log(np.where(valid, y, 1.0)), 0.0)
    ses = smoothing.fit(logs, length, smoothing.ANN)
    mean, fitted = with_drift(ses, logs, length, horizon)
    return from_logs(logs, length, mean, fitted, ses.alpha)


def from_logs(
    logs: np.ndarray, length: np.ndarray, mean: np.ndarray, fitted: np.ndarray, alpha: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and fitted values of :func:`log_theta` from those of theta on logarithms."""
    valid = np.arange(logs.shape[1])[None, :] < length[:, None]
    errors = np.where(valid, logs - fitted, 0.0)[:, 1:]
    variance = total(errors**2) / np.maximum(length - 1, 1)
    bias = variance[:, None] * (1 + np.arange(mean.shape[1])[None, :] * alpha[:, None] ** 2) / 2
    ceiling = logs.max(axis=1, keepdims=True, where=valid, initial=-np.inf) + MAX_GROWTH
    expected = np.minimum(mean + np.minimum(bias, MAX_BIAS), ceiling)
    return np.exp(expected), np.exp(np.minimum(fitted, ceiling))


def dynamic_theta(y: np.ndarray, length: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean (n, h) and fitted values (n, T) of the dynamic optimised theta model."""
    offset = y[:, :1]
    valid = np.arange(y.shape[1])[None, :] < length[:, None]
    centred = np.where(valid, y - offset, 0.0)
    sse, weight, start = _profile(centred, length)
    best, rows = np.argmin(sse, axis=1), np.arange(len(y))
    return _extrapolate(
        centred, length, horizon, ALPHAS[best], weight[rows, best], start[rows, best], offset
    )


def slopes(y: np.ndarray, length: np.ndarray) -> np.ndarray:
    """(n,) least-squares slope of each series on time."""
    valid = np.arange(y.shape[1])[None, :] < length[:, None]
    centre = (length[:, None] - 1) / 2
    time = np.where(valid, np.arange(y.shape[1])[None, :] - centre, 0.0)
    slope: np.ndarray = total(time * y) / np.maximum(total(time**2), 1e-12)
    return slope


def running_lines(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Intercept at time 0 and slope, (n, T + 1) each, of the line through the first t values.

    Column ``t`` uses ``y_1 … y_t``; column 0 is zero and column 1 has no slope.
    """
    t = np.arange(1, y.shape[1] + 1)
    total, moment = np.cumsum(y, axis=1), np.cumsum(y * t, axis=1)
    spread = t * (t * t - 1) / 12
    slope = np.where(t > 1, (moment - (t + 1) / 2 * total) / np.maximum(spread, 1), 0.0)
    intercept = total / t - (t + 1) / 2 * slope
    zero = np.zeros((len(y), 1))
    return np.concatenate([zero, intercept], axis=1), np.concatenate([zero, slope], axis=1)


def partial_sum(alpha: np.ndarray, count: np.ndarray) -> np.ndarray:
    """``1 + (1-a) + … `` up to ``count`` terms."""
    weight: np.ndarray = (1 - (1 - alpha) ** count) / alpha
    return weight


def _profile(y: np.ndarray, length: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum of squares, weight ``1 - 1/theta`` in [0, 1] and start, (n, A) each, for every alpha."""
    intercept, slope = running_lines(y)
    shape = (len(y), len(ALPHAS))
    smoothed, ee, ll, dd, el, ed, ld = (np.zeros(shape) for _ in range(7))
    power = np.ones(len(ALPHAS))
    for t in range(y.shape[1]):
        alive = (t < length)[:, None]
        error = (y[:, t, None] - smoothed) * alive
        line = power * intercept[:, t, None]
        line += (1 - power * (1 - ALPHAS)) / ALPHAS * slope[:, t, None]
        line *= alive
        decay = power * alive
        ee += error * error
        ll += line * line
        dd += decay * decay
        el += error * line
        ed += error * decay
        ld += line * decay
        smoothed = smoothed + ALPHAS * error
        power = power * (1 - ALPHAS)
    determinant = np.maximum(ll * dd - ld**2, 1e-12 * (ll * dd) + 1e-300)
    weight = np.clip((el * dd - ed * ld) / determinant, 0.0, 1.0)
    start = (ed - weight * ld) / dd
    sse = ee + weight**2 * ll + start**2 * dd - 2 * (weight * el + start * ed - weight * start * ld)
    return sse, weight, start


def _extrapolate(
    y: np.ndarray,
    length: np.ndarray,
    horizon: int,
    alpha: np.ndarray,
    weight: np.ndarray,
    start: np.ndarray,
    offset: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Run the model over the data and on, each forecast taken as the next observation."""
    rows = np.arange(len(y))
    extended = np.concatenate([y, np.zeros((len(y), horizon))], axis=1)
    expected = np.zeros_like(extended)
    level, total, moment = start.copy(), np.zeros(len(y)), np.zeros(len(y))
    end = length + horizon
    for t in range(extended.shape[1]):  # t observations are known, y_{t+1} is forecast
        count = max(t, 1)
        slope = (moment - (t + 1) / 2 * total) * 12 / (t * (t * t - 1)) if t > 1 else 0 * total
        intercept = total / count - (t + 1) / 2 * slope
        decay = (1 - alpha) ** t
        line = decay * intercept + (1 - decay * (1 - alpha)) / alpha * slope
        expected[:, t] = level + weight * line
        value = np.where(t < length, extended[:, t], expected[:, t])
        alive = t < end
        level = np.where(alive, alpha * value + (1 - alpha) * level, level)
        total = total + alive * value
        moment = moment + alive * value * (t + 1)
    ahead = length[:, None] + np.arange(horizon)[None, :]
    mean = expected[rows[:, None], ahead] + offset
    fitted = expected[:, : y.shape[1]] + offset
    return mean, fitted

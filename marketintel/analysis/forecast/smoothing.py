"""Exponential smoothing of many series at once: SES, Holt, damped trend, ETS by AICc.

The model is the additive-error state space form (Hyndman, Koehler, Ord & Snyder 2008, ch. 2)::

    y_t = l_{t-1} + phi b_{t-1} + e_t
    l_t = l_{t-1} + phi b_{t-1} + alpha e_t
    b_t = phi b_{t-1} + beta e_t

For fixed ``(alpha, beta, phi)`` the errors are linear in the initial state ``(l_0, b_0)``, which is
therefore solved by least squares and never searched. What is left is searched on a grid, all series
at once, and polished per series by halving steps. Likelihood, bounds and errors are those of
``statsmodels.tsa.exponential_smoothing.ets.ETSModel``; tests hold the two together.

Shapes: ``n`` series, ``T`` longest length, ``h`` horizon. Arrays are left-aligned (see
:class:`~marketintel.analysis.forecast.panel.Batch`). ``mean[:, k]`` is the forecast for ``k + 1``
periods after the last observation; ``fitted[:, t]`` the forecast of ``y_t`` made at ``t - 1``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

ALPHA_BOUNDS = (1e-4, 1 - 1e-4)
PHI_BOUNDS = (0.8, 0.98)
POLISH_ROUNDS = 4


@dataclass(frozen=True)
class Family:
    """Free parameters of a smoothing model, and where their search begins."""

    name: str
    trend: bool
    damped: bool

    @property
    def states(self) -> int:
        """Initial states that are estimated: level, and slope if there is a trend."""
        return 2 if self.trend else 1

    @property
    def parameters(self) -> int:
        """Everything estimated, the error variance included (for AICc)."""
        return 2 + self.trend + self.damped + self.states

    def grid(self) -> list[tuple[float, float, float]]:
        """Points ``(alpha, beta / alpha, phi)`` of the first search."""
        if not self.trend:
            return [(a, 0.0, 0.0) for a in np.linspace(0.02, 0.98, 17)]
        phis = (0.8, 0.86, 0.91, 0.95, 0.98) if self.damped else (1.0,)
        alphas = (0.02, 0.1, 0.25, 0.45, 0.65, 0.85, 0.98)
        ratios = (0.002, 0.08, 0.3, 0.8)
        return list(product(alphas, ratios, phis))


ANN = Family("ANN", trend=False, damped=False)
AAN = Family("AAN", trend=True, damped=False)
AADN = Family("AAdN", trend=True, damped=True)


@dataclass(frozen=True)
class Smoothed:
    """A fitted family: parameters, sum of squares, state after the last observation.

    ``alpha, ratio, phi, sse`` and the states are (n,); ``fitted`` is (n, T).
    """

    family: Family
    alpha: np.ndarray
    ratio: np.ndarray
    phi: np.ndarray
    sse: np.ndarray
    level: np.ndarray
    slope: np.ndarray
    fitted: np.ndarray

    def mean(self, horizon: int) -> np.ndarray:
        """(n, h) point forecasts: level plus the damped sum of the slope."""
        steps = np.arange(1, horizon + 1)
        if not self.family.trend:
            return np.repeat(self.level[:, None], horizon, axis=1)
        weights = np.cumsum(self.phi[:, None] ** steps, axis=1)
        path: np.ndarray = self.level[:, None] + weights * self.slope[:, None]
        return path


def fit(y: np.ndarray, length: np.ndarray, family: Family) -> Smoothed:
    """Least-squares (Gaussian maximum-likelihood) fit of one family to every series."""
    offset = y[:, :1]
    valid = np.arange(y.shape[1])[None, :] < length[:, None]
    centred = np.where(valid, y - offset, 0.0)
    alpha, ratio, phi, sse, start = optimum(centred, length, family)
    level, slope, fitted = _run(centred, valid, alpha, ratio, phi, start)
    level, fitted = level + offset[:, 0], np.where(valid, fitted + offset, 0)
    return Smoothed(family, alpha, ratio, phi, sse, level, slope, fitted)


def optimum(y: np.ndarray, length: np.ndarray, family: Family) -> tuple[np.ndarray, ...]:
    """``alpha, ratio, phi, sse`` (n,) and initial states (n, 2) of the least sum of squares.

    ``y`` is zero after each series' end, and best starts near zero.
    """
    points = _search(y, length, _Grid.of(y.shape[1], family))
    return _polish(y, length, family, *points)


def aicc(fitted: Smoothed, length: np.ndarray) -> np.ndarray:
    """(n,) corrected Akaike criterion; infinite where the series is too short for the family."""
    k = fitted.family.parameters
    room = length - k - 1
    floor = np.finfo(float).tiny
    value = length * np.log(np.maximum(fitted.sse, floor) / length) + 2 * k
    with np.errstate(divide="ignore"):
        return np.where(room > 0, value + 2 * k * (k + 1) / np.maximum(room, 1), np.inf)


@dataclass(frozen=True)
class _Grid:
    """The points ``(alpha, ratio, phi)`` (G, 3) and what depends on them alone, not on the series.

    ``responses`` (T, states, G) are the errors that a unit of each initial state causes where the
    data are zero, ``gram`` (T, states, states, G) their running sums of products.
    """

    points: np.ndarray
    responses: np.ndarray
    gram: np.ndarray

    @classmethod
    def of(cls, periods: int, family: Family) -> _Grid:
        points = np.array(family.grid())
        alpha, ratio, phi = points.T
        level = np.repeat(np.eye(2)[0, : family.states, None], len(points), axis=1)
        slope = np.repeat(np.eye(2)[1, : family.states, None], len(points), axis=1)
        responses = np.empty((periods, family.states, len(points)))
        for t in range(periods):
            forecast = level + phi * slope
            responses[t] = -forecast
            level = (1 - alpha) * forecast
            slope = phi * slope - alpha * ratio * forecast
        gram = np.cumsum(responses[:, :, None] * responses[:, None], axis=0)
        return cls(points, responses, gram)


def _search(
    y: np.ndarray, length: np.ndarray, grid: _Grid
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Best grid point of each series: one recursion from a zero state, sums kept on the way."""
    alpha, ratio, phi = grid.points.T
    beta, states = alpha * ratio, grid.responses.shape[1]
    level, slope, sse = (np.zeros((len(y), len(alpha))) for _ in range(3))
    cross = [np.zeros_like(level) for _ in range(states)]
    for t in range(y.shape[1]):
        forecast = level + phi * slope if states == 2 else level
        error = (y[:, t, None] - forecast) * (t < length)[:, None]
        sse += error * error
        for i in range(states):
            cross[i] += error * grid.responses[t, i]
        level = forecast + alpha * error
        if states == 2:
            slope = phi * slope + beta * error
    crossed = np.stack(cross, axis=-1)
    gram = np.moveaxis(grid.gram[length - 1], -1, 1)
    start = _solve(crossed, gram)
    sse -= sum(crossed[..., i] * start[..., i] for i in range(states))
    chosen: np.ndarray = grid.points[np.argmin(sse, axis=1)]
    return chosen[:, 0], chosen[:, 1], chosen[:, 2]


def _solve(cross: np.ndarray, gram: np.ndarray) -> np.ndarray:
    """Solve ``gram x = cross`` (1 × 1 or 2 × 2) of every series, nearly singular ones damped."""
    if cross.shape[-1] == 1:
        scalar: np.ndarray = cross / np.maximum(gram[..., 0], 1e-12)
        return scalar
    a, b, d = gram[..., 0, 0], gram[..., 0, 1], gram[..., 1, 1]
    ridge = 1e-13 * (a + d) + 1e-300
    a, d = a + ridge, d + ridge
    det = a * d - b * b
    first = (d * cross[..., 0] - b * cross[..., 1]) / det
    second = (a * cross[..., 1] - b * cross[..., 0]) / det
    return np.stack([first, second], axis=-1)


def _polish(
    y: np.ndarray,
    length: np.ndarray,
    family: Family,
    alpha: np.ndarray,
    ratio: np.ndarray,
    phi: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """Pattern search around each series' grid point with steps that halve every round."""
    free = [True, family.trend, family.damped]
    steps = np.array([0.06 if family.trend else 0.03, 0.15, 0.02])
    low = np.array([ALPHA_BOUNDS[0], ALPHA_BOUNDS[0], PHI_BOUNDS[0]])
    high = np.array([ALPHA_BOUNDS[1], 1.0, PHI_BOUNDS[1]])
    moves = [np.zeros(3)]
    for axis in np.flatnonzero(free):
        for sign in (-1.0, 1.0):
            move = np.zeros(3)
            move[axis] = sign
            moves.append(move)
    point = np.stack([alpha, ratio, phi], axis=1)
    for _ in range(POLISH_ROUNDS):
        tries = point[:, None, :] + np.array(moves)[None] * steps
        clipped = np.clip(tries, low, high)
        tries = np.where(free, clipped, tries)
        sse, start = _profile(y, length, tries, family.states)
        best = np.argmin(sse, axis=1)
        rows = np.arange(len(y))
        point = tries[rows, best]
        steps = steps / 2
    return point[:, 0], point[:, 1], point[:, 2], sse[rows, best], start[rows, best]


def _profile(
    y: np.ndarray, length: np.ndarray, points: np.ndarray, states: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sum of squares (n, K) and best start (n, K, 2) at K parameter points of each series.

    The recursion runs for the data and for each unit initial state side by side; only sums of
    products are kept.
    """
    alpha, phi = points[..., 0], points[..., 2]
    beta = alpha * points[..., 1]
    runs = 1 + states  # data, unit level, unit slope
    shape = (runs, *alpha.shape)
    level, slope = np.zeros(shape), np.zeros(shape)
    level[1] = 1.0
    if states == 2:
        slope[2] = 1.0
    products = np.zeros((runs, runs, *alpha.shape))
    for t in range(y.shape[1]):
        alive = (t < length)[:, None]
        if not alive.any():
            break
        forecast = level + phi * slope if states == 2 else level
        error = -forecast
        error[0] += y[:, t, None]
        error *= alive
        for i in range(runs):
            products[i, i:] += error[i] * error[i:]
        level = forecast + alpha * error
        if states == 2:
            slope = phi * slope + beta * error
    gram = np.zeros((*alpha.shape, states, states))
    for i in range(states):
        for j in range(i, states):
            gram[..., i, j] = gram[..., j, i] = products[1 + i, 1 + j]
    cross = np.stack([products[0, 1 + i] for i in range(states)], axis=-1)
    start = -_solve(cross, gram)
    removed = sum(cross[..., i] * start[..., i] for i in range(states))
    sse = np.maximum(products[0, 0] + removed, 0.0)
    if states == 1:
        start = np.concatenate([start, np.zeros_like(start)], axis=-1)
    return sse, start


def _run(
    y: np.ndarray,
    valid: np.ndarray,
    alpha: np.ndarray,
    ratio: np.ndarray,
    phi: np.ndarray,
    start: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Run the recursion at chosen parameters; states freeze after the last observation."""
    level, slope = start[:, 0], start[:, 1]
    fitted = np.zeros_like(y)
    for t in range(y.shape[1]):
        alive = valid[:, t]
        forecast = level + phi * slope
        error = y[:, t] - forecast
        fitted[:, t] = forecast
        level = np.where(alive, forecast + alpha * error, level)
        slope = np.where(alive, phi * slope + alpha * ratio * error, slope)
    return level, slope, fitted

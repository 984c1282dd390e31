"""The pool: every model by name, as a function from a batch to means and fitted values.

All models but ``naive`` and ``drift`` see the series without its season and get it back at the end
(:mod:`~marketintel.analysis.forecast.seasonal`); ``seasonal_naive`` carries its own. The default is
``combination``; see :mod:`~marketintel.analysis.forecast.combination` for what it holds and why.

========================  ==========================================================================
``naive``                 last observation
``naive2``                last observation, seasonally adjusted; the benchmark of OWA
``drift``                 last observation plus the average change
``seasonal_naive``        same period of the last season
``ses``, ``holt``         simple exponential smoothing; with a linear trend
``damped``                damped trend (Gardner & McKenzie 1985)
``ets``                   simple, linear or damped, by AICc (Hyndman et al. 2008)
``theta``                 Assimakopoulos & Nikolopoulos (2000)
``log_theta``             theta on logarithms, bias-corrected; theta itself where a value is not > 0
``dynamic_theta``         dynamic optimised theta (Fiorucci et al. 2016)
``local_level``           local level by exact likelihood (Durbin & Koopman 2012)
``local_trend``           local level with a fixed drift
``shrunk_drift``          local level with the mean change, as far as it is told apart from zero
========================  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from marketintel.analysis.forecast import combination, smoothing, theta
from marketintel.analysis.forecast.local_level import local_level, shrunk_drift
from marketintel.analysis.forecast.panel import Batch
from marketintel.analysis.forecast.seasonal import Adjusted, adjust, adjust_tested
from marketintel.errors import UsageError


@dataclass(frozen=True)
class Fit:
    """Forecasts ``mean`` (n, h) and one-step forecasts in sample ``fitted`` (n, T).

    ``spread`` (n, h) is the standard deviation among members; zero for a model that stands alone.
    """

    mean: np.ndarray
    fitted: np.ndarray
    spread: np.ndarray | float = 0.0


class Problem:
    """A batch to forecast, and the smoothing fits that several models share."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self._smoothed: dict[str, smoothing.Smoothed] = {}

    def smoothed(self, family: smoothing.Family) -> smoothing.Smoothed:
        """Fit of one family, computed once."""
        if family.name not in self._smoothed:
            self._smoothed[family.name] = smoothing.fit(self.batch.y, self.batch.length, family)
        return self._smoothed[family.name]


Model = Callable[[Problem, int], Fit]


def _naive(problem: Problem, horizon: int) -> Fit:
    batch = problem.batch
    last = batch.y[np.arange(len(batch)), batch.length - 1]
    return Fit(np.repeat(last[:, None], horizon, axis=1), _lagged(batch.y, 1))


def _drift(problem: Problem, horizon: int) -> Fit:
    naive, batch = _naive(problem, horizon), problem.batch
    slope = (naive.mean[:, 0] - batch.y[:, 0]) / np.maximum(batch.length - 1, 1)
    steps = np.arange(1, horizon + 1)[None, :]
    return Fit(naive.mean + slope[:, None] * steps, naive.fitted + slope[:, None])


def _seasonal_naive(problem: Problem, horizon: int) -> Fit:
    batch, m = problem.batch, problem.batch.season
    ahead = np.arange(horizon) % m
    at = np.maximum(batch.length[:, None] - m + ahead[None, :], 0)
    return Fit(np.take_along_axis(batch.y, at, axis=1), _lagged(batch.y, m))


def _lagged(y: np.ndarray, lag: int) -> np.ndarray:
    lagged = y.copy()
    lagged[:, lag:] = y[:, :-lag]
    return lagged


def _smoothed(*families: smoothing.Family) -> Model:
    """One family, or of several the one with the smallest AICc."""

    def run(problem: Problem, horizon: int) -> Fit:
        fits = [problem.smoothed(family) for family in families]
        length = problem.batch.length
        best = np.argmin([smoothing.aicc(fit, length) for fit in fits], axis=0)
        rows = np.arange(len(length))
        means = np.stack([fit.mean(horizon) for fit in fits])
        fitted = np.stack([fit.fitted for fit in fits])
        return Fit(means[best, rows], fitted[best, rows])

    return run


def _theta(problem: Problem, horizon: int) -> Fit:
    batch, ses = problem.batch, problem.smoothed(smoothing.ANN)
    return Fit(*theta.with_drift(ses, batch.y, batch.length, horizon))


def _log_theta(problem: Problem, horizon: int) -> Fit:
    """On logarithms where they exist."""
    batch = problem.batch
    plain = _theta(problem, horizon)
    positive = (batch.y > 0) | ~batch.valid
    usable = np.flatnonzero(positive.all(axis=1))
    if usable.size:
        mean, fitted = theta.log_theta(batch.y[usable], batch.length[usable], horizon)
        plain.mean[usable], plain.fitted[usable] = mean, fitted
    return plain


def _dynamic_theta(problem: Problem, horizon: int) -> Fit:
    return Fit(*theta.dynamic_theta(problem.batch.y, problem.batch.length, horizon))


def _local(drift: bool) -> Model:
    def run(problem: Problem, horizon: int) -> Fit:
        batch = problem.batch
        return Fit(*local_level(batch.y, batch.length, horizon, drift=drift))

    return run


def _shrunk_drift(problem: Problem, horizon: int) -> Fit:
    return Fit(*shrunk_drift(problem.batch.y, problem.batch.length, horizon))


RAW: dict[str, Model] = {
    "naive": _naive,
    "drift": _drift,
    "seasonal_naive": _seasonal_naive,
}
"""Models that see the series as it is."""

ADJUSTED: dict[str, Model] = {
    "ses": _smoothed(smoothing.ANN),
    "holt": _smoothed(smoothing.AAN),
    "damped": _smoothed(smoothing.AADN),
    "ets": _smoothed(smoothing.ANN, smoothing.AAN, smoothing.AADN),
    "theta": _theta,
    "log_theta": _log_theta,
    "dynamic_theta": _dynamic_theta,
    "local_level": _local(drift=False),
    "local_trend": _local(drift=True),
    "shrunk_drift": _shrunk_drift,
}
"""Models that see the series without its season."""

BENCHMARK = "naive2"

MODELS = (*RAW, BENCHMARK, *ADJUSTED, combination.NAME)
"""Every name that ``forecast`` and ``backtest`` accept."""


def check_names(names: Iterable[str]) -> list[str]:
    """Names as a list without repeats; :class:`UsageError` names the first unknown one."""
    names = list(dict.fromkeys(names))
    for name in names:
        if name not in MODELS:
            raise UsageError(f"unknown model {name!r}; choose from {', '.join(MODELS)}")
    return names


def fit_models(
    batch: Batch,
    horizon: int,
    names: Iterable[str],
    replaced: Mapping[str, Model] | None = None,
) -> dict[str, Fit]:
    """Fit the named models to every series of a batch, each of them once.

    ``replaced`` holds models that take the place of kernels
    (:data:`~marketintel.analysis.forecast.members.MODELS`).
    """
    by_name = {**RAW, **ADJUSTED, **(replaced or {})}
    names = check_names(names)
    needed = set(names)
    if combination.NAME in names:
        needed |= {*combination.MEMBERS[batch.freq]}
    raw = Problem(batch)
    fits = {name: by_name[name](raw, horizon) for name in RAW if name in needed}
    if BENCHMARK in needed:
        tested = adjust_tested(batch)
        fits[BENCHMARK] = _restored(tested, _naive(Problem(tested.batch), horizon))
    adjusted = adjust(batch)
    problem = Problem(adjusted.batch)
    for name in ADJUSTED:
        if name in needed:
            fits[name] = _restored(adjusted, by_name[name](problem, horizon))
    if combination.NAME in names:
        fits[combination.NAME] = _combined(batch, fits)
    return {name: fits[name] for name in names}


def _combined(batch: Batch, fits: dict[str, Fit]) -> Fit:
    members = [fits[name] for name in combination.MEMBERS[batch.freq]]
    return Fit(
        combination.average([m.mean for m in members], batch.freq),
        combination.average([m.fitted for m in members], batch.freq),
        np.std([m.mean for m in members], axis=0),
    )


def _restored(adjusted: Adjusted, fit: Fit) -> Fit:
    """Put the season back."""
    return Fit(adjusted.restore(fit.mean), adjusted.restore(fit.fitted, ahead=False))

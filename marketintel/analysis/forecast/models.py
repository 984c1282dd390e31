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
========================  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from marketintel.analysis.forecast import combination, smoothing, theta
from marketintel.analysis.forecast.local_level import local_level
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


def _naive(batch: Batch, horizon: int) -> Fit:
    last = batch.y[np.arange(len(batch)), batch.length - 1]
    return Fit(np.repeat(last[:, None], horizon, axis=1), _lagged(batch.y, 1))


def _drift(batch: Batch, horizon: int) -> Fit:
    naive = _naive(batch, horizon)
    slope = (naive.mean[:, 0] - batch.y[:, 0]) / np.maximum(batch.length - 1, 1)
    steps = np.arange(1, horizon + 1)[None, :]
    return Fit(naive.mean + slope[:, None] * steps, naive.fitted + slope[:, None])


def _seasonal_naive(batch: Batch, horizon: int) -> Fit:
    m = batch.season
    ahead = np.arange(horizon) % m
    at = np.maximum(batch.length[:, None] - m + ahead[None, :], 0)
    return Fit(np.take_along_axis(batch.y, at, axis=1), _lagged(batch.y, m))


def _lagged(y: np.ndarray, lag: int) -> np.ndarray:
    lagged = y.copy()
    lagged[:, lag:] = y[:, :-lag]
    return lagged


def _smoothed(*families: smoothing.Family) -> Callable[[Batch, int], Fit]:
    """One family, or of several the one with the smallest AICc."""

    def run(batch: Batch, horizon: int) -> Fit:
        fits = [smoothing.fit(batch.y, batch.length, family) for family in families]
        best = np.argmin([smoothing.aicc(fit, batch.length) for fit in fits], axis=0)
        rows = np.arange(len(batch))
        means = np.stack([fit.mean(horizon) for fit in fits])
        fitted = np.stack([fit.fitted for fit in fits])
        return Fit(means[best, rows], fitted[best, rows])

    return run


def _theta(batch: Batch, horizon: int) -> Fit:
    return Fit(*theta.theta(batch.y, batch.length, horizon))


def _log_theta(batch: Batch, horizon: int) -> Fit:
    """On logarithms where they exist."""
    plain = _theta(batch, horizon)
    positive = (batch.y > 0) | ~batch.valid
    usable = np.flatnonzero(positive.all(axis=1))
    if not usable.size:
        return plain
    mean, fitted = theta.log_theta(batch.y[usable], batch.length[usable], horizon)
    plain.mean[usable], plain.fitted[usable] = mean, fitted
    return plain


def _dynamic_theta(batch: Batch, horizon: int) -> Fit:
    return Fit(*theta.dynamic_theta(batch.y, batch.length, horizon))


def _local(drift: bool) -> Callable[[Batch, int], Fit]:
    def run(batch: Batch, horizon: int) -> Fit:
        return Fit(*local_level(batch.y, batch.length, horizon, drift=drift))

    return run


RAW: dict[str, Callable[[Batch, int], Fit]] = {
    "naive": _naive,
    "drift": _drift,
    "seasonal_naive": _seasonal_naive,
}
"""Models that see the series as it is."""

ADJUSTED: dict[str, Callable[[Batch, int], Fit]] = {
    "ses": _smoothed(smoothing.ANN),
    "holt": _smoothed(smoothing.AAN),
    "damped": _smoothed(smoothing.AADN),
    "ets": _smoothed(smoothing.ANN, smoothing.AAN, smoothing.AADN),
    "theta": _theta,
    "log_theta": _log_theta,
    "dynamic_theta": _dynamic_theta,
    "local_level": _local(drift=False),
    "local_trend": _local(drift=True),
}
"""Models that see the series without its season."""

BENCHMARK = "naive2"

MODELS = (*RAW, BENCHMARK, *ADJUSTED, combination.NAME)
"""Every name that ``forecast`` and ``backtest`` accept."""


def _on(adjusted: Adjusted, model: Callable[[Batch, int], Fit], horizon: int) -> Fit:
    """Fit without the season, then put the season back."""
    fit = model(adjusted.batch, horizon)
    return Fit(adjusted.restore(fit.mean), adjusted.restore(fit.fitted, ahead=False))


def check_names(names: Iterable[str]) -> list[str]:
    """Names as a list without repeats; :class:`UsageError` names the first unknown one."""
    names = list(dict.fromkeys(names))
    for name in names:
        if name not in MODELS:
            raise UsageError(f"unknown model {name!r}; choose from {', '.join(MODELS)}")
    return names


def fit_models(batch: Batch, horizon: int, names: Iterable[str]) -> dict[str, Fit]:
    """Fit the named models to every series of a batch, each of them once."""
    names = check_names(names)
    needed = {*names, *(combination.MEMBERS if combination.NAME in names else ())}
    fits = {name: RAW[name](batch, horizon) for name in RAW if name in needed}
    if BENCHMARK in needed:
        fits[BENCHMARK] = _on(adjust_tested(batch), _naive, horizon)
    adjusted = adjust(batch)
    fits |= {n: _on(adjusted, model, horizon) for n, model in ADJUSTED.items() if n in needed}
    if combination.NAME in names:
        members = [fits[name] for name in combination.MEMBERS]
        fits[combination.NAME] = Fit(
            combination.average([fit.mean for fit in members]),
            combination.average([fit.fitted for fit in members]),
            np.std([fit.mean for fit in members], axis=0),
        )
    return {name: fits[name] for name in names}

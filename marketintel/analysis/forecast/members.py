"""Forecasts at the last origin from results of statsmodels.

Rolling origins, panels of hundreds and the calibration of intervals use the vectorised kernels;
what a document prints as a forecast is made here. Models and the classes that compute them:

================  ==========================================================================
``naive``         ``UnobservedComponents``, random walk
``drift``         ``UnobservedComponents``, random walk with drift
``shrunk_drift``  ``UnobservedComponents``: local level, and the drift of ``drift`` and its t
``ets``           ``ETSModel``, of three forms the one with the smallest AICc
``damped``        ``ETSModel`` (A,Ad,N)
``theta``         ``ThetaModel``
``log_theta``     ``ThetaModel`` on logarithms; theta itself where a value is not > 0
================  ==========================================================================

``dynamic_theta`` has no class in statsmodels and stays the project's own, and so do the season that
is removed before (:mod:`~marketintel.analysis.forecast.seasonal`), the shrinkage of the drift and
the weights of the combination. What statsmodels refuses is forecast by the kernel and recorded
with the reason.
"""

from __future__ import annotations

import numpy as np

from marketintel.analysis.forecast import theta
from marketintel.analysis.forecast.fits import FAMILIES, Fitted, results
from marketintel.analysis.forecast.local_level import shrink
from marketintel.analysis.forecast.models import ADJUSTED, RAW, Fit, Model, Problem
from marketintel.analysis.forecast.panel import Batch

OWN = "own (dynamic optimised theta)"


def results_of(batch: Batch, name: str, horizon: int) -> list[tuple[Fitted, ...]]:
    """Results that a member's forecast is made of, by series."""
    if name == "ets":
        forms = zip(*(results(batch, kind, horizon) for kind in FAMILIES), strict=True)
        return [(min(form, key=_criterion),) for form in forms]
    if name == "log_theta":
        usable = _positive(batch)
        plain = batch.with_y(np.where(usable[:, None], _logs(batch), batch.y))
        return [(found,) for found in results(plain, "theta", horizon)]
    return list(zip(*(results(batch, kind, horizon) for kind in _PARTS[name]), strict=True))


_PARTS = {
    "naive": ("rwalk",),
    "drift": ("rwdrift",),
    "shrunk_drift": ("llevel", "rwdrift"),
    "theta": ("theta",),
    "damped": ("AAdN",),
}


def _criterion(found: Fitted) -> float:
    return np.inf if found.refusal or np.isnan(found.aicc) else found.aicc


def _positive(batch: Batch) -> np.ndarray:
    positive: np.ndarray = ((batch.y > 0) | ~batch.valid).all(axis=1)
    return positive


def _logs(batch: Batch) -> np.ndarray:
    return np.log(np.where((batch.y > 0) & batch.valid, batch.y, 1.0))


def _forecast(batch: Batch, name: str, horizon: int, own: Model) -> Fit:
    """A member's forecast; of series that statsmodels refuses the kernel's."""
    members = results_of(batch, name, horizon)
    refused = np.array([any(part.refusal for part in parts) for parts in members])
    mean, fitted = np.zeros((len(batch), horizon)), np.zeros_like(batch.y)
    for i in map(int, np.flatnonzero(~refused)):
        mean[i], fitted[i, : batch.length[i]] = _path(batch, i, name, horizon, members[i])
    rows = np.flatnonzero(refused)
    if rows.size:
        kernel = own(Problem(batch.take(rows)), horizon)
        mean[rows], fitted[rows, : kernel.fitted.shape[1]] = kernel.mean, kernel.fitted
    return Fit(mean, fitted)


def _path(
    batch: Batch, i: int, name: str, horizon: int, parts: tuple[Fitted, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean (h) and fitted values (T) of one series from its results."""
    y = batch.y[i, : batch.length[i]]
    first = parts[0]
    mean, fitted = first.mean[:horizon], first.fitted
    if name == "log_theta" and (y > 0).all():
        of_one = np.log(y)[None], np.array([len(y)]), mean[None], fitted[None]
        back = theta.from_logs(*of_one, np.array([first.parameters["alpha"]]))
        return back[0][0], back[1][0]
    if name == "shrunk_drift":
        walk = parts[1]
        slope = walk.parameters["drift"]
        t2 = (slope / walk.standard_errors["drift"]) ** 2
        given = (slope * walk.unit, t2, len(y) - 1.0, y[-1])
        drift = float(shrink(*(np.array([v]) for v in given))[0])
        ahead = drift * np.arange(1, horizon + 1)
        return (mean + y[-1]) / 2 + ahead, (fitted + np.r_[y[0], y[:-1]]) / 2 + drift
    return mean, fitted


def _member(name: str, own: Model) -> Model:
    return lambda problem, horizon: _forecast(problem.batch, name, horizon, own)


MODELS: dict[str, Model] = {
    name: _member(name, {**RAW, **ADJUSTED}[name]) for name in (*_PARTS, "ets", "log_theta")
}
"""Models of the pool that statsmodels computes, for ``fit_models``."""

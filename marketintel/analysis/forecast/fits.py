"""Models of statsmodels fitted to single series, each series once.

Classes: ``ETSModel`` (A,N,N), (A,A,N), (A,Ad,N); ``ThetaModel`` whose smoothing is ``ETSModel``
(A,N,N); ``UnobservedComponents`` local level, random walk, random walk with drift. What a forecast
makes of them: :mod:`~marketintel.analysis.forecast.members`.

``ThetaModel.fit`` holds the first level at the first observation; the back-tested theta estimates
it, so its smoothing comes from ``ETSModel`` and its forecasts from ``ThetaModelResults``.

Every series is centred on its first value and divided by its mean absolute change, so that an
optimiser meets numbers near one; parameters are in these units. The smoothing models start at the
kernels' optimum, the local level at the likelihoods of fixed ratios of its two variances: the
likelihood often has two maxima, one with a level that stands still, and both are tried.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from marketintel.analysis.forecast import smoothing, theta
from marketintel.analysis.forecast.panel import Batch, total

STEPS = 24
"""Periods ahead that a result holds, more if they are asked: the longest horizon of documents."""

MOST_KEPT = 4096
"""Results kept in memory; at more they are fitted anew."""

RATIOS = (0.01, 0.3, 2.0, 30.0)
"""Variance of the level over that of the noise at which a moving level's likelihood is searched."""

NEAR = 1.0
"""A level at rest is searched too where its likelihood comes so near, in logarithms."""

TOLERANCE = {"pgtol": 1e-5, "factr": 1e9}
"""Of the optimiser of the local level: forecasts do not move by a thousandth of a mean change."""

FAMILIES = {f.name: f for f in (smoothing.ANN, smoothing.AAN, smoothing.AADN)}
UNKNOWN = float("nan")
TESTS = ("ljung_box", "heteroskedasticity", "normality")


@dataclass(frozen=True)
class Fitted:
    """Result of statsmodels for one series.

    Attributes
    ----------
    class_name : str
        Class and form, such as ``ETSModel(A,N,N)``.
    parameters, standard_errors : dict
        By name, in units of ``unit``; an error is missing at a bound.
    log_likelihood, aic, aicc, bic : float
        Missing for theta, which is no likelihood model.
    converged : bool
    refusal : str
        Why there is no result; else empty.
    unit : float
        Mean absolute change of the series.
    mean, fitted : ndarray
        Forecasts and one-step forecasts in sample, in the unit of the series.
    errors : ndarray
        Standardised one-step errors, without the first.
    """

    class_name: str
    parameters: dict[str, float]
    standard_errors: dict[str, float]
    log_likelihood: float = UNKNOWN
    aic: float = UNKNOWN
    aicc: float = UNKNOWN
    bic: float = UNKNOWN
    converged: bool = False
    refusal: str = ""
    unit: float = UNKNOWN
    season: int = 1
    mean: np.ndarray = field(default_factory=lambda: np.empty(0))
    fitted: np.ndarray = field(default_factory=lambda: np.empty(0))
    errors: np.ndarray = field(default_factory=lambda: np.empty(0))

    @cached_property
    def tests(self) -> dict[str, float]:
        """p-values of ``ljung_box``, ``heteroskedasticity``, ``normality`` of the errors.

        Ljung & Box (1978) to lag 10 or two seasons, at most a fifth of the errors; the ratio of the
        last third's sum of squares to the first's; Jarque & Bera (1987). Missing without a result.
        """
        from statsmodels.stats.stattools import jarque_bera
        from statsmodels.tsa.stattools import acf, breakvar_heteroskedasticity_test, q_stat

        if not len(self.errors):
            return dict.fromkeys(TESTS, UNKNOWN)
        lags = 2 * self.season if self.season > 1 else 10
        lags = max(1, min(lags, len(self.errors) // 5))
        with np.errstate(all="ignore"):
            correlations = acf(self.errors, nlags=lags, fft=False)[1:]
            serial = q_stat(correlations, len(self.errors))[1][-1]
            found = (serial, breakvar_heteroskedasticity_test(self.errors)[1],
                     jarque_bera(self.errors)[1])  # fmt: skip
        return dict(zip(TESTS, (float(p) for p in found), strict=True))


_kept: dict[tuple[str, int, int, bytes], Fitted] = {}


def results(batch: Batch, kind: str, horizon: int = 1) -> list[Fitted]:
    """One result per series of a batch.

    ``kind`` is ``rwalk``, ``rwdrift``, ``llevel``, ``theta`` or the name of a smoothing family.
    """
    steps = max(horizon, STEPS)
    values = [row[:n] for row, n in zip(batch.y, batch.length, strict=True)]
    keys = [(kind, steps, batch.season, y.tobytes()) for y in values]
    new = [i for i, key in enumerate(keys) if key not in _kept]
    if len(_kept) + len(new) > MOST_KEPT:
        _kept.clear()
        new = list(range(len(keys)))
    starts = _starts(batch.take(np.array(new, int)), kind) if new else []
    for i, start in zip(new, starts, strict=True):
        _kept[keys[i]] = _fitted(values[i], kind, steps, batch.season, start)
    return [_kept[key] for key in keys]


def _units(batch: Batch) -> np.ndarray:
    inside = batch.valid[:, 1:]
    moves = np.where(inside, np.abs(np.diff(batch.y, axis=1)), 0.0)
    units: np.ndarray = total(moves) / np.maximum(batch.length - 1, 1)
    return units


def _starts(batch: Batch, kind: str) -> list[list[float]]:
    """Start values of each smoothing model: the kernels' optimum."""
    family = FAMILIES.get("ANN" if kind == "theta" else kind)
    if family is None:
        return [[] for _ in range(len(batch))]
    unit = _units(batch)[:, None]
    centred = (batch.y - batch.y[:, :1]) / np.where(unit > 0, unit, 1.0)
    centred = np.where(batch.valid, centred, 0.0)
    alpha, ratio, phi, _, state = smoothing.optimum(centred, batch.length, family)
    columns = [alpha]
    columns += [alpha * ratio] if family.trend else []
    columns += [phi] if family.damped else []
    columns += [state[:, i] for i in range(family.states)]
    return [[float(v) for v in row] for row in np.stack(columns, axis=1)]


def _fitted(y: np.ndarray, kind: str, steps: int, season: int, start: list[float]) -> Fitted:
    """Fit one series, whatever comes of it."""
    unit = float(np.abs(np.diff(y)).mean())
    if unit == 0:
        return Fitted(_class_name(kind), {}, {}, refusal="the series never changed")
    z = (y - y[0]) / unit
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # convergence is recorded; bounds make errors missing
            made = _KINDS[kind](z, steps, season, start)
    except (ValueError, FloatingPointError, np.linalg.LinAlgError) as error:
        return Fitted(_class_name(kind), {}, {}, refusal=str(error).split("\n")[0])
    if not np.isfinite(made.mean).all() or not np.isfinite(made.fitted).all():
        return Fitted(_class_name(kind), {}, {}, refusal="no finite forecast")
    mean, fitted = y[0] + unit * made.mean, y[0] + unit * made.fitted
    return replace(made, unit=unit, mean=mean, fitted=fitted)


def _class_name(kind: str) -> str:
    names = {"rwalk": "UnobservedComponents(random walk)", "theta": "ThetaModel",
             "rwdrift": "UnobservedComponents(random walk with drift)",
             "llevel": "UnobservedComponents(local level)"}  # fmt: skip
    return names.get(kind) or f"ETSModel({','.join(('A', kind[1:-1], 'N'))})"


# statsmodels ------------------------------------------------------------------------------------


def _ets(z: np.ndarray, kind: str, start: list[float]) -> Any:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    family = FAMILIES[kind]
    trend = "add" if family.trend else None
    model = ETSModel(z, error="add", trend=trend, damped_trend=family.damped)
    return model.fit(start_params=np.array(start), disp=False)


def _smoothed(kind: str) -> Callable[..., Fitted]:
    def run(z: np.ndarray, steps: int, season: int, start: list[float]) -> Fitted:
        found = _ets(z, kind, start)
        return _record(found, kind, found.forecast(steps), z, season)

    return run


def _theta(z: np.ndarray, steps: int, season: int, start: list[float]) -> Fitted:
    from statsmodels.regression.linear_model import OLS
    from statsmodels.tsa.forecasting.theta import ThetaModel, ThetaModelResults

    ses = _ets(z, "ANN", start)
    line = OLS(z, np.stack([np.ones(len(z)), np.arange(len(z))], axis=1)).fit()
    slope, alpha, one_step = line.params[1], ses.params[0], ses.forecast(1)
    model = ThetaModel(z, period=1, deseasonalize=False)
    found = ThetaModelResults(slope, alpha, ses.scale, one_step, None, False, model)
    fitted = ses.fittedvalues + slope / 2 * theta.partial_sum(alpha, np.arange(len(z)))
    return replace(
        _record(ses, "theta", found.forecast(steps), z, season),
        fitted=fitted, errors=(z - fitted)[1:],
        parameters={"b0": float(slope), "alpha": float(alpha)},
        standard_errors={"b0": float(line.bse[1]), "alpha": float(ses.bse[0])},
        log_likelihood=UNKNOWN, aic=UNKNOWN, aicc=UNKNOWN, bic=UNKNOWN,
    )  # fmt: skip


def _components(z: np.ndarray, kind: str) -> Any:
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    return UnobservedComponents(z, kind, use_exact_diffuse=True)


def _local_level(z: np.ndarray, steps: int, season: int, start: list[float]) -> Fitted:
    """Both maxima of the likelihood: a moving level from the best ratio, and one at rest."""
    model, variance = _components(z, "llevel"), float(np.diff(z).var())
    moving = [np.array([1, q]) * variance / (q + 2) for q in RATIOS]
    best = max(moving, key=model.loglike)
    options = {"disp": False, "maxiter": 200, "cov_type": "none", **TOLERANCE}
    chosen = model.fit(best, **options)
    still = z.var(ddof=1) * np.array([1, 1e-4])
    if model.loglike(still) > chosen.llf - NEAR:
        other = model.fit(still, **options)
        chosen = max(chosen, other, key=lambda fit: fit.llf)
    found = model.filter(chosen.params, cov_type="approx")
    made = _record(found, "llevel", found.forecast(steps), z, season)
    return replace(made, converged=bool(chosen.mle_retvals["converged"]))


def _random_walk(z: np.ndarray, steps: int, season: int, start: list[float]) -> Fitted:
    """The variance that maximises the likelihood is known: the mean squared change."""
    moves = np.diff(z)
    variance = float((moves**2).mean())
    found = _components(z, "rwalk").filter([variance], cov_type="none")
    made = _record(found, "rwalk", found.forecast(steps), z, season)
    return replace(made, standard_errors={"sigma2.level": variance * np.sqrt(2 / len(moves))})


def _random_walk_with_drift(z: np.ndarray, steps: int, season: int, start: list[float]) -> Fitted:
    """The same around the mean change; the drift is a state, its error that of the state."""
    variance, free = max(float(np.diff(z).var(ddof=1)), 1e-12), len(z) - 2
    found = _components(z, "rwdrift").filter([variance], cov_type="none")
    made = _record(found, "rwdrift", found.forecast(steps), z, season)
    drift = float(found.filtered_state[1, -1])
    error = float(np.sqrt(found.filtered_state_cov[1, 1, -1]))
    return replace(
        made,
        parameters={**made.parameters, "drift": drift},
        standard_errors={"sigma2.level": variance * np.sqrt(2 / free), "drift": error},
        fitted=np.r_[z[0], z[:-1]] + drift,
    )


_KINDS: dict[str, Callable[..., Fitted]] = {
    "rwalk": _random_walk,
    "rwdrift": _random_walk_with_drift,
    "llevel": _local_level,
    "theta": _theta,
    **{kind: _smoothed(kind) for kind in FAMILIES},
}


def _record(found: Any, kind: str, mean: np.ndarray, z: np.ndarray, season: int) -> Fitted:
    """Parameters, criteria, forecasts and errors of a result."""
    fitted = np.array(found.fittedvalues, float)
    if kind in FAMILIES or kind == "theta":
        errors = (z - fitted)[1:]
    else:
        fitted[0] = z[0]  # a diffuse level expects nothing
        errors = found.standardized_forecasts_error[0, found.loglikelihood_burn :]
    names = [str(name) for name in found.model.param_names]
    errors_of = found.bse if found.cov_params_default is not None else []
    return Fitted(
        _class_name(kind),
        dict(zip(names, (float(v) for v in found.params), strict=True)),
        dict(zip(names, (float(v) for v in errors_of), strict=False)),
        log_likelihood=float(found.llf),
        aic=float(found.aic),
        aicc=float(found.aicc),
        bic=float(found.bic),
        converged=bool((getattr(found, "mle_retvals", None) or {}).get("converged", True)),
        season=season,
        mean=np.asarray(mean, float),
        fitted=fitted,
        errors=np.asarray(errors, float),
    )

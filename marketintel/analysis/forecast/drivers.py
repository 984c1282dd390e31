"""Yearly regression on a driver, with a step at every declared break, fitted by statsmodels.

The model of a series ``y``, in logarithms, is a regression with errors that are a random walk:

``log y_t = beta log x_t + sum_b gamma_b [t >= b] + u_t``, ``u_t = u_{t-1} + e_t``

``x`` is the driver (GDP), ``b`` the first year after a break: ``SARIMAX`` of order (0, 1, 0) with
exogenous terms. There is no drift beside the driver: at the few points of a yearly series both are
not told apart. The maximum of the likelihood is that of least squares on yearly changes, which is
how rolling origins are computed; the last origin is a ``SARIMAX`` result.

Nothing after an origin is known at it: the driver goes on by ``UnobservedComponents``, a random
walk with drift in logarithms, fitted to its values up to the origin, in the last forecast as in
every test. A step is known once its year is. Bounds are Student's t around the logarithm: variance
of the errors, of the coefficients, and of the driver; they are not calibrated, and their record
is printed.

**Rule** (fixed before any score was seen): the regression is shown for a series where, over at
least :data:`~marketintel.analysis.forecast.record.FEWEST_TESTS` targets on the same side of every
break as their origin, its MASE is below that of every other model that can be fitted; of a series
that its last break leaves too short for the others, below that of naive. Otherwise a series is
forecast, or refused, as without it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from marketintel.analysis.forecast.fits import UNKNOWN, Fitted
from marketintel.analysis.forecast.fitted import COLUMNS, FIELDS
from marketintel.errors import MissingDataError, UsageError

NAME = "drivers"
"""Name of the model in frames of forecasts and errors."""

CLASS = "SARIMAX(0,1,0)"

MIN_CHANGES = 8
"""Yearly changes that are left for the errors and the driver after one for each step."""

LONGEST = 10
"""Years ahead that a driver is extended."""


@dataclass(frozen=True)
class Regression:
    """Coefficients of one series at one origin.

    Attributes
    ----------
    names : list of str
        ``driver`` and a ``step YEAR`` for every break.
    coefficients : ndarray
    covariance : ndarray
    variance : float
        Of the yearly errors, over the degrees of freedom.
    free : int
        Degrees of freedom.
    """

    names: list[str]
    coefficients: np.ndarray
    covariance: np.ndarray
    variance: float
    free: int


def regress(log_y: np.ndarray, terms: np.ndarray, names: list[str]) -> Regression | None:
    """Estimate by least squares on changes; None where too few of them are left."""
    change, moved = np.diff(log_y), np.diff(terms, axis=0)
    free = len(change) - moved.shape[1]
    if free < MIN_CHANGES - 1 or np.linalg.matrix_rank(moved) < moved.shape[1]:
        return None
    coefficients, *_ = np.linalg.lstsq(moved, change, rcond=None)
    variance = float(((change - moved @ coefficients) ** 2).sum() / free)
    return Regression(
        names, coefficients, variance * np.linalg.inv(moved.T @ moved), variance, free
    )


def extended(log_driver: pd.Series) -> tuple[pd.Series, float]:
    """Continue a driver by a random walk with drift of statsmodels.

    Parameters
    ----------
    log_driver : Series
        Logarithms by year, to the origin.

    Returns
    -------
    tuple of Series and float
        The next :data:`LONGEST` years, and the variance of a year's error.
    """
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    values = log_driver.to_numpy(float)
    variance = max(float(np.diff(values).var(ddof=1)), 1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = UnobservedComponents(values, "rwdrift", use_exact_diffuse=True).filter(
            [variance], cov_type="none"
        )
        ahead = np.asarray(found.forecast(LONGEST))
    last = int(log_driver.index[-1])
    return pd.Series(ahead, index=range(last + 1, last + 1 + LONGEST)), variance


def forecast(
    panel: pd.DataFrame,
    breaks: pd.DataFrame,
    driver: pd.Series,
    horizon: int,
    levels: Sequence[int] = (80, 95),
    *,
    origins: int = 0,
) -> pd.DataFrame:
    """Forecast yearly series by the regression, at the last origin or at earlier ones.

    Parameters
    ----------
    panel : DataFrame
        ``unique_id, ds, y`` of whole series, breaks and all; ``ds`` are ends of years.
    breaks : DataFrame
        ``unique_id, ds`` (end of the first year after the break).
    driver : Series
        Positive values by year (int), the same for every series.
    horizon : int
        Years ahead, at most :data:`LONGEST`.
    levels : sequence of int
    origins : int
        0: the last origin, by ``SARIMAX``. Else as many earlier ones, the last of them `horizon`
        years before the end, by least squares; targets after a break that follows the origin are
        left out.

    Returns
    -------
    DataFrame
        ``unique_id, ds, cutoff, model, level, mean, lo, hi``. Series with a value that is not
        positive, a missing year, a year without the driver or too few changes have no rows;
        ``attrs["results"]`` holds, by series, the ``SARIMAX`` result of the last origin and its
        :class:`Regression`.
    """
    if horizon > LONGEST:
        raise UsageError(f"horizon is {horizon}; a driver is extended {LONGEST} years at most")
    if (driver <= 0).any():
        raise UsageError("the driver has values that are not positive; its logarithm is used")
    parts, kept = [], {}
    cuts = range(horizon, horizon + origins) if origins else range(1)
    drivers = _Driver(driver.astype(float).sort_index().map(np.log))
    for one, rows in panel.dropna(subset="y").groupby("unique_id", sort=True):
        y = rows.sort_values("ds").set_index(rows.sort_values("ds")["ds"].dt.year)["y"]
        dates = breaks.loc[breaks["unique_id"] == one, "ds"]
        steps = sorted({int(when.year) for when in dates})
        for cut in cuts:
            known = y.iloc[: len(y) - cut]
            made, result = _one(known, steps, drivers, horizon, levels, last=not origins)
            if made is None:
                continue
            if origins:
                ahead = [b for b in steps if b > known.index[-1]]
                made = made[made["year"] < min(ahead, default=10**4)]
            else:
                kept[str(one)] = result
            parts.append(made.assign(unique_id=one, cutoff=_end(int(known.index[-1]))))
    columns = ["unique_id", "ds", "cutoff", "model", "level", "mean", "lo", "hi"]
    if not parts:
        frame = pd.DataFrame(columns=columns)
    else:
        frame = pd.concat(parts, ignore_index=True)
        frame["ds"] = [_end(year) for year in frame["year"]]
        frame = frame.assign(model=NAME)[columns]
    frame.attrs["results"] = kept
    return frame


class _Driver:
    """A driver's logarithms, and what they were expected to be at each origin."""

    def __init__(self, logs: pd.Series) -> None:
        self.logs = logs
        self._ahead: dict[int, tuple[pd.Series, float]] = {}

    def ahead(self, origin: int) -> tuple[pd.Series, float]:
        if origin not in self._ahead:
            self._ahead[origin] = extended(self.logs.loc[:origin])
        return self._ahead[origin]


def _one(
    y: pd.Series, steps: list[int], driver: _Driver, horizon: int, levels: Sequence[int], last: bool
) -> tuple[pd.DataFrame | None, Any]:
    """Forecast one series from one origin; nothing where the regression can't be made."""
    years = y.index.to_numpy()
    whole = len(y) > 1 and (np.diff(years) == 1).all() and (y > 0).all()
    if not whole or not set(years) <= set(driver.logs.index):
        return None, None
    inside = [b for b in steps if years[0] < b <= years[-1]]
    names = ["driver", *(f"step {b}" for b in inside)]
    terms = np.column_stack([driver.logs.loc[years], *(years >= b for b in inside)]).astype(float)
    log_y = np.log(y.to_numpy(float))
    found = regress(log_y, terms, names)
    if found is None:
        return None, None
    path, drift_variance = driver.ahead(int(years[-1]))
    ahead = np.column_stack([path.iloc[:horizon], np.ones((horizon, len(inside)))])
    result = None
    if last:
        fit = fitted(log_y, terms, found)
        middle, result = np.asarray(fit.forecast(horizon, exog=ahead)), (fit, found)
    else:
        middle = log_y[-1] + (ahead - terms[-1]) @ found.coefficients
    spread = _spread(found, ahead - terms[-1], drift_variance, len(driver.logs.loc[: years[-1]]))
    return _bounds(middle, spread, found.free, years[-1], levels), result


def fitted(log_y: np.ndarray, terms: np.ndarray, found: Regression) -> Any:
    """Return the ``SARIMAX`` result at the maximum of its likelihood.

    The maximum is known: least squares on changes, and the mean squared error as variance.
    """
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    variance = max(found.variance * found.free / (len(log_y) - 1), 1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a step is constant in most years
        model = SARIMAX(log_y, exog=terms, order=(0, 1, 0), use_exact_diffuse=True)
        return model.filter(np.r_[found.coefficients, variance], cov_type="none")


def _spread(found: Regression, moved: np.ndarray, drift_variance: float, known: int) -> np.ndarray:
    """Standard deviation of the logarithm, year by year ahead."""
    step = np.arange(1, len(moved) + 1)
    driver = drift_variance * (step + step**2 / max(known - 1, 1))
    coefficients = np.einsum("hi,ij,hj->h", moved, found.covariance, moved)
    spread: np.ndarray = np.sqrt(
        found.variance * step + coefficients + found.coefficients[0] ** 2 * driver
    )
    return spread


def _bounds(
    middle: np.ndarray, spread: np.ndarray, free: int, last: int, levels: Sequence[int]
) -> pd.DataFrame:
    from scipy.stats import t

    parts = []
    for level in levels:
        wide = t.ppf(0.5 + level / 200, free) * spread
        parts.append(pd.DataFrame({
            "year": int(last) + np.arange(1, len(middle) + 1), "level": level,
            "mean": np.exp(middle), "lo": np.exp(middle - wide), "hi": np.exp(middle + wide),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _end(year: int) -> pd.Timestamp:
    return pd.Timestamp(year=int(year), month=12, day=31)


def fitted_models(results: Mapping[str, Any]) -> pd.DataFrame:
    """Results of the last origin as rows like those of the other models.

    Parameters
    ----------
    results : mapping of str to results
        ``attrs["results"]`` of :func:`forecast`.

    Returns
    -------
    DataFrame
        As :func:`marketintel.analysis.forecast.fitted.fitted_models`; parameters in logarithms.
    """
    rows = []
    for one, (found, regression) in results.items():
        errors = np.sqrt(np.r_[np.diag(regression.covariance), UNKNOWN])
        names = ["elasticity to the driver", *regression.names[1:], "sigma2"]
        fit = Fitted(
            CLASS,
            dict(zip(names, map(float, found.params), strict=True)),
            dict(zip(names, map(float, errors), strict=True)),
            log_likelihood=float(found.llf),
            aic=float(found.aic),
            aicc=float(found.aicc),
            bic=float(found.bic),
            converged=True,
            errors=np.asarray(found.standardized_forecasts_error[0, found.loglikelihood_burn :]),
        )
        shared = {"unique_id": one, "freq": "A", "model": NAME, "weight_pct": 100.0}
        rows.append({**shared, **{f: getattr(fit, f) for f in FIELDS}, **fit.tests})
    return pd.DataFrame(rows, columns=COLUMNS)


def driver_of(values: pd.DataFrame, first: int, last: int) -> pd.Series:
    """Sum of a driver over the economies that have it in every year, by year.

    Parameters
    ----------
    values : DataFrame
        ``economy, period, value``, one figure an economy and year.
    first, last : int
        Years; economies that lack one of them are left out of all, so that the sum compares.

    Raises
    ------
    MissingDataError
        No economy has every year.
    """
    years = values.assign(year=values["period"].astype(int))
    wide = years[years["year"].between(first, last)].pivot_table(
        index="year", columns="economy", values="value"
    )
    whole = wide.reindex(range(first, last + 1)).dropna(axis=1)
    if whole.empty or not whole.shape[1]:
        raise MissingDataError(f"no economy has the driver in every year from {first} to {last}")
    return whole.sum(axis=1)

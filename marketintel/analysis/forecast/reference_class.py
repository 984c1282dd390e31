"""Growth of comparable series over several years: a reference class for one without a history.

The log growth over `h` years of every group × economy series (a group is a heading or an end-use
class) is modelled with statsmodels' ``MixedLM``: fixed effects of the window's first year, of the
level and of the economy's GDP growth before the window (where that is not on file, the mean of
those that are: an average economy, not one that stands still); random effects, so shrunk to zero, of group
and region. The spread of what remains falls with the level (``OLS`` of the log absolute residual).
A draw adds to the mean a residual of the class, scaled to the level, and a shock that all series
share: of `h` calendar years drawn with replacement, the deviations of world-wide growth from its
mean. Reference classes: Kahneman & Tversky 1979; random effects: Laird & Ware 1982.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from marketintel.errors import MissingDataError

if TYPE_CHECKING:
    from statsmodels.regression.linear_model import RegressionResults
    from statsmodels.regression.mixed_linear_model import MixedLMResults

MIN_LEVEL_USD = 1e6
"""Windows begin at this level or above: smaller flows are a few orders."""

LEAST_RATIO = 0.01
"""An end without recorded trade, or below this part of the start, counts as a fall to it."""

DRAWS = 4000
SEED = 20170
MIN_WINDOWS = 200
"""Fewest windows that a class is estimated from."""

FIXED = ("log10_level", "gdp_growth")
RANDOM = ("group", "region")


def windows(panel: pd.DataFrame, years: int) -> pd.DataFrame:
    """Return every window of a panel that begins at :data:`MIN_LEVEL_USD` or more.

    Parameters
    ----------
    panel : DataFrame
        ``group, region, economy, year`` (int), ``value_usd``, ``gdp_growth`` (log points a year,
        known in that year; may be missing). Rows before a group's last break are left out by the
        caller. A missing row is no recorded trade.
    years : int
        Length of a window.

    Returns
    -------
    DataFrame
        ``group, region, economy, year`` (first), ``value_usd`` (at its start), ``end_usd``
        (floored, see :data:`LEAST_RATIO`), ``growth`` (log points), ``log10_level``,
        ``gdp_growth`` and ``drift`` (log growth a year before the window; 0 in a
        series' first year).
    """
    keys = ["group", "economy", "year"]
    rows = panel[panel["value_usd"] > 0].sort_values(keys)
    first = rows.groupby(["group", "economy"])[["year", "value_usd"]].transform("first")
    past = (rows["year"] - first["year"]).where(rows["year"] > first["year"])
    ratio = rows["value_usd"] / first["value_usd"]
    rows = rows.assign(drift=(ratio.map(np.log) / past).fillna(0.0))
    last = panel.groupby("group")["year"].transform("max").loc[rows.index]
    rows = rows[(rows["value_usd"] >= MIN_LEVEL_USD) & (rows["year"] + years <= last)]
    ends = panel[keys].assign(year=panel["year"] - years, end_usd=panel["value_usd"])
    found = rows.merge(ends, how="left", on=keys, validate="one_to_one")
    found["end_usd"] = found["end_usd"].fillna(0.0).clip(lower=LEAST_RATIO * found["value_usd"])
    found["growth"] = np.log(found["end_usd"] / found["value_usd"])
    found["log10_level"] = np.log10(found["value_usd"])
    return found


@dataclass(frozen=True)
class ReferenceClass:
    """A class estimated from windows of one length.

    Attributes
    ----------
    years : int
        Length of the windows.
    origins : list of int
        First years of the windows; their fixed effects are averaged in a forecast.
    result : MixedLMResults
        The mean of log growth.
    spread : RegressionResults
        Log absolute residual on ``log10_level``.
    centre : Series
        Means that :data:`FIXED` are taken from.
    effects : dict of str to Series
        Predicted random effect of each group and region.
    residuals, shocks : ndarray
        Residuals over their spread; deviations of yearly world-wide growth from its mean.
    """

    years: int
    origins: list[int]
    result: MixedLMResults
    spread: RegressionResults
    centre: pd.Series
    effects: dict[str, pd.Series]
    residuals: np.ndarray
    shocks: np.ndarray

    def means(self, targets: pd.DataFrame, weights: pd.DataFrame | None = None) -> np.ndarray:
        """Return the mean log growth of targets, without residual and shock.

        Parameters
        ----------
        targets : DataFrame
            ``group, region, log10_level, gdp_growth``. A group or region outside the class has
            an effect of zero, that of the average member; a missing ``gdp_growth`` counts as the
            mean of the class.
        weights : DataFrame, optional
            Of each target (same index) the weight of each group (columns), instead of ``group``.
        """
        fixed = np.asarray(self.result.fe_params)
        mean = np.full(len(targets), fixed[: len(self.origins)].mean())
        mean += self._fixed(targets) @ fixed[len(self.origins) :]
        group = self.effects["group"]
        if weights is None:
            mean += targets["group"].map(group).fillna(0.0).to_numpy(dtype=float)
        else:
            mean += weights.reindex(columns=group.index).fillna(0.0).to_numpy() @ group.to_numpy()
        mean += targets["region"].map(self.effects["region"]).fillna(0.0).to_numpy(dtype=float)
        return np.asarray(mean)

    def draws(self, targets: pd.DataFrame, weights: pd.DataFrame | None = None) -> np.ndarray:
        """Return :data:`DRAWS` log growths of each target, a row a target.

        All targets get the same residuals and years, so that one series has one answer in any
        company.
        """
        rng = np.random.default_rng(SEED + self.years)
        shock = rng.choice(self.shocks, (DRAWS, self.years)).sum(axis=1)
        residual = rng.choice(self.residuals, DRAWS)
        scale = self.scale(targets)[:, None]
        return np.asarray(self.means(targets, weights)[:, None] + shock + scale * residual)

    def scale(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the spread of residuals at the levels of rows."""
        const, slope = np.asarray(self.spread.params)
        level = rows["log10_level"].to_numpy(dtype=float) - float(self.centre["log10_level"])
        return np.asarray(np.exp(const + slope * level))

    def _fixed(self, rows: pd.DataFrame) -> np.ndarray:
        return np.asarray((rows[list(FIXED)] - self.centre).fillna(0.0), dtype=float)

    def parameters(self) -> pd.DataFrame:
        """Return the parameters of both statsmodels results.

        Returns
        -------
        DataFrame
            ``model_class, parameter, estimate, std_error``; the variances of random effects and
            residual have no standard error here.
        """
        mixed, ols = type(self.result.model).__name__, type(self.spread.model).__name__
        names = [*(f"window from {year}" for year in self.origins), *FIXED]
        rows = [(mixed, *row) for row in zip(
            names, self.result.fe_params, self.result.bse_fe, strict=True)]  # fmt: skip
        rows += [(mixed, f"variance of {name}", value, np.nan)
                 for name, value in zip(RANDOM, self.result.vcomp, strict=True)]  # fmt: skip
        rows.append((mixed, "variance of residual", self.result.scale, np.nan))
        rows += [(ols, *row) for row in zip(
            ("log spread", "log spread per log10_level"), self.spread.params, self.spread.bse,
            strict=True)]  # fmt: skip
        return pd.DataFrame(rows, columns=["model_class", "parameter", "estimate", "std_error"])


def estimate(panel: pd.DataFrame, years: int) -> ReferenceClass:
    """Estimate the class of a panel (columns as in :func:`windows`).

    Raises
    ------
    MissingDataError
        Fewer than :data:`MIN_WINDOWS` windows.
    """
    found = windows(panel, years)
    if len(found) < MIN_WINDOWS:
        raise MissingDataError(
            f"{len(found)} windows of {years} years begin at {MIN_LEVEL_USD / 1e6:g} million USD or "
            f"more; a reference class takes {MIN_WINDOWS}: use a longer or wider panel"
        )
    return estimate_windows(found, windows(panel, 1), years)


def estimate_windows(found: pd.DataFrame, yearly: pd.DataFrame, years: int) -> ReferenceClass:
    """Estimate the class of windows, with the shared shocks of windows of one year."""
    from statsmodels.regression.linear_model import OLS
    from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

    origins = sorted(found["year"].unique())
    centre = found[list(FIXED)].mean()
    fixed = np.column_stack([
        *((found["year"] == origin).to_numpy(dtype=float) for origin in origins),
        (found[list(FIXED)] - centre).fillna(0.0).to_numpy(dtype=float),
    ])  # fmt: skip
    dummies = {name: pd.get_dummies(found[name], dtype=float) for name in RANDOM}
    components = VCSpec(
        list(RANDOM),
        [[[str(c) for c in d.columns]] for d in dummies.values()],
        [[d.to_numpy()] for d in dummies.values()],
    )
    one = np.ones(len(found))
    mixed = MixedLM(found["growth"].to_numpy(), fixed, groups=one, exog_vc=components)
    with warnings.catch_warnings():  # a variance of zero is an answer: groups do not differ
        warnings.filterwarnings("ignore", ".*(boundary of the param|Hessian matrix)", Warning)
        result = mixed.fit(method="powell")  # without a gradient, which zero has none of
    predicted = np.asarray(next(iter(result.random_effects.values())))
    cuts = np.cumsum([d.shape[1] for d in dummies.values()])[:-1]
    effects = {name: pd.Series(part, index=d.columns) for (name, d), part in zip(
        dummies.items(), np.split(predicted, cuts), strict=True)}  # fmt: skip
    residual = found["growth"].to_numpy() - fixed @ np.asarray(result.fe_params)
    residual -= sum(d.to_numpy() @ effects[name].to_numpy() for name, d in dummies.items())
    level = found["log10_level"].to_numpy() - centre["log10_level"]
    spread = OLS(np.log(np.abs(residual).clip(1e-6)), np.column_stack([one, level])).fit()
    scale = np.exp(np.asarray(spread.params)[0] + np.asarray(spread.params)[1] * level)
    means = yearly.groupby("year")["growth"].mean().to_numpy()
    return ReferenceClass(
        years, [int(o) for o in origins], result, spread, centre, effects,
        residual / scale, means - means.mean(),
    )  # fmt: skip


def quantiles(log_growth: np.ndarray, levels: Sequence[int] = (80, 95)) -> pd.DataFrame:
    """Return the median and interval bounds of draws: ``median, lo_80, hi_80, …``, log points."""
    probabilities = {"median": 0.5}
    for level in levels:
        probabilities |= {f"lo_{level}": 0.5 - level / 200, f"hi_{level}": 0.5 + level / 200}
    found = np.quantile(log_growth, list(probabilities.values()), axis=1)
    return pd.DataFrame(dict(zip(probabilities, found, strict=True)))

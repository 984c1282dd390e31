"""Back-tests of the reference class against rivals whose errors are pooled over the same panel.

*Across*: economies and groups are left out in blocks, and the class is estimated from windows of the
others; the years are the same, so this says nothing about shocks to come. *Out of time*: only
windows that ended by the origin are known. Rivals are no growth, drift (a series' own past growth)
and world growth of its group: across, that of the same years, which no forecaster knows; each with
the quantiles of its errors over all known windows.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from marketintel.analysis.forecast.reference_class import (
    ReferenceClass,
    estimate_windows,
    quantiles,
    windows,
)

REFERENCE = "reference class"
RIVALS = ("no growth", "world growth", "drift")
"""Simplest first; the reference class is the least simple."""

COVERAGE_80 = (72.0, 88.0)
"""Per cent of outcomes that an 80 % interval must hold, in every test."""

AS_GOOD = 0.02
"""A forecast is as good as another if its interval score is above it by no more than this part."""

TESTS = ("across", "out of time")
ECONOMY_BLOCKS, GROUP_BLOCKS = 4, 3


def choose(scores: pd.DataFrame) -> str:
    """Return the forecast that is shown, by a rule fixed before any score was known.

    Admitted is a forecast whose 80 % intervals hold :data:`COVERAGE_80` of the outcomes in every
    test; if none is, all are. Shown is the simplest that in every test is as good
    (:data:`AS_GOOD`) as the best one admitted, by the interval score at 80 %; if none is so in
    every test, the one with the smallest sum of ratios to the best.

    Parameters
    ----------
    scores : DataFrame
        ``test, model, level, coverage_pct, interval_score``.
    """
    at_80 = scores[scores["level"] == 80]
    covers = at_80["coverage_pct"].between(*COVERAGE_80).groupby(at_80["model"]).all()
    order = [m for m in (*RIVALS, REFERENCE) if m in covers.index]
    admitted = [m for m in order if covers[m]] or order
    table = at_80.pivot_table(index="model", columns="test", values="interval_score")
    ratios = table.loc[admitted] / table.loc[admitted].min()
    good = (ratios <= 1 + AS_GOOD).all(axis=1)
    return next((m for m in admitted if good[m]), str(ratios.sum(axis=1).idxmin()))


def across(panel: pd.DataFrame, years: int) -> pd.DataFrame:
    """Score windows of economies and groups that were left out of the class, see :func:`score`."""
    found, yearly = windows(panel, years), windows(panel, 1)
    parts = []
    for economies, groups in _blocks(panel):

        def known(rows: pd.DataFrame) -> pd.Series:
            return ~rows["economy"].isin(economies) & ~rows["group"].isin(groups)  # noqa: B023

        left_out = found["economy"].isin(economies) & found["group"].isin(groups)
        reference = estimate_windows(found[known(found)], yearly[known(yearly)], years)
        parts.append(_forecasts(reference, found[known(found)], found[left_out]))
    return score(pd.concat(parts, ignore_index=True)).assign(test="across")


def out_of_time(panel: pd.DataFrame, years: int, origin: int) -> pd.DataFrame:
    """Score the windows from `origin`, forecast with those that ended by then."""
    found = windows(panel, years)
    past = windows(panel[panel["year"] <= origin], years)
    reference = estimate_windows(past, windows(panel[panel["year"] <= origin], 1), years)
    now = found[found["year"] == origin].reset_index(drop=True)
    return score(_forecasts(reference, past, now)).assign(test="out of time")


def _blocks(panel: pd.DataFrame) -> Iterator[tuple[list[str], list[str]]]:
    """Yield blocks of economies and groups; each pair is left out once."""
    rng = np.random.default_rng(0)
    economies = rng.permutation(sorted(panel["economy"].unique()))
    groups = rng.permutation(sorted(panel["group"].unique()))
    for e in range(ECONOMY_BLOCKS):
        for g in range(GROUP_BLOCKS):
            yield list(economies[e::ECONOMY_BLOCKS]), list(groups[g::GROUP_BLOCKS])


def centres(known: pd.DataFrame, targets: pd.DataFrame, years: int) -> dict[str, np.ndarray]:
    """Return the log growth that each rival expects of targets.

    World growth is that of a group's summed windows from the same year, else their mean over the
    years known, else that of all groups.
    """
    sums = known.groupby(["group", "year"])[["value_usd", "end_usd"]].sum()
    group = (sums["end_usd"] / sums["value_usd"]).map(np.log).rename("same")
    every = known.groupby("year")[["value_usd", "end_usd"]].sum()
    all_groups = (every["end_usd"] / every["value_usd"]).map(np.log)
    same = targets[["group", "year"]].merge(group.reset_index(), how="left")["same"]
    steps = (targets["group"].map(group.groupby("group").mean()), targets["year"].map(all_groups))
    world = same.to_numpy(dtype=float)
    for step in steps:
        world = np.where(np.isnan(world), step.to_numpy(dtype=float), world)
    world = np.where(np.isnan(world), all_groups.mean(), world)
    none = np.zeros(len(targets))
    return {"no growth": none, "world growth": world, "drift": years * targets["drift"].to_numpy()}


def rival_bounds(known: pd.DataFrame, targets: pd.DataFrame, years: int) -> dict[str, pd.DataFrame]:
    """Return each rival's forecast: its expectation and quantiles of its errors over windows known.

    Returns
    -------
    dict
        Rival to ``median, lo_80, hi_80, lo_95, hi_95``, log growth, one row a target.
    """
    expected, on_known = centres(known, targets, years), centres(known, known, years)
    growth = known["growth"].to_numpy()
    return {
        rival: pd.concat([quantiles((growth - on_known[rival])[None, :])] * len(targets),
                         ignore_index=True).add(expected[rival], axis=0)
        for rival in RIVALS
    }  # fmt: skip


def _forecasts(
    reference: ReferenceClass, known: pd.DataFrame, targets: pd.DataFrame
) -> pd.DataFrame:
    targets = targets.reset_index(drop=True)
    made = rival_bounds(known, targets, reference.years)
    made[REFERENCE] = quantiles(reference.draws(targets))
    return pd.concat(
        [bounds.assign(model=model, growth=targets["growth"]) for model, bounds in made.items()],
        ignore_index=True,
    )


def score(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Score intervals of log growth.

    Parameters
    ----------
    forecasts : DataFrame
        ``model, growth`` (what happened), ``median, lo_80, hi_80, lo_95, hi_95``.

    Returns
    -------
    DataFrame
        ``model, level, windows, coverage_pct, interval_score, abs_error``: the interval score of
        Gneiting & Raftery 2007 and the mean absolute error of the median, log points.
    """
    rows = []
    for model, own in forecasts.groupby("model"):
        for level in (80, 95):
            low, high, growth = own[f"lo_{level}"], own[f"hi_{level}"], own["growth"]
            miss = (low - growth).clip(lower=0) + (growth - high).clip(lower=0)
            rows.append((
                model, level, len(own), 100 * float(growth.between(low, high).mean()),
                float((high - low + 2 / (1 - level / 100) * miss).mean()),
                float((growth - own["median"]).abs().mean()),
            ))  # fmt: skip
    columns = ["model", "level", "windows", "coverage_pct", "interval_score", "abs_error"]
    return pd.DataFrame(rows, columns=columns)


def shown_draws(
    model: str,
    reference: ReferenceClass,
    known: pd.DataFrame,
    targets: pd.DataFrame,
    weights: pd.DataFrame | None = None,
) -> np.ndarray:
    """Return log growths of targets by the forecast that the rule shows, a row a target.

    Parameters
    ----------
    model : str
        From :func:`choose`.
    known : DataFrame
        Windows of the class, from :func:`~marketintel.analysis.forecast.reference_class.windows`.
    targets, weights : DataFrame
        As :meth:`~marketintel.analysis.forecast.reference_class.ReferenceClass.draws`; with
        ``year`` and ``drift``.
    """
    if model == REFERENCE:
        return reference.draws(targets, weights)
    expected = centres(known, targets, reference.years)[model]
    errors = known["growth"].to_numpy() - centres(known, known, reference.years)[model]
    return np.asarray(expected[:, None] + errors)

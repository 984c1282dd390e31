"""Bounds of a sum from joint draws of its parts.

A part's own bounds give its distribution: mean and bounds of every level are quantiles, joined
straight in normal scores and drawn out in proportion beyond the widest. A Gaussian copula ties
parts together: correlations of their errors on rolling origins, shrunk towards independence by the
Schäfer-Strimmer intensity; with errors at fewer than three targets parts are independent. Each
part's draws are stratified (Stein 1987), so its own quantiles are met exactly, and are seeded by
its name: a sum is the same in any company and on every run.

Draws of parts are cut at zero and then added, so no sum is below its parts. That lifts the middle
of the draws above the sum of the means where parts are wide; the lower half is scaled back until
the mean is in the middle, as it is for a part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtri

DRAWS = 9999
"""The ``k``-th smallest draw is the ``k / 10 000`` quantile: bounds of whole levels are draws."""

FEWEST_ERRORS = 3
"""Targets at which all parts have errors: with fewer, parts are taken as independent."""

_SCORES = ndtri(np.arange(1, DRAWS + 1) / (DRAWS + 1))


def total(
    name: str,
    parts: Sequence[pd.DataFrame],
    within: Sequence[pd.DataFrame],
    correlation: np.ndarray,
) -> pd.DataFrame:
    """Forecast of a sum.

    Parameters
    ----------
    name : str
        Its ``unique_id``.
    parts : sequence of DataFrame
        Forecasts of the parts in the order of their names, at the same targets and levels; bounds
        and means not cut at zero.
    within : sequence of DataFrame
        Forecasts, cut at zero, of what the sum holds: its parts, and smaller sums of these.
    correlation : (parts, parts) float
        As :func:`dependence` gives it.

    Returns
    -------
    DataFrame
        Columns as of the parts; bounds no lower than those of anything within.
    """
    shape = parts[0].sort_values(["cutoff", "ds", "level"], ignore_index=True)
    levels = np.sort(shape["level"].unique()) / 100
    lo, mean, hi = (
        np.stack([_grid(p, c, len(levels)) for p in parts]) for c in ("lo", "mean", "hi")
    )
    point = np.maximum(mean[:, :, 0], 0.0).sum(axis=0)
    low, high = np.empty(lo.shape[1:]), np.empty(lo.shape[1:])
    rank = _ranks([str(p["unique_id"].iloc[0]) for p in parts], correlation)
    for k in range(len(point)):
        drawn = sum(
            np.maximum(_sorted_draws(lo[i, k], mean[i, k, 0], hi[i, k], levels), 0.0)[rank[:, i]]
            for i in range(len(parts))
        )
        middle = float(np.median(drawn))
        scale = point[k] / middle if middle > 0 else 1.0
        low[k] = np.quantile(drawn, (1 - levels) / 2, method="weibull") * min(scale, 1.0)
        high[k] = np.quantile(drawn, (1 + levels) / 2, method="weibull") * max(scale, 1.0)
    low = np.maximum(low, np.max([_grid(w, "lo", len(levels)) for w in within], axis=0))
    high = np.maximum(high, np.max([_grid(w, "hi", len(levels)) for w in within], axis=0))
    return shape.assign(
        unique_id=name,
        mean=np.repeat(point, len(levels)),
        lo=np.minimum(low, point[:, None]).ravel(),
        hi=np.maximum(high, point[:, None]).ravel(),
    )


def dependence(names: Sequence[str], errors: pd.DataFrame | None) -> np.ndarray:
    """Shrunk correlations of parts' errors; the identity where too few are known.

    Parameters
    ----------
    names : sequence of str
    errors : DataFrame, optional
        ``unique_id, cutoff, ds, error``.
    """
    if errors is None or len(names) < 2:
        return np.eye(len(names))
    own = errors[errors["unique_id"].isin(names)]
    wide = own.set_index(["cutoff", "ds", "unique_id"])["error"].unstack()  # noqa: PD010
    complete = wide.reindex(columns=list(names)).dropna().to_numpy()
    if len(complete) < FEWEST_ERRORS or not complete.any():  # nothing, or nought: no correlation
        return np.eye(len(names))
    covariance = shrunk_covariance(complete)
    scale = np.sqrt(np.diag(covariance))
    found: np.ndarray = covariance / np.outer(scale, scale)
    return found


def shrunk_covariance(errors: np.ndarray) -> np.ndarray:
    """Second moments with correlations shrunk by the Schäfer-Strimmer intensity."""
    count = len(errors)
    scale = np.sqrt((errors**2).mean(axis=0))
    scale = np.maximum(scale, 1e-6 * scale.max() + 1e-300)
    standard = errors / scale
    correlation = standard.T @ standard / count
    spread = ((standard**2).T @ (standard**2) / count - correlation**2) / (count - 1)
    off = ~np.eye(len(scale), dtype=bool)
    intensity = np.clip(spread[off].sum() / max((correlation[off] ** 2).sum(), 1e-300), 0.0, 1.0)
    shrunk = np.where(off, (1 - intensity) * correlation, 1.0)
    found: np.ndarray = shrunk * np.outer(scale, scale)
    return found


def _grid(rows: pd.DataFrame, column: str, levels: int) -> np.ndarray:
    """(targets, levels) values of a column."""
    ordered = rows.sort_values(["cutoff", "ds", "level"])[column]
    return ordered.to_numpy(float).reshape(-1, levels)


def _ranks(names: Sequence[str], correlation: np.ndarray) -> np.ndarray:
    """(draws, parts) place of each draw among its part's, tied by the copula."""
    seeds = [int.from_bytes(hashlib.sha256(n.encode()).digest()[:8], "little") for n in names]
    free = np.stack([np.random.default_rng(s).standard_normal(DRAWS) for s in seeds], axis=1)
    size, axes = np.linalg.eigh(correlation)  # a root exists also where it is singular
    tied = free @ (axes * np.sqrt(np.maximum(size, 0.0))) @ axes.T
    places: np.ndarray = tied.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    return places


def _sorted_draws(lo: np.ndarray, mean: float, hi: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Draws of one part at one target in rising order, not cut."""
    score = np.concatenate([[0.0], ndtri((1 + levels) / 2)])
    sides = []
    for away in (mean - lo, hi - mean):
        width = np.maximum.accumulate(np.concatenate([[0.0], away]))
        far = np.abs(_SCORES)
        inner = np.interp(far, score, width)
        sides.append(np.where(far > score[-1], width[-1] * far / score[-1], inner))
    drawn: np.ndarray = mean + np.where(_SCORES < 0, -sides[0], sides[1])
    return drawn

"""The default combination, fixed in advance; and combinations of forecasts already made.

**Months and quarters**: the median of a few models, the same for every series. Equal weights,
because estimated ones rarely repay their estimation error on series this short (Clemen 1989;
Claeskens et al. 2016); the median, because on such series one of them may go wild.

**Years**: three quarters of ``shrunk_drift`` and one of ``theta``, since of a few points most of
what looks like a trend is noise. Constants and weights were learned on trade series that no
benchmark scores; the second choice of them was made after a look at scores. ``docs/forecast.md``
has the tables and the order of events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from marketintel.errors import UsageError

NAME = "combination"

WEIGHTS = {"shrunk_drift": 0.75, "theta": 0.25}
"""Members of the annual mean."""

MEMBERS = {
    "A": tuple(WEIGHTS),
    "Q": ("dynamic_theta", "ets", "damped", "log_theta"),
    "M": ("dynamic_theta", "ets", "damped", "log_theta"),
}
"""What the combination holds for annual (a mean), quarterly and monthly series (a median)."""

_KEYS = ["unique_id", "ds", "cutoff", "level"]


def average(members: Sequence[np.ndarray], freq: str) -> np.ndarray:
    """Weighted mean for years; else the median, of an even number the mean of the middle two."""
    if freq == "A":
        return sum(
            (w * m for w, m in zip(WEIGHTS.values(), members, strict=True)),
            np.zeros_like(members[0]),
        )
    median: np.ndarray = np.median(np.stack(members), axis=0)
    return median


def combine(
    frame: pd.DataFrame, weights: Mapping[str, float] | None = None, name: str = "combined"
) -> pd.DataFrame:
    """Combine the models of a long frame into one.

    Parameters
    ----------
    frame : DataFrame
        From ``forecast`` or ``backtest`` with several models.
    weights : mapping of str to float, optional
        Weight of each model, scaled to sum to one; models without one are left out. Without
        ``weights``, the median of all models.
    name : str
        Name of the new model.

    Returns
    -------
    DataFrame
        The same columns. Means are combined as means and each bound as a bound, which averages
        quantiles (Vincentisation; Lichtendahl et al. 2013), so levels stay nested. Rows that some
        model lacks are combined from the others.

    Raises
    ------
    UsageError
        A weight is negative, or no model in the frame has one.
    """
    columns = ["mean", "lo", "hi"]
    if weights is None:
        combined = frame.groupby(_KEYS, sort=False)[columns].median().reset_index()
    else:
        weight = frame["model"].map(dict(weights)).fillna(0.0)
        if (weight < 0).any() or not (weight > 0).any():
            raise UsageError("weights must be positive and name a model of the frame")
        kept = frame[weight > 0]
        weight = weight[weight > 0]
        parts = kept[columns].mul(weight, axis=0).assign(weight=weight)
        sums = parts.groupby([kept[key] for key in _KEYS], sort=False).sum()
        combined = sums[columns].div(sums["weight"], axis=0).reset_index()
    return combined.assign(model=name)[frame.columns]


def learn_weights(table: pd.DataFrame) -> dict[str, float]:
    """Weights in proportion to the inverse squared error on rolling origins (Bates & Granger 1969).

    Parameters
    ----------
    table : DataFrame
        ``model, mase`` as from ``accuracy(backtest(...), panel)``: errors made before the forecasts
        that the weights are for.
    """
    errors = table.groupby("model")["mase"].mean()
    inverse = 1 / errors.clip(lower=1e-9) ** 2
    return {str(model): float(w) for model, w in (inverse / inverse.sum()).items()}

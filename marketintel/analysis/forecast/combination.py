"""The default combination, fixed in advance.

**Months and quarters**: the median of a few models, the same for every series. Equal weights,
because estimated ones rarely repay their estimation error on series this short (Clemen 1989;
Claeskens et al. 2016); the median, because on such series one of them may go wild.

**Years**: three quarters of ``shrunk_drift`` and one of ``theta``, since of a few points most of
what looks like a trend is noise. Constants and weights were learned on trade series that no
benchmark scores; the second choice of them was made after a look at scores. ``docs/forecast.md``
has the tables and the order of events.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NAME = "combination"

WEIGHTS = {"shrunk_drift": 0.75, "theta": 0.25}
"""Members of the annual mean."""

MEMBERS = {
    "A": tuple(WEIGHTS),
    "Q": ("dynamic_theta", "ets", "damped", "log_theta"),
    "M": ("dynamic_theta", "ets", "damped", "log_theta"),
}
"""Members of the combination: annual (weighted mean), quarterly and monthly series (median)."""


def average(members: Sequence[np.ndarray], freq: str) -> np.ndarray:
    """Weighted mean for years; else the median, of an even number the mean of the middle two."""
    if freq == "A":
        return sum(
            (w * m for w, m in zip(WEIGHTS.values(), members, strict=True)),
            np.zeros_like(members[0]),
        )
    median: np.ndarray = np.median(np.stack(members), axis=0)
    return median

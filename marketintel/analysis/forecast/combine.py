"""The default combination: fixed in advance, the same for every series.

Equal weights, because estimated weights rarely repay their estimation error on series this short
(the forecast combination puzzle: Clemen 1989; Smith & Wallis 2009). What it holds was chosen on
rolling origins of training data only; ``docs/forecast.md`` has the table.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NAME = "combination"

MEMBERS = ("dynamic_theta", "theta", "ets", "damped")
"""What the combination holds."""


def average(members: Sequence[np.ndarray]) -> np.ndarray:
    """Mean of the members' forecasts, arrays of one shape."""
    return np.mean(np.stack(members), axis=0)

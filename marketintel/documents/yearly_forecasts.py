"""Errors of forecasts that several documents print."""

from __future__ import annotations

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast.scores import MEASURES

#: Years ahead of yearly forecasts, and rolling origins at which they are tested.
HORIZON, ORIGINS = 5, 5


def accuracy(tested: pd.DataFrame, panel: pd.DataFrame, by: tuple[str, ...]) -> pd.DataFrame:
    """As :func:`marketintel.analysis.forecast.accuracy`; no rows where nothing could be tested."""
    if tested.empty:
        return pd.DataFrame(columns=[*by, "level", "series", "forecasts", *MEASURES])
    return fc.accuracy(tested, panel, by=by)

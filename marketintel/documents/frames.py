"""Rows of a frame by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd


def each(frame: pd.DataFrame) -> Iterator[Any]:
    """Return the rows of a frame, each with its columns as attributes."""
    return iter(frame.itertuples())


def one(frame: pd.DataFrame, column: str, value: str) -> Any:
    """Return the one row in which a column has a value."""
    return frame.set_index(column).loc[value]


def one_scope(frame: pd.DataFrame, scope: str) -> pd.DataFrame:
    """Return the rows of a scope."""
    return frame[frame["scope"] == scope]

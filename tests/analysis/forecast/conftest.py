"""Small panels of known shape."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest


def annual(name: str, values: list[float], start: int = 2000) -> pd.DataFrame:
    """One annual series as rows of a panel."""
    years = [pd.Timestamp(start + i, 12, 31) for i in range(len(values))]
    return pd.DataFrame(
        {"unique_id": name, "ds": pd.to_datetime(years), "y": np.asarray(values, float)}
    )


@pytest.fixture
def walk() -> Callable[..., pd.DataFrame]:
    """Make ``n`` geometric random walks with drift, annual, from a seed."""

    def make(n: int = 6, length: int = 20, seed: int = 1) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        paths = 100 * np.exp(np.cumsum(rng.normal(0.04, 0.1, (n, length)), axis=1))
        return pd.concat([annual(f"s{i}", list(path)) for i, path in enumerate(paths)])

    return make

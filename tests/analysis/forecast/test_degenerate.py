"""Whatever stands beside it, a good series is forecast as if it stood alone."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketintel.analysis.forecast import backtest, forecast, notes, refused
from tests.analysis.forecast.conftest import annual

GOOD = [9, 10, 9, 11, 10, 12, 11, 13, 14, 13, 15, 16, 17, 16, 18, 17.0]


def _months(name: str, values: np.ndarray) -> pd.DataFrame:
    ds = pd.date_range("2015-01-31", periods=len(values), freq="ME").as_unit("s")
    return pd.DataFrame({"unique_id": name, "ds": ds, "y": values})


def constant(rows: pd.DataFrame, at: int) -> pd.DataFrame:
    return rows.assign(y=float(at))


def all_zero(rows: pd.DataFrame, at: int) -> pd.DataFrame:
    return rows.assign(y=0.0)


def one_point(rows: pd.DataFrame, at: int) -> pd.DataFrame:
    return rows.iloc[at : at + 1]


def three_points(rows: pd.DataFrame, at: int) -> pd.DataFrame:
    return rows.tail(3)


def gap(rows: pd.DataFrame, at: int) -> pd.DataFrame:
    return rows.drop(rows.index[at])


def long_gap(rows: pd.DataFrame, at: int) -> pd.DataFrame:
    return rows.drop(rows.index[1 : len(rows) // 2])


def missing(rows: pd.DataFrame, at: int) -> pd.DataFrame:
    return rows.assign(y=rows["y"].where(rows.index != rows.index[at]))


def leading_zeros(rows: pd.DataFrame, at: int) -> pd.DataFrame:
    return rows.assign(y=rows["y"].where(np.arange(len(rows)) > min(at, 3), 0.0))


def outlier(rows: pd.DataFrame, at: int) -> pd.DataFrame:
    return rows.assign(y=rows["y"].where(rows.index != rows.index[at], 1000 * rows["y"]))


def negative(rows: pd.DataFrame, at: int) -> pd.DataFrame:
    return rows.assign(y=rows["y"].where(rows.index != rows.index[at], -5.0))


def infinite(rows: pd.DataFrame, at: int) -> pd.DataFrame:
    return rows.assign(y=rows["y"].where(rows.index != rows.index[at], np.inf))


def duplicated(rows: pd.DataFrame, at: int) -> pd.DataFrame:
    return pd.concat([rows, rows.iloc[at : at + 1]])


def unsorted(rows: pd.DataFrame, at: int) -> pd.DataFrame:
    return rows.sample(frac=1, random_state=at)


def inside_a_period(rows: pd.DataFrame, at: int) -> pd.DataFrame:
    return rows.assign(ds=rows["ds"] - pd.Timedelta(days=3))


def no_date(rows: pd.DataFrame, at: int) -> pd.DataFrame:
    return rows.assign(ds=rows["ds"].where(rows.index != rows.index[at]))


FAULTS = [
    constant, all_zero, one_point, three_points, gap, long_gap, missing, leading_zeros, outlier,
    negative, infinite, duplicated, unsorted, inside_a_period, no_date,
]  # fmt: skip
FATAL = {all_zero, one_point, three_points, negative, infinite, duplicated, inside_a_period}
FATAL |= {no_date}


@settings(max_examples=80, deadline=None)
@given(
    faults=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=3),
    at=st.integers(0, 11),
    monthly=st.booleans(),
)
def test_a_fault_costs_its_own_series_only(faults, at, monthly):
    good = annual("good", GOOD)
    bad = annual("bad", GOOD)
    if monthly:
        wave = 20 + 5 * np.sin(np.arange(48) / 2)
        good, bad = _months("good", wave), _months("bad", wave)
    for fault in faults:
        if len(bad):
            bad = fault(bad.reset_index(drop=True), min(at, len(bad) - 1))
    alone = forecast(good, 3, [80])
    frame = forecast(pd.concat([bad.assign(unique_id="bad"), good]), 3, [80])
    kept = frame[frame["unique_id"] == "good"].reset_index(drop=True)
    pd.testing.assert_series_equal(kept["mean"], alone["mean"], rtol=1e-9)
    done, not_done = set(frame["unique_id"]), set(refused(frame)["unique_id"])
    assert done | not_done == {"good", *bad["unique_id"]}
    assert not done & not_done
    assert (refused(frame)["reason"].str.len() > 5).all()
    numbers = frame[["mean", "lo", "hi"]].to_numpy()
    assert np.isfinite(numbers).all()
    assert (numbers >= 0).all()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("run", [forecast, backtest], ids=["forecast", "backtest"])
def test_each_fault_is_refused_with_a_reason_or_forecast(fault, run):
    panel = pd.concat([fault(annual("bad", GOOD), 5), annual("good", GOOD)])
    frame = run(panel, 2)
    assert "good" in set(frame["unique_id"])
    fatal = fault in FATAL or fault is long_gap
    assert ("bad" in set(refused(frame)["unique_id"])) == fatal
    assert ("bad" in set(frame["unique_id"])) != fatal
    if fault in {gap, missing, leading_zeros, outlier}:
        said = notes(frame)
        assert "bad" in set(said["unique_id"])


def test_repairs_restore_what_was_lost():
    """An outlier of 1000 times and a gap in a straight line are put back on the line."""
    line = [float(v) for v in range(20, 40)]
    plain = forecast(annual("a", line), 3, [80])["mean"]
    for fault in (outlier, gap, unsorted):
        fixed = forecast(fault(annual("a", line), 8), 3, [80])["mean"]
        np.testing.assert_allclose(fixed, plain, rtol=0.02)

"""Screening: every rule refuses or repairs exactly the series it is about."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketintel.analysis.forecast import forecast, notes, refused
from marketintel.analysis.forecast.panel import period_ends, screen
from marketintel.errors import UsageError
from tests.analysis.forecast.conftest import annual

GOOD = [10, 12, 11, 13, 14, 13, 15, 16, 17, 16]


def _with(values: list[float]) -> pd.DataFrame:
    return pd.concat([annual("bad", values), annual("good", GOOD)])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([1.0], "one point"),
        ([1.0, 2.0, 3.0], "3 points, at least 8"),
        ([0.0] * 12, "zero in every period"),
        ([5.0] * 9 + [-1.0], "negative"),
        ([5.0] * 9 + [np.inf], "infinite"),
        ([np.nan] * 12, "no value at all"),
        ([*GOOD, 16_000.0], "last value is over 100 times"),
        ([10, np.nan, np.nan, np.nan, 11, 12, 13, 12, 14, 13], "3 of 10 periods are missing"),
    ],
)
def test_bad_series_is_refused_with_a_reason_and_the_rest_is_forecast(values, reason):
    frame = forecast(_with(values), 3)
    assert set(frame["unique_id"]) == {"good"}
    table = refused(frame)
    assert list(table["unique_id"]) == ["bad"]
    assert reason in table["reason"].iloc[0]


def test_duplicated_dates_and_dates_inside_a_period_are_refused():
    doubled = pd.concat([annual("bad", GOOD), annual("bad", GOOD[:1])])
    middle = annual("mid", GOOD).assign(ds=lambda f: f["ds"] - pd.Timedelta(days=40))
    table = refused(forecast(pd.concat([doubled, middle, annual("good", GOOD)]), 2))
    assert dict(zip(table["unique_id"], table["reason"], strict=True)) == {
        "bad": "two values for one period",
        "mid": "ds must be the last day of the period",
    }


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ([0, 0, *GOOD], "2 leading zeros dropped"),
        ([*GOOD[:4], np.nan, *GOOD[5:]], "1 missing periods interpolated"),
        ([*GOOD, np.nan], "missing values at the end dropped"),
        ([*GOOD[:5], 13_000.0, *GOOD[5:]], "1 values over 100 times off interpolated"),
    ],
)
def test_repairs_are_noted(values, note):
    frame = forecast(annual("a", values), 2)
    assert len(frame) == 2 * 2
    assert note in notes(frame)["note"].iloc[0]


def test_a_value_missing_at_the_end_moves_the_cutoff_and_is_not_a_zero():
    full, short = forecast(annual("a", GOOD), 2), forecast(annual("a", [*GOOD, np.nan]), 2)
    pd.testing.assert_frame_equal(full, short)


def test_order_of_rows_does_not_matter():
    panel = _with([*GOOD, 18.0])
    shuffled = panel.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(forecast(panel, 3), forecast(shuffled, 3))


def test_frequencies_are_inferred_per_series_and_targets_are_period_ends():
    months = pd.date_range("2020-01-31", periods=30, freq="ME")
    quarters = pd.date_range("2015-03-31", periods=20, freq="QE")
    fiscal = pd.date_range("2010-03-31", periods=12, freq="YE-MAR")
    panel = pd.concat(
        [
            pd.DataFrame({"unique_id": name, "ds": ds, "y": 5.0 + np.arange(len(ds)) % 5})
            for name, ds in (("m", months), ("q", quarters), ("f", fiscal))
        ]
    )
    frame = forecast(panel, 2, levels=[80])
    got = frame.groupby("unique_id")["ds"].apply(list).to_dict()
    assert got["m"] == [pd.Timestamp("2022-07-31"), pd.Timestamp("2022-08-31")]
    assert got["q"] == [pd.Timestamp("2020-03-31"), pd.Timestamp("2020-06-30")]
    assert got["f"] == [pd.Timestamp("2022-03-31"), pd.Timestamp("2023-03-31")]
    assert frame.groupby("unique_id")["cutoff"].first()["f"] == pd.Timestamp("2021-03-31")


def test_period_ends_know_leap_years():
    ordinals = np.array([12 * 2024 + 1, 12 * 2023 + 1, 12 * 1969 + 11])
    assert list(period_ends(ordinals).astype(str)) == [
        "2024-02-29T00:00:00",
        "2023-02-28T00:00:00",
        "1969-12-31T00:00:00",
    ]


@pytest.mark.parametrize(
    "panel",
    [
        pd.DataFrame({"unique_id": ["a"], "ds": [pd.Timestamp("2020-12-31")]}),
        pd.DataFrame({"unique_id": ["a"], "ds": ["2020-12-31"], "y": [1.0]}),
        pd.DataFrame({"unique_id": ["a"], "ds": [pd.Timestamp("2020-12-31")], "y": ["x"]}),
    ],
)
def test_a_frame_that_is_not_a_panel_is_a_usage_error(panel):
    with pytest.raises(UsageError):
        screen(panel)


ANYTHING = st.lists(
    st.one_of(
        st.floats(-10, 1e9),
        st.sampled_from([0.0, np.nan, np.inf, -np.inf, 1e-300, 1e12, 7.0]),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(series=st.lists(ANYTHING, min_size=1, max_size=4))
def test_every_series_is_either_forecast_or_refused(series):
    names = [f"s{i}" for i in range(len(series))]
    panel = pd.concat([annual(n, v) for n, v in zip(names, series, strict=True)])
    panel = pd.concat([panel, annual("good", GOOD)])
    frame = forecast(panel, 3)
    done, not_done = set(frame["unique_id"]), set(refused(frame)["unique_id"])
    assert "good" in done
    assert done | not_done == set(panel["unique_id"])
    assert not done & not_done
    numbers = frame[["mean", "lo", "hi"]].to_numpy()
    assert np.isfinite(numbers).all()
    assert (numbers >= 0).all()
    assert (frame["lo"] <= frame["mean"]).all()
    assert (frame["mean"] <= frame["hi"]).all()

"""Past, not known here, ahead, refused: the month of an edition divides forecasts."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketintel.analysis.forecast import forecast_ahead, potential, refused
from marketintel.analysis.forecast.panel import STEP_MONTHS
from marketintel.analysis.forecast.present import (
    LIMIT,
    is_ahead,
    is_old,
    not_known,
    ordinal,
    standing,
)
from marketintel.errors import UsageError
from tests.analysis.forecast.conftest import annual


def ending(last: str, freq: str = "A", points: int = 12) -> pd.DataFrame:
    days = pd.date_range(end=last, periods=points, freq={"A": "YE", "Q": "QE", "M": "ME"}[freq])
    y = [100.0 + 3 * (i % 4) + i for i in range(points)]
    return pd.DataFrame({"unique_id": "s", "ds": days.as_unit("s"), "y": y})


@pytest.mark.parametrize(
    ("last", "freq", "month", "missing", "horizon", "named"),
    [
        ("2025-12-31", "A", "2026-11", 0, 5, ""),
        ("2024-12-31", "A", "2026-11", 1, 6, "2025"),
        ("2023-12-31", "A", "2026-11", 2, 7, "2024 to 2025"),
        ("2025-12-31", "A", "2026-12", 1, 6, "2026"),  # the year ends in the edition's month
        ("2025-12-31", "A", "2025-06", 0, 5, ""),  # data newer than the edition
        ("2026-01-31", "M", "2026-11", 10, 15, "2026-02 to 2026-11"),
        ("2026-10-31", "M", "2026-11", 1, 6, "2026-11"),
        ("2026-11-30", "M", "2026-11", 0, 5, ""),
        ("2026-06-30", "Q", "2026-11", 1, 6, "2026-09"),
    ],
)
def test_what_is_not_known_and_how_far_the_asked_periods_are(
    last, freq, month, missing, horizon, named
):
    panel = ending(last, freq, 30)
    row = standing(panel, 5, month, freq).iloc[0]
    assert (row["not_known"], row["horizon"], row["reason"]) == (missing, horizon, "")
    assert not_known(row["cutoff"], month, freq) == named
    made = forecast_ahead(panel, 5, month, (80,), freq=freq)
    assert len(made) == 5
    assert made["ds"].dt.strftime("%Y-%m").min() > month or last > month
    assert set(made["cutoff"]) == {pd.Timestamp(last)}


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2000 * 12, 2030 * 12),
    st.integers(-6, 240),
    st.sampled_from("AQM"),
    st.integers(1, 12),
)
def test_every_period_is_past_ahead_or_refused(last, later, freq, asked):
    step = STEP_MONTHS[freq]
    last -= (last + 1) % step
    day = pd.Timestamp(year=last // 12, month=last % 12 + 1, day=1) + pd.offsets.MonthEnd(0)
    month = f"{(last + later) // 12}-{(last + later) % 12 + 1:02d}"
    panel = pd.DataFrame({"unique_id": ["s"], "ds": [day], "y": [1.0]})
    row = standing(panel, asked, month, freq, "marketintel fetch x").iloc[0]
    targets = pd.Series([day + pd.offsets.MonthEnd(step * k) for k in range(1, row["horizon"] + 1)])
    ahead = is_ahead(targets, month)
    assert ahead.sum() == asked if later >= 0 else ahead.all()
    assert ahead.iloc[row["not_known"] :].all()
    assert not ahead.iloc[: row["not_known"]].any()
    assert (row["reason"] == "") == (row["horizon"] <= LIMIT[freq])
    assert row["reason"] == "" or "`marketintel fetch x`" in row["reason"]


def test_series_that_end_too_early_are_refused_and_others_are_not_touched():
    old, new = ending("2016-12-31"), ending("2025-12-31").assign(unique_id="new")
    made = forecast_ahead(pd.concat([old, new]), 5, "2026-11", (80,), fetch={"s": "fetch this"})
    assert set(made["unique_id"]) == {"new"}
    reason = refused(made).set_index("unique_id").loc["s", "reason"]
    assert reason.startswith("data end in 2016")
    assert "`fetch this` brings newer data" in reason
    alone = forecast_ahead(new, 5, "2026-11", (80,))
    pd.testing.assert_frame_equal(made, alone, check_exact=True)
    assert forecast_ahead(old, 5, "2026-11").empty


def test_a_potential_is_of_the_years_after_the_edition():
    panel = annual("s", [5, 6, 7, 6, 7, 8, 9, 8])
    last = panel["ds"].max().year
    row = potential(panel, 3, month=f"{last + 2}-03").iloc[0]
    assert row["ds"].year == last + 4  # one year is over and not known here
    assert row["added_per_year"] == pytest.approx((row["level_then"] - 8) / 4)


def test_months_are_read():
    assert ordinal("2026-11") == ordinal(pd.Timestamp("2026-11-30")) == 2026 * 12 + 10
    for bad in ("2026", "nan", "2026-13", ""):
        with pytest.raises(UsageError, match="no month"):
            ordinal(bad)


def test_a_projection_is_old_after_eighteen_months():
    assert not is_old("2025-05", "2026-11")
    assert is_old("2025-04", "2026-11")

"""Shocks: where they touch, which targets lie in them, which are seen in the data."""

import numpy as np
import pandas as pd

from marketintel.analysis.forecast import forecast
from marketintel.analysis.forecast.shocks import detect, in_shock, touching
from tests.analysis.forecast.conftest import annual

SHOCKS = pd.DataFrame(
    [
        ("crisis", "Crisis", "2008-10", "2009-12", "*", "*"),
        ("war", "Tariffs", "2018-07", None, "USA", "CHN"),
    ],
    columns=["shock", "name", "first", "last", "reporter", "partner"],
)


def _series(unique_id: str, partner: str, start: str, end: str) -> tuple:
    return unique_id, "USA", partner, pd.Timestamp(start), pd.Timestamp(end)


def test_a_shock_touches_its_flows_within_their_life():
    series = pd.DataFrame(
        [
            _series("old", "CHN", "2000-01-31", "2019-12-31"),
            _series("new", "CHE", "2013-01-31", "2025-12-31"),
            _series("cut", "CHE", "2009-06-30", "2025-12-31"),
        ],
        columns=["unique_id", "reporter", "partner", "start", "end"],
    )
    found = touching(SHOCKS, series).set_index(["unique_id", "shock"])
    assert set(found.index) == {("old", "crisis"), ("old", "war"), ("cut", "crisis")}
    assert found.loc[("old", "war"), "end"] == pd.Timestamp("2019-12-31")  # as long as it is known
    assert found.loc[("cut", "crisis"), "start"] == pd.Timestamp("2009-06-30")
    assert found.loc[("old", "crisis"), "start"] == pd.Timestamp("2008-10-31")


def test_targets_in_a_shock_by_month_and_by_year():
    months = pd.date_range("2008-08-31", "2010-02-28", freq="ME")
    spans = touching(
        SHOCKS,
        pd.DataFrame(
            [
                _series("m", "CHE", "2008-01-31", "2010-12-31"),
                _series("y", "CHE", "2005-12-31", "2012-12-31"),
            ],
            columns=["unique_id", "reporter", "partner", "start", "end"],
        ),
    )
    monthly = pd.DataFrame({"unique_id": "m", "ds": months})
    assert list(monthly.loc[in_shock(monthly, spans), "ds"]) == list(months[2:17])
    yearly = annual("y", [1.0] * 8, start=2005)
    years = yearly.loc[in_shock(yearly, spans), "ds"].dt.year
    assert list(years) == [2008, 2009]  # 2008 holds three of its months


def test_a_year_with_less_than_three_months_of_a_shock_is_not_in_it():
    late = SHOCKS.assign(first="2008-11")
    series = pd.DataFrame(
        [_series("y", "CHE", "2005-12-31", "2012-12-31")],
        columns=["unique_id", "reporter", "partner", "start", "end"],
    )
    yearly = annual("y", [1.0] * 8, start=2005)
    years = yearly.loc[in_shock(yearly, touching(late, series)), "ds"].dt.year
    assert list(years) == [2009]


def test_a_common_fall_is_detected_and_a_lone_one_is_not(walk):
    panel = walk(n=10, length=20, seed=4)
    fallen = panel["ds"].dt.year == 2009
    common = panel.assign(y=panel["y"].where(~fallen, panel["y"] * 0.6))
    table = detect(common)
    assert (pd.Timestamp(2009, 12, 31), "down") in set(
        zip(table["ds"], table["direction"], strict=True)
    )
    assert table["share"].between(0.6, 1).all()
    lone = panel.assign(y=panel["y"].where(~fallen | (panel["unique_id"] != "s0"), 1.0))
    assert pd.Timestamp(2009, 12, 31) not in set(detect(lone)["ds"])
    assert detect(common[common["unique_id"].isin(["s0", "s1"])]).empty


def test_a_shock_in_the_calibrating_years_widens_intervals(walk):
    """Kept, not smoothed: what has happened once is part of what may happen."""
    panel = walk(n=30, length=20, seed=8)
    shock = panel["ds"].dt.year == 2016
    hit = panel.assign(y=panel["y"].where(~shock, panel["y"] * 0.4))
    calm, shaken = (
        forecast(p, 3, [95]).assign(width=lambda f: f["hi"] - f["lo"]) for p in (panel, hit)
    )
    assert shaken["width"].mean() > 1.3 * calm["width"].mean()
    assert np.isfinite(shaken["width"]).all()

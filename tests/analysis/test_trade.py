import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketintel.analysis.trade import trade

from .conftest import few, frame, worlds


def at(result, **keys):
    for key, value in keys.items():
        result = result[result[key] == value]
    assert len(result) == 1
    return result.iloc[0]


def test_demand_by_hand(small):
    before = small.copy()
    demand = trade.import_demand(small)
    pd.testing.assert_frame_equal(small, before)
    core = at(demand, segment="lasers", scope="core", period="2025")
    assert (core.value_usd, core.base_value_usd, core.change_usd) == (150, 100, 50)
    assert core.change_pct == 50
    assert core.base_period == "2024"
    both = at(demand, segment="lasers", scope="core+broad", period="2025")
    assert (both.value_usd, both.change_usd, both.change_pct) == (200, 0, 0)
    first = at(demand, segment="lasers", scope="core", period="2024")
    assert pd.isna(first.change_usd)
    assert pd.isna(first.base_period)


def test_demand_over_everything_and_by_code(small):
    total = trade.import_demand(small, by=(), scope="core")
    assert total["value_usd"].tolist() == [150, 175]
    codes = trade.import_demand(small, by=("segment", "cmd_code"), scope="core")
    assert not ((codes["cmd_code"] == "900211") & (codes["period"] == "2025")).any()


def test_missing_figures_are_counted_not_zero():
    rows = [
        ("s", "core", "DEU", "1", "2024", None),
        ("s", "core", "DEU", "1", "2025", 5.0),
        ("s", "core", "FRA", "1", "2025", None),
    ]
    demand = trade.import_demand(frame(rows), scope="core")
    assert demand["n_missing"].tolist() == [1, 1]
    assert pd.isna(demand["value_usd"][0])
    assert demand["value_usd"][1] == 5
    assert pd.isna(demand["change_pct"][1])


@few
@given(worlds())
def test_segments_sum_to_the_total_and_core_is_never_more_than_all(flows):
    parts = trade.import_demand(flows).groupby(["scope", "period"])["value_usd"].sum()
    whole = trade.import_demand(flows, by=()).set_index(["scope", "period"])["value_usd"]
    pd.testing.assert_series_equal(parts, whole.astype(float), check_dtype=False)
    values = trade.import_demand(flows).set_index(["segment", "period", "scope"])["value_usd"]
    every = values.xs("core+broad", level="scope")
    core = values[values.index.get_level_values("scope") == "core"].droplevel("scope")
    assert (core <= every.loc[core.index]).all()


@few
@given(worlds(), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(flows, random):
    order = list(range(len(flows)))
    random.shuffle(order)
    shuffled = flows.iloc[order]
    pd.testing.assert_frame_equal(trade.import_demand(flows), trade.import_demand(shuffled))
    pd.testing.assert_frame_equal(trade.largest_code(flows), trade.largest_code(shuffled))


def test_cagr_and_trend_differ_and_say_how_many_points():
    values = {"2020": 100.0, "2021": 400.0, "2022": 400.0, "2024": 1600.0}
    rows = [("s", "core", "DEU", "1", period, value) for period, value in values.items()]
    growth = trade.demand_growth(frame(rows), scope="core").iloc[0]
    assert growth[["first_period", "last_period", "n_points"]].tolist() == ["2020", "2024", 4]
    assert growth.cagr_pct == pytest.approx(100)  # 16-fold in four years
    # ln 4 · (0, 1, 1, 2) on (0, 1, 2, 4): slope = Σdt·dy/Σdt² = 4/8.75 of ln 4.
    assert growth.trend_pct == pytest.approx(100 * (4 ** (4 / 8.75) - 1))
    assert growth.trend_pct == pytest.approx(
        100 * np.expm1(np.polyfit([0, 1, 2, 4], np.log(list(values.values())), 1)[0])
    )


def test_two_points_are_a_change_not_a_growth_rate(small):
    growth = trade.demand_growth(small)
    assert growth["n_points"].eq(2).all()
    assert growth[["cagr_pct", "trend_pct"]].isna().all(axis=None)
    two = trade.demand_growth(small, min_points=2)
    lasers = at(two, segment="lasers", scope="core")
    assert lasers.cagr_pct == pytest.approx(50)
    assert lasers.trend_pct == pytest.approx(50)


def test_zero_years_are_no_points():
    values = {"2020": 0.0, "2021": 2.0, "2022": 0.0, "2023": 8.0}
    rows = [("s", "core", "DEU", "1", period, value) for period, value in values.items()]
    growth = trade.demand_growth(frame(rows), scope="core", min_points=2).iloc[0]
    assert growth[["first_period", "n_points"]].tolist() == ["2021", 2]
    assert growth.cagr_pct == pytest.approx(100)


def test_largest_code_unmasks_a_catch_all(small):
    codes = trade.largest_code(small)
    core = at(codes, segment="lasers", scope="core", period="2024")
    assert (core.cmd_code, core.largest_code_share_pct, core.n_codes) == ("901320", 100, 1)
    both = at(codes, segment="lasers", scope="core+broad", period="2024")
    assert (both.cmd_code, both.largest_code_share_pct) == ("845611", 50)  # a tie: first by number
    optics = at(codes, segment="optics", scope="core", period="2024")
    assert (optics.code_value_usd, optics.value_usd) == (40, 50)
    assert optics.largest_code_share_pct == 80


def test_unit_values_use_weighed_rows_only(small):
    weights = [2.0, None, 0.0, 3.0, 1.0, None, 1.0, 1.0, 1.0, 1.0, None]
    units = trade.unit_values(small.assign(net_weight_kg=weights), by="segment", scope="core")
    first = at(units, segment="lasers", period="2024")
    assert first.unit_value_usd_per_kg == 30  # 60 over 2 kg; Japan's 40 are not weighed
    assert (first.value_usd, first.net_weight_kg, first.covered_pct) == (100, 2, 60)
    none = at(units, segment="optics", period="2025")
    assert pd.isna(none.unit_value_usd_per_kg)
    assert none.covered_pct == 0


def test_unit_values_need_weights(small):
    with pytest.raises(ValueError, match="net_weight_kg"):
        trade.unit_values(small)


def test_demand_on_real_imports(census):
    lasers = census[census["cmd_code"] == "901320"].assign(segment="lasers", scope="core")
    demand = trade.import_demand(lasers, scope="core")
    assert demand["value_usd"].tolist() == [1_045_527_158, 1_029_392_405]
    assert demand["change_usd"].tolist()[1] == -16_134_753
    assert demand["change_pct"].tolist()[1] == pytest.approx(-1.543, abs=5e-4)

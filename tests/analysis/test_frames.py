import pandas as pd
import pytest
from hypothesis import given

from marketintel.analysis.trade import frames

from .conftest import few, frame, worlds


def test_missing_column_is_named(small):
    with pytest.raises(ValueError, match=r"flows lacks the column.s. cmd_code, value_usd"):
        frames.check_flows(small.drop(columns=["cmd_code", "value_usd"]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.assign(reporter=["USA", *["CAN"] * (len(f) - 1)]), "more than one reporter"),
        (lambda f: f.assign(flow=["export", *["import"] * (len(f) - 1)]), "more than one flow"),
        (lambda f: f.assign(period=["2024-01", *f["period"][1:]]), "annual and monthly"),
        (lambda f: f.assign(partner=["WLD", *f["partner"][1:]]), "aggregate partner.s. WLD"),
        (lambda f: f.assign(scope=["both", *f["scope"][1:]]), "unknown scope.s. both"),
        (lambda f: pd.concat([f, f.tail(1)]), "code 900190 of CHN twice in 2025"),
    ],
)
def test_what_would_count_twice_is_refused(small, change, message):
    with pytest.raises(ValueError, match=message):
        frames.check_flows(change(small))


def test_scope_and_period_are_no_groups():
    with pytest.raises(ValueError, match="must not name scope"):
        frames.as_keys(("segment", "scope"))
    assert frames.as_keys("segment") == ["segment"]
    assert frames.as_keys(()) == []


def test_unknown_scope_is_refused(small):
    with pytest.raises(ValueError, match="core or core\\+broad"):
        frames.in_scope(small, "broad")
    with pytest.raises(ValueError, match="empty"):
        frames.in_scope(small, ())


def test_both_scopes_stack_the_core_rows_twice(small):
    both = frames.in_scope(small, frames.SCOPES)
    assert both.groupby("scope").size().to_dict() == {"core": 9, "core+broad": 11}


def test_pool_makes_one_supplier_and_refuses_ambiguity(small):
    pooled = frames.pool(small, {"EU": ["DEU", "FRA"]})
    assert set(pooled["partner"]) == {"EU", "JPN", "CHN"}
    assert set(small["partner"]) == {"DEU", "FRA", "JPN", "CHN"}
    with pytest.raises(ValueError, match="FRA is in both EU and LATIN"):
        frames.pool(small, {"EU": ["DEU", "FRA"], "LATIN": ["FRA"]})
    with pytest.raises(ValueError, match="JPN is a partner in flows already"):
        frames.pool(small, {"JPN": ["DEU"]})
    assert set(frames.pool(small, {"DEU": ["DEU"]})["partner"]) == set(small["partner"])


@few
@given(worlds())
def test_pool_keeps_every_dollar(flows):
    assert frames.pool(flows, {"EU": ["DEU", "FRA"]})["value_usd"].sum() == flows["value_usd"].sum()


def test_sum_over_missing_figures_is_missing():
    rows = [
        ("s", "core", "DEU", "1", "2025", None),
        ("t", "core", "DEU", "2", "2025", None),
        ("t", "core", "DEU", "3", "2025", 5.0),
    ]
    sums = frames.total(frame(rows), ["segment"]).set_index("segment")["value_usd"]
    assert pd.isna(sums["s"])
    assert sums["t"] == 5


def test_base_is_the_frames_previous_period_not_the_groups():
    rows = pd.DataFrame(
        {"g": ["a", "a", "b", "b", "b"], "period": ["2023", "2025", "2023", "2024", "2025"]}
    ).assign(v=[1.0, 2.0, 3.0, 4.0, 5.0])
    based = frames.with_base(rows, ["g"], ["v"]).set_index(["g", "period"])
    assert pd.isna(based.loc[("a", "2025"), "base_v"])
    assert based.loc[("a", "2025"), "base_period"] == "2024"
    assert based.loc[("b", "2025"), "base_v"] == 4
    assert pd.isna(based.loc[("b", "2023"), "base_period"])
    twice = frames.with_base(rows, ["g"], ["v"], lag=2).set_index(["g", "period"])
    assert twice.loc[("a", "2025"), "base_v"] == 1
    with pytest.raises(ValueError, match="lag"):
        frames.with_base(rows, ["g"], ["v"], lag=0)


def test_growth_from_nothing_is_not_a_number():
    new, old = pd.Series([5.0, 5.0, 5.0, 3.0]), pd.Series([0.0, None, -1.0, 2.0])
    assert frames.percent_change(new, old).tolist()[-1] == 50
    assert frames.percent_change(new, old).isna().tolist() == [True, True, True, False]
    assert frames.percent_of(new, old).isna().tolist() == [True, True, True, False]


def test_years_of_annual_and_monthly_periods():
    assert frames.years(pd.Series(["2024", "2025"])).tolist() == [2024.0, 2025.0]
    assert frames.years(pd.Series(["2025-01", "2025-07"])).tolist() == [2025.0, 2025.5]

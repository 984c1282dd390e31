"""forecast and backtest: shape, alignment, no look-ahead, nested intervals."""

import numpy as np
import pandas as pd
import pytest

from marketintel.analysis.forecast import accuracy, backtest, cut, forecast, refused
from marketintel.analysis.forecast.engine import COLUMNS
from marketintel.analysis.forecast.intervals import FLOOR
from marketintel.analysis.forecast.models import MODELS
from marketintel.errors import MissingDataError, UsageError
from tests.analysis.forecast.conftest import annual


def test_one_row_per_series_target_model_level(walk):
    frame = forecast(walk(), 5, levels=(80, 95), model=["combination", "drift"])
    assert list(frame.columns) == COLUMNS
    assert len(frame) == 6 * 5 * 2 * 2
    assert set(frame["cutoff"]) == {pd.Timestamp("2019-12-31")}
    assert frame["ds"].min() == pd.Timestamp("2020-12-31")
    assert frame["ds"].max() == pd.Timestamp("2024-12-31")


@pytest.mark.parametrize("model", MODELS)
def test_every_model_forecasts_and_its_intervals_nest(walk, model):
    frame = forecast(walk(), 5, levels=(50, 80, 95), model=model)
    wide = frame.set_index(["unique_id", "ds", "level"])[["mean", "lo", "hi"]].unstack()  # noqa: PD010
    assert np.isfinite(wide.to_numpy()).all()
    assert (wide["lo"][95] <= wide["lo"][80]).all()
    assert (wide["lo"][80] < wide["lo"][50]).all()
    assert (wide["hi"][95] > wide["hi"][80]).all()
    assert (wide["hi"][80] > wide["hi"][50]).all()
    np.testing.assert_array_equal(wide["mean"][80], wide["mean"][95])
    assert (frame["lo"] >= 0).all()


def test_naive_and_drift_by_hand():
    panel = annual("a", [10, 12, 11, 13, 15, 14, 16, 24])
    frame = forecast(panel, 3, levels=[80], model=["naive", "drift"])
    means = frame.groupby("model")["mean"].apply(list)
    np.testing.assert_allclose(means["naive"], [24, 24, 24])
    np.testing.assert_allclose(means["drift"], [26, 28, 30])


def test_seasonal_naive_by_hand():
    ds = pd.date_range("2018-03-31", periods=10, freq="QE")
    panel = pd.DataFrame({"unique_id": "q", "ds": ds, "y": np.arange(10.0) + 1})
    frame = forecast(panel, 6, levels=[80], model="seasonal_naive")
    np.testing.assert_allclose(frame["mean"], [7, 8, 9, 10, 7, 8])


def test_backtest_knows_nothing_after_its_cutoff(walk):
    panel = walk()
    cutoff = pd.Timestamp("2014-12-31")
    tampered = panel.assign(y=panel["y"].where(panel["ds"] <= cutoff, panel["y"] * 3 + 50))
    models = ["combination", "drift", "naive2"]
    honest, other = (
        backtest(p, 3, origins=3, model=models).loc[lambda f: f["cutoff"] == cutoff]
        for p in (panel, tampered)
    )
    assert set(honest["cutoff"]) == {cutoff}
    pd.testing.assert_frame_equal(
        honest.reset_index(drop=True), other.reset_index(drop=True), check_names=False
    )


def test_backtest_origin_equals_a_forecast_made_then(walk):
    panel = walk()
    then = panel[panel["ds"] <= pd.Timestamp("2015-12-31")]
    tested = backtest(panel, 4, origins=2)
    tested = tested[tested["cutoff"] == pd.Timestamp("2015-12-31")].reset_index(drop=True)
    made = forecast(then, 4)
    pd.testing.assert_series_equal(tested["mean"], made["mean"])
    pd.testing.assert_frame_equal(tested[COLUMNS[:5]], made[COLUMNS[:5]])


def test_backtest_origins_are_spaced_and_fully_scored(walk):
    tested = backtest(walk(), 3, origins=4)
    cutoffs = sorted(tested["cutoff"].dt.year.unique())
    assert cutoffs == [2013, 2014, 2015, 2016]
    assert tested["ds"].dt.year.max() == 2019


def test_backtest_refuses_what_has_no_origin(walk):
    short = annual("short", [5, 6, 7, 6, 7, 8, 9, 8, 9])
    tested = backtest(pd.concat([walk(2), short]), 3, origins=5)
    table = refused(tested)
    assert list(table["unique_id"]) == ["short"]
    assert "9 points, 11 are needed" in table["reason"].iloc[0]


def test_coverage_is_near_nominal_on_random_walks(walk):
    """Somewhat below: most series of the fixed pool move back more than a random walk does."""
    panel = walk(n=300, length=24, seed=11)
    table = accuracy(backtest(panel, 4, origins=3), panel).set_index("level")
    assert 70 <= table.loc[80, "coverage_pct"] <= 87
    assert 88 <= table.loc[95, "coverage_pct"] <= 98


def test_growth_is_followed_where_there_is_growth(walk):
    panel = walk(n=40, length=24, seed=2)
    tested = backtest(panel, 5, origins=3, model=["combination", "naive2"])
    table = accuracy(tested, panel).query("level == 95").set_index("model")
    assert table.loc["combination", "owa"] < 1
    assert table.loc["naive2", "owa"] == pytest.approx(1)


def test_accuracy_by_hand():
    panel = annual("a", [10, 12, 11, 13, 15, 14, 16, 24, 20])
    made = forecast(panel[panel["ds"].dt.year < 2008], 1, levels=[80], model="naive")
    made = made.assign(lo=21.0, hi=23.0)
    row = accuracy(made, panel).iloc[0]
    scale = np.mean([2, 1, 2, 2, 1, 2, 8])
    assert row["mase"] == pytest.approx(4 / scale)
    assert row["smape"] == pytest.approx(200 * 4 / 44)
    assert row["coverage_pct"] == 0
    assert row["interval_score"] == pytest.approx((2 + 2 / 0.2 * 1) / scale)
    # quantile losses of both bounds at 10 % and 90 %, averaged
    assert row["pinball"] == pytest.approx((1 * 0.9 + 3 * 0.1) / 2 / scale)
    assert np.isnan(row["owa"])


def test_accuracy_by_step_and_series(walk):
    panel = walk()
    tested = backtest(panel, 3, origins=2)
    table = accuracy(tested, panel, by=["model", "step"])
    assert sorted(table["step"].unique()) == [1, 2, 3]
    assert (table["series"] == 6).all()
    assert len(accuracy(tested, panel, by=["unique_id"])) == 6 * 2
    with pytest.raises(UsageError):
        accuracy(tested, panel, by=["nothing"])


def test_accuracy_without_actuals_says_so(walk):
    with pytest.raises(MissingDataError):
        accuracy(forecast(walk(), 2), walk())


def test_nothing_is_forecast_across_a_declared_break():
    before, after = [100.0] * 10, [10, 11, 12, 11, 13, 12, 14, 13]
    panel = pd.concat([annual("a", [*before, *after]), annual("b", [*before, *after[:5]])])
    breaks = pd.DataFrame(
        {
            "unique_id": ["a", "b", "a", "gone", "b"],
            "ds": pd.to_datetime(
                ["2010-12-31", "2010-12-31", "2005-12-31", "2010-12-31", "2030-12-31"]
            ),
            "reason": ["left for 8524"] * 5,
        }
    )
    frame = forecast(cut(panel, breaks), 2)
    assert set(frame["unique_id"]) == {"a"}
    assert frame["hi"].max() < 40
    assert "5 points, at least 8" in refused(frame).set_index("unique_id").loc["b", "reason"]
    with pytest.raises(UsageError, match="no reason"):
        cut(panel, breaks.assign(reason=""))


def test_without_a_break_that_has_happened_nothing_is_cut(walk):
    panel = walk(2).reset_index(drop=True)
    none = pd.DataFrame(columns=["unique_id", "ds", "reason"])
    pd.testing.assert_frame_equal(cut(panel, none), panel)
    later = pd.DataFrame({"unique_id": ["s0"], "ds": [pd.Timestamp("2090-12-31")], "reason": "HS"})
    pd.testing.assert_frame_equal(cut(panel, later), panel)


@pytest.mark.parametrize(
    "options",
    [
        {"horizon": 0},
        {"horizon": 2, "levels": (100,)},
        {"horizon": 2, "levels": ()},
        {"horizon": 2, "model": "arima"},
        {"horizon": 2, "freq": "W"},
    ],
)
def test_unusable_options_are_usage_errors(walk, options):
    with pytest.raises(UsageError):
        forecast(walk(), **options)


def test_a_panel_of_refusals_gives_an_empty_frame_that_still_has_its_types():
    frame = forecast(annual("a", [1, 2, 3]), 2)
    assert frame.empty
    assert list(frame.columns) == COLUMNS
    assert pd.api.types.is_datetime64_any_dtype(frame["ds"])
    assert list(refused(frame)["unique_id"]) == ["a"]


def test_a_season_with_zeros_among_seasons_without_is_forecast_quietly():
    """Months without trade make the season additive; warnings are errors in this suite."""
    months = pd.date_range("2015-01-31", periods=72, freq="ME")
    zeros = pd.DataFrame({"unique_id": "z", "ds": months, "y": np.arange(72) % 12 // 4 * 5.0})
    zeros.loc[0, "y"] = 1.0
    plain = zeros.assign(unique_id="p", y=zeros["y"] + 3 + np.arange(72) / 10)
    frame = forecast(pd.concat([zeros, plain]), 12)
    means = frame[(frame["unique_id"] == "z") & (frame["level"] == 95)]["mean"].to_numpy()
    assert means[:3].max() < 2
    assert means[8:].min() > 8


def test_origins_that_reach_before_every_series_are_left_out(walk):
    tested = backtest(walk(3, length=14), 5, origins=5)
    assert sorted(tested["cutoff"].dt.year.unique()) == [2007, 2008]  # 8 and 9 points


@pytest.mark.parametrize("length", [8, 10, 40, 200])
def test_constant_series_gets_its_constant_and_the_stated_smallest_interval(length):
    frame = forecast(annual("c", [7.0] * length), 3, (80,))
    np.testing.assert_allclose(frame["mean"], 7.0)
    half = (frame["hi"] - 7.0) / 7.0
    assert ((half > FLOOR) & (half < 5 * FLOOR)).all()

"""Potential, explanation, combination of frames."""

import numpy as np
import pandas as pd
import pytest

from marketintel.analysis.forecast import (
    accuracy,
    backtest,
    forecast,
    last_errors,
    member_weights,
    potential,
)
from marketintel.analysis.forecast.combination import MEMBERS
from marketintel.analysis.forecast.outlook import probability_above
from tests.analysis.forecast.conftest import annual


def test_potential_states_level_addition_and_probabilities(walk):
    panel = walk()
    table = potential(panel, 5, {"s0": 1.0, "s1": 1e9}).set_index("unique_id")
    made = forecast(panel, 5, statsmodels=True).query("level == 95").groupby("unique_id").last()
    np.testing.assert_allclose(table["level_then"], made["mean"])
    np.testing.assert_allclose(table["hi_95"], made["hi"])
    now = panel[panel["ds"] == "2019-12-31"].set_index("unique_id")["y"]
    np.testing.assert_allclose(table["added_per_year"], (made["mean"] - now) / 5)
    assert table["probability_growth"].between(0.005, 0.995).all()
    grows = table["level_then"] > table["level_now"]
    assert ((table["probability_growth"] > 0.5) == grows).all()
    assert table.loc["s0", "probability_above_threshold"] >= 0.99
    assert table.loc["s1", "probability_above_threshold"] <= 0.01
    assert table.loc["s2":, "probability_above_threshold"].isna().all()


def test_probability_is_read_off_the_quantiles():
    rows = pd.DataFrame({"level": [50, 80], "lo": [8.0, 6.0], "hi": [12.0, 14.0], "mean": 10.0})
    assert probability_above(rows, 10.0) == pytest.approx(0.5)
    assert probability_above(rows, 12.0) == pytest.approx(0.25)
    assert probability_above(rows, 13.0) == pytest.approx(0.175)
    assert probability_above(rows, 6.0) == pytest.approx(0.9)
    assert probability_above(rows, 1.0) == pytest.approx(0.9)


def test_potential_respects_breaks_and_keeps_refusals():
    panel = pd.concat([annual("a", [100.0] * 9 + [10, 11, 12, 11]), annual("b", [5, 6] * 6)])
    breaks = pd.DataFrame(
        {"unique_id": ["a"], "ds": [pd.Timestamp(2009, 12, 31)], "reason": ["HS2022"]}
    )
    table = potential(panel, 3, breaks=breaks)
    assert list(table["unique_id"]) == ["b"]
    assert table.attrs["refused"][0]["unique_id"] == "a"


def test_weights_of_members_rebuild_the_forecast(walk):
    panel = walk(4)
    weights = member_weights(panel, 1)
    assert set(weights["model"]) == set(MEMBERS["A"])
    np.testing.assert_allclose(weights.groupby("unique_id")["weight_pct"].sum(), 100)
    rebuilt = (weights["weight_pct"] / 100 * weights["mean_end"]).groupby(weights["unique_id"])
    made = forecast(panel, 1, [95], statsmodels=True).set_index("unique_id")["mean"]
    np.testing.assert_allclose(rebuilt.sum(), made)


def test_last_errors_are_those_of_every_origin(walk):
    panel = walk(4)
    models = ["combination", "naive", "drift"]
    errors = last_errors(backtest(panel, 1, 5, model=models), panel)
    assert set(errors["model"]) == set(models)
    assert (errors.groupby(["unique_id", "model"]).size() == 5).all()
    one = errors.iloc[0]
    assert one["error_pct"] == pytest.approx(100 * (one["mean"] / one["y"] - 1))


def test_weights_of_several_frequencies_name_the_members_of_each(walk):
    months = pd.date_range("2015-01-31", periods=60, freq="ME").as_unit("s")
    monthly = pd.DataFrame({"unique_id": "m", "ds": months, "y": 5 + np.sin(np.arange(60))})
    weights = member_weights(pd.concat([walk(2), monthly]), 2)
    for name, freq in (("s0", "A"), ("m", "M")):
        rows = weights[weights["unique_id"] == name]
        assert set(rows["model"]) == set(MEMBERS[freq])
        assert rows["weight_pct"].sum() == pytest.approx(100)


@pytest.mark.parametrize("points", [8, 9])
def test_a_series_too_short_to_test_has_weights_and_no_errors(points):
    panel = annual("a", [5, 6, 7, 6, 7, 8, 9, 8, 9][:points])
    tested = backtest(panel, 5)
    assert len(member_weights(panel, 5)) == len(MEMBERS["A"])
    errors = last_errors(tested, panel)
    assert errors.empty
    assert "unique_id" in errors
    scores = accuracy(tested, panel, by=["unique_id", "model"])
    assert scores.empty
    assert {"unique_id", "level", "mase"} <= set(scores)

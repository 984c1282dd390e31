"""Which forecast is shown, and which interval is called not to be relied on."""

import pandas as pd

from marketintel.analysis.forecast import (
    SHOWN,
    accuracy,
    backtest,
    better_naive,
    forecast,
    shown,
    unreliable,
)
from tests.analysis.forecast.conftest import annual


def errors(rows: list[tuple[str, str, int, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["unique_id", "model", "forecasts", "mase"])


def test_naive_is_shown_where_the_series_own_record_says_so():
    record = errors(
        [
            ("a", "combination", 10, 2.0), ("a", "naive", 10, 1.9), ("a", "drift", 10, 1.0),
            ("b", "combination", 10, 1.0), ("b", "naive", 10, 1.0),
            ("c", "combination", 7, 2.0), ("c", "naive", 7, 1.0),
            ("d", "combination", 10, float("nan")), ("d", "naive", 10, float("nan")),
        ]
    )  # fmt: skip
    assert better_naive(record) == {"a"}
    values = [9, 10, 9, 11, 10, 12, 11, 13, 14, 13]
    made = forecast(
        pd.concat([annual(name, values) for name in "abcd"]), 2, (80,), ["combination", "naive"]
    )
    told = shown(made, record, beside="naive")
    assert set(told.loc[told["unique_id"] == "a", "model"]) == {SHOWN, "naive"}
    kept = told[told["model"] == SHOWN]
    assert len(kept) == 8
    assert list(kept.loc[kept["unique_id"] == "a", "mean"]) == [13, 13]
    by = dict.fromkeys("bcd", "combination") | {"a": "naive"}
    assert told.attrs["shown"] == by
    default = made[made["model"] == "combination"].set_index(["unique_id", "ds"])["mean"]
    for name in "bcd":
        one = kept[kept["unique_id"] == name].set_index("ds")["mean"]
        pd.testing.assert_series_equal(one, default[name])


def test_nothing_tested_leaves_the_default(walk):
    made = forecast(walk(2), 2, (80,), ["combination", "naive"])
    assert set(shown(made, pd.DataFrame()).attrs["shown"].values()) == {"combination"}


def test_the_record_comes_from_a_back_test(walk):
    panel = walk(30, 16, 4)
    models = ["combination", "naive"]
    record = accuracy(backtest(panel, 2, 5, (95,), models), panel, by=["model", "unique_id"])
    better = better_naive(record)
    assert 0 < len(better) < 30
    wide = record.pivot_table(index="unique_id", columns="model", values="mase")
    assert better == set(wide.index[wide["naive"] < wide["combination"]])


def test_an_interval_wider_than_four_levels_is_named():
    calm = [9, 10, 9, 11, 10, 12, 11, 13, 14, 13]
    wild = [1, 90, 2, 150, 1, 60, 3, 200, 1, 20]
    panel = pd.concat([annual("calm", calm), annual("wild", wild)])
    found = unreliable(forecast(panel, 5), panel)
    assert list(found["unique_id"]) == ["wild"]
    assert (
        "95 % interval" in found["reason"].iloc[0] and "times the level" in found["reason"].iloc[0]
    )
    calm_alone = panel[panel["unique_id"] == "calm"]
    assert unreliable(forecast(calm_alone, 5), calm_alone).empty

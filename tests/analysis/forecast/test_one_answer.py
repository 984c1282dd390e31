"""One series, one answer: the same bytes alone and in any company; sane next to anything."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from marketintel.analysis.forecast import backtest, forecast, potential
from marketintel.analysis.forecast.intervals import PROBABILITIES, pool
from marketintel.analysis.forecast.models import MODELS
from tests.analysis.forecast.conftest import annual

NUMBERS = ["mean", "lo", "hi"]
STEP = {"A": "YE", "Q": "QE", "M": "ME"}


def series(name: str, values: np.ndarray, freq: str = "A") -> pd.DataFrame:
    ends = pd.date_range("1990-01-01", periods=len(values), freq=STEP[freq]).as_unit("s")
    return pd.DataFrame({"unique_id": name, "ds": ends, "y": np.asarray(values, float)})


def of(frame: pd.DataFrame, name: str) -> bytes:
    return frame.loc[frame["unique_id"] == name, NUMBERS].to_numpy().tobytes()


@st.composite
def companies(draw, freq):
    """A series and others of any length, scale and character, the series anywhere among them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    least, most = {"A": (8, 34), "Q": (8, 50), "M": (10, 80)}[freq]
    panel = []
    for i in range(draw(st.integers(1, 7)) + 1):
        length = draw(st.integers(least, most))
        path = np.exp(np.cumsum(rng.normal(0.03, draw(st.sampled_from([0.01, 0.2, 1.0])), length)))
        if freq != "A":
            path *= 2 + np.sin(np.arange(length) * 2 * np.pi / (4 if freq == "Q" else 12))
        path *= draw(st.sampled_from([1e-9, 1.0, 1e6, 1e15]))
        if draw(st.booleans()) and i:
            path = np.where(rng.random(length) < 0.4, 0.0, path)
            path[0] = 1.0
        panel.append(series(f"s{i}", path, freq))
    order = draw(st.permutations(range(len(panel))))
    return panel[0], pd.concat([panel[i] for i in order])


@pytest.mark.parametrize("freq", ["A", "Q", "M"])
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_alone_and_in_company_give_equal_bytes(data, freq):
    one, all_of_them = data.draw(companies(freq))
    alone = forecast(one, 5, model=MODELS)
    assert of(alone, "s0") == of(forecast(all_of_them, 5, model=MODELS), "s0")
    tested = [backtest(p, 2, 3) for p in (one, all_of_them)]
    assert of(tested[0], "s0") == of(tested[1], "s0")


def test_the_same_in_a_panel_of_two_thousand(walk):
    panel = walk(2000, 23)
    panel["unique_id"] = np.repeat(np.arange(2000), 23).astype(str)
    one = panel[panel["unique_id"] == "1999"]
    assert of(forecast(one, 5), "1999") == of(forecast(panel, 5), "1999")


def test_probabilities_do_not_depend_on_company(walk):
    panel = walk(5)
    alone = potential(panel[panel["unique_id"] == "s3"], 5, 150.0)
    table = potential(panel, 5, 150.0)
    pd.testing.assert_frame_equal(
        alone, table[table["unique_id"] == "s3"].reset_index(drop=True), check_exact=True
    )


def test_neither_horizon_nor_levels_nor_origins_change_what_is_said_of_a_year(walk):
    panel = walk(3)
    long = forecast(panel, 9, (50, 80, 95))
    kept = long[(long["ds"] <= "2022-12-31") & (long["level"] == 80)]
    short = forecast(panel, 3, (80,))
    assert kept[NUMBERS].to_numpy().tobytes() == short[NUMBERS].to_numpy().tobytes()
    then = panel[panel["ds"] <= "2015-12-31"]
    tested = backtest(panel, 4, 3)
    tested = tested[tested["cutoff"] == "2015-12-31"]
    assert tested[NUMBERS].to_numpy().tobytes() == forecast(then, 4)[NUMBERS].to_numpy().tobytes()


SHAPES = {
    "constant": lambda n: np.full(n, 5.0),
    "one jump": lambda n: np.r_[np.full(n - 1, 5.0), 6.0],
    "one fall": lambda n: np.r_[np.full(n - 1, 5.0), 0.1],
    "jump inside": lambda n: np.r_[np.full(n // 2, 5.0), np.full(n - n // 2, 50.0)],
    "straight line": lambda n: 5.0 + np.arange(n),
    "doubling": lambda n: 2.0 ** np.arange(n),
    "halving": lambda n: 0.5 ** np.arange(n),
    "intermittent": lambda n: np.where(np.arange(n) % 3 == 0, 7.0, 0.0),
    "one outlier": lambda n: np.where(np.arange(n) == n // 2, 300.0, 5.0 + np.arange(n) % 2),
    "ends in zeros": lambda n: np.r_[np.full(n - 4, 5.0), np.zeros(4)],
    "one trade": lambda n: np.r_[5.0, np.zeros(n - 1)],
    "tiny noise": lambda n: 5.0 + 1e-12 * np.arange(n) % 3,
}


@settings(max_examples=60, deadline=None)
@given(
    shape=st.sampled_from(sorted(SHAPES)),
    length=st.integers(8, 30),
    power=st.integers(-9, 15),
)
@example(shape="one jump", length=11, power=0)
@example(shape="constant", length=10, power=0)
def test_degenerate_series_stay_in_proportion_and_leave_others_alone(shape, length, power):
    values = SHAPES[shape](length) * 10.0**power
    calm = annual("calm", [9, 10, 9, 11, 10, 12, 11, 13, 14, 13, 15, 16])
    alone = forecast(calm, 5, (50, 80, 95))
    frame = forecast(pd.concat([annual("odd", values), calm]), 5, (50, 80, 95))
    assert of(frame, "calm") == of(alone, "calm")
    odd = frame[frame["unique_id"] == "odd"].set_index(["level", "ds"])
    assert len(odd) == 15
    largest = values.max()
    growing = 2.0**5 if shape == "doubling" else 1.0
    assert (odd["hi"] < 30 * growing * largest).all()
    assert (odd["hi"] - odd["lo"] > 0).all()
    for low, high in ((50, 80), (80, 95)):
        assert (odd.loc[high, "hi"] > odd.loc[low, "hi"]).all()
        nested = odd.loc[high, "lo"] < odd.loc[low, "lo"]
        assert (nested | ((odd.loc[high, "lo"] == 0) & (odd.loc[low, "lo"] == 0))).all()


def test_ten_fives_and_a_six_have_bounds_of_the_order_of_the_jump():
    frame = forecast(annual("a", [5.0] * 10 + [6.0]), 5, (95,))
    assert frame["hi"].max() < 15
    assert frame["lo"].min() >= 0


def test_scale_plays_no_part():
    values = np.array([9, 10, 9, 11, 10, 12, 11, 13, 14, 13, 15, 16.0])
    plain, large = (forecast(annual("a", v), 5)[NUMBERS] for v in (values, values * 2.0**40))
    np.testing.assert_allclose(large / 2.0**40, plain, rtol=1e-9)


def test_the_pool_is_complete_and_its_levels_rise():
    for models in pool().values():
        assert set(models) == set(MODELS)
        for reference in models.values():
            assert len(reference.quantiles) == len(PROBABILITIES)
            assert reference.quantiles[0] == 0
            assert (np.diff(reference.quantiles) > 0).all()
            grown = reference.unit(np.ones((2, 8)), np.array([8, 30]))
            assert (grown > 0).all()

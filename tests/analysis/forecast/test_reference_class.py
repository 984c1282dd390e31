"""The reference class against closed forms, its properties, and the rule that shows it."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from marketintel.analysis.forecast import reference_class as rc
from marketintel.analysis.forecast import reference_test as rt
from marketintel.errors import MissingDataError


@cache
def panel(first=2015, last=2021, economies=40, groups=4):
    """Return a synthetic panel: growth by group and region, spread that falls with the level."""
    rng = np.random.default_rng(1)
    rows = []
    for g in range(groups):
        for e in range(economies):
            level = 10 ** rng.uniform(6.2, 9.5)
            for year in range(first, last + 1):
                rows.append((f"g{g}", f"r{e % 5}", f"e{e}", year, level, 0.01 * (e % 7)))
                spread = 0.5 * (level / 1e6) ** -0.2
                level *= np.exp(0.02 * g + 0.01 * (e % 5) + spread * rng.standard_normal())
    columns = ["group", "region", "economy", "year", "value_usd", "gdp_growth"]
    return pd.DataFrame(rows, columns=columns)


@cache
def estimated():
    return rc.estimate(panel(), 3)


def targets(*levels):
    return pd.DataFrame({"group": "g1", "region": "r2", "log10_level": np.log10(levels),
                         "gdp_growth": 0.02})  # fmt: skip


def test_mean_and_effects_are_the_closed_form_of_the_mixed_model():
    reference, found = estimated(), rc.windows(panel(), 3)
    fixed = np.column_stack([
        *((found["year"] == o).to_numpy(float) for o in reference.origins),
        found[list(rc.FIXED)] - found[list(rc.FIXED)].mean(),
    ])  # fmt: skip
    dummies = [pd.get_dummies(found[name], dtype=float).to_numpy() for name in rc.RANDOM]
    v = reference.result.scale * np.eye(len(found))
    for z, variance in zip(dummies, reference.result.vcomp, strict=True):
        v += variance * z @ z.T
    inverse = np.linalg.inv(v)
    growth = found["growth"].to_numpy()
    beta = np.linalg.solve(fixed.T @ inverse @ fixed, fixed.T @ inverse @ growth)
    np.testing.assert_allclose(reference.result.fe_params, beta, rtol=1e-4, atol=1e-6)
    for name, z, variance in zip(rc.RANDOM, dummies, reference.result.vcomp, strict=True):
        effect = variance * z.T @ inverse @ (growth - fixed @ beta)
        np.testing.assert_allclose(reference.effects[name], effect, rtol=1e-3, atol=1e-6)
    residual = growth - fixed @ beta
    for name, z in zip(rc.RANDOM, dummies, strict=True):
        residual = residual - z @ reference.effects[name].to_numpy()
    slope, const = np.polyfit(
        found["log10_level"] - found["log10_level"].mean(), np.log(np.abs(residual)), 1
    )
    np.testing.assert_allclose(reference.spread.params, [const, slope], rtol=1e-3)
    assert slope < 0


def test_windows_end_at_zero_trade_as_a_fall_and_begin_above_the_least_level():
    frame = pd.DataFrame({
        "group": "a", "region": "r", "economy": ["x", "x", "y", "y", "z"],
        "year": [2020, 2021, 2020, 2021, 2020], "value_usd": [2e6, 4e6, 9e5, 4e6, 5e6],
        "gdp_growth": [np.nan, 0.1, 0.1, 0.1, 0.1],
    })  # fmt: skip
    found = rc.windows(frame, 1).set_index("economy")
    assert list(found.index) == ["x", "z"]
    assert found.loc["x", "growth"] == pytest.approx(np.log(2))
    assert found.loc["z", "growth"] == pytest.approx(np.log(rc.LEAST_RATIO))
    assert np.isnan(found.loc["x", "gdp_growth"]) and found.loc["x", "drift"] == 0


def test_intervals_nest_and_narrow_with_the_level():
    bounds = rc.quantiles(estimated().draws(targets(2e6, 1e8, 5e9)))
    assert (bounds["lo_95"] <= bounds["lo_80"]).all() and (bounds["hi_80"] <= bounds["hi_95"]).all()
    assert bounds["median"].between(bounds["lo_80"], bounds["hi_80"]).all()
    assert (bounds["hi_80"] - bounds["lo_80"]).is_monotonic_decreasing


def test_one_series_has_one_answer_in_any_company():
    together = estimated().draws(targets(2e6, 1e8, 5e9))
    alone = estimated().draws(targets(1e8))
    np.testing.assert_array_equal(together[1], alone[0])
    again = rc.estimate(panel().sample(frac=1, random_state=3), 3).draws(targets(1e8))
    np.testing.assert_allclose(np.quantile(again, 0.5), np.quantile(alone, 0.5), atol=1e-3)


def test_effects_shrink_and_an_unknown_group_gets_the_average():
    unknown = targets(1e8).assign(group="other", region="other")
    effects = estimated().effects
    shift = estimated().means(targets(1e8)) - estimated().means(unknown)
    assert shift[0] == pytest.approx(effects["group"]["g1"] + effects["region"]["r2"])
    halves = pd.DataFrame({"g1": [0.5], "g3": [0.5]})
    mixed = estimated().means(targets(1e8), halves) - estimated().means(
        targets(1e8).assign(group="other")
    )
    assert mixed[0] == pytest.approx(effects["group"][["g1", "g3"]].mean())
    raw = rc.windows(panel(), 3).groupby("group")["growth"].mean()
    assert np.ptp(effects["group"]) < np.ptp(raw)


def test_shared_shocks_are_drawn_by_year():
    """Two series draw the same years, so that their draws correlate through the shock alone."""
    reference = estimated()
    calm = rc.ReferenceClass(**{**vars(reference), "shocks": np.zeros(3)})
    spread = reference.draws(targets(1e8)).std(), calm.draws(targets(1e8)).std()
    assert spread[0] > spread[1]
    assert reference.shocks.sum() == pytest.approx(0, abs=1e-12)


def test_too_few_windows_are_an_error_that_gives_the_way_out():
    few = panel()[panel()["economy"].isin(["e1", "e2"])]
    with pytest.raises(MissingDataError, match="longer or wider panel"):
        rc.estimate(few, 3)


def test_score_is_the_formula_by_hand():
    made = pd.DataFrame(
        {
            "model": "m",
            "growth": [0.0, 3.0],
            "median": [1.0, 1.0],
            **{f"{s}_{n}": v for n in (80, 95) for s, v in (("lo", -1.0), ("hi", 2.0))},
        }
    )
    at_80 = rt.score(made).iloc[0]
    assert at_80["coverage_pct"] == 50
    assert at_80["interval_score"] == pytest.approx((3 + 3 + 2 / 0.2 * 1) / 2)
    assert at_80["abs_error"] == pytest.approx(1.5)


def scores(**by_model):
    return pd.DataFrame([
        (test, model.replace("_", " "), 80, coverage, value)
        for model, values in by_model.items()
        for test, (coverage, value) in zip(rt.TESTS, values, strict=True)
    ], columns=["test", "model", "level", "coverage_pct", "interval_score"])  # fmt: skip


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        ([(80, 2.9), (80, 2.9)], "reference class"),
        ([(80, 2.99), (80, 2.99)], "no growth"),
        ([(71.9, 2.0), (80, 2.0)], "no growth"),
        ([(80, 2.0), (88.1, 2.0)], "no growth"),
    ],
    ids=["better", "as good, so the simpler", "holds too little", "holds too much"],
)
def test_the_rule_shows_the_simplest_of_the_best_that_hold_what_they_promise(reference, shown):
    table = scores(no_growth=[(80, 3.0)] * 2, drift=[(80, 4.0)] * 2, reference_class=reference)
    assert rt.choose(table) == shown


def test_across_leaves_every_pair_out_once_and_covers_a_panel_of_its_own_kind():
    table = rt.across(panel(), 3)
    assert set(table["model"]) == {*rt.RIVALS, rt.REFERENCE}
    assert table["windows"].unique().tolist() == [len(rc.windows(panel(), 3))]
    own = table[(table["model"] == rt.REFERENCE) & (table["level"] == 80)].iloc[0]
    assert 72 <= own["coverage_pct"] <= 88


def test_out_of_time_knows_nothing_that_ended_after_the_origin():
    changed = panel().copy()
    later = changed["year"] > 2018
    changed.loc[later, "value_usd"] *= 3
    before, after = (rt.out_of_time(p, 3, 2018) for p in (panel(), changed))
    bounds = before["interval_score"], after["interval_score"]
    assert before["windows"].equals(after["windows"]) and not bounds[0].equals(bounds[1])
    shift = rt.shown_draws("no growth", estimated(), rc.windows(panel(), 3), targets(1e8).assign(
        year=2018, drift=0.0))  # fmt: skip
    assert np.median(shift) == pytest.approx(rc.windows(panel(), 3)["growth"].median())

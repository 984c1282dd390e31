import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from marketintel.analysis.markets import agreement, screening
from marketintel.analysis.markets.agreement import (
    CONTESTED,
    INSUFFICIENT,
    NOT_A_CANDIDATE,
    ROBUST,
    Rule,
)
from marketintel.analysis.markets.screening import Filter, Indicator

DEMAND = Indicator(id="demand", label="Demand", side="pull", weight=40)
GROWTH = Indicator(id="growth", label="Growth", side="pull", weight=10)
DISTANCE = Indicator(id="distance", label="Distance", side="access", weight=5, better="low")
THREE = [DEMAND, GROWTH, DISTANCE]
SIDES = {"pull": 65.0, "access": 35.0}


@pytest.fixture
def values():
    """Four markets small enough to score by hand; D lacks its growth, E everything."""
    return pd.DataFrame(
        {
            "demand": [100.0, 50.0, 0.0, 75.0, np.nan],
            "growth": [0.0, 10.0, 5.0, np.nan, np.nan],
            "distance": [1000.0, 3000.0, 2000.0, 1000.0, np.nan],
        },
        index=list("ABCDE"),
    )


def test_indices_by_hand(values):
    index = screening.indices(values, THREE)
    assert index["demand"].tolist()[:4] == [100, 50, 0, 75]
    assert index["growth"].tolist()[:3] == [0, 100, 50]
    assert index["distance"].tolist()[:4] == [100, 0, 50, 100]
    assert index.loc["E"].isna().all() and np.isnan(index.loc["D", "growth"])


def test_an_indicator_that_tells_no_market_apart_is_in_the_middle(values):
    index = screening.indices(values.assign(growth=3.0), [GROWTH])
    assert (index["growth"] == 50).all()


def test_logarithm_of_nothing_is_not_known(values):
    index = screening.indices(
        values, [Indicator(id="demand", label="x", side="pull", weight=1, logarithm=True)]
    )
    assert index["demand"].isna().tolist() == [False, False, True, False, True]
    assert index.loc[["A", "B"], "demand"].tolist() == pytest.approx([100, 0])


def test_scores_by_hand(values):
    table = screening.scores(screening.indices(values, THREE), THREE, SIDES)
    assert table.loc["A", "pull"] == pytest.approx((40 * 100 + 10 * 0) / 50)
    assert table.loc["A", "score"] == pytest.approx(0.65 * 80 + 0.35 * 100)
    assert table.loc["B", "score"] == pytest.approx(0.65 * 60 + 0.35 * 0)
    # D: growth has 10/50 of 65 and is not known; the rest is scaled up.
    assert table.loc["D", "known_weight_pct"] == pytest.approx(100 - 13)
    assert table.loc["D", "score"] == pytest.approx((52 * 75 + 35 * 100) / 87)
    assert table.loc["E", ["score", "rank"]].isna().all()
    assert table["rank"].tolist()[:4] == [1, 3, 4, 2]


def test_a_side_without_a_weight_is_refused(values):
    with pytest.raises(ValueError, match="no weight for side access"):
        screening.scores(screening.indices(values, THREE), THREE, {"pull": 1.0})


def test_rank_ranges_hold_the_rank_and_repeat_with_the_seed(values):
    index = screening.indices(values, THREE)
    once = screening.rank_ranges(index, THREE, SIDES, draws=400, seed=3)
    pd.testing.assert_frame_equal(
        once, screening.rank_ranges(index, THREE, SIDES, draws=400, seed=3)
    )
    four = once.loc[list("ABCD")]
    assert (four["rank_lo"] <= four["rank_median"]).all()
    assert (four["rank_median"] <= four["rank_hi"]).all()
    assert once.loc["E"].isna().all()


def test_draws_scatter_as_the_dirichlet_promises():
    """Two markets that mirror each other: how often one leads is a Beta probability."""
    two = [
        Indicator(id="x", label="x", side="pull", weight=3),
        Indicator(id="y", label="x", side="pull", weight=2),
    ]
    index = pd.DataFrame({"x": [100.0, 0.0], "y": [0.0, 100.0]}, index=["A", "B"])
    ranges = screening.rank_ranges(
        index, two, {"pull": 1.0}, draws=20_000, concentration=10, first=1
    )
    expected = 100 * stats.beta(6, 4).sf(0.5)
    assert ranges.loc["A", "in_first_pct"] == pytest.approx(expected, abs=1.5)
    assert ranges["in_first_pct"].sum() == pytest.approx(100)


@settings(max_examples=30, deadline=None)
@given(st.integers(3, 12), st.integers(0, 10**6))
def test_a_market_best_in_everything_is_first_under_any_weights(n, seed):
    draw = np.random.default_rng(seed)
    values = pd.DataFrame(draw.random((n, 3)), columns=["demand", "growth", "distance"])
    values.loc[0] = [2.0, 2.0, -1.0]
    index = screening.indices(values, THREE)
    ranges = screening.rank_ranges(index, THREE, SIDES, draws=50)
    assert ranges.loc[0, ["rank_lo", "rank_hi"]].tolist() == [1, 1]
    assert screening.scores(index, THREE, SIDES).loc[0, "score"] == pytest.approx(100)


def test_the_funnel_says_where_and_why_each_market_left(values):
    filters = [
        Filter(
            id="demand", label="Demand", column="demand", reason="too small a market", minimum=40
        ),
        Filter(id="near", label="Distance", column="distance", reason="too far", maximum=2500),
    ]
    result = screening.funnel(values, filters, {"D": "the reader left it out"})
    assert result.stayed == ["A", "E"], "nothing known about E: it stays, and is counted"
    assert result.log[["market", "filter", "reason"]].to_numpy().tolist() == [
        ["D", "excluded", "the reader left it out"],
        ["C", "demand", "too small a market"],
        ["B", "near", "too far"],
    ]
    assert result.steps[["entered", "left", "not_known", "remain"]].to_numpy().tolist() == [
        [5, 1, 0, 4], [4, 1, 1, 3], [3, 1, 1, 2],
    ]  # fmt: skip
    assert len(result.log) + len(result.stayed) == len(values)
    assert result.log.loc[1, "rule"] == "at least 40" and result.log.loc[1, "value"] == 0


METHODS = pd.DataFrame(
    {
        "potential": [9.0, 8, 7, 6, 5, 4],
        "gravity": [9.0, 1, 7, 6, np.nan, 4],
        "score": [9.0, 8, 2, 6, 5, 4],
    },
    index=list("ABCDEF"),
)


def test_agreement_against_scipy_and_by_hand():
    table = agreement.correlations(METHODS).set_index(["method", "other"])
    both = METHODS[["potential", "gravity"]].dropna()
    expected = stats.spearmanr(both["potential"], both["gravity"]).statistic
    assert table.loc[("potential", "gravity"), "spearman"] == pytest.approx(expected)
    assert table.loc[("potential", "gravity"), "n_markets"] == 5
    ranked = agreement.ranks(METHODS)
    assert ranked.loc["B", ["rank_potential", "rank_gravity", "rank_score"]].tolist() == [2, 5, 2]
    assert ranked.loc["B", ["mean_rank", "rank_spread", "n_methods"]].tolist() == [3, 3, 3]
    assert ranked.loc["E", "n_methods"] == 2


def test_a_method_that_cannot_tell_markets_apart_votes_for_none():
    ranked = agreement.ranks(METHODS.assign(potential=0.0))
    assert (ranked["rank_potential"] == 6).all()


def test_no_correlation_without_variation():
    flat = METHODS.assign(gravity=1.0)
    assert agreement.correlations(flat)["spearman"].isna().sum() == 2


@pytest.fixture
def limits():
    high = pd.Series(dict.fromkeys("ABCDEF", 3.0))
    known = pd.Series(dict.fromkeys("ABCDEF", 100.0))
    return high, known


def test_classes_by_the_stated_rule(limits):
    high, known = limits
    ranked = agreement.ranks(METHODS)
    rule = Rule(first=3, range_factor=2, min_known_weight_pct=60)
    table = agreement.classify(ranked, high, known, rule, complete=True)
    assert table["class"].to_dict() == {
        "A": ROBUST, "D": CONTESTED, "C": CONTESTED, "B": CONTESTED,
        "E": INSUFFICIENT, "F": NOT_A_CANDIDATE,
    }  # fmt: skip
    assert table.loc["B", "why"] == "only potential and score have it among the first 3"
    assert table.loc["E", "why"] == "not ranked by gravity"
    assert list(table.index[:1]) == ["A"] and agreement.shortlist(table, 2)[0] == "A"
    moved = agreement.classify(ranked, high + 4, known, rule, complete=True)
    assert moved.loc["A", "class"] == CONTESTED and "rank 7" in moved.loc["A", "why"]
    unknown = agreement.classify(ranked, high, known.mask(known.index == "A", 40), rule, True)
    assert unknown.loc["A", "class"] == INSUFFICIENT


def test_partial_data_never_make_a_market_robust(limits):
    table = agreement.classify(agreement.ranks(METHODS), *limits, Rule(first=6), complete=False)
    assert ROBUST not in set(table["class"])
    assert table.loc["A", "why"] == "all methods agree, but on partial data"

"""Priorities: scores by hand, ranges under missing criteria, classes at their limits."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketintel.analysis.markets import priorities as p
from marketintel.reference.priorities import CRITERIA, load_priorities

RULES = load_priorities()
LIMITS = RULES.classes


def row(**change):
    """A synthetic row that is strong, grows and is open."""
    known = {"segment": "s", "market": "USA", "exporter": "EU27", "size_usd": 5e8,
             "world_share_pct": 20, "growth_pct": 4, "growth_years": 7,
             "growth_probability_pct": np.nan, "rca": 2.0, "exporter_share_pct": 40,
             "share_change_pp": 1, "duty_gap_pp": 1, "handicap_pp": 0, "suppliers_hhi": 0.2,
             "rival_share_pct": 20, "supply_fit": np.nan}  # fmt: skip
    return known | change


def listed(*rows):
    frame = pd.DataFrame([r | {"segment": f"s{i}"} for i, r in enumerate(rows)])
    return p.priorities(frame, RULES).set_index("segment")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, p.PUSH),
        ({"growth_pct": -1}, p.DEVELOP),
        ({"growth_pct": np.nan, "growth_years": 0}, p.DEVELOP),
        ({"growth_years": LIMITS.min_growth_years - 1}, p.DEVELOP),
        ({"growth_pct": -1, "growth_probability_pct": LIMITS.growth_probability_pct}, p.PUSH),
        ({"growth_pct": 9, "growth_probability_pct": 40}, p.DEVELOP),
        ({"rca": 0.9}, p.DEVELOP),
        ({"exporter_share_pct": 9.9}, p.DEVELOP),
        ({"share_change_pp": -LIMITS.lost_share_pp}, p.DEVELOP),
        ({"share_change_pp": np.nan}, p.PUSH),
        ({"handicap_pp": LIMITS.closed_duty_pp}, p.DEVELOP),
        ({"handicap_pp": np.nan}, p.PUSH),
        ({"rival_share_pct": LIMITS.captive_share_pct}, p.DEVELOP),
        ({"rca": 0.9, "growth_pct": -1}, p.HOLD),
        ({"size_usd": LIMITS.min_size_usd - 1}, p.HOLD),
        ({"size_usd": np.nan}, p.NO_DATA),
        ({"rca": np.nan}, p.NO_DATA),
    ],
)
def test_classes_follow_from_the_stated_limits(change, expected):
    table = listed(row(**change), row(size_usd=6e8))
    assert table.loc["s0", "class"] == expected
    reason = table.loc["s0", "reason"]
    assert reason.endswith(".") and reason.count(". ") == 0 and "nan" not in reason


def test_scores_and_ranks_are_those_worked_by_hand():
    rows = [row(size_usd=s, rca=r, suppliers_hhi=h)
            for s, r, h in ((1e8, 3, 0.5), (2e8, 1, 0.1), (3e8, 2, 0.3))]  # fmt: skip
    frame = pd.DataFrame(rows)
    scores = p.criterion_scores(frame, RULES.criteria)
    assert scores["size_usd"].tolist() == [0, 50, 100]
    assert scores["rca"].tolist() == [100, 0, 50]
    assert scores["suppliers_hhi"].tolist() == [0, 100, 50]
    assert scores["growth_pct"].tolist() == [50, 50, 50]
    weights = {c.id: c.weight for c in RULES.criteria}
    ranks = p.ranked(scores, RULES.criteria, RULES.draws)
    gain = 50 * weights["size_usd"] - 100 * weights["rca"] + 100 * weights["suppliers_hhi"]
    assert ranks["score"][1] - ranks["score"][0] == pytest.approx(gain / sum(weights.values()))
    known = 100 - 100 * (weights["growth_probability_pct"] + weights["supply_fit"]) / sum(
        weights.values()
    )
    assert ranks["known_weight_pct"].tolist() == pytest.approx([known] * 3)


def test_a_missing_criterion_widens_the_range_and_is_not_zero():
    base = [row(size_usd=s * 1e8, rca=3 - s / 4, world_share_pct=s) for s in range(1, 9)]
    whole = listed(*base)
    gone = [r | ({"rca": np.nan, "world_share_pct": np.nan, "duty_gap_pp": np.nan} if i == 4 else {})
            for i, r in enumerate(base)]  # fmt: skip
    lacking = listed(*gone)
    width = lambda t: (t["rank_hi"] - t["rank_lo"])["s4"]  # noqa: E731
    assert width(lacking) > width(whole)
    frame = pd.DataFrame(gone)
    scores = p.criterion_scores(frame, RULES.criteria)
    zero = p.ranked(scores.fillna(0), RULES.criteria, RULES.draws)
    assert p.ranked(scores, RULES.criteria, RULES.draws)["score"][4] > zero["score"][4]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(*[st.floats(0, 100) | st.none()] * len(CRITERIA)), min_size=1, max_size=6)
)
def test_ranges_hold_for_any_values(rows):
    frame = pd.DataFrame(rows, columns=list(CRITERIA), dtype="float64")
    scores = p.criterion_scores(frame, RULES.criteria)
    assert scores.min().min() >= 0 or scores.isna().all().all()
    table = p.ranked(scores, RULES.criteria, RULES.draws)
    assert table["rank_lo"].between(1, len(frame)).all()
    assert (table["rank_lo"] <= table["rank_hi"]).all() and (table["rank_hi"] <= len(frame)).all()
    assert table["score"].between(0, 100).all()
    pd.testing.assert_frame_equal(table, p.ranked(scores, RULES.criteria, RULES.draws))


def test_reachable_market_takes_away_what_is_captive_and_closed():
    rule = RULES.reachable
    frame = pd.DataFrame([row(size_usd=100.0), row(size_usd=100.0, rival_share_pct=60),
                          row(size_usd=100.0, rival_share_pct=60, handicap_pp=6),
                          row(size_usd=100.0, rival_share_pct=np.nan, handicap_pp=np.nan)])  # fmt: skip
    left = 100 - 60 * rule.captive_part_pct / 100
    expected = [100, left, left * (1 - rule.closed_part_pct / 100), 100]
    assert p.reachable(frame, rule).tolist() == pytest.approx(expected)


def test_an_earlier_list_is_scored_against_what_came():
    last = listed(row(), row(size_usd=2e8)).reset_index()
    came = last.assign(size_usd=[6e8, 1e8], exporter_share_pct=[42, 40])
    table = p.scored(last, came.iloc[:1])
    assert table["came_pct"][0] == pytest.approx(20) and table["share_came_pp"][0] == pytest.approx(
        2
    )
    assert table["grew"][0] and pd.isna(table["grew"][1]) and pd.isna(table["came_usd"][1])

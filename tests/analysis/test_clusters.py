"""Coverage and complementarity against a count by hand and against brute force."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketintel.analysis.partnership import clusters

STAGES = ("materials", "components", "systems")


def members(*rows):
    return pd.DataFrame(rows, columns=["cluster", "member", "segment", "stage"])


def test_members_are_counted_once():
    table = clusters.coverage(
        members(("a", "m", "lasers", "systems"), ("a", "m", "lasers", "systems"),
                ("a", "n", "lasers", "systems"), ("b", "m", "lasers", "systems"))
    )  # fmt: skip
    assert table.to_dict("list") == {
        "cluster": ["a", "b"], "segment": ["lasers"] * 2, "stage": ["systems"] * 2,
        "members": [2, 1],
    }  # fmt: skip


def test_a_pair_completes_a_chain():
    covered = clusters.coverage(
        members(("a", "1", "lasers", "materials"), ("a", "1", "lasers", "components"),
                ("b", "2", "lasers", "systems"), ("c", "3", "optics", "systems"))
    )  # fmt: skip
    demand = pd.Series({"lasers": 300.0, "optics": 100.0, "displays": float("nan")})
    table = clusters.complementarity(covered, demand, STAGES)
    best = table.iloc[0]
    assert best["clusters"] == ("a", "b") and best["complete_segments"] == ("lasers",)
    assert best["coverage_pct"] == pytest.approx(75)
    assert best["best_alone_pct"] == pytest.approx(50)
    assert best["complete_demand_usd"] == 300
    triple = clusters.complementarity(covered, demand, STAGES, 3)
    assert triple["gain_pp"].tolist() == [pytest.approx(100 / 12)]
    # The chain of lasers was complete without c: the triple does not get it again.
    assert triple["complete_segments"].tolist() == [()]


def test_a_cluster_that_adds_nothing_is_in_no_set():
    covered = clusters.coverage(
        members(("a", "1", "lasers", "materials"), ("b", "2", "lasers", "materials"))
    )
    assert clusters.complementarity(covered, pd.Series({"lasers": 1.0}), STAGES).empty


def test_gaps_are_what_nobody_covers():
    covered = clusters.coverage(members(("a", "1", "lasers", "materials")))
    table = clusters.gaps(covered, ["lasers", "optics"], STAGES)
    assert table["stages"].tolist() == [("components", "systems"), STAGES]


CELLS = st.sets(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["x", "y"]), st.sampled_from(STAGES)),
    min_size=1,
)


@settings(max_examples=60, deadline=None)
@given(CELLS, st.floats(1, 100), st.floats(1, 100))
def test_pairs_agree_with_brute_force(cells, x, y):
    covered = clusters.coverage(members(*[(c, "m", s, t) for c, s, t in cells]))
    demand = {"x": x, "y": y}

    def score(names):
        parts = [demand[s] * len({t for c, q, t in cells if c in names and q == s}) for s in "xy"]
        return 100 * sum(parts) / 3 / (x + y)

    expected = {}
    for pair in combinations(sorted({c for c, _, _ in cells}), 2):
        gain = score(pair) - max(score(pair[:1]), score(pair[1:]))
        if gain > 1e-9:
            expected[pair] = gain
    table = clusters.complementarity(covered, pd.Series(demand), STAGES)
    found = dict(zip(table["clusters"], table["gain_pp"], strict=True))
    assert found == pytest.approx(expected)


def test_readiness_is_a_weighted_mean_of_what_was_answered():
    answers = pd.DataFrame(
        {"cluster": "a", "member": ["m", "n", "o"], "p": [3, 3, np.nan], "q": [0, np.nan, np.nan],
         "r": [0, 3, 1]}
    )  # fmt: skip
    table = clusters.readiness(answers, {"p": 2, "q": 1, "r": 1}, 2, nearly=40, ready=70)
    assert table["score"].tolist()[:2] == [50, 100] and np.isnan(table["score"].iloc[2])
    assert table["band"].tolist() == ["nearly ready", "ready", "too few answers"]

"""Suppression against an attacker who knows all totals, written apart from the code it attacks."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from statsmodels.stats.proportion import proportion_confint

from marketintel.analysis.partnership import needs
from marketintel.analysis.partnership.disclosure import Attack, shown


def survey(clusters, segments):
    return pd.DataFrame({"cluster": list(clusters), "segment": list(segments)})


def attack(frame, table, answer):
    """Return, for every cell of a cluster, a segment or all, the largest count it could have.

    Unknowns are how many respondents of each cluster and segment said yes and no. The attacker
    sees what was published and solves for whole numbers.
    """
    clusters, segments = sorted(frame["cluster"].unique()), sorted(frame["segment"].unique())
    pairs = [(c, s) for c in clusters for s in segments]
    rows = table[table["answer"] == answer]
    member = {
        ("all", "all"): np.ones(len(pairs)),
        **{("cluster", c): np.array([p[0] == c for p in pairs], float) for c in clusters},
        **{("segment", s): np.array([p[1] == s for p in pairs], float) for s in segments},
    }
    constraints, values = [], []
    for row in rows.itertuples():
        mask = member[row.kind, row.group]
        if not pd.isna(row.respondents):
            constraints.append(np.concatenate([mask, mask]))
            values.append(row.respondents)
        if not pd.isna(row.count):
            constraints.append(np.concatenate([mask, 0 * mask]))
            values.append(row.count)
    matrix = np.array(constraints or [np.zeros(2 * len(pairs))])
    values = np.array(values or [0.0])
    found = {}
    for (kind, group), mask in member.items():
        for part, goal in (("yes", np.concatenate([mask, 0 * mask])),
                           ("no", np.concatenate([0 * mask, mask])),
                           ("n", np.concatenate([mask, mask]))):  # fmt: skip
            solved = milp(
                -goal,
                constraints=LinearConstraint(matrix, values, values),
                bounds=Bounds(0, 1000),
                integrality=np.ones(2 * len(pairs)),
            )
            assert solved.success
            found[part, kind, group] = round(-solved.fun)
    return found


def truth(frame, given_answer):
    yes = np.asarray(given_answer)
    found = {}
    for kind in ("cluster", "segment"):
        for group in frame[kind].unique():
            mask = (frame[kind] == group).to_numpy()
            found["n", kind, group] = mask.sum()
            found["yes", kind, group] = (mask & yes).sum()
            found["no", kind, group] = (mask & ~yes).sum()
    found |= {("n", "all", "all"): len(frame), ("yes", "all", "all"): yes.sum(),
              ("no", "all", "all"): (~yes).sum()}  # fmt: skip
    return found


@pytest.mark.parametrize("seed", range(12))
def test_no_small_cell_can_be_worked_out(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(8, 90))
    frame = survey(
        rng.choice(list("abcd"), size, p=[0.5, 0.25, 0.15, 0.1]),
        rng.choice(["x", "y", "z"], size, p=[0.6, 0.3, 0.1]),
    )
    answers = {f"q{i}": rng.random(size) < p for i, p in enumerate((0.05, 0.2, 0.5, 0.9))}
    table = needs.proportions(frame, answers)
    for answer, given_answer in answers.items():
        largest = attack(frame, table, answer)
        for cell, count in truth(frame, given_answer).items():
            if count < 5:
                assert largest[cell] >= 5, (seed, answer, cell, count, largest[cell])


def test_one_small_cluster_takes_another_with_it():
    """30 + 20 + 3: hiding the 3 alone would be undone by 53 - 50."""
    frame = survey("a" * 30 + "b" * 20 + "c" * 3, "x" * 53)
    table = needs.proportions(frame, {"q": np.arange(53) % 2 == 0})
    sizes = table.set_index("group")["respondents"]
    assert pd.isna(sizes["c"]) and pd.isna(sizes["b"]) and sizes["a"] == 30
    hidden = table.set_index("group").loc[["b", "c"]]
    assert hidden[["count", "share_pct", "lo_pct", "hi_pct"]].isna().all().all()


def test_those_who_did_not_say_it_are_a_cell_too():
    frame = survey("a" * 20, "x" * 20)
    table = needs.proportions(frame, {"q": np.arange(20) < 18})
    assert table["count"].isna().all() and (table["respondents"] == 20).all()


def test_large_cells_are_shown_with_wilson_intervals():
    frame = survey("a" * 20 + "b" * 20, "xy" * 20)
    given_answer = np.array(([True] * 8 + [False] * 12) * 2)
    table = needs.proportions(frame, {"q": given_answer})
    row = table[(table["kind"] == "cluster") & (table["group"] == "a")].iloc[0]
    low, high = proportion_confint(8, 20, method="wilson")
    assert (row["count"], row["share_pct"]) == (8, pytest.approx(40))
    assert (row["lo_pct"], row["hi_pct"]) == (pytest.approx(100 * low), pytest.approx(100 * high))
    # Wilson's interval by its formula, for the same cell.
    z, p, n = 1.959963985, 0.4, 20
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * ((p * (1 - p) + z * z / (4 * n)) / n) ** 0.5 / (1 + z * z / n)
    assert row["lo_pct"] == pytest.approx(100 * (middle - half))


def test_fewer_than_five_answers_show_nothing():
    frame = survey("aabb", "xyxy")
    table = needs.proportions(frame, {"q": np.array([True, False, True, False])})
    assert table[["respondents", "count", "share_pct"]].isna().all().all()


def test_a_naive_table_does_not_pass_the_attack():
    """The check can fail: hiding small cells alone leaves them open."""
    counts = {"all": 53, "a": 30, "b": 20, "c": 3}
    sums = [("all", ["a", "b", "c"])]
    attack = Attack(counts, sums, {"all", "a", "b"})
    bounds = [attack.extreme("c", largest=largest)["c"] for largest in (False, True)]
    assert bounds == pytest.approx([3, 3])
    assert shown(counts, sums, ["all", "a", "b", "c"]) == {"all", "a"}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=2, max_size=6))
def test_what_is_shown_is_safe_and_nothing_safe_is_hidden_whole(parts):
    counts = {f"p{i}": n for i, n in enumerate(parts)} | {"all": sum(parts)}
    sums = [("all", [f"p{i}" for i in range(len(parts))])]
    visible = shown(counts, sums, list(counts))
    small = [cell for cell, count in counts.items() if count < 5]
    attack = Attack(counts, sums, visible)
    assert all(attack.extreme(cell, largest=True)[cell] >= 5 - 1e-6 for cell in small)
    assert all(counts[cell] >= 5 for cell in visible)
    if not small:
        assert visible == set(counts)


def test_answers_and_themes_are_read_as_written():
    found = needs.chosen(pd.Series(["a; b", "none", "b"]), ["a", "b", "none"])
    assert {k: v.tolist() for k, v in found.items()} == {
        "a": [True, False, False], "b": [True, False, True], "none": [False, True, False],
    }  # fmt: skip
    texts = pd.Series(["The COST is high", "accost", "", "export control rules"])
    found = needs.themes(texts, {"money": ["cost"], "rules": ["export control"]})
    assert found["money"].tolist() == [True, False, False, False]
    assert found["rules"].tolist() == [False, False, False, True]


def test_the_most_cells_are_shown_of_which_none_betrays_a_small_one():
    """Against every subset: no safe choice has more cells than the one that is made."""
    counts = {"all": 40, "a": 12, "b": 14, "c": 11, "d": 3, "a1": 9, "a2": 3, "b1": 8, "b2": 6}
    sums = [("all", ["a", "b", "c", "d"]), ("a", ["a1", "a2"]), ("b", ["b1", "b2"])]
    small = [cell for cell, count in counts.items() if count < 5]
    able = [cell for cell, count in counts.items() if count >= 5]

    def is_safe(visible):
        attack = Attack(counts, sums, visible)
        return all(attack.extreme(cell, largest=True)[cell] >= 5 - 1e-6 for cell in small)

    subsets = (set(one) for size in range(len(able) + 1) for one in combinations(able, size))
    most = max(len(one) for one in subsets if is_safe(one))
    made = shown(counts, sums, list(counts))
    assert len(made) == most and is_safe(made)


def test_a_lower_threshold_shows_more_and_none_hides_nothing():
    rng = np.random.default_rng(1)
    frame = survey(rng.choice(list("abc"), 41), rng.choice(list("xy"), 41))
    answers = {"q": rng.random(41) < 0.25}
    shares = [
        needs.proportions(frame, answers, minimum=m)["count"].notna().sum() for m in (5, 3, 0)
    ]
    assert shares[0] < shares[1] <= shares[2] == 6

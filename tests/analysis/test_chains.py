"""Who fills the steps of value chains, and what a second cluster adds; synthetic members."""

import pandas as pd

from marketintel.analysis.partnership import clusters

STAGES = ("materials", "components", "modules")


def members():
    rows = [("a", "m1", "lasers", "components"), ("a", "m2", "lasers", "modules"),
            ("b", "m3", "lasers", "materials"), ("b", "m3", "lasers", "components"),
            ("c", "m4", "optics", "modules")]  # fmt: skip
    return pd.DataFrame(rows, columns=["cluster", "member", "segment", "stage"])


def test_every_step_has_a_row_and_names_who_fills_it():
    found = clusters.steps(members(), ["lasers", "optics", "imaging"], STAGES)
    assert len(found) == 9
    by = found.set_index(["segment", "stage"])["filled_by"]
    assert by["lasers", "components"] == (("m1", "a"), ("m3", "b"))
    assert by["optics", "materials"] == () and not any(by["imaging"])


def test_the_best_pair_fills_most_and_says_what_each_adds():
    pairs = clusters.best_pairs(clusters.coverage(members()), ["lasers", "optics"], STAGES)
    (row,) = pairs.to_dict("records")
    assert (row["first"], row["second"]) == ("a", "b")
    assert row["first_steps"] == ("components", "modules") and row["added_steps"] == ("materials",)
    assert row["missing_steps"] == ()

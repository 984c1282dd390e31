"""The schedule against a case by hand, and against definitions on random plans."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketintel.analysis.partnership.roadmap import schedule

NAN = float("nan")


def plan(*rows):
    frame = pd.DataFrame(rows, columns=["action", "start", "end", "weeks", "after"])
    return frame.astype({"start": "object", "end": "object"})


def test_by_hand():
    table = schedule(
        plan(("a", date(2027, 1, 4), None, 2, []), ("b", None, None, 1, ["a"]),
             ("c", None, None, 3, ["a"]), ("d", None, None, 1, ["b", "c"]))
    ).set_index("action")  # fmt: skip
    assert table["early_start"].tolist() == [
        date(2027, 1, 4), date(2027, 1, 18), date(2027, 1, 18), date(2027, 2, 8),
    ]  # fmt: skip
    assert table.loc["d", "early_end"] == date(2027, 2, 14)
    assert table["float_days"].to_dict() == {"a": 0, "b": 14, "c": 0, "d": 0}
    assert table.index[table["critical"]].tolist() == ["a", "c", "d"]


def test_a_fair_does_not_move_and_says_what_comes_too_late():
    fair = ("fair", date(2027, 1, 20), date(2027, 1, 22), NAN, ["a"])
    table = schedule(plan(("a", date(2027, 1, 4), None, 2, []), fair)).set_index("action")
    assert table.loc["fair", "early_start"] == date(2027, 1, 20)
    assert table.loc["a", "float_days"] == 2 and table.loc["fair", "conflict"] == ""
    table = schedule(plan(("a", date(2027, 1, 4), None, 4, []), fair)).set_index("action")
    assert table.loc["fair", "conflict"] == "a"
    assert table.loc["a", "float_days"] == -12
    assert table.loc["fair", "float_days"] == 0 and table.loc["fair", "fixed"]


def test_an_earliest_day_holds_back_and_breaks_the_chain():
    table = schedule(
        plan(("a", date(2027, 1, 4), None, 1, []), ("b", date(2027, 6, 7), None, 1, ["a"]))
    ).set_index("action")
    assert table.loc["b", "early_start"] == date(2027, 6, 7)
    assert table.loc["a", "float_days"] == 147 and not table.loc["a", "critical"]


@st.composite
def plans(draw):
    count = draw(st.integers(1, 8))
    rows = []
    for i in range(count):
        after = draw(st.sets(st.integers(0, i - 1), max_size=3)) if i else set()
        start = date(2027, 1, 1)
        rows.append((f"a{i}", start, None, draw(st.integers(1, 9)), [f"a{j}" for j in after]))
    return plan(*rows)


@settings(max_examples=80, deadline=None)
@given(plans())
def test_length_is_the_longest_path_and_floats_can_be_used(frame):
    table = schedule(frame).set_index("action")
    rows = {row["action"]: row for row in frame.to_dict("records")}

    def longest(name):
        return 7 * rows[name]["weeks"] + max(map(longest, rows[name]["after"]), default=0)

    length = (table["early_end"].max() - date(2027, 1, 1)).days + 1
    assert length == max(map(longest, rows))
    path = table[table["critical"]]
    assert path["days"].sum() == length and (path["float_days"] == 0).all()
    # Using up one action's float changes nothing at the end; one day more does.
    for name, free in table["float_days"].items():
        for extra, later in ((0, 0), (1, 1)):
            moved = frame.copy()
            at = moved.index[moved["action"] == name][0]
            begin = table.loc[name, "early_start"].toordinal() + free + extra
            moved.loc[at, "start"] = date.fromordinal(begin)
            new = schedule(moved)["early_end"].max()
            assert (new - table["early_end"].max()).days == later


def test_a_circle_is_refused():
    with pytest.raises(ValueError, match="cycle"):
        schedule(plan(("a", date(2027, 1, 4), None, 1, ["b"]), ("b", None, None, 1, ["a"])))

"""Folders of editions: everything that changes a figure, and one rule for the month."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketintel.documents.engine.naming import LONGEST, check, edition_month, folder_name
from marketintel.errors import UsageError


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=6))
def test_any_question_has_a_folder_that_can_be_made(parts):
    name = folder_name("study", *parts)
    assert len(name) <= LONGEST
    check(name)


@given(st.text(max_size=200), st.text(max_size=200))
def test_two_questions_never_share_a_folder(one, other):
    if one != other:
        assert folder_name("study", one) != folder_name("study", other)


def test_short_names_can_be_read():
    assert folder_name("mission", "USA", "", None, "2026-11-22") == "mission-USA-2026-11-22"
    assert re.fullmatch(r"x-A_B-[0-9a-f]{8}", folder_name("x", "A+B"))


def test_the_month_is_that_of_the_latest_day():
    assert edition_month(["2026-11-22", "2026-10-01"]) == "2026-11"
    assert edition_month(["2026-11-22"], "2027-03-31") == "2027-03"
    assert edition_month(["2026-11-22"], "2026-01-31") == "2026-11"
    assert edition_month([], "2026-11-22") == "2026-11"
    with pytest.raises(UsageError, match="name its edition"):
        edition_month([])

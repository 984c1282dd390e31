"""Figures as words."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketintel.documents import prose as w
from marketintel.documents.engine.formats import show

NB = w.NBSP


@pytest.mark.parametrize(
    ("usd", "said"),
    [
        (38_712_345_678, f"USD{NB}38.7{NB}billion"),
        (1_029_392_405, f"USD{NB}1.03{NB}billion"),
        (433_464_528, f"USD{NB}433{NB}million"),
        (999_999_999, f"USD{NB}1,000{NB}million"),
        (-936_900_000, f"USD{NB}−937{NB}million"),
        (5_675_000_000, f"USD{NB}5.68{NB}billion"),
        (4_500, f"USD{NB}4.50{NB}thousand"),
        (12, f"USD{NB}12"),
        (0, f"USD{NB}0"),
        (math.nan, "an unknown amount"),
        (None, "an unknown amount"),
    ],
)  # fmt: skip
def test_money(usd, said) -> None:
    assert w.money(usd) == said


def test_small_is_not_zero() -> None:
    assert w.percent(0.02) == f"less than 0.1{NB}%"
    assert w.percent(0.0) == f"0.0{NB}%"
    assert w.percent(0.3, 0) == f"less than 1{NB}%"


def test_changes_say_their_direction() -> None:
    assert w.moved(4.24) == f"rose by 4.2{NB}%"
    assert w.moved(-16.61) == f"fell by 16.6{NB}%"
    assert w.moved(0.2) == f"hardly changed (+0.2{NB}%)"
    assert w.moved(math.nan) == "cannot be compared"
    assert w.points(-0.25) == f"−0.3{NB}points"
    assert w.change(None) == "not known"


RANKS = [(1, "first"), (10, "tenth"), (11, "11th"), (12, "12th"), (21, "21st"), (103, "103rd")]


@pytest.mark.parametrize(("rank", "said"), RANKS)
def test_ordinal(rank, said) -> None:
    assert w.ordinal(rank) == said


def test_listing_and_count() -> None:
    assert w.listing([]) == ""
    assert w.listing(["a"]) == "a"
    assert w.listing(["a", "b", "c"]) == "a, b and c"
    assert w.count(0, "segment") == "no segments"
    assert w.count(1, "segment") == "one segment"
    assert w.count(3, "country", "countries") == "3 countries"


def test_articles() -> None:
    assert w.the("United States") == "the United States"
    assert w.the("Japan") == "Japan"
    assert w.sentence(w.the("EU27")) == "The EU27"


@given(st.floats(1, 1e13))
def test_money_is_said_to_three_figures(usd) -> None:
    _, number, *word = w.money(usd).split(NB)
    size = {"billion": 1e9, "million": 1e6, "thousand": 1e3}[word[0]] if word else 1
    assert float(number.replace(",", "")) * size == pytest.approx(usd, rel=0.006, abs=0.5)


def test_halves_are_rounded_away_from_zero_wherever_figures_are_printed() -> None:
    """5.675 and 0.25 are halves as written; as binary numbers they lie below or to the even side."""
    assert w.words("fr")["money"](5_675_000_000) == f"5,68{NB}milliards USD"
    assert w.words("fr")["percent"](0.25) == f"0,3{NB}%"
    assert (w.percent(0.25), w.change(-0.05)) == (f"0.3{NB}%", f"−0.1{NB}%")
    assert (show(5_675_000_000, "usd_bn"), show(12.25, "pct"), show(0.5, "usd")) == (
        "5.68",
        "12.3",
        "1",
    )

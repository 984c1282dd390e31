"""Words for figures: amounts, changes, ranks and lists, the same in every document."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from marketintel.documents.engine.formats import fixed, is_missing

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "change",
    "clause",
    "count",
    "goods_of",
    "known",
    "listing",
    "low",
    "money",
    "moved",
    "ordinal",
    "percent",
    "persons",
    "place",
    "points",
    "sentence",
    "small",
    "the",
    "times",
    "without",
]

#: A no-break space: an amount is never torn from its unit at the end of a line.
NBSP = "\u00a0"
MINUS = "\u2212"


#: Names that take an article in a sentence.
_ARTICLE = (
    "EU27", "United ", "Netherlands", "Philippines", "Bahamas", "Gambia", "Maldives", "Seychelles",
    "Comoros", "Cayman Islands", "Faroe Islands", "Marshall Islands", "Solomon Islands",
    "Central African Republic", "Dominican Republic", "Democratic Republic",
)  # fmt: skip


def words(language: str = "en") -> dict[str, Callable[..., Any]]:
    """Return the words of :data:`__all__` in a language, by name.

    ``prose_XX.py`` beside this module holds those of language ``XX``; what it lacks is English.
    """
    found = {name: globals()[name] for name in __all__}
    if language != "en":
        other = import_module(f"{__name__}_{language}")
        found |= {name: getattr(other, name) for name in __all__ if hasattr(other, name)}
    return found


def the(name: str) -> str:
    """Say a country or group within a sentence: ``the United States``, ``Japan``."""
    return f"the {name}" if name.startswith(_ARTICLE) else name


def sentence(text: str) -> str:
    """Start with a capital, whatever the first word is."""
    return text[:1].upper() + text[1:]


def clause(text: str) -> str:
    """Turn a sentence into a clause after a colon; a name or an abbreviation keeps its capital."""
    lower = text[1:2].islower() and not text.startswith(_ARTICLE)
    return (text[:1].lower() + text[1:] if lower else text).rstrip(".")


#: What a frame hands out for a figure: a float, a NumPy scalar, NaN, pandas.NA or None.
Figure: TypeAlias = Any


def known(value: Figure) -> bool:
    """True if there is a figure to say."""
    return not is_missing(value)


def money(amount: Figure, currency: str = "USD") -> str:
    """Say an amount of money with three significant figures: ``USD 12.3 billion``."""
    if not known(amount):
        return "an unknown amount"
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if abs(amount) >= size:
            scaled = amount / size
            digits = max(0, 2 - math.floor(math.log10(abs(scaled))))
            return f"{currency}{NBSP}{_signed(fixed(scaled, digits))}{NBSP}{word}"
    return f"{currency}{NBSP}{_signed(fixed(amount, 0))}"


def percent(value: Figure, digits: int = 1) -> str:
    """Say a percentage: ``9.3 %``."""
    if not known(value):
        return "not known"
    smallest = 10.0**-digits
    if 0 < abs(value) < smallest / 2:  # a figure that is not zero is never said to be zero
        return f"less than {smallest:.{digits}f}{NBSP}%"
    return f"{_signed(fixed(value, digits, ''))}{NBSP}%"


def change(value: Figure, digits: int = 1) -> str:
    """Say a change in per cent with its sign: ``+4.2 %``."""
    if not known(value):
        return "not known"
    return f"{_signed(fixed(value, digits, '+'))}{NBSP}%"


def points(value: Figure, digits: int = 1) -> str:
    """Say a difference of percentages with its sign: ``+1.2 points``."""
    if not known(value):
        return "an unknown number of points"
    return f"{_signed(fixed(value, digits, '+'))}{NBSP}points"


def moved(value: Figure, digits: int = 1) -> str:
    """Say a change as a verb: ``rose by 4.2 %``, ``fell by 0.3 %``, ``hardly changed (+0.0 %)``."""
    if not known(value):
        return "cannot be compared"
    if abs(value) < 0.5:
        return f"hardly changed ({change(value, digits)})"
    return f"{'rose' if value > 0 else 'fell'} by {percent(abs(value), digits)}"


#: How each headline figure of :func:`marketintel.analysis.trade.decomposition.leave_one_out` is said.
_SAID: dict[Any, tuple[str, Callable[..., str]]] = {
    "change_usd": ("change of imports", money), "change_pct": ("imports", change),
    "share_pct": ("share", percent), "share_change_pp": ("share", points),
    "sold_change_usd": ("change of sales", money), "sold_change_pct": ("sales", change),
    "duty_pct": ("duty", percent), "duty_change_pp": ("duty", points),
}  # fmt: skip


def without(found: pd.DataFrame, names: Mapping[str, str], *measures: str) -> str:
    """Say headline figures beside themselves without the segment that makes over half of each.

    Parameters
    ----------
    found : DataFrame
        Result of :func:`marketintel.analysis.trade.decomposition.leave_one_out`.
    names : mapping of str to str
        Segment id to name.
    measures : str
        Of `found`; those that no segment moves by more than half are left out.

    Returns
    -------
    str
        ``; share +1.0 points without photovoltaics``; empty if no measure moves so far.
    """
    rows = found.loc[list(measures)]
    rows = rows[rows["moved"]]
    said = [
        f"{_SAID[measure][0]} {_SAID[measure][1](value)} without {clause(names[segment])}"
        for measure, segment, value in rows[["segment", "without"]].itertuples()
    ]
    return f"; {listing(said)}" if said else ""


def ordinal(rank: int) -> str:
    """Say a rank: ``first``, ``second``, … ``11th``."""
    words = (
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
    )
    if 1 <= rank <= len(words):
        return words[rank - 1]
    suffix = "th" if 10 <= rank % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{suffix}"


def listing(items: Sequence[str], last: str = "and") -> str:
    """Join names: ``a``, ``a and b``, ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def goods_of(names: Sequence[str], known: int) -> str:
    """Say which of the known segments a document is about: all, a few by name, or how many."""
    if len(names) == known:
        return "all photonics segments and their neighbours"
    return ", ".join(map(clause, names)) if len(names) < 4 else f"{len(names)} of {known} segments"


def count(number: int, one: str, many: str | None = None) -> str:
    """Say a number of things: ``one segment``, ``3 segments``."""
    if number == 1:
        return f"one {one}"
    return f"{number if number else 'no'} {many or one + 's'}"


def _signed(text: str) -> str:
    return text.replace("-", MINUS)


def times(lq: float) -> str:
    """Say a location quotient: ``1.4 times the European share``."""
    if lq >= 0.95:
        return f"{fixed(lq, 1)} times the European share"
    return f"{fixed(lq, 2)} of the European share"


def persons(number: float) -> str:
    """Say a number of persons to three significant figures."""
    if not known(number):
        return "an unknown number"
    size = max(len(str(int(number))) - 3, 0)
    return f"{round(number, -size):,.0f}"


def small(number: int) -> str:
    """Say a whole number up to ten as a word."""
    words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    return words[number] if number < len(words) else str(number)


def place(rank: int, size: int) -> str:
    """Say a rank within a list: ``13th of 67``."""
    suffix = "th" if 10 <= rank % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{suffix} of {size}"


def low(name: str) -> str:
    """Return a branch or segment within a sentence; LED stays LED."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]

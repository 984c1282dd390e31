"""Words for figures in French; see :mod:`marketintel.documents.prose`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from marketintel.documents.engine.formats import fixed
from marketintel.documents.prose import MINUS, NBSP, known

#: A narrow no-break space: between thousands and before signs such as ; and %.
THIN = "\u202f"


def money(usd: Any) -> str:
    """Return an amount of US dollars with three significant figures: ``12,3 milliards USD``."""
    if not known(usd):
        return "un montant inconnu"
    for size, word in ((1e9, "milliard"), (1e6, "million"), (1e3, "millier")):
        if abs(usd) >= size:
            scaled = usd / size
            digits = max(0, 2 - math.floor(math.log10(abs(scaled))))
            plural = "s" if abs(scaled) >= 2 else ""
            return f"{_number(scaled, digits)}{NBSP}{word}{plural} USD"
    return f"{_number(usd, 0)}{NBSP}USD"


def percent(value: Any, digits: int = 1) -> str:
    """Return a percentage: ``9,3 %``."""
    if not known(value):
        return "inconnu"
    smallest = 10.0**-digits
    if 0 < abs(value) < smallest / 2:
        return f"moins de {_number(smallest, digits)}{NBSP}%"
    return f"{_number(value, digits)}{NBSP}%"


def change(value: Any, digits: int = 1) -> str:
    """Return a change in per cent with its sign: ``+4,2 %``."""
    return f"{_number(value, digits, '+')}{NBSP}%" if known(value) else "inconnu"


def points(value: Any, digits: int = 1) -> str:
    """Return a difference of percentages with its sign: ``+1,2 points``."""
    return f"{_number(value, digits, '+')}{NBSP}points" if known(value) else "inconnu"


def moved(value: Any, digits: int = 1) -> str:
    """Return a change as a noun: ``hausse de 4,2 %``, ``baisse de 0,3 %``, ``stable (+0,0 %)``."""
    if not known(value):
        return "évolution inconnue"
    if abs(value) < 0.5:
        return f"stable ({change(value, digits)})"
    return f"{'hausse' if value > 0 else 'baisse'} de {percent(abs(value), digits)}"


def the(name: str) -> str:
    """Return a country's name; sentences are built so that it needs no article."""
    return name


def listing(items: Sequence[str], last: str = "et") -> str:
    """Join names: ``a``, ``a et b``, ``a, b et c``."""
    last = {"and": "et", "or": "ou"}.get(last, last)
    return f"{', '.join(items[:-1])} {last} {items[-1]}" if len(items) > 1 else "".join(items)


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number of things: ``1 segment``, ``3 segments``."""
    return f"{number or 'aucun'} {one if number < 2 else many or one + 's'}"


def ordinal(rank: int) -> str:
    """Return a rank: ``1er``, ``2e``."""
    return "1er" if rank == 1 else f"{rank}e"


def times(lq: float) -> str:
    """Return a location quotient: ``1,4 fois la part européenne``."""
    return f"{_number(lq, 1 if lq >= 0.95 else 2)}{NBSP}fois la part européenne"


def persons(number: float) -> str:
    """Return a number of persons to three significant figures."""
    if not known(number):
        return "un nombre inconnu"
    size = max(len(str(int(number))) - 3, 0)
    return _number(round(number, -size), 0)


def small(number: int) -> str:
    """Return a whole number up to ten as a word."""
    words = (
        "aucune",
        "une",
        "deux",
        "trois",
        "quatre",
        "cinq",
        "six",
        "sept",
        "huit",
        "neuf",
        "dix",
    )
    return words[number] if number < len(words) else str(number)


def place(rank: int, size: int) -> str:
    """Return a rank within a list: ``13e sur 67``."""
    return f"{ordinal(rank)} sur {size}"


def _number(value: float, digits: int, sign: str = "") -> str:
    text = fixed(value, digits, f"{sign},")
    return text.translate({ord(","): THIN, ord("."): ",", ord("-"): MINUS})

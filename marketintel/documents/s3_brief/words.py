"""How the brief says figures, in plain words, and how hard the text is to read."""

from __future__ import annotations

import re

from marketintel.documents import prose as w

#: Years of schooling that a text may ask for at most.
HARDEST_GRADE = 12.0

_SENTENCE_END = re.compile(r"[.!?](?:\s|$)|\n")
_WORD = re.compile(r"[A-Za-zÀ-ÿ]+(?:['’-][A-Za-zÀ-ÿ]+)*")
_VOWELS = re.compile(r"[aeiouyà-åè-ïò-öø-ý]+")


def times(lq: float) -> str:
    """Say a location quotient: ``1.4 times the European share``."""
    return f"{lq:.1f} times the European share" if lq >= 0.95 else f"{lq:.2f} of the European share"


def persons(number: float) -> str:
    """Say a number of persons to three significant figures."""
    if not w.known(number):
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


def reading_grade(text: str) -> float:
    """Return the Flesch–Kincaid grade level of a text: years of schooling needed to read it.

    0.39 · words/sentences + 11.8 · syllables/words − 15.59 (Kincaid, Fishburne, Rogers and Chissom
    1975, Research Branch Report 8-75, Naval Technical Training Command). A syllable is a group of
    vowels; a silent e at the end is none. A sentence ends at a full stop or with its line; colons
    and semicolons do not end it. Figures and markdown signs do not count.

    Parameters
    ----------
    text : str
        Prose, also with markdown.

    Raises
    ------
    ValueError
        The text has no words.
    """
    plain = re.sub(r"\\(.)", r"\1", text.replace("**", ""))
    pieces = [piece for piece in _SENTENCE_END.split(plain) if _WORD.search(piece)]
    spoken = _WORD.findall(plain)
    if not spoken:
        raise ValueError("a text without words has no reading grade")
    per_sentence = len(spoken) / len(pieces)
    return 0.39 * per_sentence + 11.8 * sum(map(_syllables, spoken)) / len(spoken) - 15.59


def _syllables(word: str) -> int:
    lower = word.lower()
    groups = len(_VOWELS.findall(lower))
    silent = lower.endswith("e") and not lower.endswith(("le", "ee", "ie")) and groups > 1
    return max(groups - silent, 1)

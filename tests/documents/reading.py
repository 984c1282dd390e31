"""How hard a text is to read."""

import re

#: Years of schooling that a text may ask for at most.
HARDEST_GRADE = 10.0

_SENTENCE_END = re.compile(r"[.!?](?:\s|$)|\n")
_WORD = re.compile(r"[A-Za-zÀ-ÿ]+(?:['’-][A-Za-zÀ-ÿ]+)*")
_VOWELS = re.compile(r"[aeiouyà-åè-ïò-öø-ý]+")


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

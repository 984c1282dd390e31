"""Eurostat's observation flags: confidential, absent, or unknown (no row is lost for one)."""

import re

#: Flags of a figure that exists and is not given: ``c`` of observations, and since January 2025 the
#: values C, N and P of CONF_STATUS (confidential, not for publication, primary confidentiality).
CONFIDENTIAL = frozenset({"c", "C", "N", "P"})
#: Flags of a cell in which no figure is expected: not available, missing, not applicable.
ABSENT = frozenset({":", "m", "z", "M", "Z", "F", "A", "nan", "None"})


def flags(status: object) -> set[str]:
    """Return the single flags of a status: ``p|C`` has p and C, ``bc`` has b and c."""
    if not isinstance(status, str):
        return set()
    observed, _, confidential = status.partition("|")
    words = [w for part in (observed, confidential) for w in re.split(r"[\s,;|]+", part) if w]
    return {f for word in words for f in (word if re.fullmatch(r"[a-z]+", word) else [word])}


def is_confidential(status: object) -> bool:
    """Return whether a status marks the figure as confidential."""
    return bool(flags(status) & CONFIDENTIAL)


def is_absent(status: object) -> bool:
    """Return whether a cell without a value is merely empty; with an unknown flag it is not."""
    return not flags(status) - ABSENT

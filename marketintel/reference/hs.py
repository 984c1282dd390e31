"""Revisions of the Harmonized System, the codes that exist in each, and how codes correspond."""

from __future__ import annotations

import csv
from functools import lru_cache

from marketintel.reference.files import REFERENCE_DIR

#: HS revisions, oldest first, and the year in which each entered into force.
HS_REVISIONS = {
    "HS1992": 1992, "HS1996": 1996, "HS2002": 2002, "HS2007": 2007,
    "HS2012": 2012, "HS2017": 2017, "HS2022": 2022,
}  # fmt: skip
REVISIONS = tuple(HS_REVISIONS)
LATEST = REVISIONS[-1]


def revisions_between(since: str, until: str) -> tuple[str, ...]:
    """Return the revisions from one to another, both included."""
    return REVISIONS[REVISIONS.index(since) : REVISIONS.index(until) + 1]


@lru_cache(maxsize=1)
def hs_codes() -> dict[str, frozenset[str]]:
    """Return the six-digit codes that exist, by revision (``reference/hs_codes.csv``)."""
    codes: dict[str, set[str]] = {revision: set() for revision in REVISIONS}
    with (REFERENCE_DIR / "hs_codes.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            for revision in revisions_between(row["since"], row["until"]):
                codes[revision].add(row["cmd_code"])
    return {revision: frozenset(found) for revision, found in codes.items()}

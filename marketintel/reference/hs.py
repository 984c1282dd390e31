"""Revisions of the Harmonized System, the codes that exist in each, and how codes correspond."""

from __future__ import annotations

import csv
from functools import lru_cache
from typing import TYPE_CHECKING

from marketintel.errors import DamagedDataError, UsageError
from marketintel.reference.countries import group_members
from marketintel.reference.files import REFERENCE_DIR

if TYPE_CHECKING:
    import pandas as pd

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


#: First calendar year in which a reporter's published statistics use a revision.
#: USA: in the Census exports 845610 (HS2012) ends in 2016-12 and 845611 (HS2017) begins in
#: 2017-01; 854140 (HS2017) ends in 2021-12 and 854141 (HS2022) begins in 2022-01, although the
#: US law took effect on 27 January 2022. Earlier revisions, and Canada's and the EU's, are those
#: of UN Comtrade's list of data sets, where each of them changes in the revision's own year
#: (the Combined Nomenclature and the Canadian tariff do so on 1 January).
_ON_TIME = {revision: year for revision, year in HS_REVISIONS.items() if year >= 1996}
_ADOPTED = {"USA": _ON_TIME, "CAN": _ON_TIME}
_ADOPTED_BY_GROUP = {"EU27": _ON_TIME}


def hs_revision_at(reporter: str, period: str) -> str:
    """Return the HS revision in which a reporter's statistics of a period are kept.

    Parameters
    ----------
    reporter : str
        ISO3.
    period : str
        ``"2021"`` or ``"2021-12"``.

    Raises
    ------
    UsageError
        Adoption dates of that reporter, or for that period, are not known.

    Examples
    --------
    >>> hs_revision_at("USA", "2021-12"), hs_revision_at("USA", "2022-01")
    ('HS2017', 'HS2022')
    """
    year = int(period[:4])
    groups = (dates for name, dates in _ADOPTED_BY_GROUP.items() if reporter in group_members(name))
    dates = _ADOPTED.get(reporter) or next(groups, {})
    adopted = [revision for revision, first in dates.items() if first <= year]
    if not adopted:
        raise UsageError(
            f"the HS revision {reporter} used in {period} is not known; "
            "add it to _ADOPTED in marketintel/reference/hs.py"
        )
    return adopted[-1]


def pad_hs(codes: pd.Series, digits: int = 6) -> pd.Series:
    """Return HS codes as text of ``digits`` digits, leading zeros restored.

    Raises
    ------
    DamagedDataError
        A code that is not a number or is too long.
    """
    text = codes.astype("str").str.strip().str.zfill(digits)
    wrong = text[~text.str.fullmatch(rf"\d{{{digits}}}")]
    if len(wrong):
        raise DamagedDataError(
            f"HS code {codes.loc[wrong.index[0]]!r} (row {wrong.index[0]}) is not a code of "
            f"{digits} digits; correct the source file"
        )
    return text

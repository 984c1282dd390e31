"""Earlier rows and new ones as one snapshot, without rows that break a rule."""

from collections.abc import Callable

import pandas as pd

from marketintel.errors import DamagedDataError

#: Rows of a part of a question, and the HS codes it was about.
Part = tuple[pd.DataFrame, set[str]]

#: A vintage of which so many halves are refused is not built upon at all.
_MOST_TRIES = 200


def sifted(frame: pd.DataFrame, admit: Callable[[pd.DataFrame], None]) -> pd.DataFrame:
    """Return the rows of ``frame`` that ``admit`` accepts, by halving what it refuses.

    Raises
    ------
    DamagedDataError
        So much of it is refused that it is the form, not a row, that is wrong.
    """
    tries = 0

    def good(part: pd.DataFrame) -> list[pd.DataFrame]:
        nonlocal tries
        tries += 1
        try:
            admit(part.reset_index(drop=True))
            return [part]
        except DamagedDataError:
            if tries > _MOST_TRIES:
                raise
        if len(part) < 2:
            return []
        middle = len(part) // 2
        return [*good(part.iloc[:middle]), *good(part.iloc[middle:])]

    kept = good(frame)
    return pd.concat(kept, ignore_index=True) if kept else frame.iloc[:0]


def merge(
    before: pd.DataFrame | None, new: pd.DataFrame, groups: tuple[str, ...], codes: set[str]
) -> pd.DataFrame:
    """Return earlier rows with those replaced that ``new`` is about.

    Parameters
    ----------
    before : DataFrame or None
        Rows of the vintage before.
    new : DataFrame
        Rows just fetched.
    groups : tuple of str
        A group is replaced only if ``new`` has rows of it: silence deletes nothing.
    codes : set of str
        Codes asked for, in rows that have a ``cmd_code``; rows of other codes stay.
    """
    if before is not None:
        answered = pd.MultiIndex.from_frame(new[list(groups)].drop_duplicates())
        replaced = pd.MultiIndex.from_frame(before[list(groups)]).isin(answered)
        if codes:
            # A shorter code asks for all codes that begin with it.
            replaced &= before["cmd_code"].str.startswith(tuple(codes)).to_numpy()
        columns = [*before.columns, *(c for c in new.columns if c not in before)]
        new = pd.concat([before[~replaced], new], ignore_index=True)[columns]
    return in_order(new)


def merged(held: pd.DataFrame | None, done: list[Part], groups: tuple[str, ...]) -> pd.DataFrame:
    """Return earlier rows with those replaced that each part is about.

    A part that was refused leaves the earlier rows of its codes as they are.
    """
    by_codes: dict[frozenset[str], list[pd.DataFrame]] = {}
    for rows, codes in done:
        by_codes.setdefault(frozenset(codes), []).append(rows)
    for about, frames in by_codes.items():
        held = merge(held, pd.concat(frames, ignore_index=True), groups, set(about))
    assert held is not None  # noqa: S101 - there is at least one part
    return held


#: What rows are sorted by, as far as they have it.
_ORDER = ("cmd_code", "indicator", "currency", "reporter", "economy", "nuts_id", "activity",
          "partner", "origin", "destination", "flow", "period")  # fmt: skip


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in the order in which snapshots hold them."""
    keys = [column for column in _ORDER if column in rows]
    return rows.sort_values(keys, kind="stable", ignore_index=True)

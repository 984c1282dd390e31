"""Merge of fetched rows with the rows of the vintage before."""

from collections.abc import Callable

import pandas as pd

from marketintel.errors import DamagedDataError

#: Rows of a part of a query, and the HS codes it was about.
Part = tuple[pd.DataFrame, set[str]]

#: A vintage of which so many halves are refused is not built upon at all.
_MOST_TRIES = 200

#: Sort columns of snapshots, as far as they have them.
_ORDER = ("cmd_code", "indicator", "currency", "reporter", "economy", "nuts_id", "activity",
          "partner", "origin", "destination", "flow", "period")  # fmt: skip


def sifted(frame: pd.DataFrame, admit: Callable[[pd.DataFrame], None]) -> pd.DataFrame:
    """Return the rows of ``frame`` that ``admit`` accepts, by halving the parts it refuses.

    Raises
    ------
    DamagedDataError
        So much of it is refused that its form is wrong, not a row.
    """
    tries = 0

    def accepted(part: pd.DataFrame) -> list[pd.DataFrame]:
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
        return [*accepted(part.iloc[:middle]), *accepted(part.iloc[middle:])]

    parts = accepted(frame)
    return pd.concat(parts, ignore_index=True) if parts else frame.iloc[:0]


def merge(
    before: pd.DataFrame | None, new: pd.DataFrame, groups: tuple[str, ...], codes: set[str]
) -> pd.DataFrame:
    """Return earlier rows with the groups of ``new`` replaced.

    Parameters
    ----------
    before : DataFrame or None
        Rows of the vintage before.
    new : DataFrame
        Rows just fetched.
    groups : tuple of str
        Columns of a group of rows, which is replaced only if ``new`` has rows of it.
    codes : set of str
        Codes requested, in rows that have a ``cmd_code``; rows of other codes stay.
    """
    if before is not None:
        answered = pd.MultiIndex.from_frame(new[list(groups)].drop_duplicates())
        replaced = pd.MultiIndex.from_frame(before[list(groups)]).isin(answered)
        if codes:
            # A shorter code stands for all codes that begin with it.
            replaced &= before["cmd_code"].str.startswith(tuple(codes)).to_numpy()
        columns = [*before.columns, *(c for c in new.columns if c not in before)]
        new = pd.concat([before[~replaced], new], ignore_index=True)[columns]
    return in_order(new)


def merged(held: pd.DataFrame | None, done: list[Part], groups: tuple[str, ...]) -> pd.DataFrame:
    """Return earlier rows with the groups of each part replaced.

    A part that was refused is not in ``done``, and the earlier rows of its codes stay.
    """
    by_codes: dict[frozenset[str], list[pd.DataFrame]] = {}
    for rows, codes in done:
        by_codes.setdefault(frozenset(codes), []).append(rows)
    for about, frames in by_codes.items():
        held = merge(held, pd.concat(frames, ignore_index=True), groups, set(about))
    assert held is not None  # noqa: S101 - there is at least one part
    return held


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in the order of snapshots."""
    keys = [column for column in _ORDER if column in rows]
    return rows.sort_values(keys, kind="stable", ignore_index=True)

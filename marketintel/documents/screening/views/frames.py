"""Help for the tables of a screening: columns that are printed, names of economies."""

from __future__ import annotations

from typing import Any

import pandas as pd

from marketintel.documents.ranking.screen import Screen


def printed(
    frame: pd.DataFrame, shown: str, hidden: str | None = None, **options: Any
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return a frame with the printed columns first, and options that hide the others.

    Parameters
    ----------
    shown, hidden : str
        Columns, separated by blanks; all others are hidden if `hidden` is None.
    options : object
        Of the table.
    """
    columns = shown.split()
    rest = [c for c in frame if c not in columns] if hidden is None else hidden.split()
    return frame[[*columns, *rest]], {"hide": rest, **options}


def named(screening: Screen, frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return a frame with names of economies in place of codes."""
    return frame.assign(
        **{c: frame[c].map(screening.name, na_action="ignore").astype("object") for c in columns}
    )


def with_name(screening: Screen, frame: pd.DataFrame, column: str = "market") -> pd.DataFrame:
    """Return a frame that begins with the name of each row's economy; an index becomes a column."""
    rows = frame if column in frame else frame.rename_axis(column).reset_index()
    names = rows[column].map(screening.name).astype("object")
    return pd.concat([names.rename("name"), rows], axis=1)

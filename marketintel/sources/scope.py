"""Check that an answer's rows are within the question."""

from collections.abc import Iterable

import pandas as pd

from marketintel.errors import SourceError
from marketintel.sources.formats.tidy import snippet


def asked(
    frame: pd.DataFrame,
    source: str,
    *,
    since: str | int | None = None,
    until: str | int | None = None,
    **allowed: Iterable[str],
) -> pd.DataFrame:
    """Return ``frame`` if all its rows were asked for.

    Parameters
    ----------
    frame : DataFrame
        Under a contract.
    source : str
        Named in the error.
    since, until : str or int, optional
        First and last year of ``period``.
    **allowed : iterable of str
        Column → its values; none means that every value was asked for.

    Raises
    ------
    SourceError
        A row is of another reporter, product, indicator or period.
    """
    strange = {}
    for column, values in allowed.items():
        if wanted := set(values):
            strange[column] = frame.loc[~frame[column].isin(wanted), column]
    if "period" in frame and (since or until):
        year = pd.to_numeric(frame["period"].str[:4], errors="coerce")
        within = year.between(int(str(since or 0)[:4]), int(str(until or 9999)[:4]))
        strange["period"] = frame.loc[~within, "period"]
    for column, rows in strange.items():
        if len(rows):
            raise SourceError(
                f"{source}: got {snippet(str(rows.iloc[0]), 40)}, which was not asked for as "
                f"{column}; the answer is damaged, or the provider's parameters changed"
            )
    return frame

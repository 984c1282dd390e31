"""Cut series at declared breaks, so that nothing is forecast across one.

A break is the first period of a new definition: a code that changed its content in an HS revision,
a reporter that changed its system. What lies before says nothing about what comes after, and is
dropped, not spliced (see ``docs/forecast.md``).
"""

from __future__ import annotations

import pandas as pd

from marketintel.errors import UsageError


def cut(panel: pd.DataFrame, breaks: pd.DataFrame) -> pd.DataFrame:
    """Keep of every series what follows its last declared break.

    Parameters
    ----------
    panel : DataFrame
        ``unique_id, ds, y`` and any other columns.
    breaks : DataFrame
        ``unique_id, ds, reason``: ``ds`` is the end of the *first* period after the break. Series
        may have several breaks or none; breaks of series that are not in the panel are ignored, as
        are breaks after the end of a series, which have not happened yet.

    Returns
    -------
    DataFrame
        The panel's rows with ``ds`` on or after the series' last break. Series that become too
        short are left in: :func:`~marketintel.analysis.forecast.engine.forecast` refuses them and
        says why.

    Raises
    ------
    UsageError
        A column is missing, or a break has no reason.
    """
    missing = {"unique_id", "ds", "reason"} - set(breaks.columns)
    if missing:
        raise UsageError(f"breaks lack {sorted(missing)}; they need unique_id, ds, reason")
    unexplained = breaks["reason"].isna() | (breaks["reason"].astype(str).str.strip() == "")
    if unexplained.any():
        first = breaks.loc[unexplained, "unique_id"].iloc[0]
        raise UsageError(f"the break of {first} has no reason; declare why the series breaks")
    if breaks.empty:
        return panel.reset_index(drop=True)
    ends = panel.groupby("unique_id")["ds"].max()
    happened = breaks["ds"] <= breaks["unique_id"].map(ends)
    if not happened.any():
        return panel.reset_index(drop=True)
    last = breaks[happened].groupby("unique_id")["ds"].max()
    start = panel["unique_id"].map(last)
    return panel[start.isna() | (panel["ds"] >= start)].reset_index(drop=True)

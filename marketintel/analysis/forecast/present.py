"""Forecast periods against the month of an edition: past, not known here, ahead, refused.

An edition is of the month in which its newest input was retrieved. Periods that end in that month
or before have happened: those after a series' last observation are *not known here*, and no
forecast of them is shown. What is asked lies after them, so the horizon counts from the last
observation over both; where it would pass the :data:`LIMIT`, the series is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from marketintel.analysis.forecast import combination
from marketintel.analysis.forecast.engine import forecast
from marketintel.analysis.forecast.panel import REFUSED_COLUMNS, STEP_MONTHS
from marketintel.errors import UsageError

LIMIT = {"A": 8, "Q": 12, "M": 24}
"""Most periods ahead of the last observation that the method is stated for (docs/forecast.md)."""

UNIT = {"A": "years", "Q": "quarters", "M": "months"}

OLD_PROJECTION_MONTHS = 18
"""A projection published longer before an edition carries a warning."""


def ordinal(month: str | pd.Timestamp) -> int:
    """Months since year 0 of a timestamp, or of text such as "2026-11".

    Raises
    ------
    UsageError
        The text is no month.
    """
    if isinstance(month, pd.Timestamp):
        return month.year * 12 + month.month - 1
    year, _, number = str(month)[:7].partition("-")
    if not (year.isdigit() and number.isdigit() and 1 <= int(number) <= 12):
        raise UsageError(f"{month!r} is no month; write it like 2026-11")
    return int(year) * 12 + int(number) - 1


def standing(
    panel: pd.DataFrame,
    asked: int,
    month: str,
    freq: str,
    fetch: str | Mapping[str, str] = "",
) -> pd.DataFrame:
    """Periods of each series that are not known here, and the horizon from its last figure.

    Parameters
    ----------
    panel : DataFrame
        ``unique_id, ds, y``.
    asked : int
        Periods wanted after the edition's month.
    month : str
        The edition's, such as "2026-11".
    freq : {"A", "Q", "M"}
    fetch : str or mapping of unique_id to str
        The command that brings newer data, for the reason.

    Returns
    -------
    DataFrame
        One row a series with an observation: ``unique_id, cutoff, not_known`` (periods),
        ``horizon`` (periods from the cutoff to the last asked), ``reason`` (why it is refused,
        else empty).
    """
    if freq not in LIMIT:
        raise UsageError(f"frequency {freq!r}; one of {', '.join(LIMIT)}")
    cutoff = panel.dropna(subset="y").groupby("unique_id", sort=True)["ds"].max()
    since = [(ordinal(month) - ordinal(ds)) // STEP_MONTHS[freq] for ds in cutoff]
    table = pd.DataFrame({"unique_id": cutoff.index, "cutoff": cutoff.to_numpy()})
    table["not_known"] = [max(periods, 0) for periods in since]
    table["horizon"] = table["not_known"] + asked
    commands = [
        fetch if isinstance(fetch, str) else fetch.get(str(u), "") for u in table["unique_id"]
    ]
    table["reason"] = [
        ""
        if horizon <= LIMIT[freq]
        else f"data end in {label(end, freq)}: {asked} {UNIT[freq]} after {month} are {horizon} "
        f"on, more than the {LIMIT[freq]} that forecasts hold for"
        + (f"; `{command}` brings newer data" if command else "")
        for horizon, end, command in zip(table["horizon"], cutoff, commands, strict=True)
    ]
    return table


def forecast_ahead(
    panel: pd.DataFrame,
    asked: int,
    month: str,
    levels: Sequence[int] = (80, 95),
    model: str | Iterable[str] = combination.NAME,
    *,
    freq: str = "A",
    fetch: str | Mapping[str, str] = "",
) -> pd.DataFrame:
    """Forecast the periods that follow an edition's month, fitted by statsmodels.

    Parameters
    ----------
    panel, asked, month, freq, fetch
        As of :func:`standing`.
    levels, model
        As of :func:`~marketintel.analysis.forecast.engine.forecast`.

    Returns
    -------
    DataFrame
        As of ``forecast``, without targets that are not known here; refusals of both kinds in
        ``attrs["refused"]``.
    """
    where = standing(panel, asked, month, freq, fetch)
    late = where.loc[where["reason"] != "", REFUSED_COLUMNS]
    models = [model] if isinstance(model, str) else list(model)
    kept = panel[~panel["unique_id"].isin(late["unique_id"])]
    horizons = dict(zip(where["unique_id"], where["horizon"], strict=True))
    parts = [
        forecast(rows, int(str(horizon)), levels, models, freq=freq, statsmodels=True)
        for horizon, rows in kept.groupby(kept["unique_id"].map(horizons).fillna(asked))
    ] or [forecast(kept, asked, levels, models, freq=freq)]
    made = pd.concat([part.copy() for part in parts], ignore_index=True)
    made = made[is_ahead(made["ds"], month)].reset_index(drop=True)
    made.attrs = {
        key: [row for part in parts for row in part.attrs[key]] for key in ("refused", "notes")
    }
    made.attrs["refused"] += late.to_dict("records")
    return made


def is_ahead(ds: pd.Series, month: str) -> pd.Series:
    """Return True for periods that end after an edition's month."""
    ahead: pd.Series = ds.dt.year * 12 + ds.dt.month - 1 > ordinal(month)
    return ahead


def is_old(vintage: str, month: str) -> bool:
    """Return True if a projection's vintage, such as "2022-10", is too old for an edition."""
    return ordinal(month) - ordinal(vintage) > OLD_PROJECTION_MONTHS


def label(ds: pd.Timestamp, freq: str) -> str:
    """Return a period's name: its year, or its month as "2021-01"."""
    return str(ds.year) if freq == "A" else f"{ds.year}-{ds.month:02d}"


def not_known(cutoff: pd.Timestamp, month: str, freq: str = "A") -> str:
    """Name the periods after a cutoff that are not known here: "2025", "2026-02 to 2026-11", ""."""
    step = STEP_MONTHS[freq]
    count = (ordinal(month) - ordinal(cutoff)) // step
    if count < 1:
        return ""
    first, last = (cutoff + pd.offsets.MonthEnd(step * k) for k in (1, count))
    ends = [label(first, freq), label(last, freq)]
    return ends[0] if count == 1 else " to ".join(ends)


def seen(cutoffs: pd.Series, month: str, freq: str = "A") -> str:
    """Say where figures end: "data end in 2024; 2025 is not known here"."""
    last, first = cutoffs.max(), cutoffs.min()
    ends = list(dict.fromkeys(label(end, freq) for end in (first, last)))
    gap = not_known(first, month, freq)
    said = f"data end in {' to '.join(ends)}"
    return f"{said}; {gap} {'are' if ' to ' in gap else 'is'} not known here" if gap else said

"""Shocks: abrupt, common to many series, and part of what happened.

A break (:mod:`~marketintel.analysis.forecast.breaks`) changes what a series counts, and is cut. A
shock does not, and is kept, in one way everywhere: its values stay in the series, the errors made
through it stay among those that calibrate intervals, it is shown where the series is drawn, and
errors are reported with and without it. Smoothing a shock away would need to know at each origin
how it ends, and makes intervals narrower than the past has been.

Shocks are declared (a frame ``shock, name, first, last, reporter, partner``) or detected.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from marketintel.analysis.forecast.panel import SEASON_LENGTH, STEP_MONTHS, _infer_freq

COMMON_SHARE = 0.6
"""Share of the series that must move the same way in one period."""

UNUSUAL = 1.5
"""Multiple of the usual spread of a series' changes from which a change is unusual."""

FEWEST_SERIES = 5
"""Detection needs so many series: of fewer, none is common."""


def touching(shocks: pd.DataFrame, series: pd.DataFrame) -> pd.DataFrame:
    """Match declared shocks with the series that they touch.

    Parameters
    ----------
    shocks : DataFrame
        ``shock, name, first, last, reporter, partner``; months as "YYYY-MM", ``*`` for any side,
        ``last`` missing while it lasts.
    series : DataFrame
        ``unique_id, reporter, partner, start, end``: the two sides of the trade (``WLD`` both for
        the world's) and the timestamps of the first and last period.

    Returns
    -------
    DataFrame
        ``unique_id, shock, name, start, end``: month ends between which the shock lies, cut to the
        series; one row for each shock that the series has lived through at least in part.
    """
    first = pd.PeriodIndex(shocks["first"], freq="M")
    last = pd.PeriodIndex(shocks["last"].fillna("2262-03"), freq="M")
    dated = shocks.assign(
        shock_start=_ends(first),
        shock_end=_ends(last),
    )
    pairs = series.merge(dated, how="cross", suffixes=("", "_of_shock"))
    sides = [
        (pairs[f"{side}_of_shock"] == "*") | (pairs[f"{side}_of_shock"] == pairs[side])
        for side in ("reporter", "partner")
    ]
    lived = (pairs["shock_start"] <= pairs["end"]) & (pairs["shock_end"] >= pairs["start"])
    found = pairs[sides[0] & sides[1] & lived]
    spans = pd.DataFrame(
        {
            "unique_id": found["unique_id"],
            "shock": found["shock"],
            "name": found["name"],
            "start": found[["shock_start", "start"]].max(axis=1),
            "end": found[["shock_end", "end"]].min(axis=1),
        }
    )
    # A shock may name a series' sides in two ways (USA-* and *-USA).
    return spans.drop_duplicates(["unique_id", "shock"], ignore_index=True)


def in_shock(rows: pd.DataFrame, spans: pd.DataFrame) -> pd.Series:
    """True where a row's target lies in a shock of its series.

    A year counts as in a shock where the shock holds at least three of its months.

    Parameters
    ----------
    rows : DataFrame
        ``unique_id, ds``, and ``cutoff`` where rows are forecasts.
    spans : DataFrame
        From :func:`touching`.
    """
    months = _months_of_period(rows)
    inside = pd.Series(False, index=rows.index)
    for _, spells in spans.groupby("shock"):
        span = spells.set_index("unique_id")[["start", "end"]]
        start, end = (_ordinal(rows["unique_id"].map(span[c])) for c in ("start", "end"))
        last = _ordinal(rows["ds"])
        shared = np.minimum(last, end) - np.maximum(last - months + 1, start) + 1
        inside |= shared >= np.minimum(months, 3)
    return inside


def detect(panel: pd.DataFrame) -> pd.DataFrame:
    """Find periods in which most series moved the same unusual way at once.

    The change of each series on the same period a year before, in logarithms, is measured against
    its own median change and median absolute deviation (times 1.4826). A period is a common shock
    where at least :data:`COMMON_SHARE` of :data:`FEWEST_SERIES` or more series changed by more than
    :data:`UNUSUAL` times their spread in one direction.

    Parameters
    ----------
    panel : DataFrame
        ``unique_id, ds, y`` of one frequency; zeros and gaps have no change.

    Returns
    -------
    DataFrame
        ``ds, direction`` ("down" or "up"), ``share`` (0 to 1), ``series``; in order of time.
    """
    wide = panel.pivot_table(index="ds", columns="unique_id", values="y")
    freq = _infer_freq(_ordinal(pd.Series(wide.index)).to_numpy(int))
    wide = wide.resample({"A": "YE", "Q": "QE", "M": "ME"}[freq]).asfreq() if freq != "A" else wide
    logs = wide.where(wide > 0).map(np.log, na_action="ignore")
    change = logs.diff(SEASON_LENGTH[freq])
    usual = change.median()
    spread = 1.4826 * (change - usual).abs().median()
    unusual = (change - usual) / spread.where(spread > 0)
    known = unusual.notna().sum(axis=1)
    found = []
    for direction, hit in (("down", unusual < -UNUSUAL), ("up", unusual > UNUSUAL)):
        share = hit.sum(axis=1) / known.where(known >= FEWEST_SERIES)
        common = share.index[share >= COMMON_SHARE]
        found += [(ds, direction, float(share[ds]), int(known[ds])) for ds in common]
    table = pd.DataFrame(found, columns=["ds", "direction", "share", "series"])
    table = table.astype({"ds": "datetime64[s]", "share": float, "series": int})
    return table.sort_values("ds", ignore_index=True)


def _ends(months: pd.PeriodIndex) -> pd.DatetimeIndex:
    return months.to_timestamp(how="end").normalize().as_unit("s")


def _ordinal(dates: pd.Series) -> pd.Series:
    months: pd.Series = dates.dt.year * 12 + dates.dt.month - 1
    return months


def _months_of_period(rows: pd.DataFrame) -> pd.Series:
    """Length of each row's period in months, from the distances between its series' dates."""
    month = _ordinal(rows["ds"])
    step = month.groupby(rows["unique_id"]).transform(_shortest)
    if "cutoff" in rows:  # a forecast of one step has no distance of its own
        ahead = month - _ordinal(rows["cutoff"])
        step = step.clip(upper=ahead.groupby(rows["unique_id"]).transform("min"))
    return step


def _shortest(months: pd.Series) -> int:
    distances = np.diff(np.unique(months.to_numpy()))
    return int(distances.min()) if distances.size else max(STEP_MONTHS.values())

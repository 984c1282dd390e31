"""Forecast errors in units that compare across series.

Definitions, for actuals ``y`` and forecasts ``f`` over one origin's horizon:

* **sMAPE** = mean of ``200 |y - f| / (|y| + |f|)``, percent (Makridakis & Hibon 2000).
* **MASE** = mean ``|y - f|`` over the mean absolute seasonal difference of the data before the
  origin (Hyndman & Koehler 2006).
* **OWA** = mean of sMAPE / sMAPE of naive2 and MASE / MASE of naive2, both averaged over series
  first (Makridakis, Spiliotis & Assimakopoulos 2020).
* **coverage**: percent of actuals inside the interval.
* **interval score** at level ``1 - a``: width plus ``2 / a`` times the overshoot (Gneiting &
  Raftery 2007); here over the MASE scale, the MSIS.
* **pinball**: mean quantile loss of the interval's two bounds, over the same scale.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from marketintel.analysis.forecast.models import BENCHMARK
from marketintel.analysis.forecast.panel import SEASON_LENGTH, STEP_MONTHS, _infer_freq
from marketintel.errors import MissingDataError, UsageError

MEASURES = ["smape", "mase", "owa", "coverage_pct", "interval_score", "pinball"]


def accuracy(
    forecasts: pd.DataFrame,
    panel: pd.DataFrame,
    by: Sequence[str] = ("model",),
    *,
    season_length: int | None = None,
    benchmark: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Score forecasts against what happened.

    Every measure is first averaged over the horizon of one series and origin, then over origins,
    then over series: each series counts once, whatever its length.

    Parameters
    ----------
    forecasts : DataFrame
        From ``backtest`` (or ``forecast``, once the targets are known).
    panel : DataFrame
        ``unique_id, ds, y`` with the actuals and the history before each cutoff. Forecasts whose
        target is not in it are left out.
    by : sequence of str
        Columns to report by: any of ``model, unique_id, cutoff, step`` (periods ahead), or columns
        that the caller added to ``forecasts``. ``level`` is always added.
    season_length : int, optional
        For the MASE scale; inferred from each series' frequency if not given.
    benchmark : DataFrame, optional
        Forecasts to compare OWA with; by default the rows of ``forecasts`` whose model is
        ``naive2``. Without either, ``owa`` is missing.

    Returns
    -------
    DataFrame
        ``*by, level, series, forecasts, smape, mase, owa, coverage_pct, interval_score, pinball``.
        ``mase`` is missing where the history never changed: its scale would be zero. No rows if
        there are no forecasts.

    Raises
    ------
    MissingDataError
        No forecast has a known target.
    """
    unknown = set(by) - {*forecasts.columns, "step"}
    if unknown:
        raise UsageError(f"cannot report by {sorted(unknown)}: not columns of the forecasts")
    keys = list(dict.fromkeys([*by, "level"]))
    if forecasts.empty:
        return pd.DataFrame(columns=[*keys, "series", "forecasts", *MEASURES])
    scored = score(forecasts, panel, season_length=season_length)
    table = _averaged(scored, keys)
    if benchmark is not None:
        base = score(benchmark, panel, season_length=season_length)
    else:
        base = scored[scored["model"] == BENCHMARK]
    shared = [key for key in keys if key not in ("model", "level")]
    return _with_owa(table, base, shared)[[*keys, "series", "forecasts", *MEASURES]]


def score(
    forecasts: pd.DataFrame, panel: pd.DataFrame, *, season_length: int | None = None
) -> pd.DataFrame:
    """Each forecast beside its actual, with its errors: the rows that :func:`accuracy` averages.

    Adds ``y, step, scale, smape, mase, coverage_pct, interval_score, pinball`` to the forecasts.
    """
    actual = panel[["unique_id", "ds", "y"]].dropna()
    actual = actual.drop_duplicates(["unique_id", "ds"], keep=False)  # refused: which one is true?
    rows = forecasts.merge(actual, on=["unique_id", "ds"], how="inner", validate="many_to_one")
    if rows.empty:
        raise MissingDataError("no forecast has a known target: pass a panel that covers them")
    origins = rows[["unique_id", "cutoff"]].drop_duplicates()
    rows = rows.merge(_scales(origins, actual, season_length), on=["unique_id", "cutoff"])
    error = (rows["y"] - rows["mean"]).abs()
    total = rows["y"].abs() + rows["mean"].abs()
    rows["smape"] = np.where(total > 0, 200 * error / total.where(total > 0, 1.0), 0.0)
    rows["mase"] = error / rows["scale"]
    tail = 1 - rows["level"] / 100
    below = (rows["lo"] - rows["y"]).clip(lower=0)
    above = (rows["y"] - rows["hi"]).clip(lower=0)
    rows["coverage_pct"] = 100.0 * ((below == 0) & (above == 0))
    width = rows["hi"] - rows["lo"]
    rows["interval_score"] = (width + 2 / tail * (below + above)) / rows["scale"]
    rows["pinball"] = rows["interval_score"] * tail / 4
    return rows


def _scales(origins: pd.DataFrame, actual: pd.DataFrame, season_length: int | None) -> pd.DataFrame:
    """``unique_id, cutoff, scale, step_months``: MASE denominator of every series and origin."""
    actual = actual.sort_values(["unique_id", "ds"], kind="stable")
    months = actual["ds"].dt.year.to_numpy() * 12 + actual["ds"].dt.month.to_numpy() - 1
    groups = actual.groupby("unique_id", sort=False).indices
    values, dates = actual["y"].to_numpy(), actual["ds"].to_numpy("datetime64[s]")
    scales, steps = [], []
    for unique_id, cutoff in zip(origins["unique_id"], origins["cutoff"], strict=True):
        at = groups[unique_id]
        freq = _infer_freq(months[at])
        m = season_length or SEASON_LENGTH[freq]
        history = values[at][dates[at] <= np.datetime64(cutoff, "s")]
        history = history[np.argmax(history != 0) :]
        moves = np.abs(history[m:] - history[:-m])
        scales.append(moves.mean() if moves.size and moves.any() else np.nan)
        steps.append(STEP_MONTHS[freq])
    return origins.assign(scale=scales, step_months=steps)


def _averaged(scored: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    months = (scored["ds"].dt.year - scored["cutoff"].dt.year) * 12
    months += scored["ds"].dt.month - scored["cutoff"].dt.month
    scored = scored.assign(step=months // scored["step_months"])
    measures = [m for m in MEASURES if m != "owa"]
    origin_keys = list(dict.fromkeys([*keys, "unique_id", "cutoff"]))
    per_origin = scored.groupby(origin_keys, sort=False)[measures].mean().reset_index()
    series_keys = list(dict.fromkeys([*keys, "unique_id"]))
    means = per_origin.groupby(series_keys, sort=False)[measures].mean().reset_index()
    table = means.groupby(keys, sort=True)[measures].mean()
    table["series"] = means.groupby(keys, sort=True)["unique_id"].nunique()
    table["forecasts"] = scored.groupby(keys, sort=True)["y"].size()
    return table.reset_index()


def _with_owa(table: pd.DataFrame, base: pd.DataFrame, shared: list[str]) -> pd.DataFrame:
    if base.empty:
        return table.assign(owa=np.nan)
    one_level = base[base["level"] == base["level"].min()]
    naive = _averaged(one_level, [*shared, "level"]).drop(columns="level")
    naive = naive[[*shared, "smape", "mase"]].rename(
        columns={"smape": "smape_base", "mase": "mase_base"}
    )
    merged = table.merge(naive, on=shared) if shared else table.merge(naive, how="cross")
    owa = (merged["smape"] / merged["smape_base"] + merged["mase"] / merged["mase_base"]) / 2
    return merged.assign(owa=owa)

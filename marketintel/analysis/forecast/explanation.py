"""Members that carried a forecast, and its errors at the last origins."""

from __future__ import annotations

import numpy as np
import pandas as pd

from marketintel.analysis.forecast import combination
from marketintel.analysis.forecast.engine import forecast
from marketintel.analysis.forecast.panel import screen
from marketintel.analysis.forecast.scores import score

ERRORS = ["unique_id", "cutoff", "ds", "model", "y", "mean", "error_pct"]


def last_errors(tested: pd.DataFrame, panel: pd.DataFrame) -> pd.DataFrame:
    """Return errors at the furthest target of each origin with a known outcome.

    Parameters
    ----------
    tested : DataFrame
        From ``backtest``, with the level 95.
    panel : DataFrame
        ``unique_id, ds, y``.

    Returns
    -------
    DataFrame
        ``unique_id, cutoff, ds, model, y, mean, error_pct``: forecast minus outcome in per cent of
        the outcome; missing where that is zero. No rows if nothing was tested.
    """
    if tested.empty:
        return pd.DataFrame(columns=ERRORS)
    furthest = tested.groupby(["unique_id", "cutoff"])["ds"].transform("max")
    rows = score(tested[(tested["ds"] == furthest) & (tested["level"] == 95)], panel)
    outcome = rows["y"].where(rows["y"] != 0)
    return rows.assign(error_pct=100 * (rows["mean"] - rows["y"]) / outcome)[ERRORS]


def member_weights(panel: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Return the share of the default forecast's path that each member carried.

    Parameters
    ----------
    panel : DataFrame
        ``unique_id, ds, y``, as given to ``forecast`` (cut at breaks).
    horizon : int
        Periods ahead.

    Returns
    -------
    DataFrame
        ``unique_id, model, weight_pct, mean_end``: for years the member's weight, of a median of
        four half of every step for each of the middle two; and the member's own forecast at the
        last target.
    """
    held = dict.fromkeys(name for members in combination.MEMBERS.values() for name in members)
    members = forecast(panel, horizon, (95,), held)
    columns = ["unique_id", "model", "weight_pct", "mean_end"]
    parts = []
    for batch in screen(panel).batches:
        paths = members[members["unique_id"].isin(batch.ids)]
        paths = paths.set_index(["unique_id", "ds", "model"])["mean"].unstack()  # noqa: PD010
        paths = paths[list(combination.MEMBERS[batch.freq])]
        order = np.argsort(np.argsort(paths.to_numpy(), axis=1, kind="stable"), axis=1)
        count = paths.shape[1]
        middle = {(count - 1) // 2, count // 2}
        carried = np.isin(order, list(middle)) / len(middle)
        if batch.freq == "A":
            carried = np.tile(list(combination.WEIGHTS.values()), (len(paths), 1))
        share = pd.DataFrame(carried, index=paths.index, columns=paths.columns)
        share = share.groupby("unique_id").mean()
        weight = (100 * share).stack()  # noqa: PD013
        ends = paths.groupby("unique_id").last().stack()  # noqa: PD013
        found = pd.DataFrame({"weight_pct": weight, "mean_end": ends.reindex(weight.index)})
        parts.append(found.rename_axis(["unique_id", "model"]).reset_index())
    table = pd.concat(parts) if parts else pd.DataFrame(columns=columns)
    return table.sort_values(["unique_id", "model"], ignore_index=True)[columns]

"""Members that carried a forecast, and its errors at the last origins."""

from __future__ import annotations

import numpy as np
import pandas as pd

from marketintel.analysis.forecast import combination
from marketintel.analysis.forecast.models import fit_models
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
    from marketintel.analysis.forecast.members import MODELS

    columns = ["unique_id", "model", "weight_pct", "mean_end"]
    parts = []
    for batch in screen(panel).batches:
        members = combination.MEMBERS[batch.freq]
        fits = fit_models(batch, horizon, members, MODELS)
        paths = np.maximum(np.stack([fits[name].mean for name in members], axis=2), 0.0)
        order = np.argsort(np.argsort(paths, axis=2, kind="stable"), axis=2)
        middle = {(len(members) - 1) // 2, len(members) // 2}
        share = (np.isin(order, list(middle)) / len(middle)).mean(axis=1)
        if batch.freq == "A":
            share = np.tile(list(combination.WEIGHTS.values()), (len(batch), 1))
        parts.append(
            pd.DataFrame(
                {
                    "unique_id": np.repeat(batch.ids, len(members)),
                    "model": np.tile(members, len(batch)),
                    "weight_pct": 100 * share.ravel(),
                    "mean_end": paths[:, -1].ravel(),
                }
            )
        )
    table = pd.concat(parts) if parts else pd.DataFrame(columns=columns)
    return table.sort_values(["unique_id", "model"], ignore_index=True)[columns]

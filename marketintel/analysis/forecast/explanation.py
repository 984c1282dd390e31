"""Why a forecast says what it says: which models carried it, and how wrong it has been."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from marketintel.analysis.forecast import combination
from marketintel.analysis.forecast.engine import backtest, forecast
from marketintel.analysis.forecast.panel import screen
from marketintel.analysis.forecast.scores import MEASURES, accuracy, score

BESIDE = ("naive", "drift")
"""Benchmarks that stand beside every explanation."""


@dataclass(frozen=True)
class Explanation:
    """What readers are shown next to a forecast.

    Attributes
    ----------
    weights : DataFrame
        ``unique_id, model, weight_pct, mean_end``: the share of the combination's path that each
        member carried (for years its weight; of a median of four the middle two carry half of
        every step each), and the member's own forecast at the last target.
    errors : DataFrame
        ``unique_id, cutoff, ds, model, y, mean, error_pct``: the last origins with a known outcome,
        at the furthest target; forecast minus outcome in percent of the outcome.
    accuracy : DataFrame
        ``unique_id, model, level, …`` as from
        :func:`~marketintel.analysis.forecast.scores.accuracy` over the same origins, the default
        beside naive and drift.
    """

    weights: pd.DataFrame
    errors: pd.DataFrame
    accuracy: pd.DataFrame


ERRORS = ["unique_id", "cutoff", "ds", "model", "y", "mean", "error_pct"]


def explain(panel: pd.DataFrame, horizon: int, origins: int = 5) -> Explanation:
    """Explain the default forecast of every series.

    Parameters
    ----------
    panel : DataFrame
        ``unique_id, ds, y``, as given to ``forecast`` (cut at breaks).
    horizon, origins : int
        As in ``backtest``. Series too short for an origin have weights but no errors.
    """
    held = dict.fromkeys(name for members in combination.MEMBERS.values() for name in members)
    tested = backtest(panel, horizon, origins, (80, 95), [combination.NAME, *BESIDE])
    weights = _weights(forecast(panel, horizon, (95,), held), panel)
    if tested.empty:
        scores = ["unique_id", "model", "level", "series", "forecasts", *MEASURES]
        return Explanation(weights, pd.DataFrame(columns=ERRORS), pd.DataFrame(columns=scores))
    furthest = tested.groupby(["unique_id", "cutoff"])["ds"].transform("max")
    rows = score(tested[(tested["ds"] == furthest) & (tested["level"] == 95)], panel)
    outcome = rows["y"].where(rows["y"] != 0)
    rows["error_pct"] = 100 * (rows["mean"] - rows["y"]) / outcome
    errors = rows[ERRORS]
    return Explanation(weights, errors, accuracy(tested, panel, by=["unique_id", "model"]))


def _weights(members: pd.DataFrame, panel: pd.DataFrame) -> pd.DataFrame:
    """Share of each member: for years its weight, else the middle two of every step."""
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

"""Spread the fitting of many series over processes or machines with joblib.

Off unless the caller asks for it, because one process fits thousands of short series in seconds::

    import joblib

    with joblib.parallel_config(n_jobs=2):
        forecast(panel, horizon=5)

joblib's backends decide where the work is done. A Dask cluster is one of them, for panels that one
machine cannot hold (``dask`` and ``distributed`` are not installed by default)::

    from distributed import Client

    with Client("tcp://scheduler:8786"), joblib.parallel_config(backend="dask"):
        forecast(panel, horizon=5)

Only the models are fitted apart. Series do not know of each other there, so the result does not
depend on how many workers there are; intervals, which pool errors over the panel, are calibrated
afterwards in one place. Of each fit only the forecast and its scale travel back, not the fitted
values: over a network these would cost more than the fitting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from marketintel.analysis.forecast import intervals
from marketintel.analysis.forecast.models import fit_models
from marketintel.analysis.forecast.panel import Batch

FEWEST_ROWS = 500
"""Rows below which a part is not worth sending anywhere."""


@dataclass(frozen=True)
class Scaled:
    """What one model says of a batch: ``mean`` and the ``scale`` of its errors, both (n, h)."""

    mean: np.ndarray
    scale: np.ndarray


def fit(batch: Batch, horizon: int, names: Sequence[str]) -> dict[str, Scaled]:
    """Fit the named models, in as many parts as joblib's active configuration has workers.

    Parameters as of :func:`~marketintel.analysis.forecast.models.fit_models`.
    """
    from joblib import Parallel, delayed, effective_n_jobs

    parts = min(effective_n_jobs(None), len(batch) // FEWEST_ROWS)
    if parts < 2:
        return _scaled(batch, horizon, names)
    rows = np.array_split(np.arange(len(batch)), parts)
    tasks = (delayed(_scaled)(_part(batch, some), horizon, names) for some in rows)
    fitted: list[dict[str, Scaled]] = Parallel()(tasks)
    return {name: _joined([part[name] for part in fitted]) for name in fitted[0]}


def _scaled(batch: Batch, horizon: int, names: Sequence[str]) -> dict[str, Scaled]:
    return {
        name: Scaled(
            fit.mean,
            intervals.scale_of(
                batch.y, fit.fitted, batch.valid, np.broadcast_to(fit.spread, fit.mean.shape)
            ),
        )
        for name, fit in fit_models(batch, horizon, names).items()
    }


def _part(batch: Batch, rows: np.ndarray) -> Batch:
    """Some rows with the padding kept, so that no figure depends on how they were divided."""
    return replace(
        batch,
        ids=batch.ids[rows],
        y=batch.y[rows],
        length=batch.length[rows],
        last=batch.last[rows],
    )


def _joined(parts: Sequence[Scaled]) -> Scaled:
    return Scaled(
        np.concatenate([part.mean for part in parts]),
        np.concatenate([part.scale for part in parts]),
    )

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

No series sees another, so the result does not depend on how many workers there are. Of each fit
only the forecast and its scale travel back, not the fitted
values: over a network these would cost more than the fitting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from marketintel.analysis.forecast import intervals
from marketintel.analysis.forecast.models import Model, fit_models
from marketintel.analysis.forecast.panel import Batch
from marketintel.analysis.forecast.seasonal import adjust

FEWEST_ROWS = 500
"""Rows below which a part is not worth sending anywhere."""

MOST_ROWS = 1024
"""Rows of one part: working arrays stay in the processor's cache, whatever the panel's size."""


@dataclass(frozen=True)
class Scaled:
    """Forecast of a batch by one model: ``mean`` and the ``scale`` of its errors, both (n, h)."""

    mean: np.ndarray
    scale: np.ndarray


def fit(batch: Batch, horizon: int, names: Sequence[str]) -> dict[str, Scaled]:
    """Fit the named models, in as many parts as joblib's active configuration has workers.

    Parameters as of :func:`~marketintel.analysis.forecast.models.fit_models`.
    """
    from joblib import Parallel, delayed, effective_n_jobs

    jobs = min(effective_n_jobs(None), len(batch) // FEWEST_ROWS)
    parts = [
        batch.take(rows)
        for rows in np.array_split(np.arange(len(batch)), max(jobs, -(-len(batch) // MOST_ROWS)))
    ]
    if jobs < 2:
        return _joined([scaled(part, horizon, names) for part in parts])
    return _joined(Parallel()(delayed(scaled)(part, horizon, names) for part in parts))


def scaled(
    batch: Batch,
    horizon: int,
    names: Sequence[str],
    replaced: Mapping[str, Model] | None = None,
) -> dict[str, Scaled]:
    """Fit the named models in this process; ``replaced`` as of ``fit_models``."""
    growing = intervals.profile(adjust(batch).batch, horizon)
    return {
        name: Scaled(fit.mean, intervals.scale_of(batch, fit.fitted, fit.mean, fit.spread, growing))
        for name, fit in fit_models(batch, horizon, names, replaced).items()
    }


def _joined(parts: Sequence[dict[str, Scaled]]) -> dict[str, Scaled]:
    return {
        name: Scaled(
            np.concatenate([part[name].mean for part in parts]),
            np.concatenate([part[name].scale for part in parts]),
        )
        for name in parts[0]
    }

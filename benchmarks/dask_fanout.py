"""Forecasts on a Dask cluster of two processes: the same figures, and what the way there costs.

    python benchmarks/dask_fanout.py [SERIES]

Needs `distributed`, which the project does not install. Times one process, joblib's own workers
and a LocalCluster on the same annual series, the default model and the whole pool.
"""

from __future__ import annotations

import contextlib
import sys
import time

import joblib
import pandas as pd
from forecast_speed import HORIZON, panel

from marketintel.analysis.forecast import forecast
from marketintel.analysis.forecast.models import MODELS

WORKERS, WARM_UP = 2, 1_000


def timed(
    data: pd.DataFrame, where: contextlib.AbstractContextManager[object]
) -> dict[str, object]:
    """Seconds of both runs, workers warm, and the frames they gave."""
    found: dict[str, object] = {}
    with where:
        forecast(panel(WARM_UP), HORIZON)
        for label, models in (("default", "combination"), ("pool", MODELS)):
            start = time.perf_counter()
            found[f"{label} frame"] = forecast(data, HORIZON, model=models)
            found[label] = time.perf_counter() - start
    return found


def main() -> None:
    from distributed import Client, LocalCluster

    data = panel(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
    alone = timed(data, contextlib.nullcontext())
    runs = {"one process": alone}
    runs["joblib"] = timed(data, joblib.parallel_config(n_jobs=WORKERS))
    cluster = LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None)
    with cluster, Client(cluster):
        runs["dask"] = timed(data, joblib.parallel_config(backend="dask"))
    for name, run in runs.items():
        for label in ("default", "pool"):
            pd.testing.assert_frame_equal(
                alone[f"{label} frame"], run[f"{label} frame"], rtol=1e-10
            )
        print(f"{name:12} default {run['default']:5.1f} s, pool {run['pool']:5.1f} s")


if __name__ == "__main__":
    main()

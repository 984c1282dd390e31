"""Fan-out: the same figures however many workers there are."""

import importlib.util

import joblib
import pandas as pd
import pytest

from marketintel.analysis.forecast import backtest, fanout, forecast
from marketintel.analysis.forecast.models import MODELS


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_workers_do_not_change_the_forecast(walk, monkeypatch, backend):
    monkeypatch.setattr(fanout, "FEWEST_ROWS", 3)
    panel = walk(n=9)
    alone = forecast(panel, 3, model=MODELS)
    with joblib.parallel_config(backend=backend, n_jobs=2):
        together = forecast(panel, 3, model=MODELS)
    pd.testing.assert_frame_equal(alone, together, rtol=1e-10)


def test_the_work_is_really_divided(walk, monkeypatch):
    monkeypatch.setattr(fanout, "FEWEST_ROWS", 3)
    sizes = []
    fit_models = fanout.fit_models
    monkeypatch.setattr(
        fanout,
        "fit_models",
        lambda batch, *rest: sizes.append(len(batch)) or fit_models(batch, *rest),
    )
    with joblib.parallel_config(backend="threading", n_jobs=3):
        backtest(walk(n=4, length=16), 2, origins=2)
    assert len(sizes) == 3
    assert max(sizes) - min(sizes) <= 1


def test_small_panels_stay_in_this_process(walk, monkeypatch):
    monkeypatch.setattr(joblib, "Parallel", None)  # calling it would fail
    with joblib.parallel_config(n_jobs=2):
        assert len(forecast(walk(2), 1, [80])) == 2


@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="dask not installed")
def test_a_dask_cluster_may_do_it(walk, monkeypatch):
    from distributed import Client

    monkeypatch.setattr(fanout, "FEWEST_ROWS", 3)
    panel = walk(n=9)
    alone = forecast(panel, 3)
    cluster = {"n_workers": 1, "threads_per_worker": 2, "dashboard_address": None}
    with Client(processes=False, **cluster), joblib.parallel_config(backend="dask"):
        assert joblib.effective_n_jobs(None) == 2
        together = forecast(panel, 3)
    pd.testing.assert_frame_equal(alone, together, rtol=1e-10)

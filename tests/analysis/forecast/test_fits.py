"""Results of statsmodels behind the forecasts at the last origin."""

import pickle

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.arima.model import ARIMA

from marketintel.analysis.forecast import fits, fitted_models, forecast, models
from marketintel.analysis.forecast.members import MODELS, OWN
from marketintel.analysis.forecast.panel import screen
from tests.analysis.forecast.conftest import annual


@pytest.fixture
def monthly() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    t = np.arange(72)
    y = (100 + t + np.cumsum(rng.normal(0, 3, 72))) * (1 + 0.2 * np.sin(2 * np.pi * t / 12))
    ends = pd.date_range("2015-01-31", periods=72, freq="ME").as_unit("s")
    return pd.DataFrame({"unique_id": "m", "ds": ends, "y": y})


def batch(panel: pd.DataFrame):
    return screen(panel).batches[0]


def test_drift_and_its_error_are_those_of_an_integrated_model(walk):
    panel = walk(1)
    found = fits.results(batch(panel), "rwdrift")[0]
    y = panel["y"].to_numpy()
    expected = ARIMA(y / found.unit, order=(0, 1, 0), trend="t").fit()
    assert found.parameters["drift"] == pytest.approx(expected.params[0], rel=1e-4)
    changes = np.diff(y) / found.unit
    error = changes.std(ddof=1) / np.sqrt(len(changes))
    assert found.standard_errors["drift"] == pytest.approx(error, rel=1e-6)
    np.testing.assert_allclose(found.mean[:3], y[-1] + (y[-1] - y[0]) / 19 * np.arange(1, 4))


@pytest.mark.parametrize("kind", ["llevel", "theta", "ANN", "AAN", "AAdN", "rwalk", "rwdrift"])
def test_a_result_holds_what_an_expert_looks_for_and_can_be_stored(walk, kind):
    found = fits.results(batch(walk(1, 25)), kind)[0]
    assert found.refusal == ""
    assert found.converged
    assert set(found.standard_errors) == set(found.parameters)
    assert all(0 <= p <= 1 for p in found.tests.values())
    likelihood = [found.log_likelihood, found.aic, found.aicc, found.bic]
    assert np.isfinite(likelihood).all() == (kind != "theta")
    assert len(pickle.dumps(found)) < 6000


def test_tests_of_errors_find_what_is_wrong_with_them():
    rng = np.random.default_rng(2)
    t = np.arange(120)
    noisy = 1000 + rng.normal(0, 1, 120) * np.where(t < 60, 1, 12)
    waves = 1000 + 50 * np.sin(2 * np.pi * t / 15) + np.cumsum(rng.normal(0, 1, 120))
    jump = 1000 + rng.normal(0, 1, 120) + 80 * (t == 80)
    series = {"heteroskedasticity": noisy, "ljung_box": waves, "normality": jump}
    for name, y in series.items():
        assert fits.results(batch(annual("a", list(y), 1900)), "llevel")[0].tests[name] < 0.01
    calm = 1000 + np.cumsum(rng.normal(0, 1, 120))
    assert min(fits.results(batch(annual("a", list(calm), 1900)), "rwalk")[0].tests.values()) > 0.01


def test_both_maxima_of_a_local_level_are_tried():
    for seed in range(6):
        rng = np.random.default_rng(seed)
        y = 100 + rng.normal(0, 5, 13)
        found = fits.results(batch(annual("a", list(y))), "llevel")[0]
        model = fits._components((y - y[0]) / found.unit, "llevel")
        mesh = [model.loglike([s, q * s]) for s in np.geomspace(0.05, 8, 60)
                for q in (0, 0.01, 0.1, 0.5, 2, 10, 100)]  # fmt: skip
        assert found.log_likelihood >= max(mesh) - 1e-3


def test_the_same_alone_in_company_and_at_any_horizon(walk, monthly):
    both = pd.concat([walk(3), monthly])
    for name in ("s1", "m"):
        whole = forecast(both, 6, (80,), statsmodels=True).query("unique_id == @name")
        fits._kept.clear()
        alone = forecast(both[both["unique_id"] == name], 4, (80,), statsmodels=True)
        assert alone["mean"].tolist() == whole["mean"].tolist()[:4]
        assert alone["hi"].tolist() == whole["hi"].tolist()[:4]


def test_each_series_is_fitted_once(walk, monkeypatch):
    fits._kept.clear()
    panel, calls, real = walk(3), [], fits._fitted
    monkeypatch.setattr(fits, "_fitted", lambda *a: calls.append(a[1]) or real(*a))
    forecast(panel, 5, model=["combination", "drift", "naive"], statsmodels=True)
    forecast(panel, 3, statsmodels=True)
    fitted_models(panel)
    assert sorted(calls) == sorted(3 * ["llevel", "rwdrift", "rwalk", "theta"])


def test_what_statsmodels_refuses_is_the_kernels_and_says_why(walk, monkeypatch):
    flat = annual("flat", [7.0] * 10)
    made = forecast(flat, 3, statsmodels=True)
    assert (made["mean"] == 7.0).all()
    assert set(fitted_models(flat)["refusal"]) == {"the series never changed"}

    def fails(*_):
        raise np.linalg.LinAlgError("singular matrix")

    fits._kept.clear()
    monkeypatch.setitem(fits._KINDS, "llevel", fails)
    panel = walk(1)
    parts = batch(panel), 3, ["shrunk_drift", "theta"]
    own, mixed = models.fit_models(*parts), models.fit_models(*parts, MODELS)
    assert (own["shrunk_drift"].mean == mixed["shrunk_drift"].mean).all()
    rows = fitted_models(panel)
    assert set(rows.loc[rows["refusal"] != "", "refusal"]) == {"singular matrix"}
    fits._kept.clear()


@pytest.mark.parametrize("zeros", [0, 1])
def test_a_series_with_a_zero_has_theta_without_logarithms(walk, zeros):
    panel = walk(1)
    panel["y"] = panel["y"].where(panel.index != 4 * zeros, 0.0 if zeros else panel["y"])
    parts = batch(panel), 5, ["theta", "log_theta"]
    own, found = models.fit_models(*parts), models.fit_models(*parts, MODELS)
    np.testing.assert_allclose(found["log_theta"].mean, own["log_theta"].mean, rtol=2e-3)
    assert (found["log_theta"].mean == found["theta"].mean).all() == bool(zeros)


def test_dynamic_theta_is_named_as_own_and_members_with_their_weight(walk, monthly):
    rows = fitted_models(pd.concat([walk(1), monthly]), ["combination", "naive"])
    own = rows[rows["class_name"] == OWN]
    assert list(own["model"]) == ["dynamic_theta"]
    weights = rows[rows["freq"] == "A"].groupby("model")["weight_pct"].first()
    assert weights["shrunk_drift"] == 75
    assert weights["theta"] == 25
    assert set(rows.loc[rows["freq"] == "M", "model"]) == {
        "dynamic_theta", "ets", "damped", "log_theta", "naive"}  # fmt: skip

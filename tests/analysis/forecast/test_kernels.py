"""The vectorised models against statsmodels, series by series."""

import warnings

import numpy as np
import pandas as pd
import pytest
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.seasonal import seasonal_decompose
from statsmodels.tsa.statespace.structural import UnobservedComponents

from marketintel.analysis.forecast import seasonal, smoothing, theta
from marketintel.analysis.forecast.local_level import local_level
from marketintel.analysis.forecast.panel import Batch

LENGTHS = np.array([30, 25, 22, 15, 10, 40])


@pytest.fixture(scope="module")
def data() -> np.ndarray:
    """Local trends of different strength, left-aligned, zeros after the end."""
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 2, (6, 40))
    level = np.cumsum(rng.normal(1, [[3], [1], [2], [1], [2], [0.5]], (6, 40)), axis=1)
    return np.where(np.arange(40) < LENGTHS[:, None], 100 + level + noise, 0.0)


def _fit_statsmodels(model):
    with warnings.catch_warnings():
        # statsmodels reports that its optimiser stopped on a flat ridge; the values are compared
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", category=RuntimeWarning)
        return model.fit(disp=False, maxiter=1000)


FAMILIES = [
    (smoothing.ANN, {}),
    (smoothing.AAN, {"trend": "add"}),
    (smoothing.AADN, {"trend": "add", "damped_trend": True}),
]


@pytest.mark.parametrize(("family", "options"), FAMILIES, ids=lambda v: getattr(v, "name", ""))
@pytest.mark.parametrize("i", range(6))
def test_same_parameters_give_statsmodels_errors_to_eight_digits(data, family, options, i):
    fit = smoothing.fit(data, LENGTHS, family)
    series = pd.Series(data[i, : LENGTHS[i]])
    model = ETSModel(series, error="add", **options)
    smooth = {"smoothing_level": fit.alpha[i], "smoothing_trend": fit.alpha[i] * fit.ratio[i]}
    fitted = fit.fitted[i, : LENGTHS[i]]
    start = _initial_state(fit, i, data[i, : LENGTHS[i]])
    values = {**smooth, "damping_trend": fit.phi[i], **start}
    params = [values[name] for name in model.param_names if name in values]
    result = model.smooth(np.array(params))
    np.testing.assert_allclose(result.fittedvalues, fitted, rtol=1e-8)
    np.testing.assert_allclose(result.sse, fit.sse[i], rtol=1e-7)
    np.testing.assert_allclose(result.forecast(6), fit.mean(6)[i], rtol=1e-8)


def _initial_state(fit, i, y):
    """The start that the fit used, from its first two one-step forecasts."""
    if not fit.family.trend:
        return {"initial_level": fit.fitted[i, 0]}
    phi, alpha, beta = fit.phi[i], fit.alpha[i], fit.alpha[i] * fit.ratio[i]
    first, second = fit.fitted[i, :2]
    error = y[0] - first
    slope1 = (second - first - alpha * error) / phi
    slope0 = (slope1 - beta * error) / phi
    return {"initial_level": first - phi * slope0, "initial_trend": slope0}


@pytest.mark.parametrize(("family", "options"), FAMILIES, ids=lambda v: getattr(v, "name", ""))
@pytest.mark.parametrize("i", range(6))
def test_optimum_is_at_least_as_good_as_statsmodels(data, family, options, i):
    series = pd.Series(data[i, : LENGTHS[i]])
    theirs = _fit_statsmodels(ETSModel(series, error="add", **options))
    ours = smoothing.fit(data, LENGTHS, family)
    assert ours.sse[i] <= theirs.sse * (1 + 2e-3)
    if ours.sse[i] > theirs.sse * (1 - 2e-3):  # the same optimum, not a better one
        scale = np.sqrt(theirs.sse / LENGTHS[i])
        np.testing.assert_allclose(ours.mean(5)[i], theirs.forecast(5), atol=0.15 * scale)


@pytest.mark.parametrize("i", range(6))
def test_theta_is_statsmodels_theta(data, i):
    mean, _ = theta.theta(data, LENGTHS, 6)
    model = ThetaModel(pd.Series(data[i, : LENGTHS[i]]), period=1, deseasonalize=False)
    expected = _theta_fit(model).forecast(6)
    scale = np.abs(np.diff(data[i, : LENGTHS[i]])).mean()
    np.testing.assert_allclose(mean[i], expected, atol=0.15 * scale)


def _theta_fit(model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(use_mle=False)


@pytest.mark.parametrize("drift", [False, True])
@pytest.mark.parametrize("i", range(6))
def test_local_level_is_statsmodels_unobserved_components(data, drift, i):
    mean, _ = local_level(data, LENGTHS, 6, drift=drift)
    model = UnobservedComponents(
        pd.Series(data[i, : LENGTHS[i]]),
        irregular=True,
        level=True,
        stochastic_level=True,
        trend=drift,
        use_exact_diffuse=True,
    )
    expected = _fit_statsmodels(model).forecast(6)
    scale = np.abs(np.diff(data[i, : LENGTHS[i]])).mean()
    np.testing.assert_allclose(mean[i], expected, atol=0.05 * scale)


def test_dynamic_theta_is_its_published_recursion(data):
    """Fiorucci et al. (2016), equations written out as in the paper, at the fitted parameters."""
    y = data[:1, :30]
    length = LENGTHS[:1]
    mean, fitted = theta.dynamic_theta(y, length, 4)

    def recursion(alpha, weight, level):
        values, expected = list(y[0]), []
        mean_y = slope = intercept = 0.0
        for t in range(1, 35):
            decay = (1 - alpha) ** (t - 1)
            ramp = (1 - (1 - alpha) ** t) / alpha
            expected.append(level + weight * (decay * intercept + ramp * slope))
            if t > 30:
                values.append(expected[-1])
            value = values[t - 1]
            level = alpha * value + (1 - alpha) * level
            before = mean_y
            mean_y = ((t - 1) * mean_y + value) / t
            slope = 0.0 if t == 1 else ((t - 2) * slope + 6 / t * (value - before)) / (t + 1)
            intercept = mean_y - (t + 1) / 2 * slope
        return np.array(expected)

    # Grid and exact least squares: no other point of a fine mesh does better.
    sse = ((fitted[0, :30] - y[0]) ** 2).sum()
    mesh = [
        ((recursion(a, w, l0)[:30] - y[0]) ** 2).sum()
        for a in np.linspace(0.1, 0.99, 12)
        for w in np.linspace(0, 1, 11)
        for l0 in np.linspace(90, 110, 9)
    ]
    assert sse <= min(mesh)
    # And the path itself obeys the recursion: recover the parameters, run it, compare.
    centred = y - y[:, :1]
    sums, weights, starts = theta._profile(centred, length)
    best = int(np.argmin(sums[0]))
    weight, start = weights[0, best], starts[0, best]
    # The intercept moves with the data, so the paper's recursion is run on the centred data.
    shifted = y[0, 0]
    y = centred
    path = recursion(theta.ALPHAS[best], weight, start) + shifted
    np.testing.assert_allclose(np.r_[fitted[0, :30], mean[0]], path, rtol=1e-9)


def test_seasonal_factors_are_statsmodels_decomposition():
    rng = np.random.default_rng(3)
    t = np.arange(72)
    y = (100 + t) * (1 + 0.3 * np.sin(2 * np.pi * t / 12)) * rng.uniform(0.97, 1.03, 72)
    batch = Batch(np.array(["a"], object), y[None], np.array([72]), np.array([0]), "M", 12)
    adjusted = seasonal.adjust_tested(batch)
    expected = seasonal_decompose(y, model="multiplicative", period=12).seasonal
    np.testing.assert_allclose(adjusted.factors[0], expected[:12], rtol=1e-10)
    np.testing.assert_allclose(adjusted.restore(adjusted.batch.y, ahead=False), batch.y)
    np.testing.assert_allclose(adjusted.restore(np.ones((1, 3)))[0], expected[:3], rtol=1e-10)


def test_season_with_zeros_is_adjusted_by_addition():
    t = np.arange(48)
    y = 10.0 * (t % 4 == 1) + 2.0 * (t % 4 == 2)
    batch = Batch(np.array(["a"], object), y[None], np.array([48]), np.array([0]), "Q", 4)
    adjusted = seasonal.adjust(batch)
    assert adjusted.additive[0]
    np.testing.assert_allclose(adjusted.batch.y, 3.0)
    np.testing.assert_allclose(adjusted.restore(np.full((1, 4), 3.0))[0], [0, 10, 2, 0], atol=1e-9)


def test_series_without_a_season_is_left_alone():
    rng = np.random.default_rng(5)
    y = rng.uniform(5, 9, (1, 60))
    batch = Batch(np.array(["a"], object), y, np.array([60]), np.array([0]), "M", 12)
    assert not seasonal.is_seasonal(batch)[0]
    np.testing.assert_array_equal(seasonal.adjust_tested(batch).batch.y, y)


def test_shrinkage_keeps_a_real_season_and_fades_a_noisy_one():
    """Miller & Williams (2003): factors move to one by (m-3)/(m-1) V/A, at most all the way."""
    rng = np.random.default_rng(8)
    t = np.arange(60)
    real = 50 * (1 + 0.3 * np.sin(2 * np.pi * t / 12)) * rng.uniform(0.99, 1.01, 60)
    noise = 50 * rng.uniform(0.7, 1.3, 60)
    y = np.stack([real, noise])
    batch = Batch(np.array(["r", "n"], object), y, np.array([60, 60]), np.zeros(2, int), "M", 12)
    shrunk = seasonal.adjust(batch).factors
    whole = seasonal._factors(batch, additive=False, shrink=False)
    kept = (shrunk - 1) / (whole - 1)
    np.testing.assert_allclose(kept, kept[:, :1] * np.ones(12))  # one weight per series
    assert kept[0, 0] > 0.99
    assert kept[1, 0] < 0.6
    trend, known = seasonal._moving_average(batch)
    ratios = [y[1][at] / trend[1][at] for at in (known[1] & (t % 12 == k) for k in range(12))]
    sampling = np.mean([r.var(ddof=1) / len(r) for r in ratios])
    weight = 9 / 11 * sampling / whole[1].var(ddof=1)
    assert kept[1, 0] == pytest.approx(1 - weight)


def test_a_series_is_fitted_the_same_alone_and_in_company(data):
    for family, _ in FAMILIES:
        together = smoothing.fit(data, LENGTHS, family).mean(4)
        alone = smoothing.fit(data[3:4, :15], LENGTHS[3:4], family).mean(4)
        assert together[3].tobytes() == alone[0].tobytes()

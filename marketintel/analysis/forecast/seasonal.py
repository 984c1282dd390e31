"""Seasonal adjustment before forecasting, and putting the season back.

Classical multiplicative decomposition by a centred moving average, as in the M competitions
(Makridakis & Hibon 2000), applied only where the autocorrelation at the seasonal lag is significant
at 90 %. The factors equal ``statsmodels.tsa.seasonal.seasonal_decompose``; tests hold the two
together. Series with a zero or a negative value are adjusted additively.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketintel.analysis.forecast.panel import Batch

TEST_QUANTILE = 1.645  # two-sided 90 %


@dataclass(frozen=True)
class Adjusted:
    """A batch without its season, and what is needed to put the season back.

    Attributes
    ----------
    batch : Batch
        Adjusted values.
    factors : (n, m) float
        Factor (or addend) of each phase; phase 0 is the series' first observation.
    additive : (n,) bool
        Where the factors are addends. Series that are not seasonal have factor 1 and False.
    """

    batch: Batch
    factors: np.ndarray
    additive: np.ndarray

    def restore(self, values: np.ndarray, ahead: bool = True) -> np.ndarray:
        """Put the season back into forecasts (n, h), or with ``ahead=False`` into history."""
        if self.batch.season == 1:
            return values
        start = self.batch.length if ahead else np.zeros_like(self.batch.length)
        phase = (start[:, None] + np.arange(values.shape[1])[None, :]) % self.batch.season
        factor = np.take_along_axis(self.factors, phase, axis=1)
        return np.where(self.additive[:, None], values + factor, values * factor)


def adjust(batch: Batch) -> Adjusted:
    """Remove the season of every series that has one."""
    m = batch.season
    n = len(batch)
    neutral = Adjusted(batch, np.ones((n, max(m, 1))), np.zeros(n, dtype=bool))
    if m == 1:
        return neutral
    seasonal = is_seasonal(batch)
    positive = np.where(batch.valid, batch.y, 1.0).min(axis=1) > 0
    additive = seasonal & ~positive
    factors = np.where(
        additive[:, None], _factors(batch, additive=True), _factors(batch, additive=False)
    )
    factors = np.where(seasonal[:, None], factors, 1.0)
    phase = np.arange(batch.y.shape[1]) % m
    history = factors[:, phase]
    values = np.where(additive[:, None], batch.y - history, batch.y / history)
    return Adjusted(batch.with_y(values), factors, additive)


def is_seasonal(batch: Batch) -> np.ndarray:
    """(n,) bool: three full seasons seen, and the seasonal autocorrelation significant at 90 %."""
    m, valid = batch.season, batch.valid
    mean = batch.y.sum(axis=1) / batch.length
    centred = np.where(valid, batch.y - mean[:, None], 0.0)
    variance = np.maximum(np.einsum("nt,nt->n", centred, centred), 1e-300)
    lags = min(m, batch.y.shape[1] - 1)
    acf = np.stack(
        [np.einsum("nt,nt->n", centred[:, k:], centred[:, :-k]) for k in range(1, lags + 1)], axis=1
    )
    acf = acf / variance[:, None]
    if lags < m:
        return np.zeros(len(batch), dtype=bool)
    limit = TEST_QUANTILE * np.sqrt((1 + 2 * (acf[:, : m - 1] ** 2).sum(axis=1)) / batch.length)
    return (np.abs(acf[:, m - 1]) > limit) & (batch.length >= 3 * m)


def _factors(batch: Batch, additive: bool) -> np.ndarray:
    """(n, m) seasonal factors by phase, mean one (or addends, mean zero)."""
    m = batch.season
    trend, known = _moving_average(batch)
    if additive:
        detrended = np.where(known, batch.y - trend, 0.0)
    else:
        safe = known & (np.abs(trend) > 1e-300)
        detrended = np.where(safe, batch.y / np.where(safe, trend, 1.0), 0.0)
    phases = np.arange(batch.y.shape[1]) % m
    sums = np.stack([detrended[:, phases == k].sum(axis=1) for k in range(m)], axis=1)
    counts = np.stack([known[:, phases == k].sum(axis=1) for k in range(m)], axis=1)
    means = sums / np.maximum(counts, 1)
    if additive:
        return means - means.mean(axis=1, keepdims=True)
    average = means.mean(axis=1, keepdims=True)
    factors = means / np.where(np.abs(average) > 1e-300, average, 1.0)
    return np.where((factors > 0).all(axis=1, keepdims=True), factors, 1.0)


def _moving_average(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Centred m-term moving average (2 × m if m is even), and where it is known, (n, T) each."""
    m, y = batch.season, batch.y
    weights = np.ones(m) / m if m % 2 else np.r_[0.5, np.ones(m - 1), 0.5] / m
    half = len(weights) // 2
    trend = np.zeros_like(y)
    periods = y.shape[1]
    if periods < len(weights):
        return trend, np.zeros_like(y, dtype=bool)
    windows = np.lib.stride_tricks.sliding_window_view(y, len(weights), axis=1)
    trend[:, half : periods - half] = windows @ weights
    at = np.arange(periods)[None, :]
    return trend, (at >= half) & (at < batch.length[:, None] - half)

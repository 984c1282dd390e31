"""Seasonal adjustment before forecasting, and putting the season back.

Classical multiplicative decomposition by a centred moving average; the factors equal
``statsmodels.tsa.seasonal.seasonal_decompose``, tests hold the two together. Series with a zero or
a negative value are adjusted additively. Two ways to decide how far the factors are to be trusted:

* :func:`adjust` shrinks them towards no season by the James-Stein rule (Miller & Williams 2003):
  ``(m - 3) / (m - 1) * V / A``, ``V`` the sampling variance of a factor, ``A`` the variance among
  factors, at most 1. A noisy season fades instead of being switched on or off. The pool uses it.
* :func:`adjust_tested` keeps them whole where the autocorrelation at the seasonal lag is
  significant at 90 % and drops them elsewhere, as the M competitions did (Makridakis & Hibon 2000).
  The benchmark ``naive2`` uses it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketintel.analysis.forecast.panel import Batch, total

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
        restored: np.ndarray = np.where(self.additive[:, None], values + factor, values * factor)
        return restored


def adjust(batch: Batch) -> Adjusted:
    """Remove the season of every series with three full seasons, factors shrunk."""
    return _adjusted(batch, batch.length >= 3 * batch.season, shrink=True)


def adjust_tested(batch: Batch) -> Adjusted:
    """Remove the season of every series whose seasonal autocorrelation is significant."""
    return _adjusted(batch, is_seasonal(batch), shrink=False)


def _adjusted(batch: Batch, seasonal: np.ndarray, *, shrink: bool) -> Adjusted:
    m = batch.season
    if m == 1:
        return Adjusted(batch, np.ones((len(batch), 1)), np.zeros(len(batch), dtype=bool))
    positive = np.where(batch.valid, batch.y, 1.0).min(axis=1) > 0
    additive = seasonal & ~positive
    factors = np.where(
        additive[:, None],
        _factors(batch, additive=True, shrink=shrink),
        _factors(batch, additive=False, shrink=shrink),
    )
    factors = np.where(seasonal[:, None], factors, 1.0)
    phase = np.arange(batch.y.shape[1]) % m
    history = factors[:, phase]
    divisor = np.where(additive[:, None], 1.0, history)
    values = np.where(additive[:, None], batch.y - history, batch.y / divisor)
    return Adjusted(batch.with_y(values), factors, additive)


def is_seasonal(batch: Batch) -> np.ndarray:
    """(n,) bool: three full seasons seen, and the seasonal autocorrelation significant at 90 %."""
    m, valid = batch.season, batch.valid
    if m == 1:
        return np.zeros(len(batch), dtype=bool)
    mean = total(batch.y) / batch.length
    centred = np.where(valid, batch.y - mean[:, None], 0.0)
    variance = np.maximum(total(centred**2), 1e-300)
    lags = min(m, batch.y.shape[1] - 1)
    acf = np.stack([total(centred[:, k:] * centred[:, :-k]) for k in range(1, lags + 1)], axis=1)
    acf = acf / variance[:, None]
    if lags < m:
        return np.zeros(len(batch), dtype=bool)
    limit = TEST_QUANTILE * np.sqrt((1 + 2 * total(acf[:, : m - 1] ** 2)) / batch.length)
    found: np.ndarray = (np.abs(acf[:, m - 1]) > limit) & (batch.length >= 3 * m)
    return found


def _factors(batch: Batch, *, additive: bool, shrink: bool) -> np.ndarray:
    """(n, m) seasonal factors by phase, mean one (or addends, mean zero)."""
    m = batch.season
    factors: np.ndarray
    trend, known = _moving_average(batch)
    if additive:
        detrended = np.where(known, batch.y - trend, 0.0)
    else:
        safe = known & (np.abs(trend) > 1e-300)
        detrended = np.where(safe, batch.y / np.where(safe, trend, 1.0), 0.0)
    phase = np.arange(batch.y.shape[1]) % m
    counts = np.maximum(_by_phase(known, m), 1)
    means = _by_phase(detrended, m) / counts
    neutral = 0.0 if additive else 1.0
    average = total(means)[:, None] / m
    if additive:
        factors = means - average
    else:
        factors = means / np.where(np.abs(average) > 1e-300, average, 1.0)
        factors = np.where((factors > 0).all(axis=1, keepdims=True), factors, 1.0)
    if not shrink:
        return factors
    within = _by_phase(np.where(known, detrended - means[:, phase], 0.0) ** 2, m)
    sampling = total(within / np.maximum(counts - 1, 1) / counts) / m
    among = total((factors - total(factors)[:, None] / m) ** 2) / (m - 1)
    weight = np.clip((m - 3) / (m - 1) * sampling / np.maximum(among, 1e-300), 0.0, 1.0)
    shrunk: np.ndarray = neutral + (factors - neutral) * (1 - weight[:, None])
    return shrunk


def _by_phase(values: np.ndarray, m: int) -> np.ndarray:
    """(n, m) sums over the periods of each phase."""
    cycles = -(-values.shape[1] // m)
    padded = np.pad(values, ((0, 0), (0, cycles * m - values.shape[1])))
    return total(np.moveaxis(padded.reshape(len(values), cycles, m), 1, 2))


def _moving_average(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Centred m-term moving average (2 × m if m is even), and where it is known, (n, T) each."""
    m, y = batch.season, batch.y
    weights = np.ones(m) / m if m % 2 else np.r_[0.5, np.ones(m - 1), 0.5] / m
    half = len(weights) // 2
    trend = np.zeros_like(y)
    periods = y.shape[1]
    if periods < len(weights):
        return trend, np.zeros_like(y, dtype=bool)
    for offset, weight in enumerate(weights):
        trend[:, half : periods - half] += weight * y[:, offset : periods - 2 * half + offset]
    at = np.arange(periods)[None, :]
    return trend, (at >= half) & (at < batch.length[:, None] - half)

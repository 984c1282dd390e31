"""Forecasts of many short series: point, interval, and how wrong they have been.

>>> frame = forecast(panel, horizon=5)  # unique_id, ds, cutoff, model, level, mean, lo, hi
>>> tested = backtest(panel, horizon=5, origins=5, model=["combination", "naive2", "drift"])
>>> accuracy(tested, panel)  # sMAPE, MASE, OWA, coverage, interval score

Modules, in the order the data pass through them: ``panel`` (screening), ``breaks``, ``seasonal``,
``smoothing``, ``theta``, ``local_level``, ``models`` (the pool), ``combine``, ``intervals``,
``engine`` (forecast, backtest), ``accuracy``. The method is told in ``docs/forecast.md``.
"""

from marketintel.analysis.forecast.accuracy import accuracy, score
from marketintel.analysis.forecast.breaks import cut
from marketintel.analysis.forecast.engine import backtest, forecast, notes, refused

__all__ = ["accuracy", "backtest", "cut", "forecast", "notes", "refused", "score"]

"""Forecasts of many short series: point, interval, and how wrong they have been.

>>> frame = forecast(panel, horizon=5)  # unique_id, ds, cutoff, model, level, mean, lo, hi
>>> tested = backtest(panel, horizon=5, origins=5, model=["combination", "naive2", "drift"])
>>> accuracy(tested, panel)  # sMAPE, MASE, OWA, coverage, interval score

Modules, in the order the data pass through them: ``panel`` (screening), ``breaks``, ``seasonal``,
``smoothing``, ``theta``, ``local_level``, ``models`` (the pool), ``combination``, ``intervals``,
``fits`` and ``members`` (statsmodels), ``fanout``, ``rolling``, ``engine`` (forecast, backtest),
``present``, ``scores``, ``drivers``, ``record``, ``joint``, ``coherence``, ``outlook``, ``explanation``,
``shocks``, ``elasticities``, ``scenarios``.
Method: ``docs/forecast.md``.
"""

from marketintel.analysis.forecast.breaks import cut
from marketintel.analysis.forecast.coherence import reconcile
from marketintel.analysis.forecast.engine import backtest, forecast, notes, refused
from marketintel.analysis.forecast.explanation import last_errors, member_weights
from marketintel.analysis.forecast.fitted import fitted_models
from marketintel.analysis.forecast.outlook import potential
from marketintel.analysis.forecast.present import forecast_ahead, standing
from marketintel.analysis.forecast.record import (
    FEWEST_TESTS,
    SHOWN,
    better_naive,
    chosen,
    shown,
    unreliable,
)
from marketintel.analysis.forecast.scores import accuracy, score

__all__ = [
    "FEWEST_TESTS",
    "SHOWN",
    "accuracy",
    "backtest",
    "better_naive",
    "chosen",
    "cut",
    "fitted_models",
    "forecast",
    "forecast_ahead",
    "last_errors",
    "member_weights",
    "notes",
    "potential",
    "reconcile",
    "refused",
    "score",
    "shown",
    "standing",
    "unreliable",
]

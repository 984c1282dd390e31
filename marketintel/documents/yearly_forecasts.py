"""Yearly forecasts that several documents print, with errors of the same method at earlier origins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast import present
from marketintel.analysis.forecast.outlook import LEVELS, summarise

#: Years ahead of yearly forecasts, and rolling origins at which they are tested.
HORIZON, ORIGINS = 5, 5

MODELS = ("combination", "naive", "drift")

#: Levels at which forecasts are tested.
TESTED = (80, 95)


@dataclass(frozen=True)
class Forecasts:
    """Forecasts of yearly series.

    Attributes
    ----------
    panel, forecasts : DataFrame
        ``unique_id`` is the heading or the row of a study; see :mod:`marketintel.analysis.forecast`.
    errors, coverage : DataFrame
        Rolling-origin errors by series and model, and by model; no rows where all are too short.
    refused : DataFrame
        ``unique_id, reason``.
    fitted : DataFrame
        Results of statsmodels behind the forecasts
        (:func:`marketintel.analysis.forecast.fitted_models`).
    month : str
        Month of the edition.
    """

    panel: pd.DataFrame
    forecasts: pd.DataFrame
    errors: pd.DataFrame
    coverage: pd.DataFrame
    refused: pd.DataFrame
    fitted: pd.DataFrame
    month: str

    @property
    def seen(self) -> str:
        """Last observation and the periods between it and the edition, for captions."""
        return present.seen(self.forecasts["cutoff"], self.month)

    @cached_property
    def shown(self) -> pd.DataFrame:
        """Forecasts that are printed: by the model that each series' record prefers."""
        return fc.shown(self.forecasts, self.errors)

    @cached_property
    def ends(self) -> pd.DataFrame:
        """Last observation and forecast of the last year, one row a series."""
        final = self.shown[
            self.shown["ds"] == self.shown.groupby("unique_id")["ds"].transform("max")
        ]
        wide = final.pivot_table(index="unique_id", columns="level", values=["mean", "lo", "hi"])
        table = pd.DataFrame({"mean": wide[("mean", 80)]})
        for side, level in (("lo", 80), ("hi", 80), ("lo", 95), ("hi", 95)):
            table[f"{side}_{level}"] = wide[(side, level)]
        last = self.panel.sort_values("ds").groupby("unique_id").last()
        table["last_usd"], table["last_year"] = last["y"], last["ds"].dt.year
        table["not_known"] = [
            present.not_known(day, self.month) for day in last["ds"].loc[table.index]
        ]
        table["year"] = final.groupby("unique_id")["ds"].max().dt.year
        for model in ("naive", "drift"):
            table[model] = self.at_80(model).sort_values("ds").groupby("unique_id")["mean"].last()
        ratio = table["mean"] / table["last_usd"].where(table["last_usd"] > 0)
        table["growth_pct"] = 100 * (ratio ** (1 / (table["year"] - table["last_year"])) - 1)
        return table

    def path(self) -> pd.DataFrame:
        """Return every year of what is shown: ``unique_id, year, median_usd, lo_80, …, hi_95``."""
        wide = self.shown.pivot_table(
            index=["unique_id", "ds"], columns="level", values=["mean", "lo", "hi"]
        )
        bounds = {
            f"{side}_{level}": wide[(side, level)] for level in TESTED for side in ("lo", "hi")
        }
        rows = pd.DataFrame({"median_usd": wide[("mean", TESTED[0])], **bounds}).reset_index()
        return rows.assign(year=rows.pop("ds").dt.year)

    def probabilities(self, threshold_pct: float, fetch: str = "") -> pd.DataFrame:
        """Return the probabilities of growth, and of growth by more than so many per cent.

        Read off the bounds of the forecast shown at its last year, as
        :func:`marketintel.analysis.forecast.outlook.summarise` does; index ``unique_id``,
        ``probability_growth_pct, probability_above_pct``.
        """
        made = fc.forecast_ahead(self.panel, HORIZON, self.month, LEVELS, MODELS, fetch=fetch)
        drawn = fc.shown(made, self.errors)
        last = self.panel.dropna(subset="y").sort_values("ds").groupby("unique_id")["y"].last()
        passed = {str(k): float(v) * (1 + threshold_pct / 100) for k, v in last.items()}
        rows = summarise(drawn, self.panel, passed).set_index("unique_id")
        return pd.DataFrame({
            "probability_growth_pct": 100 * rows["probability_growth"],
            "probability_above_pct": 100 * rows["probability_above_threshold"],
        })  # fmt: skip

    def at_80(self, model: str) -> pd.DataFrame:
        """Return one model's forecasts, once a date."""
        rows = self.forecasts
        return rows[(rows["model"] == model) & (rows["level"] == 80)]


def panel_of(series: pd.DataFrame) -> pd.DataFrame:
    """Return yearly values ``cmd_code, period, value_usd`` as a panel ``unique_id, ds, y``."""
    return pd.DataFrame({
        "unique_id": series["cmd_code"], "ds": pd.to_datetime(series["period"] + "-12-31"),
        "y": series["value_usd"],
    })  # fmt: skip


def compute(
    panel: pd.DataFrame, month: str, levels: Sequence[int] = TESTED, fetch: str = ""
) -> Forecasts:
    """Forecast and back-test yearly series.

    Parameters
    ----------
    panel : DataFrame
        ``unique_id, ds, y``, each series cut at its last break.
    month : str
        Month of the edition: forecasts are of years after it.
    levels : sequence of int
        Levels of the forecasts; tests are at :data:`TESTED`.
    fetch : str
        Command that brings newer data.
    """
    forecasts = fc.forecast_ahead(panel, HORIZON, month, levels, MODELS, fetch=fetch)
    tested = fc.backtest(panel, HORIZON, ORIGINS, TESTED, [*MODELS, "naive2"])
    errors = fc.accuracy(tested, panel, by=("model", "unique_id"))
    coverage = fc.accuracy(tested, panel, by=("model",))
    reasons = pd.concat([fc.refused(forecasts), fc.refused(tested)], ignore_index=True)
    refused = reasons.drop_duplicates("unique_id")
    ahead = panel[panel["unique_id"].isin(forecasts["unique_id"])]
    fitted = fc.fitted_models(ahead, MODELS)
    return Forecasts(panel, forecasts, errors, coverage, refused, fitted, month)

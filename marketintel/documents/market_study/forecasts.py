"""Forecasts of yearly series with the errors of the same method before: what outlooks share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast import present
from marketintel.analysis.forecast.panel import MIN_POINTS
from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import Callout, Stack, Table, Text, escape
from marketintel.documents.frames import each
from marketintel.documents.yearly_forecasts import HORIZON, ORIGINS

MODELS = ("combination", "naive", "drift")


@dataclass(frozen=True)
class Outlook:
    """The forecasts of one study.

    Attributes
    ----------
    panel, forecasts : DataFrame
        ``unique_id`` is the heading or the row; see :mod:`marketintel.analysis.forecast`.
    errors, coverage : DataFrame
        Rolling-origin errors by series and model, and by model; no rows where all are too short.
    refused : DataFrame
        ``unique_id, reason``.
    month : str
        The edition's.
    """

    panel: pd.DataFrame
    forecasts: pd.DataFrame
    errors: pd.DataFrame
    coverage: pd.DataFrame
    refused: pd.DataFrame
    month: str

    @property
    def seen(self) -> str:
        """Last observation and periods not known here, for captions."""
        return present.seen(self.forecasts["cutoff"], self.month)

    @cached_property
    def shown(self) -> pd.DataFrame:
        """The forecasts that the pages print: of naive where a series' record says so."""
        return fc.shown(self.forecasts, self.errors)


def one_level(forecasts: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return one model's means, once a date."""
    return forecasts[(forecasts["model"] == model) & (forecasts["level"] == 80)]


def compute(series: pd.DataFrame, month: str, fetch: str = "") -> Outlook:
    """Forecast and back-test yearly series.

    Parameters
    ----------
    series : DataFrame
        ``cmd_code, period, value_usd``, each series cut at its last break.
    month : str
        The edition's: forecasts are of years after it.
    fetch : str
        The command that brings newer data.
    """
    panel = pd.DataFrame(
        {
            "unique_id": series["cmd_code"],
            "ds": pd.to_datetime(series["period"] + "-12-31"),
            "y": series["value_usd"],
        }
    )
    models = [*MODELS, "naive2"]
    forecasts = fc.forecast_ahead(panel, HORIZON, month, (80, 95), MODELS, fetch=fetch)
    tested = fc.backtest(panel, HORIZON, ORIGINS, (80, 95), models)
    errors = fc.accuracy(tested, panel, by=("model", "unique_id"))
    coverage = fc.accuracy(tested, panel, by=("model",))
    reasons = pd.concat([fc.refused(forecasts), fc.refused(tested)], ignore_index=True)
    return Outlook(panel, forecasts, errors, coverage, reasons.drop_duplicates("unique_id"), month)


def last(result: Outlook) -> pd.DataFrame:
    """The last observation and the forecast of the last year, one row a series."""
    combined = result.shown
    final = combined[combined["ds"] == combined.groupby("unique_id")["ds"].transform("max")]
    wide = final.pivot_table(index="unique_id", columns="level", values=["mean", "lo", "hi"])
    table = pd.DataFrame(
        {
            "mean": wide[("mean", 80)],
            **{
                f"{side}_{level}": wide[(side, level)]
                for level in (80, 95)
                for side in ("lo", "hi")
            },
        }
    )
    last = result.panel.sort_values("ds").groupby("unique_id").last()
    table["last_usd"] = last["y"]
    table["last_year"] = last["ds"].dt.year
    table["not_known"] = [
        present.not_known(day, result.month) for day in last["ds"].loc[table.index]
    ]
    table["year"] = final.groupby("unique_id")["ds"].max().dt.year
    for name in ("naive", "drift"):
        rows = result.forecasts[
            (result.forecasts["model"] == name) & (result.forecasts["level"] == 80)
        ]
        table[name] = rows.sort_values("ds").groupby("unique_id")["mean"].last()
    known = table["last_usd"].where(table["last_usd"] > 0)
    table["growth_pct"] = 100 * (
        (table["mean"] / known) ** (1 / (table["year"] - table["last_year"])) - 1
    )
    return table


def unknown(row: pd.Series) -> str:
    """Name the years between the last figure and the edition, in brackets; empty if there are none."""
    return f" (the last figure; {row['not_known']} not known here)" if row["not_known"] else ""


def error_table(
    result: Outlook,
    key: str,
    unit: str,
    source: str,
    names: Mapping[str, str] | None = None,
) -> Stack:
    """Show how wrong the same forecasts have been.

    Parameters
    ----------
    key, unit : str
        The first column, and what a series is called.
    names : mapping of str to str, optional
        Names of the series, in place of their ids.
    """
    made = set(result.forecasts["unique_id"])
    refused = [
        f"{w.sentence(unit)} {escape((names or {}).get(r.unique_id, r.unique_id))} "
        f"{'could not be back-tested' if r.unique_id in made else 'is not forecast'}: {escape(r.reason)}."
        for r in each(result.refused)
    ]
    if result.errors.empty:
        return Stack(
            Text(
                f"**Not back-tested.** {MIN_POINTS + HORIZON} years are needed to test a forecast {HORIZON} years "
                f"ahead, and no {unit} has them, so that these intervals rest on a prior. {' '.join(refused)}"
            )
        )
    at95 = result.errors[result.errors["level"] == 95]
    wide = at95[at95["model"].isin(MODELS)].pivot_table(
        index="unique_id", columns="model", values=["smape", "mase"], dropna=False
    )
    cover = fc.shown(result.errors, result.errors).pivot_table(
        index="unique_id", columns="level", values="coverage_pct"
    )
    naive = fc.better_naive(result.errors)
    points = result.panel.groupby("unique_id").size()
    tested = at95[at95["model"] == "combination"].set_index("unique_id")["forecasts"]
    table = pd.DataFrame(
        {
            key: wide.index,
            "points": points.reindex(wide.index).to_numpy(),
            "forecasts": tested.reindex(wide.index).astype(int).to_numpy(),
            **{f"{m}_{n}": wide[(m, n)].to_numpy() for m in ("mase", "smape") for n in MODELS},
            "coverage_80_pct": cover[80].to_numpy(),
            "coverage_95_pct": cover[95].to_numpy(),
            "shown": ["naive" if u in naive else "combination" for u in wide.index],
        }
    )
    if names:
        table[key] = table[key].map(names)
    return Stack(
        Table(
            table,
            name="outlook_errors",
            caption="How wrong the same forecasts have been: rolling origins",
            formats={
                "points": "int",
                "forecasts": "int",
                **{f"mase_{n}": "ratio2" for n in MODELS},
                **{f"smape_{n}": "pct" for n in MODELS},
                "coverage_80_pct": "pct",
                "coverage_95_pct": "pct",
            },
            headers={
                key: unit.capitalize(),
                "points": "Years",
                "forecasts": "Tests",
                "mase_combination": "MASE",
                "mase_naive": "naive",
                "mase_drift": "drift",
                "smape_combination": "sMAPE",
                "smape_naive": "naive ",
                "smape_drift": "drift ",
                "coverage_80_pct": "In 80 %",
                "coverage_95_pct": "In 95 %",
                "shown": "Shown",
            },
            hide=["points", "smape_naive", "smape_drift"],
            note=(
                f"Up to {ORIGINS} origins, each scored on the {HORIZON} years after it. MASE: mean error in units "
                "of the usual year-on-year change. In 80 %, in 95 %: how often the outcome lay in the interval. "
                f"Shown: naive where it was better over at least {fc.FEWEST_TESTS} tests, else the combination."
            ),
            source=source,
        ),
        Text(f"{_best(table, result, unit)} {' '.join(refused)}".strip()),
        wide_intervals(result.shown, result.panel, names or {}),
    )


def _best(table: pd.DataFrame, result: Outlook, unit: str) -> str:
    """Say how the combination did against naive and drift over all series."""
    mase = result.coverage[result.coverage["level"] == 95].set_index("model")["mase"]
    if mase[list(MODELS)].isna().any():
        return "The series never changed, so that their errors have no scale."
    others = table[["mase_naive", "mase_drift"]].min(axis=1)
    better = int((table["mase_combination"] < others).sum())
    return (
        f"Over all {unit}s the mean MASE is {mase['combination']:.2f}, against {mase['naive']:.2f} of the "
        f"naive and {mase['drift']:.2f} of the drift forecast; the combination is the best of the three for "
        f"{w.count(better, unit)} of {len(table)}."
    )


def wide_intervals(
    made: pd.DataFrame, panel: pd.DataFrame, names: Mapping[str, str]
) -> Callout | None:
    """Name the series whose intervals say no more than that anything may come."""
    said = [
        f"{escape(w.clause(names.get(row.unique_id, row.unique_id)))} ({row.reason})"
        for row in each(fc.unreliable(made, panel))
    ]
    if not said:
        return None
    return Callout("warning", f"Not to be relied on, so wide is the interval: {w.listing(said)}.")

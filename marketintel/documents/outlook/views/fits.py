"""Models of statsmodels behind the forecasts of an outlook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.documents.charts.residuals import normal_quantiles
from marketintel.documents.fitted import results_table
from marketintel.documents.outlook.facts import Outlook, totals
from marketintel.documents.outlook.views.values import series_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Level of the tests of residuals.
LEVEL = 0.05

_FAILED = {
    "serial_failed": "ljung_box",
    "variance_failed": "heteroskedasticity",
    "normality_failed": "normality",
}


def _results(outlook: Outlook) -> pd.DataFrame:
    """Return each result of statsmodels once, by panel and series."""
    months, years, world = outlook.months, outlook.years, outlook.world
    cells = years.panel[years.panel["unique_id"].isin(years.ids(totals.CELL))]
    ahead = months.cut[months.cut["unique_id"].isin(months.fans["unique_id"])]
    parts = [
        fc.fitted_models(panel, models, freq).assign(panel=name)
        for name, panel, models, freq in (
            ("months", ahead, ("combination", "naive", "drift"), "M"),
            ("years", cells, ("naive",), "A"),
            ("years", years.panel, ("combination", "drift"), "A"),
        )
        if len(panel)
    ]
    parts += [world.fitted.assign(panel="world")] if len(world.fitted) else []
    rows = pd.concat(parts or [fc.fitted_models(ahead).assign(panel="months")], ignore_index=True)
    once = rows.assign(label=rows["parameters"].astype(str))
    return once.drop_duplicates(["panel", "freq", "unique_id", "class_name", "label"])


def fitted_series(outlook: Outlook) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return every series with class, parameters and residual tests of its results."""
    rows = _results(outlook)
    pairs = zip(rows["panel"], rows["unique_id"], strict=True)
    named = rows.assign(unique_id=[series_name(outlook, part, one) for part, one in pairs])
    return results_table(named, {}), {"printed_rows": 0}


def residuals(outlook: Outlook) -> Figure | None:
    """Draw standardised one-step errors of all series against a normal distribution, by class."""
    rows = _results(outlook)
    pooled = {}
    for name, of_class in rows.groupby("class_name"):
        spread = [(errors, errors.std()) for errors in of_class["errors"] if len(errors) > 1]
        scaled = [errors / by for errors, by in spread if by > 0]
        if scaled:
            pooled[str(name)] = np.concatenate(scaled)
    return normal_quantiles(pooled) if pooled else None


def fitted(outlook: Outlook) -> pd.DataFrame:
    """Return by class: series, parameters, residual tests that fail at 5 %, refusals."""
    once = _results(outlook)
    found = [
        {
            "class_name": name,
            "fitted_series": len(of_class),
            "parameter_range": _parameters(of_class),
            **{
                column: np.nan if of_class[test].isna().all() else (of_class[test] < LEVEL).sum()
                for column, test in _FAILED.items()
            },
            "refused_series": int((of_class["refusal"] != "").sum()),
        }
        for name, of_class in once.groupby("class_name")
    ]
    columns = ["class_name", "fitted_series", "parameter_range", *_FAILED, "refused_series"]
    return pd.DataFrame(found, columns=columns)


def _parameters(rows: pd.DataFrame) -> str:
    """Median of each parameter with its range and median standard error; starts left out."""
    values = pd.DataFrame(list(rows["parameters"]))
    errors = pd.DataFrame(list(rows["standard_errors"])).reindex(columns=values.columns)
    parts = []
    for name in values.columns[~values.columns.str.startswith("initial_")]:
        low, middle, high = values[name].quantile([0, 0.5, 1])
        error = errors[name].median()
        beside = "" if np.isnan(error) else f"; s.e. {error:.2f}"
        label = name.replace("_", " ").replace("sigma2.", "variance of ")
        parts.append(f"{label} {middle:.2f} ({low:.2f} to {high:.2f}{beside})")
    return ", ".join(parts)

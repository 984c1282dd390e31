"""Results of statsmodels behind printed forecasts, one row a series and result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

TESTS = ["ljung_box", "heteroskedasticity", "normality"]


def results_table(rows: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Return class, parameters, criteria and residual tests of every fitted series.

    Parameters
    ----------
    rows : DataFrame
        Result of :func:`marketintel.analysis.forecast.fitted_models`.
    names : mapping of str to str
        Series id to name; an id without one is its own name.

    Returns
    -------
    DataFrame
        ``series_name, model_member`` (of the combination), ``member_weight_pct, class_name``,
        ``interval_factor`` (missing where intervals are not calibrated), ``parameters``
        (each with its standard error, in units of the series' mean absolute change), ``aicc``,
        p-values ``ljung_box, heteroskedasticity, normality`` of the one-step errors, ``refusal``.
    """
    return pd.DataFrame({
        "series_name": [names.get(one, one) for one in rows["unique_id"]],
        "model_member": rows["model"],
        "member_weight_pct": rows["weight_pct"],
        "class_name": rows["class_name"],
        "interval_factor": rows["interval_factor"],
        "parameters": [
            _parameters(values, errors)
            for values, errors in zip(rows["parameters"], rows["standard_errors"], strict=True)
        ],
        "aicc": rows["aicc"],
        **{test: rows[test] for test in TESTS},
        "refusal": rows["refusal"],
    }).sort_values("series_name", kind="stable", ignore_index=True)  # fmt: skip


def _parameters(values: Mapping[str, float], errors: Mapping[str, float]) -> str:
    """List parameters with standard errors; starting states are left out."""
    parts = []
    for name, value in values.items():
        if name.startswith("initial_"):
            continue
        error: Any = errors.get(name, float("nan"))
        beside = "" if pd.isna(error) else f" (s.e. {error:.3f})"
        label = name.replace("sigma2.", "variance of ").replace("_", " ")
        parts.append(f"{label} {value:.3f}{beside}")
    return ", ".join(parts)

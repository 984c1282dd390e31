"""Fans with the shocks that their series lived through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from marketintel.documents.charts import fans
from marketintel.documents.charts.theme import chart_style
from marketintel.reference.brand import shipped_brand

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROW_IN = 1.95
"""Height of a row of panels: three rows, a heading and its text share a page."""


def fan_with_shocks(
    history: pd.DataFrame,
    forecast: pd.DataFrame,
    spans: pd.DataFrame,
    *,
    breaks: pd.DataFrame | None = None,
    benchmark: pd.DataFrame | None = None,
    titles: Mapping[str, str] | None = None,
    what: str = "Exports",
    unit: str = "USD million",
    scale: float = 1e6,
) -> Figure:
    """Draw :func:`marketintel.documents.charts.fans.fan`, mark breaks and shade the shocks of each series.

    Parameters
    ----------
    spans : DataFrame
        ``unique_id, name, start, end`` from :mod:`marketintel.analysis.forecast.shocks`.
    breaks : DataFrame, optional
        ``unique_id, ds`` of the first period after each break, a year or a month.
    history, forecast, benchmark, titles, what, unit, scale
        As of :func:`marketintel.documents.charts.fans.fan`.
    """
    figure = fans.fan(
        history,
        forecast,
        benchmark=benchmark,
        breaks=breaks,
        titles=titles,
        what=what,
        unit=unit,
        scale=scale,
    )
    rows = -(-len(set(forecast["unique_id"])) // 2)
    figure.set_figheight(ROW_IN * rows + 0.25)
    brand = shipped_brand()
    annual = len(set(history["ds"].dt.month)) == 1
    pad = fans.half_period(annual)
    with chart_style():
        for axes, key in zip(figure.axes, dict.fromkeys(forecast["unique_id"]), strict=False):
            for span in spans[spans["unique_id"] == key].itertuples():
                start, end = _place(span.start, annual), _place(span.end, annual)
                axes.axvspan(
                    start - pad, end + pad, color=brand.muted, alpha=0.14, linewidth=0, zorder=0
                )
                axes.annotate(
                    span.name,
                    ((start + end) / 2, 0.97),
                    xycoords=("data", "axes fraction"),
                    rotation=90,
                    size=6,
                    ha="center",
                    va="top",
                    color=brand.muted,
                )
    return figure


def _place(day: pd.Timestamp, annual: bool) -> float:
    """Where a month lies on the chart's axis: at its year, or in between for monthly series."""
    return day.year + (0.0 if annual else (day.month - 1) / 12)

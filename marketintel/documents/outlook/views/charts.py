"""Fans of forecasts with the shocks that their series lived through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.documents.charts.fans import fan
from marketintel.documents.outlook.facts import Outlook
from marketintel.documents.outlook.views.tables import world_titles
from marketintel.warehouse.basis import US_EXPORTS, Basis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Fans drawn for a country: its largest series; the tables hold all.
PANELS = 6

#: Height of a row of panels: three rows, a heading and its text share a page.
ROW_IN = 1.95


def largest_months(outlook: Outlook, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the monthly series that are largest over their last year."""
    return _largest(outlook.months.panel, ids, 12)


def largest_years(outlook: Outlook, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the yearly series that are largest in their last year."""
    return _largest(outlook.years.panel, ids, 1)


def _largest(panel: pd.DataFrame, ids: tuple[str, ...], periods: int) -> tuple[str, ...]:
    rows = panel[panel["unique_id"].isin(ids)].sort_values("ds")
    size = rows.groupby("unique_id")["y"].apply(lambda y: y.tail(periods).sum())
    return tuple(size.nlargest(PANELS).index)


def titles(outlook: Outlook, ids: tuple[str, ...]) -> list[str]:
    """Return the goods of series."""
    return [outlook.names[u.split(" ", 1)[1]] for u in ids]


def monthly_fans(outlook: Outlook, ids: tuple[str, ...]) -> Figure:
    """Draw monthly series with forecast, drift, breaks and shocks."""
    months = outlook.months
    history = months.panel[months.panel["unique_id"].isin(ids)]
    ends = history.groupby("unique_id")["ds"].max()
    breaks = months.breaks[months.breaks["unique_id"].isin(ids)]
    return _fans(
        history,
        months.fans,
        outlook.month_spans,
        dict(zip(ids, titles(outlook, ids), strict=True)),
        f"{_flow(months.bases[ids[0]])} a month",
        breaks=breaks[breaks["ds"] <= breaks["unique_id"].map(ends)],
    )


def yearly_fans(outlook: Outlook, ids: tuple[str, ...]) -> Figure:
    """Draw yearly series with forecast, drift and shocks."""
    years = outlook.years
    return _fans(
        years.panel[years.panel["unique_id"].isin(ids)],
        years.fans,
        outlook.year_spans,
        dict(zip(ids, titles(outlook, ids), strict=True)),
        f"{_flow(years.basis(ids[0]))} a year",
    )


def world_fans(outlook: Outlook) -> Figure:
    """Draw world exports of headings with forecast, drift and shocks."""
    world = outlook.world
    return _fans(
        world.panel,
        world.made,
        outlook.world_spans,
        dict(sorted(world_titles(outlook).items())),
        "World exports",
        unit="USD billion",
        scale=1e9,
    )


def _flow(basis: Basis) -> str:
    return "US exports" if basis.kind == US_EXPORTS else "Imports"


def _fans(
    history: pd.DataFrame,
    made: pd.DataFrame,
    spans: pd.DataFrame,
    titles: dict[str, str],
    what: str,
    *,
    breaks: pd.DataFrame | None = None,
    unit: str = "USD million",
    scale: float = 1e6,
) -> Figure:
    shown = made[(made["model"] == fc.SHOWN) & made["unique_id"].isin(titles)]
    order = shown["unique_id"].map({unique: place for place, unique in enumerate(titles)})
    return fan(
        history,
        shown.assign(order=order).sort_values(["order", "ds"], kind="stable"),
        benchmark=made[(made["model"] == "drift") & (made["level"] == 80)],
        titles=titles,
        breaks=breaks,
        spans=spans,
        what=what,
        unit=unit,
        scale=scale,
        row_in=ROW_IN,
    )

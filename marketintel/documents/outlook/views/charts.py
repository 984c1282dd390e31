"""Fans of forecasts with the shocks that their series lived through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.documents.charts.fans import fan
from marketintel.documents.outlook.facts import Outlook
from marketintel.warehouse.basis import US_EXPORTS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Fans drawn for a country: its largest series; the tables hold all.
PANELS = 6

#: Height of a row of panels: three rows, a heading and its text share a page.
ROW_IN = 1.95


def largest(outlook: Outlook, frequency: str, *ids: str) -> tuple[str, ...]:
    """Return the series that are largest over their last year."""
    panel = outlook.part(frequency).panel
    rows = panel[panel["unique_id"].isin(ids)].sort_values("ds")
    periods = 12 if frequency == "monthly" else 1
    size = rows.groupby("unique_id")["y"].apply(lambda y: y.tail(periods).sum())
    return tuple(size.nlargest(PANELS).index)


def titles(outlook: Outlook, *ids: str) -> list[str]:
    """Return the goods of series: segments, mixed codes or headings of world exports."""
    goods = [unique_id.rpartition(" ")[2] for unique_id in ids]
    heads = outlook.headings
    return [outlook.names.get(g) or f"Heading {g}: {heads[g].title}" for g in goods]


def fans(outlook: Outlook, frequency: str, *ids: str) -> Figure:
    """Draw series with forecast, drift, breaks and shocks."""
    part, flow = outlook.part(frequency), "World exports"
    if frequency != "world":
        exports = part.bases[ids[0]].kind == US_EXPORTS
        flow = f"{'US exports' if exports else 'Imports'} a {frequency.removesuffix('ly')}"
    world = frequency == "world"
    shown = part.fans[part.fans["model"] == fc.SHOWN]
    return fan(
        part.panel[part.panel["unique_id"].isin(ids)],
        pd.concat([shown[shown["unique_id"] == u] for u in ids]),
        benchmark=part.fans[(part.fans["model"] == "drift") & (part.fans["level"] == 80)],
        titles=dict(zip(ids, titles(outlook, *ids), strict=True)),
        breaks=part.breaks_within if frequency == "monthly" else None,
        spans=outlook.spans[frequency],
        what=flow,
        unit="USD billion" if world else "USD million",
        scale=1e9 if world else 1e6,
        row_in=ROW_IN,
    )

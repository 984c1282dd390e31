"""Yearly forecasts of whole segments' imports, as answers to a country and segment."""

from __future__ import annotations

import pandas as pd

from marketintel.documents.market.segment_outlook import OWN_MODEL, OWN_SERIES
from marketintel.documents.outlook.facts import totals
from marketintel.documents.outlook.facts.years import Years
from marketintel.documents.outlook.wording import label
from marketintel.warehouse.basis import US_EXPORTS


def own(years: Years) -> pd.DataFrame:
    """Return forecasts of own imports, with columns as ``segment_outlook`` takes them.

    US exports to a country are not its market, and a mixed code is not a segment: neither is here.
    """
    rows = _cells(years)
    return pd.DataFrame({
        "market": rows["partner"], "segment": rows["item"],
        "model_class": OWN_MODEL, "basis": rows["kind"].map(label), "weight_pct": 100.0,
        "level_year": rows["cutoff"].dt.year, "level_usd": rows["level_now"],
        "year": rows["ds"].dt.year, "median_usd": rows["level_then"],
        **{c: rows[c] for c in ("lo_80", "hi_80", "lo_95", "hi_95")},
        "probability_growth_pct": 100 * rows["probability_growth"],
        "probability_above_pct": 100 * rows["probability_above_threshold"],
    })  # fmt: skip


def path(years: Years) -> pd.DataFrame:
    """Return every year of those forecasts, with the columns of a path of ``segment_outlook``."""
    cells = _cells(years).set_index("unique_id")
    made = years.made[
        years.made["unique_id"].isin(cells.index) & years.made["level"].isin([80, 95])
    ]
    if made.empty:
        return pd.DataFrame()
    keys = ["unique_id", "ds"]
    wide = made.pivot_table(index=keys, columns="level", values=["mean", "lo", "hi"])
    rows = pd.DataFrame({
        "median_usd": wide[("mean", 80)],
        **{f"{side}_{level}": wide[(side, level)] for level in (80, 95) for side in ("lo", "hi")},
    }).reset_index()  # fmt: skip
    return rows.assign(
        market=rows["unique_id"].map(cells["partner"]), segment=rows["unique_id"].map(cells["item"]),
        forecast_class=OWN_SERIES, model_class=OWN_MODEL, year=rows["ds"].dt.year,
    )  # fmt: skip


def _cells(years: Years) -> pd.DataFrame:
    table = years.potential
    keep = table["role"] == totals.CELL
    keep &= table["kind"].map(lambda kind: kind.kind != US_EXPORTS and not kind.mixed).astype(bool)
    return table[keep]

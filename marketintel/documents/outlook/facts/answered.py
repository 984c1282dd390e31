"""Yearly forecasts of whole segments' imports, as answers to a country and segment."""

from __future__ import annotations

import pandas as pd

from marketintel.documents.market.segment_outlook import OWN_MODEL
from marketintel.documents.outlook.facts import totals
from marketintel.documents.outlook.facts.years import Years
from marketintel.documents.outlook.wording import label
from marketintel.warehouse.basis import US_EXPORTS


def own(years: Years) -> pd.DataFrame:
    """Return forecasts of own imports, with columns as ``segment_outlook`` takes them.

    US exports to a country are not its market, and a mixed code is not a segment: neither is here.
    """
    table = years.potential
    keep = table["role"] == totals.CELL
    keep &= table["kind"].map(lambda kind: kind.kind != US_EXPORTS and not kind.mixed).astype(bool)
    rows = table[keep]
    return pd.DataFrame({
        "market": rows["partner"], "segment": rows["item"],
        "model_class": OWN_MODEL, "basis": rows["kind"].map(label), "weight_pct": 100.0,
        "level_year": rows["cutoff"].dt.year, "level_usd": rows["level_now"],
        "year": rows["ds"].dt.year, "median_usd": rows["level_then"],
        **{c: rows[c] for c in ("lo_80", "hi_80", "lo_95", "hi_95")},
        "probability_growth_pct": 100 * rows["probability_growth"],
        "probability_above_pct": 100 * rows["probability_above_threshold"],
    })  # fmt: skip

"""Levels in five years as one plain table, for the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from marketintel.report.outlook.facts import load


def potential_table(
    countries: Sequence[str],
    segments: Sequence[str],
    threshold_pct: float,
    data_dir: Path | None = None,
) -> pd.DataFrame:
    """One row a country and segment of unchanged codes; ``all`` is the country's total.

    Returns
    -------
    DataFrame
        ``country, segment, year, level_usd, then, forecast_usd, lo_80_usd, hi_80_usd, lo_95_usd,
        hi_95_usd, added_per_year_usd, growth_pct, threshold_usd, above_threshold_pct``: US exports
        in the last full year and five years on; probabilities in percent.
    """
    outlook = load(countries, segments, threshold_pct, (), data_dir)
    rows = outlook.potential
    parts = rows["unique_id"].str.partition(" ")
    table = pd.DataFrame(
        {
            "country": parts[0],
            "segment": parts[2].where(parts[2] != "", "all"),
            "year": rows["cutoff"].dt.year,
            "level_usd": rows["level_now"],
            "then": rows["ds"].dt.year,
            "forecast_usd": rows["level_then"],
            "lo_80_usd": rows["lo_80"],
            "hi_80_usd": rows["hi_80"],
            "lo_95_usd": rows["lo_95"],
            "hi_95_usd": rows["hi_95"],
            "added_per_year_usd": rows["added_per_year"],
            "growth_pct": 100 * rows["probability_growth"],
            "threshold_usd": rows["threshold"],
            "above_threshold_pct": 100 * rows["probability_above_threshold"],
        }
    )
    order = {code: place for place, code in enumerate(outlook.countries)}
    place = table["country"].map(order)
    return table.assign(place=place).sort_values(
        ["place", "level_usd"], ascending=[True, False], ignore_index=True
    ).drop(columns="place")  # fmt: skip

"""Keep shocks in the series, or smooth them away? World exports of machinery, electronics, optics.

    python benchmarks/shocks.py

World exports of every HS4 heading of chapters 84, 85 and 90 by year, forecast from 2010 to 2018,
five years ahead. "smooth" interpolates the years of declared shocks where their end was known at
the origin; "keep" is what the engine does. Headings break at HS revisions: both see the same ones.
Needs the data folder named by MARKETINTEL_SHARED (default: shared) under data/.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from marketintel.analysis.forecast import accuracy, forecast, shocks
from marketintel.reference.drivers import load_shocks

BESIDE = Path(__file__).resolve().parents[2] / "shared"
DATA = Path(os.environ.get("MARKETINTEL_SHARED", BESIDE)) / "data"
CHAPTERS = ("84", "85", "90")
ORIGINS = range(2010, 2019)


def panel() -> pd.DataFrame:
    """World exports by heading and year."""
    rows = pd.read_parquet(DATA / "atlas_hs92_world_hs4_1995_2023.parquet")
    rows = rows[rows["product_code"].str[:2].isin(CHAPTERS)].reset_index(drop=True)
    ends = pd.to_datetime(rows["year"] + "-12-31").astype("datetime64[s]")
    value = pd.to_numeric(rows["world_export_value"])
    return pd.DataFrame({"unique_id": rows["product_code"], "ds": ends, "y": value})


def smooth(known: pd.DataFrame) -> pd.DataFrame:
    """Interpolate, in logarithms, years within a shock that lie between years without one."""
    known = known.sort_values(["unique_id", "ds"], ignore_index=True)
    lives = known.groupby("unique_id")["ds"].agg(["min", "max"]).reset_index()
    lives.columns = pd.Index(["unique_id", "start", "end"])
    spans = shocks.touching(load_shocks(), lives.assign(reporter="WLD", partner="WLD"))
    inside = shocks.in_shock(known, spans)
    logs = known["y"].where(known["y"] > 0).map(np.log, na_action="ignore").mask(inside)
    filled = logs.groupby(known["unique_id"]).transform(
        lambda v: v.interpolate(limit_area="inside")
    )
    return known.assign(y=np.exp(filled).fillna(known["y"]))


def main() -> None:
    """Print one table."""
    data = panel()
    made = []
    for year in ORIGINS:
        known = data[data["ds"].dt.year <= year]
        made.append(forecast(known, 5).assign(how="keep"))
        made.append(forecast(smooth(known), 5).assign(how="smooth"))
    table = accuracy(pd.concat(made), data, by=["how"])
    columns = ["how", "level", "series", "mase", "smape", "coverage_pct", "interval_score"]
    print(table[columns].round(3).to_string(index=False))


if __name__ == "__main__":
    main()

"""The default combination against naive and drift on real photonics series.

    python benchmarks/photonics_forecast.py

* US exports by HS6, monthly, to China 2013-2021 and to Ireland, Switzerland, Turkey, Viet Nam
  2013-2026 (US Census): every core code of the segments, 12 months ahead, 6 origins.
* World exports of the HS4 headings that may speak for a segment, cut at their breaks, 5 years
  ahead, 5 origins.
* India's exports of photonics HS8 codes by country, fiscal years 2017-2024, 2 years ahead; eight
  points are all there are, so at least 5 instead of 8 points are asked of an origin.

MASE: mean absolute error over the mean absolute seasonal change before the origin; every series
counts once. Needs the data folder named by MARKETINTEL_SHARED (default: shared) under data/.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from marketintel.analysis.forecast import accuracy, backtest, cut, refused
from marketintel.analysis.forecast.coherence import compare
from marketintel.reference.headings import load_headings
from marketintel.reference.segments import load_segments

BESIDE = Path(__file__).resolve().parents[2] / "shared"
DATA = Path(os.environ.get("MARKETINTEL_SHARED", BESIDE)) / "data"
MODELS = ["combination", "naive", "drift", "seasonal_naive"]
REVISIONS = ("HS2012", "HS2017", "HS2022")


def core_codes() -> set[str]:
    """HS6 own codes of all segments in the revisions that the monthly data pass through."""
    frames = [load_segments().frame(revision) for revision in REVISIONS]
    codes = pd.concat(frames)
    return set(codes.loc[codes["scope"] != "broad", "cmd_code"])


def monthly() -> dict[str, pd.DataFrame]:
    """US exports of core codes by destination; a code that a revision ends, ends."""
    china = pd.read_parquet(DATA / "us_census_exports_to_china_hs6_monthly_2013_2021.parquet")
    china = china.rename(columns={"value_usd": "y"}).assign(country="CHINA")
    four = pd.read_parquet(
        DATA / "us_census_exports_hs10_monthly_photonics_IRL_CHE_TUR_VNM.parquet"
    )
    four = four.assign(
        hs6=four["E_COMMODITY"].str[:6],
        y=pd.to_numeric(four["ALL_VAL_MO"]),
        country=four["CTY_NAME"],
    )
    columns = ["country", "hs6", "time", "y"]
    rows = pd.concat([china[columns], four[columns]])
    rows = rows[rows["hs6"].isin(core_codes())]
    rows = rows.groupby(["country", "hs6", "time"], as_index=False)["y"].sum()
    rows["ds"] = pd.PeriodIndex(rows["time"], freq="M").to_timestamp(how="end").normalize()
    rows["unique_id"] = rows["country"] + " " + rows["hs6"]
    return {str(country): group for country, group in rows.groupby("country")}


def headings() -> pd.DataFrame:
    """World exports of the headings that speak for a segment, after their last break."""
    speaking = {h.heading: h for h in load_headings() if any(map(h.speaks_for, h.cover))}
    rows = pd.read_parquet(DATA / "atlas_hs92_world_hs4_1995_2023.parquet")
    rows = rows[rows["product_code"].isin(list(speaking))]
    panel = pd.DataFrame(
        {
            "unique_id": rows["product_code"],
            "ds": pd.to_datetime(rows["year"] + "-12-31"),
            "y": pd.to_numeric(rows["world_export_value"]),
        }
    )
    breaks = [
        (code, pd.Timestamp(year, 12, 31), reason)
        for code, heading in speaking.items()
        for year, reason in heading.breaks.items()
    ]
    return cut(panel, pd.DataFrame(breaks, columns=["unique_id", "ds", "reason"]))


def india() -> pd.DataFrame:
    """India's exports of photonics codes by country; a fiscal year ends on 31 March."""
    rows = pd.read_parquet(DATA / "india_exports_hs8_photonics_fy2017_2024.parquet")
    rows = rows[rows["hs8"].str[:6].isin(core_codes())]
    rows = rows.assign(y=pd.to_numeric(rows["export_musd"], errors="coerce"))
    rows = rows.groupby(["country", "fy_start"], as_index=False)["y"].sum(min_count=1)
    ends = pd.to_datetime((rows["fy_start"].astype(int) + 1).astype(str) + "-03-31")
    return pd.DataFrame({"unique_id": rows["country"], "ds": ends, "y": rows["y"]})


def cells() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Segment by country, monthly, to the four destinations of 2013-2026, and all their sums."""
    codes = pd.concat([load_segments().frame(revision) for revision in REVISIONS])
    codes = codes[codes["scope"] != "broad"].drop_duplicates("cmd_code")
    segment = codes.set_index("cmd_code")["segment"]
    rows = pd.concat([group for country, group in monthly().items() if country != "CHINA"])
    rows["segment"] = rows["hs6"].map(segment)
    rows = rows.groupby(["country", "segment", "ds"], as_index=False)["y"].sum()
    rows["part"] = rows["country"] + " " + rows["segment"]
    months = rows.groupby("part")["ds"].transform("size")
    rows = rows[months == rows["ds"].nunique()]  # cells that trade in every month
    sums = [
        rows.groupby([*keys, "ds"], as_index=False)["y"].sum().assign(unique_id=name)
        for keys, name in (([], "total"),)
    ]
    sums += [
        rows.groupby([key, "ds"], as_index=False)["y"].sum().rename(columns={key: "unique_id"})
        for key in ("country", "segment")
    ]
    parts = rows.rename(columns={"part": "unique_id"})[["unique_id", "ds", "y"]]
    panel = pd.concat([parts, *sums])[["unique_id", "ds", "y"]]
    members = rows.drop_duplicates("part")
    structure = pd.concat(
        pd.DataFrame({"aggregate": aggregate, "part": members["part"]})
        for aggregate in ("total", members["country"], members["segment"])
    )
    return panel, structure


def coherence() -> None:
    """Base, bottom-up and MinT on the last origin, MinT learning from the 24 before it."""
    panel, structure = cells()
    tested = backtest(panel, 12, 24)
    table = compare(tested, panel, structure)
    print(f"\nSegment by country, monthly: {structure['part'].nunique()} cells, their sums beside")
    print(table.query("level == 95")[["method", "series", "mase", "smape"]].round(3).to_string())


def report(
    name: str, panel: pd.DataFrame, horizon: int, origins: int, **options: int
) -> pd.DataFrame:
    """Back-test one panel and print one row a model; give the MASE of every series."""
    tested = backtest(panel, horizon, origins, (80, 95), MODELS, **options)
    table = accuracy(tested, panel, by=["model"])
    wide = table.pivot_table(index="model", columns="level", values="coverage_pct")
    first = table[table["level"] == 95].set_index("model")
    reasons = refused(tested)["reason"].str.replace(r"\d+", "n", regex=True).value_counts()
    series = int(first["series"].iloc[0])
    print(f"\n{name}: {series} series; refused {int(reasons.sum())}: {reasons.to_dict()}")
    columns = first[["mase", "smape", "interval_score"]].assign(cover80=wide[80], cover95=wide[95])
    print(columns.loc[MODELS].round(3).to_string())
    return accuracy(tested, panel, by=["model", "unique_id"]).query("level == 95")


def main() -> pd.Series:
    """Print every table; give the MASE over all series, one entry a model."""
    destinations = monthly()
    for country, panel in destinations.items():
        report(f"US exports to {country}, monthly HS6", panel, 12, 6)
    total = [
        report("US exports, all five destinations", pd.concat(destinations.values()), 12, 6),
        report("World exports, HS4 headings", headings(), 5, 5),
        report("India's exports by country", india(), 2, 2, min_points=5),
    ]
    coherence()
    everything = pd.concat(total).groupby("model")["mase"]
    print("\nIn total, every series once")
    print(everything.agg(["mean", "median", "size"]).loc[MODELS].round(3).to_string())
    return everything.mean()


if __name__ == "__main__":
    main()

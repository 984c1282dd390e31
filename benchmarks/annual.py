"""Annual forecasts on trade: what the default's rule was learned on, and how it does elsewhere.

    python benchmarks/annual.py learn                       the panels the rule was read off
    python benchmarks/annual.py score [--yardstick PYTHON]  panels that took no part in it

`learn`: BACI headings by economy and US imports by end-use class and partner, origins 2018 to 2020,
each from its last 4, 5, … points. Mean absolute error in units of the mean change before it, over
that of the better of naive and drift on the same rows; errors beyond 30 count as 30.

`score`: world exports of headings outside chapters 84, 85 and 90, exports of Germany and Greece in
these chapters, Japan's trade by area and goods, M3's yearly series. Rolling origins, MASE as in
`accuracy`; intervals at 80 % against statsforecast's AutoETS (no dependency: name a Python that has
it), cut at zero like ours. Needs the data folder named by MARKETINTEL_SHARED (default: shared).
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from m3 import DATA
from m3 import panel as m3_panel

from marketintel.analysis.forecast import accuracy, backtest
from marketintel.analysis.forecast.combination import NAME
from marketintel.analysis.forecast.models import fit_models
from marketintel.analysis.forecast.panel import Batch, screen

MODELS = ["combination", "naive", "drift"]
CANDIDATES = ["naive", "drift", "ses", "damped", "ets", "theta", "log_theta", "dynamic_theta",
              "local_level", "local_trend", "shrunk_drift", "combination"]  # fmt: skip
CHAPTERS = ("84", "85", "90")
MOST = 30.0
AHEAD, ORIGINS = 5, 5
MOST_RIVALS = 200
"""Series of a panel on which interval scores are compared with AutoETS, evenly drawn."""

YARDSTICK = """
import sys, warnings
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import AutoETS
warnings.simplefilter("ignore")
rows = pd.read_csv(sys.argv[1], parse_dates=["ds"], dtype={"unique_id": str})
made = StatsForecast([AutoETS(season_length=1)], freq=1, n_jobs=1).forecast(
    df=rows[["unique_id", "ds", "y"]].assign(ds=rows.groupby("unique_id").cumcount() + 1),
    h=int(sys.argv[2]), level=[80])
made.to_csv(sys.argv[3], index=False)
"""


def long(rows: pd.DataFrame, name: pd.Series, year: pd.Series, value: pd.Series) -> pd.DataFrame:
    """``unique_id, ds, y``, summed; years without a row between first and last are zero."""
    wide = rows.assign(n=name, t=year.astype(int), v=pd.to_numeric(value) * 1.0).pivot_table(
        index="n", columns="t", values="v", aggfunc="sum", fill_value=0.0
    )
    found = wide.stack().rename("y").reset_index()  # noqa: PD013
    ends = pd.to_datetime(found["t"].astype(str) + "-12-31").astype("datetime64[s]")
    return pd.DataFrame({"unique_id": found["n"].astype(str), "ds": ends, "y": found["y"] * 1.0})


def learning() -> dict[str, pd.DataFrame]:
    """The two panels of the rule."""
    heads = pd.read_parquet(DATA / "baci_hs17_v202601_photonics_hs4_2017_2024.parquet")
    heads = heads.melt(["year", "hs4", "iso3"], ["exports_usd", "imports_usd"], "flow", "value")
    uses = pd.read_parquet(DATA / "us_census_imports_enduse_country_2014_2025.parquet")
    return {
        "BACI headings": long(
            heads,
            heads["flow"].str[0] + heads["hs4"] + heads["iso3"],
            heads["year"],
            heads["value"],
        ),
        "end use": long(uses, uses["cty"] + uses["end_use"], uses["year"], uses["value_usd"]),
    }


def windows(panel: pd.DataFrame) -> Iterator[tuple[int, int, Batch, np.ndarray]]:
    """Origin, points, what was known and what came, of every series with that many points."""
    wide = panel.pivot_table(index="unique_id", columns=panel["ds"].dt.year, values="y")
    for origin in (2018, 2019, 2020):
        for points in range(4, origin - int(wide.columns.min()) + 2):
            known = wide.loc[:, origin - points + 1 : origin]
            rows = known.stack().rename("y").reset_index()  # noqa: PD013
            rows["ds"] = pd.to_datetime(rows["ds"].astype(str) + "-12-31").astype("datetime64[s]")
            (batch,) = screen(rows, freq="A", min_points=4).batches
            batch = batch.take(np.flatnonzero(batch.length == points))
            yield (
                origin,
                points,
                batch,
                wide.loc[list(batch.ids), origin + 1 : origin + AHEAD].to_numpy(),
            )


def learn() -> None:
    """Print one row a panel, origin and length."""
    table = {}
    for name, panel in learning().items():
        for origin, points, batch, actual in windows(panel):
            fits = fit_models(batch, actual.shape[1], CANDIDATES)
            scale = np.abs(np.diff(batch.y, axis=1)).mean(axis=1)
            moved = scale > 0
            error = {
                model: np.minimum(
                    np.abs(np.maximum(fit.mean, 0) - actual)[moved] / scale[moved, None], MOST
                ).mean()
                for model, fit in fits.items()
            }
            better = min(error["naive"], error["drift"])
            key = f"{name} {origin}, {points} points, {moved.sum()} series"
            table[key] = {model: value / better for model, value in error.items()}
    result = pd.DataFrame(table).T
    result.loc["mean"] = result.mean()
    print(result.round(3).to_string())


def scoring() -> dict[str, tuple[pd.DataFrame, int, int]]:
    """Panels that took no part: series, years ahead, origins."""
    world = pd.read_parquet(DATA / "atlas_hs92_world_hs4_1995_2023.parquet")
    world = world[~world["product_code"].str[:2].isin(CHAPTERS)]
    two = pd.read_parquet(DATA / "atlas_deu_grc_hs4_1995_2020.parquet")
    two = two[two["hs_product_code"].str[:2].isin(CHAPTERS)]
    japan = pd.read_parquet(DATA / "japan_customs_area_goods_2009_2026.parquet").dropna()
    japan = japan[japan["year"].astype(float) <= 2025]
    optical = japan[japan["goods"].str.contains("Optical")]
    found = {
        "world headings": long(
            world, world["product_code"], world["year"], world["world_export_value"]
        )
    }
    for code, name in (("DEU", "Germany"), ("GRC", "Greece")):
        own = two[two["location_code"] == code]
        found[name] = long(own, own["hs_product_code"], own["year"], own["export_value"])
    for name, own in (("Japan, all goods", japan), ("Japan, optical", optical)):
        key = own["ex_im"] + " " + own["area"] + " " + own["goods"]
        found[name] = long(own, key, own["year"].astype(float), own["value"])
    panels = {name: (rows, AHEAD, ORIGINS) for name, rows in found.items()}
    return panels | {"M3 yearly": (m3_panel("yearly", None), 6, 1)}


def auto_ets(python: str, tested: pd.DataFrame, panel: pd.DataFrame) -> pd.DataFrame:
    """AutoETS at the origins of a back-test, in the same form."""
    origins = tested[["unique_id", "cutoff"]].drop_duplicates()
    rows = panel.merge(origins, on="unique_id")
    rows = rows[rows["ds"] <= rows["cutoff"]].sort_values(["unique_id", "cutoff", "ds"])
    begun = rows["y"].ne(0).groupby([rows["unique_id"], rows["cutoff"]]).cummax()
    rows = rows[begun].assign(series=rows["unique_id"], key=lambda f: f.groupby(
        ["series", "cutoff"], sort=False).ngroup().astype(str))  # fmt: skip
    ahead = tested.groupby(["unique_id", "cutoff"])["ds"].nunique().max()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.csv", Path(folder) / "out.csv"
        rows.assign(unique_id=rows["key"])[["unique_id", "ds", "y"]].to_csv(source, index=False)
        command = [python, "-c", YARDSTICK, str(source), str(ahead), str(target)]
        subprocess.run(command, check=True, capture_output=True)
        made = pd.read_csv(target, dtype={"unique_id": str})
    keys = rows.drop_duplicates("key").set_index("key")
    made["cutoff"] = made["unique_id"].map(keys["cutoff"])
    step = made.groupby("unique_id").cumcount() + 1
    ends = (made["cutoff"].dt.year + step).astype(str) + "-12-31"
    return pd.DataFrame(
        {
            "unique_id": made["unique_id"].map(keys["series"]),
            "ds": pd.to_datetime(ends).astype("datetime64[s]"), "cutoff": made["cutoff"],
            "model": "AutoETS", "level": 80, "mean": made["AutoETS"].clip(lower=0),
            "lo": made["AutoETS-lo-80"].clip(lower=0), "hi": made["AutoETS-hi-80"].clip(lower=0),
        }
    )  # fmt: skip


def score(python: str | None = None) -> pd.DataFrame:
    """Print one row a panel, and what held; give the table."""
    table = {}
    for name, (panel, ahead, origins) in scoring().items():
        tested = backtest(panel, ahead, origins, (80, 95), MODELS, freq="A")
        found = accuracy(tested, panel, season_length=1).set_index(["model", "level"])
        mase, at80 = found["mase"], found.xs(80, level="level")
        rivals = at80["interval_score"]
        if python:
            ids = sorted(set(tested["unique_id"]))
            some = tested[tested["unique_id"].isin(ids[:: -(-len(ids) // MOST_RIVALS)])]
            beside = pd.concat([some, auto_ets(python, some, panel)])
            rivals = accuracy(beside, panel, season_length=1).query("level == 80")
            rivals = rivals.set_index("model")["interval_score"]
        table[name] = {
            "series": found["series"].max(), **{m: mase[m, 80] for m in MODELS},
            "80 % covers": at80.loc[NAME, "coverage_pct"],
            "95 % covers": found.loc[(NAME, 95), "coverage_pct"],
            **{f"score, {m}": s for m, s in rivals.items()},
        }  # fmt: skip
    result = pd.DataFrame(table).T
    print(result.round(3).to_string())
    ours = result["combination"] <= result[["naive", "drift"]].min(axis=1)
    inside = result["80 % covers"].between(74, 88)
    print(f"MASE not above the better of naive and drift: {ours.sum()} of {len(ours)}")
    print(f"80 % intervals cover 74-88 %: {inside.sum()} of {len(ours)}")
    if python:
        sharper = result["score, combination"] < result["score, AutoETS"]
        print(f"interval score below AutoETS: {sharper.sum()} of {len(ours)}")
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["learn", "score"])
    parser.add_argument("--yardstick", help="a Python that has statsforecast")
    arguments = parser.parse_args()
    if arguments.what == "learn":
        learn()
    else:
        score(arguments.yardstick)

"""M3 (3,003 series; Makridakis & Hibon 2000): choose on the training part, score on the test part.

    python benchmarks/m3.py choose    rolling origins of the TRAINING part: pool and combinations
    python benchmarks/m3.py score     the committed default against the test part, beside the
                                      entrants and statsmodels' own ETS

`choose` reads no test value: the reader filters them out before anything is computed. Needs
`m3_competition.parquet`, `m3_original_forecasts.parquet` and `m3_anchor_scores.csv` in the folder
named by MARKETINTEL_SHARED (default: shared) under data/. Nothing of M3 is part of this project.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from marketintel.analysis.forecast import accuracy, backtest, forecast, score
from marketintel.analysis.forecast.models import MODELS

BESIDE = Path(__file__).resolve().parents[2] / "shared"
DATA = Path(os.environ.get("MARKETINTEL_SHARED", BESIDE)) / "data"
GROUPS = {"yearly": (6, 1, "YE"), "quarterly": (8, 4, "QE"), "monthly": (18, 12, "ME")}
GROUPS |= {"other": (8, 1, "YE")}
FREQ = {1: "YE", 4: "QE", 12: "ME"}
ORIGINS = 4

CANDIDATES = {
    "median(dot, ets, damped, log_theta)": ("dynamic_theta", "ets", "damped", "log_theta"),
    "median(dot, ets, damped, theta)": ("dynamic_theta", "ets", "damped", "theta"),
    "median(dot, damped, theta)": ("dynamic_theta", "damped", "theta"),
    "median(dot, theta, log_theta)": ("dynamic_theta", "theta", "log_theta"),
    "median(dot, ets, damped, theta, log_theta)": (
        "dynamic_theta",
        "ets",
        "damped",
        "theta",
        "log_theta",
    ),
    "median(dot, ets, damped, log_theta, local_trend)": (
        "dynamic_theta",
        "ets",
        "damped",
        "log_theta",
        "local_trend",
    ),
    "median(ses, holt, damped)": ("ses", "holt", "damped"),
}


def panel(group: str, split: str | None) -> pd.DataFrame:
    """Series of one group as a panel; periods are counted from 1900, M3's dates play no part."""
    filters = [("group", "=", group)]
    if split:
        filters.append(("split", "=", split))
    rows = pd.read_parquet(DATA / "m3_competition.parquet", filters=filters)
    rows = rows.sort_values(["series_id", "t"], kind="stable")
    position = rows.groupby("series_id").cumcount().to_numpy()
    dates = pd.date_range("1900-01-01", periods=250, freq=GROUPS[group][2]).as_unit("s")
    return pd.DataFrame({"unique_id": rows["series_id"], "ds": dates[position], "y": rows["y"]})


def choose() -> None:
    """OWA of the pool and of candidate combinations on rolling origins of the training part."""
    tables = {}
    for group, (horizon, season, _) in GROUPS.items():
        train = panel(group, "train")
        done = ("combination", "shrunk_drift", "seasonal_naive", "naive")
        pool = [m for m in MODELS if m not in done]
        tested = backtest(train, horizon, ORIGINS, (95,), pool, season_length=season)
        candidates = [
            tested[tested["model"].isin(members)]
            .groupby(["unique_id", "ds", "cutoff", "level"], sort=False)[["mean", "lo", "hi"]]
            .agg(how)
            .reset_index()
            .assign(model=name.replace("median", how))
            for name, members in CANDIDATES.items()
            for how in ("median", "mean")
        ]
        table = accuracy(pd.concat([tested, *candidates]), train, season_length=season)
        tables[group] = table.set_index("model")["owa"]
    result = pd.DataFrame(tables)
    result["mean"] = result[["yearly", "quarterly", "monthly"]].mean(axis=1)
    print(f"OWA against naive2, {ORIGINS} rolling origins of the training part")
    print(result.sort_values("mean").round(4).to_string())


def coverage() -> None:
    """Coverage and interval score of the default on rolling origins of the training part."""
    for group, (horizon, season, _) in GROUPS.items():
        train = panel(group, "train")
        tested = backtest(train, horizon, ORIGINS, season_length=season)
        print(group)
        print(accuracy(tested, train, season_length=season).round(3).to_string())


def entrants(group: str) -> pd.DataFrame:
    """Original M3 forecasts of a group in the long format, without intervals."""
    rows = pd.read_parquet(DATA / "m3_original_forecasts.parquet")
    train = panel(group, "train")
    ends = train.groupby("unique_id")["ds"].agg(["max", "size"])
    rows = rows[rows["series_id"].isin(ends.index)]
    dates = pd.date_range("1900-01-01", periods=250, freq=GROUPS[group][2]).as_unit("s")
    at = rows["series_id"].map(ends["size"]).to_numpy() + rows["step"].to_numpy() - 1
    return pd.DataFrame(
        {
            "unique_id": rows["series_id"].to_numpy(),
            "ds": dates[at],
            "cutoff": rows["series_id"].map(ends["max"]).to_numpy(),
            "model": rows["method"].to_numpy(),
            "level": 95,
            "mean": rows["yhat"].to_numpy(),
            "lo": np.nan,
            "hi": np.nan,
        }
    )


def statsmodels_ets(train: pd.DataFrame, horizon: int, season: int) -> pd.DataFrame:
    """Statsmodels' own ETS, the yardstick of intervals: damped additive trend, an additive season
    where the data are seasonal, and the exact 95 % interval that it computes itself."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    frames = []
    for unique_id, rows in train.groupby("unique_id", sort=False):
        y = rows["y"].reset_index(drop=True)
        options = {"trend": "add", "damped_trend": True}
        if season > 1 and len(y) >= 2 * season + 2:
            options |= {"seasonal": "add", "seasonal_periods": season}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the yardstick's convergence is its own affair
            fitted = ETSModel(y, error="add", **options).fit(disp=False)
            summary = fitted.get_prediction(len(y), len(y) + horizon - 1).summary_frame(alpha=0.05)
        dates = pd.date_range(rows["ds"].iloc[-1], periods=horizon + 1, freq=FREQ[season])
        frames.append(
            pd.DataFrame(
                {
                    "unique_id": unique_id,
                    "ds": dates[1:].as_unit("s"),
                    "cutoff": dates[0].as_unit("s"),
                    "model": "statsmodels ETS",
                    "level": 95,
                    "mean": summary["mean"].to_numpy(),
                    "lo": summary["pi_lower"].to_numpy(),
                    "hi": summary["pi_upper"].to_numpy(),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def score_test(with_ets: bool) -> dict[str, pd.DataFrame]:
    """Score the default and the entrants on the test part; compare with the published anchors."""
    parts, tables = [], {}
    for group, (horizon, season, _) in GROUPS.items():
        start = time.perf_counter()
        train = panel(group, "train")
        made = forecast(train, horizon, (80, 95), season_length=season)
        seconds = time.perf_counter() - start
        frames = [made, entrants(group)]
        if with_ets:
            frames.append(statsmodels_ets(train, horizon, season))
        whole = panel(group, None)
        scored = score(pd.concat(frames), whole, season_length=season)
        table = _table(scored)
        print(f"\n{group}: {made['unique_id'].nunique()} series in {seconds:.1f} s")
        print(table.round(4).to_string())
        check_anchors(table, group)
        parts.append(scored)
        tables[group] = table
    everything = _table(pd.concat(parts))
    print("\nall")
    print(everything.round(4).to_string())
    check_anchors(everything, "all")
    return tables | {"all": everything}


def check_anchors(table: pd.DataFrame, group: str) -> None:
    """The entrants' scores, from the code that scores us, must be the known ones to four digits."""
    anchors = pd.read_csv(DATA / "m3_anchor_scores.csv", dtype={"method": str})
    anchors = anchors[anchors["group"] == group].set_index("method")
    ours = table.xs(95, level="level").loc[anchors.index]
    worst = (ours[["smape", "mase", "owa"]] - anchors[["smape", "mase", "owa"]]).abs().max()
    print(f"{len(anchors)} anchors, largest difference: {worst.round(6).to_dict()}")
    assert (worst < 1e-4).all(), f"entrants' scores differ from the anchors: {worst.to_dict()}"


def _table(scored: pd.DataFrame) -> pd.DataFrame:
    """Means of per-series means, OWA against the entrant NAIVE2."""
    measures = ["smape", "mase", "coverage_pct", "interval_score"]
    series = scored.groupby(["model", "level", "unique_id"])[measures].mean()
    table = series.groupby(["model", "level"]).mean()
    naive = table.loc[("NAIVE2", 95)]
    owa = (table["smape"] / naive["smape"] + table["mase"] / naive["mase"]) / 2
    table.insert(2, "owa", owa)
    return table.sort_values("owa")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["choose", "coverage", "score"])
    parser.add_argument("--without-ets", action="store_true", help="skip statsmodels' ETS")
    arguments = parser.parse_args()
    if arguments.what == "choose":
        choose()
    elif arguments.what == "coverage":
        coverage()
    else:
        score_test(not arguments.without_ets)

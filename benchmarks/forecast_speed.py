"""Speed of the forecast engine: the whole pool on many series, how cost grows, and yardsticks.

    python benchmarks/forecast_speed.py [--yardstick PYTHON]

1. 5,000 annual series x 5 origins, every model and the default's intervals, against 60 s.
2. Cost per series at 500 and at 5,000 series.
3. `ets` and `dynamic_theta` against statsforecast's AutoETS and DynamicOptimizedTheta, same series,
   one process each, compilation not counted. statsforecast is no dependency: name a Python that has
   it (`python -m venv y && y/bin/pip install statsforecast`).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

HORIZON, ORIGINS, SEED = 5, 5, 20_240
YARDSTICK = """
import sys, time, warnings
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import AutoETS, DynamicOptimizedTheta
warnings.simplefilter("ignore")
data = pd.read_csv(sys.argv[1], parse_dates=["ds"])
season, freq = int(sys.argv[2]), sys.argv[3]
few = data[data["unique_id"].isin(data["unique_id"].unique()[:20])]
for model in (AutoETS(season_length=season), DynamicOptimizedTheta(season_length=season)):
    engine = StatsForecast(models=[model], freq=freq, n_jobs=1)
    engine.forecast(df=few, h=5)
    start = time.perf_counter()
    engine.forecast(df=data, h=5)
    print(type(model).__name__, time.perf_counter() - start)
"""


def panel(series: int, season: int = 1) -> pd.DataFrame:
    """Growing, noisy series: 20 to 30 years, or 60 to 120 months with a season."""
    rng = np.random.default_rng(SEED)
    lengths = rng.integers(20, 31, series) if season == 1 else rng.integers(60, 121, series)
    freq = "YE" if season == 1 else "ME"
    dates = pd.date_range("2000-01-31", periods=lengths.max(), freq=freq).as_unit("s")
    frames = []
    for i, n in enumerate(lengths):
        growth, noise = rng.normal(0.04 / season, 0.03 / season), rng.uniform(0.02, 0.15)
        steps = rng.normal(growth, noise / np.sqrt(season), n)
        wave = 0.2 * np.sin(2 * np.pi * np.arange(n) / season) if season > 1 else 0.0
        level = 100 * np.exp(np.cumsum(steps) + wave)
        frames.append(pd.DataFrame({"unique_id": f"s{i}", "ds": dates[:n], "y": level}))
    return pd.concat(frames, ignore_index=True)


def whole_pool(series: int) -> float:
    """Seconds for every model with intervals at every origin."""
    from marketintel.analysis.forecast import backtest
    from marketintel.analysis.forecast.models import MODELS

    data = panel(series)
    start = time.perf_counter()
    frame = backtest(data, HORIZON, ORIGINS, model=MODELS)
    seconds = time.perf_counter() - start
    assert frame["unique_id"].nunique() == series
    assert frame[["mean", "lo", "hi"]].notna().all().all()
    return seconds


def ours(data: pd.DataFrame, model: str, *, intervals: bool) -> float:
    """Seconds for one model on a panel, screening included; with intervals or without."""
    from marketintel.analysis.forecast import forecast
    from marketintel.analysis.forecast.models import fit_models
    from marketintel.analysis.forecast.panel import screen

    start = time.perf_counter()
    if intervals:
        forecast(data, 5, (95,), model)
    else:
        for batch in screen(data).batches:
            fit_models(batch, 5, [model])
    return time.perf_counter() - start


def yardstick(python: str, data: pd.DataFrame, season: int) -> dict[str, float]:
    """Seconds of statsforecast's two models on the same panel."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panel.csv"
        data.to_csv(path, index=False)
        freq = "YE" if season == 1 else "ME"
        command = [python, "-c", YARDSTICK, str(path), str(season), freq]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {line.split()[0]: float(line.split()[1]) for line in out.splitlines()}


def main(series: int = 5000, python: str | None = None) -> dict[str, float]:
    """Run and print; give seconds and ratios by what they measure."""
    whole_pool(50)  # imports
    few, many = whole_pool(series // 10), whole_pool(series)
    print(f"{series} annual series x {ORIGINS} origins, whole pool: {many:.1f} s (60)")
    growth = (many / series) / (few / (series // 10))
    print(f"cost per series, {series} against {series // 10}: {growth:.2f}")
    found = {"seconds": many, "growth": growth}
    if not python:
        print("no --yardstick given: no comparison with statsforecast", file=sys.stderr)
        return found
    for season, count, name in ((1, 1000, "annual"), (12, 200, "monthly")):
        data = panel(count, season)
        theirs = yardstick(python, data, season)
        for model, rival in (("ets", "AutoETS"), ("dynamic_theta", "DynamicOptimizedTheta")):
            point, full = (ours(data, model, intervals=flag) for flag in (False, True))
            ratio = point / theirs[rival]
            found[f"{name} {model} / {rival}"] = ratio
            print(
                f"{count} {name}: {model} {point:.2f} s, with back-tested intervals {full:.2f} s; "
                f"{rival} {theirs[rival]:.2f} s, ratio {ratio:.3f}"
            )
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--yardstick", help="a Python that has statsforecast")
    parser.add_argument("--series", type=int, default=5000)
    arguments = parser.parse_args()
    main(arguments.series, arguments.yardstick)

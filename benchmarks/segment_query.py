"""A segment's flows against what a user would write instead, on the same parquet.

Asked: US imports for consumption in every code of one segment, both years, with duties. Three
ways in one run: our ``flows``; pandas that reads the two tables and filters; pyarrow that
filters while reading. All three answers are compared before any is timed. Printed as a
Markdown table: median of the repetitions, and the ratio to ours. The first row is the build
of all tables from the snapshots, which happens once after installation.

    python benchmarks/segment_query.py [--segment optics] [--repeat 15]
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from marketintel.reference.segments import load_segments
from marketintel.warehouse import build, store
from marketintel.warehouse.flows import flows

KEYS = ["partner", "cmd_code", "period"]
DUTIES = ["dutiable_value_usd", "duties_usd"]


def ours(segment: str, data: Path) -> pd.DataFrame:
    return flows(reporter="USA", segments=segment, data_dir=data)


def with_pandas(codes: list[str], data: Path) -> pd.DataFrame:
    trade = pd.read_parquet(store.table_path(data, "trade"))
    duties = pd.read_parquet(store.table_path(data, "duties"))
    chosen = trade[
        trade["cmd_code"].isin(codes)
        & (trade["reporter"] == "USA")
        & (trade["flow"] == "import")
        & (trade["freq"] == "A")
        & (trade["trade_system"] == "consumption")
    ]
    return chosen.merge(duties[[*KEYS, *DUTIES]], on=KEYS, how="left")


def with_pyarrow(codes: list[str], data: Path) -> pd.DataFrame:
    wanted = [("cmd_code", "in", codes), ("reporter", "==", "USA")]
    system = [("flow", "==", "import"), ("freq", "==", "A"), ("trade_system", "==", "consumption")]
    trade = pq.read_table(
        store.table_path(data, "trade"), columns=[*KEYS, "value_usd"], filters=wanted + system
    )
    duties = pq.read_table(
        store.table_path(data, "duties"), columns=[*KEYS, *DUTIES], filters=wanted
    )
    return trade.to_pandas().merge(duties.to_pandas(), on=KEYS, how="left")


def same_answer(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    columns = [*KEYS, "value_usd", *DUTIES]
    ordered = [f[columns].sort_values(KEYS, ignore_index=True) for f in (one, other)]
    return ordered[0].equals(ordered[1])


def median_seconds(question: Callable[[], object], repeat: int) -> float:
    taken = []
    for _ in range(repeat):
        started = time.perf_counter()
        question()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--segment", default="optics")
    parser.add_argument("--repeat", type=int, default=15)
    chosen = parser.parse_args()
    segments = load_segments().frame("HS2022")
    codes = sorted(segments.loc[segments["segment"] == chosen.segment, "cmd_code"])

    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        shutil.copytree(store.default_data_dir() / "raw", data / "raw")
        first_build = median_seconds(lambda: build.build(data), 1)
        current = median_seconds(lambda: build.build(data), chosen.repeat)
        ways: dict[str, Callable[[], pd.DataFrame]] = {
            "marketintel `flows`": lambda: ours(chosen.segment, data),
            "pandas: read both tables, filter, merge": lambda: with_pandas(codes, data),
            "pyarrow: filter while reading, merge": lambda: with_pyarrow(codes, data),
        }
        answers = {name: way() for name, way in ways.items()}
        reference_answer = next(iter(answers.values()))
        for name, answer in answers.items():
            if not same_answer(reference_answer, answer):
                raise SystemExit(f"{name} gives another answer: nothing to compare")
        times = {name: median_seconds(way, chosen.repeat) for name, way in ways.items()}

    base = next(iter(times.values()))
    rows = len(reference_answer)
    print(f"Segment `{chosen.segment}`: {len(codes)} codes, {rows} rows; median of "
          f"{chosen.repeat} runs.\n")  # fmt: skip
    print("| step | seconds | ratio to ours |\n|---|---:|---:|")
    print(f"| first build of all tables | {first_build:.2f} | |")
    print(f"| build when everything is current | {current:.4f} | |")
    for name, seconds in times.items():
        print(f"| {name} | {seconds:.4f} | {seconds / base:.1f} |")


if __name__ == "__main__":
    main()

"""Time of the first study after installation, by stage, and of the second one.

Run: python benchmarks/first_study.py [segment ...]. A copy of the snapshots without any processed
table is used, so that the first run builds the warehouse. What a user would pick instead, a
consultant's study, has no run time: the ratio printed is first to second study.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def timed(*words: str) -> float:
    """Run a command of marketintel and return its seconds."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "marketintel.cli.app", *words], check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - start


def study(data: Path, reports: Path, segments: list[str]) -> tuple[float, dict[str, float]]:
    """Write one study; return its seconds and those of its stages."""
    options = [word for segment in segments for word in ("--segment", segment)]
    seconds = timed("study", "USA", "--data", str(data), "--out", str(reports), "--quiet", *options)
    (run,) = reports.glob("*/*/run.json")
    timing = json.loads(run.read_text(encoding="utf-8"))["timing"]
    return seconds, {stage: value for stage, value in timing.items() if stage.endswith("_s")}


def main() -> None:
    """Print a markdown table."""
    segments = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        shutil.copytree(ROOT / "data" / "raw", data / "raw")
        rows = [("start (`marketintel --help`)", timed("--help"), timed("--help"))]
        first, stages = study(data, Path(folder) / "first", segments)
        second, again = study(data, Path(folder) / "second", segments)
        before = first - stages["total_s"], second - again["total_s"]
        rows.append(("check the question (first: build the warehouse)", *before))
        stages_of = ("papermill_s", "render_s", "tables_s")
        rows += [(s.removesuffix("_s"), stages[s], again[s]) for s in stages_of]
        rows.append(("whole study", first, second))
    print("| stage | first, s | second, s | ratio |\n|---|---:|---:|---:|")
    for name, one, two in rows:
        print(f"| {name} | {one:.2f} | {two:.2f} | {one / two:.2f} |")


if __name__ == "__main__":
    main()

"""An outlook whose facts are computed once, against an earlier checkout that computed them twice.

The command ``forecast CHN JPN`` is run with this checkout and with another one, in turn and in
fresh processes, with the same interpreter; printed are the seconds of each run and the ratio of the
medians.

    python benchmarks/outlook_once.py --before CHECKOUT [--runs 3]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
COMMAND = "from marketintel.cli import main; main()"


def seconds(checkout: Path) -> float:
    """Return how long an outlook takes with a checkout."""
    with tempfile.TemporaryDirectory() as out:
        words = ["forecast", "CHN", "JPN", "-q", "--out", out]
        environment = {**os.environ, "PYTHONPATH": str(checkout)}
        begin = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", COMMAND, *words],
            cwd=checkout, env=environment, check=True, capture_output=True,
        )  # fmt: skip
        return time.perf_counter() - begin


def main() -> None:
    """Time both in turn and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, required=True, help="the earlier checkout")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    times: dict[str, list[float]] = {"before": [], "now": []}
    for _ in range(options.runs):
        for name, checkout in (("before", options.before.resolve()), ("now", HERE)):
            times[name].append(seconds(checkout))
            print(f"{name}: {times[name][-1]:.1f} s", flush=True)
    before, now = (statistics.median(times[name]) for name in ("before", "now"))
    print(f"median before {before:.1f} s, now {now:.1f} s: {100 * now / before:.0f} %")


if __name__ == "__main__":
    main()

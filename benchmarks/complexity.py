"""ECI, PCI and exact density of a synthetic world, against the ``economic-complexity`` package.

    python benchmarks/complexity.py [--rival-python PATH] [--years 25]

From trade values to RCA, M, ECI, PCI and the density of every country in every product. The world
is synthetic and random: it has the size of one year of HS6 trade and no meaning. The package needs
an older pandas than this project; ``--rival-python`` names an interpreter of an environment that
has it (``pip install "economic-complexity[pandas]"``). Both are timed in this run, on the same
numbers, and their densities are compared.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from marketintel.analysis.trade import complexity as cx

COUNTRIES, PRODUCTS = 230, 5000
SECONDS_A_YEAR, TIMES_FASTER, GIBIBYTES = 0.2, 40, 1.0

RIVAL = """
import json, sys, time
import numpy as np, pandas as pd
import economic_complexity as ec
values = pd.DataFrame(np.load(sys.argv[1]))
start = time.perf_counter()
rca = ec.rca(values)
eci, pci = ec.complexity(rca)
density = ec.relatedness(rca)
seconds = time.perf_counter() - start
np.save(sys.argv[2], density.to_numpy())
print(json.dumps({"seconds": seconds, "version": ec.__version__, "pandas": pd.__version__}))
"""


def synthetic_world(seed: int = 2024) -> pd.DataFrame:
    """Values by country and product: able countries sell more products, hard ones included."""
    rng = np.random.default_rng(seed)
    ability = np.sort(rng.gamma(2.0, 1.0, COUNTRIES))[::-1, np.newaxis]
    difficulty = rng.gamma(2.0, 1.0, PRODUCTS)
    sold = rng.random((COUNTRIES, PRODUCTS)) < 1 / (1 + np.exp(difficulty - 1.5 * ability + 1))
    values = rng.lognormal(3.0 + ability, 2.0, (COUNTRIES, PRODUCTS)) * sold
    return pd.DataFrame(values)


def one_year(values: pd.DataFrame) -> tuple[cx.Complexity, pd.DataFrame]:
    m = cx.presence(values)
    return cx.complexity(m), cx.density(m)


def time_rival(python: str, values: pd.DataFrame, ours: pd.DataFrame) -> dict[str, float | str]:
    with tempfile.TemporaryDirectory() as folder:
        given, got = Path(folder) / "values.npy", Path(folder) / "density.npy"
        np.save(given, values.to_numpy())
        done = subprocess.run(
            [python, "-c", RIVAL, given, got], capture_output=True, text=True, check=False
        )
        if done.returncode:
            return {"error": done.stderr.strip().splitlines()[-1]}
        difference = np.nanmax(np.abs(np.load(got) - ours.to_numpy()))
        return json.loads(done.stdout) | {"difference": float(difference)}


def verdict(met: bool) -> str:
    return "met" if met else "MISSED"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rival-python", default=sys.executable)
    parser.add_argument("--years", type=int, default=25)
    options = parser.parse_args()

    values = synthetic_world()
    one_year(values)
    seconds = []
    for year in range(options.years):
        yearly = values if year == 0 else synthetic_world(year)
        start = time.perf_counter()
        _, density = one_year(yearly)
        seconds.append(time.perf_counter() - start)
        if year == 0:
            first = density
    middle = float(np.median(seconds))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    present = cx.presence(values).to_numpy().mean()
    print(f"Synthetic world: {COUNTRIES} × {PRODUCTS}, RCA ≥ 1 in {present:.0%} of the cells.")
    print(
        f"marketintel: median {middle:.3f} s a year, worst {max(seconds):.3f} s, over "
        f"{options.years} years (target {SECONDS_A_YEAR} s: {verdict(middle <= SECONDS_A_YEAR)})"
    )
    print(
        f"Peak memory of the process: {peak:.2f} GiB "
        f"(target {GIBIBYTES} GiB: {verdict(peak <= GIBIBYTES)})"
    )
    rival = time_rival(options.rival_python, values, first)
    if "error" in rival:
        print(f"economic-complexity not measured ({rival['error']}); see --rival-python.")
        return
    ratio = float(rival["seconds"]) / middle
    print(
        f"economic-complexity {rival['version']} on pandas {rival['pandas']}: "
        f"{rival['seconds']:.2f} s, {ratio:.0f} times as long "
        f"(target {TIMES_FASTER}: {verdict(ratio >= TIMES_FASTER)}); "
        f"densities differ by at most {rival['difference']:.1e}"
    )


if __name__ == "__main__":
    main()

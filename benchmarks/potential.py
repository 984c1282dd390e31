"""Export potential of a synthetic world: 230 exporters × 230 markets × 150 codes.

The limit is 2 s. Compared with the same formulas as a chain of pandas group-bys and merges on the
long frame, which is what most published scripts do.
"""

import time

import numpy as np
import pandas as pd

from marketintel.analysis.markets.potential import export_potential
from marketintel.analysis.markets.world import World

N, CODES, LIMIT_S = 230, 150, 2.0


def synthetic() -> tuple[World, np.ndarray, np.ndarray, pd.Series]:
    """A drawn world, called synthetic: lognormal trade, two thirds of the cells empty."""
    draw = np.random.default_rng(0)
    values = draw.lognormal(10, 3, (N, N, CODES)) * (draw.random((N, N, CODES)) < 0.35)
    values[np.arange(N), np.arange(N)] = 0
    names = pd.Index([f"E{i:03d}" for i in range(N)], dtype="str")
    codes = pd.Index([f"{900000 + k}" for k in range(CODES)], dtype="str")
    distance = draw.uniform(100, 18000, (N, N))
    duties = draw.uniform(0, 0.2, values.shape)
    growth = pd.Series(draw.uniform(0.9, 1.5, N), names)
    return World(values, names, names, codes), distance, duties, growth


def by_frames(world: World, growth: pd.Series) -> pd.DataFrame:
    """Supply, demand and ease only, by group-by and merge."""
    i, j, k = np.nonzero(world.values)
    t = pd.DataFrame(
        {"i": world.exporters[i], "j": world.markets[j], "k": world.codes[k],
         "v": world.values[i, j, k]}
    )  # fmt: skip
    x = t.groupby(["i", "k"], as_index=False)["v"].sum()
    x["g"] = x["v"] * x["i"].map(growth)
    x["supply"] = x["g"] / x.groupby("k")["g"].transform("sum")
    x["share"] = x["v"] / x.groupby("k")["v"].transform("sum")
    m = t.groupby(["j", "k"], as_index=False)["v"].sum()
    m["demand"] = m["v"] * m["j"].map(growth)
    both = x.merge(m, on="k", suffixes=("_i", "_j"))
    both["expected"] = both["share"] * both["v_j"]
    ease = (
        both.groupby(["i", "j"], as_index=False)["expected"]
        .sum()
        .merge(t.groupby(["i", "j"], as_index=False)["v"].sum(), on=["i", "j"])
    )
    ease["ease"] = ease["v"] / ease["expected"]
    both = both.merge(ease[["i", "j", "ease"]], on=["i", "j"])
    return both.assign(potential=both["supply"] * both["demand"] * both["ease"])


def main() -> None:
    """Print the seconds and the ratio."""
    world, distance, duties, growth = synthetic()
    best = np.inf
    for _ in range(3):
        start = time.perf_counter()
        export_potential(
            world, gdp_growth=growth, population_growth=growth**0.3,
            distance_km=distance, duties=duties, sigma=2.0,
        )  # fmt: skip
        best = min(best, time.perf_counter() - start)
    start = time.perf_counter()
    by_frames(world, growth)
    frames = time.perf_counter() - start
    print(
        f"potential {N}x{N}x{CODES}, all factors: {best:.2f} s (limit {LIMIT_S} s, "
        f"{best / LIMIT_S:.2f} of it)"
    )
    print(f"three factors by pandas group-by and merge: {frames:.1f} s, {frames / best:.0f}x")


if __name__ == "__main__":
    main()

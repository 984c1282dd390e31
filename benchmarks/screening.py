"""Scores and rank ranges: 230 markets × 14 segments under 1,000 weight draws; the limit is 5 s.

Compared with the plain way: for each draw a weighted sum and a rank in pandas (for one segment,
times 14).
"""

import time

import numpy as np
import pandas as pd

from marketintel.analysis.markets.screening import Indicator, indices, rank_ranges, scores

MARKETS, SEGMENTS, DRAWS, LIMIT_S = 230, 14, 1000, 5.0
WEIGHTS = {"demand": 40, "growth": 30, "balance": 10, "change": 10, "gdp": 10}
INDICATORS = [Indicator(name, name, "attractiveness", w) for name, w in WEIGHTS.items()] + [
    Indicator("distance", "distance", "access", 50, better="low"),
    Indicator("duty", "duty", "access", 30, better="low"),
    Indicator("ties", "ties", "access", 20),
]
SIDES = {"attractiveness": 65.0, "access": 35.0}


def main() -> None:
    """Print the seconds and the ratio."""
    draw = np.random.default_rng(0)
    names = [indicator.id for indicator in INDICATORS]
    worlds = [
        pd.DataFrame(draw.lognormal(size=(MARKETS, len(names))), columns=names)
        for _ in range(SEGMENTS)
    ]
    for world in worlds:  # every tenth figure is not known
        world[draw.random(world.shape) < 0.1] = np.nan
    best = np.inf
    for _ in range(3):
        start = time.perf_counter()
        for world in worlds:
            index = indices(world, INDICATORS)
            scores(index, INDICATORS, SIDES)
            rank_ranges(index, INDICATORS, SIDES, draws=DRAWS)
        best = min(best, time.perf_counter() - start)
    start = time.perf_counter()
    index = indices(worlds[0], INDICATORS)
    whole = [SIDES[i.side] * i.weight for i in INDICATORS]
    ranks = []
    for weights in draw.dirichlet(np.array(whole) / sum(whole) * 20, DRAWS):
        known = index.notna().mul(weights).sum(axis=1)
        ranks.append((index.mul(weights).sum(axis=1) / known).rank(ascending=False))
    pd.concat(ranks, axis=1).quantile([0.05, 0.5, 0.95], axis=1)
    plain = (time.perf_counter() - start) * SEGMENTS
    print(
        f"screening {MARKETS} markets x {SEGMENTS} segments, {DRAWS} draws: {best:.2f} s "
        f"(limit {LIMIT_S} s, {best / LIMIT_S:.2f} of it); draw by draw in pandas {plain:.1f} s, "
        f"{plain / best:.0f}x"
    )


if __name__ == "__main__":
    main()

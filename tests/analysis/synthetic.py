"""A synthetic world with the shape of BACI, for tests and benchmarks only; nothing in it is real.

Exporters have strengths by product, demand is lognormal, trade falls with distance and is often
zero. One economy has no GDP, one no distances, one buys from a single supplier, one buys nothing.
"""

import numpy as np
import pandas as pd

NO_GDP, NO_DISTANCE, ONE_SUPPLIER, BUYS_NOTHING = "E03", "E04", "E05", "E06"


def trade(economies, codes, years, seed=0):
    """Rows ``exporter, market, cmd_code, period, value_usd``; zeros have no row."""
    draw = np.random.default_rng(seed)
    n, k = len(economies), len(codes)
    strength, demand = draw.normal(0, 1.2, (n, k)), draw.normal(0, 1.2, (n, k))
    size, far = draw.normal(0, 1, n), distances(n)
    parts = []
    for step, year in enumerate(years):
        eta = strength[:, None, :] + demand[None] + (size[:, None] + size[None])[:, :, None]
        eta = eta + 14 - 0.8 * np.log(far)[:, :, None] / 2 + 0.05 * step
        values = np.exp(eta + draw.normal(0, 0.8, (n, n, k)))
        values[draw.random((n, n, k)) < 0.4] = 0
        values[np.arange(n), np.arange(n)] = 0
        names = list(economies)
        if BUYS_NOTHING in names:
            values[:, names.index(BUYS_NOTHING)] = 0
        if ONE_SUPPLIER in names:
            j = names.index(ONE_SUPPLIER)
            values[1:, j] = 0
            values[0, j, 0] = 5e6
        i, j, c = np.nonzero(values)
        parts.append(
            pd.DataFrame(
                {
                    "exporter": np.array(names)[i],
                    "market": np.array(names)[j],
                    "cmd_code": np.array(list(codes))[c],
                    "period": str(year),
                    "value_usd": values[i, j, c].round(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def distances(n):
    """Kilometres between places on a line folded once."""
    places = np.arange(n) * 7919 % 9973
    return np.abs(places[:, None] - places[None]) + 150.0


def pairs(economies):
    """Every pair but those of one economy; every fifth shares a language."""
    n = len(economies)
    far = distances(n)
    i, j = (axis.ravel() for axis in np.indices((n, n)))
    names = np.array(list(economies))
    table = pd.DataFrame(
        {
            "origin": names[i],
            "destination": names[j],
            "distance_km": far[i, j],
            "contiguous": far[i, j] < 500,
            "common_language": (i + j) % 5 == 0,
            "colony": (i * j) % 7 == 1,
        }
    )
    return table[(table["origin"] != NO_DISTANCE) & (table["destination"] != NO_DISTANCE)]


def macro(economies, years, seed=1, start=1e10):
    """``economy, period, value``, without one economy."""
    draw = np.random.default_rng(seed)
    growth = draw.uniform(0.99, 1.08, len(economies))
    rows = [
        (name, str(year), start * (1 + place) * growth[place] ** step)
        for place, name in enumerate(economies)
        for step, year in enumerate(years)
        if name != NO_GDP
    ]
    return pd.DataFrame(rows, columns=["economy", "period", "value"])

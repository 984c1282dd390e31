"""PPML on a synthetic 200 × 200 × 20 panel with exporter-year, importer-year and pair effects.

Limits: at most 1.2 times the time and no more memory than pyfixest (``fepois``) used directly on
the same table, to the same coefficients. pyfixest is no dependency of the project: without it only
our own figures are printed. Each engine runs in a process of its own, so that the peak is its own;
both are run twice and the second run counts (pyfixest compiles on its first).
"""

import json
import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd

N, YEARS = 200, 20
TERMS = ["agreement", "border", "tariff"]


def synthetic() -> pd.DataFrame:
    """A drawn panel, called synthetic: a third of the cells without trade."""
    draw = np.random.default_rng(1)
    i, j, t = (axis.ravel() for axis in np.indices((N, N, YEARS)))
    abroad = i != j
    i, j, t = i[abroad], j[abroad], t[abroad]
    x = {
        "agreement": (draw.random((N, N))[i, j] * YEARS < t).astype(float),
        "border": draw.normal(0, 1, (N, N))[i, j] * t / YEARS,
        "tariff": draw.normal(0, 1, len(i)),
    }
    eta = draw.normal(0, 1.5, (N, YEARS))[i, t] + draw.normal(0, 1.5, (N, YEARS))[j, t]
    eta += draw.normal(0, 1.5, (N, N))[i, j]
    eta += 0.3 * x["agreement"] - 0.2 * x["border"] - 0.1 * x["tariff"]
    y = np.exp(eta) * draw.lognormal(0, 1, len(i)) * (draw.random(len(i)) < 0.67)
    return pd.DataFrame({"exporter": i, "market": j, "period": t, "value_usd": y, **x})


def ours(rows: pd.DataFrame) -> list[float]:
    """Coefficients of this project."""
    from marketintel.analysis.markets.gravity import gravity

    model = gravity(rows, TERMS, ["exporter", "market", "pair"])
    return model.coefficients["estimate"].tolist()


def pyfixest(rows: pd.DataFrame) -> list[float]:
    """Coefficients of pyfixest."""
    import pyfixest as pf

    rows = rows.assign(
        it=rows["exporter"] * YEARS + rows["period"],
        jt=rows["market"] * YEARS + rows["period"],
        ij=rows["exporter"] * N + rows["market"],
    )
    model = pf.fepois(f"value_usd ~ {' + '.join(TERMS)} | it + jt + ij", rows, vcov={"CRV1": "ij"})
    return model.coef().tolist()


def measure(engine: str) -> dict[str, object]:
    """Run one engine in this process: seconds of the second run, peak MiB, coefficients."""
    rows = synthetic()
    run = {"ours": ours, "pyfixest": pyfixest}[engine]
    start_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    run(rows)
    start = time.perf_counter()
    coefficients = run(rows)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"s": seconds, "mib": peak, "table_mib": start_mib, "coefficients": coefficients}


def main() -> None:
    """Run each engine in a process and print the ratios."""
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
        return
    results = {}
    for engine in ("ours", "pyfixest"):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", __file__, engine],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            print(f"{engine}: {done.stderr.strip().splitlines()[-1]}")
            continue
        results[engine] = json.loads(done.stdout.splitlines()[-1])
        r = results[engine]
        print(
            f"{engine}: {r['s']:.2f} s, peak {r['mib']:.0f} MiB (with the table before: "
            f"{r['table_mib']:.0f} MiB), {[round(c, 6) for c in r['coefficients']]}"
        )
    if len(results) == 2:
        a, b = results["ours"], results["pyfixest"]
        apart = max(abs(x - y) for x, y in zip(a["coefficients"], b["coefficients"], strict=True))
        print(
            f"time {a['s'] / b['s']:.2f} of pyfixest's (limit 1.2), memory "
            f"{a['mib'] / b['mib']:.2f} (limit 1), coefficients {apart:.1e} apart"
        )


if __name__ == "__main__":
    main()

"""BACI at size: memory and time of loading a zip, and of reading one segment over all years.

The zip is SYNTHETIC: rows at random in BACI's form (5,000 products, 225 economies, few common
products and many rare ones), not trade. Run by hand::

    python benchmarks/baci_load.py --years 25 --rows 11000000 --dir DIR

Loading and each way of reading run in processes of their own, so that peak memory is theirs.
Ways of reading, on the same parquet files: ours, duckdb, pandas with the same filter. A zip that
is there is used again. 25 years of 11 million rows need about 6 GB of disk.
"""

import argparse
import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path

SEGMENT = [f"90{n:02}{m}0" for n in (1, 2, 5, 11, 13, 31) for m in (1, 2)]  # twelve products
LIMITS = {"load_mib": 2048, "read_mib": 300, "read_s": 0.6}


def make_zip(path: Path, years: int, rows: int) -> None:
    """Write a synthetic zip, one year at a time."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv as pc

    products = np.array([f"{c:02}{h:02}{s}0" for c in range(1, 97) for h in range(1, 14)
                         for s in range(1, 5)])  # fmt: skip
    economies = np.arange(4, 904, 4, dtype="int16")
    weights = 1 / np.arange(1, len(products) + 1) ** 0.6
    rng = np.random.default_rng(0)
    shuffled = rng.permutation(products)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for year in range(2024 - years + 1, 2025):
            table = pa.table(
                {
                    "t": np.full(rows, year, dtype="int16"),
                    "i": np.sort(rng.choice(economies, rows)),  # BACI is sorted by exporter
                    "j": rng.choice(economies, rows),
                    "k": rng.choice(shuffled, rows, p=weights / weights.sum()),
                    "v": np.round(rng.lognormal(3, 3, rows), 3),
                    "q": np.round(rng.lognormal(1, 3, rows), 3),
                }
            )
            with archive.open(f"BACI_HS92_Y{year}_V000000.csv", "w", force_zip64=True) as member:
                pc.write_csv(table, member, pc.WriteOptions(quoting_style="none"))
            print(f"  synthetic {year}: {rows:,} rows", flush=True)


def load(path: Path, library: Path) -> dict[str, float]:
    from marketintel.sources.providers import baci

    began = time.perf_counter()
    files = baci.load(path, library)
    return {"seconds": time.perf_counter() - began, "files": len(files)}


def read_ours(edition: Path) -> int:
    from marketintel.sources.providers import baci

    return len(baci.read(edition, SEGMENT))


def read_duckdb(edition: Path) -> int:
    import duckdb

    codes = ",".join(f"'{c}'" for c in SEGMENT)
    query = f"SELECT * FROM read_parquet('{edition}/*.parquet') WHERE k IN ({codes})"  # noqa: S608
    return len(duckdb.sql(query + " ORDER BY k, t, i, j").df())


def read_pandas(edition: Path) -> int:
    import pandas as pd

    parts = [
        pd.read_parquet(file, filters=[("k", "in", SEGMENT)])
        for file in sorted(edition.glob("*.parquet"))
    ]
    return len(pd.concat(parts).sort_values(["k", "t", "i", "j"]))


WAYS = {"ours": read_ours, "duckdb": read_duckdb, "pandas": read_pandas}


def timed(way: str, edition: Path) -> dict[str, float]:
    began = time.perf_counter()
    rows = WAYS[way](edition)
    cold = time.perf_counter() - began
    warm = []
    for _ in range(5):
        began = time.perf_counter()
        WAYS[way](edition)
        warm.append(time.perf_counter() - began)
    return {"rows": rows, "first_s": cold, "warm_s": sorted(warm)[2]}


def peak_mib() -> float:
    """Peak memory of this process; ``getrusage`` would include what its parent had."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def child(*words: str) -> dict[str, float]:
    """Run one measurement in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", *words], check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument("--rows", type=int, default=2_000_000, help="rows a year")
    parser.add_argument("--dir", type=Path, help="where zip and library are kept")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        what, first, second = chosen.child
        result = load(Path(first), Path(second)) if what == "load" else timed(what, Path(first))
        print(json.dumps(result | {"peak_mib": peak_mib()}))
        return
    if chosen.dir is None:
        parser.error("--dir is needed")
    chosen.dir.mkdir(parents=True, exist_ok=True)
    archive = chosen.dir / f"synthetic_{chosen.years}x{chosen.rows}.zip"
    if not archive.exists():
        part = archive.with_suffix(".part")
        make_zip(part, chosen.years, chosen.rows)
        part.rename(archive)
    library = chosen.dir / archive.stem
    loaded = child("load", str(archive), str(library))
    print(f"load   {chosen.years} × {chosen.rows:,} rows: {loaded['seconds']:.1f} s, "
          f"peak {loaded['peak_mib']:.0f} MiB (limit {LIMITS['load_mib']})")  # fmt: skip
    edition = library / "HS92_V000000"
    results = {way: child(way, str(edition), "-") for way in WAYS}
    ours = results["ours"]
    for way, r in results.items():
        print(f"read   {way:7} {r['rows']:,.0f} rows: first {r['first_s']:.2f} s, warm "
              f"{r['warm_s']:.3f} s ({r['warm_s'] / ours['warm_s']:.1f} × ours), "
              f"peak {r['peak_mib']:.0f} MiB")  # fmt: skip
    print(f"limits: read {LIMITS['read_s']} s warm, {LIMITS['read_mib']} MiB")
    kept = (
        loaded["peak_mib"] <= LIMITS["load_mib"]
        and ours["warm_s"] <= LIMITS["read_s"]
        and ours["peak_mib"] <= LIMITS["read_mib"]
    )
    print("within limits" if kept else "NOT within limits")


if __name__ == "__main__":
    main()

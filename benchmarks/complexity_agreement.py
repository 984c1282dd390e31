"""RCA, density and ECI on real trade, against the ``economic-complexity`` package, cell by cell.

    python benchmarks/complexity_agreement.py --rival-python PATH [--from FILE]

FILE has BACI's columns t, i, j, k, v (all 74 raw-material codes, say); without it the materials
that are shipped are compared, which are too few to carry a meaning: this tests arithmetic and finds
nothing. The package approaches ECI by reflections, whose digits cancel as steps grow: its distance
is printed for several numbers of steps, and beside them that of the eigenvector which the steps
approach, taken from the package's RCA by a general solver.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from marketintel.analysis.trade import complexity as cx
from marketintel.analysis.trade.indices import balassa
from marketintel.warehouse import store

YEAR, SMALLEST_USD = "2022", 1e7
STEPS = (20, 50, 100, 200)

RIVAL = """
import json, sys
import numpy as np, pandas as pd
import economic_complexity as ec
folder, steps = sys.argv[1], json.loads(sys.argv[2])
values = pd.DataFrame(np.load(f"{folder}/values.npy"))
rca = ec.rca(values)
np.save(f"{folder}/rca.npy", rca.to_numpy())
np.save(f"{folder}/density.npy", ec.relatedness(rca).to_numpy())
for n in steps:
    np.save(f"{folder}/eci{n}.npy", ec.complexity(rca, iterations=n)[0].to_numpy())
print(ec.__version__)
"""


def matrix(file: Path | None) -> pd.DataFrame:
    """Exporters × codes, one year, exporters above USD 10 million."""
    if file is None:
        (shipped,) = (store.default_data_dir() / "raw" / "baci").glob("*/*.parquet")
        rows = store.read_parquet(shipped)
        rows = rows[rows["period"] == YEAR]
    else:
        rows = pd.read_parquet(file).astype({"t": "str"})
        rows = rows[rows["t"] == YEAR].rename(columns={"i": "reporter", "k": "cmd_code"})
        rows["value_usd"] = rows["v"] * 1000
    wide = rows.pivot_table("value_usd", "reporter", "cmd_code", "sum", fill_value=0.0)
    return cx.without_tiny(wide, SMALLEST_USD)[0]


def eigenvector(present: np.ndarray) -> np.ndarray:
    """ECI of the text-book: second eigenvector of D⁻¹·M·K⁻¹·Mᵀ, not made symmetric."""
    x = present.astype(float)
    diversity = x.sum(axis=1)
    size, vectors = np.linalg.eig((x / diversity[:, None]) @ (x / x.sum(axis=0)).T)
    second = vectors[:, np.argsort(-size.real)[1]].real
    second *= np.sign(np.corrcoef(second, diversity)[0, 1])
    return (second - second.mean()) / second.std(ddof=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rival-python", default=sys.executable)
    parser.add_argument("--from", dest="file", type=Path)
    options = parser.parse_args()
    values = matrix(options.file)
    m = cx.presence(values)
    density, eci = cx.density(m).to_numpy(), cx.complexity(m).eci.to_numpy()
    print(f"{values.shape[0]} exporters × {values.shape[1]} codes, {YEAR}")
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/values.npy", values.to_numpy())
        command = [options.rival_python, "-c", RIVAL, folder, json.dumps(STEPS)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"not compared ({done.stderr.strip().splitlines()[-1]}); see --rival-python")
            return
        theirs = {p.stem: np.load(p) for p in Path(folder).glob("*.npy")}
    rca = balassa(values).to_numpy()
    traded = rca > 0
    gaps = {
        "RCA, relative": np.max(np.abs(theirs["rca"][traded] / rca[traded] - 1)),
        "ECI, eigenvector": np.max(np.abs(eigenvector(theirs["rca"] >= 1) - eci)),
        "density": np.nanmax(np.abs(theirs["density"] - density)),
    } | {f"ECI, {n} steps": np.max(np.abs(theirs[f"eci{n}"] - eci)) for n in STEPS}
    print(f"largest differences from economic-complexity {done.stdout.strip()}:")
    for what, gap in gaps.items():
        print(f"  {what:18} {gap:.1e}")


if __name__ == "__main__":
    main()

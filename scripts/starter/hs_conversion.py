"""Make the two tables by which HS revisions are joined, for the codes that segments need.

    python scripts/starter/hs_conversion.py --weights FOLDER --correlations FILE

``hs_weights.csv`` (HS1992 to HS2017, both directions): conversion weights of the Growth Lab at
Harvard University (Apache-2.0), of every code from which a code of a segment can be reached.
``hs_families.csv`` (HS2017 and HS2022): groups of codes that exchanged goods only among
themselves, after the correlation table of the UN Statistics Division. Heading 8549 (waste, which
the table connects with almost everything) is left out first, as ``docs/`` explains; groups of
more than ten codes say nothing and are left out as well.
"""

import argparse
import itertools
from pathlib import Path

import pandas as pd

from marketintel.reference.files import REFERENCE_DIR
from marketintel.reference.hs import pad_hs
from marketintel.reference.segments import load_segments
from marketintel.warehouse.hs import REVISIONS

LARGEST = 10


def main() -> None:
    """Read the published tables, keep what is needed, write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, help="conversion_weights_H*.parquet")
    parser.add_argument("--correlations", type=Path, required=True, help="UNSD correlations")
    parser.add_argument("--to", type=Path, default=REFERENCE_DIR)
    chosen = parser.parse_args()
    weights(chosen.weights).to_csv(chosen.to / "hs_weights.csv", index=False, lineterminator="\n")
    found = families(pd.read_parquet(chosen.correlations))
    found.to_csv(chosen.to / "hs_families.csv", index=False, lineterminator="\n")


def weights(folder: Path) -> pd.DataFrame:
    """Return from_revision, to_revision, from_code, to_code, weight."""
    segments = load_segments()
    wanted = {r: set(segments.frame(r)["cmd_code"]) for r in REVISIONS}
    parts = []
    for chain in (REVISIONS, REVISIONS[::-1]):
        needed: set[str] = set()
        # Backwards: what reaches a code that is wanted now or needed one step later.
        for before, after in reversed(list(itertools.pairwise(chain))):
            needed |= wanted[after]
            step = _step(folder, before, after)
            reaching = set(step.loc[step["to_code"].isin(needed), "from_code"])
            parts.append(step[step["from_code"].isin(reaching)])
            needed = reaching
    return pd.concat(parts).sort_values(
        ["from_revision", "to_revision", "from_code", "to_code"], ignore_index=True
    )


def _step(folder: Path, before: str, after: str) -> pd.DataFrame:
    a, b = (f"H{REVISIONS.index(r)}" for r in (before, after))
    raw = pd.read_parquet(folder / f"conversion_weights_{a}_to_{b}.parquet")
    frame = pd.DataFrame(
        {
            "from_revision": before, "to_revision": after, "from_code": pad_hs(raw[a]),
            "to_code": pad_hs(raw[b]), "weight": raw["weight"].astype("float64"),
        }
    )  # fmt: skip
    return frame[frame["weight"] > 0]


def families(correlations: pd.DataFrame) -> pd.DataFrame:
    """Return family, hs_revision, cmd_code of small closed groups with a code of a segment."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    table = correlations[correlations["adjustment"] == "2022 to 2017"]
    after, before = pad_hs(table["code.after"]), pad_hs(table["code.before"])
    clean = ~after.str.startswith("8549")
    nodes = pd.Index(pd.concat(["HS2022 " + after[clean], "HS2017 " + before[clean]]).unique())
    a = nodes.get_indexer("HS2022 " + after[clean])
    b = nodes.get_indexer("HS2017 " + before[clean])
    links = coo_matrix(([1] * len(a), (a, b)), shape=(len(nodes), len(nodes)))
    frame = pd.DataFrame({"family": connected_components(links, directed=False)[1]})
    frame[["hs_revision", "cmd_code"]] = nodes.str.split(" ", expand=True).to_frame().to_numpy()
    segments = load_segments()
    ours = {(r, c) for r in ("HS2017", "HS2022") for c in segments.frame(r)["cmd_code"]}
    frame["ours"] = [
        pair in ours for pair in zip(frame["hs_revision"], frame["cmd_code"], strict=True)
    ]
    size = frame.groupby("family")["cmd_code"].transform("size")
    frame = frame[frame.groupby("family")["ours"].transform("any") & (size <= LARGEST)]
    # A family is called by its first code of HS2022.
    name = frame[frame["hs_revision"] == "HS2022"].groupby("family")["cmd_code"].min()
    frame = frame.assign(family="HS2022-" + frame["family"].map(name))
    columns = ["family", "hs_revision", "cmd_code"]
    return frame[columns].sort_values(columns, ignore_index=True)


if __name__ == "__main__":
    main()

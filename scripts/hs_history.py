"""Six-digit HS codes by revision, and the codes that each came from.

Two uses::

    python scripts/hs_history.py build WEIGHTS_DIR HTS_JSON   # writes reference/hs_codes.csv
    python scripts/hs_history.py show CORRELATIONS 901320 854140 …

``build`` takes HS1992–HS2017 from the conversion weights of Harvard's Growth Lab
(Apache-2.0:
``conversion_weights_H0_to_H1.parquet`` … ``H4_to_H5``) and HS2022 from the US Harmonized
Tariff Schedule (USITC, public domain), whose first six digits are HS2022; chapters 98 and 99
are the United States' own. The file holds numbers and revisions only, no texts.

``show`` reads the UNSD correlation tables (columns code.after, code.before, adjustment) and
prints, for every code, the revisions it exists in and every step at which it is not one to
one. Lost leading zeros are put back; heading 8549 (electronic waste, HS2022) is dropped,
because nearly every electrical good correlates with it.
"""

import csv
import gzip
import json
import sys
from itertools import pairwise
from pathlib import Path

import pandas as pd

REVISIONS = ("HS1992", "HS1996", "HS2002", "HS2007", "HS2012", "HS2017", "HS2022")
TARGET = Path(__file__).resolve().parent.parent / "marketintel" / "reference" / "hs_codes.csv"
MANY = 12


def codes_by_revision(weights: Path, hts: Path) -> dict[str, set[str]]:
    """Return the six-digit codes of every revision."""
    found: dict[str, set[str]] = {}
    for step in range(5):
        frame = pd.read_parquet(weights / f"conversion_weights_H{step}_to_H{step + 1}.parquet")
        for number in (step, step + 1):
            codes = set(frame[f"H{number}"].astype(str).str.zfill(6))
            found.setdefault(REVISIONS[number], set()).update(codes - {"999999"})
    with gzip.open(hts) as handle:
        numbers = [line["htsno"].replace(".", "") for line in json.load(handle)]
    found["HS2022"] = {n[:6] for n in numbers if len(n) >= 6 and n[:2] not in ("98", "99")}
    return found


def build(weights: Path, hts: Path) -> None:
    """Write one row a code and unbroken span of revisions."""
    found = codes_by_revision(weights, hts)
    with TARGET.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["cmd_code", "since", "until"])
        for code in sorted(set.union(*found.values())):
            present = [code in found[revision] for revision in REVISIONS]
            for index, here in enumerate(present):
                if here and (index == 0 or not present[index - 1]):
                    end = next((i for i in range(index, 7) if not present[i]), 7) - 1
                    writer.writerow([code, REVISIONS[index], REVISIONS[end]])


def show(correlations: Path, codes: list[str]) -> None:
    """Print a code's life and the steps at which it was split or joined."""
    table = pd.read_parquet(correlations)
    table["after"] = table["code.after"].astype(str).str.zfill(6)
    table["before"] = table["code.before"].astype(str).str.zfill(6)
    waste = (table["after"].str[:4] == "8549") | (table["before"].str[:4] == "8549")
    table = table[~waste]
    for code in codes:
        print(code)
        for old, new in pairwise(REVISIONS):
            step = table[table["adjustment"] == f"{new[2:]} to {old[2:]}"]
            came = sorted(set(step.loc[step["after"] == code, "before"]))
            went = sorted(set(step.loc[step["before"] == code, "after"]))
            if came and came != [code]:
                print(f"  {new} from {short(came)}")
            if went and went != [code]:
                print(f"  {old} became {short(went)}")


def short(codes: list[str]) -> str:
    """Join codes, or count them where there are too many to read."""
    return ", ".join(codes) if len(codes) <= MANY else f"{len(codes)} codes"


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["build", weights, hts]:
            build(Path(weights), Path(hts))
        case ["show", correlations, *codes]:
            show(Path(correlations), codes)
        case _:
            sys.exit(__doc__)

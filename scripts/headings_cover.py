"""Compute what the segments' core codes cover of each HS4 heading, and keep headings.toml so.

::

    python scripts/headings_cover.py IMPORTS.parquet          # compare with the file
    python scripts/headings_cover.py IMPORTS.parquet --write  # write the figures into it

IMPORTS is US imports for consumption (US Census Bureau, public domain), all HS6 codes, with the
columns year, hs6, con_imports_usd; more columns and one row a partner are fine.

* cover  = own codes of the segment (core or neighbour) in the heading ÷ all codes of the heading
* weight = own codes of the segment in the heading ÷ all own codes of the segment

Only the generated lines change; titles, breaks and notes are people's. A heading that holds core
codes but is missing from the file is a mistake: nothing may be left out of sight.
"""

import argparse
import re
import sys
from pathlib import Path

import pandas as pd

from marketintel.reference.segments import load_segments

TARGET = Path(__file__).resolve().parent.parent / "marketintel" / "reference" / "headings.toml"
DIGITS = 3
Figures = dict[tuple[str, str], dict[str, float]]


def figures(imports: pd.DataFrame) -> Figures:
    """Return (heading, key) → segment → share, for the three generated keys.

    Parameters
    ----------
    imports : DataFrame
        year (int), hs6 (str), con_imports_usd.
    """
    codes = load_segments().frame()
    core = codes.loc[codes["scope"] != "broad"].set_index("cmd_code")["segment"]
    found: Figures = {}
    for year in (2024, 2025):
        value = imports[imports["year"] == year].groupby("hs6")["con_imports_usd"].sum()
        heading = value.groupby(value.index.str[:4]).sum()
        mine = value.reindex(core.index).fillna(0)
        by_segment = mine.groupby(core).sum()
        both = mine.groupby([core.index.str[:4], core]).sum()
        for (code, segment), usd in both.items():
            cover = usd / heading[code]
            found.setdefault((code, f"cover_{year}"), {})[segment] = round(cover, DIGITS)
            if year == 2024:
                weight = usd / by_segment[segment]
                found.setdefault((code, "weight_2024"), {})[segment] = round(weight, DIGITS)
    return found


def rewrite(text: str, found: Figures) -> str:
    """Return the text of headings.toml with the generated lines brought up to date."""
    heading = ""
    lines = []
    for line in text.splitlines():
        if table := re.match(r"\[(\d{4})\]", line):
            heading = table.group(1)
        key = line.split(" = ")[0]
        if heading and re.fullmatch(r"cover_\d{4}|weight_\d{4}", key):
            shares = sorted(found.get((heading, key), {}).items())
            inside = ", ".join(f"{segment} = {share:.{DIGITS}f}" for segment, share in shares)
            lines.append(f"{key} = {{ {inside} }}" if inside else f"{key} = {{}}")
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def missing(text: str, found: Figures) -> list[str]:
    """Return the headings that hold core codes but are not in the file."""
    listed = set(re.findall(r"^\[(\d{4})\]", text, flags=re.MULTILINE))
    return sorted({heading for heading, _ in found} - listed)


def main() -> None:
    """Compare or write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("imports", type=Path)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    found = figures(pd.read_parquet(asked.imports, columns=["year", "hs6", "con_imports_usd"]))
    text = TARGET.read_text(encoding="utf-8")
    if gone := missing(text, found):
        sys.exit(f"{TARGET}: add the headings {', '.join(gone)}: they hold core codes")
    fresh = rewrite(text, found)
    if asked.write:
        TARGET.write_text(fresh, encoding="utf-8")
    elif fresh != text:
        sys.exit(f"{TARGET}: the figures differ from {asked.imports}; run again with --write")


if __name__ == "__main__":
    main()

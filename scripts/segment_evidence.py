"""Print the tables of figures behind docs/segments.md, as Markdown.

::

    python scripts/segment_evidence.py --from LINES.parquet --names CONCORDANCE.parquet \
        --imports IMPORTS.parquet

All three are of the US Census Bureau (public domain): imports for consumption by ten-digit HTS
line (columns year, cty, hts10, con_imports_usd), the import concordance (HS10, HS6, short_desc,
hitech; 3 is opto-electronics), and imports by HS6 (year, hs6, con_imports_usd). Values are customs
value, million USD. A line that the concordance does not name is shown without a name and flag.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from marketintel.reference.segments import load_segments

OPTO = "3"
ITALY = "4759"
YEARS = (2024, 2025)
#: Codes shown line by line: those in dispute, and those considered and left out.
BY_LINE = (
    "940541", "940542", "940561", "854149", "901820", "854239", "847160", "847190", "901410",
    "901420", "901480", "940591", "940592", "940599",
)  # fmt: skip
#: Codes considered of which the lines are not in LINES.
BY_HS6 = ("844331", "844332", "846693")


def tables(
    lines: pd.DataFrame, names: pd.DataFrame, imports: pd.DataFrame
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield title and table, in the order of the documentation."""
    hs6 = _by_year(imports, "hs6")
    ten = _by_year(lines, "hts10")
    named = names.set_index("HS10")
    ten["goods"] = named["short_desc"].reindex(ten.index).fillna("not in the concordance")
    ten["flag"] = named["hitech"].reindex(ten.index).astype("str").eq(OPTO).map({True: "yes"})
    codes = load_segments().frame().set_index("cmd_code")
    yield "What it adds up to", _sums(codes, hs6)
    yield "Lines", pd.concat([_lines(ten, code) for code in BY_LINE], ignore_index=True)
    yield "Headings without lines", _rounded(hs6.loc[list(BY_HS6)].rename_axis("code"))
    yield "Imports from Italy in 854149", _italy(lines)
    yield "Imaging and sporting optics", _shares(codes, hs6, ("imaging", "sporting_optics"))
    yield "The opto-electronics flag, by segment", _flag(codes, hs6, ten)
    yield "Flagged, in no segment", _flagged_outside(codes, ten, named)


def markdown(table: pd.DataFrame) -> list[str]:
    """Return a table as lines of Markdown."""
    cells = [[_said(cell) for cell in row] for row in table.itertuples(index=False)]
    rule = ["---:" if pd.api.types.is_numeric_dtype(t) else "---" for t in table.dtypes]
    return [f"| {' | '.join(row)} |" for row in ([str(c) for c in table.columns], rule, *cells)]


def _said(cell: object) -> str:
    return f"{cell:,.1f}" if isinstance(cell, float) and cell == cell else str(cell or "")


def _by_year(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    sums = rows.groupby([key, "year"])["con_imports_usd"].sum() / 1e6
    table = pd.DataFrame({str(y): sums.xs(y, level="year") for y in YEARS}).fillna(0.0)
    return table.rename_axis(key)


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    return table.reset_index().round(1)


def _sums(codes: pd.DataFrame, hs6: pd.DataFrame) -> pd.DataFrame:
    """Own and broad codes by segment, the sum of photonics, and its neighbours below it."""
    values = codes[["segment", "scope"]].join(hs6).fillna(0.0)
    values["part"] = values["scope"].where(values["scope"] == "broad", "own")
    grid = values.pivot_table(
        index="segment", columns="part", values=["2024", "2025"], aggfunc="sum"
    )
    grid = grid.fillna(0.0).reindex(codes["segment"].unique())
    near = grid.index.isin(values.loc[values["scope"] == "neighbour", "segment"])
    total = grid[~near].sum().rename("**all but neighbours**").to_frame().T
    grid = pd.concat([grid[~near], total, grid[near]])
    flat = {
        f"{part} {year}": grid[year, part] for part in ("own", "broad") for year in map(str, YEARS)
    }
    return _rounded(pd.DataFrame(flat).rename_axis("segment"))


def _lines(ten: pd.DataFrame, code: str) -> pd.DataFrame:
    rows = ten[ten.index.str.startswith(code)].rename_axis("line").reset_index()
    rows["% 2024"] = 100 * rows["2024"] / rows["2024"].sum()
    rows["goods"] = rows["goods"].str.capitalize()
    return rows[["line", "goods", "2024", "2025", "% 2024"]].round(1)


def _italy(lines: pd.DataFrame) -> pd.DataFrame:
    rows = lines[(lines["cty"] == ITALY) & lines["hts10"].str.startswith("854149")]
    return _rounded(_by_year(rows.assign(line=rows["hts10"].str[:8]), "line"))


def _shares(codes: pd.DataFrame, hs6: pd.DataFrame, segments: tuple[str, ...]) -> pd.DataFrame:
    """Core codes of some segments and their parts of the sum of all of them."""
    core = codes[codes["segment"].isin(segments) & (codes["scope"] == "core")]
    table = core[["segment", "label"]].join(hs6).rename_axis("code")
    return _rounded(table.assign(**{"% 2025": 100 * table["2025"] / table["2025"].sum()}))


def _flag(codes: pd.DataFrame, hs6: pd.DataFrame, ten: pd.DataFrame) -> pd.DataFrame:
    """Per segment: flagged own codes, and every code on which flag and scope differ, 2024."""
    value = ten.assign(code=ten.index.str[:6], flagged=ten["2024"].where(ten["flag"] == "yes", 0.0))
    flagged = value.groupby("code")["flagged"].sum().reindex(codes.index).fillna(0.0)
    whole = hs6["2024"].reindex(codes.index).fillna(0.0)
    rows = []
    for segment, own in codes.groupby("segment", sort=False):
        mine = own["scope"] != "broad"
        left = (whole - flagged)[own.index[mine]]
        over = flagged[own.index[~mine]]
        rows.append(
            {
                "segment": segment,
                "own and flagged": flagged[own.index[mine]].sum(),
                "own, not flagged": left.sum(),
                "of these": _listed(left),
                "broad, flagged": over.sum(),
                "of which": _listed(over),
            }
        )
    return pd.DataFrame(rows).round(1)


def _listed(values: pd.Series) -> str:
    large = values[values.abs() >= 0.05].sort_values(ascending=False)
    return ", ".join(f"{code} {value:,.1f}" for code, value in large.items())


def _flagged_outside(codes: pd.DataFrame, ten: pd.DataFrame, named: pd.DataFrame) -> pd.DataFrame:
    """Flagged codes of the concordance that no segment has, with figures where they are here."""
    rows = named[(named["hitech"].astype("str") == OPTO) & ~named["HS6"].isin(codes.index)]
    values = ten["2024"].reindex(rows.index).groupby(rows["HS6"]).sum(min_count=1)
    goods = rows.groupby("HS6")["short_desc"].agg(lambda n: n.iloc[0].capitalize())
    table = pd.DataFrame({"goods (first line)": goods, "lines": rows.groupby("HS6").size()})
    shown = values.map("{:,.1f}".format).where(values.notna(), "not here")
    return table.assign(**{"flagged 2024": shown}).rename_axis("code").reset_index()


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for option in ("--from", "--names", "--imports"):
        parser.add_argument(option, type=Path, required=True, dest=option.strip("-") + "_file")
    asked = parser.parse_args()
    frames = (pd.read_parquet(f) for f in (asked.from_file, asked.names_file, asked.imports_file))
    for title, table in tables(*frames):
        print(f"### {title}\n", *markdown(table), "", sep="\n")


if __name__ == "__main__":
    main()

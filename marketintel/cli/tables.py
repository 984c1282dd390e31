"""Tables of the command line: their rows, and their print for people and programs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from marketintel.cli.options import Format
from marketintel.documents.engine.formats import show
from marketintel.reference.countries import (
    country_name,
)
from marketintel.reference.segments import load_segments

if TYPE_CHECKING:
    import pandas as pd

Rows = list[dict[str, Any]]

#: Controls that a terminal would obey: escape sequences, and those that turn text around.
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def list_segments() -> Rows:
    """Return the segments with their numbers of core, neighbour and broad codes."""
    return [
        {
            "segment": segment.id,
            "name": segment.name,
            "core_codes": len(segment.cmd_codes(scope="core")),
            "neighbour_codes": len(segment.cmd_codes(scope="neighbour")),
            "broad_codes": len(segment.cmd_codes(scope="broad")),
            "themes": ", ".join(segment.themes),
        }
        for segment in load_segments()
    ]


def list_codes(segment: str) -> Rows:
    """Return the HS 2022 codes of one segment.

    Raises
    ------
    UsageError
        The segment is not known; the nearest names are given.
    """
    definitions = load_segments()
    name = definitions.resolve(segment)
    columns = ("cmd_code", "scope", "label")
    return [{c: row[c] for c in columns} for row in definitions.rows() if row["segment"] == name]


def list_data(data_dir: Path | None = None) -> pd.DataFrame:
    """Return the raw files: source, vintage, rows, size, licence."""
    from marketintel.warehouse.coverage import coverage

    files = coverage(data_dir=data_dir)
    files["size_kb"] = (files["bytes"] / 1024).round().astype(int)
    return files[["source", "vintage", "rows", "size_kb", "retrieved_at", "licence", "title"]]


def unknown_codes(data_dir: Path | None = None) -> pd.DataFrame:
    """Return the provider codes found by fetches that ``countries.csv`` still lacks."""
    import pandas as pd

    from marketintel.reference.countries import is_code
    from marketintel.sources.codes import read
    from marketintel.warehouse.store import default_data_dir

    unknown = read(data_dir or default_data_dir())
    left = [row for row in unknown if not is_code(str(row["code"]), str(row["system"]))]
    return pd.DataFrame(left, columns=["source", "system", "code", "rows", "value", "unit"])


def coverage_matrix(
    targets: str | None = None, *, wide: bool = True, data_dir: Path | None = None
) -> pd.DataFrame:
    """Return the coverage of imports by target, segment and year.

    Parameters
    ----------
    targets : str, optional
        Markets, comma-separated; every reporter by default.
    wide : bool
        One column a year, for people; else one row a cell, of exports too, with source, vintage
        and staleness.
    data_dir : Path, optional
        The data directory.
    """
    from marketintel.warehouse import coverage

    markets = [part.strip() for part in targets.split(",") if part.strip()] if targets else None
    cells = coverage.matrix(markets, data_dir)
    return coverage.wide(cells) if wide else cells


def print_frame(frame: pd.DataFrame | Rows, fmt: Format) -> None:
    """Print a frame or rows as a table for people, or as CSV or JSON for programs."""
    if fmt is Format.table:
        print_table(frame)
        return
    import pandas as pd

    from marketintel.documents.engine.tables import as_csv

    if fmt is Format.csv:
        typer.echo(as_csv(pd.DataFrame(frame)), nl=False)
    else:
        typer.echo(as_json(pd.DataFrame(frame)))


def as_json(frame: pd.DataFrame) -> str:
    """Return a frame as a JSON list of records; a missing figure is null."""
    return str(frame.to_json(orient="records", indent=2, force_ascii=False))


def print_table(frame: pd.DataFrame | Rows) -> None:
    """Print a frame or rows for people: names by codes, thousands grouped, figures flush right."""
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(header_style="bold", box=None, pad_edge=False)
    columns: list[str] = list(frame[0]) if isinstance(frame, list) else list(frame.columns)
    rows = frame if isinstance(frame, list) else frame.to_dict("records")
    for column in columns:
        if isinstance(frame, list):
            numeric = all(isinstance(row[column], int | float) for row in rows)
        else:
            numeric = frame[column].dtype.kind in "iuf"
        table.add_column(
            str(column), justify="right" if numeric else "left", no_wrap=numeric,
            overflow="fold",
        )  # fmt: skip
    for record in rows:
        cells = (_cell(str(column), value) for column, value in record.items())
        table.add_row(*[Text(_CONTROLS.sub(_code, cell)) for cell in cells])
    console = Console(highlight=False)
    if not console.is_terminal:  # a pipe has no width of its own; do not squeeze into 80 columns
        console.width = 160
    console.print(table)


def _code(letter: re.Match[str]) -> str:
    return f"‹U+{ord(letter[0]):04X}›"


def _cell(column: str, value: object) -> str:
    if column == "partner" and isinstance(value, str):
        return f"{value} {country_name(value)}"
    if column.endswith("_pct"):
        return show(value, "pct_signed" if column.startswith("change") else "pct")
    if isinstance(value, int | float):
        return show(value, "int" if column not in ("year",) else "year")
    return show(value, "text")

"""Listings of the command line: segments, their codes, tables for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from marketintel.documents.engine.formats import show
from marketintel.reference.countries import country_name
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
    known = definitions.resolve(segment)
    columns = ("cmd_code", "scope", "label")
    return [{c: row[c] for c in columns} for row in definitions.rows() if row["segment"] == known]


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

"""Every mistake in the reference files of trade, with file, line and rule.

The loaders refuse a file with the first mistake; ``marketintel check`` shows all of them.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from marketintel.reference.countries import COLUMNS, NUMERIC_WIDTH, SYSTEMS, split
from marketintel.reference.files import REFERENCE_DIR, Problem, Sheet, read_cells
from marketintel.reference.headings import check_headings
from marketintel.reference.model import Table, Text, Url, toml_tables
from marketintel.reference.segments_check import check_segments
from marketintel.reference.sources import check_sources

CODE_SHAPES = {
    "iso3": r"[A-Z][A-Z0-9]{2}", "eurostat": r"[A-Z]{2}", "statcan": r"[A-Z]{2}",
    "iso3_old": r"[A-Z]{3}",
}  # fmt: skip


class Group(Table):
    """Table of ``groups.toml``."""

    name: Text
    members: int
    as_of: Any
    see: Url
    note: str = ""
    aliases: list[str] = []


def check_reference(path: Path | None = None) -> list[Problem]:
    """Return every mistake in a directory of reference files, in file and line order.

    Parameters
    ----------
    path : Path, optional
        A directory laid out like ``marketintel/reference`` (the default).
    """
    home = Path(path or REFERENCE_DIR)
    problems = [
        *check_segments(home / "segments.toml"),
        *check_countries(home / "countries.csv"),
        *check_headings(home / "headings.toml").problems,
        *check_sources(home / "sources.toml").problems,
    ]
    return sorted(problems, key=lambda p: (p.file, p.line))


def check_countries(path: Path) -> list[Problem]:
    """Return the mistakes of a ``countries.csv`` and of the ``groups.toml`` beside it."""
    groups = toml_tables(path.parent / "groups.toml", Group)
    sheet = Sheet(path)
    read_cells(sheet, COLUMNS)
    seen: dict[tuple[str, str], int] = {}
    members: dict[str, int] = dict.fromkeys(groups.raw, 0)
    for line, row in sheet.rows:
        for rule, message in _row_mistakes(row, line, seen):
            sheet.add(line, rule, message)
        for group in split(row["groups"]):
            if group in members:
                members[group] += 1
            else:
                message = f"{group!r} is not in groups.toml: add it there"
                sheet.add(line, "unknown-group", message)
    for name, group in groups.items.items() if sheet.rows else ():
        if members[name] != group.members:
            message = f"{name} has {members[name]} members in countries.csv, not {group.members}"
            groups.add("group-size", message, name, "members")
    return sheet.problems + groups.problems


def _row_mistakes(
    row: dict[str, str], number: int, seen: dict[tuple[str, str], int]
) -> Iterator[tuple[str, str]]:
    if not row["name"].strip():
        yield "missing-name", f"{row['iso3']} has no name"
    for column in (*SYSTEMS, "iso3_old", "name"):
        codes = [row["name"]] if column == "name" else split(row[column])
        if column == "iso3" and not codes:
            yield "code-length", "iso3 is empty"
        shape = CODE_SHAPES.get(column) or rf"\d{{{NUMERIC_WIDTH.get(column, 0)}}}"
        for code in codes:
            if column != "name" and not re.fullmatch(shape, code):
                yield "code-length", f"{column} {code!r} does not look like one ({shape})"
            # An older ISO3 must not be somebody's current one either.
            kind = "iso3" if column == "iso3_old" else column
            if code and (kind, code) in seen:
                yield "duplicate-code", f"{column} {code} is already in line {seen[kind, code]}"
            seen.setdefault((kind, code), number)

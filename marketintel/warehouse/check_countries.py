"""The rules of ``countries.csv`` and of ``groups.toml`` beside it."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from marketintel.warehouse.countries import COLUMNS, NUMERIC_WIDTH, SYSTEMS, split
from marketintel.warehouse.problems import Problem, Report

GROUP_KEYS = {"name": str, "members": int, "as_of": object, "see": str}
GROUP_OPTIONS = {"note": str, "aliases": list}
CODE_SHAPES = {"iso3": r"[A-Z][A-Z0-9]{2}", "eurostat": r"[A-Z]{2}", "iso3_old": r"[A-Z]{3}"}


def check_countries(path: Path) -> list[Problem]:
    """Return the mistakes of a ``countries.csv`` and of the ``groups.toml`` beside it."""
    groups = Report(path.parent / "groups.toml")
    for group, table in groups.toml.tables.items():
        groups.keys(table, GROUP_KEYS, GROUP_OPTIONS, group)
    problems: list[Problem] = []

    def add(line: int, rule: str, message: str) -> None:
        problems.append(Problem(str(path), line, rule, message))

    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            lines = list(csv.reader(handle))
    except (OSError, UnicodeDecodeError) as error:
        add(1, "unreadable", f"cannot be read: {error}")
        return problems
    if not lines or tuple(lines[0]) != COLUMNS:
        add(1, "header", f"the header must be {','.join(COLUMNS)}")
        return problems
    seen: dict[tuple[str, str], int] = {}
    members: dict[str, int] = dict.fromkeys(groups.toml.tables, 0)
    for number, cells in enumerate(lines[1:], start=2):
        if len(cells) != len(COLUMNS):
            add(number, "field-count", f"{len(cells)} fields instead of {len(COLUMNS)}")
            continue
        row = dict(zip(COLUMNS, cells, strict=True))
        for rule, message in _row_mistakes(row, number, seen):
            add(number, rule, message)
        for group in split(row["groups"]):
            if group in members:
                members[group] += 1
            else:
                add(number, "unknown-group", f"{group!r} is not in groups.toml: add it there")
    for group, table in groups.toml.tables.items():
        if members[group] != table.get("members"):
            message = (
                f"{group} has {members[group]} members in countries.csv, not {table.get('members')}"
            )
            groups.add("group-size", message, group, "members")
    return problems + groups.problems


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

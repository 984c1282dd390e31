"""Measures behind the additional duties of a tariff schedule, as ``measures.toml`` names them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field

from marketintel.reference.fields import Country, Names, Text, Url, filled, written
from marketintel.reference.files import REFERENCE_DIR, Tables, sound
from marketintel.reference.model import Table, toml_tables

Heading = Annotated[
    str, written(r"99\d\d(\.\d\d){0,2}", "heading", "is no heading of chapter 99: write 9903.01")
]


class Measure(Table):
    """Table of ``measures.toml``: headings of one measure, and what became of it."""

    name: Text
    headings: Annotated[list[Heading], Field(min_length=1)]
    note: Text
    source: Text
    url: Annotated[Url, filled]
    as_of: date
    ended_by: str = ""
    until: date | None = None
    origin: Country = ""
    lists: list[str] = []


def check_measures(path: Path) -> Tables:
    """Check a ``measures.toml``."""
    return toml_tables(path, dict[str, Measure], Names(path.parent))


def load_measures(path: Path | None = None) -> dict[str, Measure]:
    """Read ``measures.toml``: id to measure.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule: the first mistake with file and line.
    """
    items: dict[str, Measure] = sound(check_measures(path or REFERENCE_DIR / "measures.toml")).items
    return items

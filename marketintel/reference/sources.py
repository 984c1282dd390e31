"""Sources of the figures, and the terms of their use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from marketintel.reference.fields import Text, Url, filled, named_by
from marketintel.reference.files import REFERENCE_DIR, Tables, sound
from marketintel.reference.model import Table, toml_tables


class Source(Table):
    """Table of ``sources.toml``."""

    made: ClassVar = frozenset({"id"})

    id: str
    title: Text
    producer: Text
    citation: Text
    licence: Text
    licence_url: Annotated[Url, filled]
    redistributable: bool
    url: Annotated[Url, filled]
    note: str = ""


_SOURCES = Annotated[dict[str, Source], named_by("id")]


def check_sources(path: Path) -> Tables:
    """Check a ``sources.toml``."""
    return toml_tables(path, _SOURCES)


def load_sources(path: Path | None = None) -> dict[str, Source]:
    """Return the sources by id; where two report the same trade, the earlier one is preferred.

    Raises
    ------
    ReferenceFileError
        When ``sources.toml`` breaks a rule.
    """
    tables = sound(check_sources(Path(path or REFERENCE_DIR / "sources.toml")))
    return tables.items

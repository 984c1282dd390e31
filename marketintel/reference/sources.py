"""Sources of the figures, and on which terms they may be used."""

from __future__ import annotations

from pathlib import Path

from marketintel.reference.files import REFERENCE_DIR, Tables, refuse
from marketintel.reference.model import Table, Text, Url, toml_tables


class Source(Table):
    """Table of ``sources.toml``; ``id`` is its name."""

    title: Text
    producer: Text
    citation: Text
    licence: Text
    licence_url: Url
    redistributable: bool
    url: Url
    note: str = ""
    id: str = ""


def check_sources(path: Path) -> Tables:
    """Check a ``sources.toml``."""
    return toml_tables(path, Source)


def load_sources(path: Path | None = None) -> dict[str, Source]:
    """Return the sources by id; where two report the same trade, the earlier one is preferred.

    Raises
    ------
    ReferenceFileError
        When ``sources.toml`` breaks a rule.
    """
    tables = check_sources(Path(path or REFERENCE_DIR / "sources.toml"))
    refuse(tables.problems)
    return {name: one.model_copy(update={"id": name}) for name, one in tables.items.items()}

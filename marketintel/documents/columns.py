"""Columns of all tables that are shown: header, format and meaning, from ``columns.toml``."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from marketintel.documents.engine.formats import KINDS


@dataclass(frozen=True)
class Column:
    """Header, format, unit and meaning of a column.

    Attributes
    ----------
    header : str
        May use labels of the document: ``{year}``, ``{base}``, ``{exporter}``, ``{unit}``.
    format : str
        Of :data:`marketintel.documents.engine.formats.KINDS`, or ``money`` and ``money_signed``:
        US dollars in the size that fits the document.
    unit : str, optional
        Instead of the format's own.
    meaning : str
        One line for people who see the column for the first time.
    """

    header: str
    format: str = "text"
    unit: str | None = None
    meaning: str = ""


@functools.cache
def columns(language: str = "en") -> Mapping[str, Column]:
    """Return every column that a table may show, by name; ``columns.XX.toml`` has other headers."""
    known = {name: Column(**entry) for name, entry in _read("columns.toml").items()}
    headers = {} if language == "en" else _read(f"columns.{language}.toml")
    return {n: replace(c, header=headers.get(n, c.header)) for n, c in known.items()}


def _read(name: str) -> dict[str, Any]:
    file = Path(__file__).with_name(name)
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def described(
    names: Iterable[Any],
    labels: Mapping[str, Any],
    given: Mapping[str, Any],
    language: str = "en",
) -> dict[str, dict[str, str]]:
    """Return ``headers``, ``formats`` and ``units`` of the columns of a table.

    Parameters
    ----------
    names : iterable of str
        Columns of the frame.
    labels : mapping
        What headers may use, and ``money``: the kind in which US dollars are printed.
    given : mapping
        ``headers``, ``formats``, ``units`` that the table brings itself; they take precedence, and
        a column with a header of its own need not be known.
    language : str
        Of the headers.

    Raises
    ------
    ValueError
        A column is neither known nor given.
    """
    known, headers = columns(language), given.get("headers", {})
    names = list(names)
    if unknown := [str(name) for name in names if name not in known and name not in headers]:
        raise ValueError(f"column {', '.join(unknown)}: not in columns.toml; add it there")
    entries = {name: known[name] for name in names if name in known}
    money = str(labels.get("money", "usd_m"))
    kinds = {name: kind_of(entry.format, money) for name, entry in entries.items()}
    found = {
        "headers": {n: e.header.format_map(labels) for n, e in entries.items() if n not in headers},
        "formats": {n: kind for n, kind in kinds.items() if kind != "text"},
        "units": {n: e.unit for n, e in entries.items() if e.unit is not None},
    }
    return {kind: {**values, **given.get(kind, {})} for kind, values in found.items()}


def kind_of(format: str, money: str = "usd_m") -> str:
    """Return the kind of a column's format; money in the size given."""
    kind = format.replace("money", money, 1) if format.startswith("money") else format
    if kind not in KINDS:
        raise ValueError(
            f"unknown format {format!r}; known: money, money_signed, {', '.join(KINDS)}"
        )
    return kind

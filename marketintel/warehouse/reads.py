"""Record of the sources of figures, and the edited files, that this process has read.

A report is made in a process of its own, so that the record of that process is the report's:
its list of sources, its licences and the inputs in ``run.json`` come from here, never from a list
that somebody keeps.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.sources import catalogue
from marketintel.warehouse import build

if TYPE_CHECKING:
    pass

_sources: dict[str, None] = {}
_files: dict[str, None] = {}


def note(*sources: str) -> None:
    """Record sources whose figures were read, with them that of the exchange rates in them."""
    declared = catalogue.sources()
    for source in sources:
        _sources[source] = None
        if source in declared and declared[source].converted:
            _sources[build.RATES] = None


@contextmanager
def recorded() -> Iterator[tuple[list[str], list[str]]]:
    """Record apart what is read in this block: sources and files, filled in at its end."""
    before = dict(_sources), dict(_files)
    record: tuple[list[str], list[str]] = ([], [])
    _sources.clear()
    _files.clear()
    watch()
    try:
        yield record
        record[0].extend(_sources)
        record[1].extend(_files)
    finally:
        for mine, theirs in zip((_sources, _files), before, strict=True):
            mine.clear()
            mine.update(theirs)


def restore(record: tuple[list[str], list[str]]) -> None:
    """Add what another process has recorded."""
    _sources.update(dict.fromkeys(record[0]))
    _files.update(dict.fromkeys(record[1]))


@contextmanager
def aside() -> Iterator[None]:
    """Leave out of the record what is read in this block: candidates, of which some are taken."""
    before = dict(_sources)
    try:
        yield
    finally:
        _sources.clear()
        _sources.update(before)


@cache
def watch() -> None:
    """Record from now on every file of a form that people edit. It cannot be undone."""
    sys.addaudithook(_opened)


def _opened(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and str(arguments[0]).endswith((".csv", ".toml", ".jsonl", ".xlsx")):
        _files[str(Path(arguments[0]).resolve())] = None


def sources() -> list[str]:
    """Return the sources recorded, in the order of reading."""
    return list(_sources)


def files() -> list[str]:
    """Return the edited files recorded."""
    return list(_files)

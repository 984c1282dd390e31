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

from marketintel.reference.files import REFERENCE_DIR
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
def recorded(
    record: tuple[list[str], list[str]] | None = None,
) -> Iterator[tuple[list[str], list[str]]]:
    """Record apart what is read in this block: sources and files, filled in at its end.

    An earlier record is continued. At the end of the block it is part of the surrounding one too.
    Reference files are read once a process, so those read before count.
    """
    record = record or ([], [])
    before = dict(_sources), dict(_files)
    own = [file for file in _files if Path(file).is_relative_to(REFERENCE_DIR)]
    _replace(_sources, record[0])
    _replace(_files, [*record[1], *own])
    watch()
    try:
        yield record
    finally:
        record[0][:], record[1][:] = _sources, _files
        _replace(_sources, [*before[0], *record[0]])
        _replace(_files, [*before[1], *record[1]])


def _replace(kept: dict[str, None], names: list[str]) -> None:
    kept.clear()
    kept.update(dict.fromkeys(names))


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

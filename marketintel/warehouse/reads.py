"""The record of what this process has read: sources of figures, and files that people edit.

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
from marketintel.sources.snapshot import sha256_of
from marketintel.warehouse import build, store

if TYPE_CHECKING:
    import pandas as pd

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


def used(data_dir: Path | None = None) -> "pd.DataFrame":
    """Return the raw files of every source read, in the order of reading.

    Returns
    -------
    pandas.DataFrame
        As :func:`marketintel.warehouse.coverage.coverage`.
    """
    from marketintel.warehouse.coverage import coverage

    there = coverage(data_dir, newest=True)
    order = {source: place for place, source in enumerate(_sources)}
    rows = there[there["source"].isin(order)]
    rows = rows.sort_values("source", key=lambda names: names.map(order), kind="stable")
    return rows.reset_index(drop=True)


@cache
def watch() -> None:
    """Record from now on every file of a form that people edit. It cannot be undone."""
    sys.addaudithook(_opened)


def _opened(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and str(arguments[0]).endswith((".csv", ".toml", ".jsonl", ".xlsx")):
        _files[str(Path(arguments[0]).resolve())] = None


def record(data_dir: Path | None = None) -> dict[str, Any]:
    """Return all that was read, as plain JSON.

    Returns
    -------
    dict
        ``inputs`` (name to SHA-256 of every file), ``days`` (on which snapshots were retrieved),
        ``handed_in`` (names of files that are neither the package's nor snapshots: members'
        answers, surveys, logs).
    """
    root = (data_dir or store.default_data_dir()).resolve()
    inputs, handed_in = {}, []
    for file in map(Path, _files):
        if not file.is_file():
            continue
        if file.is_relative_to(REFERENCE_DIR):
            name = f"{REFERENCE_DIR.name}/{file.relative_to(REFERENCE_DIR).as_posix()}"
        elif any(
            file.is_relative_to(place)
            for place in (REFERENCE_DIR.parent, sys.prefix, sys.base_prefix)
        ):
            continue  # this package's or a library's own
        else:
            name = file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name
            handed_in.append(name)
        inputs[name] = sha256_of(file)
    days: list[str] = []
    if _sources:
        files = used(data_dir)
        inputs |= dict(zip(files["file"], files["sha256"], strict=True))
        days = sorted(set(files["retrieved_at"]))
    return {"inputs": dict(sorted(inputs.items())), "days": days, "handed_in": sorted(handed_in)}

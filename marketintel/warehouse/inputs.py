"""Raw and edited files that a process has read."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.reference.files import REFERENCE_DIR
from marketintel.sources.snapshot import sha256_of
from marketintel.warehouse import reads, store
from marketintel.warehouse.coverage import coverage

if TYPE_CHECKING:
    import pandas as pd


def used(data_dir: Path | None = None) -> "pd.DataFrame":
    """Return the raw files of every source read, in the order of reading.

    Returns
    -------
    pandas.DataFrame
        As :func:`marketintel.warehouse.coverage.coverage`.
    """
    there = coverage(data_dir, newest=True)
    order = {source: place for place, source in enumerate(reads.sources())}
    rows = there[there["source"].isin(order)]
    rows = rows.sort_values("source", key=lambda names: names.map(order), kind="stable")
    return rows.reset_index(drop=True)


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
    for file in map(Path, reads.files()):
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
    if reads.sources():
        files = used(data_dir)
        inputs |= dict(zip(files["file"], files["sha256"], strict=True))
        days = sorted(set(files["retrieved_at"]))
    return {"inputs": dict(sorted(inputs.items())), "days": days, "handed_in": sorted(handed_in)}

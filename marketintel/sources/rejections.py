"""Vintages rejected by the warehouse because their content breaks a contract.

They are remembered beside the tables and skipped when the latest vintage is chosen, so that every
reader gets the same one.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from marketintel.files import write_atomic

if TYPE_CHECKING:
    from marketintel.sources.snapshot import Snapshot


def identity(file: "Snapshot") -> str:
    """Return name and checksum of a file."""
    return f"{file.meta.source}/{file.meta.vintage}/{file.meta.file} {file.meta.sha256}"


def reasons(data_dir: Path) -> dict[str, str]:
    """Return the reasons of rejected files, by :func:`identity`."""
    try:
        stored = json.loads(_file(data_dir).read_text(encoding="utf-8"))
        return {str(name): str(reason) for name, reason in stored.items()}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def add(data_dir: Path, files: list["Snapshot"], reason: str, rules: str) -> None:
    """Reject the files of a vintage under ``rules``, the checksum of code and reference files."""
    stored = drop_outdated(data_dir, rules) | {identity(file): reason for file in files}
    payload = json.dumps(stored | {"rules": rules}, indent=2) + "\n"
    write_atomic(_file(data_dir), payload.encode())


def drop_outdated(data_dir: Path, rules: str) -> dict[str, str]:
    """Drop rejections made under other rules; return those made under these."""
    stored = reasons(data_dir)
    if stored and stored.get("rules") != rules:
        _file(data_dir).unlink(missing_ok=True)
        return {}
    return stored


def _file(data_dir: Path) -> Path:
    return data_dir / "processed" / "rejected.json"

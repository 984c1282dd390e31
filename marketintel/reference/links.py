"""Addresses of the facts in the reference files, and which of them were ever verified."""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from marketintel.errors import DamagedDataError
from marketintel.reference.files import REFERENCE_DIR, is_url

#: Columns and keys with the day on which a fact was read, or to which it refers.
DAYS = ("as_of", "ref_date", "made_at")
#: Answers that show that an address exists; 403 and 429 refuse a program, not a reader.
THERE = (200, 206, 403, 405, 429)


@dataclass(frozen=True)
class Link:
    """Address of a fact, the file and the line or table that give it, and its day there."""

    url: str
    file: str
    place: str
    day: str


def links(home: Path | None = None) -> list[Link]:
    """Return every address in the reference files, in the order of files and lines."""
    home = home or REFERENCE_DIR
    found: list[Link] = []
    for path in sorted(home.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            for row in reader:
                found += _of(row, path.name, f"line {reader.line_num}")
    for path in sorted(home.glob("*.toml")):
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        for name, table in _tables(tables, ""):
            found += _of(table, path.name, f"[{name}]")
    return found


def _tables(table: Mapping[str, Any], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield name, table
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _tables(value, f"{name}.{key}".lstrip("."))


def _of(row: Mapping[str, Any], file: str, place: str) -> list[Link]:
    day = next((str(row[key]) for key in DAYS if row.get(key)), "")
    texts = {v for v in row.values() if isinstance(v, str) and is_url(v) and " " not in v}
    return [Link(url, file, place, day) for url in sorted(texts)]


def record_path(data_dir: Path) -> Path:
    """Return the file in which visits to addresses are noted."""
    return data_dir / "local" / "links.jsonl"


def verified(data_dir: Path) -> dict[str, str]:
    """Return the addresses that were found to exist, with the last day on which they were.

    Raises
    ------
    DamagedDataError
        A line of the record is none.
    """
    path, found = record_path(data_dir), {}
    if not path.exists():
        return {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            visit = json.loads(line)
            if visit["status"] in THERE:
                found[str(visit["url"])] = str(visit["day"])
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedDataError(
                f"{path}:{number} is no visit to an address; delete the line"
            ) from error
    return found


def visit(
    urls: Iterable[str], status_of: Callable[[str], int], data_dir: Path
) -> Iterator[tuple[str, int]]:
    """Visit addresses, note each visit at once, and yield address and status.

    Parameters
    ----------
    status_of : callable
        ``url ->`` HTTP status; 0 where there was no answer.
    """
    path = record_path(data_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    for url in dict.fromkeys(urls):
        status = status_of(url)
        said = {"url": url, "status": status, "day": date.today().isoformat()}
        with path.open("a", encoding="utf-8") as record:
            record.write(json.dumps(said) + "\n")
        yield url, status

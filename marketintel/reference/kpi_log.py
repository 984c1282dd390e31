"""The log of measurements: lines are added at its end, and no line is ever changed or lost.

One line is one JSON object. A mistake is put right by a further line that names the one it
replaces. Every line is written whole under a lock: where the disk is full or the process dies,
the line is not there and the writer was told so, or it is there entirely.
"""

import fcntl
import json
import os
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from marketintel.errors import DamagedDataError, StorageError, UsageError
from marketintel.reference.countries import country
from marketintel.reference.files import Problem, unknown
from marketintel.reference.partnership import MEETINGS

LOG = Path("local") / "kpi_log.jsonl"


@dataclass(frozen=True)
class Entry:
    """One line of the log.

    Attributes
    ----------
    id : str
        Given when the line is written; what a correction names.
    kpi : str
        Id of an indicator of ``kpis.toml``.
    date : str
        Day on which it happened or was counted, ``YYYY-MM-DD``.
    value : float
        What this line adds (events), or the total so far (level).
    evidence : str
        What proves it: a document, list or address. Never a person's name.
    country : str
        ISO3, or "" where it belongs to none.
    meeting, counterpart : str
        Kind of meeting (c2c, b2b, memorandum) and the organisation met; "" for none.
    corrects : str
        Id of the line that this one replaces, or "". A correction of value 0 withdraws it.
    """

    id: str
    kpi: str
    date: str
    value: float
    evidence: str
    country: str = ""
    meeting: str = ""
    counterpart: str = ""
    corrects: str = ""


def log_path(data_dir: Path) -> Path:
    """Return where the log of a data directory lies; it is not part of version control."""
    return data_dir / LOG


def new_entry(
    kpi: str,
    day: str,
    value: float,
    evidence: str,
    known: Iterable[str],
    *,
    iso3: str = "",
    meeting: str = "",
    counterpart: str = "",
    corrects: str = "",
) -> Entry:
    """Return an entry that keeps the rules of the log.

    Parameters
    ----------
    known : iterable of str
        The ids of ``kpis.toml``.
    iso3 : str
        Code or name of a country.

    Raises
    ------
    UsageError
        For an unknown indicator, country or kind of meeting, a day that is none, a value that
        is not a number of at least 0, or missing evidence.
    """
    if kpi not in (known := list(known)):
        raise UsageError(f"indicator {unknown(kpi, known)}")
    entry = Entry(
        id=uuid.uuid4().hex[:12],
        kpi=kpi,
        date=day,
        value=value,
        evidence=" ".join(evidence.split()),
        country=country(iso3) if iso3 else "",
        meeting=meeting,
        counterpart=" ".join(counterpart.split()),
        corrects=corrects,
    )
    if mistake := _mistake(asdict(entry)):
        raise UsageError(f"{mistake[0]}: {mistake[1]}")
    return entry


def append(path: Path, entry: Entry) -> None:
    """Add one line; when this returns, the line is on the disk.

    Raises
    ------
    UsageError
        The entry corrects a line that is not in the log.
    DamagedDataError
        The log cannot be written; nothing of the line is left in it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    payload = json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise _not_written(path, f"cannot be written ({error.strerror})") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        end = os.fstat(handle).st_size
        whole, _ = _parse(os.pread(handle, end, 0), path, None)
        if entry.corrects and entry.corrects not in {line.id for line in whole}:
            raise UsageError(f"no line {entry.corrects!r} to correct: see `marketintel kpi show`")
        # After a writer that died in mid-line, start a line of our own.
        torn = end > 0 and os.pread(handle, 1, end - 1) != b"\n"
        _write_whole(handle, b"\n" + payload if torn else payload, end, path)
    finally:
        os.close(handle)
    _sync(path.parent)


def read(path: Path, known: Iterable[str] | None = None) -> list[Entry]:
    """Return the lines of a log, in the order in which they were written; none if it is absent.

    Raises
    ------
    DamagedDataError
        A line breaks a rule; the message has file, line and rule. Nothing is skipped silently.
    """
    entries, problems = inspect(path, known)
    if problems:
        more = f" ({len(problems)} mistakes in all)" if len(problems) > 1 else ""
        raise DamagedDataError(
            f"{problems[0]}{more}; repair the line by hand or remove it, the others are whole"
        )
    return entries


def inspect(path: Path, known: Iterable[str] | None = None) -> tuple[list[Entry], list[Problem]]:
    """Return all whole lines and, beside them, what is wrong with the others."""
    if not path.exists():
        return [], []
    with path.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)  # never while a line is half written
        content = stream.read()
    return _parse(content, path, None if known is None else list(known))


def _parse(
    content: bytes, path: Path, names: list[str] | None
) -> tuple[list[Entry], list[Problem]]:
    entries: list[Entry] = []
    problems: list[Problem] = []
    for number, raw in enumerate(content.split(b"\n"), start=1):
        if not raw.strip():
            continue
        try:
            found = json.loads(raw)
            mistake = _mistake(found)
        except (ValueError, UnicodeDecodeError):
            mistake = ("json", "is not one JSON object: a writer may have been cut off here")
        if mistake is None and names is not None and found["kpi"] not in names:
            mistake = ("unknown-kpi", f"indicator {unknown(found['kpi'], names)}")
        if mistake:
            problems.append(Problem(str(path), number, *mistake))
        else:
            entries.append(Entry(**found))
    return entries, problems


def standing(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that count, in their order: not replaced, and withdrawing none."""
    entries = list(entries)
    replaced = {entry.corrects for entry in entries if entry.corrects}
    kept = [entry for entry in entries if entry.id not in replaced]
    return [entry for entry in kept if entry.value or not entry.corrects]


def _mistake(found: Any) -> tuple[str, str] | None:
    """Return rule and message of the first mistake in a line."""
    if not isinstance(found, dict):
        return "json", "is not one JSON object"
    names = {field.name for field in fields(Entry)}
    if strange := sorted(set(found) - names):
        return "unknown-key", unknown(strange[0], sorted(names), "key")
    for key in ("id", "kpi", "date", "value", "evidence"):
        if key not in found:
            return "missing-key", f"has no {key}"
    value = found["value"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        return "value", f"{value!r} is not a number of at least 0"
    if any(not isinstance(found[key], str) for key in names - {"value"} if key in found):
        return "wrong-type", "a field other than value is not text"
    try:
        plain = date.fromisoformat(found["date"]).isoformat() == found["date"]
    except ValueError:
        plain = False
    if not plain:  # 20270331 and 2027-W13-3 are days too, but do not sort as text
        return "date", f"{found['date']!r} is no day: write it as 2027-03-31"
    if not found["evidence"].strip():
        return "evidence", "evidence is empty: name the document or list that proves it"
    meeting = found.get("meeting", "")
    if meeting and meeting not in MEETINGS:
        return "meeting", unknown(meeting, MEETINGS)
    return None


def _write_whole(handle: int, payload: bytes, end: int, path: Path) -> None:
    try:
        written = os.write(handle, payload)
        if written != len(payload):
            raise OSError("the disk took only a part")
        os.fsync(handle)
    except OSError as error:
        os.ftruncate(handle, end)
        reason = error.strerror or error
        raise _not_written(
            path, f"the line could not be written ({reason}); nothing was added, try again"
        ) from error


def _not_written(path: Path, reason: str) -> DamagedDataError:
    """Return the error of a log that the operating system refused, with that error's exit code."""
    error = DamagedDataError(f"{path}: {reason}")
    error.exit_code = StorageError.exit_code
    return error


def _sync(folder: Path) -> None:
    """Make a new file's name as durable as its content."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

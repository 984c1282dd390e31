"""Log of measurements: one JSON object a line, added at the end; none is changed or lost.

A mistake is put right by a further line that names the one it replaces. Every line is written whole
under a lock: where the disk is full or the process dies, it is not there and the command fails.
"""

import fcntl
import json
import os
import uuid
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from marketintel.errors import DamagedDataError, StorageError, UsageError
from marketintel.reference.countries import country
from marketintel.reference.fields import Text, known, mistake
from marketintel.reference.files import Problem
from marketintel.reference.model import Table, broken_rules

LOG = Path("local") / "kpi_log.jsonl"


def _day(value: str) -> str:
    try:
        plain = date.fromisoformat(value).isoformat() == value
    except ValueError:
        plain = False
    if not plain:  # 20270331 and 2027-W13-3 are days too, but do not sort as text
        raise mistake("date", f"{value!r} is no day: write it as 2027-03-31")
    return value


class Entry(Table):
    """Line of the log.

    Attributes
    ----------
    id : str
        Given when the line is written; what a correction names.
    kpi : str
        Id of an indicator of ``kpis.toml``.
    date : str
        Day on which it happened or was counted, ``YYYY-MM-DD``.
    value : float
        Addition of this line (events), or the total so far (level).
    evidence : str
        Proof: a document, list or address. Never a person's name.
    country : str
        ISO3, or "" where it belongs to none.
    meeting, counterpart : str
        Kind of meeting and the organisation met; "" for none.
    corrects : str
        Id of the line that this one replaces, or "". A correction of value 0 withdraws it.
    partner : str
        Cluster of the partnership whose result it is, an id of ``clusters.toml``, or "".
    """

    id: Text
    kpi: Annotated[Text, known("kpis")]
    date: Annotated[str, AfterValidator(_day)]
    value: Annotated[float, Field(ge=0, lt=1e12, allow_inf_nan=False)]
    evidence: Text
    country: str = ""
    meeting: Literal["", "c2c", "b2b", "memorandum"] = ""
    counterpart: str = ""
    corrects: str = ""
    partner: str = ""


def log_path(data_dir: Path) -> Path:
    """Return where the log of a data directory lies; it is not part of version control."""
    return data_dir / LOG


def new_entry(
    kpi: str,
    day: str,
    value: float,
    evidence: str,
    kpis: Iterable[str],
    *,
    iso3: str = "",
    meeting: str = "",
    counterpart: str = "",
    corrects: str = "",
    partner: str = "",
) -> Entry:
    """Return an entry that keeps the rules of the log.

    Parameters
    ----------
    kpis : iterable of str
        The ids of ``kpis.toml``.
    iso3 : str
        Code or name of a country.

    Raises
    ------
    UsageError
        For an unknown indicator, country or kind of meeting, a day that is none, a value that
        is not a number of at least 0, or missing evidence.
    """
    fields = {
        "id": uuid.uuid4().hex[:12],
        "kpi": kpi,
        "date": day,
        "value": value,
        "evidence": " ".join(evidence.split()),
        "country": country(iso3) if iso3 else "",
        "meeting": meeting,
        "counterpart": " ".join(counterpart.split()),
        "corrects": corrects,
        "partner": partner,
    }
    entry, broken = _entry(fields, list(kpis))
    if entry is None:
        raise UsageError("; ".join(f"{rule}: {message}" for rule, message in broken))
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
    payload = json.dumps(entry.model_dump(), ensure_ascii=False).encode() + b"\n"
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


def read(path: Path, kpis: Iterable[str] | None = None) -> list[Entry]:
    """Return the lines of a log, in the order in which they were written; none if it is absent.

    Raises
    ------
    DamagedDataError
        A line breaks a rule; the message has file, line and rule. Nothing is skipped silently.
    """
    entries, problems = inspect(path, kpis)
    if problems:
        more = f" ({len(problems)} mistakes in all)" if len(problems) > 1 else ""
        raise DamagedDataError(
            f"{problems[0]}{more}; repair the line by hand or remove it, the others are whole"
        )
    return entries


def inspect(path: Path, kpis: Iterable[str] | None = None) -> tuple[list[Entry], list[Problem]]:
    """Return all whole lines and, beside them, the mistakes of the others."""
    if not path.exists():
        return [], []
    with path.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)  # never while a line is half written
        content = stream.read()
    return _parse(content, path, None if kpis is None else list(kpis))


def _parse(content: bytes, path: Path, kpis: list[str] | None) -> tuple[list[Entry], list[Problem]]:
    entries: list[Entry] = []
    problems: list[Problem] = []
    for number, raw in enumerate(content.split(b"\n"), start=1):
        if not raw.strip():
            continue
        entry, broken = _entry(raw, kpis)
        if entry is not None:
            entries.append(entry)
        problems += [Problem(str(path), number, rule, message) for rule, message in broken]
    return entries, problems


def _entry(
    line: bytes | dict[str, Any], kpis: list[str] | None
) -> tuple[Entry | None, list[tuple[str, str]]]:
    """Return the entry of a line, or the rules that it breaks with what to do."""
    try:
        fields = json.loads(line) if isinstance(line, bytes) else line
        if not isinstance(fields, dict):
            raise ValueError
    except ValueError:
        message = "is not one JSON object, a writer may have been cut off: complete or remove it"
        return None, [("json", message)]
    try:
        return Entry.model_validate(fields, context={"kpis": kpis}), []
    except ValidationError as errors:
        broken = [b for error in errors.errors() for b in broken_rules(error, Entry)]
        return None, [(rule, message) for rule, message, *_ in broken]


def standing(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that count, in their order: not replaced, and withdrawing none."""
    entries = list(entries)
    replaced = {entry.corrects for entry in entries if entry.corrects}
    kept = [entry for entry in entries if entry.id not in replaced]
    return [entry for entry in kept if entry.value or not entry.corrects]


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

"""Raw files as they were retrieved: immutable, dated, each with a sidecar that cites it.

A snapshot is ``<data>/raw/<source>/<vintage>/<file>`` with ``<file>.meta.json`` beside it.
Nothing here reads the content: it keeps bytes, proves that they are the same bytes later,
and says where they came from and under which terms. What the warehouse found out about the
content (a vintage that breaks a contract) is remembered beside the tables and heeded here, so that
all who ask for the newest vintage get the same one.
"""

import hashlib
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from marketintel.errors import DamagedDataError, MissingDataError, UsageError
from marketintel.files import write_atomic
from marketintel.places import starter_dir
from marketintel.sources.sidecar import (
    SECRET_PARAMETERS,
    SIDECAR_SUFFIX,
    Citation,
    Sidecar,
    Snapshot,
    read_sidecar,
    sha256_of,
    strip_secrets,
    verify,
)

__all__ = [
    "SECRET_PARAMETERS", "SIDECAR_SUFFIX", "Citation", "Sidecar", "Snapshot", "find",
    "forget_rejections", "list_snapshots", "nothing_in", "read_sidecar", "reject", "rejected",
    "save", "sha256_of", "sources", "strip_secrets", "verify", "vintages", "warn", "write_atomic",
]  # fmt: skip

log = logging.getLogger("marketintel")

#: What editors, desktops and killed processes leave in folders.
_LITTER = re.compile(r"\..*|.*~|#.*#|Thumbs\.db|desktop\.ini", re.IGNORECASE)


def save(
    data_dir: Path, citation: Citation, file: str, payload: bytes, rows: int | None
) -> Snapshot:
    """Keep ``payload`` as a snapshot; never replace a vintage by other bytes.

    Parameters
    ----------
    data_dir : Path
        The data directory; the file goes below its ``raw``.
    citation : Citation
        Everything known about the origin.
    file : str
        File name inside the vintage's folder.
    payload : bytes
        The content, written as it is.
    rows : int or None
        Number of records, for the catalogue; None where the word means nothing.

    Raises
    ------
    UsageError
        The vintage exists with different bytes.
    """
    path = data_dir / "raw" / citation.source / citation.vintage / file
    digest = hashlib.sha256(payload).hexdigest()
    if path.exists() and _sidecar_of(path).exists() and sha256_of(path) != digest:
        raise UsageError(
            f"{path}: vintage '{citation.vintage}' of '{citation.source}' exists with other "
            "content and snapshots are immutable; give the new figures a new vintage"
        )
    meta = Sidecar(**citation.model_dump(), file=file, sha256=digest, bytes=len(payload), rows=rows)
    # The sidecar comes last: a file without one is not yet a snapshot.
    write_atomic(path, payload)
    write_atomic(_sidecar_of(path), (meta.model_dump_json(indent=2) + "\n").encode())
    return Snapshot(path=path, meta=meta)


def list_snapshots(data_dir: Path, source: str | None = None) -> list[Snapshot]:
    """Return every file of every usable vintage, sorted by source, vintage and file.

    A vintage that is damaged is left out where its source has another one, as in :func:`find`.

    Raises
    ------
    DamagedDataError
        A source has damaged vintages only.
    """
    found = []
    for name in [source] if source else sources(data_dir):
        vintages = [(v, _files_of(v)) for v in _folders(data_dir, name)]
        good = [files for _, files in vintages if isinstance(files, list)]
        if vintages and not good:
            raise next(error for _, error in vintages if isinstance(error, DamagedDataError))
        found += [file for files in good for file in files]
    return found


def nothing_in(data_dir: Path) -> MissingDataError:
    """Return the error of a data folder without any snapshot."""
    return MissingDataError(
        f"no snapshots under {data_dir / 'raw'}; correct --data or MARKETINTEL_DATA, run "
        f"`marketintel fetch`, or begin with a copy of {starter_dir()} as {data_dir / 'raw'}"
    )


def sources(data_dir: Path) -> list[str]:
    """Return the names of the sources that have a file, even a damaged one."""
    folders = sorted((data_dir / "raw").glob("*/*"))
    return list(dict.fromkeys(f.parent.name for f in folders if _content(f)))


def _folders(data_dir: Path, source: str) -> list[Path]:
    return [f for f in sorted((data_dir / "raw" / source).glob("*")) if _content(f)]


def _content(folder: Path) -> list[Path]:
    """Return the files of a vintage, without what editors, desktops, killed processes leave."""
    try:
        return [p for p in sorted(folder.iterdir()) if not _LITTER.fullmatch(p.name)]
    except OSError:
        return []  # a file beside the vintages


def _files_of(folder: Path) -> list[Snapshot] | DamagedDataError:
    """Return the snapshots of a vintage, or what is wrong with one of them."""
    content = _content(folder)
    names = {path.name for path in content}
    try:
        for path in content:
            if not path.name.endswith(SIDECAR_SUFFIX) and path.name + SIDECAR_SUFFIX not in names:
                raise DamagedDataError(
                    f"{path}: has no sidecar {path.name}{SIDECAR_SUFFIX}, so that its origin is "
                    "not known; restore it from version control, or delete the file and fetch again"
                )
        return [read_sidecar(p) for p in content if p.name.endswith(SIDECAR_SUFFIX)]
    except DamagedDataError as error:
        return error


def find(data_dir: Path, source: str, vintage: str | None = None) -> list[Snapshot]:
    """Return the files of one vintage of a source: the asked one, or else the latest.

    An explicit vintage is that vintage or an error, never another one. Without one, the latest is
    the one retrieved last, a date in the future counting as none; if it is damaged (checksum,
    sidecar, or found to break a contract by an earlier build), the one before stands in for it,
    which is logged as a warning.

    Raises
    ------
    MissingDataError
        Nothing of that source, or not that vintage; the message lists the vintages there are.
    DamagedDataError
        That vintage, or every vintage, is damaged.
    """
    folders = _folders(data_dir, source)
    if not folders:
        raise MissingDataError(f"no snapshot of '{source}' under {data_dir / 'raw'}")
    if vintage is not None:
        there = {folder.name: folder for folder in folders}
        if vintage not in there:
            raise MissingDataError(
                f"no vintage '{vintage}' of '{source}' (have: {', '.join(there)}); choose one of "
                "these"
            )
        files = _files_of(there[vintage])
        if isinstance(files, DamagedDataError):
            raise files
        return files
    passed: list[str] = []
    for files in vintages(data_dir, source):
        if isinstance(files, DamagedDataError):
            passed.append(str(files))
            continue
        for reason in passed:
            warn(f"marketintel: {reason}; vintage '{files[0].meta.vintage}' is used instead")
        return files
    raise DamagedDataError(passed[0])


def vintages(data_dir: Path, source: str) -> Iterator[list[Snapshot] | DamagedDataError]:
    """Yield the vintages of a source, the latest first; one that cannot be used as its error."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    unusable = rejected(data_dir)
    ranked = []
    for folder in _folders(data_dir, source):
        files = _files_of(folder)
        if isinstance(files, DamagedDataError):
            try:
                day = date.fromisoformat(folder.name[:10])
            except ValueError:
                day = tomorrow
        else:
            day = max(file.meta.retrieved_at for file in files)
        ranked.append((day <= tomorrow, day, folder.name, files))
    usable = any(known and isinstance(files, list) for known, _, _, files in ranked)
    for known, day, name, _ in ranked:
        if usable and not known:
            warn(f"marketintel: {source} {name} is dated {day}, in the future, and not the latest")
    for *_, files in sorted(ranked, key=lambda one: one[:3], reverse=True):
        if isinstance(files, DamagedDataError):
            yield files
            continue
        try:
            for file in files:
                verify(file)
                if reason := unusable.get(_identity(file)):
                    raise DamagedDataError(reason)
            yield files
        except DamagedDataError as error:
            yield error


@lru_cache(maxsize=256)
def warn(message: str) -> None:
    """Say a thing once in a process: on stderr, unless logging is set up otherwise."""
    log.warning("%s", message)


def _identity(file: Snapshot) -> str:
    return f"{file.meta.source}/{file.meta.vintage}/{file.meta.file} {file.meta.sha256}"


def _rejections(data_dir: Path) -> Path:
    return data_dir / "processed" / "rejected.json"


def rejected(data_dir: Path) -> dict[str, str]:
    """Return which files were found to break a contract, by name and checksum, and why."""
    try:
        held = json.loads(_rejections(data_dir).read_text(encoding="utf-8"))
        return {str(name): str(reason) for name, reason in held.items()}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def reject(data_dir: Path, files: list[Snapshot], reason: str, rules: str) -> None:
    """Remember that a vintage breaks a contract, under the checksum of code and reference files."""
    known = forget_rejections(data_dir, rules) | {_identity(f): reason for f in files}
    payload = json.dumps(known | {"rules": rules}, indent=2) + "\n"
    write_atomic(_rejections(data_dir), payload.encode())


def forget_rejections(data_dir: Path, rules: str) -> dict[str, str]:
    """Forget what was found under other rules; return what was found under these."""
    known = rejected(data_dir)
    if known and known.get("rules") != rules:
        _rejections(data_dir).unlink(missing_ok=True)
        return {}
    return known


def _sidecar_of(path: Path) -> Path:
    return path.with_name(path.name + SIDECAR_SUFFIX)

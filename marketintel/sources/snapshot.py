"""Snapshots: raw files as retrieved, immutable and dated, each with a sidecar that cites it.

A snapshot is ``<data>/raw/<source>/<vintage>/<file>`` with ``<file>.meta.json`` beside it. Nothing
here reads the content: bytes are kept and proved, by checksum, to be the same later.
"""

import hashlib
import logging
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from marketintel.errors import DamagedDataError, MissingDataError, UsageError
from marketintel.files import write_atomic
from marketintel.places import starter_dir
from marketintel.sources import rejections
from marketintel.sources.http.provider import SECRET_PARAMETERS, strip_secrets

log = logging.getLogger("marketintel")

SIDECAR_SUFFIX = ".meta.json"

#: Largest sidecar read, and longest line of text in one.
_MAX_SIDECAR_BYTES = 1 << 20
Line = Annotated[str, Field(max_length=5000)]

#: Files that editors, desktops and killed processes leave in folders.
_LITTER = re.compile(r"\..*|.*~|#.*#|Thumbs\.db|desktop\.ini", re.IGNORECASE)


class Citation(BaseModel):
    """Provenance of a snapshot: producer, title, citation, licence, parameters, dates.

    Attributes
    ----------
    source : str
        Identifier, as declared; also the folder name.
    vintage : str
        Edition of the producer's figures; also the folder name. ``unknown…`` where the
        producer's edition cannot be established.
    url : str
        Address of the figures; secrets are stripped when the model is made.
    quirks : list of str
        Full sentences about traps in these figures; a report may print them.
    removable : bool
        True where the terms are not verified: everything must work without the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Line
    vintage: Line
    producer: Line
    title: Line
    citation: Line
    licence: Line
    licence_url: Line | None
    url: Line
    parameters: dict[str, Any]
    retrieved_at: date
    retrieved_note: Line | None = None
    published_at: date | None = None
    rebuild: Line | None = None
    removable: bool = False
    quirks: list[Line]

    @field_validator("url")
    @classmethod
    def _no_secret_in_url(cls, url: str) -> str:
        return strip_secrets(url)

    @field_validator("parameters")
    @classmethod
    def _no_secret_in_parameters(cls, parameters: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in parameters.items() if k.lower() not in SECRET_PARAMETERS}

    @field_validator("source", "vintage")
    @classmethod
    def _is_folder_name(cls, text: str) -> str:
        if not text or text.startswith(".") or any(c in text for c in "/\\\0"):
            raise ValueError("must be usable as a folder name")
        return text


class Sidecar(Citation):
    """A citation together with the fingerprint of the file it belongs to."""

    file: str
    sha256: str
    bytes: int
    rows: int | None


class Snapshot(BaseModel):
    """A raw file that is present, and its sidecar."""

    model_config = ConfigDict(frozen=True)

    path: Path
    meta: Sidecar


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@lru_cache(maxsize=512)
def _cached_sha256(path: Path, modified_ns: int, size: int) -> str:
    return sha256_of(path)


def save(
    data_dir: Path, citation: Citation, file: str, payload: bytes, rows: int | None
) -> Snapshot:
    """Keep ``payload`` as a snapshot; never replace a vintage by other bytes.

    Parameters
    ----------
    data_dir : Path
        The data directory; the file goes below its ``raw``.
    citation : Citation
        Provenance.
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
    sidecar = path.with_name(file + SIDECAR_SUFFIX)
    digest = hashlib.sha256(payload).hexdigest()
    if path.exists() and sidecar.exists() and sha256_of(path) != digest:
        raise UsageError(
            f"{path}: vintage '{citation.vintage}' of '{citation.source}' exists with other "
            "content and snapshots are immutable; give the new figures a new vintage"
        )
    meta = Sidecar(**citation.model_dump(), file=file, sha256=digest, bytes=len(payload), rows=rows)
    # The sidecar comes last: a file without one is not yet a snapshot.
    write_atomic(path, payload)
    write_atomic(sidecar, (meta.model_dump_json(indent=2) + "\n").encode())
    return Snapshot(path=path, meta=meta)


def verify(snapshot: Snapshot) -> None:
    """Prove that a raw file is, byte for byte, the one its sidecar describes.

    Raises
    ------
    DamagedDataError
        The checksum differs.
    """
    path = snapshot.path
    try:
        stat = path.stat()
        same = _cached_sha256(path, stat.st_mtime_ns, stat.st_size) == snapshot.meta.sha256
    except OSError as error:
        raise DamagedDataError(f"{path}: cannot be read ({error.strerror})") from error
    if not same:
        raise DamagedDataError(
            f"{path}: content differs from the checksum in its sidecar; restore it "
            "from version control (git checkout) or rebuild it with its script"
        )


def list_snapshots(data_dir: Path, source: str | None = None) -> list[Snapshot]:
    """Return every file of every usable vintage, sorted by source, vintage and file.

    A vintage that is damaged is left out where its source has another one, as in :func:`find`.

    Raises
    ------
    DamagedDataError
        A source has damaged vintages only.
    """
    snapshots = []
    for name in [source] if source else sources(data_dir):
        contents = [_snapshots_in(folder) for folder in _vintage_folders(data_dir, name)]
        usable = [files for files in contents if isinstance(files, list)]
        if contents and not usable:
            raise next(error for error in contents if isinstance(error, DamagedDataError))
        snapshots += [file for files in usable for file in files]
    return snapshots


def nothing_in(data_dir: Path) -> MissingDataError:
    """Return the error of a data folder without any snapshot."""
    return MissingDataError(
        f"no snapshots under {data_dir / 'raw'}; correct --data or MARKETINTEL_DATA, run "
        f"`marketintel fetch`, or begin with a copy of {starter_dir()} as {data_dir / 'raw'}"
    )


def sources(data_dir: Path) -> list[str]:
    """Return the names of the sources that have a file, even a damaged one."""
    folders = sorted((data_dir / "raw").glob("*/*"))
    return list(dict.fromkeys(f.parent.name for f in folders if _files_in(f)))


def find(data_dir: Path, source: str, vintage: str | None = None) -> list[Snapshot]:
    """Return the files of one vintage of a source: the given one, or else the latest.

    An explicit vintage is that vintage or an error, never another one. Without one, the latest is
    the one retrieved last, a date in the future counting as none; if it is damaged (checksum,
    sidecar, or rejected by an earlier build), the one before is used, with a warning in the log.

    Raises
    ------
    MissingDataError
        Nothing of that source, or not that vintage; the message lists the vintages there are.
    DamagedDataError
        That vintage, or every vintage, is damaged.
    """
    folders = {folder.name: folder for folder in _vintage_folders(data_dir, source)}
    if not folders:
        raise MissingDataError(f"no snapshot of '{source}' under {data_dir / 'raw'}")
    if vintage is not None:
        if vintage not in folders:
            raise MissingDataError(
                f"no vintage '{vintage}' of '{source}' (have: {', '.join(folders)}); choose one of "
                "these"
            )
        files = _snapshots_in(folders[vintage])
        if isinstance(files, DamagedDataError):
            raise files
        return files
    damaged: list[str] = []
    for files in vintages(data_dir, source):
        if isinstance(files, DamagedDataError):
            damaged.append(str(files))
            continue
        for reason in damaged:
            warn(f"marketintel: {reason}; vintage '{files[0].meta.vintage}' is used instead")
        return files
    raise DamagedDataError(damaged[0])


def vintages(data_dir: Path, source: str) -> Iterator[list[Snapshot] | DamagedDataError]:
    """Yield the vintages of a source, the latest first; one that cannot be used as its error."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    reasons = rejections.reasons(data_dir)
    ranked = []
    for folder in _vintage_folders(data_dir, source):
        files = _snapshots_in(folder)
        if isinstance(files, list):
            day = max(file.meta.retrieved_at for file in files)
        else:
            try:
                day = date.fromisoformat(folder.name[:10])
            except ValueError:
                day = tomorrow
        ranked.append((day <= tomorrow, day, folder.name, files))
    if any(past and isinstance(files, list) for past, _, _, files in ranked):
        for past, day, name, _ in ranked:
            if not past:
                warn(
                    f"marketintel: {source} {name} is dated {day}, in the future, and not the "
                    "latest"
                )
    for *_, files in sorted(ranked, key=lambda one: one[:3], reverse=True):
        if isinstance(files, DamagedDataError):
            yield files
            continue
        try:
            for file in files:
                verify(file)
                if reason := reasons.get(rejections.identity(file)):
                    raise DamagedDataError(reason)
            yield files
        except DamagedDataError as error:
            yield error


@lru_cache(maxsize=256)
def warn(message: str) -> None:
    """Log a warning once in a process: on stderr, unless logging is set up otherwise."""
    log.warning("%s", message)


def _vintage_folders(data_dir: Path, source: str) -> list[Path]:
    return [f for f in sorted((data_dir / "raw" / source).glob("*")) if _files_in(f)]


def _files_in(folder: Path) -> list[Path]:
    """Return the files of a vintage, without litter."""
    try:
        return [p for p in sorted(folder.iterdir()) if not _LITTER.fullmatch(p.name)]
    except OSError:
        return []  # a file beside the vintages


def _snapshots_in(folder: Path) -> list[Snapshot] | DamagedDataError:
    """Return the snapshots of a vintage, or the error of one of them."""
    files = _files_in(folder)
    names = {path.name for path in files}
    try:
        for path in files:
            if not path.name.endswith(SIDECAR_SUFFIX) and path.name + SIDECAR_SUFFIX not in names:
                raise DamagedDataError(
                    f"{path}: has no sidecar {path.name}{SIDECAR_SUFFIX}, so that its origin is "
                    "not known; restore it from version control, or delete the file and fetch again"
                )
        return [_read_sidecar(p) for p in files if p.name.endswith(SIDECAR_SUFFIX)]
    except DamagedDataError as error:
        return error


def _read_sidecar(sidecar: Path) -> Snapshot:
    """Read one ``.meta.json``; refuse one that is invalid, misplaced or without its file."""
    path = sidecar.with_name(sidecar.name.removesuffix(SIDECAR_SUFFIX))
    try:
        if (size := sidecar.stat().st_size) > _MAX_SIDECAR_BYTES:
            raise ValueError(f"{size:,} bytes; expected at most {_MAX_SIDECAR_BYTES:,}")
        meta = Sidecar.model_validate_json(sidecar.read_text(encoding="utf-8"))
        place = (path.parent.parent.name, path.parent.name, path.name)
        for field, expected in zip(("source", "vintage", "file"), place, strict=True):
            if (value := getattr(meta, field)) != expected:
                raise ValueError(f"field '{field}' is {value[:80]!r} in the place of {expected!r}")
    except (ValueError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            reason = f"field '{field}': {first['msg']}" if field else str(first["msg"])[:200]
        raise DamagedDataError(
            f"{sidecar}: not a valid sidecar ({reason}); restore it from version control "
            "or delete the vintage's folder"
        ) from error
    if not path.is_file():
        raise DamagedDataError(
            f"{path}: the file its sidecar describes is missing; restore it from version "
            f"control or rebuild it ({meta.rebuild or 'see the sidecar'})"
        )
    return Snapshot(path=path, meta=meta)

"""Raw files as they were retrieved: immutable, dated, each with a sidecar that cites it.

A snapshot is ``<data>/raw/<source>/<vintage>/<file>`` with ``<file>.meta.json`` beside it.
Nothing here reads the content: it keeps bytes, proves that they are the same bytes later,
and says where they came from and under which terms.
"""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from marketintel.errors import DamagedDataError, MissingDataError, UsageError
from marketintel.files import visible, write_atomic
from marketintel.places import starter_dir

SIDECAR_SUFFIX = ".meta.json"

#: Query parameters under which providers expect a secret; never written to disk.
SECRET_PARAMETERS = frozenset(
    {"key", "apikey", "api_key", "api-key", "subscription-key", "token", "access_token", "appid"}
)


class Citation(BaseModel):
    """What a reader needs to know about a source before trusting a number from it.

    Attributes
    ----------
    source : str
        Identifier, as in ``sources.toml``; also the folder name.
    vintage : str
        Edition of the producer's figures; also the folder name. ``unknown…`` where the
        producer's edition cannot be established.
    url : str
        Where the figures come from; secrets are stripped when the model is made.
    quirks : list of str
        Full sentences about traps in these figures; a report may print them.
    removable : bool
        True where the terms are not verified: everything must work without the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    vintage: str
    producer: str
    title: str
    citation: str
    licence: str
    licence_url: str | None
    url: str
    parameters: dict[str, Any]
    retrieved_at: date
    retrieved_note: str | None = None
    published_at: date | None = None
    rebuild: str | None = None
    removable: bool = False
    quirks: list[str]

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


def strip_secrets(url: str) -> str:
    """Return ``url`` without the query parameters that carry a key.

    Examples
    --------
    >>> strip_secrets("https://api.census.gov/data?get=A&key=abc")
    'https://api.census.gov/data?get=A'
    """
    parts = urlsplit(url)
    if not parts.query:
        return url
    kept = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True)
            if k.lower() not in SECRET_PARAMETERS]  # fmt: skip
    return urlunsplit(parts._replace(query=urlencode(kept, safe=",;:*")))


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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


def read_sidecar(sidecar: Path) -> Snapshot:
    """Read one ``.meta.json``.

    Raises
    ------
    DamagedDataError
        The sidecar is not valid, or the file it describes is gone.
    """
    path = sidecar.with_name(sidecar.name.removesuffix(SIDECAR_SUFFIX))
    try:
        meta = Sidecar.model_validate_json(sidecar.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise DamagedDataError(
            f"{sidecar}: not a valid sidecar ({reason}); restore it from version control"
        ) from error
    if not path.is_file():
        raise DamagedDataError(
            f"{path}: the file its sidecar describes is missing; restore it from version "
            f"control or rebuild it ({meta.rebuild or 'see the sidecar'})"
        )
    return Snapshot(path=path, meta=meta)


def list_snapshots(data_dir: Path, source: str | None = None) -> list[Snapshot]:
    """Return every snapshot below ``data_dir``, sorted by source, vintage and file."""
    pattern = f"{source or '*'}/*/*{SIDECAR_SUFFIX}"
    return [read_sidecar(path) for path in visible(data_dir / "raw", pattern)]


def nothing_in(data_dir: Path) -> MissingDataError:
    """Return the error of a data folder without any snapshot."""
    return MissingDataError(
        f"no snapshots under {data_dir / 'raw'}; correct --data or MARKETINTEL_DATA, run "
        f"`marketintel fetch`, or begin with a copy of {starter_dir()} as {data_dir / 'raw'}"
    )


def find(data_dir: Path, source: str, vintage: str | None = None) -> list[Snapshot]:
    """Return the files of one vintage of a source: the asked one, or else the latest.

    An explicit vintage is that vintage or an error, never another one. Without one, the
    latest is the one retrieved last.

    Raises
    ------
    MissingDataError
        Nothing of that source, or not that vintage; the message lists the vintages there are.
    """
    snapshots = list_snapshots(data_dir, source)
    if not snapshots:
        raise MissingDataError(f"no snapshot of '{source}' under {data_dir / 'raw'}")
    if vintage is None:
        vintage = max(snapshots, key=lambda s: (s.meta.retrieved_at, s.meta.vintage)).meta.vintage
    chosen = [s for s in snapshots if s.meta.vintage == vintage]
    if not chosen:
        there_are = ", ".join(sorted({s.meta.vintage for s in snapshots}))
        raise MissingDataError(
            f"no vintage '{vintage}' of '{source}' (have: {there_are}); choose one of these"
        )
    return chosen


def verify(snapshot: Snapshot) -> None:
    """Prove that a raw file is, byte for byte, the one its sidecar describes.

    Raises
    ------
    DamagedDataError
        The checksum differs.
    """
    if sha256_of(snapshot.path) != snapshot.meta.sha256:
        raise DamagedDataError(
            f"{snapshot.path}: content differs from the checksum in its sidecar; restore it "
            "from version control (git checkout) or rebuild it with its script"
        )


def _sidecar_of(path: Path) -> Path:
    return path.with_name(path.name + SIDECAR_SUFFIX)

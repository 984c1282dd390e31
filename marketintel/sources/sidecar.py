"""One raw file and its sidecar: the model and the checksum."""

import hashlib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from marketintel.errors import DamagedDataError

SIDECAR_SUFFIX = ".meta.json"

#: Largest sidecar read, and longest line of text in one.
_MAX_SIDECAR_BYTES = 1 << 20
Line = Annotated[str, Field(max_length=5000)]

#: Query parameters under which providers expect a secret; never written to disk.
SECRET_PARAMETERS = frozenset(
    {"key", "apikey", "api_key", "api-key", "subscription-key", "token", "access_token", "appid"}
)


class Citation(BaseModel):
    """Provenance of a snapshot: producer, title, citation, licence, parameters, dates.

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


@lru_cache(maxsize=512)
def _sha256(path: Path, changed: int, size: int) -> str:
    return sha256_of(path)


def read_sidecar(sidecar: Path) -> Snapshot:
    """Read one ``.meta.json``.

    Raises
    ------
    DamagedDataError
        The sidecar is not valid or not of this place, or the file it describes is gone.
    """
    path = sidecar.with_name(sidecar.name.removesuffix(SIDECAR_SUFFIX))
    try:
        if (size := sidecar.stat().st_size) > _MAX_SIDECAR_BYTES:
            raise ValueError(f"{size:,} bytes; expected at most {_MAX_SIDECAR_BYTES:,}")
        meta = Sidecar.model_validate_json(sidecar.read_text(encoding="utf-8"))
        place = (path.parent.parent.name, path.parent.name, path.name)
        for field, here in zip(("source", "vintage", "file"), place, strict=True):
            if (said := getattr(meta, field)) != here:
                raise ValueError(f"field '{field}' is {said[:80]!r} in the place of {here!r}")
    except (ValueError, OSError) as error:
        raise DamagedDataError(
            f"{sidecar}: not a valid sidecar ({_reason(error)}); restore it from version control "
            "or delete the vintage's folder"
        ) from error
    if not path.is_file():
        raise DamagedDataError(
            f"{path}: the file its sidecar describes is missing; restore it from version "
            f"control or rebuild it ({meta.rebuild or 'see the sidecar'})"
        )
    return Snapshot(path=path, meta=meta)


def _reason(error: Exception) -> str:
    """Return what is wrong with a sidecar: the field and its rule."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        return f"field '{field}': {first['msg']}" if field else str(first["msg"])[:200]
    return " ".join(str(error).split())[:200]


def verify(snapshot: Snapshot) -> None:
    """Prove that a raw file is, byte for byte, the one its sidecar describes.

    Raises
    ------
    DamagedDataError
        The checksum differs.
    """
    try:
        stat = snapshot.path.stat()
        same = _sha256(snapshot.path, stat.st_mtime_ns, stat.st_size) == snapshot.meta.sha256
    except OSError as error:
        raise DamagedDataError(f"{snapshot.path}: cannot be read ({error.strerror})") from error
    if not same:
        raise DamagedDataError(
            f"{snapshot.path}: content differs from the checksum in its sidecar; restore it "
            "from version control (git checkout) or rebuild it with its script"
        )

"""Files inside zip archives, in memory and on disk."""

import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

from marketintel.errors import DamagedDataError, SourceError
from marketintel.sources.formats.tidy import snippet

#: Largest file taken out of an archive; the largest real one (Canada, a year) is under 1 GB.
MAX_UNPACKED_BYTES = 4 * 2**30


def unpacked(body: Any, source: str) -> Any:
    """Return the data file of a zip; every other body as it is."""
    if isinstance(body, bytes) and body.startswith(b"PK"):
        return member_of(body, source, ".csv", ".xml", ".json")
    return body


def member_of(body: bytes, source: str, *suffixes: str) -> bytes:
    """Return the first file of a zip whose name ends in one of ``suffixes``.

    Raises
    ------
    SourceError
        Not a zip, damaged, without such a file, or unpacking to more than
        :data:`MAX_UNPACKED_BYTES`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            entry = next(
                (e for e in archive.infolist() if e.filename.lower().endswith(suffixes)), None
            )
            if entry is None:
                raise SourceError(
                    f"{source}: the archive has no file ending in {' or '.join(suffixes)} (has "
                    f"{snippet(', '.join(archive.namelist()))}); the provider's format changed"
                )
            if entry.file_size > MAX_UNPACKED_BYTES:
                raise SourceError(
                    f"{source}: {entry.filename} would unpack to {entry.file_size} bytes; "
                    f"expected at most {MAX_UNPACKED_BYTES}: not unpacked"
                )
            # zipfile stops at the declared size, so a false declaration cannot unpack more.
            return archive.read(entry)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise SourceError(
            f"{source}: the archive is damaged or cut off ({error}); fetch it again"
        ) from error


def zip_entries(archive: Path) -> list[zipfile.ZipInfo]:
    """Return the files of a zip on disk.

    Raises
    ------
    DamagedDataError
        The file is not a zip.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            return opened.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise DamagedDataError(
            f"{archive}: not readable as a zip ({error}); delete it and download it again"
        ) from error

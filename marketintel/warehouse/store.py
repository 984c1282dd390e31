"""Parquet in, parquet out: deterministic bytes, atomic, with a meta file that lists the inputs.

Tables are sorted by product code and cut into row groups small enough that a question about
forty codes reads a few of them.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.errors import DamagedDataError
from marketintel.files import write_atomic
from marketintel.parquet import parquet_bytes
from marketintel.places import default_data_dir as default_data_dir
from marketintel.sources.snapshot import sha256_of

if TYPE_CHECKING:
    import pandas as pd

ROW_GROUP_ROWS = 65_536


@dataclass(frozen=True)
class TableMeta:
    """Inputs of a processed table, and its fingerprint.

    Attributes
    ----------
    inputs : dict of str to str
        SHA-256 of each raw file, reference file and code file, by its relative name.
    """

    table: str
    rows: int
    bytes: int
    sha256: str
    inputs: dict[str, str]


def table_path(data_dir: Path, table: str) -> Path:
    """Return the path of a processed table."""
    return data_dir / "processed" / f"{table}.parquet"


def read_parquet(path: Path) -> "pd.DataFrame":
    """Read a parquet file whole.

    Raises
    ------
    DamagedDataError
        The file cannot be read as parquet.
    """
    import pandas as pd
    import pyarrow as pa

    try:
        return pd.read_parquet(path)
    except (pa.ArrowException, OSError, ValueError, TypeError, LookupError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise DamagedDataError(
            f"{path}: not readable as parquet ({reason}); restore it from "
            "version control, or delete it if it is a processed table"
        ) from error


def write_table(
    data_dir: Path, table: str, frame: "pd.DataFrame", inputs: dict[str, str]
) -> TableMeta:
    """Write a processed table and its meta file, each in one step.

    A reader sees either the old or the new file; the caller holds the lock of `data_dir`.
    """
    payload = parquet_bytes(frame, ROW_GROUP_ROWS, compression_level=3)
    path = table_path(data_dir, table)
    write_atomic(path, payload)
    digest = hashlib.sha256(payload).hexdigest()
    meta = TableMeta(table, len(frame), len(payload), digest, inputs)
    write_atomic(_meta_path(path), (json.dumps(asdict(meta), indent=2) + "\n").encode())
    return meta


def remove_table(data_dir: Path, table: str) -> None:
    """Delete a processed table that no longer has a source; nothing happens if it is absent."""
    path = table_path(data_dir, table)
    _meta_path(path).unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def sweep(data_dir: Path) -> None:
    """Delete what killed builds left half written; the caller holds the lock of `data_dir`."""
    for part in (data_dir / "processed").glob(".*.part"):
        part.unlink(missing_ok=True)


def current_meta(data_dir: Path, table: str, inputs: dict[str, str]) -> TableMeta | None:
    """Return the meta of a table if it was made from exactly ``inputs`` and is undamaged."""
    path = table_path(data_dir, table)
    try:
        held: dict[str, Any] = json.loads(_meta_path(path).read_text(encoding="utf-8"))
        meta = TableMeta(**held)
        undamaged = meta.inputs == inputs and sha256_of(path) == meta.sha256
    except (OSError, ValueError, TypeError):
        return None  # absent or unreadable: a processed table is simply made again
    return meta if undamaged else None


def sources_of(data_dir: Path, table: str) -> list[str]:
    """Return the sources whose snapshots a processed table was made from."""
    held = json.loads(_meta_path(table_path(data_dir, table)).read_text(encoding="utf-8"))
    parts = (Path(name).parts for name in held["inputs"])
    return list(dict.fromkeys(part[1] for part in parts if part[0] == "raw"))


def _meta_path(path: Path) -> Path:
    return path.with_name(path.name + ".meta.json")

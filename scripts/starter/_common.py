"""Options of every starter script, and writing a snapshot."""

import argparse
from datetime import date
from pathlib import Path

import pandas as pd

from marketintel.parquet import parquet_bytes
from marketintel.sources import snapshot
from marketintel.sources.catalogue import sources
from marketintel.warehouse import store

#: When the starter data were compiled. The day on which the producers' files were downloaded
#: is not known, so no script claims it.
COMPILED_AT = date(2026, 11, 22)
COMPILED_NOTE = "date this compilation was made from a stored copy of the producer's figures"

#: When the figures on size, trend and third countries were added.
ADDED_AT = date(2026, 11, 30)

DATA_DIR = store.default_data_dir()


def options(doc: str | None, from_help: str) -> argparse.Namespace:
    """Parse ``--from FILE``, what was downloaded, and ``--data DIR``, where to write."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--from", dest="file", metavar="FILE", type=Path, required=True, help=from_help
    )
    parser.add_argument(
        "--data", metavar="DIR", type=Path, default=DATA_DIR,
        help="data directory to write to (default: %(default)s)",
    )  # fmt: skip
    return parser.parse_args()


def cite(source: str, vintage: str, script: str, **parameters: object) -> snapshot.Citation:
    """Return the provenance of a file of ``source``, as ``sources/providers`` declares it."""
    return sources()[source].cite(
        vintage, parameters, ADDED_AT, retrieved_note=COMPILED_NOTE,
        rebuild=f"python scripts/starter/{script}.py --from FILE",
    )  # fmt: skip


def save(data_dir: Path, citation: snapshot.Citation, file: str, frame: pd.DataFrame) -> None:
    """Write ``frame`` as a snapshot in parquet and say what was written."""
    # Raw files are kept in version control and read whole: one group, packed tightly.
    payload = parquet_bytes(frame, row_group_rows=1 << 20, compression_level=12)
    kept = snapshot.save(data_dir, citation, file, payload, rows=len(frame))
    print(f"{kept.path}: {len(frame):,} rows, {kept.meta.bytes:,} bytes")

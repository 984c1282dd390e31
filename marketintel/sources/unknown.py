"""Provider codes missing in ``countries.csv``, as found by the last fetches."""

import json
from collections.abc import Iterable
from pathlib import Path

from marketintel.files import write_atomic
from marketintel.sources.connector import UnknownCode


def _folder(data_dir: Path) -> Path:
    return data_dir / "local" / "unknown_codes"


def write(data_dir: Path, source: str, notes: Iterable[str]) -> None:
    """Keep the unknown codes among the notes of a fetch, in place of the earlier ones."""
    codes = [
        {"system": n.system, "code": n.code, "rows": n.rows, "value": n.value, "unit": n.unit}
        for n in notes
        if isinstance(n, UnknownCode)
    ]
    file = _folder(data_dir) / f"{source}.json"
    if codes:
        write_atomic(file, json.dumps(codes, indent=1).encode())
    else:
        file.unlink(missing_ok=True)


def read(data_dir: Path) -> list[dict[str, str | float]]:
    """Return source, system, code, rows, value and unit of every unknown code."""
    codes: list[dict[str, str | float]] = []
    for file in sorted(_folder(data_dir).glob("*.json")):
        try:
            codes += [{"source": file.stem, **one} for one in json.loads(file.read_text("utf-8"))]
        except (OSError, ValueError, TypeError):
            continue
    return codes

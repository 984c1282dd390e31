"""Provider codes that no economy has in ``countries.csv``, as the last fetches met them."""

import json
from collections.abc import Iterable
from pathlib import Path

from marketintel.files import write_atomic
from marketintel.sources.connector import UnknownCode


def _folder(data_dir: Path) -> Path:
    return data_dir / "local" / "unknown_codes"


def write(data_dir: Path, source: str, notes: Iterable[str]) -> None:
    """Keep the unknown codes among the notes of a fetch, in place of the earlier ones."""
    met = [
        {"system": n.system, "code": n.code, "rows": n.rows, "value": n.value, "unit": n.unit}
        for n in notes
        if isinstance(n, UnknownCode)
    ]
    file = _folder(data_dir) / f"{source}.json"
    if met:
        write_atomic(file, json.dumps(met, indent=1).encode())
    else:
        file.unlink(missing_ok=True)


def read(data_dir: Path) -> list[dict[str, str | float]]:
    """Return source, system, code, rows, value and unit of every code met."""
    found: list[dict[str, str | float]] = []
    for file in sorted(_folder(data_dir).glob("*.json")):
        try:
            found += [{"source": file.stem, **one} for one in json.loads(file.read_text("utf-8"))]
        except (OSError, ValueError, TypeError):
            continue
    return found

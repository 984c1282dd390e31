"""Notes on single markets and years, from ``reference/market_notes.toml``."""

import tomllib
from pathlib import Path
from typing import NamedTuple

from marketintel.errors import ReferenceFileError
from marketintel.warehouse.countries import REFERENCE_DIR


class MarketNote(NamedTuple):
    """What a reader must know about one market in one year, and who says so."""

    text: str
    source: str


def market_note(market: str, year: str, path: Path | None = None) -> MarketNote | None:
    """Return the note on a market and year; None where there is none.

    Raises
    ------
    ReferenceFileError
        When the file is not TOML, or a note lacks its text or its source.
    """
    path = path or REFERENCE_DIR / "market_notes.toml"
    try:
        notes = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ReferenceFileError(f"{path}: cannot be read as TOML: {error}") from None
    entry = notes.get(market, {}).get(year)
    if entry is None:
        return None
    if not entry.get("text") or not entry.get("source"):
        raise ReferenceFileError(
            f"{path}: [{market}.{year}] needs both text and source; add what is missing"
        )
    return MarketNote(entry["text"], entry["source"])

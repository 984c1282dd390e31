"""Notes on single markets and years, from ``reference/market_notes.toml``."""

import tomllib
from pathlib import Path
from typing import NamedTuple

from marketintel.errors import ReferenceFileError
from marketintel.warehouse.countries import REFERENCE_DIR, group_members


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
    return check_market_notes(path or REFERENCE_DIR / "market_notes.toml").get((market, year))


def check_market_notes(path: Path) -> dict[tuple[str, str], MarketNote]:
    """Read and check all notes; see :func:`market_note`."""
    try:
        text = path.read_text(encoding="utf-8")
        markets = tomllib.loads(text)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ReferenceFileError(f"{path.name}: cannot be read as TOML: {error}") from None
    notes = {}
    for market, years in markets.items():
        for year, entry in years.items():
            line = _line_of(text, f"[{market}.{year}]")
            if not (year.isdigit() and len(year) == 4) or group_members(market) != [market]:
                rule = "a table is [ISO3.YEAR], such as [USA.2025]"
                raise ReferenceFileError(f"{path.name}:{line}: {rule}; not [{market}.{year}]")
            if not entry.get("text") or not entry.get("source"):
                rule = "a note needs both text and source"
                raise ReferenceFileError(f"{path.name}:{line}: {rule}; add what is missing")
            notes[market, year] = MarketNote(entry["text"], entry["source"])
    return notes


def _line_of(text: str, heading: str) -> int:
    before, found, _ = text.partition(heading)
    return before.count("\n") + 1 if found else 1

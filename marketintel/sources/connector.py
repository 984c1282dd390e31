"""What a plan and a fetch see of a source, whatever it is: what to ask, what comes of it.

Connectors return the provider's country codes, since the files that translate them belong to the
warehouse, which this room must not know. A :class:`Book` brings those translations in; the rows
made here are what a snapshot holds: ISO3, our columns, units in the names.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from marketintel.errors import DamagedDataError, SourceError
from marketintel.sources import snapshot
from marketintel.sources.http import Client, Params
from marketintel.sources.settings import Provider
from marketintel.sources.snapshot import Citation

WORLD = "WLD"


@dataclass(frozen=True)
class Book:
    """What the reference files know, handed in by whoever may read them.

    Attributes
    ----------
    to_iso3 : callable
        ``(codes, system, ignore=…) -> Series`` of ISO3, as ``warehouse.harmonise.to_iso3``.
    code_of : callable
        ``(iso3, system) -> str``: an economy's code, "" where it has none.
    revision_at : callable
        ``(iso3, period) -> str``: the HS revision an economy uses.
    knows : callable
        ``(code, system) -> bool``: whether it is an economy's code.
    eu_members : frozenset of str
        ISO3 of the economies that Comext has as reporters.
    groups : mapping of str to frozenset of str
        Groups of economies, by name, with the ISO3 of their members.
    admit : callable
        ``(frame, citation, file)``: raises ``DamagedDataError`` where a table could not be made of
        the frame, as ``warehouse.feeds.admit``.
    """

    to_iso3: Callable[..., "pd.Series"]
    code_of: Callable[[str, str], str]
    revision_at: Callable[[str, str], str]
    knows: Callable[[str, str], bool]
    eu_members: frozenset[str] = frozenset()
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    admit: Callable[..., None] = lambda *_, **__: None


@dataclass(frozen=True)
class Connector:
    """A source as plans and fetches see it.

    Attributes
    ----------
    source : str
        Name of the snapshot folder.
    file : str
        Name of the snapshot file.
    groups : tuple of str
        Columns that say what an answer is about: fetched rows replace all earlier rows of the
        same groups (and of the codes asked for), and nothing else.
    questions : callable
        ``(query, client) ->`` path and parameters of the requests known beforehand.
    rows : callable
        ``(query, client, book) ->`` rows as the snapshot holds them; ``attrs["notes"]``.
    public : bool
        Whether the data may be passed on; if not, the snapshot is kept out of version control.
    about : dict
        Producer, title, citation, licence, licence_url, quirks: for the sidecar.
    answer_s : float
        Seconds an answer is expected to take, for the estimate.
    kept : callable, optional
        ``(query, client) ->`` how many of the questions are answered already, where answers are
        files too large for the common store.
    polygons : bool
        Rows have a geometry: they are kept as GeoParquet, and the new layer takes the place of
        the earlier one whole.
    """

    source: str
    provider: Provider
    file: str
    groups: tuple[str, ...]
    questions: Callable[[Any, Client], Iterable[tuple[str, Params | None]]]
    rows: Callable[[Any, Client, Book], "pd.DataFrame"]
    public: bool
    about: dict[str, Any]
    answer_s: float = 1.0
    kept: Callable[[Any, Client], int] | None = None
    polygons: bool = False


def codes_of(query: Any) -> tuple[str, ...]:
    """Return the HS codes a query asks for; none where it is not about products."""
    return tuple(getattr(query, "codes", ()) or getattr(query, "products", ()))


def noted(frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Return ``frame`` numbered from 0, with notes on what was left out and why."""
    frame = frame.reset_index(drop=True)
    frame.attrs = {"notes": notes}
    return frame


def keep(
    data_dir: Path, citation: Citation, file: str, frame: pd.DataFrame, payload: bytes, book: Book
) -> snapshot.Snapshot:
    """Save a snapshot, once it is known that the tables can be made of it.

    Raises
    ------
    SourceError
        ``build`` would refuse it; the vintage before stays the latest.
    UsageError
        As :func:`marketintel.sources.snapshot.save`.
    """
    try:
        book.admit(frame, citation, file)
    except DamagedDataError as error:
        raise SourceError(
            f"{citation.source}: not saved, the figures break a rule ({error}); try again later, "
            "the vintage before stays in use"
        ) from error
    return snapshot.save(data_dir, citation, file, payload, rows=len(frame))


def day_of(archive: Path) -> date:
    """Return the day an archive was downloaded; a date in the future is taken for today."""
    return min(datetime.fromtimestamp(archive.stat().st_mtime, UTC), datetime.now(UTC)).date()

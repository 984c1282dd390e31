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
from marketintel.sources.formats import tidy
from marketintel.sources.http.client import Client, Params
from marketintel.sources.http.provider import Provider
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
    parts : callable
        ``query ->`` the queries that together ask the same, each of which can be refused without
        harm to the others.
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
    parts: Callable[[Any], list[Any]] = lambda query: [query]


class UnknownCode(str):
    """A note on rows left out because no economy has their code.

    Attributes
    ----------
    system, code : str
        Column of ``countries.csv`` that lacks it; the code.
    rows, value : int, float
        How many, and what they add up to.
    unit : str
        Of ``value``; "" where rows have no amount.
    """

    source: str
    system: str
    code: str
    rows: int
    value: float
    unit: str

    def __new__(
        cls, source: str, system: str, code: str, rows: int, value: float, unit: str
    ) -> "UnknownCode":
        """Make the note."""
        amount = f"{unit} {value:,.0f}" if unit else ""
        held = f"{rows:,} row{'s' if rows > 1 else ''}" + (f" ({amount})" if amount else "")
        made = super().__new__(
            cls,
            f"{source}: code {code} is no economy's in column {system} of countries.csv: {held} "
            "left out; `marketintel data --codes` lists such codes",
        )
        made.source, made.system, made.code = source, system, code
        made.rows, made.value, made.unit = rows, value, unit
        return made

    def __getnewargs__(self) -> tuple[str, str, str, int, float, str]:  # type: ignore[override]
        """Return what a copy is made of: frames copy their notes."""
        return self.source, self.system, self.code, self.rows, self.value, self.unit

    def plus(self, other: "UnknownCode") -> "UnknownCode":
        """Return one note on the rows of both, which are of the same code."""
        rows, value = self.rows + other.rows, self.value + other.value
        return UnknownCode(self.source, self.system, self.code, rows, value, self.unit)


def economies(
    codes: "pd.Series",
    system: str,
    book: Book,
    source: str,
    notes: list[str],
    *,
    amounts: "pd.Series | None" = None,
    unit: str = "",
    ignore: Iterable[str] = (),
) -> "pd.Series":
    """Return the ISO3 of a provider's codes; one that is unknown is missing, and noted.

    Parameters
    ----------
    codes : Series
        Of the provider.
    system : str
        Column of ``countries.csv``.
    book : Book
        Has the codes.
    source : str
        Named in the note.
    notes : list of str
        Gets an :class:`UnknownCode` for each unknown code.
    amounts : Series, optional
        What is lost with a row, in ``unit``.
    unit : str
        Of ``amounts``.
    ignore : iterable of str
        Codes known to be no economies: missing, and not noted.
    """
    known_not = set(ignore)
    unknown = sorted(
        str(code)
        for code in codes.dropna().unique()
        if code not in known_not and not book.knows(str(code), system)
    )
    for code in unknown:
        of_it = codes == code
        value = 0.0 if amounts is None else float(amounts[of_it].sum())
        said = tidy.snippet(code, 20)
        notes.append(UnknownCode(source, system, said, int(of_it.sum()), value, unit))
    return book.to_iso3(codes, system, ignore=[*known_not, *unknown])


def together(notes: list[str], more: Iterable[str]) -> list[str]:
    """Return the notes of two parts: each once, and one on each unknown code."""
    found = list(notes)
    for note in more:
        same = next(
            (n for n in found if isinstance(n, UnknownCode) and isinstance(note, UnknownCode)
             and (n.system, n.code) == (note.system, note.code)),
            None,
        )  # fmt: skip
        if same is not None and isinstance(note, UnknownCode):
            found[found.index(same)] = same.plus(note)
        elif note not in found:
            found.append(note)
    return found


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

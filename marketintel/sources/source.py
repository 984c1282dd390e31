"""Declaration of a source: provider, terms, citation, tables it feeds, and how it is fetched.

Each module of ``sources/providers`` declares its sources in ``SOURCES``. Terms, ranks, the request
plan, the snapshot's sidecar and the tables of the warehouse are read from there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal, NamedTuple

import pandas as pd

from marketintel.errors import SourceError
from marketintel.sources.formats.tidy import snippet
from marketintel.sources.http.client import Client, Params
from marketintel.sources.http.provider import Provider
from marketintel.sources.snapshot import Citation

WORLD = "WLD"

#: Number of partners of a code, for estimates of rows only.
PARTNERS = 60

#: Columns of ``duties`` that tariffs have no figure of.
RATES_ONLY = dict.fromkeys(("customs_value_usd", "dutiable_value_usd", "duties_usd"), float("nan"))


@dataclass(frozen=True)
class Feed:
    """Rows that a source's snapshots add to a table of the warehouse.

    Attributes
    ----------
    table : str
        Name in ``reference/contracts.py``.
    rows : callable
        Snapshot's frame to rows with the table's columns; source and vintage are added.
    same : mapping
        Columns with one value on every row; None is a missing text.
    amount, currency : str
        Column of amounts in another currency than US dollars, and its ISO 4217 code.
    """

    table: str
    rows: Callable[[pd.DataFrame], pd.DataFrame] = lambda raw: raw
    same: Mapping[str, str | float | bool | None] = field(default_factory=dict)
    amount: str = ""
    currency: str = "USD"


class Question(NamedTuple):
    """A query of one source, in words, with the number of rows expected."""

    what: str
    query: Any
    rows: int


@dataclass(frozen=True)
class Wanted:
    """Markets, codes and years that a plan is made for.

    Attributes
    ----------
    targets : tuple of str
        ISO3 of the markets.
    codes : tuple of str
        HS codes of six digits.
    years : tuple of int
        Consecutive or not, sorted: settled years, years open to revision, or all (see
        :attr:`Source.years`).
    named : frozenset of str
        Sources named on the command line.
    homes : mapping
        Target to the source that is asked for its trade.
    now : int
        Current year.
    notes : list of str
        Takes notes on what is not asked for.
    """

    targets: tuple[str, ...]
    codes: tuple[str, ...]
    years: tuple[int, ...]
    named: frozenset[str]
    homes: Mapping[str, str]
    now: int
    notes: list[str]

    @property
    def labels(self) -> tuple[str, ...]:
        """Years as text."""
        return tuple(map(str, self.years))

    @property
    def span(self) -> str:
        """First and last year as printed."""
        first, last = self.years[0], self.years[-1]
        return f"{first}–{last}" if len(self.years) > 1 else str(first)

    @property
    def about(self) -> str:
        """Number of codes and years as printed."""
        return f"{len(self.codes)} codes, {self.span}"


@dataclass(frozen=True)
class Source:
    """A source of figures.

    Attributes
    ----------
    name : str
        Folder of its snapshots and value of column ``source``.
    rank : int
        Where sources report the same figure, the one with the lowest rank is read.
    producer, title, citation, licence, licence_url : str
        For sidecars and source lines.
    redistributable : bool
        Whether data and tables made of them may be passed on; if not, snapshots are kept out of
        version control.
    quirks : tuple of str
        Traps in the figures, full sentences.
    feeds : tuple of Feed
        Tables of the warehouse made of it.
    url : str
        Page of a source that comes as a file; the provider's address if empty.
    provider : Provider, optional
        Service it is fetched from; None for sources that come as files.
    file : str
        Name of the snapshot file.
    groups : tuple of str
        Columns of a group of rows: fetched rows replace all earlier rows of the same groups and
        of the codes queried.
    plan : callable
        ``wanted ->`` questions.
    questions : callable
        ``(query, client) ->`` path and parameters of the requests, as far as known beforehand.
    fetch : callable
        ``(query, client) ->`` rows of the snapshot; ``attrs["notes"]``.
    parts : callable
        ``query ->`` queries that together are the same and can fail one by one.
    kept : callable, optional
        ``(query, client) ->`` number of requests already answered, where answers are files.
    years : {"spans", "all", "none"}
        Planned for settled years and for those open to revision apart, for all years at once
        (kept answers hold a week), or independent of years.
    home : callable, optional
        ``(target, named) ->`` whether the target's trade is asked for here; the source of the
        lowest rank is chosen.
    on_request, regional : bool
        Asked only if named; also with ``--regions``.
    by_code : bool
        Queries are about HS codes.
    alias : str
        Name that stands for several sources.
    answer_s : float
        Expected seconds an answer takes.
    polygons : bool
        Rows have a geometry: kept as GeoParquet, and a new layer replaces the earlier one.
    trial : tuple of str and int
        Market and settled year of the smallest question, for ``--selftest``.
    short : str
        Producer and data base as named in basis labels; the producer if empty.
    witness : str
        Evidence outside the project for its addresses and parameters, with the day it was read,
        unless ``scripts/providers.toml`` has it.
    """

    name: str
    rank: int
    producer: str
    title: str
    citation: str
    licence: str
    licence_url: str
    redistributable: bool
    quirks: tuple[str, ...] = ()
    feeds: tuple[Feed, ...] = ()
    url: str = ""
    provider: Provider | None = None
    file: str = ""
    groups: tuple[str, ...] = ()
    plan: Callable[[Wanted], Iterable[Question]] = lambda _: ()
    questions: Callable[[Any, Client], Iterable[tuple[str, Params | None]]] = lambda *_: ()
    fetch: Callable[[Any, Client], pd.DataFrame] = lambda *_: pd.DataFrame()
    parts: Callable[[Any], list[Any]] = lambda query: [query]
    kept: Callable[[Any, Client], int] | None = None
    years: Literal["spans", "all", "none"] = "spans"
    home: Callable[[str, frozenset[str]], bool] | None = None
    on_request: bool = False
    regional: bool = False
    by_code: bool = True
    alias: str = ""
    answer_s: float = 1.0
    polygons: bool = False
    trial: tuple[str, int] = ("JPN", 2022)
    short: str = ""
    witness: str = ""

    @property
    def service(self) -> Provider:
        """Provider of a source that is fetched from a service."""
        assert self.provider is not None, self.name  # noqa: S101 - see catalogue.fetched
        return self.provider

    @property
    def converted(self) -> bool:
        """True if amounts are converted to US dollars by exchange rates."""
        return any(feed.amount for feed in self.feeds)

    @property
    def publisher(self) -> str:
        """Producer as named in basis labels."""
        return self.short or self.producer

    def cite(
        self, vintage: str, parameters: dict[str, Any], retrieved_at: date, **other: Any
    ) -> Citation:
        """Return the provenance of a snapshot; ``other`` replaces fields of the declaration."""
        stated: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("producer", "title", "citation", "licence", "licence_url")
        }
        stated |= {"quirks": list(self.quirks), "rebuild": f"marketintel fetch {self.name}"}
        stated["url"] = self.url or self.service.base
        return Citation(source=self.name, vintage=vintage, parameters=parameters,
                        retrieved_at=retrieved_at, **stated | other)  # fmt: skip


def one_by_one(field_name: str) -> Callable[[Any], list[Any]]:
    """Return ``parts`` that divides a query along a field: one part a value."""
    return lambda query: [
        replace(query, **{field_name: (value,)}) for value in getattr(query, field_name)
    ]


def chunks(values: tuple[str, ...], size: int) -> list[tuple[str, ...]]:
    """Return consecutive slices of at most ``size`` values."""
    return [values[i : i + size] for i in range(0, len(values), size)]


def codes_of(query: Any) -> tuple[str, ...]:
    """Return the HS codes of a query; none where it is not about products."""
    return tuple(getattr(query, "codes", ()) or getattr(query, "products", ()))


def noted(frame: pd.DataFrame, notes: Iterable[str] = ()) -> pd.DataFrame:
    """Return ``frame`` numbered from 0, with notes on rows left out and the reason."""
    frame = frame.reset_index(drop=True)
    frame.attrs = {"notes": list(notes)}
    return frame


def joined(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all frames; the first one if none has rows."""
    every = list(frames)
    with_rows = [frame for frame in every if len(frame)]
    return pd.concat(with_rows, ignore_index=True) if with_rows else every[0]


def within(
    frame: pd.DataFrame,
    source: str,
    *,
    since: str | int | None = None,
    until: str | int | None = None,
    **allowed: Iterable[Any],
) -> pd.DataFrame:
    """Return ``frame`` if all its rows answer the query.

    Parameters
    ----------
    frame : DataFrame
        Under a contract.
    source : str
        Named in the error.
    since, until : str or int, optional
        First and last year of ``period``.
    **allowed : iterable
        Column to its values; none means any value.

    Raises
    ------
    SourceError
        A row is of another reporter, product, indicator or period.
    """
    strange = {}
    for column, values in allowed.items():
        if wanted := set(values):
            strange[column] = frame.loc[~frame[column].isin(wanted), column]
    if "period" in frame and (since or until):
        year = pd.to_numeric(frame["period"].str[:4], errors="coerce")
        inside = year.between(int(str(since or 0)[:4]), int(str(until or 9999)[:4]))
        strange["period"] = frame.loc[~inside, "period"]
    for column, rows in strange.items():
        if len(rows):
            raise SourceError(
                f"{source}: got {snippet(str(rows.iloc[0]), 40)}, which was not asked for as "
                f"{column}; the answer is damaged, or the provider's parameters changed"
            )
    return frame

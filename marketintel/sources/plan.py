"""What a fetch would ask, of whom, and how long it would take: said before anything is asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from marketintel.errors import UsageError
from marketintel.sources import census, comext, comtrade, imf, worldbank
from marketintel.sources.answers import AnswerStore
from marketintel.sources.connectors import ALIASES, CONNECTORS, Book
from marketintel.sources.connectors_context import (
    CURRENCIES,
    WEO,
    PairsQuery,
    RatesQuery,
    TariffQuery,
)
from marketintel.sources.connectors_named import EU, IndustryQuery, WtoQuery
from marketintel.sources.connectors_regions import (
    COUNTRIES,
    EMPLOYMENT,
    INDICATORS,
    NUTS,
    RegionsQuery,
)
from marketintel.sources.connectors_trade import CanadaQuery
from marketintel.sources.http import Client

#: Years that may still be revised, counted back from the current one, and how long an answer
#: about them holds. Answers about earlier years hold until a refresh is asked for.
OPEN_YEARS = 2
OPEN_DAYS = 7

#: Estimate only, from the recorded answers: partners of a code.
_PARTNERS = 60

#: What is about all regions of Europe and not about a target market: only where asked for.
REGIONAL = ("eurostat_sbs", "eurostat_regional", "gisco")

#: Estimates only, from the figures shipped: cells with a figure in a year.
_CELLS = {"eurostat_sbs": 40_000, "eurostat_regional": 350}

#: Projections asked for beyond the last year.
_AHEAD = 5


@dataclass(frozen=True)
class Step:
    """One question to one source.

    Attributes
    ----------
    what : str
        The question in words.
    requests : int
        Requests it takes; more if an answer has to be cut.
    kept : int
        Of these, answered already.
    rows : int
        Estimated rows.
    max_age_s : float or None
        How old a kept answer may be.
    """

    source: str
    what: str
    query: Any
    requests: int
    kept: int
    rows: int
    max_age_s: float | None

    @property
    def seconds(self) -> float:
        """Estimated time for what is not answered yet."""
        connector = CONNECTORS[self.source]
        pace = connector.provider.configured().min_interval_s
        return (self.requests - self.kept) * max(pace, connector.answer_s)


@dataclass(frozen=True)
class Plan:
    """Steps in the order in which they are done, and what has to be said about them."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...]

    def describe(self) -> list[str]:
        """Return the plan as lines for a person."""
        lines = [
            f"{s.source}: {s.what}: {s.requests:,} requests"
            + (f" ({s.kept:,} already answered)" if s.kept else "")
            + f", about {s.rows:,} rows"
            for s in self.steps
        ]
        left = sum(s.requests - s.kept for s in self.steps)
        seconds = sum(s.seconds for s in self.steps)
        lines.append(f"to ask: {left:,} requests, about {_spell(seconds)}")
        return [*lines, *self.notes]


def plan(
    targets: Sequence[str],
    codes: Sequence[str],
    years: Sequence[int],
    book: Book,
    store: Path,
    *,
    sources: Sequence[str] = (),
    regions: bool = False,
    refresh: bool = False,
    this_year: int | None = None,
) -> Plan:
    """Choose sources for target markets and count what they would be asked.

    Trade is asked for where it is best: the United States at home, which knows duties, Canada at
    Statistics Canada, members of the EU at Comext, everyone else at Comtrade. Where Comtrade is
    named in ``sources`` and the home source is not, it is asked about these as well. For all:
    tariffs at WITS (preferences for the last settled year), GDP, population and prices at the
    World Bank, projections at the IMF, distances at CEPII; euro rates where they are needed.

    Statistics and polygons of regions are about all of Europe, and polygons of countries come
    with the project: these are asked for where they are named, the former with ``regions`` too.

    Parameters
    ----------
    targets : sequence of str
        ISO3 of the markets.
    codes : sequence of str
        HS codes of six digits, of every revision the years need.
    years : sequence of int
        Years wanted.
    book : Book
        Country codes.
    store : Path
        Where answers are kept.
    sources : sequence of str
        Only these; all that apply if empty. ``eurostat`` stands for both of its sources.
    regions : bool
        Regional statistics and polygons as well.
    refresh : bool
        Ask again also what is answered.
    this_year : int, optional
        The current year, for deciding what may still be revised.

    Raises
    ------
    UsageError
        No target, code or year; an unknown source.
    """
    for name, given in (("targets", targets), ("codes", codes), ("years", years)):
        if not given:
            raise UsageError(f"fetch: no {name} given; name at least one")
    chosen = [name for source in sources for name in ALIASES.get(source, (source,))]
    if unknown := set(chosen) - set(CONNECTORS):
        raise UsageError(
            f"fetch: unknown source {min(unknown)!r}; choose from "
            f"{', '.join([*CONNECTORS, *ALIASES])}"
        )
    now = this_year or datetime.now(UTC).year
    named = frozenset(chosen)
    wanted = _Wanted(tuple(targets), tuple(sorted(set(codes))), book, named)
    apart = named | set(REGIONAL if regions else ())
    notes: list[str] = []
    steps = []
    for span in _spans(years, now):
        age = 0.0 if refresh else OPEN_DAYS * 86_400.0 if span[-1] > now - OPEN_YEARS else None
        for source, what, query, rows in (*_trade(wanted, span, notes), *_context(wanted, span)):
            if not named or source in named:
                steps.append(_step(source, what, query, rows, store, age))
        for source, what, query, rows in (*_regional(span), *_named(wanted, span, notes)):
            if source in apart:
                steps.append(_step(source, what, query, rows, store, age))
    for source, what, query, rows in _standing():
        if source in apart or (source == "cepii_geodist" and not named):
            steps.append(_step(source, what, query, rows, store, 0.0 if refresh else None))
    if not steps:
        why = f" ({'; '.join(notes)})" if notes else ""
        raise UsageError(f"fetch: {', '.join(sources)} has nothing about {', '.join(targets)}{why}")
    if not apart and set(targets) & book.eu_members:
        notes.append("regional statistics and polygons are not asked for; --regions adds them")
    return Plan(tuple(steps), tuple(dict.fromkeys(notes)))


@dataclass(frozen=True)
class _Wanted:
    """What a plan is for."""

    targets: tuple[str, ...]
    codes: tuple[str, ...]
    book: Book
    sources: frozenset[str]

    def home(self, target: str) -> str:
        """Return where a target's trade is asked for."""
        at_home = "comtrade"
        if target == "USA":
            at_home = "us_census_imports"
        elif target == "CAN":
            at_home = "statcan_cimt"
        elif target in self.book.eu_members:
            at_home = "comext"
        named = {"us_census_imports", "us_census_exports"} if target == "USA" else {at_home}
        return "comtrade" if "comtrade" in self.sources and not named & self.sources else at_home


#: Source, words, query, and how many rows it may have.
_Question = tuple[str, str, Any, int]


def _trade(wanted: _Wanted, span: list[int], notes: list[str]) -> Iterator[_Question]:
    """Yield what is asked about the targets' trade."""
    codes, labels = wanted.codes, tuple(map(str, span))
    about = f"{len(codes)} codes, {_period(span)}"
    cells = len(codes) * len(labels) * 2 * _PARTNERS
    members = []
    for target in wanted.targets:
        home = wanted.home(target)
        if home == "us_census_imports":
            wanted.book.revision_at("USA", f"{span[0]}-01")  # refused now, not after an hour
            months = tuple(f"{y}-{m:02}" for y in span for m in range(1, 13))
            rows = len(codes) * len(months) * _PARTNERS
            for flow, source in (("import", home), ("export", "us_census_exports")):
                query = census.Query(flow, months, codes)  # type: ignore[arg-type]
                yield source, f"{flow}s of the USA, {about}, monthly", query, rows
        elif home == "statcan_cimt":
            wanted.book.revision_at("CAN", labels[0])
            what = f"imports and exports of CAN, {about}, monthly, whole archives"
            yield home, what, CanadaQuery(labels, codes), cells * 12
        elif home == "comext":
            wanted.book.revision_at(target, labels[0])
            members.append(target)
            code = wanted.book.code_of(target, "eurostat")
            trade = comext.Query((code,), codes, since=labels[0], until=labels[-1])
            yield home, f"trade of {target}, {about}", trade, cells
        elif m49 := wanted.book.code_of(target, "m49_comtrade"):
            yield home, f"trade of {target}, {about}", comtrade.Query((m49,), labels, codes), cells
        else:
            notes.append(f"comtrade: {target} does not report there; use mirror figures")


def _context(wanted: _Wanted, span: list[int]) -> Iterator[_Question]:
    """Yield what is asked about tariffs, economies and exchange rates."""
    codes, labels = wanted.codes, tuple(map(str, span))
    for target in wanted.targets:
        if not (reporter := wanted.book.code_of(target, "wits")):
            continue
        mfn = TariffQuery(target, reporter, labels, codes)
        what = f"MFN tariffs of {target}, {len(codes)} codes, {_period(span)}"
        yield "wits", what, mfn, len(codes) * len(labels)
        if "wits" in wanted.sources:  # a request a code: only where asked for by name
            last = TariffQuery(target, reporter, labels[-1:], codes, preferential=True)
            what = f"preferential tariffs of {target}, {len(codes)} codes, {labels[-1]}"
            yield "wits", what, last, len(codes) * _PARTNERS
    macro = worldbank.Query(tuple(worldbank.INDICATORS), span[0], span[-1])
    what = f"{len(macro.indicators)} indicators, all economies, {_period(span)}"
    yield "worldbank", what, macro, len(macro.indicators) * len(span) * 260
    until = span[-1] + _AHEAD
    outlook = imf.Query(indicators=tuple(WEO), since=span[0], until=until)
    what = f"{len(WEO)} indicators with projections, all economies, {span[0]}–{until}"
    yield "imf", what, outlook, len(WEO) * (until - span[0] + 1) * 200
    if "ecb" in wanted.sources or {"statcan_cimt", "comext"} & set(
        map(wanted.home, wanted.targets)
    ):
        what = f"{len(CURRENCIES)} currencies per euro, {_period(span)}, years and months"
        rates = RatesQuery(CURRENCIES, labels)
        yield "ecb", what, rates, len(CURRENCIES) * 13 * len(span)


def _regional(span: list[int]) -> Iterator[_Question]:
    """Yield what is asked about the regions of Europe."""
    labels = tuple(map(str, span))
    for source, tables, what in (
        ("eurostat_sbs", EMPLOYMENT, "persons employed by activity"),
        ("eurostat_regional", INDICATORS, f"{len(INDICATORS)} indicators"),
    ):
        query = RegionsQuery(tables, labels)
        rows = len(list(query.parts())) * _CELLS[source]
        yield source, f"{what}, all regions of Europe, {_period(span)}", query, rows


def _named(wanted: _Wanted, span: list[int], notes: list[str]) -> Iterator[_Question]:
    """Yield what is asked only where it is named: industries at the OECD, tariffs at the WTO."""
    labels = tuple(map(str, span))
    for target in wanted.targets:
        if "oecd" in wanted.sources:
            what = f"trade of {target} by industry, {_period(span)}"
            yield "oecd", what, IndustryQuery(target, labels), 3 * 2 * 200 * len(labels)
        if "wto" not in wanted.sources or not (code := wanted.book.code_of(target, "wits")):
            continue
        try:
            for label in labels:
                wanted.book.revision_at(target, label)
        except UsageError:
            notes.append(f"wto: does not say the HS revision of {target}; WITS does, ask there")
            continue
        reporter = EU if target in wanted.book.eu_members else code
        query = WtoQuery(target, reporter, labels, wanted.codes)
        what = f"tariffs of {target}, {len(wanted.codes)} codes, {_period(span)}"
        yield "wto", what, query, len(wanted.codes) * len(labels)


def _standing() -> Iterator[_Question]:
    """Yield what does not change with the years."""
    yield "cepii_geodist", "distances and ties, all economies", PairsQuery(), 50_000
    what = f"polygons of NUTS 2 regions, version {NUTS.year}"
    yield "gisco", what, NUTS, 330
    yield "natural_earth", "polygons of countries", COUNTRIES, 240


def _period(span: list[int]) -> str:
    return f"{span[0]}–{span[-1]}" if len(span) > 1 else str(span[0])


def _spans(years: Sequence[int], now: int) -> list[list[int]]:
    """Return settled years and years that may still be revised, each if there are any."""
    ordered = sorted(set(years))
    settled = [y for y in ordered if y <= now - OPEN_YEARS]
    return [span for span in (settled, [y for y in ordered if y not in settled]) if span]


def _step(
    source: str, what: str, query: Any, rows: int, store: Path, max_age_s: float | None
) -> Step:
    connector = CONNECTORS[source]
    with Client(connector.provider, AnswerStore(store / source, max_age_s)) as client:
        asked = list(connector.questions(query, client))
        kept = (
            connector.kept(query, client)
            if connector.kept
            else sum(client.keeps(path, params) for path, params in asked)
        )
        if source == "comtrade" and not client.has_key:
            what += ", without COMTRADE_KEY (500 rows a request)"
        if source == "wto" and not client.has_key:
            what += f", which needs {connector.provider.key_env}"
    return Step(source, what, query, len(asked), kept, rows, max_age_s)


def _spell(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"

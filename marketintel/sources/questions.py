"""What each source is asked about target markets, and about what stands around them.

Each function yields source, words, query, and how many rows it may have; :mod:`plan` counts the
requests and chooses.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from marketintel.errors import UsageError
from marketintel.sources.connector import Book
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
from marketintel.sources.providers import census, comext, comtrade, imf, worldbank

#: Estimate only, from the recorded answers: partners of a code.
_PARTNERS = 60

#: What is about all regions of Europe and not about a target market: only where asked for.
REGIONAL = ("eurostat_sbs", "eurostat_regional", "gisco")

#: What is asked only where it is named, or with regions.
ON_REQUEST = {*REGIONAL, "natural_earth", "wto", "oecd"}

#: Sources that are not about products, so that no segment needs codes.
_WITHOUT_CODES = {*REGIONAL, "natural_earth", "worldbank", "imf", "ecb", "cepii_geodist", "oecd"}

#: Estimates only, from the figures shipped: cells with a figure in a year.
_CELLS = {"eurostat_sbs": 40_000, "eurostat_regional": 350}

#: The two sources of the United States.
CENSUS = frozenset({"us_census_imports", "us_census_exports"})

#: Projections asked for beyond the last year.
_AHEAD = 5


@dataclass(frozen=True)
class Wanted:
    """What a plan is for."""

    targets: tuple[str, ...]
    codes: tuple[str, ...]
    book: Book
    sources: frozenset[str]
    regions: bool = False

    @property
    def needs_codes(self) -> bool:
        """Whether a source is asked about products."""
        return not self.sources or bool(self.sources - _WITHOUT_CODES)

    def home(self, target: str) -> str:
        """Return where a target's trade is asked for."""
        at_home = "comtrade"
        census_named = bool(CENSUS & self.sources)
        if target == "USA" and (census_named or not census.PROVIDER.key_wanted()):
            at_home = "us_census_imports"
        elif target == "CAN":
            at_home = "statcan_cimt"
        elif target in self.book.eu_members:
            at_home = "comext"
        named = CENSUS if target == "USA" else {at_home}
        return "comtrade" if "comtrade" in self.sources and not named & self.sources else at_home


#: Source, words, query, and how many rows it may have.
Question = tuple[str, str, Any, int]


def about(wanted: Wanted, span: list[int], notes: list[str]) -> Iterator[Question]:
    """Yield what every source is asked about years; the plan chooses from it."""
    if wanted.needs_codes:
        yield from _trade(wanted, span, notes)
    yield from _context(wanted, span)
    yield from _regional(wanted, span, notes)
    yield from _named(wanted, span, notes)


def _trade(wanted: Wanted, span: list[int], notes: list[str]) -> Iterator[Question]:
    """Yield what is asked about the targets' trade."""
    codes, labels = wanted.codes, tuple(map(str, span))
    about = f"{len(codes)} codes, {_period(span)}"
    cells = len(codes) * len(labels) * 2 * _PARTNERS
    yield from _eu_exports(wanted, span)
    for target in wanted.targets:
        home = wanted.home(target)
        if home == "us_census_imports":
            years = [y for y in span if y >= census.FIRST_YEAR]
            if years != span:
                notes.append(f"us_census: no data before {census.FIRST_YEAR}, not asked for")
            if not years:
                continue
            wanted.book.revision_at("USA", f"{years[0]}-01")  # refused now, not after an hour
            months = tuple(f"{y}-{m:02}" for y in years for m in range(1, 13))
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
            code = wanted.book.code_of(target, "eurostat")
            trade = comext.Query((code,), codes, since=labels[0], until=labels[-1])
            yield home, f"trade of {target}, {about}", trade, cells
        elif m49 := wanted.book.code_of(target, "m49_comtrade"):
            yield home, f"trade of {target}, {about}", comtrade.Query((m49,), labels, codes), cells
        else:
            notes.append(f"comtrade: {target} does not report there; use mirror figures")


def _eu_exports(wanted: Wanted, span: list[int]) -> Iterator[Question]:
    """Yield what all members of the EU sell to the targets outside it, by year and by month.

    It needs no key, and is what a study of a market without figures of its own can stand on.
    """
    code_of = wanted.book.code_of
    outside = [t for t in wanted.targets if t not in wanted.book.eu_members]
    partners = tuple(filter(None, (code_of(target, "eurostat") for target in outside)))
    reporters = tuple(sorted(code_of(member, "eurostat") for member in wanted.book.eu_members))
    if not partners or not reporters:
        return
    labels = (str(span[0]), str(span[-1]))
    rows = len(wanted.codes) * len(span) * len(partners) * len(reporters) // 3
    for freq, how, cells in (("A", "yearly", rows), ("M", "monthly", rows * 8)):
        query = comext.Query(
            reporters, wanted.codes, partners, ("export",), freq, labels[0], labels[1]
        )
        what = f"exports of the EU's members to {', '.join(outside)}, {len(wanted.codes)} codes"
        yield "comext", f"{what}, {_period(span)}, {how}", query, cells


def _context(wanted: Wanted, span: list[int]) -> Iterator[Question]:
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
    if wanted.needs_codes or "ecb" in wanted.sources:  # the EU's exports are in euros
        what = f"{len(CURRENCIES)} currencies per euro, {_period(span)}, years and months"
        rates = RatesQuery(CURRENCIES, labels)
        yield "ecb", what, rates, len(CURRENCIES) * 13 * len(span)


def _regional(wanted: Wanted, span: list[int], notes: list[str]) -> Iterator[Question]:
    """Yield what is asked about the regions of Europe."""
    labels = tuple(map(str, span))
    for source, tables, what in (
        ("eurostat_sbs", EMPLOYMENT, "persons employed by activity"),
        ("eurostat_regional", INDICATORS, f"{len(INDICATORS)} indicators"),
    ):
        query = RegionsQuery(tables, labels)
        if not list(query.parts()):
            notes.append(f"{source}: no figures of {_period(span)}")
            continue
        if source in wanted.sources or wanted.regions:
            notes += query.outside()
        rows = len(list(query.parts())) * _CELLS[source]
        yield source, f"{what}, all regions of Europe, {_period(span)}", query, rows


def _named(wanted: Wanted, span: list[int], notes: list[str]) -> Iterator[Question]:
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


def projections(years: Sequence[int], now: int) -> Iterator[Question]:
    """Yield what is asked about economies to come: once, since an edition is one whole.

    It reaches back far enough to put actual figures in the place of earlier editions' projections.
    """
    since, until = min(*years, now - _AHEAD), max(years) + _AHEAD
    outlook = imf.Query(indicators=tuple(WEO), since=since, until=until)
    what = f"{len(WEO)} indicators with projections, all economies, {since}–{until}"
    yield "imf", what, outlook, len(WEO) * (until - since + 1) * 200


def standing() -> Iterator[Question]:
    """Yield what does not change with the years."""
    yield "cepii_geodist", "distances and ties, all economies", PairsQuery(), 50_000
    what = f"polygons of NUTS 2 regions, version {NUTS.year}"
    yield "gisco", what, NUTS, 330
    yield "natural_earth", "polygons of countries", COUNTRIES, 240


def _period(span: list[int]) -> str:
    return f"{span[0]}–{span[-1]}" if len(span) > 1 else str(span[0])

"""Trade as plans ask for it: at home for the United States, Canada and the EU, else at Comtrade."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from marketintel.errors import SourceError
from marketintel.sources.connector import WORLD, Book, Connector, economies, noted
from marketintel.sources.http.client import Client, Params, with_query
from marketintel.sources.providers import census, cimt, comext, comtrade
from marketintel.sources.providers.comtrade_availability import address as availability
from marketintel.sources.providers.comtrade_availability import released
from marketintel.sources.providers.comtrade_rows import UNSPECIFIED


def _comtrade_questions(query: comtrade.Query, client: Client) -> Iterable[tuple[str, Params]]:
    for reporter in query.reporters:
        yield availability((reporter,), query.periods, client)
    for part in comtrade.requests(query, client):
        yield comtrade.address(part, client)


def _comtrade_rows(query: comtrade.Query, client: Client, book: Book) -> pd.DataFrame:
    """Trade under the warehouse's columns, and the provider's codes after them."""
    notes: list[str] = []
    known = {}
    try:
        known = released(query.reporters, query.periods, client)
    except SourceError as error:
        notes.append(f"all periods asked for, since what is new is not told ({error})")
    there = {period for _, period in known}
    if known and (absent := [p for p in query.periods if p not in there]):
        notes.append(f"not published yet, not asked for: {', '.join(absent)}")
        query = replace(query, periods=tuple(p for p in query.periods if p in there))
    raw = comtrade.fetch(query, client, known)
    notes += raw.attrs["notes"]
    raw = raw[raw["cmd_code"].str.fullmatch(r"\d{6}")]
    world = raw["partner_code"] == comtrade.WORLD
    unknown = raw["partner_code"].isin(UNSPECIFIED)
    if unknown.any():
        value = raw.loc[unknown, "value_usd"].sum()
        notes.append(
            f"{int(unknown.sum())} rows with unspecified partners (USD {value:,.0f}) are in the "
            "world total and in no partner"
        )
    system = "m49_comtrade"
    nobody = [comtrade.WORLD, *UNSPECIFIED]
    partner = economies(raw["partner_code"], system, book, "comtrade", notes,
                        amounts=raw["value_usd"], unit="USD", ignore=nobody)  # fmt: skip
    reporter = economies(raw["reporter_code"], system, book, "comtrade", notes)
    frame = raw.assign(reporter=reporter, partner=partner.mask(world, WORLD))
    frame = frame[frame["reporter"].notna() & frame["partner"].notna()]
    codes = ["reporter_code", "partner_code"]
    first = ["reporter", "partner"]
    frame = frame[[*first, *(c for c in comtrade.CONTRACT if c not in codes), *codes]]
    return noted(frame, notes)


def _comtrade_parts(query: comtrade.Query) -> list[comtrade.Query]:
    return [replace(query, reporters=(reporter,)) for reporter in query.reporters]


def _census_parts(query: census.Query) -> list[census.Query]:
    """Return whole years: a year is a sum of its months."""
    years = sorted({period[:4] for period in query.periods})
    return [
        replace(query, periods=tuple(p for p in query.periods if p.startswith(year)))
        for year in years
    ]


def _census_questions(query: census.Query, _: Client) -> Iterable[tuple[str, None]]:
    return ((path, None) for path in census.requests(query))


def _census_imports(query: census.Query, client: Client, book: Book) -> pd.DataFrame:
    """Whole years of imports, wide: general, consumption, dutiable value, duties."""
    return _census_rows(census.annual(census.fetch(query, client)), query.flow, book)


def _census_exports(query: census.Query, client: Client, book: Book) -> pd.DataFrame:
    """Months of exports."""
    return _census_rows(census.fetch(query, client), query.flow, book)


def _census_rows(raw: pd.DataFrame, flow: str, book: Book) -> pd.DataFrame:
    values = list(census.MEASURES[flow].values())
    notes = list(raw.attrs["notes"])
    partner = economies(raw["partner_code"], "census", book, "census", notes,
                        amounts=raw[values[0]], unit="USD")  # fmt: skip
    frame = raw.assign(
        reporter="USA", partner=partner, hs_revision=_revisions(raw["period"], "USA", book)
    ).dropna(subset="partner")
    keys = ["reporter", "partner", "hs_revision", "cmd_code", "period"]
    # Gaza and the West Bank are two codes and one economy.
    frame = frame.groupby(keys, as_index=False)[values].sum(min_count=1)
    whole = {v: "int64" for v in values if frame[v].notna().all()}
    return noted(frame.astype(whole), notes)


def _revisions(period: pd.Series, reporter: str, book: Book) -> pd.Series:
    known = {p: book.revision_at(reporter, p) for p in period.unique()}
    return period.map(known).astype("str")


@dataclass(frozen=True)
class CanadaQuery:
    """Years of Canada's archives, imports and exports, and the codes to keep of them."""

    periods: tuple[str, ...]
    codes: tuple[str, ...]

    def archives(self) -> list[cimt.Query]:
        """Return one query an archive."""
        flows = ("import", "export")
        return [cimt.Query(int(y), flow, self.codes) for y in self.periods for flow in flows]


def _canada_parts(query: CanadaQuery) -> list[CanadaQuery]:
    return [replace(query, periods=(year,)) for year in query.periods]


def _canada_questions(query: CanadaQuery, _: Client) -> Iterable[tuple[str, None]]:
    return ((cimt.request(part), None) for part in query.archives())


def _canada_file(part: cimt.Query, client: Client) -> Path | None:
    return client.store.directory / Path(cimt.request(part)).name if client.store else None


def _is_current(file: Path | None, client: Client) -> bool:
    limit = client.store.max_age_s if client.store else None
    if file is None or not file.exists():
        return False
    age = time.time() - file.stat().st_mtime
    return age >= -60 and (limit is None or age <= limit)  # never one of tomorrow


def _canada_kept(query: CanadaQuery, client: Client) -> int:
    return sum(_is_current(_canada_file(part, client), client) for part in query.archives())


def _canada_archive(part: cimt.Query, file: Path, client: Client) -> pd.DataFrame | None:
    """Return an archive's rows; None where there is none. One that cannot be read is not kept."""
    if _is_current(file, client):
        try:
            rows = cimt.read(file, part)
            client.reused += 1
            client.used.append(file)
            return rows
        except SourceError:
            file.unlink()
    file.parent.mkdir(parents=True, exist_ok=True)
    if cimt.perform(part, client, file) == 404:
        file.unlink(missing_ok=True)
        return None
    client.used.append(file)
    try:
        return cimt.read(file, part)
    except SourceError:
        file.unlink()
        raise


def _canada_rows(query: CanadaQuery, client: Client, book: Book) -> pd.DataFrame:
    """Months in Canadian dollars; archives are kept as files, since each holds every code."""
    parts, notes = [], []
    for part in query.archives():
        file = _canada_file(part, client)
        rows = _canada_archive(part, file, client) if file else cimt.fetch(part, client=client)
        if rows is None:
            notes.append(f"no archive of {part.flow}s {part.year} yet")
            continue
        parts.append(rows)
    raw = pd.concat(parts, ignore_index=True) if parts else cimt.empty(cimt.CONTRACT)
    absent = raw["value_cad"].isna()
    if absent.any():
        notes.append(f"{int(absent.sum())} rows without a value left out")
        raw = raw[~absent]
    nobody = raw["partner_code"].isin(cimt.NO_ECONOMY)
    if nobody.any():
        value = raw.loc[nobody, "value_cad"].sum()
        notes.append(f"{int(nobody.sum())} rows of no economy of today (CAD {value:,.0f}) left out")
        raw = raw[~nobody]
    partner = economies(raw["partner_code"], "statcan", book, "statcan_cimt", notes,
                        amounts=raw["value_cad"], unit="CAD")  # fmt: skip
    frame = raw.assign(
        reporter="CAN", partner=partner, hs_revision=_revisions(raw["period"], "CAN", book)
    ).dropna(subset="partner")
    keys = ["reporter", "partner", "flow", "hs_revision", "cmd_code", "period", "valuation"]
    summed = frame.groupby(keys, as_index=False)[["value_cad"]].sum(min_count=1)
    return noted(summed, notes)


#: Groups of economies that have a code of two letters there; ``EA`` is the euro area.
_GROUPS = ("EA", "EU")


def _comext_parts(query: comext.Query) -> list[comext.Query]:
    """Return one query a member where every partner is asked for; to a few, all members as one."""
    if query.partners:
        return [query]
    return [replace(query, reporters=(reporter,)) for reporter in query.reporters]


def _comext_questions(query: comext.Query, _: Client) -> Iterable[tuple[str, None]]:
    return ((with_query(*comext.request(query)), None) for _ in (0,))


def _comext_rows(query: comext.Query, client: Client, book: Book) -> pd.DataFrame:
    """Yearly trade in euros; aggregates but the world are left out, stores and secrets noted."""
    raw = comext.fetch(query, client=client)
    notes = list(raw.attrs.get("notes", []))
    partner = raw["partner_code"]
    world = partner == "WORLD"
    group = ((partner.str.len() > 2) | partner.isin(_GROUPS)) & ~world
    # QP … QZ: ships' stores, countries not specified or kept secret; XA … XZ: parts of oceans.
    unknown = partner.str.fullmatch(r"Q[P-Z]|X[AORZ]")
    if unknown.any():
        value = raw.loc[unknown, "value_eur"].sum()
        notes.append(
            f"{int(unknown.sum())} rows with unspecified or secret partners (EUR {value:,.0f}) "
            "are in the world total and in no partner"
        )
    raw = raw[~group & ~unknown & raw["value_eur"].notna()]
    named = economies(raw["partner_code"], "eurostat", book, "comext", notes,
                      amounts=raw["value_eur"], unit="EUR", ignore=["WORLD"])  # fmt: skip
    reporter = economies(raw["reporter_code"], "eurostat", book, "comext", notes,
                         amounts=raw["value_eur"], unit="EUR", ignore=[comext.EU27])  # fmt: skip
    known_rows = (named.notna() | (raw["partner_code"] == "WORLD")) & reporter.notna()
    raw, named, reporter = raw[known_rows], named[known_rows], reporter[known_rows]
    pairs = pd.DataFrame({"r": reporter, "p": raw["period"]}).drop_duplicates()
    known = {(r, p): book.revision_at(r, p) for r, p in pairs.itertuples(index=False)}
    frame = raw.assign(
        reporter=reporter,
        partner=named.mask(raw["partner_code"] == "WORLD", WORLD),
        hs_revision=[known[key] for key in zip(reporter, raw["period"], strict=True)],
    )
    keys = ["reporter", "partner", "flow", "hs_revision", "cmd_code", "period", "freq", "valuation"]
    amounts = ["value_eur", "net_weight_kg"]
    frame = frame.astype({"hs_revision": "str"})
    return noted(frame.groupby(keys, as_index=False)[amounts].sum(min_count=1), notes)


_CENSUS = {
    "producer": "US Census Bureau",
    "licence": "US government work, public domain",
    "licence_url": "https://www.census.gov/data/developers/about/terms-of-service.html",
}

TRADE = (
    Connector(
        "us_census_imports", census.PROVIDER, "us_imports_hs6.parquet", ("period",),
        _census_questions, _census_imports, True,
        _CENSUS | {
            "title": "US imports by HS6 and country: general imports, imports for "
            "consumption, dutiable value and calculated duty",
            "citation": "US Census Bureau, International Trade API, dataset imports/hs.",
            "quirks": [
                "Values are customs value: they exclude freight and insurance, unlike CIF.",
                "Calculated duty is an estimate at entry, before refunds and drawback, and "
                "an average over the measures of the year.",
                "Years are sums of twelve published months.",
            ],
        },
        parts=_census_parts,
    ),
    Connector(
        "us_census_exports", census.PROVIDER, "us_exports_hs6_monthly.parquet", ("period",),
        _census_questions, _census_exports, True,
        _CENSUS | {
            "title": "US exports by HS6, country and month",
            "citation": "US Census Bureau, International Trade API, dataset exports/hs.",
            "quirks": [
                "Values are free alongside ship (f.a.s.) at the US port.",
                "Exports include re-exports of foreign goods.",
            ],
        },
        parts=_census_parts,
    ),
    Connector(
        "statcan_cimt", cimt.PROVIDER, "canada_trade_hs6_monthly.parquet", ("flow", "period"),
        _canada_questions, _canada_rows, True,
        {
            "producer": "Statistics Canada",
            "title": "Canadian International Merchandise Trade by HS6, country and month",
            "citation": "Statistics Canada, Canadian International Merchandise Trade (CIMT), "
            "yearly archives by HS6 and country.",
            "licence": "Statistics Canada Open Licence",
            "licence_url": "https://www.statcan.gc.ca/en/reference/licence",
            "quirks": [
                "Canadian dollars; converted to US dollars only when the warehouse is built.",
                "Imports are by country of origin and valued f.o.b. at the place of direct "
                "shipment to Canada; exports include re-exports.",
            ],
        },
        answer_s=120.0,
        kept=_canada_kept,
        parts=_canada_parts,
    ),
    Connector(
        "comext", comext.PROVIDER, "eu_trade_hs6.parquet",
        ("reporter", "partner", "flow", "period"),
        _comext_questions, _comext_rows, True,
        {
            "producer": "Eurostat",
            "title": "EU trade by member state, partner and HS6",
            "citation": f"Eurostat, Comext, data set {comext.DATASET}.",
            "licence": "Reuse permitted with attribution (Commission Decision 2011/833/EU)",
            "licence_url": "https://ec.europa.eu/eurostat/about-us/policies/copyright",
            "quirks": [
                "Euros; converted to US dollars only when the warehouse is built.",
                "Imports are c.i.f. and exports f.o.b.; trade within the EU is by member of "
                "consignment.",
                "Partner WLD is Eurostat's own world total.",
            ],
        },
        parts=_comext_parts,
        answer_s=20.0,
    ),
    Connector(
        "comtrade", comtrade.PROVIDER, "trade.parquet", ("reporter", "flow", "period"),
        _comtrade_questions, _comtrade_rows, False,
        {
            "producer": "United Nations Statistics Division",
            "title": "UN Comtrade: trade by reporter, partner and HS6",
            "citation": "United Nations, UN Comtrade database, comtradeplus.un.org.",
            "licence": "UN Comtrade terms: figures may be used with citation; the data may "
            "not be passed on without permission (redistributable: no)",
            "licence_url": "https://comtradeplus.un.org",
            "quirks": [
                "Imports are CIF and exports FOB unless the reporter says otherwise; the "
                "column valuation says which.",
                "A weight or quantity of zero or null is missing.",
                "Partner WLD is the reporter's own total; Other Asia, nes stands for Taiwan.",
            ],
        },
        parts=_comtrade_parts,
    ),
)  # fmt: skip

"""WITS: tariffs from UNCTAD TRAINS, most-favoured-nation (MFN) and preferential, by HS6.

Service: ``SDMX/V21/datasource/TRN/reporter/…/partner/…/product/…/year/…/datatype/…`` in
SDMX-JSON, in whose series keys the places of PARTNER and PRODUCTCODE are exchanged against the
declared dimensions; both orders are read. "No data" is a 404, or ``<wits:error>`` with 200.
EU members file together under 918. Additional duties (Sections 232 and 301, IEEPA) are not in it.

Specific duties (so much a kilogram) have no percentage: datatype ``reported`` leaves such lines
out of the averages and writes 0 where nothing else is left. ``has_specific_duties`` marks every
average that leaves a line out; a 0 that rests on no line (all are specific, or the counts are
blank) is missing here. Datatype ``aveestimated`` holds estimates instead.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pandas as pd

from marketintel.errors import SourceError, UsageError
from marketintel.reference.countries import code_of
from marketintel.sources.codes import economies
from marketintel.sources.formats import sdmx, tidy
from marketintel.sources.formats.notices import notice, refuse
from marketintel.sources.http.answers import Answer
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import Provider
from marketintel.sources.source import (
    PARTNERS,
    RATES_ONLY,
    WORLD,
    Feed,
    Question,
    Source,
    Wanted,
    chunks,
    joined,
    noted,
    within,
)

SOURCE = "wits"
PROVIDER = Provider(
    SOURCE, "https://wits.worldbank.org/API/V1/SDMX/V21/datasource/TRN", min_interval_s=1.0
)

#: Codes are WITS's own (ISO numeric; ``000`` world, which is MFN; ``918`` EU; letters for groups).
#: Rates are simple averages over national lines of one HS6, in percent of the customs value.
CONTRACT: tidy.Contract = {
    "reporter_code": "str", "partner_code": "str", "hs_revision": "str", "cmd_code": "str",
    "period": "str", "regime": "str", "rate_pct": "float64", "min_rate_pct": "float64",
    "max_rate_pct": "float64", "tariff_lines": "float64", "specific_lines": "float64",
    "has_specific_duties": "bool", "is_estimated": "bool",
}  # fmt: skip

HS_REVISIONS = {
    "H0": "HS1992", "H1": "HS1996", "H2": "HS2002", "H3": "HS2007", "H4": "HS2012",
    "H5": "HS2017", "H6": "HS2022",
}  # fmt: skip

EU = "918"
_JOINED = {
    1988: ("056", "208", "250", "276", "300", "372", "380", "442", "528", "620", "724", "826"),
    1995: ("040", "246", "752"),
    2004: ("196", "203", "233", "348", "428", "440", "470", "616", "703", "705"),
    2007: ("100", "642"),
    2013: ("191",),
}
#: ISO numeric code → first and last year in the EU's customs union (TRAINS begins in 1988).
EU_YEARS = {code: (year, 9999) for year, codes in _JOINED.items() for code in codes} | {
    "826": (1988, 2020)
}

_MEDIA = ("application/json", "text/json", "application/xml", "text/xml", "text/plain")


@dataclass(frozen=True)
class Query:
    """Tariffs of a reporter (ISO numeric; 918 for an EU member) in one year.

    ``partner`` is ``000`` for MFN, ``all`` for every preference as well, or one partner; no
    ``products`` (HS6) mean all; ``datatype`` is ``reported`` or ``aveestimated``.
    """

    reporter: str
    year: int
    products: Sequence[str] = ()
    partner: str = "000"
    datatype: str = "reported"


def check(query: Query) -> None:
    """Raise UsageError for what the provider would refuse."""
    if not re.fullmatch(r"\d{3}", query.reporter):
        raise UsageError(f"wits: reporter '{query.reporter}' is not a code of 3 digits, as 840")
    if query.datatype not in ("reported", "aveestimated"):
        raise UsageError(f"wits: datatype '{query.datatype}' is not reported or aveestimated")
    if query.partner == "all" and len(query.products) != 1:
        raise UsageError(
            "wits: with partner 'all' name exactly one product, or the keys of the answer cannot "
            "be told apart; ask once for each product"
        )
    for product in query.products:
        if not re.fullmatch(r"\d{6}", product):
            raise UsageError(f"wits: product '{product}' is not an HS code of 6 digits")


def filed_by(reporter: str, year: int) -> str:
    """Return under which code a country's tariff of a year is filed: its own, or the EU's."""
    first, last = EU_YEARS.get(reporter, (1, 0))
    return EU if first <= year <= last else reporter


def request(query: Query) -> tuple[str, dict[str, str]]:
    """Return the path below the base URL, and its parameters."""
    reporter = filed_by(query.reporter, query.year)
    products = ";".join(query.products) or "all"
    return (
        f"/reporter/{reporter}/partner/{query.partner}/product/{products}"
        f"/year/{query.year}/datatype/{query.datatype}",
        {"format": "JSON"},
    )


def fetch(query: Query, client: Client) -> pd.DataFrame:
    """Return the tariffs of a query under :data:`CONTRACT`; no rows if WITS has none (404).

    The reporter of an EU member's rows is ``918``.
    """
    check(query)
    path, params = request(query)
    frame: pd.DataFrame = client.get(
        path, params, accept=(200, 404), expect=_MEDIA, check=partial(_acceptable, query=query)
    ).content
    return frame


def _acceptable(answer: Answer, query: Query) -> pd.DataFrame:
    if answer.status == 404:
        return tidy.empty(CONTRACT, "HTTP 404: no data")
    return within(
        process(answer.body), SOURCE, since=query.year, until=query.year,
        reporter_code=[filed_by(query.reporter, query.year)], cmd_code=query.products,
        partner_code=[] if query.partner == "all" else [query.partner],
    )  # fmt: skip


@tidy.reading(SOURCE)
def process(body: tidy.Body | Mapping[str, Any]) -> pd.DataFrame:
    """Turn an SDMX answer (JSON in either key order, or ML) into :data:`CONTRACT`.

    Raises
    ------
    SourceError
        Not an SDMX message, a field is missing, or the keys do not fit the dimensions.
    """
    if found := notice(body, SOURCE):
        if found.kind != "empty":
            raise refuse(found, SOURCE)
        return tidy.empty(CONTRACT, found.text)
    if isinstance(body, bytes | str) and tidy.is_markup(body):
        rows = sdmx.read_xml(body, SOURCE)
    else:
        rows = sdmx.read_json(body, SOURCE, swappable=("PARTNER", "PRODUCTCODE"))
    if not len(rows):
        return tidy.empty(CONTRACT)
    tidy.need(rows.columns, ["REPORTER", "PARTNER", "PRODUCTCODE", sdmx.PERIOD], SOURCE)
    if "INDICATOR" in rows:
        named = tidy.snippet(str(rows["INDICATOR"].iloc[0]))
        raise SourceError(
            f"{SOURCE}: the answer is trade statistics ({named}); expected tariffs (datasource "
            "TRN): correct the address"
        )
    if bad := rows.loc[~rows["PRODUCTCODE"].str.fullmatch(r"\d{2,6}"), "PRODUCTCODE"].tolist():
        raise SourceError(
            f"{SOURCE}: field 'PRODUCTCODE' holds {bad[0]!r}; expected an HS code: the places of "
            "the key have changed"
        )

    def count(name: str) -> pd.Series:
        values = rows[name] if name in rows else pd.Series(None, rows.index, "str")
        return tidy.numbers(values, SOURCE, name)

    frame = pd.DataFrame(
        {
            "reporter_code": rows["REPORTER"].str.zfill(3),
            "partner_code": rows["PARTNER"].str.zfill(3),
            "cmd_code": rows["PRODUCTCODE"],
            "period": rows[sdmx.PERIOD].str.replace(r"^(\d{4})-.*", r"\1", regex=True),
            "rate_pct": tidy.numbers(rows[sdmx.VALUE], SOURCE, sdmx.VALUE),
            "min_rate_pct": count("MIN_RATE"),
            "max_rate_pct": count("MAX_RATE"),
            "tariff_lines": count("TOTALNOOFLINES"),
            "specific_lines": count("NBR_NA_LINES"),
        }
    )
    codes = rows["NOMENCODE"] if "NOMENCODE" in rows else pd.Series(None, rows.index, "str")
    frame["hs_revision"] = codes.map(HS_REVISIONS).fillna(codes)
    regime = rows["TARIFFTYPE"] if "TARIFFTYPE" in rows else pd.Series(None, rows.index, "str")
    regime = regime.fillna(frame["partner_code"].map({"000": "MFN"}))
    frame["regime"] = regime.str.upper().replace({"PREF": "preferential", "PRF": "preferential"})
    datatype = rows["DATATYPE"] if "DATATYPE" in rows else pd.Series("", rows.index)
    frame["is_estimated"] = datatype.str.lower().str.startswith("ave", na=False)
    frame["has_specific_duties"] = frame["specific_lines"].fillna(0) > 0
    without_lines = frame["specific_lines"] >= frame["tariff_lines"].fillna(1)
    if "TOTALNOOFLINES" in rows:
        without_lines |= frame["tariff_lines"].isna()
    no_rate = (frame["rate_pct"] == 0) & without_lines & ~frame["is_estimated"]
    rates = ["rate_pct", "min_rate_pct", "max_rate_pct"]
    frame.loc[no_rate, rates] = float("nan")
    return tidy.conform(frame, CONTRACT, SOURCE)


#: HS codes in one request: keeps addresses below 1,000 characters.
_CODES = 60


@dataclass(frozen=True)
class TariffQuery:
    """Tariffs of an economy (ISO3 and WITS's code), of HS codes of every revision.

    WITS has those of its own year. ``preferential`` means every partner's preference instead of
    MFN: one request a code.
    """

    economy: str
    reporter: str
    periods: tuple[str, ...]
    codes: tuple[str, ...]
    preferential: bool = False

    def requests(self) -> Iterator[Query]:
        """Yield the queries of single requests."""
        size, partner = (1, "all") if self.preferential else (_CODES, "000")
        for year in self.periods:
            for some in chunks(self.codes, size):
                yield Query(self.reporter, int(year), some, partner)


def _plan(wanted: Wanted) -> Iterator[Question]:
    for target in wanted.targets:
        if not (reporter := code_of(target, "wits")):
            continue
        query = TariffQuery(target, reporter, wanted.labels, wanted.codes)
        rows = len(wanted.codes) * len(wanted.years)
        yield Question(f"MFN tariffs of {target}, {wanted.about}", query, rows)
        if SOURCE in wanted.named:  # a request a code: only where named
            year = wanted.labels[-1]
            what = f"preferential tariffs of {target}, {len(wanted.codes)} codes, {year}"
            query = TariffQuery(target, reporter, (year,), wanted.codes, preferential=True)
            yield Question(what, query, len(wanted.codes) * PARTNERS)


def _snapshot(query: TariffQuery, client: Client) -> pd.DataFrame:
    """Return rates by partner; groups of beneficiaries and lines without a rate are left out."""
    raw = joined(fetch(part, client) for part in query.requests())
    notes = []
    regimes = raw["regime"].isin(["MFN", "preferential"])
    group = ~raw["partner_code"].str.fullmatch(r"[0-8]\d\d")
    no_rate = raw["rate_pct"].isna()
    for rows, what in (
        (no_rate, "rates that rest on no percentage"),
        (group & ~no_rate, "rates for groups of countries"),
        (~regimes & ~group & ~no_rate, "rates of other kinds"),
    ):
        if rows.any():
            notes.append(f"{query.economy}: {int(rows.sum())} {what} left out")
    raw = raw[regimes & ~group & ~no_rate & raw["cmd_code"].str.fullmatch(r"\d{6}")]
    partner = economies(raw["partner_code"], "wits", SOURCE, notes, ignore=["000"])
    partner = partner.mask(raw["partner_code"] == "000", WORLD)
    frame = raw.assign(reporter=query.economy, partner=partner)[partner.notna()]
    keys = ["reporter", "partner", "hs_revision", "cmd_code", "period", "regime"]
    return noted(frame[[*keys, "rate_pct"]].drop_duplicates(), notes)


SOURCES = (
    Source(
        "wits", 110, redistributable=False,
        producer="World Bank and UNCTAD",
        title="Applied MFN and preferential tariffs by HS6, simple averages",
        citation="World Bank, World Integrated Trade Solution: UNCTAD TRAINS, tariff averages by "
        "HS6.",
        licence="World Bank terms of use: reuse with attribution to WITS and UNCTAD; terms for "
        "passing whole tables on not verified",
        licence_url="https://wits.worldbank.org/faqs.html",
        quirks=(
            "Simple averages over national lines of a code; specific duties are not in them.",
            "Additional duties (Sections 232 and 301, emergency powers) are not in them.",
            "Members of the EU have the EU's tariff; partner WLD is most-favoured-nation.",
        ),
        feeds=(Feed("duties", same=RATES_ONLY),),
        provider=PROVIDER, file="tariffs.parquet", groups=("reporter", "period", "regime"),
        plan=_plan, fetch=_snapshot,
        questions=lambda query, _: (request(part) for part in query.requests()),
        parts=lambda query: [
            replace(query, periods=(str(part.year),), codes=part.products)
            for part in query.requests()
        ],
    ),
)  # fmt: skip

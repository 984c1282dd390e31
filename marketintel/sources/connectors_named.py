"""Sources that are asked only where they are named: the OECD is slow, the WTO wants a key.

What they add stands beside what a plan asks by itself: tariffs come from WITS, whose answers say
in which HS revision their codes are, and trade from national statistics, product by product.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pandas as pd

from marketintel.errors import SourceError, Unreachable
from marketintel.sources.connector import WORLD, Book, Connector, economies, noted
from marketintel.sources.http.client import Client, Params
from marketintel.sources.providers import oecd, wto
from marketintel.sources.scope import asked

#: HS codes in one request to the WTO: keeps addresses below 1,000 characters.
_CODES = 60

#: Under which the WTO has the members of the European Union.
EU = "918"

#: The WTO's indicators and what they are to us; partner "all" where it matters.
_REGIMES = {"HS_A_0010": ("MFN", "default"), "HS_P_0070": ("preferential", "all")}


@dataclass(frozen=True)
class WtoQuery:
    """Tariffs of one economy, MFN and lowest preferential.

    Attributes
    ----------
    economy, reporter : str
        ISO3 and the WTO's code; a member of the EU has the EU's tariff.
    periods, codes : tuple of str
        Years, and HS codes of six digits.
    """

    economy: str
    reporter: str
    periods: tuple[str, ...]
    codes: tuple[str, ...]

    def parts(self) -> Iterator[wto.Query]:
        """Yield the queries that together ask this."""
        first, last = int(self.periods[0]), int(self.periods[-1])
        for indicator, (_, partner) in _REGIMES.items():
            for i in range(0, len(self.codes), _CODES):
                chunk = self.codes[i : i + _CODES]
                yield wto.Query(indicator, first, last, (self.reporter,), (partner,), chunk)


def _wto_parts(query: WtoQuery) -> list[WtoQuery]:
    starts = range(0, len(query.codes), _CODES)
    return [replace(query, codes=query.codes[i : i + _CODES]) for i in starts]


def _wto_questions(query: WtoQuery, _: Client) -> Iterable[tuple[str, Params]]:
    return (wto.request(part) for part in query.parts())


def _wto_rows(query: WtoQuery, client: Client, book: Book) -> pd.DataFrame:
    """Rates by partner. The answers do not say the HS revision: it is that of the economy's year.

    Raises
    ------
    SourceError
        No key, or as the connector.
    """
    if not client.has_key:
        raise Unreachable(
            f"wto: no key; set {wto.PROVIDER.key_env} (a key is free at {wto.PROVIDER.sign_up})"
        )
    frames = [wto.perform(part, client).content for part in query.parts()]
    with_rows = [frame for frame in frames if len(frame)]
    raw = pd.concat(with_rows, ignore_index=True) if with_rows else frames[0]
    percent = raw["unit"].isin(["PCT", "%"]) & raw["value"].notna()
    code = raw["cmd_code"].fillna("").str.fullmatch(r"\d{6}")
    partner = raw["partner_code"].fillna("000")
    group = (partner != "000") & ~partner.str.fullmatch(r"[0-8]\d\d")
    notes = []
    for rows, what in (
        (group & percent & code, "rates for groups of countries"),
        (~percent | ~code, "figures that are no percentage of a product"),
    ):
        if rows.any():
            notes.append(f"{query.economy}: {int(rows.sum())} {what} left out")
    keep = percent & code & ~group
    raw, partner = raw[keep], partner[keep]
    known = {p: book.revision_at(query.economy, p) for p in raw["period"].unique()}
    named = economies(partner, "wto", book, "wto", notes, ignore=["000"])
    frame = raw.assign(
        reporter=query.economy,
        partner=named.mask(partner == "000", WORLD),
        hs_revision=raw["period"].map(known).astype("str"),
        regime=raw["indicator"].map({name: regime for name, (regime, _) in _REGIMES.items()}),
        rate_pct=raw["value"],
    ).dropna(subset="partner")
    keys = ["reporter", "partner", "hs_revision", "cmd_code", "period", "regime"]
    # Of several schemes for one partner the lowest rate is what a trader may claim.
    lowest = frame.groupby(keys, as_index=False)[["rate_pct"]].min()
    return noted(lowest, notes)


#: Divisions of CPA 2.1 in which photonics is made and that the OECD has apart.
INDUSTRIES = ("C26", "C27", "C28")
_FLOWS = {"M": "import", "X": "export"}
_CPA = "CPA_2_1_"


@dataclass(frozen=True)
class IndustryQuery:
    """An economy's trade by industry and partner: one request."""

    economy: str
    periods: tuple[str, ...]

    def part(self) -> oecd.Query:
        """Return the query: yearly, both flows, all end uses, all partners, US dollars."""
        products = "+".join(_CPA + division for division in INDUSTRIES)
        key = f"A.{self.economy}.M+X.TOTAL.{products}..USD"
        return oecd.Query("trade_by_end_use", key, self.periods[0], self.periods[-1])


def _oecd_questions(query: IndustryQuery, _: Client) -> Iterable[tuple[str, Params]]:
    yield oecd.request(query.part())


def _oecd_rows(query: IndustryQuery, client: Client, book: Book) -> pd.DataFrame:
    """Trade by industry in US dollars; groups of partners but the world are left out.

    Raises
    ------
    SourceError
        A figure in another unit, or a field of the data flow is not there.
    """
    raw = oecd.fetch(query.part(), client=client)
    names = ["reporter", "partner", "flow", "industry", "period", "value_usd"]
    if raw.empty:
        return noted(pd.DataFrame(columns=names), [])
    asked(raw, "oecd", ref_area=[query.economy])
    if absent := {"trade_flow", "product", "counterpart_area"} - set(raw):
        raise SourceError(
            f"oecd: the answer has no field '{min(absent).upper()}'; expected it: the data flow "
            "changed"
        )
    if set(raw["unit"].dropna()) != {"USD"} or raw["unit_mult"].isna().any():
        raise SourceError(
            "oecd: a figure is not in US dollars of a stated power of ten; expected these"
        )
    partner = raw["counterpart_area"]
    world = partner.isin(["W", "WLD", "WXD"])
    known = partner.map({code: book.knows(code, "iso3") for code in partner.unique()})
    keep = (known | world) & raw["value"].notna() & raw["trade_flow"].isin(_FLOWS)
    notes = []
    if (gone := set(partner[~known & ~world])) and len(gone):
        notes.append(
            f"{query.economy}: groups of partners left out ({', '.join(sorted(gone)[:5])})"
        )
    rows = raw[keep]
    partners = rows["counterpart_area"]
    codes = partners.mask(world[keep]).dropna()
    frame = pd.DataFrame(
        {
            "reporter": query.economy,
            "partner": book.to_iso3(codes, "iso3").reindex(rows.index).fillna(WORLD),
            "flow": rows["trade_flow"].map(_FLOWS),
            "industry": rows["product"].str.removeprefix(_CPA),
            "period": rows["period"],
            "value_usd": rows["value"] * 10 ** rows["unit_mult"],
        }
    )
    return noted(frame[names], notes)


NAMED = (
    Connector(
        "wto", wto.PROVIDER, "tariffs.parquet", ("reporter", "period", "regime"),
        _wto_questions, _wto_rows, False,
        {
            "producer": "World Trade Organization",
            "title": "Applied MFN and lowest preferential tariffs by HS6, simple averages",
            "citation": "World Trade Organization, WTO Timeseries: HS_A_0010 and HS_P_0070, simple "
            "average ad valorem tariff at HS 6-digit.",
            "licence": "WTO terms: reuse with attribution; terms for passing whole tables on not "
            "verified",
            "licence_url": "https://www.wto.org/english/tratop_e/tariffs_e/tariff_data_e.htm",
            "quirks": [
                "The answers do not say the HS revision: it is the one that the economy used in "
                "the year, and economies whose revision is not known are not asked about.",
                "Members of the EU have the EU's tariff; partner WLD is most-favoured-nation.",
                "Additional duties are not in them.",
            ],
        },
        answer_s=5.0,
        parts=_wto_parts,
    ),
    Connector(
        "oecd", replace(oecd.PROVIDER, base="https://sdmx.oecd.org/sti-public/rest"),
        "industry_trade.parquet", ("reporter", "flow", "period"), _oecd_questions, _oecd_rows, True,
        {
            "producer": "OECD",
            "title": "Bilateral trade in goods by industry: electronics and optics, electrical "
            "equipment, machinery",
            "citation": "OECD, Bilateral Trade in Goods by Industry and End-use (BTIGE).",
            "licence": "CC BY 4.0",
            "licence_url": "https://www.oecd.org/en/about/terms-conditions.html",
            "quirks": [
                "Whole divisions of industry (CPA 2.1): photonics is a part of them that is not "
                "known; never to be added to figures by product.",
                "Current US dollars, all end uses.",
            ],
        },
    ),
)  # fmt: skip

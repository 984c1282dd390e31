"""What stands around the trade, as plans ask for it: tariffs, economies, rates, distances."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pandas as pd

from marketintel.sources.connector import WORLD, Book, Connector, economies, noted
from marketintel.sources.http.client import Client, Params
from marketintel.sources.providers import cepii, ecb, imf, wits, worldbank

#: HS codes in one request to WITS: keeps addresses below 1,000 characters.
_CODES = 60

MACRO = ["economy", "indicator", "period", "value", "unit", "is_projection"]


def _worldbank_questions(query: worldbank.Query, _: Client) -> Iterable[tuple[str, Params]]:
    return (worldbank.address(indicator, query) for indicator in query.indicators)


def _worldbank_parts(query: worldbank.Query) -> list[worldbank.Query]:
    return [replace(query, indicators=(indicator,)) for indicator in query.indicators]


def _worldbank_rows(query: worldbank.Query, client: Client, book: Book) -> pd.DataFrame:
    raw = worldbank.fetch(query, client)
    raw = raw[~raw["is_aggregate"]]
    notes: list[str] = []
    economy = economies(raw["economy_code"], "iso3", book, "worldbank", notes)
    return noted(raw.assign(economy=economy)[economy.notna()][MACRO], notes)


#: WEO indicators under our names and units.
WEO = {
    "NGDPD": ("gdp_current_usd", "USD"),
    "NGDP_RPCH": ("gdp_growth_pct", "%"),
    "PCPIPCH": ("cpi_inflation_pct", "%"),
    "LP": ("population", "persons"),
}


def _imf_questions(query: imf.Query, _: Client) -> Iterable[tuple[str, Params]]:
    yield imf.request(query)
    yield imf.latest_request(query)


def _imf_rows(query: imf.Query, client: Client, book: Book) -> pd.DataFrame:
    """Outlook with its projections flagged; groups of countries are left out."""
    raw = imf.fetch(query, client=client)
    raw = raw[raw["indicator"].isin(WEO) & raw["value"].notna()]
    groups = [code for code in raw["economy"].unique() if not (len(code) == 3 and code.isalpha())]
    notes = list(raw.attrs.get("notes", []))
    economy = economies(raw["economy"], "iso3", book, "imf", notes, ignore=groups)
    frame = raw.assign(
        economy=economy,
        indicator=raw["indicator"].map({k: v[0] for k, v in WEO.items()}),
        unit=raw["indicator"].map({k: v[1] for k, v in WEO.items()}),
    )[economy.notna()]
    return noted(frame[MACRO], notes)


@dataclass(frozen=True)
class RatesQuery:
    """Averages over years and months of these currencies against the euro."""

    currencies: tuple[str, ...]
    periods: tuple[str, ...]

    def parts(self) -> list[ecb.Query]:
        """Return the query for years and the one for months."""
        first, last = min(self.periods), max(self.periods)
        return [
            ecb.Query(self.currencies, "A", first, last),
            ecb.Query(self.currencies, "M", f"{first}-01", f"{last}-12"),
        ]


#: All that the ECB quotes.
CURRENCIES = (
    "USD", "CAD", "JPY", "CNY", "GBP", "CHF", "KRW", "AUD", "BRL", "CZK", "DKK", "HKD", "HUF",
    "IDR", "ILS", "INR", "ISK", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "SEK", "SGD",
    "THB", "TRY", "ZAR",
)  # fmt: skip


def _ecb_questions(query: RatesQuery, _: Client) -> Iterable[tuple[str, Params]]:
    return (ecb.request(part) for part in query.parts())


def _ecb_rows(query: RatesQuery, client: Client, _: Book) -> pd.DataFrame:
    frame = pd.concat([ecb.fetch(part, client=client) for part in query.parts()])
    return noted(frame[frame["units_per_eur"].notna()], [])


@dataclass(frozen=True)
class TariffQuery:
    """Tariffs of one economy.

    Attributes
    ----------
    economy : str
        ISO3.
    reporter : str
        WITS's code; a member of the EU has the EU's tariff.
    periods, codes : tuple of str
        Years and HS codes; of every revision, WITS has those of its own year.
    preferential : bool
        Every partner's preference instead of MFN: one request a code.
    """

    economy: str
    reporter: str
    periods: tuple[str, ...]
    codes: tuple[str, ...]
    preferential: bool = False

    def parts(self) -> Iterator[wits.Query]:
        """Yield the queries that together ask this."""
        size, partner = (1, "all") if self.preferential else (_CODES, "000")
        for year in self.periods:
            for i in range(0, len(self.codes), size):
                chunk = self.codes[i : i + size]
                yield wits.Query(self.reporter, int(year), chunk, partner)


def _tariff_parts(query: TariffQuery) -> list[TariffQuery]:
    return [
        replace(query, periods=(str(part.year),), codes=tuple(part.products))
        for part in query.parts()
    ]


def _wits_questions(query: TariffQuery, _: Client) -> Iterable[tuple[str, Params]]:
    return (wits.request(part) for part in query.parts())


def _wits_rows(query: TariffQuery, client: Client, book: Book) -> pd.DataFrame:
    """Rates by partner; groups of beneficiaries and lines without a percentage are left out."""
    frames = [wits.fetch(part, client=client) for part in query.parts()]
    with_rows = [frame for frame in frames if len(frame)]
    raw = pd.concat(with_rows, ignore_index=True) if with_rows else frames[0]
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
    world = raw["partner_code"] == "000"
    partner = economies(raw["partner_code"], "wits", book, "wits", notes, ignore=["000"])
    partner = partner.mask(world, WORLD)
    frame = raw.assign(reporter=query.economy, partner=partner)[partner.notna()]
    keys = ["reporter", "partner", "hs_revision", "cmd_code", "period", "regime"]
    return noted(frame[[*keys, "rate_pct"]].drop_duplicates(), notes)


@dataclass(frozen=True)
class PairsQuery:
    """All pairs of countries; there is nothing to choose."""

    periods: tuple[str, ...] = ("2011",)


def _geodist_questions(_: PairsQuery, client: Client) -> Iterable[tuple[str, None]]:
    yield cepii.STATA, None


def _geodist_rows(_: PairsQuery, client: Client, book: Book) -> pd.DataFrame:
    raw = cepii.fetch(client)
    km = ["distance_km", "distance_weighted_km"]
    notes: list[str] = []
    name = "cepii_geodist"
    frame = raw.assign(
        origin=economies(raw["origin_code"], "iso3", book, name, notes),
        destination=economies(raw["destination_code"], "iso3", book, name, []),
        # Single precision at source: metres are its last meaningful digit.
        **{column: raw[column].round(3) for column in km},
    )
    columns = ["origin", "destination", *list(cepii.CONTRACT)[2:]]
    frame = frame.dropna(subset=["origin", "destination"])
    return noted(frame[columns].sort_values(["origin", "destination"]), notes)


CONTEXT = (
    Connector(
        "worldbank", worldbank.PROVIDER, "macro.parquet", ("indicator", "economy", "period"),
        _worldbank_questions, _worldbank_rows, True,
        {
            "producer": "World Bank",
            "title": "World Development Indicators: GDP (current US$), population, "
            "consumer-price inflation",
            "citation": "World Bank, World Development Indicators: "
            + ", ".join(worldbank.INDICATORS) + ".",
            "licence": "CC BY 4.0",
            "licence_url": "https://creativecommons.org/licenses/by/4.0/",
            "quirks": [
                "A year without a figure has no row; regions and income groups are left out.",
                "GDP is in current US dollars at market exchange rates.",
            ],
        },
        parts=_worldbank_parts,
    ),
    Connector(
        "imf", imf.PROVIDER, "weo.parquet", ("indicator", "economy", "period"),
        _imf_questions, _imf_rows, True,
        {
            "producer": "International Monetary Fund",
            "title": "World Economic Outlook: GDP, growth, prices and population, with "
            "projections",
            "citation": "International Monetary Fund, World Economic Outlook database.",
            "licence": "IMF terms: free use with attribution",
            "licence_url": "https://www.imf.org/en/About/copyright-and-terms",
            "quirks": [
                "Years after a country's latest actual figure are projections, flagged "
                "is_projection; where the IMF does not say, years from the edition's on are.",
            ],
        },
    ),
    Connector(
        "ecb", ecb.PROVIDER, "rates.parquet", ("currency", "period"),
        _ecb_questions, _ecb_rows, True,
        {
            "producer": "European Central Bank",
            "title": "Euro exchange rates, averages by year and month",
            "citation": "European Central Bank, exchange rates (EXR), period averages.",
            "licence": "Free use with attribution to the ECB",
            "licence_url": "https://www.ecb.europa.eu/services/using-our-site/disclaimer/html/"
            "index.en.html",
            "quirks": ["Units of a currency for one euro, averaged over the period."],
        },
    ),
    Connector(
        "wits", wits.PROVIDER, "tariffs.parquet",
        ("reporter", "period", "regime"),
        _wits_questions, _wits_rows, False,
        {
            "producer": "World Bank and UNCTAD",
            "title": "Applied MFN and preferential tariffs by HS6, simple averages",
            "citation": "World Bank, World Integrated Trade Solution: UNCTAD TRAINS, tariff "
            "averages by HS6.",
            "licence": "World Bank terms of use: reuse with attribution to WITS and UNCTAD; terms "
            "for passing whole tables on not verified",
            "licence_url": "https://wits.worldbank.org/faqs.html",
            "quirks": [
                "Simple averages over national lines of a code; specific duties are not in them.",
                "Additional duties (Sections 232 and 301, emergency powers) are not in them.",
                "Members of the EU have the EU's tariff; partner WLD is most-favoured-nation.",
            ],
        },
        parts=_tariff_parts,
    ),
    Connector(
        "cepii_geodist", cepii.PROVIDER, "pairs.parquet", ("origin", "destination"),
        _geodist_questions, _geodist_rows, True,
        {
            "producer": "CEPII",
            "title": "GeoDist: distances and ties between countries",
            "citation": "Mayer, T. and Zignago, S. (2011), Notes on CEPII's distances measures: "
            "the GeoDist Database. CEPII Working Paper 2011-25.",
            "licence": "Etalab Open Licence 2.0",
            "licence_url": "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
            "quirks": [
                "The countries of about 2004; former codes are translated.",
                "distance_km is between the largest cities; a country paired with itself has its "
                "internal distance.",
            ],
        },
    ),
)  # fmt: skip

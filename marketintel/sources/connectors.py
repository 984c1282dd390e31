"""The sources a plan can choose from, each seen the same way: what to ask, what comes of it.

Connectors return the provider's country codes, since the files that translate them belong to the
warehouse, which this room must not know. A :class:`Book` brings those translations in; the rows
made here are what a snapshot holds: ISO3, our columns, units in the names.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from marketintel.sources import census, comtrade, worldbank
from marketintel.sources.comtrade_rows import UNSPECIFIED
from marketintel.sources.http import Client, Params
from marketintel.sources.settings import Provider


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
    """

    to_iso3: Callable[..., "pd.Series"]
    code_of: Callable[[str, str], str]
    revision_at: Callable[[str, str], str]


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
    """

    source: str
    provider: Provider
    file: str
    groups: tuple[str, ...]
    questions: Callable[[Any, Client], Iterable[tuple[str, Params | None]]]
    rows: Callable[[Any, Client, Book], "pd.DataFrame"]
    public: bool
    about: dict[str, Any]


def _comtrade_questions(query: comtrade.Query, client: Client) -> Iterable[tuple[str, Params]]:
    return (comtrade.address(part, client) for part in comtrade.requests(query, client))


def _comtrade_rows(query: comtrade.Query, client: Client, book: Book) -> pd.DataFrame:
    """Trade under the warehouse's columns, and the provider's codes after them."""
    raw = comtrade.fetch(query, client)
    notes = list(raw.attrs["notes"])
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
    partner = book.to_iso3(raw["partner_code"], system, ignore=[comtrade.WORLD, *UNSPECIFIED])
    frame = raw.assign(
        reporter=book.to_iso3(raw["reporter_code"], system), partner=partner.mask(world, "WLD")
    )[~unknown]
    codes = ["reporter_code", "partner_code"]
    first = ["reporter", "partner"]
    frame = frame[[*first, *(c for c in comtrade.CONTRACT if c not in codes), *codes]]
    return _noted(frame, notes)


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
    revision = {period: book.revision_at("USA", period) for period in raw["period"].unique()}
    frame = raw.assign(
        reporter="USA",
        partner=book.to_iso3(raw["partner_code"], "census"),
        hs_revision=raw["period"].map(revision).astype("str"),
    )
    keys = ["reporter", "partner", "hs_revision", "cmd_code", "period"]
    # Gaza and the West Bank are two codes and one economy.
    frame = frame.groupby(keys, as_index=False)[values].sum(min_count=1)
    whole = {v: "int64" for v in values if frame[v].notna().all()}
    return _noted(frame.astype(whole), raw.attrs["notes"])


def _worldbank_questions(query: worldbank.Query, _: Client) -> Iterable[tuple[str, Params]]:
    return (worldbank.address(indicator, query) for indicator in query.indicators)


def _worldbank_rows(query: worldbank.Query, client: Client, book: Book) -> pd.DataFrame:
    raw = worldbank.fetch(query, client)
    raw = raw[~raw["is_aggregate"]]
    frame = raw.assign(economy=book.to_iso3(raw["economy_code"], "iso3"))
    columns = ["economy", "indicator", "period", "value", "unit", "is_projection"]
    return _noted(frame[columns], [])


def _noted(frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    frame = frame.reset_index(drop=True)
    frame.attrs = {"notes": notes}
    return frame


_CENSUS = {
    "producer": "US Census Bureau",
    "licence": "US government work, public domain",
    "licence_url": "https://www.census.gov/data/developers/about/terms-of-service.html",
}

CONNECTORS = {
    c.source: c
    for c in (
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
        ),
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
        ),
    )
}  # fmt: skip

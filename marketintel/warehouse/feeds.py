"""How each raw snapshot becomes rows of a table: one small function per source and table.

Starter snapshots already carry ISO3, padded HS codes and units; what remains is to spell a
wide table out into one figure a row. A feed gets the raw frame and its sidecar and returns
rows in the column order of the contract; ``build`` checks them.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import pandas as pd

from marketintel.errors import DamagedDataError, MissingDataError
from marketintel.reference.contracts import WORLD, columns, contract, validate
from marketintel.reference.limits import is_amount
from marketintel.reference.nuts import nuts2, version_of
from marketintel.sources.formats.tidy import UNFORESEEN
from marketintel.sources.snapshot import Citation
from marketintel.warehouse.currency import RATE_COLUMNS, to_usd

Convert = Callable[[pd.DataFrame, Citation], pd.DataFrame]


class Feed(NamedTuple):
    """A raw source that contributes rows to a table.

    ``convert`` gets the raw frame and its sidecar. ``convert_with`` stands in its place where
    amounts are in another currency: it gets the rates (``currency.rates``) as well.
    """

    table: str
    source: str
    convert: Convert | None
    convert_with: Callable[[pd.DataFrame, Citation, pd.DataFrame], pd.DataFrame] | None = None


def us_imports_trade(raw: pd.DataFrame, meta: Citation) -> pd.DataFrame:
    """US imports: one row for general imports, one for imports for consumption."""
    keys = raw[["reporter", "partner", "hs_revision", "cmd_code", "period"]]
    return pd.concat(
        [
            _trade(
                keys.assign(value_usd=raw[f"{system}_value_usd"], trade_system=system),
                meta, flow="import", freq="A", valuation="customs_value",
            )
            for system in ("general", "consumption")
        ],
        ignore_index=True,
    )  # fmt: skip


def us_imports_duties(raw: pd.DataFrame, meta: Citation) -> pd.DataFrame:
    """US calculated duties: they belong to imports for consumption."""
    frame = raw.rename(columns={"consumption_value_usd": "customs_value_usd"}).assign(
        rate_pct=float("nan"), regime="calculated", source=meta.source, vintage=meta.vintage
    )
    money = ["customs_value_usd", "dutiable_value_usd", "duties_usd"]
    return frame.astype(dict.fromkeys(money, "float64"))[columns("duties")]


def us_exports_trade(raw: pd.DataFrame, meta: Citation) -> pd.DataFrame:
    """US exports, monthly, free alongside ship; zero months are the source's own."""
    return _trade(raw, meta, flow="export", freq="M", valuation="FAS", trade_system="general")


def baci_trade(raw: pd.DataFrame, meta: Citation) -> pd.DataFrame:
    """BACI: exporter-importer flows, both sides reconciled, so not a mirror of either."""
    return _trade(raw, meta, flow="export", freq="A", valuation="FOB", trade_system=None)


def atlas_trade(raw: pd.DataFrame, meta: Citation) -> pd.DataFrame:
    """World exports of HS4 headings."""
    world = raw.assign(reporter=WORLD, partner=WORLD)
    return _trade(world, meta, flow="export", freq="A", valuation="FOB", trade_system=None)


def comtrade_trade(raw: pd.DataFrame, meta: Citation) -> pd.DataFrame:
    """UN Comtrade: dollars as the UN converts them; each row has its own valuation."""
    return _trade(raw, meta)


def comext_trade(raw: pd.DataFrame, meta: Citation, rates: pd.DataFrame) -> pd.DataFrame:
    """Comext: euros, imports CIF and exports FOB; general and special trade not told apart."""
    priced = to_usd(raw, "value_eur", "EUR", rates)
    return _trade(priced, meta, trade_system=None)


def cimt_trade(raw: pd.DataFrame, meta: Citation, rates: pd.DataFrame) -> pd.DataFrame:
    """Canada: months as published, and the years whose twelve months are there.

    A year's Canadian dollars are converted at the year's rate, so that a year can be checked
    against what Statistics Canada publishes; the months at theirs.
    """
    year = raw["period"].str[:4]
    months = raw.groupby([year, raw["flow"]])["period"].transform("nunique")
    keys = ["reporter", "partner", "flow", "hs_revision", "cmd_code", "period", "valuation"]
    whole = raw[months == 12].assign(period=year)
    years = whole.groupby(keys, as_index=False)["value_cad"].sum(min_count=1)
    both = pd.concat([raw.assign(freq="M"), years.assign(freq="A")], ignore_index=True)
    return _trade(to_usd(both, "value_cad", "CAD", rates), meta, trade_system=None)


def tariff_rates(raw: pd.DataFrame, meta: Citation) -> pd.DataFrame:
    """Tariff rates, MFN (partner WLD) and preferential; no money, and no additional duties."""
    frame = raw.assign(source=meta.source, vintage=meta.vintage)
    for money in ("customs_value_usd", "dutiable_value_usd", "duties_usd"):
        frame[money] = float("nan")
    return frame[columns("duties")]


#: The economy whose currency it is; the euro has none and is the unit.
CURRENCY_OF = {
    "USD": "USA", "CAD": "CAN", "JPY": "JPN", "CNY": "CHN", "GBP": "GBR", "CHF": "CHE",
    "KRW": "KOR", "AUD": "AUS", "BRL": "BRA", "CZK": "CZE", "DKK": "DNK", "HKD": "HKG",
    "HUF": "HUN", "IDR": "IDN", "ILS": "ISR", "INR": "IND", "ISK": "ISL", "MXN": "MEX",
    "MYR": "MYS", "NOK": "NOR", "NZD": "NZL", "PHP": "PHL", "PLN": "POL", "RON": "ROU",
    "SEK": "SWE", "SGD": "SGP", "THB": "THA", "TRY": "TUR", "ZAR": "ZAF",
}  # fmt: skip


def ecb_macro(raw: pd.DataFrame, meta: Citation) -> pd.DataFrame:
    """Exchange rates by the economy whose currency it is."""
    known = raw[raw["currency"].isin(CURRENCY_OF)].reset_index(drop=True)
    frame = known.assign(
        economy=known["currency"].map(CURRENCY_OF), indicator="exchange_rate_per_eur",
        value=known["units_per_eur"], unit=known["currency"] + " per EUR", is_projection=False,
        source=meta.source, vintage=meta.vintage,
    )  # fmt: skip
    return frame[columns("macro")]


def as_published(table: str) -> Convert:
    """Return a feed for a snapshot that already has the columns of ``table``."""

    def convert(raw: pd.DataFrame, meta: Citation) -> pd.DataFrame:
        return raw.assign(source=meta.source, vintage=meta.vintage)[columns(table)]

    return convert


def gravity_pairs(raw: pd.DataFrame, meta: Citation) -> pd.DataFrame:
    """Ties by year: true, false, or not stated."""
    known = contract("pairs_yearly").columns
    ties = [name for name, column in known.items() if str(column.dtype) == "boolean"]
    frame = raw.assign(source=meta.source, vintage=meta.vintage)
    return frame.astype(dict.fromkeys(ties, "boolean"))[columns("pairs_yearly")]


#: The order in which NUTS versions are tried on a code; a code of several is the same region in
#: all of them. What is shipped was published in those that come first.
_NUTS_EMPLOYMENT = ("2013", "2016", "2021", "2024", "2010")
_NUTS_INDICATORS = ("2013", "2016", "2010", "2021", "2024")


def regions_sbs(raw: pd.DataFrame, meta: Citation) -> pd.DataFrame:
    """Persons employed by region and activity; a confidential cell is a row without a value."""
    frame = raw.assign(indicator="persons_employed", unit="persons")
    return _regions(frame, meta, _NUTS_EMPLOYMENT)


def regional_indicators(raw: pd.DataFrame, meta: Citation) -> pd.DataFrame:
    """Regional indicators of countries and NUTS 2 regions, without activities."""
    activity = pd.Series(None, index=raw.index, dtype="str")
    frame = raw.assign(level=raw["nuts_id"].str.len() - 2, activity=activity)
    return _regions(frame, meta, _NUTS_INDICATORS)


def _regions(rows: pd.DataFrame, meta: Citation, order: tuple[str, ...]) -> pd.DataFrame:
    """Fill in the NUTS version, which is known only by the code.

    A code gets the first of the versions that has it. A code of none of them, of a candidate
    country or an older NUTS, has no place in a conversion and is left out.
    """
    found = rows["nuts_id"].map({c: _version(c, order) for c in rows["nuts_id"].unique()})
    frame = rows.assign(nuts_version=found, source=meta.source, vintage=meta.vintage)
    kept = frame[found.notna()].astype({"nuts_version": "str"})
    return kept.reset_index(drop=True)[columns("regions")]


def _version(code: str, order: tuple[str, ...]) -> str | None:
    """Return the NUTS version of a code of level 0, 1 or 2."""
    if len(code) == 2 or code.endswith("Z"):  # a country, or what lies outside its regions
        return order[0]
    if len(code) == 4:
        return version_of(code, order)
    within = [version_of(c, order) for c in nuts2() if c.startswith(code)]
    return next((version for version in order if version in within), None)


def _trade(
    rows: pd.DataFrame,
    meta: Citation,
    *,
    trade_system: str | None = "",
    **same: str,
) -> pd.DataFrame:
    """Fill the columns of ``trade`` that are the same on every row of a source.

    ``same`` are flow, freq and valuation where the rows lack them; figures are US dollars
    unless the rows have a currency.
    """
    absent = pd.Series(None, index=rows.index, dtype="str")
    frame = rows.assign(**same, is_mirror=False, source=meta.source, vintage=meta.vintage)
    if trade_system != "":
        frame["trade_system"] = absent if trade_system is None else trade_system
    for column in ("net_weight_kg", "quantity"):
        if column not in frame:
            frame[column] = float("nan")
    if "quantity_unit" not in frame:
        frame["quantity_unit"] = absent
    if "currency" not in frame:
        frame = frame.assign(currency="USD", usd_per_unit=1.0, rate_source=absent)
    amounts = ["value_usd", "net_weight_kg", "quantity"]
    return frame.astype(dict.fromkeys(amounts, "float64"))[columns("trade")]


FEEDS = (
    Feed("trade", "us_census_imports", us_imports_trade),
    Feed("trade", "us_census_exports", us_exports_trade),
    Feed("trade", "statcan_cimt", None, cimt_trade),
    Feed("trade", "comext", None, comext_trade),
    Feed("trade", "comtrade", comtrade_trade),
    Feed("trade", "baci", baci_trade),
    Feed("trade", "atlas_world_exports", atlas_trade),
    Feed("duties", "us_census_imports", us_imports_duties),
    Feed("duties", "wits", tariff_rates),
    Feed("duties", "wto", tariff_rates),
    Feed("tariff_lines", "usitc_hts", as_published("tariff_lines")),
    Feed("macro", "worldbank", as_published("macro")),
    Feed("macro", "imf", as_published("macro")),
    Feed("macro", "ecb", ecb_macro),
    Feed("pairs", "cepii_geodist", as_published("pairs")),
    Feed("pairs_yearly", "cepii_gravity", gravity_pairs),
    Feed("baskets", "baci_baskets", as_published("baskets")),
    Feed("regions", "eurostat_sbs", regions_sbs),
    Feed("regions", "eurostat_regional", regional_indicators),
    Feed("regions", "regional_indicators", regional_indicators),
)


def table_rows(
    feed: Feed, raw: pd.DataFrame, meta: Citation, rates: pd.DataFrame | None, file: str
) -> pd.DataFrame:
    """Return what a raw frame contributes to a table, held against the table's contract.

    Parameters
    ----------
    feed : Feed
        Of the source.
    raw : pandas.DataFrame
        The content of a snapshot.
    meta : Citation
        Source and vintage.
    rates : pandas.DataFrame, optional
        Exchange rates, for sources in other currencies.
    file : str
        Named in errors.

    Raises
    ------
    DamagedDataError
        One line with the file, the column or row, and the rule that it breaks.
    """
    for name, held in raw.items():
        if not _fits(str(name), held):
            raise DamagedDataError(
                f"{file}: column '{name}' holds {_kind(held)}; expected "
                f"{'numbers' if _is_figure(str(name)) else 'text'}: correct the file or the step "
                "that wrote it"
            )
    try:
        if feed.convert_with:
            rows = feed.convert_with(raw, meta, rates)  # type: ignore[arg-type]
        elif feed.convert:
            rows = feed.convert(raw, meta)
        return validate(rows, feed.table, file)
    except MissingDataError:
        raise  # of an exchange rate
    except UNFORESEEN as error:
        absent = re.findall(r"'([^']+)'", str(error)) if isinstance(error, KeyError) else []
        named = f"column '{absent[0]}' is missing" if absent else " ".join(str(error).split())[:200]
        raise DamagedDataError(
            f"{file}: {named}; expected the columns that table '{feed.table}' is made of: correct "
            "the file or the step that wrote it"
        ) from error


def _is_figure(name: str) -> bool:
    return is_amount(name) or name in ("value", "level")


def _fits(name: str, held: pd.Series) -> bool:
    """Return whether a column is of the kind that its name promises: number, or anything flat."""
    numeric = pd.api.types.is_numeric_dtype(held.dtype) and held.dtype != "bool"
    if _is_figure(name) and name != "quantity_unit":
        return bool(numeric or held.isna().all())
    if held.dtype == "object":
        return not bool(held.map(lambda cell: isinstance(cell, list | dict | tuple | bytes)
                            or hasattr(cell, "__array__")).any())  # fmt: skip
    return True


def _kind(held: pd.Series) -> str:
    first = held.dropna().iloc[0] if held.notna().any() else None
    return "text" if isinstance(first, str) else f"values of type {type(first).__name__}"


def admit(raw: pd.DataFrame, meta: Citation, file: str) -> None:
    """Hold a snapshot's frame against every table it would feed, before it is saved.

    Exchange rates may come later, so that each period gets one of 1 here.

    Raises
    ------
    DamagedDataError
        As :func:`table_rows`: ``build`` would refuse the snapshot.
    """
    for feed in (feed for feed in FEEDS if feed.source == meta.source):
        period = raw["period"] if "period" in raw else pd.Series(dtype="str")
        every = {*period.astype("str"), *period.astype("str").str[:4]}
        pairs = [(c, p, 1.0, "none") for c in ("EUR", "CAD") for p in sorted(every)]
        table_rows(feed, raw, meta, pd.DataFrame(pairs, columns=list(RATE_COLUMNS)), file)

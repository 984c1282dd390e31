"""Contracts of the warehouse's tables: columns, types, allowed values, keys.

The order of the columns is part of the contract; new columns go at the end. Money is US
dollars, weights are kilograms, distances kilometres; the unit is the suffix of the name.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pandas as pd
import pandera.pandas as pa

from marketintel.errors import DamagedDataError
from marketintel.reference.countries import code_map, load_groups
from marketintel.reference.hs import REVISIONS
from marketintel.reference.limits import LIMITS, MONEY, OF_UNIT, PERCENT, limit_of

FLOWS = ("import", "export", "re_export", "re_import")
VALUATIONS = ("CIF", "FOB", "FAS", "customs_value")
TRADE_SYSTEMS = ("general", "consumption")
REGIMES = ("MFN", "preferential", "calculated")
WORLD = "WLD"

#: Product lists of table ``national_trade``, and the digits of a code; TOTAL is all goods.
PRODUCT_DIGITS = {"TOTAL": 5, "HS2": 2, "HS6": 6, "HTS10": 10, "NAICS3": 3, "END_USE": 5}

Column = tuple[str, list[pa.Check]]

#: Columns of each table, in order; "?" marks one that may lack values.
_COLUMNS = {
    "trade": "reporter partner flow hs_revision cmd_code period freq value_usd net_weight_kg? "
    "quantity? quantity_unit? valuation trade_system? is_mirror source vintage "
    # The currency in which the figure was published, and the worth of one unit (currency.py).
    "currency usd_per_unit rate_source?",
    "duties": "reporter partner hs_revision cmd_code period customs_value_usd? "
    "dutiable_value_usd? duties_usd? rate_pct? regime source vintage",
    "tariff_lines": "reporter hs8 hs_revision cmd_code description general special other "
    "footnotes statute source vintage",
    "macro": "economy indicator period value unit is_projection source vintage",
    "pairs": "origin destination distance_km contiguous common_language colony "
    "distance_weighted_km? source vintage",
    # A tie that is not stated is neither yes nor no.
    "pairs_yearly": "origin destination period distance_km? contiguous? common_language? colony? "
    "trade_agreement? origin_in_wto? destination_in_wto? origin_in_eu? destination_in_eu? "
    "gdp_origin_usd? gdp_destination_usd? source vintage",
    # The destination is the world, or a group that the exporter is in: its sales to the others.
    "baskets": "exporter destination hs_revision cmd_code period value_usd source vintage",
    # A blank cell is a figure that exists and is not given: a row without a value.
    "regions": "nuts_id level indicator activity? period value? unit nuts_version source vintage",
    # Trade of an economy with the world by heading of four digits; no row is no recorded trade.
    "heading_trade": "reporter hs_revision cmd_code period exports_usd imports_usd source vintage",
    # The largest partners of an economy in a heading; a pair without a row is unknown, not zero.
    "heading_shares": "reporter flow partner hs_revision cmd_code period rank share_bp "
    "source vintage",
    # Trade by a product list other than HS6 years, in the currency and period of publication.
    "national_trade": "reporter partner flow classification product product_name? period value "
    "dutiable_value? duty_value? currency trade_system? source vintage",
    # Output, supply, uses and buyers of an industry or of the commodity named after it.
    "industry_accounts": "economy industry industry_name? account item item_name? period value unit "
    "source vintage",
    "line_concordance": "reporter hts10 hs_revision cmd_code description sitc end_use naics hitech "
    "source vintage",
    # Part of the imports of a line from a partner that were entered under an agreement.
    "preference_claims": "reporter partner hts10 period preference share_pct source vintage",
    # Trade of the states of a federation with the world, by industry that makes the goods.
    "state_trade": "reporter state flow naics naics_name period value_usd source vintage",
    # Lines of additional duties: no list of products; the scope of many stands in a legal note.
    "additional_duties": "reporter heading description general? special? statute source vintage",
    # Products named by a measure: beginnings of tariff lines. An origin where the list is of one.
    "tariff_lists": "reporter list part? product heading? origin? since? source vintage",
    "tariff_revisions": "reporter revision since event? source vintage",
}
TABLES = tuple(_COLUMNS)

#: Columns that together occur once.
_KEYS = {
    "trade": "reporter partner flow hs_revision cmd_code period freq trade_system is_mirror source",
    "duties": "reporter partner hs_revision cmd_code period regime source",
    "tariff_lines": "reporter hs8 source",
    "macro": "economy indicator period source",
    "pairs": "origin destination source",
    "pairs_yearly": "origin destination period source",
    "baskets": "exporter destination hs_revision cmd_code period source",
    "regions": "nuts_id indicator activity period source",
    "heading_trade": "reporter hs_revision cmd_code period source",
    "heading_shares": "reporter partner hs_revision cmd_code period source",
    "national_trade": "reporter partner flow classification product period trade_system source",
    "industry_accounts": "economy industry account item period source",
    "line_concordance": "reporter hts10 hs_revision source",
    "preference_claims": "reporter partner hts10 period preference source",
    "state_trade": "reporter state flow naics period source",
    "additional_duties": "reporter heading source",
    "tariff_lists": "reporter list part product heading origin since source",
    "tariff_revisions": "reporter revision source",
}


def _each(test: Callable[[str], bool], rule: str) -> Column:
    """Return a text column, checked on its distinct values: columns are long and values few."""

    def check(column: pd.Series) -> pd.Series:
        good = {value for value in column.dropna().unique() if test(value)}
        return column.isin(good) | column.isna()

    return "str", [pa.Check(check, name=rule, error=rule)]


def _matches(pattern: str, rule: str) -> Column:
    return _each(lambda value: re.fullmatch(pattern, value) is not None, rule)


def _one_of(*allowed: str) -> Column:
    return _each(lambda value: value in allowed, f"one of {', '.join(allowed)}")


def _between(least: float, most: float) -> Column:
    rule = f"not negative, at most {most:g}" if least == 0 else f"from {least:g} to {most:g}"
    return "float64", [pa.Check.in_range(least, most, error=rule, name=rule)]


def _types(table: str) -> dict[str, Column]:
    """Return type and checks of the columns that are neither plain text nor an amount."""
    codes = {*code_map("iso3").values(), WORLD}
    economy = _each(lambda code: code in codes, "an ISO3 of countries.csv, or WLD")
    yearly = table not in ("trade", "macro")
    types: dict[str, Column] = {
        **dict.fromkeys(
            ("reporter", "partner", "economy", "origin", "destination", "exporter"), economy
        ),
        **dict.fromkeys(
            ("is_mirror", "is_projection", "contiguous", "common_language", "colony",
             "trade_agreement", "origin_in_wto", "destination_in_wto", "origin_in_eu",
             "destination_in_eu"), ("bool", []),
        ),
        "flow": _one_of(*FLOWS),
        "hs_revision": _one_of(*REVISIONS),
        "cmd_code": _matches(r"\d{6}", "an HS code of 6 digits"),
        "period": _matches(r"\d{4}", "YYYY")
        if yearly
        else _matches(r"\d{4}(-(0[1-9]|1[0-2]))?", "YYYY or YYYY-MM"),
        "freq": _one_of("A", "M"),
        "valuation": _one_of(*VALUATIONS),
        "trade_system": _one_of(*TRADE_SYSTEMS),
        "currency": _matches(r"[A-Z]{3}", "an ISO 4217 currency"),
        "usd_per_unit": _between(1e-9, 1e9),
        "regime": _one_of(*REGIMES),
        "hs8": _matches(r"\d{8}", "a tariff line of 8 digits"),
        "nuts_id": _matches(r"[A-Z]{2}[0-9A-Z]{0,2}", "a country, NUTS 1 or NUTS 2 code"),
        "level": ("int64", [pa.Check.isin([0, 1, 2], error="0, 1 or 2")]),
        "activity": _matches(r"[A-Z](\d{2,3})?", "a NACE Rev. 2 code"),
        "nuts_version": _matches(r"20\d\d", "a year of NUTS"),
    }  # fmt: skip
    if table == "trade":
        types["cmd_code"] = _matches(r"\d{4}(\d\d)?", "an HS code of 6 (or 4) digits")
    if table in ("heading_trade", "heading_shares"):
        types["cmd_code"] = _matches(r"\d{4}", "an HS heading of 4 digits")
        types["flow"] = _one_of("import", "export")
        types["rank"] = ("int64", [pa.Check.in_range(1, 10, error="from 1 to 10")])
        types["share_bp"] = ("int64", [pa.Check.in_range(1, 10_000, error="from 1 to 10000")])
    if table == "national_trade":
        partners = {*codes, *load_groups()}
        types["partner"] = _each(lambda name: name in partners, "an ISO3, WLD or a group")
        types["classification"] = _one_of(*PRODUCT_DIGITS)
        month = r"\d{4}-(0[1-9]|1[0-2])"
        types["period"] = _matches(
            rf"\d{{4}}|{month}(/{month})?", "YYYY, YYYY-MM or YYYY-MM/YYYY-MM"
        )
    if table == "industry_accounts":
        types["account"] = _one_of("output", "supply", "use", "buyer")
        types["value"] = _between(-MONEY, MONEY)  # stocks may fall
    if table in ("line_concordance", "preference_claims"):
        types["hts10"] = _matches(r"\d{10}", "a tariff line of 10 digits")
    if table == "preference_claims":
        types["share_pct"] = _between(0, 100)
    if table == "macro":
        types["value"] = _between(-PERCENT, LIMITS["value"])
    if table == "baskets":
        groups = {WORLD, *load_groups()}
        types["destination"] = _each(lambda name: name in groups, "WLD or a group")
    return types | _tariff_types(table, codes)


def _tariff_types(table: str, economies: set[str]) -> dict[str, Column]:
    """Return types of columns of tables on additional duties and on states."""
    day = _matches(r"\d{4}-\d\d-\d\d", "YYYY-MM-DD")
    heading = _matches(r"99\d\d(\.\d\d){0,2}", "a heading of chapter 99")
    origins = {*economies, *load_groups()}
    types: dict[str, dict[str, Column]] = {
        "additional_duties": {"heading": heading},
        "tariff_lists": {
            "heading": heading,
            "product": _matches(r"(\d\d){2,5}", "a tariff line or its beginning"),
            "origin": _each(lambda name: name in origins, "an ISO3 or a group"),
            "since": day,
        },
        "tariff_revisions": {"since": day},
        "state_trade": {
            "flow": _one_of("import", "export"),
            "naics": _matches(r"\d{4}|all", "an industry of 4 digits, or all"),
        },
    }
    return types.get(table, {})


#: Rules over several columns of a row, by table: rule → test.
_ROW_RULES: dict[str, dict[str, Callable[[Any], Any]]] = {
    "trade": {
        "4-digit codes only where reporter and partner are WLD": lambda t: (
            (t["cmd_code"].str.len() == 6) | ((t["reporter"] == WORLD) & (t["partner"] == WORLD))
        ),
        "months have freq M, years freq A": lambda t: (
            (t["period"].str.len() == 7) == (t["freq"] == "M")
        ),
        "a converted figure names its rate's source, a dollar figure has none": lambda t: (
            (t["currency"] == "USD") == t["rate_source"].isna()
        ),
    },
    "duties": {
        "dutiable value not above customs value": lambda t: (
            ~(t["dutiable_value_usd"] > t["customs_value_usd"])
        ),
        "calculated duties have a customs value, tariffs a rate": lambda t: (
            (t["customs_value_usd"].notna() | (t["regime"] != "calculated"))
            & (t["rate_pct"].notna() | (t["regime"] == "calculated"))
        ),
    },
    "tariff_lines": {
        "hs8 begins with cmd_code": lambda t: t["hs8"].str[:6] == t["cmd_code"],
    },
    "national_trade": {
        "a product has the digits of its classification": lambda t: (
            t["product"].str.len() == t["classification"].map(PRODUCT_DIGITS)
        ),
        "dutiable value not above value": lambda t: ~(t["dutiable_value"] > t["value"]),
    },
    "line_concordance": {
        "hts10 begins with cmd_code": lambda t: t["hts10"].str[:6] == t["cmd_code"],
    },
    "macro": {
        "a value that its unit can have": lambda t: (
            (t["value"].abs() <= t["unit"].map(OF_UNIT).fillna(LIMITS["value"]))
            & ((t["value"] >= 0) | ~t["unit"].isin(["USD", "persons"]))
        ),
    },
    "regions": {
        "level is the length of nuts_id less 2": lambda t: t["nuts_id"].str.len() == t["level"] + 2,
    },
}


@cache
def contract(table: str) -> pa.DataFrameSchema:
    """Return the contract of a table (one of ``TABLES``)."""
    types = _types(table)
    declared = {}
    for word in _COLUMNS[table].split():
        name, nullable = word.rstrip("?"), word.endswith("?")
        most = limit_of(name)
        dtype, checks = types.get(name) or (("str", []) if most is None else _between(0, most))
        if nullable and dtype == "bool":
            dtype = "boolean"
        declared[name] = pa.Column(dtype, checks, nullable=nullable)
    return pa.DataFrameSchema(
        declared,
        checks=[
            pa.Check(test, name=rule, error=rule)
            for rule, test in _ROW_RULES.get(table, {}).items()
        ],
        unique=_KEYS[table].split(),
        strict=True,
        ordered=True,
        name=table,
    )


def columns(table: str) -> list[str]:
    """Return the column names of a table, in order."""
    return [word.rstrip("?") for word in _COLUMNS[table].split()]


def validate(frame: pd.DataFrame, table: str, file: str) -> pd.DataFrame:
    """Return ``frame`` if it keeps the contract of ``table``.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows made from ``file``, with a range index: its labels are the row numbers in messages.
    table : str
        One of ``TABLES``.
    file : str
        Name of the rows' origin, for the message.

    Raises
    ------
    DamagedDataError
        One line with the file, the row and the rule that it breaks.
    """
    if list(frame.columns) != columns(table):
        difference = sorted(set(frame.columns) ^ set(columns(table))) or list(frame.columns)
        raise _refusal(file, "", table, f"other columns or order ({', '.join(difference[:6])})")
    try:
        return contract(table).validate(frame)
    except pa.errors.SchemaError as error:
        raise _refusal(file, _first_row(error, frame), table, _rule(error)) from error


def _first_row(error: pa.errors.SchemaError, frame: pd.DataFrame) -> str:
    """Return row, column and value of the first failure, where the failure is of a row."""
    cases = error.failure_cases
    if not isinstance(cases, pd.DataFrame) or "index" not in cases or cases["index"].isna().all():
        return ""
    first = cases.iloc[0]
    row, column = int(first["index"]), first.get("column", error.schema.name)
    if column not in frame:
        return f", row {row}"
    value = " ".join(str(frame[column].iloc[row]).split())
    return f", row {row}: {column} = {value[:119] + '…' if len(value) > 120 else value}"


def _rule(error: pa.errors.SchemaError) -> str:
    if isinstance(error.check, pa.Check):
        return str(error.check.error)
    if error.check == "multiple_fields_uniqueness":
        return f"one row per {', '.join(error.schema.unique)}"
    return f"column {error.schema.name} is {error.check}"


def _refusal(file: str, row: str, table: str, rule: str) -> DamagedDataError:
    return DamagedDataError(
        f"{file}{row} breaks the contract of table '{table}': {rule}; correct the file or the "
        "step that wrote it"
    )

"""Contracts of the few tables: columns, types, allowed values, keys.

The order of the columns is part of the contract; new columns go at the end. Money is US
dollars, weights are kilograms, distances kilometres; the unit is the suffix of the name.
"""

from collections.abc import Callable
from functools import cache

import pandas as pd
import pandera.pandas as pa

from marketintel.errors import DamagedDataError
from marketintel.reference.countries import code_map, load_groups
from marketintel.sources.formats.tidy import snippet
from marketintel.sources.limits import LIMITS, MONEY, OF_UNIT, PERCENT
from marketintel.warehouse.harmonise import HS_REVISIONS

FLOWS = ("import", "export", "re_export", "re_import")
VALUATIONS = ("CIF", "FOB", "FAS", "customs_value")
TRADE_SYSTEMS = ("general", "consumption")
REGIMES = ("MFN", "preferential", "calculated")
WORLD = "WLD"

_PERIOD = r"\d{4}(-(0[1-9]|1[0-2]))?"


def _each(test: Callable[[str], bool], rule: str) -> pa.Check:
    """Check a text column on its distinct values: columns are long and values few."""

    def check(column: pd.Series) -> pd.Series:
        good = {value for value in column.dropna().unique() if test(value)}
        return column.isin(good) | column.isna()

    return pa.Check(check, name=rule, error=rule)


def _matches(pattern: str, rule: str) -> pa.Check:
    import re

    compiled = re.compile(pattern)
    return _each(lambda value: compiled.fullmatch(value) is not None, rule)


def _one_of(*allowed: str) -> pa.Check:
    return _each(lambda value: value in allowed, f"one of {', '.join(allowed)}")


def _text(*checks: pa.Check, nullable: bool = False) -> pa.Column:
    return pa.Column("str", list(checks), nullable=nullable)


def _amount(most: float = MONEY, nullable: bool = False) -> pa.Column:
    return pa.Column("float64", _between(0, most), nullable=nullable)


def _between(least: float, most: float) -> pa.Check:
    rule = f"not negative, at most {most:g}" if least == 0 else f"from {least:g} to {most:g}"
    return pa.Check.in_range(least, most, error=rule, name=rule)


def _economy() -> pa.Column:
    allowed = set(code_map("iso3").values()) | {WORLD}
    return _text(_each(lambda code: code in allowed, "an ISO3 of countries.csv, or WLD"))


def _hs_revision() -> pa.Column:
    return _text(_one_of(*HS_REVISIONS))


def _hs6() -> pa.Column:
    return _text(_matches(r"\d{6}", "an HS code of 6 digits"))


def _rows(test: Callable[[pd.DataFrame], pd.Series], rule: str) -> pa.Check:
    return pa.Check(test, name=rule, error=rule)


def _trade() -> pa.DataFrameSchema:
    return pa.DataFrameSchema(
        {
            "reporter": _economy(),
            "partner": _economy(),
            "flow": _text(_one_of(*FLOWS)),
            "hs_revision": _hs_revision(),
            "cmd_code": _text(_matches(r"\d{4}(\d\d)?", "an HS code of 6 (or 4) digits")),
            "period": _text(_matches(_PERIOD, "YYYY or YYYY-MM")),
            "freq": _text(_one_of("A", "M")),
            "value_usd": _amount(),
            "net_weight_kg": _amount(LIMITS["net_weight_kg"], nullable=True),
            "quantity": _amount(LIMITS["quantity"], nullable=True),
            "quantity_unit": _text(nullable=True),
            "valuation": _text(_one_of(*VALUATIONS)),
            "trade_system": _text(_one_of(*TRADE_SYSTEMS), nullable=True),
            "is_mirror": pa.Column("bool"),
            "source": _text(),
            "vintage": _text(),
            # What the figure was published in, and what a unit of it was worth (currency.py).
            "currency": _text(_matches(r"[A-Z]{3}", "an ISO 4217 currency")),
            "usd_per_unit": pa.Column("float64", _between(1e-9, 1e9)),
            "rate_source": _text(nullable=True),
        },
        checks=[
            _rows(
                lambda t: (t["cmd_code"].str.len() == 6)
                | ((t["reporter"] == WORLD) & (t["partner"] == WORLD)),
                "4-digit codes only where reporter and partner are WLD",
            ),
            _rows(
                lambda t: (t["period"].str.len() == 7) == (t["freq"] == "M"),
                "months have freq M, years freq A",
            ),
            _rows(
                lambda t: (t["currency"] == "USD") == t["rate_source"].isna(),
                "a converted figure names its rate's source, a dollar figure has none",
            ),
        ],
        unique=["reporter", "partner", "flow", "hs_revision", "cmd_code", "period",
                "freq", "trade_system", "is_mirror", "source"],
        strict=True,
        ordered=True,
        name="trade",
    )  # fmt: skip


def _duties() -> pa.DataFrameSchema:
    return pa.DataFrameSchema(
        {
            "reporter": _economy(),
            "partner": _economy(),
            "hs_revision": _hs_revision(),
            "cmd_code": _hs6(),
            "period": _text(_matches(r"\d{4}", "YYYY")),
            "customs_value_usd": _amount(nullable=True),
            "dutiable_value_usd": _amount(nullable=True),
            "duties_usd": _amount(nullable=True),
            "rate_pct": _amount(LIMITS["rate_pct"], nullable=True),
            "regime": _text(_one_of(*REGIMES)),
            "source": _text(),
            "vintage": _text(),
        },
        checks=[
            _rows(
                lambda t: ~(t["dutiable_value_usd"] > t["customs_value_usd"]),
                "dutiable value not above customs value",
            ),
            _rows(
                lambda t: (
                    (t["customs_value_usd"].notna() | (t["regime"] != "calculated"))
                    & (t["rate_pct"].notna() | (t["regime"] == "calculated"))
                ),
                "calculated duties have a customs value, tariffs a rate",
            ),
        ],
        unique=["reporter", "partner", "hs_revision", "cmd_code", "period", "regime", "source"],
        strict=True,
        ordered=True,
        name="duties",
    )


def _tariff_lines() -> pa.DataFrameSchema:
    return pa.DataFrameSchema(
        {
            "reporter": _economy(),
            "hs8": _text(_matches(r"\d{8}", "a tariff line of 8 digits")),
            "hs_revision": _hs_revision(),
            "cmd_code": _hs6(),
            "description": _text(),
            "general": _text(),
            "special": _text(),
            "other": _text(),
            "footnotes": _text(),
            "statute": _text(),
            "source": _text(),
            "vintage": _text(),
        },
        checks=[
            _rows(lambda t: t["hs8"].str[:6] == t["cmd_code"], "hs8 begins with cmd_code"),
        ],
        unique=["reporter", "hs8", "source"],
        strict=True,
        ordered=True,
        name="tariff_lines",
    )


def _macro() -> pa.DataFrameSchema:
    return pa.DataFrameSchema(
        {
            "economy": _economy(),
            "indicator": _text(),
            "period": _text(_matches(_PERIOD, "YYYY or YYYY-MM")),
            "value": pa.Column("float64", _between(-PERCENT, LIMITS["value"])),
            "unit": _text(),
            "is_projection": pa.Column("bool"),
            "source": _text(),
            "vintage": _text(),
        },
        checks=[
            _rows(
                lambda t: (
                    (t["value"].abs() <= t["unit"].map(OF_UNIT).fillna(LIMITS["value"]))
                    & ((t["value"] >= 0) | ~t["unit"].isin(["USD", "persons"]))
                ),
                "a value that its unit can have",
            ),
        ],
        unique=["economy", "indicator", "period", "source"],
        strict=True,
        ordered=True,
        name="macro",
    )


def _pairs() -> pa.DataFrameSchema:
    return pa.DataFrameSchema(
        {
            "origin": _economy(),
            "destination": _economy(),
            "distance_km": _amount(LIMITS["_km"]),
            "contiguous": pa.Column("bool"),
            "common_language": pa.Column("bool"),
            "colony": pa.Column("bool"),
            "distance_weighted_km": _amount(LIMITS["_km"], nullable=True),
            "source": _text(),
            "vintage": _text(),
        },
        unique=["origin", "destination", "source"],
        strict=True,
        ordered=True,
        name="pairs",
    )


def _pairs_yearly() -> pa.DataFrameSchema:
    tie = pa.Column("boolean", nullable=True)  # not stated is neither yes nor no
    return pa.DataFrameSchema(
        {
            "origin": _economy(),
            "destination": _economy(),
            "period": _text(_matches(r"\d{4}", "YYYY")),
            "distance_km": _amount(LIMITS["_km"], nullable=True),
            "contiguous": tie,
            "common_language": tie,
            "colony": tie,
            "trade_agreement": tie,
            "origin_in_wto": tie,
            "destination_in_wto": tie,
            "origin_in_eu": tie,
            "destination_in_eu": tie,
            "gdp_origin_usd": _amount(nullable=True),
            "gdp_destination_usd": _amount(nullable=True),
            "source": _text(),
            "vintage": _text(),
        },
        unique=["origin", "destination", "period", "source"],
        strict=True,
        ordered=True,
        name="pairs_yearly",
    )


def _baskets() -> pa.DataFrameSchema:
    known = {WORLD, *load_groups()}
    return pa.DataFrameSchema(
        {
            "exporter": _economy(),
            # The world; or a group that the exporter is in: what it sells to the others there.
            "destination": _text(_each(lambda name: name in known, "WLD or a group")),
            "hs_revision": _hs_revision(),
            "cmd_code": _hs6(),
            "period": _text(_matches(r"\d{4}", "YYYY")),
            "value_usd": _amount(),
            "source": _text(),
            "vintage": _text(),
        },
        unique=["exporter", "destination", "hs_revision", "cmd_code", "period", "source"],
        strict=True,
        ordered=True,
        name="baskets",
    )


def _regions() -> pa.DataFrameSchema:
    return pa.DataFrameSchema(
        {
            "nuts_id": _text(
                _matches(r"[A-Z]{2}[0-9A-Z]{0,2}", "a country, NUTS 1 or NUTS 2 code")
            ),
            "level": pa.Column("int64", pa.Check.isin([0, 1, 2], error="0, 1 or 2")),
            "indicator": _text(),
            "activity": _text(_matches(r"[A-Z](\d{2,3})?", "a NACE Rev. 2 code"), nullable=True),
            "period": _text(_matches(r"\d{4}", "YYYY")),
            # A blank cell is a figure that exists and is not given: a row without a value.
            "value": _amount(LIMITS["value"], nullable=True),
            "unit": _text(),
            "nuts_version": _text(_matches(r"20\d\d", "a year of NUTS")),
            "source": _text(),
            "vintage": _text(),
        },
        checks=[
            _rows(
                lambda t: t["nuts_id"].str.len() == t["level"] + 2,
                "level is the length of nuts_id less 2",
            ),
        ],
        unique=["nuts_id", "indicator", "activity", "period", "source"],
        strict=True,
        ordered=True,
        name="regions",
    )


_CONTRACTS = {
    "trade": _trade,
    "duties": _duties,
    "tariff_lines": _tariff_lines,
    "macro": _macro,
    "pairs": _pairs,
    "pairs_yearly": _pairs_yearly,
    "baskets": _baskets,
    "regions": _regions,
}
TABLES = tuple(_CONTRACTS)


@cache
def contract(table: str) -> pa.DataFrameSchema:
    """Return the contract of a table (one of ``TABLES``)."""
    return _CONTRACTS[table]()


def columns(table: str) -> list[str]:
    """Return the column names of a table, in order."""
    return list(contract(table).columns)


def validate(frame: pd.DataFrame, table: str, file: str) -> pd.DataFrame:
    """Return ``frame`` if it keeps the contract of ``table``.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows made from ``file``, with a range index: its labels are the row numbers in messages.
    table : str
        One of ``TABLES``.
    file : str
        What the rows come from, for the message.

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
    value = f": {column} = {snippet(str(frame[column].iloc[row]))}" if column in frame else ""
    return f", row {row}{value}"


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

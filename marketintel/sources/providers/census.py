"""US Census Bureau, International Trade API: imports with duties and exports, by month.

Values come as text, one row a country, code and month, mixed with rows for country groups, which
are left out. Calculated duty over customs value is an average effective rate that no tariff table
has; it is an estimate at entry, before refunds and drawback. Values are customs value (imports)
and free alongside ship (exports), never CIF.

The API asks for a key (``CENSUS_KEY``, required since May 2026) by parameter only; the key is
added when a request is sent and is in no stored address. Series begin in 2010.
No recorded answer was at hand when this was written.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import pandas as pd

from marketintel.errors import SourceError, Unreachable, UsageError
from marketintel.reference.hs import hs_revision_at
from marketintel.sources.codes import economies
from marketintel.sources.formats import tidy
from marketintel.sources.http.answers import Answer, error_text
from marketintel.sources.http.client import Client, with_query
from marketintel.sources.http.provider import CENSUS_KEY, Provider
from marketintel.sources.source import (
    PARTNERS,
    Feed,
    Question,
    Source,
    Wanted,
    chunks,
    noted,
    within,
)

SOURCE = "census"
PROVIDER = Provider(
    SOURCE, "https://api.census.gov", min_interval_s=0.5, key_env=CENSUS_KEY, key_param="key",
    key_rule="required", sign_up="https://api.census.gov/data/key_signup.html",
    key_trouble="X-DataWebAPI-KeyError",
)  # fmt: skip
#: First year of the trade series.
FIRST_YEAR = 2010

#: The provider's measures under our names, by direction.
MEASURES = {
    "import": {
        "GEN_VAL_MO": "general_value_usd", "CON_VAL_MO": "consumption_value_usd",
        "DUT_VAL_MO": "dutiable_value_usd", "CAL_DUT_MO": "duties_usd",
    },
    "export": {"ALL_VAL_MO": "value_usd"},
}  # fmt: skip
_COMMODITY = {"import": "I_COMMODITY", "export": "E_COMMODITY"}
_DIGITS = {"HS6": 6, "HS10": 10}

#: Codes in one request: keeps addresses below 2,000 characters.
_CODES = 60

_KEYS = {"partner_code": "str", "cmd_code": "str", "period": "str"}


@dataclass(frozen=True)
class Query:
    """Months ("2025-03") of a flow; HS codes of 2, 4, 6 (or 10) digits, none for every code.

    A shorter code means all codes that begin with it; ``level`` is the detail of the rows.
    """

    flow: Literal["import", "export"]
    periods: tuple[str, ...]
    codes: tuple[str, ...] = ()
    level: Literal["HS6", "HS10"] = "HS6"


def contract(flow: str) -> dict[str, str]:
    """Return the columns of a direction: ``partner_code`` is Census's, money is US dollars."""
    return _KEYS | dict.fromkeys(MEASURES[flow].values(), "float64")


def fetch(query: Query, client: Client) -> pd.DataFrame:
    """Return the rows of a query, one a country, code and month, under :func:`contract`.

    ``attrs["empty"]`` names months without any row, most often not published yet.

    Raises
    ------
    UsageError
        The question cannot be put.
    SourceError
        Refusal, an invalid key, or a changed format.
    """
    check(query)
    parts = [_ask(path, query, client) for path in requests(query)]
    return _together(parts, query)


def check(query: Query) -> None:
    """Raise ``UsageError`` for an invalid query."""
    if not query.periods:
        raise UsageError(f"{SOURCE}: no months given; name at least one, as 2025-03")
    for period in query.periods:
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", period):
            raise UsageError(f"{SOURCE}: {period!r} is not a month; write it as 2025-03")
        if int(period[:4]) < FIRST_YEAR:
            raise UsageError(f"{SOURCE}: no data of {period}; the series begin in {FIRST_YEAR}")
    for code in query.codes:
        if not re.fullmatch(r"\d{2}|\d{4}|\d{6}|\d{10}", code) or len(code) > _DIGITS[query.level]:
            raise UsageError(f"{SOURCE}: {code!r} is not a code of {query.level} or shorter")


def requests(query: Query) -> Iterator[str]:
    """Yield the addresses of the requests, month by month."""
    commodity = _COMMODITY[query.flow]
    full = _DIGITS[query.level]
    codes = tuple(c if len(c) == full else c + "*" for c in sorted(set(query.codes)))
    fields = ",".join(["CTY_CODE", *MEASURES[query.flow]])
    for period in sorted(set(query.periods)):
        for chunk in chunks(codes, _CODES) or [()]:
            wanted = [(commodity, code) for code in chunk]
            get = fields if wanted else f"{fields},{commodity}"  # a filter comes back by itself
            yield with_query(
                f"/data/timeseries/intltrade/{query.flow}s/hs",
                [("get", get), ("COMM_LVL", query.level), ("time", period), *wanted],
            )


def _ask(path: str, query: Query, client: Client) -> pd.DataFrame:
    media = ("application/json", "text/html")
    (period,) = parse_qs(urlsplit(path).query)["time"]

    def accept(answer: Answer) -> pd.DataFrame:
        if answer.body.strip() and not tidy.is_markup(answer.body):
            answer.check_json()
        frame = within(process(answer.body, query.flow), SOURCE, period=[period])
        if query.codes:
            begun = frame["cmd_code"].str.startswith(query.codes)
            within(frame, SOURCE, cmd_code=frame.loc[begun, "cmd_code"].tolist() or [""])
        return frame

    found: pd.DataFrame = client.get(path, expect=media, accept=(200, 204), check=accept).content
    return found


def _table(body: tidy.Body | list[Any]) -> list[list[Any]]:
    """Return the rows, names first, of an answer; none of an empty one (204).

    The answer to an invalid key is a page with status 200.
    """
    if isinstance(body, bytes | str):
        if not body.strip():
            return []
        if tidy.is_markup(body):
            said = error_text(body if isinstance(body, bytes) else body.encode())
            raise Unreachable(
                f"{SOURCE}: got a page in place of data ({said}), as for an invalid key; set or "
                f"renew {PROVIDER.key_env} (a key is free at {PROVIDER.sign_up})"
            )
    table = tidy.json_of(body, SOURCE)
    if not isinstance(table, list) or not all(isinstance(row, list) for row in table):
        raise SourceError(
            f"{SOURCE}: the answer is {tidy.snippet(json.dumps(table), 60)}; expected a list of "
            "rows: the provider's format changed"
        )
    return table


@tidy.reading(SOURCE)
def process(body: tidy.Body | list[Any], flow: str) -> pd.DataFrame:
    """Return one answer (a list of rows, names first) under the contract of ``flow``."""
    wanted = contract(flow)
    table = _table(body)
    if not table:
        return tidy.empty(wanted)
    names = [str(name) for name in table[0]]
    if any(len(row) != len(names) for row in table):
        raise SourceError(f"{SOURCE}: rows of different length; expected {len(names)} fields each")
    raw = pd.DataFrame(table[1:], columns=names)
    raw = raw.loc[:, ~raw.columns.duplicated()]  # filters come back beside the fields asked for
    commodity = _COMMODITY[flow]
    tidy.need(raw.columns, ["CTY_CODE", commodity, "time", *MEASURES[flow]], SOURCE)
    raw = raw.rename(
        columns={"CTY_CODE": "partner_code", commodity: "cmd_code", "time": "period"}
        | MEASURES[flow]
    )
    frame = tidy.conform(raw, wanted, SOURCE)
    # Groups are "-", 0003 (EU), 1XXX (North America) …; countries are four digits from 1000.
    country = frame["partner_code"].str.fullmatch(r"[1-9]\d{3}")
    coded = frame["cmd_code"].str.fullmatch(r"\d{6}|\d{10}")
    return frame[country & coded].reset_index(drop=True)


def _together(parts: list[pd.DataFrame], query: Query) -> pd.DataFrame:
    frame = pd.concat(parts, ignore_index=True)
    single = frame.drop_duplicates()
    notes = []
    if len(single) < len(frame):
        notes.append(f"{len(frame) - len(single)} duplicate rows dropped")
    keys = list(_KEYS)
    if len(clash := single[single.duplicated(keys)]):
        first = clash.iloc[0]
        raise SourceError(
            f"{SOURCE}: two different rows for "
            f"{', '.join(f'{key} {first[key]}' for key in keys)}; expected one: ask again later"
        )
    frame = single.sort_values(["cmd_code", "partner_code", "period"], ignore_index=True)
    frame.attrs["empty"] = sorted(set(query.periods) - set(frame["period"]))
    frame.attrs["notes"] = notes
    return frame


def annual(monthly: pd.DataFrame) -> pd.DataFrame:
    """Sum months to years; a year with a month without any row is left out, with a note."""
    year = monthly["period"].str.slice(0, 4)
    months = monthly["period"].groupby(year).nunique()
    whole = set(months[months == 12].index)
    notes = [*monthly.attrs.get("notes", [])]
    notes += [f"{y} has {n} months and is left out" for y, n in months.items() if y not in whole]
    kept = monthly[year.isin(whole)].assign(period=year)
    summed = kept.groupby(["cmd_code", "partner_code", "period"], as_index=False).sum(min_count=1)
    frame = summed[list(monthly.columns)]
    frame.attrs = {"notes": notes, "empty": monthly.attrs.get("empty", [])}
    return frame


def _plan(wanted: Wanted, flow: Literal["import", "export"]) -> Iterator[Question]:
    if "USA" not in wanted.targets:
        return
    key = PROVIDER.key_wanted()
    if wanted.homes["USA"] != "us_census_imports":
        if key:
            wanted.notes.append(
                f"us_census_imports, us_census_exports: not asked, they need a key; {key} for "
                "imports with duties and exports by month; Comtrade is asked in their place"
            )
        return
    years = [y for y in wanted.years if y >= FIRST_YEAR]
    if len(years) < len(wanted.years):
        wanted.notes.append(f"us_census: no data before {FIRST_YEAR}, not asked for")
    if years:
        hs_revision_at("USA", f"{years[0]}-01")  # refused now, not after an hour
        months = tuple(f"{y}-{m:02}" for y in years for m in range(1, 13))
        rows = len(wanted.codes) * len(months) * PARTNERS
        what = f"{flow}s of the USA, {wanted.about}, monthly"
        yield Question(what, Query(flow, months, wanted.codes), rows)


def _years(query: Query) -> list[Query]:
    """Return whole years: a year is a sum of its months."""
    years = sorted({period[:4] for period in query.periods})
    return [
        replace(query, periods=tuple(p for p in query.periods if p.startswith(year)))
        for year in years
    ]


def _snapshot(query: Query, client: Client) -> pd.DataFrame:
    """Return imports by whole years (four measures), exports by month."""
    raw = fetch(query, client)
    if query.flow == "import":
        raw = annual(raw)
    values = list(MEASURES[query.flow].values())
    notes = list(raw.attrs["notes"])
    partner = economies(raw["partner_code"], "census", SOURCE, notes, amounts=raw[values[0]],
                        unit="USD")  # fmt: skip
    revisions = {period: hs_revision_at("USA", period) for period in raw["period"].unique()}
    frame = raw.assign(
        reporter="USA", partner=partner, hs_revision=raw["period"].map(revisions).astype("str")
    ).dropna(subset="partner")
    keys = ["reporter", "partner", "hs_revision", "cmd_code", "period"]
    # Gaza and the West Bank are two codes and one economy.
    frame = frame.groupby(keys, as_index=False)[values].sum(min_count=1)
    integers = {v: "int64" for v in values if frame[v].notna().all()}
    return noted(frame.astype(integers), notes)


def _imports_trade(raw: pd.DataFrame) -> pd.DataFrame:
    """Return one row for general imports, one for imports for consumption."""
    keys = raw[["reporter", "partner", "hs_revision", "cmd_code", "period"]]
    return pd.concat(
        [keys.assign(value_usd=raw[f"{system}_value_usd"].astype("float64"), trade_system=system)
         for system in ("general", "consumption")],
        ignore_index=True,
    )  # fmt: skip


def _imports_duties(raw: pd.DataFrame) -> pd.DataFrame:
    """Return calculated duties, which belong to imports for consumption."""
    frame = raw.rename(columns={"consumption_value_usd": "customs_value_usd"})
    money = ["customs_value_usd", "dutiable_value_usd", "duties_usd"]
    return frame.astype(dict.fromkeys(money, "float64"))


_COMMON: dict[str, Any] = {
    "producer": "US Census Bureau",
    "licence": "US government work, public domain",
    "licence_url": "https://www.census.gov/data/developers/about/terms-of-service.html",
    "provider": PROVIDER, "groups": ("period",), "fetch": _snapshot, "parts": _years,
    "questions": lambda query, _: ((path, None) for path in requests(query)),
    "trial": ("USA", 2022),
}  # fmt: skip

SOURCES = (
    Source(
        "us_census_imports", 10, redistributable=True, file="us_imports_hs6.parquet",
        title="US imports by HS6 and country: general imports, imports for consumption, dutiable "
        "value and calculated duty",
        citation="US Census Bureau, International Trade API, dataset imports/hs.",
        quirks=(
            "Values are customs value: they exclude freight and insurance, unlike CIF.",
            "Calculated duty is an estimate at entry, before refunds and drawback, and an average "
            "over the measures of the year.",
            "Years are sums of twelve published months.",
        ),
        feeds=(
            Feed("trade", _imports_trade,
                 {"flow": "import", "freq": "A", "valuation": "customs_value"}),
            Feed("duties", _imports_duties, {"rate_pct": float("nan"), "regime": "calculated"}),
        ),
        home=lambda target, named: target == "USA"
        and (any(name.startswith("us_census") for name in named) or not PROVIDER.key_wanted()),
        plan=partial(_plan, flow="import"), **_COMMON,
    ),
    Source(
        "us_census_exports", 20, redistributable=True, file="us_exports_hs6_monthly.parquet",
        title="US exports by HS6, country and month",
        citation="US Census Bureau, International Trade API, dataset exports/hs.",
        quirks=(
            "Values are free alongside ship (f.a.s.) at the US port.",
            "Exports include re-exports of foreign goods.",
        ),
        feeds=(Feed("trade", same={"flow": "export", "freq": "M", "valuation": "FAS",
                                   "trade_system": "general"}),),
        plan=partial(_plan, flow="export"), **_COMMON,
    ),
)  # fmt: skip

"""World Bank, World Development Indicators: yearly figures by economy.

Two traps: errors come with status 200 and a ``message`` in place of rows, and regions and income
groups stand among the countries; they are marked here, by a list, and are for the reader to drop.
A year without a figure is a null, and stays out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from marketintel.errors import Refused, SourceError, UsageError
from marketintel.sources.codes import economies
from marketintel.sources.formats import tidy
from marketintel.sources.http.answers import Answer
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import Provider
from marketintel.sources.source import (
    Feed,
    Question,
    Source,
    Wanted,
    noted,
    one_by_one,
    within,
)

SOURCE = "worldbank"
PROVIDER = Provider(SOURCE, "https://api.worldbank.org/v2", min_interval_s=0.5)

CONTRACT = {
    "economy_code": "str", "indicator": "str", "period": "str", "value": "float64",
    "unit": "str", "is_projection": "bool", "is_aggregate": "bool",
}  # fmt: skip

#: Indicators with a name and unit of ours; others keep the provider's identifier.
INDICATORS = {
    "NY.GDP.MKTP.CD": ("gdp_current_usd", "USD"),
    "SP.POP.TOTL": ("population", "persons"),
    "FP.CPI.TOTL.ZG": ("cpi_inflation_pct", "%"),
}

_AGGREGATES = (
    "AFE AFW ARB CEB CHI CSS EAP EAR EAS ECA ECS EMU EUU FCS HIC HPC IBD IBT IDA IDB IDX INX LAC "
    "LCN LDC LIC LMC LMY LTE MEA MIC MNA NAC OED OSS PRE PSS PST SAS SSA SSF SST TEA TEC TLA TMN "
    "TSA TSS UMC WLD"
)
#: Regions, income groups and lending groups; and the Channel Islands, two countries in ISO 3166.
AGGREGATES = frozenset(_AGGREGATES.split())
_ROWS_PER_PAGE = 20_000
#: All indicators of all economies and years are fewer pages than this.
_MAX_PAGES = 50
_FIELDS = ("indicator", "country", "countryiso3code", "date", "value")


@dataclass(frozen=True)
class Query:
    """Indicators such as NY.GDP.MKTP.CD, first and last year, economies by ISO3 (none: all)."""

    indicators: tuple[str, ...]
    first_year: int
    last_year: int
    economies: tuple[str, ...] = ()


def fetch(query: Query, client: Client) -> pd.DataFrame:
    """Return figures under :data:`CONTRACT`; ``attrs["updated"]`` is the edition by indicator.

    Raises
    ------
    UsageError
        The question cannot be put.
    SourceError
        Refusal, an error behind status 200, or a changed format.
    """
    check(query)
    parts, updated = [], {}
    for indicator in query.indicators:
        rows, meta = perform(indicator, query, client)
        parts.append(process(rows))
        updated[indicator] = str(meta.get("lastupdated", ""))
    frame = pd.concat(parts, ignore_index=True)
    frame.attrs["updated"] = updated
    return frame


def check(query: Query) -> None:
    """Raise ``UsageError`` for a question that cannot be put."""
    if not query.indicators:
        raise UsageError(f"{SOURCE}: no indicators given; name at least one")
    if query.first_year > query.last_year:
        raise UsageError(f"{SOURCE}: {query.first_year} is after {query.last_year}; swap the years")


def perform(
    indicator: str, query: Query, client: Client
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Ask for every page of one indicator; return the rows and the first page's head."""
    rows: list[dict[str, Any]] = []
    heads: list[dict[str, Any]] = []
    page = pages = 1
    while page <= pages:
        path, params = address(indicator, query, page)
        accept = partial(_accept, indicator=indicator, query=query, page=page)
        head, found = client.get(path, params, check=accept).content
        heads.append(head)
        pages = head["pages"]
        rows += found
        page += 1
    total = heads[0].get("total")
    if len(heads) > 1 and total is not None and str(total) != str(len(rows)):
        raise SourceError(
            f"{SOURCE}: {len(rows)} rows of {indicator} where 'total' says "
            f"{tidy.snippet(str(total))}; fetch again"
        )
    return rows, heads[0]


def address(indicator: str, query: Query, page: int = 1) -> tuple[str, dict[str, str | int]]:
    """Return path and parameters of one request."""
    return f"/country/{';'.join(query.economies) or 'all'}/indicator/{indicator}", {
        "format": "json", "per_page": _ROWS_PER_PAGE, "page": page,
        "date": f"{query.first_year}:{query.last_year}",
    }  # fmt: skip


@tidy.reading(SOURCE)
def _accept(
    answer: Answer, *, indicator: str, query: Query, page: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return head and rows of a page; refuse an error text, and rows that were not requested."""
    rows = rows_of(answer.json())
    head = answer.json()[0]
    pages, this = int(head["pages"] or 0), int(head.get("page") or page)
    if not 0 <= pages <= _MAX_PAGES or this != (page if pages else this):
        raise SourceError(
            f"{SOURCE}: page {this} of {pages} where page {page} was asked for; expected at most "
            f"{_MAX_PAGES}: the answer is damaged, or the provider's parameters changed"
        )
    for row in rows:
        if row["indicator"]["id"] != indicator:
            raise SourceError(
                f"{SOURCE}: got {tidy.snippet(str(row['indicator']['id']))} where {indicator} was "
                "asked for; the provider's parameters changed"
            )
    within(
        process(rows), SOURCE, since=query.first_year, until=query.last_year,
        economy_code=query.economies,
    )  # fmt: skip
    return head | {"pages": pages}, rows


def rows_of(body: Any) -> list[dict[str, Any]]:
    """Return the rows of an answer that is ``[head, rows]``; see :func:`accept`."""
    if isinstance(body, list) and body and isinstance(body[0], dict) and "message" in body[0]:
        messages = tidy.as_list(body[0]["message"])
        said = "; ".join(f"{m.get('id')} {m.get('value')}" for m in messages)
        raise Refused(f"{SOURCE}: {tidy.snippet(said)}; check indicator, economies and years")
    good = (
        isinstance(body, list)
        and len(body) == 2
        and isinstance(body[0], dict)
        and "pages" in body[0]
        and isinstance(body[1], list | None)
    )
    if not good:
        raise SourceError(
            f"{SOURCE}: the answer is not a head with 'pages' and a list of rows; expected these "
            "two: the provider's format changed"
        )
    for row in (found := body[1] or []):
        tidy.need(row, _FIELDS, SOURCE)
    return found


def _is_answer(body: list[Any]) -> bool:
    """Distinguish ``[head, rows]`` and ``[error]`` from bare rows."""
    return bool(body) and ("pages" in body[0] or "message" in body[0])


def _xml_message(body: tidy.Body) -> str:
    """Return the message of an error that came as XML in place of JSON."""
    root = tidy.xml_of(body, SOURCE)
    words = [node.get("id", "") + " " + (node.text or "") for node in root if node.get("id")]
    return tidy.snippet("; ".join(words) or " ".join(root.itertext()) or root.tag)


@tidy.reading(SOURCE)
def process(body: tidy.Body | list[Any]) -> pd.DataFrame:
    """Return an answer, or the rows of several, under :data:`CONTRACT`; nulls are left out."""
    if isinstance(body, bytes | str) and tidy.is_markup(body):
        raise SourceError(f"{SOURCE}: {_xml_message(body)}; check indicator, economies and years")
    rows = tidy.json_of(body, SOURCE)
    if not isinstance(rows, list) or (rows and not isinstance(rows[0], dict)) or _is_answer(rows):
        rows = rows_of(rows)
    if not rows:
        return tidy.empty(CONTRACT)
    code = [row["countryiso3code"] or row["country"]["id"] for row in rows]
    ours = [
        INDICATORS.get(row["indicator"]["id"])
        or (row["indicator"]["id"], row.get("unit") or "as published")
        for row in rows
    ]
    frame = pd.DataFrame(
        {
            "economy_code": code,
            "indicator": [name for name, _ in ours],
            "period": [str(row["date"]) for row in rows],
            "value": pd.Series([row["value"] for row in rows], dtype="object"),
            "unit": [unit for _, unit in ours],
            "is_projection": False,
            # Some aggregates have no ISO3, only a code of two characters.
            "is_aggregate": [c in AGGREGATES or len(c) != 3 for c in code],
        }
    )
    frame = tidy.conform(frame, CONTRACT, SOURCE)
    frame = frame[frame["value"].notna()].drop_duplicates()
    keys = ["indicator", "economy_code", "period"]
    if len(clash := frame[frame.duplicated(keys)]):
        first = clash.iloc[0]
        raise SourceError(
            f"{SOURCE}: two figures for {' '.join(first[keys])}; expected one: ask again later"
        )
    return frame.sort_values(keys, ignore_index=True)


def _plan(wanted: Wanted) -> Iterator[Question]:
    query = Query(tuple(INDICATORS), wanted.years[0], wanted.years[-1])
    what = f"{len(INDICATORS)} indicators, all economies, {wanted.span}"
    yield Question(what, query, len(INDICATORS) * len(wanted.years) * 260)


def _snapshot(query: Query, client: Client) -> pd.DataFrame:
    raw = fetch(query, client)
    raw = raw[~raw["is_aggregate"]]
    notes: list[str] = []
    economy = economies(raw["economy_code"], "iso3", SOURCE, notes)
    columns = ["economy", "indicator", "period", "value", "unit", "is_projection"]
    return noted(raw.assign(economy=economy)[economy.notna()][columns], notes)


SOURCES = (
    Source(
        "worldbank", 100, redistributable=True,
        producer="World Bank",
        title="World Development Indicators: GDP (current US$), population, consumer-price "
        "inflation",
        citation=f"World Bank, World Development Indicators: {', '.join(INDICATORS)}.",
        licence="CC BY 4.0",
        licence_url="https://creativecommons.org/licenses/by/4.0/",
        quirks=(
            "A year without a figure has no row; regions and income groups are left out.",
            "GDP is in current US dollars at market exchange rates.",
        ),
        feeds=(Feed("macro"),),
        provider=PROVIDER, file="macro.parquet", groups=("indicator", "economy", "period"),
        plan=_plan, fetch=_snapshot, parts=one_by_one("indicators"), by_code=False,
        questions=lambda query, _: (address(name, query) for name in query.indicators),
    ),
)  # fmt: skip

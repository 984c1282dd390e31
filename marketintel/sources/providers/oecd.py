"""OECD: bilateral trade by industry and end-use, inter-country input-output, and others.

Service: ``sdmx.oecd.org/sti-public/rest/data/{agency},{dsd}@{flow},{version}/{key}`` in SDMX-CSV.
Rows come in no order; 20 to 60 downloads an hour are allowed; ``NoRecordsFound`` comes as 404.
The old service's SDMX-JSON is read too. Reuse with attribution to the OECD.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from marketintel.errors import SourceError, UsageError
from marketintel.reference.countries import is_code, to_iso3
from marketintel.sources.formats import sdmx, tidy
from marketintel.sources.formats.notices import notice, refuse
from marketintel.sources.http.answers import Answer
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import Provider
from marketintel.sources.source import WORLD, Question, Source, Wanted, noted, within

SOURCE = "oecd"
#: An interval of 60 s is what 60 downloads an hour leave; MARKETINTEL_OECD_INTERVAL_S changes it.
PROVIDER = Provider(SOURCE, "https://sdmx.oecd.org/sti-public/rest", min_interval_s=60.0)

#: The data flow's other dimensions follow as ``str`` columns in lower case. ``value`` is in
#: ``unit`` times ten to the power ``unit_mult`` (NaN: not stated). Rows are sorted by key.
CONTRACT: tidy.Contract = {
    "dataflow": "str", "ref_area": "str", "period": "str", "freq": "str", "value": "float64",
    "unit": "str", "unit_mult": "float64", "status": "str",
}  # fmt: skip

#: Data flows that the studies use: agency, data flow, version. Trade by industry and end-use
#: (once BTDIxE) has the key FREQ.REF_AREA.TRADE_FLOW.END_USE.PRODUCT.COUNTERPART_AREA.UNIT.
#: Flows of other agencies answer at ``/public/rest``: MARKETINTEL_OECD_URL leads there.
DATAFLOWS = {"trade_by_end_use": "OECD.STI.PIE,DSD_BTIGE@DF_BTIGE,1.0"}

_CSV = "application/vnd.sdmx.data+csv; charset=utf-8"
_MEDIA = ("application/vnd.sdmx.data+csv", "text/csv", "text/plain")
_NAMES = {
    "LOCATION": "REF_AREA", "COU": "REF_AREA", "FREQUENCY": "FREQ", "UNIT": "UNIT_MEASURE",
    "POWERCODE": "UNIT_MULT", "TIME": sdmx.PERIOD,
}  # fmt: skip
_BOOKKEEPING = {"STRUCTURE", "STRUCTURE_ID", "STRUCTURE_NAME", "ACTION", "DECIMALS", "TIME_FORMAT"}


@dataclass(frozen=True)
class Query:
    """A cut through ``AGENCY,DSD@FLOW,VERSION`` (or a name of :data:`DATAFLOWS`).

    The key has dimension codes joined by points; empty places mean all, ``+`` means or.
    """

    dataflow: str
    key: str = "all"
    since: str | None = None
    until: str | None = None


def check(query: Query) -> None:
    """Raise UsageError for what the provider would refuse."""
    flow = DATAFLOWS.get(query.dataflow, query.dataflow)
    if not re.fullmatch(r"[A-Z0-9_.]+,[A-Za-z0-9_]+(@[A-Za-z0-9_]+)?,[0-9.]*", flow):
        raise UsageError(
            f"oecd: '{query.dataflow}' is not AGENCY,DSD@FLOW,VERSION, nor one of "
            f"{', '.join(DATAFLOWS)}"
        )
    if not re.fullmatch(r"all|[A-Za-z0-9_+.*-]*", query.key):
        raise UsageError(f"oecd: key '{query.key}' may hold codes, '+' and '.' only")


def request(query: Query) -> tuple[str, dict[str, str]]:
    """Return the path below the base URL, and its parameters."""
    params = {"dimensionAtObservation": "TIME_PERIOD"}
    if query.since:
        params["startPeriod"] = query.since
    if query.until:
        params["endPeriod"] = query.until
    return f"/data/{DATAFLOWS.get(query.dataflow, query.dataflow)}/{query.key}", params


def fetch(query: Query, client: Client) -> pd.DataFrame:
    """Return the figures of a query: :data:`CONTRACT` and the data flow's other dimensions.

    A 404 that says NoRecordsFound is an answer.
    """
    check(query)
    path, params = request(query)
    frame: pd.DataFrame = client.get(
        path, params, headers={"Accept": _CSV}, accept=(200, 404), expect=_MEDIA,
        check=partial(_acceptable, query=query),
    ).content  # fmt: skip
    return frame


def _acceptable(answer: Answer, query: Query) -> pd.DataFrame:
    found = notice(answer.body, SOURCE) if answer.body.strip() else None
    if found and found.kind != "empty":
        raise refuse(found, SOURCE)
    if answer.status == 404 and not found:
        raise SourceError(f"{SOURCE}: HTTP 404 without a reason; check the data flow's version")
    return within(process(answer.body), SOURCE, since=query.since, until=query.until)


@tidy.reading(SOURCE)
def process(body: tidy.Body | Mapping[str, Any]) -> pd.DataFrame:
    """Turn an SDMX answer into :data:`CONTRACT`; no rows where nothing was found.

    Raises
    ------
    SourceError
        A notice other than "nothing found", or a missing field.
    """
    blank = isinstance(body, bytes | str) and not tidy.text_of(body, SOURCE).strip()
    if not blank and (found := notice(body, SOURCE)):
        if found.kind != "empty":
            raise refuse(found, SOURCE)
        return tidy.empty(CONTRACT, found.text)
    rows = pd.DataFrame() if blank else sdmx.read(body, SOURCE)
    if not len(rows):
        return tidy.empty(CONTRACT)
    rows = rows.rename(columns={k: v for k, v in _NAMES.items() if v not in rows})
    rows = rows.loc[:, ~rows.columns.duplicated()]
    rows["value"] = tidy.numbers(rows.pop(sdmx.VALUE), SOURCE, sdmx.VALUE)
    rows["period"] = tidy.periods(rows.pop(sdmx.PERIOD)) if sdmx.PERIOD in rows else None
    if "FREQ" not in rows:
        rows["FREQ"] = tidy.frequencies(rows["period"])
    if "DATAFLOW" not in rows:
        rows["DATAFLOW"] = rows.get("STRUCTURE_ID")
    rows = rows.rename(columns={"UNIT_MEASURE": "unit", "OBS_STATUS": "status"})
    rows = rows.drop(columns=[name for name in rows if name in _BOOKKEEPING])
    rows = rows.rename(columns=str.lower)
    for optional in ("ref_area", "unit", "unit_mult", "status"):
        if optional not in rows:
            rows[optional] = None
    frame = tidy.conform(rows, CONTRACT, SOURCE, others=True)
    keys = [str(name) for name in frame if name not in ("value", "status", "unit_mult")]
    return frame.sort_values(keys, ignore_index=True)


#: Divisions of CPA 2.1 in which photonics is made and that the OECD has apart.
INDUSTRIES = ("C26", "C27", "C28")
_FLOWS = {"M": "import", "X": "export"}
_CPA = "CPA_2_1_"


@dataclass(frozen=True)
class IndustryQuery:
    """An economy's yearly trade by industry and partner, all end uses, US dollars: one request."""

    economy: str
    periods: tuple[str, ...]

    def request(self) -> Query:
        """Return the query of the data flow."""
        products = "+".join(_CPA + division for division in INDUSTRIES)
        key = f"A.{self.economy}.M+X.TOTAL.{products}..USD"
        return Query("trade_by_end_use", key, self.periods[0], self.periods[-1])


def _plan(wanted: Wanted) -> Iterator[Question]:
    for target in wanted.targets:
        what = f"trade of {target} by industry, {wanted.span}"
        rows = len(INDUSTRIES) * 2 * 200 * len(wanted.years)
        yield Question(what, IndustryQuery(target, wanted.labels), rows)


def _snapshot(query: IndustryQuery, client: Client) -> pd.DataFrame:
    """Return trade by industry in US dollars; groups of partners but the world are left out.

    Raises
    ------
    SourceError
        A figure in another unit, or a field of the data flow is missing.
    """
    raw = fetch(query.request(), client)
    names = ["reporter", "partner", "flow", "industry", "period", "value_usd"]
    if raw.empty:
        return noted(pd.DataFrame(columns=names))
    within(raw, "oecd", ref_area=[query.economy])
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
    known = partner.map({code: is_code(code, "iso3") for code in partner.unique()})
    keep = (known | world) & raw["value"].notna() & raw["trade_flow"].isin(_FLOWS)
    notes = []
    if gone := sorted(set(partner[~known & ~world])):
        notes.append(f"{query.economy}: groups of partners left out ({', '.join(gone[:5])})")
    rows = raw[keep]
    codes = rows["counterpart_area"].mask(world[keep]).dropna()
    frame = pd.DataFrame(
        {
            "reporter": query.economy,
            "partner": to_iso3(codes, "iso3").reindex(rows.index).fillna(WORLD),
            "flow": rows["trade_flow"].map(_FLOWS),
            "industry": rows["product"].str.removeprefix(_CPA),
            "period": rows["period"],
            "value_usd": rows["value"] * 10 ** rows["unit_mult"],
        }
    )
    return noted(frame[names], notes)


SOURCES = (
    Source(
        "oecd", 130, redistributable=True,
        producer="OECD",
        title="Bilateral trade in goods by industry: electronics and optics, electrical "
        "equipment, machinery",
        citation="OECD, Bilateral Trade in Goods by Industry and End-use (BTIGE).",
        licence="CC BY 4.0",
        licence_url="https://www.oecd.org/en/about/terms-conditions.html",
        quirks=(
            "Whole divisions of industry (CPA 2.1): photonics is a part of them that is not "
            "known; never to be added to figures by product.",
            "Current US dollars, all end uses.",
        ),
        provider=PROVIDER, file="industry_trade.parquet", groups=("reporter", "flow", "period"),
        plan=_plan, fetch=_snapshot, on_request=True, by_code=False,
        questions=lambda query, _: [request(query.request())],
    ),
)  # fmt: skip

"""Eurostat Comext: trade of the EU members by HS2-4-6 and CN8, annual and monthly.

Service: SDMX 2.1 REST at Comext's own base, ``sdmx/2.1/data/{dataset}/{key}``; key order
freq.reporter.partner.product.flow.indicators. Flow 1 is imports, 2 exports; values are euros and
quantities 100 kg. Large answers come later under a request id; larger ones (5,000,000 cells) are
refused with 413, and the request is split here. Greece is ``GR`` (``EL`` is read too), the United
Kingdom ``UK`` or ``GB``, Kosovo ``XK``. Reuse with attribution.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd

from marketintel.errors import SourceError, UsageError
from marketintel.reference.countries import code_of, group_members
from marketintel.reference.hs import hs_revision_at
from marketintel.sources.codes import economies
from marketintel.sources.cuts import halves
from marketintel.sources.formats import jsonstat
from marketintel.sources.formats.comext import FLOWS, process
from marketintel.sources.formats.notices import notice, refuse
from marketintel.sources.http.answers import Answer
from marketintel.sources.http.client import Client, with_query
from marketintel.sources.http.provider import Provider
from marketintel.sources.http.retry import RetryLater
from marketintel.sources.source import (
    PARTNERS,
    WORLD,
    Feed,
    Question,
    Source,
    Wanted,
    joined,
    noted,
    one_by_one,
    within,
)

SOURCE = "comext"
PROVIDER = Provider(
    SOURCE, "https://ec.europa.eu/eurostat/api/comext/dissemination", min_interval_s=1.0
)

#: The European Union of 27 as one reporter.
EU27 = "EU27_2020"
#: HS2-4-6 and CN8 of all members; DS-059341 holds HS2-4-6 only.
DATASET = "DS-045409"

#: Codes of Eurostat's statistics as this data set writes them; both are read.
_SENT = {"EL": "GR", "UK": "GB", "EU27": EU27}
#: ``application/xml`` is a queued answer or a fault, which the notices read.
_MEDIA = ("application/vnd.sdmx.data+csv", "text/csv", "text/plain", "application/csv",
          "application/xml", "text/xml", "application/vnd.sdmx.structurespecificdata+xml",
          "application/vnd.sdmx.genericdata+xml", "application/json")  # fmt: skip


@dataclass(frozen=True)
class Query:
    """Trade flows: reporters and partners by Comext's codes (no partners: all, with aggregates).

    ``products`` are HS2, HS4, HS6 or CN8 codes, ``flows`` import and export, ``freq`` A or M,
    ``since`` and ``until`` the first and last period (2024 or 2024-03).
    """

    reporters: Sequence[str]
    products: Sequence[str]
    partners: Sequence[str] = ()
    flows: Sequence[str] = ("import", "export")
    freq: str = "A"
    since: str | None = None
    until: str | None = None
    dataset: str = DATASET


def check(query: Query) -> None:
    """Raise UsageError for what the provider would refuse."""
    if not query.reporters or not query.products:
        raise UsageError("comext: name at least one reporter and one product code")
    for product in query.products:
        if not re.fullmatch(r"\d{2}|\d{4}|\d{6}|\d{8}|TOTAL", product):
            raise UsageError(f"comext: product '{product}' is not a code of 2, 4, 6 or 8 digits")
    for flow in query.flows:
        if flow not in FLOWS:
            raise UsageError(f"comext: flow '{flow}' is not one of {', '.join(FLOWS)}")
    if query.freq not in ("A", "M"):
        raise UsageError(f"comext: frequency '{query.freq}' is not A (years) or M (months)")


def request(query: Query) -> tuple[str, list[tuple[str, str]]]:
    """Return the path below the base URL, and its parameters."""
    key = ".".join(
        "+".join(part)
        for part in (
            [query.freq],
            [_SENT.get(code, code) for code in query.reporters],
            [_SENT.get(code, code) for code in query.partners],
            query.products,
            [FLOWS[flow] for flow in query.flows],
            [],  # all indicators: value, weight, and supplementary units where there are any
        )
    )
    params = [("format", "SDMX-CSV")]
    params += [
        (name, limit)
        for name, limit in (("startPeriod", query.since), ("endPeriod", query.until))
        if limit
    ]
    return f"/sdmx/2.1/data/{query.dataset}/{key}", params


class _TooBig(Exception):
    """The provider wants a smaller request."""


def _frames(query: Query, client: Client) -> list[pd.DataFrame]:
    """Ask, waiting for queued answers and splitting what is too big; rows in query order."""
    try:
        frame: pd.DataFrame = _ask(query, client).content
        return [frame]
    except _TooBig as refusal:
        parts = _halves(query)
        if not parts:
            raise SourceError(
                f"{SOURCE}: the smallest request is still too big ({refusal}); name partners"
            ) from None
        return [frame for half in parts for frame in _frames(half, client)]


def _halves(query: Query) -> list[Query]:
    """Return two smaller queries, cut along the longest list; none if there is nothing to cut."""
    lists = ("products", "reporters", "partners", "flows")
    longest = max(lists, key=lambda name: len(getattr(query, name)))
    first, last = (int(year[:4]) if year else 0 for year in (query.since, query.until))
    if len(getattr(query, longest)) < 2 and 0 < first < last:
        middle = (first + last) // 2
        return [replace(query, until=str(middle)), replace(query, since=str(middle + 1))]
    return halves(query, (longest,))


def _ask(query: Query, client: Client) -> Answer:
    """Ask once; if the answer is queued, look for it at intervals, and for a bounded time."""
    check_answer = partial(_settled, query=query)
    try:
        return client.get(
            with_query(*request(query)), accept=_ANSWERS, expect=_MEDIA, check=check_answer
        )
    except _Queued as promise:
        request_id = promise.request_id
    began = client.clock.monotonic()
    while True:
        status = client.get(f"/1.0/async/status/{request_id}", expect=_MEDIA, keep=False)
        found = notice(status.body, SOURCE)
        if found is None or found.kind == "ready":
            break
        if found.kind != "queued":
            raise refuse(found, SOURCE)
        if client.clock.monotonic() - began > client.provider.patience_s:
            raise refuse(found, SOURCE)
        client.clock.sleep(_POLL_S)
    return client.get(f"/1.0/async/data/{request_id}", expect=_MEDIA, check=check_answer)


#: Statuses that say something: 202 and 413 with an id are queued answers.
_ANSWERS = (200, 202, 400, 404, 413)
#: Seconds between two looks at a queued answer; the wait ends with the provider's patience.
_POLL_S = 10.0


class _Queued(Exception):
    """The provider prepares the answer in the background."""

    def __init__(self, request_id: str) -> None:
        super().__init__(request_id)
        self.request_id = request_id


def _settled(answer: Answer, query: Query) -> pd.DataFrame:
    """Return the rows of data and of "nothing found"; everything else is never kept."""
    found = notice(answer.body, SOURCE)
    if found and found.kind == "queued" and found.request_id:
        raise _Queued(found.request_id)
    if found and found.kind == "queued":
        raise RetryLater(found.text, after_s=jsonstat.QUEUED_S)  # 413 as well, and no id to ask by
    if answer.status == 413 or (found and found.kind == "too_big"):
        raise _TooBig(found.text if found else "HTTP 413")
    if found and found.kind != "empty":
        raise refuse(found, SOURCE)
    if not found and answer.status != 200:
        raise SourceError(f"{SOURCE}: HTTP {answer.status} without a reason; check the query")
    return within(
        process(answer.body), SOURCE, since=query.since, until=query.until,
        reporter_code=_spellings(query.reporters), partner_code=_spellings(query.partners),
        cmd_code=query.products, flow=query.flows, freq=query.freq,
    )  # fmt: skip


def _spellings(codes: Iterable[str]) -> set[str]:
    """Return the codes of a query in each spelling of an answer (Greece as GR and as EL)."""
    pairs = _SENT.items()
    return {*codes, *(b for a, b in pairs if a in codes), *(a for a, b in pairs if b in codes)}


def fetch(query: Query, client: Client) -> pd.DataFrame:
    """Return the flows of a query under :data:`CONTRACT`; no rows if there was no trade.

    Raises
    ------
    UsageError
        The query cannot be asked.
    SourceError
        The provider refuses it, changed its format, or cannot be reached.
    """
    check(query)
    return joined(_frames(query, client))


def _plan(wanted: Wanted) -> Iterator[Question]:
    """Yield exports of the EU's members to the targets outside it, and the members' own trade.

    The exports need no key, and a study of a market without figures of its own can rest on them.
    """
    members = set(group_members("EU27"))
    first, last, codes = wanted.labels[0], wanted.labels[-1], wanted.codes
    outside = [target for target in wanted.targets if target not in members]
    partners = tuple(filter(None, (code_of(target, "eurostat") for target in outside)))
    reporters = tuple(sorted(code_of(member, "eurostat") for member in members))
    rows = len(codes) * len(wanted.years) * len(partners) * len(reporters) // 3
    for freq, how, cells in (("A", "yearly", rows), ("M", "monthly", rows * 8)):
        if partners:
            what = f"exports of the EU's members to {', '.join(outside)}, {wanted.about}, {how}"
            query = Query(reporters, codes, partners, ("export",), freq, first, last)
            yield Question(what, query, cells)
    for target in wanted.targets:
        if wanted.homes[target] == SOURCE:
            hs_revision_at(target, first)
            query = Query((code_of(target, "eurostat"),), codes, since=first, until=last)
            rows = len(codes) * len(wanted.years) * 2 * PARTNERS
            yield Question(f"trade of {target}, {wanted.about}", query, rows)


def _parts(query: Query) -> list[Query]:
    """Return one query a member for every partner; one for all members to a few partners."""
    return [query] if query.partners else one_by_one("reporters")(query)


#: Groups of economies that have a code of two letters there; ``EA`` is the euro area.
_GROUPS = ("EA", "EU")


def _snapshot(query: Query, client: Client) -> pd.DataFrame:
    """Return trade in euros; aggregates but the world are left out, stores and secrets noted."""
    raw = fetch(query, client)
    notes = list(raw.attrs.get("notes", []))
    partner = raw["partner_code"]
    group = ((partner.str.len() > 2) | partner.isin(_GROUPS)) & (partner != "WORLD")
    # QP … QZ: ships' stores, countries not specified or kept secret; XA … XZ: parts of oceans.
    unknown = partner.str.fullmatch(r"Q[P-Z]|X[AORZ]")
    if unknown.any():
        value = raw.loc[unknown, "value_eur"].sum()
        notes.append(
            f"{int(unknown.sum())} rows with unspecified or secret partners (EUR {value:,.0f}) "
            "are in the world total and in no partner"
        )
    raw = raw[~group & ~unknown & raw["value_eur"].notna()]
    named, reporter = (
        economies(raw[column], "eurostat", SOURCE, notes, amounts=raw["value_eur"], unit="EUR",
                  ignore=[total])
        for column, total in (("partner_code", "WORLD"), ("reporter_code", EU27))
    )  # fmt: skip
    partner = named.mask(raw["partner_code"] == "WORLD", WORLD)
    raw = raw.assign(reporter=reporter, partner=partner).dropna(subset=["reporter", "partner"])
    pairs = raw[["reporter", "period"]].drop_duplicates().itertuples(index=False)
    revisions = {(r, p): hs_revision_at(r, p) for r, p in pairs}
    cells = zip(raw["reporter"], raw["period"], strict=True)
    raw = raw.assign(hs_revision=pd.Series([revisions[c] for c in cells], raw.index, "str"))
    keys = ["reporter", "partner", "flow", "hs_revision", "cmd_code", "period", "freq", "valuation"]
    amounts = ["value_eur", "net_weight_kg"]
    return noted(raw.groupby(keys, as_index=False)[amounts].sum(min_count=1), notes)


SOURCES = (
    Source(
        "comext", 40, redistributable=True,
        producer="Eurostat", short="Eurostat Comext",
        title="EU trade by member state, partner and HS6",
        citation=f"Eurostat, Comext, data set {DATASET}.",
        licence="Reuse permitted with attribution (Commission Decision 2011/833/EU)",
        licence_url="https://ec.europa.eu/eurostat/about-us/policies/copyright",
        quirks=(
            "Euros; converted to US dollars only when the warehouse is built.",
            "Imports are c.i.f. and exports f.o.b.; trade within the EU is by member of "
            "consignment.",
            "Partner WLD is Eurostat's own world total.",
        ),
        feeds=(Feed("trade", same={"trade_system": None}, amount="value_eur", currency="EUR"),),
        provider=PROVIDER, file="eu_trade_hs6.parquet",
        groups=("reporter", "partner", "flow", "period"),
        plan=_plan, fetch=_snapshot, parts=_parts, answer_s=20.0,
        questions=lambda query, _: [(with_query(*request(query)), None)],
        home=lambda target, _: target in group_members("EU27"), trial=("FIN", 2022),
    ),
)  # fmt: skip

"""OECD: bilateral trade by industry and end-use, inter-country input-output, and others.

Service: ``sdmx.oecd.org/public/rest/data/{agency},{dsd}@{flow},{version}/{key}`` in SDMX-CSV.
Rows come in no order; 20 to 60 downloads an hour are allowed; ``NoRecordsFound`` comes as 404.
The old service's SDMX-JSON is read too. Reuse with attribution to the OECD.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from marketintel.errors import SourceError, UsageError
from marketintel.sources.formats import sdmx
from marketintel.sources.formats.notices import notice, refuse
from marketintel.sources.formats.tidy import (
    Body,
    Contract,
    conform,
    empty,
    frequencies,
    numbers,
    periods,
    reading,
    text_of,
)
from marketintel.sources.http.answers import Answer
from marketintel.sources.http.client import Client, client_for
from marketintel.sources.http.provider import Provider
from marketintel.sources.scope import asked

SOURCE = "oecd"
#: An interval of 60 s is what 60 downloads an hour leave; MARKETINTEL_OECD_INTERVAL_S changes it.
PROVIDER = Provider(SOURCE, "https://sdmx.oecd.org/public/rest", min_interval_s=60.0)

#: The data flow's other dimensions follow as ``str`` columns in lower case. ``value`` is in
#: ``unit`` times ten to the power ``unit_mult`` (NaN: not stated). Rows are sorted by key.
CONTRACT: Contract = {
    "dataflow": "str",
    "ref_area": "str",
    "period": "str",
    "freq": "str",
    "value": "float64",
    "unit": "str",
    "unit_mult": "float64",
    "status": "str",
}

#: Data flows that the studies use: agency, data flow, version. Trade by industry and end-use
#: (once BTDIxE) has the key FREQ.REF_AREA.TRADE_FLOW.END_USE.PRODUCT.COUNTERPART_AREA.UNIT.
#: Some flows of this agency answer at ``/sti-public/rest`` only: MARKETINTEL_OECD_URL leads there.
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
    """A cut through one data flow.

    Attributes
    ----------
    dataflow : str
        ``AGENCY,DSD@FLOW,VERSION`` or a name of :data:`DATAFLOWS`.
    key : str
        Dimension codes joined by points; empty places mean all, ``+`` means or.
    since, until : str, optional
        First and last period.
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


def perform(query: Query, client: Client) -> Answer:
    """Ask once; a 404 that says NoRecordsFound is an answer."""
    path, params = request(query)
    return client.get(
        path,
        params,
        headers={"Accept": _CSV},
        accept=(200, 404),
        expect=_MEDIA,
        check=partial(_acceptable, query=query),
    )


def _acceptable(answer: Answer, query: Query) -> pd.DataFrame:
    found = notice(answer.body, SOURCE) if answer.body.strip() else None
    if found and found.kind != "empty":
        raise refuse(found, SOURCE)
    if answer.status == 404 and not found:
        raise SourceError(f"{SOURCE}: HTTP 404 without a reason; check the data flow's version")
    return asked(process(answer.body), SOURCE, since=query.since, until=query.until)


def fetch(
    query: Query, *, client: Client | None = None, base_url: str | None = None
) -> pd.DataFrame:
    """Return the figures of a query: :data:`CONTRACT` and the data flow's other dimensions."""
    check(query)
    with client_for(PROVIDER, client, base_url) as talk:
        frame: pd.DataFrame = perform(query, talk).content
    return frame


@reading(SOURCE)
def process(body: Body | Mapping[str, Any]) -> pd.DataFrame:
    """Turn an SDMX answer into :data:`CONTRACT`; no rows where nothing was found.

    Raises
    ------
    SourceError
        A notice other than "nothing found", or a missing field.
    """
    blank = isinstance(body, bytes | str) and not text_of(body, SOURCE).strip()
    if not blank and (found := notice(body, SOURCE)):
        if found.kind != "empty":
            raise refuse(found, SOURCE)
        return empty(CONTRACT, found.text)
    rows = pd.DataFrame() if blank else sdmx.read(body, SOURCE)
    if not len(rows):
        return empty(CONTRACT)
    rows = rows.rename(columns={k: v for k, v in _NAMES.items() if v not in rows})
    rows = rows.loc[:, ~rows.columns.duplicated()]
    rows["value"] = numbers(rows.pop(sdmx.VALUE), SOURCE, sdmx.VALUE)
    rows["period"] = periods(rows.pop(sdmx.PERIOD)) if sdmx.PERIOD in rows else None
    if "FREQ" not in rows:
        rows["FREQ"] = frequencies(rows["period"])
    if "DATAFLOW" not in rows:
        rows["DATAFLOW"] = rows.get("STRUCTURE_ID")
    rows = rows.rename(columns={"UNIT_MEASURE": "unit", "OBS_STATUS": "status"})
    rows = rows.drop(columns=[name for name in rows if name in _BOOKKEEPING])
    rows = rows.rename(columns=str.lower)
    for optional in ("ref_area", "unit", "unit_mult", "status"):
        if optional not in rows:
            rows[optional] = None
    frame = conform(rows, CONTRACT, SOURCE, others=True)
    keys = [str(name) for name in frame if name not in ("value", "status", "unit_mult")]
    return frame.sort_values(keys, ignore_index=True)

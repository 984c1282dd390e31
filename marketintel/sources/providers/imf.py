"""IMF: World Economic Outlook (and other data flows) by SDMX 3.0, and the DataMapper.

Service: ``api.imf.org/external/sdmx/3.0/data/dataflow/{agency}/{flow}/+/{key}``; figures are text,
a data flow that does not exist answers 204 without a body. The DataMapper answers with every
country and year whatever is asked, history and projections without a mark, so filtering happens
here. Aggregates (``G001``, ``GX1213``) come beside countries.

Which figures are projections
    1. ``latest_actual``: the answer carries LATEST_ACTUAL_ANNUAL_DATA (``2024``, ``FY2024/25``);
       later years are projections. ``0`` or text without a year means that no year is actual.
    2. ``year_rule``: otherwise every year from that of the edition on (PUBLICATION_DATE if the
       answer has it, else the day of the answer). The October edition of
       2025 has no complete figures for 2025, and mostly none but estimates for earlier years
       that a country reports late, so the rule marks too few rather than too many.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pandas as pd

from marketintel.errors import SourceError, UsageError
from marketintel.sources.codes import economies
from marketintel.sources.formats import sdmx, tidy
from marketintel.sources.formats.notices import notice, refuse
from marketintel.sources.http.answers import Answer
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import Provider
from marketintel.sources.source import Feed, Question, Source, Wanted, noted, within

SOURCE = "imf"
PROVIDER = Provider(
    SOURCE, "https://api.imf.org/external/sdmx/3.0", hosts=("www.imf.org",), min_interval_s=1.5
)
DATAMAPPER_URL = "https://www.imf.org/external/datamapper/api/v1"

#: ``economy`` is ISO3 or an IMF group code. ``value`` is in ``unit``, at full size: the published
#: ``scale`` (a power of ten) says how the IMF displays it and is already in the value.
CONTRACT: tidy.Contract = {
    "economy": "str", "indicator": "str", "period": "str", "freq": "str", "value": "float64",
    "unit": "str", "scale": "float64", "is_projection": "bool", "projection_basis": "str",
    "dataset": "str",
}  # fmt: skip

#: The IMF's own codes for two economies; everywhere else it writes ISO3.
OWN_CODES = {"KOS": "XKX", "UVK": "XKX", "WBG": "PSE"}
_CODES_OF_OURS = {"XKX": "KOS", "PSE": "WBG"}

_LATEST_ACTUAL = "LATEST_ACTUAL_ANNUAL_DATA"


@dataclass(frozen=True)
class Query:
    """Series of economies (ISO3) and indicators (``NGDPD``; none means all), first and last year.

    ``dataset`` is ``AGENCY:FLOW`` with the key COUNTRY.INDICATOR.FREQUENCY, or ``DataMapper``.
    """

    economies: Sequence[str] = ()
    indicators: Sequence[str] = ()
    freq: str = "A"
    dataset: str = "IMF.RES:WEO"
    since: int | None = None
    until: int | None = None


def check(query: Query) -> None:
    """Raise UsageError for what the provider would answer with an empty body."""
    if query.dataset == "DataMapper":
        if len(query.indicators) != 1:
            raise UsageError("imf: the DataMapper answers one indicator at a time; name one")
    elif not re.fullmatch(r"[A-Z][A-Z0-9.]*:[A-Z0-9_]+", query.dataset):
        raise UsageError(
            f"imf: data set '{query.dataset}' is not of the form AGENCY:FLOW, as in IMF.RES:WEO"
        )


def request(query: Query) -> tuple[str, dict[str, str]]:
    """Return the path below the base URL (a whole address for the DataMapper) and parameters."""
    if query.dataset == "DataMapper":
        return f"{DATAMAPPER_URL}/{query.indicators[0]}", {}
    agency, _, flow = query.dataset.partition(":")
    economies = [_CODES_OF_OURS.get(code, code) for code in query.economies]
    key = ".".join("+".join(part) or "*" for part in (economies, query.indicators, [query.freq]))
    return f"/data/dataflow/{agency}/{flow}/+/{key}", {
        "dimensionAtObservation": "TIME_PERIOD",
        "attributes": "dsd",
        "measures": "all",
    }


def latest_request(query: Query) -> tuple[str, dict[str, str]]:
    """Return path and parameters of the question for the latest actual year of each series.

    The service gives it with the attributes of series only, so that it is a question of its own.
    """
    path, params = request(query)
    return path, params | {"attributes": "series", "firstNObservations": "1"}


def _acceptable(answer: Answer, query: Query) -> None:
    found = notice(answer.body, SOURCE)
    if found and found.kind != "empty":
        raise refuse(found, SOURCE)
    if answer.status == 404 and not found:
        raise SourceError(f"{SOURCE}: HTTP 404 without a reason; check the data set and the key")
    _read(answer.body, query, None)  # for its refusals: the day of the edition is not known here


def _read(body: tidy.Body, query: Query, day: date | None) -> pd.DataFrame:
    if query.dataset == "DataMapper":
        return process_datamapper(body, as_of=day)
    frame = process(body, as_of=day, dataset=query.dataset)
    wanted = [OWN_CODES.get(code, code) for code in query.economies]
    return within(frame, SOURCE, economy=wanted, indicator=query.indicators)


def _answer(query: Query, client: Client, path: str, params: dict[str, str]) -> Answer:
    """Ask once; an empty 204 and a 404 are answers."""
    check_answer = partial(_acceptable, query=query)
    return client.get(path, params, accept=(200, 204, 404), check=check_answer)


def fetch(query: Query, client: Client, as_of: date | None = None) -> pd.DataFrame:
    """Return the series of a query under :data:`CONTRACT`.

    ``as_of`` is the day of the edition, for the year rule; the day of the answer if not given.
    """
    check(query)
    answer = _answer(query, client, *request(query))
    day = as_of or answer.retrieved_at.date()
    frame = _asked_for(_read(answer.body, query, day), query)
    if frame.empty or query.dataset == "DataMapper":
        return frame
    return _with_latest(frame, query, client, day)


def _with_latest(frame: pd.DataFrame, query: Query, client: Client, day: date) -> pd.DataFrame:
    """Mark projections by the latest actual years, which are asked for apart."""
    try:
        answer = _answer(query, client, *latest_request(query))
        rows = sdmx.read(answer.body, SOURCE) if answer.body.strip() else pd.DataFrame()
    except SourceError as error:
        frame.attrs["notes"] = [*frame.attrs["notes"], f"latest actual years not told ({error})"]
        return frame
    if _LATEST_ACTUAL not in rows:
        return frame
    rows = rows.rename(columns={"REF_AREA": "COUNTRY"} | _indicator(rows))
    keys = [rows["COUNTRY"].replace(OWN_CODES), rows["INDICATOR"]]
    latest = rows[_LATEST_ACTUAL].groupby(keys).first()
    found = latest.reindex(pd.MultiIndex.from_frame(frame[["economy", "indicator"]]))
    stated = pd.Series(found.to_numpy(), frame.index, "str")
    again = _marked(frame, stated, day)
    told = frame["projection_basis"].eq("latest_actual") & stated.isna()  # by the answer itself
    for column in ("is_projection", "projection_basis"):
        again[column] = again[column].mask(told, frame[column]).astype(again[column].dtype)
    return again


def _asked_for(frame: pd.DataFrame, query: Query) -> pd.DataFrame:
    """Apply the query once more: the DataMapper ignores its filters, and years are not asked."""
    year = pd.to_numeric(frame["period"].str[:4])
    keep = pd.Series(True, index=frame.index)
    if query.economies:
        wanted = {OWN_CODES.get(code, code) for code in query.economies}
        keep &= frame["economy"].isin(wanted)
    if query.since:
        keep &= year >= query.since
    if query.until:
        keep &= year <= query.until
    attrs = frame.attrs
    frame = frame[keep].reset_index(drop=True)
    frame.attrs = attrs
    return frame


@tidy.reading(SOURCE)
def process(
    body: tidy.Body | Mapping[str, Any], *, as_of: date | None = None, dataset: str | None = None
) -> pd.DataFrame:
    """Turn an SDMX answer (JSON 1.0/2.0, ML or CSV) into :data:`CONTRACT`.

    Parameters
    ----------
    body : bytes, str or mapping
        As delivered; empty means that there is no such data flow or no such series.
    as_of : date, optional
        Day of the edition, for the year rule; today if not given.
    dataset : str, optional
        Name for the ``dataset`` column.
    """
    if isinstance(body, bytes | str) and not tidy.text_of(body, SOURCE).strip():
        return tidy.empty(CONTRACT, "empty answer: no such data flow, or no such series in it")
    if found := notice(body, SOURCE):
        if found.kind != "empty":
            raise refuse(found, SOURCE)
        return tidy.empty(CONTRACT, found.text)
    rows = sdmx.read(body, SOURCE)
    if not len(rows):
        return tidy.empty(CONTRACT, "no observations")
    rows = rows.rename(columns={"REF_AREA": "COUNTRY", "FREQ": "FREQUENCY"} | _indicator(rows))
    tidy.need(rows.columns, ["COUNTRY", "INDICATOR", sdmx.PERIOD], SOURCE)
    unit, scale = (
        next((rows[name] for name in names if name in rows), None)
        for names in (("UNIT", "UNIT_MEASURE", "TYPE_OF_TRANSFORMATION"), ("SCALE", "UNIT_MULT"))
    )
    frame = pd.DataFrame(
        {
            "economy": rows["COUNTRY"].replace(OWN_CODES),
            "indicator": rows["INDICATOR"],
            "period": tidy.periods(rows[sdmx.PERIOD]),
            "value": tidy.numbers(rows[sdmx.VALUE], SOURCE, sdmx.VALUE),
            "unit": unit,
            "scale": scale,
            "dataset": dataset,
        }
    )
    frame["freq"] = rows["FREQUENCY"] if "FREQUENCY" in rows else tidy.frequencies(frame["period"])
    latest = rows[_LATEST_ACTUAL] if _LATEST_ACTUAL in rows else pd.Series(None, rows.index, "str")
    for name in ("PUBLICATION_DATE", "UPDATE_DATE"):
        if name in rows:
            published = pd.to_datetime(rows[name], errors="coerce", utc=True).max()
            if not pd.isna(published):
                as_of = published.date()
                break
    return _marked(frame, latest, as_of)


@tidy.reading(SOURCE)
def process_datamapper(
    body: tidy.Body | Mapping[str, Any], *, as_of: date | None = None
) -> pd.DataFrame:
    """Turn a DataMapper answer into :data:`CONTRACT`; every country and year it holds."""
    if found := notice(body, SOURCE):
        if found.kind != "empty":
            raise refuse(found, SOURCE)
        return tidy.empty(CONTRACT, found.text)
    message = tidy.json_of(body, SOURCE)
    if not isinstance(message, Mapping) or not isinstance(message.get("values"), Mapping):
        # An unknown indicator answers with the lists of countries or indicators instead.
        return tidy.empty(CONTRACT, "no values: the DataMapper does not know this indicator")
    frame = pd.DataFrame(
        [
            (OWN_CODES.get(economy, economy), indicator, str(year), value)
            for indicator, economies in message["values"].items()
            for economy, years in (economies or {}).items()
            for year, value in (years or {}).items()
        ],
        columns=["economy", "indicator", "period", "value"],
    ).assign(freq="A", unit=None, scale=None, dataset="DataMapper")
    return _marked(frame, pd.Series(None, frame.index, "str"), as_of)


def _indicator(rows: pd.DataFrame) -> dict[str, str]:
    """Return how to rename what stands for INDICATOR, such as COMMODITY in PCPS."""
    named = [name for name in ("COMMODITY", "SERIES", "SUBJECT") if name in rows]
    return {} if "INDICATOR" in rows or not named else {named[0]: "INDICATOR"}


def _marked(frame: pd.DataFrame, latest: pd.Series, as_of: date | None) -> pd.DataFrame:
    """Add ``is_projection`` and ``projection_basis`` (see the module's text), with a note."""
    edition = (as_of or datetime.now(UTC).date()).year
    year = pd.to_numeric(frame["period"].str[:4], errors="coerce")
    stated = latest.notna()
    last = pd.to_numeric(latest.str.extract(r"((?:19|20)\d\d)")[0], errors="coerce").fillna(0)
    frame["is_projection"] = (year > last).where(stated, year >= edition)
    frame["projection_basis"] = stated.map({True: "latest_actual", False: "year_rule"})
    marked = tidy.conform(frame, CONTRACT, SOURCE)
    if not stated.all():
        marked.attrs["notes"] = [
            f"{int((~stated).sum())} figures come without their latest actual year: years from "
            f"{edition} on count as projections"
        ]
    return marked


#: WEO indicators under the warehouse's names and units.
WEO = {
    "NGDPD": ("gdp_current_usd", "USD"),
    "NGDP_RPCH": ("gdp_growth_pct", "%"),
    "PCPIPCH": ("cpi_inflation_pct", "%"),
    "LP": ("population", "persons"),
}
#: Years asked for beyond the last one, and back from this one, to put actual figures in the place
#: of earlier editions' projections.
_AHEAD = 5


def _plan(wanted: Wanted) -> Iterator[Question]:
    since, until = min(wanted.years[0], wanted.now - _AHEAD), wanted.years[-1] + _AHEAD
    query = Query(indicators=tuple(WEO), since=since, until=until)
    what = f"{len(WEO)} indicators with projections, all economies, {since}–{until}"
    yield Question(what, query, len(WEO) * (until - since + 1) * 200)


def _snapshot(query: Query, client: Client) -> pd.DataFrame:
    """Return the outlook with its projections flagged; groups of countries are left out."""
    raw = fetch(query, client)
    raw = raw[raw["indicator"].isin(WEO) & raw["value"].notna()]
    groups = [code for code in raw["economy"].unique() if not (len(code) == 3 and code.isalpha())]
    notes = list(raw.attrs.get("notes", []))
    economy = economies(raw["economy"], "iso3", SOURCE, notes, ignore=groups)
    frame = raw.assign(
        economy=economy,
        indicator=raw["indicator"].map({code: name for code, (name, _) in WEO.items()}),
        unit=raw["indicator"].map({code: unit for code, (_, unit) in WEO.items()}),
    )
    columns = ["economy", "indicator", "period", "value", "unit", "is_projection"]
    return noted(frame[economy.notna()][columns], notes)


SOURCES = (
    Source(
        "imf", 140, redistributable=True,
        producer="International Monetary Fund",
        title="World Economic Outlook: GDP, growth, prices and population, with projections",
        citation="International Monetary Fund, World Economic Outlook database.",
        licence="IMF terms: free use with attribution",
        licence_url="https://www.imf.org/en/About/copyright-and-terms",
        quirks=(
            "Years after a country's latest actual figure are projections, flagged is_projection; "
            "where the IMF does not say, years from the edition's on are.",
        ),
        feeds=(Feed("macro"),),
        provider=PROVIDER, file="weo.parquet", groups=("indicator", "economy", "period"),
        plan=_plan, fetch=_snapshot, years="all", by_code=False,
        questions=lambda query, _: (request(query), latest_request(query)),
    ),
)  # fmt: skip

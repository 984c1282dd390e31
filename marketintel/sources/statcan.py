"""Statistics Canada: series and whole tables from the Web Data Service.

Service: ``www150.statcan.gc.ca/t1/wds/rest/…``. Questions are POSTed as arrays, and every item
of the answer has its own status, so one may fail among many that succeed, and they may come in
another order. 409 means that the tables are being updated (before 8:30 Eastern) or that nothing
was released. Whole tables come as a zip of CSV. Canada's trade by HS code and country is not in
these tables: see :mod:`marketintel.sources.cimt`. Statistics Canada Open Licence.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from marketintel.errors import SourceError, UsageError
from marketintel.sources.answers import Answer
from marketintel.sources.http import Client, RetryLater
from marketintel.sources.notices import notice, refuse
from marketintel.sources.session import conversation
from marketintel.sources.settings import Provider
from marketintel.sources.tidy import (
    Body,
    Contract,
    as_list,
    conform,
    empty,
    frequencies,
    json_of,
    member_of,
    need,
    periods,
    reading,
    snippet,
)

SOURCE = "statcan"
PROVIDER = Provider(
    SOURCE,
    "https://www150.statcan.gc.ca/t1/wds/rest",
    min_interval_s=0.2,
    max_bytes=1 << 30,
)

#: ``value`` as published, in units of ten to the power ``scale``; a table's dimensions follow as
#: ``str`` columns. ``status`` holds the provider's mark or status code where it is not normal.
CONTRACT: Contract = {
    "product_id": "str",
    "coordinate": "str",
    "vector": "str",
    "period": "str",
    "freq": "str",
    "value": "float64",
    "scale": "float64",
    "unit": "str",
    "status": "str",
}

_FREQUENCIES = {1: "D", 2: "W", 6: "M", 9: "Q", 11: "S", 12: "A", 13: "A"}
_PUBLISHING = 6
#: Series in one question; more are refused.
MAX_SERIES = 300


@dataclass(frozen=True)
class Query:
    """Series, by vector or by table and coordinate; or one whole table.

    Attributes
    ----------
    vectors : sequence of int
        Vector numbers, without the ``v``.
    coordinates : sequence of (int, str)
        Table number and coordinate, such as ``(18100004, "2.3")``.
    latest : int
        How many of the latest periods of each series.
    table : int, optional
        Number of a table to get whole.
    """

    vectors: Sequence[int] = ()
    coordinates: Sequence[tuple[int, str]] = ()
    latest: int = 24
    table: int | None = None


def check(query: Query) -> None:
    """Raise UsageError for what the provider would refuse."""
    kinds = [bool(query.vectors), bool(query.coordinates), query.table is not None]
    if sum(kinds) != 1:
        raise UsageError("statcan: ask for vectors, for coordinates, or for one table")
    if len(query.vectors) + len(query.coordinates) > MAX_SERIES:
        raise UsageError(f"statcan: more than {MAX_SERIES} series at once; ask in parts")


def request(query: Query) -> tuple[str, list[dict[str, Any]]]:
    """Return the path below the base URL, and the array to post (empty: a GET)."""
    if query.table is not None:
        return f"/getFullTableDownloadCSV/{query.table}/en", []
    if query.vectors:
        items = [{"vectorId": vector, "latestN": query.latest} for vector in query.vectors]
        return "/getDataFromVectorsAndLatestNPeriods", items
    return "/getDataFromCubePidCoordAndLatestNPeriods", [
        {"productId": product, "coordinate": _ten_places(coordinate), "latestN": query.latest}
        for product, coordinate in query.coordinates
    ]


def _ten_places(coordinate: str) -> str:
    parts = coordinate.split(".")
    return ".".join(parts + ["0"] * (10 - len(parts)))


def perform(query: Query, client: Client) -> Answer:
    """Ask once; for a table, get the archive that the answer names."""
    path, items = request(query)
    if items:
        return client.post(path, items, accept=(200, 409), check=_acceptable)
    answer = client.get(path, accept=(200, 409))
    if answer.status == 409:
        return answer
    named = json_of(answer.body, SOURCE)
    if not isinstance(named, Mapping) or named.get("status") != "SUCCESS":
        raise SourceError(f"{SOURCE}: table {query.table} is not available ({snippet(str(named))})")
    return client.get(str(named["object"]), expect="zip")


def _acceptable(answer: Answer) -> None:
    """Have an answer repeated whose tables are just being published; refuse one of no use."""
    if answer.status == 200 and any(
        isinstance(item.get("object"), Mapping)
        and item["object"].get("responseStatusCode") == _PUBLISHING
        for item in as_list(answer.json())
        if isinstance(item, Mapping)
    ):
        raise RetryLater("a table is being published", after_s=60)
    if answer.status == 200:
        process(answer.body)


def fetch(
    query: Query, *, client: Client | None = None, base_url: str | None = None
) -> pd.DataFrame:
    """Return the series or the table of a query under :data:`CONTRACT`.

    Raises
    ------
    SourceError
        The provider could not be reached, or did not deliver one of the series asked for.
    """
    check(query)
    with conversation(PROVIDER, client, base_url) as talk:
        answer = perform(query, talk)
    if answer.status == 409:
        return empty(CONTRACT, "HTTP 409: nothing released, or tables being updated")
    if query.table is not None:
        return process_table(answer.body, product_id=str(query.table))
    frame = process(answer.body)
    if failed := frame.attrs.get("failed"):
        raise SourceError(
            f"{SOURCE}: {len(failed)} series were not delivered ({snippet('; '.join(failed))}); "
            "correct or leave out these"
        )
    return frame


@reading(SOURCE)
def process(body: Body | list[Any] | Mapping[str, Any]) -> pd.DataFrame:
    """Turn the answer to a question for series into :data:`CONTRACT`.

    Items that failed are listed in ``attrs["failed"]``.

    Raises
    ------
    SourceError
        Not an answer of this service, or every item failed.
    """
    message = json_of(body, SOURCE)
    if isinstance(message, Mapping) and (said := notice(message, SOURCE)):
        raise refuse(said, SOURCE)
    rows, failed = [], []
    items = [pair for item in as_list(message) for pair in _series(item)]
    for status, series in items:
        code = series.get("responseStatusCode", 0) if isinstance(series, Mapping) else None
        if status != "SUCCESS" or code != 0:
            failed.append(snippet(str(series), 100))
            continue
        need(series, ["vectorDataPoint"], SOURCE)
        rows += [
            {
                "product_id": series.get("productId"),
                "coordinate": series.get("coordinate"),
                "vector": series.get("vectorId"),
                "freq": _FREQUENCIES.get(int(point.get("frequencyCode") or 0)),
                "period": point.get("refPer"),
                "value": point.get("value"),
                "scale": point.get("scalarFactorCode"),
                "status": _mark(point),
            }
            for point in as_list(series["vectorDataPoint"])
        ]
    if failed and len(failed) == len(items):
        raise SourceError(f"{SOURCE}: no series was delivered ({snippet('; '.join(failed))})")
    frame = pd.DataFrame(rows, columns=[name for name in CONTRACT if name != "unit"])
    frame["unit"] = None
    frame["period"] = [
        _by_frequency(str(period), freq)
        for period, freq in zip(frame["period"], frame["freq"], strict=True)
    ]
    frame = conform(frame, CONTRACT, SOURCE)
    frame.attrs["failed"] = failed
    return frame


def _series(item: Any) -> list[tuple[str, Any]]:
    """Return status and series of an item; some questions are answered by lists of series."""
    if not isinstance(item, Mapping):
        raise SourceError(f"{SOURCE}: got {snippet(str(item), 60)}; expected items with status")
    status = str(item.get("status", "SUCCESS"))
    held = item.get("object", item)
    return [(status, series) for series in (held if isinstance(held, list) else [held])]


def _mark(point: Mapping[str, Any]) -> str | None:
    """Return the codes that say a figure is not a normal one; None where it is."""
    names = {"statusCode": "status", "symbolCode": "symbol", "securityLevelCode": "security"}
    marks = [f"{label} {point[name]}" for name, label in names.items() if point.get(name)]
    return ", ".join(marks) or None


def _by_frequency(day: str, freq: str | None) -> str:
    if freq == "Q":
        return f"{day[:4]}-Q{(int(day[5:7]) + 2) // 3}"
    return day[: {"A": 4, "M": 7}.get(freq or "", 10)]


@reading(SOURCE)
def process_table(body: bytes | str, *, product_id: str | None = None) -> pd.DataFrame:
    """Turn a whole table, as zip or CSV, into :data:`CONTRACT` and its dimensions."""
    if isinstance(body, bytes) and body.startswith(b"PK"):
        body = member_of(body, SOURCE, ".csv", without="MetaData")
    raw = body.encode() if isinstance(body, str) else body
    rows = pd.read_csv(
        io.BytesIO(raw), dtype="str", keep_default_na=False, na_values=[""], encoding="utf-8-sig"
    )
    need(rows.columns, ["REF_DATE", "VALUE"], SOURCE)
    ours = {"UOM": "unit", "VECTOR": "vector", "COORDINATE": "coordinate", "VALUE": "value",
            "SCALAR_ID": "scale", "STATUS": "status"}  # fmt: skip
    rows = rows.rename(columns=ours)
    rows["period"] = periods(rows.pop("REF_DATE"))
    rows["freq"] = frequencies(rows["period"])
    rows["product_id"] = product_id
    for optional in ours.values():
        if optional not in rows:
            rows[optional] = None
    rows["vector"] = rows["vector"].astype("str").str.removeprefix("v")
    drop = ("UOM_ID", "SCALAR_FACTOR", "TERMINATED", "DECIMALS")
    return conform(
        rows.drop(columns=[name for name in drop if name in rows]), CONTRACT, SOURCE, others=True
    )

"""World Bank: recorded answers, and paging, which no recording has (synthetic)."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from marketintel.errors import SourceError, UsageError
from marketintel.sources.http.client import Client
from marketintel.sources.providers import worldbank
from marketintel.sources.providers.worldbank import PROVIDER, Query, fetch
from tests.sources.server import FakeClock, Reply, Request, Server

GDP = Query(("NY.GDP.MKTP.CD",), 2024, 2025, ("MEX", "EMU"))


@pytest.fixture(scope="session")
def recorded(shared: Path) -> Callable[[str], Any]:
    return lambda name: json.loads((shared / "specimens/worldbank" / name).read_bytes())


def answering(body: Any, query: Query = GDP) -> pd.DataFrame:
    with Server() as server, Client(replace(PROVIDER, base=server.url), clock=FakeClock()) as c:
        server.route("/", lambda _: Reply(json=body))
        return fetch(query, c)


def test_recorded_gdp_with_an_aggregate_and_a_null(recorded: Callable[[str], Any]) -> None:
    frame = answering(recorded("ok_GDP_MEX_EMU_excerpt.json"))
    assert list(frame.columns) == list(worldbank.CONTRACT)
    assert frame.to_dict("records") == [
        {"economy_code": "MEX", "indicator": "gdp_current_usd", "period": period, "value": value,
         "unit": "USD", "is_projection": False, "is_aggregate": False}
        for period, value in (("2024", 1830489311088.89), ("2025", 1832641364775.52))
    ]  # fmt: skip
    assert frame.attrs["updated"] == {"NY.GDP.MKTP.CD": "2026-07-13"}


def test_recorded_nulls_are_missing_not_zero(recorded: Callable[[str], Any]) -> None:
    query = Query(("EG.ELC.RNEW.ZS",), 2020, 2025, ("CAN",))
    frame = answering(recorded("ok_EG.ELC.RNEW.ZS_CAN_nulls_EXCERPT.json"), query)
    assert dict(zip(frame["period"], frame["value"], strict=True)) == {
        "2020": 67.0564578594512, "2021": 67.0163805768966}  # fmt: skip
    assert set(frame["indicator"]) == {"EG.ELC.RNEW.ZS"}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("error_120_invalid_value.json", "120 The provided parameter value is not valid"),
        ("error_175_indicator_not_found.json", "175 The indicator was not found"),
    ],
)
def test_recorded_errors_behind_status_200(
    recorded: Callable[[str], Any], name: str, says: str
) -> None:
    with pytest.raises(SourceError, match=f"^worldbank: {says}"):
        answering(recorded(name))


def test_recorded_error_as_xml(shared: Path) -> None:
    body = (shared / "specimens/worldbank/error_120.xml").read_bytes()
    with Server() as server, Client(replace(PROVIDER, base=server.url), clock=FakeClock()) as c:
        server.route("/", lambda _: Reply(body=body, content_type="text/xml"))
        with pytest.raises(SourceError, match=r"text/xml where application/json.*not valid"):
            fetch(GDP, c)


def synthetic(iso3: str, value: float | None, date: str = "2024") -> dict[str, Any]:
    return {
        "indicator": {"id": "SP.POP.TOTL", "value": "Population, total"},
        "country": {"id": iso3[:2], "value": iso3}, "countryiso3code": iso3, "date": date,
        "value": value, "unit": "", "obs_status": "", "decimal": 0,
    }  # fmt: skip


def test_every_page_is_asked_for() -> None:
    def page(request: Request) -> Reply:
        number = int(request.query["page"])
        return Reply(
            json=[{"page": number, "pages": 3}, [synthetic("USA", number, str(2020 + number))]]
        )

    with Server() as server, Client(replace(PROVIDER, base=server.url), clock=FakeClock()) as c:
        server.route("/country/all/indicator/SP.POP.TOTL", page)
        frame = fetch(Query(("SP.POP.TOTL",), 2020, 2024), c)
    assert list(frame["value"]) == [1, 2, 3]
    assert server.requests[0].query["date"] == "2020:2024"


def test_aggregates_are_marked_also_without_a_code_of_three() -> None:
    rows = [synthetic("USA", 1), synthetic("WLD", 2), synthetic("", 3) | {"country": {"id": "V3"}}]
    frame = answering([{"pages": 1}, rows], Query(("SP.POP.TOTL",), 2024, 2024))
    assert dict(zip(frame["economy_code"], frame["is_aggregate"], strict=True)) == {
        "USA": False, "V3": True, "WLD": True}  # fmt: skip


@pytest.mark.parametrize("body", [[{"page": 0, "pages": 0, "total": 0}, None], [{"pages": 1}, []]])
def test_nothing_is_no_error(body: Any) -> None:
    frame = answering(body)
    assert frame.empty
    assert list(frame.columns) == list(worldbank.CONTRACT)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"rows": []}, "not a head with 'pages'"),
        ([{"pages": 1}, {"a": 1}], "not a head with 'pages'"),
        ([{"pages": 1}, [{"date": "2024"}]], "no field 'indicator'"),
        ([{"pages": 1}, [synthetic("USA", 1) | {"indicator": {"id": "X"}}]], "got X where SP.POP"),
        (
            [{"pages": 1}, [synthetic("USA", 1), synthetic("USA", 2)]],
            "two figures for population USA",
        ),
    ],
)
def test_a_changed_format_stops(body: Any, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        answering(body, Query(("SP.POP.TOTL",), 2024, 2024))


@pytest.mark.parametrize(
    ("query", "says"),
    [(replace(GDP, indicators=()), "no indicators"), (replace(GDP, first_year=2026), "swap")],
)
def test_questions_that_cannot_be_put(query: Query, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        worldbank.check(query)

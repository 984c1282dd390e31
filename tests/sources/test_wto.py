"""WTO: the recorded excerpt, and a key that is asked for and never told. Others are synthetic."""

import json
from dataclasses import replace

import pytest

from marketintel.errors import SourceError, Unreachable, UsageError
from marketintel.sources.http.client import Client
from marketintel.sources.providers import wto
from marketintel.sources.providers.wto import CONTRACT, PROVIDER, Query, fetch, process, request
from tests.sources.server import FakeClock, Server

KEY = "synthetic-key-0123456789"
QUERY = Query("HS_P_0070", 2020, 2022)


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def client(server, monkeypatch):
    monkeypatch.setenv("WTO_KEY", KEY)
    with Client(replace(PROVIDER, base=server.url), clock=FakeClock()) as opened:
        yield opened


def test_recorded_excerpt(shared):
    body = (shared / "specimens/wto/timeseries_HS_P_0070_BOL_rice_EXCERPT.json").read_bytes()
    got = process(body)
    assert list(got) == list(CONTRACT)
    expected = {"indicator": "HS_P_0070", "reporter_code": "068", "partner_code": "032",
                "cmd_code": "100640", "period": "2020", "freq": "A", "value": 0.0, "unit": "PCT",
                "status": "PREF"}  # fmt: skip
    assert got.loc[0, list(expected)].to_dict() == expected
    assert got["period"].tolist() == ["2020", "2022"]


@pytest.mark.parametrize(
    ("code", "period"), [("A", "2024"), ("M03", "2024-03"), ("Q2", "2024-Q2"), ("M12", "2024-12")]
)
def test_periods(code, period):
    row = {"IndicatorCode": "I", "ReportingEconomyCode": "840", "ProductOrSectorCode": "TO",
           "PeriodCode": code, "Year": 2024, "Value": None}  # fmt: skip
    got = process([row])
    assert got["period"].tolist() == [period]
    assert got["value"].isna().all()


def test_edges(monkeypatch):
    for body in ("", b"", '{"Dataset": []}', "[]"):
        assert len(process(body)) == 0
    with pytest.raises(SourceError, match="no field 'Dataset'"):
        process({"Data": []})
    with pytest.raises(SourceError, match="no field"):
        process({"Dataset": [{"Year": 2020}]})
    monkeypatch.setattr(wto, "MAX_ROWS", 1)
    with pytest.raises(SourceError, match="the limit"):
        process({"Dataset": [{"Year": 2020}]})


def test_questions_that_cannot_be_asked(monkeypatch):
    monkeypatch.delenv("WTO_KEY", raising=False)
    with Client(PROVIDER) as client, pytest.raises(Unreachable, match="WTO_KEY"):
        fetch(QUERY, client)
    for query in (Query("hs m", 2020, 2021), Query("HS_M_0010", 2022, 2021)):
        with pytest.raises(UsageError, match=r"^wto: "):
            fetch(query, None)


def test_the_key_is_in_no_address():
    assert not any("key" in name for name in request(QUERY)[1])


def test_fetch_over_http_sends_the_key_as_header_only(server, client, shared):
    body = shared / "specimens/wto/timeseries_HS_P_0070_BOL_rice_EXCERPT.json"
    server.add("/data", json=json.loads(body.read_text()))
    assert len(fetch(QUERY, client=client)) == 2
    asked = server.requests[0]
    assert asked.headers["Ocp-Apim-Subscription-Key"] == KEY
    assert KEY not in str(asked.query)
    assert asked.query["ps"] == "2020-2022"


def test_204_is_empty(server, client):
    server.add("/data", status=204)
    assert len(fetch(QUERY, client=client)) == 0


def test_an_error_that_quotes_the_key_does_not_tell_it(server, client):
    server.add("/data", json={"errors": [f"Invalid subscription key {KEY}"]})
    with pytest.raises(SourceError) as error:
        fetch(QUERY, client=client)
    assert "Invalid subscription" in str(error.value)
    assert KEY not in str(error.value)

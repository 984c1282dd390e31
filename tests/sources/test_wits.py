"""WITS tariffs: the recorded schedule in both key orders, specific duties, "no data" three ways.

Messages written here are synthetic.
"""

import json
from dataclasses import replace

import pandas as pd
import pytest

from marketintel.errors import SourceError, UsageError
from marketintel.sources.http.answers import AnswerStore
from marketintel.sources.http.client import Client
from marketintel.sources.providers.wits import (
    CONTRACT,
    PROVIDER,
    Query,
    fetch,
    filed_by,
    process,
    request,
)
from tests.sources.server import FakeClock, Server

PATH = "/reporter/840/partner/000/product/all/year/2017/datatype/reported"
NO_DATA = (
    b'<?xml version="1.0"?><wits:wits xmlns:wits="http://wits.worldbank.org"><wits:error>'
    b"<wits:message>No data for the request</wits:message></wits:error></wits:wits>"
)


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def client(server, tmp_path):
    provider = replace(PROVIDER, base=server.url)
    with Client(provider, AnswerStore(tmp_path), clock=FakeClock()) as opened:
        yield opened


@pytest.fixture(scope="session")
def recording(shared):
    return (shared / "specimens/wits/sdmxjson_tariff_TRAINS.json").read_bytes()


@pytest.fixture(scope="session")
def tariffs(recording):
    return process(recording)


def xml(rate="5", lines="2", specific="0", partner="000", kind="MFN", datatype="Reported"):
    """Return one structure-specific observation, in which nothing depends on places."""
    return (
        '<m:StructureSpecificData xmlns:m="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"'
        ' xmlns:ss="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/data/structurespecific"'
        ' xmlns:c="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common"'
        ' xmlns:ns="urn:x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><m:Header><m:ID>x'
        "</m:ID><m:Test>false</m:Test><m:Prepared>2024-01-01T00:00:00</m:Prepared>"
        '<m:Sender id="W"/>'
        '<m:Structure structureID="S" namespace="urn:x" dimensionAtObservation="TIME_PERIOD">'
        '<c:Structure><Ref agencyID="W" id="T" version="1.0"/></c:Structure></m:Structure>'
        "</m:Header>"
        '<m:DataSet ss:structureRef="S" xsi:type="ns:DataSetType" ss:dataScope="DataStructure">'
        f'<Series FREQ="A" REPORTER="840" PARTNER="{partner}" PRODUCTCODE="901320" '
        f'DATATYPE="{datatype}"><Obs TIME_PERIOD="2021" OBS_VALUE="{rate}" TARIFFTYPE="{kind}" '
        f'TOTALNOOFLINES="{lines}" NBR_NA_LINES="{specific}" MIN_RATE="0" MAX_RATE="9" '
        'NOMENCODE="H5"/></Series></m:DataSet></m:StructureSpecificData>'
    )


def test_recorded_schedule(tariffs):
    assert list(tariffs) == list(CONTRACT)
    assert len(tariffs) == 5388
    assert tariffs["cmd_code"].is_unique
    rates = tariffs.set_index("cmd_code")
    assert rates.loc["010130", "rate_pct"] == 6
    assert rates.loc["010190", ["rate_pct", "min_rate_pct", "max_rate_pct"]].tolist() == [2, 0, 4]
    for column, value in {"reporter_code": "840", "partner_code": "000", "period": "2017",
                          "hs_revision": "HS2017", "regime": "MFN"}.items():  # fmt: skip
        assert set(tariffs[column]) == {value}
    assert not tariffs["is_estimated"].any()


def test_recorded_specific_duties_are_no_zero_rates(tariffs):
    rates = tariffs.set_index("cmd_code")
    # 0102.39: one line, so much a kilogram; published as 0.
    assert rates.loc["010239", ["tariff_lines", "specific_lines"]].tolist() == [1, 1]
    assert rates["rate_pct"].isna()["010239"]
    # 0102.29: two lines, one of them free: the 0 is an average, with a line left out.
    assert rates.loc["010229", "rate_pct"] == 0
    assert rates.loc["010229", "has_specific_duties"]
    assert not rates.loc["010130", "has_specific_duties"]
    assert rates["has_specific_duties"].sum() == 618
    assert rates["rate_pct"].isna().sum() == 377
    # 2710.00, dead since 2001, has a 0 and blank counts: it rests on no line at all.
    assert rates.index[rates["rate_pct"].isna() & ~rates["has_specific_duties"]].tolist() == [
        "271000"
    ]


def test_declared_key_order_reads_the_same(recording, tariffs):
    message = json.loads(recording)
    dataset = message["dataSets"][0]
    dataset["series"] = {
        ":".join(key.split(":")[i] for i in (0, 1, 3, 2, 4)): series
        for key, series in dataset["series"].items()
    }
    pd.testing.assert_frame_equal(process(message), tariffs)


def test_numbers_as_numbers_and_a_mark_read_the_same(recording, tariffs):
    text = recording.decode()
    message = json.loads(text)
    for series in message["dataSets"][0]["series"].values():
        cells = series["observations"]["0"]
        cells[0] = str(cells[0])
    pd.testing.assert_frame_equal(process("\ufeff" + json.dumps(message)), tariffs)


def test_recorded_xml(shared):
    got = process((shared / "specimens/wits/sdmxml_WB_gh-78.xml").read_bytes())
    assert got.loc[0, ["reporter_code", "partner_code", "cmd_code", "period"]].tolist() == [
        "840", "000", "020110", "1989",
    ]  # fmt: skip
    assert got.loc[0, "hs_revision"] == "HS1992"
    assert got["rate_pct"].isna()[0]  # one line, and that a specific duty


@pytest.mark.parametrize(
    ("said", "rate", "flag"),
    [
        ({"rate": "5"}, 5, False),
        ({"rate": "0"}, 0, False),
        ({"rate": "0", "specific": "2"}, None, True),
        ({"rate": "0", "specific": "1"}, 0, True),
        ({"rate": "3", "specific": "2"}, 3, True),
        ({"rate": "0", "specific": "2", "datatype": "AveEstimated"}, 0, True),
        ({"rate": ""}, None, False),
    ],
)
def test_which_zero_is_a_rate(said, rate, flag):
    got = process(xml(**said)).iloc[0]
    assert pd.isna(got["rate_pct"]) if rate is None else got["rate_pct"] == rate
    assert got["has_specific_duties"] == flag
    assert got["is_estimated"] == ("datatype" in said)


def test_preferences_and_groups():
    got = process(xml(partner="A41", kind="PREF")).iloc[0]
    assert (got["regime"], got["partner_code"]) == ("preferential", "A41")


@pytest.mark.parametrize(
    "body", [NO_DATA, "NoRecordsFound", '{"dataSets": [{"series": {}}], "structure": {}}']
)
def test_no_data_is_empty(body):
    got = process(body)
    assert len(got) == 0
    assert list(got) == list(CONTRACT)


def test_schema_changes_stop(recording):
    with pytest.raises(SourceError, match="wits: the answer has no field 'PARTNER'"):
        process(recording.decode().replace('"PARTNER"', '"COUNTERPART"'))
    with pytest.raises(SourceError, match=r"wits: .*outside the declared dimensions"):
        process(recording.decode().replace('"0:0:7:0:0"', '"0:0:7:9:0"'))
    with pytest.raises(SourceError, match="wits: the JSON answer is broken or cut off"):
        process(recording[:100_000])


@pytest.mark.parametrize(
    ("reporter", "year", "code"),
    [("276", 2024, "918"), ("840", 2024, "840"), ("191", 2012, "191"), ("191", 2013, "918"),
     ("826", 2020, "918"), ("826", 2021, "826"), ("040", 1994, "040"), ("642", 2006, "642")],
)  # fmt: skip
def test_members_file_with_the_union_while_they_are_members(reporter, year, code):
    assert filed_by(reporter, year) == code


def test_members_are_those_of_the_reference_file():
    from marketintel.reference.countries import load_countries
    from marketintel.sources.providers.wits import EU_YEARS

    countries = load_countries()
    members = countries[countries["groups"].str.split(";").map(lambda all_: "EU27" in all_)]
    today = {code for code in EU_YEARS if filed_by(code, 2025) == "918"}
    assert today == set(members["iso_numeric"])


def test_request():
    path, params = request(Query("276", 2020, ["901320", "854143"]))
    assert path == "/reporter/918/partner/000/product/901320;854143/year/2020/datatype/reported"
    assert params == {"format": "JSON"}


@pytest.mark.parametrize(
    "query",
    [Query("USA", 2020), Query("840", 2020, ["9013"]), Query("840", 2020, partner="all"),
     Query("840", 2020, ["901320", "854143"], partner="all"), Query("840", 2020, datatype="x")],
)  # fmt: skip
def test_questions_that_cannot_be_asked(query):
    with pytest.raises(UsageError, match=r"^wits: "):
        fetch(query, None)


def test_fetch_over_http(server, client, recording, tariffs):
    server.add(PATH, body=recording, content_type="application/json", gzipped=True)
    pd.testing.assert_frame_equal(fetch(Query("840", 2017), client=client), tariffs)
    fetch(Query("840", 2017), client=client)
    assert (client.requests_sent, client.reused) == (1, 1)


@pytest.mark.parametrize(
    "reply",
    [{"status": 404, "body": b"NoRecordsFound"}, {"status": 404},
     {"body": NO_DATA, "content_type": "text/xml"}],
)  # fmt: skip
def test_no_data_over_http_is_empty_and_says_so(server, client, reply):
    server.add(PATH, **reply)
    got = fetch(Query("840", 2017), client=client)
    assert len(got) == 0
    assert got.attrs["notes"][0]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ({"body": b"<html>Busy</html>", "content_type": "text/html"}, "text/html"),
        ({"body": b'{"dataSets": [{"series": {', "content_type": "application/json"}, "cut off"),
        ({"status": 413, "body": b"Too many all"}, "HTTP 413: Too many all"),
    ],
)
def test_failures_are_errors_and_never_kept(server, client, tmp_path, reply, said):
    server.add(PATH, **reply)
    with pytest.raises(SourceError, match=said):
        fetch(Query("840", 2017), client=client)
    assert not list(tmp_path.glob("*/*.gz"))

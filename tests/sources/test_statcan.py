"""Statistics Canada: series with a status each, whole tables, and 409.

Only the first example is the provider's (from its guide); the others are synthetic.
"""

import io
import json
import zipfile
from dataclasses import replace

import pytest

from marketintel.errors import SourceError, UsageError
from marketintel.sources.http import Client
from marketintel.sources.statcan import (
    CONTRACT,
    PROVIDER,
    Query,
    fetch,
    process,
    process_table,
    request,
)
from tests.sources.server import FakeClock, Server

VECTORS = "/getDataFromVectorsAndLatestNPeriods"
COORDINATES = "/getDataFromCubePidCoordAndLatestNPeriods"


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def client(server):
    with Client(replace(PROVIDER, base=server.url), clock=FakeClock()) as opened:
        yield opened


def series(vector=1, *points, code=0):
    return {
        "status": "SUCCESS",
        "object": {
            "responseStatusCode": code,
            "productId": 12100011,
            "coordinate": "1.1.0.0.0.0.0.0.0.0",
            "vectorId": vector,
            "vectorDataPoint": list(points),
        },
    }


def point(period="2024-01-01", value="1.5", **other):
    return {"refPer": period, "value": value, "scalarFactorCode": 6, "frequencyCode": 6} | other


FAILED = {"status": "FAILED", "object": "Vector is invalid: 99"}


def test_example_of_the_guide(shared):
    name = "specimens/statcan/getDataFromVectorsAndLatestNPeriods_DOC_EXAMPLE.json"
    got = process((shared / name).read_bytes())
    assert list(got) == list(CONTRACT)
    expected = {"product_id": "34100006", "vector": "42076", "period": "2017-07", "freq": "M",
                "value": 18381.0, "scale": 0.0}  # fmt: skip
    assert got.loc[0, list(expected)].to_dict() == expected


def test_recorded_whole_table(shared):
    got = process_table((shared / "specimens/statcan/18100204-eng.zip").read_bytes())
    assert len(got) == 11_804  # nbDatapointsCube in the recorded metadata
    assert got.loc[0, ["period", "freq", "value", "unit", "vector", "GEO"]].tolist() == [
        "1981-01", "M", 31.0, "Index, 2014=100", "107792869", "Canada",
    ]  # fmt: skip
    metadata = json.loads((shared / "specimens/statcan/cube_metadata_18100204.json").read_text())
    assert len(got) == metadata["nbDatapointsCube"]
    assert got["vector"].nunique() == metadata["nbSeriesCube"]
    assert got["Index"].nunique() == 3
    # What is suppressed ("x" in the file's legend: confidential) is missing, and nothing else.
    assert got["value"].isna().sum() == 32
    assert got.loc[got["value"].isna(), "status"].eq("x").all()


def test_recorded_lists_and_metadata_are_not_series(shared):
    for name in ("sdmxdl_datatables.json", "cube_metadata_18100204.json"):
        with pytest.raises(SourceError, match="no field 'vectorDataPoint'"):
            process((shared / "specimens/statcan" / name).read_bytes())


@pytest.mark.parametrize(
    ("code", "day", "period", "freq"),
    [(6, "2024-03-01", "2024-03", "M"), (12, "2024-01-01", "2024", "A"),
     (9, "2024-07-01", "2024-Q3", "Q"), (9, "2024-01-01", "2024-Q1", "Q"),
     (1, "2024-03-05", "2024-03-05", "D"), ("6", "2024-03-01", "2024-03", "M")],
)  # fmt: skip
def test_periods_follow_the_frequency(code, day, period, freq):
    got = process([series(1, point(day, frequencyCode=code))])
    assert got.loc[0, ["period", "freq"]].tolist() == [period, freq]


def test_suppressed_and_missing_values():
    got = process([series(1, point(value=None, statusCode=1), point(value=2, securityLevelCode=1))])
    assert got["value"].isna().tolist() == [True, False]
    assert got["status"].tolist() == ["status 1", "security 1"]
    assert set(got["scale"]) == {6}


def test_one_failure_among_many_is_told():
    got = process([series(2, point()), FAILED, series(3, code=4)])
    assert got["vector"].tolist() == ["2"]
    assert len(got.attrs["failed"]) == 2
    assert "99" in got.attrs["failed"][0]


def test_all_failed_is_an_error():
    with pytest.raises(SourceError, match=r"no series was delivered.*Vector is invalid"):
        process(json.dumps([FAILED]))


def test_single_object_and_empty_answers():
    assert len(process(series(1, point()))) == 1
    several = {"status": "SUCCESS", "object": [series(n, point())["object"] for n in (1, 2)]}
    assert process(several)["vector"].tolist() == ["1", "2"]
    assert len(process("[]")) == 0
    assert len(process([series(1)])) == 0
    with pytest.raises(SourceError, match="expected items with status"):
        process(["hello"])
    with pytest.raises(SourceError, match="field 'value' holds 'much'"):
        process([series(1, point(value="much"))])


def test_table_as_text_with_missing_optional_columns():
    got = process_table('\ufeff"REF_DATE","GEO","VALUE"\n"2024","Namibia",\n"2025","NA","3"\n')
    assert got["freq"].tolist() == ["A", "A"]
    assert got["GEO"].tolist() == ["Namibia", "NA"]
    assert got["value"].isna().tolist() == [True, False]
    with pytest.raises(SourceError, match="no field 'VALUE'"):
        process_table("REF_DATE,GEO\n2024,Canada\n")


def test_requests():
    path, items = request(Query(vectors=[1, 2], latest=3))
    assert path == VECTORS
    assert items == [{"vectorId": 1, "latestN": 3}, {"vectorId": 2, "latestN": 3}]
    path, items = request(Query(coordinates=[(18100004, "2.3")]))
    assert items[0]["coordinate"] == "2.3.0.0.0.0.0.0.0.0"


@pytest.mark.parametrize("query", [Query(), Query(vectors=[1], table=2), Query(vectors=range(301))])
def test_questions_that_cannot_be_asked(query):
    with pytest.raises(UsageError, match=r"^statcan: "):
        fetch(query)


def test_fetch_series_over_http(server, client):
    server.add(VECTORS, json=[series(2, point()), series(1, point())])
    got = fetch(Query(vectors=[1, 2]), client=client)
    assert got["vector"].tolist() == ["2", "1"]  # any order is possible, so each row has its vector
    assert server.requests[0].method == "POST"
    assert server.requests[0].json()[0] == {"latestN": 24, "vectorId": 1}


def test_a_series_not_delivered_stops_a_fetch(server, client):
    server.add(COORDINATES, json=[series(2, point()), FAILED])
    with pytest.raises(SourceError, match=r"1 series were not delivered \(Vector is invalid: 99\)"):
        fetch(Query(coordinates=[(1, "1"), (1, "2")]), client=client)


def test_tables_being_published_are_asked_for_again(server, client):
    busy = {"status": "FAILED", "object": {"responseStatusCode": 6}}
    server.add(VECTORS, json=[busy]).then(json=[series(1, point())])
    assert len(fetch(Query(vectors=[1]), client=client)) == 1
    assert client.asked == 2


def test_409_is_empty_and_says_so(server, client):
    server.add(VECTORS, status=409, json={"message": "not available"})
    server.add("/getFullTableDownloadCSV/1/en", status=409)
    for query in (Query(vectors=[1]), Query(table=1)):
        got = fetch(query, client=client)
        assert len(got) == 0
        assert "409" in got.attrs["notes"][0]


def test_fetch_table_over_http(server, client):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("1.csv", "REF_DATE,GEO,VALUE\n2024-01,Canada,5\n")
        archive.writestr("1_MetaData.csv", "Cube Title\n")
    where = {"status": "SUCCESS", "object": f"{server.url}/n1/tbl/csv/1-eng.zip"}
    server.add("/getFullTableDownloadCSV/1/en", json=where)
    server.add("/n1/tbl/csv/1-eng.zip", body=stream.getvalue(), content_type="application/zip")
    got = fetch(Query(table=1), client=client)
    assert got[["product_id", "period", "value"]].values.tolist() == [["1", "2024-01", 5.0]]


def test_a_table_elsewhere_is_not_followed(server, client):
    elsewhere = {"status": "SUCCESS", "object": "https://example.org/1-eng.zip"}
    server.add("/getFullTableDownloadCSV/1/en", json=elsewhere)
    with pytest.raises(SourceError, match=r"example\.org"):
        fetch(Query(table=1), client=client)
    server.add("/getFullTableDownloadCSV/2/en", json={"status": "FAILED", "object": "no table"})
    with pytest.raises(SourceError, match="table 2 is not available"):
        fetch(Query(table=2), client=client)

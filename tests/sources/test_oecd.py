"""OECD: recorded answers in any row order, no records, and the way over HTTP."""

import json
import random
from dataclasses import replace

import pandas as pd
import pytest

from marketintel.errors import SourceError, UsageError
from marketintel.sources.http.client import Client
from marketintel.sources.providers.oecd import CONTRACT, PROVIDER, Query, fetch, process, request
from tests.sources.server import FakeClock, Server

UNEMPLOYMENT = "recorded_DF_IALFS_UNE_M_USA_2023.csv.json"
HOUSES = "recorded_DF_RHPI_TARGET_GBR_2020_2024.csv.json"
CSV = "application/vnd.sdmx.data+csv; charset=utf-8"


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def client(server):
    with Client(replace(PROVIDER, base=server.url), clock=FakeClock()) as opened:
        yield opened


def recorded(shared, name):
    return json.loads((shared / "specimens/oecd" / name).read_text())["response"]["body"]


def test_recorded_monthly(shared):
    got = process(recorded(shared, UNEMPLOYMENT))
    assert list(got)[: len(CONTRACT)] == list(CONTRACT)
    assert got[["period", "value"]].values.tolist() == [
        ["2023-01", 3.9], ["2023-02", 3.9], ["2023-03", 3.6],
        ["2023-04", 3.1], ["2023-05", 3.4], ["2023-06", 3.8],
    ]  # fmt: skip
    assert set(got["freq"]) == {"M"}
    assert set(got["ref_area"]) == {"USA"}
    assert set(got["unit"]) == {"PT_LF_SUB"}
    assert got["unit_mult"].isna().all()  # left blank: not stated, not 0
    assert set(got["age"]) == {"Y_GE15"}


def test_recorded_quarterly(shared):
    got = process(recorded(shared, HOUSES))
    assert got["period"].tolist() == [
        "2020-Q1", "2020-Q2", "2020-Q3", "2020-Q4", "2021-Q1", "2022-Q1", "2024-Q1",
    ]  # fmt: skip
    assert got["value"].iloc[-1] == 142.179


def test_row_order_does_not_matter(shared):
    head, *rows = recorded(shared, HOUSES).strip().splitlines()
    random.Random(7).shuffle(rows)
    again = process("\ufeff" + "\r\n".join([head, *rows]))
    pd.testing.assert_frame_equal(again, process(recorded(shared, HOUSES)))


def test_recorded_old_service(shared):
    got = process((shared / "specimens/oecd/pdr_oecd1_sdmxjson.json").read_bytes())
    assert len(got) == 60
    australia = got[got["ref_area"] == "AUS"].set_index("period")
    assert australia.loc["2009-Q1", "value"] == 1321158.283224
    assert set(australia["unit"]) == {"AUD"}
    assert set(got["unit_mult"]) == {6}
    flagged = process((shared / "specimens/oecd/data-PART2-all-all.json").read_bytes())
    assert sorted(flagged["status"].dropna()) == ["w", "x", "y"]


def test_recorded_structures_are_not_data(shared):
    for name in ("actualconstraint-0.xml", "metadatastructure-0.xml"):
        with pytest.raises(SourceError, match=r"'\w+' document"):
            process((shared / "specimens/oecd" / name).read_bytes())


def test_labels_beside_codes_are_dropped():
    body = (
        "STRUCTURE,STRUCTURE_ID,ACTION,REF_AREA: Reference area,FREQ: Frequency,"
        "TIME_PERIOD: Time period,OBS_VALUE: Value,UNIT_MEASURE: Unit,UNIT_MULT: Multiplier\n"
        "DATAFLOW,OECD:DF(1.0),I,NAM: Namibia,A: Annual,2024,1.5,USD: US dollar,6: Millions\n"
    )
    got = process(body)
    assert got.loc[0, ["dataflow", "ref_area", "unit", "unit_mult", "value"]].tolist() == [
        "OECD:DF(1.0)", "NAM", "USD", 6, 1.5,
    ]  # fmt: skip


def test_nothing_found_and_header_only(shared):
    for body in (
        b"NoRecordsFound",
        "NoResultsFound",
        "",
        recorded(shared, HOUSES).split("\r\n")[0],
    ):
        got = process(body)
        assert len(got) == 0
        assert set(CONTRACT) <= set(got)


def test_schema_changes_stop(shared):
    body = recorded(shared, HOUSES)
    with pytest.raises(SourceError, match=r"oecd: .*no field 'OBS_VALUE'"):
        process(body.replace("OBS_VALUE", "VALUE"))
    with pytest.raises(SourceError, match="oecd: field 'OBS_VALUE' holds 'high'"):
        process(body.replace("142.179", "high"))
    with pytest.raises(SourceError, match="oecd: the provider answered 'Could not find"):
        process("Could not find Dataflow and/or DSD related with this data request")


def test_request():
    path, params = request(Query("trade_by_end_use", "A.USA.X.TOTAL..W.", "2020", "2024"))
    assert path == "/data/OECD.STI.PIE,DSD_BTIGE@DF_BTIGE,1.0/A.USA.X.TOTAL..W."
    assert params["startPeriod"] == "2020"
    assert "detail" not in params  # "dataonly" would blank the unit multiplier


@pytest.mark.parametrize("query", [Query("BTIGE"), Query("trade_by_end_use", "A/../x")])
def test_questions_that_cannot_be_asked(query):
    with pytest.raises(UsageError, match=r"^oecd: "):
        fetch(query, None)


def test_fetch_over_http(server, client, shared):
    flow = "OECD.SDD.TPS,DSD_LFS@DF_IALFS_UNE_M,1.0"
    body = recorded(shared, UNEMPLOYMENT).encode()
    server.add(f"/data/{flow}/USA", body=body, content_type=CSV, gzipped=True)
    assert len(fetch(Query(flow, "USA"), client=client)) == 6
    assert server.requests[0].headers["Accept"].startswith("application/vnd.sdmx.data+csv")


def test_no_records_is_empty_and_an_unknown_flow_is_an_error(server, client):
    flow = "OECD.STI.PIE,DSD_BTIGE@DF_BTIGE,1.0"
    server.add(f"/data/{flow}/A", status=404, body=b"NoRecordsFound")
    got = fetch(Query(flow, "A"), client=client)
    assert len(got) == 0
    assert got.attrs["notes"] == ["NoRecordsFound"]
    server.add(f"/data/{flow}/B", status=404, body=b"Could not find Dataflow")
    with pytest.raises(SourceError, match="Could not find Dataflow"):
        fetch(Query(flow, "B"), client=client)
    server.add(f"/data/{flow}/C", status=404)
    with pytest.raises(SourceError, match="HTTP 404 without a reason"):
        fetch(Query(flow, "C"), client=client)

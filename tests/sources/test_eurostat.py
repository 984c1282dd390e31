"""Eurostat statistics: recorded cubes, gaps and flags, refusals, and the way over HTTP.

Cubes written here are synthetic.
"""

import itertools
import json
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketintel.errors import SourceError, UsageError
from marketintel.sources.formats.jsonstat import CONTRACT
from marketintel.sources.http.answers import AnswerStore
from marketintel.sources.http.client import Client, with_query
from marketintel.sources.providers.eurostat import PROVIDER, Query, fetch, request
from tests.sources.providers import read_cube as process
from tests.sources.server import FakeClock, Server


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def client(server):
    with Client(replace(PROVIDER, base=server.url), clock=FakeClock()) as opened:
        yield opened


def cube(**changes):
    """Two regions, two industries, two years; one value is missing, one confidential."""
    message = {
        "version": "2.0",
        "class": "dataset",
        "label": "Synthetic business statistics",
        "updated": "2026-01-02T11:00:00+0100",
        "id": ["freq", "nace_r2", "unit", "geo", "time"],
        "size": [1, 2, 1, 2, 2],
        "value": {"0": 1, "1": 2.5, "3": "4", "4": 0, "7": 8},
        "status": {"2": "c", "3": "p"},
        "extension": {"id": "SBS_R_NUTS2021", "lang": "EN"},
        "dimension": {
            "freq": {"category": {"index": {"A": 0}}},
            "nace_r2": {"category": {"index": ["C26", "C27"]}},
            "unit": {"category": {"label": {"PER": "Persons"}}},
            "geo": {"category": {"index": {"SE31": 1, "EL30": 0}}},
            "time": {"category": {"index": {"2023": 0, "2024": 1}}},
        },
    }
    return message | changes


def test_recorded_cube_version_2(shared):
    body = (shared / "specimens/eurostat/jsonstat2_nama_10_gdp_DE_FR_SAMPLED.json").read_bytes()
    got = process(body)
    assert list(got)[: len(CONTRACT)] == list(CONTRACT)
    assert got[["geo", "period", "value"]].values.tolist() == [
        ["DE", "2022", 3989390.0],
        ["DE", "2023", 4219310.0],
        ["FR", "2022", 2653997.2],
        ["FR", "2023", 2833826.4],
    ]
    assert set(got["unit"]) == {"CP_MEUR"}
    assert set(got["na_item"]) == {"B1GQ"}


def test_recorded_cube_version_1(shared):
    body = (shared / "specimens/eurostat/jsonstat_v1_nama_gdp_c_IT.json").read_bytes()
    got = process(body).set_index("period")
    assert len(got) == 69
    assert got.loc["2013", "value"] == 25600
    assert got["value"].notna().sum() == 24
    assert got.loc["2014", ["geo", "dataset", "status", "freq"]].tolist() == [
        "IT", "nama_gdp_c", ":", "A",
    ]  # fmt: skip
    assert got["value"].isna().loc["2014"]


def test_recorded_xml_of_the_sister_service(shared):
    got = process((shared / "specimens/eurostat/sdmxml_NAMA_10_GDP-ss.xml").read_bytes())
    assert got[["geo", "period", "value", "unit", "freq"]].values.tolist() == [
        ["LU", "2012", 46526.2, "CP_MEUR", "A"],
        ["LU", "2013", 49094.5, "CP_MEUR", "A"],
        ["LU", "2014", 51791.3, "CP_MEUR", "A"],
        ["LU", "2015", 54142.3, "CP_MEUR", "A"],
    ]


def test_csv_of_the_sister_service():
    body = (
        "DATAFLOW,LAST UPDATE,freq,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS\r\n"
        "ESTAT:TGS00040(1.0),01/02/26 23:00:00,A,NR,EL30,2020,:,c,C\r\n"
    )
    got = process("\ufeff" + body).iloc[0]
    assert got[["dataset", "geo", "status"]].tolist() == ["tgs00040", "EL30", "c"]
    assert got.isna()["value"]
    assert len(process(body.splitlines()[0])) == 0


def test_recorded_archive_of_a_deferred_answer(shared):
    got = process((shared / "specimens/eurostat/sdmxml_footer2.zip").read_bytes())
    assert len(got)
    assert list(got)[: len(CONTRACT)] == list(CONTRACT)


def test_recorded_beginning_of_an_answer_is_cut_off(shared):
    text = (shared / "specimens/eurostat/jsonstat2_gov_10q_ggdebt_IT_2025Q4_HEAD.txt").read_text()
    with pytest.raises(SourceError, match="cut off"):
        process(text[text.index('{"version"') :])


def test_recorded_refusal(shared):
    body = (shared / "specimens/eurostat/error_413_EXTRACTION_TOO_BIG.xml").read_bytes()
    with pytest.raises(SourceError, match=r"EXTRACTION_TOO_BIG.*ask for fewer"):
        process(body)


def test_a_gap_is_missing_and_zero_stays_zero():
    got = process(json.dumps(cube())).set_index(["nace_r2", "geo", "period"])
    assert len(got) == 8
    value = got["value"]
    assert value["C26", "EL30", "2023"] == 1
    assert value["C26", "SE31", "2024"] == 4  # a number written as text
    assert value["C27", "EL30", "2023"] == 0
    assert value.isna().sum() == 3
    assert got.loc[("C26", "SE31", "2023"), "status"] == "c"
    assert set(got["dataset"]) == {"sbs_r_nuts2021"}
    assert set(got["updated"]) == {"2026-01-02T11:00:00+0100"}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_cell_lands_at_its_own_codes(data):
    """Whatever the shape, cell number and codes belong together as in row-major order."""
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=2, max_size=5))
    names = ["time", "geo", "freq", "unit", "extra"][: len(sizes)]
    codes = {
        name: [f"{2000 + i}" if name == "time" else f"{name}{i}" for i in range(size)]
        for name, size in zip(names, sizes, strict=True)
    }
    cells = list(itertools.product(*codes.values()))
    filled = data.draw(st.sets(st.integers(0, len(cells) - 1)))
    as_list = data.draw(st.booleans())
    value = {str(cell): cell * 10 for cell in filled}
    got = process(
        {
            "id": names,
            "size": sizes,
            "value": [value.get(str(c)) for c in range(len(cells))] if as_list else value,
            "dimension": {name: {"category": {"index": of}} for name, of in codes.items()},
        }
    ).rename(columns={"period": "time"})
    assert len(got) == len(cells)
    for row, (number, place) in zip(got.to_dict("records"), enumerate(cells), strict=True):
        assert tuple(row[name] for name in names) == place
        assert (row["value"] == number * 10) if number in filled else pd.isna(row["value"])


def test_without_gaps_only_values_and_flags_remain():
    got = process(cube(), gaps=False)
    assert len(got) == 6
    assert got["value"].isna().sum() == 1


@pytest.mark.parametrize("status", ["e", None, [None, "e", None, None, None, None, None, None]])
def test_status_as_one_flag_a_list_or_nothing(status):
    got = process(cube(status=status, value=[1, 2, None, 4, 5, 6, 7, 8]))
    assert got["value"].isna().sum() == 1
    assert got["status"].notna().sum() == (8 if status == "e" else 1 if status else 0)


def test_missing_optional_fields_and_unknown_ones_are_no_trouble():
    message = cube(surprise={"a": 1}, status={})
    for name in ("updated", "extension", "label", "status"):
        del message[name]
    assert len(process(message)) == 8


def test_an_empty_cube_is_empty():
    got = process(cube(size=[1, 2, 1, 2, 0], value={}, status={}, dimension=cube()["dimension"] | {
        "time": {"category": {"index": {}, "label": {}}}}))  # fmt: skip
    assert len(got) == 0
    assert list(got)[: len(CONTRACT)] == list(CONTRACT)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"size": [1, 2, 1, 2, 3]}, "fields 'id' and 'size'"),
        ({"value": {"8": 1}}, "cell number 8"),
        ({"value": {"0": "many"}}, "field 'value' holds 'many'"),
        ({"id": ["freq", "nace_r2", "unit", "geo", "year"]}, "no field 'year'"),
        ({"size": [1000, 1000, 10, 1, 1]}, "fields 'id' and 'size'"),
    ],
)
def test_schema_changes_stop(changes, said):
    with pytest.raises(SourceError, match=f"eurostat: .*{said}"):
        process(cube(**changes))


def test_cube_without_values_is_a_schema_change():
    message = cube()
    del message["value"]
    with pytest.raises(SourceError, match="no field 'value'"):
        process(message)


def test_request_repeats_names_and_writes_greece_eurostats_way():
    query = Query("htec_emp_reg2", {"geo": ["GR", "GB", "SE31"], "nace_r2": "HTC"}, "2015")
    path = with_query(*request(query))
    assert path.startswith("/statistics/1.0/data/htec_emp_reg2?format=JSON&lang=EN&")
    assert "geo=EL&geo=UK&geo=SE31&nace_r2=HTC&sinceTimePeriod=2015" in path


@pytest.mark.parametrize("query", [Query("a/b"), Query(""), Query("x", {"geo": []})])
def test_questions_that_cannot_be_asked(query):
    with pytest.raises(UsageError, match=r"^eurostat: "):
        fetch(query, None)


def test_fetch_over_http(server, client):
    server.add("/statistics/1.0/data/sbs_r_nuts2021", json=cube(), gzipped=True)
    got = fetch(Query("sbs_r_nuts2021", {"geo": "SE31"}), client=client)
    assert got["value"].sum() == 15.5
    assert server.requests[0].query["geo"] == "SE31"


def test_data_set_is_named_where_the_answer_does_not(server, client):
    message = cube()
    del message["extension"]
    server.add("/statistics/1.0/data/tgs00040", json=message)
    assert set(fetch(Query("tgs00040"), client=client)["dataset"]) == {"tgs00040"}


@pytest.mark.parametrize("status", [200, 404])
def test_nothing_found_is_empty_whatever_the_status(server, client, status):
    said = {"error": [{"status": 404, "id": 100, "label": "No results found"}]}
    server.add("/statistics/1.0/data/x", status=status, json=said)
    got = fetch(Query("x"), client=client)
    assert len(got) == 0
    assert list(got) == list(CONTRACT)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ({"status": 400, "json": {"error": [{"id": 150, "label": "Bad dimension"}]}}, "Bad dim"),
        ({"json": {"warning": {"status": 413, "label": "ASYNCHRONOUS_RESPONSE"}}}, "6 attempts"),
        ({"status": 404, "json": {}}, "HTTP 404 without a reason"),
        ({"body": b"<html>Sorry</html>", "content_type": "text/html"}, "text/html"),
        ({"body": b'{"value": {"0": 1', "content_type": "application/json"}, "not whole JSON"),
    ],
)
def test_failures_are_errors_and_never_kept(server, tmp_path, reply, said):
    server.add("/statistics/1.0/data/x", **reply)
    provider = replace(PROVIDER, base=server.url)
    with (
        Client(provider, AnswerStore(tmp_path), clock=FakeClock()) as client,
        pytest.raises(SourceError, match=said),
    ):
        fetch(Query("x"), client=client)
    assert not list(tmp_path.glob("*/*.gz"))


def test_an_answer_made_in_the_background_is_asked_for_again(server, client):
    label = "ASYNCHRONOUS_RESPONSE. Your request will be treated asynchronously."
    server.add(
        "/statistics/1.0/data/x", status=413, json={"warning": [{"status": 413, "label": label}]}
    ).then(json=cube())
    assert len(fetch(Query("x"), client=client)) == 8
    assert client.clock.slept[0] == 30

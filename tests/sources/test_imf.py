"""IMF: recorded SDMX answers, projections, the DataMapper, and the way over HTTP.

Bodies written here are synthetic; the group attributes follow a third party's description.
"""

import json
from dataclasses import replace
from datetime import date

import pytest

from marketintel.errors import SourceError, UsageError
from marketintel.sources.http.client import Client
from marketintel.sources.providers import imf
from marketintel.sources.providers.imf import (
    CONTRACT,
    PROVIDER,
    Query,
    fetch,
    process,
    process_datamapper,
)
from tests.sources.server import FakeClock, Server

DAY = date(2025, 11, 9)


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def client(server):
    with Client(replace(PROVIDER, base=server.url), clock=FakeClock()) as opened:
        yield opened


@pytest.fixture(scope="session")
def recorded(shared):
    folder = shared / "specimens/imf/sdmx3_recorded"
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def body_of(recorded, part):
    return next(r["text"] for r in recorded if part in r["url"] and "/data/" in r["url"])


def weo(latest, values=("1.5", "1.6", "1.7"), years=("2023", "2024", "2025")):
    """Return a synthetic WEO answer for two countries; ``latest`` hangs on country and series."""
    return {
        "meta": {},
        "data": {
            "dataSets": [
                {
                    "structure": 0,
                    "action": "Replace",
                    "series": {
                        f"{n}:0:0": {"observations": {str(i): [v] for i, v in enumerate(values)}}
                        for n in range(2)
                    },
                    "dimensionGroupAttributes": {
                        key: ["Percent", value] for key, value in latest.items()
                    },
                }
            ],
            "structures": [
                {
                    "dimensions": {
                        "series": [
                            {"id": "COUNTRY", "values": [{"id": "USA"}, {"id": "KOS"}]},
                            {"id": "INDICATOR", "values": [{"id": "NGDP_RPCH"}]},
                            {"id": "FREQUENCY", "values": [{"id": "A"}]},
                        ],
                        "observation": [
                            {"id": "TIME_PERIOD", "values": [{"value": year} for year in years]}
                        ],
                    },
                    "measures": {"observation": [{"id": "OBS_VALUE"}]},
                    "attributes": {
                        "dimensionGroup": [
                            {"id": "UNIT", "values": []},
                            {"id": "LATEST_ACTUAL_ANNUAL_DATA", "values": []},
                        ]
                    },
                }
            ],
        },
    }


def test_recorded_series_with_projections_by_the_year_rule(recorded):
    got = process(body_of(recorded, "WHDREO"), as_of=DAY, dataset="IMF.WHD:WHDREO")
    assert list(got) == list(CONTRACT)
    assert len(got) == 55
    by_year = got.set_index("period")
    assert by_year.loc["1976", "value"] == -7.436
    assert by_year.loc["2030", "value"] == -1.802
    assert set(got["economy"]) == {"GX1213"}
    assert set(got["unit"]) == {"PT"}
    assert by_year.index[by_year["is_projection"]].tolist() == [str(y) for y in range(2025, 2031)]
    assert set(got["projection_basis"]) == {"year_rule"}


def test_recorded_series_without_figures_is_missing_not_zero(recorded):
    got = process(body_of(recorded, "GFS_SOO"), as_of=DAY)
    assert len(got) == 5
    assert got["value"].isna().all()
    assert not got["is_projection"].any()


def test_recorded_204_is_no_such_data_flow(recorded):
    gone = next(r for r in recorded if r["status_code"] == 204)
    got = process(gone["text"], as_of=DAY)
    assert len(got) == 0
    assert "no such data flow" in got.attrs["notes"][0]


def test_every_recorded_data_answer_reads(recorded):
    answers = [r for r in recorded if "/data/" in r["url"]]
    assert len(answers) >= 2
    for answer in answers:
        assert len(process(answer["text"], as_of=DAY))


def test_recorded_weo_xml_states_its_latest_actual_year(shared):
    got = process((shared / "specimens/imf/sdmxml_IMF_RES_WEO-data.xml").read_bytes())
    row = got.iloc[0]
    assert row[["economy", "indicator", "period", "unit"]].tolist() == [
        "SVK", "NGDP_R", "2018", "XDC",
    ]  # fmt: skip
    assert row["value"] == 94_669_000_000  # at full size; SCALE says how it is displayed
    assert row["scale"] == 9
    assert not row["is_projection"]
    assert row["projection_basis"] == "latest_actual"


def test_recorded_prices_xml(shared):
    got = process((shared / "specimens/imf/sdmxml_IMF_PCPS.xml").read_bytes(), as_of=DAY)
    assert got.loc[0, ["economy", "indicator", "period", "freq", "value"]].tolist() == [
        "W00", "PZINC", "2021-01", "M", 2705.345,
    ]  # fmt: skip


def test_recorded_structures_are_not_data(shared):
    for name in ("sdmxml_IMF_01R.xml", "sdmxml_IMF_STA_availableconstraint_CPI.xml"):
        with pytest.raises(SourceError, match="'Structure' document"):
            process((shared / "specimens/imf" / name).read_bytes())


@pytest.mark.parametrize(
    ("latest", "projected"),
    [
        (["2024"], ["2025"]),
        ("2023", ["2024", "2025"]),
        ("FY2024/25", ["2025"]),
        ("0", ["2023", "2024", "2025"]),
        ("no data", ["2023", "2024", "2025"]),
    ],
)
def test_the_answers_own_latest_actual_year_decides(latest, projected):
    got = process(weo({"0:0::": latest, "1:0::": latest}), as_of=date(2030, 1, 1))
    usa = got[got["economy"] == "USA"]
    assert usa.loc[usa["is_projection"], "period"].tolist() == projected
    assert set(got["projection_basis"]) == {"latest_actual"}


def test_a_series_without_that_year_follows_the_rule():
    got = process(weo({"0:0::": "2023"}), as_of=date(2025, 4, 1)).set_index(["economy", "period"])
    assert got.loc["USA", "is_projection"].tolist() == [False, True, True]
    assert got.loc["XKX", "is_projection"].tolist() == [False, False, True]
    assert set(got.loc["XKX", "projection_basis"]) == {"year_rule"}
    assert set(got.loc["USA", "unit"]) == {"Percent"}
    assert got.attrs["notes"] == [
        "3 figures come without their latest actual year: years from 2025 on count as projections"
    ]


def test_the_imfs_code_of_kosovo_becomes_ours():
    assert set(process(weo({}), as_of=DAY)["economy"]) == {"USA", "XKX"}


def test_values_that_are_no_numbers_stop():
    with pytest.raises(SourceError, match="field 'OBS_VALUE' holds 'many'"):
        process(weo({}, values=("many", "1", "2")), as_of=DAY)
    assert process(weo({}, values=(None, "n/a", 2.5)), as_of=DAY)["value"].notna().sum() == 2


def test_datamapper_fixture(shared):
    body = (shared / "specimens/imf/datamapper_trimmed_fixture.json").read_bytes()
    got = process_datamapper(body, as_of=date(2025, 4, 22)).set_index(["economy", "period"])
    assert list(got.reset_index().reindex(columns=list(CONTRACT))) == list(CONTRACT)
    assert got.loc[("USA", "2024"), "value"] == 2.8
    assert got["value"].isna()[("USA", "2023")]
    assert got.index[got["is_projection"]].tolist() == [("USA", "2025")]


def test_datamapper_error_and_lists(shared):
    body = (shared / "specimens/imf/datamapper_error_404_CLAIMED.json").read_bytes()
    with pytest.raises(SourceError, match="Invalid indicator"):
        process_datamapper(body)
    assert "does not know" in process_datamapper({"countries": {"USA": {}}}).attrs["notes"][0]
    assert len(process_datamapper({"values": {"X": None}})) == 0


def test_datamapper_recording_is_cut_off(shared):
    text = (shared / "specimens/imf/datamapper_NGDP_RPCH_SDN_HEAD.txt").read_text()
    with pytest.raises(SourceError, match="cut off"):
        process_datamapper(text[text.index('{"values"') :])


def test_request():
    path, params = imf.request(Query(["USA", "XKX"], ["NGDPD", "PCPIPCH"]))
    assert path == "/data/dataflow/IMF.RES/WEO/+/USA+KOS.NGDPD+PCPIPCH.A"
    assert params["attributes"] == "dsd"
    same, latest = imf.latest_request(Query(["USA", "XKX"], ["NGDPD", "PCPIPCH"]))
    assert same == path
    assert (latest["attributes"], latest["firstNObservations"]) == ("series", "1")
    assert imf.request(Query(freq="Q"))[0].endswith("/+/*.*.Q")


@pytest.mark.parametrize("query", [Query(dataset="WEO"), Query(dataset="DataMapper")])
def test_questions_that_cannot_be_asked(query):
    with pytest.raises(UsageError, match=r"^imf: "):
        fetch(query, None)


def test_fetch_over_http(server, client, recorded):
    server.add(
        "/data/dataflow/IMF.WHD/WHDREO/+/GX1213.BCA_GDP_BP6.A",
        body=body_of(recorded, "WHDREO").encode(),
        content_type="application/json",
    )
    query = Query(["GX1213"], ["BCA_GDP_BP6"], dataset="IMF.WHD:WHDREO", since=2024, until=2026)
    got = fetch(query, client=client, as_of=DAY)
    assert got["period"].tolist() == ["2024", "2025", "2026"]
    assert got["is_projection"].tolist() == [False, True, True]
    assert set(got["dataset"]) == {"IMF.WHD:WHDREO"}


def test_the_day_of_the_answer_stands_in_for_an_edition(server, client):
    server.add("/data/dataflow/IMF.RES/WEO/+/*.*.A", json=weo({}, years=("1999", "2000", "2999")))
    assert fetch(Query(), client=client)["is_projection"].tolist() == [False, False, True] * 2


def test_204_is_empty_and_says_so(server, client):
    server.add("/data/dataflow/IMF.RES/NOPE/+/*.*.A", status=204)
    got = fetch(Query(dataset="IMF.RES:NOPE"), client=client)
    assert len(got) == 0
    assert list(got) == list(CONTRACT)
    assert "no such data flow" in got.attrs["notes"][0]


def test_other_refusals_are_errors(server, client):
    server.add("/data/dataflow/IMF.RES/WEO/+/*.*.A", status=404, json={"message": "no route"})
    with pytest.raises(SourceError, match="imf: the provider answered 'no route'"):
        fetch(Query(), client=client)


def test_datamapper_ignores_filters_so_we_apply_them(server, client, monkeypatch):
    monkeypatch.setattr(imf, "DATAMAPPER_URL", server.url + "/datamapper")
    values = {"USA": {"2024": 2.8, "2025": 2.0}, "SDN": {"2024": -1}}
    server.add("/datamapper/NGDP_RPCH", json={"values": {"NGDP_RPCH": values}})
    query = Query(["USA"], ["NGDP_RPCH"], dataset="DataMapper", since=2025)
    got = fetch(query, client=client, as_of=date(2025, 4, 1))
    assert got[["economy", "period", "value", "is_projection"]].values.tolist() == [
        ["USA", "2025", 2.0, True]
    ]

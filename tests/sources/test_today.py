"""Providers as they answer today: codes, flags, keys and refusals that stopped a fetch before.

Fixtures: synthetic, in the form of each provider; those of ``shared/cases`` are read where present.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter
from typer.testing import CliRunner

from marketintel.cli.app import app
from marketintel.errors import MissingDataError, Refused, SourceError
from marketintel.reference.countries import is_code, to_iso3
from marketintel.sources import codes, snapshot
from marketintel.sources.cuts import halves
from marketintel.sources.fetch import Outcome, answers_dir, execute
from marketintel.sources.formats import comext as comext_rows
from marketintel.sources.formats import jsonstat, sdmx
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import Provider
from marketintel.sources.plan import Plan, plan
from marketintel.sources.providers import census, cepii, comext, imf, statcan
from tests.sources.providers import read_cube
from tests.sources.server import FakeClock, Reply, Request, Server

SOURCES = ("CENSUS", "COMEXT", "COMTRADE", "EUROSTAT", "CEPII_GEODIST", "IMF", "WTO", "WORLDBANK")
KEYS = ("CENSUS_KEY", "COMTRADE_KEY", "WTO_KEY")
CODES = ["901310", "901320"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server() as running:
        for source in SOURCES:
            monkeypatch.setenv(f"MARKETINTEL_{source}_URL", running.url)
            monkeypatch.setenv(f"MARKETINTEL_{source}_INTERVAL_S", "0")
        for key in KEYS:
            monkeypatch.delenv(key, raising=False)
        yield running


def made(data: Path, targets: str, source: str, codes: list[str] = CODES) -> Plan:
    return plan(targets.split(","), codes, [2023], answers_dir(data),
                sources=[source] if source else [], this_year=2026)  # fmt: skip


def fetch(data: Path, targets: str, source: str, codes: list[str] = CODES) -> Outcome:
    (done,) = execute(made(data, targets, source, codes), data,
                      clock=FakeClock())  # fmt: skip
    return done


def rows(data: Path, source: str) -> pd.DataFrame:
    return pd.read_parquet(snapshot.find(data, source)[0].path)


# --- GeoDist

PAIR = {"iso_o": "DEU", "iso_d": "JPN", "contig": 0, "comlang_off": 0, "colony": 0,
        "dist": 8900.5, "distw": 9001.25}  # fmt: skip


def sheet(*pairs: dict) -> bytes:
    made_of = io.BytesIO()
    with xlsxwriter.Workbook(made_of) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, list(PAIR))
        for n, pair in enumerate(pairs, 1):
            page.write_row(n, 0, list(pair.values()))
    return made_of.getvalue()


def zipped(name: str, body: bytes) -> bytes:
    made_of = io.BytesIO()
    with zipfile.ZipFile(made_of, "w") as archive:
        archive.writestr(name, body)
    return made_of.getvalue()


def test_geodist_is_the_stata_file_or_a_sheet_in_the_zip(server: Server, tmp_path: Path) -> None:
    body = zipped("dist_cepii.xls", sheet(PAIR, PAIR | {"iso_d": "NAM", "distw": "."}))
    server.add(cepii.ARCHIVE, body=body, content_type="binary/octet-stream")
    assert fetch(tmp_path, "JPN", "cepii_geodist").error is None  # the Stata file gives 404
    held = rows(tmp_path, "cepii_geodist")
    assert held["destination"].tolist() == ["JPN", "NAM"]
    assert held["distance_weighted_km"].tolist()[0] == 9001.25
    assert held["distance_weighted_km"].isna().tolist() == [False, True]
    stata = io.BytesIO()
    pd.DataFrame([PAIR | {"dist": 1.5}]).to_stata(stata, write_index=False)
    server.add(cepii.STATA, body=stata.getvalue(), content_type="application/octet-stream")
    assert fetch(tmp_path / "other", "JPN", "cepii_geodist").error is None
    assert rows(tmp_path / "other", "cepii_geodist")["distance_km"].tolist() == [1.5]


def test_a_sheet_that_cannot_be_read_is_one_line(shared: Path) -> None:
    body = (shared / "cases/sources/geodist_zip_with_xls.zip").read_bytes()
    with pytest.raises(SourceError, match="the Excel file cannot be read"):
        cepii.process(body)  # its content is not a workbook, only its beginning


# --- keys


def test_what_needs_a_key_is_said_before_and_the_rest_is_asked(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = made(tmp_path, "USA,CAN,JPN", "")
    asked = [step.source for step in planned.steps]
    assert "us_census_imports" not in asked
    assert asked[0] == "statcan_cimt", "without a key first"
    assert asked.index("comtrade") > max(asked.index(s) for s in ("comext", "wits", "ecb", "imf"))
    said = "\n".join(planned.describe())
    assert "https://api.census.gov/data/key_signup.html" in said
    assert "CENSUS_KEY" in said
    assert "COMTRADE_KEY" in said
    for source, key in (("us_census_imports", "CENSUS_KEY"), ("wto", "WTO_KEY")):
        with pytest.raises(MissingDataError, match=rf"{source}: not asked.*{key}.*https://"):
            made(tmp_path, "USA", source)
    monkeypatch.setenv("CENSUS_KEY", "k" * 40)
    assert "us_census_imports" in {step.source for step in made(tmp_path, "USA", "").steps}
    assert server.requests == []


@pytest.mark.parametrize("redirected", [True, False])
def test_a_wrong_key_stops_at_the_first_request(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redirected: bool
) -> None:
    monkeypatch.setenv("CENSUS_KEY", "k" * 40)
    page = b"<html><head><title>Missing Key</title></head><body>A valid key must be included</body>"
    away = {"Location": "https://api.census.gov/data/missing_key.html",
            "X-DataWebAPI-KeyError": "1"}  # fmt: skip
    reply = Reply(302, headers=away) if redirected else Reply(body=page, content_type="text/html")
    server.route("/data/timeseries", lambda _: reply)
    done = fetch(tmp_path, "USA", "us_census_imports")
    assert "key_signup.html" in str(done.error)
    assert len(server.requests) == 1


# --- Comext

HEAD = "DATAFLOW,LAST UPDATE,freq,reporter,partner,product,flow,indicators,TIME_PERIOD,OBS_VALUE"
FAULT = ('<S:Fault xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><faultcode>150</faultcode>'
         "<faultstring>INVALID_QUERY_DIMENSION_VALUE: Values not allowed: {}</faultstring>"
         "</S:Fault>")  # fmt: skip


def comext_service(refused: str = "", partners: tuple[str, ...] = ("US", "XU", "EA")):
    """Each member sells 10 euros of each product to each partner; one code is refused."""

    def answer(request: Request) -> Reply:
        freq, reporters, asked, products, flows, _ = request.path.rpartition("/")[2].split(".")
        for code in (*reporters.split("+"), *products.split("+")):
            if code in {"EL", refused}:
                return Reply(400, body=FAULT.format(code).encode(), content_type="application/xml")
        periods = ["2022", "2023"] if freq == "A" else ["2023-01"]
        lines = [
            f"ESTAT:DS-045409(1.0),15/09/26 11:00:00,{freq},{reporter},{partner},{product},{flow},"
            f"VALUE_IN_EUROS,{period},10"
            for reporter in reporters.split("+")
            for partner in (asked.split("+") if asked else partners)
            for product in products.split("+")
            for flow in flows.split("+")
            for period in periods
            if request.query["startPeriod"] <= period[:4] <= request.query["endPeriod"]
        ]
        return Reply(body="\n".join([HEAD, *lines, ""]).encode(),
                     content_type="application/vnd.sdmx.data+csv")  # fmt: skip

    return answer


def test_greece_is_gr_and_one_member_refused_does_not_take_the_others(
    server: Server, tmp_path: Path
) -> None:
    server.route("/sdmx/2.1/data/DS-045409", comext_service(refused="MT"))
    done = fetch(tmp_path, "GRC,MLT,FIN", "comext")
    assert ".GR." in server.requests[0].path
    assert "MT" in str(done.error)
    assert done.vintage is not None
    assert set(rows(tmp_path, "comext")["reporter"]) == {"GRC", "FIN"}
    assert any("XU" in note and "EUR 80" in note for note in done.notes)
    assert not any("EA" in note for note in done.notes), "the euro area is a group there"
    before = len(server.requests)
    again = fetch(tmp_path, "GRC,MLT,FIN", "comext")
    assert {r.path.split(".")[2] for r in server.requests[before:]} == {"MT"}
    assert "MT" in str(again.error)
    server.route("/sdmx/2.1/data/DS-045409", comext_service())
    assert fetch(tmp_path, "GRC,MLT,FIN", "comext").error is None
    assert set(rows(tmp_path, "comext")["reporter"]) == {"GRC", "MLT", "FIN"}


def test_one_hs_code_refused_is_found_and_asked_for_alone_next_time(
    server: Server, tmp_path: Path
) -> None:
    codes = [f"9013{n}0" for n in range(8)]
    server.route("/sdmx/2.1/data/DS-045409", comext_service(refused="901350"))
    done = fetch(tmp_path, "FIN", "comext", codes)
    assert "901350" in str(done.error)
    assert set(rows(tmp_path, "comext")["cmd_code"]) == set(codes) - {"901350"}
    before = len(server.requests)
    fetch(tmp_path, "FIN", "comext", codes)
    assert {r.path.split(".")[4] for r in server.requests[before:]} == {"901350"}


def test_a_part_that_is_refused_keeps_its_earlier_rows(server: Server, tmp_path: Path) -> None:
    server.route("/sdmx/2.1/data/DS-045409", comext_service())
    assert fetch(tmp_path, "FIN", "comext").error is None
    first = rows(tmp_path, "comext")
    for kept in answers_dir(tmp_path).rglob("*.gz"):
        kept.unlink()
    server.route("/sdmx/2.1/data/DS-045409", comext_service(refused="901320"))
    assert fetch(tmp_path, "FIN", "comext").error is not None
    pd.testing.assert_frame_equal(rows(tmp_path, "comext"), first)


def test_a_provider_that_refuses_everything_is_not_asked_for_ever(
    server: Server, tmp_path: Path
) -> None:
    no = Reply(400, body=FAULT.format("freq").encode(), content_type="application/xml")
    server.route("/sdmx/2.1/data", lambda _: no)
    codes = [f"90{n:04}" for n in range(64)]
    done = fetch(tmp_path, "GRC,FIN,DEU", "comext", codes)
    assert done.error is not None
    assert done.vintage is None
    assert len(server.requests) < 30


def test_a_member_refused_whole_does_not_take_the_others(server: Server, tmp_path: Path) -> None:
    server.route("/sdmx/2.1/data/DS-045409", comext_service(refused="MT"))
    codes = [f"90{n:04}" for n in range(64)]
    done = fetch(tmp_path, "MLT,FIN", "comext", codes)
    assert "not complete: MT 900000…900063" in str(done.error)
    assert set(rows(tmp_path, "comext")["reporter"]) == {"FIN"}
    before = len(server.requests)
    fetch(tmp_path, "MLT,FIN", "comext", codes)
    assert {r.path.split(".")[2] for r in server.requests[before:]} == {"MT"}


def test_halves_ask_the_same() -> None:
    query = comext.Query(("DE",), ("1", "2", "3"))
    left, right = halves(query)
    assert (*left.products, *right.products) == query.products
    assert halves(comext.Query(("DE",), ("1",))) == []


# --- unknown codes


def trade(partner: int, value: float) -> dict:
    return {"reporterCode": 392, "partnerCode": partner, "flowCode": "M", "period": "2023",
            "classificationCode": "H6", "cmdCode": "901320", "freqCode": "A",
            "primaryValue": value, "partner2Code": 0, "motCode": 0,
            "customsCode": "C00"}  # fmt: skip


def test_an_unknown_partner_is_left_out_noted_and_listed(server: Server, tmp_path: Path) -> None:
    data = [trade(36, 5.0), trade(412, 100.0)]
    server.route("/public/v1/preview", lambda _: Reply(json={"count": 2, "data": data}))
    server.route("/public/v1/getDa", lambda _: Reply(json={"count": 0, "data": []}))
    done = fetch(tmp_path, "JPN", "comtrade", ["901320"])
    assert done.error is None
    assert rows(tmp_path, "comtrade")["partner"].tolist() == ["AUS"]
    (note,) = [n for n in done.notes if "412" in n]
    assert "1 row (USD 100)" in note
    assert "m49_comtrade" in note
    assert [(c["source"], c["code"]) for c in codes.read(tmp_path)] == [("comtrade", "412")]
    listed = CliRunner().invoke(app, ["data", "--codes", "--data", str(tmp_path), "-f", "csv"])
    assert listed.exit_code == 0
    assert "comtrade,m49_comtrade,412,1,100,USD" in listed.output
    assert any("/public/v1/getDa/C/A/HS" in r.path for r in server.requests), "needs no key"


def test_ea_is_spain_in_canada_and_a_group_in_comext() -> None:
    assert to_iso3(pd.Series(["EA", "GR"]), "statcan").tolist() == ["ESP", "GRC"]
    assert not is_code("EA", "eurostat")


# --- Eurostat flags


@pytest.mark.parametrize(
    ("status", "secret", "absent"),
    [("C", True, False), ("p|C", True, False), ("|P", True, False), ("bN", False, False),
     ("b|N", True, False), ("c", True, False), ("bc", True, False), ("p", False, False),
     ("e,p", False, False), (":", False, True), (None, False, True), (float("nan"), False, True),
     ("x", False, False), ("p|F", False, False)],
)  # fmt: skip
def test_flags_are_a_vocabulary(status: object, secret: bool, absent: bool) -> None:
    assert jsonstat.is_confidential(status) is secret
    assert jsonstat.is_absent(status) is absent


def cube(values: dict, status: dict) -> dict:
    def axis(*codes: str) -> dict:
        return {"category": {"index": {code: n for n, code in enumerate(codes)}}}

    return {
        "version": "2.0", "class": "dataset", "id": ["nace_r2", "geo", "time"], "size": [1, 3, 1],
        "dimension": {"nace_r2": axis("C26"), "geo": axis("DE21", "DEG0", "FRI3"),
                      "time": axis("2023")},
        "value": values, "status": status, "extension": {"id": "SBS_R_NUTS2021"},
    }  # fmt: skip


@pytest.mark.parametrize("flag", ["C", "N", "P", "p|C", "|C"])
def test_a_confidential_cell_stays_without_value(server: Server, tmp_path: Path, flag: str) -> None:
    body = cube({"0": 1200, "2": 300}, {"1": flag, "2": "e"})
    server.route("/statistics/1.0/data", lambda _: Reply(json=body))
    assert fetch(tmp_path, "DEU", "eurostat_sbs").error is None
    held = rows(tmp_path, "eurostat_sbs").set_index("nuts_id")
    assert held["flag"].to_dict()["DEG0"] == "c"
    assert pd.isna(held.loc["DEG0", "value"])
    assert held.loc["FRI3", "value"] == 300


def test_confidential_observations_of_sdmx_csv_stay() -> None:
    text = ("DATAFLOW,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS\n"
            "ESTAT:X(1.0),DE21,2023,,p,C\nESTAT:X(1.0),DE22,2023,5,,F\n")  # fmt: skip
    held = read_cube(text)
    assert [jsonstat.is_confidential(s) for s in held["status"]] == [True, False]


def test_one_data_set_refused_leaves_the_others(server: Server, tmp_path: Path) -> None:
    said = {"status": 400, "id": 150, "label": "INVALID_QUERY_DIMENSION_VALUE: NACE_R2=HTC"}

    def service(request: Request) -> Reply:
        if request.path.endswith("htec_emp_reg2"):
            return Reply(400, json={"error": [said]})
        filters = set(request.query) - {"format", "lang", "sinceTimePeriod", "untilTimePeriod"}
        whole = cube({"0": 1, "1": 2, "2": 3}, {})
        whole["id"] = [*sorted(filters), "geo", "time"]
        whole["size"] = [*(1 for _ in filters), 3, 1]
        whole["dimension"] |= {f: {"category": {"index": {request.query[f]: 0}}} for f in filters}
        return Reply(json=whole)

    server.route("/statistics/1.0/data", service)
    done = fetch(tmp_path, "DEU", "eurostat_regional")
    assert "htec_emp_reg2" in str(done.error)
    assert done.vintage is not None
    assert "gdp" in set(rows(tmp_path, "eurostat_regional")["indicator"])
    before = len(server.requests)
    fetch(tmp_path, "DEU", "eurostat_regional")
    assert {r.path.rpartition("/")[2] for r in server.requests[before:]} == {"htec_emp_reg2"}


# --- SDMX, Canada, IMF, media types


def test_no_match_with_group_attributes_only_is_empty() -> None:
    structure = {
        "dimensions": {"series": [{"id": "COUNTRY", "values": []}],
                       "observation": [{"id": "TIME_PERIOD", "values": []}]},
        "attributes": {"dimensionGroup": [{"id": "UNIT", "values": [{"id": "USD"}]}]},
    }  # fmt: skip
    body = {
        "data": {
            "structures": [structure],
            "dataSets": [{"structure": 0, "dimensionGroupAttributes": {"0:": [0]}}],
        }
    }
    assert sdmx.read_json(json.dumps(body), "imf").empty
    assert imf.process(json.dumps(body)).empty


def test_the_newest_of_two_states_of_an_archive_is_read(tmp_path: Path) -> None:
    head = "YearMonth/AnnéeMois,HS6,Country/Pays,Value/Valeur\n"
    january = '"202601","901320","US",1\n'
    february = '"202602","901320","US",2\n'
    for names in (["b_ODPFN015_202602N.csv", "a_ODPFN015_202601N.csv"],
                  ["x/ODPFN015_202601N.csv", "x/ODPFN015_202602N.csv"]):  # fmt: skip
        file = tmp_path / "archive.zip"
        with zipfile.ZipFile(file, "w") as archive:
            for name in names:
                more = february if "202602" in name else ""
                archive.writestr(name, head + january + more)
        assert statcan.process(file, flow="import")["period"].tolist() == ["2026-01", "2026-02"]


def test_the_recorded_case_of_two_states(shared: Path) -> None:
    held = statcan.process(shared / "cases/sources/cimt_two_snapshots.zip", flow="import")
    assert held["value_cad"].tolist() == [1.0, 2.0]


def test_latest_actual_years_are_a_question_of_their_own(server: Server, tmp_path: Path) -> None:
    def service(request: Request) -> Reply:
        series = request.query["attributes"] == "series"
        assert series == (request.query.get("firstNObservations") == "1")
        years = ["2023"] if series else ["2023", "2024", "2025"]
        attributes = {"series": [{"id": "LATEST_ACTUAL_ANNUAL_DATA"}]} if series else {}
        one = {"observations": {str(n): [str(n + 1)] for n in range(len(years))}}
        one |= {"attributes": ["2024"]} if series else {}
        dimensions = [("COUNTRY", "JPN"), ("INDICATOR", "NGDPD"), ("FREQUENCY", "A")]
        return Reply(json={"data": {
            "dataSets": [{"structure": 0, "series": {"0:0:0": one}}],
            "structures": [{
                "dimensions": {
                    "series": [{"id": name, "values": [{"id": code}]} for name, code in dimensions],
                    "observation": [{"id": "TIME_PERIOD", "values": [{"value": y} for y in years]}],
                },
                "measures": {"observation": [{"id": "OBS_VALUE"}]}, "attributes": attributes,
            }],
        }})  # fmt: skip

    server.route("/data/dataflow", service)
    assert fetch(tmp_path, "JPN", "imf").error is None
    held = rows(tmp_path, "imf").set_index("period")["is_projection"]
    assert held.to_dict() == {"2023": False, "2024": False, "2025": True}


@pytest.mark.parametrize(
    ("body", "expect", "fine"),
    [(b'{"a": 1}', "json", True), (b"PK\3\4", "zip", True), (b"a,b\n1,2\n", "csv", True),
     (b"<html>down</html>", "json", False), (b"<html>down</html>", "zip", False),
     (b"a,b\n", "zip", False), (b"<a/>", "xml", True)],
)  # fmt: skip
@pytest.mark.parametrize("declared", ["binary/octet-stream", "application/octet-stream"])
def test_a_vague_media_type_is_judged_by_the_first_bytes(
    server: Server, body: bytes, expect: str, fine: bool, declared: str
) -> None:
    server.add("/x", body=body, content_type=declared)
    with Client(Provider("test", server.url, min_interval_s=0, attempts=1)) as client:
        if fine:
            assert client.get("/x", expect=expect).body == body
        else:
            with pytest.raises(SourceError, match="was expected"):
                client.get("/x", expect=expect)


# --- EU exports without any key


def test_exports_of_the_union_to_third_countries_are_planned_and_kept(
    server: Server, tmp_path: Path
) -> None:
    server.route("/sdmx/2.1/data/DS-045409", comext_service())
    done = fetch(tmp_path, "CAN,JPN", "comext")
    assert done.error is None
    held = rows(tmp_path, "comext")
    assert set(held["flow"]) == {"export"}
    assert set(held["partner"]) == {"CAN", "JPN"}
    assert held["reporter"].nunique() == 27
    assert set(held["freq"]) == {"A", "M"}
    # A member's own trade does not take the place of its exports to these, and the other way.
    assert fetch(tmp_path, "FIN", "comext").error is None
    both = rows(tmp_path, "comext")
    assert len(both) > len(held)
    assert {"CAN", "JPN", "USA"} <= set(both.loc[both["reporter"] == "FIN", "partner"])


# --- the answers that were seen to stop a fetch, byte by byte


def test_the_recorded_cases(
    server: Server, tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = shared / "cases/sources"
    for name in ("eurostat_flag_C.json", "eurostat_flag_p_C.json"):
        cube_of = read_cube((cases / name).read_bytes()).set_index("geo")
        assert jsonstat.is_confidential(cube_of.loc["DEG0", "status"])
        assert not jsonstat.is_confidential(cube_of.loc["FRI3", "status"])
    with pytest.raises(Refused, match="REPORTER=EL"):
        comext_rows.process((cases / "comext_fault_150_EL.xml").read_bytes())
    with pytest.raises(Refused, match="NACE_R2=HTC"):
        read_cube((cases / "eurostat_400_one_table.json").read_bytes())
    with pytest.raises(SourceError, match="key_signup"):
        census.process((cases / "census_missing_key.html").read_bytes(), "import")
    monkeypatch.setenv("WTO_KEY", "e" * 32)
    values = (cases / "wto_HS_M_0010_is_import_values.json").read_bytes()
    server.route("/data", lambda _: Reply(body=values, content_type="application/json"))
    done = fetch(tmp_path, "USA", "wto", ["901320"])
    assert server.requests[0].query["i"] == "HS_A_0010"
    assert "which was not asked for" in str(done.error)
    body = (cases / "comtrade_partner_412.json").read_bytes().replace(b"2024", b"2023")
    server.route("/public/v1", lambda _: Reply(body=body, content_type="application/json"))
    done = fetch(tmp_path, "JPN", "comtrade", ["901320"])
    assert done.error is None, done.describe()
    assert rows(tmp_path, "comtrade")["partner"].tolist() == ["USA"]
    assert any("412" in note for note in done.notes)

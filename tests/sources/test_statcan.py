"""Canada's trade archives. Everything here is synthetic: no recorded archive was at hand."""

import zipfile
from dataclasses import replace

import pandas as pd
import pytest

from marketintel.errors import SourceError, UsageError
from marketintel.reference.countries import code_map, to_iso3
from marketintel.sources.http.client import Client
from marketintel.sources.providers import statcan
from marketintel.sources.providers.statcan import CONTRACT, PROVIDER, Query, fetch, process
from tests.sources.server import FakeClock, Server

HEAD = "YearMonth/AnnéeMois,HS6,Country/Pays,Province,State/État,Value/Valeur"
ROWS = [
    '"202601","901320","DE","ON",,100',
    '"202601","901320","DE","QC",,20',
    '"202601","901320","US","ON","NY",7',
    '"202602","901320","DE","ON",,3',
    '"202602","010121","NA","ON",,5',
]


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def client(server):
    with Client(replace(PROVIDER, base=server.url), clock=FakeClock()) as opened:
        yield opened


@pytest.fixture
def archive(tmp_path):
    def make(name="ODPFN015_202602N.csv", head=HEAD, rows=ROWS, encoding="utf-8-sig"):
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w") as opened:
            opened.writestr("CIMT-CICM_Imp_2026/ODPF_6_CtyDesc.TXT", "DE Germany")
            opened.writestr("CIMT-CICM_Imp_2026/ODPFN022_202602N.csv", "YearMonth,HS2\n")
            text = "\r\n".join([head, *rows, ""])
            opened.writestr(f"CIMT-CICM_Imp_2026/{name}", text.encode(encoding))
        return path

    return make


def test_provinces_are_summed_and_months_stay(archive):
    got = process(archive(), flow="import")
    assert list(got) == list(CONTRACT)
    values = got.set_index(["period", "partner_code"])["value_cad"]
    assert values["2026-01", "DE"] == 120
    assert values["2026-02", "DE"] == 3
    assert values["2026-02", "NA"] == 5
    assert set(got["reporter_code"]) == {"CA"}
    assert set(got["currency"]) == {"CAD"}


def test_only_the_codes_asked_for(archive):
    got = process(archive(), flow="import", products=["901320"])
    assert set(got["cmd_code"]) == {"901320"}
    assert got["value_cad"].sum() == 130


def test_every_code_of_the_archives_own_list_is_an_economy_or_said_to_be_none():
    # Codes that CIMT has beside ISO 3166; origin of the list: see the module.
    beside_iso = [
        "XK",
        "EA",
        "AX",
        "BQ",
        "CW",
        "SX",
        "SS",
        "AN",
        "BU",
        "ZR",
        "TP",
        "CS",
        "GB",
        "GR",
    ]
    found = to_iso3(pd.Series(beside_iso), "statcan").tolist()
    assert found[:2] == ["XKX", "ESP"]
    assert found[-7:] == ["ANT", "MMR", "COD", "TLS", "SCG", "GBR", "GRC"]
    assert not set(statcan.NO_ECONOMY) & set(code_map("statcan"))


def test_chunks_make_no_difference(archive, monkeypatch):
    whole = process(archive(), flow="import")
    monkeypatch.setattr(statcan, "_CHUNK_ROWS", 2)
    assert process(archive(), flow="import").equals(whole)


def test_detailed_file_is_cut_to_six_digits(archive):
    rows = [
        '"202601","9013200000","DE","ON",,100,1,"NMB"',
        '"202601","9013200090","DE","ON",,1,1,"NMB"',
    ]
    head = HEAD.replace("HS6", "HS10") + ",Quantity/Quantité,Unit of Measure/Unité de Mesure"
    got = process(archive("ODPFN014_202601N.csv", head, rows), flow="import")
    assert got[["cmd_code", "value_cad"]].values.tolist() == [["901320", 101]]


def test_headings_in_the_old_encoding(archive):
    assert len(process(archive(encoding="latin-1"), flow="import")) == 4


def test_schema_changes_stop(archive, tmp_path):
    with pytest.raises(SourceError, match="no field for value"):
        process(archive(head=HEAD.replace("Value/Valeur", "CAD")), flow="import")
    with pytest.raises(SourceError, match="no ODPFN019 file"):
        process(archive(), flow="export")
    with pytest.raises(SourceError, match="field 'Value' holds 'much'"):
        process(archive(rows=['"202601","901320","DE","ON",,much']), flow="import")
    broken = tmp_path / "broken.zip"
    broken.write_bytes(archive().read_bytes()[:200])
    with pytest.raises(SourceError, match="archive is damaged"):
        process(broken, flow="import")


@pytest.mark.parametrize(
    "query", [Query(("2024",), flows=("exports",)), Query(("1980",)), Query(("2024",), ("9",))]
)
def test_questions_that_cannot_be_asked(query):
    with pytest.raises(UsageError, match=r"^statcan_cimt: "):
        fetch(query, None)


def test_fetch_over_http(server, client, archive):
    body = archive().read_bytes()
    server.add("/CIMT-CICM_Imp_2026.zip", body=body, content_type="application/zip")
    assert fetch(Query(("2026",), flows=("import",)), client)["value_cad"].sum() == 135


def test_a_year_not_out_yet_is_empty(server, client):
    got = fetch(Query(("2031",), flows=("export",)), client)
    assert len(got) == 0
    assert "2031" in got.attrs["notes"][0]
    assert server.requests[0].path == "/CIMT-CICM_Tot_Exp_2031.zip"

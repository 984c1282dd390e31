"""ECB exchange rates: every recorded format says the same, and which way round a rate is."""

import io
import zipfile
from dataclasses import replace

import pytest

from marketintel.errors import SourceError, UsageError
from marketintel.sources.http.client import Client
from marketintel.sources.providers.ecb import CONTRACT, PROVIDER, Query, fetch, process, request
from tests.sources.server import FakeClock, Server

HEAD = "KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE,OBS_STATUS"


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def client(server):
    with Client(replace(PROVIDER, base=server.url), clock=FakeClock()) as opened:
        yield opened


def rate(value="1.08", currency="USD", denominator="EUR", period="2024"):
    return f"EXR.A,A,{currency},{denominator},SP00,A,{period},{value},A"


def specimen(shared, name):
    return (shared / "specimens/ecb_fx" / name).read_bytes()


def test_recorded_csv(shared):
    got = process(specimen(shared, "exr_csvdata_D.USD.EUR_EXCERPT.csv"))
    assert list(got) == list(CONTRACT)
    assert got.values.tolist() == [["USD", "2026-09-03", "D", 1.1615, "A"]]


def test_recorded_day_and_history_agree(shared):
    day = process(specimen(shared, "eurofxref.csv"))
    history = process(specimen(shared, "eurofxref-hist.zip"))
    assert len(day) == 29
    assert set(day["period"]) == {"2026-04-13"}
    both = history.merge(day, on=["currency", "period"])
    assert len(both) == 29
    assert (both["units_per_eur_x"] == both["units_per_eur_y"]).all()
    rates = history.set_index(["currency", "period"])["units_per_eur"]
    assert rates["USD", "1999-01-04"] == 1.1789  # dollars for one euro, not euros for one dollar
    assert rates["JPY", "1999-01-04"] == 133.73
    assert ("EEK", "2026-04-13") not in rates.index  # N/A: the kroon is gone, not worth 0
    assert not rates.isna().any()


def test_recorded_xml_is_monthly(shared):
    got = process(specimen(shared, "sdmx_M.USD.EUR.SP00.A.xml"))
    assert len(got) == 252
    assert set(got["freq"]) == {"M"}
    assert got.loc[0, ["period", "units_per_eur"]].tolist() == ["1999-01", 1.16078]


@pytest.mark.parametrize("name", ["sdmx_ts.json", "sdmx_flat.json"])
def test_recorded_json(shared, name):
    rates = process(specimen(shared, name)).set_index(["currency", "period"])["units_per_eur"]
    assert rates["RUB", "2013-01-21"] == 40.3
    assert len(rates) == 4


def test_recorded_deletion_is_left_out(shared):
    assert set(process(specimen(shared, "sdmx_action-delete.json"))["currency"]) == {"RUB"}


def test_recorded_structure_is_not_data(shared):
    with pytest.raises(SourceError, match="'Structure' document"):
        process(specimen(shared, "sdmx_orgscheme.xml"))


def test_rates_against_another_currency_are_refused():
    with pytest.raises(SourceError, match="field 'CURRENCY_DENOM' holds 'USD'; expected EUR"):
        process("\n".join([HEAD, rate(denominator="USD")]))


@pytest.mark.parametrize("value", ["0", "-1"])
def test_a_rate_is_above_zero(value):
    with pytest.raises(SourceError, match="not above zero"):
        process("\n".join([HEAD, rate(value)]))


def test_schema_changes_stop():
    with pytest.raises(SourceError, match="no field 'CURRENCY_DENOM'"):
        process(f"{HEAD}\n{rate()}".replace("CURRENCY_DENOM", "DENOM"))
    with pytest.raises(SourceError, match="field 'OBS_VALUE' holds 'cheap'"):
        process(f"{HEAD}\n{rate('cheap')}")
    with pytest.raises(SourceError, match="field 'Date' holds 'soon'"):
        process("Date, USD, \nsoon, 1.1, \n")


def test_no_rate_and_no_rows():
    assert (
        process(f"{HEAD}\n{rate('')}\n{rate('NaN', period='2023')}")["units_per_eur"].isna().all()
    )
    for body in (HEAD, "", b"\xef\xbb\xbf", "No results found."):
        assert len(process(body)) == 0


def test_damaged_archive():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("eurofxref-hist.csv", "Date,USD,\n2026-04-13,1.1684,\n")
    assert process(stream.getvalue())["units_per_eur"].tolist() == [1.1684]
    with pytest.raises(SourceError, match="damaged or cut off"):
        process(stream.getvalue()[:-30])


def test_request():
    path, params = request(Query(["USD", "CAD"], "M", since="2020", until="2024"))
    assert path == "/data/EXR/M.USD+CAD.EUR.SP00.A"
    assert params == {"format": "csvdata", "startPeriod": "2020", "endPeriod": "2024"}


@pytest.mark.parametrize("query", [Query(["usd"]), Query(["US"]), Query(freq="W")])
def test_questions_that_cannot_be_asked(query):
    with pytest.raises(UsageError, match=r"^ecb: "):
        fetch(query, None)


@pytest.mark.parametrize("media", ["text/csv", "application/vnd.sdmx.data+csv;version=1.0.0"])
def test_fetch_over_http(server, client, media):
    body = f"{HEAD}\n{rate()}\n".encode()
    server.add("/data/EXR/A.USD.EUR.SP00.A", body=body, content_type=media)
    assert fetch(Query(), client=client)["units_per_eur"].tolist() == [1.08]


def test_no_results_is_empty_and_a_page_is_an_error(server, client):
    server.add("/data/EXR/A.USD.EUR.SP00.A", status=404, body=b"No results found.")
    assert len(fetch(Query(), client=client)) == 0
    server.add("/data/EXR/D.USD.EUR.SP00.A", body=b"<html/>", content_type="text/html")
    with pytest.raises(SourceError, match="text/html"):
        fetch(Query(freq="D"), client=client)

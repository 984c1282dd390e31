"""Comext: the recorded excerpt, splitting, waiting, and what must not pass.

Answers written here are synthetic, shaped after the recorded excerpt and the user guide.
"""

from dataclasses import replace

import pytest

from marketintel.errors import SourceError, UsageError
from marketintel.sources.formats.comext import CONTRACT, process
from marketintel.sources.http.answers import AnswerStore
from marketintel.sources.http.client import Client
from marketintel.sources.providers import comext
from marketintel.sources.providers.comext import PROVIDER, Query, fetch, request
from tests.sources.server import FakeClock, Reply, Server
from tests.sources.test_notices import QUEUED, STATUS

HEAD = "DATAFLOW,LAST UPDATE,freq,reporter,partner,product,flow,indicators,TIME_PERIOD,OBS_VALUE"
CSV = "application/vnd.sdmx.data+csv"
DATA = "/sdmx/2.1/data/DS-045409/"
TOO_BIG = (
    b'<S:Fault xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><faultcode>413</faultcode>'
    b"<faultstring>EXTRACTION_TOO_BIG: estimated 9 rows</faultstring></S:Fault>"
)
NOTHING = (
    b'<S:Fault xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><faultcode>100</faultcode>'
    b"<faultstring>NO_RESULTS: nothing</faultstring></S:Fault>"
)


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def client(server, clock, tmp_path):
    provider = replace(PROVIDER, base=server.url)
    with Client(provider, AnswerStore(tmp_path), clock=clock) as opened:
        yield opened


def line(product="850440", indicator="VALUE_IN_EUROS", value="10", **other):
    row = {"reporter": "DE", "partner": "US", "flow": "1", "period": "2024"} | other
    return ",".join(
        ["ESTAT:DS-045409(1.0)", "15/09/26 11:00:00", "A", row["reporter"], row["partner"],
         product, row["flow"], indicator, row["period"], value]
    )  # fmt: skip


def answer(*lines):
    return "\n".join([HEAD, *lines, ""]).encode()


def test_recorded_excerpt(shared):
    name = "specimens/eurostat/comext_DS-045409_DE_VN_030462_EXCERPT.csv"
    got = process((shared / name).read_bytes())
    assert list(got) == list(CONTRACT)
    assert len(got) == 2
    vietnam = got.set_index("partner_code").loc["VN"]
    assert vietnam["net_weight_kg"] == 9_021_263  # published as 90212.63 times 100 kg
    assert vietnam["value_eur"] == 32_313_884
    expected = {"reporter_code": "DE", "flow": "import", "cmd_code": "030462", "period": "2024",
                "freq": "A", "currency": "EUR", "valuation": "CIF"}  # fmt: skip
    assert vietnam[list(expected)].to_dict() == expected


def test_recorded_refusal_and_footer(shared):
    for name, said in (
        ("error_413_EXTRACTION_TOO_BIG.xml", "fewer"),
        ("sdmxml_footer.xml", "minut"),
    ):
        with pytest.raises(SourceError, match=said):
            process((shared / "specimens/eurostat" / name).read_bytes())


def test_missing_weight_is_missing_and_flags_are_kept():
    body = answer(line(), line("850450"), line("850450", "QUANTITY_IN_100KG", "0")).decode()
    head, *rows = body.splitlines()
    flagged = [f"{head},OBS_FLAG,CONF_STATUS", f"{rows[0]},p,c", f"{rows[1]},,", f"{rows[2]},,"]
    got = process("\ufeff" + "\n".join(flagged)).set_index("cmd_code")
    assert got["net_weight_kg"].isna()["850440"]
    assert got["net_weight_kg"]["850450"] == 0
    assert got["status"]["850440"] == "p,c"
    assert got["status"].isna()["850450"]


def test_both_flows_months_and_valuation():
    got = process(answer(line(period="2024-03"), line(flow="2", period="2024-03")))
    assert got[["flow", "valuation", "freq", "period"]].values.tolist() == [
        ["export", "FOB", "M", "2024-03"],
        ["import", "CIF", "M", "2024-03"],
    ]


def test_codes_of_greece_britain_kosovo_and_namibia_stay():
    got = process(answer(*(line(reporter="EL", partner=p) for p in ("GB", "UK", "XK", "NA"))))
    assert sorted(got["partner_code"]) == ["GB", "NA", "UK", "XK"]
    assert set(got["reporter_code"]) == {"EL"}


def test_same_row_twice_is_one_and_two_figures_are_an_error():
    assert process(answer(line(), line()))["value_eur"].tolist() == [10]
    with pytest.raises(SourceError, match="two different figures for DE US 850440"):
        process(answer(line(), line(value="11")))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (answer(line(indicator="VALUE_USD")), "field 'indicators' holds 'VALUE_USD'"),
        (answer(line(flow="3")), "field 'flow' holds '3'"),
        (answer(line(value="ten")), "field 'OBS_VALUE' holds 'ten'"),
        (answer(line()).replace(b"partner", b"party"), "no field 'partner'"),
    ],
)
def test_schema_changes_stop(body, said):
    with pytest.raises(SourceError, match=f"comext: .*{said}"):
        process(body)


def test_header_only_and_nothing_found_are_empty():
    for body in (answer(), NOTHING, b""):
        got = process(body)
        assert len(got) == 0
        assert list(got) == list(CONTRACT)


def test_request_has_the_key_in_order():
    query = Query(["GR", "DE"], ["901320", "90132000"], ["US"], since="2020", until="2024")
    path, params = request(query)
    assert path == "/sdmx/2.1/data/DS-045409/A.GR+DE.US.901320+90132000.1+2."
    assert params == [("format", "SDMX-CSV"), ("startPeriod", "2020"), ("endPeriod", "2024")]


@pytest.mark.parametrize(
    "query",
    [Query([], ["90"]), Query(["DE"], []), Query(["DE"], ["901"]),
     Query(["DE"], ["90"], flows=["x"]), Query(["DE"], ["90"], freq="Q")],
)  # fmt: skip
def test_questions_that_cannot_be_asked(query):
    with pytest.raises(UsageError, match=r"^comext: "):
        fetch(query, None)


def test_fetch_over_http_and_again_without_asking(server, client):
    server.route(DATA, lambda request: Reply(body=answer(line()), content_type=CSV))
    query = Query(["DE"], ["850440"])
    assert fetch(query, client=client)["value_eur"].tolist() == [10]
    assert fetch(query, client=client)["value_eur"].tolist() == [10]
    assert (client.requests_sent, client.reused) == (1, 1)


@pytest.mark.parametrize("status", [200, 404, 400])
def test_nothing_found_is_empty_whatever_the_status(server, client, status):
    server.route(DATA, lambda request: Reply(status, body=NOTHING, content_type="text/xml"))
    assert len(fetch(Query(["DE"], ["850440"]), client=client)) == 0


def test_too_big_is_split_until_it_fits_and_nothing_is_lost(server, client):
    codes = [f"8504{n:02d}" for n in range(7)]

    def two_at_most(request):
        products = request.path.split(".")[-3].split("+")
        if len(products) > 2:
            return Reply(413, body=TOO_BIG, content_type="application/xml")
        return Reply(body=answer(*(line(p, value=p) for p in products)), content_type=CSV)

    server.route(DATA, two_at_most)
    got = fetch(Query(["DE"], codes), client=client)
    assert sorted(got["cmd_code"]) == codes
    assert got["value_eur"].sum() == sum(map(int, codes))


def test_one_product_is_split_by_flow_and_years(server, client):
    def one_year_one_flow(request):
        flow = request.path.split(".")[-2]
        since, until = request.query["startPeriod"], request.query["endPeriod"]
        if "+" in flow or since != until:
            return Reply(413, body=TOO_BIG, content_type="application/xml")
        return Reply(body=answer(line(flow=flow, period=since)), content_type=CSV)

    server.route(DATA, one_year_one_flow)
    got = fetch(Query(["DE"], ["850440"], since="2020", until="2024"), client=client)
    assert sorted(zip(got["flow"], got["period"], strict=True)) == [
        (flow, str(year)) for flow in ("export", "import") for year in range(2020, 2025)
    ]


def test_what_cannot_be_split_any_more_says_so(server, client):
    server.route(DATA, lambda request: Reply(413, body=TOO_BIG, content_type="text/xml"))
    query = Query(["DE"], ["850440"], flows=["import"], since="2024", until="2024")
    with pytest.raises(SourceError, match="still too big"):
        fetch(query, client=client)


def queued(status, http=200):
    body = QUEUED.format(id="job-1", status=status).encode()
    return {"body": body, "content_type": "text/xml", "status": http}


def state(status):
    return {"body": STATUS.format(id="job-1", status=status).encode(), "content_type": "text/xml"}


@pytest.mark.parametrize("http", [200, 202, 413])
def test_a_queued_answer_is_waited_for(server, client, clock, http):
    server.route(DATA, lambda request: Reply(**queued("SUBMITTED", http)))
    states = server.add("/1.0/async/status/job-1", **state("SUBMITTED"))
    for _ in range(9):
        states.then(**state("PROCESSING"))
    states.then(**state("AVAILABLE"))
    server.add("/1.0/async/data/job-1", body=answer(line()), content_type=CSV)
    got = fetch(Query(["DE"], ["850440"]), client=client)
    assert got["value_eur"].tolist() == [10]
    assert 60 < clock.at < 200  # looked at intervals


def test_a_queued_answer_without_an_id_is_asked_for_again_and_not_split(server, client, clock):
    label = "ASYNCHRONOUS_RESPONSE. Your request will be treated asynchronously."
    replies = [Reply(413, json={"error": [{"status": 413, "id": 413, "label": label}]}),
               Reply(body=answer(line()), content_type=CSV)]  # fmt: skip
    server.route(DATA, lambda request: replies.pop(0))
    assert len(fetch(Query(["DE"], ["850440"]), client=client)) == 1
    assert clock.slept[0] == 30


def test_waiting_for_a_queued_answer_has_a_bound(server, client, clock, monkeypatch):
    monkeypatch.setattr(client, "provider", replace(client.provider, patience_s=100))
    server.route(DATA, lambda request: Reply(**queued("SUBMITTED")))
    server.add("/1.0/async/status/job-1", **state("PROCESSING"))
    with pytest.raises(SourceError, match=r"PROCESSING.*ask again in some minutes"):
        fetch(Query(["DE"], ["850440"]), client=client)
    assert 100 < clock.at < 150


@pytest.mark.parametrize("status", ["EXPIRED", "UNKNOWN_REQUEST"])
def test_a_queued_answer_can_fail(server, client, tmp_path, status):
    server.route(DATA, lambda request: Reply(**queued("SUBMITTED")))
    server.add("/1.0/async/status/job-1", **state(status))
    with pytest.raises(SourceError, match=status):
        fetch(Query(["DE"], ["850440"]), client=client)
    assert not list(tmp_path.glob("*/*.gz"))


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ({"body": b"<html>Sorry</html>", "content_type": "text/html"}, "text/html"),
        ({"status": 404, "body": b""}, "HTTP 404 without a reason"),
        ({"body": b"<a><b>", "content_type": "text/xml"}, "broken or cut off"),
        (
            {"body": b"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "content_type": "text/xml"},
            "unsafe",
        ),
    ],
)
def test_failures_are_errors_and_never_kept(server, client, tmp_path, reply, said):
    server.route(DATA, lambda request: Reply(**reply))
    with pytest.raises(SourceError, match=said):
        fetch(Query(["DE"], ["850440"]), client=client)
    assert not list(tmp_path.glob("*/*.gz"))


def test_key_order_of_the_statistics_service_is_read_too():
    names = ["freq", "reporter", "partner", "product", "flow", "indicators", "time"]
    codes = [["A"], ["DE"], ["US"], ["850440"], ["1"], ["VALUE_IN_EUROS", "QUANTITY_IN_100KG"],
             ["2024"]]  # fmt: skip
    message = {
        "version": "2.0", "class": "dataset", "id": names, "size": [len(c) for c in codes],
        "value": {"0": 5, "1": 2}, "dimension": {
            name: {"category": {"index": of}} for name, of in zip(names, codes, strict=True)},
    }  # fmt: skip
    import json

    got = process(json.dumps(message))
    assert got[["value_eur", "net_weight_kg"]].values.tolist() == [[5, 200]]
    assert comext.SOURCE == "comext"

"""What providers say instead of data. Bodies are synthetic unless read from the specimens."""

import pytest

from marketintel.errors import SourceError
from marketintel.sources.formats.notices import notice, refuse

SOAP = 'xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"'
QUEUED = (
    '<?xml version="1.0"?><env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/">'
    '<env:Body><ns0:syncResponse xmlns:ns0="urn:x"><queued><id>{id}</id>'
    "<status>{status}</status></queued></ns0:syncResponse></env:Body></env:Envelope>"
)
STATUS = (
    '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>'
    '<ns0:asyncResponse xmlns:ns0="urn:a" xmlns:ns1="urn:b"><ns1:status><ns1:key>{id}</ns1:key>'
    "<ns1:status>{status}</ns1:status></ns1:status></ns0:asyncResponse></env:Body></env:Envelope>"
)
SDMX_ERROR = (
    '<m:Error xmlns:m="urn:m" xmlns:c="urn:c"><m:ErrorMessage code="{code}"><c:Text>{text}'
    "</c:Text></m:ErrorMessage></m:Error>"
)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (f"<S:Fault {SOAP}><faultcode>100</faultcode><faultstring>NO_RESULTS: The query did not "
         "return any results.</faultstring></S:Fault>", "empty"),
        (f"<S:Fault {SOAP}><faultcode>150</faultcode><faultstring>Bad key</faultstring></S:Fault>",
         "error"),
        (f"<e:Envelope xmlns:e='u'><S:Fault {SOAP}><faultcode>413</faultcode><faultstring>"
         "EXTRACTION_TOO_BIG: …</faultstring></S:Fault></e:Envelope>", "too_big"),
        (SDMX_ERROR.format(code="100", text="NoRecordsFound"), "empty"),
        (SDMX_ERROR.format(code="100", text="-"), "empty"),
        (SDMX_ERROR.format(code="140", text="Syntax error"), "error"),
        ("<wits:wits xmlns:wits='http://wits.worldbank.org'><wits:error><wits:message>No data"
         "</wits:message></wits:error></wits:wits>", "empty"),
        ("NoRecordsFound", "empty"),
        ("NoResultsFound", "empty"),
        ("No results found.", "empty"),
        ("Could not find Dataflow", "error"),
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "error"),
        ('{"error": [{"status": 404, "id": 100, "label": "No results found"}]}', "empty"),
        ('{"error": {"status": 400, "id": 150, "label": "Wrong dimension"}}', "error"),
        ('{"error": {"status": 413, "id": 413, "label": "EXTRACTION_TOO_BIG"}}', "too_big"),
        ('{"warning": {"status": 413, "label": "ASYNCHRONOUS_RESPONSE. Try later."}}', "queued"),
        ('{"error": true, "errors": "Invalid indicator"}', "error"),
    ],
)  # fmt: skip
def test_kinds(body, kind):
    assert notice(body, "x").kind == kind
    assert notice(body.encode(), "x").kind == kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [("SUBMITTED", "queued"), ("PROCESSING", "queued"), ("AVAILABLE", "ready"),
     ("EXPIRED", "error"), ("UNKNOWN_REQUEST", "error")],
)  # fmt: skip
@pytest.mark.parametrize("template", [QUEUED, STATUS])
def test_queued_answers_have_a_state_and_an_id(template, status, kind):
    found = notice(template.format(id="98de05ea-540a", status=status), "x")
    assert (found.kind, found.request_id) == (kind, "98de05ea-540a")


@pytest.mark.parametrize("bad", ["../../secret", "", "a b", "http://elsewhere/x"])
def test_an_id_that_could_lead_elsewhere_is_not_followed(bad):
    found = notice(QUEUED.format(id=bad, status="SUBMITTED"), "x")
    assert (found.kind, found.request_id) == ("error", None)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "A,B\n1,2\n",
        '{"version": "2.0", "class": "dataset", "value": {}, "error": []}',
        '{"value": [1], "warning": "rounded"}',
        '{"data": {"dataSets": []}, "errors": []}',
        "[]",
    ],
)
def test_data_are_no_notice(body):
    assert notice(body, "x") is None


def test_recorded_refusal_and_footers(shared):
    folder = shared / "specimens/eurostat"
    too_big = notice((folder / "error_413_EXTRACTION_TOO_BIG.xml").read_bytes(), "x")
    assert too_big.kind == "too_big"
    assert "420709314 rows" in too_big.text
    for name in ("sdmxml_footer.xml", "sdmxml_footer2.xml"):
        assert notice((folder / name).read_bytes(), "x").kind == "queued"
    assert notice((folder / "sdmxml_NAMA_10_GDP-ss.xml").read_bytes(), "x") is None


def test_a_refusal_says_what_to_do():
    fault = "<Fault><faultcode>413</faultcode><faultstring>EXTRACTION_TOO_BIG</faultstring></Fault>"
    error = refuse(notice(fault, "x"), "x")
    assert isinstance(error, SourceError)
    assert str(error).startswith("x: the provider answered 'EXTRACTION_TOO_BIG'")
    assert "fewer codes" in str(error)

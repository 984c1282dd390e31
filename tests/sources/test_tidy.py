"""From bodies to frames: text, JSON, XML, numbers, periods, contracts, archives."""

import io
import zipfile

import pandas as pd
import pytest

from marketintel.errors import SourceError
from marketintel.sources.formats import tidy, zips


def zipped(**files: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return stream.getvalue()


def test_byte_order_marks_go_and_other_encodings_are_refused():
    assert tidy.text_of("\ufeffé".encode(), "x") == "é"
    assert tidy.text_of("\ufeffé", "x") == "é"
    with pytest.raises(SourceError, match=r"^x: .*not UTF-8"):
        tidy.text_of("é".encode("latin-1"), "x")


def test_json_tells_a_web_page_from_a_cut_document():
    assert tidy.json_of(b'\xef\xbb\xbf{"a": 1}', "x") == {"a": 1}
    assert tidy.json_of([1], "x") == [1]
    with pytest.raises(SourceError, match="markup"):
        tidy.json_of("<html><body>Maintenance</body></html>", "x")
    with pytest.raises(SourceError, match="cut off at character"):
        tidy.json_of('{"a": [1, 2', "x")


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE a [<!ENTITY e "boom">]><a>&e;</a>',
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><a/>',
    ],
)
def test_document_types_and_entities_are_refused(body):
    with pytest.raises(SourceError, match="refused as unsafe"):
        tidy.xml_of(body, "x")


def test_broken_xml_says_so():
    with pytest.raises(SourceError, match="broken or cut off"):
        tidy.xml_of("<a><b></a>", "x")


def test_no_figure_is_missing_and_never_zero():
    got = tidy.numbers(pd.Series(["1.5", " 2 ", ":", "", None, "N/A", "-3e2"]), "x", "f")
    assert got.isna().tolist() == [False, False, True, True, True, True, False]
    assert got.dropna().tolist() == [1.5, 2, -300]


def test_what_is_no_number_names_source_field_and_value():
    with pytest.raises(SourceError, match=r"x: field 'rate' holds '12 p'; expected a number"):
        tidy.numbers(pd.Series(["1", "12 p"]), "x", "rate")


@pytest.mark.parametrize(
    ("written", "period", "freq"),
    [
        ("2025", "2025", "A"),
        ("2025-A1", "2025", "A"),
        ("2025-03", "2025-03", "M"),
        ("2025M03", "2025-03", "M"),
        ("202503", "2025-03", "M"),
        ("2025-M03", "2025-03", "M"),
        ("2025-Q4", "2025-Q4", "Q"),
        ("2025Q4", "2025-Q4", "Q"),
        ("2025-S1", "2025-S1", "S"),
        ("2025-03-01", "2025-03-01", "D"),
        ("2025/2026", "2025/2026", None),
    ],
)
def test_periods_have_one_spelling(written, period, freq):
    got = tidy.periods(pd.Series([written]))
    assert got.tolist() == [period]
    told = tidy.frequencies(got)
    assert told.isna().all() if freq is None else told.tolist() == [freq]


def test_contract_orders_types_and_keeps_gaps():
    frame = pd.DataFrame({"b": ["1", None], "a": [1, None], "more": ["x", "y"]})
    got = tidy.conform(frame, {"a": "str", "b": "float64"}, "x")
    assert list(got) == ["a", "b"]
    assert str(got["a"].dtype) == "str"
    assert got["a"].isna().tolist() == [False, True]
    assert list(tidy.conform(frame, {"b": "float64"}, "x", others=True)) == ["b", "a", "more"]


def test_a_schema_change_names_source_field_and_what_was_expected():
    with pytest.raises(SourceError, match=r"x: the answer has no field 'c'; expected a, c"):
        tidy.conform(pd.DataFrame({"a": [1]}), {"a": "str", "c": "str"}, "x")
    with pytest.raises(SourceError, match=r"x: the answer has no field 'c'; expected it among a"):
        tidy.need(["a"], ["c"], "x")


def test_an_empty_frame_has_the_contract():
    got = tidy.empty({"a": "str", "b": "float64", "c": "bool"})
    assert len(got) == 0
    assert [str(dtype) for dtype in got.dtypes] == ["str", "float64", "bool"]


def test_members_are_found_by_their_ending():
    body = zipped(a__txt="meta", a__csv="data")
    assert zips.member_of(body, "x", ".csv") == b"data"
    with pytest.raises(SourceError, match=r"no file ending in \.xml"):
        zips.member_of(body, "x", ".xml")


def test_damaged_and_huge_archives_are_refused(monkeypatch):
    body = zipped(a__csv="0" * 10_000)
    with pytest.raises(SourceError, match="damaged or cut off"):
        zips.member_of(body[: len(body) // 2], "x", ".csv")
    with pytest.raises(SourceError, match="damaged or cut off"):
        zips.member_of(b"PK\x03\x04 not really", "x", ".csv")
    monkeypatch.setattr(zips, "MAX_UNPACKED_BYTES", 9_999)
    with pytest.raises(SourceError, match="would unpack to 10000 bytes"):
        zips.member_of(body, "x", ".csv")

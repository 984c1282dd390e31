"""Blocks: exact figures inside, text as text outside."""

import json
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketintel.documents.engine import formats
from marketintel.documents.engine.blocks import (
    MIME,
    Callout,
    Figure,
    Heading,
    KeyFigures,
    Stack,
    Table,
    Text,
    escape,
    from_payload,
    pack,
    unpack,
)

NASTY = ["<script>alert(1)</script>", '#import "x"', "*bold*|pipe", "$x$ & <b>", "`a`\n# b"]


class Visible(HTMLParser):
    """Tags, and the text between them as a reader sees it."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "supplier": ["Germany", NASTY[0], "Japan"],
            "group": ["EU", "EU", "Others"],
            "value_usd": [1_045_527_158, 40_000, 2**53 + 1],
            "share_pct": [12.34, np.nan, 0.1 + 0.2],
            "share_change_pp": [-1.25, 0.0, 0.01],
            "rank": pd.array([1, None, 3], dtype="Int64"),
        }
    )


@pytest.fixture
def table(frame):
    return Table(
        frame,
        "suppliers",
        "Suppliers <of> lasers",
        {
            "value_usd": "usd_m",
            "share_pct": "share_bar",
            "share_change_pp": "points",
            "rank": "int",
        },
        {"supplier": "Supplier", "value_usd": "Imports"},
        note="A note.",
        source="A source",
        missing="not recorded",
        group_col="group",
        highlight=[True, False, False],
    )


@pytest.mark.parametrize(
    ("value", "kind", "printed"),
    [
        (1_045_527_158, "usd_m", "1,045.5"),
        (40_000, "usd_m", "< 0.1"),
        (-40_000, "usd_m", "> −0.1"),
        (0, "usd_m", "0.0"),
        (16_487_412_345, "usd_bn", "16.49"),
        (1234567, "usd", "1,234,567"),
        (9.14, "pct", "9.1"),
        (-0.0, "pct", "0.0"),
        (-1.25, "points", "−1.3"),
        (1.3, "points", "+1.3"),
        (0.01, "points", "+0.0"),
        (0.0, "points", "0.0"),
        (88509.9, "pct_signed", "> 1,000"),
        (0.1234, "ratio3", "0.123"),
        (2025, "year", "2025"),
        (12345, "int", "12,345"),
        (float("nan"), "usd_m", "–"),
        (pd.NA, "int", "–"),
        (None, "text", "–"),
        (pd.NaT, "text", "–"),
        ("", "text", ""),
    ],
)
def test_show(value, kind, printed):
    assert formats.show(value, kind) == printed


@pytest.mark.parametrize("value", ["text", float("inf")])
def test_only_finite_numbers_are_printed_as_numbers(value):
    with pytest.raises(ValueError, match="not a finite number"):
        formats.show(value, "pct")


def test_missing_is_a_dash_with_its_meaning_never_zero(table):
    seen = Visible(table.html(3))
    assert "– not recorded." in seen.text
    row = table.view()["rows"][2]
    assert [cell["text"] for cell in row["cells"]] == [NASTY[0], "< 0.1", "–", "0.0", "–"]
    assert "bar" not in row["cells"][2]


def test_nothing_is_said_about_dashes_where_there_are_none(frame):
    assert Table(frame[["supplier"]], "a", "b").view()["note"] == ""


def test_the_table_is_accessible_and_its_names_are_text(table):
    seen = Visible(table.html(3))
    tags = [tag for tag, _ in seen.tags]
    assert "script" not in tags
    assert NASTY[0] in seen.text
    assert "Table 3" in " ".join(seen.text.split())
    assert tags.count("caption") == 1
    scopes = [attrs.get("scope") for tag, attrs in seen.tags if tag == "th"]
    assert scopes == ["col"] * 5 + ["rowgroup", "row", "row", "rowgroup", "row"]
    assert [attrs.get("class") for tag, attrs in seen.tags if tag == "tr"].count("mi-strong") == 1


@pytest.mark.parametrize("name", NASTY)
def test_names_are_text_in_every_block(name):
    blocks = [
        Heading(2, name),
        KeyFigures([(name, name, name)]),
        Callout("note", escape(name)),
        Text(escape(name)),
        Table(pd.DataFrame({name: [name]}), "t", name, note=name, source=name),
        Figure("<svg/>", "f", name, name, name),
    ]
    allowed = {"h2", "ul", "li", "div", "strong", "span", "aside", "p", "table", "caption"}
    allowed |= {"thead", "tbody", "tr", "th", "td", "figure", "figcaption", "svg"}
    for block in blocks:
        seen = Visible(block.html())
        assert {tag for tag, _ in seen.tags} <= allowed
        assert " ".join(name.split()) in " ".join(seen.text.split())


def test_raw_html_in_prose_is_shown_not_obeyed():
    seen = Visible(Text("A <script>alert(1)</script> b").html())
    assert [tag for tag, _ in seen.tags] == ["p"]
    assert "<script>alert(1)</script>" in seen.text


def test_payloads_are_json_and_rebuild_the_block(table):
    stack = Stack(table, None, Stack(Heading(3, "x"), Text("y")), Callout("key", "z"))
    bundle = stack._repr_mimebundle_()
    payload = json.loads(json.dumps(bundle[MIME], allow_nan=False))
    again = from_payload(payload)
    assert again.html() == stack.html()
    assert stack.html() in bundle["text/html"]
    assert [block.kind for block in again.flat()] == ["table", "heading", "text", "callout"]
    pd.testing.assert_frame_equal(again.blocks[0].frame, table.frame)


@given(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1),
    st.lists(st.floats(allow_infinity=False), min_size=1),
    st.lists(st.text(), min_size=1),
)
def test_figures_survive_exactly(whole, real, text):
    n = min(len(whole), len(real), len(text))
    frame = pd.DataFrame(
        {
            "whole": pd.Series(whole[:n], dtype="int64"),
            "real": pd.Series(real[:n], dtype="float64"),
            "text": pd.Series(text[:n], dtype="str"),
        }
    )
    again = unpack(json.loads(json.dumps(pack(frame), allow_nan=False)))
    pd.testing.assert_frame_equal(again, frame, check_exact=True)


def test_whole_numbers_and_truths_with_gaps_survive():
    frame = pd.DataFrame(
        {
            "n": pd.array([2**62, None], dtype="Int64"),
            "flag": pd.array([True, None], dtype="boolean"),
            "word": pd.Series(["a", None], dtype="str"),
        }
    )
    again = unpack(pack(frame))
    pd.testing.assert_frame_equal(again, frame)


@pytest.mark.parametrize(
    ("values", "reason"),
    [([1.0, np.inf], "infinite"), ([[1], [2]], "cannot be kept"), ([1, "a"], "cannot be kept")],
)
def test_what_cannot_be_kept_exactly_is_refused(values, reason):
    with pytest.raises(ValueError, match=reason):
        pack(pd.DataFrame({"x": values}))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda f: Table(f, "Has Blank", "c"), "table name"),
        (lambda f: Table(f, "../up", "c"), "table name"),
        (lambda f: Table(f, "t", "c", {"nowhere": "usd"}), "no column nowhere"),
        (lambda f: Table(f, "t", "c", {"rank": "euro"}), "unknown kind euro"),
        (lambda f: Table(f, "t", "c", highlight=[True]), "one value a row"),
        (lambda f: Figure("<svg/>", "f", "c", " "), "alt text"),
        (lambda f: Callout("shout", "x"), "callout"),
        (lambda f: Heading(1, "x"), "heading level"),
        (lambda f: from_payload({"kind": "table"}), "cannot be read"),
        (lambda f: from_payload({"kind": "widget"}), "cannot be read"),
    ],
)
def test_mistakes_are_refused_at_once(frame, make, reason):
    with pytest.raises(ValueError, match=reason):
        make(frame)


def test_figures_are_the_same_every_time_and_keep_their_text():
    from marketintel.documents.charts.charts import bar_suppliers

    rows = pd.DataFrame({"supplier": ["Germany", "--></svg><script>"], "value_usd": [1e6, 2e6]})

    def svg(name):
        return Figure(bar_suppliers(rows, base=None, share=None), name, "c", "a").svg

    first, second = svg("moves"), svg("moves")
    assert first == second
    assert "Germany" in first
    assert "<script" not in first
    assert "--&gt;&lt;/svg&gt;&lt;script&gt;" in first
    other = svg("again")
    ids = [{part.split('"')[0] for part in svg.split(' id="')[1:]} for svg in (first, other)]
    assert ids[0]
    assert not ids[0] & ids[1]

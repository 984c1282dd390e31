"""Letters of any script: set, or printed as their code, and the edition is always made."""

import re

import pandas as pd
import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketintel.documents.charts.charts import bar_suppliers
from marketintel.documents.engine import blocks, fonts
from marketintel.documents.engine.cover import Cover
from marketintel.documents.engine.fonts import printable
from marketintel.documents.engine.formats import escape
from tests.documents.test_render import prose, rendered, shows

SET = ["Laser 激光技术", "한국 광", "シナノ", "شركة", "חברת", "Zoe\u0301", "Łódź", "Ελλάς", "☺"]
CODED = {
    "\U0001f680\u200d\U0001f1ea": "‹U+1F680 U+200D U+1F1EA›",  # a joiner goes with its emoji
    "evil \u202egpj.exe": "evil ‹U+202E›gpj.exe",
    "\u2066a\u2069\u200f": "‹U+2066›a‹U+2069 U+200F›",
    "a\ue000b\U0010ffff": "a‹U+E000›b‹U+10FFFF›",
    "a\x00b\x1bc\x7f": "a‹U+0000›b‹U+001B›c‹U+007F›",
    "a\ud800b": "a‹U+D800›b",
    "a\u200bb\ufeffc\u2028": "a‹U+200B›b‹U+FEFF›c‹U+2028›",
    "x\u0489": "x‹U+0489›",  # a mark that the letter's font has not
    "हिन्दी"[:1]: "‹U+0939›",
}
LONG = ["A" * 104, "光" * 104, "\U0001f680" * 60]


@pytest.mark.parametrize(("text", "shown"), CODED.items())
def test_what_cannot_be_set_or_must_not_be_obeyed_is_a_code(text, shown):
    assert printable(text) == shown
    assert printable({"a": [text, 1, None]}) == {"a": [shown, 1, None]}


@pytest.mark.parametrize("text", SET)
def test_what_a_font_has_stays(text):
    assert printable(text).replace("é", "e\u0301") == text


@given(st.text())
def test_no_control_is_left_and_nothing_is_coded_twice(text):
    shown = printable(text)
    assert printable(shown) == shown
    shown.encode()
    assert not re.search(r"[\x00-\x08\x0e-\x1f\u200e\u200f\u202a-\u202e\u2066-\u2069]", shown)
    assert all(letter.isspace() or fonts.family_of(letter) for letter in shown)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    names = [*SET, *CODED, *LONG]
    frame = pd.DataFrame({"supplier": [*SET, *(n for n in CODED if "\ud800" not in n), *LONG]})
    frame = frame.assign(value_usd=1e6, base_value_usd=1e6, share_pct=1.0)
    chart = bar_suppliers(frame, n=99, highlight=frame["supplier"].to_list())
    cells = [
        prose("## " + escape("".join(names[:4])) + "\n\n" + escape(" ; ".join(frame["supplier"]))),
        shows(blocks.Table(frame, "names", f"Names {names[0]}", source=names[9], note=names[10])),
        shows(blocks.KeyFigures([(name, name, name) for name in names])),
        shows(blocks.Heading(3, " ".join(names[4:]))),
        shows(blocks.Figure(chart, "chart", "Chart", f"Chart of {names[14]}")),
    ]
    cover = Cover(title=names[0] + LONG[0], subtitle=names[9], scope=names[3], exporter=names[10])
    return rendered(tmp_path_factory.mktemp("letters"), cells, cover)


def test_every_letter_is_in_both_or_named_in_the_warnings(report):
    html = re.sub(r"<style>.*?</style>|<[^>]+>", "", report.html.read_text("utf-8"), flags=re.S)
    pdf = "".join(sheet.extract_text() for sheet in pypdf.PdfReader(report.pdf).pages)
    for text in (html, pdf.replace("\u200b", "").replace("\n", "")):
        for name in ("激光技术", "한국", "Łódź", "‹U+202E›gpj.exe"):
            assert name in text
        assert not re.search("[\u202a-\u202e\ud800-\udfff\ue000-\uf8ff]", text)
    for place in ("the prose", "the cover", "table names", "key_figures", "figure chart"):
        [warning] = [line for line in report.warnings if line.startswith(f"{place}, near ")]
        assert "U+202E RIGHT-TO-LEFT OVERRIDE" in warning or place == "the cover"
    assert "U+1F680 ROCKET" in "".join(report.warnings)


def test_long_names_stay_on_the_page(report):
    sheets = [sheet.extract_text() for sheet in pypdf.PdfReader(report.pdf).pages]
    lines = "\n".join(sheets).replace("\u200b", "").splitlines()
    assert max(len(run) for line in lines for run in re.findall("A+", line)) < len(LONG[0])
    html = report.html.read_text("utf-8")
    cell = re.search(r'<th scope="row">(A.*?)</th>', html)[1]
    assert cell.replace("<wbr>", "") == LONG[0]
    assert max(map(len, cell.split("<wbr>"))) <= fonts.LONGEST_WORD

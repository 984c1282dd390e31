"""HTML and PDF from one executed notebook: what is in, what stays out, what is text."""

import io
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import pypdf
import pytest

from marketintel.documents.engine import blocks
from marketintel.documents.engine import pdf as pdf_engine
from marketintel.documents.engine.cover import Cover
from marketintel.documents.engine.document import Document, read
from marketintel.documents.engine.html import settle_page
from marketintel.documents.engine.render import read_document, render
from marketintel.errors import ReportError

NASTY = ["<script>alert(1)</script>", '#import "x"', "*bold*|pipe", "$x$ [l](javascript:y)"]
COVER = Cover(
    title="United States <1>",
    subtitle="Photonics #imports",
    edition="2026-01",
    vintage="Data *as of* 2026",
    scope="All segments",
    exporter="EU27",
)


def shows(block):
    cell = nbformat.v4.new_code_cell("hidden_code()")
    cell.outputs = [nbformat.v4.new_output("display_data", data=block._repr_mimebundle_())]
    return cell


def prose(text):
    return nbformat.v4.new_markdown_cell(text)


def table(rows=3, columns=2, name="suppliers"):
    frame = pd.DataFrame({"supplier": [NASTY[i % len(NASTY)] for i in range(rows)]})
    for j in range(columns - 1):
        frame[f"v{j}_usd"] = [1e6 * (i + 1) for i in range(rows)]
    formats = dict.fromkeys(frame.columns[1:], "usd_m")
    return blocks.Table(frame, name, f"Caption {NASTY[0]}", formats, source="Census #1")


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'


def everything():
    return [
        prose("# The notebook's own title\n"),
        prose(
            "## Summary\n\nProse of *some* kind, for US$5 or US$6, <script>alert(2)</script>.[^1]"
        ),
        prose("[^1]: The footnote."),
        shows(blocks.KeyFigures([("Imports", "USD 1 bn", "+1 %")])),
        shows(blocks.Callout("warning", f"Careful with {blocks.escape(NASTY[2])}\n\n- a\n- b")),
        shows(blocks.Stack(blocks.Heading(3, NASTY[1]), blocks.Text(blocks.escape(NASTY[3])))),
        shows(table()),
        prose("### A link\n\n[Census](https://www.census.gov/), then a figure."),
        shows(blocks.Figure(SVG, "square", "A square", 'Alt "text" <b>', source="Own")),
    ]


def rendered(tmp_path, cells, cover=COVER):
    file = tmp_path / "executed.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), file)
    return render(read_document(file), tmp_path, cover)


class Page(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self._inside = [], "", ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self._inside = tag
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self._inside != "style":
            self.text += data


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return rendered(tmp_path_factory.mktemp("report"), everything())


@pytest.fixture(scope="module")
def page(report):
    return Page(report.html.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pdf(report):
    return pypdf.PdfReader(report.pdf)


@pytest.fixture(scope="module")
def pdf_text(pdf):
    return " ".join(" ".join(sheet.extract_text() for sheet in pdf.pages).split())


def test_the_page_is_accessible_and_self_contained(page):
    tags = [tag for tag, _ in page.tags]
    found = {tag: [attrs for t, attrs in page.tags if t == tag] for tag in set(tags)}
    assert found["html"][0]["lang"] == "en"
    assert tags.count("h1") == tags.count("main") == tags.count("nav") == 1
    assert found["a"][0] == {"href": "#content", "class": "skip"}
    assert not {"script", "iframe"} & set(tags)
    assert all(link["href"].startswith("data:") for link in found["link"])
    assert any(attrs.get("aria-label") == 'Alt "text" <b>' for attrs in found["div"])
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = {a["href"][1:] for a in found["a"] if a["href"].startswith("#")}
    assert targets <= set(ids)
    assert {"summary", "a-link"} <= targets  # the contents


def test_code_and_the_notebooks_title_stay_out(page, pdf_text):
    for text in (page.text, pdf_text):
        assert "hidden_code" not in text
        assert "own title" not in text
        assert "United States <1>" in text
        assert "Data *as of* 2026" in text


def test_every_name_is_text_in_both(page, pdf_text):
    for text in (" ".join(page.text.split()), pdf_text.replace("‘", "'")):
        for name in [*NASTY[:3], "<script>alert(2)</script>", "US$5 or US$6", "Photonics #imports"]:
            assert name in text
        assert "[l](javascript:y)" in text
        assert "Table 1" in text
        assert "Figure 1" in text
        assert "The footnote." in text


def test_the_pdf_is_tagged_and_says_what_it_is(pdf, pdf_text):
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712 - a PDF object
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] == True  # noqa: E712
    assert pdf.metadata.title == "United States <1> – Photonics #imports"
    assert b"pdfuaid:part" in root["/Metadata"].get_data()
    assert f"{len(pdf.pages)} / {len(pdf.pages)}" in pdf_text
    structure = list(elements(root["/StructTreeRoot"]))
    kinds = [element.get("/S") for element in structure]
    assert {"/Table", "/TH", "/TD", "/Figure", "/H1", "/TOC", "/Link"} <= set(kinds)
    assert 'Alt "text" <b>' in [element.get("/Alt") for element in structure]


def elements(node):
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            yield from elements(child)
    elif isinstance(node, dict):
        yield node
        if "/K" in node:
            yield from elements(node["/K"])


def test_the_fonts_are_our_own_and_embedded(pdf):
    names = set()
    for sheet in pdf.pages:
        for font in sheet["/Resources"].get("/Font", {}).values():
            below = font.get_object()["/DescendantFonts"][0].get_object()
            names.add(str(below["/BaseFont"]))
            descriptor = below["/FontDescriptor"]
            assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
    assert {re.sub(r"^/\w+\+|-\w+(-Identity-H)?$", "", name) for name in names} == {"SourceSansPro"}


def test_the_same_notebook_gives_the_same_bytes(tmp_path, report):
    again = rendered(tmp_path, everything())
    assert again.html.read_bytes() == report.html.read_bytes()
    assert again.pdf.read_bytes() == report.pdf.read_bytes()


def test_long_and_wide_tables_are_all_there(tmp_path):
    cells = [
        prose("## Long"),
        shows(table(rows=90)),
        prose("## Wide\n\n### With a heading of its own"),
        shows(table(columns=12, name="wide")),
    ]
    pdf = pypdf.PdfReader(rendered(tmp_path, cells).pdf)
    sheets = [sheet.extract_text() for sheet in pdf.pages]
    long = [text for text in sheets if "Supplier" in text and "v0" in text.lower()]
    assert len(long) >= 3  # the header is repeated
    assert "90.0" in "".join(sheets)
    [wide] = [i for i, sheet in enumerate(pdf.pages) if sheet.mediabox.width > 800]
    assert "With a heading of its own" in sheets[wide]
    positions = []
    pdf.pages[wide].extract_text(
        visitor_text=lambda text, cm, tm, font, size: positions.append(tm[4] + cm[4])
    )
    assert max(positions) < pdf.pages[wide].mediabox.width


def test_an_empty_table_can_be_shown(tmp_path):
    empty = blocks.Table(pd.DataFrame({"a": pd.Series(dtype="str")}), "empty", "Nothing")
    done = rendered(tmp_path, [prose("## A"), shows(empty)])
    assert "Nothing" in pypdf.PdfReader(done.pdf).pages[-1].extract_text()


def test_what_is_not_a_block_is_reported(tmp_path):
    cell = nbformat.v4.new_code_cell("df")
    cell.outputs = [
        nbformat.v4.new_output("execute_result", data={"text/plain": "plain output"}),
        nbformat.v4.new_output("stream", name="stderr", text="Some\nwarning"),
    ]
    done = rendered(tmp_path, [prose("## A"), cell])
    assert done.warnings == [
        "cell 2 shows text/plain: not printed",
        "cell 2 wrote to stderr: Some warning",
    ]
    assert "plain output" not in done.html.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([prose("# A"), prose("# B")], "2 headings of level 1"),
        ([prose("## A\n\n![x](https://example.org/x.png)")], "outside"),
        ([prose("## A\n\n[x](javascript:alert)")], "outside"),
        ([prose("## A\n\n![x](/etc/hostname)")], "outside"),
    ],
)
def test_prose_that_cannot_be_printed_is_named(tmp_path, cells, reason):
    with pytest.raises(ReportError, match=reason) as caught:
        rendered(tmp_path, cells)
    assert "\n" not in str(caught.value)


def test_a_block_that_the_prose_would_swallow_is_noticed():
    inside_code = Document("## A\n\n    blockabc0n0xwhole\n\n", "blockabc0n", [table()])
    with pytest.raises(ReportError, match="swallows"):
        inside_code.convert("html5", lambda i, part: "shown")


def test_a_block_that_was_shown_is_printed_or_it_is_an_error(tmp_path):
    an_address = Document("[a]:\nblockabc0n0xwhole\n", "blockabc0n", [table()])
    with pytest.raises(ReportError, match="swallows"):
        an_address.convert("html5", lambda i, part: "shown")
    lost = shows(table())
    del lost.outputs[0].data[blocks.MIME]
    with pytest.raises(ReportError, match=r"cell 2.*lost"):
        rendered(tmp_path, [prose("## A"), lost])
    notebook = nbformat.v4.new_notebook(cells=[prose("## A"), shows(table())])
    for count, fine in ((1, True), (2, False), (0, False)):
        notebook.metadata["marketintel"] = {"blocks": count}
        if fine:
            assert len(read(notebook).blocks) == 1
        else:
            with pytest.raises(ReportError, match=f"showed {count} blocks"):
                read(notebook)


@pytest.mark.parametrize(
    "target",
    ["../market-study-USA/report.html", "../../2026-11/screening/report.pdf", "tables/a.csv",
     "../market-study-USA/tables/a.csv"],
)  # fmt: skip
def test_links_within_the_set_are_printed_where_their_target_is(tmp_path, target):
    home = tmp_path / "reports" / "2026-11" / "own"
    page = rendered(tmp_path, [prose(f"## A\n\nThe [*other*]({target}) one.")])
    assert target.encode() not in page.pdf.read_bytes()
    assert settle_page(page.html, home) == [target]
    text = page.html.read_text(encoding="utf-8")
    assert f'<span data-href="{target}"><em>other</em></span>' in text
    there = (page.html.parent if target.startswith("tables") else home) / target
    there = Path(os.path.normpath(there))
    there.parent.mkdir(parents=True)
    there.touch()
    settle_page(page.html, home)
    assert f'<a href="{target}"><em>other</em></a>' in page.html.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "target",
    ["../../../x/report.html", "../x/../../y/z.html", "../../x/y/../../z.html", "/etc/passwd",
     "x.html", "file:///etc/passwd", "//example.org/x", "tables/../../x.csv",
     "../.hidden/report.html", "tables/x/y.csv", "..%2f..%2fx/y.html", "data:text/html,x"],
)  # fmt: skip
def test_links_out_of_the_set_are_refused(tmp_path, target):
    with pytest.raises(ReportError, match="outside"):
        rendered(tmp_path, [prose(f"## A\n\n[x]({target})")])


def test_a_damaged_block_or_notebook_is_named(tmp_path):
    cell = shows(table())
    cell.outputs[0].data[blocks.MIME] = {"kind": "table", "name": "x"}
    with pytest.raises(ReportError, match="cell 1: a block of kind 'table'"):
        rendered(tmp_path, [cell])
    file = tmp_path / "broken.ipynb"
    file.write_text("{", encoding="utf-8")
    with pytest.raises(ReportError, match=re.escape("broken.ipynb is not a readable notebook")):
        read_document(file)


def test_figures_are_set_with_their_text(tmp_path):
    from marketintel.documents.charts.charts import bar_suppliers

    rows = pd.DataFrame({"supplier": ["Germany", NASTY[0]], "value_usd": [1.5e6, 2e6]})
    figure = blocks.Figure(bar_suppliers(rows, base=None, share=None), "f", "c", "alt")
    done = rendered(tmp_path, [prose("## A"), shows(figure)])
    text = pypdf.PdfReader(io.BytesIO(done.pdf.read_bytes())).pages[-1].extract_text()
    assert "Germany" in text
    assert NASTY[0] in text
    assert "2.0" in text


def test_only_links_to_declared_hosts_are_live_and_a_policy_stands_first(tmp_path):
    links = "[a](https://evil.example/x) [b](http://www.census.gov/) <https://evil.example/y>"
    done = rendered(tmp_path, [prose(f"## A\n\n{links} [c](https://comtradeplus.un.org/a?b=1&c)")])
    page = Page(done.html.read_text(encoding="utf-8"))
    hrefs = [attrs["href"] for tag, attrs in page.tags if tag == "a" and "href" in attrs]
    assert [href for href in hrefs if not href.startswith("#")] == [
        "https://comtradeplus.un.org/a?b=1&c"
    ]
    targets = [
        str(note.get_object()["/A"]["/URI"])
        for sheet in pypdf.PdfReader(done.pdf).pages
        for note in sheet.get("/Annots", [])
        if "/URI" in note.get_object().get("/A", {})
    ]
    assert targets == ["https://comtradeplus.un.org/a?b=1&c"]
    assert "https://evil.example/y" in page.text
    [policy] = [a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a]
    assert policy.startswith("default-src 'none'; ")
    assert "script" not in policy


def test_a_long_text_leaves_other_columns_room_for_their_words():
    """`Photovoltaics` ran into the next column where reasons of a hundred letters shared the line."""
    frame = pd.DataFrame(
        {"segment": ["Photovoltaics", "Consumer and sporting optics"], "class": ["hold", "push"],
         "value": [1.0, 2.0], "reason": ["Strong, growing and open to everyone who sells there. " * 3] * 2}
    )  # fmt: skip
    table = blocks.Table(frame, "wide", "Wide", formats={"value": "usd_m"}, group_col=None)
    found = pdf_engine._view(table.view())
    widths = dict(zip(frame.columns, found["widths"], strict=True))
    assert widths["class"] == widths["value"] == 0
    assert widths["segment"] >= len("Photovoltaics") and widths["reason"] > widths["segment"]

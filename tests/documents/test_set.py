"""Documents are a set: any order, one folder, links that open, sources that are named."""

import csv
import hashlib
import json
import shutil
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pandas as pd
import pypdf
import pytest

from marketintel.documents.engine.catalogue import editions, write_index
from marketintel.sources.catalogue import sources
from marketintel.warehouse.coverage import coverage
from marketintel.warehouse.terms import edition_objections
from tests.documents.conftest import AGAIN, KEY, commands, documents
from tests.documents.test_outlook_best import adds_up


class Page(HTMLParser):
    """Links and ids of a page, and all its text."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file, self.links, self.ids, self.text = file, [], set(), ""
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.ids |= {values["id"]} if "id" in values else set()
        if tag == "a" and "href" in values:
            self.links.append(values["href"])

    def handle_data(self, data):
        self.text += data

    def broken(self) -> list[str]:
        """Every link that leads nowhere; addresses on the web are only looked at."""
        bad = []
        for link in self.links:
            parts = urlsplit(link)
            if parts.scheme in ("http", "https"):
                bad += [] if parts.hostname else [link]
            elif parts.scheme or parts.netloc:
                bad += [] if parts.scheme == "mailto" else [link]
            elif parts.path:
                bad += [] if (self.file.parent / unquote(parts.path)).is_file() else [link]
            elif parts.fragment not in self.ids:
                bad.append(link)
        return bad


def pages(reports: Path) -> list[Page]:
    return [Page(file) for file in (*reports.glob("*.html"), *reports.glob("*/*/report.html"))]


def without_timing(run):
    return {name: value for name, value in run.items() if name != "timing"}


def test_the_readme_names_every_document(root):
    said = commands((root / "README.md").read_text(encoding="utf-8"))
    assert {next(d for d in documents() if c.startswith(d)) for c in said} == set(documents())


def test_every_document_can_be_written_and_says_nothing(document_set):
    for run in (*document_set.first, *document_set.second):
        assert run.stderr == "", run.command
        assert run.edition.run["warnings"] == [], run.command
    folders = {run.edition.folder for run in document_set.last}
    assert len(folders) == len(document_set.first) == len(editions(document_set.folder))
    assert all(len(part.name) <= 80 for part in folders)
    assert not [p for p in document_set.folder.iterdir() if p.name.startswith((".", "_"))]


def changed(first, second):
    """Commands that wrote something else the second time."""
    ones = {run.command: without_timing(run.edition.run) for run in first}
    return [r.command for r in second if without_timing(r.edition.run) != ones[r.command]]


def test_surroundings_change_no_byte_of_an_edition(document_set):
    """The second time no variable was set; the links were there the first time too."""
    assert len(document_set.second) >= len(AGAIN)
    assert changed(document_set.first, document_set.second) == []


@pytest.mark.slow
def test_surroundings_change_no_byte_of_the_other_documents(document_set, root):
    said = [run.command for run in document_set.first if not run.command.startswith(AGAIN)]
    assert len(said) + len(document_set.second) == len(document_set.first)
    assert changed(document_set.first, document_set.again(root, said)) == []


def test_every_link_opens(document_set):
    assert {str(p.file): p.broken() for p in pages(document_set.folder)} == {
        str(p.file): [] for p in pages(document_set.folder)
    }
    study, screen = document_set["study"], document_set["screen"]
    link = f"../../{study.folder.parent.name}/{study.folder.name}/report.html"
    assert screen.run["links"] == [link] and link in Page(screen.html).links
    assert link not in str([sheet.get("/Annots") for sheet in pypdf.PdfReader(screen.pdf).pages])


def test_links_follow_the_editions_that_are_there(document_set, tmp_path):
    reports = tmp_path / "reports"
    shutil.copytree(document_set.folder, reports)
    study, screen = (
        reports / document_set[name].folder.relative_to(document_set.folder)
        for name in ("study", "screen")
    )
    before = (screen / "report.html").read_bytes()
    study.rename(tmp_path / "away")
    write_index(reports)
    assert not any(page.broken() for page in pages(reports))
    assert "market study" in Page(screen / "report.html").text
    (tmp_path / "away").rename(study)
    write_index(reports)
    assert (screen / "report.html").read_bytes() == before
    assert json.loads((screen / "run.json").read_text()) == document_set["screen"].run


def test_every_source_that_was_read_is_named_and_no_other_is_recorded(document_set):
    known, files = sources(), coverage(newest=True).set_index("file")
    for run in document_set.last:
        text = " ".join(unescape(Page(run.edition.html).text).split())
        for name in run.edition.run["inputs"]:
            if name.startswith("raw/"):
                source = files.loc[name, "source"]
                said = (known[source].producer, *files.loc[name, ["title", "citation"]])
                assert any(" ".join(words.split()) in text for words in said), (run.command, source)
    brief = document_set["brief"].run["inputs"]
    assert any(name.startswith("raw/atlas_world_exports/") for name in brief)
    assert not any(name.startswith("raw/eurostat_comext_inputs/") for name in brief)
    assert "reference/needs.toml" in document_set["needs"].run["inputs"]
    assert "reference/clusters.toml" in document_set["mission"].run["inputs"]


def test_what_was_handed_in_stays_inside(document_set):
    index, inside = (
        (document_set.folder / page).read_text(encoding="utf-8")
        for page in ("index.html", "internal.html")
    )
    for run in document_set.last:
        audience = "internal" if run.command.startswith("needs") else "public"
        edition = run.edition
        assert edition.run["audience"] == audience, run.command
        assert f"{edition.run['edition']} ({audience})" in Page(edition.html).text
        first = pypdf.PdfReader(edition.pdf).pages[0].extract_text()
        assert f"({audience})" in first.replace("\u2060", ""), run.command
        objections = " ".join(edition_objections(edition.folder))
        assert ("internal" in objections) == (audience == "internal")
    assert inside.count("<td>internal</td>") == 1 and "<td>public</td>" not in inside
    assert "internal" not in index.split("<body>")[1]


def test_no_key_is_anywhere(document_set):
    for file in document_set.folder.rglob("*"):
        if file.is_file():
            assert KEY.encode() not in file.read_bytes(), file


@pytest.fixture
def edition(document_set):
    """The study of the README."""
    return document_set["study"]


def test_edition_holds_every_promised_file(edition) -> None:
    there = {path.relative_to(edition.folder).as_posix() for path in edition.folder.rglob("*")}
    assert {"report.html", "report.pdf", "report.ipynb", "run.json", "tables/tables.xlsx"} <= there
    assert {"tables/suppliers_lasers.csv", "tables/codes_imaging.csv"} <= there
    assert not list(edition.folder.parent.parent.glob(".*")), "no draft is left behind"


def test_tables_of_the_edition_sum_to_the_market(edition) -> None:
    with (edition.folder / "tables" / "suppliers_lasers.csv").open(encoding="utf-8-sig") as handle:
        rows = list(csv.DictReader(handle))
    assert sum(int(float(row["value_usd"])) for row in rows) == 1_029_392_405


def test_pdf_is_tagged_and_its_text_can_be_read(edition) -> None:
    pdf = pypdf.PdfReader(edition.pdf)
    catalog = pdf.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"] is True or catalog["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in catalog and catalog["/Lang"].lower().startswith("en")
    pages = [page.extract_text().replace("\u2060", "") for page in pdf.pages]
    assert "United States" in pages[0]
    assert "Germany" in " ".join(pages)
    for number, text in enumerate(pages[1:], start=2):
        assert text.rstrip().endswith(f"{number} / {len(pages)}")


def test_html_needs_no_network_and_every_picture_has_alt_text(edition) -> None:
    from html.parser import HTMLParser

    class Pictures(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.bad: list[str] = []
            self.seen = 0

        def handle_starttag(self, tag, attrs):
            values = dict(attrs)
            if tag == "script" or (values.get("src") or "").startswith("http"):
                self.bad.append(tag)
            if tag == "img":
                self.seen += 1
                if "alt" not in values:
                    self.bad.append("img without alt")
            if values.get("role") == "img":
                self.seen += 1
                if not values.get("aria-label"):
                    self.bad.append("picture without a label")

    parser = Pictures()
    parser.feed(edition.html.read_text(encoding="utf-8"))
    assert parser.bad == []
    assert parser.seen > 3


def test_a_brief_holds_its_tables(document_set):
    done = document_set["brief"]
    assert done.pdf.read_bytes()[:5] == b"%PDF-"
    tables = {p.stem for p in (done.folder / "tables").glob("*.csv")}
    assert {"options", "partners", "branches", "indicators", "demand_usa", "sources"} <= tables


def test_an_edition_has_its_model_card(document_set):
    done = document_set["forecast"]
    text = (done.folder / "model_card.md").read_text(encoding="utf-8")
    assert text.startswith("# Model card")
    for part in ("What is forecast", "How well it did", "Drivers", "must not be used", "SHA-256"):
        assert part in text
    assert "\\" not in text
    run = json.loads((done.folder / "run.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256((done.folder / "model_card.md").read_bytes()).hexdigest()
    assert run["files"]["model_card.md"] == digest
    assert run["warnings"] == []
    assert run["parameters"]["countries"] == ["CHN", "JPN"]
    assert done.pdf.stat().st_size > 50_000
    names = {f.stem for f in (done.folder / "tables").glob("*.csv")}
    assert {"potential_chn", "without_forecast", "elasticities", "shocks"} <= names
    assert "months_chn" not in names  # they end in January 2021: all targets are past
    page = done.html.read_text(encoding="utf-8")
    assert "Error by year (MASE)" in page and "which end too early to be forecast" in page
    adds_up({n: pd.read_csv(done.folder / "tables" / f"{n}.csv") for n in names}, 0)


@pytest.mark.parametrize(
    ("command", "holds"),
    [
        ("mission", "actors.csv"),
        ("kpi report", "indicators.csv"),
        ("roadmap", "schedule.csv"),
        ("clusters", "directory.csv"),
    ],
)
def test_an_edition_holds_its_tables_and_no_example(document_set, command, holds):
    done = document_set[command]
    assert done.pdf.stat().st_size > 10_000 and (done.folder / "tables" / holds).exists()
    assert "EXAMPLE" not in done.html.read_text(encoding="utf-8")

"""Documents are a set: any order, one folder, links that open, sources that are named."""

import json
import shutil
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pypdf

from marketintel.reference.sources import load_sources
from marketintel.report.catalogue import editions, write_index
from marketintel.warehouse.query import coverage
from marketintel.warehouse.terms import edition_objections
from tests.report.conftest import KEY, commands, documents


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
    return [Page(file) for file in (reports / "index.html", *reports.glob("*/*/report.html"))]


def without_timing(run):
    return {name: value for name, value in run.items() if name != "timing"}


def test_the_readme_names_every_document(root):
    said = commands((root / "README.md").read_text(encoding="utf-8"))
    assert {next(d for d in documents() if c.startswith(d)) for c in said} == set(documents())


def test_every_document_can_be_written_twice_and_says_nothing(document_set):
    for run in (*document_set.first, *document_set.second):
        assert run.stderr == "", run.command
        assert run.edition.run["warnings"] == [], run.command
    folders = {run.edition.folder for run in document_set.second}
    assert len(folders) == len(document_set.second) == len(editions(document_set.folder))
    assert all(len(part.name) <= 80 for part in folders)
    assert not [p for p in document_set.folder.iterdir() if p.name.startswith((".", "_"))]


def test_surroundings_change_no_byte_of_an_edition(document_set):
    """The second time no variable was set; the links were there the first time too."""
    for one, two in zip(document_set.first, document_set.second, strict=True):
        assert without_timing(one.edition.run) == without_timing(two.edition.run), one.command


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
    known, files = load_sources(), coverage(newest=True).set_index("file")
    for run in document_set.second:
        text = " ".join(unescape(Page(run.edition.html).text).split())
        for name in run.edition.run["inputs"]:
            if name.startswith("raw/"):
                source = files.loc[name, "source"]
                said = (known[source].producer, *files.loc[name, ["title", "citation"]])
                assert any(" ".join(words.split()) in text for words in said), (run.command, source)
    brief = document_set["brief"].run["inputs"]
    assert any(name.startswith("raw/atlas_world_exports/") for name in brief)
    assert not any(name.startswith("raw/usitc_hts/") for name in brief)
    assert "reference/needs.toml" in document_set["needs"].run["inputs"]
    assert "reference/clusters.toml" in document_set["mission"].run["inputs"]


def test_what_was_handed_in_stays_inside(document_set):
    index = (document_set.folder / "index.html").read_text(encoding="utf-8")
    for run in document_set.second:
        audience = "internal" if run.command.startswith("needs") else "public"
        edition = run.edition
        assert edition.run["audience"] == audience, run.command
        assert f"{edition.run['edition']} ({audience})" in Page(edition.html).text
        first = pypdf.PdfReader(edition.pdf).pages[0].extract_text()
        assert f"({audience})" in first.replace("\u2060", ""), run.command
        objections = " ".join(edition_objections(edition.folder))
        assert ("internal" in objections) == (audience == "internal")
    assert index.count("<td>internal</td>") == 1


def test_no_key_is_anywhere(document_set):
    for file in document_set.folder.rglob("*"):
        if file.is_file():
            assert KEY.encode() not in file.read_bytes(), file

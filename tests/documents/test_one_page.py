"""One printed page of a market and of a region: whole, and no longer."""

import re
from pathlib import Path

import pytest
from pypdf import PdfReader

from marketintel.documents.document import open_document, write
from marketintel.documents.engine.blocks import Figure, KeyFigures
from tests.documents.reading import reading_grade
from tests.documents.studies import words


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("market_study", {"country": "USA"}),
        ("market_study", {"country": "CAN"}),
        ("s3_brief", {"region": "FI1D", "language": "fr"}),
    ],
)
def test_the_document_is_one_page(name, values, tmp_path: Path):
    made = write(name, reports_dir=tmp_path, progress=False, one_page=True, **values)
    pdf = PdfReader(made.folder / "report.pdf")
    assert len(pdf.pages) == 1
    assert "one-page" in made.folder.name


@pytest.mark.parametrize("country", ["USA", "CAN", "JPN", "CHN", "KOR", "VNM"])
def test_a_page_has_three_figures_a_picture_the_list_and_whom_to_call(country):
    document = open_document("market_study", None, country=country, one_page=True)
    blocks = list(document.chapter("market_page").flat())
    (cards,) = [b for b in blocks if isinstance(b, KeyFigures)]
    assert len(cards.figures) == 3
    assert sum(isinstance(b, Figure) for b in blocks) == 1
    text = words(blocks)
    listed = document.facts.priorities
    for segment in listed.columns.query("`class` != 'not enough data'")["segment_name"].head(5):
        assert f"{segment}:" in text
    assert "Whom to call" in text
    whole = open_document("market_study", None, country=country).facts.priorities.columns
    assert whole.equals(listed.columns)


@pytest.mark.parametrize(
    ("name", "values", "chapters"),
    [
        ("s3_brief", {"region": "SE31", "one_page": True}, ["region_page"]),
        ("market_study", {"country": "USA", "one_page": True}, ["market_page"]),
        ("market_study", {"country": "USA"}, ["priorities", "glance"]),
        ("mission", {"country": "USA"}, ["summary", "pitch", "access", "actors", "questions"]),
    ],
)
def test_plain_enough_for_a_minister_a_manager_and_a_seller(name, values, chapters):
    document = open_document(name, None, **values)
    text = "\n".join(words(document.chapter(c).flat()) for c in chapters)
    text = re.sub(
        r"\]\(\S+\)|^Sources: .*$", "", text, flags=re.MULTILINE
    )  # addresses are not read out
    assert reading_grade(text) <= 10

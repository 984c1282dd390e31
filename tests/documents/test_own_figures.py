"""Own or bought figures stand beside ours, enter no sum, and make the edition internal."""

import openpyxl
import pytest

from marketintel.documents.document import open_document, write
from marketintel.documents.engine.blocks import Callout, Table
from marketintel.errors import ReferenceFileError
from marketintel.reference.own_figures import load_own_figures
from tests.documents.studies import words

HEADER = "segment,market,year,value,currency,source,definition,confidential\n"
ROWS = (
    "lasers,USA,2025,2058784000,USD,Bought report,sales of lasers,yes\n"
    "optics,USA,2024,1000000000,EUR,=cmd(),sales of optics,no\n"
    "lasers,CAN,2025,5,USD,Own survey,sales,no\n"
)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(HEADER + ROWS, encoding="utf-8")
    return path


def test_they_stand_beside_ours_and_change_none(file):
    plain = open_document("market_study", None, country="USA", segments=["lasers", "optics"])
    beside = open_document("market_study", None, country="USA", segments=["lasers", "optics"],
                           figures=str(file))  # fmt: skip
    assert plain.facts.answers.table.equals(beside.facts.answers.table)
    assert plain.facts.priorities.columns.equals(beside.facts.priorities.columns)
    made = list(beside.chapter("answers").flat())
    (table,) = [b for b in made if isinstance(b, Table) and b.name == "own_figures"]
    rows = table.frame.set_index("segment_name")
    assert rows.loc["Lasers", "own_ratio"] == pytest.approx(2, abs=1e-3)
    assert rows["own_ratio"].isna()["Optics"]  # of another year than ours
    assert rows.loc["Optics", "own_usd"] == pytest.approx(1.0824e9, rel=1e-3)  # ECB, mean of 2024
    assert "1 of them confidential" in words(made)
    assert "own_figures" not in plain.tables


def test_an_edition_with_them_is_internal(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = write("market_profile", reports_dir=tmp_path / "r", progress=False, country="CAN",
                 one_page=True, figures=str(file))  # fmt: skip
    assert made.run["audience"] == "internal"
    assert not (tmp_path / "r" / "index.html").read_text().count("one-page")


def test_a_formula_in_it_is_text_in_what_goes_out(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = write("market_study", reports_dir=tmp_path / "r", progress=False, country="USA",
                 segments=["lasers", "optics"], figures=str(file))  # fmt: skip
    cells = (made.folder / "tables" / "own_figures.csv").read_text(encoding="utf-8")
    assert "=cmd()" in cells and ",=cmd()" not in cells
    sheet = openpyxl.load_workbook(made.folder / "tables" / "tables.xlsx")["own_figures"]
    found = [c for row in sheet.iter_rows() for c in row if c.value and "cmd()" in str(c.value)]
    assert found and all(c.data_type == "s" for c in found)


def test_none_of_this_market_is_said(file):
    document = open_document("market_study", None, country="VNM", figures=str(file))
    notes = [b for b in document.chapter("answers").flat() if isinstance(b, Callout)]
    assert any("none of this market, and 3 of others" in b.markdown for b in notes)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("lazers,USA,2025,5,USD,s,d,no", "did you mean lasers"),
        ("lasers,USA,25,5,USD,s,d,no", "is no year"),
        ("lasers,USA,2025,-5,USD,s,d,no", "is no plain number"),
        ("lasers,USA,2025,five,USD,s,d,no", "is no plain number"),
        ("lasers,USA,2025,5,GBP,s,d,no", "currency"),
        ("lasers,USA,2025,5,USD,,d,no", "source"),
        ("lasers,USA,2025,5,USD,s,d,perhaps", "confidential"),
        ("lasers,USA,2025,5,USD,s,d,no\nlasers,USA,2025,6,USD,s,d,no", "already in line 2"),
        ("lasers,USA", "fields"),
    ],
)
def test_nonsense_is_one_line_with_its_place(tmp_path, row, said):
    path = tmp_path / "own.csv"
    path.write_text(HEADER + row + "\n", encoding="utf-8")
    with pytest.raises(ReferenceFileError) as error:
        load_own_figures(path)
    assert said in str(error.value) and "own.csv" in str(error.value)
    assert "\n" not in str(error.value).strip()

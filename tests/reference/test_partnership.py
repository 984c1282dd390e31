"""The partnership's files: the shipped ones hold; a mistake has file, line, rule and advice."""

import csv
import io
import itertools
import shutil

import pandas as pd
import pytest

from marketintel.errors import ReferenceFileError
from marketintel.reference import partnership
from marketintel.reference.countries import REFERENCE_DIR
from marketintel.reference.files import is_ref_date, year_of
from marketintel.reference.partnership import check_survey

MEMBERS = REFERENCE_DIR / "cluster_members_template.csv"
SURVEY = REFERENCE_DIR / "needs_template.csv"


@pytest.fixture
def home(tmp_path):
    """A copy of the reference files, to be broken."""
    return shutil.copytree(REFERENCE_DIR, tmp_path / "reference")


def edit(path, old, new):
    """Replace the first `old`; return the line where it stood."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_a_loader_refuses_what_the_check_finds(home):
    line = edit(home / "kpis.toml", 'measure = "events"', 'measure = "event"')
    with pytest.raises(ReferenceFileError, match=rf"kpis\.toml:{line}: unknown-measure: .*events"):
        partnership.load_kpis(home)
    line = edit(home / "actors.csv", "USA,SPIE,", "US,SPIE,")
    with pytest.raises(ReferenceFileError, match=rf"actors\.csv:{line}: unknown-country"):
        partnership.load_actors(home)


def test_templates_are_examples_and_say_so():
    assert partnership.load_members(MEMBERS)["is_example"].all()
    assert partnership.load_survey(SURVEY)["is_example"].all()


def spreadsheet_forms(path):
    """The same rows as European spreadsheets save them."""
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle))

    def written(delimiter):
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
        return out.getvalue()

    encodings = ("utf-8-sig", "utf-16", "cp1252", "utf-8")
    for delimiter, encoding in itertools.product(",;\t", encodings):
        yield f"{delimiter!r} {encoding}", written(delimiter).encode(encoding)
    yield "sep=", b"sep=;\r\n" + written(";").encode()
    yield "blank rows and columns", (written(",") + ",,,\r\n").encode()
    book = io.BytesIO()
    pd.DataFrame(rows[1:], columns=rows[0]).to_excel(book, index=False, engine="xlsxwriter")
    yield "xlsx", book.getvalue()


@pytest.mark.parametrize(
    ("form", "load"), [(MEMBERS, partnership.load_members), (SURVEY, partnership.load_survey)]
)
def test_what_people_save_from_a_spreadsheet_is_read(tmp_path, form, load):
    text = form.read_text(encoding="utf-8").replace("EXAMPLE 1", "EXAMPLE Müller")
    source = tmp_path / "source.csv"
    source.write_text(text, encoding="utf-8")
    expected = load(source)
    for name, content in spreadsheet_forms(source):
        path = tmp_path / "form"
        path.write_bytes(content)
        pd.testing.assert_frame_equal(load(path), expected, obj=name)


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04 no workbook", b"", b"\x00\x01\x02", b'a,"b\n', b"\xff\xfe\x00"]
)
def test_what_is_no_form_is_one_problem(tmp_path, content):
    path = tmp_path / "form"
    path.write_bytes(content)
    (found,) = check_survey(path).problems
    assert found.line == 1 and found.rule in ("unreadable", "header", "csv-syntax")


def test_facts_are_those_of_the_compilation(shared):
    """Every figure of a page that was compiled is as compiled; pages read later stand apart."""
    import csv

    given = {}
    for name in ("photonics_clusters_facts", "actors_fairs_facts", "pimap_p4i_facts",
                 "kpi_goodpractice_facts"):  # fmt: skip
        with (shared / "data" / "facts" / f"{name}.csv").open(encoding="utf-8") as handle:
            for row in csv.DictReader(handle):
                text = f"{row['fact']} {row['value']} {row['unit']} {row['ref_date']} {row['note']}"
                given[row["source_url"]] = given.get(row["source_url"], "") + text
    later = {"agency", "soft landing", "matchmaking"}
    for frame in (partnership.load_actors(), partnership.load_cluster_facts()):
        for row in frame.to_dict("records"):
            if row.get("kind") in later:
                continue
            said = given[row["source_url"]]
            value = row["value"].removeprefix(">")
            dated = row["unit"] == "date"
            assert value in said or dated, (row["fact"], value)
    for row in partnership.load_practice().to_dict("records"):
        assert row["source_url"] in given, row["id"]
    for one in partnership.load_kpis().values():
        assert one.get("url", "https://www.photonics4industry.eu/") in given
    for one in partnership.load_clusters().values():
        for key, value in one.items():
            assert not key.endswith("_url") or value in given, value


def test_links_are_rebuilt_by_their_script(root, shared, tmp_path, monkeypatch, capsys):
    import importlib
    import sys

    monkeypatch.syspath_prepend(str(root / "scripts" / "starter"))
    source = shared / "data" / "oecd_icio2022_C26_C27_by_buyer_sector.parquet"
    made = tmp_path / "links.csv"
    monkeypatch.setattr(sys, "argv", ["x", "--from", str(source), "--to", str(made)])
    importlib.import_module("oecd_industry_links").main()
    assert "rows" in capsys.readouterr().out
    assert made.read_bytes() == (REFERENCE_DIR / partnership.INDUSTRY_LINKS).read_bytes()


@pytest.mark.parametrize(
    ("text", "year"),
    [("2024", 2024), ("c.2017", 2017), ("FY2023", 2023), ("2019-06-24/27", 2019),
     ("2021-05-31/06-02", 2021), ("2021-2027", 2027), ("undated", None)],
)  # fmt: skip
def test_dates_of_facts(text, year):
    assert is_ref_date(text) and year_of(text) == year


@pytest.mark.parametrize("text", ["", "soon", "24", "2024-6", "1.2.2024", "in 2024"])
def test_what_is_no_date(text):
    assert not is_ref_date(text)

"""The partnership's files: the shipped ones hold; a mistake has file, line, rule and advice."""

import csv
import io
import itertools
import re
import shutil

import pandas as pd
import pytest

from marketintel.errors import ReferenceFileError
from marketintel.reference import partnership
from marketintel.reference.countries import REFERENCE_DIR
from marketintel.reference.files import is_ref_date, year_of
from marketintel.reference.partnership import check_members, check_survey

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


def test_the_shipped_files_have_no_mistake():
    assert partnership.check_partnership() == []


@pytest.mark.parametrize(
    ("name", "old", "new", "rule", "advice"),
    [
        ("clusters.toml", 'country = "FRA"', 'country = "FRAN"', "unknown-country", "mean FRA"),
        ("clusters.toml", 'focus = ["lasers"', 'focus = ["laser"', "unknown-segment",
         "mean lasers"),
        ("clusters.toml", 'kind = "photonics"', 'kind = "Photonics"', "unknown-kind",
         "mean photonics"),
        ("clusters.toml", 'status = "ended"', 'status = "active"', "ended", "would be proposed"),
        ("clusters.toml", "partnership_url = ", "partnership_uri = ", "unknown-key",
         "mean partnership_url"),
        ("clusters.toml", "seat = ", "seat : ", "toml-syntax", "not TOML"),
        ("cluster_facts.csv", "alpha_rlh,", "alpha-rlh,", "unknown-cluster", "mean alpha_rlh"),
        ("cluster_facts.csv", ",2017,no,", ",in 2017,no,", "ref-date", "write 2027-01"),
        ("cluster_facts.csv", ",2017,no,", ",2017,maybe,", "unknown-self-declared", "yes, no"),
        ("actors.csv", "USA,SPIE,", "US,SPIE,", "unknown-country", "mean USA"),
        ("actors.csv", "https://www.spie", "www.spie", "url", "starts with https"),
        ("actors.csv", ",association,", ",asociation,", "unknown-kind", "mean association"),
        ("actors.csv", "USA,SPIE,", "USA,,", "missing-value", "actor is empty"),
        ("actors.csv", "iso3,actor", "iso3,actr", "header", "mean actor"),
        ("actors.csv", "components, 2022\"", "components, 2022", "csv-syntax", "quotation mark"),
        ("good_practice.csv", "partner_search;", "partner_serch;", "unknown-need",
         "mean partner_search"),
        ("good_practice.csv", ",2700,", ",about 2700,", "number", "plain number"),
        ("good_practice.csv", ",planned,", ",not found,", "result-kind", "disagree"),
        ("industry_links.csv", "CZE,CAN,", "CZE,CANADA,", "unknown-country", "mean CAN"),
        ("needs.toml", "\n[expectations]", "\n[expectation]", "unknown-key", "mean expectations"),
        ("needs.toml", 'none = "None of these"', "", "missing-none", "add it"),
        ("readiness.toml", '"never", ', "", "levels", "give four"),
        ("readiness.toml", "ready = 70", "ready = 30", "limits", "change one"),
        ("readiness.toml", "min_answers = 5", "min_answers = 9", "min-answers", "between 1 and 8"),
        ("kpis.toml", "deadline = 2024-01-31", "deadline = 2022-01-31", "date-order", "change one"),
        ("kpis.toml", 'measure = "events"', 'measure = "event"', "unknown-measure",
         "mean events"),
        ("kpis.toml", 'target_kind = "published"\ns', 'target_kind = "public"\ns', "target-kind",
         "mean published"),
        ("kpis.toml", 'ref_date = "2022"\nyard', "yard", "target-source", "cite it"),
        ("kpis.toml", "target = 100", "target = 0", "target", "not above 0"),
        ("kpis.toml", 'of = "p4i_exchanges"', 'of = "p4i_exchange"', "counted-of",
         "mean p4i_exchanges"),
        ("kpis.toml", 'meeting = "c2c"', 'meeting = "b2b"', "meeting-twice", "remove one"),
        ("kpis.toml", "yardstick_source", "yardstick_sorce", "unknown-key",
         "mean yardstick_source"),
        ("kpis.toml", "date = 2019-06-24", "date = 2029-06-24", "date-order", "outside"),
        ("roadmap.toml", 'after = ["members"', 'after = ["member"', "unknown-after",
         "mean members"),
        ("roadmap.toml", 'kpis = ["plan_m', 'kpis = ["pln_m', "unknown-kpis", "mean plan_m"),
        ("roadmap.toml", "end = 2027-06-30", "end = 2027-05-30", "date-order", "is before start"),
        ("roadmap.toml", "end = 2027-06-30", "end = 2027-06-30\nweeks = 2", "end-or-weeks",
         "either end"),
        ("roadmap.toml", "weeks = 8", "", "end-or-weeks", "either end"),
        ("roadmap.toml", "reason = \"Without members no value chain can be seen\"", "",
         "missing-reason", "give the reason"),
        ("roadmap.toml", 'after = ["needs"]', 'after = ["final_report"]', "circle",
         "wait for each other"),
    ],
)  # fmt: skip
def test_a_mistake_has_file_line_rule_and_advice(home, name, old, new, rule, advice):
    line = edit(home / name, old, new)
    problems = [p for p in partnership.check_partnership(home) if p.rule == rule]
    assert problems, partnership.check_partnership(home)
    found = problems[0]
    assert found.file == str(home / name) and advice in found.message
    lines = (home / name).read_text(encoding="utf-8").splitlines()
    if name.endswith(".csv"):
        assert found.line == (1 if rule == "csv-syntax" else line)
    else:
        # The table or the key itself: never further away than the table's own lines.
        table = max(
            (i for i, text in enumerate(lines[:line], 1) if text.startswith("[")), default=1
        )
        assert rule == "circle" or table <= found.line <= line + 25


def test_a_loader_refuses_what_the_check_finds(home):
    line = edit(home / "kpis.toml", 'measure = "events"', 'measure = "event"')
    with pytest.raises(ReferenceFileError, match=rf"kpis\.toml:{line}: unknown-measure: .*events"):
        partnership.load_kpis(home)
    line = edit(home / "actors.csv", "USA,SPIE,", "US,SPIE,")
    with pytest.raises(ReferenceFileError, match=rf"actors\.csv:{line}: unknown-country"):
        partnership.load_actors(home)


def test_templates_are_examples_and_say_so():
    for path, check in ((MEMBERS, check_members), (SURVEY, check_survey)):
        assert check(path, examples=True).problems == []
        rules = {p.rule for p in check(path).problems}
        assert rules == {"example-row"}
    assert partnership.load_members(MEMBERS)["is_example"].all()
    assert partnership.load_survey(SURVEY)["is_example"].all()


@pytest.mark.parametrize(
    ("old", "new", "rule", "advice"),
    [
        ("alpha_rlh", "alpha_rhl", "unknown-cluster", "mean alpha_rlh"),
        ("alpha_rlh", "optitec", "ended-cluster", "ended 2024-01, now SCS"),
        (",lasers,modules", ",laser,modules", "unknown-segment", "mean lasers"),
        (",modules,", ",module,", "unknown-stage", "mean modules"),
        (",2027-01,2,2", ",January,2,2", "ref-date", "write 2027-01"),
        (",2027-01,2,2", ",2027-01,4,2", "answer", "0, 1, 2 or 3"),
        (",2027-01,2,2", ",2027-01,1,2", "answers-differ", "make them the same"),
        ("EXAMPLE alpha_rlh,EXAMPLE", "alpha_rlh,EXAMPLE", "example-row", "both be examples"),
        (",diode laser modules,", ",,", "missing-value", "capability is empty"),
        ("diode laser modules", "diode, laser", "field-count", "in quotes"),
    ],
)
def test_a_mistake_in_a_members_file(tmp_path, old, new, rule, advice):
    path = tmp_path / "members.csv"
    shutil.copy(MEMBERS, path)
    line = edit(path, old, new)
    found = [p for p in check_members(path, examples=True).problems if p.rule == rule]
    assert found and advice in found[0].message
    assert found[0].line in (line, line + 1)  # two rows differ: the second one is named
    with pytest.raises(ReferenceFileError, match=re.escape(f"{path}:")):
        partnership.load_members(path)


@pytest.mark.parametrize(
    ("old", "new", "rule", "advice"),
    [
        ("EXAMPLE 2", "EXAMPLE 1", "respondent-twice", "remove one"),
        ("alpha_rlh", "optitec", "ended-cluster", "now SCS"),
        ("certification,", "certificaton,", "unknown-answer", "mean certification"),
        (",none,none,", ",,none,", "missing-answer", "write none"),
        (",none,none,", ",none;skills,none,", "none-and-more", "keep one"),
    ],
)
def test_a_mistake_in_a_survey(tmp_path, old, new, rule, advice):
    path = tmp_path / "survey.csv"
    shutil.copy(SURVEY, path)
    line = edit(path, old, new)
    (found,) = check_survey(path, examples=True).problems
    assert (found.rule, found.line) == (rule, line) and advice in found.message


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
    """Every cited figure and address is in the compiled facts, with its value."""
    import csv

    given = {}
    for name in ("photonics_clusters_facts", "actors_fairs_facts", "pimap_p4i_facts",
                 "kpi_goodpractice_facts"):  # fmt: skip
        with (shared / "data" / "facts" / f"{name}.csv").open(encoding="utf-8") as handle:
            for row in csv.DictReader(handle):
                text = f"{row['fact']} {row['value']} {row['unit']} {row['ref_date']} {row['note']}"
                given[row["source_url"]] = given.get(row["source_url"], "") + text
    for frame in (partnership.load_actors(), partnership.load_cluster_facts()):
        for row in frame.to_dict("records"):
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

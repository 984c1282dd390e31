"""The checker: a deliberate mistake of every kind is reported at its line, all of them at once."""

import shutil
from pathlib import Path

import pytest

from marketintel.errors import ReferenceFileError
from marketintel.reference.check import check_reference
from marketintel.reference.files import REFERENCE_DIR
from marketintel.reference.headings import load_headings
from marketintel.reference.sources import load_sources


@pytest.fixture
def copy(tmp_path) -> Path:
    home = tmp_path / "reference"
    shutil.copytree(REFERENCE_DIR, home)
    return home


def found(home: Path) -> set[tuple[str, int, str]]:
    return {(Path(p.file).name, p.line, p.rule) for p in check_reference(home)}


def line_of(path: Path, text: str, after: str = "") -> int:
    """Line (from 1) of the first `text` at or below the first `after`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if after in line)
    return next(i for i, line in enumerate(lines[start:], start + 1) if text in line)


def test_the_shipped_files_have_no_mistake():
    assert check_reference() == []


SEGMENTS, HEADINGS, SOURCES = "segments.toml", "headings.toml", "sources.toml"
COUNTRIES = "countries.csv"

# What is missing has no line of its own: it is reported at the table it is missing from.
AT_TABLE = {"missing-key", "broad-needs-reason", "code-not-in-hs", "code-twice"}

# file, table in which to look, what is there, what is put there, rule
MISTAKES = [
    (SEGMENTS, "[lasers.901320]", 'scope = "core"', 'scope = "most"', "unknown-scope"),
    (SEGMENTS, "[optics.900120]", 'scope = "core"', 'scope = "neighbour"', "core-and-neighbour"),
    (SEGMENTS, "[lasers.901320]", 'scope = "core"', 'scope = "core"\nshare = 0', "share"),
    (SEGMENTS, "[lasers.901320]", 'scope = "core"', 'scop = "core"', "unknown-key"),
    (SEGMENTS, "[lasers.901320]", 'label = "L', 'label = ""  # "L', "missing-value"),
    (SEGMENTS, "[lasers.901320]", 'label = "L', '# label = "L', "missing-key"),
    (SEGMENTS, "[lasers.901320]", 'since = "HS1992"', 'since = "HS1991"', "unknown-revision"),
    (SEGMENTS, "[lasers.901320]", 'since = "HS1992"', "since = 1992", "wrong-type"),
    (SEGMENTS, "[lasers]", '"health"', '"medicine"', "unknown-theme"),
    (SEGMENTS, "[lasers.901320]", "[lasers.901320]", "[lasers.9013]", "malformed-code"),
    (SEGMENTS, "[lasers.901320]", "[lasers.901320]", "[lasers.901321]", "code-not-in-hs"),
    (SEGMENTS, "[optics.900120]", "[optics.900120]", "[optics.901320]", "code-twice"),
    (SEGMENTS, "[optics.900130]", 'reason = "O', '# reason = "O', "broad-needs-reason"),
    (SEGMENTS, "[displays.852491]", 'since = "HS2022"', 'since = "HS2012"', "code-not-in-hs"),
    (SEGMENTS, "[opto_semis.854140]", 'until = "HS2017"', 'until = "HS2022"', "code-not-in-hs"),
    (SEGMENTS, "[medical.901820]", "[medical.901820]", "[extra]", "empty-segment"),
    (SEGMENTS, "[families.cameras]", '["852580"]', '["901320"]', "family-code"),
    (SEGMENTS, "[lasers]", 'name = "Lasers"', 'name = "Lasers', "toml-syntax"),
    (COUNTRIES, "DEU,", "DEU,276", "DEU,76", "code-length"),
    (COUNTRIES, "DEU,", ",Germany,", ",,", "missing-name"),
    (COUNTRIES, "DEU,", "EU27;", "EU28;", "unknown-group"),
    (COUNTRIES, "DEU,", "4280", "4330", "duplicate-code"),
    (COUNTRIES, "DEU,", "DEU,", "DEU,,", "field-count"),
    (COUNTRIES, "iso3,", "iso3,", "code,", "header"),
    ("groups.toml", "[EU27]", "members = 27", "members = 28", "group-size"),
    (HEADINGS, "[9002]", "optics = 1.000", "optik = 1.000", "unknown-segment"),
    (HEADINGS, "[9002]", "optics = 1.000", "optics = 1.100", "optics"),
    (HEADINGS, "[9013]", "2022 =", "2032 =", "break-year"),
    (HEADINGS, "[9002]", "[9002]", "[900200]", "malformed-code"),
    (HEADINGS, "[9002]", "title =", "# title =", "missing-key"),
    (SOURCES, "[usitc_hts]", "redistributable = true", 'redistributable = "yes"', "wrong-type"),
    (SOURCES, "[usitc_hts]", 'url = "https:', 'url = "ftp:', "url"),
    (SOURCES, "[usitc_hts]", 'licence = "', '# licence = "', "missing-key"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "table", "there", "put", "rule"), MISTAKES)
def test_a_mistake_is_named_with_file_line_and_rule(copy, file, table, there, put, rule):
    path = copy / file
    number = line_of(path, there, table)
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[number - 1] = lines[number - 1].replace(there, put, 1)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    hits = [line for name, line, kind in found(copy) if (name, kind) == (file, rule)]
    text = path.read_text(encoding="utf-8")
    at_table = rule in AT_TABLE and table in text
    assert (line_of(path, table) if at_table else number + put.count("\n")) in hits, found(copy)


def test_all_mistakes_are_reported_together(copy):
    for file, there, put in [
        (SEGMENTS, '"health"', '"medicine"'),
        (COUNTRIES, "DEU,276", "DEU,76"),
        (SOURCES, "redistributable = true", "redistributable = 1"),
    ]:
        path = copy / file
        path.write_text(path.read_text(encoding="utf-8").replace(there, put), encoding="utf-8")
    rules = {(name, kind) for name, _, kind in found(copy)}
    assert rules >= {
        (SEGMENTS, "unknown-theme"),
        ("countries.csv", "code-length"),
        (SOURCES, "wrong-type"),
    }
    with pytest.raises(ReferenceFileError, match="unknown-theme"):
        from marketintel.reference.segments import load_segments

        load_segments(copy / "segments.toml")


def test_a_missing_file_is_a_mistake_not_a_crash(tmp_path):
    rules = {(Path(p.file).name, p.rule) for p in check_reference(tmp_path)}
    assert (SEGMENTS, "unreadable") in rules and ("countries.csv", "unreadable") in rules


def test_sources_stand_in_order_and_say_their_terms():
    sources = load_sources()
    assert next(iter(sources)) == "us_census_imports"
    assert not sources["atlas_world_exports"].redistributable
    assert all(source.citation and source.licence for source in sources.values())


def test_headings_refuse_a_broken_file(copy):
    path = copy / "headings.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("[9002]", "[9_2]"), encoding="utf-8")
    with pytest.raises(ReferenceFileError, match="malformed-code"):
        load_headings(path)

"""What changed between two editions."""

import json
import shutil

import pandas as pd
import pytest
from typer.testing import CliRunner

from marketintel.cli.app import app
from marketintel.documents.engine import changes
from marketintel.documents.engine.blocks import Heading, Table

OLD = "segment,year,value_usd,rank,class\nlasers,2023,100,1,push\nlasers,2024,120,2,hold\noptics,2024,5,3,hold\n"
NEW = "segment,year,value_usd,rank,class\nlasers,2023,100.0,1,push\nlasers,2024,150,1,push\nlasers,2025,9,1,push\n"


def edition(reports, month, text, **run):
    folder = reports / month / "study"
    (folder / "tables").mkdir(parents=True)
    (folder / "tables" / "sizes.csv").write_text(text)
    about = {"edition": month, "notebook": "market_study", "title": "United States", "subtitle": "",
             "study": "study", "parameters": {"country": "USA", "year": 2024}, "audience": "public",
             "scope": "s", "inputs": {"reference/segments.toml": "a"}, "versions": {}, "files": {}}  # fmt: skip
    (folder / "run.json").write_text(json.dumps(about | run))
    return folder


@pytest.fixture
def reports(tmp_path):
    edition(tmp_path, "2026-10", OLD)
    edition(tmp_path, "2026-11", NEW, inputs={"reference/segments.toml": "b"})
    return tmp_path


def rows(frame):
    return [tuple(row) for row in frame[["kind", "row", "column", "before", "after"]].to_numpy()]


def test_revisions_are_told_apart_from_new_periods_ranks_classes_and_methods(reports):
    (old, was), (new, now) = changes.records(reports)
    found = changes.compare(changes.tables_of(old), changes.tables_of(new), before=was, after=now)
    assert rows(found) == [
        ("method", "", "reference/segments.toml", "a", "b"),
        ("class", "lasers · 2024", "class", "hold", "push"),
        ("rank", "lasers · 2024", "rank", "2", "1"),
        ("revision", "lasers · 2024", "value_usd", "120", "150"),
        ("new period", "lasers · 2025", "", "", ""),
        ("gone row", "optics · 2024", "", "", ""),
    ]
    assert found["change_pct"].tolist()[3] == 25.0


@pytest.mark.parametrize(("year", "kind"), [(2024, "revision"), (2025, "new period")])
def test_a_table_without_periods_is_of_the_year_of_its_document(year, kind):
    frames = [{"t": pd.DataFrame({"segment": ["lasers"], "value_usd": [v]})} for v in ("1", "2")]
    found = changes.compare(
        *frames, before={"parameters": {"year": 2024}}, after={"parameters": {"year": year}}
    )
    assert found["kind"].tolist() == [kind]


def test_the_last_edition_is_of_the_same_series(reports):
    edition(reports, "2026-09", OLD)
    now = {
        "notebook": "market_study",
        "parameters": {"country": "USA", "year": 2025},
        "audience": "public",
    }
    before = changes.edition_before(reports, now | {"edition": "2026-11"})
    assert before[1]["edition"] == "2026-10"
    for other in (
        {"audience": "internal"},
        {"parameters": {"country": "CAN"}},
        {"edition": "2026-09"},
    ):
        assert changes.edition_before(reports, now | {"edition": "2026-11"} | other) is None
    shown = changes.since_last({"sizes": pd.DataFrame({"segment": ["lasers"], "year": [2024]})},
                               now | {"edition": "2026-12"}, reports)  # fmt: skip
    assert isinstance(shown[0], Heading)
    assert isinstance(shown[-1], Table)


def test_diff_prints_writes_a_page_and_names_what_is_not_there(reports):
    def run(*more):
        return CliRunner().invoke(app, ["diff", *more, "--out", str(reports)])

    done = run(
        "USA",
        "--from",
        "2026-10",
        "--to",
        "2026-11",
        "-f",
        "csv",
        "--page",
        str(reports / "d.html"),
    )
    assert "revision,sizes,lasers · 2024,value_usd,120,150,25" in done.output
    assert "Revision of data" in (reports / "d.html").read_text()
    assert "there are 2026-10, 2026-11" in str(
        run("USA", "--from", "2026-08", "--to", "2026-11").exception
    )
    assert "no edition" in str(run("Atlantis", "--from", "2026-10", "--to", "2026-11").exception)
    shutil.rmtree(reports / "2026-10")


def test_a_parameter_that_was_invented_since_breaks_no_series():
    run = {"notebook": "market_study", "audience": "public", "parameters": {"country": "USA"}}
    later = run | {
        "parameters": {"country": "USA", "figures": "", "one_page": False, "segments": []}
    }
    assert changes.series(run) == changes.series(later)
    assert changes.series(run) != changes.series(run | {"parameters": {"one_page": True}})


def test_the_next_edition_scores_the_list_of_the_last(tmp_path):
    said = "segment_name,class,rank,size_usd\nLasers,push,1,100e6\nOptics,hold,2,200e6\nGone,push,3,10e6\n"
    came = "segment_name,class,rank,size_usd\nOptics,push,1,150e6\nLasers,push,2,130e6\n"
    edition(tmp_path, "2026-10", said)
    new = edition(tmp_path, "2026-11", came)
    run = json.loads((new / "run.json").read_text())
    tables = {n: t.astype({"size_usd": "float64"}) for n, t in changes.tables_of(new).items()}
    blocks = changes.since_last(tables, run, tmp_path)
    (table,) = [b for b in blocks if isinstance(b, Table) and b.name == "list_score"]
    frame = table.frame.set_index("row")
    assert (
        frame["change_pct"].round(6).tolist()[:2] == [30, -25]
        and frame["change_pct"].isna()["Gone"]
    )
    assert (
        frame["said"].tolist() == ["push", "hold", "push"]
        and frame.loc["Optics", "class"] == "push"
    )
    assert "push: +30 %" in blocks[-2].markdown.replace("\\", "")
    assert changes.list_score(changes.tables_of(new), changes.tables_of(new)) is None

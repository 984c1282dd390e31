"""The record of what was read: no more and no less."""

import hashlib
import json
import subprocess
import sys

import pytest

from marketintel.warehouse import engine, imports, inputs, reads
from marketintel.warehouse.context import world_series
from marketintel.warehouse.flows import supplier_matrix


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(reads, "_sources", {})


def sources():
    return list(reads._sources)


def test_figures_are_recorded_and_looking_round_is_not():
    engine.ask_once(None, "SELECT DISTINCT source FROM trade")
    imports.imports("USA", ["lasers"], data_dir=None)
    assert sources() == ["us_census_imports"]
    world_series("9013")
    assert sources() == ["us_census_imports", "atlas_world_exports"]
    files = inputs.used()
    assert list(files["source"].unique()) == sources()


def test_an_answer_without_its_source_counts_for_all_that_the_table_holds():
    supplier_matrix("USA", "2025")
    assert sources() == ["us_census_imports"]
    engine.ask(None, "SELECT count(*) AS n FROM pairs")
    assert sources() == ["us_census_imports", "cepii_geodist"]
    engine.ask(None, "SELECT 1 AS n FROM trade WHERE false")
    assert len(sources()) == 2
    asked = {"source": "baci"}
    engine.ask(None, "SELECT sum(value_usd) AS x FROM trade WHERE source = $source", asked)
    assert sources()[-1] == "baci"


def test_figures_in_another_currency_bring_the_rates():
    reads.note("comext")
    assert sources() == ["comext", "ecb"]


def test_candidates_that_were_not_taken_leave_no_trace():
    with reads.aside():
        world_series("9013")
    assert sources() == []


def test_files_that_people_edit_are_recorded_with_their_digests(tmp_path, root):
    handed = tmp_path / "members.csv"
    handed.write_text("a\n", encoding="utf-8")
    code = (
        "from marketintel.warehouse import inputs, reads; reads.watch()\n"
        "from marketintel.reference.segments import load_segments; load_segments()\n"
        f"open({str(handed)!r}).close(); import json; print(json.dumps(inputs.record()))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    record = json.loads(ran.stdout)
    file = root / "marketintel" / "reference" / "segments.toml"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert record["inputs"]["reference/segments.toml"] == digest
    assert record["handed_in"] == ["members.csv"] and record["days"] == []


def test_a_log_and_a_workbook_that_were_read_are_handed_in(tmp_path):
    code = (
        "import sys, pathlib; from marketintel.warehouse import inputs, reads; reads.watch()\n"
        "for name in sys.argv[1:]: pathlib.Path(name).read_bytes()\n"
        "print(inputs.record()['handed_in'])"
    )
    files = [tmp_path / name for name in ("kpi_log.jsonl", "members.xlsx", "picture.png")]
    for file in files:
        file.write_bytes(b"x")
    run = subprocess.run(
        [sys.executable, "-c", code, *map(str, files)], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "['kpi_log.jsonl', 'members.xlsx']"

"""Refresh killed at twenty points, and two hundred documents of which none changed; documents are stubs."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from marketintel import files
from marketintel.documents.editions import plan as plans
from marketintel.documents.editions import worker
from marketintel.documents.editions.refresh import refresh
from marketintel.documents.engine.catalogue import write_index
from marketintel.documents.engine.changes import records
from marketintel.documents.engine.drafts import draft, put_in_place
from marketintel.places import starter_dir

pytestmark = pytest.mark.stress
DATA = starter_dir().parent
COUNTRIES = ("USA", "CAN", "JPN", "KOR", "CHN")


def publish(job: worker.Job) -> worker.Result:
    """Stand for a document; it is put in place as a real one is."""
    name = job.task.label.replace(" ", "-")
    with draft(job.reports) as made:
        for number in range(20):
            (made / f"{number}.txt").write_text("x" * 10_000)
            time.sleep(0.002)
        of_run = {"edition": "2026-11", "study": name, "title": name, "subtitle": "", "inputs": {}}
        run = of_run | {"files": {f"{n}.txt": "" for n in range(20)}, "versions": {}}
        (made / "run.json").write_text(json.dumps(run))
        with files.locked(job.reports):
            put_in_place(made, job.reports / "2026-11" / name, job.reports)
            write_index(job.reports)
    return worker.Result(f"2026-11/{name}", run)


def run(folder: Path, only: tuple[str, ...] = ()):
    plan = plans.load_plan(folder / "plan.toml", "2026-11-30")
    return refresh(
        plan, data=DATA, reports=folder / "reports", only=list(only), jobs=2, work=publish
    )


def test_killed_at_twenty_points_leaves_no_half_edition_and_the_next_run_completes(
    tmp_path, capsys
):
    exporters = json.dumps(["FRA", "SWE", "DEU", "EU27"])
    (tmp_path / "plan.toml").write_text(
        f'[series.a]\ndocuments = ["study"]\ncountries = {json.dumps(COUNTRIES)}\nexporters = {exporters}\n'
    )
    start = f"from pathlib import Path; from tests.stress import test_refresh_stress as t; t.run(Path({str(tmp_path)!r}))"
    chance = random.Random(16)
    for _ in range(20):
        process = subprocess.Popen([sys.executable, "-c", start], start_new_session=True)
        time.sleep(chance.uniform(0.5, 8))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        for folder, record in records(tmp_path / "reports"):
            assert all((folder / name).is_file() for name in record["files"])
    begin = time.monotonic()
    assert run(tmp_path).count("failed") == 0
    assert len(list(records(tmp_path / "reports"))) == 20
    assert not list((tmp_path / "reports").glob(".draft-*"))
    with capsys.disabled():
        print(f"\n20 kills; the run after them took {time.monotonic() - begin:.1f} s")


def test_two_hundred_documents_without_a_change(tmp_path, capsys):
    years = "\n".join(
        f'[series.y{year}]\ndocuments = ["study"]\ncountries = {json.dumps(COUNTRIES)}\n'
        f'exporters = ["FRA", "SWE", "DEU", "EU27"]\nparameters = {{ year = {year} }}'
        for year in range(2015, 2025)
    )
    (tmp_path / "plan.toml").write_text(years)
    begin = time.monotonic()
    assert run(tmp_path).count("made") == 200
    made = time.monotonic() - begin
    begin = time.process_time()
    assert run(tmp_path).count("unchanged") == 200
    with capsys.disabled():
        print(
            f"\n200 stubs made in {made:.1f} s; unchanged: {time.process_time() - begin:.2f} s of CPU"
        )

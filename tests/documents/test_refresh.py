"""Refresh of a series: what is due, one run at a time, and documents that fail, hang or die."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from marketintel import files
from marketintel.documents.editions import plan as plans
from marketintel.documents.editions import state, worker
from marketintel.documents.editions.refresh import refresh
from marketintel.errors import MissingDataError, ReferenceFileError, StorageError, UsageError
from marketintel.places import starter_dir

PLAN = """
[refresh]
timeout_s = 1
memory_mb = 1024
[series.studies]
documents = ["study", "mission"]
countries = ["USA", "Canada"]
exporters = ["EU27"]
[series.monitor]
documents = ["kpi_monitor"]
"""
DATA = starter_dir().parent


def fake(job: worker.Job) -> worker.Result:
    """Stand for a document: what it does depends on a file beside the editions."""
    orders = json.loads((job.reports / "_orders.json").read_text())
    match orders.get(job.task.label.split(" ")[0]):
        case "fail":
            raise MissingDataError("no figures here; fetch some")
        case "bug":
            raise ZeroDivisionError("division by zero")
        case "hang":
            time.sleep(600)
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "eat":
            held = bytearray(3 << 30)
            assert held
    folder = job.reports / "2026-11" / job.task.label.replace(" ", "-")
    folder.mkdir(parents=True, exist_ok=True)
    run = {"files": {"report.html": ""}, "inputs": orders.get("inputs", {}), "versions": {}}
    (folder / "report.html").write_text(str(time.time()))
    (folder / "run.json").write_text(json.dumps(run))
    return worker.Result(folder.relative_to(job.reports).as_posix(), run)


@pytest.fixture
def series(tmp_path: Path):
    (tmp_path / "plan.toml").write_text(PLAN)
    reports = tmp_path / "reports"
    reports.mkdir()

    def run(only=(), jobs=4, **orders):
        (reports / "_orders.json").write_text(json.dumps(orders))
        plan = plans.load_plan(tmp_path / "plan.toml", "2026-11-30")
        return refresh(plan, data=DATA, reports=reports, only=list(only), jobs=jobs, work=fake)

    run.reports = reports
    return run


def statuses(summary):
    return {f"{d['document']} {d['parameters'].get('country', '')}".strip(): d["status"]
            for d in summary.documents}  # fmt: skip


def why(summary):
    return {reason for one in summary.documents for reason in one["reasons"]}


@pytest.fixture(autouse=True)
def _no_build(monkeypatch):
    monkeypatch.setattr("marketintel.documents.editions.refresh.build", lambda _: None)


def test_documents_are_made_once_and_again_where_something_changed(series, monkeypatch):
    inputs = {"raw/census/2026-11-22/x.parquet": "1", "reference/segments.toml": "old"}
    assert set(statuses(series(inputs=inputs)).values()) == {"made"}
    again = series(inputs=inputs)
    assert why(again) == {"reference/segments.toml changed"}
    digest = state.Data(DATA).edited["reference/segments.toml"]
    series(inputs={"reference/segments.toml": digest})
    still = series()
    assert set(statuses(still).values()) == {"unchanged"}
    assert still.exit_code == 0
    # An edition that lost a file, new code, new figures, a new source, a new library.
    folder = series.reports / still.documents[0]["folder"]
    (folder / "report.html").unlink()
    assert why(series()) == {f"edition {still.documents[0]['folder']} is not there or not whole"}
    monkeypatch.setattr(state, "code", lambda document: "other")
    assert why(series()) == {"code changed"}
    task = plans.load_plan(series.reports.parent / "plan.toml", "2026-11-30").tasks[0]
    held = state.load_state(series.reports, task)
    name = next(iter(held.sources))
    held.sources[name], held.read, held.versions = "before", [name], {"pandas": "2.9"}
    held.sources.popitem()
    state.save_state(series.reports, task, held)
    found = why(series())
    assert f"new figures of {name}" in found
    assert any(reason.startswith("new source ") for reason in found)
    assert any(reason.startswith("pandas 2.9 became 3.") for reason in found)


def test_one_that_fails_stops_no_other_and_keeps_its_last_edition(series, monkeypatch):
    monkeypatch.setattr(worker, "_SLACK_S", 5)
    assert series().exit_code == 0
    (series.reports / "_refresh" / "state").rename(series.reports / "gone")
    first = {p: p.read_bytes() for p in series.reports.glob("2026-11/mission*/*")}
    assert len(first) == 4
    done = series(market_study="fail", mission="die", kpi_monitor="eat")
    errors = {one["document"]: one["error"] for one in done.documents}
    assert errors["market_study"] == "no figures here; fetch some"
    assert "ended by signal 9" in errors["mission"]
    assert "more than 1024 MB of memory" in errors["kpi_monitor"]
    assert done.exit_code == 7
    assert {p: p.read_bytes() for p in first} == first
    done = series(market_study="fail", mission="hang", kpi_monitor="bug")
    errors = {one["document"]: one["error"] for one in done.documents}
    assert errors["mission"].startswith("stopped after ")
    assert errors["kpi_monitor"].startswith("ZeroDivisionError: division by zero (test_refresh.py")
    assert all("\n" not in error for error in errors.values())
    assert all(reason.startswith("failed last time: ") for reason in why(done))
    done = series(market_study="fail")
    assert statuses(done) == {"market_study USA": "failed", "market_study CAN": "failed",
                              "mission USA": "made", "mission CAN": "made", "kpi_monitor": "made"}  # fmt: skip
    assert done.exit_code == MissingDataError.exit_code
    log = (series.reports / "_refresh" / "log.jsonl").read_text().splitlines()
    assert len(log) == 20
    assert {json.loads(line)["status"] for line in log} == {"made", "failed"}
    assert json.loads((series.reports / "_refresh" / "summary.json").read_text())["failed"] == 2


def test_one_refresh_at_a_time(series):
    with (
        files.locked(series.reports / "_refresh"),
        pytest.raises(StorageError, match="another run"),
    ):
        series()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'documents = ["stduy"]',
            "plan.toml:2: .series.a.: document 'stduy' is not known: did you mean study",
        ),
        ('documents = ["study"]\ncountries = ["Cnada"]', "Cnada"),
        ('documents = ["study"]\ncountrys = ["USA"]', "plan.toml:4: .*countrys.*countries"),
        (
            'documents = ["study"]\ncountries = ["USA"]\nregions = ["SE31"]',
            "none of study has regions",
        ),
        ('documents = ["study"]', "country"),
        ('documents = ["s3_brief"]\nregions = ["SE39"]', "SE39"),
        (
            'documents = ["study"]\ncountries = ["USA"]\nparameters = { yaer = 2024 }',
            "did you mean year",
        ),
        ('documents = ["mission"]\ncountries = "USA"', "plan.toml:4: .*list"),
        ("documents = []", "plan.toml:3"),
        ("documents = [", "toml-syntax"),
    ],
)
def test_a_mistake_in_a_plan_is_one_line(tmp_path, text, said):
    file = tmp_path / "plan.toml"
    file.write_text(f"\n[series.a]\n{text}\n")
    with pytest.raises((UsageError, ReferenceFileError), match=said) as caught:
        plans.load_plan(file, "2026-11-30")
    assert "\n" not in str(caught.value)


def test_a_plan_is_every_combination_of_its_lists(tmp_path):
    file = tmp_path / "plan.toml"
    file.write_text(
        '[series.a]\ndocuments = ["study", "s3_brief"]\ncountries = ["USA", "CAN"]\n'
        'segments = ["lasers", "lasers,optics"]\nregions = ["SE31"]\nlanguages = ["en", "fr"]\n'
    )
    plan = plans.load_plan(file, "2026-11-30")
    studies = [task.values for task in plan.tasks if task.document == "market_study"]
    assert studies[1] == {"country": "USA", "segments": ["lasers", "optics"]}
    assert len(studies) == 4
    briefs = [task.values for task in plan.tasks if task.document == "s3_brief"]
    assert briefs == [{"region": "SE31", "targets": ["USA", "CAN"], "language": language}
                      for language in ("en", "fr")]  # fmt: skip
    assert len(plan.chosen(["usa market_study", "fr"])) == 3
    with pytest.raises(
        UsageError, match="--only: 'market_stdy' is not known: did you mean market_study"
    ):
        plan.chosen(["market_stdy"])

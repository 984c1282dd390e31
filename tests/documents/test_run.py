"""A study from notebook to edition: what is written, what stays, what is never left behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import papermill
import pytest

from marketintel import files
from marketintel.documents.engine import run as running
from marketintel.documents.engine.catalogue import editions, write_index
from marketintel.documents.engine.cover import Cover
from marketintel.errors import MissingDataError, ReportError, UsageError
from marketintel.places import notebooks_dir

COVER = Cover("United States", "Imports", "2026-01", exporter="EU27")
TABLE = """
import pandas as pd
from marketintel.documents.engine.blocks import Table
frame = pd.DataFrame({"partner": ["DEU", "<script>"], "value_usd": [n, 2**53 + 1]})
Table(frame, "suppliers", "Suppliers", {"value_usd": "usd"})
"""


def study(folder, *cells):
    parameters = nbformat.v4.new_code_cell('n: int = 1\nword: str = ""')
    parameters.metadata["tags"] = ["parameters"]
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]
    prose = nbformat.v4.new_markdown_cell("# Title\n\n## Summary\n\nProse.")
    file = folder / "study.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[prose, parameters, *code]), file)
    return file


def go(notebook, reports, **parameters):
    return running.run_notebook(
        notebook,
        parameters,
        reports_dir=reports,
        edition="2026-01",
        study="usa",
        cover=COVER,
        progress=False,
    )


def contents(folder):
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def leftovers(reports):
    return [entry.name for entry in reports.iterdir() if entry.name.startswith(".")]


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """One good edition, made twice."""
    folder = tmp_path_factory.mktemp("good")
    warn = "import os, warnings; warnings.warn('look at ' + os.getcwd())"
    notebook = study(folder, TABLE, warn)
    first = contents(go(notebook, folder / "reports", n=7).folder)
    edition = go(notebook, folder / "reports", n=7)
    return edition, first


def test_an_edition_is_complete(good):
    edition, first = good
    assert sorted(first) == [
        "report.html",
        "report.ipynb",
        "report.pdf",
        "run.json",
        "tables/suppliers.csv",
        "tables/tables.xlsx",
    ]
    assert edition.pdf.read_bytes().startswith(b"%PDF")
    assert "Prose." in edition.html.read_text(encoding="utf-8")
    assert (
        first["tables/suppliers.csv"]
        == b"\xef\xbb\xbfpartner,value_usd\nDEU,7\n<script>,9007199254740993\n"
    )


def test_twice_gives_the_same_bytes_but_for_the_timing(good):
    edition, first = good
    second = contents(edition.folder)
    runs = [json.loads(kind.pop("run.json")) for kind in (first, second)]
    assert first == second
    timings = [run.pop("timing") for run in runs]
    assert runs[0] == runs[1]
    assert {"started", "papermill_s", "render_s", "tables_s", "total_s"} == set(timings[0])


def test_the_record_says_what_was_run_and_nothing_about_the_machine(good):
    edition, _ = good
    run = edition.run
    assert run["parameters"] == {"n": 7}
    assert set(run["inputs"]) <= {"reference/brand.toml"}
    assert run["audience"] == "public"
    assert run["versions"]["typst"]
    assert "report.pdf" in run["files"]
    assert any("look at ." in warning for warning in run["warnings"])
    text = (edition.folder / "run.json").read_text() + edition.notebook.read_text()
    for place in (str(Path.cwd()), str(Path.home()), sys.prefix, str(edition.folder.parent)):
        assert place not in text


def test_the_index_lists_editions(good):
    edition, _ = good
    reports = edition.folder.parent.parent
    [entry] = editions(reports)
    assert entry["folder"] == "2026-01/usa"
    assert 'href="2026-01/usa/report.pdf"' in write_index(reports).read_text(encoding="utf-8")


def test_a_failed_run_keeps_its_notebook_and_the_last_good_edition(tmp_path, monkeypatch):
    monkeypatch.setenv("CENSUS_KEY", "s3cr3t-value")
    reports = tmp_path / "reports"
    last = reports / "2026-01" / "usa"
    last.mkdir(parents=True)
    (last / "report.html").write_text("the last good one")
    bad = study(
        tmp_path,
        "import os\nprint(os.environ.get('CENSUS_KEY'), 's3cr3t-' + 'value', os.getcwd())",
        "from marketintel.errors import MissingDataError\n"
        "raise MissingDataError('no data for CAN;\\n run fetch')",
    )
    with pytest.raises(ReportError) as caught:
        go(bad, reports)
    message = str(caught.value)
    assert message.startswith("study.ipynb: cell 4 failed: MissingDataError: no data for CAN; run")
    assert "_failed/2026-01-usa.ipynb" in message
    assert "\n" not in message
    assert caught.value.exit_code == MissingDataError.exit_code
    kept = (reports / "_failed" / "2026-01-usa.ipynb").read_text(encoding="utf-8")
    assert "no data for CAN" in kept
    for private in ("s3cr3t-value", str(Path.cwd()), str(tmp_path), f"{Path.home()}/"):
        assert private not in kept
    assert contents(last) == {"report.html": b"the last good one"}
    assert leftovers(reports) == []


def test_a_report_that_cannot_be_set_counts_as_failed_too(tmp_path):
    with pytest.raises(ReportError, match=r"two tables are called suppliers.*_failed"):
        go(study(tmp_path, TABLE, TABLE), tmp_path / "reports", n=2)
    assert not (tmp_path / "reports" / "2026-01").exists()
    assert leftovers(tmp_path / "reports") == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"parameters": {"N": 1}}, "no parameter N; it has n, word"),
        ({"edition": "../up"}, "folder name"),
        ({"study": ".hidden"}, "folder name"),
        ({"notebook": "absent.ipynb"}, "not a readable notebook"),
    ],
)
def test_mistakes_are_refused_before_anything_is_written(tmp_path, change, reason):
    options = {"edition": "2026-01", "study": "usa", "cover": COVER, "progress": False}
    notebook = tmp_path / change.pop("notebook", "study.ipynb")
    study(tmp_path)
    parameters = change.pop("parameters", {})
    with pytest.raises(UsageError, match=reason):
        running.run_notebook(
            notebook, parameters, reports_dir=tmp_path / "r", **{**options, **change}
        )
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_run_leaves_nothing_behind(tmp_path, stop):
    flag, reports = tmp_path / "kernel.pid", tmp_path / "r"
    notebook = study(
        tmp_path,
        f"import os, pathlib, time\npathlib.Path({str(flag)!r}).write_text(str(os.getpid()))\n"
        "time.sleep(120)",
    )
    script = (
        # A job in the background has Ctrl-C ignored, and so have its children.
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from pathlib import Path\n"
        "from marketintel.cli.process import run_as_process\n"
        "from marketintel.documents.engine.run import run_notebook\n"
        "from marketintel.documents.engine.render import Cover\n"
        "with run_as_process():\n"
        f"    run_notebook(Path({str(notebook)!r}), {{}}, reports_dir=Path({str(reports)!r}),\n"
        "              edition='1', study='s', cover=Cover('T'), progress=False)\n"
    )
    # Short, for the kernel's sockets lie in it.
    with (
        tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as temporary,
        subprocess.Popen(
            [sys.executable, "-c", script],
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "TMPDIR": temporary},
        ) as process,
    ):
        wait_for(flag.exists, process)
        wait_for(lambda: flag.read_text() != "", process)
        os.kill(process.pid, stop)
        _, told = process.communicate(timeout=30)
        kernel = int(flag.read_text())
        deadline = time.monotonic() + 30
        while is_alive(kernel) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not is_alive(kernel)
        if stop == signal.SIGKILL:  # the next run clears up
            assert process.returncode == -stop
            with running.draft(reports), files.temporary_folder(Path(temporary), "marketintel-"):
                pass
        else:
            assert process.returncode == 128 + stop
            assert told == b"marketintel: stopped; nothing half-written was kept\n"
        assert list(reports.iterdir()) == []
        assert list(Path(temporary).glob("marketintel-*")) == []


def is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(condition, process, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("name", ["market_study", "country_screening"])
def test_a_notebook_studies_the_newest_year_unless_told(name):
    known = papermill.inspect_notebook(str(notebooks_dir() / f"{name}.ipynb"))
    assert known["year"]["default"] == "None"

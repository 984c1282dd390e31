"""Troubles of the operating system: one line, its own exit code, before the work, nothing lost."""

import errno
import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest

from marketintel import files
from marketintel.cli import app as cli
from marketintel.documents.engine import html, notebooks, pdf, run
from marketintel.documents.engine.cover import Cover
from marketintel.errors import DamagedDataError, StorageError
from marketintel.parquet import parquet_bytes
from marketintel.sources import snapshot
from marketintel.warehouse import build, store

MAIN = [sys.executable, "-m", "marketintel.cli.app"]
LONG = "a" * 300


@pytest.fixture
def marketintel(monkeypatch, capsys):
    """Run the command line in this process; return exit code, output and errors."""

    def main(*words):
        monkeypatch.setattr(sys, "argv", ["marketintel", *words])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return stop.value.code, *capsys.readouterr()

    return main


@pytest.mark.parametrize(
    ("out", "code", "said"),
    [
        ("", 2, "empty name"),
        (" ", 2, "empty name"),
        ("file", 8, "not a folder"),
        ("file/below", 8, "not a folder"),
        ("link", 8, "a link to nothing"),
        ("link/below", 8, "a link to nothing"),
        ("circle", 8, "link"),
        (LONG, 8, "shorter name"),
        (f"below/{LONG}/more", 8, "shorter name"),
        ("/proc/x", 8, "/proc"),
        ("/dev/null", 8, "not a folder"),
    ],
    ids=lambda value: str(value)[:12],
)
@pytest.mark.parametrize("command", [("study", "USA"), ("screen",), ("kpi", "report")])
def test_reports_that_cannot_be_written_are_refused_before_the_work(
    marketintel, monkeypatch, tmp_path, command, out, code, said
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(notebooks, "execute", None)  # would fail if it came so far
    Path("file").touch()
    Path("link").symlink_to("nowhere")
    Path("circle").symlink_to("circle")
    before = sorted(tmp_path.iterdir())
    found, told, err = marketintel(*command, "--out", out)
    assert (found, told) == (code, "")
    assert said in err and err.count("\n") == 1 and len(err) < 400
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["", LONG, "a/b", "..", ".hidden", "a b"])
def test_editions_that_cannot_be_a_folder_are_refused(marketintel, name):
    code, _, err = marketintel("study", "USA", "--edition", name)
    assert code == 2 and "folder name" in err and err.count("\n") == 1


def test_a_full_disk_is_seen_before_the_work(marketintel, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "ROOM_BYTES", 1 << 60)
    code, _, err = marketintel("study", "USA", "--out", str(tmp_path / "r"))
    assert code == 8 and "no space left" in err and str(tmp_path / "r") in err
    assert list(tmp_path.iterdir()) == []


def test_commands_that_write_no_report_need_no_folder_for_one(marketintel, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("reports").touch()
    code, _, err = marketintel("forecast", "nowhere", "--table")
    assert code == 2 and "unknown country" in err


@pytest.mark.parametrize("end", ["| head -c 1", ">&-", "<&- >&- 2>&-"])
def test_a_reader_that_goes_away_or_was_never_there_is_no_fault(end):
    shell = f"set -o pipefail; {' '.join(MAIN)} market USA -b code -f csv {end}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("words", [("data",), ("--version",)])
def test_output_that_cannot_be_written_is_one_line(words):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*MAIN, *words], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 8
    assert done.stderr.startswith("marketintel: output: no space left")
    assert done.stderr.count("\n") == 1


class Disk:
    """Files opened for writing; from one of them on, the disk is full."""

    def __init__(self, monkeypatch, full_at):
        self.opened, self.full_at, self.open = 0, full_at, io.open
        monkeypatch.setattr(io, "open", self)
        monkeypatch.setattr("builtins.open", self)
        real_fdopen = os.fdopen
        monkeypatch.setattr(os, "fdopen", lambda h, mode: self.count(real_fdopen(h, mode)))

    def __call__(self, file, mode="r", *arguments, **options):
        stream = self.open(file, mode, *arguments, **options)
        return self.count(stream) if set(mode) & set("wax+") else stream

    def count(self, stream):
        self.opened += 1
        if self.opened >= self.full_at:
            stream.close()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return stream


def test_a_disk_that_fills_up_at_any_file_keeps_the_last_edition(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    monkeypatch.setattr(html, "to_html", lambda *_: "page")
    monkeypatch.setattr(pdf, "to_pdf", lambda *_: b"%PDF")
    notebook = tmp_path / "n.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("x")]), notebook)
    monkeypatch.setattr(
        notebooks, "execute", lambda source, executed, *_: nbformat.write(source, executed)
    )

    def go(title):
        return run.run_notebook(
            notebook, {}, reports_dir=tmp_path / "r", edition="1", study="s",
            cover=Cover(title), progress=False,
        )  # fmt: skip

    go("good")
    record, stages = tmp_path / "r" / "1" / "s" / "run.json", 0
    for full_at in range(1, 100):
        with monkeypatch.context() as patched:
            disk = Disk(patched, full_at)
            try:
                go("new")
            except StorageError as error:
                stages += 1
                assert "no space left" in str(error) and str(tmp_path) in str(error)
            else:
                assert disk.opened < full_at
                break
        assert json.loads(record.read_text())["title"] in ("good", "new")
        assert not list((tmp_path / "r").glob(".*"))
        assert not list((tmp_path / "t").iterdir())
    assert stages >= 6
    assert json.loads(record.read_text())["title"] == "new"


def test_a_disk_that_fills_up_at_any_file_keeps_tables_and_snapshots(small, tmp_path, monkeypatch):
    data = small()
    build.build(data)
    for full_at in (1, 2, 3, 4):
        with monkeypatch.context() as patched:
            Disk(patched, full_at)
            with pytest.raises(StorageError, match="no space left"):
                small(vintage=f"v{full_at}", retrieved_at="2025-01-01")
                build.build(data)
        assert snapshot.list_snapshots(data)
        for part in ("raw/us_census_imports/*/.*", "processed/.*", ".*"):
            assert not list(data.glob(part))
        store.read_parquet(store.table_path(data, "trade"))
    assert build.build(data)


def keep_small(data, vintage="test", **changes):
    """Keep a small snapshot and return the data folder."""
    from tests.warehouse.conftest import small_citation, small_imports

    frame = small_imports()
    citation = small_citation(vintage=vintage, **changes)
    snapshot.save(data, citation, "us_imports_hs6.parquet", parquet_bytes(frame), len(frame))
    return data


@pytest.fixture
def small(tmp_path):
    return lambda **changes: keep_small(tmp_path, **changes)


def test_lock_files_of_editors_do_not_count_as_data(small, marketintel):
    data = small()
    folder = data / "raw" / "us_census_imports" / "test"
    name = "us_imports_hs6.parquet.meta.json"
    (folder / f".#{name}").symlink_to("me@here.1234:567")
    for other in (f"{name}~", f"#{name}#", f".{name}.swp", f"._{name}", ".DS_Store"):
        (folder / other).write_bytes(b"\0not a sidecar")
    for other in (
        "us_imports_hs6.parquet~",
        "#us_imports_hs6.parquet#",
        "Thumbs.db",
        "desktop.ini",
    ):
        (folder / other).write_bytes(b"\0not a snapshot")
    (data / "raw" / ".#x").symlink_to("me@here.1234:567")
    (data / "raw" / "us_census_imports" / ".ipynb_checkpoints").mkdir()
    assert len(snapshot.list_snapshots(data)) == 1
    build.build(data)
    (data / "processed" / ".#trade.parquet").symlink_to("me@here.1234:567")
    assert build.ensure(data) == build.ensure(data)
    assert marketintel("data", "--data", str(data))[0] == 0


def test_a_read_only_data_folder_answers_where_all_is_built(small, monkeypatch):
    data = small()
    build.build(data)

    def refused(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    for call in ("mkdir", "rename", "replace", "unlink"):
        monkeypatch.setattr(os, call, refused)
    assert not any(table.rebuilt for table in build.build(data))
    store.table_path(data, "trade").write_bytes(b"damaged")
    with pytest.raises(StorageError, match="read-only"):
        build.build(data)


BUILDS = """
import sys
from pathlib import Path
from marketintel.warehouse import build, store
data = Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for n in range(int(sys.argv[2])):
    store.table_path(data, "trade").unlink(missing_ok=True)
    build.ensure(data)
    build._ensure.cache_clear()
"""


def race_builds(data, rounds, processes=4):
    """Build, and take away what was built, from several processes at once."""
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", BUILDS, str(data), str(rounds)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(processes)
    ]  # fmt: skip
    for each in runs:
        each.stdout.readline()
    for each in runs:
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in runs:
        assert each.communicate()[1] == ""
        assert each.returncode == 0


def test_four_builds_at_once_do_not_trip_over_each_other(small):
    data = small()
    race_builds(data, rounds=1)
    build.build(data)
    assert len(store.read_parquet(store.table_path(data, "trade"))) > 0
    assert not list(data.glob("**/.*"))


def test_a_damaged_table_is_still_a_damaged_table(tmp_path):
    """An error of content keeps its kind, though a system's error would have another."""
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    with pytest.raises(DamagedDataError):
        store.read_parquet(tmp_path / "x.parquet")

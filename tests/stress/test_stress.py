"""Long forms of the kill, race and disk-full tests: ``make stress``; each prints its figures."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pytest

from tests.documents.test_drafts import exchanges, hidden, publish, race
from tests.test_storage import race_builds

pytestmark = pytest.mark.stress

MAIN = [sys.executable, "-m", "marketintel.cli.app"]
KILLS = 100

CELL = """
import time
import pandas as pd
from marketintel.documents.engine.blocks import Table
time.sleep(0.3)
Table(pd.DataFrame({"partner": ["DEU"] * 500, "value_usd": range(500)}), "t", "T")
"""
# A study of one table, from the command line's own process.
STUDY = """
import sys
from pathlib import Path
from marketintel import files
from marketintel.cli.process import run_as_process
from marketintel.documents.engine.cover import Cover
from marketintel.documents.engine.run import run_notebook
files.ROOM_BYTES = int(sys.argv[3])
with run_as_process():
    run_notebook(Path(sys.argv[1]), {}, reports_dir=Path(sys.argv[2]), edition="1", study="s",
              cover=Cover("T"), progress=False)
"""


@pytest.fixture
def notebook(tmp_path):
    file = tmp_path / "n.ipynb"
    cells = [nbformat.v4.new_markdown_cell("## One"), nbformat.v4.new_code_cell(CELL)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), file)
    return file


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A temporary folder of one's own, with a short path for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="s"))
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def study(notebook, reports, room=0, **options):
    return subprocess.Popen(
        [sys.executable, "-c", STUDY, str(notebook), str(reports), str(room)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def whole(folder):
    """Return whether an edition's files are those that its record names."""
    import hashlib

    files = json.loads((folder / "run.json").read_text())["files"]
    return all(hashlib.sha256((folder / f).read_bytes()).hexdigest() == d for f, d in files.items())


def kernels(temporary):
    found = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)
    return [line for line in found.stdout.splitlines() if f"{temporary}/marketintel-" in line]


def test_random_kills(notebook, tmp_path, temporary):
    reports = tmp_path / "r"
    begin = time.monotonic()
    with study(notebook, reports) as run:
        assert run.wait() == 0
    lasts = time.monotonic() - begin
    random.seed(0)
    codes = {}
    for n in range(KILLS):
        number = (9, 15, 2)[n % 3]
        with study(notebook, reports) as run:
            time.sleep(random.random() * lasts)
            run.send_signal(number)
            told = run.communicate()[1]
        codes[run.returncode] = codes.get(run.returncode, 0) + 1
        assert run.returncode in (0, -number, 128 + number), told
        assert "Traceback" not in told or run.returncode == -number, told
        assert whole(reports / "1" / "s")
        if run.returncode == 128 + number:
            assert told == "marketintel: stopped; nothing half-written was kept\n"
    with study(notebook, reports) as run:
        assert run.wait() == 0
    deadline = time.monotonic() + 20
    while kernels(temporary) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert kernels(temporary) == []
    left = [path.name for path in temporary.glob("marketintel-*")]
    print(
        f"\n{KILLS} kills, each within {lasts:.1f} s: exit codes {codes}; "
        f"left {hidden(reports)}, {left}"
    )
    assert hidden(reports) == [] and left == []


def test_long_race(tmp_path, root):
    looks, misses = race(tmp_path, root, rounds=150)
    print(f"\n{looks:,} looks, {misses} misses, 600 editions by 4 processes")
    assert looks > 1000 and (misses == 0 or not exchanges(tmp_path))
    assert hidden(tmp_path) == []


def test_long_race_of_builds(root, tmp_path):
    from tests.test_storage import keep_small

    race_builds(keep_small(tmp_path), rounds=60)
    print("\n4 processes x 60 builds of a table that each takes away: no error")


@pytest.mark.skipif(os.getuid() != 0, reason="needs the right to mount")
@pytest.mark.parametrize("where", ["reports", "temporary"])
def test_full_disks_of_every_size(notebook, tmp_path, monkeypatch, where):
    """A disk that is full after so many KiB, from nothing to where all fits."""
    place = Path(tempfile.mkdtemp(prefix="d"))
    sizes, codes = [0, 4, 8, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024, 3072, 7168], []
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(place)], check=True)
    except subprocess.CalledProcessError:
        pytest.skip("no right to mount")
    try:
        if where == "temporary":
            monkeypatch.setenv("TMPDIR", str(place))
        reports = place / "r" if where == "reports" else tmp_path / "r"
        publish(reports, study="s")
        before = (reports / "1" / "s" / "report.html").read_text()
        for size in sizes:
            free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
            (place / "ballast").write_bytes(bytes(max(free - size * 1024, 0)))
            with study(notebook, reports) as run:
                told = run.communicate()[1]
            codes.append(run.returncode)
            assert "Traceback" not in told, told
            assert run.returncode == 0 or told.count("\n") == 1, told
            if run.returncode == 0:
                assert whole(reports / "1" / "s")
            elif 0 not in codes:
                assert (reports / "1" / "s" / "report.html").read_text() == before
            (place / "ballast").unlink()
            assert hidden(reports) == []
            assert list(place.glob("marketintel-*")) == []
        print(f"\n{where} full after KiB {dict(zip(sizes, codes, strict=True))}")
        assert codes[-1] == 0 and set(codes) <= {0, 7, 8} and 8 in codes
    finally:
        subprocess.run(["umount", str(place)], check=True)
        place.rmdir()


@pytest.mark.skipif(os.getuid() != 0, reason="needs the right to mount")
def test_full_disk_under_the_data(root, tmp_path):
    """The starter data on a disk that is full after so many KiB; then with room again."""
    place = tmp_path / "disk"
    place.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(place)], check=True)
    except subprocess.CalledProcessError:
        pytest.skip("no right to mount")
    try:
        subprocess.run(["cp", "-r", str(root / "data" / "raw"), str(place / "raw")], check=True)
        codes = []
        for size in (0, 16, 500, 1500, 3000, 4000, 6000, 9000, 17_000, 40_000):
            subprocess.run(["rm", "-rf", str(place / "processed")], check=True)
            free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
            (place / "ballast").write_bytes(bytes(max(free - size * 1024, 0)))
            code = (
                "import sys; from marketintel import cli, files; files.ROOM_BYTES = 0\n"
                f"sys.argv = ['marketintel', 'build', '--data', {str(place)!r}]; cli.main()"
            )
            done = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=False
            )
            codes.append(done.returncode)
            assert done.returncode == 0 or done.stderr.count("\n") == 1, done.stderr
            assert not list(place.glob("processed/.*"))
            (place / "ballast").unlink()
        print(f"\nexit codes of builds on fuller to emptier disks: {codes}")
        assert codes[0] == 8 and codes[-1] == 0 and set(codes) == {0, 8}
    finally:
        subprocess.run(["umount", str(place)], check=True)

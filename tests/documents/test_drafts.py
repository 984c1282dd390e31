"""Drafts and editions in one folder that several runs, readers and crashes share."""

import json
import os
import signal
import subprocess
import sys

import pytest

from marketintel import files
from marketintel.documents.engine import drafts
from marketintel.documents.engine.catalogue import editions, write_index
from marketintel.errors import StorageError

RECORD = {"edition": "1", "study": "usa", "title": "T", "subtitle": ""}


def publish(reports, text="new", study="usa"):
    with drafts.draft(reports) as made:
        (made / "report.html").write_text(text)
        (made / "run.json").write_text(json.dumps(RECORD | {"study": study}))
        with files.locked(reports):
            drafts.put_in_place(made, reports / "1" / study, reports)
            write_index(reports)


def hidden(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


@pytest.fixture(params=["exchange", "no exchange"])
def file_system(request, monkeypatch):
    """Both kinds of file system: with and without an exchange of names."""
    if request.param == "no exchange":
        monkeypatch.setattr(files, "exchange", lambda *_: False)
    return request.param


def test_a_new_edition_takes_the_place_of_the_last_one_whole(tmp_path, file_system):
    publish(tmp_path, "old")
    (tmp_path / "1" / "usa" / "extra.csv").write_text("of the old one")
    publish(tmp_path, "new")
    names = sorted(path.name for path in (tmp_path / "1" / "usa").iterdir())
    assert names == ["report.html", "run.json"]
    assert (tmp_path / "1" / "usa" / "report.html").read_text() == "new"
    assert hidden(tmp_path) == []


def test_if_taking_its_place_fails_the_last_edition_is_back(tmp_path, file_system):
    publish(tmp_path, "good")
    with (
        pytest.raises(StorageError, match="1/usa: no such file"),
        drafts.draft(tmp_path) as made,
    ):
        made.rmdir()
        drafts.put_in_place(made, tmp_path / "1" / "usa", tmp_path)
    assert (tmp_path / "1" / "usa" / "report.html").read_text() == "good"
    assert hidden(tmp_path) == []


# A run in a process of its own that says so and waits, to be killed in the middle.
HOLDS = """
import sys, time
from pathlib import Path
from marketintel.documents.engine import drafts
with drafts.draft(Path(sys.argv[1])) as made:
    (made / "half").write_text("x")
    print("holds", flush=True)
    time.sleep(60)
"""


def start(code, *arguments, **options):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)


def test_a_draft_is_swept_when_its_run_is_dead_and_never_before(tmp_path):
    with start(HOLDS, tmp_path) as run:
        assert run.stdout.readline() == "holds\n"
        publish(tmp_path)
        [living] = hidden(tmp_path)
        run.kill()
        run.wait()
        assert hidden(tmp_path) == [living]
        publish(tmp_path)
    assert hidden(tmp_path) == []


def test_a_live_draft_is_safe_from_another_container(tmp_path):
    """Another process-number namespace: there, the first run's number means nothing."""
    unshare = ["unshare", "--pid", "--fork", "--mount-proc"]
    try:
        subprocess.run([*unshare, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no right to make a namespace here")
    with start(HOLDS, tmp_path) as run:
        assert run.stdout.readline() == "holds\n"
        other = HOLDS.replace("time.sleep(60)", "")
        subprocess.run([*unshare, sys.executable, "-c", other, str(tmp_path)], check=True)
        assert len(hidden(tmp_path)) == 1
        assert (tmp_path / hidden(tmp_path)[0] / "edition" / "half").exists()
        run.kill()


def test_a_run_killed_while_it_moved_the_last_edition_gives_it_back(tmp_path, monkeypatch):
    publish(tmp_path, "good")
    dies = """
import os, sys
from pathlib import Path
from marketintel import files
from marketintel.documents.engine import drafts
files.exchange = lambda *_: False
rename = Path.rename
def die(self, target):
    if self.name == "edition":
        os.kill(os.getpid(), 9)
    return rename(self, target)
Path.rename = die
reports = Path(sys.argv[1])
with drafts.draft(reports) as made:
    drafts.put_in_place(made, reports / "1" / "usa", reports)
"""
    done = subprocess.run([sys.executable, "-c", dies, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "1" / "usa").exists()
    with drafts.draft(tmp_path):
        assert (tmp_path / "1" / "usa" / "report.html").read_text() == "good"
    assert hidden(tmp_path) == []


RACES = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from tests.documents.test_drafts import publish
print("ready", flush=True)
sys.stdin.readline()
for n in range(int(sys.argv[2])):
    publish(Path(sys.argv[1]), f"{n}" * 1000, study="usa" if n % 2 else f"own-{sys.argv[4]}")
"""


def race(reports, root, rounds, processes=4):
    """Publish from several processes at once; return looks at one edition and misses among them."""
    publish(reports)
    runs = [
        start(RACES, reports, rounds, root, n, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for n in range(processes)
    ]
    for run in runs:
        run.stdout.readline()
    for run in runs:
        run.stdin.write("go\n")
        run.stdin.flush()
    looks = misses = 0
    while any(run.poll() is None for run in runs):
        looks += 1
        try:
            (reports / "1" / "usa" / "report.html").read_text()
            json.loads((reports / "1" / "usa" / "run.json").read_text())
            (reports / "index.html").read_text()
        except FileNotFoundError:
            misses += 1
    for run in runs:
        _, told = run.communicate()
        assert (run.returncode, told) == (0, "")
    return looks, misses


def test_four_runs_at_once_and_a_reader_who_always_sees_an_edition(tmp_path, root):
    looks, misses = race(tmp_path, root, rounds=6)
    assert looks > 0
    if exchanges(tmp_path):
        assert misses == 0
    assert len(editions(tmp_path)) == 5
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert all(f"1/{study}/report.html" in index for study in ("usa", "own-0", "own-3"))
    assert hidden(tmp_path) == []


def exchanges(folder):
    one, other = folder / "one", folder / "other"
    one.mkdir()
    other.mkdir()
    can = files.exchange(one, other)
    one.rmdir()
    other.rmdir()
    return can


@pytest.mark.parametrize(
    "record",
    ["", '{"edition": "1", "study', "{}", "[]", "null", "3", "[" * 100_000, "\0", '"run"'],
)
def test_a_foreign_or_truncated_record_is_named_and_the_others_are_listed(tmp_path, caplog, record):
    publish(tmp_path)
    strange = tmp_path / "1" / "strange" / "run.json"
    strange.parent.mkdir()
    strange.write_text(record)
    index = write_index(tmp_path).read_text(encoding="utf-8")
    assert "1/usa/report.html" in index and "strange" not in index
    assert str(strange) in caplog.text


def test_links_pipes_folders_and_lock_files_do_not_stop_the_index(tmp_path):
    publish(tmp_path)
    for name in ("dangling", "pipe", "folder", "loop"):
        (tmp_path / "1" / name).mkdir()
    (tmp_path / "1" / "dangling" / "run.json").symlink_to("nowhere")
    os.mkfifo(tmp_path / "1" / "pipe" / "run.json")
    (tmp_path / "1" / "folder" / "run.json").mkdir()
    (tmp_path / "1" / "loop" / "run.json").symlink_to("run.json")
    (tmp_path / "2").symlink_to("nowhere")
    (tmp_path / ".#index.html").symlink_to("me@here.1")
    assert [entry["study"] for entry in editions(tmp_path)] == ["usa"]


def test_an_edition_in_a_folder_that_is_not_utf8_does_not_stop_the_index(tmp_path, caplog):
    publish(tmp_path)
    (tmp_path / "1" / os.fsdecode(b"M\xfcnchen")).symlink_to(tmp_path / "1" / "usa")
    assert "1/usa/report.html" in write_index(tmp_path).read_text(encoding="utf-8")
    assert "leaves it out" in caplog.text
    assert caplog.text.encode()  # no letter that a terminal or log file cannot take

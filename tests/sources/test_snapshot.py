"""Raw files stay what they were, say where they come from, and never hold a secret."""

import os
import subprocess
import sys
from datetime import date

import pytest

from marketintel import files
from marketintel.errors import DamagedDataError, MissingDataError, UsageError
from marketintel.sources import snapshot


def citation(**changes):
    fields = {
        "source": "example",
        "vintage": "2024-01-01",
        "producer": "An office",
        "title": "Some figures",
        "citation": "An office (2024) Some figures.",
        "licence": "CC BY 4.0",
        "licence_url": None,
        "url": "https://example.org/data",
        "parameters": {"year": "2024"},
        "retrieved_at": date(2024, 2, 3),
        "quirks": ["One sentence."],
    }
    return snapshot.Citation(**fields | changes)


def test_what_is_saved_is_found_again_and_verifies(tmp_path):
    saved = snapshot.save(tmp_path, citation(), "a.csv", b"x,y\n1,2\n", rows=1)
    (found,) = snapshot.find(tmp_path, "example")
    assert found == saved
    assert found.path == tmp_path / "raw" / "example" / "2024-01-01" / "a.csv"
    assert found.path.read_bytes() == b"x,y\n1,2\n"
    assert (found.meta.rows, found.meta.bytes) == (1, 8)
    snapshot.verify(found)


def test_one_changed_byte_is_detected_in_one_line(tmp_path):
    saved = snapshot.save(tmp_path, citation(), "a.csv", b"x,y\n1,2\n", rows=1)
    saved.path.write_bytes(b"x,y\n1,3\n")
    with pytest.raises(DamagedDataError) as caught:
        snapshot.verify(saved)
    message = str(caught.value)
    assert "a.csv" in message and "checksum" in message and "restore" in message
    assert "\n" not in message


def test_a_vintage_is_never_replaced_by_other_bytes(tmp_path):
    snapshot.save(tmp_path, citation(), "a.csv", b"one", rows=1)
    snapshot.save(tmp_path, citation(), "a.csv", b"one", rows=1)  # the same again is no change
    with pytest.raises(UsageError, match="immutable"):
        snapshot.save(tmp_path, citation(), "a.csv", b"two", rows=1)
    assert snapshot.find(tmp_path, "example")[0].path.read_bytes() == b"one"


def test_the_latest_vintage_unless_one_is_named_and_then_that_one_or_none(tmp_path):
    for vintage, day in (("b-old", 1), ("a-new", 2)):
        item = citation(vintage=vintage, retrieved_at=date(2024, 1, day))
        snapshot.save(tmp_path, item, "a.csv", vintage.encode(), rows=1)
    assert snapshot.find(tmp_path, "example")[0].meta.vintage == "a-new"
    assert snapshot.find(tmp_path, "example", "b-old")[0].meta.vintage == "b-old"
    with pytest.raises(MissingDataError, match=r"c-other.*have: a-new, b-old"):
        snapshot.find(tmp_path, "example", "c-other")
    with pytest.raises(MissingDataError, match="nothing"):
        snapshot.find(tmp_path, "nothing")


@pytest.mark.parametrize("name", ["key", "subscription-key", "token", "API_KEY"])
def test_no_secret_reaches_the_sidecar(tmp_path, name):
    item = citation(
        url=f"https://example.org/data?get=A,B&{name}=hush&time=2024", parameters={name: "hush"}
    )
    saved = snapshot.save(tmp_path, item, "a.csv", b"one", rows=1)
    assert saved.meta.url == "https://example.org/data?get=A,B&time=2024"
    sidecar = saved.path.with_name("a.csv.meta.json").read_text(encoding="utf-8")
    assert "hush" not in sidecar


@pytest.mark.parametrize("field", ["source", "vintage"])
@pytest.mark.parametrize("name", ["", "../up", ".hidden", "a/b"])
def test_names_that_would_leave_the_folder_are_refused(field, name):
    with pytest.raises(ValueError, match="folder name"):
        citation(**{field: name})


def test_a_sidecar_that_is_not_one_is_one_line(tmp_path):
    saved = snapshot.save(tmp_path, citation(), "a.csv", b"one", rows=1)
    saved.path.with_name("a.csv.meta.json").write_text("{]", encoding="utf-8")
    with pytest.raises(DamagedDataError, match="not a valid sidecar") as caught:
        snapshot.list_snapshots(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_sidecar_whose_file_is_gone_says_so(tmp_path):
    saved = snapshot.save(tmp_path, citation(rebuild="python x.py"), "a.csv", b"one", rows=1)
    saved.path.unlink()
    with pytest.raises(DamagedDataError, match=r"a\.csv.*missing.*python x\.py"):
        snapshot.list_snapshots(tmp_path)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    files.write_atomic(path, b"old")

    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        files.write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_process_killed_while_writing_leaves_no_snapshot(tmp_path, root):
    dies = (
        "import os, sys, pathlib\n"
        "from marketintel import files\n"
        "os.fsync = lambda handle: os.kill(os.getpid(), 9)\n"
        "files.write_atomic(pathlib.Path(sys.argv[1]), b'x' * 1_000_000)\n"
    )
    path = tmp_path / "raw" / "example" / "2024" / "a.bin"
    done = subprocess.run(
        [sys.executable, "-c", dies, str(path)],
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
    )
    assert done.returncode == -9
    assert not path.exists()
    assert snapshot.list_snapshots(tmp_path) == []

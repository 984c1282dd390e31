"""The log: nothing is lost, whoever writes at the same time and whatever was torn before."""

import errno
import json
import os
import subprocess
import sys

import pytest

from marketintel.errors import DamagedDataError, UsageError
from marketintel.reference import kpi_log

KNOWN = ["exchanges", "smes"]

WRITER = """
import sys
from pathlib import Path
from marketintel.reference import kpi_log
path, who, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for i in range(count):
    entry = kpi_log.new_entry("exchanges", "2027-03-01", i, f"{who} " + "x" * 3000, ["exchanges"])
    kpi_log.append(path, entry)
"""


def entry(**changes):
    fields = {"kpi": "exchanges", "day": "2027-03-01", "value": 1, "evidence": "signed report"}
    return kpi_log.new_entry(**fields | changes, kpis=KNOWN)


def test_what_is_written_is_read(tmp_path):
    path = kpi_log.log_path(tmp_path)
    assert kpi_log.read(path) == []
    first = entry(iso3="finland", meeting="c2c", counterpart="Optonique – Québec")
    second = entry(value=2.5)
    kpi_log.append(path, first)
    kpi_log.append(path, second)
    assert kpi_log.read(path, KNOWN) == [first, second]
    assert first.country == "FIN" and first.id != second.id
    assert path.read_text(encoding="utf-8").count("\n") == 2


def test_two_writers_at_once_lose_nothing(tmp_path):
    """Lines longer than a page, from two processes that start together."""
    path = tmp_path / "log.jsonl"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), who, "150"])
        for who in ("first", "second")
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    found = kpi_log.read(path, KNOWN)
    assert len(found) == 300 and len({line.id for line in found}) == 300
    for who in ("first", "second"):
        values = [line.value for line in found if line.evidence.startswith(who)]
        assert values == list(range(150))


def test_a_reader_never_sees_half_a_line(tmp_path):
    path = tmp_path / "log.jsonl"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path), "one", "150"])
    seen = 0
    while writer.poll() is None:
        now = len(kpi_log.read(path))
        assert now >= seen
        seen = now
    assert writer.returncode == 0 and len(kpi_log.read(path)) == 150


def test_a_torn_line_is_named_and_costs_no_other(tmp_path):
    path = tmp_path / "log.jsonl"
    first = entry()
    kpi_log.append(path, first)
    with path.open("ab") as stream:
        stream.write(b'{"id": "abc", "kpi": "exch')
    after = entry(value=7)
    kpi_log.append(path, after)
    with pytest.raises(DamagedDataError, match=r"log\.jsonl:2: json: .*cut off"):
        kpi_log.read(path)
    whole, problems = kpi_log.inspect(path)
    assert whole == [first, after] and [p.line for p in problems] == [2]


def test_a_full_disk_leaves_the_log_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "log.jsonl"
    kpi_log.append(path, entry())
    before = path.read_bytes()
    write = os.write

    def short(handle, payload):
        return write(handle, payload[: len(payload) // 2])

    monkeypatch.setattr(kpi_log.os, "write", short)
    with pytest.raises(DamagedDataError, match="nothing was added"):
        kpi_log.append(path, entry())
    assert path.read_bytes() == before

    def full(handle, payload):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(kpi_log.os, "write", full)
    with pytest.raises(DamagedDataError, match="No space left"):
        kpi_log.append(path, entry())
    assert path.read_bytes() == before


def test_a_correction_replaces_and_both_stay(tmp_path):
    path = tmp_path / "log.jsonl"
    wrong = entry(value=10)
    kpi_log.append(path, wrong)
    right = entry(value=1, corrects=wrong.id)
    kpi_log.append(path, right)
    assert kpi_log.read(path) == [wrong, right]
    assert kpi_log.standing(kpi_log.read(path)) == [right]
    withdrawn = entry(value=0, corrects=right.id)
    assert kpi_log.standing([wrong, right, withdrawn]) == []
    with pytest.raises(UsageError, match="no line 'nowhere' to correct"):
        kpi_log.append(path, entry(corrects="nowhere"))
    assert len(kpi_log.read(path)) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kpi": "exchange"}, "did you mean exchanges"),
        ({"day": "31.3.2027"}, "write it as 2027-03-31"),
        ({"value": -1}, "at least 0"),
        ({"value": float("nan")}, "finite number"),
        ({"evidence": "  "}, "evidence is empty"),
        ({"meeting": "C2C"}, "did you mean c2c"),
        ({"iso3": "Finnland"}, "Finland"),
    ],
)
def test_a_wrong_entry_is_refused(changes, message):
    with pytest.raises(UsageError, match=message):
        entry(**changes)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("[1]", "json"),
        ({"kpis": "exchanges"}, "unknown-key"),
        ({"value": True}, "wrong-type"),
        ({"date": "2027-02-30"}, "date"),
        ({"kpi": "exchange"}, "unknown-kpi"),
        ({"meeting": "b3b"}, "unknown-meeting"),
        ({"country": 3}, "wrong-type"),
    ],
)
def test_a_wrong_line_has_file_line_and_rule(tmp_path, line, rule):
    path = tmp_path / "log.jsonl"
    kpi_log.append(path, entry())
    text = line if isinstance(line, str) else json.dumps(entry().model_dump() | line)
    with path.open("a") as stream:
        stream.write(text + "\n")
    with pytest.raises(DamagedDataError, match=rf"log\.jsonl:2: {rule}: "):
        kpi_log.read(path, KNOWN)

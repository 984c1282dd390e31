"""A fetch that is killed at random points and started again ends as if nothing had happened."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketintel.sources import snapshot
from tests.sources.providers import Comtrade
from tests.sources.server import Reply, Request, Server, wait_until

_COMMAND = "import typer; from marketintel.cli_fetch import fetch; typer.run(fetch)"
_ASK = ["comtrade", "--for", "CAN", "--segments", "all", "--years", "2021-2023"]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        provider = Comtrade()

        def slowly(request: Request) -> Reply:
            running.pause(0.002)
            return provider(request)

        running.route("/public/v1/preview", slowly)
        yield running


def start(server: Server, data: Path) -> subprocess.Popen[str]:
    environment = {k: v for k, v in os.environ.items() if k != "COMTRADE_KEY"} | {
        "MARKETINTEL_COMTRADE_URL": server.url,
        "MARKETINTEL_COMTRADE_INTERVAL_S": "0",
    }
    return subprocess.Popen(
        [sys.executable, "-c", _COMMAND, *_ASK, "--data", str(data)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def finish(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return said


def fingerprint(data: Path) -> tuple[str, int | None]:
    (held,) = snapshot.list_snapshots(data)
    snapshot.verify(held)
    return held.meta.sha256, held.meta.rows


def kill_and_resume(server: Server, tmp_path: Path, kills: int, seed: int) -> None:
    uninterrupted = tmp_path / "uninterrupted"
    finish(start(server, uninterrupted))
    needed = len(server.requests)
    assert needed >= 200
    server.requests.clear()

    chance = random.Random(seed)
    data = tmp_path / "killed"
    for at in sorted(chance.sample(range(1, needed), kills)):
        process = start(server, data)
        wait_until(lambda at=at: len(server.requests) >= at, 60)  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert not snapshot.list_snapshots(data), "no snapshot before its source is complete"
    said = finish(start(server, data))
    assert fingerprint(data) == fingerprint(uninterrupted)
    assert needed <= len(server.requests) <= needed + 2 * kills, "what was done is not asked again"
    assert "answers from earlier runs" in said


def test_killed_three_times(server: Server, tmp_path: Path) -> None:
    kill_and_resume(server, tmp_path, kills=3, seed=20261122)


@pytest.mark.slow
def test_killed_ten_times(server: Server, tmp_path: Path) -> None:
    kill_and_resume(server, tmp_path, kills=10, seed=1)


def test_two_processes_at_once(server: Server, tmp_path: Path) -> None:
    data = tmp_path / "both"
    both = [start(server, data), start(server, data)]
    for process in both:
        finish(process)
    digests = {s.meta.sha256 for s in snapshot.list_snapshots(data)}
    for held in snapshot.list_snapshots(data):
        snapshot.verify(held)
    assert len(digests) == 1
    said = finish(start(server, data))
    assert "comtrade: 0 requests" in said
    assert "nothing new" in said
    assert not list(data.rglob("*.part"))

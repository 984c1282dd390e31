"""A fetch that is killed at random points and started again ends as if nothing had happened.

Each fetch is a process of its own, forked from one that has the libraries loaded already: what is
tested is how they end, not how long Python takes to import pandas, twenty times.

Fixtures: synthetic.
"""

import multiprocessing
import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import typer

from marketintel.cli.fetch import fetch
from marketintel.sources import snapshot
from tests.sources.providers import Comtrade
from tests.sources.server import Reply, Request, Server, wait_until

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])
_ASK = ["comtrade", "--for", "CAN", "--segments", "all", "--years", "2021-2023"]


@contextmanager
def comtrade() -> Iterator[Server]:
    with Server() as running:
        provider = Comtrade()

        def slowly(request: Request) -> Reply:
            running.pause(0.002)
            return provider(request)

        running.route("/public/v1/preview", slowly)
        running.route("/public/v1/getDa", lambda _: Reply(json={"count": 0, "data": []}))
        yield running


@pytest.fixture
def server() -> Iterator[Server]:
    with comtrade() as running:
        yield running


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A fetch that nobody disturbs: where its data are, and how many requests it took."""
    data = tmp_path_factory.mktemp("uninterrupted") / "data"
    with comtrade() as running:
        finish(start(running, data))
        return data, len(running.requests)


def command(environment: dict[str, str], arguments: list[str], said: str) -> None:
    """Run ``marketintel fetch`` in this process, which is a new one, and end it."""
    os.environ.pop("COMTRADE_KEY", None)
    os.environ.update(environment)
    app = typer.Typer(add_completion=False)
    app.command()(fetch)
    with Path(said).open("w", encoding="utf-8") as out, redirect_stdout(out), redirect_stderr(out):
        app(arguments)


@dataclass
class Started:
    """A fetch under way; ``said`` is what it has printed."""

    process: BaseProcess
    said: Path


def start(server: Server, data: Path) -> Started:
    environment = {
        "MARKETINTEL_COMTRADE_URL": server.url,
        "MARKETINTEL_COMTRADE_INTERVAL_S": "0",
    }
    said = data.with_name(f"{data.name}-{random.getrandbits(64):x}.txt")
    arguments = [*_ASK, "--data", str(data)]
    process = _FORKS.Process(target=command, args=(environment, arguments, str(said)))
    process.start()
    return Started(process, said)


def finish(started: Started) -> str:
    started.process.join(120)
    said = started.said.read_text(encoding="utf-8")
    assert started.process.exitcode == 0, said
    return said


def fingerprint(data: Path) -> tuple[str, int | None]:
    (held,) = snapshot.list_snapshots(data)
    snapshot.verify(held)
    return held.meta.sha256, held.meta.rows


def kill_and_resume(
    server: Server, tmp_path: Path, uninterrupted: tuple[Path, int], kills: int, seed: int
) -> None:
    whole, needed = uninterrupted
    assert needed >= 200
    chance = random.Random(seed)
    data = tmp_path / "killed"
    for at in sorted(chance.sample(range(1, needed), kills)):
        started = start(server, data)
        wait_until(lambda at=at: len(server.requests) >= at, 60)  # type: ignore[misc]
        started.process.kill()
        started.process.join()
        assert started.process.exitcode == -signal.SIGKILL
        assert not snapshot.list_snapshots(data), "no snapshot before its source is complete"
    said = finish(start(server, data))
    assert fingerprint(data) == fingerprint(whole)
    assert needed <= len(server.requests) <= needed + 2 * kills, "what was done is not asked again"
    assert "answers from earlier runs" in said


def test_killed_three_times(
    server: Server, tmp_path: Path, uninterrupted: tuple[Path, int]
) -> None:
    kill_and_resume(server, tmp_path, uninterrupted, kills=3, seed=20261122)


@pytest.mark.slow
def test_killed_ten_times(server: Server, tmp_path: Path, uninterrupted: tuple[Path, int]) -> None:
    kill_and_resume(server, tmp_path, uninterrupted, kills=10, seed=1)


def test_two_processes_at_once(server: Server, tmp_path: Path) -> None:
    data = tmp_path / "both"
    both = [start(server, data), start(server, data)]
    for started in both:
        finish(started)
    digests = {s.meta.sha256 for s in snapshot.list_snapshots(data)}
    for held in snapshot.list_snapshots(data):
        snapshot.verify(held)
    assert len(digests) == 1
    said = finish(start(server, data))
    assert "comtrade: 0 requests" in said
    assert "nothing new" in said
    assert not list(data.rglob("*.part"))

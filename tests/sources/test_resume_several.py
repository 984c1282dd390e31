"""A fetch from nine sources that is killed and started again ends as if nothing had happened.

Answers are synthetic, each in its provider's form. Each fetch is a process of its own, forked from
one that has the libraries loaded already.
"""

import io
import json
import multiprocessing
import os
import random
import signal
import time
import zipfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from multiprocessing.process import BaseProcess
from pathlib import Path

import pandas as pd
import pytest
import typer

from marketintel.cli.fetch import fetch
from marketintel.sources import snapshot
from marketintel.sources.providers import cepii
from tests.sources.providers import Comtrade
from tests.sources.server import Reply, Request, Server, wait_until
from tests.sources.test_home_sources import cimt, rates, wits
from tests.sources.test_today import comext_service

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])
_ASK = ["--for", "USA,CAN,JPN", "--segments", "lasers", "--years", "2023"]
_SOURCES = ("CENSUS", "COMEXT", "STATCAN_CIMT", "COMTRADE", "WITS", "WORLDBANK", "IMF", "ECB",
            "CEPII_GEODIST")  # fmt: skip
_KEPT = {"comext", "us_census_imports", "us_census_exports", "statcan_cimt", "comtrade", "wits",
         "worldbank", "imf", "ecb", "cepii_geodist"}  # fmt: skip


def census(request: Request) -> Reply:
    """Three partners, every code asked for; a value that depends on month and code."""
    flow = "imports" if "/imports/" in request.path else "exports"
    measures = request.query["get"].split(",")[1:]
    letter = "I" if flow == "imports" else "E"
    asked = [v.split("=")[1] for v in request.url_query.split("&") if v.startswith(letter)]
    period = request.query["time"]
    size = int(period.replace("-", "")) % 997
    rows = [
        [partner, *(str(size + int(code.strip("*")) % 89) for _ in measures), code, "HS6", period]
        for code in asked if "*" not in code and len(code) == 6
        for partner in ("4280", "5700", "1220")
    ]  # fmt: skip
    head = ["CTY_CODE", *measures, f"{letter}_COMMODITY", "COMM_LVL", "time"]
    return Reply(json=[head, *rows]) if rows else Reply(204)


def worldbank(request: Request) -> Reply:
    indicator = request.path.rpartition("/")[2]
    first, last = request.query["date"].split(":")
    rows = [
        {"indicator": {"id": indicator}, "country": {"id": iso3}, "countryiso3code": iso3,
         "date": str(year), "value": float(year), "unit": ""}
        for iso3 in ("USA", "CAN", "JPN") for year in range(int(first), int(last) + 1)
    ]  # fmt: skip
    return Reply(json=[{"page": 1, "pages": 1, "total": len(rows)}, rows])


def imf(_: Request) -> Reply:
    names = {"COUNTRY": ["CAN", "JPN"], "INDICATOR": ["NGDPD", "NGDP_RPCH"], "FREQUENCY": ["A"]}
    listed = [{"id": k, "values": [{"id": v} for v in values]} for k, values in names.items()]
    years = [{"id": str(year)} for year in range(2022, 2029)]
    series = {
        f"{i}:{j}:0": {"attributes": [0], "observations": {str(k): [str(k)] for k in range(7)}}
        for i in range(2) for j in range(2)
    }  # fmt: skip
    structure = {
        "dimensions": {
            "series": listed, "observation": [{"id": "TIME_PERIOD", "values": years}]
        },
        "attributes": {
            "series": [{"id": "LATEST_ACTUAL_ANNUAL_DATA", "values": [{"id": "2024"}]}],
            "observation": [],
        },
    }  # fmt: skip
    body = {"structure": structure, "dataSets": [{"action": "Replace", "series": series}]}
    return Reply(body=json.dumps(body).encode(), content_type="application/json")


def geodist() -> bytes:
    pairs = pd.DataFrame({"iso_o": ["FRA", "USA"], "iso_d": ["USA", "FRA"], "dist": 5800.0,
                          "contig": 0, "comlang_off": 0, "colony": 0, "distw": 7500.0})  # fmt: skip
    table, sink = io.BytesIO(), io.BytesIO()
    pairs.to_stata(table, write_index=False)
    with zipfile.ZipFile(sink, "w") as opened:
        opened.writestr("dist_cepii.dta", table.getvalue())
    return sink.getvalue()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        for prefix, answer in (
            ("/data/timeseries", census), ("/CIMT-CICM", cimt), ("/reporter", wits),
            ("/public/v1/preview", Comtrade()), ("/country", worldbank),
            ("/data/dataflow", imf), ("/data/EXR", rates),
            ("/sdmx/2.1/data/DS-045409", comext_service()),
            ("/public/v1/getDa", lambda _: Reply(json={"count": 0, "data": []})),
        ):  # fmt: skip

            def slowly(request: Request, answer=answer) -> Reply:  # type: ignore[no-untyped-def]
                running.pause(0.004)
                return answer(request)

            running.route(prefix, slowly)
        running.add(cepii.STATA, body=geodist(), content_type="application/zip")
        yield running


def command(url: str, data: str, said: str) -> None:
    """Run ``marketintel fetch`` in this process, which is a new one, and end it."""
    os.environ.pop("COMTRADE_KEY", None)
    os.environ["CENSUS_KEY"] = "k" * 40
    for source in _SOURCES:
        os.environ[f"MARKETINTEL_{source}_URL"] = url
        os.environ[f"MARKETINTEL_{source}_INTERVAL_S"] = "0"
    app = typer.Typer(add_completion=False)
    app.command()(fetch)
    with Path(said).open("w", encoding="utf-8") as out, redirect_stdout(out), redirect_stderr(out):
        app([*_ASK, "--data", data])


def start(server: Server, data: Path, said: Path) -> BaseProcess:
    process = _FORKS.Process(target=command, args=(server.url, str(data), str(said)))
    process.start()
    return process


def finish(process: BaseProcess, said: Path) -> str:
    process.join(120)
    text = said.read_text(encoding="utf-8")
    assert process.exitcode == 0, text
    return text


def content(data: Path) -> dict[str, tuple[str, int | None]]:
    """Return checksum and rows by source, after proving that each has one content only."""
    found = {}
    for held in snapshot.list_snapshots(data):
        snapshot.verify(held)
        mine = held.meta.sha256, held.meta.rows
        assert found.setdefault(held.meta.source, mine) == mine
    return found


def vintages(data: Path) -> int:
    return len(snapshot.list_snapshots(data))


def kill_and_resume(server: Server, tmp_path: Path, kills: int, seed: int) -> None:
    whole = tmp_path / "whole"
    said = finish(start(server, whole, tmp_path / "whole.txt"), tmp_path / "whole.txt")
    needed = len(server.requests)
    assert set(content(whole)) == _KEPT, said
    assert f"to ask: {needed} requests" in said, "what was announced is what was asked"
    server.requests.clear()

    chance = random.Random(seed)
    data = tmp_path / "killed"
    for at in sorted(chance.sample(range(1, needed), kills)):
        process = start(server, data, tmp_path / "killed.txt")
        wait_until(lambda at=at: len(server.requests) >= at, 60)  # type: ignore[misc]
        time.sleep(chance.uniform(0, 0.03))  # between requests too: while a snapshot is written
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert content(data).items() <= content(whole).items(), "whole sources, or none"
    said = finish(start(server, data, tmp_path / "last.txt"), tmp_path / "last.txt")
    assert content(data) == content(whole)
    assert needed <= len(server.requests) <= needed + 2 * kills, "what was done is not asked again"
    assert vintages(data) <= vintages(whole) + kills
    assert "nothing new" in said or kills < 2
    # And once more: nothing at all is asked, and nothing written.
    before = len(server.requests), vintages(data)
    again = finish(start(server, data, tmp_path / "again.txt"), tmp_path / "again.txt")
    assert (len(server.requests), vintages(data)) == before, again


@pytest.mark.slow
def test_killed_three_times(server: Server, tmp_path: Path) -> None:
    kill_and_resume(server, tmp_path, kills=3, seed=20261122)


@pytest.mark.slow
def test_killed_fifteen_times(server: Server, tmp_path: Path) -> None:
    kill_and_resume(server, tmp_path, kills=15, seed=7)


def test_two_processes_at_once(server: Server, tmp_path: Path) -> None:
    data = tmp_path / "both"
    files = [tmp_path / "one.txt", tmp_path / "two.txt"]
    both = [start(server, data, said) for said in files]
    for process, said in zip(both, files, strict=True):
        finish(process, said)
    assert set(content(data)) == _KEPT
    asked = len(server.requests)
    said = finish(start(server, data, tmp_path / "third.txt"), tmp_path / "third.txt")
    assert len(server.requests) == asked, said
    assert said.count("nothing new") == len(_KEPT)
    assert not list(data.rglob("*.part"))

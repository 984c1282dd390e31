"""Whatever a provider sends, a connector gives rows under its contract or one SourceError.

Every recorded answer of every provider, whole and cut off, goes through every connector: the
wrong format, the wrong schema and damage must not come out as an exception of a library below.
"""

import random
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from marketintel.errors import SourceError
from marketintel.sources import comext, ecb, eurostat, gisco, imf, oecd, statcan, wits, wto

DAY = date(2026, 1, 1)
CONNECTORS: dict[str, tuple[Callable, dict]] = {
    "eurostat": (eurostat.process, eurostat.CONTRACT),
    "comext": (comext.process, comext.CONTRACT),
    "imf": (lambda body: imf.process(body, as_of=DAY), imf.CONTRACT),
    "datamapper": (lambda body: imf.process_datamapper(body, as_of=DAY), imf.CONTRACT),
    "ecb": (ecb.process, ecb.CONTRACT),
    "oecd": (oecd.process, oecd.CONTRACT),
    "wits": (wits.process, wits.CONTRACT),
    "statcan": (statcan.process, statcan.CONTRACT),
    "statcan table": (statcan.process_table, statcan.CONTRACT),
    "wto": (wto.process, wto.CONTRACT),
    "nuts": (gisco.process, gisco.CONTRACT),
    "countries": (gisco.process_countries, gisco.COUNTRY_CONTRACT),
}
HOSTILE = [
    b"",
    b" ",
    b"\x00\xff\xfe",
    b"null",
    b"true",
    b"0",
    b'"text"',
    b"[]",
    b"{}",
    b"[[]]",
    b"[null]",
    b"[{}]",
    b'{"value": null, "dimension": null}',
    b'{"dimension": {}, "value": []}',
    b'{"data": null}',
    b'{"data": {"dataSets": [{}], "structures": [{}]}}',
    b'{"dataSets": [{"series": {"0": {"observations": {"0": []}}}}], "structure": {}}',
    b'{"dataSets": [{"series": {"a:b": {}}}], "structure": {"dimensions": {}}}',
    b'{"dataSets": 5, "structure": 5}',
    b'{"values": {"A": {"B": 5}}}',
    b'{"values": {"A": 5}}',
    b'{"Dataset": [5]}',
    b'{"Dataset": 5}',
    b'{"features": [5]}',
    b'{"features": 5}',
    b'[{"status": "SUCCESS", "object": null}]',
    b'[{"status": "SUCCESS", "object": {"vectorDataPoint": [5]}}]',
    b"<a/>",
    b"<a",
    b"<html><body>Sign in</body></html>",
    b"a,b\n1,2\n",
    b"Date,USD,\n,,\n",
    b"TIME_PERIOD,OBS_VALUE\n2020,1\n",
    b"REF_DATE,VALUE\n2020,1\n",
    b"PK\x05\x06" + b"\x00" * 18,
]


def specimens(shared: Path) -> list[Path]:
    kinds = {".json", ".xml", ".csv", ".txt", ".zip", ".geojson", ".html"}
    files = [path for path in sorted((shared / "specimens").rglob("*")) if path.suffix in kinds]
    return [path for path in files if path.stat().st_size < 60_000]


def judge(name: str, body: bytes) -> str:
    process, contract = CONNECTORS[name]
    try:
        frame = process(body)
    except SourceError as error:
        assert "\n" not in str(error)
        assert str(error).startswith(name.split()[0][:3]) or ": " in str(error)
        return "refused"
    assert list(frame)[: len(contract)] == list(contract)
    return "read"


@pytest.mark.parametrize("name", CONNECTORS)
def test_hostile_bodies(name):
    for body in HOSTILE:
        judge(name, body)


@pytest.mark.parametrize("name", CONNECTORS)
def test_every_recording_of_every_provider(shared, name):
    judged = [judge(name, path.read_bytes()) for path in specimens(shared)]
    assert len(judged) > 50
    assert "refused" in judged


@pytest.mark.parametrize("name", CONNECTORS)
def test_recordings_cut_off_anywhere(shared, name):
    chance = random.Random(20260101)
    for path in specimens(shared):
        body = path.read_bytes()
        judge(name, body[: chance.randrange(len(body))])

"""Whatever a provider sends, a connector gives rows under its contract or one SourceError.

Every recorded answer of every provider, whole and cut off, goes through every connector, and its
own recordings with one value replaced: the wrong format, the wrong schema and damage must not
come out as an exception of a library below, nor take long.
"""

import json
import random
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from marketintel.errors import DamagedDataError, SourceError
from marketintel.sources.formats import comext as comext_rows
from marketintel.sources.formats import comtrade as comtrade_rows
from marketintel.sources.formats import jsonstat
from marketintel.sources.providers import (
    baci,
    census,
    cepii,
    comtrade,
    ecb,
    gisco,
    imf,
    natural_earth,
    oecd,
    statcan,
    wits,
    worldbank,
    wto,
)
from tests.sources.providers import read_cube

DAY = date(2026, 1, 1)


def filed(process: Callable, body: bytes) -> Any:
    """Hand a body to a connector that reads it from a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.zip"
        path.write_bytes(body)
        return process(path)


def baci_rows(archive: Path) -> Any:
    (file, *_) = baci.load(archive, archive.parent / "library")
    return baci.read(file.parent, ["901320"])


CONNECTORS: dict[str, tuple[Callable, dict]] = {
    "comtrade": (comtrade.process, comtrade.CONTRACT),
    "census": (partial(census.process, flow="import"), census.contract("import")),
    "worldbank": (worldbank.process, worldbank.CONTRACT),
    "statcan_cimt": (
        partial(filed, partial(statcan.process, flow="import")), statcan.CONTRACT),
    "baci": (partial(filed, baci_rows), baci.CONTRACT),
    "cepii_geodist": (cepii.process, cepii.CONTRACT),
    "eurostat": (read_cube, jsonstat.CONTRACT),
    "comext": (comext_rows.process, comext_rows.CONTRACT),
    "imf": (lambda body: imf.process(body, as_of=DAY), imf.CONTRACT),
    "datamapper": (lambda body: imf.process_datamapper(body, as_of=DAY), imf.CONTRACT),
    "ecb": (ecb.process, ecb.CONTRACT),
    "oecd": (oecd.process, oecd.CONTRACT),
    "wits": (wits.process, wits.CONTRACT),
    "wto": (wto.process, wto.CONTRACT),
    "nuts": (gisco.process, gisco.CONTRACT),
    "countries": (natural_earth.process, natural_earth.CONTRACT),
}  # fmt: skip
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
    except (SourceError, DamagedDataError) as error:
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


#: Where the recordings of a connector lie; the others have none that is JSON.
FOLDERS = {
    "comtrade": "comtrade", "worldbank": "worldbank", "eurostat": "eurostat",
    "imf": "imf", "datamapper": "imf", "ecb": "ecb_fx", "oecd": "oecd", "wits": "wits",
    "wto": "wto", "nuts": "gisco_naturalearth", "countries": "gisco_naturalearth",
}  # fmt: skip
INSTEAD = (None, True, 5, -1, 1e999, "", "x", "2024", [], {}, [[]], [None], {"id": None})


def places(value: Any, at: tuple = ()) -> list[tuple]:
    """Return the way to every value of a parsed JSON document."""
    if not isinstance(value, dict | list):
        return []
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    return [way for key, held in inside for way in ((*at, key), *places(held, (*at, key)))]


def replaced(value: Any, way: tuple, new: Any) -> Any:
    if not way:
        return new
    copied = value.copy()
    copied[way[0]] = replaced(value[way[0]], way[1:], new)
    return copied


@pytest.mark.parametrize("name", FOLDERS)
def test_own_recordings_with_one_value_replaced(shared, name):
    chance = random.Random(20260101)
    for path in specimens(shared):
        if FOLDERS[name] not in path.parts or path.suffix not in (".json", ".geojson"):
            continue
        if path.stat().st_size > 30_000:  # the same shapes, more of them
            continue
        message = json.loads(path.read_bytes())
        if FOLDERS[name] in ("imf", "oecd") and isinstance(message, dict):  # wrapped by who kept it
            message = message.get("text") or (message.get("response") or message).get(
                "body", message
            )
        if isinstance(message, str):
            if not message.startswith(("{", "[")):
                continue
            message = json.loads(message)
        ways = places(message)
        ways.sort(key=len)  # the frame of a message is above its many figures
        for way in [*ways[:15], *chance.choices(ways or [()], k=10)]:
            judge(name, json.dumps(replaced(message, way, chance.choice(INSTEAD))).encode())


#: Field names that connectors look for, so that made-up bodies get past the first check.
FIELDS = sorted({
    "dataSets", "structure", "structures", "data", "dimensions", "series", "observation",
    "observations", "values", "id", "size", "value", "dimension", "category", "index", "status",
    "error", "message", "count", "features", "type", "geometry", "object", "vectorDataPoint",
    "refPer", "Dataset", "Year", "pages", "OBS_VALUE", "TIME_PERIOD", "0", "0:0", "A", "2024",
    "901320", *comtrade_rows.FIELDS, *comext_rows.CONTRACT, *jsonstat.CONTRACT,
})  # fmt: skip
#: Made-up text never gets beyond the first bytes of these.
BINARY = ("baci", "statcan_cimt", "cepii_geodist")

leaves = st.none() | st.booleans() | st.integers(-3, 10**6) | st.floats() | st.sampled_from(FIELDS)
jsons = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)
    ),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())
cells = st.sampled_from([*FIELDS, "", ":", "1.5", '"', "a: b", "é"])
tables = st.lists(st.lists(cells, min_size=1, max_size=5), min_size=1, max_size=4).flatmap(
    lambda rows: st.sampled_from([",", "\t", ";"]).map(
        lambda by: "\n".join(by.join(row) for row in rows).encode()
    )
)
tags = st.sampled_from(["Fault", "queued", "id", "error", "Error", "GenericData", "Series", "Obs",
                        "StructureSpecificData", "DataSet", "Footer", "string"])  # fmt: skip
markup = st.recursive(
    st.sampled_from(["", "x", "2024", "No data"]),
    lambda inner: st.tuples(tags, st.lists(inner, max_size=3)).map(
        lambda pair: f'<{pair[0]} TIME_PERIOD="2024" OBS_VALUE="1">{"".join(pair[1])}</{pair[0]}>'
    ),
    max_leaves=8,
).map(str.encode)


@pytest.mark.parametrize("name", [n for n in CONNECTORS if n not in BINARY])
@settings(max_examples=30, deadline=timedelta(seconds=3), derandomize=True)
@example(body=b'{"id": ["a"], "size": [1e999], "dimension": {"a": {}}, "value": []}')
@given(body=jsons | tables | markup)
def test_made_up_bodies(name, body):
    judge(name, body)

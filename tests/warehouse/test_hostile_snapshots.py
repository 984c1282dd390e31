"""Snapshots that are signed and of another shape: the one before is used, or one line says why not.

The newest vintage of a small table of US imports is broken in every way; figures are synthetic.
"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import numpy as np
import pandas as pd
import pytest

from marketintel.errors import DamagedDataError
from marketintel.parquet import parquet_bytes
from marketintel.sources import snapshot
from marketintel.sources.catalogue import sources
from marketintel.sources.source import Source
from marketintel.warehouse import build, store
from tests.warehouse.conftest import small_citation, small_imports

NAME = "us_imports_hs6.parquet"
TEXT = ("reporter", "partner", "hs_revision", "cmd_code", "period")
MONEY = ("general_value_usd", "consumption_value_usd", "dutiable_value_usd", "duties_usd")


def frames() -> dict[str, pd.DataFrame]:
    """Return broken frames by what is wrong with them."""
    good = small_imports()
    made = {"no rows and no columns": pd.DataFrame(), "doubled": pd.concat([good, good])}
    for column in good:
        made[f"{column} missing"] = good.drop(columns=column)
        made[f"{column} renamed"] = good.rename(columns={column: column.upper()})
        made[f"{column} of lists"] = good.assign(**{column: [[1]] * 4})
        made[f"{column} of mappings"] = good.assign(**{column: [{"a": 1}] * 4})
        made[f"{column} of bytes"] = good.assign(**{column: [b"x"] * 4})
    for column in TEXT:
        for value in (7, "<script>", None, "x" * 1_000_000):
            made[f"{column} {str(value)[:9]}"] = good.assign(**{column: value})
    for column in MONEY:
        for amount in (-1.0, 1e300, float("inf"), float(2**63 - 1)):
            made[f"{column} {amount:g}"] = good.assign(**{column: [1.0, 2, 3, amount]})
        for other in ("1", True, np.datetime64("2025-01-01")):
            made[f"{column} {other!r}"] = good.assign(**{column: other})
    return made


SIDECARS: dict[str, Any] = {
    "title": "x" * 10_000_000, "citation": "x" * 9000, "source": "../../x", "vintage": "other",
    "file": "other.parquet", "sha256": "0" * 64, "retrieved_at": "yesterday", "quirks": "none",
    "parameters": [], "licence": None, "rows": "many", "unknown": 1, "url": 5, "bytes": "x",
}  # fmt: skip
BYTES = (b"", b"PAR1", b"<html>", b"\xff" * 99, b"[" * 100_000, b"null", b'{"source": "\\ud800"}')


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("one")
    add(data, small_imports(), "2025-01-01")
    build.build(data)
    return data


def add(data: Path, frame: pd.DataFrame, day: str) -> Path:
    citation = small_citation(vintage=day, retrieved_at=date.fromisoformat(day))
    payload = parquet_bytes(frame)
    return snapshot.save(data, citation, NAME, payload, rows=len(frame)).path


def stands(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Hold that the tables are those of the good vintage, that it was said, and what a pin gets."""
    caplog.clear()
    assert {t.name for t in build.build(data)} == {"trade", "duties"}
    assert set(store.read_parquet(store.table_path(data, "trade"))["vintage"]) == {"2025-01-01"}
    assert snapshot.find(data, "us_census_imports")[0].meta.vintage == "2025-01-01"
    said = [record.getMessage() for record in caplog.records]
    assert any("2025-02-02" in line and "2025-01-01" in line for line in said), said
    with pytest.raises(DamagedDataError) as pinned:
        build.build(data, {"us_census_imports": "2025-02-02"})
    assert "\n" not in str(pinned.value)
    rmtree(data / "raw/us_census_imports/2025-01-01")
    with pytest.raises(DamagedDataError) as alone:
        build.build(data)
    assert "2025-02-02" in str(alone.value) and "\n" not in str(alone.value)
    assert len(str(alone.value)) < 2000


def broken(one: Path, data: Path, change: Callable[[Path], object]) -> Path:
    copytree(one, data)
    change(add(data, small_imports(), "2025-02-02"))
    return data


@pytest.mark.parametrize(("what", "frame"), frames().items(), ids=list(frames()))
def test_a_signed_frame_of_another_shape(
    what: str, frame: pd.DataFrame, one: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / "data"
    copytree(one, data)
    add(data, frame, "2025-02-02")
    stands(data, caplog)


@pytest.mark.parametrize("field", SIDECARS)
def test_a_sidecar_of_another_shape(
    field: str, one: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def change(file: Path) -> None:
        sidecar = file.with_name(file.name + ".meta.json")
        held = json.loads(sidecar.read_text()) | {field: SIDECARS[field]}
        sidecar.write_text(json.dumps(held))

    stands(broken(one, tmp_path / "data", change), caplog)


@pytest.mark.parametrize("content", BYTES, ids=[str(n) for n in range(len(BYTES))])
@pytest.mark.parametrize("suffix", ["", ".meta.json"])
def test_other_bytes(
    suffix: str, content: bytes, one: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def change(file: Path) -> None:
        file.with_name(file.name + suffix).write_bytes(content)

    stands(broken(one, tmp_path / "data", change), caplog)


@pytest.mark.parametrize("suffix", ["", ".meta.json"])
def test_half_of_a_snapshot(
    suffix: str, one: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def change(file: Path) -> None:
        file.with_name(file.name + suffix).unlink()

    stands(broken(one, tmp_path / "data", change), caplog)


def test_a_date_in_the_future_does_not_freeze_a_source(
    one: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / "data"
    copytree(one, data)
    add(data, small_imports(duties_usd=[9, 1, 0, 1]), "2999-01-01")
    build.build(data)
    assert "2999-01-01, in the future" in caplog.text
    today = datetime.now(UTC).date().isoformat()
    add(data, small_imports(duties_usd=[7, 1, 0, 1]), today)
    build.build(data)
    duties = store.read_parquet(store.table_path(data, "duties"))
    assert set(duties["vintage"]) == {today}


@pytest.mark.parametrize("source", [s for s in sources().values() if s.feeds], ids=lambda s: s.name)
def test_every_table_refuses_a_frame_of_another_shape(source: Source, tmp_path: Path) -> None:
    """Alone in its folder: exit 4 with the file, whatever the table; never a table less."""
    for n, frame in enumerate((pd.DataFrame(), pd.DataFrame({"period": [1], "value": ["x"]}))):
        data = tmp_path / str(n)
        snapshot.save(
            data, small_citation(source=source.name), "x.parquet", parquet_bytes(frame), 0
        )
        rates = pd.DataFrame(
            {"currency": ["USD"], "period": ["2024"], "freq": ["A"], "units_per_eur": [1.1]}
        )
        if any(feed.amount for feed in source.feeds):
            snapshot.save(data, small_citation(source="ecb"), "r.parquet", parquet_bytes(rates), 1)
        with pytest.raises(DamagedDataError, match=r"x\.parquet") as caught:
            build.build(data)
        assert "\n" not in str(caught.value)

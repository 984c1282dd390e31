"""Parquet with equal bytes for equal frames, written whole or not at all."""

import os

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketintel.errors import DamagedDataError
from marketintel.parquet import parquet_bytes
from marketintel.warehouse import store

FRAME = pd.DataFrame({"cmd_code": ["900190", "901320"], "value_usd": [1.0, None]})


def test_equal_frames_give_equal_bytes():
    assert parquet_bytes(FRAME) == parquet_bytes(FRAME.copy())
    again = FRAME.set_index(pd.Index([7, 9]))
    assert parquet_bytes(again) == parquet_bytes(FRAME)


def test_what_is_written_is_read_back_and_missing_stays_missing(tmp_path):
    meta = store.write_table(tmp_path, "trade", FRAME, {"a": "1"})
    back = store.read_parquet(store.table_path(tmp_path, "trade"))
    pd.testing.assert_frame_equal(back, FRAME)
    assert (meta.rows, meta.bytes) == (2, store.table_path(tmp_path, "trade").stat().st_size)


@given(
    st.lists(
        st.tuples(st.text("0123456789", min_size=6, max_size=6), st.floats(0, 1e15)),
        min_size=1,
        max_size=40,
    )
)
def test_any_table_survives_the_journey(rows):
    from io import BytesIO

    frame = pd.DataFrame(rows, columns=["cmd_code", "value_usd"])
    back = pd.read_parquet(BytesIO(parquet_bytes(frame, row_group_rows=7)))
    pd.testing.assert_frame_equal(back, frame)


def test_row_groups_are_small_enough_to_skip(starter):
    file = pq.ParquetFile(store.table_path(starter, "trade"))
    assert file.num_row_groups > 10
    assert (
        max(file.metadata.row_group(i).num_rows for i in range(file.num_row_groups))
        <= store.ROW_GROUP_ROWS
    )
    codes = file.read(columns=["cmd_code"]).column(0).to_pandas()
    assert codes.is_monotonic_increasing


def test_current_only_with_the_same_inputs_and_the_same_bytes(tmp_path):
    store.write_table(tmp_path, "trade", FRAME, {"a": "1"})
    assert store.current_meta(tmp_path, "trade", {"a": "1"}) is not None
    assert store.current_meta(tmp_path, "trade", {"a": "2"}) is None
    path = store.table_path(tmp_path, "trade")
    content = bytearray(path.read_bytes())
    content[10] ^= 1
    path.write_bytes(content)
    assert store.current_meta(tmp_path, "trade", {"a": "1"}) is None


@pytest.mark.parametrize("content", [b"", b"PAR1 and then nonsense", b"PAR1" * 50])
def test_a_damaged_file_is_one_line_that_names_it(tmp_path, content):
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    with pytest.raises(DamagedDataError, match=r"a\.parquet: not readable") as caught:
        store.read_parquet(path)
    assert "\n" not in str(caught.value)


def test_an_interrupted_write_keeps_the_old_table(tmp_path, monkeypatch):
    store.write_table(tmp_path, "trade", FRAME, {"a": "1"})

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.write_table(tmp_path, "trade", FRAME.head(1), {"a": "2"})
    assert store.current_meta(tmp_path, "trade", {"a": "1"}) is not None
    held = {p.name for p in (tmp_path / "processed").iterdir()}
    assert held == {"trade.parquet", "trade.parquet.meta.json"}


def test_the_data_directory_can_be_chosen_and_has_a_default(monkeypatch, tmp_path, root):
    monkeypatch.delenv("MARKETINTEL_DATA", raising=False)
    assert store.default_data_dir() == root / "data"
    monkeypatch.setenv("MARKETINTEL_DATA", str(tmp_path))
    assert store.default_data_dir() == tmp_path

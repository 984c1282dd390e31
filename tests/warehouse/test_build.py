"""Processed tables are a function of raw files, reference files and code, and of nothing else."""

import shutil
import subprocess
import sys

import pytest

from marketintel.errors import DamagedDataError, MissingDataError
from marketintel.sources import snapshot
from marketintel.sources.catalogue import feeding, sources
from marketintel.warehouse import build, store
from tests.warehouse.conftest import small_imports


def hashes(data):
    return {p.name: snapshot.sha256_of(p) for p in sorted((data / "processed").glob("*.parquet*"))}


def test_a_small_table_is_built_row_by_row(small):
    data = small()
    built = {b.name: b for b in build.build(data)}
    assert set(built) == {"trade", "duties"}
    trade = store.read_parquet(built["trade"].path)
    assert len(trade) == 8  # 4 raw rows × general, consumption
    lasers = trade.query("cmd_code == '901320' and trade_system == 'consumption'")
    assert dict(zip(lasers["partner"], lasers["value_usd"], strict=True)) == {"DEU": 90, "JPN": 55}
    assert set(trade["valuation"]) == {"customs_value"}
    duties = store.read_parquet(built["duties"].path)
    assert duties["duties_usd"].sum() == 10
    assert duties["rate_pct"].isna().all()


def test_building_twice_gives_identical_bytes_and_does_nothing_the_second_time(small):
    data = small()
    assert all(b.rebuilt for b in build.build(data))
    first = hashes(data)
    assert not any(b.rebuilt for b in build.build(data))
    shutil.rmtree(data / "processed")
    build.build(data)
    assert hashes(data) == first


def test_the_shipped_data_build_to_the_same_bytes(starter, tmp_path):
    shutil.copytree(starter / "raw", tmp_path / "raw")
    build.build(tmp_path)
    assert hashes(tmp_path) == hashes(starter)


def test_only_what_changed_is_built_again(starter, tmp_path):
    shutil.copytree(starter, tmp_path, dirs_exist_ok=True)
    for source in feeding("macro"):
        shutil.rmtree(tmp_path / "raw" / source, ignore_errors=True)
    rebuilt = {b.name: b.rebuilt for b in build.build(tmp_path)}
    assert "macro" not in rebuilt
    assert not store.table_path(tmp_path, "macro").exists()
    assert not any(rebuilt.values())
    shutil.rmtree(tmp_path / "raw" / "atlas_world_exports")
    rebuilt = {b.name: b.rebuilt for b in build.build(tmp_path)}
    assert rebuilt == {
        "trade": True, "duties": False, "tariff_lines": False, "pairs": False, "regions": False,
        "heading_trade": False, "heading_shares": False, "national_trade": False,
        "industry_accounts": False, "line_concordance": False, "preference_claims": False,
        "state_trade": False, "additional_duties": False, "tariff_lists": False, "tariff_revisions": False,
    }  # fmt: skip


def test_a_damaged_processed_table_heals(small):
    data = small()
    build.build(data)
    whole = hashes(data)
    path = store.table_path(data, "trade")
    path.write_bytes(path.read_bytes()[:-9])
    assert {b.name: b.rebuilt for b in build.build(data)} == {"trade": True, "duties": False}
    assert hashes(data) == whole


def test_one_changed_byte_in_a_raw_file_stops_the_build_in_one_line(starter, tmp_path):
    shutil.copytree(starter / "raw", tmp_path / "raw")
    (file,) = (tmp_path / "raw" / "usitc_hts").glob("*/*.parquet")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(DamagedDataError, match=rf"{file.name}: content differs") as caught:
        build.build(tmp_path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "processed").exists()


def test_a_pinned_vintage_is_used_or_refused(small):
    data = small(vintage="v1", retrieved_at="2024-01-01")
    small(small_imports(duties_usd=[9, 1, 0, 1]), vintage="v2", retrieved_at="2024-06-01")

    def duties_of(vintages):
        build.build(data, vintages)
        frame = store.read_parquet(store.table_path(data, "duties"))
        return set(frame["vintage"]), frame["duties_usd"].sum()

    assert duties_of(None) == ({"v2"}, 11)
    assert duties_of({"us_census_imports": "v1"}) == ({"v1"}, 10)
    with pytest.raises(MissingDataError, match="v3"):
        build.build(data, {"us_census_imports": "v3"})


def test_without_snapshots_there_is_one_line(tmp_path):
    with pytest.raises(MissingDataError, match="MARKETINTEL_DATA"):
        build.build(tmp_path)


def test_two_builds_at_once_agree(small, root):
    data = small()
    command = [sys.executable, "-c", "import sys, pathlib; from marketintel.warehouse import build;"
               "build.build(pathlib.Path(sys.argv[1]))", str(data)]  # fmt: skip
    both = [subprocess.Popen(command, cwd=root) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    after_race = hashes(data)
    shutil.rmtree(data / "processed")
    build.build(data)
    assert hashes(data) == after_race
    assert not list((data / "processed").glob(".*.part"))


def test_every_feed_is_of_a_table_and_every_table_has_a_source():
    assert {f.table for s in sources().values() for f in s.feeds} == set(build.TABLES)


def test_a_touched_file_is_noticed_before_the_next_question(small):
    data = small()
    build.ensure(data)
    (file,) = (data / "raw").glob("*/*/*.parquet")
    file.write_bytes(b"x" + file.read_bytes()[1:])
    with pytest.raises(DamagedDataError, match="content differs"):
        build.ensure(data)

"""A row that breaks a contract stops the build, naming file, row and rule."""

import pytest

from marketintel.errors import DamagedDataError
from marketintel.reference import contracts as schema
from marketintel.warehouse import build, store
from tests.warehouse.conftest import small_imports

BROKEN = {
    "HS code of 6": {"cmd_code": ["901320", "901320", "900190", "90019"]},
    "an ISO3": {"partner": ["DEU", "JPN", "DEU", "GER"]},
    "4-digit codes only": {"cmd_code": ["901320", "901320", "900190", "9001"]},
    "one of HS1992": {"hs_revision": ["HS2022", "HS2022", "HS2022", "H6"]},
    "YYYY": {"period": ["2025", "2025", "2025", "25"]},
    "not negative": {"general_value_usd": [1, 2, 3, -4]},
}


@pytest.mark.parametrize(("rule", "change"), BROKEN.items(), ids=list(BROKEN))
def test_a_broken_row_is_named_with_file_row_and_rule(small, rule, change):
    data = small(small_imports(**change))
    with pytest.raises(DamagedDataError) as caught:
        build.build(data)
    message = str(caught.value)
    assert "us_imports_hs6.parquet" in message
    assert "row 3" in message
    assert rule in message
    assert "\n" not in message
    assert not store.table_path(data, "trade").exists()


def test_dutiable_value_above_customs_value_is_refused(small):
    data = small(small_imports(dutiable_value_usd=[80, 5, 0, 6]))
    with pytest.raises(DamagedDataError, match=r"row 3.*dutiable value not above customs value"):
        build.build(data)


def test_a_row_told_twice_is_refused(small):
    frame = small_imports(partner=["DEU", "DEU", "DEU", "JPN"])
    with pytest.raises(DamagedDataError, match=r"us_imports_hs6\.parquet.*'trade'"):
        build.build(small(frame))


def test_four_digit_codes_are_for_the_world_only(starter):
    trade = store.read_parquet(store.table_path(starter, "trade")).head(3)
    with pytest.raises(DamagedDataError, match="4-digit codes only where"):
        schema.validate(trade.assign(cmd_code="9013"), "trade", "a file")
    world = trade.assign(
        cmd_code="9013", reporter="WLD", partner="WLD", period=["2001", "2002", "2003"]
    )
    assert len(schema.validate(world, "trade", "a file")) == 3


def test_months_are_monthly_and_years_annual(starter):
    trade = store.read_parquet(store.table_path(starter, "trade")).head(3)
    with pytest.raises(DamagedDataError, match="months have freq M"):
        schema.validate(trade.assign(freq="M" if trade.freq.iat[0] == "A" else "A"), "trade", "f")


def test_a_missing_column_is_refused(starter):
    macro = store.read_parquet(store.table_path(starter, "macro"))
    with pytest.raises(DamagedDataError, match=r"a file.*unit"):
        schema.validate(macro.drop(columns="unit"), "macro", "a file")


#: Made only of what a person loads: whole files that are too large to ship.
LOADED = {"pairs_yearly", "baskets"}


@pytest.mark.parametrize("table", sorted(set(schema.TABLES) - LOADED))
def test_shipped_tables_keep_their_contracts(starter, table):
    frame = store.read_parquet(store.table_path(starter, table))
    assert list(schema.validate(frame, table, "a file").columns) == schema.columns(table)


def test_the_first_columns_are_those_of_the_design():
    design = {
        "trade": "reporter partner flow hs_revision cmd_code period freq value_usd net_weight_kg "
        "quantity quantity_unit valuation trade_system is_mirror source vintage",
        "duties": "reporter partner hs_revision cmd_code period customs_value_usd "
        "dutiable_value_usd duties_usd rate_pct regime",
        "macro": "economy indicator period value unit is_projection source vintage",
        "pairs": "origin destination distance_km contiguous common_language",
    }
    for table, names in design.items():
        assert schema.columns(table)[: len(names.split())] == names.split()

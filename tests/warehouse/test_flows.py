"""Questions to the warehouse: each figure once, nothing mixed silently, errors in one line."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketintel.errors import DamagedDataError, MissingDataError, UsageError
from marketintel.parquet import parquet_bytes
from marketintel.reference.countries import group_members
from marketintel.reference.segments import load_segments
from marketintel.warehouse import build, store
from marketintel.warehouse.context import (
    countries_geometry,
    macro,
    pairs,
    tariff_lines,
    world_series,
)
from marketintel.warehouse.coverage import coverage
from marketintel.warehouse.flows import FLOW_COLUMNS, aggregate, flows, monthly, supplier_matrix

KEYS = ["partner", "hs_revision", "cmd_code", "period"]
SEGMENTS = sorted(load_segments().names())


@pytest.fixture(scope="session")
def everything(starter):
    """US imports for consumption in every segment."""
    return flows(reporter="USA", data_dir=starter)


def test_columns_and_types_are_the_contract(everything):
    assert tuple(everything.columns) == FLOW_COLUMNS
    for column in ("value_usd", "dutiable_value_usd", "duties_usd"):
        assert everything[column].dtype == "float64"
    for column in ("segment", "scope", "reporter", "partner", "cmd_code", "period"):
        assert everything[column].dtype == "str"


def test_no_figure_appears_twice(everything):
    assert len(everything) > 5000
    assert not everything.duplicated(KEYS).any()


@pytest.mark.parametrize("segment", SEGMENTS)
def test_a_segment_alone_is_the_same_as_that_segment_among_all(starter, everything, segment):
    alone = flows(reporter="USA", segments=segment, data_dir=starter)
    among = everything[everything["segment"] == segment].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, among)
    assert not alone.empty


def test_segments_and_scopes_partition_the_total(starter, everything):
    codes = everything["cmd_code"].unique()
    matrix = supplier_matrix("USA", data_dir=starter)
    whole = matrix[matrix["cmd_code"].isin(codes)]["value_usd"].sum()
    assert everything["value_usd"].sum() == whole
    parts = aggregate(everything, by=["segment", "scope", "period"])
    assert parts["value_usd"].sum() == whole
    scopes = [
        aggregate(everything, by=["period"], scope=s)["value_usd"].sum()
        for s in ("core", "broad", "neighbour", "core+broad", "neighbour+broad")
    ]
    assert sum(scopes[:3]) == whole
    assert scopes[3] == scopes[0] + scopes[1] and scopes[4] == scopes[2] + scopes[1]


@settings(max_examples=12, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(data=st.data())
def test_any_code_sums_over_partners_to_the_same_total_by_every_road(starter, raw_imports, data):
    code = data.draw(st.sampled_from(sorted(raw_imports["cmd_code"].unique())))
    period = data.draw(st.sampled_from(["2024", "2025"]))
    system = data.draw(st.sampled_from(["consumption", "general"]))
    truth = raw_imports[(raw_imports["cmd_code"] == code) & (raw_imports["period"] == period)]
    if truth.empty:
        return
    asked = {"reporter": "USA", "codes": code, "period": period, "trade_system": system}
    found = flows(**asked, data_dir=starter)
    assert len(found) == len(truth)
    assert found["value_usd"].sum() == truth[f"{system}_value_usd"].sum()
    if system == "consumption":
        assert found["duties_usd"].sum() == truth["duties_usd"].sum()
        assert found["dutiable_value_usd"].sum() == truth["dutiable_value_usd"].sum()
    else:
        assert found["duties_usd"].isna().all()
    members = flows(**asked, partner="EU27", data_dir=starter)
    assert set(members["partner"]) <= set(group_members("EU27"))
    others = found[~found["partner"].isin(members["partner"])]
    assert members["value_usd"].sum() + others["value_usd"].sum() == found["value_usd"].sum()


@pytest.fixture(scope="session")
def raw_imports(starter):
    (file,) = (starter / "raw" / "us_census_imports").glob("*/*.parquet")
    return pd.read_parquet(file)


def test_a_partner_may_be_a_name_a_code_or_a_group(starter):
    by_name = flows(reporter="United States", codes="901320", partner="Germany",
                          data_dir=starter)  # fmt: skip
    by_code = flows(reporter="USA", codes=["901320"], partner=["DEU"], data_dir=starter)
    pd.testing.assert_frame_equal(by_name, by_code)
    assert list(by_code["period"]) == ["2024", "2025"]


def test_a_code_of_no_segment_has_no_segment(starter):
    found = flows(reporter="USA", codes=["870323", "901320"], data_dir=starter)
    cars, lasers = found[found["cmd_code"] == "870323"], found[found["cmd_code"] == "901320"]
    assert cars["segment"].isna().all() and cars["scope"].isna().all()
    assert set(lasers["segment"]) == {"lasers"} and set(lasers["scope"]) == {"core"}
    assert not found.duplicated(KEYS).any()


def test_scope_filters_rows(starter, everything):
    for scope, kept in (
        ("core", {"core"}),
        ("broad", {"broad"}),
        ("core+broad", {"core", "broad"}),
        ("neighbour", {"neighbour"}),
    ):
        found = flows(reporter="USA", scope=scope, data_dir=starter)
        assert set(found["scope"]) == kept
        assert len(found) == everything["scope"].isin(kept).sum()


def test_core_and_broad_never_mix_silently(everything):
    with pytest.raises(UsageError, match="core and broad"):
        aggregate(everything, by=["segment", "period"])
    core = everything[everything["scope"] == "core"]
    assert len(aggregate(core, by=["period"])) == 2  # one scope: nothing to mix


def test_missing_is_never_zero():
    rows = {
        "segment": "lasers", "scope": "core", "reporter": "USA", "partner": ["DEU", "DEU", "JPN"],
        "flow": "import", "hs_revision": "HS2022", "cmd_code": ["901320", "901321", "901320"],
        "period": "2025", "value_usd": [1.0, 2.0, 3.0], "dutiable_value_usd": [1.0, None, None],
        "duties_usd": [None, None, 0.0],
    }  # fmt: skip
    summed = aggregate(pd.DataFrame(rows), by=["partner"]).set_index("partner")
    assert summed.loc["DEU", "value_usd"] == 3
    assert summed.loc["DEU", "dutiable_value_usd"] == 1
    assert pd.isna(summed.loc["DEU", "duties_usd"])
    assert pd.isna(summed.loc["JPN", "dutiable_value_usd"])
    assert summed.loc["JPN", "duties_usd"] == 0


def test_the_matrix_has_each_partner_and_code_once(starter):
    matrix = supplier_matrix("USA", "2025", data_dir=starter)
    assert not matrix.duplicated(["partner", "cmd_code"]).any()
    assert set(matrix["period"]) == {"2025"}


WRONG = [
    ({"reporter": "CAN"}, MissingDataError, r"no imports of CAN.*have: USA.*fetch --for CAN"),
    ({"reporter": "Germny"}, UsageError, r"'Germny'.*Germany"),
    ({"reporter": "EU27"}, UsageError, r"group of 27"),
    ({"reporter": "USA", "period": "2023"}, MissingDataError, r"no 2023 imports.*2024, 2025"),
    ({"reporter": "USA", "segments": "lasrs"}, UsageError, r"lasrs.*lasers"),
    ({"reporter": "USA", "codes": "901321"}, UsageError, r"unknown HS code '901321'"),
    ({"reporter": "USA", "codes": "9013"}, UsageError, r"'9013' is not six digits"),
    ({"reporter": "USA", "codes": "'; DROP"}, UsageError, r"not six digits"),
    ({"reporter": "USA", "partner": "Japn"}, UsageError, r"Japan"),
    ({"reporter": "USA", "flow": "imports"}, UsageError, r"did you mean import"),
    ({"reporter": "USA", "freq": "Q"}, UsageError, r"frequency 'Q'"),
    ({"reporter": "USA", "scope": "all"}, UsageError, r"scope 'all'"),
    ({"reporter": "USA", "trade_system": "special"}, UsageError, r"trade system 'special'"),
    ({"reporter": "USA", "source": "comtrade"}, UsageError, r"source 'comtrade'"),
    ({"reporter": "USA", "codes": "901320", "segments": "lasers"}, UsageError, r"choose one"),
    ({"reporter": "CAN", "flow": "export", "freq": "M"}, MissingDataError, r"no monthly exports"),
]


@pytest.mark.parametrize(("asked", "kind", "says"), WRONG, ids=[str(w[0]) for w in WRONG])
def test_a_wrong_question_is_answered_in_one_line(starter, asked, kind, says):
    with pytest.raises(kind, match=says) as caught:
        flows(**asked, data_dir=starter)
    assert "\n" not in str(caught.value)


def test_of_two_sources_for_a_year_one_is_read(small):
    """Exports of Germany both in BACI and in a second file are not added up."""
    from marketintel.sources import snapshot
    from tests.warehouse.conftest import small_citation

    data = small()
    rows = pd.DataFrame({
        "reporter": "USA", "partner": ["DEU", "JPN"], "hs_revision": "HS2022",
        "cmd_code": "901320", "period": "2025-01", "value_usd": [7, 8],
    })  # fmt: skip
    snapshot.save(data, small_citation("us_census_exports"), "x.parquet",
                  parquet_bytes(rows), rows=2)  # fmt: skip
    build.build(data)
    trade = store.read_parquet(store.table_path(data, "trade"))
    twin = trade[trade["source"] == "us_census_exports"].assign(source="baci")
    inputs = store.current_meta(data, "trade", build.build(data)[0].inputs).inputs
    store.write_table(data, "trade", pd.concat([trade, twin], ignore_index=True), inputs)
    found = flows(reporter="USA", flow="export", freq="M", codes="901320", data_dir=data)
    assert found["value_usd"].sum() == 15
    other = flows(reporter="USA", flow="export", freq="M", codes="901320", source="baci",
                        data_dir=data)  # fmt: skip
    assert other["value_usd"].sum() == 15


def test_world_rows_and_mirrors_stand_beside_nothing(small):
    data = small()
    inputs = build.build(data)[0].inputs
    trade = store.read_parquet(store.table_path(data, "trade"))
    lasers = trade.query("cmd_code == '901320' and trade_system == 'consumption'")
    extra = [lasers.head(1).assign(partner="WLD", value_usd=1e9),
             lasers.head(1).assign(is_mirror=True, value_usd=1e9)]  # fmt: skip
    store.write_table(data, "trade", pd.concat([trade, *extra], ignore_index=True), inputs)
    found = flows(reporter="USA", codes="901320", data_dir=data)
    assert found["value_usd"].sum() == 145
    assert supplier_matrix("USA", data_dir=data)["value_usd"].sum() == 170


def test_months_keep_the_zeros_of_the_source_and_get_the_others_on_request(starter):
    asked = {"reporter": "USA", "partner": "VNM", "segments": "photovoltaics", "data_dir": starter}
    as_published = monthly(**asked)
    filled = monthly(**asked, fill_absent=True)
    assert filled["value_usd"].sum() == as_published["value_usd"].sum()
    assert set(as_published["hs_revision"]) == {"HS2022"}  # before, the code is shared with LED
    months = filled.groupby("cmd_code")["period"].nunique()
    assert set(months) == {49}  # 2022-01 to 2026-01
    assert not filled.duplicated(KEYS).any()
    added = filled.merge(as_published[KEYS], on=KEYS, how="left", indicator=True)
    assert (added.loc[added["_merge"] == "left_only", "value_usd"] == 0).all()


def test_a_year_of_months(starter):
    found = monthly(reporter="USA", partner="China", codes="901320", period="2019",
                          data_dir=starter)  # fmt: skip
    assert sorted(found["period"]) == [f"2019-{month:02d}" for month in range(1, 13)]
    assert set(found["hs_revision"]) == {"HS2017"}


def test_weights_come_on_request(starter):
    found = flows(reporter="CHN", flow="export", segments="materials", period="2023",
                        with_weights=True, data_dir=starter)  # fmt: skip
    assert found.columns[-1] == "net_weight_kg"
    assert (found["net_weight_kg"] > 0).any()
    usa = flows(reporter="USA", codes="901320", with_weights=True, data_dir=starter)
    assert usa["net_weight_kg"].isna().all()


def test_context(starter):
    lines = tariff_lines(["901320", "900190"], data_dir=starter)
    assert set(lines["cmd_code"]) == {"901320", "900190"}
    assert lines.set_index("hs8").loc["90132000", "general"] == "Free"
    gdp = macro("gdp_current_usd", ["USA", "G7"], data_dir=starter)
    assert set(gdp["economy"]) == set(group_members("G7"))
    with pytest.raises(UsageError, match="gdp_current_usd"):
        macro("gdp", data_dir=starter)
    distances = pairs("USA", data_dir=starter).set_index("destination")
    assert distances.loc["MEX", "contiguous"] and not distances.loc["DEU", "contiguous"]
    assert 5000 < distances.loc["DEU", "distance_km"] < 8000
    with pytest.raises(MissingDataError, match="GeoDist"):
        pairs("XKX", data_dir=starter)


def test_world_series_and_what_is_said_without_them(starter, small):
    series = world_series("9002", data_dir=starter)
    assert list(series["period"]) == [str(year) for year in range(1995, 2024)]
    assert set(series["hs_revision"]) == {"HS1992"}
    with pytest.raises(UsageError, match="four digits"):
        world_series("lasers", data_dir=starter)
    with pytest.raises(MissingDataError, match=r"heading 9002 here \(have: none\)"):
        world_series("9002", data_dir=small())


def test_a_table_that_was_not_built_is_one_line(small):
    with pytest.raises(MissingDataError, match="the table 'tariff_lines' was not built") as caught:
        tariff_lines("901320", data_dir=small())
    assert "\n" not in str(caught.value)


def test_coverage_has_a_row_a_file(starter):
    here = coverage(starter).set_index("source")
    assert here.index.is_unique
    assert here.loc["us_census_imports", "table"] == "trade;duties"
    assert here.loc["natural_earth", "table"] == ""
    assert here["licence"].str.len().gt(0).all()
    assert here.loc["atlas_world_exports", "removable"]
    assert (here["bytes"] > 0).all() and (here["rows"] > 0).all()


def test_reports_cite_the_newest_vintage_only(small):
    small()
    data = small(vintage="older", retrieved_at=date(2023, 1, 1))
    assert len(coverage(data)) == 2
    (newest,) = coverage(data, newest=True)["vintage"]
    assert newest == "test"


def test_damaged_polygons_are_one_line(starter, tmp_path):
    import shutil

    shutil.copytree(starter / "raw" / "natural_earth", tmp_path / "raw" / "natural_earth")
    (file,) = (tmp_path / "raw").glob("*/*/*.parquet")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(DamagedDataError, match="content differs"):
        countries_geometry(tmp_path)

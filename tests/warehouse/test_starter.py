"""The shipped figures are the producers' figures, cited, small, and rebuilt by their scripts."""

import importlib
import sys

import pandas as pd
import pytest
from shapely.geometry import Point

from marketintel.reference.countries import load_countries, to_iso3
from marketintel.reference.segments import load_segments
from marketintel.sources import snapshot
from marketintel.sources.catalogue import sources
from marketintel.warehouse import store
from marketintel.warehouse.context import countries_geometry, macro, tariff_lines
from marketintel.warehouse.flows import aggregate, flows, supplier_matrix
from marketintel.warehouse.tariffs import additional_duties, tariff_lists, tariff_revisions

YEARS = ["2024", "2025"]


def raw(starter, source):
    (file,) = (starter / "raw" / source).glob("*/*.parquet")
    return pd.read_parquet(file)


def test_lasers_are_the_published_lasers(starter):
    lasers = flows(reporter="USA", codes="901320", data_dir=starter)
    by_year = aggregate(lasers, by=["period"]).set_index("period")
    assert list(by_year["value_usd"]) == [1_045_527_158, 1_029_392_405]
    assert list(by_year["duties_usd"]) == [6_384_785, 94_067_677]
    now = lasers[lasers["period"] == "2025"].sort_values("value_usd", ascending=False)
    first = now.iloc[0]
    assert first["partner"] == "DEU"
    assert round(first["value_usd"] / 1e6, 2) == 433.46
    assert round(first["duties_usd"] / 1e6, 2) == 40.51
    assert round(100 * first["duties_usd"] / first["value_usd"], 1) == 9.3
    assert round(100 * first["duties_usd"] / first["dutiable_value_usd"], 1) == 12.6


def test_all_us_imports_are_the_published_totals(starter):
    general = supplier_matrix("USA", trade_system="general", data_dir=starter)
    assert list(general.groupby("period")["value_usd"].sum()) == [
        3_263_893_254_128, 3_414_510_592_814,
    ]  # fmt: skip
    consumption = supplier_matrix("USA", data_dir=starter).groupby("period")
    assert list(consumption["duties_usd"].sum()) == [76_631_002_517, 259_366_570_786]
    assert list(consumption["value_usd"].sum()) == [3_248_681_266_535, 3_391_221_021_554]


def test_every_number_of_the_producer_arrives(starter, shared):
    published = pd.read_parquet(shared / "data" / "us_census_imports_hs6_2024_2025.parquet")
    sample = published.sample(200, random_state=7)
    partners = to_iso3(sample["cty"], "census")
    matrix = supplier_matrix("USA", data_dir=starter).set_index(["partner", "cmd_code", "period"])
    for row, partner in zip(sample.itertuples(), partners, strict=True):
        if partner == "PSE":  # two Census areas in one
            continue
        found = matrix.loc[(partner, row.hs6, str(row.year))]
        assert found["value_usd"] == row.con_imports_usd
        assert found["dutiable_value_usd"] == row.dutiable_usd
        assert found["duties_usd"] == row.duties_usd


def test_gaza_and_the_west_bank_are_one_partner(starter):
    imports = raw(starter, "us_census_imports")
    assert not imports.duplicated(["partner", "cmd_code", "period"]).any()
    assert "PSE" in set(imports["partner"])


def test_every_code_of_every_segment_is_in_the_imports(starter):
    codes = set(load_segments().frame("HS2022")["cmd_code"])
    assert codes <= set(raw(starter, "us_census_imports")["cmd_code"])


def test_every_code_of_every_segment_has_tariff_lines(starter):
    codes = sorted(load_segments().frame("HS2022")["cmd_code"])
    lines = tariff_lines(codes, data_dir=starter)
    assert set(lines["cmd_code"]) == set(codes)
    assert (lines["general"].str.len() > 0).all()
    assert not lines["hs8"].duplicated().any()


def test_segments_stay_within_the_chapters_of_the_monthly_exports(starter):
    chapters = {
        code[:2]
        for revision in ("HS2012", "HS2017", "HS2022")
        for code in load_segments().frame(revision)["cmd_code"]
    }
    assert chapters <= set(raw(starter, "us_census_exports")["cmd_code"].str[:2])


def test_a_month_without_a_row_is_before_the_first_export_of_the_year(starter):
    """What the sidecar says, on every partner, code and whole year."""
    months = raw(starter, "us_census_exports")
    months = months.assign(
        year=months["period"].str[:4], month=months["period"].str[5:].astype(int)
    )
    months = months.sort_values("month")
    whole = months[~((months["year"] == "2026") | (months["period"] == "2021-01")
                     & (months["partner"] == "CHN"))]  # fmt: skip
    groups = whole.groupby(["partner", "cmd_code", "year"])
    assert (groups["value_usd"].first() > 0).all()
    assert (groups["month"].last() == 12).all()
    assert (groups["month"].size() == 13 - groups["month"].first()).all()


def test_us_exports_change_revision_with_the_year(starter):
    months = raw(starter, "us_census_exports")
    spans = months.groupby(["cmd_code"])["period"].agg(["min", "max"])
    assert spans.loc["845610", "max"] == "2016-12" and spans.loc["845611", "min"] == "2017-01"
    assert spans.loc["854140", "max"] == "2021-12" and spans.loc["854141", "min"] == "2022-01"
    revisions = months.groupby("hs_revision")["period"].agg(["min", "max"])
    assert revisions.loc["HS2012"].tolist() == ["2013-01", "2016-12"]
    assert revisions.loc["HS2017"].tolist() == ["2017-01", "2021-12"]
    assert revisions.loc["HS2022"].tolist() == ["2022-01", "2026-01"]


def test_monthly_exports_sum_to_the_producers(starter, shared):
    china = pd.read_parquet(
        shared / "data" / "us_census_exports_to_china_hs6_monthly_2013_2021.parquet"
    )
    months = raw(starter, "us_census_exports").query("partner == 'CHN'")
    kept = china[china["hs6"].str[:2].isin(months["cmd_code"].str[:2].unique())]
    assert months["value_usd"].sum() == kept["value_usd"].sum()


def test_raw_materials_span_the_years_and_keep_missing_weights_missing(starter):
    rows = raw(starter, "baci")
    assert rows.groupby("cmd_code")["period"].agg(["min", "max"]).drop_duplicates().to_numpy(
    ).tolist() == [["1995", "2024"]]  # fmt: skip
    assert "811230" not in set(rows["cmd_code"])
    assert rows["net_weight_kg"].isna().sum() > 0
    assert not (rows["net_weight_kg"] == 0).any()


def test_economies_are_countries(starter):
    indicators = raw(starter, "worldbank")
    known = set(load_countries()["iso3"])
    assert set(indicators["economy"]) <= known
    assert "WLD" not in set(indicators["economy"]) and "XKX" in set(indicators["economy"])
    usa = macro("gdp_current_usd", "USA", data_dir=starter).set_index("period")
    assert 27e12 < usa.loc["2023", "value"] < 28.5e12


@pytest.mark.parametrize(
    ("where", "point", "iso3"),
    [
        ("Crimea", (34.1, 45.2), "UKR"),
        ("Sevastopol", (33.6, 44.65), "UKR"),
        ("Krasnodar", (38.9, 45.0), "RUS"),
        ("Kosovo", (21.0, 42.6), "XKX"),
        ("Northern Cyprus", (33.4, 35.3), "CYP"),
        ("Somaliland", (45.0, 9.8), "SOM"),
        ("Christmas Island", (105.65, -10.5), "CXR"),
        ("Singapore", (103.8, 1.35), "SGP"),
        ("Hong Kong", (114.1, 22.4), "HKG"),
        ("Malta", (14.4, 35.9), "MLT"),
        ("Taiwan", (121.0, 24.0), "TWN"),
    ],
)
def test_points_lie_in_their_countries(starter, where, point, iso3):
    polygons = countries_geometry(starter)
    assert polygons.loc[polygons.contains(Point(point)), "iso3"].tolist() == [iso3], where


def test_polygons_are_valid_and_keyed_once(starter):
    polygons = countries_geometry(starter)
    assert polygons.crs.to_epsg() == 4326
    assert polygons.geometry.is_valid.all()
    keyed = polygons["iso3"].dropna()
    assert keyed.is_unique and len(polygons) - len(keyed) == 1  # the Siachen Glacier
    assert set(keyed) <= set(load_countries()["iso3"])


def test_nearly_every_supplier_can_be_drawn(starter):
    totals = supplier_matrix("USA", "2025", data_dir=starter)
    drawn = totals["partner"].isin(countries_geometry(starter)["iso3"])
    assert totals.loc[drawn, "value_usd"].sum() / totals["value_usd"].sum() > 0.9999


def test_everything_shipped_is_small_cited_and_whole(root):
    shipped = snapshot.list_snapshots(root / "data")
    total = sum(p.stat().st_size for p in (root / "data" / "raw").rglob("*") if p.is_file())
    assert total < 15_000_000
    licences = (root / "DATA_LICENSES.md").read_text(encoding="utf-8")
    for item in shipped:
        snapshot.verify(item)
        assert item.meta.source in sources()
        assert item.meta.quirks and all(q.endswith(".") for q in item.meta.quirks)
        assert item.path.name.endswith(".parquet")
        assert item.meta.rows == len(store.read_parquet(item.path))
        assert f"`{item.meta.source}`" in licences and item.meta.citation in licences
        sidecar = item.path.with_name(item.path.name + ".meta.json").read_text(encoding="utf-8")
        assert str(root) not in sidecar


SCRIPTS = {
    "us_census_imports": ["--from", "us_census_imports_hs6_2024_2025.parquet"],
    "usitc_hts": ["--from", "us_hts_2026_rev_10.json.gz"],
    "us_census_exports": [
        "--from", "us_census_exports_to_china_hs6_monthly_2013_2021.parquet",
        "--from-hs10", "us_census_exports_hs10_monthly_photonics_IRL_CHE_TUR_VNM.parquet",
    ],
    "baci_materials": ["--from", "baci_hs92_materials_1995_2024.parquet"],
    "atlas_world_exports": ["--from", "atlas_hs92_world_hs4_1995_2023.parquet"],
    "worldbank": [
        "--from-gdp", "wb_gdp_current_usd.parquet", "--from-population", "wb_population.parquet",
        "--from-inflation", "wb_inflation_cpi.parquet",
    ],
    "cepii_geodist": ["--from", "dist_cepii.dta"],
    "eurostat_comext_inputs": ["--from", "eu_comext_critical_inputs_cn8_2022_2024.parquet"],
    "baci_headings": ["--from", "baci_hs17_v202601_photonics_hs4_2017_2024.parquet"],
    "baci_heading_partners": [
        "--from", "baci_hs17_v202601_photonics_hs4_top_partners_2017_2024.parquet",
    ],
    "us_enduse_imports": ["--from", "us_census_imports_enduse_country_2014_2025.parquet"],
    "us_naics_months": [
        "--from", "us_census_imports_naics3_monthly_top_partners_2013_2025.parquet",
    ],
    "us_hts10_imports": ["--from", "us_census_imports_hts10_photonics_2024_2025.parquet"],
    "us_tariff_lists": ["--from", "."],
    "us_usmca_claims": ["--from", "us_usmca_claimed_share_hts10_2024_2025.parquet"],
    "us_hts10_concordance": ["--from", "us_census_hts10_concordance_2022.parquet"],
    "bea_gross_output": ["--from", "bea_us_gross_output_detail_1997_2023.parquet"],
    "bea_supply_use": [
        "--from", "bea_us_supply_use_photonics_2012_2017.csv",
        "--from-buyers", "bea_us_use_by_buyer_photonics_2012_2017.parquet",
    ],
    "canada_products": [
        "--from", "canada_statcan_trade_hs6_2024m01_2026m04.csv",
        "--from-chapters", "canada_statcan_trade_hs2_monthly_2024_2026.csv",
        "--from-partners", "canada_statcan_trade_country_monthly_2024_2026.csv",
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_rebuilds_the_shipped_rows(root, shared, tmp_path, monkeypatch, capsys, name):
    monkeypatch.syspath_prepend(str(root / "scripts" / "starter"))
    arguments = [a if a.startswith("--") else str(shared / "data" / a) for a in SCRIPTS[name]]
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments, "--data", str(tmp_path)])
    importlib.import_module(name).main()
    assert "rows" in capsys.readouterr().out
    same = {"sha256", "bytes"}  # depend on the release of the parquet library
    for made in snapshot.list_snapshots(tmp_path):
        (held,) = snapshot.find(root / "data", made.meta.source)
        pd.testing.assert_frame_equal(store.read_parquet(made.path), store.read_parquet(held.path))
        assert made.meta.model_dump(exclude=same) == held.meta.model_dump(exclude=same)


def test_chapter_99_and_the_lists_are_whole(starter):
    duties, lists = additional_duties(data_dir=starter), tariff_lists(data_dir=starter)
    assert len(duties) == 502
    assert duties["heading"].str.startswith("9903.88").sum() == 66
    sizes = lists.groupby("list").size()
    assert sizes["Section 301"] == 12_223 and sizes["Floor exempt"] == 3_823
    assert set(lists.loc[lists["list"] == "Section 301", "origin"]) == {"CHN"}
    revisions = tariff_revisions(data_dir=starter).set_index("revision")
    assert revisions.loc["2026_rev_4", "since"] == "2026-02-24"
    assert "IEEPA invalidated" in revisions.loc["2026_rev_4", "event"]
    assert tariff_revisions("JPN", starter).empty


def test_a_country_the_list_does_not_know_stops_the_script(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts" / "starter"))
    script = importlib.import_module("us_census_imports")
    row = {"year": [2025], "cty": ["9999"], "hs6": ["901320"], "gen_imports_usd": [1],
           "con_imports_usd": [1], "dutiable_usd": [0], "duties_usd": [0]}  # fmt: skip
    with pytest.raises(Exception, match=r"countries\.csv.*9999"):
        script.tidy(pd.DataFrame(row))


def test_shapes_across_the_antimeridian_keep_their_size(starter):
    area_km2 = countries_geometry(starter).set_index("iso3").to_crs("+proj=eqearth").area / 1e6
    assert 16.5e6 < area_km2["RUS"] < 17.2e6  # 17.1 million with Crimea and inland water
    assert 17e3 < area_km2["FJI"] < 19e3

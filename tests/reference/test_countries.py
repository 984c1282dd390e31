"""Countries: every code system of every source maps, and people's names are understood."""

import json

import pandas as pd
import pytest

from marketintel.errors import ReferenceFileError, UsageError
from marketintel.reference.countries import (
    code_map,
    country,
    country_name,
    group_members,
    load_countries,
    load_groups,
    to_iso3,
)


def test_groups_have_their_members():
    countries = load_countries().set_index("iso3")["groups"]
    for group, about in load_groups().items():
        members = group_members(group)
        assert len(members) == about["members"]
        assert set(members) <= set(countries.index)
    assert len(group_members("EU27")) == 27
    assert "GBR" not in group_members("EU27")
    assert group_members("EFTA") == ["CHE", "ISL", "LIE", "NOR"]
    assert group_members("FRA") == ["FRA"]


def test_codes_that_differ_between_systems():
    row = load_countries().set_index("iso3")
    comtrade = row["m49_comtrade"]
    expected = {"USA": "842", "CHE": "757", "IND": "699", "NOR": "579", "FRA": "251", "TWN": "490"}
    assert {k: comtrade[k] for k in expected} == expected
    assert row["iso_numeric"]["FRA"] == "250"
    assert row["eurostat"]["GRC"].split(";")[0] == "EL"
    assert row["eurostat"]["GBR"].split(";")[0] == "UK"
    assert row["census"]["PSE"] == "5082;5083"
    assert row["name"]["TUR"] == "Türkiye"
    assert row["name"]["NAM"] == "Namibia" and row["eurostat"]["NAM"] == "NA"


@pytest.mark.parametrize(
    ("text", "iso3"),
    [
        ("usa", "USA"), ("United States", "USA"), ("turkiye", "TUR"), ("Turkey", "TUR"),
        ("Cote d'Ivoire", "CIV"), ("DE", "DEU"), ("uk", "GBR"), ("ROM", "ROU"), ("eu27", "EU27"),
        ("Kosovo", "XKX"), (" Taiwan ", "TWN"),
        ("germany", "DEU"),
        ("south korea", "KOR"),
        ("Korea, Republic of", "KOR"),
        ("gb", "GBR"),
        ("U.S.A.", "USA"),
        ("EU", "EU27"),
        ("europe", "EU27"),
        ("European Union", "EU27"),
        ("EU-27", "EU27"),
        ("EU27_2020", "EU27"),
        ("the EU", "EU27"),
        ("Group of Seven", "G7"),
    ],
)  # fmt: skip
def test_names_people_type(text, iso3):
    assert country(text) == iso3


@pytest.mark.parametrize("text", ["", " ", "-", ".", "the "])
def test_nothing_is_no_country(text):
    with pytest.raises(UsageError, match="unknown country"):
        country(text)


def test_an_unknown_country_gets_suggestions():
    with pytest.raises(UsageError, match=r"Germany \(DEU\)"):
        country("Germny")
    assert country_name("CZE") == "Czechia"
    assert country_name("EU27") == "European Union"


def test_numbers_may_have_lost_their_zeros():
    codes = pd.Series([8, "036", 842], dtype="object", index=[7, 8, 9])
    assert to_iso3(codes, "m49_comtrade").to_dict() == {7: "ALB", 8: "AUS", 9: "USA"}


def test_an_unmapped_code_names_itself_and_the_file():
    with pytest.raises(ReferenceFileError, match="no row has the census code 9999: add it"):
        to_iso3(pd.Series(["4280", "9999"]), "census")
    mapped = to_iso3(pd.Series(["4280", "9999"]), "census", ignore=["9999"])
    assert mapped[0] == "DEU" and mapped.isna()[1]
    with pytest.raises(UsageError, match="unknown code system"):
        code_map("fips")


def test_every_census_code_maps(shared):
    table = pd.read_csv(shared / "data" / "us_census_country_codes.csv", dtype=str)
    assert to_iso3(table["cty"], "census").notna().all()


def test_every_baci_code_maps(shared):
    table = pd.read_parquet(
        shared / "data" / "baci_hs92_materials_1995_2024.parquet", columns=["i", "j"]
    )
    codes = pd.Series(pd.unique(table.to_numpy().ravel()))
    assert to_iso3(codes, "m49_comtrade").nunique() >= len(codes) - 2  # SDN and UMI have two


def test_every_living_comtrade_reporter_maps(shared):
    path = shared / "specimens" / "comtrade" / "ref_Reporters.body.json"
    reporters = pd.DataFrame(json.loads(path.read_text(encoding="utf-8-sig"))["results"])
    living = reporters[reporters["entryExpiredDate"].isna()]
    living = living[~living["reporterDesc"].isin(["ASEAN", "European Union"])]
    assert to_iso3(living["reporterCode"], "m49_comtrade").is_unique


def test_every_natural_earth_polygon_with_a_number_maps(shared):
    path = shared / "specimens" / "gisco_naturalearth" / "world-atlas_countries-110m.topo.json"
    shapes = json.loads(path.read_text())["objects"]["countries"]["geometries"]
    numbers = pd.Series([s["id"] for s in shapes if s.get("id") is not None])
    assert to_iso3(numbers, "iso_numeric").is_unique


def test_every_geodist_and_world_bank_country_maps(shared):
    distances = pd.read_stata(shared / "data" / "dist_cepii.dta", columns=["exporter"])
    assert to_iso3(distances["exporter"], "iso3").nunique() == 224
    bank = pd.read_parquet(shared / "data" / "wb_population.parquet")
    codes = set(bank["Country Code"])
    unmapped = bank[bank["Country Code"].isin(codes - set(code_map("iso3")))]
    names = set(unmapped["Country Name"])
    assert "Kosovo" not in names and len(codes) - len(names) >= 216

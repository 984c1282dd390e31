"""Regional figures as shipped, and which region a person means."""

import gzip
import importlib
import json
import math
import sys

import pandas as pd
import pytest

from marketintel.errors import MissingDataError, ReferenceFileError, UsageError
from marketintel.reference import nuts
from marketintel.sources import snapshot
from marketintel.warehouse import regions, store


@pytest.mark.parametrize(
    ("text", "name", "country", "members"),
    [
        ("FRI", "Nouvelle-Aquitaine", "FRA", {"FR53": 1.0, "FR61": 1.0, "FR63": 1.0}),
        ("Limousin", "Limousin", "FRA", {"FR63": 1.0}),
        ("SE31", "Norra Mellansverige", "SWE", {"SE31": 1.0}),
        ("dalarna", "Norra Mellansverige", "SWE", {"SE31": 1.0}),
        ("Norte", "Norte", "PRT", {"PT11": 1.0}),
        ("North Karelia", "Pohjois- ja Itä-Suomi", "FIN", {"FI1D": 1.0}),
        ("Itä-Suomi", "Pohjois- ja Itä-Suomi", "FIN", {"FI1D": 1.0}),
        ("FRI1", "Aquitaine", "FRA", {"FR61": 1.0}),
        ("de21", "Oberbayern", "DEU", {"DE21": 1.0}),
        ("oberbayern", "Oberbayern", "DEU", {"DE21": 1.0}),
        ("Sweden", "Sweden", "SWE", {}),
        ("EL", "Greece", "GRC", {}),
        ("ITA", "Italy", "ITA", {}),
    ],
)  # fmt: skip
def test_a_region_is_found_by_code_of_any_version_name_or_country(
    starter, text, name, country, members
):
    found = regions.find_region(text, starter)
    assert (found.name, found.country, found.members) == (name, country, members)
    assert found.is_whole and found.is_country == (not members)


@pytest.mark.parametrize(
    ("asked", "found", "members", "said"),
    [
        ("ITD1", "ITH1", ["ITH1"], "its successor is ITH1"),
        ("gr30", "EL30", ["EL30"], "its successor is EL30"),
        ("FI18", "FI18", ["FI1B", "FI1C"], "successors are FI1B"),
        ("FR24", "FR24", ["FR24"], "NUTS 2013; in NUTS 2024 its successor is FRB0"),
        ("PL12", "PL12", ["PL12"], "PL91"),
        ("SE11", "SE11", ["SE11"], ""),
    ],
)
def test_a_superseded_code_leads_to_its_successor(starter, asked, found, members, said):
    region = regions.find_region(asked, starter)
    assert (region.id, sorted(region.members)) == (found, members)
    assert said in region.note
    assert bool(region.note) == bool(said)


@pytest.mark.slow
def test_every_code_of_2006_is_known(starter):
    walk = regions.crosswalk("2006", "2013", starter)
    for code in walk["from_code"].unique():
        if walk.loc[walk["from_code"] == code, "population_2011"].sum() > 0:
            assert regions.find_region(code, starter).members or len(code) < 4, code


def test_a_region_that_was_cut_out_of_another_has_its_share_of_people(starter):
    budapest = regions.find_region("HU11", starter)
    assert list(budapest.members) == ["HU10"] and not budapest.is_whole
    assert 0.55 < budapest.members["HU10"] < 0.62


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SE39", "did you mean .*SE31 \\(Norra Mellansverige\\)"),
        ("Aquitane", "did you mean FR61 \\(Aquitaine\\)"),
        ("SE3", "larger than NUTS 2; choose one of SE31"),
        ("SE311", "smaller than NUTS 2; .*SE31"),
        ("USA", "United States has no regional figures"),
        ("Xyzzyx", "use a NUTS 2 code such as SE31"),
    ],
)
def test_a_wrong_region_gets_one_line_with_a_way_out(starter, text, said):
    with pytest.raises(UsageError, match=said) as error:
        regions.find_region(text, starter)
    assert "\n" not in str(error.value)


def test_manufacturing_adds_up_where_the_source_does(starter):
    rows = regions.figures("persons_employed", data_dir=starter)
    c = rows[rows["activity"] == "C"].set_index("nuts_id")["value"].dropna()
    countries = [i for i in c.index if len(i) == 2]
    within = [
        country
        for country in countries
        if abs(c[[i for i in c.index if len(i) == 4 and i[:2] == country]].sum() - c[country]) <= 5
    ]
    assert len(countries) == 29  # Ireland has no figure
    assert set(countries) - set(within) == {"BE", "DE", "EL", "NL"}


def test_confidential_cells_are_rows_without_a_figure(starter):
    rows = regions.figures("persons_employed", 2, starter).set_index(["nuts_id", "activity"])[
        "value"
    ]
    for key in [("SE31", "C26"), ("SE31", "C27"), ("FR61", "C25"), ("FR61", "C27"), ("FR61", "C30"),
                ("FI1D", "C27")]:  # fmt: skip
        assert math.isnan(rows[key])
    assert rows["FI1D", "C26"] == 6303 and rows["SE31", "C28"] == 6876
    assert not rows.index.get_level_values(0).isin(["FI1D3", "FRI1"]).any()


def test_every_row_says_its_nuts_version(starter):
    for indicator in ("gdp", "epo_patents", "gerd", "hrst"):
        rows = regions.figures(indicator, 2, starter)
        known = nuts.nuts2()
        assert len(rows) and rows["value"].notna().all()
        assert all(
            v in known[i][0] for i, v in zip(rows["nuts_id"], rows["nuts_version"], strict=True)
        )
    assert set(regions.figures("gdp", 2, starter)["nuts_version"]) == {"2013", "2016"}
    with pytest.raises(UsageError, match="did you mean gdp"):
        regions.figures("gpd", data_dir=starter)


def test_known_figures_of_other_tables(starter):
    def value(indicator, nuts_id, period):
        rows = regions.figures(indicator, 2, starter)
        (row,) = rows[(rows["nuts_id"] == nuts_id) & (rows["period"] == period)]["value"]
        return row

    assert value("epo_patents", "SE31", "2011") == 138.313
    assert value("gerd", "FI1D", "2016") == 2.51
    assert value("gdp", "PT11", "2018") == 60239.92
    assert value("hrst", "SE31", "2018") == 37.7


def test_crosswalk_carries_nouvelle_aquitaine(starter):
    walk = regions.crosswalk("2013", "2021", starter)
    for old, new in [("FR61", "FRI1"), ("FR63", "FRI2"), ("FR53", "FRI3")]:
        assert walk.loc[walk["from_code"] == old, "to_code"].tolist() == [new]
    with pytest.raises(UsageError, match="NUTS version"):
        regions.crosswalk("2013", "2014", starter)


def test_names_are_those_of_the_official_layer(shared):
    path = shared / "data" / "NUTS_RG_03M_2021_4326_LEVL_2.geojson.gz"
    layer = json.loads(gzip.decompress(path.read_bytes()))["features"]
    known = nuts.nuts2()
    compared = 0
    for feature in layer:
        code, name = feature["properties"]["NUTS_ID"], feature["properties"]["NAME_LATN"].strip()
        if code in known and code != "FRB0":  # its dash is written plainly here
            assert known[code][1] == name
            compared += 1
    assert compared > 280


def test_priorities_of_the_four_regions_are_cited_and_dated(starter):
    for text, entities in [
        ("SE31", {"Dalarna", "Gävleborg", "Värmland", "Norra Mellansverige"}),
        ("PT11", {"Norte"}), ("FI1D", {"North Karelia"}), ("FRI", {"Nouvelle-Aquitaine"}),
    ]:  # fmt: skip
        rows = regions.s3_priorities(regions.find_region(text, starter))
        assert set(rows["entity"]) == entities
        assert rows["source_url"].str.startswith("http").all() and (rows["ref_date"] != "").all()
    assert regions.s3_priorities(regions.find_region("DE21", starter)).empty


def test_priorities_are_the_compiled_facts_without_their_notes(shared):
    facts = pd.read_csv(
        shared / "data" / "facts" / "s3_priorities_facts.csv", keep_default_na=False
    )
    held = pd.read_csv(regions.S3_FILE, keep_default_na=False)
    copies = facts["source_url"].str.contains("docslib|pdffox")  # no address of the source itself
    kept = facts[(facts["nuts"] != "") & ~copies]
    compiled, ours = (list(zip(f["value"], f["source_url"], strict=True)) for f in (kept, held))
    assert [one for one in ours if one in compiled] == compiled
    assert len(set(ours) - set(compiled)) == 1  # a page read in place of a copy
    text = regions.S3_FILE.read_text(encoding="utf-8")
    assert not [note for note in facts["note"] if len(note) > 30 and note in text]


def test_loaders_refuse_a_broken_file_with_file_line_and_rule(starter, tmp_path):
    path = tmp_path / "s3_priorities.csv"
    text = regions.S3_FILE.read_text(encoding="utf-8")
    path.write_text(text.replace("2021-2027", "", 1), encoding="utf-8")
    line = text[: text.index("2021-2027")].count("\n") + 1
    with pytest.raises(ReferenceFileError, match=rf"\.csv:{line}: missing-value: ref_date is"):
        regions.s3_priorities(regions.find_region("PT11", starter), path)
    path = tmp_path / "regions.toml"
    text = nuts.REGIONS_FILE.read_text(encoding="utf-8")
    path.write_text(text.replace('country = "FIN"', "country = 7", 1), encoding="utf-8")
    with pytest.raises(ReferenceFileError, match=r"regions\.toml:\d+: wrong-type"):
        nuts.load_regions(path)


def test_every_segment_made_by_a_division_is_known(root):
    from marketintel.reference.segments import load_segments

    names = set(load_segments().names())
    divisions = nuts.load_divisions()
    made = [s for d in divisions.values() for s in d.segments]
    assert set(made) <= names and len(made) == len(set(made))
    assert [c for c, d in divisions.items() if d.photonic] == ["C26", "C27", "C28", "C32", "M72"]


def test_polygons_are_not_shipped(starter):
    with pytest.raises(MissingDataError, match="gisco"):
        regions.nuts_polygons(starter)


SCRIPTS = {
    "eurostat_sbs_regions": "regional/sbs2015_persons_employed_clean.csv",
    "eurostat_regional": "eurostat_regional_2000_2019.parquet",
    "regional_indicators": "regional/i40_indicator_db_nuts2.csv",
    "jrc_nuts_crosswalk": "regional/jrc_nuts_cross_walks_2006_2024.csv.gz",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_rebuilds_the_shipped_rows(root, shared, tmp_path, monkeypatch, capsys, name):
    monkeypatch.syspath_prepend(str(root / "scripts" / "starter"))
    arguments = [
        f"{name}.py",
        "--from",
        str(shared / "data" / SCRIPTS[name]),
        "--data",
        str(tmp_path),
    ]
    monkeypatch.setattr(sys, "argv", arguments)
    importlib.import_module(name).main()
    assert "rows" in capsys.readouterr().out
    (made,) = snapshot.list_snapshots(tmp_path)
    (held,) = snapshot.find(root / "data", made.meta.source)
    pd.testing.assert_frame_equal(store.read_parquet(made.path), store.read_parquet(held.path))
    same = {"sha256", "bytes"}  # depend on the release of the parquet library
    assert made.meta.model_dump(exclude=same) == held.meta.model_dump(exclude=same)


@pytest.mark.parametrize(
    ("text", "region"),
    [("SECPHO", "ES51"), ("Catalonia", "ES51"), ("Optence", "DE7_DEB"), ("Hesse", "DE7"),
     ("Minalogic", "FRK"), ("Auvergne-Rhône-Alpes", "FRK"), ("afil", "ITC4"), ("Lombardy", "ITC4"),
     ("ALPHA-RLH", "FRI"), ("DE71", "DE71")],
)  # fmt: skip
def test_a_cluster_and_its_region_are_one_name(starter, text, region):
    assert regions.find_region(text, starter).id == region

"""Regional statistics and polygons from request to table to page.

The figures are those shipped with the project, served in the provider's format by a local
server; years and flags that are not in them are synthetic and said to be.
"""

import gzip
import io
import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pandas as pd
import pytest

from marketintel.errors import SourceError, UsageError
from marketintel.sources import snapshot
from marketintel.sources.catalogue import fetched
from marketintel.sources.fetch import answers_dir, execute
from marketintel.sources.plan import Plan, plan
from marketintel.sources.providers import natural_earth
from marketintel.warehouse import regions as wh
from marketintel.warehouse.build import build
from tests.sources.providers import Cubes
from tests.sources.server import FakeClock, Reply, Server


@pytest.fixture(scope="session")
def published(root: Path) -> dict[str, pd.DataFrame]:
    """The figures shipped, under Eurostat's data sets and dimensions; blanks flagged c."""

    def held(source: str) -> pd.DataFrame:
        (file,) = (root / "data/raw" / source).glob("*/*.parquet")
        return pd.read_parquet(file).rename(columns={"nuts_id": "geo", "period": "time"})

    jobs = held("eurostat_sbs").rename(columns={"activity": "nace_r2", "flag": "status"})
    jobs["status"] = jobs["status"].mask(jobs["value"].isna(), "c")
    jobs = jobs.assign(freq="A", indic_sb="V16110").drop(columns="level")
    figures = held("eurostat_regional")
    aggregate = pd.DataFrame({"geo": ["EU27_2020", "EA20"], "time": "2015", "value": 1e9})
    tables = {"sbs_r_nuts06_r2": jobs}
    for indicator, name, dimensions in (
        ("gdp", "nama_10r_2gdp", {"unit": "MIO_EUR"}),
        ("population", "demo_r_d2jan", {"unit": "NR", "sex": "T", "age": "TOTAL"}),
        ("epo_patents", "tgs00040", {"unit": "P_MHAB"}),
    ):
        rows = figures.loc[figures["indicator"] == indicator, ["geo", "time", "value"]]
        tables[name] = pd.concat([rows, aggregate]).assign(freq="A", **dimensions)
    return tables


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, published: dict[str, pd.DataFrame]) -> Iterator[Server]:
    empty = pd.DataFrame({"time": [], "geo": [], "value": []}).astype({"time": "str"})
    rest = ("sbs_r_nuts2021", "htec_emp_reg2", "rd_e_gerdreg", "rd_p_persreg", "hrst_st_rcat")
    with Server() as running:
        for source in ("EUROSTAT", "GISCO", "NATURAL_EARTH"):
            monkeypatch.setenv(f"MARKETINTEL_{source}_URL", running.url)
            monkeypatch.setenv(f"MARKETINTEL_{source}_INTERVAL_S", "0")
        running.route("/statistics/1.0/data", Cubes(dict.fromkeys(rest, empty) | published))
        yield running


def make(data: Path, *sources: str, years: range = range(2015, 2016), **options: object) -> Plan:
    return plan(["DEU"], ["901320"], list(years), answers_dir(data),
                sources=sources, this_year=2026, **options)  # type: ignore[arg-type]  # fmt: skip


def run(data: Path, *sources: str, **options: object) -> dict[str, str]:
    made = make(data, *sources, **options)  # type: ignore[arg-type]
    outcomes = execute(made, data, clock=FakeClock())
    assert [o.error for o in outcomes] == [None] * len(outcomes)
    return {o.source: o.describe() for o in outcomes}


def latest(data: Path, source: str) -> pd.DataFrame:
    (held,) = snapshot.find(data, source)
    return pd.read_parquet(held.path)


def test_eu_wide_statistics_are_asked_for_by_name_or_not_at_all(
    server: Server, tmp_path: Path
) -> None:
    plain = make(tmp_path)
    assert not {"eurostat_sbs", "eurostat_regional", "gisco"} & {s.source for s in plain.steps}
    assert "--regions adds them" in plain.describe()[-1]
    asked = make(tmp_path, regions=True)
    assert [s.source for s in asked.steps if s not in plain.steps] == [
        "eurostat_sbs", "eurostat_regional", "gisco"]  # fmt: skip
    assert [s for s in asked.steps if s in plain.steps] == list(plain.steps)
    named = make(tmp_path, "eurostat", "gisco", years=range(2011, 2016))
    assert [(s.source, s.requests) for s in named.steps] == [
        ("eurostat_sbs", 5), ("eurostat_regional", 8 * 5 + 2), ("gisco", 1)]  # fmt: skip
    assert server.requests == []


def test_years_without_figures_are_said_and_not_asked(server: Server, tmp_path: Path) -> None:
    made = make(tmp_path, "eurostat", years=range(1985, 1986))
    assert [s.source for s in made.steps] == ["eurostat_regional"], "research goes back to 1980"
    assert "eurostat_sbs: no figures of 1985" in made.notes
    assert "gdp: no figures of 1985 at Eurostat" in made.notes
    with pytest.raises(
        UsageError, match=r"has nothing about DEU \(eurostat_sbs: no figures of 198"
    ):
        make(tmp_path, "eurostat_sbs", years=range(1985, 1986))
    no_codes = plan(["DEU"], [], [2015], answers_dir(tmp_path),
                    sources=["gisco"], this_year=2026)  # fmt: skip
    assert len(no_codes.steps) == 1


def test_the_figures_shipped_come_back_through_http(
    server: Server, tmp_path: Path, root: Path
) -> None:
    said = run(tmp_path, "eurostat")
    assert len(server.requests) == sum(s.requests for s in make(tmp_path, "eurostat").steps) == 9
    planned = "\n".join(make(tmp_path, "eurostat").describe())
    assert "epo_patents: no figures of 2015 at Eurostat" in planned
    assert "rd_e_gerdreg: nothing published for 2015" in said["eurostat_regional"]
    (file,) = (root / "data/raw/eurostat_sbs").glob("*/*.parquet")
    shipped = pd.read_parquet(file)
    jobs = latest(tmp_path, "eurostat_sbs")
    keys = ["nuts_id", "activity"]
    expected = shipped.sort_values(keys, ignore_index=True)
    same = list(shipped.columns.drop("flag"))
    pd.testing.assert_frame_equal(jobs.sort_values(keys, ignore_index=True)[same], expected[same])
    blank = jobs[jobs["flag"] == "c"]
    assert len(blank) > 1000
    assert blank["value"].isna().all(), "confidential is missing, never zero"
    (file,) = (root / "data/raw/eurostat_regional").glob("*/*.parquet")
    shipped = pd.read_parquet(file)
    wanted = shipped[
        (shipped["period"] == "2015") & shipped["indicator"].isin(["gdp", "population"])
    ]
    found = latest(tmp_path, "eurostat_regional")
    order = ["indicator", "nuts_id"]
    pd.testing.assert_frame_equal(
        found[wanted.columns].sort_values(order, ignore_index=True),
        wanted.sort_values(order, ignore_index=True),
    )


def test_a_fetch_continues_the_series_shipped(
    server: Server, published: dict[str, pd.DataFrame], tmp_path: Path, root: Path
) -> None:
    """A synthetic 2022: the figures of 2015, doubled, with Portugal's codes of NUTS 2024."""
    from marketintel.documents.s3_brief import europe

    regional = ("eurostat_sbs", "eurostat_regional", "regional_indicators", "jrc_nuts_crosswalk")
    for source in regional:
        copytree(root / "data/raw" / source, tmp_path / "raw" / source)
    build(tmp_path)
    before = pd.read_parquet(tmp_path / "processed/regions.parquet")
    jobs = published["sbs_r_nuts06_r2"]
    later = jobs[jobs["nace_r2"].isin(["C", "C26"]) & (jobs["geo"] != "PT16")].drop(
        columns="indic_sb"
    )
    extra = later[later["geo"] == "PT17"].assign(geo="PT1A")
    later = pd.concat([later, extra]).assign(time="2022", indic_sbs="EMP_LOC_NR")
    later["value"] *= 2
    few = ["AT11", "AT12"]
    codes = sorted(set(jobs["geo"][jobs["geo"].str.len() == 4]))
    by_sex = pd.DataFrame(
        [(geo, year, sex, 10.0 * n + 20) for n, sex in enumerate("FTM")
         for year, some in (("2022", codes), ("2023", few)) for geo in some],
        columns=["geo", "time", "sex", "value"],
    ).assign(category="HRST", unit="PC_POP", freq="A")  # fmt: skip
    tables = {"sbs_r_nuts2021": later, "hrst_st_rcat": by_sex}
    server.route("/statistics/1.0/data/sbs_r_nuts2021", Cubes(tables))
    server.route("/statistics/1.0/data/hrst_st_rcat", Cubes(tables))
    run(tmp_path, "eurostat", years=range(2022, 2024))
    build(tmp_path)
    after = pd.read_parquet(tmp_path / "processed/regions.parquet")
    columns = [c for c in before if c != "vintage"]
    kept = after[after["period"] < "2022"][columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, before[columns])
    new = after[after["period"] == "2022"].set_index(["nuts_id", "activity"])
    assert new.loc[("DE21", "C26"), "value"] == 2 * float(
        before[(before["nuts_id"] == "DE21") & (before["activity"] == "C26")]["value"].iloc[0]
    )
    assert pd.isna(new.loc[("SE31", "C26"), "value"])
    assert new.loc[("PT1A", "C"), "nuts_version"] == "2024"
    assert set(new["unit"]) == {"persons", "% of population"}
    hrst = new[new["indicator"] == "hrst"]
    assert set(hrst["value"]) == {30.0}, "the total, not a sex"
    # Later figures of Eurostat's own are read, in whichever version; those of jobs are not.
    for region in ("SE31", "AT11"):  # of which the second is early with 2023
        shown = europe.indicators(wh.find_region(region, tmp_path), tmp_path)
        shown = shown.set_index("indicator")
        assert shown.loc["hrst", ["year", "value", "rank"]].tolist() == ["2022", 30.0, 1]
        assert shown["year"].drop("hrst").max() == "2018"
    # Two years side by side: the brief goes on reading its own.
    assert europe.europe(tmp_path).employment.loc["DE21", "C26"] == float(
        before[(before["nuts_id"] == "DE21") & (before["activity"] == "C26")]["value"].iloc[0]
    )


def test_two_sources_of_an_indicator_count_once(
    server: Server, published: dict[str, pd.DataFrame], tmp_path: Path, root: Path
) -> None:
    """High-technology jobs are shipped as compiled by others; Eurostat's own come first."""
    copytree(root / "data/raw/regional_indicators", tmp_path / "raw/regional_indicators")
    own = pd.DataFrame({"geo": ["SE31"], "time": "2016", "value": [1.5], "freq": "A",
                        "nace_r2": "HTC", "unit": "PC_EMP", "sex": "T"})  # synthetic  # fmt: skip
    server.route("/statistics/1.0/data/htec_emp_reg2", Cubes({"htec_emp_reg2": own}))
    run(tmp_path, "eurostat_regional", years=range(2016, 2017))
    rows = wh.figures("hightech_employment", 2, tmp_path)
    there = rows[(rows["nuts_id"] == "SE31") & (rows["period"] == "2016")]
    assert there[["value", "source"]].to_numpy().tolist() == [[1.5, "eurostat_regional"]]
    assert not rows.duplicated(["nuts_id", "period"]).any()
    assert (rows["source"] == "regional_indicators").sum() > 2900


def test_a_data_set_that_is_gone_or_changed(server: Server, tmp_path: Path) -> None:
    gone = {"error": [{"status": 404, "id": 150, "label": "Dataset tgs00040 not found."}]}
    server.add("/statistics/1.0/data/tgs00040", status=404, json=gone)
    said = run(tmp_path, "eurostat_regional", years=range(2011, 2012))
    assert "tgs00040 ended in 2012 and is no longer there" in said["eurostat_regional"]
    odd = pd.DataFrame({"geo": ["SE31"] * 2, "time": "2015", "value": 1.0, "unit": "MIO_EUR",
                        "basis": ["A1", "A2"]})  # synthetic  # fmt: skip
    server.route("/statistics/1.0/data/nama_10r_2gdp", Cubes({"nama_10r_2gdp": odd}))
    made = make(tmp_path, "eurostat_regional")
    (outcome,) = execute(made, tmp_path, clock=FakeClock())
    assert isinstance(outcome.error, SourceError)
    assert "has a field 'basis' with 2 codes" in outcome.describe()


# --- polygons --------------------------------------------------------------------------------


def test_polygons_of_regions_are_where_the_brief_looks_and_stay_local(
    server: Server, shared: Path, tmp_path: Path
) -> None:
    layer = gzip.decompress((shared / "data/NUTS_RG_03M_2021_4326_LEVL_2.geojson.gz").read_bytes())
    server.add("/nuts/geojson/NUTS_RG_20M_2021_4326_LEVL_2.geojson", body=layer,
               content_type="application/geo+json", gzipped=True)  # fmt: skip
    run(tmp_path, "gisco")
    polygons = wh.nuts_polygons(tmp_path)
    assert len(polygons) == 334
    assert polygons.crs.to_epsg() == 4326
    assert polygons.geometry.is_valid.all()
    assert "nothing new" in run(tmp_path, "gisco", refresh=True)["gisco"], "same answer, same bytes"
    (held,) = snapshot.list_snapshots(tmp_path)
    assert "© EuroGeographics" in held.meta.citation
    assert fetched()["gisco"].redistributable is False
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    done = subprocess.run(["git", "-C", tmp_path, "status", "--porcelain", "-uall"],
                          check=True, capture_output=True, text=True)  # fmt: skip
    assert done.stdout == ""


def test_polygons_of_countries_are_as_those_shipped(
    server: Server, shared: Path, tmp_path: Path, root: Path
) -> None:
    """Natural Earth's 1:110m as a zipped shapefile, in place of the 1:50m that is asked for."""
    geopandas = pytest.importorskip("geopandas")
    from marketintel.warehouse.context import countries_geometry

    layer = geopandas.read_file(
        shared / "specimens/gisco_naturalearth/ne_110m_admin_0_countries.geojson"
    )
    folder = tmp_path / "shape"
    folder.mkdir()
    layer.to_file(folder / "ne_50m_admin_0_countries.shp", encoding="utf-8")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, file.name)
    server.add("/50m/cultural/ne_50m_admin_0_countries.zip", body=packed.getvalue(),
               content_type="application/zip")  # fmt: skip
    data = tmp_path / "data"
    run(data, "natural_earth")
    found, shipped = countries_geometry(data), countries_geometry(root / "data")
    assert list(found.columns) == list(shipped.columns)
    assert found.geometry.is_valid.all()
    assert found["iso3"].dropna().is_unique
    assert set(found["iso3"].dropna()) <= set(shipped["iso3"].dropna())
    assert {"FRA", "NOR", "XKX", "TWN", "UKR"} <= set(found["iso3"])
    from shapely.geometry import Point

    crimea = found[found.geometry.contains(Point(34.1, 45.2))]
    assert crimea["iso3"].tolist() == ["UKR"]


def test_the_package_that_is_shipped_gives_the_same_shapes_both_ways(shared: Path) -> None:
    """TopoJSON of world-atlas, whose numbers are the only codes, through the same hands."""
    topology = (
        shared / "specimens/gisco_naturalearth/world-atlas_countries-110m.topo.json"
    ).read_text()
    layer = natural_earth.process(json.loads(topology))
    found = natural_earth.country_shapes(layer)
    assert found["iso3"].dropna().is_unique
    assert found.set_index("iso3").loc["SOM", "geometry"].is_valid
    assert "Antarctica" not in set(found["name"])
    russia = found[found["iso3"] == "RUS"].geometry.bounds.iloc[0]
    assert (russia["minx"], russia["maxx"]) == (-180.0, 180.0), "cut at 180°, not smeared"


def test_a_page_in_place_of_polygons_is_refused(server: Server, tmp_path: Path) -> None:
    server.route("/nuts", lambda _: Reply(body=b"<html>down</html>", content_type="text/html"))
    (outcome,) = execute(make(tmp_path, "gisco"), tmp_path, clock=FakeClock())
    assert isinstance(outcome.error, SourceError)
    assert not snapshot.list_snapshots(tmp_path)

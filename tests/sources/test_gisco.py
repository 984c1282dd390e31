"""Polygons: recorded layers, codes, repaired shapes, and the way over HTTP."""

import json
from dataclasses import replace

import geopandas
import pytest
import shapely

from marketintel.errors import SourceError, UsageError
from marketintel.sources.http.client import Client
from marketintel.sources.providers import natural_earth
from marketintel.sources.providers.gisco import CONTRACT, PROVIDER, Query, fetch, process, request
from tests.sources.server import FakeClock, Server

BOW_TIE = [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]


@pytest.fixture
def server():
    with Server() as running:
        yield running


def region(code="SE31", shape=BOW_TIE, **other):
    return {
        "type": "Feature",
        "properties": {"NUTS_ID": code} | other,
        "geometry": {"type": "Polygon", "coordinates": shape},
    }


def collection(*features, **other):
    return {"type": "FeatureCollection", "features": list(features)} | other


def specimen(shared, name):
    return (shared / "specimens/gisco_naturalearth" / name).read_bytes()


def test_recorded_regions(shared):
    got = process(specimen(shared, "giscoR_nuts_2024_L0_and_some_L2.geojson"))
    assert list(got) == [*CONTRACT, "geometry"]
    assert len(got) == 143
    assert got.crs.to_epsg() == 4326
    assert got["level"].value_counts().to_dict() == {2: 104, 0: 39}
    assert got.geometry.is_valid.all()
    slovenia = got.set_index("nuts_id").loc["SI"]
    assert slovenia[["country_code", "name"]].tolist() == ["SI", "Slovenija"]
    assert slovenia.geometry.contains(shapely.Point(14.5, 46.05))  # Ljubljana
    assert {"EL", "DE"} <= set(got["country_code"])


def test_broken_shapes_are_repaired_and_missing_properties_told_from_the_code():
    got = process(collection(region()))
    assert got.geometry.is_valid.all()
    assert got.geometry[0].area == 0.5
    assert got.loc[0, ["level", "country_code", "name"]].tolist() == [2, "SE", "SE31"]


def test_a_stated_projection_is_kept():
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3035"}}
    assert process(collection(region(), crs=crs)).crs.to_epsg() == 3035
    assert process(json.dumps(collection(region()))).crs.to_epsg() == 4326


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"type": "Topology"}, "no field 'features'"),
        (collection(), "no regions"),
        (collection({"type": "Feature", "properties": {"ID": "x"}, "geometry": None}), "'NUTS_ID'"),
        ("<html>", "markup"),
        ('{"features": [', "cut off"),
    ],
)
def test_schema_changes_stop(body, said):
    with pytest.raises(SourceError, match=said):
        process(body)


def test_recorded_countries_as_geojson(shared):
    got = natural_earth.process(specimen(shared, "ne_110m_admin_0_countries.geojson"))
    assert list(got) == [*natural_earth.CONTRACT, "geometry"]
    assert len(got) == 177
    assert got.geometry.is_valid.all()
    assert {"FRA", "NOR", "XKX", "TWN"} <= set(got["iso3"].dropna())
    assert sorted(got.loc[got["iso3"].isna(), "name"]) == ["N. Cyprus", "Somaliland"]


def test_recorded_countries_as_topojson(shared):
    got = natural_earth.process(specimen(shared, "world-atlas_countries-110m.topo.json"))
    assert len(got) == 177
    assert got.crs.to_epsg() == 4326
    assert got.geometry.is_valid.all()
    without = sorted(got.loc[got["iso_numeric"].isna(), "name"])
    assert without == ["Kosovo", "N. Cyprus", "Somaliland"]
    fiji = got.set_index("name").loc["Fiji"]
    assert fiji["iso_numeric"] == "242"
    assert got["iso_numeric"].dropna().str.fullmatch(r"\d{3}").all()  # "004", not 4


def test_natural_earths_own_codes():
    def country(name, **codes):
        return region(shape=[[[0, 0], [1, 0], [1, 1], [0, 0]]]) | {
            "properties": codes | {"NAME": name}
        }

    got = natural_earth.process(
        collection(
            country("France", ISO_A3="-99", ISO_A3_EH="FRA", ADM0_A3="FRA", ISO_N3="250"),
            country("Norway", ISO_A3="-99", ISO_A3_EH="-99", ADM0_A3="NOR", ISO_N3="578"),
            country("Kosovo", ISO_A3="-99", ISO_A3_EH="-99", ADM0_A3="KOS", ISO_N3="-99"),
            country("Somaliland", ISO_A3="-99", ISO_A3_EH="-99", ADM0_A3="SOL", ISO_N3="-99"),
        )
    ).set_index("name")
    assert got["iso3"].dropna().to_dict() == {"France": "FRA", "Norway": "NOR", "Kosovo": "XKX"}
    assert got["iso_numeric"].dropna().to_dict() == {"France": "250", "Norway": "578"}


def test_countries_that_cannot_be_read():
    with pytest.raises(SourceError, match="cannot be read"):
        natural_earth.process(b"PK\x03\x04 not a shapefile")
    with pytest.raises(SourceError, match="no field 'name'"):
        natural_earth.process(collection(region()))


def test_requests():
    assert request(Query()) == "/nuts/geojson/NUTS_RG_60M_2024_4326_LEVL_2.geojson"


@pytest.mark.parametrize(
    "query",
    [Query(level=4), Query(year=2022), Query(scale="110m"), Query(crs=1)],
)  # fmt: skip
def test_questions_that_cannot_be_asked(query):
    with pytest.raises(UsageError, match=r"^gisco: "):
        fetch(query, None)


def test_fetch_regions_over_http(server):
    path = "/nuts/geojson/NUTS_RG_60M_2024_4326_LEVL_2.geojson"
    body = json.dumps(collection(region())).encode()
    server.add(path, body=body, content_type="application/geo+json", gzipped=True)
    with Client(replace(PROVIDER, base=server.url), clock=FakeClock()) as client:
        assert fetch(Query(), client=client)["nuts_id"].tolist() == ["SE31"]


def test_fetch_countries_over_http(server, tmp_path, shared):
    layer = geopandas.read_file(
        shared / "specimens/gisco_naturalearth/ne_110m_admin_0_countries.geojson"
    ).rename(columns={"iso3": "ADM0_A3", "name": "NAME"})
    layer.to_file(tmp_path / "ne.shz", driver="ESRI Shapefile")
    (source,) = natural_earth.SOURCES
    (question,) = source.plan(None)
    assert question.query == "/50m/cultural/ne_50m_admin_0_countries.zip"
    server.add(question.query, body=(tmp_path / "ne.shz").read_bytes(),
               content_type="application/zip")  # fmt: skip
    provider = replace(natural_earth.PROVIDER, base=server.url)
    with Client(provider, clock=FakeClock()) as client:
        got = source.fetch(question.query, client)
    assert len(got) == 174, "without Antarctica, Northern Cyprus and Somaliland"
    assert "XKX" in set(got["iso3"].dropna())

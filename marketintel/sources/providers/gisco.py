"""Polygons: NUTS regions from GISCO, and countries from Natural Earth.

Services: ``gisco-services.ec.europa.eu/distribution/v2/nuts/geojson/…`` (© EuroGeographics for the
administrative boundaries; non-commercial use, with that notice) and ``naciscdn.org/naturalearth``
(public domain). Countries are also read from GeoJSON and from TopoJSON as in world-atlas, where
Kosovo, Northern Cyprus and Somaliland have no code.
"""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from marketintel.errors import SourceError, UsageError
from marketintel.sources.formats.tidy import Body, json_of, need, reading, snippet, text_of
from marketintel.sources.http.answers import Answer
from marketintel.sources.http.client import Client, client_for
from marketintel.sources.http.provider import Provider
from marketintel.sources.scope import asked

if TYPE_CHECKING:
    import geopandas

SOURCE = "gisco"
PROVIDER = Provider(SOURCE, "https://gisco-services.ec.europa.eu/distribution/v2")
NATURAL_EARTH = Provider("natural_earth", "https://naciscdn.org/naturalearth")

#: Columns beside ``geometry`` (valid polygons, EPSG:4326 unless asked for otherwise).
CONTRACT = {"nuts_id": "str", "level": "int64", "country_code": "str", "name": "str"}
COUNTRY_CONTRACT = {"iso3": "str", "iso_numeric": "str", "name": "str"}

_LATLON = "EPSG:4326"
#: Natural Earth's codes that are not ISO 3166: Kosovo has a user-assigned one, the others none.
_NOT_ISO = {"KOS": "XKX", "CYN": None, "SOL": None, "-99": None}
_GEOJSON = ("application/geo+json", "application/json", "text/plain")


@dataclass(frozen=True)
class Query:
    """A layer to get.

    Attributes
    ----------
    layer : {"nuts", "countries"}
        GISCO's regions or Natural Earth's countries.
    level : int
        NUTS level, 0 (countries) to 3.
    year : int
        Version of NUTS: 2003, 2006, 2010, 2013, 2016, 2021, 2024.
    scale : str
        Of regions ``60M``, ``20M``, ``10M``, ``03M``, ``01M``; of countries ``110m``, ``50m``,
        ``10m``.
    crs : int
        EPSG number: 4326, 3035 or 3857; regions only.
    """

    layer: str = "nuts"
    level: int = 2
    year: int = 2024
    scale: str = "60M"
    crs: int = 4326


def check(query: Query) -> None:
    """Raise UsageError for what is not there."""
    allowed: dict[str, tuple[object, tuple[object, ...]]] = {
        "layer": (query.layer, ("nuts", "countries"))
    }
    if query.layer == "nuts":
        allowed |= {
            "level": (query.level, (0, 1, 2, 3)),
            "year": (query.year, (2003, 2006, 2010, 2013, 2016, 2021, 2024)),
            "scale": (query.scale, ("60M", "20M", "10M", "03M", "01M")),
            "crs": (query.crs, (4326, 3035, 3857)),
        }
    else:
        allowed["scale"] = (query.scale, ("110m", "50m", "10m"))
    for name, (value, values) in allowed.items():
        if value not in values:
            raise UsageError(f"gisco: {name} '{value}' is not one of {', '.join(map(str, values))}")


def request(query: Query) -> str:
    """Return the path below the base URL of the layer's provider."""
    if query.layer == "countries":
        return f"/{query.scale}/cultural/ne_{query.scale}_admin_0_countries.zip"
    return (
        f"/nuts/geojson/NUTS_RG_{query.scale}_{query.year}_{query.crs}_LEVL_{query.level}.geojson"
    )


def perform(query: Query, client: Client) -> Answer:
    """Ask once."""
    if query.layer == "countries":
        return client.get(
            request(query), expect="zip", check=lambda answer: process_countries(answer.body)
        )
    return client.get(
        request(query), expect=_GEOJSON, check=lambda answer: _of_level(process(answer.body), query)
    )


def _of_level(layer: "geopandas.GeoDataFrame", query: Query) -> "geopandas.GeoDataFrame":
    asked(layer, SOURCE, level=[query.level])  # type: ignore[list-item]
    return layer


def fetch(
    query: Query, *, client: Client | None = None, base_url: str | None = None
) -> "geopandas.GeoDataFrame":
    """Return a layer under :data:`CONTRACT` or :data:`COUNTRY_CONTRACT`, with ``geometry``."""
    check(query)
    provider = NATURAL_EARTH if query.layer == "countries" else PROVIDER
    with client_for(provider, client, base_url) as talk:
        layer: geopandas.GeoDataFrame = perform(query, talk).content
    return layer


@reading(SOURCE)
def process(body: Body | Mapping[str, Any]) -> "geopandas.GeoDataFrame":
    """Turn GISCO's GeoJSON into :data:`CONTRACT` and ``geometry``.

    Raises
    ------
    SourceError
        Not GeoJSON, or without NUTS identifiers.
    """
    import geopandas

    message = json_of(body, SOURCE)
    need(message, ["features"], SOURCE)
    crs = _LATLON
    if named := re.search(r"(?:EPSG:+)(\d+)", json.dumps(message.get("crs") or {})):
        crs = f"EPSG:{named[1]}"
    if not message["features"]:
        raise SourceError(f"{SOURCE}: the layer has no regions; expected polygons")
    layer = geopandas.GeoDataFrame.from_features(message["features"], crs=crs)
    need(layer.columns, ["NUTS_ID", "geometry"], SOURCE)
    ids = layer["NUTS_ID"].astype("str")
    layer["nuts_id"] = ids
    layer["level"] = layer["LEVL_CODE"] if "LEVL_CODE" in layer else ids.str.len() - 2
    layer["country_code"] = layer["CNTR_CODE"] if "CNTR_CODE" in layer else ids.str[:2]
    layer["name"] = next((layer[n] for n in ("NAME_LATN", "NUTS_NAME") if n in layer), ids)
    return _valid(layer, CONTRACT)


@reading(SOURCE)
def process_countries(body: Body | Mapping[str, Any]) -> "geopandas.GeoDataFrame":
    """Turn a zipped shapefile, GeoJSON or TopoJSON of countries into :data:`COUNTRY_CONTRACT`.

    ``iso3`` and ``iso_numeric`` are missing where the file has none: TopoJSON of world-atlas has
    numbers only, and none for Kosovo, Northern Cyprus and Somaliland.
    """
    import geopandas

    if isinstance(body, Mapping):
        body = json.dumps(body)
    raw = body if isinstance(body, bytes) else text_of(body, SOURCE).encode()
    options = {}
    if not raw.startswith(b"PK"):
        message = json_of(raw, SOURCE)
        if isinstance(message, Mapping) and message.get("type") == "Topology":
            options["layer"] = "countries"
    try:
        layer = geopandas.read_file(io.BytesIO(raw), **options)
    except Exception as error:  # GDAL has many kinds
        raise SourceError(
            f"{SOURCE}: the country layer cannot be read ({snippet(str(error))}); expected a "
            "zipped shapefile, GeoJSON or TopoJSON"
        ) from error
    if layer.crs is None:
        layer = layer.set_crs(_LATLON)
    named = {str(column).lower(): column for column in layer.columns}
    if "name" not in named:
        need(named, ["name"], SOURCE)

    def first(*names: str) -> Any:
        """Return the first name's values, holes filled from the next ones."""
        values = None
        for name in names:
            if name in named:
                column = layer[named[name]].astype("str").replace({"-99": None, "": None})
                values = column if values is None else values.fillna(column)
        return values

    layer["iso3"] = first("iso3", "iso_a3_eh", "iso_a3", "adm0_a3")
    if layer["iso3"].notna().any():
        layer["iso3"] = layer["iso3"].replace(_NOT_ISO)
    numeric = first("iso_n3_eh", "iso_n3", "id")
    layer["iso_numeric"] = None if numeric is None else numeric.str.zfill(3)
    layer["name"] = layer[named["name"]]
    return _valid(layer, COUNTRY_CONTRACT)


def _valid(
    layer: "geopandas.GeoDataFrame", contract: Mapping[str, str]
) -> "geopandas.GeoDataFrame":
    """Return the contract's columns and repaired, non-empty polygons."""
    layer = layer[[*contract, "geometry"]].copy()
    for column, dtype in contract.items():
        layer[column] = layer[column].astype(dtype)
    text = [column for column, dtype in contract.items() if dtype == "str"]
    layer[text] = layer[text].replace({"<NA>": None, "nan": None, "None": None})
    broken = ~layer.geometry.is_valid
    if broken.any():
        layer.loc[broken, "geometry"] = layer.geometry[broken].make_valid()
    return layer.reset_index(drop=True)

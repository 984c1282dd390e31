"""Polygons of NUTS regions: GISCO (© EuroGeographics for the administrative boundaries).

Service: ``gisco-services.ec.europa.eu/distribution/v2/nuts/geojson/…``; non-commercial use, with
that notice.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from marketintel.errors import SourceError, UsageError
from marketintel.sources.formats.polygons import valid
from marketintel.sources.formats.tidy import Body, json_of, need, reading
from marketintel.sources.http.answers import Answer
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import Provider
from marketintel.sources.source import Question, Source, noted, within

if TYPE_CHECKING:
    import geopandas

SOURCE = "gisco"
PROVIDER = Provider(SOURCE, "https://gisco-services.ec.europa.eu/distribution/v2")

#: Columns beside ``geometry`` (valid polygons, EPSG:4326 unless asked for otherwise).
CONTRACT = {"nuts_id": "str", "level": "int64", "country_code": "str", "name": "str"}
_MEDIA = ("application/geo+json", "application/json", "text/plain")


@dataclass(frozen=True)
class Query:
    """NUTS level (0: countries), version, scale (``01M`` to ``60M``) and EPSG number."""

    level: int = 2
    year: int = 2024
    scale: str = "60M"
    crs: int = 4326


_ALLOWED: dict[str, tuple[object, ...]] = {
    "level": (0, 1, 2, 3),
    "year": (2003, 2006, 2010, 2013, 2016, 2021, 2024),
    "scale": ("60M", "20M", "10M", "03M", "01M"),
    "crs": (4326, 3035, 3857),
}
#: Of 2021, the last version that has the United Kingdom, whose regions are in the figures; at the
#: scale of a map of Europe on a page.
NUTS = Query(2, 2021, "20M")


def check(query: Query) -> None:
    """Raise UsageError for layers that do not exist."""
    for name, values in _ALLOWED.items():
        if (value := getattr(query, name)) not in values:
            raise UsageError(f"gisco: {name} '{value}' is not one of {', '.join(map(str, values))}")


def request(query: Query) -> str:
    """Return the path below the base URL."""
    return (
        f"/nuts/geojson/NUTS_RG_{query.scale}_{query.year}_{query.crs}_LEVL_{query.level}.geojson"
    )


def fetch(query: Query, client: Client) -> "geopandas.GeoDataFrame":
    """Return a layer under :data:`CONTRACT`, with ``geometry``."""
    check(query)

    def accept(answer: Answer) -> "geopandas.GeoDataFrame":
        layer = process(answer.body)
        within(layer, SOURCE, level=[query.level])
        return layer

    layer: geopandas.GeoDataFrame = client.get(request(query), expect=_MEDIA, check=accept).content
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
    crs = "EPSG:4326"
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
    return valid(layer, CONTRACT)


def _snapshot(query: Query, client: Client) -> "geopandas.GeoDataFrame":
    layer = fetch(query, client).assign(nuts_version=str(query.year))
    return noted(layer.sort_values("nuts_id"))


SOURCES = (
    Source(
        "gisco", 215, redistributable=False,
        producer="European Commission, Eurostat (GISCO)",
        title="NUTS 2 regions, polygons, version 2021, 1:20 million",
        citation="© EuroGeographics for the administrative boundaries; European Commission, "
        "Eurostat (GISCO), NUTS 2021.",
        licence="GISCO terms: non-commercial use with the notice © EuroGeographics for the "
        "administrative boundaries",
        licence_url="https://ec.europa.eu/eurostat/web/gisco/geodata/administrative-units",
        quirks=(
            "Maps may be shown with the notice; the polygons themselves are not passed on.",
            "Version 2021 is the last with the United Kingdom.",
        ),
        provider=PROVIDER, file="nuts.parquet", groups=("nuts_id",),
        plan=lambda _: [Question(f"polygons of NUTS 2 regions, version {NUTS.year}", NUTS, 330)],
        questions=lambda query, _: [(request(query), None)], fetch=_snapshot, years="none",
        on_request=True, regional=True, by_code=False, answer_s=5.0, polygons=True,
    ),
)  # fmt: skip

"""Polygons of countries: Natural Earth, one valid shape a country, none smeared round the world.

Service: ``naciscdn.org/naturalearth`` (public domain). Boundaries are Natural Earth's except where
the resolutions of the United Nations General Assembly and the European Union say otherwise: Crimea
is drawn with Ukraine. GeoJSON is read too, and TopoJSON as in world-atlas, where Kosovo, Northern
Cyprus and Somaliland have no code.
"""

import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from marketintel.errors import SourceError
from marketintel.reference.countries import is_code, to_iso3
from marketintel.sources.formats import tidy
from marketintel.sources.formats.polygons import valid
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import Provider
from marketintel.sources.source import Question, Source, noted

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

SOURCE = "natural_earth"
PROVIDER = Provider(SOURCE, "https://naciscdn.org/naturalearth")

#: Columns of :func:`process` beside ``geometry`` (EPSG:4326); codes are missing where the file has
#: none.
CONTRACT = {"iso3": "str", "iso_numeric": "str", "name": "str"}
#: Natural Earth's codes that are not ISO 3166: Kosovo has a user-assigned one, the others none.
_NOT_ISO = {"KOS": "XKX", "CYN": None, "SOL": None, "-99": None}

#: As shipped: 1:50 million.
SCALE = "50m"
#: Digits kept after the point: about a hundred metres, well below what 1:50m resolves.
DECIMALS = 3

#: Polygons without an ISO code of their own, by Natural Earth's name. The Siachen Glacier is
#: disputed between India and Pakistan and stays with neither.
BY_NAME = {"Kosovo": "XKX", "N. Cyprus": "CYP", "Somaliland": "SOM", "Siachen Glacier": None}

CRIMEA = (34.1, 45.2)
#: Between the Cocos Islands (97° E) and Christmas Island (106° E), one shape at source.
EAST_OF_COCOS = 100.0


@tidy.reading(SOURCE)
def process(body: tidy.Body | Mapping[str, Any]) -> "gpd.GeoDataFrame":
    """Turn a zipped shapefile, GeoJSON or TopoJSON of countries into :data:`CONTRACT`.

    ``iso3`` and ``iso_numeric`` are missing where the file has none: TopoJSON of world-atlas has
    numbers only, and none for Kosovo, Northern Cyprus and Somaliland.
    """
    import geopandas

    if isinstance(body, Mapping):
        body = json.dumps(body)
    raw = body if isinstance(body, bytes) else tidy.text_of(body, SOURCE).encode()
    options = {}
    if not raw.startswith(b"PK"):
        message = tidy.json_of(raw, SOURCE)
        if isinstance(message, Mapping) and message.get("type") == "Topology":
            options["layer"] = "countries"
    try:
        layer = geopandas.read_file(io.BytesIO(raw), **options)
    except Exception as error:  # GDAL has many kinds
        raise SourceError(
            f"{SOURCE}: the country layer cannot be read ({tidy.snippet(str(error))}); expected a "
            "zipped shapefile, GeoJSON or TopoJSON"
        ) from error
    if layer.crs is None:
        layer = layer.set_crs("EPSG:4326")
    named = {str(column).lower(): column for column in layer.columns}
    if "name" not in named:
        tidy.need(named, ["name"], SOURCE)

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
    return valid(layer, CONTRACT)


def country_shapes(published: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """Return one valid row a country, and the land without one.

    Parameters
    ----------
    published : GeoDataFrame
        From :func:`process`: ``iso3`` or ``iso_numeric``, ``name``, ``geometry``.

    Returns
    -------
    GeoDataFrame
        ``iso3`` (missing for land without a country), ``name``, ``geometry`` in EPSG:4326,
        sorted by ``iso3``.
    """
    import shapely
    from shapely.geometry import Point

    whole = published[published["name"] != "Antarctica"]  # trades nothing, and rings a pole
    whole = whole.assign(iso3=_iso3(whole))
    parts = whole.assign(geometry=whole.geometry.map(cut_at_180)).explode(ignore_index=True)
    parts = parts[parts.geometry.geom_type == "Polygon"]
    iso3 = parts["iso3"].astype("object")
    iso3 = iso3.where(iso3.notna(), parts["name"].map(BY_NAME).astype("object"))
    territories = parts["name"] == "Indian Ocean Ter."  # two countries in one shape
    iso3[territories] = "CCK"
    iso3[territories & (parts.geometry.bounds["minx"] > EAST_OF_COCOS)] = "CXR"
    iso3[parts.geometry.contains(Point(CRIMEA))] = "UKR"
    own = parts.assign(iso3=iso3)[parts["iso3"].notna()]
    main_name = own.drop_duplicates("iso3").set_index("iso3")["name"]
    names = iso3.map({**main_name, "XKX": "Kosovo", "CCK": "Cocos Is.", "CXR": "Christmas I."})
    keyed = parts.assign(iso3=iso3.astype("str"), name=names.fillna(parts["name"]))
    joined = keyed.dissolve(["iso3", "name"], as_index=False, dropna=False)
    joined["geometry"] = shapely.set_precision(joined.geometry.array, 10.0**-DECIMALS)
    return joined[["iso3", "name", "geometry"]].sort_values("iso3", ignore_index=True)


def _iso3(layer: "gpd.GeoDataFrame") -> "pd.Series":
    """Return the code where it is one that countries have; what has a name of its own, later."""
    import pandas as pd

    by_code = ~layer["name"].isin([*BY_NAME, "Indian Ocean Ter."])
    found = pd.Series(None, index=layer.index, dtype="str")
    for system in ("iso_numeric", "iso3"):
        if system in layer:
            codes = layer.loc[by_code & found.isna(), system].dropna()
            codes = codes[[is_code(code, system) for code in codes]]
            found = found.fillna(to_iso3(codes, system))
    return found


def cut_at_180(shape: "BaseGeometry") -> "BaseGeometry":
    """Cut a shape that crosses the antimeridian in two, and make it valid.

    The outline of Russia or Fiji jumps from 180° to −180°; repaired as it is, it would be smeared
    round the world. Made continuous, what lies beyond ±180° is cut off and carried back by a full
    turn.
    """
    import numpy as np
    import shapely
    from shapely.affinity import translate
    from shapely.geometry import Polygon

    pieces = []
    for part in getattr(shape, "geoms", [shape]):
        rings = [np.array(ring.coords) for ring in (part.exterior, *part.interiors)]
        for ring in rings:
            ring[:, 0] = np.unwrap(ring[:, 0], period=360)
        if (abs(rings[0][:, 0]) <= 180).all():
            pieces.append(shapely.make_valid(part))
            continue
        outline = shapely.make_valid(Polygon(rings[0], rings[1:]))
        for turn in (-360, 0, 360):
            inside = outline.intersection(shapely.box(turn - 180, -90, turn + 180, 90))
            pieces.append(shapely.make_valid(translate(inside, xoff=-turn)))
    return shapely.union_all(pieces)


def _snapshot(path: str, client: Client) -> "gpd.GeoDataFrame":
    published = client.get(path, expect="zip", check=lambda answer: process(answer.body)).content
    return noted(country_shapes(published))


def _path(scale: str) -> str:
    return f"/{scale}/cultural/ne_{scale}_admin_0_countries.zip"


QUIRKS = (
    "Boundaries are drawn for orientation and imply no opinion on the status of a territory.",
    "Natural Earth draws Crimea in Russia; the UN General Assembly (resolution 68/262) and "
    "the European Union do not recognise that, so its polygon is moved to Ukraine.",
    "Kosovo (XKX) is drawn apart from Serbia; this designation is without prejudice to "
    "positions on status, and is in line with UNSCR 1244/1999 and the ICJ Opinion on the "
    "Kosovo declaration of independence.",
    "Northern Cyprus is joined to Cyprus and Somaliland to Somalia; the Siachen Glacier has "
    "no country.",
    "French Guiana, Guadeloupe, Martinique, Mayotte and Réunion are drawn as part of France, "
    "though US trade statistics list them apart; Svalbard as part of Norway.",
    "Shapes that cross 180° are cut there; Antarctica is left out.",
    "Coordinates are rounded to three decimals of a degree.",
)

SOURCES = (
    Source(
        "natural_earth", 216, redistributable=True,
        producer="Natural Earth",
        title="Country polygons, 1:50m cultural vectors",
        citation="Made with Natural Earth (1:50m); Crimea drawn with Ukraine.",
        licence="Public domain",
        licence_url="https://www.naturalearthdata.com/about/terms-of-use/",
        quirks=QUIRKS,
        provider=PROVIDER, file="countries_50m.parquet", groups=("iso3",),
        plan=lambda _: [Question("polygons of countries", _path(SCALE), 240)],
        questions=lambda path, _: [(path, None)], fetch=_snapshot, years="none",
        on_request=True, by_code=False, answer_s=5.0, polygons=True,
    ),
)  # fmt: skip

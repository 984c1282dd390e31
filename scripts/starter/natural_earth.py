"""Country polygons, 1:50m (Natural Earth, by way of the npm package world-atlas).

``--from`` is the package as ``npm pack world-atlas@2.0.2`` leaves it (world-atlas-2.0.2.tgz).
Boundaries are Natural Earth's except where the resolutions of the United Nations General
Assembly and the European Union say otherwise: Crimea is drawn with Ukraine.
"""

import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

import _common
import geopandas as gpd
import numpy as np
import shapely
from shapely.affinity import translate
from shapely.geometry import Point, Polygon
from shapely.geometry.base import BaseGeometry

from marketintel.sources import snapshot
from marketintel.warehouse import harmonise

#: Digits kept after the point: about a hundred metres, well below what 1:50m resolves.
DECIMALS = 3

#: Polygons without an ISO code of their own, by Natural Earth's name. The Siachen Glacier is
#: disputed between India and Pakistan and stays with neither.
BY_NAME = {"Kosovo": "XKX", "N. Cyprus": "CYP", "Somaliland": "SOM", "Siachen Glacier": None}

CRIMEA = Point(34.1, 45.2)
#: Between the Cocos Islands (97° E) and Christmas Island (106° E), one shape at source.
EAST_OF_COCOS = 100.0

CITATION = snapshot.Citation(
    source="natural_earth",
    vintage="4.1.0-world-atlas-2.0.2",
    producer="Natural Earth",
    title="Country polygons, 1:50m cultural vectors, version 4.1.0",
    citation="Made with Natural Earth (version 4.1.0, 1:50m), from the npm package world-atlas "
    "2.0.2 (ISC licence); Crimea drawn with Ukraine.",
    licence="Public domain (Natural Earth); packaged under ISC",
    licence_url="https://www.naturalearthdata.com/about/terms-of-use/",
    url="https://www.naturalearthdata.com/downloads/50m-cultural-vectors/",
    parameters={"package": "world-atlas", "version": "2.0.2", "file": "countries-50m.json"},
    retrieved_at=_common.COMPILED_AT,
    retrieved_note=_common.COMPILED_NOTE,
    rebuild="python scripts/starter/natural_earth.py --from world-atlas-2.0.2.tgz",
    quirks=[
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
    ],
)


def main() -> None:
    """Read the package, key the polygons by ISO3, write the snapshot."""
    chosen = _common.options(__doc__, "world-atlas-2.0.2.tgz")
    frame = tidy(read(chosen.file))
    sink = BytesIO()
    frame.to_parquet(sink, compression="zstd", index=False)
    kept = snapshot.save(
        chosen.data, CITATION, "countries_50m.parquet", sink.getvalue(), rows=len(frame)
    )
    print(f"{kept.path}: {len(frame):,} rows, {kept.meta.bytes:,} bytes")


def read(package: Path) -> gpd.GeoDataFrame:
    """Return id (ISO numeric), name, geometry from the package."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(package) as archive:
            archive.extract("package/countries-50m.json", folder, filter="data")
        file = Path(folder) / "package" / "countries-50m.json"
        return gpd.read_file(file, layer="countries").set_crs("EPSG:4326")


def tidy(published: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return iso3, name, geometry: one valid row a country, and the land without one."""
    whole = published[published["name"] != "Antarctica"]  # trades nothing, and rings a pole
    parts = whole.assign(geometry=whole.geometry.map(cut_at_180)).explode(ignore_index=True)
    parts = parts[parts.geometry.geom_type == "Polygon"]
    numbered = parts["id"].notna()
    iso3 = parts["name"].map(BY_NAME).astype("object")
    iso3[numbered] = harmonise.to_iso3(parts.loc[numbered, "id"], "iso_numeric")
    territories = parts["name"] == "Indian Ocean Ter."  # two countries in one shape
    iso3[territories] = "CCK"
    iso3[territories & (parts.geometry.bounds["minx"] > EAST_OF_COCOS)] = "CXR"
    iso3[parts.geometry.contains(CRIMEA)] = "UKR"
    main_name = parts.assign(iso3=iso3)[numbered].drop_duplicates("iso3").set_index("iso3")["name"]
    names = iso3.map({**main_name, "XKX": "Kosovo", "CCK": "Cocos Is.", "CXR": "Christmas I."})
    keyed = parts.assign(iso3=iso3.astype("str"), name=names.fillna(parts["name"]))
    joined = keyed.dissolve(["iso3", "name"], as_index=False, dropna=False)
    joined["geometry"] = shapely.set_precision(joined.geometry.array, 10.0**-DECIMALS)
    return joined[["iso3", "name", "geometry"]].sort_values("iso3", ignore_index=True)


def cut_at_180(shape: BaseGeometry) -> BaseGeometry:
    """Cut a shape that crosses the antimeridian in two, and make it valid.

    The outline of Russia or Fiji jumps from 180° to −180°; repaired as it is, it would be smeared
    round the world. Made continuous, what lies beyond ±180° is cut off and carried back by a full
    turn.
    """
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


if __name__ == "__main__":
    main()

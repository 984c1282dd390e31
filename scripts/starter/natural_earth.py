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

from marketintel.sources import snapshot
from marketintel.sources.providers import natural_earth

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
    quirks=natural_earth.QUIRKS,
)


def main() -> None:
    """Read the package, key the polygons by ISO3, write the snapshot."""
    chosen = _common.options(__doc__, "world-atlas-2.0.2.tgz")
    published = read(chosen.file).rename(columns={"id": "iso_numeric"})
    frame = natural_earth.country_shapes(published)
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


if __name__ == "__main__":
    main()

"""Reproducible parquet: equal frames give equal bytes."""

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


def parquet_bytes(
    frame: "pd.DataFrame", row_group_rows: int = 1 << 20, compression_level: int = 12
) -> bytes:
    """Return a frame as parquet.

    The index is dropped, and so is the pandas metadata in the file, which holds versions.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    plain = pa.schema(
        [pa.field(f.name, pa.string() if pa.types.is_large_string(f.type) else f.type)
         for f in arrow.schema]
    )  # fmt: skip
    sink = BytesIO()
    pq.write_table(
        arrow.cast(plain).replace_schema_metadata(None),
        sink,
        compression="zstd",
        compression_level=compression_level,
        row_group_size=row_group_rows,
    )
    return sink.getvalue()


def geoparquet_bytes(polygons: "gpd.GeoDataFrame") -> bytes:
    """Return polygons as GeoParquet."""
    sink = BytesIO()
    polygons.to_parquet(sink, compression="zstd", index=False)
    return sink.getvalue()

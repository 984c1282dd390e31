"""Polygons under a contract, valid and non-empty."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas


def valid(layer: "geopandas.GeoDataFrame", contract: Mapping[str, str]) -> "geopandas.GeoDataFrame":
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

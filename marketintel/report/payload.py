"""Frames and figures as plain text: how they travel inside an executed notebook.

A notebook is read again by machines that were not there when it ran. So a table travels as JSON
that gives back exactly the frame, and a figure as SVG without dates, versions or shared ids.
"""

import io
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from marketintel.report.formats import is_missing

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def svg_of(figure: "Figure", name: str) -> str:
    """Save a figure as SVG and close it: no date, no version, ids prefixed with `name`."""
    import matplotlib.pyplot as plt

    from marketintel.report.theme import chart_style

    with chart_style(), io.StringIO() as out:
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
        svg = out.getvalue()
    plt.close(figure)
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, count=1, flags=re.DOTALL)
    # Two figures in one page must not share ids: clip paths would be mixed up.
    svg = re.sub(r'(\sid="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    # A hundredth of a point is far below what print or screen can show.
    svg = re.sub(r'(?<= d=")[^"]*', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), svg)
    return svg.strip()


def pack(frame: "pd.DataFrame") -> dict[str, Any]:
    """Turn a frame into plain JSON, exactly: column by column with the dtype's family.

    Raises
    ------
    ValueError
        For a column that is neither text, whole number, number nor boolean, or is infinite.
    """
    columns = []
    for label, values in frame.items():
        family = _family(values)
        convert = {"bool": bool, "int": int, "float": float, "text": str}[family]
        data = [None if is_missing(value) else convert(value) for value in values]
        if any(value in (math.inf, -math.inf) for value in data):
            raise ValueError(f"column {label}: infinite; a share of nothing is missing, not ∞")
        columns.append({"name": str(label), "type": family, "data": data})
    return {"columns": columns}


def unpack(packed: Mapping[str, Any]) -> "pd.DataFrame":
    """Rebuild the frame of :func:`pack`; whole numbers with gaps come back as ``Int64``."""
    import pandas as pd

    series = {}
    for column in packed["columns"]:
        data = column["data"]
        gaps = any(value is None for value in data)
        dtype = {
            "bool": "boolean" if gaps else "bool",
            "int": "Int64" if gaps else "int64",
            "float": "float64",
            "text": "str",
        }[column["type"]]
        series[column["name"]] = pd.Series(data, dtype=dtype)
    return pd.DataFrame(series)


def _family(values: "pd.Series") -> str:
    import pandas as pd

    if pd.api.types.is_bool_dtype(values):
        return "bool"
    if pd.api.types.is_integer_dtype(values):
        return "int"
    if pd.api.types.is_float_dtype(values):
        return "float"
    if all(is_missing(value) or isinstance(value, str) for value in values):
        return "text"
    raise ValueError(f"column {values.name}: {values.dtype} cannot be kept; use text or numbers")

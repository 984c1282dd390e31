"""Frames and figures as plain text inside an executed notebook.

A notebook is read again by machines that were not there when it ran. So a table travels as JSON
that gives back exactly the frame, and a figure as SVG without dates, versions or shared ids.
"""

import io
import json
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from marketintel.documents.engine.fonts import FONT, fallbacks, printable
from marketintel.documents.engine.formats import is_missing

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_TOLERANCE_IN = 0.02
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def svg_of(figure: "Figure", name: str) -> str:
    """Save a figure as SVG and close it: no date, no version, ids prefixed with `name`."""
    import matplotlib.pyplot as plt

    from marketintel.documents.engine.theme import chart_style

    with chart_style(), io.StringIO() as out:
        _make_printable(figure)
        box = _box(figure)
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches=box)
        svg = out.getvalue()
    plt.close(figure)
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, count=1, flags=re.DOTALL)
    # Two figures in one page must not share ids: clip paths would be mixed up.
    svg = re.sub(r'(\sid="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    # A hundredth of a point is far below what print or screen can show.
    svg = re.sub(r'(?<= d=")[^"]*', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), svg)
    return svg.strip()


def _make_printable(figure: "Figure") -> None:
    """Exchange letters that cannot be set, before anything is measured."""
    from matplotlib.text import Text
    from matplotlib.ticker import FixedFormatter, FuncFormatter

    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        names = axis.get_major_formatter()
        if isinstance(names, FixedFormatter | FuncFormatter):
            axis.set_major_formatter(FuncFormatter(lambda x, i, f=names: printable(f(x, i))))
    for text in figure.findobj(Text):
        text.set_text(printable(text.get_text()))
        # In the PDF one odd letter turns its whole line into the fallback font: measure that.
        if others := fallbacks(text.get_text()):
            text.set_fontfamily([*others, FONT])


def _box(figure: "Figure") -> Any:
    """Return the figure's bounds in inches, wider if something is drawn beyond them, or None."""
    import numpy as np
    from matplotlib.transforms import Bbox

    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    bounds = Bbox.from_bounds(0, 0, *figure.get_size_inches())
    both = Bbox.union([bounds, figure.get_tightbbox()])
    return None if np.allclose(both.extents, bounds.extents, atol=_TOLERANCE_IN) else both


def well_formed(payload: dict[str, Any]) -> dict[str, Any]:
    """Return a payload that any file can hold: halves of UTF-16 pairs stand as codes."""
    text = json.dumps(payload, ensure_ascii=False)
    if text.isprintable() or not _SURROGATE.search(text):
        return payload
    kept: dict[str, Any] = json.loads(_SURROGATE.sub(lambda half: printable(half[0]), text))
    return kept


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

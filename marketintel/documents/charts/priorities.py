"""Picture of a list of priorities: imports by segment, and what the exporter sells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marketintel.documents.charts import drawing
from marketintel.documents.engine.formats import show
from marketintel.reference.brand import shipped_brand

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@drawing.styled
def bars(rows: pd.DataFrame, exporter: str) -> Figure:
    """Imports of each segment as a bar, the exporter's part of it darker, its class beside it.

    Parameters
    ----------
    rows : DataFrame
        ``segment_name, class, size_usd, exporter_share_pct`` (missing: no darker part).
    exporter : str
        Name for the key.
    """
    brand = shipped_brand()
    names = rows["segment_name"].tolist()
    scale, unit = drawing.money_unit(rows["size_usd"].max())
    axes = drawing.rows_axes(names, extra=0.5)
    sizes = rows["size_usd"] / scale
    axes.barh(range(len(rows)), sizes, height=0.62, color=drawing.OTHERS)
    sold = (sizes * rows["exporter_share_pct"] / 100).fillna(0.0)  # no bar where it is not known
    axes.barh(range(len(rows)), sold, height=0.62, color=brand.palette[0])
    drawing.text_column(axes, 40, [drawing.amount(v, scale) for v in rows["size_usd"]], unit)
    shares = [show(part, "pct") for part in rows["exporter_share_pct"]]
    drawing.text_column(axes, 84, shares, f"{exporter}, %")
    drawing.text_column(axes, 130, rows["class"].tolist(), "class")
    axes.set_xlim(left=0)
    axes.grid(axis="x")
    axes.set_xlabel(drawing.axis_title("Imports", unit))
    drawing.embolden(axes, (rows["class"] == "push").tolist())
    key = [("s", f"sold by {exporter}", brand.palette[0]), ("s", "others", drawing.OTHERS)]
    return drawing.finish(axes, key, inside=True)

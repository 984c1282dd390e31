"""Lines over months, one panel a group."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from marketintel.documents.charts import drawing
from marketintel.reference.brand import shipped_brand

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@drawing.styled
def panels(
    frame: "pd.DataFrame", names: Sequence[str], value: str, unit: str, *, shared: bool = True
) -> "Figure":
    """Series of months or years side by side.

    Parameters
    ----------
    frame : DataFrame
        ``panel, line, period`` (YYYY-MM or YYYY) and the column `value`.
    names : sequence of str
        Lines in the order of the key.
    shared : bool
        One scale for all panels.
    """
    groups = list(frame.groupby("panel"))
    figure = drawing.wide(2.6)
    axes = figure.subplots(1, len(groups), sharey=shared, squeeze=False)[0]
    for place, (panel, rows) in zip(axes, groups, strict=True):
        for name, colour in zip(names, shipped_brand().palette, strict=False):
            own = rows[rows["line"] == name].sort_values("period")
            month = pd.to_numeric(own["period"].str[5:]).fillna(6.5)
            months = own["period"].str[:4].astype(int) + (month - 0.5) / 12
            place.plot(months, own[value], color=colour, linewidth=1.1, label=name)
        place.set_title(textwrap.fill(str(panel), 84 // len(groups)), fontsize=7.5)
        first, last = int(months.min()), int(months.max())
        place.set_xticks(range(first + 1, last + 1, 4 if last - first < 16 else 8))
        place.set_ylim(bottom=0)
        place.grid(axis="y")
        place.tick_params(labelsize=7)
    axes[0].set_ylabel(unit)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(names),
                  frameon=False, fontsize=8)  # fmt: skip
    return figure


@drawing.styled
def level_intervals(frame: "pd.DataFrame") -> "Figure":
    """Level now, and median and 80 % interval of a forecast, one row a segment, logarithmic.

    Parameters
    ----------
    frame : DataFrame
        ``segment_name, level_usd, median_usd, lo_80, hi_80``, all above zero, top row first.
    """
    brand = shipped_brand()
    axes = drawing.rows_axes([str(name) for name in frame["segment_name"]])
    columns = (frame[c] / 1e6 for c in ("level_usd", "median_usd", "lo_80", "hi_80"))
    for y, (now, then, low, high) in enumerate(zip(*columns, strict=True)):
        axes.plot([low, high], [y, y], color=drawing.FAINT, linewidth=4, zorder=1)
        axes.plot(now, y, "D", markersize=6, color="white", markeredgecolor=brand.muted)
        axes.plot(then, y, "o", markersize=6, color=brand.palette[0])
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    axes.grid(axis="x")
    axes.set_xlabel("Imports a year, USD million (logarithmic)")
    keys = [("D hollow", "last year", brand.muted), ("o", "median forecast", brand.palette[0]),
            ("s", "80 % interval", drawing.FAINT)]  # fmt: skip
    return drawing.finish(axes, keys)

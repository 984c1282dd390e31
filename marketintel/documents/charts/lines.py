"""Lines over months, one panel a group."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from marketintel.documents.charts import drawing
from marketintel.reference.brand import shipped_brand

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@drawing.styled
def panels(frame: "pd.DataFrame", names: Sequence[str], value: str, unit: str) -> "Figure":
    """Monthly series side by side.

    Parameters
    ----------
    frame : DataFrame
        ``panel, line, period`` (YYYY-MM) and the column `value`.
    names : sequence of str
        Lines in the order of the key.
    """
    groups = list(frame.groupby("panel"))
    figure = drawing.wide(2.6)
    axes = figure.subplots(1, len(groups), sharey=True, squeeze=False)[0]
    for place, (panel, rows) in zip(axes, groups, strict=True):
        for name, colour in zip(names, shipped_brand().palette, strict=False):
            own = rows[rows["line"] == name].sort_values("period")
            months = (
                own["period"].str[:4].astype(int) + (own["period"].str[5:].astype(int) - 0.5) / 12
            )
            place.plot(months, own[value], color=colour, linewidth=1.1, label=name)
        place.set_title(str(panel), fontsize=7.5, wrap=True)
        place.set_xticks(range(2014, int(months.max()) + 1, 4))
        place.set_ylim(bottom=0)
        place.grid(axis="y")
        place.tick_params(labelsize=7)
    axes[0].set_ylabel(unit)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(names),
                  frameon=False, fontsize=8)  # fmt: skip
    return figure

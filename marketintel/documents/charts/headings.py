"""Charts of trade by heading: who supplies, what is known of a share, and trends."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from marketintel.documents.charts import drawing
from marketintel.documents.engine.fonts import wrap
from marketintel.reference.brand import shipped_brand

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

#: Panels in a row of small multiples.
COLUMNS = 4


@drawing.styled
def supplier_mix(frame: "pd.DataFrame", names: Sequence[str], accent: str = "") -> "Figure":
    """Shares of suppliers as parts of a bar, one bar a heading; what is not known is hatched.

    Parameters
    ----------
    frame : DataFrame
        One row a heading: ``label``, and per cent in a column of each name.
    names : sequence of str
        Columns from left to right; the last two are other known suppliers, and what is not known.
    accent : str
        Name in the accent colour.
    """
    brand = shipped_brand()
    axes = drawing.rows_axes([str(label) for label in frame["label"]], extra=0.8)
    *named, other, unknown = names
    colours = iter(c for c in brand.palette if c != brand.palette[1])
    fill = {n: brand.accent if n == accent else next(colours) for n in named}
    fill |= {other: drawing.FAINT, unknown: "white"}
    left = frame[names[0]] * 0
    for name in names:
        hatch = "////" if name == unknown else None
        axes.barh(range(len(frame)), frame[name], 0.68, left=left, color=fill[name], hatch=hatch,
                  edgecolor=drawing.hatched(hatch) if hatch else "white", linewidth=0.5)  # fmt: skip
        for y, (start, size) in enumerate(zip(left, frame[name], strict=True)):
            if size >= 7 and name != unknown:
                ink = brand.ink if name == other else "white"
                axes.text(start + size / 2, y, f"{size:.0f}", ha="center", va="center", size=7.5,
                          color=ink)  # fmt: skip
        left = left + frame[name]
    axes.set_xlim(0, 100)
    axes.set_xlabel("Share of imports, %")
    figure = drawing.finish(axes)
    axes.legend(
        [drawing.patch(fill[n], "////" if n == unknown else None) for n in names], names,
        loc="lower left", bbox_to_anchor=(0, 1), ncols=min(len(names), 5), frameon=False,
        fontsize=8, handlelength=1.1, borderpad=0, columnspacing=1.2,
    )  # fmt: skip
    return figure


@drawing.styled
def known_shares(frame: "pd.DataFrame", base_label: str) -> "Figure":
    """Known share as a bar, and how far it can reach, one row a heading.

    Parameters
    ----------
    frame : DataFrame
        ``label, share_pct, most_share_pct, base_share_pct``, per cent; a share that is not known is
        missing, and its row has the reach alone.
    base_label : str
        Meaning of the tick at ``base_share_pct``.
    """
    brand = shipped_brand()
    axes = drawing.rows_axes([str(label) for label in frame["label"]])
    for y, (share, most) in enumerate(zip(frame["share_pct"], frame["most_share_pct"], strict=True)):  # fmt: skip
        known = 0.0 if math.isnan(share) else share
        axes.barh(y, most - known, 0.3, left=known, color="white", hatch="////",
                  edgecolor=drawing.FAINT, linewidth=0.6)  # fmt: skip
        axes.barh(y, known, 0.62, color=brand.accent)
    texts = ["not known" if math.isnan(s) else f"{s:.1f}" for s in frame["share_pct"]]
    drawing.text_column(axes, 46, texts, "known, %")
    drawing.text_column(axes, 88, [f"{m:.1f}" for m in frame["most_share_pct"]], "at most, %")
    drawing.ticks(axes, frame["base_share_pct"].to_list())
    axes.set_xlim(0, 100)
    axes.grid(axis="x")
    axes.set_xlabel("Share of imports, %")
    key = [("s", "known", brand.accent), ("s hollow", "at most", drawing.FAINT)]
    if frame["base_share_pct"].notna().any():
        key.append(("|", base_label, brand.ink))
    return drawing.finish(axes, key, inside=True)


@drawing.styled
def trends(frame: "pd.DataFrame", titles: Mapping[str, str], breaks: Mapping[str, int]) -> "Figure":
    """Imports and exports by year, one panel a heading, each with its own scale.

    Parameters
    ----------
    frame : DataFrame
        ``cmd_code, period, imports_usd, exports_usd``.
    titles : mapping of str to str
        Heading to the panel's title, in order.
    breaks : mapping of str to int
        First year after a break: a dotted line before it.
    """
    brand = shipped_brand()
    rows = math.ceil(len(titles) / COLUMNS)
    figure = drawing.wide(1.55 * rows + 0.35)
    panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for place, (code, title) in zip(panels, titles.items(), strict=False):
        own = frame[frame["cmd_code"] == code].sort_values("period")
        years = own["period"].astype(int)
        scale, unit = drawing.money_unit(own[["imports_usd", "exports_usd"]].max().max())
        for column, colour in (
            ("imports_usd", brand.palette[0]),
            ("exports_usd", brand.palette[2]),
        ):
            place.plot(years, own[column] / scale, color=colour, marker="o", markersize=2, lw=1.3,
                       label=column.removesuffix("_usd").capitalize())  # fmt: skip
        if code in breaks:
            place.axvline(breaks[code] - 0.5, color=brand.muted, linestyle=":", linewidth=1)
        place.set_title(wrap(title, 26, lines=2), fontsize=7)
        place.set_ylabel(unit, fontsize=6.5)
        place.set_ylim(bottom=0)
        place.set_xticks([2017, 2020, 2023])
        place.tick_params(labelsize=6.5)
        place.grid(axis="y")
    for place in panels[len(titles) :]:
        place.set_axis_off()
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=2, frameon=False, fontsize=8)
    return figure


@drawing.styled
def months(frame: "pd.DataFrame", unit: str) -> "Figure":
    """Imports and exports by month.

    Parameters
    ----------
    frame : DataFrame
        ``period`` (YYYY-MM), ``imports, exports`` in `unit`.
    """
    brand = shipped_brand()
    axes = drawing.wide(2.2).subplots()
    places = range(len(frame))
    for column, colour in (("imports", brand.palette[0]), ("exports", brand.palette[2])):
        axes.plot(places, frame[column], color=colour, marker="o", markersize=2.5, linewidth=1.4)
        drawing.beside(axes, column.capitalize(), len(frame) - 1, frame[column].iloc[-1], 5,
                       color=colour)  # fmt: skip
    shown = [y for y, month in enumerate(frame["period"]) if month[5:] in ("01", "07")]
    axes.set_xticks(shown, [frame["period"].iloc[y] for y in shown])
    axes.set_xlim(-0.5, len(frame) + 2.5)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y")
    axes.set_ylabel(unit)
    return drawing.finish(axes)

"""Charts of the report: a frame in, a matplotlib figure out.

Every chart is as wide as the page's text, names its units in the axis title, and labels its marks
directly. Money arrives in whole dollars and is scaled for the axis; shares and rates arrive as
per cent. Rows whose figure is missing are left out, never drawn as zero.
"""

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from marketintel.documents.charts import drawing
from marketintel.documents.engine.formats import show
from marketintel.reference.brand import shipped_brand

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

TERMS = {
    "market_growth_usd": "Market growth",
    "product_mix_usd": "Product mix",
    "competitiveness_usd": "Competitiveness",
    "interaction_usd": "Interaction",
}


@drawing.styled
def bar_suppliers(
    frame: "pd.DataFrame",
    *,
    supplier: str = "supplier",
    value: str = "value_usd",
    base: str | None = "base_value_usd",
    share: str | None = "share_pct",
    label: str = "",
    base_label: str = "",
    highlight: str | Collection[str] = (),
    also: Collection[str] = (),
    n: int = 12,
    what: str = "Imports",
) -> "Figure":
    """Suppliers in order of size, with what they sold in the period before.

    Parameters
    ----------
    frame : DataFrame
        One row a supplier: names in `supplier`, USD in `value` and `base`, per cent in `share`.
    label, base_label : str
        What bars and ticks stand for, for example "2025" and "2024".
    highlight : str or collection of str
        Names in the accent colour; one that ranks below `n` is added, with its rank.
    also : collection of str
        Names in the second colour: EU members.
    n : int
        How many of the largest.
    what : str
        Title of the axis.

    Raises
    ------
    ValueError
        If no row has a value.
    """
    brand = shipped_brand()
    ranked = drawing.rows_with(frame, value, "bar_suppliers").sort_values(
        [value, supplier], ascending=[False, True], ignore_index=True
    )
    marked_names = drawing.listed(highlight)
    rows = ranked[(ranked.index < n) | ranked[supplier].isin(marked_names)]
    ranks = rows.index.to_numpy() + 1
    names = [
        f"{rank}. {name}" if rank > n else str(name)
        for rank, name in zip(ranks, rows[supplier], strict=True)
    ]
    marked = rows[supplier].isin(marked_names).to_list()
    second = rows[supplier].isin(list(also)).to_list()
    scale, unit = drawing.money_unit(rows[value].max())
    axes = drawing.rows_axes(names)
    colours = [
        brand.accent if first else brand.palette[0] if other else drawing.OTHERS
        for first, other in zip(marked, second, strict=True)
    ]
    axes.barh(range(len(rows)), rows[value] / scale, height=0.66, color=colours)
    if base:
        drawing.ticks(axes, (rows[base] / scale).to_list())
    drawing.text_column(axes, 42, [drawing.amount(size, scale) for size in rows[value]], unit)
    if share:
        drawing.text_column(axes, 76, [show(part, "pct") for part in rows[share]], "share, %")
    axes.set_xlim(left=0)
    axes.grid(axis="x")
    axes.set_xlabel(drawing.axis_title(what, unit, label))
    drawing.embolden(axes, marked)
    key = [("s", "EU members", brand.palette[0])] if any(second) else []
    if base and base_label:
        key.append(("|", base_label, brand.ink))
    return drawing.finish(axes, key, inside=True)


@drawing.styled
def duty_dumbbell(
    frame: "pd.DataFrame",
    *,
    order: Sequence[str] | None = None,
    highlight: str | Collection[str] = (),
) -> "Figure":
    """Effective duty in the first and in the last period, one line a supplier.

    Parameters
    ----------
    frame : DataFrame
        ``supplier`` (name), ``period, effective_duty_pct``. A supplier without a rate in the first
        period shows the last one alone.
    order : sequence of str, optional
        Names from top to bottom; default: the highest last rate first.
    highlight : str or collection of str
        Names in the accent colour.
    """
    brand = shipped_brand()
    wide = frame.pivot_table("effective_duty_pct", "supplier", "period", observed=True)
    first, last = str(min(wide.columns)), str(max(wide.columns))
    wide = drawing.rows_with(wide, last, "duty_dumbbell")
    if order is None:
        wide = wide.sort_values(last, ascending=False, kind="stable")
    else:
        wide = wide.loc[[name for name in order if name in wide.index]]
    names = [str(name) for name in wide.index]
    axes = drawing.rows_axes(names)
    marked = [name in drawing.listed(highlight) for name in names]
    span = max(wide[first].max(skipna=True), wide[last].max(), 1e-9)
    pairs = zip(wide[first], wide[last], marked, strict=True)
    for y, (before, after, flag) in enumerate(pairs):
        colour = brand.accent if flag else brand.palette[0]
        if first != last and not math.isnan(before):
            axes.plot([before, after], [y, y], color=drawing.FAINT, linewidth=2.4, zorder=1)
            axes.plot(before, y, "o", markersize=6, color="white", markeredgecolor=brand.muted)
        axes.plot(after, y, "o", markersize=7, color=colour)
        right = math.isnan(before) or after >= before
        drawing.beside(axes, show(after, "pct"), after, y, 7 if right else -7, color=colour)
    axes.set_xlim(-0.02 * span, span * 1.12)
    axes.grid(axis="x")
    axes.set_xlabel("Calculated duty, % of customs value")
    drawing.embolden(axes, marked)
    return drawing.finish(axes, [("o hollow", first, brand.muted), ("o", last, brand.palette[0])])


@drawing.styled
def segments_bar(
    frame: "pd.DataFrame",
    *,
    core: str = "core_usd",
    core_broad: str = "core_broad_usd",
    base_core: str | None = "base_core_usd",
    period: str = "",
    base_period: str = "",
) -> "Figure":
    """Segments by size, core and broad codes side by side, each with its own scale.

    Two panels rather than a stack, because a broad code is mostly something else.

    Parameters
    ----------
    frame : DataFrame
        ``segment_name``, and USD in `core`, `core_broad` and `base_core`. What is drawn as broad is
        `core_broad` less `core`; a segment without broad codes has no mark.
    base_core : str or None
        Drawn as a tick on the core bars.
    """
    brand = shipped_brand()
    rows = drawing.rows_with(frame, core_broad, "segments_bar")
    rows = rows.assign(broad_=rows[core_broad] - rows[core].fillna(0))
    rows = rows.sort_values([core, "segment_name"], ascending=[False, True], na_position="last")
    figure = drawing.empty_figure(len(rows), extra=0.75)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    drawing.label_rows(left, [str(name) for name in rows["segment_name"]])
    for axes, column, colour, hatch, name in (
        (left, core, brand.palette[0], None, "Core codes"),
        (right, "broad_", "#e3e8ec", "/////", "Broad codes, in no headline"),
    ):
        scale, unit = drawing.money_unit(rows[column].max())
        # A segment without broad codes has none of them, rather than imports of 0.
        drawn = [not math.isnan(size) and (size > 0 or column == core) for size in rows[column]]
        for y, size in enumerate(rows[column]):
            if drawn[y]:
                axes.barh(
                    y, size / scale, 0.66, color=colour, hatch=hatch, ec=drawing.hatched(hatch)
                )
        if base_core and column == core:
            drawing.ticks(axes, (rows[base_core] / scale).to_list())
        texts = [
            drawing.amount(size, scale) if flag else ""
            for size, flag in zip(rows[column], drawn, strict=True)
        ]
        drawing.text_column(axes, 42, texts, unit)
        axes.set_xlim(left=0)
        axes.set_title(name, fontsize=9, pad=16)
        axes.set_xlabel(drawing.axis_title("Imports", unit, period))
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
    key = [("|", base_period, brand.ink)] if base_core and base_period else []
    return drawing.finish(left, key)


@drawing.styled
def decomposition_bars(frame: "pd.DataFrame") -> "Figure":
    """Change of sales by cause: terms stacked away from zero, and a diamond for their sum.

    Parameters
    ----------
    frame : DataFrame
        One row a segment, of one weighting: ``segment_name``, USD in each of :data:`TERMS` and in
        ``change_usd``.
    """
    brand, change = shipped_brand(), "change_usd"
    rows = frame.dropna(subset=[*TERMS, change])
    if rows.empty:
        raise ValueError("decomposition_bars: no row has all terms")
    rows = rows.sort_values([change, "segment_name"], ascending=[False, True])
    axes = drawing.rows_axes([str(name) for name in rows["segment_name"]], extra=0.7)
    low = rows[list(TERMS)].clip(upper=0).sum(axis=1)
    high = rows[list(TERMS)].clip(lower=0).sum(axis=1)
    scale, unit = drawing.money_unit(max(high.max(), -low.min()))
    places = range(len(rows))
    ends = {1: rows[change].to_numpy() * 0.0, -1: rows[change].to_numpy() * 0.0}
    colours = dict(zip(TERMS, brand.palette, strict=False))
    for column in TERMS:
        part = rows[column].to_numpy() / scale
        for sign in (1, -1):
            piece = part * (part * sign > 0)
            axes.barh(places, piece, 0.62, left=ends[sign], color=colours[column])
            ends[sign] = ends[sign] + piece
    axes.plot(rows[change] / scale, places, "D", ms=5, color=brand.ink, markeredgecolor="white")
    for y, size in enumerate(rows[change]):
        text = show(size, "usd_m_signed")
        if scale == 1e9:
            text = f"{size / scale:+,.2f}".replace("-", "−")
        drawing.beside(axes, text, ends[1][y], y, 6)
    least, most = min(low.min() / scale, 0), max(high.max() / scale, 0)
    room = 0.14 * ((most - least) or 1)
    axes.set_xlim(least - room * (least < 0), most + room)
    axes.axvline(0, color=brand.ink, linewidth=0.8)
    axes.grid(axis="x")
    axes.set_xlabel(drawing.axis_title("Change of sales", unit))
    key = [("s", name, colours[column]) for column, name in TERMS.items()]
    return drawing.finish(axes, [*key, ("D", "Change", brand.ink)])

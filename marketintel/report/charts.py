"""Charts of the report: a frame in, a matplotlib figure out.

Every chart is as wide as the page's text, names its units in the axis title, and labels its marks
directly. Money arrives in whole dollars and is scaled for the axis; shares and rates arrive as
per cent. Rows whose figure is missing are left out, never drawn as zero.
"""

import functools
import math
import textwrap
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec

import matplotlib.figure

from marketintel.report.fans import fan, sparkline
from marketintel.report.formats import show
from marketintel.report.theme import TEXT_WIDTH_IN, chart_style, shipped_brand

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "bar_suppliers",
    "decomposition_bars",
    "duty_dumbbell",
    "fan",
    "segments_bar",
    "share_change",
    "sparkline",
]

P = ParamSpec("P")
_OTHERS = "#7d95a5"  # suppliers that are not the subject: 3 : 1 on white, and no more
_FAINT = "#c3cbd3"
_ROW_IN = 0.235
TERMS = {
    "market_growth_usd": "Market growth",
    "product_mix_usd": "Product mix",
    "competitiveness_usd": "Competitiveness",
    "interaction_usd": "Interaction",
}


def _styled(draw: "Callable[P, Figure]") -> "Callable[P, Figure]":
    @functools.wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> "Figure":
        with chart_style():
            return draw(*args, **kwargs)

    return wrapper


@_styled
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
    also_label: str = "EU members",
    n: int = 12,
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
    also, also_label : collection of str, str
        Names in the second colour, and what they are.
    n : int
        How many of the largest.

    Raises
    ------
    ValueError
        If no row has a value.
    """
    brand = shipped_brand()
    ranked = _known(frame, value, "bar_suppliers").sort_values(
        [value, supplier], ascending=[False, True], ignore_index=True
    )
    marked_names = _names(highlight)
    rows = ranked[(ranked.index < n) | ranked[supplier].isin(marked_names)]
    ranks = rows.index.to_numpy() + 1
    names = [
        f"{rank}. {name}" if rank > n else str(name)
        for rank, name in zip(ranks, rows[supplier], strict=True)
    ]
    marked = rows[supplier].isin(marked_names).to_list()
    second = rows[supplier].isin(list(also)).to_list()
    scale, unit = _money(rows[value].max())
    axes = _rows(names)
    colours = [
        brand.accent if first else brand.palette[0] if other else _OTHERS
        for first, other in zip(marked, second, strict=True)
    ]
    axes.barh(range(len(rows)), rows[value] / scale, height=0.66, color=colours)
    if base:
        _ticks(axes, (rows[base] / scale).to_list())
    _column(axes, 1.11, [_amount(size, scale) for size in rows[value]], unit)
    if share:
        _column(axes, 1.2, [show(part, "pct") for part in rows[share]], "share, %")
    axes.set_xlim(left=0)
    axes.grid(axis="x")
    axes.set_xlabel(_title("Imports", unit, label))
    _embolden(axes, marked)
    key = [("s", also_label, brand.palette[0])] if any(second) else []
    if base and base_label:
        key.append(("|", base_label, brand.ink))
    return _finish(axes, key, inside=True)


@_styled
def duty_dumbbell(
    frame: "pd.DataFrame",
    *,
    supplier: str = "supplier",
    period: str = "period",
    value: str = "effective_duty_pct",
    order: Sequence[str] | None = None,
    highlight: str | Collection[str] = (),
    axis_title: str = "Calculated duty, % of customs value",
) -> "Figure":
    """Effective duty in the first and in the last period, one line a supplier.

    Parameters
    ----------
    frame : DataFrame
        One row a supplier and period, as of
        :func:`marketintel.analysis.duties.effective_duty`: names in `supplier`, per cent in
        `value`. A supplier without a rate in the first period shows the last one alone.
    order : sequence of str, optional
        Names from top to bottom; default: the highest last rate first.
    highlight : str or collection of str
        Names in the accent colour.
    """
    brand = shipped_brand()
    wide = frame.pivot_table(index=supplier, columns=period, values=value, observed=True)
    first, last = str(min(wide.columns)), str(max(wide.columns))
    wide = _known(wide, last, "duty_dumbbell")
    if order is None:
        wide = wide.sort_values(last, ascending=False, kind="stable")
    else:
        wide = wide.loc[[name for name in order if name in wide.index]]
    names = [str(name) for name in wide.index]
    axes = _rows(names)
    marked = [name in _names(highlight) for name in names]
    span = max(wide[first].max(skipna=True), wide[last].max(), 1e-9)
    pairs = zip(wide[first], wide[last], marked, strict=True)
    for y, (before, after, flag) in enumerate(pairs):
        colour = brand.accent if flag else brand.palette[0]
        if first != last and not math.isnan(before):
            axes.plot([before, after], [y, y], color=_FAINT, linewidth=2.4, zorder=1)
            axes.plot(before, y, "o", markersize=6, color="white", markeredgecolor=brand.muted)
        axes.plot(after, y, "o", markersize=7, color=colour)
        right = math.isnan(before) or after >= before
        axes.annotate(
            show(after, "pct"),
            (after, y),
            (7 if right else -7, 0),
            textcoords="offset points",
            ha="left" if right else "right",
            va="center",
            size=8,
            color=colour,
        )
    axes.set_xlim(-0.02 * span, span * 1.12)
    axes.grid(axis="x")
    axes.set_xlabel(axis_title)
    _embolden(axes, marked)
    return _finish(axes, [("o hollow", first, brand.muted), ("o", last, brand.palette[0])])


@_styled
def share_change(
    frame: "pd.DataFrame",
    *,
    supplier: str = "supplier",
    value: str = "share_change_pp",
    highlight: str | Collection[str] = (),
    n: int = 12,
    axis_title: str = "Change of import share, percentage points",
) -> "Figure":
    """Who gained and who lost share: the `n` largest changes, gains first.

    Parameters
    ----------
    frame : DataFrame
        One row a supplier: names in `supplier`, points in `value`.
    highlight : str or collection of str
        Names in the accent colour; always shown.
    """
    brand = shipped_brand()
    known = _known(frame, value, "share_change")
    largest = known[value].abs().sort_values(ascending=False).index[:n]
    keep = known.index.isin(largest) | known[supplier].isin(_names(highlight))
    rows = known[keep].sort_values([value, supplier], ascending=[False, True])
    axes = _rows([str(name) for name in rows[supplier]])
    marked = rows[supplier].isin(_names(highlight)).to_list()
    colours = [brand.accent if flag else _OTHERS for flag in marked]
    axes.barh(range(len(rows)), rows[value], height=0.66, color=colours)
    for y, change in enumerate(rows[value]):
        axes.annotate(
            show(change, "points"),
            (change, y),
            (4 if change >= 0 else -4, 0),
            textcoords="offset points",
            ha="left" if change >= 0 else "right",
            va="center",
            size=8,
        )
    _balance(axes, rows[value].min(), rows[value].max(), room=0.12)
    axes.set_xlabel(axis_title)
    _embolden(axes, marked)
    return _finish(axes)


@_styled
def segments_bar(
    frame: "pd.DataFrame",
    *,
    label: str = "segment_name",
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
        One row a segment: names in `label`, USD in `core`, `core_broad` and `base_core`. What is
        drawn as broad is `core_broad` less `core`; a segment without broad codes has no mark.
    base_core : str or None
        Drawn as a tick on the core bars.
    """
    brand = shipped_brand()
    rows = _known(frame, core_broad, "segments_bar")
    rows = rows.assign(broad_=rows[core_broad] - rows[core].fillna(0))
    rows = rows.sort_values([core, label], ascending=[False, True], na_position="last")
    figure = _figure(len(rows), extra=0.75)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    _label_rows(left, [str(name) for name in rows[label]])
    for axes, column, colour, hatch, name in (
        (left, core, brand.palette[0], None, "Core codes"),
        (right, "broad_", "#e3e8ec", "/////", "Broad codes, in no headline"),
    ):
        scale, unit = _money(rows[column].max())
        # A segment without broad codes has none of them, rather than imports of 0.
        drawn = [not math.isnan(size) and (size > 0 or column == core) for size in rows[column]]
        for y, size in enumerate(rows[column]):
            if drawn[y]:
                axes.barh(y, size / scale, 0.66, color=colour, hatch=hatch, ec=_hatched(hatch))
        if base_core and column == core:
            _ticks(axes, (rows[base_core] / scale).to_list())
        texts = [
            _amount(size, scale) if flag else ""
            for size, flag in zip(rows[column], drawn, strict=True)
        ]
        _column(axes, 1.15 if column == core else 1.22, texts, unit)
        axes.set_xlim(left=0)
        axes.set_title(name, fontsize=9, pad=16)
        axes.set_xlabel(_title("Imports", unit, period))
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
    key = [("|", base_period, brand.ink)] if base_core and base_period else []
    return _finish(left, key)


@_styled
def decomposition_bars(
    frame: "pd.DataFrame",
    *,
    label: str = "segment_name",
    terms: Mapping[str, str] | None = None,
    change: str = "change_usd",
    axis_title: str = "Change of sales",
) -> "Figure":
    """Why sales changed: terms stacked away from zero, and a diamond for their sum.

    Parameters
    ----------
    frame : DataFrame
        One row a segment, of one weighting: names in `label`, USD in each term and in `change`.
    terms : mapping of column to name, optional
        Default: the four terms of a constant-market-share analysis.
    """
    brand = shipped_brand()
    columns = dict(terms or TERMS)
    rows = frame.dropna(subset=[*columns, change])
    if rows.empty:
        raise ValueError("decomposition_bars: no row has all terms")
    rows = rows.sort_values([change, label], ascending=[False, True])
    axes = _rows([str(name) for name in rows[label]], extra=0.7)
    low = rows[list(columns)].clip(upper=0).sum(axis=1)
    high = rows[list(columns)].clip(lower=0).sum(axis=1)
    scale, unit = _money(max(high.max(), -low.min()))
    places = range(len(rows))
    ends = {1: rows[change].to_numpy() * 0.0, -1: rows[change].to_numpy() * 0.0}
    colours = dict(zip(columns, brand.palette, strict=False))
    for column in columns:
        part = rows[column].to_numpy() / scale
        for sign in (1, -1):
            piece = part * (part * sign > 0)
            axes.barh(places, piece, 0.62, left=ends[sign], color=colours[column])
            ends[sign] = ends[sign] + piece
    axes.plot(
        rows[change] / scale, places, "D", markersize=5, color=brand.ink, markeredgecolor="white"
    )
    for y, size in enumerate(rows[change]):
        axes.annotate(
            show(size, "usd_m_signed")
            if scale == 1e6
            else f"{size / scale:+,.2f}".replace("-", "−"),
            (ends[1][y], y),
            (6, 0),
            textcoords="offset points",
            va="center",
            size=8,
        )
    _balance(axes, low.min() / scale, high.max() / scale, room=0.14)
    axes.set_xlabel(_title(axis_title, unit))
    key = [("s", name, colours[column]) for column, name in columns.items()]
    return _finish(axes, [*key, ("D", "Change", brand.ink)])


def _known(frame: "pd.DataFrame", value: str, chart: str) -> "pd.DataFrame":
    rows = frame[frame[value].notna()]
    if rows.empty:
        raise ValueError(f"{chart}: no row has a value in {value}")
    return rows


def _names(highlight: str | Collection[str]) -> list[str]:
    return [highlight] if isinstance(highlight, str) else list(highlight)


def _amount(usd: float, scale: float, signed: bool = False) -> str:
    if signed:
        return show(usd, "usd_bn_signed" if scale == 1e9 else "usd_m_signed")
    return show(usd, "usd_bn" if scale == 1e9 else "usd_m")


def _money(largest: float) -> tuple[float, str]:
    return (1e9, "USD billion") if largest >= 2e9 else (1e6, "USD million")


def _title(what: str, unit: str, period: str = "") -> str:
    return ", ".join(filter(None, [what, period, unit]))


def _figure(rows: int, extra: float) -> "Figure":
    size = (TEXT_WIDTH_IN, max(rows * _ROW_IN + extra, 1.3))
    return matplotlib.figure.Figure(figsize=size, layout="constrained")


def _rows(names: list[str], extra: float = 0.6) -> "Axes":
    """One horizontal line a name, the first on top."""
    axes: Axes = _figure(len(names), extra).subplots()
    axes.spines["left"].set_visible(False)
    _label_rows(axes, names)
    return axes


def _label_rows(axes: "Axes", names: list[str]) -> None:
    labels = ["\n".join(textwrap.wrap(name, 32, max_lines=2, placeholder="…")) for name in names]
    axes.set_yticks(range(len(names)), labels, linespacing=0.9)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", labelcolor=shipped_brand().ink)


def _ticks(axes: "Axes", values: list[float]) -> None:
    """A short upright line where each row stood before."""
    for y, size in enumerate(values):
        if not math.isnan(size):
            axes.plot([size, size], [y - 0.4, y + 0.4], color=shipped_brand().ink, linewidth=1.4)


def _balance(axes: "Axes", low: float, high: float, room: float) -> None:
    """A zero line, and room for labels on either side that has bars."""
    span = (max(high, 0) - min(low, 0)) or 1
    axes.set_xlim(min(low, 0) - room * span * (low < 0), max(high, 0) + room * span)
    axes.axvline(0, color=shipped_brand().ink, linewidth=0.8)
    axes.grid(axis="x")


def _embolden(axes: "Axes", marked: list[bool]) -> None:
    for tick, flag in zip(axes.get_yticklabels(), marked, strict=True):
        if flag:
            tick.set_fontweight("bold")
            tick.set_color(shipped_brand().accent)


def _hatched(hatch: str | None) -> Any:
    return shipped_brand().muted if hatch else "none"


def _column(axes: "Axes", x: float, texts: list[str], header: str) -> None:
    """Figures in a column of their own, flush right at `x` of the axes' width."""
    place: dict[str, Any] = {
        "transform": axes.get_yaxis_transform(),
        "ha": "right",
        "va": "center",
        "size": 8,
    }
    for y, text in enumerate(texts):
        axes.text(x, y, text, **place)
    axes.text(x, -0.75, header, **{**place, "size": 7, "va": "bottom"})


def _finish(
    axes: "Axes", key: list[tuple[str, str, str]] | None = None, inside: bool = False
) -> "Figure":
    """Set the key above the chart: each mark and its meaning.

    Parameters
    ----------
    key : list of (marker, text, colour)
        Matplotlib's marker; "o hollow" is a ring.
    inside : bool
        On the line of the columns' headers, rather than on one of its own.
    """
    from matplotlib.lines import Line2D

    figure = axes.get_figure()
    assert isinstance(figure, matplotlib.figure.Figure)  # noqa: S101 - never a subfigure here
    if not key:
        return figure
    handles = []
    for marker, _, colour in key:
        face = "white" if "hollow" in marker else colour
        mark: dict[str, Any] = {"markerfacecolor": face, "markeredgecolor": colour}
        weight = 1.4 if marker == "|" else 0.9
        handles.append(
            Line2D([], [], ls="none", marker=marker[0], ms=6, markeredgewidth=weight, **mark)
        )
    place: dict[str, Any] = {"loc": "outside upper left"}
    if inside:
        place = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.3}
    (axes if inside else figure).legend(
        handles,
        [text for _, text, _ in key],
        **place,
        ncols=len(key),
        frameon=False,
        fontsize=8.5,
        handlelength=0.8,
        handletextpad=0.4,
        borderpad=0,
        columnspacing=1.6,
    )
    return figure

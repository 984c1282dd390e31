"""Parts that charts share: one line a row, a column of figures, a key, one style."""

import functools
import math
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, ParamSpec

import matplotlib.figure

from marketintel.documents.engine.fonts import wrap
from marketintel.documents.engine.formats import show
from marketintel.documents.engine.theme import TEXT_WIDTH_IN, chart_style
from marketintel.reference.brand import shipped_brand

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = ParamSpec("P")
OTHERS = "#7d95a5"  # suppliers that are not the subject: 3 : 1 on white, and no more
FAINT = "#c3cbd3"
ROW_IN = 0.235
DASHED = (0, (3, 2))


def styled(draw: "Callable[P, Figure]") -> "Callable[P, Figure]":
    """Make a drawing function draw in the brand's style."""

    @functools.wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> "Figure":
        with chart_style():
            return draw(*args, **kwargs)

    return wrapper


def rows_with(frame: "pd.DataFrame", value: str, chart: str) -> "pd.DataFrame":
    """Return the rows whose figure is known.

    Raises
    ------
    ValueError
        None is.
    """
    rows = frame[frame[value].notna()]
    if rows.empty:
        raise ValueError(f"{chart}: no row has a value in {value}")
    return rows


def listed(highlight: str | Collection[str]) -> list[str]:
    """Return one name or several as a list."""
    return [highlight] if isinstance(highlight, str) else list(highlight)


def amount(usd: float, scale: float, signed: bool = False) -> str:
    """Return an amount in the unit of :func:`money_unit`, as text."""
    if signed:
        return show(usd, "usd_bn_signed" if scale == 1e9 else "usd_m_signed")
    return show(usd, "usd_bn" if scale == 1e9 else "usd_m")


def money_unit(largest: float) -> tuple[float, str]:
    """Return the scale and the name of the unit that suits the largest amount in USD."""
    return (1e9, "USD billion") if largest >= 2e9 else (1e6, "USD million")


def axis_title(what: str, unit: str, period: str = "") -> str:
    """Return an axis title: measure, period, unit."""
    return ", ".join(filter(None, [what, period, unit]))


def wide(height_in: float) -> "Figure":
    """Return a figure as wide as the text."""
    return matplotlib.figure.Figure(figsize=(TEXT_WIDTH_IN, height_in), layout="constrained")


def empty_figure(rows: int, extra: float) -> "Figure":
    """Return a figure as wide as the text and high enough for these rows."""
    return wide(max(rows * ROW_IN + extra, 1.3))


def rows_axes(names: list[str], extra: float = 0.6) -> "Axes":
    """One horizontal line a name, the first on top."""
    axes: Axes = empty_figure(len(names), extra).subplots()
    axes.spines["left"].set_visible(False)
    label_rows(axes, names)
    return axes


def label_rows(axes: "Axes", names: list[str]) -> None:
    """Write the names beside the rows, in three lines at most."""
    labels = [wrap(name, 36, lines=3) for name in names]
    axes.set_yticks(range(len(names)), labels, linespacing=0.9)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", labelcolor=shipped_brand().ink)


def ticks(axes: "Axes", values: list[float]) -> None:
    """A short upright line where each row stood before."""
    for y, size in enumerate(values):
        if not math.isnan(size):
            axes.plot([size, size], [y - 0.4, y + 0.4], color=shipped_brand().ink, linewidth=1.4)


def beside(axes: "Axes", text: str, x: float, y: float, points: float, **style: Any) -> None:
    """Write text so many points to the right of a place, or to the left of it."""
    place: dict[str, Any] = {"size": 8, "va": "center", "ha": "left" if points > 0 else "right"}
    axes.annotate(text, (x, y), (points, 0), textcoords="offset points", **{**place, **style})


def upright(axes: "Axes", text: str, x: float, y: float, va: str) -> None:
    """Write small text upwards, at a part of the height."""
    axes.annotate(
        text, (x, y), xycoords=("data", "axes fraction"), rotation=90, size=6, ha="center",
        va=va, color=shipped_brand().muted,
    )  # fmt: skip


def legend_above(axes: "Axes", ncols: int, x: float = 0.5) -> None:
    """Set the key of labelled marks above the chart."""
    axes.legend(loc="lower center", bbox_to_anchor=(x, 1.0), ncols=ncols, frameon=False, fontsize=8)


def embolden(axes: "Axes", marked: list[bool]) -> None:
    """Set the marked rows' names in bold and in the accent colour."""
    for tick, flag in zip(axes.get_yticklabels(), marked, strict=True):
        if flag:
            tick.set_fontweight("bold")
            tick.set_color(shipped_brand().accent)


def hatched(hatch: str | None) -> Any:
    """Return the edge colour a bar needs for its hatch to be seen."""
    return shipped_brand().muted if hatch else "none"


def patch(colour: str, hatch: str | None = None) -> Any:
    """Return a filled patch for a key."""
    from matplotlib.patches import Patch

    return Patch(facecolor=colour, hatch=hatch, edgecolor=hatched(hatch))


def text_column(axes: "Axes", points: float, texts: list[str], header: str) -> None:
    """Figures in a column of their own, flush right so many points beside the axes."""
    from matplotlib.transforms import ScaledTranslation

    figure = axes.get_figure(root=True)
    assert figure is not None  # noqa: S101 - drawn on one
    beside = ScaledTranslation(points / 72, 0, figure.dpi_scale_trans)
    place: dict[str, Any] = {
        "transform": axes.get_yaxis_transform() + beside,
        "ha": "right",
        "va": "center",
        "size": 8,
    }
    for y, text in enumerate(texts):
        axes.text(1, y, text, **place)
    axes.text(1, -0.75, header, **{**place, "size": 7, "va": "bottom"})


def finish(
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
    handles = [
        Line2D([], [], ls="none", marker=marker[0], ms=6, markeredgecolor=colour,
               markeredgewidth=1.4 if marker == "|" else 0.9,
               markerfacecolor="white" if "hollow" in marker else colour)
        for marker, _, colour in key
    ]  # fmt: skip
    place: dict[str, Any] = {"loc": "outside upper left"}
    if inside:
        place = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.3}
    (axes if inside else figure).legend(
        handles, [text for _, text, _ in key], **place, ncols=len(key), frameon=False,
        fontsize=8.5, handlelength=0.8, handletextpad=0.4, borderpad=0, columnspacing=1.6,
    )  # fmt: skip
    return figure

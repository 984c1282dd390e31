"""The brief's two pictures, and a map where polygons have been fetched."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

import matplotlib.figure

from marketintel.documents.engine.language import number
from marketintel.documents.engine.theme import TEXT_WIDTH_IN, chart_style
from marketintel.reference.brand import shipped_brand

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PALE = "#b9c6cf"
_FAINT = "#dfe4e8"
_LEAST, _MOST = 0.05, 20.0
_PER_ROW_IN = 0.31


def strength_dots(
    table: pd.DataFrame,
    every: pd.DataFrame,
    names: Mapping[str, str],
    label: str,
    texts: Mapping[str, str],
) -> Figure:
    """Rank one region among all, a line a branch.

    Parameters
    ----------
    table : DataFrame
        By branch: ``lq, lq_least, lq_most, lq_rank, lq_ranked`` of the region.
    every : DataFrame
        Location quotients of all regions × branches; blanks are left out.
    names : mapping of str to str
        Branch to its name.
    label : str
        The region's name.
    texts : mapping of str to str
        Words in the drawing, of ``texts.toml``.
    """
    brand = shipped_brand()
    with chart_style():
        height = _PER_ROW_IN * len(table) + 0.62
        figure = matplotlib.figure.Figure(figsize=(TEXT_WIDTH_IN, height))
        axes: Axes = figure.subplots()
        # The columns of figures stand outside the axes: their room is set by hand.
        figure.subplots_adjust(left=0.285, right=0.845, bottom=0.42 / height, top=1 - 0.2 / height)
        axes.set_xscale("log")
        axes.axvline(1, color=brand.ink, linewidth=0.8, zorder=1)
        for y, (code, row) in enumerate(table.iterrows()):
            dots = every[code].dropna().clip(_LEAST, _MOST)
            axes.plot(dots, [y] * len(dots), "|", color=_PALE, markersize=9, zorder=2)
            if math.isnan(row["lq"]):
                low = max(float(row["lq_least"]), _LEAST)
                high = min(float(row["lq_most"]), _MOST)
                axes.plot([low, high], [y, y], color=brand.accent, linewidth=1.6, zorder=3)
                axes.plot([low, high], [y, y], "|", color=brand.accent, markersize=8, zorder=3)
                figures = texts["chart_not"], texts["chart_published"]
            else:
                at = min(max(float(row["lq"]), _LEAST), _MOST)
                axes.plot(at, y, "o", color=brand.accent, markersize=7.5, zorder=4)
                place = texts["chart_of"].format(
                    rank=int(row["lq_rank"]), ranked=int(row["lq_ranked"])
                )
                figures = number(f"{row['lq']:.2f}"), place
            for x, text in zip((1.08, 1.28), figures, strict=True):
                axes.text(
                    x, y, text, transform=axes.get_yaxis_transform(), ha="right", va="center",
                    size=8,
                )  # fmt: skip
        for x, text in ((1.08, texts["chart_share"]), (1.28, texts["chart_rank"])):
            axes.text(
                x, -0.62, text, transform=axes.get_yaxis_transform(), ha="right", va="bottom",
                size=7.5, color=brand.muted,
            )  # fmt: skip
        axes.set_yticks(
            range(len(table)), [_wrapped(f"{names[str(c)]} ({c})", 30) for c in table.index]
        )
        axes.set_ylim(len(table) - 0.45, -0.55)
        axes.set_xlim(_LEAST * 0.9, _MOST * 1.1)
        ticks = [0.05, 0.2, 0.5, 1, 2, 5, 20]
        axes.set_xticks(
            ticks, [number(tick) for tick in ("≤ 0.05", "0.2", "0.5", "1", "2", "5", "≥ 20")]
        )
        axes.minorticks_off()
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", labelcolor=brand.ink)
        axes.set_xlabel(texts["chart_dots"].format(region=label))
    return figure


def nearness(
    table: pd.DataFrame, names: Mapping[str, str], market: str, texts: Mapping[str, str]
) -> Figure:
    """Show relatedness against complexity; branches with photonics named, sized by demand.

    Parameters
    ----------
    table : DataFrame
        By branch: ``density`` (per cent), ``complexity_rank, group_size``, ``demand_usd`` (NaN
        where none is known), ``photonic`` (bool), ``specialised``.
    names : mapping of str to str
        Branch to its name.
    market : str
        The country whose imports give the size; "" for none.
    """
    brand = shipped_brand()
    height = 100 * (1 - (table["complexity_rank"] - 0.5) / table["group_size"])
    with chart_style():
        figure = matplotlib.figure.Figure(figsize=(TEXT_WIDTH_IN, 2.75), layout="constrained")
        axes: Axes = figure.subplots()
        axes.axhline(50, color=_PALE, linewidth=0.8)
        axes.axvline(table["density"].median(), color=_PALE, linewidth=0.8)
        rest = table[~table["photonic"]]
        axes.plot(rest["density"], height[rest.index], "o", color=_PALE, markersize=3.5)
        ours = table[table["photonic"]]
        largest = ours["demand_usd"].max()
        lifts = _lifts(height[ours.index])
        for code in map(str, ours.index):
            row = ours.loc[[code]].iloc[0]
            known = row["demand_usd"] > 0
            size = 50 + 650 * row["demand_usd"] / largest if known else 50
            strong = row["specialised"] == 1
            axes.scatter(
                row["density"], height[code], s=size, alpha=0.85, linewidths=1.4, zorder=3,
                facecolor=brand.accent if strong else "#f3d9c8", edgecolor=brand.accent,
            )  # fmt: skip
            axes.annotate(
                f"{code} {names[code]}", (row["density"], height[code]),
                (6 + math.sqrt(size) / 2, lifts[code]), textcoords="offset points", va="center", size=8.5,
                color=brand.ink, weight="bold", zorder=4,
                bbox={"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.6},
            )  # fmt: skip
        low, high = table["density"].min(), table["density"].max()
        axes.set_xlim(low - 0.04 * (high - low), high + 0.18 * (high - low))
        axes.set_ylim(-4, 104)
        for x, y, text in (
            (0.995, 0.99, texts["chart_near_complex"]),
            (0.005, 0.99, texts["chart_far_complex"]),
            (0.995, 0.01, texts["chart_near_simple"]),
            (0.005, 0.01, texts["chart_far_simple"]),
        ):
            axes.text(
                x, y, text, transform=axes.transAxes, size=8, color=brand.muted, style="italic",
                ha="right" if x > 0.5 else "left", va="top" if y > 0.5 else "bottom",
            )  # fmt: skip
        axes.set_yticks([0, 50, 100], [texts[f"chart_{at}"] for at in ("least", "middle", "most")])
        axes.set_ylabel(texts["chart_complexity"])
        axes.set_xlabel(
            texts["chart_relatedness"]
            + (texts["chart_size"].format(market=market) if market and largest > 0 else "")
        )
    return figure


def _lifts(height: pd.Series, room: float = 8.0) -> dict[str, float]:
    """Return by how many points each label is lifted so that none lies on the next lower one."""
    lifts: dict[str, float] = {}
    last = -math.inf
    for code, y in height.sort_values().items():
        at = max(float(y), last + room)
        lifts[str(code)] = 1.4 * (at - float(y))  # points of print a unit of the axis
        last = at
    return lifts


def strength_map(
    polygons: gpd.GeoDataFrame,
    lq: pd.Series,
    own: list[str],
    label: str,
    texts: Mapping[str, str],
) -> Figure:
    """Shade regions by the location quotient of one branch.

    Parameters
    ----------
    polygons : GeoDataFrame
        ``nuts_id, geometry`` of NUTS 2, with a CRS.
    lq : Series
        By region; one without a figure is hatched.
    own : list of str
        Codes that are outlined.
    label : str
        The branch.
    """
    brand = shipped_brand()
    land = polygons.to_crs(3035)
    limits = [0.5, 0.8, 1.0, 1.5]
    colours = ["#e7eef3", "#c3d5e2", "#9dbbd0", "#d99a6c", "#b3470b"]
    with chart_style():
        figure = matplotlib.figure.Figure(figsize=(TEXT_WIDTH_IN, 3.4))
        axes: Axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(1_000_000, 6_600_000)  # metres of the European grid; room for the key
        axes.set_ylim(1_350_000, 5_450_000)
        value = land["nuts_id"].map(lq)
        blank = land[value.isna()]
        if len(blank):
            blank.plot(ax=axes, color="#f4f5f6", hatch="/////", edgecolor="#c5ccd2", lw=0.2)
        rank = sum((value >= limit).astype(int) for limit in limits)
        for i, colour in enumerate(colours):
            rows = land[value.notna() & (rank == i)]
            if len(rows):
                rows.plot(ax=axes, color=colour, edgecolor="white", linewidth=0.2)
        mine = land[land["nuts_id"].isin(own)]
        if len(mine):
            mine.boundary.plot(ax=axes, color=brand.ink, linewidth=1.4)
        keys = texts["chart_map_keys"].split("|")
        for i, (word, colour) in enumerate(zip(keys, [*colours, "#f4f5f6"], strict=True)):
            y = 0.84 - 0.07 * i
            axes.plot(
                0.012, y, "s", transform=axes.transAxes, color=colour, markersize=8,
                markeredgecolor="#c5ccd2", clip_on=False,
            )  # fmt: skip
            axes.text(0.03, y, word, transform=axes.transAxes, size=8, va="center")
        axes.text(
            0.0, 0.97, _wrapped(texts["chart_map"].format(branch=label), 30),
            transform=axes.transAxes, size=8.5, weight="bold", va="top",
        )  # fmt: skip
    return figure


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(text, width))

"""Charts of a screening: rank ranges, agreement, funnel, dependence; and the map of candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.figure
import numpy as np
import pandas as pd

from marketintel.documents.charts import maps
from marketintel.documents.engine.theme import TEXT_WIDTH_IN, chart_style
from marketintel.reference.brand import shipped_brand

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW_IN = 0.24


def rank_ranges(table: pd.DataFrame, first: int, range_pct: float) -> Figure:
    """Draw each candidate's ranks: a bar for the range of the score, marks for the methods.

    Parameters
    ----------
    table : DataFrame
        ``name, rank_lo, rank_median, rank_hi, rank_potential, rank_gravity``, in order.
    first : int
        Drawn as a line: the votes lie left of it.
    range_pct : float
        For the key.
    """
    with chart_style() as brand:
        figure = matplotlib.figure.Figure(
            figsize=(TEXT_WIDTH_IN, len(table) * _ROW_IN + 1.0), layout="constrained"
        )
        axes = figure.subplots()
        y = np.arange(len(table))
        axes.barh(
            y, table["rank_hi"] - table["rank_lo"] + 0.6, left=table["rank_lo"] - 0.3,
            height=0.5, color="#c9d6df", label=f"score: ranks in {range_pct:.0f} % of weight draws",
        )  # fmt: skip
        marks = (
            ("rank_median", "|", brand.ink, "score: median rank"),
            ("rank_potential", "o", brand.palette[0], "export potential"),
            ("rank_gravity", "D", brand.accent, "gravity"),
        )
        for column, mark, colour, label in marks:
            axes.plot(table[column], y, mark, color=colour, markersize=6, label=label,
                      linestyle="none", markeredgewidth=1.6 if mark == "|" else 0.5)  # fmt: skip
        axes.axvline(first + 0.5, color=brand.muted, linewidth=0.8, linestyle=(0, (3, 2)))
        axes.set_yticks(y, table["name"])
        axes.set_ylim(len(table) - 0.4, -0.6)
        axes.set_xlim(left=0)
        axes.set_xlabel(f"Rank (1 is best); dashed: rank {first}")
        axes.grid(axis="x")
        axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2, frameon=False,
                    fontsize=8)  # fmt: skip
    return figure


def agreement_matrix(correlations: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Draw Spearman correlations between methods as a shaded square with figures."""
    methods = list(names)
    known = correlations.set_index(["method", "other"])["spearman"].to_dict()
    grid = np.array(
        [[1.0 if a == b else known.get((a, b), known.get((b, a), np.nan)) for b in methods]
         for a in methods]
    )  # fmt: skip
    with chart_style() as brand:
        from matplotlib.colors import LinearSegmentedColormap

        figure = matplotlib.figure.Figure(figsize=(TEXT_WIDTH_IN, 1.7))
        axes = figure.add_axes((0.17, 0.16, 0.5, 0.82))
        ramp = LinearSegmentedColormap.from_list("a", ["#eab894", "#ffffff", "#9ec3dc"])
        axes.pcolormesh(grid[::-1], cmap=ramp, vmin=-1, vmax=1, edgecolors="white")
        for i, row in enumerate(grid[::-1]):
            for j, value in enumerate(row):
                text = "–" if np.isnan(value) else f"{value:+.2f}".replace("-", "−")
                own = i == len(methods) - 1 - j
                axes.text(j + 0.5, i + 0.5, "1" if own else text, ha="center", va="center",
                          color=brand.ink)  # fmt: skip
        axes.set_xticks(np.arange(len(methods)) + 0.5, list(names.values()))
        axes.set_yticks(np.arange(len(methods)) + 0.5, list(names.values())[::-1])
        for spine in axes.spines.values():
            spine.set_visible(False)
    return figure


def funnel(steps: pd.DataFrame) -> Figure:
    """Draw how many markets remain after each filter."""
    with chart_style() as brand:
        labels = ["Markets that buy any", *steps["label"]]
        counts = [int(steps["entered"].iloc[0]), *steps["remain"].astype(int)]
        figure = matplotlib.figure.Figure(
            figsize=(TEXT_WIDTH_IN, len(labels) * 0.28 + 0.2), layout="constrained"
        )
        axes = figure.subplots()
        y = range(len(labels))
        axes.barh(y, counts, height=0.62, color=["#7d95a5", *[brand.palette[0]] * len(steps)])
        for place, count in zip(y, counts, strict=True):
            axes.text(count, place, f" {count}", va="center", color=brand.ink, fontsize=8.5)
        axes.set_yticks(list(y), labels)
        axes.invert_yaxis()
        axes.set_xticks([])
        axes.set_xlim(0, max(counts) * 1.08)
        axes.spines["bottom"].set_visible(False)
    return figure


def candidates_map(
    values: pd.DataFrame, geometry: gpd.GeoDataFrame, home: Sequence[str], names: Mapping[str, str]
) -> Figure:
    """Shade markets by unrealised potential; the exporter's own economies in their colour.

    Parameters
    ----------
    values : DataFrame
        ``market, unrealised_usd``.
    home : sequence of str
        ISO3 of the exporter's economies, drawn as one.
    """
    land = geometry.assign(iso3=geometry["iso3"].where(~geometry["iso3"].isin(list(home)), "HOME"))
    return maps.supplier_map(
        values, land, reporter="HOME", partner="market", value="unrealised_usd",
        reporter_label="the exporter itself", what="Unrealised potential in", names=names,
    )  # fmt: skip


def dependence(table: pd.DataFrame, names: Mapping[str, str], buyers: Sequence[str]) -> Figure:
    """Draw the first supplier's share over the spans, one small panel a material.

    Parameters
    ----------
    table : DataFrame
        ``buyer, cmd_code, period, first_share_pct``.
    names : mapping of str to str
        Code to name of the material.
    buyers : sequence of str
        In order of the palette.
    """
    codes = [code for code in names if code in set(table["cmd_code"])]
    spans = sorted(table["period"].unique())
    columns = 2
    lines = -(-len(codes) // columns)
    with chart_style() as brand:
        figure = matplotlib.figure.Figure(
            figsize=(TEXT_WIDTH_IN, lines * 1.32 + 0.4), layout="constrained"
        )
        panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
        colours = dict(zip(buyers, brand.palette, strict=False))
        for panel, code in zip(panels.flat, codes, strict=False):
            _lines(panel, table[table["cmd_code"] == code], spans, colours)
            panel.set_title(names[code], fontsize=8.5)
        for panel in list(panels.flat)[len(codes) :]:
            panel.set_visible(False)
        for row in panels:
            row[0].set_ylabel("first share, %")
        handles, labels = panels[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(buyers),
                      frameon=False, fontsize=8.5)  # fmt: skip
    return figure


def record_lines(table: pd.DataFrame, rules: Mapping[str, str], horizon: int) -> Figure:
    """Draw the yearly rank correlation of each rule with what happened.

    Parameters
    ----------
    table : DataFrame
        ``period, horizon, rule, rank_corr``.
    rules : mapping of str to str
        Rule to label, methods before naive rules; what to draw.
    horizon : int
        Years ahead.
    """
    rows = table[table["horizon"] == horizon]
    with chart_style() as brand:
        figure = matplotlib.figure.Figure(figsize=(TEXT_WIDTH_IN, 2.5), layout="constrained")
        axes = figure.subplots()
        for place, (rule, label) in enumerate(rules.items()):
            own = rows[rows["rule"] == rule].sort_values("period")
            axes.plot(
                own["period"].astype(int), own["rank_corr"], color=brand.palette[place],
                linewidth=1.6 if place < 3 else 1.0, linestyle="-" if place < 3 else (0, (3, 2)),
                label=label,
            )  # fmt: skip
        axes.axhline(0, color=brand.ink, linewidth=0.7)
        axes.set_ylabel("rank correlation")
        axes.set_xlabel("year in which the ranking was made")
        axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
        axes.grid(axis="y")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False,
                    fontsize=8)  # fmt: skip
    return figure


def _lines(
    panel: Axes, rows: pd.DataFrame, spans: Sequence[str], colours: Mapping[str, str]
) -> None:
    for buyer, colour in colours.items():
        own = (
            rows[rows["buyer"] == buyer].set_index("period")["first_share_pct"].reindex(list(spans))
        )
        panel.plot(range(len(spans)), own, color=colour, marker="o", markersize=2.6,
                   linewidth=1.2, label=buyer)  # fmt: skip
    panel.set_xticks(range(len(spans)), spans, fontsize=6.8)
    panel.set_ylim(0, 104)
    panel.axhline(65, color=shipped_brand().muted, linewidth=0.6, linestyle=(0, (3, 2)))
    panel.grid(axis="y")

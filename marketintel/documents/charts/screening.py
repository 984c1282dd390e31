"""Charts of a screening: rank ranges, agreement, funnel, dependence; and the map of candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.figure
import matplotlib.ticker
import numpy as np
import pandas as pd

from marketintel.documents.charts import maps
from marketintel.documents.charts.drawing import DASHED, finish, legend_above, styled, wide
from marketintel.documents.engine.theme import TEXT_WIDTH_IN
from marketintel.reference.brand import shipped_brand

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.figure import Figure


@styled
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
    brand = shipped_brand()
    axes = wide(len(table) * 0.24 + 1.0).subplots()
    y = np.arange(len(table))
    axes.barh(
        y, table["rank_hi"] - table["rank_lo"] + 0.6, left=table["rank_lo"] - 0.3,
        height=0.5, color="#c9d6df", label=f"score: ranks in {range_pct:.0f} % of weight draws",
    )  # fmt: skip
    for column, mark, colour, label in (
        ("rank_median", "|", brand.ink, "score: median rank"),
        ("rank_potential", "o", brand.palette[0], "export potential"),
        ("rank_gravity", "D", brand.accent, "gravity"),
    ):
        axes.plot(table[column], y, mark, color=colour, markersize=6, label=label,
                  linestyle="none", markeredgewidth=1.6 if mark == "|" else 0.5)  # fmt: skip
    axes.axvline(first + 0.5, color=brand.muted, linewidth=0.8, linestyle=DASHED)
    axes.set_yticks(y, table["name"])
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.set_xlim(left=0)
    axes.set_xlabel(f"Rank (1 is best); dashed: rank {first}")
    axes.grid(axis="x")
    legend_above(axes, 2, x=0.4)
    return finish(axes)


@styled
def agreement_matrix(correlations: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Draw Spearman correlations between methods as a shaded square with figures."""
    from matplotlib.colors import LinearSegmentedColormap

    methods, labels = list(names), list(names.values())
    known = correlations.set_index(["method", "other"])["spearman"].to_dict()
    grid = np.array(
        [[1.0 if a == b else known.get((a, b), known.get((b, a), np.nan)) for b in methods]
         for a in methods]
    )  # fmt: skip
    figure = matplotlib.figure.Figure(figsize=(TEXT_WIDTH_IN, 1.7))
    axes = figure.add_axes((0.17, 0.16, 0.5, 0.82))
    ramp = LinearSegmentedColormap.from_list("a", ["#eab894", "#ffffff", "#9ec3dc"])
    axes.pcolormesh(grid[::-1], cmap=ramp, vmin=-1, vmax=1, edgecolors="white")
    for (i, j), value in np.ndenumerate(grid[::-1]):
        text = "–" if np.isnan(value) else f"{value:+.2f}".replace("-", "−")
        own = i == len(methods) - 1 - j
        axes.text(j + 0.5, i + 0.5, "1" if own else text, ha="center", va="center",
                  color=shipped_brand().ink)  # fmt: skip
    axes.set_xticks(np.arange(len(methods)) + 0.5, labels)
    axes.set_yticks(np.arange(len(methods)) + 0.5, labels[::-1])
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


@styled
def funnel(steps: pd.DataFrame) -> Figure:
    """Draw how many markets remain after each filter: ``label, entered, remain``."""
    brand = shipped_brand()
    labels = ["Markets that buy any", *steps["label"]]
    counts = [int(steps["entered"].iloc[0]), *steps["remain"].astype(int)]
    axes = wide(len(labels) * 0.28 + 0.2).subplots()
    y = range(len(labels))
    axes.barh(y, counts, height=0.62, color=["#7d95a5", *[brand.palette[0]] * len(steps)])
    for place, count in zip(y, counts, strict=True):
        axes.text(count, place, f" {count}", va="center", color=brand.ink, fontsize=8.5)
    axes.set_yticks(list(y), labels)
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.set_xlim(0, max(counts) * 1.08)
    axes.spines["bottom"].set_visible(False)
    return finish(axes)


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


@styled
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
    brand = shipped_brand()
    codes = [code for code in names if code in set(table["cmd_code"])]
    spans = sorted(table["period"].unique())
    lines = -(-len(codes) // 2)
    figure = wide(lines * 1.32 + 0.4)
    panels = figure.subplots(lines, 2, sharex=True, sharey=True, squeeze=False)
    shares = table.set_index(["cmd_code", "buyer", "period"])["first_share_pct"]
    for panel, code in zip(panels.flat, codes, strict=False):
        for buyer, colour in zip(buyers, brand.palette, strict=False):
            own = [shares.get((code, buyer, span), np.nan) for span in spans]
            panel.plot(range(len(spans)), own, color=colour, marker="o", markersize=2.6,
                       linewidth=1.2, label=buyer)  # fmt: skip
        panel.set_xticks(range(len(spans)), spans, fontsize=6.8)
        panel.set_ylim(0, 104)
        panel.axhline(65, color=brand.muted, linewidth=0.6, linestyle=DASHED)
        panel.grid(axis="y")
        panel.set_title(names[code], fontsize=8.5)
    for panel in panels.flat[len(codes) :]:
        panel.set_visible(False)
    for row in panels:
        row[0].set_ylabel("first share, %")
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(buyers),
                  frameon=False, fontsize=8.5)  # fmt: skip
    return figure


@styled
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
    brand = shipped_brand()
    rows = table[table["horizon"] == horizon].sort_values("period")
    axes = wide(2.5).subplots()
    for place, (rule, label) in enumerate(rules.items()):
        own = rows[rows["rule"] == rule]
        axes.plot(
            own["period"].astype(int), own["rank_corr"], color=brand.palette[place], label=label,
            linewidth=1.6 if place < 3 else 1.0, linestyle="-" if place < 3 else DASHED,
        )  # fmt: skip
    axes.axhline(0, color=brand.ink, linewidth=0.7)
    axes.set_ylabel("rank correlation")
    axes.set_xlabel("year in which the ranking was made")
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
    axes.grid(axis="y")
    legend_above(axes, 3)
    return finish(axes)

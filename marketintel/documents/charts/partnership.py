"""Charts of the partnership's documents: a frame in, a matplotlib figure out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from marketintel.documents.charts.drawing import FAINT, finish, rows_axes, styled
from marketintel.documents.frames import each
from marketintel.reference.brand import shipped_brand

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def progress(frame: pd.DataFrame) -> Figure:
    """Part of the target reached (bar) against part of the time gone (line), one row an indicator.

    Parameters
    ----------
    frame : DataFrame
        programme, name, attained_pct, elapsed_pct, status. A row without a measurement has no
        bar; over 100 % is cut at 120 and says so.
    """
    brand = shipped_brand()
    twice = frame["name"].duplicated(keep=False)
    labels = [
        f"{name} ({programme})" if again else str(name)
        for name, programme, again in zip(frame["name"], frame["programme"], twice, strict=True)
    ]
    axes = rows_axes(labels)
    for y, (reached, gone, verdict) in enumerate(
        zip(frame["attained_pct"], frame["elapsed_pct"], frame["status"], strict=True)
    ):
        axes.barh(y, 100, 0.62, color="white", edgecolor=FAINT)
        if not math.isnan(reached):
            colour = brand.accent if verdict in ("missed", "behind") else brand.palette[0]
            axes.barh(y, min(reached, 120), 0.62, color=colour)
        axes.plot([gone, gone], [y - 0.42, y + 0.42], color=brand.ink, linewidth=1.4)
        axes.text(123, y, verdict, va="center", size=8, color=brand.muted)
    axes.set_xlim(0, 150)
    axes.set_xticks([0, 25, 50, 75, 100])
    axes.set_xlabel("Part of the target, and of the period, %")
    key = [("s", "reached", brand.palette[0]), ("|", "time gone", brand.ink)]
    return finish(axes, key)


@styled
def gantt(frame: pd.DataFrame, as_of: str) -> Figure:
    """Actions as bars on a time line, with how far each may slip.

    Parameters
    ----------
    frame : DataFrame
        name, early_start, early_end, late_end (dates), critical, fixed.
    as_of : str
        Marked where it lies within the plan.
    """
    import matplotlib.dates as dates

    brand = shipped_brand()
    axes = rows_axes([str(name) for name in frame["name"]])
    day = dates.date2num
    for y, row in enumerate(each(frame)):
        colour = brand.accent if row.critical else brand.palette[0]
        start, end = day(row.early_start), day(row.early_end) + 1
        if row.late_end > row.early_end:
            axes.plot([end, day(row.late_end) + 1], [y, y], color=FAINT, linewidth=2, zorder=1)
        fill = "white" if row.fixed else colour
        edge = colour if row.fixed else "none"
        axes.barh(y, end - start, 0.5, left=start, color=fill, edgecolor=edge, zorder=2)
    first, last = day(frame["early_start"].min()), day(frame["late_end"].max())
    today = day(pd.Timestamp(as_of))
    if first <= today <= last:
        axes.axvline(today, color=brand.ink, linewidth=0.9)
    axes.set_xlim(first - 10, last + 20)
    axes.xaxis.set_major_locator(dates.MonthLocator(bymonth=(1, 7)))
    axes.xaxis.set_major_formatter(dates.DateFormatter("%b %Y"))
    axes.grid(axis="x")
    key = [("s", "sets the end of the plan", brand.accent), ("s", "other actions", brand.palette[0]),
           ("s", "may slip so far", FAINT)]  # fmt: skip
    return finish(axes, key)


@styled
def chain(frame: pd.DataFrame, segments: Mapping[str, str], stages: Sequence[str]) -> Figure:
    """Steps of the value chains: how many clusters cover each, empty where nobody does.

    Parameters
    ----------
    frame : DataFrame
        cluster, segment, stage, members.
    segments : mapping of id to name
        Rows, in order.
    """
    brand = shipped_brand()
    counts = frame.groupby(["segment", "stage"])["cluster"].nunique()
    axes = rows_axes(list(segments.values()), extra=0.8)
    for y, segment in enumerate(segments):
        for x, stage in enumerate(stages):
            count = int(counts.get((segment, stage), 0))
            colour = brand.palette[0] if count else "white"
            axes.barh(y, 0.92, 0.8, left=x - 0.46, color=colour, edgecolor=FAINT,
                      alpha=min(1.0, 0.45 + 0.18 * count) if count else 1)  # fmt: skip
            text = str(count) if count else "–"
            axes.text(x, y, text, ha="center", va="center", size=8,
                      color="white" if count else brand.muted)  # fmt: skip
    axes.set_xlim(-0.5, len(stages) - 0.5)
    axes.set_xticks(range(len(stages)), [stage.capitalize() for stage in stages])
    axes.xaxis.tick_top()
    axes.spines["bottom"].set_visible(False)
    return finish(axes)


@styled
def intervals(frame: pd.DataFrame) -> Figure:
    """Shares with their intervals; a row that may not be shown says so and has no mark.

    Parameters
    ----------
    frame : DataFrame
        label, share_pct, lo_pct, hi_pct (NaN where not shown).
    """
    brand = shipped_brand()
    axes = rows_axes([str(label) for label in frame["label"]])
    for y, (share, low, high) in enumerate(
        zip(frame["share_pct"], frame["lo_pct"], frame["hi_pct"], strict=True)
    ):
        if pd.isna(share):
            axes.text(1, y, "not shown", va="center", size=8, color=brand.muted)
            continue
        axes.plot([low, high], [y, y], color=FAINT, linewidth=3)
        axes.plot(share, y, "o", color=brand.palette[0], markersize=6)
    axes.set_xlim(0, 100)
    axes.grid(axis="x")
    axes.set_xlabel("Share of respondents, %")
    return finish(axes, [("o", "share", brand.palette[0]), ("s", "95 % interval", FAINT)])

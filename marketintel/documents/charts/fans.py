"""Charts along time: forecast fans as small multiples."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from marketintel.documents.charts import drawing
from marketintel.documents.engine.fonts import wrap
from marketintel.documents.engine.theme import chart_style
from marketintel.reference.brand import shipped_brand

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 2


def fan(
    history: "pd.DataFrame",
    forecast: "pd.DataFrame",
    *,
    benchmark: "pd.DataFrame | None" = None,
    titles: Mapping[str, str] | None = None,
    breaks: "pd.DataFrame | None" = None,
    spans: "pd.DataFrame | None" = None,
    what: str = "Exports",
    unit: str = "USD billion",
    scale: float = 1e9,
    row_in: float = 2.25,
) -> "Figure":
    """History and forecast with its intervals, one panel a series, each with its own scale.

    Parameters
    ----------
    history : DataFrame
        ``unique_id, ds, y``; ds is a date, or text such as "2025" or "2025-03".
    forecast : DataFrame
        ``unique_id, ds, level, mean, lo, hi`` of one model. Periods between the last figure and its
        first are hatched: not known here.
    benchmark : DataFrame, optional
        ``unique_id, ds, mean`` of drift: a dashed line beside the forecast.
    titles : mapping, optional
        ``unique_id`` to the panel's title.
    breaks : DataFrame, optional
        ``unique_id, ds`` of the first period after each declared break: an upright dotted line.
    spans : DataFrame, optional
        ``unique_id, name, start, end`` of shocks (:mod:`marketintel.analysis.forecast.shocks`): shaded.
    what, unit, scale
        For the axis title, and the divisor of the values.
    row_in : float
        Height of a row of panels, inches.

    Raises
    ------
    ValueError
        If there is no series, or the forecast has more than one row a series, date and level.
    """
    series = list(dict.fromkeys(forecast["unique_id"]))
    if not series:
        raise ValueError("fan: the forecast has no rows")
    if forecast.duplicated(["unique_id", "ds", "level"]).any():
        raise ValueError("fan: more than one row a series, date and level; pass one model")
    columns = min(_COLUMNS, len(series))
    lines = math.ceil(len(series) / columns)
    annual = _annual(list(history["ds"]))
    with chart_style():
        figure = drawing.wide(row_in * lines + 0.25)
        panels = figure.subplots(lines, columns, squeeze=False).ravel()
        for axes, key in zip(panels, series, strict=False):
            _panel(axes, _of(history, key), _of(forecast, key), scale)
            if benchmark is not None:
                _benchmark(axes, _of(benchmark, key), scale)
            if breaks is not None:
                # The first period after the break is known: the line stands before it.
                _breaks(axes, [t - half_period(annual) for t in _of(breaks, key, annual)["t"]])
            if spans is not None:
                _shaded(axes, spans[spans["unique_id"] == key], annual)
            axes.set_title(wrap((titles or {}).get(key, str(key)), 40, lines=2), fontsize=8.5)
            axes.set_ylim(bottom=0)
        for axes in panels[len(series) :]:
            axes.set_visible(False)
        figure.supylabel(f"{what}, {unit}", fontsize=8.5, color=shipped_brand().muted)
    return figure


def half_period(annual: bool) -> float:
    """Half a period in years: how far before a point the line of its break stands."""
    return 0.5 if annual else 1 / 24


def _of(frame: "pd.DataFrame", key: str, annual: bool | None = None) -> "pd.DataFrame":
    """The rows of one series, with their time as a number, in order."""
    rows = frame[frame["unique_id"] == key]
    return rows.assign(t=_times(list(rows["ds"]), annual)).sort_values("t", kind="stable")


def _panel(axes: "Axes", past: "pd.DataFrame", ahead: "pd.DataFrame", scale: float) -> None:
    from matplotlib.ticker import MaxNLocator

    brand = shipped_brand()
    blue = brand.palette[0]
    axes.plot(past["t"], past["y"] / scale, color=brand.ink, linewidth=1.4)
    # Intervals widen from the last known point; the wider ones lie behind.
    last = past.dropna(subset=["y"]).iloc[-1]
    start, now = [float(last["t"])], [float(last["y"]) / scale]
    if _not_known(axes, start[0], float(ahead["t"].min()), _annual(list(past["ds"]))):
        start, now = [], []
    for level in sorted(ahead["level"].dropna().unique(), reverse=True):
        rows = ahead[ahead["level"] == level]
        t = [*start, *rows["t"]]
        high = [*now, *(rows["hi"] / scale)]
        shade = 0.15 if float(level) > 90 else 0.3
        axes.fill_between(
            t, [*now, *(rows["lo"] / scale)], high, color=blue, alpha=shade, linewidth=0
        )
        _at_end(axes, f"{level:g} %", t[-1], high[-1], brand.muted)
    middle = ahead.drop_duplicates("t")
    axes.plot([*start, *middle["t"]], [*now, *(middle["mean"] / scale)], color=blue, lw=1.6)
    axes.grid(axis="y")
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def _not_known(axes: "Axes", last: float, first: float, annual: bool) -> bool:
    """Hatch the periods between the last figure and the first forecast; False if there are none."""
    pad = half_period(annual)
    if first - last < 3 * pad:
        return False
    muted = shipped_brand().muted
    axes.axvspan(
        last + pad, first - pad, facecolor="none", edgecolor=muted, hatch="////", lw=0, alpha=0.5
    )
    drawing.upright(axes, "not known here", (last + first) / 2, 0.03, "bottom")
    return True


def _benchmark(axes: "Axes", rows: "pd.DataFrame", scale: float) -> None:
    rows = rows.drop_duplicates("t")
    if rows.empty:
        return
    accent = shipped_brand().accent
    line = rows["mean"] / scale
    axes.plot(rows["t"], line, color=accent, linewidth=1.2, linestyle="--")
    _at_end(axes, "drift", rows["t"].iloc[-1], line.iloc[-1], accent)


def _breaks(axes: "Axes", times: Sequence[float]) -> None:
    muted = shipped_brand().muted
    for t in times:
        axes.axvline(t, color=muted, linewidth=0.9, linestyle=":")
        axes.annotate(
            "break", (t, 1), (2, -2), xycoords=("data", "axes fraction"),
            textcoords="offset points", size=7.5, va="top", color=muted,
        )  # fmt: skip


def _shaded(axes: "Axes", spans: "pd.DataFrame", annual: bool) -> None:
    muted, pad = shipped_brand().muted, half_period(annual)
    ends = zip(
        _times(list(spans["start"]), annual), _times(list(spans["end"]), annual), strict=True
    )
    for name, (start, end) in zip(spans["name"], ends, strict=True):
        axes.axvspan(start - pad, end + pad, color=muted, alpha=0.14, linewidth=0, zorder=0)
        drawing.upright(axes, name, (start + end) / 2, 0.97, "top")


def _at_end(axes: "Axes", text: str, x: float, y: float, colour: str) -> None:
    drawing.beside(axes, text, x, y, 3, size=7.5, color=colour, annotation_clip=False)


def _times(dates: Sequence[Any], annual: bool | None = None) -> list[float]:
    """Years as numbers: annual periods at the year, monthly ones in between.

    A lone date says nothing about its frequency: `annual` does, where it is known.
    """
    points = [_year_month(ds) for ds in dates]
    if annual is None:
        annual = _annual(dates)
    return [year + (0 if annual else (month - 1) / 12) for year, month in points]


def _annual(dates: Sequence[Any]) -> bool:
    return len({_year_month(ds)[1] for ds in dates}) == 1


def _year_month(ds: Any) -> tuple[int, int]:
    if hasattr(ds, "year"):
        return int(ds.year), int(ds.month)
    year, _, month = str(ds).partition("-")
    return int(year), int(month[:2]) if month else 1

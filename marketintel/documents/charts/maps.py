"""The world map of suppliers."""

import math
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

from marketintel.documents.charts.drawing import wide
from marketintel.documents.engine.formats import show
from marketintel.documents.engine.theme import TEXT_WIDTH_IN, chart_style
from marketintel.reference.brand import shipped_brand

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DISCLAIMER = (
    "Boundaries and names on the map are for orientation and imply no opinion on the legal status "
    "of any territory. Kosovo*: *the designation is without prejudice to positions on status, and "
    "is in line with UN Security Council Resolution 1244/1999 and the ICJ's opinion on Kosovo's "
    "declaration of independence."
)
# Equal Earth: areas are true, so a shaded country has the weight of its real size.
PROJECTION = "+proj=eqearth +datum=WGS84 +units=m"
_NO_RECORD = "#eceff1"
_SMALL_KM2 = 15_000  # below this a country is a dot: 1 mm on the page is about 200 km
_SIMPLIFY_M = 12_000
_CLASSES = 5
_FLOOR_USD = 1e6


def supplier_map(
    values: "pd.DataFrame",
    geometry: "gpd.GeoDataFrame",
    *,
    reporter: str,
    partner: str = "partner",
    value: str = "value_usd",
    reporter_label: str = "the market itself",
    what: str = "Imports from",
    names: Mapping[str, str] | None = None,
) -> "Figure":
    """Shade every supplier by what it sold; small economies as dots.

    The lowest of five classes is below USD 1 million (of a small market: below a thousandth of the
    first supplier); the others are natural breaks (Fisher–Jenks) of the logarithm, because a few
    large suppliers would otherwise leave all others in one class; rounded to two digits.

    Parameters
    ----------
    values : DataFrame
        One row a supplier: ISO3 in `partner`, USD in `value`. An economy without a row, or with a
        missing figure, is hatched as "none recorded", which is not the same as 0.
    geometry : GeoDataFrame
        ``iso3, geometry``, with a CRS, cut at the antimeridian. Several rows of one economy are
        joined.
    reporter : str
        ISO3 of the market, drawn in a colour of its own.
    names : mapping, optional
        ISO3 to name, for the line about suppliers without a polygon of their own.

    Raises
    ------
    ValueError
        If no supplier has a figure above zero, a supplier has two rows, or the geometry no CRS.
    """
    if geometry.crs is None:
        raise ValueError("supplier_map: the geometry has no coordinate reference system")
    sales = values.set_index(partner)[value].dropna().drop(index=reporter, errors="ignore")
    if sales.index.has_duplicates:
        raise ValueError("supplier_map: a supplier has more than one row")
    if not (sales > 0).any():
        raise ValueError("supplier_map: no supplier has a figure above zero")
    limits = _limits(sales[sales > 0])
    world = _project(geometry)
    world["rank"] = [_rank(sales.get(code), limits) for code in world["iso3"]]
    with chart_style() as brand:
        colours = _ramp(len(limits))
        figure = wide(TEXT_WIDTH_IN * 0.49)
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set_aspect("equal")
        style = {"edgecolor": "white", "linewidth": 0.35}
        blank = world["rank"].isna() & (world["iso3"] != reporter)
        world[blank].plot(ax=axes, color=_NO_RECORD, hatch="//////", edgecolor="#c5ccd2", lw=0.25)
        for rank in range(-1, len(limits)):
            rows = world[world["rank"] == rank]
            colour = "white" if rank < 0 else colours[rank]
            edge = {**style, "edgecolor": brand.muted} if rank < 0 else style
            if len(rows):
                rows.plot(ax=axes, color=colour, **edge)
        home = world[world["iso3"] == reporter]
        home.plot(ax=axes, color="#f6ddcc", edgecolor=brand.accent, linewidth=0.6)
        _dots(axes, world[world["iso3"] != reporter], colours)
        _legend(axes, limits, colours, reporter_label, what, bool(sales.eq(0).any()))
        _unplaced(axes, sales[~sales.index.isin(world["iso3"])], names or {})
        axes.margins(0)
    return figure


def _project(geometry: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """Equal Earth without Antarctica, simplified to what print can show, one row an economy."""
    land = geometry[geometry["iso3"] != "ATA"][["iso3", "geometry"]].to_crs(PROJECTION)
    land["geometry"] = land.make_valid()
    land["iso3"] = land["iso3"].fillna("")  # disputed and without a code: drawn, never shaded
    land = land.dissolve("iso3", as_index=False)
    land["area_km2"] = land.area / 1e6
    land["point"] = land.representative_point()
    land["geometry"] = land.simplify(_SIMPLIFY_M)
    return land


def _limits(sales: "pd.Series") -> list[float]:
    """Upper limits of the classes, the last one open; two significant digits."""
    import numpy as np

    floor = min(_FLOOR_USD, sales.max() / 1000)
    sales = sales[sales > floor]
    breaks = _natural_breaks(np.log10(sales.to_numpy()), min(_CLASSES - 1, sales.nunique()))
    rounded = [float(f"{edge:.1e}") for edge in (floor, *10 ** breaks[:-1])]
    return [*dict.fromkeys(rounded), math.inf]


def _natural_breaks(values: "np.ndarray", count: int) -> "np.ndarray":
    """Upper limits of the classes with the least squares about their means (Fisher 1958)."""
    import numpy as np

    ordered = np.sort(values)
    sums, squares = (np.concatenate([[0.0], np.cumsum(ordered**n)]) for n in (1, 2))
    start, end = np.meshgrid(np.arange(len(ordered)), np.arange(1, len(ordered) + 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = squares[end] - squares[start] - (sums[end] - sums[start]) ** 2 / (end - start)
    cost = np.where(start < end, cost, np.inf)  # of ordered[start:end], by end and start
    best, cuts = cost[:, 0], []
    for _ in range(count - 1):
        whole = cost + np.concatenate([[np.inf], best[:-1]])
        cuts.append(whole.argmin(axis=1))
        best = whole.min(axis=1)
    ends = [len(ordered)]
    for cut in reversed(cuts):
        ends.append(int(cut[ends[-1] - 1]))
    limits: np.ndarray = ordered[np.array(ends[::-1]) - 1]
    return limits


def _rank(sale: float | None, limits: list[float]) -> float:
    """Class of a figure: 0 is the lowest, -1 is a recorded zero, NaN is no record."""
    if sale is None:
        return math.nan
    if sale == 0:
        return -1
    return next(i for i, limit in enumerate(limits) if sale <= limit)


def _ramp(count: int) -> list[str]:
    """Pale to dark in one hue, so that it also reads in grey and by any kind of eye."""
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    brand = shipped_brand()
    ramp = LinearSegmentedColormap.from_list("ramp", ["#cfe3f1", brand.palette[0], brand.primary])
    return [to_hex(ramp(i / max(count - 1, 1))) for i in range(count)]


def _dots(axes: "Axes", world: "gpd.GeoDataFrame", colours: list[str]) -> None:
    small = world[(world["area_km2"] < _SMALL_KM2) & (world["rank"] >= 0)].sort_values("rank")
    for row in small.itertuples():
        rank = int(row.rank)
        size = 7 + 22 * rank / max(len(colours) - 1, 1)
        axes.scatter(
            row.point.x, row.point.y, size, colours[rank], edgecolors="white", linewidths=0.5
        )


def _legend(
    axes: "Axes",
    limits: list[float],
    colours: list[str],
    reporter_label: str,
    what: str,
    zero: bool,
) -> None:
    from matplotlib.patches import Patch

    brand = shipped_brand()
    texts = [_usd_m(limit) for limit in limits[:-1]]
    labels = [
        f"more than {texts[-1]}" if texts else "any",
        *[f"{low} to {high}" for low, high in zip(texts[-2::-1], texts[:0:-1], strict=True)],
        f"up to {texts[0]}" if texts else "",
    ]
    key = [(text, Patch(color=colour)) for text, colour in zip(labels, colours[::-1], strict=False)]
    if zero:
        key.append(("0", Patch(facecolor="white", edgecolor=brand.muted, linewidth=0.5)))
    hatched = Patch(facecolor=_NO_RECORD, edgecolor="#c5ccd2", hatch="//////", linewidth=0.4)
    home = Patch(facecolor="#f6ddcc", edgecolor=brand.accent, linewidth=0.6)
    key += [("none recorded", hatched), (reporter_label, home)]
    legend = axes.legend(
        [patch for _, patch in key], [text for text, _ in key], title=f"{what}, USD million",
        loc="lower left", bbox_to_anchor=(0, 0), frameon=False, fontsize=7.5, title_fontsize=7.5,
        handlelength=1.4, handleheight=0.9, labelspacing=0.35, alignment="left", borderpad=0,
    )  # fmt: skip
    legend.get_title().set_fontweight("bold")


def _usd_m(value: float) -> str:
    """A class limit: whole millions where there are any."""
    return f"{value / 1e6:,.0f}" if value >= 1e6 else f"{value / 1e6:,.6f}".rstrip("0")


def _unplaced(axes: "Axes", sales: "pd.Series", names: Mapping[str, str]) -> None:
    """Name the suppliers that the polygons do not show on their own."""
    sales = sales[sales > 0].sort_values(ascending=False)
    if sales.empty:
        return
    listed = ", ".join(names.get(str(code), str(code)) for code in sales.index)
    listed = textwrap.shorten(listed, 90, placeholder=" …")
    total = show(sales.sum(), "usd_m")
    axes.annotate(
        f"Without a polygon of their own: {listed} (USD {total} million together).",
        (0, 0), (0, -4), xycoords="axes fraction", textcoords="offset points", va="top", size=7,
        color=shipped_brand().muted,
    )  # fmt: skip

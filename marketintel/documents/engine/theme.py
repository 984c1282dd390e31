"""Style of the charts: the brand's colours, the typeface, matplotlib settings."""

import contextlib
from collections.abc import Iterator
from typing import Any

from marketintel.documents.engine.fonts import FONT, fallback_files, font_files
from marketintel.reference.brand import Brand, shipped_brand

# Text width of the A4 page (210 mm less two margins of 22 mm): figures are drawn at this size, so
# that their type is printed at its nominal size.
TEXT_WIDTH_IN = 166 / 25.4


@contextlib.contextmanager
def chart_style(brand: Brand | None = None) -> Iterator[Brand]:
    """Draw with the report's look whatever the user's own matplotlib settings are."""
    import matplotlib as mpl

    brand = brand or shipped_brand()
    _register_fonts()
    with mpl.rc_context():
        settings: Any = mpl.rcParams  # its stub lists every key as a literal
        settings.update(mpl.rcParamsDefault)
        settings.update(_rc(brand))
        yield brand


def _register_fonts() -> None:
    """Make matplotlib measure with the cuts that page and PDF draw with, whatever is installed.

    Looked at before every chart: matplotlib builds its list anew, without what was added, when it
    misses a file that the list names.
    """
    from matplotlib import font_manager

    regular = str(font_files()["regular"])
    if any(entry.fname == regular for entry in font_manager.fontManager.ttflist):
        return
    # Bold names are drawn semibold, fallback letters in the one cut there is: no other is sought.
    weights = {"regular": (400,), "italic": (400,), "semibold": (600, 700)}
    cuts = [(FONT, cut, file, weights[cut]) for cut, file in font_files().items()]
    cuts += [(family, "", file, (400, 600, 700)) for family, file in fallback_files().items()]
    manager = font_manager.fontManager
    for family, cut, file, all_weights in cuts:
        style = "italic" if cut == "italic" else "normal"
        for weight in all_weights:
            manager.ttflist.append(
                font_manager.FontEntry(
                    str(file), name=family, style=style, weight=weight, size="scalable"
                )
            )
    manager.addfont(font_files()["regular"])  # also forgets what was looked for before


def _rc(brand: Brand) -> dict[str, Any]:
    from cycler import cycler

    return {
        "font.family": [FONT, *fallback_files()],
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlecolor": brand.ink,
        "axes.labelsize": 8.5,
        "axes.labelcolor": brand.muted,
        "axes.edgecolor": "#b8c0c8",
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.prop_cycle": cycler(color=list(brand.palette)),
        "grid.color": "#dfe4e8",
        "grid.linewidth": 0.6,
        "xtick.color": brand.muted,
        "ytick.color": brand.muted,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 9,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "text.color": brand.ink,
        # As page and PDF set it: no pixel grid.
        "text.hinting": "none",
        # A dollar sign in a name is a dollar sign, not the start of a formula.
        "text.parse_math": False,
        "figure.facecolor": "white",
        "figure.dpi": 100,
        "svg.fonttype": "none",  # text stays text: selectable, searchable, small
        "svg.hashsalt": "marketintel",
        "hatch.linewidth": 0.5,
    }

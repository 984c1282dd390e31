"""One look for charts, HTML and PDF: the brand file, the typeface and the matplotlib style."""

import contextlib
import functools
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from marketintel.documents.engine.fonts import FONT, fallback_files, font_files
from marketintel.errors import ReferenceFileError

BRAND_FILE = Path(__file__).parent.parent.parent / "reference" / "brand.toml"
# Text width of the A4 page (210 mm less two margins of 22 mm): figures are drawn at this size, so
# that their type is printed at its nominal size.
TEXT_WIDTH_IN = 166 / 25.4
MIN_CONTRAST = 4.5
# What a logo may refer to: its own parts, and pictures that it holds.
_INSIDE = r"#|data:image/(png|jpeg|gif);base64,"

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]


class Brand(BaseModel):
    """Who publishes the report and in which colours; see ``reference/brand.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, StringConstraints(min_length=1)] = "marketintel"
    tagline: str = ""
    author: Annotated[str, StringConstraints(min_length=1)] = "marketintel"
    footer: str = ""
    logo: str = ""
    primary: Colour = "#0b3954"
    accent: Colour = "#b3470b"
    ink: Colour = "#1c2430"
    muted: Colour = "#5a6472"
    tint: Colour = "#eef3f6"
    palette: tuple[Colour, ...] = Field(
        default=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a7a7a"),
        min_length=5,
    )
    logo_svg: str = Field(default="", exclude=True)


def load_brand(path: Path | None = None) -> Brand:
    """Read and check a brand file; what it leaves out keeps its default.

    Parameters
    ----------
    path : Path, optional
        Default: the shipped ``reference/brand.toml``. If that is gone, all defaults.

    Raises
    ------
    ReferenceFileError
        With file, line and rule: unreadable TOML, an unknown key, a colour that is not
        ``#rrggbb`` or too pale for text, a logo that is missing or not SVG.
    """
    file = path or BRAND_FILE
    if path is None and not file.exists():
        return Brand()
    try:
        text = file.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ReferenceFileError(f"{file.name}: cannot be read as TOML ({error})") from error
    try:
        brand = Brand(**{**values, "logo_svg": ""})
    except ValidationError as error:
        first = error.errors()[0]
        raise _fault(file, text, str(first["loc"][0]), first["msg"]) from error
    for key in ("primary", "accent", "ink", "muted"):
        ratio = contrast(getattr(brand, key), "#ffffff")
        if ratio < MIN_CONTRAST:
            rule = f"contrast {ratio:.1f} : 1 on white is below {MIN_CONTRAST} : 1; choose a darker"
            raise _fault(file, text, key, f"{rule} colour than {getattr(brand, key)}")
    if contrast(brand.ink, brand.tint) < MIN_CONTRAST:
        raise _fault(file, text, "tint", f"text cannot be read on {brand.tint}; choose a paler one")
    if not brand.logo:
        return brand
    try:
        logo = (file.parent / brand.logo).resolve()
        beside = logo.parent == file.parent.resolve()
        svg = logo.read_text(encoding="utf-8-sig") if beside else ""
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise _fault(file, text, "logo", f"{brand.logo!a} cannot be read beside it") from error
    if not beside:
        raise _fault(file, text, "logo", f"{brand.logo!a} does not lie beside it; move it there")
    if fault := _logo_fault(svg):
        raise _fault(file, text, "logo", f"{brand.logo} {fault}")
    return brand.model_copy(update={"logo_svg": svg})


@functools.cache
def shipped_brand() -> Brand:
    """Read ``reference/brand.toml`` once a process."""
    return load_brand()


def contrast(first: str, second: str) -> float:
    """WCAG 2.2 contrast ratio of two ``#rrggbb`` colours, 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


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


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _logo_fault(svg: str) -> str:
    """Say why a logo may not be printed: it is no SVG, runs something or reads another file."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(svg, forbid_dtd=True)
    except ParseError:
        return "is not an SVG file"
    except DefusedXmlException:
        return "declares a document type or entities; save it as plain SVG"
    if root.tag != "{http://www.w3.org/2000/svg}svg":
        return "is not an SVG file"
    for element in root.iter():
        name = str(element.tag).rpartition("}")[2].lower()
        if name in {"script", "foreignobject", "iframe", "a", "animate", "set", "handler"}:
            return f"holds <{name}>; save it as plain SVG"
        values = {key.rpartition("}")[2].lower(): value for key, value in element.attrib.items()}
        styles = " ".join([*values.values(), element.text or ""])
        if any(key.startswith("on") for key in values):
            return "holds an event handler; save it as plain SVG"
        links = [values[key] for key in ("href", "src", "base") if key in values]
        links += re.findall(r"""url\(\s*["']?([^"')]*)""", styles, re.IGNORECASE)
        if "@import" in styles or any(not re.match(_INSIDE, link.strip()) for link in links):
            return "refers to something outside itself; embed it"
    return ""


def _fault(file: Path, text: str, key: str, rule: str) -> ReferenceFileError:
    found = re.search(rf"^\s*{re.escape(key)}\s*=", text, re.MULTILINE)
    line = text.count("\n", 0, found.end()) + 1 if found else 1
    return ReferenceFileError(f"{file.name}:{line}: {key}: {rule}")

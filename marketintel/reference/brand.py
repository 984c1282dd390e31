"""The brand file: name, colours and logo of whoever publishes the reports."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from marketintel.reference.fields import Text, written
from marketintel.reference.files import REFERENCE_DIR, Tables, sound
from marketintel.reference.model import Broken, Table, toml_file

BRAND_FILE = REFERENCE_DIR / "brand.toml"
MIN_CONTRAST = 4.5
# What a logo may refer to: its own parts, and pictures that it holds.
_INSIDE = r"#|data:image/(png|jpeg|gif);base64,"

Colour = Annotated[str, written(r"#[0-9a-fA-F]{6}", "colour", "is no colour: write it as #0b3954")]


class Brand(Table):
    """Name, texts, logo and colours of a report; see ``reference/brand.toml``."""

    made: ClassVar = frozenset({"logo_svg"})

    name: Text = "marketintel"
    tagline: str = ""
    author: Text = "marketintel"
    footer: str = ""
    logo: str = ""
    primary: Colour = "#0b3954"
    accent: Colour = "#b3470b"
    ink: Colour = "#1c2430"
    muted: Colour = "#5a6472"
    tint: Colour = "#eef3f6"
    palette: Annotated[tuple[Colour, ...], Field(min_length=5, strict=False)] = (
        "#0072b2",
        "#d55e00",
        "#009e73",
        "#cc79a7",
        "#e69f00",
        "#56b4e9",
        "#7a7a7a",
    )
    logo_svg: Annotated[str, Field(exclude=True)] = ""

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        for key in ("primary", "accent", "ink", "muted"):
            ratio = contrast(getattr(self, key), "#ffffff")
            if ratio < MIN_CONTRAST:
                message = f"contrast {ratio:.1f} : 1 on white is below {MIN_CONTRAST} : 1; choose a"
                yield "contrast", f"{key}: {message} darker colour", key
        if contrast(self.ink, self.tint) < MIN_CONTRAST:
            message = f"tint: text cannot be read on {self.tint}; choose a paler one"
            yield "contrast", message, "tint"


def check_brand(path: Path) -> Tables:
    """Check a brand file and the logo beside it."""
    tables = toml_file(path, Brand)
    if "logo_svg" in tables.raw:
        tables.add("unknown-key", "'logo_svg' is not known: name the file in logo", "logo_svg")
    brand = tables.items.get("file")
    if brand and brand.logo:
        svg, fault = _logo(path.parent, brand.logo)
        if fault:
            tables.add("logo", f"{brand.logo!a} {fault}", "logo")
        tables.items["file"] = brand.model_copy(update={"logo_svg": svg})
    return tables


def load_brand(path: Path | None = None) -> Brand:
    """Read a brand file; what it leaves out keeps its default.

    Parameters
    ----------
    path : Path, optional
        Default: the shipped ``reference/brand.toml``. If that is gone, all defaults.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule: the first mistake with file and line.
    """
    if path is None and not BRAND_FILE.exists():
        return Brand()
    tables = sound(check_brand(path or BRAND_FILE))
    brand: Brand = tables.items["file"]
    return brand


@functools.cache
def shipped_brand() -> Brand:
    """Read ``reference/brand.toml`` once a process."""
    return load_brand()


def contrast(first: str, second: str) -> float:
    """WCAG 2.2 contrast ratio of two ``#rrggbb`` colours, 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _logo(folder: Path, name: str) -> tuple[str, str]:
    """Return the text of a logo, and why it may not be printed ("" if it may)."""
    try:
        logo = (folder / name).resolve()
        if logo.parent != folder.resolve():
            return "", "does not lie beside the brand file; move it there"
        svg = logo.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError):
        return "", "cannot be read beside the brand file; put an SVG file there"
    return svg, _logo_fault(svg)


def _logo_fault(svg: str) -> str:
    """Return why a logo may not be printed: no SVG, a script, or a reference outside."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(svg, forbid_dtd=True)
    except ParseError:
        return "is not an SVG file; save it as SVG"
    except DefusedXmlException:
        return "declares a document type or entities; save it as plain SVG"
    if root.tag != "{http://www.w3.org/2000/svg}svg":
        return "is not an SVG file; save it as SVG"
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

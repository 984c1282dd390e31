"""The PDF report: Typst, tagged after PDF/UA-1, fonts embedded, the same bytes every time.

Blocks reach the template as JSON, and Typst prints the strings in it as text: nothing that comes
from data is ever read as markup.
"""

import json
import math
import re
import shutil
import tempfile
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.documents.engine.blocks import Callout, PageBreak, Table
from marketintel.documents.engine.fonts import (
    FONT,
    LONGEST_WORD,
    fallback_files,
    fallbacks,
    font_files,
    printable,
    width,
)
from marketintel.documents.engine.language import words
from marketintel.documents.engine.pages import TEMPLATES
from marketintel.errors import ReportError
from marketintel.reference.brand import Brand

if TYPE_CHECKING:
    from marketintel.documents.engine.cover import Cover
    from marketintel.documents.engine.document import Document

_LANDSCAPE_COLUMNS = 9  # more than so many are printed on a page turned on its side
# Type of a table, in points: below the smallest it goes on a page turned on its side.
_LARGEST, _SMALLEST = 9.0, 7.5
# A line of the portrait page holds about so many characters at the largest size.
_LINE = 104
_SHORT = 14  # longer texts may wrap
_GUTTER = 2.4
_WHOLE_LINES = 20  # a table that is shorter is not divided between pages


def to_pdf(document: "Document", cover: "Cover", brand: Brand) -> bytes:
    """Set the PDF.

    Raises
    ------
    ReportError
        If Typst fails or warns: a missing font or a figure without alternative text is a fault.
    """

    def show(i: int, part: str) -> str:
        block = document.blocks[i]
        if isinstance(block, Callout):
            return f"#callout(blocks.at({i}))[" if part == "open" else "]"
        if isinstance(block, PageBreak):
            return "#pagebreak(weak: true)"
        if isinstance(block, Table) and not block.is_printed:
            return ""
        return f"#show-block(blocks.at({i}))"

    views = [_view(block.view()) for block in document.blocks]
    body = _turn_pages(document.convert("typst", show, "--shift-heading-level-by=-1"), views)
    template = (TEMPLATES / "report.typ").read_text(encoding="utf-8")
    data = {
        "cover": {name: str(value or "") for name, value in vars(cover).items()},
        "brand": {**brand.model_dump(mode="json"), "logo_svg": brand.logo_svg},
        "blocks": views,
        "words": dict(words()),
    }
    for plain in (False, True):
        pdf, fault = _compile(printable(data, plain=plain), template + printable(body, plain=plain))
        # Letters that fonts have can still fail together: marks, complex scripts.
        if not re.search("could not be displayed|missing codepoints", fault):
            break
        document.warnings.append(
            "the PDF prints codes for all letters beyond its typeface: some cannot be set together"
        )
    if fault:
        raise ReportError(f"the PDF cannot be set: {fault}")
    return pdf


def _compile(data: dict[str, Any], source: str) -> tuple[bytes, str]:
    """Return the PDF and Typst's first error or warning."""
    import typst

    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    others = fallbacks(text + source)
    files = [*font_files().values(), *map(fallback_files().__getitem__, others)]
    with tempfile.TemporaryDirectory() as folder:
        # The font folder holds every cut twice, in two formats; which of them Typst would take
        # depends on the order of the directory. It gets to see one of each, and no other file.
        for file in files:
            shutil.copy(file, Path(folder) / file.name)
        try:
            pdf, warnings = typst.compile_with_warnings(  # type: ignore[call-overload]
                source.encode(),
                root=folder,
                format="pdf",
                font_paths=typst.Fonts(
                    include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder]
                ),
                ignore_system_fonts=True,
                pdf_standards="ua-1",
                sys_inputs={"data": text, "fonts": json.dumps([FONT, *others])},
                timestamp=0,
            )
        except typst.TypstError as error:
            return b"", _first_line(error)
    assert isinstance(pdf, bytes)  # noqa: S101 - one document, no output path: bytes by contract
    return pdf, _first_line(warnings[0]) if warnings else ""


def _first_line(error: Any) -> str:
    hint = f" ({error.hints[0]})" if error.hints else ""
    return f"{error.message}{hint}"


def _turn_pages(body: str, views: list[dict[str, Any]]) -> str:
    """Put each landscape table, with the headings right before it, on a page turned on its side."""

    def turn(found: re.Match[str]) -> str:
        landscape = views[int(found["number"])].get("landscape")
        return f"#[\n#set page(flipped: true)\n{found[0]}\n]" if landscape else found[0]

    heading = r"^=+ .*\n(?:<.*>\n)?\n*"
    return re.sub(
        rf"(?:{heading})*^#show-block\(blocks\.at\((?P<number>\d+)\)\)$",
        turn,
        body,
        flags=re.MULTILINE,
    )


def _view(view: dict[str, Any]) -> dict[str, Any]:
    """Add a layout to a table's view."""
    if view["kind"] != "table":
        return view
    return {**view, **_layout(view["columns"], view["rows"])}


def _layout(columns: list[dict[str, Any]], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Column widths, type size and orientation so that nothing is clipped.

    Numbers and short texts keep their natural width; longer texts share what is left by their
    length (less than in proportion), and wrap. Long headers are broken into lines beforehand,
    because a header in one line would be what makes a column of short numbers wide.
    """
    cells = [row["cells"] for row in rows if "cells" in row]
    least: list[float] = []
    shares: list[float] = []
    heads: list[list[str]] = []
    for j, column in enumerate(columns):
        lengths = sorted(width(row[j]["text"]) for row in cells) or [1]
        typical, longest = lengths[int((len(lengths) - 1) * 0.9)], lengths[-1]
        natural = column["numeric"] or longest <= _SHORT
        head = _lines(column["label"], max(longest + 2, 10) if natural else max(12, typical))
        # Longer words are broken anywhere: report.typ lets them.
        words = [min(width(word), LONGEST_WORD) for row in cells for word in row[j]["text"].split()]
        content = longest if natural else max(min(typical, 24), *words)
        unit = len(column["unit"]) * 0.85
        bar = 8 if column["bar"] else 0
        least.append(max(content, unit, *map(len, head)) + bar + _GUTTER)
        shares.append(0 if natural else round(max(typical, 12) ** 0.7, 1))
        heads.append(head)
    if columns and not any(shares):
        text = [j for j, column in enumerate(columns) if not column["numeric"]]
        shares[text[0] if text else 0] = 1  # something must fill the line
    room = sum(least) / _LINE
    landscape = len(columns) > _LANDSCAPE_COLUMNS or room * _SMALLEST > _LARGEST
    size = _LARGEST / max(room / (1.5 if landscape else 1), 1)
    # Capacity of a line in characters; texts that wrap share what the others leave of it.
    line = max(sum(least), _LINE * (1.5 if landscape else 1))
    widths = _widths(least, shares, line)
    lines = sum(
        max(
            math.ceil(width(row[j]["text"]) / widths[j]) if share else 1
            for j, share in enumerate(shares)
        )
        for row in cells
    )
    return {
        "whole": lines <= _WHOLE_LINES,
        "landscape": landscape,
        "size": max(math.floor(size * 2) / 2, 6),
        "widths": [w if share else 0 for w, share in zip(widths, shares, strict=True)],
        "heads": heads,
    }


def _widths(least: list[float], shares: list[float], line: float) -> list[float]:
    """Divide a line by shares; no column gets less than its longest word."""
    widths = list(least)
    free = [j for j, share in enumerate(shares) if share]
    while free:
        left = line - sum(w for j, w in enumerate(widths) if j not in free)
        total = sum(shares[j] for j in free)
        short = [j for j in free if left * shares[j] / total < least[j]]
        if not short:
            for j in free:
                widths[j] = round(left * shares[j] / total, 1)
        free = [j for j in free if j not in short] if short else []
    return widths


def _lines(label: str, width: int) -> list[str]:
    """Break a header into lines between words, never inside one."""
    return textwrap.wrap(label, width, break_long_words=False, break_on_hyphens=False) or [""]

"""The Jinja2 side: HTML fragments of blocks, and quick previews of prose in JupyterLab."""

import base64
import functools
import re
from pathlib import Path
from typing import Any

from marketintel.documents.engine.fonts import FAMILIES_CSS, LONGEST_WORD, font_faces, printable
from marketintel.documents.engine.language import word

TEMPLATES = Path(__file__).parent / "templates"


@functools.cache
def environment() -> Any:
    """Templates with autoescape on for everything and undefined names as errors."""
    import jinja2

    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["breaking"] = breaking
    templates.globals["word"] = word
    return templates


def breaking(text: str) -> Any:
    """Let a browser break words that no column holds anywhere; what is copied has no breaks."""
    from markupsafe import Markup, escape

    def pieces(word: re.Match[str]) -> str:
        return "\0".join(word[0])

    cut = str(escape(re.sub(rf"\S{{{LONGEST_WORD + 1},}}", pieces, printable(text))))
    return Markup(cut.replace("\0", "<wbr>"))  # noqa: S704 - escaped above


def fragment(view: dict[str, Any], number: int | None) -> str:
    """One block's view as HTML; numbered where it has a caption."""
    template = environment().get_template("block.html.j2")
    return str(template.render(view=view, number=number)).strip()


def image_of(svg: str) -> str:
    """Return an SVG as a data address, with the fonts of its texts inside."""
    style = f"<style>{font_faces(svg)}</style>"
    whole = re.sub(r"<svg\b[^>]*>", lambda tag: tag[0] + style, svg, count=1)
    return f"data:image/svg+xml;base64,{base64.b64encode(whole.encode()).decode()}"


def in_lab(fragment: str) -> str:
    """Wrap blocks for a notebook, with the report's style."""
    from marketintel.reference.brand import shipped_brand

    template = environment().get_template("lab.html.j2")
    return str(template.render(fragment=fragment, families=FAMILIES_CSS, brand=shipped_brand()))


def preview(markdown: str) -> str:
    """Prose as HTML for JupyterLab, raw HTML shown as text. The report itself uses pandoc."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    return str(parser.render(markdown))

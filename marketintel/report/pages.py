"""The Jinja2 side: HTML fragments of blocks, and quick previews of prose in JupyterLab."""

import functools
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent / "templates"


@functools.cache
def environment() -> Any:
    """Templates with autoescape on for everything and undefined names as errors."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def fragment(view: dict[str, Any], number: int | None) -> str:
    """One block's view as HTML; numbered where it has a caption."""
    template = environment().get_template("block.html.j2")
    return str(template.render(view=view, number=number)).strip()


def preview(markdown: str) -> str:
    """Prose as HTML for JupyterLab, raw HTML shown as text. The report itself uses pandoc."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    return str(parser.render(markdown))

"""HTML report: one file that loads nothing from the network."""

import base64
import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.documents.engine.blocks import Block, Figure, Table
from marketintel.documents.engine.fonts import FAMILIES_CSS, font_faces, printable
from marketintel.documents.engine.pages import TEMPLATES, environment
from marketintel.errors import ReportError
from marketintel.reference.brand import Brand

if TYPE_CHECKING:
    from marketintel.documents.engine.cover import Cover
    from marketintel.documents.engine.document import Document

_SPLIT = "<!-- contents end here -->"
# To another edition's files, or to tables of this one; nothing else outside the page.
_NAME = r"[A-Za-z0-9][\w.-]*"
_RELATIVE = rf"(?:\.\./(?:\.\./{_NAME}/)?{_NAME}/(?:tables/)?|tables/){_NAME}"
_LINK = re.compile(rf'<(a|span) (?:data-)?href="({_RELATIVE})"([^>]*)>(.*?)</\1>', re.DOTALL)


def to_html(document: "Document", cover: "Cover", brand: Brand) -> str:
    """Build the page.

    Raises
    ------
    ReportError
        If the prose refers to anything outside the page that a browser would fetch.
    """
    numbers = _numbers(document)

    def show(i: int, part: str) -> str:
        block = document.blocks[i]
        if part == "whole":
            return block.html(numbers.get(i)) if _is_printed(block) else ""
        view = block.view()
        if part == "close":
            return "</aside>"
        style = f'class="mi-block mi-callout mi-{view["style"]}" aria-label="{view["label"]}"'
        return f'<aside {style}><p class="mi-callout-label">{view["label"]}</p>'

    template = TEMPLATES / "contents.html"
    converted = document.convert("html5", show, "--toc", "--toc-depth=3", f"--template={template}")
    contents, body = converted.split(_SPLIT)
    page = environment().get_template("report.html.j2")
    css = environment().get_template("report.css.j2").render(brand=brand, families=FAMILIES_CSS)
    logo = base64.b64encode(brand.logo_svg.encode()).decode()
    parts = {"contents": contents, "body": body, "cover": cover, "brand": brand}
    fonts = font_faces(printable(contents + body + str(cover) + brand.model_dump_json()))
    html = str(page.render(**parts, css=css, fonts=fonts, logo=logo))
    _refuse_outside_references(html)
    return re.sub(r"[ \t]+\n", "\n", html)


def _numbers(document: "Document") -> dict[int, int]:
    """Position in the document to the number of the table or figure."""
    numbers = {}
    for kind in (Table, Figure):
        places = [
            i
            for i, block in enumerate(document.blocks)
            if isinstance(block, kind) and _is_printed(block)
        ]
        numbers.update({place: n for n, place in enumerate(places, start=1)})
    return numbers


def _is_printed(block: Block) -> bool:
    return not isinstance(block, Table) or block.is_printed


class _References(HTMLParser):
    """Finds resources that a browser would fetch by itself, and links with odd schemes."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values: dict[str, Any] = {name: value or "" for name, value in attrs}
        for name in ("src", "srcset", "poster", "data", "background", "action"):
            if name in values and not values[name].startswith("data:"):
                self.outside.append(f"{tag} {name}={values[name]}")
        for name in ("href", "xlink:href"):
            target = values.get(name, "")
            allowed = rf"#|https?://|mailto:|{_RELATIVE}\Z" if tag == "a" else r"#|data:"
            if target and not re.match(allowed, target):
                self.outside.append(f"{tag} {name}={target}")
        if tag in {"script", "iframe", "object", "embed", "base"}:
            self.outside.append(tag)


def _refuse_outside_references(html: str) -> None:
    finder = _References()
    finder.feed(html)
    # Only style sheets can fetch without a tag; in prose, "url(" is a word like any other.
    styles = " ".join(re.findall(r"<style>(.*?)</style>", html, re.DOTALL))
    finder.outside += re.findall(r"@import[^;]*|url\((?![\"']?(?:data:|#))[^)]*", styles)
    if finder.outside:
        raise ReportError(
            f"the report would refer to something outside itself ({finder.outside[0][:120]}); "
            "use a link, or a figure of the package"
        )


def settle_links(html: str, is_there: Callable[[str], bool]) -> str:
    """Print each relative link as a link where its target is there, else as plain text."""

    def settled(found: re.Match[str]) -> str:
        _, target, rest, text = found.groups()
        tag, name = ("a", "href") if is_there(target) else ("span", "data-href")
        return f'<{tag} {name}="{target}"{rest}>{text}</{tag}>'

    return _LINK.sub(settled, html)


def settle_page(page: Path, folder: Path) -> list[str]:
    """Print links whose targets will be there when the page stands in `folder`; return all."""

    def is_there(target: str) -> bool:
        home = page.parent if target.startswith("tables/") else folder
        return Path(os.path.normpath(home / target)).is_file()

    html = page.read_text(encoding="utf-8")
    page.write_text(settle_links(html, is_there), encoding="utf-8", newline="\n")
    return sorted({found[2] for found in _LINK.finditer(html)})

"""Chapters: a Markdown template with tables and figures in it becomes blocks."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Callable, Hashable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from marketintel.documents import prose
from marketintel.documents.columns import described
from marketintel.documents.engine import language
from marketintel.documents.engine.blocks import (
    Block,
    Callout,
    Figure,
    Heading,
    KeyFigures,
    PageBreak,
    Stack,
    Table,
    Text,
)
from marketintel.documents.engine.formats import escape, escape_line
from marketintel.errors import MissingDataError, UsageError

if TYPE_CHECKING:
    import pandas as pd

    from marketintel.documents.document import Document

GAP = "This cannot be made from the data here"
_HERE = Path(__file__).parent
_TOKEN = re.compile(r"^\x02(\d+)\x03$", re.MULTILINE)
#: Blanks and line ends, no-break spaces left out.
_BLANKS = re.compile(r"[ \t\n\r]+")


def chapter(document: Document, name: str) -> Stack:
    """Render ``chapters/NAME.md.j2`` of a document, or its translation, as blocks.

    In a template stand ``facts`` and ``views`` (functions of the document's module ``views``, with
    the facts as their first argument), ``parameters``, the words of :mod:`marketintel.documents.prose` as filters
    and functions, and ``table``, ``figure``, ``key_figures``, ``callout``, ``heading`` and
    ``page_break``, which place a block, and ``citations``, those of the figures read so far.

    Data that are missing make the chapter a stated gap: the question itself was checked before.
    Every other error is one of the program or of a file, and is raised.
    """
    try:
        with language.used(document.language):
            if document.stands_for and name not in document.chapters:
                raise MissingDataError(
                    f"the data here allow another document, whose notebook is {document.notebook}: "
                    f"it has no chapter {name!r}"
                )
            blocks = _Chapter(document).render(name)
    except (MissingDataError, UsageError) as error:
        blocks = Stack(Callout("note", f"**{GAP}.** {gap(error)}"))
    blocks.language = document.language
    return blocks


def gap(error: Exception) -> str:
    """Return an error's line as an escaped sentence."""
    line = escape_line(error)
    return f"{line[:1].upper()}{line[1:].rstrip('.')}."


def one_line(text: str) -> str:
    """Return a text without line ends and double blanks."""
    return _BLANKS.sub(" ", text).strip(" ")


class _Chapter:
    """One rendering of a chapter, with the blocks that its template places."""

    def __init__(self, document: Document) -> None:
        self.document, self.facts = document, document.facts
        self.blocks: list[Block] = []
        self.views = _Views(document)

    def render(self, name: str) -> Stack:
        environment = _environment(self.document.name, self.document.language)
        names = [f"{name}.{self.document.language}.md.j2", f"{name}.md.j2"]
        placed = {
            kind: getattr(self, kind)
            for kind in (
                "table", "figure", "key_figures", "callout", "heading", "page_break", "citations"
            )
        }  # fmt: skip
        text = environment.select_template(names).render(
            facts=self.facts, views=self.views, parameters=self.document.parameters, **placed
        )
        parts = [part.strip(" \n") for part in _TOKEN.split(text)]
        whole = [
            self.blocks[int(part)] if at % 2 else Text(re.sub(r"(?<=\S) {2,}", " ", part))
            for at, part in enumerate(parts)
            if part
        ]
        return Stack(*whole)

    def table(self, view: str | pd.DataFrame, *args: Any, name: str = "", **options: Any) -> str:
        """Place a table.

        Parameters
        ----------
        view : str or DataFrame
            Function of the views that returns a frame, or a frame and options of
            :class:`~marketintel.documents.engine.blocks.Table`; None places nothing.
        args : object
            Arguments of that function.
        name : str
            Of the file; default: that of the view.
        options : object
            Of ``Table``; they go before those of the view and before ``columns.toml``.
        """
        shown = self.views.call(view, *args) if isinstance(view, str) else view
        frame, more = shown if isinstance(shown, tuple) else (shown, {})
        if frame is None:
            return ""
        for key, value in options.items():
            both = isinstance(value, dict) and key in more
            more = {**more, key: {**more[key], **value} if both else _tidy(value)}
        options = more
        labels = getattr(self.facts, "labels", {})
        options |= described(frame.columns, labels, options, self.document.language)
        options.setdefault("source", getattr(self.facts, "source_line", None))
        return self._place(Table(frame, name=name or str(view), **options))

    def figure(
        self, view: str, *args: Any, name: str = "", caption: str, alt: str, **options: Any
    ) -> str:
        """Place a figure that a view draws; None places nothing."""
        drawn = self.views.call(view, *args)
        if drawn is None:
            return ""
        options.setdefault("source", getattr(self.facts, "source_line", None))
        return self._place(
            Figure(
                drawn, name=name or view, caption=one_line(caption), alt=one_line(alt), **options
            )
        )

    def key_figures(self, cards: list[tuple[str, str, str]]) -> str:
        """Place a panel of large numbers: label, value, hint."""
        return self._place(
            KeyFigures([(one_line(a), one_line(b), one_line(c)) for a, b, c in cards])
        )

    def callout(
        self, style: str, text: str | None = None, caller: Callable[[], str] | None = None
    ) -> str:
        """Place prose set apart; nothing if it is empty."""
        words = (caller() if caller else text or "").strip(" \n")
        return self._place(Callout(style, words)) if words else ""

    def heading(self, level: int, text: str) -> str:
        """Place a computed heading."""
        return self._place(Heading(level, one_line(text)))

    def citations(self) -> list[str]:
        """Return the citation of every source of figures that was read so far."""
        from marketintel.warehouse import inputs

        try:
            return list(inputs.used(self.document.data_dir)["citation"].unique())
        except MissingDataError:
            return []

    def page_break(self) -> str:
        """Start a new page in print."""
        return self._place(PageBreak())

    def _place(self, block: Block) -> str:
        self.blocks.append(block)
        return f"\n\n\x02{len(self.blocks) - 1}\x03\n\n"


class _Views:
    """Views of a document with its facts as first argument; each is computed once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._module = _views(document.name)

    def __getattr__(self, name: str) -> Any:
        """Return a view to call, or a constant of the views."""
        value = getattr(self._module, name)
        return functools.partial(self.call, name) if callable(value) else value

    def call(self, name: str, *args: Any) -> Any:
        """Return the value of a view for these arguments; drawings are made anew."""
        key, memo = (name, *args), self._document.memo
        if all(isinstance(part, Hashable) for part in key) and key in memo:
            return memo[key]
        result = getattr(self._module, name)(self._document.facts, *args)
        if all(isinstance(part, Hashable) for part in key) and type(result).__name__ != "Figure":
            memo[key] = result
        return result


def _tidy(value: Any) -> Any:
    return one_line(value) if isinstance(value, str) else value


def _views(name: str) -> ModuleType:
    return import_module(f"marketintel.documents.{name}.views")


@functools.cache
def texts(name: str, spoken: str = "en") -> Mapping[str, str]:
    """Return short texts of a document: ``chapters/texts.toml``, and a translation over it."""
    folder = _HERE / name / "chapters"
    found: dict[str, str] = {}
    for file in (folder / "texts.toml", folder / f"texts.{spoken}.toml"):
        if file.exists():
            found |= tomllib.loads(file.read_text(encoding="utf-8"))
    return found


@functools.cache
def _environment(name: str, spoken: str) -> Any:
    """Templates of a document, and those that several documents share."""
    import jinja2

    environment = jinja2.Environment(  # noqa: S701 - the text is Markdown; names go through escape
        loader=jinja2.FileSystemLoader([_HERE / name / "chapters", _HERE / "chapters_shared"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    words = prose.words(spoken)
    environment.filters |= {
        **words,
        "escape_md": escape,
        "escape_line": escape_line,
        "gap": gap,
        "one_line": one_line,
    }
    environment.globals |= {**words, "texts": texts(name, spoken)}
    return environment

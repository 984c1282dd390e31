"""Blocks of a notebook cell and of the report: tables, figures, prose, callouts.

Each block displays as HTML in JupyterLab and carries, under a private MIME type, all that the
renderer needs to print it again in the HTML report and in the PDF. Text is text: names from data
are escaped on every way out.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from marketintel.documents.engine import pages
from marketintel.documents.engine.formats import KINDS, MISSING, escape, is_missing, show
from marketintel.documents.engine.language import used, word, words
from marketintel.documents.engine.payload import pack, svg_of, unpack, well_formed

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["MIME", "Block", "Callout", "Figure", "Heading", "KeyFigures", "PageBreak", "Stack",
           "Table", "Text", "escape", "from_payload"]  # fmt: skip

MIME = "application/vnd.marketintel+json"
CALLOUTS = ("note", "warning", "key")
_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")


class Block:
    """Base of all blocks; ``Block.shown`` counts those that this process has shown."""

    kind = ""
    #: Language of the words that the engine adds.
    language = "en"
    fields: tuple[str, ...] = ()
    shown = 0

    def payload(self) -> dict[str, Any]:
        """Return all that :func:`from_payload` needs to build this block again; plain JSON."""
        return {field: getattr(self, field) for field in self.fields}

    def view(self) -> dict[str, Any]:
        """Return what the templates print: texts only, already formatted, not yet escaped."""
        return {"kind": self.kind, **self.payload()}

    def html(self, number: int | None = None) -> str:
        """Return the block as an HTML fragment, everything escaped."""
        return pages.fragment(self.view(), number)

    def lab_html(self) -> str:
        """Return the fragment that a notebook shows, where no edition is beside it."""
        return self.html()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        Block.shown += 1
        with used(self.language):
            html = pages.in_lab(self.lab_html())
        return {
            "text/html": html,
            "text/plain": f"<{type(self).__name__}>",
            MIME: well_formed({"kind": self.kind, **self.payload()}),
        }


class Table(Block):
    """A table with its unformatted figures.

    Parameters
    ----------
    frame : DataFrame
        Figures in base units (whole dollars, per cent 0–100). Columns are printed in its order.
    name : str
        Of the CSV file and the sheet; lower case letters, digits and ``_``; unique in a report.
    caption : str
        One line that says what is shown, where and when.
    formats : mapping of column to kind, optional
        Kinds of :data:`marketintel.documents.engine.formats.KINDS`; default ``text``.
    headers : mapping of column to str, optional
        Default: the column's name with blanks. Units are added from the kind.
    units : mapping of column to str, optional
        Overrides the kind's unit; ``""`` for none.
    note, source : str, optional
        Printed small below. What a dash means is added by itself where there is one.
    missing : str
        What a dash means; default: not available.
    group_col : str, optional
        Rows are printed under a line for each new value of this column, which is not printed.
    highlight : sequence of bool, optional
        One a row: printed bold on a tint.
    hide : sequence of str, optional
        Columns kept in CSV and XLSX but not printed.
    printed_rows : int, optional
        Print only so many rows from the top, and say how many more the edition's tables hold;
        0 keeps the whole table out of print.
    """

    kind = "table"
    fields = ("name", "caption", "formats", "headers", "units", "note", "source", "missing",
              "group_col", "hide", "printed_rows")  # fmt: skip

    def __init__(
        self, frame: "pd.DataFrame", name: str, caption: str,
        formats: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None, *,
        units: Mapping[str, str] | None = None, note: str | None = None, source: str | None = None,
        missing: str = "", group_col: str | None = None,
        highlight: Sequence[bool] | None = None, hide: Sequence[str] = (), printed_rows: int | None = None,
    ) -> None:  # fmt: skip
        if not _NAME.fullmatch(name):
            raise ValueError(f"table name {name!r}: lower case letters, digits and _ only")
        self.frame = frame.reset_index(drop=True)
        self.name, self.caption, self.note, self.source = name, caption, note, source
        self.formats, self.headers = dict(formats or {}), dict(headers or {})
        self.units, self.missing, self.group_col = dict(units or {}), missing, group_col
        self.hide = list(hide)
        self.printed_rows = printed_rows
        self.highlight = [bool(row) for row in highlight] if highlight is not None else []
        columns = set(self.frame.columns)
        named = {*self.formats, *self.headers, *self.units, *self.hide, *filter(None, [group_col])}
        if unknown := named - columns:
            raise ValueError(f"table {name}: no column {', '.join(sorted(map(str, unknown)))}")
        if wrong := set(self.formats.values()) - set(KINDS):
            raise ValueError(f"table {name}: unknown kind {', '.join(sorted(wrong))}")
        if self.highlight and len(self.highlight) != len(self.frame):
            raise ValueError(f"table {name}: highlight needs one value a row")

    def payload(self) -> dict[str, Any]:
        """See :class:`Block`; the frame goes along exactly."""
        more = {"highlight": self.highlight or None, "frame": pack(self.frame)}
        return {**super().payload(), **more}

    @property
    def is_printed(self) -> bool:
        """True if the report shows the table, rather than only the edition's folder."""
        return self.printed_rows != 0

    def lab_html(self) -> str:
        """See :class:`Block`; a table that is not printed is named alone."""
        if not self.is_printed:
            text = word("not_printed", caption=self.caption, rows=len(self.frame), name=self.name)
            return pages.fragment({"kind": "note", "note": text}, None)
        return pages.fragment(self._view(self.printed_rows or len(self.frame), "more_later"), None)

    def view(self) -> dict[str, Any]:
        """See :class:`Block`."""
        limit = len(self.frame) if self.printed_rows is None else self.printed_rows
        return self._view(limit, "more")

    def _view(self, limit: int, where: str) -> dict[str, Any]:
        printed = [c for c in self.frame.columns if c not in self.hide and c != self.group_col]
        shown = self.frame.head(limit)
        rows: list[dict[str, Any]] = []
        group: object = None
        dashes = False
        tops = {c: float(shown[c].max()) for c in printed if self.formats.get(c) == "share_bar"}
        for i, record in enumerate(shown.to_dict("records")):
            if self.group_col and (i == 0 or record[self.group_col] != group):
                group = record[self.group_col]
                rows.append({"group": show(group, "text")})
            cells = []
            for column in printed:
                cell: dict[str, Any] = {"text": show(record[column], self._kind(column))}
                dashes = dashes or is_missing(record[column])
                if tops.get(column, 0) > 0 and not is_missing(record[column]):
                    cell["bar"] = round(max(float(record[column]), 0) / tops[column], 4)
                cells.append(cell)
            rows.append({"cells": cells, "strong": bool(self.highlight and self.highlight[i])})
        meaning = f"{MISSING} {self.missing or word('missing')}." if dashes else ""
        left = len(self.frame) - len(shown)
        more = word(where, rows=left, name=self.name) if left else ""
        return {
            "kind": self.kind,
            "name": self.name,
            "caption": self.caption,
            "columns": [self._column(column) for column in printed],
            "rows": rows,
            "note": " ".join(filter(None, [self.note, meaning, more])),
            "source": self.source or "",
        }

    def _kind(self, column: str) -> str:
        return self.formats.get(column, "text")

    def _column(self, column: str) -> dict[str, Any]:
        kind = KINDS[self._kind(column)]
        label = self.headers.get(column, str(column).replace("_", " ").capitalize())
        return {
            "label": label,
            "unit": words().get(unit := self.units.get(column, kind.unit), unit),
            "numeric": not kind.text,
            "bar": self._kind(column) == "share_bar",
        }


class Figure(Block):
    """A matplotlib figure as SVG whose text stays text.

    Parameters
    ----------
    figure : matplotlib Figure, or str
        A figure, which is closed; or SVG source.
    name : str
        As of a table; also the prefix of the ids inside the SVG.
    caption, source : str
        As of a table.
    alt : str
        What a reader who cannot see the figure needs to know; required.
    """

    kind = "figure"
    fields = ("name", "caption", "alt", "source", "svg")

    def __init__(
        self, figure: "MatplotlibFigure | str", name: str, caption: str, alt: str,
        source: str | None = None,
    ) -> None:  # fmt: skip
        if not _NAME.fullmatch(name):
            raise ValueError(f"figure name {name!r}: lower case letters, digits and _ only")
        if not alt.strip():
            raise ValueError(f"figure {name}: alt text is empty")
        self.name, self.caption, self.alt, self.source = name, caption, alt, source or ""
        self.svg = figure if isinstance(figure, str) else svg_of(figure, name)

    def lab_html(self) -> str:
        """See :class:`Block`; as an image, which a notebook that is not trusted shows too."""
        return pages.fragment({**self.view(), "image": pages.image_of(self.svg)}, None)


class Text(Block):
    """Computed prose in markdown; put names from data through :func:`escape`."""

    kind = "text"
    fields = ("markdown",)

    def __init__(self, markdown: str) -> None:
        self.markdown = markdown

    def view(self) -> dict[str, Any]:
        """See :class:`Block`."""
        return {"kind": self.kind, "html": pages.preview(self.markdown)}


class Callout(Block):
    """Prose set apart: a ``note``, a ``warning``, or a ``key`` finding."""

    kind = "callout"
    fields = ("style", "markdown")

    def __init__(self, style: str, markdown: str) -> None:
        if style not in CALLOUTS:
            raise ValueError(f"callout {style!r}: one of {', '.join(CALLOUTS)}")
        self.style, self.markdown = style, markdown

    def view(self) -> dict[str, Any]:
        """See :class:`Block`."""
        html = pages.preview(self.markdown)
        return {"kind": self.kind, "style": self.style, "label": word(self.style), "html": html}


class Heading(Block):
    """A computed heading; level 2 is a chapter, 3 a section, 4 below. Plain text."""

    kind = "heading"
    fields = ("level", "text")

    def __init__(self, level: int, text: str) -> None:
        if level not in (2, 3, 4):
            raise ValueError(f"heading level {level}: 2, 3 or 4 (1 is the report's title)")
        self.level, self.text = level, text


class PageBreak(Block):
    """Start of a new page in print; nothing on a screen."""

    kind = "page_break"


@dataclass
class KeyFigures(Block):
    """A panel of a few large numbers: ``(label, value as printed, hint)`` each."""

    figures: Sequence[tuple[str, str, str]]
    kind = "key_figures"

    def payload(self) -> dict[str, Any]:
        """See :class:`Block`."""
        return {"figures": [list(figure) for figure in self.figures]}

    def view(self) -> dict[str, Any]:
        """See :class:`Block`."""
        keys = ("label", "value", "hint")
        cards = [dict(zip(keys, figure, strict=True)) for figure in self.figures]
        return {"kind": self.kind, "figures": cards}


class Stack(Block):
    """Several blocks from one cell, in order; None is left out."""

    kind = "stack"

    def __init__(self, *blocks: Block | None) -> None:
        self.blocks = [block for block in blocks if block is not None]

    def payload(self) -> dict[str, Any]:
        """See :class:`Block`."""
        return {"blocks": [{"kind": block.kind, **block.payload()} for block in self.blocks]}

    def html(self, number: int | None = None) -> str:
        """See :class:`Block`."""
        return "\n".join(block.html() for block in self.blocks)

    def lab_html(self) -> str:
        """See :class:`Block`."""
        return "\n".join(block.lab_html() for block in self.blocks)

    def flat(self) -> Iterable[Block]:
        """Yield the blocks of this stack and of the stacks in it."""
        for block in self.blocks:
            if isinstance(block, Stack):
                yield from block.flat()
            else:
                yield block


_SIMPLE: dict[str, type[Any]] = {
    block.kind: block for block in (Text, Callout, Heading, KeyFigures, PageBreak)
}


def from_payload(payload: Mapping[str, Any]) -> Block:
    """Build a block again from what an executed notebook holds.

    Raises
    ------
    ValueError
        If the kind is unknown or a field is missing.
    """
    fields = dict(payload)
    kind = fields.pop("kind", None)
    try:
        if kind == "stack":
            return Stack(*[from_payload(block) for block in fields["blocks"]])
        if kind == "table":
            return Table(unpack(fields.pop("frame")), **fields)
        if kind == "figure":
            return Figure(fields.pop("svg"), **fields)
        return cast("Block", _SIMPLE[str(kind)](**fields))
    except (KeyError, TypeError) as error:
        raise ValueError(f"a block of kind {kind!r} cannot be read: {error}") from error

"""From an executed notebook to one document: prose in order, with blocks where cells showed them.

The whole document is one markdown text in which each block is a token on its own line. pandoc
turns it once into HTML and once into Typst, and the tokens are exchanged for the blocks: so both
outputs come from one parser, headings, footnotes and links work across cells, and no block ever
passes through markdown. (nbconvert would parse the prose with another parser than the PDF's, and
its page asks for scripts on the network.)
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from marketintel.documents.engine import ledger
from marketintel.documents.engine.blocks import (
    MIME,
    Block,
    Callout,
    Heading,
    Stack,
    Text,
    from_payload,
)
from marketintel.documents.engine.fonts import printable
from marketintel.documents.engine.formats import escape
from marketintel.documents.engine.links import only_declared
from marketintel.errors import ReportError

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Prose may not bring raw HTML, TeX or Typst, nor formulas: a dollar sign is a currency here.
_DIALECT = (
    "markdown-raw_html-raw_tex-raw_attribute-native_divs-native_spans-tex_math_dollars"
    "-citations-example_lists-yaml_metadata_block-pandoc_title_block-implicit_figures"
    "-fenced_divs-bracketed_spans-markdown_in_html_blocks+lists_without_preceding_blankline+ascii_identifiers"
)
_TITLE = re.compile(r"^# .*$", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


# What a block is in plain text: without its content beside it, it would be lost silently.
_SHOWN = {f"<{kind.__name__}>" for kind in Block.__subclasses__()}


@dataclass
class Document:
    """A report's content, ready for any output.

    Attributes
    ----------
    markdown : str
        Prose, with a token line for each block.
    blocks : list of Block
        Tables, figures, callouts and panels in order.
    warnings : list of str
        What the notebook shows that a report does not print.
    ledger : dict
        See :mod:`marketintel.documents.engine.ledger`.
    """

    markdown: str
    token: str
    blocks: list[Block]
    warnings: list[str] = field(default_factory=list)
    ledger: dict[str, Any] = field(default_factory=dict)

    def convert(self, to: str, show: Callable[[int, str], str], *options: str) -> str:
        """Prose through pandoc, tokens through `show`.

        Parameters
        ----------
        to : str
            A pandoc writer: ``html5`` or ``typst``.
        show : callable
            From a block's number and ``"whole"``, ``"open"`` or ``"close"`` (the two ends of a
            callout, whose prose is part of the document) to text in that format.
        options : str
            More arguments for pandoc.
        """
        import pypandoc

        arguments = ["--wrap=preserve", *options]
        text = pypandoc.convert_text(self.markdown, to, format=_DIALECT, extra_args=arguments)
        if to == "typst":  # a PDF travels without the folder that such a link leads to
            text = re.sub(r'#link\("(?!https?:|mailto:)[^"]*"\)\[', "#text[", text)
        text = only_declared(text, to)
        line = rf"(?:<p>)?{self.token}(\d+)x(whole|open|close)(?:</p>)?"
        text, printed = re.subn(
            f"^{line}$", lambda found: show(int(found[1]), found[2]), text, flags=re.MULTILINE
        )
        if self.token in text or printed != self.markdown.count(self.token):
            raise ReportError(
                "the prose swallows a table or figure: look for a code fence that is not closed"
            )
        return str(text)


def read(notebook: "NotebookNode", opening: Sequence[Block] = ()) -> Document:
    """Collect prose and blocks of an executed notebook, in order; an opening stands before them.

    The notebook's own title (its ``# `` heading) is left out: the cover has the title.

    Raises
    ------
    ReportError
        If a cell has an error, a block cannot be read or is lost, or there is more than one ``# ``
        heading.
    """
    parts: list[Block] = []
    warnings: list[str] = []
    found = 0
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "markdown":
            parts.append(Text(cell.source))
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if output.output_type == "error":
                raise ReportError(f"cell {number} has an error: {output.ename}: {output.evalue}")
            if MIME in data:
                found += 1
                try:
                    block = from_payload(data[MIME])
                except ValueError as error:
                    raise ReportError(f"cell {number}: {error}") from error
                parts += block.flat() if isinstance(block, Stack) else [block]
            elif output.output_type == "stream":
                text = " ".join(output.text.split())
                warnings.append(f"cell {number} wrote to {output.name}: {text[:300]}")
            elif data.get("text/plain") in _SHOWN:
                raise ReportError(f"cell {number}: {data['text/plain']} lost its content")
            elif data:
                warnings.append(f"cell {number} shows {', '.join(sorted(data))}: not printed")
    book = ledger.of(notebook)
    if found != book.get("blocks", found):
        raise ReportError(
            f"cells showed {book['blocks']} blocks and the executed notebook has {found}: nothing "
            "may be lost; show each block once, as the last line of a cell"
        )
    document = assemble([*opening, *parts], warnings)
    document.ledger = book
    return document


def assemble(parts: Sequence[Block], warnings: list[str]) -> Document:
    """Return blocks as one document."""
    digest = hashlib.sha256(
        "\0".join(part.markdown for part in parts if isinstance(part, Text | Callout)).encode()
    )
    token = f"block{digest.hexdigest()[:12]}n"
    pieces: list[str] = []
    blocks: list[Block] = []
    titles = 0
    for part in parts:
        if isinstance(part, Text):
            titles += len(_TITLE.findall(_FENCE.sub("", part.markdown)))
            pieces.append(_TITLE.sub("", part.markdown) if titles else part.markdown)
        elif isinstance(part, Heading):
            pieces.append(f"{'#' * part.level} {escape(part.text)}")
        elif isinstance(part, Callout):
            pieces += [
                f"{token}{len(blocks)}xopen",
                part.markdown,
                f"{token}{len(blocks)}xclose",
            ]
            blocks.append(part)
        else:
            pieces.append(f"{token}{len(blocks)}xwhole")
            blocks.append(part)
    if titles > 1:
        raise ReportError(f"the notebook has {titles} headings of level 1: chapters start with ##")
    return Document(printable("\n\n".join(pieces)) + "\n", token, blocks, warnings)

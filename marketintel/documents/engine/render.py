"""From an executed notebook to ``report.html`` and ``report.pdf``, code hidden in both."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from marketintel.documents.engine import document as documents
from marketintel.documents.engine.blocks import Block
from marketintel.documents.engine.cover import Cover
from marketintel.documents.engine.fonts import lost_letters, printable, strings
from marketintel.documents.engine.language import used
from marketintel.errors import ReportError
from marketintel.reference.brand import Brand, shipped_brand


@dataclass(frozen=True)
class Rendered:
    """The two files, the document they came from, and omissions."""

    html: Path
    pdf: Path
    document: documents.Document
    warnings: list[str] = field(default_factory=list)


def read_document(executed_notebook: Path, opening: Sequence[Block] = ()) -> documents.Document:
    """Read an executed notebook, with blocks before it; blocks are read from their MIME type.

    Raises
    ------
    ReportError
        If the notebook cannot be read or has an error.
    """
    import nbformat

    try:
        notebook = nbformat.read(executed_notebook, as_version=4)
    except (OSError, ValueError, nbformat.reader.NotJSONError) as error:
        raise ReportError(f"{executed_notebook.name} is not a readable notebook") from error
    return documents.read(notebook, opening)


def render(
    document: documents.Document, out_dir: Path, cover: Cover, brand: Brand | None = None
) -> Rendered:
    """Write both reports into `out_dir`.

    Parameters
    ----------
    document : Document
        See :func:`read_document`.
    out_dir : Path
        Must exist; ``report.html`` and ``report.pdf`` in it are replaced.
    cover : Cover
        The title page.
    brand : Brand, optional
        Default: ``reference/brand.toml``.

    Raises
    ------
    ReportError
        If either output cannot be made.
    """
    from marketintel.documents.engine.html import to_html
    from marketintel.documents.engine.pdf import to_pdf

    brand = brand or shipped_brand()
    html = out_dir / "report.html"
    pdf = out_dir / "report.pdf"
    with used(cover.language):
        html.write_text(to_html(document, cover, brand), encoding="utf-8", newline="\n")
        pdf.write_bytes(to_pdf(document, cover, brand))
    return Rendered(html, pdf, document, [*document.warnings, *_lost(document, cover)])


def _lost(document: documents.Document, cover: Cover) -> list[str]:
    """Name the letters that no font has, or that are never obeyed, and where they stand."""
    places = {"the prose": document.markdown, "the cover": " ".join(vars(cover).values())}
    for block in document.blocks:
        name = f"{block.kind} {getattr(block, 'name', '')}".strip()
        words = re.sub(r"<[^>]*>", " ", "\n".join(strings(block.view())))
        places[name] = f"{places.get(name, '')} {words}"
    found = {place: lost_letters(printable(text)) for place, text in places.items()}
    return [
        f"{place}, near “{next(iter(lost.values()))}”: printed as codes, because no font has them "
        f"or they would act on other text: {', '.join(lost)}"
        for place, lost in found.items()
        if lost
    ]

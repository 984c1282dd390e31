"""Market studies as tests read them."""

from marketintel.documents.document import open_document
from marketintel.documents.engine.blocks import Callout, Table, Text


def open_study(country="USA", exporter="EU27", segments=(), year=None, data_dir=None):
    """Return a market study as a document."""
    return open_document("market_study", data_dir, country=country, exporter=exporter,
                         segments=list(segments), year=year)  # fmt: skip


def blocks(study, *chapters):
    """Return the blocks of chapters (default: all); all of them have been drawn."""
    made = []
    for name in chapters or study.chapters:
        stack = study.chapter(name)
        stack._repr_mimebundle_()
        made += stack.flat()
    return made


def words(made):
    """Return the prose of blocks, without escapes and no-break spaces."""
    text = " ".join(b.markdown for b in made if isinstance(b, Text | Callout))
    return text.replace("\\", "").replace("\u00a0", " ")


def tables(made):
    """Return the tables of blocks by name."""
    return {b.name: b for b in made if isinstance(b, Table)}

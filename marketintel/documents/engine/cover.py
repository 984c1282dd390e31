"""Title page of a document."""

from dataclasses import dataclass, replace

#: Scope of a document that is made from rows that call themselves examples.
EXAMPLE = "EXAMPLE – not data"


@dataclass(frozen=True)
class Cover:
    """Texts of the title page.

    Attributes
    ----------
    title, subtitle : str
        For example "United States" and "Photonics imports and their suppliers".
    edition : str
        The edition's name, as of its folder.
    vintage : str
        One line: which data, published or retrieved when.
    scope : str
        One line: what is in and what is not.
    exporter : str
        Whose view the report takes.
    language : str
        BCP 47 tag of the prose.
    layout : str
        ``report`` has a title page and contents in print, and each chapter begins a page;
        ``brief`` has a head on its first page and neither.
    """

    title: str
    subtitle: str = ""
    edition: str = ""
    vintage: str = ""
    scope: str = ""
    exporter: str = ""
    language: str = "en"
    layout: str = "report"


def one_page(cover: Cover) -> Cover:
    """Return the head of a document on one printed page."""
    return replace(cover, layout="brief")

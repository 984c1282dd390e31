"""Market intelligence for photonics: official trade data in, cited market studies out.

Rooms, imports one way: ``reference → sources → warehouse``; ``reference → analysis``; these →
``documents`` → ``cli``. Importing this package loads nothing heavy.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.version import VERSION

if TYPE_CHECKING:
    from marketintel.documents.document import Document

__version__ = VERSION
__all__ = ["facts"]


def facts(document: str, *, data_dir: Path | str | None = None, **parameters: Any) -> Document:
    """Return a document with its facts, tables and chapters.

    Parameters
    ----------
    document : str
        ``market_study``, ``outlook``, ``screening``, ``s3_brief``, ``mission``, ``clusters``,
        ``kpi_monitor``, ``roadmap`` or ``needs``.
    data_dir : path, optional
        Default: the user's or the project's data.
    parameters : object
        Of the document, as its notebook names them.

    Raises
    ------
    UsageError
        Document, parameter or a value of it is unknown.
    MissingDataError
        The data do not answer this question.

    Examples
    --------
    >>> import marketintel as mi
    >>> monitor = mi.facts("kpi_monitor", as_of="2026-11-22")
    >>> monitor.tables["indicators"].columns[:3].tolist()
    ['programme', 'name', 'target']
    """
    from marketintel.documents.document import open_document

    return open_document(document, data_dir, **parameters)

"""Ledger of a run: sources its kernel read and blocks it showed, kept in the executed notebook.

The last cell of a run, which no notebook of the project has, hands it over; in the finished
notebook it stands in the metadata, from where ``run.json`` and the renderer have it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.documents.engine.blocks import Block
from marketintel.warehouse import inputs

if TYPE_CHECKING:
    from nbformat import NotebookNode

_MIME = "application/vnd.marketintel.ledger+json"
_FIELD = "marketintel"
_CELL = "from marketintel.documents.engine.ledger import Ledger\n\nLedger()"


class Ledger:
    """Sources read and blocks shown by this process so far."""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/plain": "<Ledger>", _MIME: {"blocks": Block.shown, **inputs.record()}}


def ask_for(notebook: "NotebookNode") -> None:
    """Add the cell that hands the ledger over."""
    import nbformat

    notebook.cells.append(nbformat.v4.new_code_cell(_CELL))


def move(notebook: "NotebookNode") -> None:
    """Take the cell out again and put its output into the metadata."""
    if notebook.cells and notebook.cells[-1].source == _CELL:
        for output in notebook.cells.pop().outputs:
            if _MIME in output.get("data", {}):
                notebook.metadata[_FIELD] = output.data[_MIME]


def of(notebook: "NotebookNode") -> dict[str, Any]:
    """Return the ledger of an executed notebook; empty if it was not run by this package."""
    return dict(notebook.metadata.get(_FIELD, {}))


def audience(book: Mapping[str, Any], parameters: Mapping[str, Any], cwd: Path) -> str:
    """Return ``internal`` where something that was handed in was read, else ``public``."""
    texts = (value for value in parameters.values() if isinstance(value, str) and value)
    given = any(Path(text).suffix and (cwd / text).is_file() for text in texts)
    return "internal" if given or book.get("handed_in") else "public"

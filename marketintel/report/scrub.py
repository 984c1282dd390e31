"""Nothing personal leaves in a report: no machine paths, no secrets, no timings."""

import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
_SHORTEST_SECRET = 8
# Two letters or more: "/" or "/a" would match in ordinary text.
_SHORTEST_PATH = 4


def scrub_text(text: str, cwd: Path) -> str:
    """Replace what is peculiar to this machine and user in JSON text or a message.

    Parameters
    ----------
    text : str
        May be JSON: what is put in needs no escaping there.
    cwd : Path
        The folder the study ran in, which becomes ``.``.
    """
    for name, value in os.environ.items():
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET:
            for form in (value, json.dumps(value)[1:-1]):
                text = text.replace(form, "[removed]")
    temp = re.escape(tempfile.gettempdir())
    text = re.sub(rf"{temp}/ipykernel_\d+/\d+\.py", "the cell", text)
    places = {
        str(cwd.resolve()): ".",
        sys.prefix: "[python]",
        sys.base_prefix: "[python]",
        str(Path(__file__).parent.parent.parent): ".",
        str(Path.home()): "~",
        tempfile.gettempdir(): "[temp]",
    }
    # The longest first, so that a folder inside another is not cut in half.
    for place in sorted(places, key=len, reverse=True):
        if len(place) >= _SHORTEST_PATH:
            text = re.sub(rf"{re.escape(place)}(?![\w-])", places[place], text)
    return text


def scrub_notebook(notebook: "NotebookNode", cwd: Path) -> "NotebookNode":
    """Copy without run ids, timings, machine paths or secrets."""
    import nbformat

    kept = nbformat.from_dict(json.loads(json.dumps(notebook)))
    parameters = kept.metadata.pop("papermill", {}).get("parameters", {})
    kept.metadata["papermill"] = {"parameters": parameters}
    for i, cell in enumerate(kept.cells, start=1):
        cell["id"] = f"cell-{i}"
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
    text = scrub_text(json.dumps(kept), cwd)
    return nbformat.from_dict(json.loads(text))

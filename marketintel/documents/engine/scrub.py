"""Removal of machine paths, keys and timings from reports.

Only texts are looked at, never the names of fields, kinds of content or numbers: whatever a
variable of the environment holds, a report keeps its content.
"""

import functools
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from marketintel.sources.http.provider import KEY_VARIABLES

if TYPE_CHECKING:
    from nbformat import NotebookNode

_SHORTEST_KEY = 8
# Two letters or more: "/" or "/a" would match in ordinary text.
_SHORTEST_PATH = 4
_PACKAGE = Path(__file__).resolve().parents[2]
#: Where a notebook holds what was typed and shown; the rest is its format's own words.
_TEXTS = ("source", "text", "data", "traceback", "evalue", "ename", "parameters")


def scrub_text(text: str, cwd: Path) -> str:
    """Replace this machine's paths and the user's names and keys in a message.

    Parameters
    ----------
    text : str
        Plain text; of JSON see :func:`scrub`.
    cwd : Path
        The folder the study ran in, which becomes ``.``.
    """
    keys, places, replaced = _rules(cwd, tempfile.gettempdir(), *_values())
    if keys:
        text = keys.sub("[removed]", text)
    if "/" not in text:
        return text
    text = places.sub(lambda found: replaced[found[0]], text)
    return re.sub(r"\[temp\]/ipykernel_\d+/\d+\.py", "the cell", text)


@functools.lru_cache(maxsize=8)
def _rules(
    cwd: Path, temp: str, *keys: str
) -> tuple[re.Pattern[str] | None, re.Pattern[str], dict[str, str]]:
    """Return the pattern of keys and places, and the replacement of each place."""
    real = [k for k in keys if len(k) >= _SHORTEST_KEY and k.casefold() not in _own_words()]
    forms = {f for k in real for f in (k, json.dumps(k)[1:-1], quote(k, safe=""), quote_plus(k))}
    places = {
        str(cwd.resolve()): ".",
        sys.prefix: "[python]",
        sys.base_prefix: "[python]",
        str(_PACKAGE.parent): ".",
        str(Path.home()): "~",
        temp: "[temp]",
    }
    known = {place: put for place, put in places.items() if len(place) >= _SHORTEST_PATH}
    # The end of a longer path or of a web address (https://example.org/data) is none of them.
    pattern = re.compile(rf"(?<![\w.~-])(?:{_any(known)})(?![\w-])")
    return re.compile(_any(forms)) if forms else None, pattern, known


def _any(texts: Iterable[str]) -> str:
    """Match any of these, the longest first: a folder may lie in another, a key begin like one."""
    return "|".join(map(re.escape, sorted(texts, key=len, reverse=True)))


def _values() -> list[str]:
    return [os.environ.get(variable, "").strip() for variable in KEY_VARIABLES]


def scrub(value: Any, cwd: Path) -> Any:
    """Scrub every text in plain JSON; names of fields and numbers stay."""
    if isinstance(value, str):
        return scrub_text(value, cwd)
    if isinstance(value, dict):
        return {name: scrub(item, cwd) for name, item in value.items()}
    return [scrub(item, cwd) for item in value] if isinstance(value, list) else value


def scrub_notebook(notebook: "NotebookNode", cwd: Path) -> "NotebookNode":
    """Copy without run ids, timings, machine paths or keys."""
    import nbformat

    kept = nbformat.from_dict(json.loads(json.dumps(notebook)))
    parameters = kept.metadata.pop("papermill", {}).get("parameters", {})
    kept.metadata["papermill"] = {"parameters": scrub(parameters, cwd)}
    for i, cell in enumerate(kept.cells, start=1):
        cell["id"] = f"cell-{i}"
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        for part in (cell, *cell.get("outputs", [])):
            part.update({name: scrub(part[name], cwd) for name in _TEXTS if name in part})
    scrubbed: NotebookNode = nbformat.from_dict(json.loads(json.dumps(kept)))
    return scrubbed


@functools.cache
def _own_words() -> str:
    """Return all text of this package: a word of it is no secret, and reports print it."""
    files = (file for kind in ("py", "toml", "csv", "j2") for file in _PACKAGE.rglob(f"*.{kind}"))
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(files)).casefold()

"""Parts of a query: names, and halves of one that is refused, until the bad value is alone."""

import json
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from marketintel.errors import SourceError
from marketintel.files import write_atomic

#: Fields along which a question can be cut in two, in this order.
_LISTS = ("tables", "indicators", "reporters", "codes", "products")
#: What names a part, as far as its query has it.
_NAMES = ("economy", "reporters", "flow", "indicators", "codes", "products", "periods")


def part_name(query: Any) -> str:
    """Return a short name of a query: its data set, economy, codes, years."""
    words = [table.dataset for table in getattr(query, "tables", ())[:1]]
    for name in _NAMES:
        held = getattr(query, name, ())
        values = [held] if isinstance(held, str) else list(held or ())
        if values:
            words.append(values[0] if len(values) == 1 else f"{values[0]}…{values[-1]}")
    return " ".join(words)


def refusal(refused: list[tuple[str, SourceError]]) -> SourceError | None:
    """Return one line that names the parts that are not complete, and why the first is not."""
    if not refused:
        return None
    named = "; ".join(name for name, _ in refused[:3])
    more = f" and {len(refused) - 3} more" if len(refused) > 3 else ""
    return SourceError(
        f"{refused[0][1]} (not complete: {named}{more}; the next run asks for it alone)"
    )


def halves(query: Any, lists: tuple[str, ...] = _LISTS) -> list[Any]:
    """Return two queries, cut along the first list of several values; none for a single value."""
    if not is_dataclass(query) or isinstance(query, type):
        return []
    names = {field.name for field in fields(query)}
    for name in lists:
        values = getattr(query, name) if name in names else ()
        if len(values) > 1:
            middle = len(values) // 2
            return [replace(query, **{name: v}) for v in (values[:middle], values[middle:])]
    return []


def depth(query: Any) -> int:
    """Return how often a question can be halved before one bit of it stands alone."""
    lists = [getattr(query, name, ()) for name in _LISTS]
    return sum((len(values) - 1).bit_length() for values in lists if len(values) > 1)


class Cuts:
    """Queries of one source that were refused whole and have been halved since.

    Remembered beside the answers, so that the next run asks for what is missing and for nothing
    else.
    """

    def __init__(self, directory: Path) -> None:
        self._file = directory / "cuts.json"
        try:
            self._known = set(json.loads(self._file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            self._known = set()

    def halves(self, query: Any) -> list[Any]:
        """Return the halves of a question that was refused before; none of any other."""
        return halves(query) if repr(query) in self._known else []

    def cut(self, query: Any) -> bool:
        """Remember that a question is to be cut; False where that is not possible."""
        if not halves(query):
            return False
        self._known.add(repr(query))
        self._write()
        return True

    def drop(self, queries: list[Any]) -> None:
        """Forget these cuts: they were of no use."""
        self._known -= {repr(query) for query in queries}
        self._write()

    def _write(self) -> None:
        write_atomic(self._file, json.dumps(sorted(self._known)).encode())

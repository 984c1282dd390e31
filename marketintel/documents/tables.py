"""Tables of a document by name, made when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from marketintel.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd


class Tables(Mapping[str, "pd.DataFrame"]):
    """Tables of a document, by name; chapters are made one by one until a table is found."""

    def __init__(self, document: Any) -> None:
        self._document, self._left = document, list(document.chapters)
        self._made: dict[str, pd.DataFrame] = {}

    def _next(self) -> None:
        from marketintel.documents.engine.blocks import Table

        for block in self._document.chapter(self._left.pop(0)).flat():
            if isinstance(block, Table):
                self._made[block.name] = block.frame

    def __getitem__(self, name: str) -> pd.DataFrame:
        while name not in self._made and self._left:
            self._next()
        if name not in self._made:
            raise UsageError(f"no table {name!r}; there are {', '.join(self._made)}")
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        while self._left:
            self._next()
        return iter(self._made)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        return name in list(iter(self))

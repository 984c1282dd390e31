"""A TOML file with the line of every key, so that a mistake can be shown where it stands."""

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

_TABLE = re.compile(r"^\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[A-Za-z0-9_-]+)\s*=""")
_AT_LINE = re.compile(r"at line (\d+)")


@lru_cache(maxsize=16)
def parse(text: str) -> dict[str, Any]:
    """Parse TOML once: checker and loader read the same text. Do not change what it returns."""
    return tomllib.loads(text)


class TomlFile:
    """The tables of a TOML file and the lines where its tables and keys are written.

    Attributes
    ----------
    tables : dict
        The parsed content; empty when the file is not TOML.
    syntax_error : tuple of (int, str) or None
        Line and message, when the file is not TOML or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tables: dict[str, Any] = {}
        self.syntax_error: tuple[int, str] | None = None
        try:
            text = path.read_text(encoding="utf-8")
            self.tables = parse(text)
        except OSError as error:
            self.syntax_error = (1, f"cannot be read: {error.strerror}")
            return
        except UnicodeDecodeError:
            self.syntax_error = (1, "is not UTF-8 text")
            return
        except tomllib.TOMLDecodeError as error:
            found = _AT_LINE.search(str(error))
            last = text.count("\n") + 1
            self.syntax_error = (int(found.group(1)) if found else last, f"not TOML: {error}")
        self._lines = _index(text)

    def line(self, *path: str) -> int:
        """Return the line of a table or key; of the nearest table above it if it has none."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return 1


def _index(text: str) -> dict[tuple[str, ...], int]:
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _TABLE.match(line):
            table = tuple(part.strip().strip("\"'") for part in found.group(1).split("."))
            lines.setdefault(table, number)
        elif found := _KEY.match(line):
            lines.setdefault((*table, found.group(1).strip("\"'")), number)
    return lines

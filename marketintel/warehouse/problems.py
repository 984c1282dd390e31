"""Mistakes in reference files: how they are collected, shown and refused."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marketintel.errors import ReferenceFileError
from marketintel.warehouse.tomlfile import TomlFile


@dataclass(frozen=True)
class Problem:
    """One mistake: where it stands, the rule it breaks, what is wrong and what to do."""

    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.message}"


def refuse(problems: list[Problem]) -> None:
    """Raise the first problem, saying how many there are; do nothing when there is none."""
    if problems:
        first = min(problems, key=lambda p: (p.file, p.line))
        more = f" ({len(problems)} mistakes in all)" if len(problems) > 1 else ""
        raise ReferenceFileError(f"{first}{more}; see `marketintel check`")


class Report:
    """Collects the problems of one TOML file."""

    def __init__(self, path: Path) -> None:
        self.toml = TomlFile(path)
        self.problems: list[Problem] = []
        if self.toml.syntax_error:
            line, message = self.toml.syntax_error
            self.problems.append(Problem(str(path), line, "toml-syntax", message))

    def add(self, rule: str, message: str, *where: str) -> None:
        """Note a mistake at the line of a table or key."""
        self.problems.append(Problem(str(self.toml.path), self.toml.line(*where), rule, message))

    def keys(
        self, table: dict[str, Any], required: dict[str, Any], optional: dict[str, Any], *at: str
    ) -> bool:
        """Check names and types of a table's keys; return whether all that is required is there."""
        known = required | optional
        complete = True
        for key in required:
            if key not in table:
                self.add("missing-key", f"{'.'.join(at)} has no {key}", *at)
                complete = False
        for key, value in table.items():
            if key not in known:
                self.add("unknown-key", f"{key!r} is not one of {', '.join(known)}", *at, key)
            elif not isinstance(value, known[key]) or (known[key] is int and value is True):
                self.add("wrong-type", f"{key} cannot be {value!r}", *at, key)
                complete = complete and key not in required
            elif key in required and value in ("", []):
                self.add("missing-value", f"{'.'.join(at)}: {key} is empty", *at, key)
        return complete


def table_in(entry: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the table under a key; an empty one where there is none or it is no table."""
    value = entry.get(key, {})
    return value if isinstance(value, dict) else {}

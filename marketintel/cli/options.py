"""Options that several commands share, and the output of a finished edition."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marketintel.errors import UsageError
from marketintel.files import check_folder

if TYPE_CHECKING:
    from marketintel.documents.engine.run import Edition

_LONGEST_NAME = 80


class Format(StrEnum):
    """Print format of a table."""

    table = "table"
    csv = "csv"
    json = "json"


def _folder(text: str | Path) -> Path:
    """Return a folder; an unset variable in a script gives an empty name, which is refused."""
    if not str(text).strip():
        raise UsageError("an empty name was given for a path; name one, or leave the option out")
    return Path(text)


def names(values: list[str] | None) -> list[str]:
    """Return repeated and comma-separated values as one list."""
    split = [part.strip() for value in values or [] for part in value.split(",") if part.strip()]
    if values and not split:
        raise UsageError("an empty name was given; name one, or leave it out for all")
    return split


def file_there(text: str | Path) -> Path:
    """Return an existing file."""
    path = _folder(text)
    if not path.is_file():
        raise UsageError(f"{path} is no file: correct the path, or leave the option out")
    return path


def _reports(context: typer.Context, folder: Path) -> Path:
    """Check before the work that reports can be written."""
    if not (context.params.get("table") or context.params.get("check")):  # these write none
        check_folder(folder)
    return folder


def _edition(text: str) -> str:
    """Return the name of an edition, which must be usable as a folder name."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text) or len(text) > _LONGEST_NAME:
        shown = text if len(text) <= _LONGEST_NAME else f"{text[:40]}…"
        raise UsageError(
            f"--edition {shown!r} cannot be a folder name: letters, digits, . _ and - only, at "
            f"most {_LONGEST_NAME} of them"
        )
    return text


OutOption = Annotated[
    Path,
    typer.Option(
        help="Where editions are kept.", parser=_folder, callback=_reports, metavar="PATH"
    ),
]
EditionOption = Annotated[
    str | None,
    typer.Option(
        help="Name of the edition (default: month of the newest input).",
        parser=_edition,
        metavar="TEXT",
    ),
]
FormatOption = Annotated[
    Format, typer.Option("--format", "-f", help="table for people, csv or json for programs.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Data directory (default: MARKETINTEL_DATA, or the project's or the user's own).",
        parser=_folder,
        metavar="PATH",
    ),
]


def say(done: Edition, *others: str) -> None:
    """Print the paths of an edition's documents, and of other files in its folder."""
    for path in (done.pdf, done.html, *(done.folder / name for name in others)):
        typer.echo(os.path.relpath(path) if path.is_absolute() else str(path))

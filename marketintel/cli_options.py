"""Options that several commands share, and how a finished edition is said."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from marketintel.report.run import Edition

OutOption = Annotated[Path, typer.Option(help="Where editions are kept.")]
EditionOption = Annotated[
    str | None, typer.Option(help="Name of the edition (default: month of the newest input).")
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data", help="Data directory (default: MARKETINTEL_DATA, or the project's data/)."
    ),
]


def say(done: Edition, *others: str) -> None:
    """Print where the documents of an edition are, and other files in its folder by name."""
    for path in (done.pdf, done.html, *(done.folder / name for name in others)):
        typer.echo(os.path.relpath(path) if path.is_absolute() else str(path))

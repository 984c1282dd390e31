"""The command ``marketintel brief``: parse, call, print. Nothing heavy is imported here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer


def brief(
    region: Annotated[
        str,
        typer.Argument(help="A NUTS 2 code such as SE31, a region's name, or a country of Europe."),
    ],
    target: Annotated[
        list[str] | None,
        typer.Option("--target", "-t", help="Target country (repeatable; default: USA)."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Where editions are kept.")] = Path("reports"),
    edition: Annotated[
        str | None, typer.Option(help="Name of the edition (default: month of the newest input).")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", help="Data directory (default: MARKETINTEL_DATA, or the project's data/)."
        ),
    ] = None,
) -> None:
    """Write a smart-specialisation brief of a region: at most four pages of plain language."""
    from marketintel.report.s3_brief.edition import write_brief

    done = write_brief(
        region,
        targets=target or ["USA"],
        reports_dir=out,
        edition=edition,
        data_dir=data,
        progress=not quiet,
    )
    for path in (done.pdf, done.html):
        typer.echo(os.path.relpath(path) if path.is_absolute() else str(path))

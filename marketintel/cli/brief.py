"""The command ``marketintel brief``: parse, call, print. Nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from marketintel.cli.options import DataOption, EditionOption, OutOption, QuietOption, say


def brief(
    region: Annotated[
        str,
        typer.Argument(help="A NUTS 2 code such as SE31, a region's name, or a country of Europe."),
    ],
    target: Annotated[
        list[str] | None,
        typer.Option("--target", "-t", help="Target country (repeatable; default: USA)."),
    ] = None,
    out: OutOption = Path("reports"),
    edition: EditionOption = None,
    quiet: QuietOption = False,
    data: DataOption = None,
) -> None:
    """Write a smart-specialisation brief of a region: at most four pages of plain language."""
    from marketintel.documents.s3_brief.edition import write_brief

    done = write_brief(
        region,
        targets=target or ["USA"],
        reports_dir=out,
        edition=edition,
        data_dir=data,
        progress=not quiet,
    )
    say(done)

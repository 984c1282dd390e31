"""Option ``--table`` of ``marketintel forecast``. Nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from marketintel.cli.options import Format
from marketintel.errors import UsageError


def print_levels(
    values: dict[str, Any],
    data: Path | None,
    *,
    table: Annotated[
        bool, typer.Option("--table", help="Print levels in five years instead of a report.")
    ] = False,
    fmt: Annotated[
        Format, typer.Option("--format", "-f", help="With --table: table, csv or json.")
    ] = Format.table,
) -> bool:
    """Print the levels of an outlook; False if a report is wanted."""
    if not table:
        return False
    if "scenarios" in values:
        raise UsageError("--table has no scenarios; leave out --table for a report that has")
    from marketintel.cli.tables import print_frame
    from marketintel.documents.document import open_document
    from marketintel.documents.outlook.views.listing import listing, printed

    frame = listing(open_document("outlook", data, **values).facts)
    print_frame(printed(frame) if fmt is Format.table else frame, fmt)
    if fmt is Format.table:
        for line in frame.attrs["without"]:
            typer.echo(f"no level in five years: {line}", err=True)
    return True

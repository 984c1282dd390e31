"""The command ``marketintel forecast``: parse, call, print. Nothing heavy is imported here."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from marketintel.cli.options import DataOption, EditionOption, OutOption, QuietOption, names, say
from marketintel.errors import UsageError


class Format(StrEnum):
    """How the table is printed."""

    table = "table"
    csv = "csv"
    json = "json"


def forecast(
    country: Annotated[
        list[str] | None,
        typer.Argument(
            help="Target countries, ISO3 or name (default: the five of the monthly US exports)."
        ),
    ] = None,
    segment: Annotated[
        list[str] | None,
        typer.Option("--segment", "-s", help="Limit to these segments (repeatable)."),
    ] = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            "--scenario",
            help="What if (repeatable): 'US duty on EU lasers +5 points from 2026', 'GDP of CHE +1 "
            "point a year from 2026'.",
        ),
    ] = None,
    threshold: Annotated[
        float, typer.Option(help="Percent above today's level that a market is asked to pass.")
    ] = 25.0,
    table: Annotated[
        bool, typer.Option("--table", help="Print levels in five years instead of a report.")
    ] = False,
    fmt: Annotated[
        Format, typer.Option("--format", "-f", help="With --table: table, csv or json.")
    ] = Format.table,
    out: OutOption = Path("reports"),
    edition: EditionOption = None,
    quiet: QuietOption = False,
    data: DataOption = None,
) -> None:
    """Forecast the trade of target countries by segment, with probabilities, errors and totals.

    Of each country and segment the best series there is is taken: its own imports, else BACI's
    reconciled ones, else US exports to it, a mirror of what it buys there only. Each says which.
    """
    countries, segments = names(country), names(segment)
    if table:
        from marketintel.cli.listings import as_json, print_table
        from marketintel.documents.engine.tables import as_csv
        from marketintel.documents.outlook.listing import potential_table, printed

        if scenario:
            raise UsageError("--table has no scenarios; leave out --table for a report that has")
        frame = potential_table(countries, segments, threshold, data)
        if fmt is Format.csv:
            typer.echo(as_csv(frame), nl=False)
        elif fmt is Format.json:
            typer.echo(as_json(frame))
        else:
            print_table(printed(frame))
            for line in frame.attrs["without"]:
                typer.echo(f"no level in five years: {line}", err=True)
        return
    from marketintel.documents.outlook.edition import write_outlook

    done = write_outlook(
        countries,
        segments=segments,
        threshold_pct=threshold,
        scenarios=scenario,
        reports_dir=out,
        edition=edition,
        data_dir=data,
        progress=not quiet,
    )
    say(done, "model_card.md")

"""The command line: parse, call, print. Nothing is computed here and nothing heavy is imported."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from marketintel.cli import partnership as cli_partnership
from marketintel.cli.documents import command as document
from marketintel.cli.explain import explain
from marketintel.cli.fetch import fetch
from marketintel.cli.forecast import print_levels
from marketintel.cli.options import DataOption, names
from marketintel.cli.process import run_as_process
from marketintel.documents.document import document_class
from marketintel.errors import UsageError
from marketintel.version import VERSION

if TYPE_CHECKING:
    import pandas as pd

    from marketintel.cli.listings import Rows

app = typer.Typer(
    name="marketintel",
    help="Market intelligence for photonics: official trade data in, cited market studies out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class By(StrEnum):
    """What one row of ``marketintel market`` stands for."""

    partner = "partner"
    segment = "segment"
    code = "code"


class Format(StrEnum):
    """How a table is printed."""

    table = "table"
    csv = "csv"
    json = "json"


FormatOption = Annotated[
    Format, typer.Option("--format", "-f", help="table for people, csv or json for programs.")
]


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Market intelligence for photonics: official trade data in, cited market studies out."""
    if version:
        typer.echo(f"marketintel {VERSION}")
        raise typer.Exit


@app.command()
def market(
    country: Annotated[str, typer.Argument(help="Reporter: ISO3 code or name, e.g. USA.")],
    segment: Annotated[
        list[str] | None, typer.Option("--segment", "-s", help="Segment (repeatable, or a,b).")
    ] = None,
    code: Annotated[
        list[str] | None, typer.Option("--code", "-c", help="HS6 code (repeatable, or a,b).")
    ] = None,
    partner: Annotated[
        str | None, typer.Option("--partner", "-p", help="One supplier, or a group such as EU27.")
    ] = None,
    by: Annotated[
        list[By] | None, typer.Option("--by", "-b", help="What a row is (repeatable).")
    ] = None,
    year: Annotated[
        list[int] | None, typer.Option("--year", "-y", help="Year (repeatable; default: all).")
    ] = None,
    fmt: FormatOption = Format.table,
    data: DataOption = None,
) -> None:
    """Print imports for consumption: value, dutiable value and calculated duties in US dollars.

    Core and broad codes always stand in rows of their own.
    """
    from marketintel.cli.market_listing import market_table

    if segment and code:
        raise UsageError("--segment and --code both given: choose one, or run the command twice")
    frame = market_table(
        country,
        segments=names(segment) or None,
        codes=names(code) or None,
        partner=partner,
        by=[b.value for b in by or []],
        years=year,
        data_dir=data,
    )
    _print(frame, fmt)


@app.command()
def segments(
    segment: Annotated[str | None, typer.Argument(help="Show one segment's codes.")] = None,
    fmt: FormatOption = Format.table,
) -> None:
    """List the photonics segments, or the HS codes of one."""
    from marketintel.cli.listings import list_codes, list_segments

    _print(list_segments() if segment is None else list_codes(segment), fmt)


@app.command()
def data(
    matrix: Annotated[
        bool,
        typer.Option("--matrix", help="Coverage by target, segment and year, and what is stale."),
    ] = False,
    codes: Annotated[
        bool, typer.Option("--codes", help="Provider codes met that countries.csv lacks.")
    ] = False,
    targets: Annotated[
        str | None, typer.Option("--for", help="With --matrix: only these markets, e.g. USA,CAN.")
    ] = None,
    fmt: FormatOption = Format.table,
    data: DataOption = None,
) -> None:
    """Say what data are here: source, vintage, rows, licence."""
    from marketintel.cli.data import codes as unknown
    from marketintel.cli.data import matrix as coverage
    from marketintel.cli.market_listing import list_data

    if targets and not matrix:
        raise UsageError("--for needs --matrix; without it every file is listed")
    programs = fmt is not Format.table
    if codes:
        _print(unknown(data), fmt)
        return
    _print(coverage(targets, long=programs, data=data) if matrix else list_data(data), fmt)


@app.command()
def build(data: DataOption = None) -> None:
    """Rebuild the processed tables from the snapshots, where anything changed."""
    from marketintel.warehouse.build import build as build_tables

    for table in build_tables(data):
        typer.echo(
            f"{table.name}: {table.rows:,} rows, {'rebuilt' if table.rebuilt else 'up to date'}"
        )


@app.command()
def check(
    path: Annotated[
        Path | None,
        typer.Argument(help="Directory of reference files (default: the project's own)."),
    ] = None,
    publish: Annotated[
        Path | None,
        typer.Option("--publish", help="An edition's folder: may its tables be published?"),
    ] = None,
    data: DataOption = None,
) -> None:
    """Check the reference files people edit; name file, line and rule of every mistake."""
    from marketintel.places import default_data_dir
    from marketintel.reference.check import check_reference
    from marketintel.reference.kpi_log import inspect, log_path
    from marketintel.warehouse.terms import edition_objections, local_only

    if publish is not None:
        _refuse(edition_objections(publish), f"{publish}: every source may be published")
    else:
        if path is not None and not path.is_dir():
            raise UsageError(f"{path}: no such folder; give one of reference files, or none")
        problems = [*check_reference(path), *inspect(log_path(data or default_data_dir()))[1]]
        _refuse([*map(str, problems), *local_only(data)], "reference files: no mistake found")


for command in (fetch, explain):
    app.command()(command)
for name in ("market_study", "screening", "s3_brief"):
    app.command(document_class(name).command)(document(name))
app.command("forecast")(document("outlook", instead=print_levels))
cli_partnership.register(app)


def _refuse(objections: list[str], fine: str) -> None:
    """Print what is wrong and exit with its code, or say that nothing is."""
    for objection in objections:
        typer.echo(objection, err=True)
    if objections:
        raise typer.Exit(5)
    typer.echo(fine)


def _print(frame: pd.DataFrame | Rows, fmt: Format) -> None:
    """Print a frame, or its rows, for people or for programs."""
    from marketintel.cli.listings import as_json, print_table

    if fmt is Format.table:
        print_table(frame)
        return
    import pandas as pd

    from marketintel.documents.engine.tables import as_csv

    frame = pd.DataFrame(frame)
    if fmt is Format.csv:
        typer.echo(as_csv(frame), nl=False)
    else:
        typer.echo(as_json(frame))


def main() -> None:
    """Run the command line; a mistake or a trouble gives one line and its own exit code."""
    # What parsing raises, in every version of typer.
    mistake: Any = typer.BadParameter.__base__
    with run_as_process():
        try:
            code = typer.main.get_command(app).main(standalone_mode=False)
        except mistake as error:
            told = " ".join(error.format_message().split()).rstrip(".")
            if not told or not sys.argv[1:] or told.startswith("Usage:"):  # the help was printed
                sys.exit(2)
            place = getattr(getattr(error, "ctx", None), "command_path", "marketintel")
            raise UsageError(f"{told}; see `{place} --help`") from None
        sys.exit(code)


if __name__ == "__main__":
    main()

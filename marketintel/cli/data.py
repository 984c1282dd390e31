"""Commands on data: market, segments, data, build, check, explain."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from marketintel.cli.options import DataOption, Format, FormatOption, names
from marketintel.errors import UsageError


class By(StrEnum):
    """Dimension of a row of ``marketintel market``."""

    partner = "partner"
    segment = "segment"
    code = "code"


class Flow(StrEnum):
    """Direction of trade."""

    imports = "import"
    exports = "export"


class Scope(StrEnum):
    """Codes of the segment."""

    core = "core"
    broad = "broad"
    neighbour = "neighbour"
    both = "core+broad"
    neighbour_and_broad = "neighbour+broad"


class Shape(StrEnum):
    """Print format of an explanation."""

    text = "text"
    csv = "csv"


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
    from marketintel.cli.tables import print_frame
    from marketintel.warehouse.market_table import market_table

    if segment and code:
        raise UsageError("--segment and --code both given: choose one, or run the command twice")
    table = market_table(
        country,
        segments=names(segment) or None,
        codes=names(code) or None,
        partner=partner,
        by=[b.value for b in by or []],
        years=year,
        data_dir=data,
    )
    print_frame(table, fmt)


def segments(
    segment: Annotated[str | None, typer.Argument(help="Show one segment's codes.")] = None,
    fmt: FormatOption = Format.table,
) -> None:
    """List the photonics segments, or the HS codes of one."""
    from marketintel.cli.tables import list_codes, list_segments, print_frame

    print_frame(list_segments() if segment is None else list_codes(segment), fmt)


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
    from marketintel.cli.tables import coverage_matrix, list_data, print_frame, unknown_codes

    if targets and not matrix:
        raise UsageError("--for needs --matrix; without it every file is listed")
    if codes:
        table = unknown_codes(data)
    elif matrix:
        table = coverage_matrix(targets, wide=fmt is Format.table, data_dir=data)
    else:
        table = list_data(data)
    print_frame(table, fmt)


def build(data: DataOption = None) -> None:
    """Rebuild the processed tables from the snapshots, where anything changed."""
    from marketintel.warehouse.build import build as build_tables

    for table in build_tables(data):
        typer.echo(
            f"{table.name}: {table.rows:,} rows, {'rebuilt' if table.rebuilt else 'up to date'}"
        )


def check(
    path: Annotated[
        Path | None,
        typer.Argument(help="Directory of reference files (default: the project's own)."),
    ] = None,
    publish: Annotated[
        Path | None,
        typer.Option("--publish", help="An edition's folder: may its tables be published?"),
    ] = None,
    links: Annotated[
        bool, typer.Option("--links", help="Print the facts whose address was never verified.")
    ] = False,
    visit: Annotated[
        bool,
        typer.Option("--visit", help="With --links: visit these addresses first, and note it."),
    ] = False,
    data: DataOption = None,
) -> None:
    """Check the reference files people edit; name file, line and rule of every mistake."""
    from marketintel.reference.check import check_reference
    from marketintel.warehouse.terms import edition_objections, local_only

    if visit and not links:
        raise UsageError("--visit goes with --links; say `marketintel check --links --visit`")
    if links:
        _links(path, visit, data)
    elif publish is not None:
        _refuse(edition_objections(publish), f"{publish}: every source may be published")
    else:
        if path is not None and not path.is_dir():
            raise UsageError(f"{path}: no such folder; give one of reference files, or none")
        _refuse(
            [*map(str, check_reference(path)), *local_only(data)],
            "reference files: no mistake found",
        )


def _links(path: Path | None, visit: bool, data: Path | None) -> None:
    """Print the facts whose address was never verified, after a visit to them if asked for."""
    from marketintel.reference import links as addresses
    from marketintel.sources.http.reach import status_of
    from marketintel.warehouse.store import default_data_dir

    folder = data or default_data_dir()
    every, known = addresses.links(path), addresses.verified(folder)
    if visit:
        wanted = [link.url for link in every if link.url not in known]
        for url, status in addresses.visit(wanted, status_of, folder):
            typer.echo(f"{status or 'no answer'} {url}")
        known = addresses.verified(folder)
    never = [link for link in every if link.url not in known]
    for link in never:
        typer.echo(f"{link.file} {link.place}: {link.url} (read {link.day or 'on no stated day'})")
    typer.echo(
        f"{len(never)} of {len(every)} facts have an address that was never verified from here; "
        "`marketintel check --links --visit` visits them"
    )


def explain(
    country: Annotated[str, typer.Argument(help="Market: ISO3 code or name, e.g. USA.")],
    segment: Annotated[
        str,
        typer.Argument(
            help="Segment, e.g. lasers; or a code: heading, end-use class, industry, tariff line."
        ),
    ],
    year: Annotated[int, typer.Argument(help="Year, e.g. 2025.")],
    flow: Annotated[Flow, typer.Option(help="Imports or exports.")] = Flow.imports,
    partner: Annotated[
        str | None, typer.Option("--partner", "-p", help="One partner, or a group such as EU27.")
    ] = None,
    scope: Annotated[
        Scope | None,
        typer.Option(help="Without it, the segment's own codes: core, or those of a neighbour."),
    ] = None,
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Use partners' reports where the market is silent.")
    ] = False,
    fmt: Annotated[
        Shape, typer.Option("--format", "-f", help="text for people; csv gives the parts.")
    ] = Shape.text,
    data: DataOption = None,
) -> None:
    """Say where a number comes from: snapshots, codes, rates and weights, which sum to it."""
    from marketintel.documents.engine.tables import as_csv
    from marketintel.warehouse import provenance
    from marketintel.warehouse.published import published

    if any(letter.isdigit() for letter in segment):  # a code of a list; no segment has a digit
        figures = published(country, segment, year, flow=flow.value, partner=partner, data_dir=data)
        typer.echo(as_csv(figures.figures) if fmt is Shape.csv else "\n".join(figures.describe()))
        return
    explanation = provenance.explain(
        country, segment, year, flow=flow.value, partner=partner, scope=scope and scope.value,
        mirror=mirror, data_dir=data,
    )  # fmt: skip
    if fmt is Shape.csv:
        typer.echo(as_csv(explanation.parts), nl=False)
        return
    for line in explanation.describe():
        typer.echo(line)


def _refuse(objections: list[str], fine: str) -> None:
    """Print the objections and exit with their code, or print that there is none."""
    for objection in objections:
        typer.echo(objection, err=True)
    if objections:
        raise typer.Exit(5)
    typer.echo(fine)

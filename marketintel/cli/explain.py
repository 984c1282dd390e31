"""``marketintel explain``: the snapshots, codes, rates and weights behind one number.

Registered in ``cli.py`` with one line: ``app.command()(explain)``.
"""

from enum import StrEnum
from typing import Annotated

import typer

from marketintel.cli.options import DataOption


class Flow(StrEnum):
    """Direction of trade."""

    imports = "import"
    exports = "export"


class Scope(StrEnum):
    """Which codes of the segment."""

    core = "core"
    broad = "broad"
    neighbour = "neighbour"
    both = "core+broad"
    neighbour_and_broad = "neighbour+broad"


class Shape(StrEnum):
    """How the explanation is printed."""

    text = "text"
    csv = "csv"


def explain(
    country: Annotated[str, typer.Argument(help="Market: ISO3 code or name, e.g. USA.")],
    segment: Annotated[str, typer.Argument(help="Segment, e.g. lasers.")],
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

    told = provenance.explain(
        country, segment, year, flow=flow.value, partner=partner, scope=scope and scope.value,
        mirror=mirror, data_dir=data,
    )  # fmt: skip
    if fmt is Shape.csv:
        typer.echo(as_csv(told.parts), nl=False)
        return
    for line in told.describe():
        typer.echo(line)

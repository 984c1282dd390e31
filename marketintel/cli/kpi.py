"""Commands of the indicators (enter, print, report) and of the catalogue of good practice."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from marketintel.cli.options import DataOption
from marketintel.documents.engine.naming import day

DateOption = Annotated[str | None, typer.Option(help="Day, YYYY-MM-DD (default: today).")]

kpi = typer.Typer(
    help="Indicators of the partnership: enter measurements, look at them, report them.",
    no_args_is_help=True,
)


@kpi.command("add")
def kpi_add(
    indicator: Annotated[str, typer.Argument(help="Id, as `marketintel kpi show` prints it.")],
    value: Annotated[str, typer.Argument(help="What is added, in digits; a level's total so far.")],
    evidence: Annotated[str, typer.Option(help="What proves it: a document or list, no person.")],
    date: DateOption = None,
    country: Annotated[str, typer.Option(help="Country it belongs to.")] = "",
    corrects: Annotated[str, typer.Option(help="Id of the line that this one replaces.")] = "",
    partner: Annotated[str, typer.Option(help="Cluster whose result it is, e.g. alpha_rlh.")] = "",
    data: DataOption = None,
) -> None:
    """Enter a measurement; lines are added and never changed."""
    more = {"iso3": country, "corrects": corrects, "partner": partner}
    _append(indicator, date, value, evidence, data, **more)


@kpi.command("import")
def kpi_import(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX: indicator, value, date, evidence, …")],
    data: DataOption = None,
) -> None:
    """Enter every row of a file: all of them, or none where one has a mistake."""
    from marketintel.documents.kpi_monitor.entry import enter_file

    entries, path = enter_file(file, data)
    typer.echo(f"{len(entries)} lines entered in {path}")


@kpi.command("meet")
def kpi_meet(
    country: Annotated[str, typer.Argument(help="Target country: ISO3 code or name.")],
    kind: Annotated[str, typer.Option(help="c2c, b2b or memorandum.")],
    counterpart: Annotated[str, typer.Option("--with", help="Organisation met.")],
    evidence: Annotated[str, typer.Option(help="What proves it: minutes, schedule.")],
    count: Annotated[int, typer.Option(help="How many meetings.", min=1)] = 1,
    date: DateOption = None,
    data: DataOption = None,
) -> None:
    """Enter meetings of a mission; the indicator that counts this kind gets them."""
    from marketintel.documents.kpi_monitor.entry import indicator_of

    _append(indicator_of(kind, day(date or "")), date, count, evidence, data, iso3=country,
            meeting=kind, counterpart=counterpart)  # fmt: skip


@kpi.command("show")
def kpi_show(
    lines: Annotated[
        bool, typer.Option("--lines", help="The lines instead of the status.")
    ] = False,
    by_partner: Annotated[
        bool, typer.Option("--by-partner", help="What each cluster has contributed.")
    ] = False,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Day looked at, YYYY-MM-DD (default: today).")
    ] = None,
    data: DataOption = None,
) -> None:
    """Print where every indicator stands."""
    from marketintel.cli.tables import print_table
    from marketintel.documents.indicators import contributions, load

    monitor = load(day(as_of or ""), data)
    if by_partner:
        print_table(contributions(monitor.lines))
        return
    columns = ["kpi", "target", "measured", "unit", "elapsed_pct", "p_attain_pct", "status"]
    print_table(monitor.lines if lines else monitor.table[columns])


def practice(
    need: Annotated[
        str | None, typer.Option(help="Only what answers this need, e.g. partner_search.")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="CSV with addresses, for programs.")] = False,
) -> None:
    """Print what helped others to export, what it cost and what they say it brought."""
    from marketintel.cli.tables import print_table
    from marketintel.documents.engine.tables import as_csv
    from marketintel.documents.practice import catalogue

    frame = catalogue(need)
    if csv:
        typer.echo(as_csv(frame), nl=False)
    else:
        print_table(frame[["practice", "action", "cost", "result", "ref_date"]])


def _append(
    indicator: str,
    date: str | None,
    value: float | str,
    evidence: str,
    data: Path | None,
    **more: Any,
) -> None:
    """Enter a line and print it."""
    from marketintel.documents.kpi_monitor.entry import enter

    entry, path = enter(indicator, day(date or ""), value, evidence, data, **more)
    typer.echo(f"{entry.id}: {entry.kpi} {entry.value:g} on {entry.date}, in {path}")

"""Commands for the regions' partnerships: parse, call, print. Nothing heavy is imported here.

Registered in ``cli.py`` with one line: ``cli_partnership.register(app)``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from marketintel.cli.documents import command
from marketintel.cli.options import (
    DataOption,
    EditionOption,
    OutOption,
    QuietOption,
    file_there,
    say,
)

AsOfOption = Annotated[
    str | None, typer.Option("--as-of", help="Day looked at, YYYY-MM-DD (default: today).")
]
MembersOption = Annotated[
    Path | None,
    typer.Option(
        "--members",
        "-m",
        help="Members file filled in by the clusters.",
        parser=file_there,
        metavar="FILE",
    ),
]
CountryArgument = Annotated[str, typer.Argument(help="Target country: ISO3 code or name.")]

kpi = typer.Typer(
    help="Indicators of the partnership: enter measurements, look at them, report them.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    kpi.command("report")(command("kpi_monitor"))
    app.add_typer(kpi, name="kpi")
    for function in (clusters, mission, roadmap, needs, practice):
        app.command()(function)


@kpi.command("add")
def kpi_add(
    indicator: Annotated[str, typer.Argument(help="Id, as `marketintel kpi show` prints it.")],
    value: Annotated[str, typer.Argument(help="What is added, in digits; a level's total so far.")],
    evidence: Annotated[str, typer.Option(help="What proves it: a document or list, no person.")],
    date: Annotated[str | None, typer.Option(help="Day, YYYY-MM-DD (default: today).")] = None,
    country: Annotated[str, typer.Option(help="Country it belongs to.")] = "",
    corrects: Annotated[str, typer.Option(help="Id of the line that this one replaces.")] = "",
    data: DataOption = None,
) -> None:
    """Enter a measurement; lines are added and never changed."""
    _append(indicator, date, value, evidence, data, iso3=country, corrects=corrects)


@kpi.command("meet")
def kpi_meet(
    country: CountryArgument,
    kind: Annotated[str, typer.Option(help="c2c, b2b or memorandum.")],
    counterpart: Annotated[str, typer.Option("--with", help="Organisation met.")],
    evidence: Annotated[str, typer.Option(help="What proves it: minutes, schedule.")],
    count: Annotated[int, typer.Option(help="How many meetings.", min=1)] = 1,
    date: Annotated[str | None, typer.Option(help="Day, YYYY-MM-DD (default: today).")] = None,
    data: DataOption = None,
) -> None:
    """Enter meetings of a mission; the indicator that counts this kind gets them."""
    from marketintel.documents.kpi_monitor.entry import indicator_of

    _append(indicator_of(kind, _day(date)), date, count, evidence, data, iso3=country, meeting=kind,
            counterpart=counterpart)  # fmt: skip


@kpi.command("show")
def kpi_show(
    lines: Annotated[
        bool, typer.Option("--lines", help="The lines instead of the status.")
    ] = False,
    as_of: AsOfOption = None,
    data: DataOption = None,
) -> None:
    """Print where every indicator stands."""
    from marketintel.cli.tables import print_table
    from marketintel.documents.kpi_monitor.facts import load

    monitor = load(_day(as_of), data)
    columns = ["kpi", "target", "measured", "unit", "elapsed_pct", "p_attain_pct", "status"]
    print_table(monitor.lines if lines else monitor.table[columns])


def clusters(
    country: CountryArgument = "USA",
    members: MembersOption = None,
    check: Annotated[
        Path | None,
        typer.Option(
            help="Only check a members file or a survey; write nothing.",
            parser=file_there,
            metavar="FILE",
        ),
    ] = None,
    as_of: AsOfOption = None,
    out: OutOption = Path("reports"),
    edition: EditionOption = None,
    quiet: QuietOption = False,
    data: DataOption = None,
) -> None:
    """Write which clusters complete each other's value chains for a country."""
    from marketintel.documents import partnership_editions as write

    if check is not None:
        problems = write.check_file(check)
        for problem in problems:
            typer.echo(str(problem), err=True)
        if problems:
            raise typer.Exit(5)
        typer.echo(f"{check}: no mistake found")
        return
    say(write.write_clusters(country, as_of=_day(as_of), members=members, reports_dir=out,
                              edition=edition, data_dir=data, progress=not quiet))  # fmt: skip


def mission(
    country: CountryArgument,
    members: MembersOption = None,
    as_of: AsOfOption = None,
    out: OutOption = Path("reports"),
    edition: EditionOption = None,
    quiet: QuietOption = False,
    data: DataOption = None,
) -> None:
    """Write the dossier of a mission: market, pitches, actors, memoranda, questions."""
    from marketintel.documents.partnership_editions import write_mission

    say(write_mission(country, as_of=_day(as_of), members=members, reports_dir=out,
                       edition=edition, data_dir=data, progress=not quiet))  # fmt: skip


def roadmap(
    country: Annotated[
        list[str] | None,
        typer.Option("--country", "-c", help="Target country (repeatable; default: the four)."),
    ] = None,
    as_of: AsOfOption = None,
    out: OutOption = Path("reports"),
    edition: EditionOption = None,
    quiet: QuietOption = False,
    data: DataOption = None,
) -> None:
    """Write the plan: time line, critical path, missions, next targets."""
    from marketintel.documents.partnership import KEY_MARKETS
    from marketintel.documents.partnership_editions import write_roadmap

    say(write_roadmap(as_of=_day(as_of), countries=country or KEY_MARKETS, reports_dir=out,
                       edition=edition, data_dir=data, progress=not quiet))  # fmt: skip


def needs(
    survey: Annotated[
        Path | None,
        typer.Argument(
            help="File of answers (default: the questionnaire only).",
            parser=file_there,
            metavar="FILE",
        ),
    ] = None,
    as_of: AsOfOption = None,
    out: OutOption = Path("reports"),
    edition: EditionOption = None,
    quiet: QuietOption = False,
    data: DataOption = None,
) -> None:
    """Write what members need; no cell of fewer than five answers can be worked out."""
    from marketintel.documents.partnership_editions import write_needs

    say(write_needs(survey, as_of=_day(as_of), reports_dir=out, edition=edition, data_dir=data,
                     progress=not quiet))  # fmt: skip


def practice(
    need: Annotated[
        str | None, typer.Option(help="Only what answers this need, e.g. partner_search.")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="CSV with addresses, for programs.")] = False,
) -> None:
    """Print what helped others to export, what it cost and what they say it brought."""
    from marketintel.cli.tables import print_table
    from marketintel.documents.engine.tables import as_csv
    from marketintel.documents.practice.pages import catalogue

    frame = catalogue(need)
    if csv:
        typer.echo(as_csv(frame), nl=False)
    else:
        print_table(frame[["practice", "action", "cost", "result", "ref_date"]])


def _append(
    indicator: str,
    day: str | None,
    value: float | str,
    evidence: str,
    data: Path | None,
    **more: Any,
) -> None:
    from marketintel.documents.kpi_monitor.entry import enter

    entry, path = enter(indicator, _day(day), value, evidence, data, **more)
    typer.echo(f"{entry.id}: {entry.kpi} {entry.value:g} on {entry.date}, in {path}")


def _day(text: str | None) -> str:
    """Return a day that is one; today if none is given."""
    from datetime import date

    from marketintel.errors import UsageError

    try:
        return date.fromisoformat(text).isoformat() if text else date.today().isoformat()
    except ValueError:
        raise UsageError(f"{text!r} is no day: write it as 2027-03-31") from None

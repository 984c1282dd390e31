"""Command that keeps a series of documents up to date."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from marketintel.cli.fetch import fetch
from marketintel.cli.options import DataOption, Format, FormatOption, OutOption
from marketintel.errors import MarketIntelError, UsageError

if TYPE_CHECKING:
    from marketintel.documents.editions.plan import Plan

EXAMPLE = """\
# Plan of a series. Each table makes every combination of its lists; a list whose parameter a
# document does not have is left out for it.

[refresh]
as_of = "data"       # documents that look at a day: that of the newest snapshot, "today", or a date
timeout_s = 1800     # longest time of a cell
memory_mb = 8192     # most memory of a document

[fetch]              # used with --fetch only
countries = ["USA"]
sources = []         # all that apply
max_age_days = 30

[series.studies]
documents = ["market_study", "mission"]
countries = ["USA", "CAN"]
exporters = ["EU27"]

[series.briefs]
documents = ["s3_brief"]
countries = ["USA"]
regions = ["SE31"]
languages = ["en", "fr"]

[series.partnership]
documents = ["kpi_monitor"]
"""


def refresh(
    plan: Annotated[Path, typer.Argument(help="Plan of the series.")] = Path("studies.toml"),
    out: OutOption = Path("reports"),
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", help="Documents with all these words, e.g. 'market_study USA' (repeatable)."
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, max=64, help="Documents made side by side.")
    ] = 1,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print why each document would be made again, or not.")
    ] = False,
    fetch_too: Annotated[
        bool,
        typer.Option("--fetch", help="First fetch what is older than the plan's max_age_days."),
    ] = False,
    example: Annotated[bool, typer.Option("--example", help="Print an example of a plan.")] = False,
    fmt: FormatOption = Format.table,
    data: DataOption = None,
) -> None:
    """Make the documents of a plan whose inputs, parameters or code changed."""
    if example:
        typer.echo(EXAMPLE, nl=False)
        return
    if fmt is Format.csv:
        raise UsageError("refresh prints a summary as table or json: leave --format csv out")
    from marketintel.documents.editions import refresh as series
    from marketintel.documents.editions.plan import load_plan
    from marketintel.documents.editions.state import Data
    from marketintel.places import default_data_dir

    data = data or default_data_dir()
    days = Data(data).days
    read = load_plan(plan, max(days.values(), default=""))
    chosen = only or []
    if dry_run:
        _print_due(series.due(read, data, out, chosen), fmt)
        return
    done = series.refresh(
        read, data=data, reports=out, only=chosen, jobs=jobs,
        fetch=(lambda: _fetched(read, days, data)) if fetch_too else str,
        told=_print_line if fmt is Format.table else lambda _: None,
    )  # fmt: skip
    if fmt is Format.json:
        typer.echo(done.as_json())
    else:
        typer.echo(
            f"{done.count('made')} made, {done.count('unchanged')} unchanged, "
            f"{done.count('failed')} failed in {done.seconds:.0f} s"
        )
        if done.fetched:
            typer.echo(f"fetching was not complete: {done.fetched}", err=True)
    raise typer.Exit(done.exit_code)


def _label(line: dict[str, Any]) -> str:
    values = (
        ",".join(map(str, v)) if isinstance(v, list) else str(v)
        for v in line["parameters"].values()
    )
    return " ".join([line["document"], *filter(None, values)])


def _print_line(line: dict[str, Any]) -> None:
    if line["status"] == "made":
        typer.echo(f"made       {_label(line)} in {line['seconds']:.0f} s: {line['folder']}")
    elif line["status"] == "failed":
        typer.echo(f"failed     {_label(line)}: {line['error']}", err=True)


def _print_due(found: list[tuple[Any, list[str]]], fmt: Format) -> None:
    if fmt is Format.json:
        rows = [
            {"document": task.document, "parameters": task.values, "reasons": why}
            for task, why in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for task, why in found:
        typer.echo(
            f"{'due      ' if why else 'unchanged'}  {task.label}{': ' * bool(why)}{'; '.join(why)}"
        )
    typer.echo(f"{sum(bool(why) for _, why in found)} of {len(found)} documents are due")


def _fetched(plan: Plan, days: dict[str, str], data: Path) -> str:
    """Fetch what is stale; return the trouble in one line, empty if there was none."""
    if not (asked := plan.fetch):
        raise UsageError("--fetch: the plan has no table [fetch]; add one, or leave --fetch out")
    named = asked.sources or list(days)
    age = {
        name: (date.today() - date.fromisoformat(days[name])).days for name in named if name in days
    }
    # A clock that was set back makes snapshots come from the future; they are not stale.
    stale = [name for name in named if name not in age or age[name] > asked.max_age_days]
    if not stale:
        return ""
    try:
        fetch(stale if asked.sources else None, targets=",".join(asked.countries),
              segments=",".join(asked.segments) or "all", years=asked.years, refresh=True,
              quiet=True, data=data)  # fmt: skip
    except MarketIntelError as error:
        return " ".join(str(error).split())
    return ""


def schedule(
    plan: Annotated[Path, typer.Argument(help="Plan of the series.")] = Path("studies.toml"),
    into: Annotated[Path, typer.Option(help="Folder for the files.", metavar="PATH")] = Path(
        "schedule"
    ),
    at: Annotated[str, typer.Option(help="Time of day, HH:MM.")] = "03:30",
    day: Annotated[
        int | None, typer.Option(min=1, max=28, help="Day of the month (default: every day).")
    ] = None,
    out: OutOption = Path("reports"),
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, max=64, help="Documents made side by side.")
    ] = 1,
) -> None:
    """Write a cron line, systemd units, a CI workflow and a container file; install nothing."""
    import sys

    from marketintel.documents.editions import schedule as schedules
    from marketintel.files import write_atomic

    program = Path(sys.executable).with_name("marketintel")
    for name, text in schedules.schedule(plan, out, program, at, day, jobs, Path.cwd()).items():
        write_atomic(into / name, text.encode())
        typer.echo(into / name)

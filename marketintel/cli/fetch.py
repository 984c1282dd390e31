"""``marketintel fetch``: say the plan, then carry it out.

Registered in ``cli.py`` with one line: ``app.command()(fetch)``.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marketintel.cli.fetch_bulk import BULK, fetch_bulk
from marketintel.cli.options import DataOption, QuietOption
from marketintel.errors import MissingDataError, SourceError, UsageError

if TYPE_CHECKING:
    from marketintel.sources.fetch import Outcome


def fetch(
    sources: Annotated[
        list[str] | None, typer.Argument(help="Only these sources (default: all that apply).")
    ] = None,
    targets: Annotated[
        str, typer.Option("--for", help="Target markets, e.g. USA,CAN,JPN or EU27.")
    ] = "USA",
    segments: Annotated[
        str, typer.Option("--segments", help="Segments, e.g. lasers,optics; or all.")
    ] = "all",
    years: Annotated[
        str | None, typer.Option("--years", help="Years, e.g. 2015-2025 (default: the last three).")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say the plan and stop.")] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask again also what is answered.")
    ] = False,
    regions: Annotated[
        bool,
        typer.Option("--regions", help="Also Eurostat's statistics and polygons of regions."),
    ] = False,
    archive: Annotated[
        Path | None,
        typer.Option("--zip", help="For baci or gravity: the zip as published by CEPII."),
    ] = None,
    edition: Annotated[
        str | None,
        typer.Option("--edition", help="For the source baci: download this, e.g. HS92_V202601."),
    ] = None,
    all_products: Annotated[
        bool,
        typer.Option(
            "--all-products",
            help="For baci: also the exports of every product, summed over partners, of the "
            "newest year or of --years.",
        ),
    ] = False,
    selftest: Annotated[
        bool,
        typer.Option("--selftest", help="Ask each source one smallest question and say what came."),
    ] = False,
    quiet: QuietOption = False,
    data: DataOption = None,
) -> None:
    """Fetch trade and market data for target markets; a second run asks only for what is new."""
    from marketintel.files import check_folder
    from marketintel.sources.fetch import answers_dir, execute
    from marketintel.sources.plan import plan
    from marketintel.warehouse import store

    data_dir = data or store.default_data_dir()
    named = sources or []
    if selftest:
        _selftest(named)
        return
    if archive or edition or all_products or set(BULK) & set(named):
        asked = parse_years(years) if years else []
        fetch_bulk(named, archive, edition, lambda revisions: _codes_in(segments, revisions),
                   asked, all_products, data_dir, dry_run)  # fmt: skip
        return
    span = parse_years(years)
    made = plan(
        _markets(targets), _codes(segments, span), span, answers_dir(data_dir),
        sources=named, regions=regions, refresh=refresh,
    )  # fmt: skip
    for line in made.describe():
        typer.echo(line)
    if dry_run:
        return
    check_folder(data_dir)
    with _bar(sum(step.requests for step in made.steps), quiet) as advance:
        outcomes = execute(
            made,
            data_dir,
            progress=lambda _: advance(),
            done=lambda o: typer.echo(o.describe(), err=o.error is not None),
        )
    _refuse_incomplete(outcomes, made.unasked)


def _selftest(sources: list[str]) -> None:
    """Print what came of one smallest question to each source; refuse where one failed."""
    from marketintel.files import scratch
    from marketintel.sources.selftest import selftest

    with scratch() as folder:
        found = selftest(sources, folder)
    typer.echo(f"{'source':<20} {'result':<12} {'rows':>8} {'seconds':>8}")
    for one in found:
        line = f"{one.source:<20} {one.result:<12} {one.rows:>8,} {one.seconds:>8.1f}  {one.detail}"
        typer.echo(line.rstrip())
    if failed := [one.source for one in found if one.result in ("failed", "unreachable")]:
        raise SourceError(f"selftest: {len(failed)} of {len(found)} sources: {', '.join(failed)}")


def _refuse_incomplete(outcomes: "list[Outcome]", unasked: tuple[str, ...]) -> None:
    """Raise where a source is not complete, or was named and could not be asked."""
    failed = [outcome for outcome in outcomes if outcome.error]
    if failed:
        raise SourceError(
            f"{len(failed)} of {len(outcomes)} sources not complete "
            f"({', '.join(o.source for o in failed)}); run the same command again to go on"
        )
    if unasked:
        raise MissingDataError(
            f"{', '.join(unasked)}: not asked for want of a key; see the plan's notes"
        )


def parse_years(text: str | None) -> list[int]:
    """Return the years meant by "2015-2025", "2024" or "2022,2024"; the last three if none."""
    if text is None:
        from datetime import UTC, datetime

        now = datetime.now(UTC).year
        return [now - 3, now - 2, now - 1]
    years: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*((?:19|20)\d\d)(?:\s*[-–]\s*((?:19|20)\d\d))?\s*", part)
        if not found or (found[2] and found[2] < found[1]):
            raise UsageError(
                f"--years {text!r} is not understood; write 2024, 2015-2025 or 2022,2024"
            )
        years += range(int(found[1]), int(found[2] or found[1]) + 1)
    return years


def _markets(text: str) -> list[str]:
    from marketintel.reference.countries import group_members

    named = [part for part in text.split(",") if part.strip()]
    return list(dict.fromkeys(iso3 for part in named for iso3 in group_members(part.strip())))


def _codes(text: str, years: list[int]) -> list[str]:
    """Return the segments' codes in every HS revision that statistics of these years may use."""
    from marketintel.reference.hs import HS_REVISIONS

    in_force = [r for r, year in HS_REVISIONS.items() if year <= max(years)]
    # Some reporters are a revision late, so the one before the first is asked for as well.
    first = sum(year <= min(years) for year in HS_REVISIONS.values())
    return _codes_in(text, in_force[max(0, first - 2) :])


def _codes_in(text: str, revisions: list[str]) -> list[str]:
    from marketintel.reference.segments import load_segments

    known = load_segments()
    names = list(known.names())
    if text != "all":
        names = [known.resolve(part.strip()) for part in text.split(",") if part.strip()]
    return sorted({code for n in names for r in revisions for code in known[n].cmd_codes(r)})


@contextmanager
def _bar(total: int, quiet: bool) -> Iterator[Callable[[], None]]:
    """Show a progress bar on a terminal; give the function that moves it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    columns = ("fetching", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    off = quiet or not console.is_terminal
    with Progress(*columns, console=console, disable=off) as bar:
        task = bar.add_task("requests", total=total)
        yield lambda: bar.advance(task)

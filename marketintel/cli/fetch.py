"""``marketintel fetch``: print the request plan, then carry it out."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marketintel.cli.options import DataOption, QuietOption
from marketintel.errors import DamagedDataError, MissingDataError, SourceError, UsageError

if TYPE_CHECKING:
    from marketintel.sources.fetch import Outcome
    from marketintel.sources.plan import Plan


#: Sources that come as one archive.
_ARCHIVES = ("baci", "gravity")


ArchiveOption = Annotated[
    Path | None,
    typer.Option("--zip", help="For baci or gravity: the zip as published by CEPII."),
]
EditionOption = Annotated[
    str | None,
    typer.Option("--edition", help="For the source baci: download this, e.g. HS92_V202601."),
]
AllProductsOption = Annotated[
    bool,
    typer.Option(
        "--all-products",
        help="For baci: also the exports of every product, summed over partners, of the "
        "newest year or of --years.",
    ),
]
SelftestOption = Annotated[
    bool,
    typer.Option("--selftest", help="Ask each source one smallest question and say what came."),
]


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
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the request plan without downloading.")
    ] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask again also what is answered.")
    ] = False,
    regions: Annotated[
        bool,
        typer.Option("--regions", help="Also Eurostat's statistics and polygons of regions."),
    ] = False,
    archive: ArchiveOption = None,
    edition: EditionOption = None,
    all_products: AllProductsOption = False,
    selftest: SelftestOption = False,
    quiet: QuietOption = False,
    data: DataOption = None,
) -> None:
    """Fetch trade and market data for target markets; a second run asks only for what is new."""
    from marketintel.sources.fetch import answers_dir
    from marketintel.sources.plan import plan
    from marketintel.warehouse import store

    data_dir = data or store.default_data_dir()
    named = sources or []
    if selftest:
        _selftest(named)
        return
    if archive or edition or all_products or set(_ARCHIVES) & set(named):
        chosen = parse_years(years) if years else []
        _fetch_archive(named, archive, edition, segments, chosen, all_products, data_dir, dry_run)
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
    _execute(made, data_dir, quiet)


def _execute(made: "Plan", data_dir: Path, quiet: bool) -> None:
    """Carry a plan out with a progress bar; raise where a source is not complete."""
    from marketintel.files import check_folder
    from marketintel.sources.fetch import execute

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
    """Print the result of the smallest request to each source; raise where one failed."""
    from marketintel.files import scratch
    from marketintel.sources.selftest import selftest

    with scratch() as folder:
        results = selftest(sources, folder)
    typer.echo(f"{'source':<20} {'result':<12} {'rows':>8} {'seconds':>8}")
    for one in results:
        line = f"{one.source:<20} {one.result:<12} {one.rows:>8,} {one.seconds:>8.1f}  {one.detail}"
        typer.echo(line.rstrip())
    if failed := [one.source for one in results if one.result in ("failed", "unreachable")]:
        raise SourceError(f"selftest: {len(failed)} of {len(results)} sources: {', '.join(failed)}")


def _refuse_incomplete(outcomes: "list[Outcome]", unasked: tuple[str, ...]) -> None:
    """Raise where a source is not complete, or was named and has no key."""
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
    """Return the years of "2015-2025", "2024" or "2022,2024"; the last three by default."""
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
    # Some reporters are a revision late, so the one before the first is included.
    first = sum(year <= min(years) for year in HS_REVISIONS.values())
    return _codes_in(text, in_force[max(0, first - 2) :])


def _codes_in(text: str, revisions: list[str]) -> list[str]:
    from marketintel.reference.segments import load_segments

    segments = load_segments()
    names = list(segments.names())
    if text != "all":
        names = [segments.resolve(part.strip()) for part in text.split(",") if part.strip()]
    return sorted({code for n in names for r in revisions for code in segments[n].cmd_codes(r)})


@contextmanager
def _bar(total: int, quiet: bool) -> Iterator[Callable[[], None]]:
    """Show a progress bar on a terminal; yield the function that advances it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    columns = ("fetching", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    off = quiet or not console.is_terminal
    with Progress(*columns, console=console, disable=off) as bar:
        task = bar.add_task("requests", total=total)
        yield lambda: bar.advance(task)


def _fetch_archive(
    sources: list[str],
    archive: Path | None,
    edition: str | None,
    segments: str,
    years: list[int],
    all_products: bool,
    data_dir: Path,
    dry_run: bool,
) -> None:
    """Load BACI or Gravity from a zip that is here, or that is downloaded first."""
    name = sources[0] if sources else "baci"
    if len(sources) > 1 or name not in _ARCHIVES:
        raise UsageError(
            f"--zip, --edition and --all-products are for one of {', '.join(_ARCHIVES)} alone; fetch "
            "the others in a second command"
        )
    if name == "gravity" and (archive is None or edition or all_products):
        raise UsageError(
            "fetch gravity needs --zip FILE, the zip of CSV as CEPII publishes it, and takes "
            "neither --edition nor --all-products"
        )
    if (archive is None) == (edition is None):
        raise UsageError(
            "fetch baci needs --edition HS92_V202601 to download one, or --zip FILE, the zip as "
            "CEPII publishes it"
        )
    if archive is not None and not archive.is_file():
        raise UsageError(f"--zip {archive}: no such file; give the zip as CEPII publishes it")
    if archive and name == "gravity":
        _add_gravity(archive, years, data_dir, dry_run)
        return
    zipped = archive or _download_baci(str(edition), data_dir, dry_run)
    if zipped:
        try:
            _add_baci(zipped, segments, years, all_products, data_dir, dry_run)
        except (DamagedDataError, SourceError):
            if edition:
                zipped.unlink(missing_ok=True)  # downloaded here: the next run asks again
            raise


def _download_baci(edition: str, data_dir: Path, dry_run: bool) -> Path | None:
    """Download an edition, unless it is there; return where it is, or None in a dry run."""
    from marketintel.sources.archives import REVISIONS, library_dir
    from marketintel.sources.http.client import Client
    from marketintel.sources.providers.baci import PROVIDER, download

    name = re.fullmatch(r"(HS\d\d)_V(\d{6}[a-z]?)", edition)
    if not name or name[1] not in REVISIONS:
        raise UsageError(
            f"--edition {edition!r} is not understood; write revision and version as HS92_V202601 "
            f"(revisions: {', '.join(REVISIONS)})"
        )
    target = library_dir(data_dir) / f"BACI_{edition}.zip"
    if not target.exists():
        typer.echo(f"baci: 1 request, about 2 GB, to {target.name}")
        if dry_run:
            return None
        target.parent.mkdir(parents=True, exist_ok=True)
        with Client(PROVIDER) as client:
            download(name[2], name[1], target, client)
    return target


def _add_baci(
    archive: Path,
    segments: str,
    years: list[int],
    all_products: bool,
    data_dir: Path,
    dry_run: bool,
) -> None:
    """Load a BACI zip and keep the segments' products, and the sums of all if asked for."""
    from marketintel.sources.archives import REVISIONS, add_baci, add_baskets, library_dir
    from marketintel.sources.providers import baci

    held = baci.years(archive)
    codes = _codes_in(segments, [REVISIONS[held[0].revision]])
    sums = ", ".join(map(str, years)) or f"{held[-1].year}"
    typer.echo(
        f"baci: {archive.name}: {held[0].year}–{held[-1].year}, "
        f"{sum(year.size for year in held) / 1e9:.1f} GB unpacked, a year at a time; "
        f"{len(codes)} products" + (f"; sums of all products of {sums}" if all_products else "")
    )
    if dry_run:
        return

    kept = add_baci(
        archive, codes, data_dir, progress=lambda year: typer.echo(f"baci: {year.year} is there")
    )
    typer.echo(f"baci: {kept.meta.rows:,} rows, vintage {kept.meta.vintage}")
    for note in kept.meta.parameters.get("notes", []):
        typer.echo(note)
    if all_products:
        edition = library_dir(data_dir) / f"{held[0].revision}_V{held[0].vintage}"
        kept = add_baskets(archive, edition, years, data_dir)
        typer.echo(f"{kept.meta.source}: {kept.meta.rows:,} rows, vintage {kept.meta.vintage}")


def _add_gravity(archive: Path, years: list[int], data_dir: Path, dry_run: bool) -> None:
    """Read a Gravity zip and keep the ties of pairs by year."""
    from marketintel.sources.archives import add_gravity
    from marketintel.sources.providers.gravity import FIRST_YEAR, edition_of

    _, version = edition_of(archive)
    span = f"{min(years)} to {max(years)}" if years else f"{FIRST_YEAR} on"
    typer.echo(f"gravity: {archive.name}: edition {version}, read piece by piece, {span}")
    if not dry_run:
        kept = add_gravity(archive, years, data_dir)
        typer.echo(f"{kept.meta.source}: {kept.meta.rows:,} rows, vintage {kept.meta.vintage}")

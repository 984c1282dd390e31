"""The part of ``marketintel fetch`` that reads files too large to be asked for in pieces."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import typer

from marketintel.errors import DamagedDataError, SourceError, UsageError

#: Sources that come as one file.
BULK = ("baci", "gravity")


def fetch_bulk(
    sources: Sequence[str],
    archive: Path | None,
    edition: str | None,
    codes_in: Callable[[list[str]], list[str]],
    years: Sequence[int],
    all_products: bool,
    data_dir: Path,
    dry_run: bool,
) -> None:
    """Load BACI or Gravity from a zip that is here, or that is downloaded first.

    Parameters
    ----------
    sources : sequence of str
        As typed; ``baci`` if empty.
    archive : Path, optional
        The zip as CEPII publishes it.
    edition : str, optional
        Edition of BACI to download.
    codes_in : callable
        HS codes of the segments asked for, in the revisions given.
    years : sequence of int
        Years to keep where that is a choice; the source's own if empty.
    all_products : bool
        Also the sums of every product of BACI.

    Raises
    ------
    UsageError
        Options that do not go together.
    """
    name = sources[0] if sources else "baci"
    if len(sources) > 1 or name not in BULK:
        raise UsageError(
            f"--zip, --edition and --all-products are for one of {', '.join(BULK)} alone; fetch "
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
            _add_baci(zipped, codes_in, years, all_products, data_dir, dry_run)
        except (DamagedDataError, SourceError):
            if edition:
                zipped.unlink(missing_ok=True)  # downloaded here: the next run asks again
            raise


def _download_baci(edition: str, data_dir: Path, dry_run: bool) -> Path | None:
    """Download an edition, unless it is there; return where it is, or None in a dry run."""
    from marketintel.sources.archives import REVISIONS, library_dir
    from marketintel.sources.http.client import Client
    from marketintel.sources.providers.baci import PROVIDER, download

    found = re.fullmatch(r"(HS\d\d)_V(\d{6}[a-z]?)", edition)
    if not found or found[1] not in REVISIONS:
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
            download(found[2], found[1], target, client)
    return target


def _add_baci(
    archive: Path,
    codes_in: Callable[[list[str]], list[str]],
    asked: Sequence[int],
    all_products: bool,
    data_dir: Path,
    dry_run: bool,
) -> None:
    """Load a BACI zip and keep the segments' products, and the sums of all if asked for."""
    from marketintel.sources.archives import REVISIONS, add_baci, add_baskets, library_dir
    from marketintel.sources.providers.baci import Year, years

    found = years(archive)
    codes = codes_in([REVISIONS[found[0].revision]])
    sums = ", ".join(map(str, asked)) or f"{found[-1].year}"
    typer.echo(
        f"baci: {archive.name}: {found[0].year}–{found[-1].year}, "
        f"{sum(year.size for year in found) / 1e9:.1f} GB unpacked, a year at a time; "
        f"{len(codes)} products" + (f"; sums of all products of {sums}" if all_products else "")
    )
    if dry_run:
        return

    def tell(year: Year) -> None:
        typer.echo(f"baci: {year.year} is there")

    kept = add_baci(archive, codes, data_dir, progress=tell)
    typer.echo(f"baci: {kept.meta.rows:,} rows, vintage {kept.meta.vintage}")
    for note in kept.meta.parameters.get("notes", []):
        typer.echo(note)
    if all_products:
        edition = library_dir(data_dir) / f"{found[0].revision}_V{found[0].vintage}"
        kept = add_baskets(archive, edition, asked, data_dir)
        typer.echo(f"{kept.meta.source}: {kept.meta.rows:,} rows, vintage {kept.meta.vintage}")


def _add_gravity(archive: Path, years: Sequence[int], data_dir: Path, dry_run: bool) -> None:
    """Read a Gravity zip and keep the ties of pairs by year."""
    from marketintel.sources.archives import add_gravity
    from marketintel.sources.providers.gravity import FIRST_YEAR, edition_of

    _, version = edition_of(archive)
    span = f"{min(years)} to {max(years)}" if years else f"{FIRST_YEAR} on"
    typer.echo(f"gravity: {archive.name}: edition {version}, read piece by piece, {span}")
    if not dry_run:
        kept = add_gravity(archive, years, data_dir)
        typer.echo(f"{kept.meta.source}: {kept.meta.rows:,} rows, vintage {kept.meta.vintage}")

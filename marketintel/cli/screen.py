"""``marketintel screen``: which country next, for whom and how sure.

Registered in ``cli.py`` with one line: ``app.command()(screen)``.
"""

from pathlib import Path
from typing import Annotated

import typer

from marketintel.cli.options import DataOption, EditionOption, OutOption, QuietOption, say


def screen(
    exporter: Annotated[
        str,
        typer.Option(
            help="Whose markets: EU27, another group (PIMAP), a country, or a consortium with "
            "shares of its economies' supply: FRA=0.1,SWE=0.05."
        ),
    ] = "EU27",
    segments: Annotated[
        str, typer.Option("--segments", help="Segments, e.g. lasers,optics; or all.")
    ] = "all",
    exclude: Annotated[
        str, typer.Option("--exclude", help="Markets or groups to leave out, e.g. USA,CAN.")
    ] = "",
    scenario: Annotated[
        str,
        typer.Option(
            "--scenario", help="Duties to imagine, points on the exporter's goods: USA:+5,CAN:-2."
        ),
    ] = "",
    top: Annotated[int, typer.Option("--top", help="Length of the shortlist.")] = 10,
    year: Annotated[
        int | None, typer.Option(help="Year screened (default: the newest there is).")
    ] = None,
    out: OutOption = Path("reports"),
    edition: EditionOption = None,
    quiet: QuietOption = False,
    data: DataOption = None,
) -> None:
    """Rank markets by export potential, gravity and score; say how far the three agree."""
    from marketintel.documents.screening.edition import write_screening

    done = write_screening(
        exporter,
        segments=[] if segments == "all" else _items(segments),
        exclude=_items(exclude),
        top=top,
        year=year,
        reports_dir=out,
        edition=edition,
        data_dir=data,
        progress=not quiet,
        scenario=_items(scenario),
    )
    say(done)


def _items(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]

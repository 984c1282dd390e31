"""From a question to an edition on disk: check first, then run the notebook and render it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from marketintel.documents.engine.cover import Cover
from marketintel.documents.engine.naming import folder_name
from marketintel.documents.engine.run import Edition
from marketintel.documents.engine.workbench import run_on
from marketintel.documents.ranking.load import load
from marketintel.documents.ranking.screen import Screen
from marketintel.documents.ranking.terms import spelled

NOTEBOOK = "country_screening.ipynb"


def write_screening(
    exporter: str = "EU27",
    *,
    segments: Sequence[str] = (),
    exclude: Sequence[str] = (),
    top: int = 10,
    year: int | None = None,
    reports_dir: Path = Path("reports"),
    edition: str | None = None,
    data_dir: Path | None = None,
    progress: bool = True,
    scenario: Sequence[str] = (),
) -> Edition:
    """Write the screening of one exporter.

    Parameters
    ----------
    exporter, segments, exclude, top, year, data_dir, scenario
        As in :func:`marketintel.documents.screening.load`; checked before anything is written.
    reports_dir : Path
        Editions are ``<reports_dir>/<edition>/<study>/``.
    edition : str, optional
        Default: see :func:`marketintel.documents.engine.naming.edition_month`.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Edition
        Its ``folder`` holds report.html, report.pdf, tables/, run.json and the executed notebook.
    """
    screen = load(exporter, segments, exclude, top, year, data_dir, scenario)
    parameters = {
        "exporter": screen.exporter,
        "segments": screen.segments_asked if segments else [],
        "exclude": sorted(screen.excluded),
        "top": screen.top,
        "year": screen.year,
        "scenario": spelled(screen.scenario),
        "studies": _studies(reports_dir),
    }
    return run_on(
        data_dir,
        NOTEBOOK,
        parameters,
        study=study_name(screen, all_segments=not segments),
        cover=cover(screen),
        reports_dir=reports_dir,
        edition=edition,
        progress=progress,
    )


def study_name(screen: Screen, *, all_segments: bool) -> str:
    """Return the folder of a screening within its edition; every parameter is in it."""
    who = screen.exporter.replace("=", "_").replace(",", ".")
    parts = ["screening", who, str(screen.year), f"top{screen.top}"]
    if not all_segments:
        parts.append(".".join(screen.segments_asked))
    if screen.excluded:
        parts.append("without-" + ".".join(sorted(screen.excluded)))
    if screen.scenario:
        words = str.maketrans({":": "", "+": "plus", "-": "minus"})  # no signs in a folder's name
        changes = [change.translate(words) for change in spelled(screen.scenario)]
        parts.append("scenario-" + ".".join(changes))
    return folder_name(*parts)


def cover(screen: Screen) -> Cover:
    """Return the title page."""
    trade = screen.coverage[screen.coverage["source"] == screen.source]
    compiled = ", ".join(sorted({str(day) for day in trade["retrieved_at"]}))
    subtitle = f"Export potential, gravity and screening of markets for {screen.what}"
    return Cover(
        title="Which country next?",
        subtitle=subtitle if screen.complete else f"{subtitle} (partial data)",
        vintage=f"{', '.join(trade['title'])} (compiled {compiled})",
        scope=f"All economies, {screen.goods['cmd_code'].nunique()} products, means of {screen.span}",
        exporter=screen.name(screen.exporter),
    )


def _studies(reports_dir: Path) -> list[str]:
    """Return ``edition/study`` of the market studies that are there, the newest last, for links."""
    found = reports_dir.glob("[!._]*/market-study-*/report.html")
    return sorted(page.parent.relative_to(reports_dir).as_posix() for page in found)

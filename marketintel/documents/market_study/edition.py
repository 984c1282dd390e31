"""From a question to an edition on disk: check first, then run the notebook and render it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from marketintel.documents import prose as w
from marketintel.documents.engine.cover import Cover
from marketintel.documents.engine.naming import folder_name
from marketintel.documents.engine.run import Edition
from marketintel.documents.engine.workbench import run_on
from marketintel.documents.market.study import Study
from marketintel.documents.market.terms import basis_sentence
from marketintel.documents.market_study.pages import load
from marketintel.reference.countries import EU

NOTEBOOK = "market_study.ipynb"


def write_study(
    market: str,
    *,
    exporter: str = EU,
    segments: Sequence[str] = (),
    year: int | None = None,
    reports_dir: Path = Path("reports"),
    edition: str | None = None,
    data_dir: Path | None = None,
    progress: bool = True,
) -> Edition:
    """Write the market study of one country.

    The question is checked before anything is written: a country without data, or a name that is
    not known, leaves the reports directory as it was.

    Parameters
    ----------
    market, exporter, segments, year, data_dir
        As in :func:`marketintel.documents.market_study.load`.
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
    study = load(market, exporter, segments, year, data_dir)
    parameters = {
        "country": study.market,
        "exporter": study.exporter,
        "segments": study.asked if segments else [],
        "year": int(study.year),
    }
    return run_on(
        data_dir,
        NOTEBOOK,
        parameters,
        study=study_name(study, all_segments=not segments),
        cover=cover(study),
        reports_dir=reports_dir,
        edition=edition,
        progress=progress,
    )


def study_name(study: Study, *, all_segments: bool) -> str:
    """Return the folder of a study within its edition; every parameter is in it."""
    asked = "" if all_segments else ".".join(study.asked)
    return folder_name("market-study", study.market, study.exporter, study.year, asked)


def cover(study: Study) -> Cover:
    """Return the title page."""
    trade = study.coverage[study.coverage["source"].isin(study.trade_sources)]
    gone = set(study.without_figures)
    names = [study.segments.names()[s] for s in study.asked if s not in gone]
    scope = w.goods_of(names, len(study.segments))
    mixed = f" ({w.count(len(study.codes), 'mixed code')})" if study.is_mixed else ""
    compiled = ", ".join(sorted({str(day) for day in trade["retrieved_at"]}))
    return Cover(
        title=study.name(study.market),
        subtitle=f"{_subject(study, names)} and their suppliers, {study.year} against {study.base}",
        vintage=f"{', '.join(trade['title'])} (compiled {compiled})",
        scope=f"{_figures(study)}, {scope}{mixed}, {study.hs}",
        exporter=study.name(study.exporter),
    )


def _subject(study: Study, names: list[str]) -> str:
    """Say what is imported: photonics, or the goods of mixed codes."""
    return (
        f"Imports of {', '.join(map(w.clause, names))}" if study.is_mixed else "Photonics imports"
    )


def _figures(study: Study) -> str:
    """Say whose figures these are."""
    if basis_sentence(study.basis):
        return basis_sentence(study.basis).partition(":")[0]
    return "Imports for consumption" if "consumption" in study.terms.imported else "Imports"

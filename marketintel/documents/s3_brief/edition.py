"""From a region to an edition on disk: check first, then run the notebook and render it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from marketintel.documents.engine.cover import Cover
from marketintel.documents.engine.naming import folder_name
from marketintel.documents.engine.run import Edition
from marketintel.documents.engine.workbench import run_on
from marketintel.documents.s3_brief.facts import Brief, load
from marketintel.documents.s3_brief.figures import YEAR

NOTEBOOK = "smart_specialisation_brief.ipynb"


def write_brief(
    region: str,
    *,
    targets: Sequence[str] = ("USA",),
    reports_dir: Path = Path("reports"),
    edition: str | None = None,
    data_dir: Path | None = None,
    progress: bool = True,
) -> Edition:
    """Write the smart-specialisation brief of one region.

    The question is checked before anything is written.

    Parameters
    ----------
    region, targets, data_dir
        As in :func:`marketintel.documents.s3_brief.load`.
    reports_dir : Path
        Editions are ``<reports_dir>/<edition>/<study>/``.
    edition : str, optional
        Default: see :func:`marketintel.documents.engine.naming.edition_month`.
    progress : bool
        Show a progress bar.
    """
    brief = load(region, targets, data_dir)
    codes = [market.code for market in brief.markets]
    return run_on(
        data_dir,
        NOTEBOOK,
        {"region": brief.region.id, "targets": codes},
        study=folder_name("s3-brief", brief.region.id, *codes),
        cover=cover(brief),
        reports_dir=reports_dir,
        edition=edition,
        progress=progress,
    )


def cover(brief: Brief) -> Cover:
    """Return what stands above the first page."""
    markets = ", ".join(market.name for market in brief.markets)
    return Cover(
        title=brief.region.name,
        subtitle="Where photonics fits: a brief on smart specialisation",
        vintage=f"{_years(brief)}; imports: {markets}",
        scope=f"{brief.region.name} ({brief.region.id}) among the regions of Europe",
        layout="brief",
    )


def _years(brief: Brief) -> str:
    """Say of which years the region's figures are."""
    years = brief.indicators.set_index("indicator")["year"].dropna()
    rest = years.drop("epo_patents", errors="ignore")
    parts = [f"Jobs {YEAR}"]
    parts += [f"patents {years['epo_patents']}"] if "epo_patents" in years else []
    parts += [f"research and skills to {rest.max()}"] if len(rest) else []
    return ", ".join(parts)

"""What the notebook of a market study calls: one function a cell."""

from collections.abc import Sequence
from pathlib import Path

from marketintel.documents.engine.blocks import Heading, Stack
from marketintel.documents.market import load as facts
from marketintel.documents.market.study import Study
from marketintel.documents.market_study import segment_pages as sections
from marketintel.documents.market_study.access import duty_pages
from marketintel.documents.market_study.change import change
from marketintel.documents.market_study.closing import (
    gaps,
    opportunities_and_risks,
    sources,
    tariff_schedule,
)
from marketintel.documents.market_study.exporter import exporter_position
from marketintel.documents.market_study.method import method
from marketintel.documents.market_study.outlook import outlook
from marketintel.documents.market_study.summary import glance, summary
from marketintel.documents.market_study.suppliers import specialisation, suppliers

__all__ = [
    "Study",
    "change",
    "duty_pages",
    "exporter_position",
    "gaps",
    "glance",
    "load",
    "method",
    "opportunities_and_risks",
    "outlook",
    "segment_pages",
    "sources",
    "specialisation",
    "summary",
    "suppliers",
    "tariff_schedule",
]


def load(
    market: str = "USA",
    exporter: str = facts.EU,
    segments: Sequence[str] = (),
    year: int | None = None,
    data_dir: Path | str | None = None,
) -> Study:
    """Read a study that partners may tell: its pages say so. See :func:`facts.load`."""
    return facts.load(market, exporter, segments, year, data_dir, allow_fallback=True)


def segment_pages(study: Study) -> Stack:
    """One section a row of the study under a heading of its own."""
    unit = study.terms.unit
    return Stack(Heading(2, f"{unit.capitalize()} by {unit}"), sections.segment_pages(study))

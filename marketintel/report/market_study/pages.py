"""What the notebook of a market study calls: one function a cell."""

from marketintel.report.market_study.closing import (
    gaps,
    opportunities_and_risks,
    sources,
    tariff_schedule,
)
from marketintel.report.market_study.facts import Study, load
from marketintel.report.market_study.outlook import outlook
from marketintel.report.market_study.overview import (
    change,
    duty_pages,
    exporter_position,
    glance,
    specialisation,
    summary,
    suppliers,
)
from marketintel.report.market_study.segment_pages import segment_pages

__all__ = [
    "Study",
    "change",
    "duty_pages",
    "exporter_position",
    "gaps",
    "glance",
    "load",
    "opportunities_and_risks",
    "outlook",
    "segment_pages",
    "sources",
    "specialisation",
    "summary",
    "suppliers",
    "tariff_schedule",
]

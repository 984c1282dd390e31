"""Monitor of the partnership's indicators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from marketintel.documents.declared import Parameters, as_of_parameter
from marketintel.documents.document import Document
from marketintel.documents.engine.cover import Cover
from marketintel.documents.engine.naming import folder_name

if TYPE_CHECKING:
    from marketintel.documents.indicators import Monitor


@dataclass(frozen=True)
class KpiParameters(Parameters):
    """Parameters of the monitor."""

    as_of: str = as_of_parameter()


class KpiMonitor(Document):
    """Indicators with targets, measurements, pace and projection."""

    name = "kpi_monitor"
    command = "kpi report"
    notebook = "kpi_monitor.ipynb"
    help = "Write the monitor of all indicators."
    Parameters = KpiParameters
    facts: Monitor

    def load(self) -> Monitor:
        """Read indicators and log."""
        from marketintel.documents.indicators import load

        return load(self.parameters.as_of, self.data_dir)

    def cover(self) -> Cover:
        """Return the title page."""
        status = self.facts.status
        measured = int((status["lines"] > 0).sum())
        return Cover(
            title="Partnership indicators",
            subtitle=f"Targets, measurements and pace on {self.as_of}",
            vintage=f"{measured} of {len(status)} indicators have a measurement",
            scope="Published targets are targets, not results",
        )

    def folder(self) -> str:
        """Return the folder within an edition."""
        return folder_name("kpi-monitor", self.as_of)

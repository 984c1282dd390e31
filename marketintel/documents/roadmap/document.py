"""Roadmap of the partnership."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from marketintel.documents.declared import Parameters, as_of_parameter, parameter
from marketintel.documents.document import Document
from marketintel.documents.engine.cover import Cover
from marketintel.documents.engine.naming import folder_name
from marketintel.reference.countries import country

if TYPE_CHECKING:
    from marketintel.documents.roadmap.facts import Plan

#: The four target markets of PIMAP+.
KEY_MARKETS = ("USA", "CAN", "JPN", "CHN")


def _countries(names: Any) -> list[str]:
    return [country(name) for name in names]


@dataclass(frozen=True)
class RoadmapParameters(Parameters):
    """Day and target countries."""

    as_of: str = as_of_parameter()
    countries: list[str] = parameter(
        "Target country (repeatable; default: the four).", "--country", "-c",
        default=KEY_MARKETS, many=True, convert=_countries,
    )  # fmt: skip


class Roadmap(Document):
    """Time line, critical path, missions and next targets."""

    name = "roadmap"
    command = "roadmap"
    notebook = "roadmap.ipynb"
    help = "Write the plan: time line, critical path, missions, next targets."
    Parameters = RoadmapParameters
    facts: Plan

    def load(self) -> Plan:
        """Read actions and indicators."""
        from marketintel.documents.roadmap.facts import load

        return load(self.as_of, self.parameters.countries, self.data_dir)

    def cover(self) -> Cover:
        """Return the title page."""
        plan = self.facts
        return Cover(
            title="Roadmap of the partnership",
            subtitle=f"{plan.first:%B %Y} to {plan.last:%B %Y}",
            vintage=f"Seen on {self.as_of}",
            scope=f"{plan.proposed} of {len(plan.table)} actions are proposals that nobody has adopted",
        )

    def folder(self) -> str:
        """Return the folder within an edition; the four key markets are not in its name."""
        countries = self.parameters.countries
        named = [] if countries == list(KEY_MARKETS) else countries
        return folder_name("roadmap", *named, self.as_of)

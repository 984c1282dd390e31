"""Dossier of a mission."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from marketintel.documents.declared import (
    Parameters,
    as_of_parameter,
    members_parameter,
    target_parameter,
)
from marketintel.documents.document import Document
from marketintel.documents.engine.cover import EXAMPLE, Cover
from marketintel.reference.countries import EU, country_name

if TYPE_CHECKING:
    from marketintel.documents.mission.facts import Dossier


@dataclass(frozen=True)
class MissionParameters(Parameters):
    """Target country, members file and day."""

    country: str = target_parameter()
    members: str = members_parameter()
    as_of: str = as_of_parameter()


class Mission(Document):
    """Market, segments to pitch, actors, memoranda, questions and meetings of a country."""

    name = "mission"
    command = "mission"
    notebook = "mission_dossier.ipynb"
    help = "Write the dossier of a mission: market, pitches, actors, memoranda, questions."
    Parameters = MissionParameters
    facts: Dossier

    def load(self) -> Dossier:
        """Read market, clusters, actors and meetings."""
        from marketintel.documents.mission.facts import load

        given = self.parameters
        return load(given.country, given.members, given.as_of, self.data_dir)

    def cover(self) -> Cover:
        """Return the title page."""
        study = self.facts.market.study
        return Cover(
            title=f"Mission dossier: {country_name(self.parameters.country)}",
            subtitle="The market, what to pitch, whom to meet, what to ask",
            vintage=f"Trade of {study.year}" if study else "No trade figures in the data directory",
            scope=EXAMPLE if self.facts.directory.is_example else f"Seen on {self.as_of}",
            exporter=EU,
            layout="brief",
        )

"""Clusters that complete each other for a target country."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from marketintel.documents.declared import (
    Parameters,
    as_of_parameter,
    members_parameter,
    parameter,
    target_parameter,
)
from marketintel.documents.document import Document
from marketintel.documents.engine.cover import EXAMPLE, Cover
from marketintel.reference.countries import EU, country, country_name

if TYPE_CHECKING:
    from marketintel.documents.directory import Directory


def _exporter(text: str) -> str:
    """Return the code of an exporter; nothing for the EU27, whose documents are named without."""
    code = country(text) if text else EU
    return "" if code == EU else code


@dataclass(frozen=True)
class ClustersParameters(Parameters):
    """Target country, members file and day."""

    country: str = target_parameter(default="USA")
    members: str = members_parameter()
    exporter: str = parameter(
        "Whose view: any supplier (FRA, SWE, …) or group (default: EU27).", default="",
        convert=_exporter,
    )  # fmt: skip
    as_of: str = as_of_parameter()


class Clusters(Document):
    """Coverage of value chains by clusters, and sets of clusters that complete each other."""

    name = "clusters"
    command = "clusters"
    notebook = "cluster_complementarity.ipynb"
    help = "Write which clusters complete each other's value chains for a country."
    Parameters = ClustersParameters
    facts: Directory

    def load(self) -> Directory:
        """Read directory, members and trade."""
        from marketintel.documents.directory import load

        given = self.parameters
        return load(given.country, given.members, given.as_of, self.data_dir, given.exporter or EU)

    def cover(self) -> Cover:
        """Return the title page."""
        members = self.facts.members
        scope = "No cluster has filled in its members yet: directory and national trade only"
        if members is not None:
            scope = f"{members['member'].nunique()} members, as the clusters declare them"
        return Cover(
            title=f"Clusters and value chains: {country_name(self.parameters.country)}",
            subtitle="Who covers what, who completes whom, and what nobody covers",
            vintage=f"Facts as dated in each row; seen on {self.as_of}",
            scope=EXAMPLE if self.facts.is_example else scope,
        )

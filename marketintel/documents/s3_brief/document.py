"""Smart-specialisation brief of a region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from marketintel.documents.document import Document, Parameters, parameter
from marketintel.documents.engine.cover import Cover
from marketintel.documents.engine.naming import folder_name

if TYPE_CHECKING:
    from marketintel.documents.s3_brief.facts import Brief


@dataclass(frozen=True)
class BriefParameters(Parameters):
    """Parameters of a brief."""

    region: str = parameter(
        "A NUTS 2 code such as SE31, a region's name, or a country of Europe.", argument=True
    )
    targets: list[str] = parameter(
        "Target country (repeatable; default: USA).", "--target", "-t", default=["USA"], many=True
    )


class S3Brief(Document):
    """Strengths of a region, what is near them, demand abroad, partners and three options."""

    name = "s3_brief"
    command = "brief"
    notebook = "smart_specialisation_brief.ipynb"
    help = "Write a smart-specialisation brief of a region: at most four pages of plain language."
    chapters = ("summary", "priorities", "strength", "nearness", "demand", "partners", "options",
                "gaps", "sources")  # fmt: skip
    Parameters = BriefParameters
    facts: Brief

    def load(self) -> Brief:
        """Read what the brief needs."""
        from marketintel.documents.s3_brief.facts import load

        return load(self.parameters.region, self.parameters.targets, self.data_dir)

    def resolved(self) -> dict[str, Any]:
        """Return region and targets as codes."""
        codes = [market.code for market in self.facts.markets]
        return {"region": self.facts.region.id, "targets": codes}

    def folder(self) -> str:
        """Return the folder within an edition."""
        values = self.resolved()
        return folder_name("s3-brief", values["region"], *values["targets"])

    def cover(self) -> Cover:
        """Return what stands above the first page."""
        region = self.facts.region
        markets = ", ".join(market.name for market in self.facts.markets)
        return Cover(
            title=region.name,
            subtitle="Where photonics fits: a brief on smart specialisation",
            vintage=f"{self._years()}; imports: {markets}",
            scope=f"{region.name} ({region.id}) among the regions of Europe",
            layout="brief",
        )

    def _years(self) -> str:
        """Return the years of the region's figures."""
        from marketintel.documents.s3_brief.europe import YEAR

        years = self.facts.indicators.set_index("indicator")["year"].dropna()
        rest = years.drop("epo_patents", errors="ignore")
        parts = [f"Jobs {YEAR}"]
        parts += [f"patents {years['epo_patents']}"] if "epo_patents" in years else []
        parts += [f"research and skills to {rest.max()}"] if len(rest) else []
        return ", ".join(parts)

"""Smart-specialisation brief of a region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from marketintel.documents.declared import Parameters, one_page_parameter, parameter
from marketintel.documents.document import Document
from marketintel.documents.engine.cover import Cover
from marketintel.documents.engine.naming import folder_name
from marketintel.errors import UsageError

if TYPE_CHECKING:
    from marketintel.documents.s3_brief.facts import Brief


LANGUAGES = ("en", "fr")


def _language(text: str) -> str:
    if text not in LANGUAGES:
        raise UsageError(f"no brief in {text!r}; there are {', '.join(LANGUAGES)}")
    return text


@dataclass(frozen=True)
class BriefParameters(Parameters):
    """Parameters of a brief."""

    region: str = parameter(
        "A NUTS 2 code such as SE31, a region's name, or a country of Europe.", argument=True
    )
    targets: list[str] = parameter(
        "Target country (repeatable; default: USA).", "--target", "-t", default=["USA"], many=True
    )
    language: str = parameter("Language: en or fr.", default="en", convert=_language)
    one_page: bool = one_page_parameter()


class S3Brief(Document):
    """Strengths of a region, what is near them, demand abroad, partners and three options."""

    name = "s3_brief"
    command = "brief"
    notebook = "smart_specialisation_brief.ipynb"
    one_page_notebook = "region_one_page.ipynb"
    help = "Write a smart-specialisation brief of a region: at most four pages of plain language."
    Parameters = BriefParameters
    facts: Brief

    def load(self) -> Brief:
        """Read the facts of the brief."""
        from marketintel.documents.s3_brief.facts import load

        p = self.parameters
        return load(p.region, p.targets, self.data_dir, p.language)

    def resolved(self) -> dict[str, Any]:
        """Return region and targets as codes."""
        codes = [market.code for market in self.facts.markets]
        return {"region": self.facts.region.id, "targets": codes, "language": self.language,
                "one_page": self.is_one_page}  # fmt: skip

    def folder(self) -> str:
        """Return the folder within an edition."""
        values = self.resolved()
        spoken = "" if self.language == "en" else self.language
        name = "s3-brief-one-page" if self.is_one_page else "s3-brief"
        return folder_name(name, values["region"], *values["targets"], spoken)

    def cover(self) -> Cover:
        """Return the title page."""
        from marketintel.documents.chapters import texts
        from marketintel.documents.s3_brief import views

        facts, words = self.facts, texts("s3_brief", self.language)
        markets = ", ".join(views.country(facts, market.code) for market in facts.markets)
        imports = words["cover_imports"].format(markets=markets)
        years = facts.indicators.set_index("indicator")["year"].dropna()
        rest = years.drop("epo_patents", errors="ignore")
        parts = [("cover_jobs", views.year(facts))]
        parts += [("cover_patents", years["epo_patents"])] if "epo_patents" in years else []
        parts += [("cover_research", rest.max())] if len(rest) else []
        vintage = ", ".join(words[key].format(year=year) for key, year in parts)
        return Cover(
            title=facts.region.name,
            subtitle=words["cover_subtitle"],
            vintage=f"{vintage}; {imports}",
            scope=words["cover_scope"].format(region=facts.region.name, code=facts.region.id),
            language=self.language,
            layout="brief",
        )

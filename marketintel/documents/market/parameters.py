"""Parameters of a study of one market, and the document that takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marketintel.documents.declared import Parameters, one_page_parameter, parameter
from marketintel.documents.document import Document, file_digest
from marketintel.documents.engine.naming import folder_name


@dataclass(frozen=True)
class StudyParameters(Parameters):
    """Market, whose view, segments and year."""

    country: str = parameter("Target market: ISO3 code or name, e.g. USA.", argument=True)
    exporter: str = parameter(
        "Whose view: EU27, or any supplier (FRA, SWE, PRT, FIN, JPN, …).", default="EU27"
    )
    segments: list[str] = parameter(
        "Limit to these segments (repeatable, or a,b).", "--segment", "-s", many=True
    )
    year: int | None = parameter("Year studied (default: the newest there is).", default=None)
    figures: str = parameter(
        "Market figures of your own or bought (CSV), to stand beside ours.", "--figures",
        default="", file=True,
    )  # fmt: skip
    one_page: bool = one_page_parameter()


class StudyDocument(Document):
    """Document about one market: its facts hold ``market, exporter, asked, year``."""

    Parameters = StudyParameters

    def resolved(self) -> dict[str, Any]:
        """Return market, exporter and segments as codes, and the year."""
        facts = self.facts
        return {
            "country": facts.market,
            "exporter": facts.exporter,
            "segments": facts.asked if self.parameters.segments else [],
            "year": int(facts.year),
            "figures": self.parameters.figures,
            "one_page": self.is_one_page,
        }

    def folder(self) -> str:
        """Return the folder within an edition."""
        country, exporter, segments, year, figures, one_page = self.resolved().values()
        name = self.name.replace("_", "-") + ("-one-page" if one_page else "")
        own = file_digest(figures)
        return folder_name(name, country, exporter, year, ".".join(segments), own)

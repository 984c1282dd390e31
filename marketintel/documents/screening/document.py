"""Screening of markets for an exporter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.documents import prose as w
from marketintel.documents.declared import Parameters, parameter
from marketintel.documents.document import Document
from marketintel.documents.engine.cover import Cover
from marketintel.documents.engine.naming import folder_name
from marketintel.documents.ranking.terms import spelled

if TYPE_CHECKING:
    from marketintel.documents.screening.facts import Screening


def _segments(names: list[str]) -> list[str]:
    """Return no segment, which means all, for ``all``."""
    return [] if names == ["all"] else list(names)


@dataclass(frozen=True)
class ScreeningParameters(Parameters):
    """Parameters of the screening."""

    exporter: str = parameter(
        "Whose markets: EU27, another group (PIMAP), a country, or a consortium with shares of its "
        "economies' supply: FRA=0.1,SWE=0.05.",
        default="EU27",
    )
    segments: list[str] = parameter(
        "Segments, e.g. lasers,optics; or all.", "--segments", many=True, convert=_segments
    )
    exclude: list[str] = parameter(
        "Markets or groups to leave out, e.g. USA,CAN.", "--exclude", many=True
    )
    top: int = parameter("Length of the shortlist.", "--top", default=10)
    year: int | None = parameter("Year screened (default: the newest there is).", default=None)
    studies: list[str] = parameter(
        "Market studies beside this report, for links.", many=True, internal=True
    )
    scenario: list[str] = parameter(
        "Duties to imagine, points on the exporter's goods: USA:+5,CAN:-2.", "--scenario", many=True
    )


class MarketScreening(Document):
    """Candidates for an exporter: three methods, their agreement, their record."""

    name = "screening"
    command = "screen"
    notebook = "country_screening.ipynb"
    help = "Rank markets by export potential, gravity and score; say how far the three agree."
    chapters = ("summary", "devices", "devices_headings", "devices_flows", "devices_record",
                "materials_summary", "shortlist", "ranks", "funnel", "score", "potential", "gravity",
                "groups", "record", "access", "nontariff", "supply", "structure", "materials",
                "eu_inputs", "gaps", "sources")  # fmt: skip
    Parameters = ScreeningParameters
    facts: Screening

    @classmethod
    def beside(cls, reports_dir: Path) -> dict[str, Any]:
        """Return market studies that are there, the newest last."""
        found = reports_dir.glob("[!._]*/market-study-*/report.html")
        return {"studies": sorted(p.parent.relative_to(reports_dir).as_posix() for p in found)}

    def load(self) -> Screening:
        """Read world trade and rank the markets."""
        from marketintel.documents.screening.facts import load

        return load(data_dir=self.data_dir, **vars(self.parameters))

    def resolved(self) -> dict[str, Any]:
        """Return the parameters with names resolved."""
        facts = self.facts
        return {
            "exporter": facts.exporter,
            "segments": facts.segments_asked if self.parameters.segments else [],
            "exclude": sorted(facts.excluded),
            "top": facts.top,
            "year": facts.year,
            "studies": list(facts.studies),
            "scenario": spelled(facts.scenario),
        }

    def cover(self) -> Cover:
        """Return the title page."""
        facts = self.facts
        sources = [facts.source] if facts.devices_gap else ["baci_headings", facts.source]
        trade = facts.coverage[facts.coverage["source"].isin(sources)].sort_values(
            "source", key=lambda names: names.map(sources.index)
        )
        compiled = ", ".join(sorted({str(day) for day in trade["retrieved_at"]}))
        partial = "" if facts.complete else " (partial data)"
        materials = f"{facts.goods['cmd_code'].nunique()} products, means of {facts.span}"
        devices, scope = "", f"All economies, {materials}"
        if not facts.devices_gap:
            devices = f"photonic devices ({facts.devices.year}) and "
            headings = w.count(len(facts.devices.codes), "heading")
            scope = f"All economies; devices: {headings}, {facts.devices.year}; then {materials}"
        return Cover(
            title="Which country next?",
            subtitle=f"Export potential, gravity and screening of markets for {devices}{facts.what}{partial}",
            vintage=f"{', '.join(trade['title'])} (compiled {compiled})",
            scope=scope,
            exporter=facts.name(facts.exporter),
        )

    def folder(self) -> str:
        """Return the folder within an edition; no signs stand in its name."""
        values = self.resolved()
        who = values["exporter"].replace("=", "_").replace(",", ".")
        parts = ["screening", who, str(values["year"]), f"top{values['top']}"]
        words = str.maketrans({":": "", "+": "plus", "-": "minus"})
        for prefix, names in (
            ("", values["segments"]),
            ("without-", values["exclude"]),
            ("scenario-", [change.translate(words) for change in values["scenario"]]),
        ):
            if names:
                parts.append(prefix + ".".join(names))
        return folder_name(*parts)

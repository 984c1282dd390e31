"""Market study of one country."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from marketintel.documents import prose as w
from marketintel.documents.engine.cover import Cover, one_page
from marketintel.documents.market.parameters import StudyDocument, StudyParameters

if TYPE_CHECKING:
    from marketintel.documents.market_study.facts import StudyFacts

#: Basis of the figures on the title page; a market's own imports have their regime instead.
BASES = {
    "reconciled": "Reconciled flows",
    "EU exports": "Sales of the European Union",
    "mirror": "Mirror",
}


class MarketStudy(StudyDocument):
    """Imports of one country: sizes, suppliers, duties, changes and their causes."""

    name = "market_study"
    command = "study"
    notebook = "market_study.ipynb"
    one_page_notebook = "market_one_page.ipynb"
    help = "Write a market study: HTML, PDF, CSV, XLSX and the notebook behind them."
    facts: StudyFacts

    def load(self) -> StudyFacts:
        """Read the trade of the market; partners' reports and mixed codes may stand for its own."""
        from marketintel.documents.market.load import load
        from marketintel.documents.market_study.facts import StudyFacts

        p = self.parameters
        return load(p.country, p.exporter, p.segments, p.year, self.data_dir,
                    allow_fallback=True, kind=StudyFacts)  # fmt: skip

    @classmethod
    def instead(cls, parameters: StudyParameters, data_dir: Path | None) -> str:
        """Name the study from headings for a market that reports no core imports by supplier."""
        from marketintel.documents.market.load import reports_core

        known = reports_core(parameters.country, parameters.segments, data_dir)
        return "" if known else "market_profile"

    def cover(self) -> Cover:
        """Return the title page."""
        facts = self.facts
        names = [n for s, n in facts.segments.names().items()
                 if s in facts.asked and s not in facts.without_figures]  # fmt: skip
        use = " for consumption" if "consumption" in facts.terms.imported else ""
        goods = w.goods_of(names, len(facts.segments))
        subject = "Photonics imports"
        if facts.is_mixed:
            subject = f"Imports of {', '.join(map(w.clause, names))}"
            goods += f" ({w.count(len(facts.codes), 'mixed code')})"
        compiled = ", ".join(sorted({str(day) for day in facts.trade_files["retrieved_at"]}))
        cover = Cover(
            title=facts.market_name,
            subtitle=f"{subject} and their suppliers, {facts.year} against {facts.base}",
            vintage=f"{', '.join(facts.trade_files['title'])} (compiled {compiled})",
            scope=f"{BASES.get(facts.basis.kind, f'Imports{use}')}, {goods}, {facts.hs}",
            exporter=facts.exporter_name,
        )
        return one_page(cover) if self.is_one_page else cover

"""Study of one market from headings of world trade."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marketintel.documents import prose as w
from marketintel.documents.engine.cover import Cover, one_page
from marketintel.documents.market.parameters import StudyDocument

if TYPE_CHECKING:
    from marketintel.documents.market_profile.facts import ProfileFacts


class MarketProfile(StudyDocument):
    """Trade of any economy in headings of photonics: size, suppliers, position, trend, outlook.

    ``study`` writes it for a market whose imports by code and supplier are not in the data.
    """

    name = "market_profile"
    command = "profile"
    notebook = "market_profile.ipynb"
    one_page_notebook = "profile_one_page.ipynb"
    help = "Write a study of any economy from headings of world trade, as `study` does without HS6 data."
    facts: ProfileFacts

    def load(self) -> ProfileFacts:
        """Check the parameters and read the trade of the market by heading."""
        from marketintel.documents.market_profile.facts import load

        p = self.parameters
        return load(p.country, p.exporter, p.segments, p.year, self.data_dir)

    def cover(self) -> Cover:
        """Return the title page."""
        facts = self.facts
        names = [facts.segments.names()[segment] for segment in facts.asked]
        files = facts.coverage[facts.coverage["source"] == "baci_headings"]
        compiled = ", ".join(sorted({str(day) for day in files["retrieved_at"]}))
        cover = Cover(
            title=facts.market_name,
            subtitle=f"Photonics: size, suppliers, trend and position of {w.the(facts.exporter_name)}, "
            f"{facts.first}–{facts.year}",
            vintage=f"{', '.join(files['title'])} (compiled {compiled})",
            scope=f"{w.count(len(facts.codes), 'heading')} of world trade, "
            f"{w.goods_of(names, len(facts.segments))}",
            exporter=facts.exporter_name,
        )
        return one_page(cover) if self.is_one_page else cover

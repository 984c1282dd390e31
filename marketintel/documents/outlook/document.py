"""Segment outlook of target countries."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from marketintel.documents import prose
from marketintel.documents.declared import Parameters, parameter
from marketintel.documents.document import Document
from marketintel.documents.engine.cover import Cover
from marketintel.documents.engine.naming import folder_name

if TYPE_CHECKING:
    from marketintel.documents.outlook.facts import Outlook

THRESHOLD_PCT = 25.0

#: Countries named on the title page.
MOST_NAMED = 8


@dataclass(frozen=True)
class OutlookParameters(Parameters):
    """Parameters of an outlook."""

    countries: list[str] = parameter(
        "Target countries, ISO3 or name (default: the five of the monthly US exports).",
        default=("IRL", "CHE", "TUR", "VNM", "CHN"), many=True, argument=True,
    )  # fmt: skip
    segments: list[str] = parameter(
        "Limit to these segments (repeatable).", "--segment", "-s", many=True
    )
    threshold_pct: float = parameter(
        "Percent above today's level that a market is asked to pass.", "--threshold",
        default=THRESHOLD_PCT,
    )  # fmt: skip
    scenarios: list[str] = parameter(
        "What if (repeatable): 'US duty on EU lasers +5 points from 2026', 'GDP of CHE +1 point a "
        "year from 2026'.", "--scenario", many=True,
    )  # fmt: skip


class SegmentOutlook(Document):
    """Forecasts of the trade of target countries by segment."""

    name = "outlook"
    command = "forecast"
    notebook = "segment_outlook.ipynb"
    help = (
        "Forecast the trade of target countries by segment, with probabilities, errors and totals.\n\n"
        "Of each country and segment the best series there is is taken: its own imports, else BACI's "
        "reconciled ones, else US exports to it, a mirror of what it buys there only. Each says which."
    )
    more_files = ("model_card.md",)
    Parameters = OutlookParameters
    facts: Outlook

    def load(self) -> Outlook:
        """Choose the series; forecasts are computed when first used."""
        from marketintel.documents.outlook.facts import load

        given = self.parameters
        return load(given.countries, given.segments, given.threshold_pct,
                    given.scenarios or None, self.data_dir)  # fmt: skip

    def resolved(self) -> dict[str, Any]:
        """Return the parameters with names resolved and examples of scenarios filled in."""
        return {
            "countries": self.facts.countries,
            "segments": self.facts.segment_ids if self.parameters.segments else [],
            "threshold_pct": self.facts.threshold_pct,
            "scenarios": self.facts.scenario_texts,
        }

    def folder(self) -> str:
        """Return the folder within an edition."""
        texts = "\n".join(self.facts.scenario_texts)
        threshold = self.facts.threshold_pct
        return folder_name(
            "segment-outlook",
            *self.facts.countries,
            ".".join(self.facts.segment_ids) if self.parameters.segments else "",
            "" if threshold == THRESHOLD_PCT else f"over{threshold}".removesuffix(".0"),
            f"scenario-{hashlib.sha256(texts.encode()).hexdigest()[:8]}"
            if self.parameters.scenarios
            else "",
        )

    @property
    def as_of(self) -> str:
        """Month after which forecasts begin."""
        return self.facts.month

    def cover(self) -> Cover:
        """Return the title page."""
        from marketintel.documents.outlook.wording import publisher
        from marketintel.warehouse.basis import US_EXPORTS

        facts, bases = self.facts, self.facts.bases
        places = [prose.the(facts.country_name(c)) for c in facts.countries]
        shown = prose.listing(places) if len(places) <= MOST_NAMED else f"{len(places)} countries"
        kinds = {basis.kind for basis in bases}
        trade = "Trade with" if US_EXPORTS in kinds else "Imports of"
        if kinds == {US_EXPORTS}:
            trade = "US exports to"
        months = f"{facts.MONTHS} months and " if len(facts.months.fans) else ""
        publishers = {basis.source: publisher(basis) for basis in reversed(bases)}
        used = facts.used[facts.used["source"].isin(publishers)].drop_duplicates("source")
        read = [
            f"{publishers[source]} (compiled {day})"
            for source, day in zip(used["source"], used["retrieved_at"], strict=True)
        ]
        codes = "core codes, and mixed codes where no core code has figures"
        if len(mixed := {basis.mixed for basis in bases}) == 1:
            codes = "mixed codes, each by itself" if mixed == {True} else "core codes"
        goods = prose.goods_of([facts.names[s] for s in facts.segment_ids], len(facts.segments))
        return Cover(
            title="Segment outlook",
            subtitle=f"{trade} {shown}: {months}{facts.YEARS} years after {facts.month}",
            vintage="; ".join(read),
            scope=f"{goods}; {codes}",
            exporter="United States" if kinds == {US_EXPORTS} else "",
        )

    def files(self) -> dict[str, str]:
        """Return the model card as a file, without the escapes that only the report's pages need."""
        drivers = self.facts.drivers
        _ = drivers.elasticities, drivers.low_high, drivers.scenarios  # before files are listed
        blocks = self.chapter("card").flat()
        card = "\n\n".join(getattr(block, "markdown", "") for block in blocks)
        plain = re.sub(r"\\([^\w\s]|_)", r"\1", card)
        return {self.more_files[0]: f"# Model card: segment outlook\n\n{plain}\n"}

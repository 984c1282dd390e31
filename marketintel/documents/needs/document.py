"""Survey of the members' needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from marketintel.documents.declared import Parameters, as_of_parameter, parameter
from marketintel.documents.document import Document
from marketintel.documents.engine.cover import EXAMPLE, Cover

if TYPE_CHECKING:
    from marketintel.documents.needs.facts import Survey


@dataclass(frozen=True)
class NeedsParameters(Parameters):
    """File of answers and day."""

    survey: str = parameter(
        "File of answers (default: the questionnaire only).", default="", argument=True, file=True
    )
    minimum: int = parameter(
        "Cells with fewer answers are not shown, nor what they follow from.", "--minimum", default=5
    )
    internal: str = parameter(
        "For a cluster itself: its own answers alone, none hidden (id, e.g. alpha_rlh).",
        "--internal", default="",
    )  # fmt: skip
    as_of: str = as_of_parameter()


class Needs(Document):
    """Needs, barriers and expectations by cluster and segment, without small cells."""

    name = "needs"
    command = "needs"
    notebook = "needs_survey.ipynb"
    help = "Write what members need; no cell of fewer than five answers can be worked out."
    Parameters = NeedsParameters
    facts: Survey

    def load(self) -> Survey:
        """Read vocabulary and answers, and compute the shares that may be shown."""
        from marketintel.documents.needs.facts import load

        given = self.parameters
        return load(given.survey, self.as_of, given.minimum, given.internal)

    def cover(self) -> Cover:
        """Return the title page."""
        survey = self.facts
        scope = "No survey has been held yet: questionnaire and published barriers only"
        if survey.is_held:
            scope = f"{survey.respondents} respondents; cells under {survey.minimum} answers are not shown"
        if survey.internal:
            scope = (
                f"INTERNAL view of {survey.internal}: single answers can be told, do not pass on"
            )
        return Cover(
            title="Needs of the members",
            subtitle="Needs, barriers and expectations by cluster and segment",
            vintage=f"Seen on {self.as_of}",
            scope=EXAMPLE if survey.is_example else scope,
        )

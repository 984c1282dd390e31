"""Parameters of a study of one market."""

from __future__ import annotations

from dataclasses import dataclass

from marketintel.documents.document import Parameters, parameter


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

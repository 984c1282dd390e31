"""Which country next: three methods, their agreement, their record, and what they cannot see.

``facts`` computes the figures, ``shortlist``, ``methods``,
``dependence``, ``eu_inputs``, ``devices``, ``baskets``, ``whatif`` and ``closing`` show them;
``asked`` reads exporter and scenario; ``edition`` writes the documents.
A notebook needs only what is imported here.
"""

from marketintel.documents.ranking.load import load
from marketintel.documents.ranking.screen import Screen
from marketintel.documents.screening.baskets import structure
from marketintel.documents.screening.closing import gaps, sources
from marketintel.documents.screening.dependence import materials
from marketintel.documents.screening.devices import access, supply_side
from marketintel.documents.screening.methods import (
    by_group,
    gravity,
    indicator_table,
    potential,
    record,
)
from marketintel.documents.screening.shortlist import funnel, ranks, shortlist, summary

__all__ = [
    "Screen",
    "access",
    "by_group",
    "funnel",
    "gaps",
    "gravity",
    "indicator_table",
    "load",
    "materials",
    "potential",
    "ranks",
    "record",
    "shortlist",
    "sources",
    "structure",
    "summary",
    "supply_side",
]

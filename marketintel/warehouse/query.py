"""The front door of the warehouse: every question that the rest of the house asks.

Trade questions live in ``flows``, everything around the trade in ``context``; both answer
from the processed tables, which are built on the first question and whenever an input changed.
"""

from marketintel.warehouse.context import (
    countries_geometry,
    coverage,
    macro,
    pairs,
    tariff_lines,
    world_series,
)
from marketintel.warehouse.flows import (
    FLOW_COLUMNS,
    aggregate,
    flows,
    monthly,
    partner_totals,
    supplier_matrix,
)

__all__ = [
    "FLOW_COLUMNS",
    "aggregate",
    "countries_geometry",
    "coverage",
    "flows",
    "macro",
    "monthly",
    "pairs",
    "partner_totals",
    "supplier_matrix",
    "tariff_lines",
    "world_series",
]

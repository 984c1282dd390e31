"""The front door of the warehouse: every question that the rest of the house asks.

Photonics trade is in ``flows``, a market's imports by whoever tells them in ``imports``, whole
trade in ``totals``, what stands around it in ``context``. All answer from the processed tables,
which are built on the first question and whenever an input has changed.
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
)
from marketintel.warehouse.hs_conversion import harmonised
from marketintel.warehouse.imports import imports
from marketintel.warehouse.tariffs import tariff_rates
from marketintel.warehouse.totals import partner_totals, supplier_matrix

__all__ = [
    "FLOW_COLUMNS",
    "aggregate",
    "countries_geometry",
    "coverage",
    "flows",
    "harmonised",
    "imports",
    "macro",
    "monthly",
    "pairs",
    "partner_totals",
    "supplier_matrix",
    "tariff_lines",
    "tariff_rates",
    "world_series",
]

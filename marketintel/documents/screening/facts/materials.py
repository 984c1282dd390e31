"""Suppliers of the raw materials: concentration, chokepoints, exposure of five buyers, change."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from marketintel.analysis.trade import materials
from marketintel.documents.ranking.screen import Screen
from marketintel.errors import MissingDataError
from marketintel.reference.countries import group_members
from marketintel.warehouse import engine

BUYERS = ("EU27", "USA", "CAN", "JPN", "CHN")
#: Three years at either end and between: single years of small flows jump.
STEP, WIDTH = 7, 3
LIMIT_PCT = 65.0

_ROWS = """
SELECT reporter AS exporter, partner AS market, cmd_code, period, value_usd, net_weight_kg
FROM trade
WHERE flow = 'export' AND freq = 'A' AND NOT is_mirror AND reporter <> partner
  AND source = $source AND hs_revision = 'HS1992'
  AND cmd_code IN (SELECT unnest($codes::VARCHAR[]))
"""


class Dependence(NamedTuple):
    """Supply of the raw materials in spans of three years.

    Attributes
    ----------
    base, end : str
        First and last span, such as ``2022–24``.
    exposure, movement, chokepoints, world : DataFrame
        As of :mod:`marketintel.analysis.trade.materials`.
    """

    base: str
    end: str
    exposure: pd.DataFrame
    movement: pd.DataFrame
    chokepoints: pd.DataFrame
    world: pd.DataFrame


def dependence(screen: Screen) -> Dependence:
    """Compute the supply of the raw materials, whatever else is screened.

    Raises
    ------
    MissingDataError
        There is no trade in them.
    """
    parameters = {"source": screen.source, "codes": list(screen.materials)}
    rows = engine.ask(screen.data_dir, _ROWS, parameters)
    if rows.empty:
        raise MissingDataError("raw materials are not in the bilateral trade data of this edition")
    first, last = int(rows["period"].min()), int(rows["period"].max())
    labels = _spans(first, last)
    base, end = min(labels), max(labels)
    spans = materials.spans(rows, labels)
    buyers = {name: group_members(name) for name in BUYERS}
    exposure = materials.exposure(spans, buyers)
    return Dependence(
        base,
        end,
        exposure,
        materials.movement(exposure, base, end),
        materials.chokepoints(exposure[exposure["period"] == end], LIMIT_PCT),
        materials.world_supply(spans, {"EU27": buyers["EU27"]}),
    )


def _spans(first: int, last: int) -> dict[str, list[str]]:
    """Years by span; the oldest years there are come along, so that the whole time is compared."""
    ends = sorted(range(last, first + WIDTH - 2, -STEP))
    oldest = first + WIDTH - 1
    if not ends or ends[0] - WIDTH >= oldest:
        ends = [oldest, *ends]
    years = {end: [str(year) for year in range(end - WIDTH + 1, end + 1)] for end in ends}
    return {f"{span[0]}–{span[-1][2:]}": span for span in years.values()}

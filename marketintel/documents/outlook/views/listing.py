"""Levels in five years as one plain table, for the command line."""

from __future__ import annotations

from typing import Any

import pandas as pd

from marketintel.analysis.forecast import present
from marketintel.documents.frames import each
from marketintel.documents.outlook.facts import Outlook, totals
from marketintel.errors import MissingDataError
from marketintel.reference.scopes import NEIGHBOUR
from marketintel.warehouse.basis import US_EXPORTS

_ROLES = {totals.COUNTRY: 0, totals.CELL: 1, totals.GRAND: 2, totals.SEGMENT: 3}
_KINDS = {US_EXPORTS: "mirror"}


def listing(outlook: Outlook) -> pd.DataFrame:
    """Return one row a country and segment (or mixed code); ``all`` stands for a total over them.

    Returns
    -------
    DataFrame
        ``country, segment, kind, source, valuation, year, not_known, level_usd, then, forecast_usd, lo_80_usd,
        hi_80_usd, lo_95_usd, hi_95_usd, added_per_year_usd, probability_growth_pct, threshold_usd,
        probability_above_threshold_pct, group``: trade of the last year known and five years after the edition's
        month; ``not_known`` are years in between that are over but not in the data; probabilities in
        percent. ``kind`` is reported, reconciled or mirror (US exports), with "mixed codes"
        where these stand in. Rows of one ``group`` add up to its totals; -1 is in none.
        ``attrs["without"]`` are series without such a forecast, a line a country and reason.

    Raises
    ------
    MissingDataError
        No series can be forecast; the reasons of all.
    """
    rows = outlook.years.potential
    without = _without(outlook)
    if rows.empty:
        raise MissingDataError(f"no level in five years can be forecast: {'; '.join(without)}")
    order = {code: place for place, code in enumerate(outlook.countries)}
    rows = rows.assign(
        place=[order.get(p, len(order)) for p in rows["partner"]],
        rank=rows["role"].map(_ROLES),
    ).sort_values(["place", "group", "rank", "level_now"], ascending=[True, True, True, False])
    kinds = list(rows["kind"])
    table = pd.DataFrame(
        {
            "country": [_of(outlook, r, "partner") for r in each(rows)],
            "segment": [_of(outlook, r, "item") for r in each(rows)],
            "kind": [
                _KINDS.get(k.kind, k.kind)
                + ", mixed codes" * k.mixed
                + ", neighbours" * (k.scope == NEIGHBOUR)
                for k in kinds
            ],
            "source": [k.source for k in kinds],
            "valuation": [k.valuation for k in kinds],
            "year": rows["cutoff"].dt.year,
            "not_known": [present.not_known(c, outlook.month) for c in rows["cutoff"]],
            "level_usd": rows["level_now"],
            "then": rows["ds"].dt.year,
            "forecast_usd": rows["level_then"],
            "lo_80_usd": rows["lo_80"],
            "hi_80_usd": rows["hi_80"],
            "lo_95_usd": rows["lo_95"],
            "hi_95_usd": rows["hi_95"],
            "added_per_year_usd": rows["added_per_year"],
            "probability_growth_pct": 100 * rows["probability_growth"],
            "threshold_usd": rows["threshold"],
            "probability_above_threshold_pct": 100 * rows["probability_above_threshold"],
            "group": rows["group"],
        }
    ).reset_index(drop=True)
    table.attrs["without"] = without
    return table


def _of(outlook: Outlook, row: Any, column: str) -> str:
    """Country or segment of a row; of a total ``all``, or those that it adds."""
    if name := str(getattr(row, column)):
        return name
    adds = outlook.years.structure
    parts = adds.loc[adds["aggregate"] == row.unique_id, "part"]
    nodes = outlook.years.nodes
    names = sorted(set(nodes.loc[nodes["unique_id"].isin(parts), column]))
    every = outlook.countries if column == "partner" else outlook.segment_ids
    return "all" if set(names) == set(every) else f"all of {len(names)}: {', '.join(names)}"


def _without(outlook: Outlook) -> list[str]:
    """Series without a yearly forecast, a line a country and reason."""
    omitted = outlook.omitted.dropna(subset="yearly")
    items = omitted.groupby(["partner", "yearly"], sort=False)["item"].agg(", ".join)
    return [f"{r.partner} {r.names}: {r.yearly}" for r in each(items.reset_index(name="names"))]


def printed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of a listing that fit a screen, years as text and dollars in thousands."""
    basis = table["kind"] + ": " + table["source"] + " " + table["valuation"]
    money = ["level_usd", "forecast_usd", "lo_80_usd", "hi_80_usd"]
    sums = {c: table[c].str.partition(":")[0] for c in ("country", "segment")}
    shown = table[["country", "segment"]].assign(
        **sums,
        kind=basis,
        year=table["year"].astype(str),
        not_known=table["not_known"],
        then=table["then"].astype(str),
    )
    for column in money:
        shown[column.replace("_usd", "_kusd")] = table[column] / 1e3
    return shown.assign(
        probability_growth_pct=table["probability_growth_pct"],
        probability_above_pct=table["probability_above_threshold_pct"],
    )

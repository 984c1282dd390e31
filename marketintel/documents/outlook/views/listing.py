"""Levels in five years as one plain table, for the command line."""

from __future__ import annotations

from typing import Any

import pandas as pd

from marketintel.analysis.forecast import present
from marketintel.documents.frames import each
from marketintel.documents.outlook.facts import Outlook, totals
from marketintel.errors import MissingDataError
from marketintel.reference.scopes import BROAD, NEIGHBOUR
from marketintel.warehouse.basis import US_EXPORTS, Basis

_ROLES = {totals.COUNTRY: 0, totals.CELL: 1, totals.GRAND: 2, totals.SEGMENT: 3}
_NAMES = {
    "level_now": "level_usd", "level_then": "forecast_usd", "lo_80": "lo_80_usd",
    "hi_80": "hi_80_usd", "lo_95": "lo_95_usd", "hi_95": "hi_95_usd",
    "added_per_year": "added_per_year_usd", "threshold": "threshold_usd",
}  # fmt: skip
_COLUMNS = [
    "country", "segment", "kind", "source", "valuation", "year", "not_known", "level_usd", "then",
    "forecast_usd", "lo_80_usd", "hi_80_usd", "lo_95_usd", "hi_95_usd", "added_per_year_usd",
    "probability_growth_pct", "threshold_usd", "probability_above_threshold_pct", "group",
]  # fmt: skip
_SCOPES = {BROAD: ", mixed codes", NEIGHBOUR: ", neighbours"}


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
        place=rows["partner"].map(order).fillna(len(order)), rank=rows["role"].map(_ROLES)
    ).sort_values(["place", "group", "rank", "level_now"], ascending=[True, True, True, False])
    bases = list(rows["kind"])
    table = (
        rows.rename(columns=_NAMES)
        .assign(
            country=[_of(outlook, r, "partner") for r in each(rows)],
            segment=[_of(outlook, r, "item") for r in each(rows)],
            kind=[_kind(basis) for basis in bases],
            source=[basis.source for basis in bases],
            valuation=[basis.valuation for basis in bases],
            year=rows["cutoff"].dt.year,
            then=rows["ds"].dt.year,
            not_known=[present.not_known(c, outlook.month) for c in rows["cutoff"]],
            probability_growth_pct=100 * rows["probability_growth"],
            probability_above_threshold_pct=100 * rows["probability_above_threshold"],
        )[_COLUMNS]
        .reset_index(drop=True)
    )
    table.attrs["without"] = without
    return table


def _kind(basis: Basis) -> str:
    kind = "mirror" if basis.kind == US_EXPORTS else basis.kind
    return kind + _SCOPES.get(basis.scope, "")


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

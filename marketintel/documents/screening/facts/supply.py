"""Supply as seen through US imports: specialisation by segment, and duties paid at entry.

The only complete supplier × product matrix of the starter data is what one market imports. It says
something about suppliers and nothing about other markets.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from marketintel.analysis.trade import complexity, duties, suppliers
from marketintel.analysis.trade.frames import CORE, NEIGHBOUR, OWN
from marketintel.documents.ranking.screen import Screen
from marketintel.reference.countries import group_members
from marketintel.reference.segments import load_segments
from marketintel.warehouse.flows import flows, supplier_matrix

MARKET = "USA"
#: A supplier that sells less than this to the market has no structure to compare.
SMALLEST_USD = 1e9


def supply_side(screen: Screen) -> pd.DataFrame:
    """Compute specialisation and relatedness of the exporter by segment.

    Returns
    -------
    DataFrame
        ``segment, period, value_usd, segment_share_of_supplier_pct, rca_in_market, relatedness_pct,
        n_codes, n_present, leader`` (ISO3 of the largest other supplier that is specialised);
        empty if the exporter sells nothing.

    Raises
    ------
    MissingDataError
        No imports by supplier are here.
    """
    matrix = supplier_matrix(MARKET, data_dir=screen.data_dir)
    year = matrix["period"].max()
    matrix, codes = matrix[matrix["period"] == year], load_segments().frame()
    groups = _groups(screen)
    table = suppliers.specialisation(matrix, codes, OWN, groups)
    own = table[table["partner"] == screen.exporter].set_index("segment")
    if own.empty:
        return pd.DataFrame()
    best = table[table["rca_in_market"].notna()].sort_values("value_usd", ascending=False)
    leader = best[best["partner"] != screen.exporter].groupby("segment")["partner"].first()
    rows = own[["value_usd", "segment_share_of_supplier_pct", "rca_in_market"]]
    rows = rows.join(relatedness(matrix, codes, groups, screen.exporter))
    rows = rows.assign(leader=leader.reindex(rows.index), period=year)
    return rows.sort_values("value_usd", ascending=False).rename_axis("segment").reset_index()


def relatedness(
    matrix: pd.DataFrame, codes: pd.DataFrame, groups: dict[str, list[str]], exporter: str
) -> pd.DataFrame:
    """Mean density of the exporter around each segment's core codes; index segment."""
    owner = {m: name for name, members in groups.items() for m in members}
    rows = matrix.assign(partner=matrix["partner"].map(owner).fillna(matrix["partner"]))
    wide = rows.pivot_table("value_usd", "partner", "cmd_code", "sum", fill_value=0.0)
    kept, _ = complexity.without_tiny(wide, SMALLEST_USD)
    if exporter not in kept.index:
        return pd.DataFrame(columns=["relatedness_pct", "n_codes", "n_present"])
    present = complexity.presence(kept)
    core = codes[codes["scope"].isin(OWN) & codes["cmd_code"].isin(kept.columns)]
    grouped = core.assign(
        density=core["cmd_code"].map(complexity.density(present).T[exporter]),
        present=core["cmd_code"].map(present.T[exporter]),
    ).groupby("segment")
    return pd.DataFrame(
        {
            "relatedness_pct": 100 * grouped["density"].mean(),
            "n_codes": grouped["density"].count(),
            "n_present": grouped["present"].sum().astype(int),
        }
    )


def duties_paid(screen: Screen) -> dict[str, Any]:
    """Compute effective duties by supplier.

    Returns
    -------
    dict
        ``year``; ``table`` as of :func:`marketintel.analysis.trade.duties.effective_duty` with
        ``like_for_like_gap_pp``, largest customs value first, empty if the exporter pays none; of
        the exporter ``own_pct``, ``change_pp`` on ``base``; ``others_pct`` of all others, and
        ``margin_pp`` between the two.

    Raises
    ------
    MissingDataError
        No duties are known.
    """
    segments = load_segments()
    near = all(segments[segment].own == NEIGHBOUR for segment in screen.segments_asked)
    scope = NEIGHBOUR if near else CORE
    rows = flows(reporter=MARKET, segments=screen.segments_asked, scope=scope,
                 data_dir=screen.data_dir)  # fmt: skip
    groups, union = _groups(screen), group_members("EU27")
    if not set(union) & set(screen.members):
        groups["EU27"] = union
    rates = duties.effective_duty(rows, "partner", scope, groups)
    year = str(rates["period"].max())
    now = rates[rates["period"] == year]
    if not (now["partner"] == screen.exporter).any():
        return {"year": year, "table": pd.DataFrame()}
    gap = duties.duty_gap(rows[rows["period"] == year], screen.exporter, (), scope, groups)
    table = now.merge(gap[["partner", "like_for_like_gap_pp"]], "left", on="partner")
    table = table.sort_values("customs_value_usd", ascending=False, ignore_index=True)
    own = table[table["partner"] == screen.exporter].iloc[0]
    others = table[table["partner"] != screen.exporter]
    mean = 100 * others["duties_usd"].sum() / others["customs_value_usd"].sum()
    return {
        "year": year,
        "table": table,
        "base": own["base_period"],
        "own_pct": own["effective_duty_pct"],
        "change_pp": own["effective_duty_change_pp"],
        "others_pct": mean,
        "margin_pp": mean - own["effective_duty_pct"],
    }


def _groups(screen: Screen) -> dict[str, list[str]]:
    return {} if screen.members == [screen.exporter] else {screen.exporter: screen.members}

"""Whole baskets: complexity and outlook of the exporter over all products.

ECI and its kin compare whole baskets. Over a handful of codes they are defined and mean nothing.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from marketintel.analysis.trade import complexity as cx
from marketintel.analysis.trade.indices import balassa
from marketintel.documents.ranking.screen import Screen
from marketintel.warehouse import engine, store

#: Source of sums of every product.
ALL_PRODUCTS = "baci_baskets"
#: Products from which on a matrix counts as the whole basket: HS6 has about 5,000.
ENOUGH_PRODUCTS = 3_000
#: Economies below either size are left out: a territory with five products would come first.
SMALLEST_USD, SMALLEST_POPULATION = 1e9, 1e6

_BASKETS = """
SELECT reporter AS exporter, hs_revision, cmd_code, sum(value_usd) AS value_usd
FROM trade
WHERE flow = 'export' AND freq = 'A' AND NOT is_mirror AND reporter <> partner
  AND reporter <> 'WLD' AND partner <> 'WLD' AND length(cmd_code) = 6
  AND source = $source AND period = $period
  AND NOT (list_contains($union::VARCHAR[], reporter) AND list_contains($union::VARCHAR[], partner))
GROUP BY ALL
"""
#: All products, where they have been fetched; what a group sells inside itself is taken off.
_ALL_PRODUCTS = """
SELECT exporter, hs_revision, cmd_code,
       sum(CASE WHEN destination = 'WLD' THEN value_usd ELSE -value_usd END) AS value_usd
FROM baskets
WHERE period = $period AND (destination = 'WLD'
      OR (destination = $union AND list_contains($members::VARCHAR[], exporter)))
GROUP BY ALL
"""


def basket(screen: Screen) -> dict[str, Any]:
    """Compute complexity over all products, or why not.

    Returns
    -------
    dict
        ``n_products, n_economies, n_left_out`` (too small); ``refused`` (``few products``,
        ``small``, ``undefined`` or empty) with a ``reason``; of the exporter ``eci, coi`` and the
        ranks ``eci_rank, coi_rank``; ``products``: ``group_name, cmd_code, rca, density_pct, pci,
        cog_net, cog_gross`` of the goods screened in which it is not specialised, best net gain
        first.
    """
    wide, who = exports(screen), screen.exporter
    size = {"n_products": wide.shape[1]}
    if wide.shape[1] < ENOUGH_PRODUCTS:
        return {**size, "refused": "few products"}
    kept, gone = cx.without_tiny(wide, SMALLEST_USD, population(screen), SMALLEST_POPULATION)
    if who not in kept.index:
        reason = gone.set_index("actor")["reason"].get(who, "no exports")
        return {**size, "refused": "small", "reason": reason}
    present = cx.presence(kept)
    try:
        found = cx.complexity(present)
    except ValueError as error:
        return {**size, "refused": "undefined", "reason": str(error)}
    near = cx.density(present)
    ahead = cx.outlook(present, found.pci, near)
    products = screen.goods[screen.goods["cmd_code"].isin(kept.columns)]
    products = products.drop_duplicates("cmd_code")[["group_name", "cmd_code"]]
    for column, values in {
        "rca": balassa(kept).T[who],
        "density_pct": 100 * near.T[who],
        "pci": found.pci,
        "cog_net": ahead.cog_net.T[who],
        "cog_gross": ahead.cog_gross.T[who],
    }.items():
        products[column] = products["cmd_code"].map(values)
    return {
        "n_products": kept.shape[1],
        "n_economies": len(kept),
        "n_left_out": len(gone),
        "refused": "",
        "eci": found.eci[who],
        "eci_rank": int(found.eci.rank(ascending=False)[who]),
        "coi": ahead.coi[who],
        "coi_rank": int(ahead.coi.rank(ascending=False)[who]),
        "products": products.dropna(subset=["cog_net"]).sort_values(
            ["cog_net", "cmd_code"], ascending=[False, True], ignore_index=True
        ),
    }


def exports(screen: Screen) -> pd.DataFrame:
    """Exports of the year, economies × products of one revision; a group or consortium is one."""
    union = [] if screen.is_consortium or len(screen.members) == 1 else screen.members
    year = str(screen.year)
    rows = pd.DataFrame()
    if store.table_path(screen.data_dir or store.default_data_dir(), "baskets").exists():
        values = {"period": year, "members": union, "union": screen.exporter if union else ""}
        rows = engine.ask(screen.data_dir, _ALL_PRODUCTS, values)
    if rows.empty:
        values = {"source": screen.source, "period": year, "union": union}
        rows = engine.ask(screen.data_dir, _BASKETS, values)
    counts = rows.groupby("hs_revision")["cmd_code"].nunique()
    if counts.empty:
        return pd.DataFrame()
    rows = rows[rows["hs_revision"] == counts.idxmax()]
    wide = rows.pivot_table("value_usd", "exporter", "cmd_code", "sum", fill_value=0.0)
    if screen.members == [screen.exporter]:
        return wide
    share = pd.Series(screen.shares).reindex(wide.index).fillna(0.0)
    own = wide.mul(share, axis=0).sum().rename(screen.exporter)
    rest = wide.mul(1 - share, axis=0)[share < 1]
    return pd.concat([rest, own.to_frame().T]).rename_axis("exporter")


def population(screen: Screen) -> pd.Series:
    """Population by economy, the newest up to the year."""
    rows = screen.inputs.population
    rows = rows[rows["period"].astype(int) <= screen.year].sort_values("period")
    people = rows.groupby("economy")["value"].last()
    if screen.members != [screen.exporter]:
        share = pd.Series(screen.shares)
        people[screen.exporter] = (people.reindex(share.index) * share).sum(min_count=1)
    return people

"""What the exporter's basket says: complexity and outlook over all products, or why not.

ECI and its kin compare whole baskets. Over a handful of codes they are defined and mean nothing:
then this page refuses, and says what it would need.
"""

from __future__ import annotations

import pandas as pd

from marketintel.analysis.trade import complexity as cx
from marketintel.analysis.trade.indices import balassa
from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import Callout, Stack, Table, Text, escape
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


def structure(screen: Screen) -> Stack:
    """Complexity of the exporter and of products it might add; a refusal on a partial matrix."""
    wide = _baskets(screen)
    if wide.shape[1] < ENOUGH_PRODUCTS:
        return Stack(
            Callout(
                "warning",
                f"**No complexity indices.** ECI, PCI, COI and COG compare whole baskets of goods, "
                f"about 5,000 products of HS6; here are {wide.shape[1]:,}. Over so few codes they "
                "can be computed, which tests the arithmetic, and find nothing: they would rank "
                "who trades these goods, not what an economy is able to do. `marketintel fetch baci` "
                "keeps the products of the segments; with `--all-products` it adds up all of them "
                f"for a year, of which {screen.year} is needed here.",
            )
        )
    kept, left_out = cx.without_tiny(wide, SMALLEST_USD, _people(screen), SMALLEST_POPULATION)
    if screen.exporter not in kept.index:
        reason = left_out.set_index("actor")["reason"].get(screen.exporter, "no exports")
        name = escape(screen.name(screen.exporter))
        return Stack(Callout("note", f"{name} is too small for complexity indices: {reason}."))
    m = cx.presence(kept)
    try:
        found = cx.complexity(m)
    except ValueError as error:
        return Stack(Callout("warning", f"No complexity indices: {escape(error)}."))
    near = cx.density(m)
    ahead = cx.outlook(m, found.pci, near)
    products = _products(screen, kept, found, near, ahead)
    return Stack(
        Text(_sentences(screen, found, ahead, kept, len(left_out))),
        _table(screen, products) if len(products) else None,
    )


def _baskets(screen: Screen) -> pd.DataFrame:
    """Exports of the year, economies × products of one revision; a group or consortium is one."""
    union = [] if screen.is_consortium or len(screen.members) == 1 else screen.members
    year = str(screen.year)
    rows = pd.DataFrame()
    if has_all_products(screen):
        asked = {"period": year, "members": union, "union": screen.exporter if union else ""}
        rows = engine.ask(screen.data_dir, _ALL_PRODUCTS, asked)
    if rows.empty:
        asked = {"source": screen.source, "period": year, "union": union}
        rows = engine.ask(screen.data_dir, _BASKETS, asked)
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


def has_all_products(screen: Screen) -> bool:
    """Whether sums of all products have been fetched, of whichever year."""
    return store.table_path(screen.data_dir or store.default_data_dir(), "baskets").exists()


def _people(screen: Screen) -> pd.Series:
    known = screen.inputs.population
    known = known[known["period"].astype(int) <= screen.year].sort_values("period")
    people = known.groupby("economy")["value"].last()
    if screen.members != [screen.exporter]:
        share = pd.Series(screen.shares)
        people[screen.exporter] = (people.reindex(share.index) * share).sum(min_count=1)
    return people


def _sentences(
    screen: Screen, found: cx.Complexity, ahead: cx.Outlook, kept: pd.DataFrame, gone: int
) -> str:
    name, of = escape(screen.name(screen.exporter)), len(kept)
    place = int(found.eci.rank(ascending=False)[screen.exporter])
    view = int(ahead.coi.rank(ascending=False)[screen.exporter])
    return (
        f"Over {kept.shape[1]:,} products and {of} economies in {screen.year}, {name} has an economic "
        f"complexity (ECI) of {found.eci[screen.exporter]:.2f}, {w.ordinal(place)} of {of}, and a "
        f"complexity outlook (COI) of {ahead.coi[screen.exporter]:.2f}, {w.ordinal(view)}. ECI has "
        "mean 0 and standard deviation 1 over these economies; levels of different years do not "
        f"compare. {w.count(gone, 'economy', 'economies').capitalize()} with exports below USD 1 "
        "billion or fewer than a million people, or of unknown population, do not count."
    ).replace(" -", " −")


def _products(
    screen: Screen,
    kept: pd.DataFrame,
    found: cx.Complexity,
    near: pd.DataFrame,
    ahead: cx.Outlook,
) -> pd.DataFrame:
    """The goods screened in which the exporter is not specialised, best net gain first."""
    goods = screen.goods[screen.goods["cmd_code"].isin(kept.columns)]
    goods = goods.drop_duplicates("cmd_code")[["group_name", "cmd_code"]]
    who = screen.exporter
    values: dict[str, pd.Series] = {
        "rca": balassa(kept).T[who],
        "density_pct": 100 * near.T[who],
        "pci": found.pci,
        "cog_net": ahead.cog_net.T[who],
        "cog_gross": ahead.cog_gross.T[who],
    }
    for column, series in values.items():
        goods[column] = goods["cmd_code"].map(series)
    goods = goods.dropna(subset=["cog_net"])
    return goods.sort_values(["cog_net", "cmd_code"], ascending=[False, True], ignore_index=True)


def _table(screen: Screen, products: pd.DataFrame) -> Table:
    return Table(
        products[["cmd_code", "group_name", "rca", "density_pct", "pci", "cog_net", "cog_gross"]],
        name="outlook_gain",
        caption=(
            f"Goods that {screen.name(screen.exporter)} is not specialised in, by net gain of "
            f"outlook, {screen.year}"
        ),
        formats={
            "rca": "ratio2",
            "density_pct": "pct",
            "pci": "ratio2",
            "cog_net": "ratio3",
            "cog_gross": "ratio3",
        },
        headers={
            "cmd_code": "HS6",
            "group_name": "Group",
            "rca": "RCA",
            "density_pct": "Density",
            "pci": "PCI",
            "cog_net": "COG, net",
            "cog_gross": "COG, gross",
        },
        printed_rows=12,
        note="COG, gross: what the product opens. COG, net: less what is no longer ahead once the "
        "product is there; exactly the change of COI. The two can rank differently: rows are in "
        "order of the net gain.",
        source=_cited(screen),
    )


def _cited(screen: Screen) -> str:
    rows = screen.coverage[screen.coverage["source"] == ALL_PRODUCTS]
    return " ".join(map(str, rows["citation"].unique())) or screen.source_line

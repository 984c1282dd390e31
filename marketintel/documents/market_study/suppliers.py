"""Who sells to this market, and what each supplier is specialised in."""

from __future__ import annotations

import pandas as pd

from marketintel.documents import prose as w
from marketintel.documents.charts import maps
from marketintel.documents.engine.blocks import Figure, Stack, Table, Text, escape
from marketintel.documents.engine.chapters import chapter
from marketintel.documents.frames import each
from marketintel.documents.market.study import Study
from marketintel.documents.market_study import sentences as say
from marketintel.errors import MissingDataError
from marketintel.warehouse.context import countries_geometry

#: Suppliers printed by name; the tables in the edition's folder hold all of them.
TOP = 12

#: Below these sales a specialisation rests on single shipments.
SMALL_SALES_USD = 10e6

_UNKNOWN = (
    "What suppliers are specialised in cannot be said: it needs imports of all goods, as the chapter on "
    "what this study cannot tell explains."
)


@chapter
def suppliers(study: Study) -> Stack:
    """Who sells photonic goods to this market: map, ranking, table."""
    shares = study.shares_total[study.shares_total["value_usd"] > 0]
    table = shares.assign(supplier=shares["partner"].map(study.name))
    leader = shares.iloc[0]
    found = study.without_one(leader["partner"])
    return Stack(
        Text(
            f"{study.name(leader['partner'])} is the first supplier with {w.money(leader['value_usd'])}, "
            f"{w.percent(leader['share_pct'])} of {study.terms.imports} ({w.points(leader['share_change_pp'])}"
            f"{w.without(found, study.segment_names, 'share_pct', 'share_change_pp')}). "
            f"The first five suppliers together hold {w.percent(shares['share_pct'].head(5).sum())}."
            + ("" if study.has_matrix else f" {_UNKNOWN}")
        ),
        _map(study),
        Table(
            table[
                [
                    "rank",
                    "supplier",
                    "base_value_usd",
                    "value_usd",
                    "change_pct",
                    "share_pct",
                    "share_change_pp",
                ]
            ],
            name="largest_suppliers",
            caption=(
                f"Largest suppliers, {study.terms.codes} of {study.terms.every.lower()}"
                f"{f', {study.exporter} as one supplier' if study.is_group else ''}"
            ),
            formats={
                "rank": "int",
                "base_value_usd": study.money,
                "value_usd": study.money,
                "change_pct": "pct_signed",
                "share_pct": "pct",
                "share_change_pp": "points",
            },
            headers={
                "supplier": "Supplier",
                "base_value_usd": study.base,
                "value_usd": study.year,
                "change_pct": "Change",
                "share_pct": "Share",
                "share_change_pp": "Change of share",
            },
            highlight=(table["partner"] == study.exporter).tolist(),
            printed_rows=TOP,
            source=study.source_line,
        ),
    )


def _map(study: Study) -> Figure | Text | None:
    """Shade the suppliers; nothing for an area of the past, which has no shape."""
    try:
        shapes = countries_geometry(data_dir=study.data_dir)
    except MissingDataError as error:
        return Text(f"*There is no map:* {escape(error)}.")
    if study.market not in set(shapes["iso3"]):
        return None
    return Figure(
        maps.supplier_map(
            study.shares_apart[["partner", "value_usd"]],
            shapes,
            reporter=study.market,
            names={code: study.name(code) for code in study.shares_apart["partner"]},
        ),
        name="supplier_map",
        caption=(
            f"Suppliers of {study.terms.goods} to {w.the(study.name(study.market))}, "
            f"{study.terms.codes}, {study.year}"
        ),
        alt=(
            "World map of suppliers, shaded by what they sold. The largest single economies are "
            f"{say.leaders(study, study.shares_apart, 5)}; the table below has the figures."
        ),
        source=f"{study.source_line} {maps.DISCLAIMER}",
    )


@chapter
def specialisation(study: Study) -> Stack:
    """What the largest suppliers are specialised in, as seen through this market's imports."""
    if not study.has_matrix:
        return Stack()
    table = study.specialisation.copy()
    table["segment_name"] = table["segment"].map(study.segment_names)
    table["supplier"] = table["partner"].map(study.name)
    shares = study.shares_total[study.shares_total["value_usd"] > 0]
    sold = table[table["value_usd"] >= SMALL_SALES_USD]
    sold = sold.sort_values(["rca_in_market", "segment"], ascending=[False, True])
    sold = sold[sold["rca_in_market"] > 1]
    said = sold.assign(
        text=[f"{r.segment_name} ({r.rca_in_market:.1f})" for r in each(sold)]
    ).groupby("partner")["text"]
    names = said.agg(lambda texts: ", ".join(texts.head(3)))
    top = shares.head(TOP)
    shown = pd.DataFrame(
        {
            "supplier": top["partner"].map(study.name),
            "value_usd": top["value_usd"],
            "segments": top["partner"].map(names),
        }
    )
    columns = ["supplier", "segment_name", "value_usd", "rca_in_market", "rsca_in_market"]
    return Stack(
        Table(
            shown,
            name="specialisation",
            caption=f"What the largest suppliers are specialised in, as seen through imports of {w.the(study.name(study.market))}",
            formats={"value_usd": study.money},
            headers={
                "supplier": "Supplier",
                "value_usd": study.year,
                "segments": "Segments with the highest RCA in this market",
            },
            highlight=(top["partner"] == study.exporter).tolist(),
            missing="no segment above 1",
            note=(
                "RCA in this market: a segment's weight in what a supplier sells here against its weight "
                f"in all imports; above 1 is specialised. Segments with sales of {w.money(SMALL_SALES_USD)} "
                "or more. It is not the supplier's specialisation in the world."
            ),
            source=study.source_line,
        ),
        Table(
            table.sort_values(["supplier", "segment"])[columns],
            name="specialisation_all",
            caption="RCA in this market of every supplier and segment, core codes",
            printed_rows=0,
        ),
    )

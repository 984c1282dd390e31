"""Demand by segment, suppliers and their specialisation."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import pandas as pd

from marketintel.analysis.trade.frames import BROAD, CORE_AND_BROAD
from marketintel.documents.charts import charts, maps
from marketintel.documents.frames import each, one_scope
from marketintel.documents.market_study.facts import StudyFacts
from marketintel.errors import MissingDataError
from marketintel.warehouse.context import countries_geometry

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Id of the row of all rows together.
TOTAL = "total"

#: Suppliers printed by name; the tables in the edition's folder hold all of them.
TOP = 12

#: Below these sales a specialisation rests on single shipments.
SMALL_SALES_USD = 10e6

#: Printed under maps.
DISCLAIMER = maps.DISCLAIMER

#: From this share on, a market depends on one supplier.
DEPENDENT_PCT = 50.0

SALES = ["base_value_usd", "value_usd", "change_pct", "share_pct", "share_change_pp", "rank"]

Shown = tuple[pd.DataFrame, dict[str, Any]]


def competitor_duties(facts: StudyFacts) -> list[str]:
    """Return the largest competitors with their duties."""
    rows = facts.duty_gap[facts.duty_gap["partner"] != facts.exporter].head(4)
    return facts.duties_in_words(rows)


def mfn_range(facts: StudyFacts) -> tuple[float, float] | None:
    """Return the lowest and highest MFN rate; None without one."""
    rates = facts.tariffs.loc[facts.tariffs["regime"] == "MFN", "rate_pct"].dropna()
    return None if rates.empty else (rates.min(), rates.max())


def dependence(facts: StudyFacts) -> dict[str, Any]:
    """Return segments that take half of their imports from one country, or the closest to it."""
    table = one_scope(facts.concentration, facts.scope)
    share = table["first_supplier_share_pct"]
    rows = table[share >= DEPENDENT_PCT].sort_values("first_supplier_share_pct", ascending=False)
    closest = table.nlargest(1, "first_supplier_share_pct")
    return {
        "dependent": list(each(rows)),
        "closest": next(each(closest), None),
        "segments": len(table),
    }


def largest_findings(facts: StudyFacts, kind: str) -> list[Any]:
    """Return the largest finding of each measure."""
    found = facts.findings
    return list(each(found[(found["kind"] == kind) & (found["rank"] == 1)]))


def segments_at_a_glance(facts: StudyFacts) -> Shown:
    """Return one row a segment, largest first, one for all together, and the neighbours below it.

    ``value_usd`` and what follows from it are of the row's own codes, whose ``scope`` is given.
    """

    def keyed(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(segment=TOTAL)

    demand = pd.concat([facts.demand, keyed(facts.demand_total)])
    own = demand[demand["scope"].isin(facts.scopes)].set_index("segment")
    table = own[["scope", "value_usd", "base_value_usd", "change_pct"]]
    wide = {s: facts.scope_of(s, broad=True) for s in table.index}
    every = demand[demand["scope"] == demand["segment"].map(wide)].set_index("segment")
    table["with_broad_usd"] = every["value_usd"]
    place = pd.concat([facts.position, keyed(facts.position_total)]).set_index("segment")
    table = table.join(place[["share_pct", "share_change_pp", "rank"]])
    first = facts.concentration.set_index("segment")
    table["first_supplier"] = first["first_supplier"].map(facts.name)
    table["first_share_pct"] = first["first_supplier_share_pct"]
    table["hhi"] = first["hhi"]
    table["hhi_eu_as_one"] = facts.concentration_as_one.set_index("segment")["hhi"]
    table["suppliers_for_80_pct"] = first["suppliers_for_80_pct"].astype("Int64")
    if facts.has_duties:
        duty = pd.concat([facts.duty, keyed(facts.duty_total)])
        duty = duty[duty["partner"] == facts.exporter].pivot_table(
            index="segment", columns="period", values="effective_duty_pct"
        )
        duty = duty.reindex(columns=[facts.base, facts.year])
        table["effective_duty_pct"], table["base_duty_pct"] = duty[facts.year], duty[facts.base]
    table = table.reset_index()
    names = table["segment"].map(facts.segment_names).fillna(facts.terms.every)
    table.insert(1, "segment_name", names)
    near = table["scope"].ne(facts.scope)
    table.loc[near, "segment_name"] += " (neighbour)"
    table["scope"] = table["scope"].replace(CORE_AND_BROAD, BROAD)  # rows of a mixed study
    order = 2 * near + (table["segment"] == TOTAL)
    table = table.assign(order=order).sort_values(["order", "value_usd"], ascending=[True, False])
    hidden = ["segment", "scope", "base_value_usd", "rank", "hhi", "hhi_eu_as_one",
              "suppliers_for_80_pct", "base_duty_pct",
              *(["with_broad_usd"] if facts.is_mixed else [])]  # fmt: skip
    return table.drop(columns="order"), {
        "highlight": (table["segment"] == TOTAL).tolist(),
        "hide": [column for column in hidden if column in table],
    }


def segments_chart(facts: StudyFacts) -> Figure:
    """Draw the imports of all segments."""
    table, _ = segments_at_a_glance(facts)
    table = table[table["segment"] != TOTAL]
    if not facts.is_mixed:
        return charts.segments_bar(
            table,
            core="value_usd",
            core_broad="with_broad_usd",
            base_core="base_value_usd",
            period=facts.year,
            base_period=facts.base,
        )
    names = [textwrap.shorten(name, 34, placeholder="…") for name in table["segment_name"]]
    return charts.bar_suppliers(
        table.assign(name=names),
        supplier="name",
        value="value_usd",
        base="base_value_usd",
        share=None,
        label=facts.year,
        base_label=facts.base,
    )


def sellers(facts: StudyFacts) -> pd.DataFrame:
    """Return suppliers with sales over all segments, the largest first."""
    rows = facts.shares_total[facts.shares_total["value_usd"] > 0]
    return rows.assign(supplier=rows["partner"].map(facts.name))


def first_supplier(facts: StudyFacts) -> Any:
    """Return the first supplier, with the share of the first five in ``five_pct``."""
    rows = sellers(facts)
    return rows.assign(five_pct=rows["share_pct"].head(5).sum()).iloc[0]


def largest_suppliers(facts: StudyFacts) -> Shown:
    """Return suppliers with sales, shares and changes."""
    rows = sellers(facts)
    columns = ["rank", "supplier", *SALES[:-1]]
    return rows[columns], {
        "highlight": (rows["partner"] == facts.exporter).tolist(),
        "printed_rows": TOP,
    }


def map_gap(facts: StudyFacts) -> str:
    """Return why there is no map; empty if there is one, or none is due."""
    try:
        countries_geometry(data_dir=facts.data_dir)
    except MissingDataError as error:
        return str(error)
    return ""


def supplier_map(facts: StudyFacts) -> Figure | None:
    """Shade the suppliers; None for an area of the past, which has no shape."""
    if map_gap(facts):
        return None
    shapes = countries_geometry(data_dir=facts.data_dir)
    if facts.market not in set(shapes["iso3"]):
        return None
    return maps.supplier_map(
        facts.shares_apart[["partner", "value_usd"]],
        shapes,
        reporter=facts.market,
        names={code: facts.name(code) for code in facts.shares_apart["partner"]},
    )


def specialisation(facts: StudyFacts) -> Shown:
    """Return the largest suppliers with up to three segments of the highest RCA above 1."""
    table = facts.specialisation
    table = table[(table["value_usd"] >= SMALL_SALES_USD) & (table["rca_in_market"] > 1)]
    table = table.sort_values(["rca_in_market", "segment"], ascending=[False, True])
    table = table.assign(
        text=[f"{facts.segment_names[r.segment]} ({r.rca_in_market:.1f})" for r in each(table)]
    )
    names = table.groupby("partner")["text"].agg(lambda texts: ", ".join(texts.head(3)))
    top = sellers(facts).head(TOP)
    return top[["supplier", "value_usd"]].assign(segments=top["partner"].map(names)), {
        "highlight": (top["partner"] == facts.exporter).tolist()
    }


def specialisation_all(facts: StudyFacts) -> pd.DataFrame:
    """Return the RCA of every supplier and segment."""
    table = facts.specialisation.assign(
        segment_name=facts.specialisation["segment"].map(facts.segment_names),
        supplier=facts.specialisation["partner"].map(facts.name),
    )
    columns = ["supplier", "segment_name", "value_usd", "rca_in_market", "rsca_in_market"]
    return table.sort_values(["supplier", "segment"])[columns]

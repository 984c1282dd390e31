"""Demand, suppliers, the exporter's position, duties, and causes of change."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import pandas as pd

from marketintel.analysis.trade.frames import BROAD, CORE_AND_BROAD
from marketintel.documents import prose as w
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

#: From this share on, a market depends on one supplier.
DEPENDENT_PCT = 50.0

SALES = ["base_value_usd", "value_usd", "change_pct", "share_pct", "share_change_pp", "rank"]
CAUSES = ["change_usd", "market_growth_usd", "product_mix_usd", "competitiveness_usd",
          "interaction_usd"]  # fmt: skip

Shown = tuple[pd.DataFrame, dict[str, Any]]


def segments_first(facts: StudyFacts) -> tuple[int, int]:
    """Return in how many segments the exporter ranks first, and how many there are."""
    rows = one_scope(facts.position, facts.scope)
    return int((rows["rank"] == 1).sum()), len(rows)


def competitor_duties(facts: StudyFacts) -> list[str]:
    """Return the largest competitors with their duties."""
    rows = facts.duty_gap[facts.duty_gap["partner"] != facts.exporter].head(4)
    return [f"{facts.name(r.partner)} {w.percent(r.effective_duty_pct)}" for r in each(rows)]


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


def leader(facts: StudyFacts) -> Any:
    """Return the first supplier."""
    return sellers(facts).iloc[0]


def first_five_pct(facts: StudyFacts) -> float:
    """Return the share of the first five suppliers together."""
    return float(sellers(facts)["share_pct"].head(5).sum())


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


def map_disclaimer(_: StudyFacts) -> str:
    """Return the disclaimer of the map's source."""
    return maps.DISCLAIMER


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


def small_sales_usd(_: StudyFacts) -> float:
    """Return the sales from which on a specialisation is shown."""
    return SMALL_SALES_USD


def specialisation_all(facts: StudyFacts) -> pd.DataFrame:
    """Return the RCA of every supplier and segment."""
    table = facts.specialisation.assign(
        segment_name=facts.specialisation["segment"].map(facts.segment_names),
        supplier=facts.specialisation["partner"].map(facts.name),
    )
    columns = ["supplier", "segment_name", "value_usd", "rca_in_market", "rsca_in_market"]
    return table.sort_values(["supplier", "segment"])[columns]


def exporter_position(facts: StudyFacts) -> pd.DataFrame:
    """Return the exporter's sales, share and rank by segment."""
    rows = one_scope(facts.position, facts.scope)
    rows = rows.assign(segment_name=rows["segment"].map(facts.segment_names))
    columns = ["segment_name", *SALES[:3], "market_change_pct", *SALES[3:]]
    if facts.has_matrix:
        rca = facts.specialisation[facts.specialisation["partner"] == facts.exporter]
        rows["rca_in_market"] = rows["segment"].map(rca.set_index("segment")["rca_in_market"])
        columns.append("rca_in_market")
    return rows.sort_values("value_usd", ascending=False)[columns]


def share_changes(facts: StudyFacts) -> dict[str, int]:
    """Return in how many segments the exporter gained and lost share."""
    changes = exporter_position(facts)["share_change_pp"]
    gained, lost = int((changes > 0).sum()), int((changes < 0).sum())
    return {"gained": gained, "lost": lost, "segments": len(changes)}


def eu_members(facts: StudyFacts) -> Shown:
    """Return the EU's member states with their main segments; None without sales of mixed codes."""
    rows = facts.member_positions.sort_values("value_usd", ascending=False).copy()
    sales = one_scope(facts.member_segments, facts.scope)
    sales = sales[sales["value_usd"] > 0].sort_values("value_usd", ascending=False)
    main = sales.drop_duplicates("exporter").set_index("exporter")["segment"]
    rows["member"] = rows["exporter"].map(facts.name)
    rows["main_segment"] = rows["exporter"].map(main.map(facts.segment_names))
    if facts.has_duties:
        duty = facts.duty_members[facts.duty_members["period"] == facts.year].set_index("partner")
        rows["effective_duty_pct"] = rows["exporter"].map(duty["effective_duty_pct"])
    if facts.is_mixed:
        rows = rows[rows["value_usd"].gt(0) | rows["base_value_usd"].gt(0)]
    columns = ["member", *SALES, "effective_duty_pct", "main_segment"]
    return None if rows.empty else rows.filter(columns), {
        "highlight": (rows["exporter"] == facts.exporter).tolist()
    }


def duty_partners(facts: StudyFacts) -> list[str]:
    """Return the largest suppliers and the exporter."""
    return list(dict.fromkeys([*sellers(facts)["partner"].head(TOP), facts.exporter]))


def duties_by_supplier(facts: StudyFacts) -> Shown:
    """Return duties of the largest suppliers against the exporter's."""
    rates = facts.duty_total.pivot_table(
        index="partner", columns="period", values=["effective_duty_pct", "duty_on_dutiable_pct"]
    )
    top = duty_partners(facts)
    gap = facts.duty_gap.set_index("partner").reindex(top)
    table = pd.DataFrame(
        {
            "supplier": [facts.name(p) for p in top],
            "base_duty_pct": rates[("effective_duty_pct", facts.base)].reindex(top).to_numpy(),
            "duty_pct": rates[("effective_duty_pct", facts.year)].reindex(top).to_numpy(),
            "duty_on_dutiable_pct": rates[("duty_on_dutiable_pct", facts.year)]
            .reindex(top)
            .to_numpy(),
            "gap_pp": gap["gap_pp"].to_numpy(),
            "like_for_like_gap_pp": gap["like_for_like_gap_pp"].to_numpy(),
            "covered_pct": gap["reference_covered_pct"].to_numpy(),
        }
    )
    return table, {"highlight": [p == facts.exporter for p in top]}


def duties_chart(facts: StudyFacts) -> Figure:
    """Draw the duties of the largest suppliers in both years."""
    top = duty_partners(facts)
    rows = facts.duty_total[facts.duty_total["partner"].isin(top)]
    return charts.duty_dumbbell(
        rows.assign(supplier=rows["partner"].map(facts.name)),
        order=[facts.name(p) for p in top],
        highlight=facts.exporter_name,
    )


def tariff_rates(facts: StudyFacts) -> Shown:
    """Return one row a code: MFN, and the exporter's preference over its members."""
    rates = facts.tariffs
    mfn = rates[(rates["regime"] == "MFN") & (rates["partner"] == "WLD")].set_index("cmd_code")
    own = rates[(rates["regime"] == "preferential") & rates["partner"].isin(facts.members)]
    preferential = own.groupby("cmd_code")["rate_pct"]
    codes = facts.codes[facts.codes["cmd_code"].isin(set(rates["cmd_code"]))].set_index("cmd_code")
    table = pd.DataFrame(
        {
            "label": codes["label"],
            "year": mfn["period"].reindex(codes.index),
            "mfn_pct": mfn["rate_pct"].reindex(codes.index),
            "preferential_pct": preferential.min().reindex(codes.index),
            "highest_preferential_pct": preferential.max().reindex(codes.index),
            "members_with_preference": preferential.size().reindex(codes.index).astype("Int64"),
            "hs_revision": mfn["hs_revision"].reindex(codes.index),
        }
    )
    single = [] if facts.is_group else ["highest_preferential_pct"]
    return table.reset_index(), {"hide": ["hs_revision", "members_with_preference", *single]}


def tariff_counts(facts: StudyFacts) -> dict[str, Any]:
    """Return how many codes have an MFN rate, are free, or have a preference; years of the rates."""
    table, _ = tariff_rates(facts)
    general = table["mfn_pct"].dropna()
    return {
        "general": len(general),
        "free": int((general == 0).sum()),
        "preferred": int(table["preferential_pct"].count()),
        "years": sorted(set(facts.tariffs["period"])),
    }


def decomposition(facts: StudyFacts) -> Shown:
    """Return causes of change by segment and in all: base-year weights first, which are printed."""
    terms = one_scope(facts.decomposition, facts.scope)
    terms = terms.assign(segment_name=terms["segment"].map(facts.segment_names))
    base = terms[terms["weights"] == "base_year"].sort_values("change_usd")
    total = facts.decomposition_total.assign(segment_name=facts.terms.every)
    table = pd.concat([base, total, terms[terms["weights"] == "end_year"]], ignore_index=True)
    weights = {"base_year": f"Weights of {facts.base}", "end_year": f"Weights of {facts.year}"}
    table["weights"] = table["weights"].map(weights)
    return table[["weights", "segment_name", *CAUSES]], {
        "highlight": (table["segment_name"] == facts.terms.every).tolist(),
        "printed_rows": len(base) + len(total),
        "group_col": "weights",
    }


def decomposition_chart(facts: StudyFacts) -> Figure:
    """Draw the causes of change by segment, base-year weights."""
    terms = one_scope(facts.decomposition, facts.scope)
    terms.insert(0, "segment_name", terms["segment"].map(facts.segment_names))
    return charts.decomposition_bars(
        terms[terms["weights"] == "base_year"].sort_values("change_usd")
    )


def decomposition_codes(facts: StudyFacts) -> pd.DataFrame:
    """Return the codes that drive the change."""
    rows = facts.drivers[facts.drivers["weights"] == "base_year"]
    rows = rows[rows["rank"] <= 12].copy()
    codes = facts.codes.set_index("cmd_code")
    rows["label"] = rows["cmd_code"].map(codes["label"])
    rows["segment_name"] = rows["cmd_code"].map(codes["segment"]).map(facts.segment_names)
    return rows[["cmd_code", "label", "segment_name", "change_usd", "base_share_pct", "share_pct",
                 "market_change_usd"]]  # fmt: skip

"""The exporter's position, duties and tariffs, and causes of change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from marketintel.documents.charts import charts
from marketintel.documents.frames import one_scope
from marketintel.documents.market_study.facts import StudyFacts
from marketintel.documents.market_study.views.trade import SALES, TOP, Shown, sellers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAUSES = ["change_usd", "market_growth_usd", "product_mix_usd", "competitiveness_usd",
          "interaction_usd"]  # fmt: skip


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


def segment_counts(facts: StudyFacts) -> dict[str, int]:
    """Return in how many segments the exporter ranks first, gained share and lost share."""
    rows = one_scope(facts.position, facts.scope)
    changes = rows["share_change_pp"]
    return {
        "segments": len(rows),
        "first": int((rows["rank"] == 1).sum()),
        "gained": int((changes > 0).sum()),
        "lost": int((changes < 0).sum()),
    }


def eu_members(facts: StudyFacts) -> tuple[pd.DataFrame | None, dict[str, Any]]:
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
    terms, base = _causes(facts)
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
    return charts.decomposition_bars(_causes(facts)[1])


def _causes(facts: StudyFacts) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return causes by segment under both weightings, and under base-year weights."""
    terms = one_scope(facts.decomposition, facts.scope)
    terms = terms.assign(segment_name=terms["segment"].map(facts.segment_names))
    return terms, terms[terms["weights"] == "base_year"].sort_values("change_usd")


def decomposition_codes(facts: StudyFacts) -> pd.DataFrame:
    """Return the codes that drive the change."""
    rows = facts.drivers[facts.drivers["weights"] == "base_year"]
    rows = rows[rows["rank"] <= 12].copy()
    codes = facts.codes.set_index("cmd_code")
    rows["label"] = rows["cmd_code"].map(codes["label"])
    rows["segment_name"] = rows["cmd_code"].map(codes["segment"]).map(facts.segment_names)
    return rows[["cmd_code", "label", "segment_name", "change_usd", "base_share_pct", "share_pct",
                 "market_change_usd"]]  # fmt: skip

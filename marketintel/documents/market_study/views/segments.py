"""Size, suppliers, the exporter's position, duties and changes of one segment or product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from marketintel.analysis.trade import trade
from marketintel.analysis.trade.frames import BROAD, CORE, NEIGHBOUR
from marketintel.documents import prose as w
from marketintel.documents.charts import charts
from marketintel.documents.frames import each, one
from marketintel.documents.market_study.facts import StudyFacts
from marketintel.reference.countries import EU, group_members
from marketintel.reference.screening import load_materials

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Suppliers in a segment's chart and table, and codes in its list: one printed page a segment.
SHOWN, CODES = 5, 8

PARTS = {
    CORE: "Core codes",
    NEIGHBOUR: "Codes of a neighbour of photonics",
    BROAD: "Mixed codes, shown apart",
}

#: A unit value is given where so much of the value has a weight.
WEIGHED_PCT = 90.0

#: Below these imports of a product its suppliers are printed in thousands.
SMALL_PRODUCT_USD = 10e6


def sections(facts: StudyFacts) -> list[str]:
    """Return the rows with a figure of their own codes, largest first, neighbours last."""
    rows = facts.demand[facts.demand["scope"].isin(facts.scopes)]
    rows = rows.assign(near=rows["segment"].isin(facts.neighbours))
    rows = rows.sort_values(["near", "value_usd"], ascending=[True, False])
    return list(rows["segment"])


def without_own_codes(facts: StudyFacts) -> list[str]:
    """Return the rows without a figure of their own codes."""
    return [segment for segment in facts.chosen if segment not in sections(facts)]


def section(facts: StudyFacts, segment: str) -> dict[str, Any]:
    """Return size, first supplier, the exporter's position, duty and change of one segment."""
    demand = _of(facts.demand, segment)
    own, every = (
        one(demand, "scope", facts.scope_of(segment, broad=broad)) for broad in (False, True)
    )
    near = segment in facts.neighbours
    return {
        "name": facts.segment_names[segment],
        "codes": "codes of a neighbour of photonics" if near else facts.terms.codes,
        "imports": own,
        "with_broad_usd": every["value_usd"],
        "first": one(facts.concentration, "segment", segment),
        "hhi_eu_as_one": one(facts.concentration_as_one, "segment", segment)["hhi"],
        "place": one(facts.position, "segment", segment),
        "weight": _unit_value(facts, segment),
        "members": _leading_members(facts, segment),
        "duty": _duty(facts, segment),
        "cause": _cause(facts, segment),
    }


def _unit_value(facts: StudyFacts, segment: str) -> dict[str, float] | None:
    """Return tonnes and US dollars a kilogram; None unless nearly all of the value has a weight."""
    if not facts.is_mixed or not facts.has_weights:
        return None
    rows = _of(trade.unit_values(facts.flows, "segment", facts.scope), segment)
    rows = rows[rows["covered_pct"] >= WEIGHED_PCT].set_index("period")
    worth = rows["unit_value_usd_per_kg"].reindex([facts.base, facts.year])
    if worth.isna().any():
        return None
    tonnes = float(rows["net_weight_kg"].loc[facts.year]) / 1000
    return {"tonnes": tonnes, "base": worth.iloc[0], "now": worth.iloc[1]}


def _leading_members(facts: StudyFacts, segment: str) -> list[str]:
    """Return the three largest sellers among the EU's members."""
    if facts.exporter != EU:
        return []
    rows = _of(facts.member_segments, segment)
    rows = rows[rows["value_usd"] > 0].nlargest(3, "value_usd")
    return [f"{facts.name(r.exporter)} ({w.money(r.value_usd)})" for r in each(rows)]


def _duty(facts: StudyFacts, segment: str) -> dict[str, Any] | None:
    """Return the exporter's duty in both years and two competitors'; None if one is missing."""
    if not facts.has_duties:
        return None
    rows = _of(facts.duty, segment)
    rates = rows[rows["partner"] == facts.exporter].set_index("period")["effective_duty_pct"]
    rates = rates.reindex([facts.base, facts.year])
    if rates.isna().any():
        return None
    gaps = _of(facts.duty_gap_segments, segment).head(2)
    return {"base": rates.iloc[0], "now": rates.iloc[1], "others": facts.duties_in_words(gaps)}


def _cause(facts: StudyFacts, segment: str) -> dict[str, Any] | None:
    """Return the change of sales and its largest cause; None where it cannot be decomposed."""
    term = one(_of(facts.decomposition, segment), "weights", "base_year")
    if pd.isna(term["competitiveness_usd"]) or not term["base_value_usd"] > 0:
        return None
    names = ("market_growth_usd", "product_mix_usd", "competitiveness_usd")
    largest = max(names, key=lambda name: abs(term[name]))
    return {"change_usd": term["change_usd"], "name": largest, "value_usd": term[largest]}


def uses(facts: StudyFacts, code: str) -> tuple[str, str]:
    """Return the use of a raw material in photonics with its source, and why its code is mixed."""
    material = load_materials().get(code) if facts.basis.revisions == ["HS1992"] else None
    codes = (c for segment in facts.segments for c in segment.codes if c.cmd_code == code)
    use = f"{material.why} ({material.source})." if material else ""
    return use, next((c.reason for c in codes if c.reason), "")


def suppliers(facts: StudyFacts, segment: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return all suppliers of a segment, with their duties where these are in the data."""
    rows = _sellers(facts, segment)
    columns = ["supplier", "base_value_usd", "value_usd", "share_pct", "share_change_pp"]
    if facts.has_duties:
        rates = _of(facts.duty, segment).pivot_table(
            index="partner", columns="period", values="effective_duty_pct"
        )
        gap = _of(facts.duty_gap_segments, segment).set_index("partner")
        missing = pd.Series(dtype=float)
        rows["base_duty_pct"] = rows["partner"].map(rates.get(facts.base, missing))
        rows["duty_pct"] = rows["partner"].map(rates.get(facts.year, missing))
        rows["same_basket_pp"] = rows["partner"].map(gap["like_for_like_gap_pp"])
        columns += ["base_duty_pct", "duty_pct", "same_basket_pp"]
    small = facts.is_mixed and rows["value_usd"].sum() < SMALL_PRODUCT_USD
    formats = dict.fromkeys(("base_value_usd", "value_usd"), "usd_k") if small else {}
    return rows[columns], {
        "formats": formats,
        "highlight": (rows["partner"] == facts.exporter).tolist(),
        "printed_rows": SHOWN,
    }


def suppliers_chart(facts: StudyFacts, segment: str) -> Figure:
    """Draw the largest suppliers of a segment."""
    return charts.bar_suppliers(
        _sellers(facts, segment).head(SHOWN),
        highlight=facts.exporter_name,
        also=[facts.name(member) for member in group_members(EU)],
        base_label=facts.base,
        label=facts.year,
    )


def segment_leaders(facts: StudyFacts, segment: str) -> str:
    """Return the four largest suppliers with their shares."""
    return facts.leaders(_of(facts.shares, segment), 4)


def segment_codes(facts: StudyFacts, segment: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the codes of a segment, own and mixed apart."""
    rows = _of(facts.code_demand, segment)
    rows = rows.assign(
        label=rows["cmd_code"].map(facts.codes.set_index("cmd_code")["label"]),
        part=rows["scope"].map(PARTS),
        exporter_share_pct=rows["cmd_code"].map(
            facts.exporter_codes.set_index("cmd_code")["share_pct"]
        ),
    )
    columns = ["part", "cmd_code", "label", "base_value_usd", "value_usd", "change_pct",
               "exporter_share_pct"]  # fmt: skip
    rows = rows.sort_values(["part", "value_usd"], ascending=[True, False])
    return rows[columns], {"group_col": "part", "printed_rows": CODES}


def _of(frame: pd.DataFrame, segment: str) -> pd.DataFrame:
    return frame[frame["segment"] == segment]


def _sellers(facts: StudyFacts, segment: str) -> pd.DataFrame:
    rows = _of(facts.shares, segment)
    rows = rows[rows["value_usd"] > 0]
    return rows.assign(supplier=rows["partner"].map(facts.name))

"""One section a segment: size, suppliers, the exporter's position, duties, what changed."""

from __future__ import annotations

import pandas as pd

from marketintel.analysis.trade import trade
from marketintel.analysis.trade.frames import BROAD, CORE, NEIGHBOUR
from marketintel.documents import prose as w
from marketintel.documents.charts import charts
from marketintel.documents.engine.blocks import (
    Block,
    Figure,
    Heading,
    PageBreak,
    Stack,
    Table,
    Text,
    escape,
)
from marketintel.documents.engine.chapters import chapter
from marketintel.documents.frames import each, one
from marketintel.documents.market.study import Study
from marketintel.documents.market_study import origin
from marketintel.documents.market_study import sentences as say
from marketintel.reference.countries import EU, group_members
from marketintel.reference.screening import load_materials

#: Suppliers in a segment's chart and table, and codes in its list: one printed page a segment.
TOP = 5
CODES = 8

_PARTS = {
    CORE: "Core codes",
    NEIGHBOUR: "Codes of a neighbour of photonics",
    BROAD: "Mixed codes, shown apart",
}

#: A unit value is given where so much of the value has a weight.
WEIGHED_PCT = 90.0

#: Below these imports of a product its suppliers are printed in thousands.
SMALL_PRODUCT_USD = 10e6


@chapter
def segment_pages(study: Study) -> Stack:
    """Return one section a segment, largest first."""
    own = study.demand[study.demand["scope"].isin(study.scopes)]
    own = own.assign(near=own["segment"].isin(study.neighbours))
    there = own.sort_values(["near", "value_usd"], ascending=[True, False])["segment"].tolist()
    absent = [segment for segment in study.chosen if segment not in there]
    sections = [_section(study, s) for s in there] + [_no_core(study, s) for s in absent]
    pages: list[Block] = []
    for place, section in enumerate(sections):
        apart = place > 0 and place % (2 if study.is_mixed else 1) == 0
        pages += [PageBreak(), section] if apart else [section]
    return Stack(*pages)


def _section(study: Study, segment: str) -> Stack:
    if study.is_mixed:
        return _product(study, segment)
    name, note = study.segment_names[segment], study.segments[segment].note
    return Stack(
        Heading(3, name),
        Text(" ".join([_size(study, segment), _place(study, segment), _changes(study, segment)])),
        Text(f"*What the codes cannot show:* {escape(note)}") if note else None,
        _chart(study, segment),
        _supplier_table(study, segment),
        _code_table(study, segment),
    )


def _no_core(study: Study, segment: str) -> Stack:
    if study.is_mixed:
        said = f"No imports of this code were recorded in {study.year}; there were some in {study.base}."
        return Stack(Heading(3, study.segment_names[segment]), Text(said))
    return Stack(
        Heading(3, study.segment_names[segment]),
        Text(f"{_why_no_core(study, segment)} {study.segments[segment].note}"),
    )


def _why_no_core(study: Study, segment: str) -> str:
    if segment in study.without_figures:
        return f"No figures of this segment are here; `{origin.command(study, [segment])}` asks for them."
    return (
        "No core code of this segment was imported in either year; its mixed codes are in the tables "
        "beside the report."
    )


def _product(study: Study, code: str) -> Stack:
    """One mixed code: what it holds, what photonics needs of it, how much, and from whom."""
    materials = load_materials()
    here = [c for s in study.segments for c in s.codes if c.cmd_code == code and c.reason]
    known = materials.get(code) if study.basis.revisions == ["HS1992"] else None
    why = f"*Its use in photonics:* {escape(f'{known.why} ({known.source}).')}" if known else ""
    cannot = f"*The whole code:* {escape(here[0].reason)}" if here else ""
    return Stack(
        Heading(3, f"{study.segment_names[code]} ({study.hs}: {code})"),
        Text(
            " ".join(
                [
                    _size(study, code),
                    _weight(study, code),
                    _place(study, code),
                    _changes(study, code),
                ]
            )
        ),
        Text(" ".join(filter(None, [why, cannot]))) if why or cannot else None,
        _supplier_table(study, code),
    )


def _weight(study: Study, code: str) -> str:
    """Say tonnes and the unit value, where nearly all of the value has a weight."""
    if not study.has_weights:
        return ""
    rows = trade.unit_values(study.flows, "segment", study.scope)
    rows = rows[(rows["segment"] == code) & (rows["covered_pct"] >= WEIGHED_PCT)]
    worth = rows.set_index("period")["unit_value_usd_per_kg"].reindex([study.base, study.year])
    if worth.isna().any():
        return ""
    tonnes = float(one(rows, "period", study.year)["net_weight_kg"]) / 1000
    return (
        f"That is {tonnes:,.0f}{w.NBSP}tonnes at USD{w.NBSP}{worth.iloc[1]:,.2f} a kilogram, after "
        f"USD{w.NBSP}{worth.iloc[0]:,.2f} in {study.base}; over goods of many kinds and purities a "
        "unit value moves with their mix."
    )


def _codes(study: Study, segment: str) -> str:
    """Say which codes the figures of a segment count."""
    return "codes of a neighbour of photonics" if segment in study.neighbours else study.terms.codes


def _size(study: Study, segment: str) -> str:
    rows = study.demand[study.demand["segment"] == segment]
    core, everything = (
        one(rows, "scope", study.scope_of(segment, broad=broad)) for broad in (False, True)
    )
    said = (
        f"{w.sentence(w.the(study.name(study.market)))} imported {w.money(core['value_usd'])} in {_codes(study, segment)} in "
        f"{study.year} ({w.change(core['change_pct'])} on {study.base})"
    )
    if everything["value_usd"] > core["value_usd"]:
        said += f", {w.money(everything['value_usd'])} with mixed codes"
    first = one(study.concentration, "segment", segment)
    return (
        f"{said}. {w.sentence(w.the(study.name(first['first_supplier'])))} is the first single supplier with "
        f"{w.percent(first['first_supplier_share_pct'])}; "
        f"{w.count(int(first['suppliers_for_80_pct']), 'supplier')} "
        f"{'makes' if first['suppliers_for_80_pct'] == 1 else 'make'} up 80{w.NBSP}% (HHI {first['hhi']:.2f}, "
        f"with {EU} as one supplier {one(study.concentration_as_one, 'segment', segment)['hhi']:.2f})."
    )


def _place(study: Study, segment: str) -> str:
    own = one(study.position, "segment", segment)
    name = study.name(study.exporter)
    if not own["value_usd"] > 0:
        return f"No sales of {w.the(name)} were recorded."
    said = (
        f"{w.sentence(w.the(name))} sold {w.money(own['value_usd'])}, {w.percent(own['share_pct'])} of it "
        f"({w.points(own['share_change_pp'])}; {w.ordinal(int(own['rank']))} of "
        f"{int(own['n_suppliers'])} suppliers)"
    )
    if study.exporter == EU:
        top = study.member_segments[study.member_segments["segment"] == segment]
        top = top[top["value_usd"] > 0].nlargest(3, "value_usd")
        led = [f"{study.name(r.exporter)} ({w.money(r.value_usd)})" for r in each(top)]
        said += f", led by {w.listing(led)}"
    return said + "." + _duty(study, segment)


def _duty(study: Study, segment: str) -> str:
    if not study.has_duties:
        return ""
    rows = study.duty[
        (study.duty["segment"] == segment) & (study.duty["partner"] == study.exporter)
    ]
    rates = rows.set_index("period")["effective_duty_pct"].reindex([study.base, study.year])
    if rates.isna().any():
        return ""
    gaps = study.duty_gap_segments[study.duty_gap_segments["segment"] == segment].head(2)
    others = [f"{study.name(r.partner)} {w.percent(r.effective_duty_pct)}" for r in each(gaps)]
    against = f"; {w.listing(others)}" if others else ""
    return (
        f" Its goods paid {w.percent(rates.iloc[1])} of customs value in calculated duties, after "
        f"{w.percent(rates.iloc[0])} in {study.base}{against}."
    )


def _changes(study: Study, segment: str) -> str:
    terms = study.decomposition[study.decomposition["segment"] == segment]
    term = one(terms, "weights", "base_year")
    if pd.isna(term["competitiveness_usd"]) or not term["base_value_usd"] > 0:
        return ""
    parts = {
        "the market": term["market_growth_usd"],
        "the product mix": term["product_mix_usd"],
        "its own shares": term["competitiveness_usd"],
    }
    largest = max(parts, key=lambda k: abs(parts[k]))
    return (
        f"Its sales changed by {w.money(term['change_usd'])}; the largest single cause is {largest} "
        f"({w.money(parts[largest])})."
    )


def _chart(study: Study, segment: str) -> Figure:
    rows = study.shares[
        (study.shares["segment"] == segment) & (study.shares["value_usd"] > 0)
    ].head(TOP)
    rows = rows.assign(supplier=rows["partner"].map(study.name))
    return Figure(
        charts.bar_suppliers(
            rows,
            highlight=study.name(study.exporter),
            also=[study.name(m) for m in group_members(EU)],
            base_label=study.base,
            label=study.year,
        ),
        name=f"suppliers_{segment}",
        caption=f"{study.segment_names[segment]}: largest suppliers, {_codes(study, segment)}",
        alt=(
            f"Bars of the largest suppliers in {study.year} with a mark for {study.base}: "
            f"{say.leaders(study, rows, 4)}."
        ),
        source=study.source_line,
    )


def _supplier_table(study: Study, segment: str) -> Table:
    rows = study.shares[
        (study.shares["segment"] == segment) & (study.shares["value_usd"] > 0)
    ].copy()
    rows["supplier"] = rows["partner"].map(study.name)
    small = study.is_mixed and rows["value_usd"].sum() < SMALL_PRODUCT_USD
    money = "usd_k" if small else study.money
    columns = ["supplier", "base_value_usd", "value_usd", "share_pct", "share_change_pp"]
    headers = {
        "supplier": "Supplier",
        "base_value_usd": study.base,
        "value_usd": study.year,
        "share_pct": "Share",
        "share_change_pp": "Change of share",
    }
    formats = {
        "base_value_usd": money,
        "value_usd": money,
        "share_pct": "pct",
        "share_change_pp": "points",
    }
    if study.has_duties:
        rates = study.duty[study.duty["segment"] == segment].pivot_table(
            index="partner", columns="period", values="effective_duty_pct"
        )
        gap = study.duty_gap_segments[study.duty_gap_segments["segment"] == segment]
        rows["base_duty_pct"] = rows["partner"].map(rates.get(study.base, pd.Series(dtype=float)))
        rows["duty_pct"] = rows["partner"].map(rates.get(study.year, pd.Series(dtype=float)))
        rows["same_basket_pp"] = rows["partner"].map(
            gap.set_index("partner")["like_for_like_gap_pp"]
        )
        columns += ["base_duty_pct", "duty_pct", "same_basket_pp"]
        headers |= {
            "base_duty_pct": f"Duty {study.base}",
            "duty_pct": f"Duty {study.year}",
            "same_basket_pp": "Same basket",
        }
        formats |= {"base_duty_pct": "pct", "duty_pct": "pct", "same_basket_pp": "points"}
    return Table(
        rows[columns],
        name=f"suppliers_{segment}",
        caption=f"{study.segment_names[segment]}: suppliers, {_codes(study, segment)}",
        formats=formats,
        headers=headers,
        highlight=(rows["partner"] == study.exporter).tolist(),
        missing="not applicable, or no common code",
        printed_rows=TOP,
        source=study.source_line,
    )


def _code_table(study: Study, segment: str) -> Table:
    rows = study.code_demand[study.code_demand["segment"] == segment].copy()
    labels = study.codes.set_index("cmd_code")["label"]
    rows["label"] = rows["cmd_code"].map(labels)
    rows["part"] = rows["scope"].map(_PARTS)
    place = study.exporter_codes.set_index("cmd_code")["share_pct"]
    rows["exporter_share_pct"] = rows["cmd_code"].map(place)
    rows = rows.sort_values(["part", "value_usd"], ascending=[True, False])
    return Table(
        rows[
            [
                "part",
                "cmd_code",
                "label",
                "base_value_usd",
                "value_usd",
                "change_pct",
                "exporter_share_pct",
            ]
        ],
        name=f"codes_{segment}",
        caption=f"{study.segment_names[segment]}: codes",
        formats={
            "base_value_usd": study.money,
            "value_usd": study.money,
            "change_pct": "pct_signed",
            "exporter_share_pct": "pct",
        },
        headers={
            "cmd_code": study.hs,
            "label": "Goods",
            "base_value_usd": study.base,
            "value_usd": study.year,
            "change_pct": "Change",
            "exporter_share_pct": f"{study.name(study.exporter)} share",
        },
        group_col="part",
        printed_rows=CODES,
        source=study.source_line,
    )

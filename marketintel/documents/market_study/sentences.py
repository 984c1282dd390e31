"""The sentences of the summary, each computed from the figures it states."""

from __future__ import annotations

import pandas as pd

from marketintel.analysis.trade.frames import NEIGHBOUR
from marketintel.documents import prose as w
from marketintel.documents.frames import each, one
from marketintel.documents.market.study import Study

#: A segment smaller than this is left out of statements about the fastest change.
SMALL_SEGMENT_USD = 100e6

#: From this share on, the market depends on one supplier.
DEPENDENT_PCT = 50.0


def summary_sentences(study: Study) -> list[str]:
    """Return the summary as sentences in the order of the report."""
    said = [demand(study), segments(study), exporter(study), why(study)]
    said.append(duty(study) if study.has_duties else tariff(study))
    return [*said, dependence(study), look_closer(study)]


def demand(study: Study) -> str:
    """How much the market imports, core codes first, mixed codes apart."""
    core = one(study.demand_total, "scope", study.scope)
    everything = one(study.demand_total, "scope", study.scope_of("", broad=True))["value_usd"]
    said = (
        f"**Demand.** {w.sentence(w.the(study.name(study.market)))} imported {w.money(core['value_usd'])} of "
        f"{study.terms.imported} in {study.year}; that {w.moved(core['change_pct'])} against "
        f"{study.base}{study.aside(study.growth_or_level)}."
    )
    if study.scope == NEIGHBOUR or not everything > core["value_usd"]:
        return said
    broad = study.code_demand[study.code_demand["cmd_code"].isin(study.summed["cmd_code"])]
    broad = broad[broad["scope"] == "broad"].nlargest(1, "value_usd")
    code, value = broad["cmd_code"].iloc[0], broad["value_usd"].iloc[0]
    return (
        f"{said} With codes that mix photonics with other goods it would be "
        f"{w.money(everything)}, of which a single code ({study.code_name(code)}) is "
        f"{w.percent(100 * value / everything, 0)}: no conclusion is drawn from that total."
    )


def segments(study: Study) -> str:
    """The largest segments, and those that moved most."""
    core = study.demand[study.demand["scope"] == study.scope]
    core = core.sort_values("value_usd", ascending=False)
    unit = study.terms.unit.capitalize()
    if len(core) == 1:
        return f"**{unit}.** This study covers {w.clause(study.segment_names[core['segment'].iloc[0]])} only."
    largest = [
        f"{w.clause(study.segment_names[row.segment])} ({w.money(row.value_usd)})"
        for row in each(core.head(3))
    ]
    said = f"**{unit}s.** The largest are {w.listing(largest)}."
    small = study.thresholds.min_market_usd if study.is_mixed else SMALL_SEGMENT_USD
    sizeable = core[core["value_usd"].combine(core["base_value_usd"], min) >= small]
    sizeable = sizeable.dropna(subset=["change_pct"]).sort_values("change_pct")
    if len(sizeable) < 2:
        return said
    low, high = sizeable.iloc[0], sizeable.iloc[-1]
    return (
        f"{said} {study.segment_names[high['segment']]} changed most upwards "
        f"({w.change(high['change_pct'])}), {w.clause(study.segment_names[low['segment']])} most "
        f"downwards ({w.change(low['change_pct'])}), among {study.terms.unit}s above {w.money(small)}."
    )


def exporter(study: Study) -> str:
    """Where the exporter stands."""
    place = one(study.position_total, "scope", study.scope)
    name = study.name(study.exporter)
    if not place["value_usd"] > 0:
        return f"**{name}.** No sales of {w.the(name)} were recorded in {study.year}."
    said = (
        f"**{name}.** {w.sentence(w.the(name))} sold {w.money(place['value_usd'])}, {w.percent(place['share_pct'])} of "
        f"{study.terms.imports} ({w.points(place['share_change_pp'])}"
        f"{study.beside('share_pct', 'share_change_pp')}), and ranks {w.ordinal(int(place['rank']))} "
        f"of {int(place['n_suppliers'])} suppliers."
    )
    strong = _strongholds(study)
    return f"{said} It is strongest in {w.listing(strong)}." if strong else said


def why(study: Study) -> str:
    """Why the exporter's sales changed: market, mix, competitiveness."""
    term = one(study.decomposition_total, "weights", "base_year")
    name = study.name(study.exporter)
    if pd.isna(term["competitiveness_usd"]):
        return f"**Why.** The change of sales of {w.the(name)} cannot be decomposed: a base is missing."
    return (
        f"**Why.** Its sales changed by {w.money(term['change_usd'])}"
        f"{study.aside('sold_change_usd')}: the growth of the market alone "
        f"would have brought {w.money(term['market_growth_usd'])}, the mix of its products "
        f"{w.money(term['product_mix_usd'])}, and changes of its shares in single products "
        f"{w.money(term['competitiveness_usd'])} (interaction {w.money(term['interaction_usd'])})."
    )


def duty(study: Study) -> str:
    """What the exporter's goods paid at entry, and what its competitors paid."""
    before, now = study.duty_of(study.exporter)
    gaps = study.duty_gap[study.duty_gap["partner"] != study.exporter].head(4)
    others = [
        f"{study.name(row.partner)} {w.percent(row.effective_duty_pct)}" for row in each(gaps)
    ]
    if not w.known(now):
        return f"**Duties.** {w.sentence(w.the(study.name(study.exporter)))} sold nothing on which duties could be compared."
    return (
        f"**Duties.** Goods of {w.the(study.name(study.exporter))} paid {w.percent(now)} of customs value on "
        f"average over {study.year}, after {w.percent(before)} in {study.base}"
        f"{study.aside('duty_pct', 'duty_change_pp')}; the largest "
        f"competitors paid {w.listing(others)}. These are calculated duties, an average over measures "
        "that changed within the year, not a rate in force today."
    )


def tariff(study: Study) -> str:
    """What the tariff says where what goods paid is not known."""
    market = w.the(study.name(study.market))
    if study.tariffs.empty:
        return f"**Duties.** What these goods paid at the border of {market} is not known here."
    rates = study.tariffs[study.tariffs["regime"] == "MFN"]["rate_pct"].dropna()
    if rates.empty:
        return f"**Duties.** No general rate of {market} on these goods is known here."
    return (
        f"**Duties.** What these goods paid is not known. The general (MFN) tariff of {market} on them is "
        f"{w.percent(rates.min())} to {w.percent(rates.max())}, before preferences and additional duties."
    )


def dependence(study: Study) -> str:
    """How far single segments hang on one supplier."""
    table = study.concentration[study.concentration["scope"] == study.scope]
    dependent = table[table["first_supplier_share_pct"] >= DEPENDENT_PCT]
    if dependent.empty:
        top = table.nlargest(1, "first_supplier_share_pct").iloc[0]
        return (
            f"**Dependence.** No {study.terms.unit} takes half of its imports from one country; the closest is "
            f"{w.clause(study.segment_names[top['segment']])} with {w.the(study.name(top['first_supplier']))} "
            f"at {w.percent(top['first_supplier_share_pct'])}."
        )
    dependent = dependent.sort_values("first_supplier_share_pct", ascending=False)
    named = [
        f"{w.clause(study.segment_names[row.segment])} ({study.name(row.first_supplier)}, "
        f"{w.percent(row.first_supplier_share_pct, 0)})"
        for row in each(dependent)
    ]
    return (
        f"**Dependence.** {study.terms.rows(len(named)).capitalize()} of {len(table)} "
        f"{'takes' if len(named) == 1 else 'take'} half or more of "
        f"{'its' if len(named) == 1 else 'their'} imports from one country: {w.listing(named)}."
    )


def look_closer(study: Study) -> str:
    """The largest finding of each measure; the chapter on opportunities and risks has the rest."""
    said = []
    for kind, word in (("opportunity", "Opportunities"), ("risk", "Risks")):
        found = study.findings[(study.findings["kind"] == kind) & (study.findings["rank"] == 1)]
        named = [
            f"{row.measure} in {w.clause(row.segment_name)} ({w.money(row.score_usd)})"
            for row in each(found)
        ]
        said += (
            [f"{word}, the largest of each kind of amount: {w.listing(named)}."] if named else []
        )
    if not said:
        return "**Look closer.** No rule on opportunities or risks speaks."
    return f"**Look closer.** {' '.join(said)} Amounts of different kinds do not compare."


def leaders(study: Study, shares: pd.DataFrame, number: int) -> str:
    """Name the largest suppliers with their shares."""
    top = shares[shares["value_usd"] > 0].head(number)
    return w.listing([f"{study.name(r.partner)} ({w.percent(r.share_pct)})" for r in each(top)])


def _strongholds(study: Study) -> list[str]:
    core = study.position[(study.position["scope"] == study.scope) & (study.position["rank"] == 1)]
    core = core.sort_values("share_pct", ascending=False).head(3)
    return [
        f"{w.clause(study.segment_names[row.segment])} ({w.percent(row.share_pct, 0)})"
        for row in each(core)
    ]

"""The sentences of the outlook, each computed from the figures it states."""

from __future__ import annotations

import pandas as pd

from marketintel.analysis.forecast import choice
from marketintel.analysis.forecast.elasticities import Elasticity
from marketintel.report.blocks import escape
from marketintel.report.market_study import words as w
from marketintel.report.market_study.facts import each, one
from marketintel.report.outlook.facts import MONTHS, YEARS, Outlook

MEMBER_NAMES = {
    "dynamic_theta": "the dynamic optimised theta",
    "ets": "exponential smoothing (ETS)",
    "damped": "the damped trend",
    "log_theta": "theta on logarithms",
    "local_trend": "the local level with drift",
}


def what_it_is(outlook: Outlook) -> str:
    """What the country series are, said before any figure."""
    places = w.listing([w.the(outlook.country_name(c)) for c in outlook.countries])
    return (
        f"Country figures are **exports of the United States to {places}**, by month, as the US Census "
        "Bureau reports them. They mirror what these countries import *from the United States* only: not "
        "their imports from Europe or Asia, and not their markets. A supplier that loses to others shows "
        "falling exports in a growing market. Values are in current US dollars and include re-exports."
    )


def in_short(outlook: Outlook) -> list[str]:
    """The outlook in a few lines: each country's total, the best bet, the record."""
    return [
        *(total(outlook, c) for c in outlook.countries),
        best_bets(outlook),
        record(outlook),
    ]


def total(outlook: Outlook, iso3: str) -> str:
    """A country's total now and in five years, with its probability of growth."""
    name = escape(w.sentence(w.the(outlook.country_name(iso3))))
    rows = outlook.potential[outlook.potential["unique_id"] == iso3]
    if rows.empty:
        return f"**{name}.** No yearly series is long enough for a level in five years."
    row = rows.iloc[0]
    parts = outlook.structure[outlook.structure["aggregate"] == iso3]
    then, now = row["ds"].year, row["cutoff"].year
    late = f" The data end in {outlook.last_month(iso3)}: this is a forecast as made then." if (
        outlook.last_month(iso3) < max(map(outlook.last_month, outlook.countries))
    ) else ""  # fmt: skip
    return (
        f"**{name}.** US exports in {w.count(len(parts), 'comparable segment')} stood at "
        f"{w.money(row['level_now'])} in {now} and are forecast at {w.money(row['level_then'])} in {then}; "
        f"80{w.NBSP}% interval {span(row['lo_80'], row['hi_80'])}. The chance that they grow at all is "
        f"{chance(row['probability_growth'])}, that they pass {w.money(row['threshold'])} "
        f"({w.change(outlook.threshold_pct, 0)}) {chance(row['probability_above_threshold'])}.{late}"
    )


def best_bets(outlook: Outlook) -> str:
    """Where growth is likeliest and where decline is, among the series that reach the newest year."""
    cells = outlook.potential[outlook.potential["unique_id"].str.contains(" ")]
    cells = cells[cells["cutoff"] == cells["cutoff"].max()]
    if cells.empty:
        return "**Likeliest growth.** No segment has a yearly forecast."
    first = cells.nlargest(1, "probability_growth").iloc[0]
    last = cells.nsmallest(1, "probability_growth").iloc[0]
    sure = int((cells["probability_growth"] >= 0.8).sum())
    return (
        f"**Likeliest growth.** {w.sentence(cell(outlook, first['unique_id']))}: "
        f"{chance(first['probability_growth'])} that US exports are higher in {first['ds'].year} than in "
        f"{first['cutoff'].year}. Least likely: {cell(outlook, last['unique_id'])}, "
        f"{chance(last['probability_growth'])}. Of {w.count(len(cells), 'series', 'series')} "
        f"{sure or 'none'} {'is' if sure == 1 else 'are'} at 80{w.NBSP}% or more: five years ahead, little is sure."
    )


def record(outlook: Outlook) -> str:
    """How the monthly forecasts did against naive and drift."""
    errors = outlook.errors[outlook.errors["level"] == 95]
    if errors.empty:
        return "**Record.** No series is long enough to be tested."
    mase = errors.groupby("model")["mase"].mean()
    wide = errors.pivot_table(index="unique_id", columns="model", values="mase")
    better = int((wide["combination"] < wide[["naive", "drift"]].min(axis=1)).sum())
    return (
        f"**Record.** At the last origins the monthly forecasts erred by {mase['combination']:.2f} of the "
        f"usual year-on-year change (MASE), against {mase['naive']:.2f} of the naive and {mase['drift']:.2f} of the "
        f"drift forecast; they were the best of the three for {better} of {len(wide)} series. "
        f"{coverage(outlook, list(wide.index))}"
    )


def coverage(outlook: Outlook, ids: list[str]) -> str:
    """Realised coverage of the monthly intervals of some series."""
    errors = outlook.errors
    rows = errors[(errors["model"] == "combination") & errors["unique_id"].isin(ids)]
    return covered(rows, f"up to {MONTHS} months ahead")


def covered(rows: pd.DataFrame, ahead: str) -> str:
    """Say coverage at both levels from rows of accuracy."""
    if rows.empty:
        return "Their intervals could not be tested: the series are too short."
    at = rows.groupby("level")["coverage_pct"].mean()
    return (
        f"In the back-test, {ahead}, the 80{w.NBSP}% intervals held {w.percent(at[80], 0)} and the "
        f"95{w.NBSP}% intervals {w.percent(at[95], 0)} of the outcomes."
    )


def annual_coverage(outlook: Outlook, iso3: str) -> str:
    """Realised coverage of the yearly intervals of one country, two years ahead."""
    from marketintel.analysis.forecast import accuracy

    tested = outlook.annual_tested
    tested = tested[tested["unique_id"].str.startswith(iso3)]
    if tested.empty:
        return (
            "These yearly intervals could not be tested: with so few years no origin is left, and they "
            "rest on a prior."
        )
    rows = accuracy(
        tested[tested["model"] == "combination"], outlook.annual_panel, by=("unique_id",)
    )
    return covered(rows, "two years ahead").replace("In the back-test", "In the yearly back-test")


def explanation(outlook: Outlook, unique_id: str) -> str:
    """Which models carried a yearly forecast, how wrong it was, what would change the picture."""
    weights = outlook.weights[outlook.weights["unique_id"] == unique_id]
    return (
        f"**{w.sentence(cell(outlook, unique_id))}.** {carried(weights)} {wrong(outlook, unique_id)} "
        f"{would_change(outlook, unique_id, weights)}"
    )


def carried(weights: pd.DataFrame) -> str:
    """Who carried the median."""
    top = weights[weights["weight_pct"] > 0].nlargest(2, "weight_pct")
    said = w.listing([f"{MEMBER_NAMES[r.model]} ({w.percent(r.weight_pct, 0)})" for r in each(top)])
    return f"Carried by {said}."


def wrong(outlook: Outlook, unique_id: str) -> str:
    """Errors at the last origins with a known outcome."""
    errors = outlook.explanation.errors
    rows = errors[(errors["unique_id"] == unique_id) & (errors["model"] == "combination")]
    rows = rows.dropna(subset="error_pct").sort_values("cutoff") if len(rows) else rows
    if rows.empty:
        return "Too short to have been tested."
    said = ", ".join(f"{r.ds.year}: {w.change(r.error_pct, 0)}" for r in each(rows))
    return f"Forecasts made two years before, against what came: {said}."


def would_change(outlook: Outlook, unique_id: str, weights: pd.DataFrame) -> str:
    """What another model would say, and what a point of growth would."""
    ends = dict(zip(weights["model"], weights["mean_end"], strict=True))
    low, high = min(ends, key=ends.__getitem__), max(ends, key=ends.__getitem__)
    year = one(outlook.potential, "unique_id", unique_id)["ds"].year
    said = (
        f"If {MEMBER_NAMES[low]} alone were right, {year} would bring {w.money(max(ends[low], 0.0))}; "
        f"if {MEMBER_NAMES[high]}, {w.money(ends[high])}."
    )
    found = [e for e in outlook.elasticities if e.key == "gdp_world"]
    if found and found[0].value:
        said += (
            f" A point more of GDP growth in each of {YEARS} years would add "
            f"{w.percent(100 * (1.01 ** (YEARS * found[0].value) - 1))} (elasticity {estimate(found[0])})."
        )
    return said


def estimate(elasticity: Elasticity) -> str:
    """An elasticity with its standard error."""
    value = f"{elasticity.value:.2f}".replace("-", w.MINUS)
    return f"{value}, standard error {elasticity.std_error:.2f}"


def duty_verdict(found: list[Elasticity]) -> str:
    """What the duty elasticities allow to say."""
    by = {e.key: e for e in found}
    said = []
    chosen = choice.default(found, "duty")
    if chosen and choice.passes(chosen):
        said.append(
            f"The default for duties comes from China's retaliation of 2018 and 2019, all goods ({estimate(chosen)}): the "
            "narrowest set of goods whose estimate passes its tests, so it need not be that of optics."
            if chosen.key == "duty_retaliation_all"
            else f"The default for duties is {chosen.label} ({estimate(chosen)}), which passes its tests."
        )
    near = by.get("duty_retaliation_machines")
    if near and near is not chosen:
        said.append(
            f"For chapters 84, 85 and 90 alone it is {estimate(near)}, but goods that were taxed later had been falling "
            "before."
        )
    if "duty" in by:
        said.append(
            f"The duties of 2025 do not say more: {estimate(by['duty'])} once each partner's and each code's year is "
            f"taken out, {estimate(by['duty_across_partners'])} across partners."
        )
    core = by.get("duty_core_codes")
    if core and core.value > 0:
        said.append(
            f"Over the core photonics codes alone it has the wrong sign there ({estimate(core)}): what was wanted most "
            "in 2025 bore the higher duties. That estimate is shown and not used."
        )
    return " ".join(said)


def cell(outlook: Outlook, unique_id: str) -> str:
    """Name of a series in a sentence: ``lasers to Ireland``, ``all comparable segments to Ireland``."""
    partner, _, segment = unique_id.partition(" ")
    place = w.the(outlook.country_name(partner))
    goods = outlook.segment_names[segment] if segment else "all comparable segments"
    goods = goods if goods[1:2].isupper() else goods[:1].lower() + goods[1:]
    return f"{escape(goods)} to {escape(place)}"


def chance(probability: float) -> str:
    """A probability in per cent, never nought nor certain."""
    if not w.known(probability):
        return "not known"
    return w.percent(100 * probability, 0)


def span(low: float, high: float) -> str:
    """An interval of money."""
    return f"{w.money(low)} to {w.money(high)}"

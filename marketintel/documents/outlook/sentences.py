"""The sentences of the outlook, each computed from the figures it states."""

from __future__ import annotations

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast import choice, present
from marketintel.analysis.forecast.elasticities import Elasticity
from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import escape
from marketintel.documents.frames import each, one
from marketintel.documents.outlook import totals
from marketintel.documents.outlook.facts import Outlook
from marketintel.documents.outlook.months import MONTHS
from marketintel.documents.outlook.wording import label, limits, publisher, trade_of, trade_of_all
from marketintel.documents.outlook.years import TESTED_AHEAD, YEARS
from marketintel.warehouse.basis import Basis

MEMBER_NAMES = {
    "dynamic_theta": "the dynamic optimised theta",
    "ets": "exponential smoothing (ETS)",
    "damped": "the damped trend",
    "log_theta": "theta on logarithms",
    "shrunk_drift": "the level with a shrunk drift",
    "theta": "theta",
}


def what_it_is(outlook: Outlook) -> str:
    """What the country series are, said before any figure: every kind with its source and limits."""
    said = []
    for basis in outlook.kinds:
        places = {u.partition(" ")[0] for u, k in outlook.months.kinds.items() if k == basis}
        nodes = outlook.years.nodes
        places |= set(nodes.loc[nodes["kind"] == basis, "partner"])
        ahead = set(outlook.months.fans["unique_id"])
        by_month = any(k == basis and u in ahead for u, k in outlook.months.kinds.items())
        by_year = bool((nodes["kind"] == basis).any())
        when = w.listing(
            [word for word, there in (("month", by_month), ("year", by_year)) if there]
        )
        names = [w.the(outlook.country_name(c)) for c in outlook.countries if c in places]
        trade = escape(trade_of_all(basis, w.listing(names)))
        when = f"by {when}" if when else "which end too early to be forecast"
        said.append(f"**{w.sentence(trade)}**, {when}: {escape(label(basis))}. {limits(basis)}")
    money = "Values are in current US dollars. Kinds of trade are never added to each other."
    if len(said) == 1:
        return f"Country figures are {said[0]} Values are in current US dollars."
    return "\n".join(
        ["Country figures are of several kinds.", "", *(f"- {one}" for one in said), "", money]
    )


def in_short(outlook: Outlook) -> list[str]:
    """The outlook in a few lines: grand totals, each country's first, the best bet, the record."""
    return [
        *(grand(outlook, group) for group in grand_groups(outlook)),
        *(total(outlook, c)[0] for c in outlook.countries),
        best_bets(outlook),
        record(outlook),
    ]


def grand_groups(outlook: Outlook) -> list[int]:
    """Groups that have a grand total: those of more than one country."""
    nodes = outlook.years.nodes
    return sorted(nodes.loc[nodes["role"] == totals.GRAND, "group"])


def grand(outlook: Outlook, group: int) -> str:
    """The grand total of a group now and in five years."""
    rows = outlook.years.potential
    row = rows[(rows["group"] == group) & (rows["role"] == totals.GRAND)].iloc[0]
    places = rows[(rows["group"] == group) & (rows["role"] == totals.COUNTRY)]["partner"]
    names = [w.the(outlook.country_name(c)) for c in outlook.countries if c in set(places)]
    return f"**Together.** {_level(outlook, row, escape(trade_of_all(row['kind'], w.listing(names))), group)}"


def total(outlook: Outlook, iso3: str) -> list[str]:
    """A country's totals now and in five years, one a kind, with their probabilities."""
    name = escape(w.sentence(w.the(outlook.country_name(iso3))))
    rows = outlook.years.potential
    rows = rows[(rows["partner"] == iso3) & (rows["role"] == totals.COUNTRY)]
    if rows.empty:
        return [f"**{name}.** No level in five years{_no_years(outlook, iso3)}."]
    rows = rows.sort_values("group")
    return [
        f"**{name}.** {_level(outlook, row, escape(trade_of(row['kind'], outlook.country_name(iso3))))}"
        for _, row in rows.iterrows()
    ]


def _level(outlook: Outlook, row: pd.Series, trade: str, group: int | None = None) -> str:
    """Level now and then, interval and chances of a total."""
    adds = outlook.years.structure
    parts = adds.loc[adds["aggregate"] == row["unique_id"], "part"]
    items = {str(part).partition(" ")[2] for part in parts}
    goods = w.count(len(items), "mixed code" if row["kind"].mixed else "comparable segment")
    then, now = row["ds"].year, row["cutoff"].year
    gap = present.not_known(row["cutoff"], outlook.month)
    known = f", the last figure ({gap} not known here)," if gap else ""
    return (
        f"{w.sentence(trade)} in {goods} ({escape(publisher(row['kind']))}) stood at "
        f"{w.money(row['level_now'])} in {now}{known} and are forecast at {w.money(row['level_then'])} in {then}; "
        f"80{w.NBSP}% interval {span(row['lo_80'], row['hi_80'])}. The chance that they grow at all is "
        f"{chance(row['probability_growth'])}, that they pass {w.money(row['threshold'])} "
        f"({w.change(outlook.threshold_pct, 0)}) {chance(row['probability_above_threshold'])}."
    )


def _no_years(outlook: Outlook, iso3: str) -> str:
    """Why a country has no yearly forecast: the commonest reason."""
    silent = outlook.silent
    reasons = silent.loc[silent["partner"] == iso3, "yearly"].dropna()
    return f": {escape(reasons.mode().iloc[0])}" if len(reasons) else ""


def best_bets(outlook: Outlook) -> str:
    """Where growth is likeliest and where decline is, among the series that reach the newest year."""
    cells = outlook.years.potential
    cells = cells[cells["role"] == totals.CELL]
    ends = cells.groupby("kind")["cutoff"].transform("max")
    cells = cells[cells["cutoff"] == ends]
    if cells.empty:
        return "**Likeliest growth.** No segment has a yearly forecast."
    first = cells.nlargest(1, "probability_growth").iloc[0]
    last = cells.nsmallest(1, "probability_growth").iloc[0]
    sure = int((cells["probability_growth"] >= 0.8).sum())
    return (
        f"**Likeliest growth.** {w.sentence(cell(outlook, first['unique_id']))}: "
        f"{chance(first['probability_growth'])} that they are higher in {first['ds'].year} than in "
        f"{first['cutoff'].year}. Least likely: {cell(outlook, last['unique_id'])}, "
        f"{chance(last['probability_growth'])}. Of {w.count(len(cells), 'series', 'series')} "
        f"{sure or 'none'} {'is' if sure == 1 else 'are'} at 80{w.NBSP}% or more: five years ahead, little is sure."
    )


def tested_by_month(outlook: Outlook) -> bool:
    """Whether the record is told by month: where more series are tested by month than by year."""
    return _series(outlook.months.scored) >= max(_series(cell_errors(outlook)), 1)


def _series(errors: pd.DataFrame) -> int:
    return errors["unique_id"].nunique() if len(errors) else 0


def record(outlook: Outlook) -> str:
    """How most of the forecasts did against naive and drift: the monthly or the yearly ones."""
    if tested_by_month(outlook):
        return _record(outlook.months.scored, "monthly", f"up to {MONTHS} months ahead")
    return _record(cell_errors(outlook), "yearly", f"up to {TESTED_AHEAD} years ahead")


def yearly_record(outlook: Outlook, basis: Basis) -> str:
    """How the yearly forecasts of the cells of one kind did."""
    cells = outlook.years.nodes
    ids = cells.loc[(cells["role"] == totals.CELL) & (cells["kind"] == basis), "unique_id"]
    errors = cell_errors(outlook)
    errors = errors[errors["unique_id"].isin(ids)] if len(errors) else errors
    return _record(errors, "yearly", f"up to {TESTED_AHEAD} years ahead")


def _record(errors: pd.DataFrame, what: str, ahead: str) -> str:
    rows = errors[errors["level"] == 95] if len(errors) else errors
    if rows.empty:
        return "**Record.** No series is long enough to be tested."
    held = covered(errors, ahead)
    rows = rows.dropna(subset="mase")
    if rows.empty:
        return f"**Record.** Series that never changed give errors no scale. {held}"
    mase = rows.groupby("model")["mase"].mean()
    wide = rows.pivot_table(index="unique_id", columns="model", values="mase")
    better = int((wide["combination"] < wide[["naive", "drift"]].min(axis=1)).sum())
    best = str(mase.idxmin())
    loses = "" if best == "combination" else f"On average the {best} forecast was better. "
    if naive := len(fc.better_naive(rows)):
        loses += f"Naive was better for {w.count(naive, 'series', 'series')}, and is shown there. "
    return (
        f"**Record.** At the last origins the {what} forecasts erred by {mase['combination']:.2f} of the "
        f"usual year-on-year change (MASE), against {mase['naive']:.2f} of the naive and {mase['drift']:.2f} of the "
        f"drift forecast; they were the best of the three for {better} of {len(wide)} series. {loses}"
        f"{held}"
    )


def cell_errors(outlook: Outlook) -> pd.DataFrame:
    """Yearly errors of the cells alone."""
    errors = outlook.years.errors
    if errors.empty:
        return errors
    return errors[errors["unique_id"].isin(outlook.years.ids(totals.CELL))]


def coverage(outlook: Outlook, ids: list[str]) -> str:
    """Realised coverage of the monthly intervals of some series."""
    errors = outlook.months.errors
    return covered(errors[errors["unique_id"].isin(ids)], f"up to {MONTHS} months ahead")


def covered(errors: pd.DataFrame, ahead: str) -> str:
    """Say coverage at both levels, of each series' forecast that is shown."""
    rows = fc.shown(errors, errors) if len(errors) else errors
    if rows.empty:
        return "Their intervals could not be tested: the series are too short."
    at = rows.groupby("level")["coverage_pct"].mean()
    return (
        f"In the back-test, {ahead}, the 80{w.NBSP}% intervals held {w.percent(at[80], 0)} and the "
        f"95{w.NBSP}% intervals {w.percent(at[95], 0)} of the outcomes."
    )


def annual_coverage(outlook: Outlook, ids: list[str]) -> str:
    """Realised coverage of the yearly intervals of some series, two years ahead."""
    errors = outlook.years.errors
    rows = errors[errors["unique_id"].isin(ids)] if len(errors) else errors
    if rows.empty:
        return (
            "These yearly intervals could not be tested: with so few years no origin is left, and they "
            "rest on the reference pool alone."
        )
    said = covered(rows, f"up to {TESTED_AHEAD} years ahead")
    return said.replace("In the back-test", "In the yearly back-test")


def explanation(outlook: Outlook, unique_id: str) -> str:
    """Which models carried a yearly forecast, how wrong it was, what would change the picture."""
    weights = outlook.years.weights[outlook.years.weights["unique_id"] == unique_id]
    naive = unique_id in fc.better_naive(outlook.years.errors)
    by = "Shown is the last value: it erred less in the back-test." if naive else carried(weights)
    return (
        f"**{w.sentence(cell(outlook, unique_id))}.** {by} {wrong(outlook, unique_id)} "
        f"{would_change(outlook, unique_id, weights)}"
    )


def carried(weights: pd.DataFrame) -> str:
    """Who carried the median."""
    top = weights[weights["weight_pct"] > 0].nlargest(2, "weight_pct")
    said = w.listing([f"{MEMBER_NAMES[r.model]} ({w.percent(r.weight_pct, 0)})" for r in each(top)])
    return f"Carried by {said}."


def wrong(outlook: Outlook, unique_id: str) -> str:
    """Errors at the last origins with a known outcome."""
    errors = outlook.years.explanation.errors
    naive = unique_id in fc.better_naive(outlook.years.errors)
    model = "naive" if naive else "combination"
    rows = errors[(errors["unique_id"] == unique_id) & (errors["model"] == model)]
    rows = rows.dropna(subset="error_pct").sort_values("cutoff") if len(rows) else rows
    if rows.empty:
        return "Too short to have been tested."
    said = ", ".join(f"{r.ds.year}: {w.change(r.error_pct, 0)}" for r in each(rows))
    return f"Forecasts made two years before, against what came: {said}."


def would_change(outlook: Outlook, unique_id: str, weights: pd.DataFrame) -> str:
    """What another model would say, and what a point of growth would."""
    ends = dict(zip(weights["model"], weights["mean_end"], strict=True))
    low, high = min(ends, key=ends.__getitem__), max(ends, key=ends.__getitem__)
    year = one(outlook.years.potential, "unique_id", unique_id)["ds"].year
    said = (
        f"If {MEMBER_NAMES[low]} alone were right, {year} would bring {w.money(max(ends[low], 0.0))}; "
        f"if {MEMBER_NAMES[high]}, {w.money(ends[high])}."
    )
    found = choice.default(outlook.fitting(outlook.years.basis(unique_id)), "gdp")
    if found and found.value:
        said += (
            f" A point more of GDP growth in each of {YEARS} years would add "
            f"{w.percent(100 * (1.01 ** (YEARS * found.value) - 1))} (elasticity {estimate(found)})."
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
    """Name of a yearly series in a sentence: ``lasers, US exports to Ireland``."""
    node = outlook.years.node(unique_id)
    basis: Basis = node["kind"]
    together = "all mixed codes" if basis.mixed else "all comparable segments"
    goods = outlook.names[node["item"]] if node["item"] else together
    goods = goods if goods[1:2].isupper() else goods[:1].lower() + goods[1:]
    trade = trade_of(basis, outlook.country_name(node["partner"]))
    return f"{escape(goods)}, {escape(trade)}"


def chance(probability: float) -> str:
    """A probability in per cent, never nought nor certain."""
    if not w.known(probability):
        return "not known"
    return w.percent(100 * probability, 0)


def span(low: float, high: float) -> str:
    """An interval of money."""
    return f"{w.money(low)} to {w.money(high)}"

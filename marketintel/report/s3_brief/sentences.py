"""The sentences of the brief, each computed from the figures it states."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from typing import Any

import pandas as pd

from marketintel.analysis.s3_options import Option
from marketintel.report.blocks import escape
from marketintel.report.market_study import words as w
from marketintel.report.s3_brief import words as p
from marketintel.report.s3_brief.facts import Brief
from marketintel.report.s3_brief.figures import YEAR
from marketintel.warehouse.reference import country_name
from marketintel.warehouse.regions import Division, region_name

#: Declared priorities that a sentence lists before it says how many more there are.
MOST_NAMED = 6


def here(brief: Brief) -> str:
    """Say what the brief is about: region or country."""
    return "country" if brief.region.is_country else "region"


def low(name: str) -> str:
    """Return a branch or segment within a sentence; LED stays LED."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def branch(brief: Brief, code: str) -> str:
    """Name a branch with its code: ``machinery (C28)``."""
    return f"{low(brief.divisions[code].name)} ({code})"


def in_short(brief: Brief) -> list[str]:
    """Return the summary: priority, strength, nearest step, market, partner."""
    said = [f"**Declared.** {declared_short(brief)}", f"**Strong today.** {strength(brief)}"]
    said.append(f"**Nearest step.** {nearest(brief)}")
    said.append(f"**Demand.** {demand(brief)}")
    said.append(f"**Help from outside.** {partner_short(brief)}")
    return said


def declared_short(brief: Brief) -> str:
    """Whether photonics is named in the strategy on file."""
    rows = brief.priorities
    if rows.empty:
        return (
            f"No strategy of {escape(brief.region.name)} is on file here, so this brief cannot say "
            "whether photonics is a declared priority."
        )
    named = rows[(rows["fact"] + " " + rows["value"]).str.contains("photoni", case=False)]
    if named.empty:
        return "Photonics is not named among the priorities on file. Nearby ones may still hold it."
    when = w.listing(
        [f"{escape(entity)} ({escape(date)})" for entity, date in
         dict.fromkeys(zip(named["entity"], named["ref_date"], strict=True))]
    )  # fmt: skip
    return f"Photonics is named in the strategy of {when}."


def declared(brief: Brief) -> list[str]:
    """Return one line for each body, of its newest strategy, and of older ones on photonics."""
    lines = []
    for entity, date, group in _strategies(brief):
        kinds = "; ".join(_item(row) for row in group.head(MOST_NAMED).to_dict("records"))
        more = len(group) - MOST_NAMED
        tail = f"; and {more} more" if more > 0 else ""
        what = "challenges: " if (group["unit"] == "challenge").all() else ""
        lines.append(f"**{escape(entity)}** ({escape(_when(date))}): {what}{kinds}{tail}.")
    return lines


def declared_sources(brief: Brief) -> list[str]:
    """Return the titles of the pages that the lines of :func:`declared` were read from."""
    titles = [title for _, _, group in _strategies(brief) for title in group["source_title"]]
    return list(dict.fromkeys(titles))


def _strategies(brief: Brief) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield body, date and rows; an older strategy only for what it says on photonics."""
    rows = brief.priorities.assign(newest=brief.priorities["ref_date"].map(_last_year))
    for entity in dict.fromkeys(rows["entity"]):
        groups = list(rows[rows["entity"] == entity].groupby(["newest", "ref_date"], sort=True))
        for i, ((_, date), group) in enumerate(reversed(groups)):
            said = group["fact"] + " " + group["value"]
            if i and not said.str.contains("photoni", case=False).any():
                continue
            yield entity, str(date), group


def _item(row: dict[Hashable, Any]) -> str:
    fact, value, unit = (_spelt(str(row[c])) for c in ("fact", "value", "unit"))
    if unit in ("priority", "challenge"):
        return escape(value)
    return escape(fact if unit == "flag" else f"{fact}: {value} {unit}")


#: Short forms in the facts, written out: a reader need not know them.
_SPELT = {
    "SMEs": "small and medium-sized firms",
    "R&I": "research and innovation",
    "ICT": "information technology",
    "MEUR": "million euros",
    "RIS3": "regional strategy",
    "EPRISE": "a European project",
    "S3": "strategy",
}


def _spelt(text: str) -> str:
    for short, long in _SPELT.items():
        text = re.sub(rf"\b{re.escape(short)}\b", long, text)
    return text


def _when(date: str) -> str:
    return f"from {date[:-1]}" if date.endswith("+") else date


def _last_year(date: str) -> int:
    return max((int(y) for y in re.findall(r"\d{4}", date)), default=0)


def strength(brief: Brief) -> str:
    """Where the region has more than its share of jobs among branches with photonics."""
    table = brief.table.loc[brief.photonic]
    strong = table[table["specialised"] == 1].sort_values("lq", ascending=False)
    if strong.empty:
        said = f"In no branch that holds photonics is the {here(brief)} known to be strong."
    else:
        named = [
            f"{branch(brief, str(code))} with {'' if w.known(row['lq']) else 'at least '}"
            f"{p.times(row['lq_least'])} of jobs"
            for code, row in strong.iterrows()
        ]
        said = f"Of the {p.small(len(table))} branches that hold photonics, the {here(brief)} is strong in {w.listing(named)}."
    if brief.blank:
        blank = w.listing([branch(brief, code) for code in brief.blank])
        said += f" For {blank} no figure is published."
    return said


def nearest(brief: Brief) -> str:
    """The branch with photonics that is nearest to what the region does."""
    table = brief.table.loc[brief.photonic]
    open_ = table[table["specialised"] != 1]
    if open_.empty:
        return f"The {here(brief)} is strong in all branches that hold photonics."
    code = str(open_["density"].idxmax())
    row = open_.loc[[code]].iloc[0]
    return (
        f"Of those where it is not known to be strong, {branch(brief, code)} is closest to what the "
        f"{here(brief)} does: {p.place(int(row['density_rank']), int(row['n_divisions']))} branches by relatedness."
    )


def demand(brief: Brief) -> str:
    """What the first target country with figures imports, and what the country sells there."""
    market = brief.first_market
    if market is None:
        names = w.listing([w.the(m.name) for m in brief.markets], "or")
        return f"There are no import figures for {names} here."
    total = market.total
    seller = w.the(brief.region.name if brief.region.is_country else country_of(brief))
    said = (
        f"{w.sentence(w.the(market.name))} imported {w.money(total['value_usd'])} of photonic goods in {market.year}; "
        f"that {w.moved(total['change_pct'], 0)} on {market.base}."
    )
    if total["exported_usd"] > 0:
        said += (
            f" {w.sentence(seller)} sold {w.money(total['exported_usd'])} of it, {w.percent(total['share_pct'])}, "
            "and figures for the region alone do not exist."
            if not brief.region.is_country
            else f" {w.sentence(seller)} sold {w.money(total['exported_usd'])} of it, {w.percent(total['share_pct'])}."
        )
    return said


def country_of(brief: Brief) -> str:
    """Return the name of the region's country."""
    return country_name(brief.region.country)


def partner_short(brief: Brief) -> str:
    """The best partner regions, in one sentence."""
    size = len(brief.wanted)
    said = []
    for group, where in (("others", "in Europe"), ("partnership", "in the partnership")):
        rows = brief.partners[(brief.partners["group"] == group) & (brief.partners["n_has"] > 0)]
        if len(rows):
            row = rows.sort_values("added_density", ascending=False).iloc[0]
            number = p.small(int(row["n_has"]))
            said.append(f"{where} {escape(row['name'])} ({row['country']}), strong in {number}")
    if not said:
        return "No region was found that is strong where this one is not."
    branches = "branch" if size == 1 else "branches"
    return f"Of the {p.small(size)} {branches} to gain, the regions that would add most are: {w.listing(said)}."


def partner(brief: Brief) -> str:
    """The partner region that adds most, and the one of the partnership that does."""
    mates = brief.partners[brief.partners["group"] == "partnership"]
    mates = mates[mates["n_has"] > 0].sort_values("added_density", ascending=False)
    others = brief.partners[brief.partners["group"] == "others"]
    said = []
    if len(others):
        row = others.iloc[0]
        said.append(
            f"In Europe, {escape(row['name'])} ({row['country']}) would add most: it is strong in "
            f"{_names(brief, row['has'])}, where this {here(brief)} is not known to be."
        )
    if len(mates):
        row = mates.iloc[0]
        said.append(
            f"In the partnership it is {escape(row['name'])}, strong in {_names(brief, row['has'])}."
        )
    return " ".join(said) or "No region was found that is strong where this one is not."


def _names(brief: Brief, codes: str) -> str:
    return w.listing([branch(brief, code) for code in codes.split(";") if code])


def see_strength(brief: Brief) -> str:
    """What to see in the first figure."""
    table = brief.table.loc[brief.photonic]
    known = table[table["lq"].notna()].sort_values("lq", ascending=False)
    said = (
        f"Each pale mark is a European region, and the large dot is this {here(brief)}. "
        "Right of the line at 1 a region has more "
        "jobs in the branch than Europe as a whole, in proportion; this is called the location quotient. "
    )
    if known.empty:
        return said + f"No figure of this {here(brief)} is published for these branches."
    row = known.iloc[0]
    code = str(row.name)
    rank = p.place(int(row["lq_rank"]), int(row["lq_ranked"]))
    said += (
        f"The region stands highest in {branch(brief, code)}: {p.times(row['lq'])}, {rank} regions."
    )
    if brief.blank:
        said += " A bar shows what a branch without a figure could hold at most."
    return said


def see_map(brief: Brief, code: str) -> str:
    """What to see on the map of one branch."""
    row = brief.table.loc[[code]].iloc[0]
    said = (
        f"The map shows {branch(brief, code)}. In the two warm colours a region has more jobs in it than Europe as a whole, "
        f"in proportion; this is called the location quotient. The outline on the map is this {here(brief)}"
    )
    if not w.known(row["lq"]):
        return f"{said}, for which no figure is published."
    return f"{said}: {p.times(row['lq'])}, {p.place(int(row['lq_rank']), int(row['lq_ranked']))} regions."


def see_nearness(brief: Brief) -> str:
    """What to see in the second figure."""
    table = brief.table.loc[brief.photonic]
    said = (
        f"Further right means closer to what the {here(brief)} does already, so cheaper to enter. Higher up means more complex: "
        "found where economies are advanced, and harder to copy. The best place is the top right. "
    )
    good = [branch(brief, str(c)) for c in table.index[table["near"] & table["complex"]]]
    far = [branch(brief, str(c)) for c in table.index[~table["near"] & table["complex"]]]
    near = [branch(brief, str(c)) for c in table.index[table["near"] & ~table["complex"]]]
    if good:
        said += f"There {'lies' if len(good) == 1 else 'lie'} {w.listing(good)}. "
    if far:
        said += f"Complex but further off: {w.listing(far)}. "
    if near:
        said += f"Close but less complex: {w.listing(near)}."
    return said.strip()


def option_text(brief: Brief, option: Option) -> dict[str, str]:
    """Return the cells of one option: kind, branch, cost, benefit, evidence, measure."""
    row = option.fact
    market = brief.first_market
    benefit = (
        f"{option.benefit.capitalize()}: {p.place(int(row['complexity_rank']), int(row['group_size']))} in {row['group']} "
        "by complexity."
    )
    if market and w.known(row["demand_usd"]):
        benefit += f" {w.sentence(w.the(market.name))} imports {w.money(row['demand_usd'])} of its photonic goods."
    evidence = (
        f"{'' if brief.region.is_whole else 'About '}{p.persons(row['persons'])} persons in {YEAR}, {p.times(row['lq'])}."
        if w.known(row["persons"])
        else f"Not published; between {p.persons(row['least_persons'])} and {p.persons(row['most_persons'])} persons in {YEAR}."
    )
    return {
        "kind": option.kind.capitalize(),
        "branch": f"{brief.divisions[option.division].name} ({option.division})",
        "cost": f"{option.cost.capitalize()}: {p.place(int(row['density_rank']), int(row['n_divisions']))} by relatedness.",
        "benefit": benefit,
        "evidence": evidence + (_who(brief, option) if option.kind == "team up" else ""),
        "measure": _measure(brief, option),
    }


def _who(brief: Brief, option: Option) -> str:
    found = [brief.partner_for(option.division, mates=mates) for mates in (True, False)]
    names = list(dict.fromkeys(f"{pair[0]} ({pair[1]})" for pair in found if pair))
    return f" Strong there: {w.listing(names)}." if names else ""


def _measure(brief: Brief, option: Option) -> str:
    row = option.fact
    average = p.persons(row["average_persons"])
    if option.kind == "team up":
        found = brief.partner_for(option.division, mates=True)
        found = found or brief.partner_for(option.division)
        with_ = f"with a cluster in {found[0]}" if found else "with a cluster abroad"
        return f"One signed agreement {with_} within twelve months."
    if not w.known(row["persons"]):
        return f"Get the figure from the statistical office. The European share would be {average} persons."
    if row["specialised"] == 1:
        return f"The share of jobs stays above Europe’s: {average} persons at today’s size."
    missing = p.persons(row["average_persons"] - row["persons"])
    return f"{missing} more jobs would reach the European share of {average} persons."


def cannot_tell(brief: Brief) -> list[str]:
    """Return what the data cannot tell about this region."""
    table, region = brief.table, brief.region
    said = [
        f"**Age.** Jobs by branch are of {YEAR}, the only year here. Patents are of 2011. Much may have changed.",
        "**Breadth.** A branch is a division of the European list of activities (NACE), and photonics is only a part of it. "
        + " ".join(_breadth(brief.divisions[code]) for code in brief.photonic),
    ]
    blank = table.index[table["persons"].isna()]
    if len(blank):
        text = f"**Blank cells.** {len(blank)} of {len(table)} branches have no figure, most often to protect single firms."
        if brief.blank:
            row = table.loc[[brief.blank[0]]].iloc[0]
            text += (
                f" Of those with photonics, it is {w.listing(brief.blank)}. Relatedness of {brief.blank[0]} is "
                f"{w.percent(row['density'], 0)} if they are as usual in Europe, and between {row['low']:.0f} and "
                f"{w.percent(row['high'], 0)} whatever they hold."
            )
        said.append(text)
    else:
        said.append("**Blank cells.** There are none here.")
    said.append(f"**Level.** {_level(brief)}")
    space = brief.europe.space
    said.append(
        "**Complexity.** It is an index of where branches are found, and its direction is set by the income of regions "
        f"(correlation {space.with_prosperity:.2f}). It does not measure technology. Industry and services are ranked apart."
    )
    said.append(f"**Demand.** {_demand_gap(brief)}")
    if brief.priorities.empty:
        said.append(
            f"**Strategy.** Nothing on {escape(region.name)} is in the file of declared priorities."
        )
    else:
        said.append(
            "**Strategy.** Priorities were read from stored pages; a newer strategy may exist."
        )
    said.append(
        "**Costs.** Cost of entry is a rank, not money. No option is a promise, and none was checked with firms."
    )
    return said


def _breadth(division: Division) -> str:
    return f"In {division.id} it is {division.holds}. {division.breadth}"


def _level(brief: Brief) -> str:
    region = brief.region
    said = "Regions are those of the European Union’s map of 2013 (NUTS 2013); later figures were carried over with the weights of its Joint Research Centre. "
    if region.is_country:
        return said + "Jobs are the country’s own; other figures are averages of its regions."
    if region.is_whole and len(region.members) > 1:
        parts = w.listing([f"{escape(region_name(c))} ({c})" for c in region.members])
        return said + f"{escape(region.name)} is the sum of {parts}. {region.note}".strip()
    if not region.is_whole:
        parts = w.listing(
            [f"{share:.0%} of {code}".replace("%", " %") for code, share in region.members.items()]
        )
        return (
            said
            + f"{region.id} did not exist then: its figures are {parts}, shared out by people, and say little more than that region’s own."
        )
    return (said + region.note).strip()


def _demand_gap(brief: Brief) -> str:
    said = ["Imports are not the size of a market, and a country’s sales are not its regions’."]
    for market in brief.markets:
        if not market.known:
            said.append(f"For {w.the(market.name)} there are no import figures here.")
        elif market.note:
            said.append(f"{market.note.text}")
    return " ".join(said)

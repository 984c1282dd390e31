"""The sentences of the brief, each computed from the figures it states."""

from __future__ import annotations

from marketintel.analysis.partnership.s3_options import Option
from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import escape
from marketintel.documents.s3_brief import words as p
from marketintel.documents.s3_brief.facts import Brief
from marketintel.documents.s3_brief.figures import YEAR
from marketintel.documents.s3_brief.strategy import declared_short
from marketintel.reference.countries import country_name


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
        f"that {w.moved(total['change_pct'], 0)} on {market.base}{market.without['change']}."
    )
    if total["exported_usd"] > 0:
        said += (
            f" {w.sentence(seller)} sold {w.money(total['exported_usd'])} of it, {w.percent(total['share_pct'])}"
            f"{market.without['share']}, and figures for the region alone do not exist."
            if not brief.region.is_country
            else f" {w.sentence(seller)} sold {w.money(total['exported_usd'])} of it, {w.percent(total['share_pct'])}"
            f"{market.without['share']}."
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

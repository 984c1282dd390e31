"""What the data cannot tell about a region, said for each region anew."""

from __future__ import annotations

from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import escape
from marketintel.documents.s3_brief.facts import Brief
from marketintel.documents.s3_brief.figures import YEAR
from marketintel.warehouse.regions import Division, region_name


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

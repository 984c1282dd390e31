"""Size of the market: industries, buyers and the bridge to them; Canada's products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from marketintel.analysis.trade import size as analysis
from marketintel.documents.charts import charts
from marketintel.documents.market_study.facts import StudyFacts
from marketintel.documents.market_study.size_facts import (
    CLEAN,
    ESTIMATED,
    IMPORTED,
    MEASURED,
    MIN_SEGMENT_PCT,
)
from marketintel.reference.partnership import load_actors
from marketintel.warehouse import states as states_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLEAN_INDUSTRY, ESTIMATE_YEAR, BRIDGE_YEAR, BUYER_YEAR = CLEAN, ESTIMATED, IMPORTED, MEASURED

#: Rows of buyers that are printed: three of each of the first industries.
PRINTED_BUYERS = 12

#: Final uses in BEA's supply and use tables, shortened; the codes' meanings are in public packages that
#: read these tables (two lists of 2012's final demand codes, read 2026-12).
FINAL = {
    "F01000": "Households", "F02E00": "Investment in equipment", "F02N00": "Investment in software and research",
    "F02R00": "Investment in dwellings", "F02S00": "Investment in structures",
    "F03000": "Change of private stocks", "F06C00": "Federal defence, running", "F06E00": "Federal defence, equipment",
    "F06N00": "Federal defence, software and research", "F06S00": "Federal defence, structures",
    "F07C00": "Federal civil, running", "F07E00": "Federal civil, equipment",
    "F07N00": "Federal civil, software and research", "F07S00": "Federal civil, structures",
    "F10C00": "State and local, running", "F10E00": "State and local, equipment",
    "F10N00": "State and local, software and research", "F10S00": "State and local, structures",
}  # fmt: skip

#: Sectors of NAICS by first digits, for buyers that are no photonic industry themselves.
SECTORS = {
    "11": "Agriculture and forestry", "21": "Mining", "22": "Utilities", "23": "Construction",
    "325": "Chemicals", "333": "Other machinery", "334": "Other computers and electronics",
    "335": "Other electrical equipment", "336": "Vehicles, aircraft and ships",
    "31": "Other manufacturing", "32": "Other manufacturing", "33": "Other manufacturing",
    "42": "Wholesale", "44": "Retail", "45": "Retail", "4B": "Retail", "48": "Transport and storage",
    "49": "Transport and storage", "51": "Information", "52": "Finance and insurance",
    "53": "Real estate and leasing", "54": "Professional and technical services",
    "55": "Management of companies", "56": "Administrative services", "61": "Education",
    "62": "Health care", "71": "Arts and recreation", "72": "Hotels and restaurants",
    "81": "Other services", "S0": "Government enterprises", "GS": "Government", "GF": "Government",
}  # fmt: skip


ALL_STATES = "All States"
"""Name of the published total among the states."""

PRINTED_STATES = 12


def sizes(facts: StudyFacts) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return both readings of apparent consumption by industry; the clean one first."""
    rows = facts.consumption[facts.consumption["industry"].isin(facts.industries)]
    order = {industry: at for at, industry in enumerate(facts.industries)}
    rows = rows.sort_values(
        ["industry", "period"], key=lambda c: c.map(order) if c.name == "industry" else c
    )
    columns = ["industry", "industry_name", "period", "output_usd", "imports_usd", "exports_usd",
               "consumption_usd", "domestic_use_usd", "import_share_pct"]  # fmt: skip
    # Of industries beside the clean one the last measured year is enough on paper.
    printed = (rows["industry"] == CLEAN) | (rows["period"] == MEASURED)
    rows = pd.concat([rows[printed], rows[~printed]])
    return rows[columns], {
        "highlight": list(rows["industry"] == CLEAN),
        "printed_rows": int(printed.sum()),
    }


def size_of(facts: StudyFacts, industry: str, year: str) -> Any:
    """Return the figures of an industry and year."""
    rows = facts.consumption.set_index(["industry", "period"])
    return rows.loc[(industry, year)]


def carried_ends(facts: StudyFacts) -> tuple[float, float]:
    """Return the least and largest ratio by which imports are carried back."""
    ratios = facts.carried.values()
    return 100 * min(ratios), 100 * max(ratios)


def size_buyers(facts: StudyFacts) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the buyers of each industry's goods, the largest first; small ones by sector."""
    rows = analysis.buyers(facts.accounts[facts.accounts["industry"].isin(facts.industries)])
    rows = rows[rows["period"] == BUYER_YEAR]
    rows = rows.assign(buyer=[_buyer(item, facts.industry_names) for item in rows["item"]])
    keys = ["industry", "industry_name", "buyer"]
    sums = rows.groupby(keys, as_index=False)[["value_usd", "share_pct"]].sum()
    order = {industry: at for at, industry in enumerate(facts.industries)}
    sums["place"] = sums["industry"].map(order)
    sums = sums.sort_values(["place", "value_usd"], ascending=[True, False], ignore_index=True)
    return sums.drop(columns="place"), {"group_col": "industry_name", "hide": ["industry"]}


def main_buyers(facts: StudyFacts) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the three largest buyers of each industry's goods."""
    rows, options = size_buyers(facts)
    return rows.groupby("industry", sort=False).head(3), options | {"printed_rows": PRINTED_BUYERS}


def clean_buyers(facts: StudyFacts) -> list[Any]:
    """Return the buyers of the clean industry's goods as rows."""
    rows, _ = size_buyers(facts)
    return list(rows[rows["industry"] == CLEAN].itertuples())


def buyers_chart(facts: StudyFacts) -> Figure:
    """Draw the largest buyers of the clean industry's goods."""
    rows, _ = size_buyers(facts)
    rows = rows[(rows["industry"] == CLEAN) & (rows["value_usd"] > 0)]
    return charts.bar_suppliers(
        rows, supplier="buyer", base=None, label=BUYER_YEAR, n=10, what="Purchases"
    )


def size_bridge(facts: StudyFacts) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return segments in industries with the shares that they carry."""
    rows = facts.bridge[facts.bridge["segment"].isin(facts.asked)]
    rows = rows.assign(
        row=rows["segment"].map(facts.segments.names()),
        industry_name=rows["industry"].map(facts.industry_names),
        speaks=rows["speaks"].map({True: "size", False: "context only"}),
    ).sort_values(["row", "value_usd"], ascending=[True, False])
    columns = ["row", "naics", "industry", "industry_name", "value_usd", "of_segment_pct", "of_class_pct",
               "class_cover_pct", "speaks"]  # fmt: skip
    return rows[columns], {"group_col": "row", "hide": ["industry"]}


def applications(facts: StudyFacts) -> list[tuple[str, list[str]]]:
    """Return name and applications of the segments studied that lie in the clean industry."""
    rows = facts.bridge[facts.bridge["naics"] == CLEAN]
    inside = set(rows.loc[rows["of_segment_pct"] >= MIN_SEGMENT_PCT, "segment"])
    return [
        (s.name, list(s.applications))
        for s in facts.segments
        if s.id in facts.asked and s.id in inside
    ]


def _buyer(item: str, names: dict[str, str]) -> str:
    """Return the name of a buyer: final use, photonic industry, else its sector."""
    sector = next((SECTORS[item[:n]] for n in (3, 2) if item[:n] in SECTORS), item)
    return FINAL.get(item) or str(names.get(item, sector))


def states(facts: StudyFacts) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return imports and exports of US states in the industries that hold photonic goods."""
    rows = states_of.state_trade(sorted({i[:4] for i in facts.industries}), None, facts.data_dir)
    wide = rows.pivot_table(index="state", columns="flow", values="value_usd", aggfunc="sum")
    whole = wide.loc[ALL_STATES]
    table = wide.drop(index=ALL_STATES).sort_values("import", ascending=False).reset_index()
    table["import_share_pct"] = 100 * table["import"] / whole["import"]
    clusters = load_actors().query("iso3 == 'USA' and kind == 'cluster'")
    said = clusters["actor"] + " " + clusters["fact"]
    table["clusters_there"] = [
        "; ".join(dict.fromkeys(clusters.loc[said.str.contains(state, regex=False), "actor"]))
        or None
        for state in table["state"]
    ]
    table = table.rename(columns={"import": "imports_usd", "export": "exports_usd"})
    return table[["state", "imports_usd", "import_share_pct", "exports_usd", "clusters_there"]], {
        "printed_rows": PRINTED_STATES
    }


def state_words(facts: StudyFacts) -> dict[str, Any]:
    """Return year, industries and first states of that table for sentences."""
    rows = states_of.state_trade(sorted({i[:4] for i in facts.industries}), None, facts.data_dir)
    first = states(facts)[0].head(3)
    names = rows.drop_duplicates("naics")["naics_name"]
    return {
        "year": rows["period"].iloc[0], "industries": list(names), "codes": sorted(set(rows["naics"])),
        "first": list(zip(first["state"], first["imports_usd"], strict=True)),
    }  # fmt: skip

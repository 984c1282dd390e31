"""Clusters and value chains: who is there, what they cover together, and what nobody covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from marketintel.analysis.partnership import clusters as chains
from marketintel.analysis.trade import suppliers
from marketintel.analysis.trade.frames import OWN
from marketintel.documents import prose as w
from marketintel.documents.charts import partnership as drawings
from marketintel.documents.engine.blocks import Callout, Figure, Stack, Table, Text, escape
from marketintel.documents.partnership import Market, addresses, facts_table, figures_read, market
from marketintel.reference.countries import country, country_name, group_members
from marketintel.reference.partnership import (
    ANSWER,
    STAGES,
    load_cluster_facts,
    load_clusters,
    load_links,
    load_members,
    load_readiness,
)
from marketintel.reference.segments import load_segments

KIND_WORDS = {
    "photonics": "Photonics clusters",
    "host_industry": "Clusters of other industries",
    "regional": "Regional bodies that host a photonics cluster",
}
#: Sets of clusters that are printed; the tables of the edition have all.
TOP = 10


@dataclass(frozen=True)
class Found:
    """What is known of the clusters, for one target country."""

    market: Market
    clusters: dict[str, dict[str, Any]]
    facts: pd.DataFrame
    members: pd.DataFrame | None
    as_of: str

    @property
    def is_example(self) -> bool:
        """Whether any row calls itself an example."""
        return self.members is not None and bool(self.members["is_example"].any())

    @property
    def active(self) -> dict[str, dict[str, Any]]:
        """Clusters that exist; only these are proposed."""
        return {k: one for k, one in self.clusters.items() if one["status"] == "active"}

    @cached_property
    def segments(self) -> dict[str, str]:
        """Segment id to name."""
        return load_segments().names()

    @cached_property
    def covered(self) -> pd.DataFrame:
        """Cluster, segment, stage, members."""
        empty = pd.DataFrame(columns=["cluster", "member", "segment", "stage"])
        return chains.coverage(empty if self.members is None else self.members)

    @cached_property
    def demand(self) -> pd.Series:
        """USD that the target country imports by segment, own codes; empty where not known."""
        if (study := self.market.study) is None:
            return pd.Series(dtype="float64")
        own = study.demand[study.demand["scope"].isin(OWN)]
        return own.set_index("segment")["value_usd"].sort_values(ascending=False)

    @cached_property
    def countries(self) -> list[str]:
        """ISO3 of the countries in which clusters are active, in the directory's order."""
        return list(dict.fromkeys(one["country"] for one in self.active.values()))

    def name(self, cluster: str) -> str:
        """Name of a cluster; an example is called one."""
        name = str(self.clusters[cluster]["name"])
        return f"EXAMPLE {name}" if self.is_example else name


def load(
    target: str = "USA", members: Path | str = "", as_of: str = "", data_dir: Path | None = None
) -> Found:
    """Read directory, members and trade.

    Parameters
    ----------
    target : str
        Country for which clusters are to complete each other.
    members : path, optional
        The members file that the clusters have filled in; without it there are no chains.
    as_of : str
        Day against which facts are old or not, ``YYYY-MM-DD``.
    """
    listed = load_members(Path(members)) if str(members) else None
    seen = market(country(target), data_dir=data_dir)
    return Found(seen, load_clusters(), load_cluster_facts(), listed, as_of)


def summary(found: Found) -> Stack:
    """What this document says, in a few sentences."""
    ended = [one["name"] for one in found.clusters.values() if one["status"] == "ended"]
    lines = [
        f"The directory has {w.count(len(found.active), 'cluster')} in "
        f"{w.count(len(found.countries), 'country', 'countries')}"
        + (f"; {w.listing(ended)} no longer exists and is not proposed." if ended else "."),
    ]
    blocks: list[Callout | Text] = []
    if found.is_example:
        blocks.append(
            Callout(
                "warning",
                "**This is an example.** Its members are made up to show the form; nothing about real "
                "clusters or companies can be learned from it. It is not for publication.",
            )
        )
    if found.members is None:
        blocks.append(
            Callout(
                "warning",
                "**No cluster has filled in its members yet**, so value chains, complementary clusters "
                "and gaps cannot be shown. What is shown rests on cited facts and on the trade of the "
                "clusters' countries. `reference/cluster_members_template.csv` is the form; "
                "`marketintel clusters --check FILE` checks it, `marketintel clusters --members FILE` "
                "writes this document from it.",
            )
        )
    if found.market.study is None:
        lines.append(f"{found.market.gap} Sets of clusters are therefore not ranked by demand.")
    return Stack(*blocks, Text("\n".join(f"- {line}" for line in lines)))


def directory(found: Found) -> Stack:
    """The clusters, what they say of themselves, and when they said it."""
    rows = [
        {
            "kind": KIND_WORDS[one["kind"]],
            "name": one["name"],
            "country": country_name(one["country"]),
            "partnerships": ", ".join(one.get("partnerships", [])) or None,
            "speciality": _speciality(found, one),
            "status": _status(one),
            "cluster": cluster,
            "nuts": ", ".join(one["nuts"]),
        }
        for cluster, one in found.clusters.items()
    ]
    table = pd.DataFrame(rows).astype("object")
    order = {name: i for i, name in enumerate(KIND_WORDS.values())}
    table = table.sort_values("kind", key=lambda kinds: kinds.map(order), kind="stable")
    facts = found.facts.assign(name=found.facts["cluster"].map(lambda c: found.clusters[c]["name"]))
    return Stack(
        Table(
            table,
            name="directory",
            caption="Clusters of the directory",
            headers={"name": "Cluster", "partnerships": "Partner in",
                     "speciality": "Stated speciality"},
            group_col="kind",
            hide=["cluster", "nuts"],
            missing="not stated in the sources used here",
        ),
        facts_table(
            facts, "name", "cluster_facts", "What is known of the clusters", found.as_of, "name",
        ),
    )  # fmt: skip


def _speciality(found: Found, one: dict[str, Any]) -> str | None:
    if "industry" in one:
        return str(one["industry"])
    names = [found.segments[s] for s in one.get("focus", [])]
    return f"{', '.join(names)} ({one['focus_date']})" if names else None


def _status(one: dict[str, Any]) -> str:
    if one["status"] == "active":
        return "active"
    return f"ended {one['ended']}, now {one['successor']}: not proposed"


def value_chains(found: Found) -> Stack:
    """Steps of the chains that members cover, and those that nobody covers."""
    if found.members is None:
        return Stack(Text("Not known: no cluster has filled in its members."))
    present = {s: found.segments[s] for s in found.segments if s in set(found.covered["segment"])}
    missing = chains.gaps(found.covered, list(present), STAGES)
    missing = missing.assign(
        segment=missing["segment"].map(found.segments),
        stages=missing["stages"].map(lambda stages: ", ".join(stages)),
    )
    absent = [name for s, name in found.segments.items() if s not in present]
    detail = found.covered.assign(
        cluster=found.covered["cluster"].map(found.name),
        segment=found.covered["segment"].map(found.segments),
    )
    blocks: list[Any] = [
        Figure(
            drawings.chain(found.covered, present, STAGES),
            name="chains",
            caption="Steps of the value chains: how many clusters have a member there",
            alt=(
                f"A grid of {len(present)} segments and {len(STAGES)} steps. A dash is a step that no "
                f"cluster covers; there are {int(missing['stages'].str.count(',').add(1).sum())}."
            ),
        ),
        Table(
            detail,
            name="coverage",
            caption="Coverage by cluster",
            formats={"members": "int"},
            headers={"stage": "Step"},
            group_col="cluster",
        ),
    ]
    if len(missing):
        blocks.append(
            Table(
                missing,
                name="gaps",
                caption="Steps that nobody covers",
                headers={"stages": "Missing steps"},
            )
        )
    if absent:
        names = w.listing([w.clause(name) for name in absent])
        blocks.append(Text(f"Segments in which no member works at all: {escape(names)}."))
    return Stack(*blocks)


def complements(found: Found) -> Stack:
    """Pairs and triples of clusters that complete chains for the target country."""
    if found.members is None or found.demand.empty:
        reason = found.market.gap if found.demand.empty else "No cluster has filled in its members."
        return Stack(Text(f"Not known. {reason}"))
    blocks: list[Any] = [
        Text(
            "Coverage is the share of steps that have a member, weighted by what the target country "
            "imports of each segment. A set is shown only if each of its clusters adds something to it."
        )
    ]
    for size, word in ((2, "Pairs"), (3, "Triples")):
        table = chains.complementarity(found.covered, found.demand, STAGES, size)
        if table.empty:
            blocks.append(Text(f"**{word}.** No set of {size} clusters adds to a smaller one."))
            continue
        named = table.assign(
            clusters=table["clusters"].map(lambda c: " + ".join(found.name(one) for one in c)),
            complete_segments=table["complete_segments"].map(
                lambda c: ", ".join(found.segments[s] for s in c) or None
            ),
        )
        blocks.append(
            Table(
                named.head(TOP).drop(columns="size"),
                name=word.lower(),
                caption=f"{word} that complete each other for {w.the(found.market.name)}",
                formats={"coverage_pct": "pct", "best_alone_pct": "pct", "gain_pp": "points",
                         "complete_demand_usd": "usd_m"},
                headers={"coverage_pct": "Together",
                         "best_alone_pct": "Best alone" if size == 2 else "Best pair",
                         "gain_pp": "Gain", "complete_segments": "Chains completed",
                         "complete_demand_usd": "Imports of these"},
                missing="none",
            )
        )  # fmt: skip
    return Stack(*blocks)


def supply(found: Found) -> Stack:
    """What the clusters' countries sell to the target country, segment by segment."""
    study = found.market.study
    if study is None:
        return Stack(Text(f"Not known. {found.market.gap}"))
    special = suppliers.specialisation(study.matrix, study.codes, OWN, None)
    rows = special[special["partner"].isin(found.countries)]
    wide = rows.pivot_table(index="segment", columns="partner", values="rca_in_market")
    eu = study.position.set_index("segment")
    table = pd.DataFrame({"segment": found.demand.index, "demand_usd": found.demand.to_numpy()})
    table["eu_share_pct"] = table["segment"].map(eu["share_pct"])
    table["special"] = [_strong(wide, s, found.countries) for s in table["segment"]]
    table.insert(1, "segment_name", table["segment"].map(found.segments))
    own = study.member_segments
    own = own[own["exporter"].isin(found.countries)]
    return Stack(
        Table(
            table,
            name="supply_and_demand",
            caption=f"Demand of {w.the(found.market.name)}, and which of the clusters' countries are "
            f"specialised, {study.year}",
            formats={"demand_usd": "usd_m", "eu_share_pct": "pct"},
            headers={"segment_name": "Segment", "demand_usd": "Imports", "eu_share_pct": "EU27 share",
                     "special": "Specialised countries (RCA)"},
            hide=["segment"],
            missing="none above 1",
            note="RCA: a country's weight of the segment in what it sells here, against the segment's "
            "weight in all imports; above 1 is specialised. It is a figure of the whole country, not of "
            "a cluster.",
            source=study.source_line,
        ),
        Table(
            own[["exporter", "segment", "value_usd", "share_pct", "change_pct"]],
            name="supply_by_country",
            caption="Sales of the clusters' countries by segment",
            formats={"value_usd": "usd_m", "share_pct": "pct", "change_pct": "pct_signed"},
            printed_rows=0,
        ),
    )  # fmt: skip


def _strong(wide: pd.DataFrame, segment: str, countries: Sequence[str]) -> str | None:
    if segment not in wide.index:
        return None
    row = wide.loc[segment].to_dict()
    found = {c: row[c] for c in countries if c in row}
    ranked = sorted(found.items(), key=lambda pair: -pair[1])
    strong = [f"{country_name(c)} {rca:.1f}" for c, rca in ranked if rca > 1]
    return ", ".join(strong[:5]) or None


def readiness(found: Found) -> Stack:
    """The scorecard, and where members stand on it."""
    rule, questions = load_readiness()
    card = pd.DataFrame(
        {
            "question": [one["question"] for one in questions.values()],
            "weight": [float(one["weight"]) for one in questions.values()],
            "levels": [
                "; ".join(f"{i} {text}" for i, text in enumerate(one["levels"]))
                for one in questions.values()
            ],
            "reason": [one["reason"] for one in questions.values()],
        }
    )
    blocks: list[Any] = [
        Table(
            card,
            name="scorecard",
            caption="The scorecard",
            formats={"weight": "int"},
            headers={"levels": "Answers", "reason": "Why it is asked"},
            note=f"Score: weighted mean of the answers, 0 to 100. Ready from {rule['ready']}, nearly "
            f"ready from {rule['nearly']}; no score with fewer than {rule['min_answers']} answers. "
            "Weights and limits are a judgement, set in readiness.toml.",
        )
    ]
    if found.members is None:
        return Stack(*blocks, Text("No member has answered yet."))
    scores = chains.readiness(
        found.members.rename(columns={f"{ANSWER}{q}": q for q in questions}),
        {q: float(one["weight"]) for q, one in questions.items()},
        rule["min_answers"],
        rule["nearly"],
        rule["ready"],
    )
    return Stack(
        *blocks,
        Table(
            scores.assign(cluster=scores["cluster"].map(found.name)),
            name="readiness",
            caption="Members on the scorecard, by their own answers",
            formats={"answered": "int", "score": "int"},
            headers={"answered": "Questions answered", "band": "Result"},
            group_col="cluster",
            missing="too few answers",
        ),
    )


def cross_sector(found: Found) -> Stack:
    """Which industries buy electronics and electrical equipment of the partners' countries."""
    links = load_links()
    buyer = found.market.iso3 if found.market.iso3 in set(links["buyer"]) else "EU27"
    chosen = links[links["buyer"].isin([buyer, "EU27"])]
    table = chosen.pivot_table(
        index=["seller_sector", "buyer_industry"], columns=["seller", "buyer"],
        values="value_usd", aggfunc="sum",
    )  # fmt: skip
    eu: pd.DataFrame = table.xs("EU27", axis=1, level="seller").reset_index()
    eu["seller_sector"] = eu["seller_sector"].map(
        {"C26": "Computer, electronic and optical products (C26)",
         "C27": "Electrical equipment (C27)"}
    )  # fmt: skip
    sellers = [c for c in dict.fromkeys(table.columns.get_level_values(0)) if c != "EU27"]
    for seller in sellers:
        eu[seller] = table[(seller, "EU27")].to_numpy()
    columns = ["seller_sector", "buyer_industry", *dict.fromkeys([buyer, "EU27"]), *sellers]
    eu = eu.sort_values(["seller_sector", "EU27"], ascending=[True, False])
    hosts = w.listing(
        [one["industry"] for one in found.active.values() if one["kind"] == "host_industry"]
    )
    return Stack(
        Text(
            f"The partnership has clusters of {escape(hosts)}. The table shows how much of what "
            "electronics and electrical makers sell goes into such industries: a reason to sit at one "
            "table, not proof that photonics is in it. Both sectors are far wider than photonics."
        ),
        Table(
            eu[columns],
            name="industry_links",
            caption=f"Who buys: EU27 makers selling to {w.the(country_name(buyer))} and within the "
            "EU27, and single countries' makers selling within the EU27, 2022",
            formats=dict.fromkeys(columns[2:], "usd_m"),
            headers={"buyer_industry": "Buying industry", buyer: f"EU27 to {buyer}",
                     "EU27": "EU27 within",
                     **{s: country_name(s) for s in sellers}},
            group_col="seller_sector",
            missing="below the table's precision",
            source=f"{links['source_title'].iloc[0]} ({links['source_url'].iloc[0]}).",
        ),
    )  # fmt: skip


def gaps(found: Found) -> Text:
    """What this document cannot tell."""
    eu = set(group_members("EU27"))
    outside = [country_name(c) for c in found.countries if c not in eu]
    items = [
        "**Capabilities.** What a cluster can do is what its members file says; nobody audits it.",
        "**Completeness.** The directory has the clusters for which dated facts were found, not all "
        "of Europe's.",
        "**Companies.** Trade figures are of countries; they cannot say which cluster sold what.",
        "**Chains.** A step counts as covered with one member, whatever its size or whether it has "
        "capacity left.",
    ]
    if outside:
        items.append(f"**Outside the EU:** {escape(w.listing(outside))}.")
    return Text("\n".join(f"- {item}" for item in items))


def sources(found: Found) -> Stack:
    """Every source of figures and of the directory, once."""
    more = [
        {"source_title": one[f"{key}_source"], "source_url": one[f"{key}_url"]}
        for one in found.clusters.values()
        for key in ("partnership", "focus", "ended")
        if f"{key}_source" in one
    ]
    return Stack(figures_read(), addresses(pd.concat([found.facts, pd.DataFrame(more)])))

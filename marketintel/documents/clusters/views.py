"""Tables, charts and values of the clusters document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from marketintel.analysis.markets.priorities import DEVELOP
from marketintel.analysis.partnership import clusters as chains_of
from marketintel.analysis.trade import suppliers
from marketintel.analysis.trade.frames import OWN
from marketintel.documents import partnership
from marketintel.documents.charts import partnership as drawings
from marketintel.documents.clusters.applications import fields_of_use
from marketintel.documents.directory import Directory
from marketintel.documents.market.priority_views import *  # noqa: F403
from marketintel.errors import MissingDataError
from marketintel.reference.countries import EU, country_name, group_members
from marketintel.reference.partnership import ANSWER, STAGES, load_links, load_readiness

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KIND_NAMES = {
    "photonics": "Photonics clusters",
    "host_industry": "Clusters of other industries",
    "regional": "Regional bodies that host a photonics cluster",
}
SECTORS = {
    "C26": "Computer, electronic and optical products (C26)",
    "C27": "Electrical equipment (C27)",
}
#: Sets of clusters that are printed.
TOP = 10


def outside_eu(directory: Directory) -> list[str]:
    """Return names of the clusters' countries that are not in the EU."""
    return [country_name(c) for c in directory.countries if c not in group_members(EU)]


def clusters(directory: Directory) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the clusters with country, speciality and status, by kind."""
    rows: list[dict[str, Any]] = [
        {
            "kind": KIND_NAMES[one["kind"]],
            "name": one["name"],
            "country": country_name(one["country"]),
            "partnerships": ", ".join(one.get("partnerships", [])) or None,
            "speciality": _speciality(directory, one),
            "status": _status(one),
            "cluster": cluster,
            "nuts": ", ".join(one["nuts"]),
        }
        for cluster, one in directory.clusters.items()
    ]
    order = list(KIND_NAMES.values())
    rows.sort(key=lambda row: order.index(row["kind"]))
    return pd.DataFrame(rows, dtype="object"), {"group_col": "kind", "hide": ["cluster", "nuts"]}


def _speciality(directory: Directory, one: dict[str, Any]) -> str | None:
    if "industry" in one:
        return str(one["industry"])
    names = [directory.segments[s] for s in one.get("focus", [])]
    return f"{', '.join(names)} ({one['focus_date']})" if names else None


def _status(one: dict[str, Any]) -> str:
    if one["status"] == "active":
        return "active"
    return f"ended {one['ended']}, now {one['successor']}: not proposed"


def cluster_facts(directory: Directory) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return cited facts of the clusters."""
    facts = directory.cluster_facts
    named = facts.assign(name=[directory.clusters[c]["name"] for c in facts["cluster"]])
    return partnership.cited(named, "name", directory.as_of, "name")


def present(directory: Directory) -> dict[str, str]:
    """Return segments in which a member works, id to name."""
    covered = set(directory.covered["segment"])
    return {s: name for s, name in directory.segments.items() if s in covered}


def absent(directory: Directory) -> list[str]:
    """Return names of segments in which no member works."""
    return [name for s, name in directory.segments.items() if s not in present(directory)]


def gaps(directory: Directory) -> pd.DataFrame | None:
    """Return steps that no cluster covers, by segment; None if there is no such step."""
    missing = chains_of.gaps(directory.covered, list(present(directory)), STAGES)
    missing["segment"] = missing["segment"].map(directory.segments)
    missing["stages"] = missing["stages"].map(", ".join)
    return missing if len(missing) else None


def gap_count(directory: Directory) -> int:
    """Return the number of steps that no cluster covers."""
    missing = gaps(directory)
    return 0 if missing is None else int(missing["stages"].str.count(",").add(1).sum())


def stages(directory: Directory) -> tuple[str, ...]:
    """Return the steps of a value chain."""
    return tuple(STAGES)


def chains(directory: Directory) -> Figure:
    """Draw how many clusters cover each step."""
    return drawings.chain(directory.covered, present(directory), STAGES)


def coverage(directory: Directory) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return members by cluster, segment and step."""
    detail = directory.covered.assign(
        cluster=directory.covered["cluster"].map(directory.name),
        segment=directory.covered["segment"].map(directory.segments),
    )
    return detail, {"group_col": "cluster"}


def _pushed(directory: Directory) -> list[str]:
    """Return ids of the segments to push, or to develop where there are none to push."""
    try:
        found = directory.priorities
    except MissingDataError:
        return []
    return found.push or list(found.of(DEVELOP)["segment"])


def _could_fill(directory: Directory, segment: str) -> str | None:
    """Return active clusters outside the members file that state the speciality."""
    members = directory.members
    inside = set() if members is None else set(members["cluster"])
    named = [one["name"] for key, one in directory.active.items()
             if key not in inside and segment in one.get("focus", [])]  # fmt: skip
    return ", ".join(named) or None


def push_chains(directory: Directory) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return who fills each step of the segments to push; None without members or a list."""
    if directory.members is None or not (pushed := _pushed(directory)):
        return None, {}
    table = chains_of.steps(directory.members, pushed, STAGES)
    table["filled_by"] = [
        "; ".join(f"{member} ({directory.name(cluster)})" for member, cluster in found) or None
        for found in table["filled_by"]
    ]
    table["could_fill"] = [
        None if isinstance(row["filled_by"], str) else _could_fill(directory, row["segment"])
        for row in table.to_dict("records")
    ]
    table["segment"] = table["segment"].map(directory.segments)
    return table, {"group_col": "segment"}


def push_pairs(directory: Directory) -> pd.DataFrame | None:
    """Return for each segment to push the pair that fills most steps; None without one."""
    table = chains_of.best_pairs(directory.covered, _pushed(directory), STAGES)
    if table.empty:
        return None
    for column in ("first_steps", "added_steps", "missing_steps"):
        table[column] = table[column].map(", ".join).replace("", None)
    for column in ("first", "second"):
        table[column] = table[column].map(directory.name)
    return table.assign(segment=table["segment"].map(directory.segments))


def chain_words(directory: Directory) -> dict[str, Any] | None:
    """Return the three findings of the chains for sentences; None without members or a list."""
    if directory.members is None or not (pushed := _pushed(directory)):
        return None
    table = chains_of.steps(directory.members, pushed, STAGES)
    empty = table["filled_by"].map(len) == 0
    left = empty.groupby(table["segment"], sort=False).sum()
    pairs = push_pairs(directory)
    outside = {name for s in left.index[left > 0] if (name := _could_fill(directory, s))}
    return {
        "segments": len(left), "whole": [directory.segments[s] for s in left.index[left == 0]],
        "none": [directory.segments[s] for s in left.index[left == len(STAGES)]],
        "steps": len(table), "filled": int((~empty).sum()),
        "pair": None if pairs is None else pairs.iloc[0].to_dict(),
        "outside": sorted(set(", ".join(outside).split(", ")) - {""}),
    }  # fmt: skip


def sets(directory: Directory, size: int) -> pd.DataFrame | None:
    """Return sets of so many clusters that complete chains; None if none adds to a smaller one."""
    table = chains_of.complementarity(directory.covered, directory.demand, STAGES, size)
    if table.empty:
        return None
    named = table.assign(
        clusters=table["clusters"].map(lambda c: " + ".join(map(directory.name, c))),
        complete_segments=table["complete_segments"].map(
            lambda c: ", ".join(directory.segments[s] for s in c) or None
        ),
    )
    return named.head(TOP).drop(columns="size")


def supply_and_demand(directory: Directory) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return imports by segment, share of the EU27, and specialised countries of the clusters."""
    study = directory.market.figures
    special = suppliers.specialisation(study.matrix, study.codes, OWN, None)
    rows = special[special["partner"].isin(directory.countries)]
    wide = rows.pivot_table(index="segment", columns="partner", values="rca_in_market")
    share = study.position.set_index("segment")["share_pct"]
    table = directory.demand.rename("demand_usd").rename_axis("segment").reset_index()
    table.insert(1, "segment_name", table["segment"].map(directory.segments))
    table["eu_share_pct"] = table["segment"].map(share)
    table["special"] = [_specialised(wide, s, directory.countries) for s in table["segment"]]
    return table, {"hide": ["segment"]}


def _specialised(wide: pd.DataFrame, segment: str, countries: list[str]) -> str | None:
    """Return up to five countries with an RCA above 1, the largest first."""
    if segment not in wide.index:
        return None
    row = wide.loc[segment].to_dict()
    ranked = sorted((c for c in countries if row.get(c, 0) > 1), key=lambda c: -row[c])
    return ", ".join(f"{country_name(c)} {row[c]:.1f}" for c in ranked[:5]) or None


def supply_by_country(directory: Directory) -> pd.DataFrame:
    """Return sales of the clusters' countries by segment."""
    study = directory.market.figures
    own = study.member_segments
    own = own[own["exporter"].isin(directory.countries)]
    return own[["exporter", "segment", "value_usd", "share_pct", "change_pct"]]


def readiness_rule(directory: Directory) -> dict[str, Any]:
    """Return the limits of the scorecard."""
    return load_readiness()[0]


def scorecard(directory: Directory) -> pd.DataFrame:
    """Return the questions with weight, answers and reason."""
    rows = [
        {
            "question": one["question"],
            "weight": float(one["weight"]),
            "levels": "; ".join(f"{i} {text}" for i, text in enumerate(one["levels"])),
            "reason": one["reason"],
        }
        for one in load_readiness()[1].values()
    ]
    return pd.DataFrame(rows)


def readiness(directory: Directory) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return members on the scorecard by their own answers; None without members."""
    rule, questions = load_readiness()
    if (members := directory.members) is None:
        return None, {}
    scores = chains_of.readiness(
        members.rename(columns={f"{ANSWER}{q}": q for q in questions}),
        {q: float(one["weight"]) for q, one in questions.items()},
        rule["min_answers"],
        rule["nearly"],
        rule["ready"],
    )
    return scores.assign(cluster=scores["cluster"].map(directory.name)), {"group_col": "cluster"}


def applications(directory: Directory) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return segments by field of application: words, and what the field buys."""
    table = fields_of_use(directory.data_dir)
    words = table["applications"].map(", ".join)
    words = words.mask((words == "") & table["theme"], "by theme only")
    cell = words.replace("", None)
    share = table["bought_pct"].map(lambda pct: "" if pd.isna(pct) else f" ({pct:.0f} %)")
    wide = table.assign(cell=cell.fillna("none on file") + share)
    names: dict[str, str] = dict(zip(table["field"], table["field_name"], strict=True))
    shown = wide.pivot_table("cell", "segment_name", "field", aggfunc="first", sort=False)
    shown = shown[list(names)].reset_index()
    goods = table.drop_duplicates("segment_name").set_index("segment_name")["industry_name"]
    shown["commodity"] = shown["segment_name"].map(goods)
    return shown, {"headers": names}


def applications_detail(directory: Directory) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the matrix as a long table that is not printed."""
    table = fields_of_use(directory.data_dir)
    table["applications"] = table["applications"].map("; ".join)
    columns = ["segment_name", "field_name", "applications", "theme", "industry", "industry_name",
               "of_segment_pct", "bought_pct"]  # fmt: skip
    return table[columns], {"printed_rows": 0}


def buyer(directory: Directory) -> str:
    """Return the target country, or the EU27 if the input-output table has no such buyer."""
    iso3 = directory.market.iso3
    return iso3 if iso3 in set(load_links()["buyer"]) else EU


def buyer_name(directory: Directory) -> str:
    """Return the name of the buyer."""
    return country_name(buyer(directory))


def links_source(directory: Directory) -> str:
    """Return title and address of the input-output table."""
    first = load_links().iloc[0]
    return f"{first['source_title']} ({first['source_url']})."


def industry_links(directory: Directory) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return purchases of industries from electronics and electrical makers."""
    links, target = load_links(), buyer(directory)
    table = links[links["buyer"].isin([target, EU])].pivot_table(
        index=["seller_sector", "buyer_industry"], columns=["seller", "buyer"],
        values="value_usd", aggfunc="sum",
    )  # fmt: skip
    sellers = [c for c in dict.fromkeys(table.columns.get_level_values(0)) if c != EU]
    eu: pd.DataFrame = table.xs(EU, axis=1, level="seller").reset_index()
    eu["seller_sector"] = eu["seller_sector"].map(SECTORS)
    for seller in sellers:
        eu[seller] = table[(seller, EU)].to_numpy()
    columns = ["seller_sector", "buyer_industry", *dict.fromkeys([target, EU]), *sellers]
    eu = eu.sort_values(["seller_sector", EU], ascending=[True, False])
    return eu[columns], {
        "group_col": "seller_sector",
        "formats": dict.fromkeys(columns[2:], "usd_m"),
        "headers": {target: f"{EU} to {target}", EU: f"{EU} within",
                    **{s: country_name(s) for s in sellers}},
    }  # fmt: skip


def addresses(directory: Directory) -> list[tuple[str, str]]:
    """Return title and address of every source of the directory."""
    more = [
        {"source_title": one[f"{key}_source"], "source_url": one[f"{key}_url"]}
        for one in directory.clusters.values()
        for key in ("partnership", "focus", "ended")
        if f"{key}_source" in one
    ]
    return partnership.addresses(pd.concat([directory.cluster_facts, pd.DataFrame(more)]))

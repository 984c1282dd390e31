"""Tables and values of a mission's dossier."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from marketintel.documents import indicators, partnership
from marketintel.documents.market.access_views import *  # noqa: F403
from marketintel.documents.market.economy import economy as economy
from marketintel.documents.market.priority_views import *  # noqa: F403
from marketintel.documents.mission.facts import Dossier
from marketintel.reference.countries import EU
from marketintel.reference.files import year_of

KIND_NAMES = {
    "association": "Associations",
    "cluster": "Clusters",
    "institute": "Institutes",
    "industry": "Industry",
    "fair": "Fairs",
    "congress": "Congresses",
    "agency": "Agencies and networks",
    "soft landing": "Soft landing",
    "matchmaking": "Matchmaking of clusters",
}
#: What an actor of a kind can be asked for.
ASKED_FOR = {
    "association": "members and the state of the industry",
    "cluster": "partners, a memorandum, cluster to cluster",
    "institute": "pilot lines and tests",
    "industry": "the state of the industry",
    "fair": "a stand, buyers and the programme beside it",
    "congress": "papers, and who works on what",
    "agency": "search for partners, advice on rules",
    "soft landing": "an office and first steps",
    "matchmaking": "meetings with clusters and firms",
}
MEETINGS = {"c2c": "cluster to cluster", "b2b": "business to business", "memorandum": "memorandum"}


def duty(dossier: Dossier) -> tuple[float, float] | None:
    """Return duties on EU goods in base year and year, per cent; None if they are not known."""
    study = dossier.market.figures
    return study.duty_of(EU) if study.has_duties else None


def suppliers(dossier: Dossier) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the largest suppliers."""
    study = dossier.market.figures
    rows = study.shares_total[study.shares_total["value_usd"] > 0].head(8)
    named = rows.assign(supplier=rows["partner"].map(study.name))
    return named[["supplier", "value_usd", "change_pct", "share_pct"]], {
        "highlight": (rows["partner"] == EU).tolist()
    }


def _segments(dossier: Dossier) -> list[str]:
    """Return segments to pitch; without figures, those that members or clusters name."""
    if len(dossier.pitch):
        return list(dossier.pitch["segment"])
    active = dossier.directory.active.values()
    focus = [s for cluster in active for s in cluster.get("focus", [])]
    members = dossier.directory.members
    return list(dict.fromkeys([*focus, *([] if members is None else members["segment"])]))


def clusters_to_bring(dossier: Dossier) -> pd.DataFrame | None:
    """Return clusters whose stated speciality matches; None without one."""
    directory = dossier.directory
    rows = [
        (directory.segments[s], one["name"], f"{one['focus_source']}, {one['focus_date']}")
        for s in _segments(dossier)
        for one in directory.active.values()
        if s in one.get("focus", [])
    ]
    return pd.DataFrame(rows, columns=["segment", "cluster", "source"]) if rows else None


def members_to_bring(dossier: Dossier) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return members by segment; None without a members file."""
    directory = dossier.directory
    if (members := directory.members) is None:
        return None, {}
    rows = members[members["segment"].isin(_segments(dossier))]
    rows = rows.assign(
        segment=rows["segment"].map(directory.segments),
        cluster=rows["cluster"].map(directory.name),
    )
    columns = ["segment", "member", "cluster", "stage", "capability"]
    return rows[columns].sort_values("segment"), {"group_col": "segment"}


def who_is_there(dossier: Dossier) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return actors with place, kind, what for, newest fact and next date; old ones are not printed.

    The place is the one in the actor's name, and the next date that of an edition announced after
    the day looked at; both are missing where no source on file states them.
    """
    facts = dossier.actors[dossier.actors["kind"] != "memorandum"]
    if facts.empty:
        return None, {}
    rows = []
    for name, own in facts.groupby("actor", sort=False):
        newest = max(own["ref_date"], key=lambda day: year_of(day) or 0)
        dates = own.loc[own["unit"] == "date", "value"]
        ahead = sorted(day for day in dates if day[:10] > dossier.as_of)
        place = re.search(r"\(([^)]+)\)$", str(name))
        kind = own["kind"].iloc[0]
        rows.append({
            "actor": name, "kind": kind, "place": place[1] if place else None,
            "asked_for": ASKED_FOR[kind], "ref_date": partnership.dated(newest, dossier.as_of),
            "next_date": ahead[0] if ahead else None, "source_url": own["source_url"].iloc[0],
        })  # fmt: skip
    table = pd.DataFrame(rows)
    old = table["ref_date"].str.endswith("(old)")
    table = table.assign(old=old).sort_values("old", kind="stable").drop(columns="old")
    return table, {"printed_rows": max(int((~old).sum()), 1), "hide": ["source_url"]}


def actors(dossier: Dossier) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return cited facts of associations, clusters, institutes and fairs; None without one."""
    rows = dossier.actors[dossier.actors["kind"] != "memorandum"]
    if rows.empty:
        return None, {}
    rows = rows.assign(group=rows["kind"].map(KIND_NAMES))
    return partnership.cited(rows, "actor", dossier.as_of, "group")


def old_facts(dossier: Dossier) -> tuple[int, int]:
    """Return the numbers of old facts and of all facts of actors."""
    rows = dossier.actors[dossier.actors["kind"] != "memorandum"]
    return sum(_old(dossier, rows["ref_date"])), len(rows)


def _old(dossier: Dossier, days: pd.Series) -> list[bool]:
    return [partnership.age(day, dossier.as_of) == "old" for day in days]


def memoranda(dossier: Dossier) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return memoranda of understanding with clusters of the country; None without one."""
    rows = dossier.actors[dossier.actors["kind"] == "memorandum"]
    if rows.empty:
        return None, {}
    words = {True: "old: ask whether it still stands", False: "recent"}
    rows = rows.assign(state=[words[old] for old in _old(dossier, rows["ref_date"])])
    columns = ["actor", "fact", "ref_date", "state", "source_title", "source_url"]
    return rows[columns], {"hide": ["source_url"]}


def falling(dossier: Dossier) -> list[dict[Any, Any]]:
    """Return up to two segments to pitch whose imports fell."""
    return dossier.pitch[dossier.pitch["growth_pct"] < 0].head(2).to_dict("records")


def signed(dossier: Dossier) -> list[dict[Any, Any]]:
    """Return the memoranda as rows."""
    return dossier.actors[dossier.actors["kind"] == "memorandum"].to_dict("records")


def out_of_date(dossier: Dossier) -> list[str]:
    """Return clusters and associations with an old fact."""
    rows = dossier.actors[_old(dossier, dossier.actors["ref_date"])]
    return list(rows.loc[rows["kind"].isin(["cluster", "association"]), "actor"].unique())


def meeting_command(dossier: Dossier) -> str:
    """Return the command that enters a meeting."""
    arguments = f'meet {dossier.market.iso3} --kind c2c --with "SPIE" --evidence "minutes"'
    return indicators.command(dossier.as_of, arguments, meeting="c2c")


def meetings(dossier: Dossier) -> pd.DataFrame | None:
    """Return meetings and results of the country in the log; None without one."""
    if dossier.meetings.empty:
        return None
    rows = dossier.meetings.assign(
        meeting=dossier.meetings["meeting"].map(MEETINGS),
        counterpart=dossier.meetings["counterpart"].replace("", None),
    ).sort_values("date", kind="stable")
    columns = ["date", "indicator", "meeting", "counterpart", "value", "evidence"]
    return rows[columns].astype({"value": "float64", "meeting": "object"})


def addresses(dossier: Dossier) -> list[tuple[str, str]]:
    """Return title and address of every source of the actors."""
    return partnership.addresses(dossier.actors)

"""The dossier of a mission: the market on a page, what to pitch, whom to meet, what to ask."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from marketintel.analysis.trade.frames import CORE, OWN
from marketintel.documents import prose as w
from marketintel.documents.chapters import _environment
from marketintel.documents.clusters import pages as clusters
from marketintel.documents.engine.blocks import Callout, KeyFigures, Stack, Table, Text, escape
from marketintel.documents.frames import one
from marketintel.documents.kpi_monitor import facts as kpi_monitor
from marketintel.documents.market.study import Study
from marketintel.documents.partnership import (
    KIND_NAMES,
    Market,
    addresses,
    age,
    facts_table,
    figures_read,
)
from marketintel.reference.countries import EU, country_name
from marketintel.reference.drivers import market_note
from marketintel.reference.partnership import load_actors
from marketintel.warehouse import store

NEIGHBOURS = " Neighbours of photonics are in none of the sums on the first page."
#: Segments that are pitched.
PITCHED = 6
MEETINGS = {"c2c": "cluster to cluster", "b2b": "business to business", "memorandum": "memorandum"}


@dataclass(frozen=True)
class Dossier:
    """All that the dossier of one country rests on."""

    market: Market
    found: clusters.Found
    actors: pd.DataFrame
    meetings: pd.DataFrame
    as_of: str
    data_dir: Path

    @property
    def is_example(self) -> bool:
        """Whether the members are made up."""
        return self.found.is_example

    @cached_property
    def pitch(self) -> pd.DataFrame:
        """The segments to pitch: largest imports first, of those in which the EU is specialised.

        segment, segment_name, demand_usd, change_pct, eu_share_pct, eu_duty_pct, rca_in_market.
        """
        study = self.market.study
        if study is None:
            return pd.DataFrame()
        table = pd.DataFrame({"demand_usd": self.found.demand})
        demand = study.demand[study.demand["scope"].isin(OWN)].set_index("segment")
        own = study.position.set_index("segment")
        rca = study.specialisation[study.specialisation["partner"] == EU].set_index("segment")
        table["change_pct"] = demand["change_pct"]
        table["eu_share_pct"] = own["share_pct"]
        table["rca_in_market"] = rca["rca_in_market"]
        if study.has_duties:
            duty = study.duty[(study.duty["partner"] == EU) & (study.duty["period"] == study.year)]
            table["eu_duty_pct"] = duty.set_index("segment")["effective_duty_pct"]
        table.insert(0, "segment_name", table.index.map(self.found.segments))
        table.loc[table.index.isin(study.neighbours), "segment_name"] += " (neighbour)"
        chosen = table[table["rca_in_market"] > 1].sort_values("demand_usd", ascending=False)
        return chosen.head(PITCHED).rename_axis("segment").reset_index()


def load(
    target: str = "USA", members: Path | str = "", as_of: str = "", data_dir: Path | None = None
) -> Dossier:
    """Read the market, the clusters, the actors and the meetings of one country."""
    found = clusters.load(target, members, as_of, data_dir)
    monitor = kpi_monitor.load(as_of, data_dir)
    here = monitor.lines[
        (monitor.lines["country"] == found.market.iso3) & (monitor.lines["date"] <= as_of)
    ]
    here = here.assign(indicator=[monitor.kpis[k]["name"] for k in here["kpi"]])
    actors = load_actors()
    return Dossier(
        found.market,
        found,
        actors[actors["iso3"] == found.market.iso3].reset_index(drop=True),
        here,
        as_of,
        data_dir or store.default_data_dir(),
    )


def market_page(dossier: Dossier) -> Stack:
    """The market on one page, or what is known without trade figures."""
    study = dossier.market.study
    if study is None:
        return Stack(
            Callout("warning", f"**No trade figures.** {dossier.market.gap}"),
            Text(
                "Imports, suppliers, duties and their changes are therefore not in this dossier. What "
                "local organisations say about the industry stands under “Whom to meet”."
            ),
        )
    total = one(study.demand_total, "scope", CORE)
    own = one(study.position_total, "scope", CORE)
    cards = [
        (f"Photonic imports, {study.year}", w.money(total["value_usd"]),
         f"core codes; {w.change(total['change_pct'])} on {study.base}"
         f"{study.beside(study.growth_or_level)}"),
        ("Share of the EU27", w.percent(own["share_pct"]),
         f"{w.points(own['share_change_pp'])} on {study.base}"
         f"{study.beside('share_pct', 'share_change_pp')}"),
    ]  # fmt: skip
    if study.has_duties:
        before, now = study.duty_of(EU)
        aside = study.beside("duty_pct", "duty_change_pp")
        cards.append(
            ("Duty on EU goods", w.percent(now), f"{w.percent(before)} in {study.base}{aside}")
        )
    note = market_note(study.market, study.year)
    suppliers = study.shares_total[study.shares_total["value_usd"] > 0].head(8)
    return Stack(
        KeyFigures(cards),
        Callout("warning", f"{note.text} Source: {note.source}.") if note else None,
        Text("\n".join(f"- {line}" for line in _sentences(study))),
        Table(
            suppliers.assign(supplier=suppliers["partner"].map(study.name))[
                ["supplier", "value_usd", "change_pct", "share_pct"]
            ],
            name="suppliers",
            caption=f"Largest suppliers, core codes, {study.year}",
            formats={"value_usd": "usd_m", "change_pct": "pct_signed", "share_pct": "pct"},
            headers={"value_usd": "Sales", "change_pct": "Change", "share_pct": "Share"},
            highlight=(suppliers["partner"] == EU).tolist(),
            source=study.source_line,
        ),
    )


def pitches(dossier: Dossier) -> Stack:
    """Segments to pitch, and for whom."""
    study = dossier.market.study
    if study is None:
        return Stack(
            Text(f"Not known. {dossier.market.gap}"), _who(dossier, list(_listed(dossier)))
        )
    table = dossier.pitch
    formats = {
        "demand_usd": "usd_m", "change_pct": "pct_signed", "eu_share_pct": "pct",
        "rca_in_market": "ratio2", "eu_duty_pct": "pct",
    }  # fmt: skip
    return Stack(
        Text(
            f"Pitched are the segments in which the EU is specialised in this market (RCA above 1), the "
            f"largest imports first: {escape(w.listing([w.clause(n) for n in table['segment_name']]))}."
            f"{NEIGHBOURS if table['segment'].isin(study.neighbours).any() else ''}"
        ),
        Table(
            table,
            name="pitch",
            caption=f"Segments to pitch in {w.the(dossier.market.name)}, {study.year}",
            formats={k: v for k, v in formats.items() if k in table},
            headers={k: v for k, v in {
                "segment_name": "Segment", "demand_usd": "Imports", "change_pct": "Change",
                "eu_share_pct": "EU27 share", "rca_in_market": "RCA", "eu_duty_pct": "Duty on EU",
            }.items() if k in table},
            hide=["segment"],
            source=study.source_line,
        ),
        _who(dossier, table["segment"].tolist()),
    )  # fmt: skip


def _listed(dossier: Dossier) -> set[str]:
    focus = {s for one in dossier.found.active.values() for s in one.get("focus", [])}
    if dossier.found.members is not None:
        focus |= set(dossier.found.members["segment"])
    return focus


def _who(dossier: Dossier, segments: list[str]) -> Stack:
    """Members for each segment; without a members file, clusters whose speciality is stated."""
    found = dossier.found
    if found.members is None:
        rows = [
            (found.segments[s], one["name"], f"{one['focus_source']}, {one['focus_date']}")
            for s in segments
            for one in found.active.values()
            if s in one.get("focus", [])
        ]
        missing = Text(
            "**Members are not known**: no cluster has filled in its members file. Only clusters "
            "whose speciality a source states are named; the others are not excluded, nobody has said."
        )
        if not rows:
            return Stack(missing)
        return Stack(
            missing,
            Table(
                pd.DataFrame(rows, columns=["segment", "cluster", "source"]),
                name="clusters_to_bring",
                caption="Clusters whose stated speciality matches",
                headers={"source": "Stated in"},
            ),
        )
    here = found.members[found.members["segment"].isin(segments)]
    table = here.assign(
        segment=here["segment"].map(found.segments), cluster=here["cluster"].map(found.name)
    )
    return Stack(
        Callout("warning", "**EXAMPLE.** These members are made up.") if found.is_example else None,
        Table(
            table[["segment", "member", "cluster", "stage", "capability"]].sort_values("segment"),
            name="members_to_bring",
            caption="Members who say that they work there",
            headers={"stage": "Step"},
            group_col="segment",
        ),
    )


def actors(dossier: Dossier) -> Stack:
    """Associations, clusters, institutes and fairs, each with its date and source."""
    rows = dossier.actors[dossier.actors["kind"] != "memorandum"]
    if rows.empty:
        return Stack(
            Text(
                f"No actor of {escape(w.the(dossier.market.name))} is in `reference/actors.csv`. Who "
                "knows one enters it there, with date and source."
            )
        )
    rows = rows.assign(group=rows["kind"].map(KIND_NAMES))
    old = int(sum(age(day, dossier.as_of) == "old" for day in rows["ref_date"]))
    return Stack(
        Text(
            f"{old} of {len(rows)} facts are old. Fairs are named with the last edition that was found; "
            "look up the next one before booking."
        ),
        facts_table(rows, "actor", "actors", f"Actors in {w.the(dossier.market.name)}",
                    dossier.as_of, "group"),
    )  # fmt: skip


def memoranda(dossier: Dossier) -> Stack:
    """Memoranda of understanding with clusters of the country."""
    rows = dossier.actors[dossier.actors["kind"] == "memorandum"]
    if rows.empty:
        return Stack(
            Text(f"No memorandum with a cluster of {escape(w.the(dossier.market.name))} is known.")
        )
    shown = rows.assign(
        state=[
            "old: ask whether it still stands" if age(day, dossier.as_of) == "old" else "recent"
            for day in rows["ref_date"]
        ]
    )
    return Stack(
        Table(
            shown[["actor", "fact", "ref_date", "state", "source_title", "source_url"]],
            name="memoranda",
            caption="Memoranda of understanding",
            headers={"actor": "With", "fact": "What", "ref_date": "Signed", "state": "State",
                     "source_title": "Source"},
            hide=["source_url"],
            note="The day was read from the fair's calendar.",
        )
    )  # fmt: skip


def questions(dossier: Dossier) -> Text:
    """What to ask there: each question comes from something that this dossier does not know."""
    items = [
        "What do companies of this country make at home? Import figures do not show it.",
        "Who decides on a purchase, and how long does it take from first meeting to order?",
        "Which certificates and export controls apply to lasers and sensors here?",
    ]
    study = dossier.market.study
    if study is not None:
        if study.has_duties:
            before, now = study.duty_of(EU)
            items.append(
                f"Calculated duty on EU photonics went from {w.percent(before)} to {w.percent(now)} of "
                "customs value: who bears it, supplier or buyer?"
            )
        for row in dossier.pitch[dossier.pitch["change_pct"] < 0].head(2).to_dict("records"):
            name = escape(row["segment_name"].lower())
            items.append(
                f"Imports of {name} fell by {w.percent(-row['change_pct'])} in {study.year}: less "
                "demand, stocks from the year before, or home production?"
            )
    else:
        items.append(
            "Which figures on photonic imports and production are published here, and by whom?"
        )
    seen = dossier.actors
    items += [
        f"Does the memorandum of {row['ref_date']} with {escape(row['actor'])} still stand, and what "
        "has come of it?"
        for row in seen[seen["kind"] == "memorandum"].to_dict("records")
    ]
    old = seen["ref_date"].map(lambda day: age(day, dossier.as_of) == "old").astype("bool")
    asked = seen.loc[seen["kind"].isin(["cluster", "association"]) & old, "actor"].unique()
    items += [
        f"To {escape(name)}: what are today's numbers of members, companies and jobs?"
        for name in asked
    ]
    return Text("\n".join(f"{i}. {item}" for i, item in enumerate(items, start=1)))


def meetings(dossier: Dossier) -> Stack:
    """Meetings and results that the log has for this country."""
    arguments = f'meet {dossier.market.iso3} --kind c2c --with "SPIE" --evidence "minutes"'
    how = kpi_monitor.command(dossier.as_of, arguments, meeting="c2c")
    if dossier.meetings.empty:
        return Stack(Text(f"No meeting has been entered for this country. {how}"))
    rows = dossier.meetings.assign(
        meeting=dossier.meetings["meeting"].map(MEETINGS),
        counterpart=dossier.meetings["counterpart"].replace("", None),
    ).sort_values("date", kind="stable")
    return Stack(
        Table(
            rows[["date", "indicator", "meeting", "counterpart", "value", "evidence"]].astype(
                {"value": "float64", "meeting": "object"}
            ),
            name="meetings",
            caption="Meetings and results so far",
            formats={"value": "int"},
            headers={"counterpart": "With", "evidence": "Proof", "meeting": "Kind"},
            missing="not named",
        ),
        Text(how),
    )


def gaps(dossier: Dossier) -> Text:
    """What this dossier cannot tell."""
    items = []
    if dossier.market.study is None:
        items.append(f"**Trade.** {dossier.market.gap}")
    items += [
        "**Market size.** Imports say nothing of what domestic firms sell at home.",
        "**Buyers.** No company of the target country is named: none is in the sources.",
        "**Rules.** Certificates, visas and export controls are not covered.",
    ]
    if dossier.found.members is None:
        items.append("**Members.** No members file was given.")
    return Text("\n".join(f"- {item}" for item in items))


def sources(dossier: Dossier) -> Stack:
    """Sources of the figures, and addresses of the cited facts."""
    trade = figures_read(dossier.data_dir)
    if dossier.actors.empty:
        return Stack(
            trade, Text(f"No facts of {escape(country_name(dossier.market.iso3))} are cited.")
        )
    return Stack(trade, addresses(dossier.actors))


def _sentences(study: Study) -> list[str]:
    """Return the sentences on demand, segments, exporter and causes of a market study."""
    said = _environment("mission", "en").get_template("market.md.j2").module
    return [part(study) for part in (said.demand, said.segments, said.exporter, said.why)]

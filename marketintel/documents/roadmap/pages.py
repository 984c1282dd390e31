"""The plan: time line, critical path, missions, and what could come next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from marketintel.analysis.partnership import roadmap as path_method
from marketintel.documents import prose as w
from marketintel.documents.charts import partnership as drawings
from marketintel.documents.engine.blocks import (
    Callout,
    Figure,
    KeyFigures,
    Stack,
    Table,
    Text,
    escape,
)
from marketintel.documents.partnership import KEY_MARKETS, figures_read, market
from marketintel.documents.ranking import load as ranking
from marketintel.errors import MissingDataError
from marketintel.reference.countries import country_name
from marketintel.reference.partnership import load_actions, load_kpis


@dataclass(frozen=True)
class Plan:
    """The actions, their dates, and the countries looked at."""

    as_of: str
    actions: dict[str, dict[str, Any]]
    kpis: dict[str, dict[str, Any]]
    countries: list[str]
    data_dir: Path | None = None

    @cached_property
    def table(self) -> pd.DataFrame:
        """The schedule with names, in order of time."""
        rows = [
            {
                "action": name,
                "start": one.get("start"),
                "end": one.get("end"),
                "weeks": float(one.get("weeks", math.nan)),
                "after": one.get("after", []),
            }
            for name, one in self.actions.items()
        ]
        dates = path_method.schedule(
            pd.DataFrame(rows).astype({"start": "object", "end": "object"})
        )
        dates.insert(1, "name", [one["name"] for one in self.actions.values()])
        dates["status"] = [one["status"] for one in self.actions.values()]
        dates["owner_role"] = [one["owner_role"] for one in self.actions.values()]
        return dates.sort_values(["early_start", "early_end"], kind="stable", ignore_index=True)

    @property
    def first(self) -> date:
        """First day of the plan."""
        return min(self.table["early_start"])

    @property
    def last(self) -> date:
        """Last day of the plan."""
        return max(self.table["early_end"])

    @property
    def proposed(self) -> int:
        """How many actions nobody has adopted."""
        return sum(one["status"] == "proposed" for one in self.actions.values())


def load(as_of: str, countries: Sequence[str] = KEY_MARKETS, data_dir: Path | None = None) -> Plan:
    """Read the plan and its indicators."""
    return Plan(as_of, load_actions(), load_kpis(), list(countries), data_dir)


def summary(plan: Plan) -> Stack:
    """What the plan is, how firm it is, and what sets its end."""
    table = plan.table
    path = table[table["critical"]]
    conflicts = table[(table["conflict"] != "") | (table["float_days"] < 0)]
    blocks: list[Any] = [
        KeyFigures(
            [
                ("Actions", str(len(table)), f"{plan.first:%b %Y} to {plan.last:%b %Y}"),
                ("Proposed", str(plan.proposed), "not adopted by any partner"),
                ("On the critical path", str(len(path)), "each day late is a day later at the end"),
                ("Conflicts", str(len(conflicts)), "fixed dates that cannot be kept"),
            ]
        )
    ]
    if plan.proposed:
        blocks.append(
            Callout(
                "warning",
                f"**{plan.proposed} of {len(table)} actions are proposals** of the file "
                "`roadmap.toml`, with the reason of each below. They bind nobody until the partners "
                "adopt them; dates of fairs that are not published are marked.",
            )
        )
    names = [escape(name) for name in path["name"]]
    blocks.append(Text(f"The end of the plan is set by this chain: {' → '.join(names)}."))
    for row in conflicts.to_dict("records"):
        late = [plan.actions[a]["name"] for a in row["conflict"].split(", ") if a]
        reason = f"{w.listing(late)} would end after it has begun" if late else "it comes too late"
        blocks.append(
            Callout("warning", f"**{escape(row['name'])}** cannot be kept: {escape(reason)}.")
        )
    return Stack(*blocks)


def timeline(plan: Plan) -> Stack:
    """The time line as a picture and as a table."""
    table = plan.table
    days = {c: table[c].map(date.isoformat) for c in
            ("early_start", "early_end", "late_start", "late_end")}  # fmt: skip
    notes = [plan.actions[a].get("date_note") for a in table["action"]]
    shown = table.assign(**days, date_note=pd.Series(notes, dtype="object"))
    columns = ["name", "early_start", "early_end", "float_days", "status", "date_note", "owner_role",
               "late_start", "late_end", "action", "critical", "fixed"]  # fmt: skip
    return Stack(
        Figure(
            drawings.gantt(table, plan.as_of),
            name="gantt",
            caption="Time line; a hollow bar has fixed dates",
            alt=(
                f"Bars of {len(table)} actions from {plan.first} to {plan.last}. "
                f"{int(table['critical'].sum())} of them set the end of the plan."
            ),
        ),
        Table(
            shown[columns],
            name="schedule",
            caption="Earliest dates, and how many days each action may slip",
            formats={"float_days": "int"},
            headers={"name": "Action", "early_start": "From", "early_end": "To",
                     "float_days": "May slip", "date_note": "About the dates"},
            units={"float_days": "days"},
            hide=["late_start", "late_end", "action", "critical", "fixed", "owner_role"],
            highlight=table["critical"].tolist(),
            missing="nothing to add",
            note="Bold: on the critical path. Latest dates and owners are in the tables beside the report.",
        ),
    )  # fmt: skip


def actions(plan: Plan) -> Table:
    """Why each action is there, what it waits for, and which indicators it feeds."""
    rows = []
    for name in plan.table["action"]:
        one = plan.actions[name]
        rows.append(
            {
                "name": one["name"],
                "reason": one.get("reason") or f"{one['source']}, {one['ref_date']}",
                "after": "; ".join(plan.actions[a]["name"] for a in one.get("after", [])) or None,
                "countries": ", ".join(country_name(c) for c in one.get("countries", [])) or None,
                "owner_role": one["owner_role"],
                "url": one.get("url"),
            }
        )
    return Table(
        pd.DataFrame(rows).astype("object"),
        name="actions",
        caption="Reasons and dependencies",
        headers={"name": "Action", "reason": "Why, or who says so", "after": "Waits for",
                 "owner_role": "Owner"},
        hide=["url", "countries"],
        missing="none",
    )  # fmt: skip


def indicators(plan: Plan) -> Table:
    """Which actions move which indicator."""
    feeds = {
        k: [plan.actions[a]["name"] for a in plan.table["action"]
            if k in plan.actions[a].get("kpis", [])]
        for k in plan.kpis
    }  # fmt: skip
    rows = [
        (f"{plan.kpis[k]['name']} ({plan.kpis[k]['programme']})", "; ".join(names))
        for k, names in feeds.items()
        if names
    ]
    return Table(
        pd.DataFrame(rows, columns=["indicator", "actions"]),
        name="feeds",
        caption="Indicators, and the actions that feed them",
        headers={"actions": "Fed by"},
        note="Indicators of programmes that have ended have no action.",
    )


def missions(plan: Plan) -> Stack:
    """The target countries: what is planned there, and what is known of their markets."""
    rows = []
    for iso3 in plan.countries:
        planned = [
            plan.actions[a]["name"]
            for a in plan.table["action"]
            if plan.actions[a].get("countries") == [iso3]
        ]
        seen = market(iso3, data_dir=plan.data_dir)
        rows.append(
            {
                "country": seen.name,
                "planned": "; ".join(planned) or None,
                "trade": f"{seen.study.base} and {seen.study.year}" if seen.study else None,
                "command": f"marketintel mission {iso3}",
            }
        )
    return Stack(
        Table(
            pd.DataFrame(rows).astype("object"),
            name="missions",
            caption="Target countries",
            headers={"planned": "Planned there", "trade": "Import figures",
                     "command": "Writes the dossier"},
            missing="none in the plan, or no figures in the data directory",
        )
    )  # fmt: skip


def next_targets(plan: Plan) -> Stack:
    """Countries to take up next: the shortlist of the screening with its classes, or the gap."""
    try:
        screen = ranking.load(data_dir=plan.data_dir)
    except MissingDataError as error:
        return Stack(
            Callout(
                "note",
                "**Not known.** Proposals for further countries come from the screening of all markets, "
                f"which cannot be made: {escape(error)}. No opinion takes its place.",
            )
        )
    rows = screen.classified.loc[screen.shortlist]
    table = pd.DataFrame(
        {
            "country": [country_name(str(iso3)) for iso3 in rows.index],
            "class": rows["class"].to_numpy(),
            "why": rows["why"].to_numpy(),
            "here": ["yes" if iso3 in plan.countries else "no" for iso3 in rows.index],
            "iso3": [str(iso3) for iso3 in rows.index],
        }
    )
    warning = Callout(
        "warning",
        f"**These are not proposals for missions.** World trade of photonic goods is not in the data "
        f"directory, so this screening ranks markets for {screen.what}. It shows how countries "
        f"will be proposed once it is there: `{ranking.LOAD_COMMAND}`.",
    )
    return Stack(
        None if screen.complete else warning,
        Table(
            table,
            name="next_targets",
            caption=f"Shortlist of the screening: {screen.what}, {screen.span}",
            headers={"class": "Class", "why": "Why this class", "here": "In the plan"},
            hide=["iso3"],
            note="The screening and its record are in the document that marketintel screen writes.",
        ),
    )


def gaps(plan: Plan) -> Text:
    """What this plan cannot tell."""
    return Text(
        "- **Money.** No budget is known, so none is planned.\n"
        "- **People.** The time line does not see that the same person may be needed twice.\n"
        "- **Durations** are estimates without a range; the critical path is only as good as they "
        "are.\n"
        "- **Fairs.** Dates that were not found are marked with those of an earlier edition."
    )


def sources(plan: Plan) -> Stack:
    """Every source of figures, once."""
    return Stack(figures_read(plan.data_dir))

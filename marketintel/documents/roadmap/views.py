"""Tables, charts and values of the roadmap."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from marketintel.documents.charts import partnership as drawings
from marketintel.documents.ranking.load import LOAD_COMMAND
from marketintel.documents.roadmap.facts import Plan
from marketintel.reference.countries import country_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def critical(plan: Plan) -> list[str]:
    """Return names of the actions on the critical path."""
    return list(plan.table.loc[plan.table["critical"], "name"])


def conflicts(plan: Plan) -> list[tuple[str, list[str]]]:
    """Return fixed actions whose dates cannot be kept, with the actions that end too late."""
    rows = plan.table[(plan.table["conflict"] != "") | (plan.table["float_days"] < 0)]
    return [
        (name, plan.named([a for a in conflict.split(", ") if a]))
        for name, conflict in zip(rows["name"], rows["conflict"], strict=True)
    ]


def gantt(plan: Plan) -> Figure:
    """Draw the time line."""
    return drawings.gantt(plan.table, plan.as_of)


def schedule(plan: Plan) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return earliest and latest dates of the actions."""
    table = plan.table
    days = {c: table[c].map(date.isoformat) for c in
            ("early_start", "early_end", "late_start", "late_end")}  # fmt: skip
    notes = [plan.actions[a].get("date_note") for a in table["action"]]
    shown = table.assign(**days, date_note=pd.Series(notes, dtype="object"))
    hidden = ["late_start", "late_end", "action", "critical", "fixed", "owner_role"]
    columns = ["name", "early_start", "early_end", "float_days", "status", "date_note", "owner_role",
               *hidden[:-1]]  # fmt: skip
    return shown[columns], {"hide": hidden, "highlight": table["critical"].tolist()}


def actions(plan: Plan) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return reason, dependencies and owner of each action."""
    rows = [
        {
            "name": one["name"],
            "reason": one.get("reason") or f"{one['source']}, {one['ref_date']}",
            "after": "; ".join(plan.named(one.get("after", []))) or None,
            "countries": ", ".join(map(country_name, one.get("countries", []))) or None,
            "owner_role": one["owner_role"],
            "url": one.get("url"),
        }
        for one in map(plan.actions.__getitem__, plan.table["action"])
    ]
    return pd.DataFrame(rows).astype("object"), {"hide": ["url", "countries"]}


def feeds(plan: Plan) -> pd.DataFrame:
    """Return the indicators that actions feed, with these actions."""
    rows = []
    for id, kpi in plan.kpis.items():
        names = plan.named(
            [a for a in plan.table["action"] if id in plan.actions[a].get("kpis", [])]
        )
        if names:
            rows.append((f"{kpi['name']} ({kpi['programme']})", "; ".join(names)))
    return pd.DataFrame(rows, columns=["indicator", "actions"])


def missions(plan: Plan) -> pd.DataFrame:
    """Return actions, years of import figures and command of each target country."""
    rows = []
    for market in plan.markets:
        own = [a for a in plan.table["action"] if plan.actions[a].get("countries") == [market.iso3]]
        study = market.study
        rows.append(
            {
                "country": market.name,
                "planned": "; ".join(plan.named(own)) or None,
                "push": _push(market.pushed),
                "trade": f"{study.base} and {study.year}" if study else None,
                "command": f"marketintel mission {market.iso3}",
            }
        )
    return pd.DataFrame(rows).astype("object")


def _push(classed: dict[str, list[str]] | None) -> str | None:
    """Return the segments to push in a market in words; None without figures."""
    if classed is None:
        return None
    if classed["push"]:
        return "; ".join(classed["push"])
    return "; develop ".join(["none", *filter(None, ["; ".join(classed["develop"])])])


def next_targets(plan: Plan) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the shortlist of the screening with classes."""
    rows = plan.screen.classified.loc[plan.screen.shortlist]
    codes = [str(iso3) for iso3 in rows.index]
    table = pd.DataFrame(
        {
            "country": [country_name(iso3) for iso3 in codes],
            "class": rows["class"].to_numpy(),
            "why": rows["why"].to_numpy(),
            "push": [_push(plan.market_of(c).pushed) for c in codes],
            "here": ["yes" if c in {m.iso3 for m in plan.markets} else "no" for c in codes],
            "iso3": codes,
        }
    )
    return table, {"hide": ["iso3"]}


def load_command(plan: Plan) -> str:
    """Return the command that loads world trade."""
    return LOAD_COMMAND

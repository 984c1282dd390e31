"""Facts of the roadmap: actions, their dates and the indicators that they feed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from marketintel.analysis.partnership.roadmap import schedule
from marketintel.documents.partnership import Market, market
from marketintel.documents.ranking import load as ranking
from marketintel.documents.ranking.screen import Screen
from marketintel.reference.partnership import load_actions, load_kpis


@dataclass(frozen=True)
class Plan:
    """Actions, indicators and target countries."""

    as_of: str
    actions: dict[str, dict[str, Any]]
    kpis: dict[str, dict[str, Any]]
    markets: list[Market]
    data_dir: Path | None = None

    @cached_property
    def table(self) -> pd.DataFrame:
        """Schedule with name, status and owner, in order of time.

        Columns as of :func:`marketintel.analysis.partnership.roadmap.schedule`, and name, status,
        owner_role.
        """
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
        dates = schedule(pd.DataFrame(rows).astype({"start": "object", "end": "object"}))
        dates.insert(1, "name", [one["name"] for one in self.actions.values()])
        dates["status"] = [one["status"] for one in self.actions.values()]
        dates["owner_role"] = [one["owner_role"] for one in self.actions.values()]
        return dates.sort_values(["early_start", "early_end"], kind="stable", ignore_index=True)

    @property
    def first(self) -> date:
        """First day of the plan."""
        day: date = min(self.table["early_start"])
        return day

    @property
    def last(self) -> date:
        """Last day of the plan."""
        day: date = max(self.table["early_end"])
        return day

    @property
    def proposed(self) -> int:
        """Number of actions that nobody has adopted."""
        return sum(one["status"] == "proposed" for one in self.actions.values())

    @cached_property
    def screen(self) -> Screen:
        """Screening of all markets for the EU27."""
        return ranking.load(data_dir=self.data_dir)

    def market_of(self, iso3: str) -> Market:
        """Return a target country's market, or that of another without its study."""
        return next((m for m in self.markets if m.iso3 == iso3), Market(iso3, None, self.data_dir))

    def named(self, actions: Sequence[str]) -> list[str]:
        """Return the names of actions."""
        return [self.actions[action]["name"] for action in actions]


def load(as_of: str, countries: Sequence[str], data_dir: Path | None = None) -> Plan:
    """Read the plan, its indicators and the trade of its target countries (ISO3)."""
    markets = [market(iso3, data_dir) for iso3 in countries]
    return Plan(as_of, load_actions(), load_kpis(), markets, data_dir)

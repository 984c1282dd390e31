"""Facts of a mission's dossier: market, clusters, segments to pitch, actors and meetings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from marketintel.analysis.trade.frames import OWN
from marketintel.documents import directory, indicators
from marketintel.documents.directory import Directory
from marketintel.documents.market.access import Access
from marketintel.documents.partnership import Market
from marketintel.reference.countries import EU
from marketintel.reference.partnership import load_actors

#: Segments that are pitched.
PITCHED = 6


@dataclass(frozen=True)
class Dossier:
    """Market, clusters, actors and meetings of one country.

    Attributes
    ----------
    actors : DataFrame
        Rows of ``actors.csv``.
    meetings : DataFrame
        Lines of the indicators up to the day: columns of the log, and indicator (its name).
    as_of : str
        Day looked at, ``YYYY-MM-DD``.
    """

    directory: Directory
    actors: pd.DataFrame
    meetings: pd.DataFrame
    as_of: str
    data_dir: Path | None

    @property
    def market(self) -> Market:
        """Trade of the country."""
        return self.directory.market

    @cached_property
    def access(self) -> Access:
        """Rules and measures that goods of the European Union meet."""
        segments = list(self.pitch["segment"]) or list(self.directory.segments)
        return Access(self.market.iso3, EU, segments, self.data_dir)

    @property
    def labels(self) -> dict[str, str]:
        """Words of column headers."""
        return self.directory.labels

    @cached_property
    def pitch(self) -> pd.DataFrame:
        """Segments to pitch: largest imports first, of those in which the EU is specialised.

        segment, segment_name, demand_usd, change_pct, eu_share_pct, rca_in_market, and
        eu_duty_pct where duties are known; empty without figures of trade.
        """
        if (study := self.market.study) is None:
            return pd.DataFrame(columns=["segment", "segment_name", "change_pct"])
        table = pd.DataFrame({"demand_usd": self.directory.demand})
        demand = study.demand[study.demand["scope"].isin(OWN)].set_index("segment")
        rca = study.specialisation[study.specialisation["partner"] == EU].set_index("segment")
        table["change_pct"] = demand["change_pct"]
        table["eu_share_pct"] = study.position.set_index("segment")["share_pct"]
        table["rca_in_market"] = rca["rca_in_market"]
        if study.has_duties:
            duty = study.duty[(study.duty["partner"] == EU) & (study.duty["period"] == study.year)]
            table["eu_duty_pct"] = duty.set_index("segment")["effective_duty_pct"]
        table.insert(0, "segment_name", table.index.map(self.directory.segments))
        table.loc[table.index.isin(study.neighbours), "segment_name"] += " (neighbour)"
        chosen = table[table["rca_in_market"] > 1].sort_values("demand_usd", ascending=False)
        return chosen.head(PITCHED).rename_axis("segment").reset_index()


def load(country: str, members: str, as_of: str, data_dir: Path | None = None) -> Dossier:
    """Read market, clusters, actors and meetings of a country (ISO3)."""
    clusters = directory.load(country, members, as_of, data_dir)
    monitor = indicators.load(as_of, data_dir)
    lines = monitor.lines
    lines = lines[(lines["country"] == country) & (lines["date"] <= as_of)]
    lines = lines.assign(indicator=[monitor.kpis[k]["name"] for k in lines["kpi"]])
    actors = load_actors()
    actors = actors[actors["iso3"] == country].reset_index(drop=True)
    return Dossier(clusters, actors, lines, as_of, data_dir)

"""Facts of a mission's dossier: market, clusters, segments to pitch, actors and meetings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from marketintel.analysis.markets.priorities import DEVELOP, PUSH
from marketintel.documents import directory, indicators
from marketintel.documents.directory import Directory
from marketintel.documents.market.access import Access
from marketintel.documents.market.priorities import Priorities
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

    @property
    def year(self) -> str:
        """Year looked at."""
        return self.as_of[:4]

    @property
    def priorities(self) -> Priorities:
        """Segments of the country by class, as every document has them."""
        return self.market.priorities

    @cached_property
    def pitch(self) -> pd.DataFrame:
        """Segments to pitch: those to push, then those to develop; empty without figures.

        segment, segment_name, class, size_usd, exporter_share_pct, rca, growth_pct, reason.
        """
        columns = ["segment", "segment_name", "class", "size_usd", "exporter_share_pct", "rca",
                   "growth_pct", "reason"]  # fmt: skip
        if self.market.pushed is None:
            return pd.DataFrame(columns=columns)
        table = self.priorities.table
        chosen = table[table["class"].isin([PUSH, DEVELOP])]
        return chosen[columns].head(PITCHED).reset_index(drop=True)


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

"""Directory of the clusters, with their members and the trade of a target country."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from marketintel.analysis.partnership import clusters as chains
from marketintel.analysis.trade.frames import OWN
from marketintel.documents.market.priorities import Priorities
from marketintel.documents.partnership import Market, market
from marketintel.reference.countries import EU
from marketintel.reference.partnership import load_cluster_facts, load_clusters, load_members
from marketintel.reference.segments import load_segments


@dataclass(frozen=True)
class Directory:
    """Clusters, cited facts of them, members, and the market they look at.

    Attributes
    ----------
    members : DataFrame, optional
        As of :func:`marketintel.reference.partnership.load_members`; None without a file.
    as_of : str
        Day against which facts are old or not, ``YYYY-MM-DD``.
    """

    market: Market
    clusters: dict[str, dict[str, Any]]
    cluster_facts: pd.DataFrame
    members: pd.DataFrame | None
    as_of: str
    data_dir: Path | None

    @property
    def labels(self) -> dict[str, str]:
        """Words of column headers."""
        study = self.market.study
        return {
            "exporter": self.market.exporter,
            "Unit": "Segment",
            "year": study.year if study else "",
        }

    @property
    def priorities(self) -> Priorities:
        """Segments of the target country by class, as every document has them."""
        return self.market.priorities

    @property
    def is_example(self) -> bool:
        """True if any member is an example."""
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
        """Imports of the target country by segment, own codes, USD; empty without figures."""
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
    country: str, members: str, as_of: str, data_dir: Path | None = None, exporter: str = EU
) -> Directory:
    """Read directory, members file and trade.

    Parameters
    ----------
    country : str
        ISO3 of the target country.
    members : str
        Path of the file that the clusters have filled in; empty for none.
    as_of : str
        Day looked at, ``YYYY-MM-DD``.
    exporter : str
        Whose list of priorities and share of imports is taken: ISO3 or a group.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule; the message has file, line and rule.
    """
    rows = load_members(Path(members)) if members else None
    trade = market(country, data_dir, exporter)
    return Directory(trade, load_clusters(), load_cluster_facts(), rows, as_of, data_dir)

"""Yearly facts of an outlook: cells and the totals that they add up to, five years ahead."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast import coherence
from marketintel.analysis.forecast.outlook import COLUMNS as POTENTIAL
from marketintel.analysis.forecast.outlook import LEVELS, summarise
from marketintel.documents.frames import one
from marketintel.documents.outlook.facts import totals
from marketintel.documents.outlook.facts.months import MODELS, ORIGINS
from marketintel.errors import UsageError
from marketintel.warehouse import comparable
from marketintel.warehouse.basis import Basis

YEARS = 5
TESTED_AHEAD = 2
"""Back-tests look so many years ahead: the shipped monthly data make thirteen years at most."""

COMPARED = 8
"""Origins on which errors of parts are set against each other, and bottom-up against MinT."""


@dataclass(frozen=True)
class Years:
    """Series, totals, forecasts and errors by year.

    Attributes
    ----------
    found : DataFrame
        ``years`` of :class:`marketintel.documents.outlook.facts.chosen.Chosen`; may be empty.
    threshold_pct : float
        The second probability: that a series exceeds its present level by so much.
    month : str
        The edition's: forecasts are of years after it.
    """

    found: pd.DataFrame
    threshold_pct: float
    month: str

    # Series -------------------------------------------------------------------------------------

    @cached_property
    def cells(self) -> pd.DataFrame:
        """Series that speak for their goods and can be forecast, as ``found``."""
        kept = ~self.found["unique_id"].isin(self.refused["unique_id"])
        return self._speaking[kept.loc[self._speaking.index]].reset_index(drop=True)

    @property
    def is_mixed(self) -> pd.Series:
        """True for rows of ``found`` that are mixed codes."""
        return self.found["kind"].map(lambda basis: basis.mixed).astype(bool)

    @property
    def _speaking(self) -> pd.DataFrame:
        return self.found[self.is_mixed | (self.found["cover_pct"] >= comparable.MIN_COVER_PCT)]

    @cached_property
    def refused(self) -> pd.DataFrame:
        """``unique_id, reason`` of series that speak for their goods and cannot be forecast."""
        rows = self._speaking
        ends = rows.dropna(subset="y").groupby("unique_id")["ds"].max().dt.year
        once = rows.drop_duplicates("unique_id").set_index("unique_id")
        fetch = {
            u: once.loc[u, "kind"].fetch_command(once.loc[u, "partner"], year, self.month)
            for u, year in ends.items()
        }
        return fc.refused(fc.forecast_ahead(rows, YEARS, self.month, (95,), fetch=fetch))

    @cached_property
    def nodes(self) -> pd.DataFrame:
        """``unique_id, role, partner, item, kind, group`` of cells and totals."""
        if self.cells.empty:
            return pd.DataFrame(columns=totals.NODES)
        return totals.groups(self.cells)

    @cached_property
    def structure(self) -> pd.DataFrame:
        """``aggregate, part, group``: which cells each total adds."""
        return totals.structure(self.nodes)

    @cached_property
    def panel(self) -> pd.DataFrame:
        """Cells and totals, ``unique_id, ds, y``."""
        return totals.panel(self.cells, self.structure)

    def ids(self, role: str) -> list[str]:
        """Names of the nodes of a role."""
        return list(self.nodes.loc[self.nodes["role"] == role, "unique_id"])

    def node(self, unique_id: str) -> Any:
        """One row of :attr:`nodes`."""
        return one(self.nodes, "unique_id", unique_id)

    @cached_property
    def bases(self) -> dict[str, Basis]:
        """Basis of each cell and total."""
        return dict(zip(self.nodes["unique_id"], self.nodes["kind"], strict=True))

    # Forecasts and their errors -------------------------------------------------------------------

    @cached_property
    def tested(self) -> pd.DataFrame:
        """Back-test two years ahead, cells and totals as they are (not reconciled)."""
        return fc.backtest(self.panel, TESTED_AHEAD, ORIGINS, (80, 95), MODELS, freq="A")

    @cached_property
    def errors(self) -> pd.DataFrame:
        """Errors two years ahead by series, model and level; empty if nothing can be tested."""
        return fc.accuracy(self.tested, self.panel, by=("model", "unique_id"))

    @property
    def scored(self) -> pd.DataFrame:
        """Errors of the cells alone."""
        return self.errors[self.errors["unique_id"].isin(self.ids(totals.CELL))]

    @cached_property
    def last_errors(self) -> pd.DataFrame:
        """Errors two years ahead at the last origins, by series and model."""
        return fc.last_errors(self.tested, self.panel)

    @cached_property
    def _origins(self) -> dict[int, pd.DataFrame]:
        """Back-test of each group: how parts depend on each other, and two methods compared."""
        return {
            int(str(group)): fc.backtest(
                self._members(adds), TESTED_AHEAD, COMPARED, (95,), freq="A"
            )
            for group, adds in self.structure.groupby("group")
        }

    def _members(self, adds: pd.DataFrame) -> pd.DataFrame:
        """The panel of a group's cells and totals."""
        return self.panel[self.panel["unique_id"].isin({*adds["aggregate"], *adds["part"]})]

    def compared(self, group: int) -> dict[str, float]:
        """MASE of forecasts made apart, bottom-up and by MinT; empty where series are too short."""
        adds = self.structure[self.structure["group"] == group]
        try:
            table = coherence.compare(self._origins[group], self._members(adds), adds)
        except UsageError:
            return {}
        once = table.drop_duplicates("method")
        return {str(m): float(e) for m, e in zip(once["method"], once["mase"], strict=True)}

    @cached_property
    def base(self) -> pd.DataFrame:
        """Forecasts of the cells at all levels, of naive where its record is better."""
        cells = self.panel[self.panel["unique_id"].isin(self.ids(totals.CELL))]
        made = fc.forecast_ahead(cells, YEARS, self.month, LEVELS, ("combination", "naive"))
        return fc.shown(made, self.errors)

    @cached_property
    def made(self) -> pd.DataFrame:
        """Forecasts at all levels; cells, margins and grand totals of a group add up."""
        made = self.base
        for group, adds in self.structure.groupby("group"):
            own = made["unique_id"].isin({*adds["aggregate"], *adds["part"]})
            errors = coherence.errors_of(self._origins[int(str(group))], self.panel)
            coherent = fc.reconcile(made[own], adds, errors=errors)
            made = pd.concat([made[~own], coherent], ignore_index=True)
        return made

    @cached_property
    def potential(self) -> pd.DataFrame:
        """Level in five years and its probabilities, cells and totals, with their nodes."""
        if self.made.empty:
            dates = dict.fromkeys(["cutoff", "ds"], "datetime64[s]")
            return pd.DataFrame(columns=[*POTENTIAL, *totals.NODES[1:]]).astype(dates)
        table = summarise(self.made, self.panel, thresholds(self.panel, self.threshold_pct))
        return table.merge(self.nodes, on="unique_id", validate="one_to_one")

    @cached_property
    def fans(self) -> pd.DataFrame:
        """The forecasts of :attr:`made` at 80 and 95 %, and drift beside them."""
        drift = fc.forecast_ahead(self.panel, YEARS, self.month, (80,), "drift")
        return pd.concat([self.made[self.made["level"].isin([80, 95])], drift], ignore_index=True)

    @cached_property
    def baselines(self) -> pd.DataFrame:
        """``unique_id, ds, mean``."""
        rows = self.made.drop_duplicates(["unique_id", "ds"])
        return rows[["unique_id", "ds", "mean"]].reset_index(drop=True)

    @cached_property
    def weights(self) -> pd.DataFrame:
        """Members' shares of the path over the whole horizon, and their own ends."""
        where = fc.standing(self.panel, YEARS, self.month, "A")
        horizons = self.panel["unique_id"].map(where.set_index("unique_id")["horizon"])
        parts = [
            fc.member_weights(rows, int(str(horizon)))
            for horizon, rows in self.panel.groupby(horizons)
        ]
        return pd.concat(parts, ignore_index=True)


def thresholds(panel: pd.DataFrame, pct: float) -> dict[str, float]:
    """Each series' last level raised by so many per cent."""
    last = panel.dropna(subset="y").sort_values("ds").groupby("unique_id")["y"].last()
    return {str(k): float(v) * (1 + pct / 100) for k, v in last.items()}

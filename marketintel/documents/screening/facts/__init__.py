"""Facts of the screening: the ranking, its record, each group of goods, supply and materials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from marketintel.analysis.markets import agreement
from marketintel.analysis.markets import gravity as gravity_model
from marketintel.analysis.markets import ranking_backtest as backtest
from marketintel.analysis.markets.candidates import NAIVE, REGRESSORS, MethodScores, history
from marketintel.documents.ranking import load as ranking
from marketintel.documents.ranking.screen import Screen
from marketintel.documents.screening.facts import devices
from marketintel.documents.screening.facts.baskets import basket
from marketintel.documents.screening.facts.materials import Dependence, dependence
from marketintel.documents.screening.facts.supply import duties_paid, supply_side
from marketintel.errors import MissingDataError
from marketintel.reference.screening import load_nontariff
from marketintel.warehouse import inputs
from marketintel.warehouse.context import CriticalInputs, critical_inputs, pairs_yearly
from marketintel.warehouse.coverage import coverage


@dataclass(frozen=True)
class Screening(Screen):
    """A ranking of markets with all that the document prints beside it.

    Attributes
    ----------
    studies : sequence of str
        Market studies that are there, ``edition/folder``, for links.
    year_asked : int or None
        Year of devices; the newest unless given.
    by_name : bool
        Whether segments were asked for by name.
    """

    studies: Sequence[str] = field(default=())
    year_asked: int | None = None
    by_name: bool = False

    @cached_property
    def devices(self) -> devices.Devices:
        """The screening of photonic devices by heading."""
        return devices.load(self, self.year_asked, self.by_name)

    @cached_property
    def devices_gap(self) -> str:
        """Why devices are not screened; empty if they are."""
        try:
            return "" if len(self.devices.trade) else "nothing is traded"
        except MissingDataError as error:
            return str(error)

    @property
    def labels(self) -> dict[str, Any]:
        """Words of column headers."""
        return {"exporter": self.name(self.exporter), "year": self.year, "base": "", "unit": "",
                "Unit": "", "money": "usd_m"}  # fmt: skip

    @property
    def load_command(self) -> str:
        """Command that loads world trade of devices."""
        return ranking.LOAD_COMMAND

    @cached_property
    def in_force(self) -> MethodScores:
        """The three methods without the scenario."""
        return self._year(replace(self.inputs, scenario=None))

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """Spearman correlations between the methods."""
        return agreement.correlations(self.by_method)

    @cached_property
    def gravity(self) -> Any:
        """The model of gravity with its coefficients, and pairs left out."""
        return gravity_model.gravity(self.now.gravity_rows, REGRESSORS)

    @cached_property
    def agreements(self) -> pd.DataFrame:
        """Return ``market`` and ``trade agreement YEAR`` if ties by year were fetched."""
        try:
            ties = pairs_yearly(self.members, self.year, self.data_dir)
        except MissingDataError:
            return pd.DataFrame({"market": pd.Series(dtype="str")})
        known = ties.dropna(subset=["trade_agreement"]).astype({"trade_agreement": "float64"})
        share = known.groupby("destination")["trade_agreement"].mean()
        stated = share.map(lambda part: {1.0: "yes", 0.0: "no"}.get(part, "some members"))
        column = f"trade agreement {ties['period'].iloc[0]}"
        return stated.rename(column).rename_axis("market").reset_index()

    @cached_property
    def by_group(self) -> pd.DataFrame:
        """First markets by each method for each segment or material.

        Returns
        -------
        DataFrame
            ``group, group_name, exports_usd, market, rank_potential, rank_gravity, rank_score,
            mean_rank, unrealised_usd, predicted_usd, actual_usd, lo_usd, hi_usd, verdict, note``;
            up to three markets a group, best mean rank first. A group that cannot be screened has
            one row with the reason in ``note``.
        """
        parts = []
        for (group, name), codes in self.goods.groupby(["group", "group_name"], sort=False):
            rows = self.trade[self.trade["cmd_code"].isin(codes["cmd_code"])]
            try:
                year = self._year(replace(self.inputs, trade=rows, basket=self.trade))
                table = self._group(year)
            except (ValueError, ArithmeticError) as error:
                table = pd.DataFrame({"note": [str(error)]})
            parts.append(table.assign(group=str(group), group_name=str(name)))
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def record(self) -> pd.DataFrame:
        """Rankings of earlier years against what happened.

        Without duties, which are known for late years only, and without a scenario.
        """
        s = self.settings
        first = int(self.trade["period"].min()) + s.lookback
        years = range(first, self.year - min(s.horizons) + 1)
        blind = replace(self.inputs, duties=None, scenario=None)
        rankings = history(blind, years, s.indicators, s.sides, s.lookback, s.smooth)
        own = self.trade[
            self.trade["exporter"].isin(self.members) & ~self.trade["market"].isin(self.members)
        ]
        own = own.assign(value_usd=own["value_usd"] * own["exporter"].map(self.shares))
        sales = own.groupby(["market", "period"])["value_usd"].sum().reset_index()
        return backtest.record(rankings, backtest.outcomes(sales, s.horizons), s.first)

    @cached_property
    def record_summary(self) -> pd.DataFrame:
        """The record, averaged over the years."""
        return backtest.summary(self.record, NAIVE, self.settings.first)

    @cached_property
    def dependence(self) -> Dependence:
        """Suppliers of the raw materials."""
        return dependence(self)

    @cached_property
    def critical_inputs(self) -> CriticalInputs:
        """EU imports of materials by CN8, gallium and germanium among them."""
        if found := critical_inputs(self.data_dir):
            return found
        raise MissingDataError(
            "gallium and germanium are not in HS6, and EU imports by CN8 are not in this edition"
        )

    @cached_property
    def basket(self) -> dict[str, Any]:
        """Complexity of the exporter and of products over all goods."""
        return basket(self)

    @cached_property
    def supply_side(self) -> pd.DataFrame:
        """Exporter by segment, as seen through US imports."""
        return supply_side(self)

    @cached_property
    def duties_paid(self) -> dict[str, Any]:
        """Duties by supplier at entry into the United States."""
        return duties_paid(self)

    @cached_property
    def nontariff(self) -> pd.DataFrame:
        """Cited facts that no duty shows."""
        return load_nontariff()

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """Data that are here."""
        return coverage(data_dir=self.data_dir, newest=True)

    @property
    def used(self) -> pd.DataFrame:
        """Files that were read so far, in order."""
        return inputs.used(self.data_dir)

    @cached_property
    def source_line(self) -> str:
        """One line under tables and figures."""
        return self.cited(self.source)

    def cited(self, source: str) -> str:
        """Return the citation of a source; empty if it is not here."""
        rows = self.coverage[self.coverage["source"] == source]
        return " ".join(map(str, rows["citation"].unique()))

    def _group(self, year: MethodScores) -> pd.DataFrame:
        kept = set(self.funnel.stayed)
        stayed = [m for m in year.markets if m in kept]
        values = year.by_method(self.settings.indicators, self.settings.sides).loc[stayed]
        table = agreement.ranks(values).sort_values(["n_methods", "mean_rank"],
                                                      ascending=[False, True])  # fmt: skip
        table = table.head(3).rename_axis("market").reset_index()
        potential = year.potential_by_market.set_index("market")["unrealised_usd"]
        try:
            gravity = year.gravity.set_index("market")
        except (ValueError, ArithmeticError):
            gravity = pd.DataFrame(index=stayed).assign(verdict="not predicted")
        columns = ["predicted_usd", "actual_usd", "lo_usd", "hi_usd", "verdict"]
        table = table.join(gravity.reindex(columns=columns), on="market")
        return table.assign(
            unrealised_usd=table["market"].map(potential),
            exports_usd=float(year.indicators["own_sales_usd"].sum()),
            note="",
        )


def load(*, studies: Sequence[str] = (), data_dir: Path | None = None, **values: Any) -> Screening:
    """Load the ranking; see :func:`marketintel.documents.ranking.load.load`."""
    base = ranking.load(data_dir=data_dir, **values)
    return Screening(
        **vars(base), studies=studies, year_asked=values.get("year"),
        by_name=bool(values.get("segments")),
    )  # fmt: skip

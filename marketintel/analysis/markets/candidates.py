"""Three methods on every market in one year: export potential, gravity, and a score.

The same code ranks today and as of an earlier year: nothing after the year is used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from marketintel.analysis.markets.duty_rates import duty_block, scenario_block
from marketintel.analysis.markets.gravity import gravity, gravity_potential, pair_rows
from marketintel.analysis.markets.potential import Potential, export_potential
from marketintel.analysis.markets.screening import indices, scores
from marketintel.analysis.markets.world import (
    Array,
    World,
    growth_ratio,
    matrix_of,
    pooled,
    pooled_pairs,
    world_of,
)
from marketintel.analysis.trade.frames import require
from marketintel.analysis.trade.indices import divide
from marketintel.reference.screening import Indicator

REGRESSORS = ("ln_distance", "contiguous", "common_language", "colony")
METHODS = ("potential", "gravity", "score")
NAIVE = ("largest market", "fastest growth", "where we sell most")


@dataclass(frozen=True)
class Inputs:
    """Inputs of the methods.

    Attributes
    ----------
    trade : DataFrame
        ``exporter, market, cmd_code, period, value_usd``, every exporter, in current dollars.
    gdp, population : DataFrame
        ``economy, period, value``.
    pairs : DataFrame
        ``origin, destination, distance_km, contiguous, common_language, colony``.
    exporter : str
        Exporter for which markets are ranked.
    members : sequence or mapping of str, optional
        Economies that the exporter pools: see :func:`marketintel.analysis.markets.world.pooled`. None for a country.
    duties : DataFrame, optional
        See :func:`marketintel.analysis.markets.duty_rates.duty_block`.
    basket : DataFrame, optional
        More goods than `trade`, same columns: how easily two economies trade is read from them.
        Needed for a single product, about which ease would otherwise only repeat actual trade.
    scenario : mapping of str to float, optional
        Market to percentage points of duty that the exporter pays there on top of what is in force;
        moves export potential only. See :func:`marketintel.analysis.markets.duty_rates.scenario_block`.
    """

    trade: pd.DataFrame
    gdp: pd.DataFrame
    population: pd.DataFrame
    pairs: pd.DataFrame
    exporter: str
    members: Sequence[str] | Mapping[str, float] | None = None
    duties: pd.DataFrame | None = None
    basket: pd.DataFrame | None = None
    scenario: Mapping[str, float] | None = None


class MethodScores:
    """All three methods with data up to one year.

    Parameters
    ----------
    inputs : Inputs
        Rows after `year` are not used.
    year : int
        Trade is the mean of `smooth` years up to this one: single years of small flows jump.
    lookback : int
        Years over which growth is measured.
    smooth : int
        How many years are averaged; years before the first there is do not count.
    """

    def __init__(self, inputs: Inputs, year: int, lookback: int = 5, smooth: int = 3) -> None:
        require(inputs.trade, ["exporter", "market", "cmd_code", "period", "value_usd"], "trade")
        self.inputs, self.year, self.lookback, self.smooth = inputs, year, lookback, smooth
        if self.exporter not in set(self.world.exporters):
            raise ValueError(f"{self.exporter} exports none of this in {self.span}")

    @property
    def exporter(self) -> str:
        """Exporter for which markets are ranked."""
        return self.inputs.exporter

    @property
    def span(self) -> str:
        """The years averaged, for a caption."""
        return f"{self.year - self.smooth + 1}–{self.year}" if self.smooth > 1 else str(self.year)

    @cached_property
    def economies(self) -> list[str]:
        """Every economy that trades any of this in any year: all years have the same axes."""
        names: set[str] = set()
        for frame in (self.inputs.trade, self.inputs.basket):
            if frame is not None:
                names.update(frame["exporter"].unique(), frame["market"].unique())
        return sorted(names)

    @cached_property
    def world(self) -> World:
        """Mean trade of the years, with the exporter pooled if it is a group."""
        return self._world(self.year)

    @cached_property
    def earlier(self) -> World:
        """Mean trade `lookback` years before."""
        return self._world(self.year - self.lookback)

    @cached_property
    def markets(self) -> pd.Index:
        """Markets abroad that buy any of this, in order of code."""
        bought = self.world.imports() > 0
        home = list(self.world.home_of(self.exporter))
        return pd.Index([str(m) for m in self.world.markets if bought[m] and m not in home])

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """Pairs, with those of a pooled exporter weighted by what its members sell."""
        members = self.inputs.members
        if members is None:
            return self.inputs.pairs
        shares = self.world.home_of(self.exporter)
        sold = self._mean(self.year).groupby("exporter")["value_usd"].sum()
        weights = {m: share * float(sold.get(m, 0.0)) for m, share in shares.items()}
        return pooled_pairs(self.inputs.pairs, self.exporter, weights)

    @cached_property
    def potential(self) -> Potential:
        """Export potential with distance, and duties where there are any."""
        groups = {self.exporter: list(self.world.home_of(self.exporter))}
        basket = self.inputs.basket
        duties, scenario = self._duties()
        return export_potential(
            self.world,
            gdp_growth=self._growth(self.inputs.gdp, groups),
            population_growth=self._growth(self.inputs.population, groups),
            distance_km=matrix_of(self.pairs, self.world),
            duties=duties,
            scenario=scenario,
            basket=None if basket is None else self._world(self.year, basket),
        )

    @cached_property
    def potential_by_market(self) -> pd.DataFrame:
        """One row a market abroad; see :meth:`Potential.markets`."""
        table = self.potential.markets(self.exporter)
        return table[table["market"].isin(self.markets)].reset_index(drop=True)

    @cached_property
    def gravity_rows(self) -> pd.DataFrame:
        """All pairs with zeros, markets that buy something only."""
        return pair_rows(self.world, self.pairs, self.span)

    @cached_property
    def gravity(self) -> pd.DataFrame:
        """Predicted against actual trade of every market abroad, with intervals."""
        table = gravity_potential(self.gravity_rows, REGRESSORS, self.exporter)
        return table[table["market"].isin(self.markets)].reset_index(drop=True)

    @cached_property
    def gravity_gap(self) -> pd.Series:
        """Predicted less actual trade by market from one fit to all pairs: for ranking only."""
        model = gravity(self.gravity_rows, REGRESSORS).predicted
        own = model[model["exporter"] == self.exporter].set_index("market")
        return (own["predicted_usd"] - own["actual_usd"]).reindex(self.markets)

    @cached_property
    def indicators(self) -> pd.DataFrame:
        """Figures for the score, one market a row; NaN where not known.

        ``demand_usd`` imports; ``demand_growth_pct`` a year over the lookback; ``balance_usd``
        imports less exports; ``balance_change_usd`` its change; ``gdp_growth_pct`` a year;
        ``distance_km``; ``ties`` 0 to 3 (border, language, colonial past); ``duty_pct`` what the
        exporter's goods pay, weighted with what the market imports; ``gdp_usd``;
        ``suppliers_hhi`` 0 to 1; ``own_sales_usd``.
        """
        now, then = self.world, self.earlier
        demand, before = now.imports(), then.imports()
        balance = demand - now.exports().reindex(now.markets).fillna(0.0)
        was = before - then.exports().reindex(then.markets).fillna(0.0)
        place = now.exporters.get_indexer(pd.Index([self.exporter]))[0]
        by_supplier = now.values.sum(axis=2)
        share = by_supplier / np.where(demand > 0, demand, np.nan)
        growth = self._growth(self.inputs.gdp, {})
        ties = [matrix_of(self.pairs, now, tie)[place] for tie in REGRESSORS[1:]]
        table = pd.DataFrame(
            {
                "demand_usd": demand,
                "demand_growth_pct": self._a_year(demand / before.where(before > 0)),
                "balance_usd": balance,
                "balance_change_usd": balance - was,
                "gdp_growth_pct": self._a_year(growth).reindex(now.markets),
                "distance_km": matrix_of(self.pairs, now)[place],
                "ties": np.sum(ties, axis=0),
                "duty_pct": self._duty_pct(place),
                "gdp_usd": self._latest(self.inputs.gdp).reindex(now.markets),
                "suppliers_hhi": (share**2).sum(axis=0),
                "own_sales_usd": by_supplier[place],
            },
            index=now.markets,
        )
        return table.loc[self.markets]

    def by_method(
        self, indicators: Sequence[Indicator], sides: Mapping[str, float]
    ) -> pd.DataFrame:
        """Value of each market by each method, higher is better; NaN where a method gives none.

        Returns
        -------
        DataFrame
            Index market; ``potential`` (unrealised USD), ``gravity`` (predicted less actual USD),
            ``score`` (0 to 100).
        """
        unrealised = self.potential_by_market.set_index("market")["unrealised_usd"]
        score = scores(indices(self.indicators, indicators), indicators, sides)["score"]
        return pd.DataFrame(
            {"potential": unrealised, "gravity": self.gravity_gap, "score": score},
            index=self.markets,
        )

    def naive(self) -> pd.DataFrame:
        """Value of each market by rules without a method; columns :data:`NAIVE`."""
        own = self.indicators
        return pd.DataFrame(
            dict(
                zip(
                    NAIVE,
                    (own["demand_usd"], own["demand_growth_pct"], own["own_sales_usd"]),
                    strict=True,
                )
            )
        )

    def _world(self, year: int, goods: pd.DataFrame | None = None) -> World:
        mean = self._mean(year, goods)
        codes = self._codes if goods is None else None
        world = world_of(mean, self.economies, self.economies, codes)
        members = self.inputs.members
        return world if members is None else pooled(world, self.exporter, members)

    @cached_property
    def _codes(self) -> list[str]:
        return sorted(self.inputs.trade["cmd_code"].unique())

    def _mean(self, year: int, goods: pd.DataFrame | None = None) -> pd.DataFrame:
        """Mean of the years up to `year`; a year without a row of a pair counts as 0."""
        trade = self.inputs.trade if goods is None else goods
        there = set(trade["period"].unique())
        years = [str(y) for y in range(year - self.smooth + 1, year + 1) if str(y) in there]
        if not years:
            raise ValueError(f"no trade in {year} or the {self.smooth - 1} years before")
        rows = trade[trade["period"].isin(years)]
        sums = rows.groupby(["exporter", "market", "cmd_code"])["value_usd"].sum()
        return (sums / len(years)).reset_index()

    def _growth(self, series: pd.DataFrame, groups: Mapping[str, Sequence[str]]) -> pd.Series:
        known = series.loc[series["period"].astype(int) <= self.year, "period"].astype(int)
        end = int(known.max())
        return growth_ratio(series, str(end - self.lookback), str(end), groups)

    def _latest(self, series: pd.DataFrame) -> pd.Series:
        years = series["period"].astype(int)
        recent = series[(years <= self.year) & (years > self.year - self.lookback)]
        return recent.sort_values("period").groupby("economy")["value"].last()

    def _a_year(self, ratio: pd.Series) -> pd.Series:
        return 100 * (ratio.where(ratio > 0) ** (1 / self.lookback) - 1)

    def _duties(self) -> tuple[Array | None, Array | None]:
        """Duties in force, and those of the scenario; markets that buy nothing are left out."""
        given, changes = self.inputs.duties, self.inputs.scenario
        duties = None if given is None else duty_block(given, self.world)
        points = {m: p for m, p in (changes or {}).items() if m in self.world.markets}
        if not points:
            return duties, None
        return duties, scenario_block(duties, self.world, self.exporter, points)

    def _duty_pct(self, place: int) -> np.ndarray:
        if self.inputs.duties is None:
            return np.full(len(self.world.markets), np.nan)
        rates = duty_block(self.inputs.duties, self.world)[place]
        weight = np.where(np.isnan(rates), 0.0, self.world.values.sum(axis=0))
        paid = (weight * np.nan_to_num(rates)).sum(axis=1)
        return 100 * divide(paid, weight.sum(axis=1))


def history(
    inputs: Inputs,
    years: Sequence[int],
    indicators: Sequence[Indicator],
    sides: Mapping[str, float],
    lookback: int = 5,
    smooth: int = 3,
) -> pd.DataFrame:
    """Rankings by the methods and the naive rules with data up to earlier years.

    Returns
    -------
    DataFrame
        ``period, rule, market, score``: input of :func:`marketintel.analysis.markets.ranking_backtest.record`. The
        rule ``mean of methods`` is minus the mean rank over the three methods, where all three
        give a value. Years in which the exporter sold nothing are left out.
    """
    own = {inputs.exporter} if inputs.members is None else set(inputs.members)
    sold = set(inputs.trade.loc[inputs.trade["exporter"].isin(own), "period"])
    parts = []
    for year in years:
        if not sold.intersection(map(str, range(year - smooth + 1, year + 1))):
            continue
        parts.append(opinions(MethodScores(inputs, year, lookback, smooth), indicators, sides))
    columns = ["period", "rule", "market", "score"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def opinions(
    then: MethodScores, indicators: Sequence[Indicator], sides: Mapping[str, float]
) -> pd.DataFrame:
    """Rankings by the methods and the naive rules in one year; columns as of :func:`history`."""
    table = then.by_method(indicators, sides)
    table["mean of methods"] = -table.rank(ascending=False).mean(axis=1, skipna=False)
    table = table.join(then.naive()).rename_axis("market").reset_index()
    long = table.melt("market", var_name="rule", value_name="opinion")
    long = long.rename(columns={"opinion": "score"}).assign(period=str(then.year))
    return long[["period", "rule", "market", "score"]]

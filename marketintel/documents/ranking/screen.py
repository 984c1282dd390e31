"""Figures of a ranking of markets, computed once: three methods, filters, classes, shortlist."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from marketintel.analysis.markets import agreement
from marketintel.analysis.markets import screening as scoring
from marketintel.analysis.markets.candidates import Inputs, MethodScores
from marketintel.analysis.markets.duty_rates import rates_of
from marketintel.reference.countries import country_name, group_members
from marketintel.reference.screening import Material, Rule, Settings
from marketintel.warehouse import engine
from marketintel.warehouse.context import macro


@dataclass(frozen=True)
class Screen:
    """Markets of an exporter, ranked by three methods.

    Attributes
    ----------
    exporter : str
        ISO3, group or consortium whose markets are sought; ``shares`` its economies, with the
        share of each one's supply.
    trade : DataFrame
        ``exporter, market, cmd_code, period, value_usd, net_weight_kg`` of the goods screened.
    goods : DataFrame
        ``group, group_name, cmd_code``: segments, or raw materials where world trade of devices is
        not there.
    complete : bool
        Whether these are the goods asked for. If not, no market is ever called robust.
    covered_pct : float
        Core codes of the segments asked for that world trade is there for, per cent.
    excluded : dict
        ISO3 to reason, of markets left out beforehand.
    duties : DataFrame
        Rows of the table of duties on these goods, in the revision of their codes.
    scenario : dict
        Market to percentage points that the exporter pays on top.
    """

    exporter: str
    shares: dict[str, float]
    trade: pd.DataFrame
    goods: pd.DataFrame
    materials: dict[str, Material]
    complete: bool
    covered_pct: float
    source: str
    year: int
    top: int
    segments_asked: list[str]
    excluded: dict[str, str]
    settings: Settings
    data_dir: Path | None = None
    duties: pd.DataFrame = field(default_factory=pd.DataFrame)
    scenario: dict[str, float] = field(default_factory=dict)
    is_consortium: bool = False

    @staticmethod
    def name(code: object) -> str:
        """Return the plain name of an economy; a group keeps its short name (EU27)."""
        code = str(code)
        if "=" in code:  # a consortium
            shares = [part.split("=") for part in code.split(",")]
            parts = [f"{100 * float(s):g} % of {country_name(m)}" for m, s in shares]
            return " and ".join(parts)
        return code if len(group_members(code)) > 1 else country_name(code)

    @property
    def members(self) -> list[str]:
        """ISO3 of the exporter's economies."""
        return list(self.shares)

    @property
    def what(self) -> str:
        """The goods in two words, for captions."""
        return "photonic goods" if self.complete else "raw materials of photonics"

    @property
    def span(self) -> str:
        """Years whose mean is used."""
        return self.now.span

    @cached_property
    def inputs(self) -> Inputs:
        """Inputs of the methods."""
        columns = ["economy", "period", "value"]
        pairs = engine.ask(
            self.data_dir,
            """SELECT origin, destination, distance_km, contiguous, common_language, colony
               FROM pairs""",
        )
        alone = self.members == [self.exporter]
        pooled = None if alone else self.shares if self.is_consortium else self.members
        rates = self.duties
        if len(rates):
            owner = None if alone else self.exporter
            rates = rates_of(rates, self.year, owner, self.members)
        return Inputs(
            self.trade,
            macro("gdp_current_usd", data_dir=self.data_dir)[columns],
            macro("population", data_dir=self.data_dir)[columns],
            pairs,
            self.exporter,
            pooled,
            rates if len(rates) else None,
            scenario=self.scenario or None,
        )

    @cached_property
    def now(self) -> MethodScores:
        """The three methods with all data up to the year."""
        return self._year(self.inputs)

    @cached_property
    def funnel(self) -> scoring.Funnel:
        """Markets that stayed, and the filter at which each other left."""
        gone = {m: why for m, why in self.excluded.items() if m in self.now.markets}
        return scoring.funnel(self.now.indicators, self.settings.filters, gone)

    @cached_property
    def by_method(self) -> pd.DataFrame:
        """Value of each market that stayed by each method; the score is among them only."""
        table = self.now.by_method(self.settings.indicators, self.settings.sides)
        table = table.loc[self.funnel.stayed]
        return table.assign(score=self.scores["score"])

    @cached_property
    def index(self) -> pd.DataFrame:
        """Indices 0 to 100 of the markets that stayed."""
        values = self.now.indicators.loc[self.funnel.stayed]
        return scoring.indices(values, self.settings.indicators)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Attractiveness, access, score, and the share of weights known."""
        return scoring.scores(self.index, self.settings.indicators, self.settings.sides)

    @cached_property
    def ranges(self) -> pd.DataFrame:
        """Rank ranges of the score under other weights."""
        s = self.settings
        return scoring.rank_ranges(
            self.index, s.indicators, s.sides, draws=s.draws, concentration=s.concentration,
            range_pct=s.range_pct, first=self.rule.first,
        )  # fmt: skip

    @property
    def rule(self) -> Rule:
        """Rule by which a market is robust."""
        return self.settings.rule.model_copy(update={"first": self.top})

    @cached_property
    def classified(self) -> pd.DataFrame:
        """Ranks by method, votes, class and reason; index market, shortlist first."""
        return agreement.classify(
            agreement.ranks(self.by_method),
            self.ranges["rank_hi"],
            self.scores["known_weight_pct"],
            self.rule,
            self.complete,
        )

    @cached_property
    def shortlist(self) -> list[str]:
        """ISO3 of the candidates, in order."""
        return list(agreement.shortlist(self.classified, self.top))

    def _year(self, inputs: Inputs) -> MethodScores:
        return MethodScores(inputs, self.year, self.settings.lookback, self.settings.smooth)

"""Figures of a ranking of markets, computed once: three methods, their agreement and record."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from marketintel.analysis.markets import agreement
from marketintel.analysis.markets import ranking_backtest as record
from marketintel.analysis.markets import screening as scoring
from marketintel.analysis.markets.candidates import NAIVE, Inputs, Year, history
from marketintel.analysis.markets.duty_rates import rates_of
from marketintel.reference.countries import country_name, group_members
from marketintel.reference.screening import Material, Settings, load_nontariff
from marketintel.warehouse import engine, reads
from marketintel.warehouse.context import macro
from marketintel.warehouse.coverage import coverage


@dataclass(frozen=True)
class Screen:
    """The facts of one screening.

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
        """What the methods read."""
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
    def now(self) -> Year:
        """The three methods with all data up to the year."""
        return self._year(self.inputs)

    @cached_property
    def in_force(self) -> Year:
        """The same without the scenario."""
        return self._year(replace(self.inputs, scenario=None))

    @cached_property
    def funnel(self) -> scoring.Funnel:
        """Which markets stayed, and where the others left."""
        gone = {m: why for m, why in self.excluded.items() if m in self.now.markets}
        return scoring.funnel(self.now.indicators, self.settings.filters, gone)

    @cached_property
    def opinions(self) -> pd.DataFrame:
        """What each method thinks of the markets that stayed; the score is among them only."""
        table = self.now.opinions(self.settings.indicators, self.settings.sides)
        table = table.loc[self.funnel.stayed]
        return table.assign(score=self.scores["score"])

    @cached_property
    def index(self) -> pd.DataFrame:
        """Indices 0 to 100 of the markets that stayed."""
        values = self.now.indicators.loc[self.funnel.stayed]
        return scoring.indices(values, self.settings.indicators)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Attractiveness, access, score, how much was known."""
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
    def rule(self) -> agreement.Rule:
        """When a market is robust."""
        return self.settings.rule.model_copy(update={"first": self.top})

    @cached_property
    def classified(self) -> pd.DataFrame:
        """Ranks by method, votes, class and reason; index market, shortlist first."""
        return agreement.classify(
            agreement.ranks(self.opinions),
            self.ranges["rank_hi"],
            self.scores["known_weight_pct"],
            self.rule,
            self.complete,
        )

    @cached_property
    def shortlist(self) -> list[str]:
        """ISO3 of the candidates, in order."""
        return list(agreement.shortlist(self.classified, self.top))

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """Spearman correlations between the methods."""
        return agreement.correlations(self.opinions)

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
            inputs = replace(self.inputs, trade=rows, basket=self.trade)
            try:
                year = self._year(inputs)
                table = self._group(year)
            except (ValueError, ArithmeticError) as error:
                table = pd.DataFrame({"note": [str(error)]})
            parts.append(table.assign(group=str(group), group_name=str(name)))
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def record(self) -> pd.DataFrame:
        """What the methods said in earlier years against what happened.

        Without duties, which are known for late years only, and without a scenario.
        """
        s = self.settings
        first = int(self.trade["period"].min()) + s.lookback
        years = range(first, self.year - min(s.horizons) + 1)
        blind = replace(self.inputs, duties=None, scenario=None)
        said = history(blind, years, s.indicators, s.sides, s.lookback, s.smooth)
        own = self.trade[
            self.trade["exporter"].isin(self.members) & ~self.trade["market"].isin(self.members)
        ]
        own = own.assign(value_usd=own["value_usd"] * own["exporter"].map(self.shares))
        sales = own.groupby(["market", "period"])["value_usd"].sum().reset_index()
        return record.record(said, record.outcomes(sales, s.horizons), s.first)

    @cached_property
    def record_summary(self) -> pd.DataFrame:
        """The record, averaged over the years."""
        return record.summary(self.record, NAIVE, self.settings.first)

    @cached_property
    def nontariff(self) -> pd.DataFrame:
        """Cited facts that no duty shows: for the shortlist, for everywhere, and for the goods."""
        return load_nontariff()

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """What data are here."""
        return coverage(data_dir=self.data_dir, newest=True)

    @property
    def used(self) -> pd.DataFrame:
        """The files that were read so far, in order."""
        return reads.used(self.data_dir)

    @cached_property
    def source_line(self) -> str:
        """One line under tables and figures."""
        rows = self.coverage[self.coverage["source"] == self.source]
        return " ".join(str(citation) for citation in rows["citation"].unique())

    def _year(self, inputs: Inputs) -> Year:
        return Year(inputs, self.year, self.settings.lookback, self.settings.smooth)

    def _group(self, year: Year) -> pd.DataFrame:
        kept = set(self.funnel.stayed)
        stayed = [m for m in year.markets if m in kept]
        opinions = year.opinions(self.settings.indicators, self.settings.sides).loc[stayed]
        table = agreement.ranks(opinions).sort_values(["n_methods", "mean_rank"],
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

"""Elasticities of an outlook, and scenarios put on its yearly forecasts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from marketintel.analysis.forecast import choice
from marketintel.analysis.forecast.elasticities import Elasticity
from marketintel.analysis.forecast.scenarios import Scenario, apply, parse
from marketintel.analysis.trade.frames import CORE
from marketintel.documents.frames import each
from marketintel.documents.market.segment_outlook import OWN_SERIES
from marketintel.documents.outlook.facts import drivers, totals
from marketintel.documents.outlook.facts.years import Years
from marketintel.documents.outlook.wording import label, trade_of
from marketintel.errors import MarketIntelError, MissingDataError, UsageError
from marketintel.reference.countries import country, country_name, group_members
from marketintel.reference.headings import Headings
from marketintel.reference.segments import Segments
from marketintel.warehouse.basis import US_EXPORTS, Basis
from marketintel.warehouse.flows import flows

MATERIALS = "materials"
"""The segment on whose mixed codes elasticities of raw materials were estimated."""

_ALIASES = {"EU": "EU27"}


@dataclass(frozen=True)
class Drivers:
    """Elasticities and scenarios.

    Attributes
    ----------
    countries : list of str
        Target countries, ISO3.
    texts : list of str
        Scenarios as :func:`marketintel.analysis.forecast.scenarios.parse` reads them.
    years : Years
        Yearly forecasts, the baselines of scenarios.
    path : DataFrame
        Reference classes of the countries' segments, the baselines where there is no series
        (:class:`~marketintel.documents.market.segment_outlook.SegmentOutlook`).
    month : str
        Of the edition.
    """

    countries: list[str]
    texts: list[str]
    years: Years
    path: pd.DataFrame
    segments: Segments
    headings: Headings
    month: str
    data_dir: Path | None = None

    @property
    def elasticities(self) -> list[Elasticity]:
        """Estimates of all drivers; what cannot be estimated is in :attr:`gaps`."""
        return self._estimated[0]

    @cached_property
    def gaps(self) -> list[str]:
        """Gaps among the drivers, one sentence each."""
        known = self.projections.drop_duplicates("source")
        gaps = self._estimated[1] + [
            f"Projected growth of GDP is a mean over {row.first} to {row.last} ({row.source}); "
            f"`marketintel fetch imf --for {self.countries[0]}` brings the current one"
            f"{f' ({row.warning})' if row.warning else ''}."
            for row in each(known)
        ]
        without = sorted(set(self.countries) - set(self.projections["economy"]))
        if without:
            names = ", ".join(country_name(c) for c in without)
            gaps.append(
                f"No IMF projection of GDP is in the data for {names}: the baseline is the "
                "forecast's own, and low and high assume a point of growth less or more."
            )
        return gaps

    @cached_property
    def _estimated(self) -> tuple[list[Elasticity], list[str]]:
        stored = drivers.stored_elasticities
        # Of a driver the first that is not tested is the default: see analysis.forecast.choice.
        found: list[Elasticity] = [*stored("duty"), *stored("exchange_rate")]
        gaps = []
        cells = self.mirror_cells
        attempts: dict[str, Callable[[], list[Elasticity]]] = {
            "duties of the US": lambda: drivers.duty_elasticities(self.segments, self.data_dir),
            "income": lambda: drivers.gdp_elasticities(cells, self.headings, self.data_dir),
        }
        if len(cells):
            attempts["exchange rates of these destinations"] = lambda: [
                drivers.currency_elasticity(cells, self.data_dir)
            ]
        for what, estimate in attempts.items():
            try:
                found += estimate()
            except MarketIntelError as error:
                gaps.append(f"No elasticity to {what}: {error}.")
        return [*found, *stored("gdp")], gaps

    @cached_property
    def projections(self) -> pd.DataFrame:
        """Mean yearly GDP growth behind and ahead, where a projection is in the data."""
        try:
            return drivers.gdp_projections(self.countries, self.month, self.data_dir)
        except (MissingDataError, UsageError):  # no GDP of any year was fetched
            return pd.DataFrame(columns=drivers.PROJECTION)

    @cached_property
    def mirror_cells(self) -> pd.DataFrame:
        """Yearly US exports of core codes: what elasticities of destinations are estimated from."""
        cells = self.years.cells
        if cells.empty:
            return pd.DataFrame(columns=["unique_id", "ds", "y", "partner", "segment"])
        return cells[cells["kind"].map(lambda basis: basis.kind == US_EXPORTS and not basis.mixed)]

    @cached_property
    def baselines(self) -> pd.DataFrame:
        """``unique_id, ds, mean, what`` of the yearly forecasts that scenarios are put on."""
        rows = self.years.baselines.merge(self.years.nodes, on="unique_id")
        rows["what"] = [
            trade_of(basis, country_name(p)) if p else label(basis)
            for basis, p in zip(rows["kind"], rows["partner"], strict=True)
        ]
        return rows

    @cached_property
    def low_high(self) -> pd.DataFrame:
        """Each country's total of core codes under less and more GDP growth, and as projected.

        ``warning`` is empty, or that the projection is old.
        """
        nodes = self.years.nodes
        of_country = nodes[
            (nodes["role"] == totals.COUNTRY) & nodes["unique_id"].isin(self.countries)
        ]
        starts = self.years.made.groupby("unique_id")["ds"].min().dt.year
        projected = self.projections.set_index("economy")
        warnings: dict[str, str] = {}
        for row in each(of_country):
            if not self.fitting(row.kind):
                continue
            name, first = row.unique_id, int(starts[row.unique_id])
            warnings |= {f"GDP of {name} {sign}1 point a year from {first}": "" for sign in "-+"}
            if name in projected.index:
                ahead = projected.loc[name]
                gap = float(ahead["projected_pct"] - ahead["history_pct"])
                if round(gap, 1):
                    text = f"GDP of {name} {gap:+.1f} points a year from {first}"
                    warnings[text] = ahead["warning"]
        rows = self._evaluated(list(warnings), series_only=True)[0]
        return rows.assign(warning=rows["assumption"].map(warnings)) if len(rows) else rows

    @property
    def scenarios(self) -> pd.DataFrame:
        """Scenarios at the last year of their baseline, under each elasticity of their driver.

        Columns of :func:`~marketintel.analysis.forecast.scenarios.apply`, with ``baseline_what``,
        ``rate_pct``, ``label``, ``is_default``, ``is_significant``; the default estimate first
        (:mod:`marketintel.analysis.forecast.choice`).
        """
        return self._asked[0]

    @property
    def refused(self) -> pd.DataFrame:
        """``assumption, reason`` of scenarios that could not be computed."""
        return self._asked[1]

    @cached_property
    def _asked(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        return self._evaluated(self.texts)

    def _evaluated(
        self, texts: Sequence[str], *, series_only: bool = False
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        done, refused = [], []
        for scenario in map(parse, texts):
            try:
                done += self._computed(scenario, series_only)
            except MarketIntelError as error:
                refused.append((scenario.text, str(error)))
        table = pd.concat(done, ignore_index=True) if done else pd.DataFrame()
        return table, pd.DataFrame(refused, columns=["assumption", "reason"])

    def _computed(self, scenario: Scenario, series_only: bool) -> list[pd.DataFrame]:
        """One row for every elasticity that fits the scenario's driver, goods and trade."""
        importer = country(_ALIASES.get(scenario.importer.upper(), scenario.importer))
        if scenario.driver == "duty":
            baseline, what, rate = self._duty_baseline(scenario, importer)
            return self._applied(scenario, baseline, what, self.elasticities, rate)
        done: list[pd.DataFrame] = []
        for total in self._totals(importer)[: 1 if series_only else None]:
            try:
                done += self._applied(scenario, *total)
            except MissingDataError as error:
                reason = error
        if not done:
            raise reason
        return done

    def _applied(
        self,
        scenario: Scenario,
        baseline: pd.DataFrame,
        what: str,
        found: list[Elasticity],
        rate: float = 0.0,
    ) -> list[pd.DataFrame]:
        usable = choice.in_order(found, scenario.driver)
        if not usable:
            driver = scenario.driver.replace("_", " ")
            raise MissingDataError(f"no elasticity to {driver} could be estimated")
        return [
            apply(baseline, scenario, elasticity, rate)
            .tail(1)
            .assign(
                baseline_what=what,
                rate_pct=100 * rate,
                label=elasticity.label,
                is_default=elasticity is usable[0],
                is_significant=elasticity.is_significant,
            )
            for elasticity in usable
            if elasticity.key != "duty_core_codes"  # shown, not used: see its sign
        ]

    def _totals(self, importer: str) -> list[tuple[pd.DataFrame, str, list[Elasticity]]]:
        """Totals of a country, in figures and words, with the elasticities that fit them.

        Its own series, and the segments that are forecast by reference class.
        """
        found, own = [], self.baselines[self.baselines["unique_id"] == importer]
        if len(own):
            basis: Basis = own["kind"].iloc[0]
            fitting = self.fitting(basis)
            if basis.mixed and not fitting:
                raise MissingDataError(
                    f"no elasticity was estimated on goods such as the mixed codes of {importer}"
                )
            found.append((own, f"forecast of {own['what'].iloc[0]}", fitting))
        rows = self.path[self.path["market"] == importer]
        rows = rows[(rows["forecast_class"] != OWN_SERIES) & (rows["segment"] != MATERIALS)]
        if len(rows):
            sums = rows.groupby("year")["median_usd"].agg(["sum", "size"])
            sums = sums[sums["size"] == sums["size"].max()]  # segments may begin in different years
            ends = [pd.Timestamp(int(str(year)), 12, 31).as_unit("s") for year in sums.index]
            made = pd.DataFrame({"unique_id": importer, "ds": ends, "mean": sums["sum"].to_numpy()})
            what = f"medians of {sums['size'].max()} segments of {country_name(importer)}, added up"
            devices = [e for e in self._of_imports if not e.key.endswith(f"_{MATERIALS}")]
            found.append((made, what, devices))
        if not found:
            raise MissingDataError(
                f"this outlook has no yearly forecast of a total for {importer}, and none of its "
                "segments by reference class"
            )
        return found

    @staticmethod
    def _baseline(baselines: pd.DataFrame, unique_id: str, what: str) -> pd.DataFrame:
        rows = baselines[baselines["unique_id"] == unique_id]
        if rows.empty:
            raise MissingDataError(f"this outlook has no yearly forecast of {what}")
        return rows

    def _duty_baseline(self, scenario: Scenario, importer: str) -> tuple[pd.DataFrame, str, float]:
        """Baseline in figures and words, and the duty rate that is there already, 0 to 1."""
        exporter = country(_ALIASES.get(scenario.exporter.upper(), scenario.exporter))
        goods = scenario.segment
        chosen = None if goods.lower() == "all" else self.segments.resolve(goods)
        if importer == drivers.IMPORTER:
            return self._us_imports(scenario, exporter, chosen)
        if exporter != drivers.IMPORTER:
            raise MissingDataError(
                f"imports of {importer} from {exporter} are not here; duties can be asked of US "
                "imports and of US exports to the countries of this outlook"
            )
        unique_id = f"{importer} {chosen}" if chosen else importer
        mirrors = self.baselines["kind"].map(lambda basis: basis.kind == US_EXPORTS)
        baseline = self._baseline(self.baselines[mirrors], unique_id, unique_id)
        what = f"forecast of US exports to {importer}; its duty of today is not known and counts as nought"
        return baseline, what, 0.0

    def _us_imports(
        self, scenario: Scenario, exporter: str, chosen: str | None
    ) -> tuple[pd.DataFrame, str, float]:
        """US imports of the last year, held: two years allow no forecast."""
        rows = flows(
            reporter=drivers.IMPORTER,
            segments=chosen,
            partner=group_members(exporter),
            scope=self.segments[chosen].own if chosen else CORE,
            data_dir=self.data_dir,
        )
        year = rows["period"].max()
        last = rows[rows["period"] == year]
        value, duties = last["value_usd"].sum(), last["duties_usd"].sum(min_count=1)
        if not value > 0 or np.isnan(duties):
            raise MissingDataError(f"no US imports with duties from {exporter} in {year}")
        end = pd.Timestamp(max(scenario.year, int(year) + 1), 12, 31).as_unit("s")
        goods = chosen or "all photonics segments"
        baseline = pd.DataFrame(
            {"unique_id": [f"{exporter} {goods}"], "ds": [end], "mean": [value]}
        )
        what = f"US imports of {year}, held: two years allow no forecast"
        return baseline, what, float(duties / value)

    def fitting(self, basis: Basis) -> list[Elasticity]:
        """Return elasticities estimated on the goods and trade of a basis.

        Mixed codes have those of raw materials, and only where they are such; what was estimated
        on US exports to some destinations is for US exports.
        """
        if basis.mixed:
            codes = self.years.nodes.loc[self.years.nodes["kind"] == basis, "unique_id"]
            cells = self.years.cells[self.years.cells["unique_id"].isin(codes)]
            if set(cells["segment"]) != {MATERIALS}:
                return []
            return [e for e in self.elasticities if e.key.endswith(f"_{MATERIALS}")]
        if basis.kind == US_EXPORTS:
            return self.elasticities
        return self._of_imports

    @property
    def _of_imports(self) -> list[Elasticity]:
        return [e for e in self.elasticities if e.key != "gdp_destination"]

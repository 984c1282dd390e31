"""Every figure of a segment outlook, computed once: series, forecasts, errors, potential, scenarios."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from marketintel.analysis.forecast import shocks as shock
from marketintel.analysis.forecast.elasticities import Elasticity
from marketintel.analysis.forecast.scenarios import parse
from marketintel.documents.engine.naming import edition_month
from marketintel.documents.frames import each
from marketintel.documents.outlook import drivers, totals
from marketintel.documents.outlook.chosen_series import Chosen
from marketintel.documents.outlook.months import Months, accuracy
from marketintel.documents.outlook.silent import silent
from marketintel.documents.outlook.wording import label, trade_of
from marketintel.documents.outlook.world import World
from marketintel.documents.outlook.years import Years
from marketintel.errors import MarketIntelError, MissingDataError, UsageError
from marketintel.reference.countries import country, country_name
from marketintel.reference.drivers import load_shocks
from marketintel.reference.headings import Headings
from marketintel.reference.segments import Segments
from marketintel.warehouse import reads
from marketintel.warehouse.basis import REPORTED, US, US_EXPORTS, Basis, by_basis, in_order
from marketintel.warehouse.coverage import coverage

CONTEXT = ("us_census_imports", "atlas_world_exports", "worldbank", "imf", "ecb")
"""Sources that scenarios and world series may read."""

MATERIALS = "materials"
"""The segment on whose mixed codes elasticities of raw materials were estimated."""


@dataclass(frozen=True)
class Outlook:
    """The facts of one segment outlook.

    Attributes
    ----------
    countries, chosen : list of str
        Target countries (ISO3) and segment ids, in order.
    found : Chosen
        The best series there are of each country and segment.
    segments, headings
        Reference files.
    threshold_pct : float
        A market is asked whether it will exceed its present level by so much.
    scenario_texts : list of str
        As :func:`marketintel.analysis.forecast.scenarios.parse` reads them.
    """

    countries: list[str]
    chosen: list[str]
    found: Chosen
    segments: Segments
    headings: Headings
    threshold_pct: float
    scenario_texts: list[str]
    data_dir: Path | None = None

    @staticmethod
    def country_name(iso3: str) -> str:
        """Plain name of a country."""
        return country_name(iso3)

    @cached_property
    def names(self) -> dict[str, str]:
        """Segments, and the codes that stand one by one, to their names."""
        names = self.segments.names()
        known = {s: names[s] for s in self.chosen}
        for segment in self.segments:
            known |= {c.cmd_code: f"{c.label} ({c.cmd_code})" for c in segment.codes}
        return known

    @cached_property
    def months(self) -> Months:
        """Whole segments by month."""
        return Months(self.found.months, self.segments, self.month)

    @cached_property
    def years(self) -> Years:
        """Comparable goods by year, and their totals."""
        return Years(self.found.years, self.threshold_pct, self.month)

    @cached_property
    def world(self) -> World:
        """World exports of the headings that may speak for a chosen segment."""
        return World(self.headings, self.chosen, self.threshold_pct, self.month, self.data_dir)

    @cached_property
    def kinds(self) -> list[Basis]:
        """What the series of this outlook count, each kind once."""
        monthly = set(self.months.kinds.values())
        return in_order(monthly | set(self.years.nodes["kind"]))

    @cached_property
    def silent(self) -> pd.DataFrame:
        """``unique_id, partner, item, monthly, yearly``: why a series has no forecast of that kind."""
        return silent(self.countries, self.chosen, self.months, self.years)

    # Shocks -------------------------------------------------------------------------------------

    @cached_property
    def shocks(self) -> pd.DataFrame:
        """Declared shocks (``reference/shocks.toml``)."""
        return load_shocks()

    @cached_property
    def month_spans(self) -> pd.DataFrame:
        """Which shocks touch which monthly series."""
        return shock.touching(self.shocks, self._lives(self.months.panel, self.months.kinds))

    @cached_property
    def year_spans(self) -> pd.DataFrame:
        """Which shocks touch which yearly series, cells and totals."""
        nodes = self.years.nodes
        kinds = dict(zip(nodes["unique_id"], nodes["kind"], strict=True))
        return shock.touching(self.shocks, self._lives(self.years.panel, kinds))

    @cached_property
    def world_spans(self) -> pd.DataFrame:
        """Which shocks touch which world series."""
        return shock.touching(self.shocks, self._lives(self.world.panel, {}))

    @cached_property
    def spans(self) -> pd.DataFrame:
        """All of these; a series by month and by year has one name and may stand twice."""
        parts = [self.month_spans, self.year_spans, self.world_spans]
        return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)

    @staticmethod
    def _lives(panel: pd.DataFrame, kinds: dict[str, Basis]) -> pd.DataFrame:
        """When each series lives, and between whom the trade is that it counts."""
        lives = panel.groupby("unique_id")["ds"].agg(["min", "max"]).reset_index()
        lives.columns = pd.Index(["unique_id", "start", "end"])
        sides = [_sides(str(u), kinds.get(str(u))) for u in lives["unique_id"]]
        lives["reporter"] = [reporter for reporter, _ in sides]
        lives["partner"] = [partner for _, partner in sides]
        return lives

    @cached_property
    def shock_errors(self) -> pd.DataFrame:
        """Monthly errors of the combination on targets within and without a declared shock."""
        tested = self.months.tested[self.months.tested["model"].isin(["combination", "naive"])]
        tested = tested.assign(in_shock=shock.in_shock(tested, self.month_spans))
        return accuracy(tested, self.months.cut, by=("in_shock", "model"))

    @cached_property
    def detected(self) -> pd.DataFrame:
        """Common shocks found in the data: ``where, ds, direction, share, series``."""
        panels: list[tuple[str, pd.DataFrame]] = []
        for basis in sorted(set(self.months.kinds.values())):
            ids = [u for u, own in self.months.kinds.items() if own == basis]
            rows = self.months.cut[self.months.cut["unique_id"].isin(ids)]
            panels.append((f"{label(basis)} by month", rows))
        cells = self.years.nodes[self.years.nodes["role"] == totals.CELL]
        for basis, nodes in by_basis(cells):
            rows = self.years.panel[self.years.panel["unique_id"].isin(nodes["unique_id"])]
            panels.append((f"{label(basis)} by year", rows))
        panels.append(("world headings by year", self.world.candidates))
        found = [shock.detect(p).assign(where=label) for label, p in panels if len(p)]
        found = [rows for rows in found if len(rows)]
        columns = ["where", "ds", "direction", "share", "series"]
        return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)

    # Drivers ------------------------------------------------------------------------------------

    @cached_property
    def elasticities(self) -> list[Elasticity]:
        """Estimates to duty and income; what cannot be estimated is in :attr:`driver_gaps`."""
        return self._drivers[0]

    @cached_property
    def driver_gaps(self) -> list[str]:
        """What is missing among the drivers, one sentence each."""
        return self._drivers[1]

    @cached_property
    def _drivers(self) -> tuple[list[Elasticity], list[str]]:
        stored = drivers.stored_elasticities
        # Of a driver the first that is not tested is the default: see analysis.forecast.choice.
        found: list[Elasticity] = [*stored("duty"), *stored("exchange_rate")]
        gaps = []
        cells = self.mirror_cells
        attempts: list[tuple[str, Callable[[], list[Elasticity]]]] = [
            ("duties of the US", lambda: drivers.duty_elasticities(self.segments, self.data_dir)),
            ("income", lambda: drivers.gdp_elasticities(cells, self.headings, self.data_dir)),
        ]
        if len(cells):
            attempts.append(
                (
                    "exchange rates of these destinations",
                    lambda: [drivers.currency_elasticity(cells, self.data_dir)],
                )
            )
        for what, estimate in attempts:
            try:
                found += estimate()
            except MarketIntelError as error:
                gaps.append(f"No elasticity to {what}: {error}.")
        found += stored("gdp")
        known = self.projections.drop_duplicates("source")
        gaps += [
            f"Projected growth of GDP is a mean over {row.first} to {row.last} ({row.source}); "
            f"`marketintel fetch imf --for {self.countries[0]}` brings the current one"
            f"{f' ({row.warning})' if row.warning else ''}."
            for row in each(known)
        ]
        without = sorted(set(self.countries) - set(self.projections["economy"]))
        if without:
            names = ", ".join(self.country_name(c) for c in without)
            gaps.append(
                f"No IMF projection of GDP is in the data for {names}: the baseline is the "
                "forecast's own, and low and high assume a point of growth less or more."
            )
        return found, gaps

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
    def low_high(self) -> pd.DataFrame:
        """Each country's total of core codes under less and more GDP growth, and as projected.

        ``warning`` says so where a projection is old.
        """
        totals_of = self.years.nodes[self.years.nodes["role"] == totals.COUNTRY]
        starts = self.years.made.groupby("unique_id")["ds"].min().dt.year
        texts = []
        warnings: dict[str, str] = {}
        for row in each(totals_of[totals_of["unique_id"].isin(self.countries)]):
            if not self.fitting(row.kind):
                continue
            first = int(starts[row.unique_id])
            texts += [f"GDP of {row.unique_id} {sign}1 point a year from {first}" for sign in "-+"]
            known = self.projections[self.projections["economy"] == row.unique_id]
            if len(known):
                gap = float((known["projected_pct"] - known["history_pct"]).iloc[0])
                if round(gap, 1):
                    texts.append(f"GDP of {row.unique_id} {gap:+.1f} points a year from {first}")
                    warnings[texts[-1]] = known["warning"].iloc[0]
        rows = self._evaluated(texts)[0]
        return (
            rows.assign(warning=rows["assumption"].map(warnings).fillna("")) if len(rows) else rows
        )

    @cached_property
    def baselines(self) -> pd.DataFrame:
        """``unique_id, ds, mean, what`` of the yearly forecasts: what scenarios are put on."""
        rows = self.years.baselines.merge(self.years.nodes, on="unique_id")
        rows["what"] = [
            trade_of(basis, country_name(p)) if p else label(basis)
            for basis, p in zip(rows["kind"], rows["partner"], strict=True)
        ]
        return rows

    @cached_property
    def scenarios(self) -> pd.DataFrame:
        """The user's scenarios under each elasticity of their driver."""
        return self._scenarios[0]

    @cached_property
    def scenarios_refused(self) -> pd.DataFrame:
        """``assumption, reason``."""
        return self._scenarios[1]

    @cached_property
    def _scenarios(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        return self._evaluated(self.scenario_texts)

    def _evaluated(self, texts: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Compute scenarios, each on baselines and with elasticities that fit its kind of trade."""
        done, undone = [], []
        for text in texts:
            base, found, reason = self._fitting(text)
            if reason:
                undone.append(pd.DataFrame([(text, reason)], columns=["assumption", "reason"]))
                continue
            rows, refused = drivers.evaluate([text], found, base, self.segments, self.data_dir)
            done.append(rows)
            undone.append(refused)
        done = [rows for rows in done if len(rows)]
        undone = [rows for rows in undone if len(rows)]
        none = pd.DataFrame(columns=["assumption", "reason"])
        return (
            pd.concat(done, ignore_index=True) if done else pd.DataFrame(),
            pd.concat(undone, ignore_index=True) if undone else none,
        )

    def _fitting(self, text: str) -> tuple[pd.DataFrame, list[Elasticity], str]:
        """Baselines and elasticities of a scenario, or why it cannot be computed."""
        scenario = parse(text)
        if scenario.driver == "duty":  # on US imports, or on US exports to a country
            mirrors = self.baselines["kind"].map(lambda basis: basis.kind == US_EXPORTS)
            return self.baselines[mirrors], self.elasticities, ""
        try:
            importer = country(scenario.importer)
        except MarketIntelError as error:
            return self.baselines, [], str(error)
        own = self.baselines[self.baselines["unique_id"] == importer]
        if own.empty:
            return own, [], f"this outlook has no yearly forecast of a total for {importer}"
        basis: Basis = own["kind"].iloc[0]
        found = self.fitting(basis)
        if basis.mixed and not found:
            return (
                own,
                [],
                f"no elasticity was estimated on goods such as the mixed codes of {importer}",
            )
        return own, found, ""

    def fitting(self, basis: Basis) -> list[Elasticity]:
        """Elasticities estimated on such goods and such trade as a kind of series counts.

        Mixed codes have those of raw materials, and only where they are such; what was estimated
        on US exports to some destinations is for US exports.
        """
        if basis.mixed:
            codes = self.years.nodes.loc[self.years.nodes["kind"] == basis, "unique_id"]
            cells = self.years.cells[self.years.cells["unique_id"].isin(codes)]
            of_materials = set(cells["segment"]) == {MATERIALS}
            return [
                e for e in self.elasticities if of_materials and e.key.endswith(f"_{MATERIALS}")
            ]
        if basis.kind == US_EXPORTS:
            return self.elasticities
        return [e for e in self.elasticities if e.key != "gdp_destination"]

    # Provenance ---------------------------------------------------------------------------------

    @property
    def used(self) -> pd.DataFrame:
        """The files that were read so far, in order."""
        return reads.used(self.data_dir)

    @cached_property
    def month(self) -> str:
        """The edition's month: what ends in it or before is past.

        It must be known before anything is forecast, so all that may be read counts.
        """
        there = coverage(data_dir=self.data_dir, newest=True)
        own = {basis.source for rows in (self.found.months, self.found.years) if len(rows)
               for basis in rows["kind"]}  # fmt: skip
        return edition_month(there.loc[there["source"].isin([*own, *CONTEXT]), "retrieved_at"])

    def source_line(self, *kinds: Basis) -> str:
        """What is counted, by whom, and the citation: for under a table or figure."""
        lines = []
        for basis in dict.fromkeys(kinds):
            cited = self.used.loc[self.used["source"] == basis.source, "citation"].unique()
            lines.append(f"{label(basis)[:1].upper()}{label(basis)[1:]}: {' '.join(cited)}")
        return " ".join(lines)


def _sides(unique_id: str, basis: Basis | None) -> tuple[str, str]:
    """Between whom the trade of a series is: reporter and partner, ``WLD`` for the whole world."""
    if basis is None:
        return "WLD", "WLD"
    place = unique_id.partition(" ")[0]
    place = place if len(place) == 3 and place.isalpha() else "WLD"  # a total of several countries
    if basis.kind == US_EXPORTS:
        return US, place
    return (place, "WLD") if basis.kind == REPORTED else ("WLD", place)

"""Every figure of a segment outlook, computed once: series, forecasts, errors, potential, scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast import shocks as shock
from marketintel.analysis.forecast.elasticities import Elasticity
from marketintel.analysis.forecast.outlook import LEVELS, summarise
from marketintel.errors import MarketIntelError, MissingDataError, UsageError
from marketintel.report.outlook import drivers, series
from marketintel.warehouse import query
from marketintel.warehouse.reference import (
    Headings,
    Segments,
    country,
    country_name,
    group_members,
    load_headings,
    load_segments,
)
from marketintel.warehouse.shocks import load_shocks

REPORTER = "USA"
"""Who reports the monthly exports: each destination is seen through this mirror only."""

COUNTRIES = ("IRL", "CHE", "TUR", "VNM", "CHN")
SCENARIOS = (
    "US duty on EU lasers +5 points from 2026",
    "GDP of CHE +1 point a year from 2026",
    "currency of CHE -10 % from 2026",
)

MONTHS, YEARS, ORIGINS = 12, 5, 5
MODELS = ("combination", "naive", "drift")
TRADE = "us_census_exports"
USED = (TRADE, "us_census_imports", "atlas_world_exports", "worldbank", "imf", "ecb")


@dataclass(frozen=True)
class Outlook:
    """The facts of one segment outlook.

    Attributes
    ----------
    countries, chosen : list of str
        Destinations (ISO3) and segment ids, in order.
    flows : DataFrame
        US exports of core codes by month (see :func:`marketintel.warehouse.query.monthly`).
    segments, headings
        Reference files.
    threshold_pct : float
        A market is asked whether it will exceed its present level by so much.
    scenario_texts : list of str
        As :func:`marketintel.analysis.forecast.scenarios.parse` reads them.
    """

    countries: list[str]
    chosen: list[str]
    flows: pd.DataFrame
    segments: Segments
    headings: Headings
    threshold_pct: float
    scenario_texts: list[str]
    data_dir: Path | None = None

    @staticmethod
    def country_name(iso3: str) -> str:
        """Plain name of a destination."""
        return country_name(iso3)

    @cached_property
    def segment_names(self) -> dict[str, str]:
        """Segment id to name."""
        names = self.segments.names()
        return {s: names[s] for s in self.chosen}

    # Series -------------------------------------------------------------------------------------

    @cached_property
    def monthly(self) -> pd.DataFrame:
        """Whole segments by month, all months there are."""
        return series.monthly(self.flows)

    @cached_property
    def breaks(self) -> pd.DataFrame:
        """``unique_id, ds, reason``: declared breaks of whole segments."""
        return series.breaks(self.flows, self.segments)

    @cached_property
    def monthly_cut(self) -> pd.DataFrame:
        """Whole segments after their last break: what monthly forecasts are made from."""
        return fc.cut(self.monthly, self.breaks)

    @cached_property
    def yearly(self) -> pd.DataFrame:
        """Unchanged codes by year, with the share of the segment that they are."""
        return series.yearly(self.flows, self.segments)

    @cached_property
    def annual(self) -> pd.DataFrame:
        """Cells of :attr:`yearly` that speak for their segment and can be forecast."""
        enough = self.yearly[self.yearly["cover_pct"] >= series.MIN_COVER_PCT]
        refused = fc.refused(fc.forecast(enough, 1, (95,)))["unique_id"]
        return enough[~enough["unique_id"].isin(refused)].reset_index(drop=True)

    @cached_property
    def structure(self) -> pd.DataFrame:
        """``aggregate, part``: each country's cells. Countries whose data end apart are not added."""
        cells = self.annual.drop_duplicates("unique_id")
        return pd.DataFrame({"aggregate": cells["partner"], "part": cells["unique_id"]})

    @cached_property
    def annual_panel(self) -> pd.DataFrame:
        """Cells and country totals, ``unique_id, ds, y``; a total only over years that all have."""
        cells = self.annual[["unique_id", "ds", "y", "partner"]]
        wide = cells.groupby(["partner", "ds"])["y"].agg(["sum", "size"])
        whole = cells.groupby("partner")["unique_id"].nunique()
        full = wide["size"] == wide.index.get_level_values(0).map(dict(whole))
        totals = wide.loc[full, "sum"].rename("y").reset_index()
        totals = totals.rename(columns={"partner": "unique_id"})
        return pd.concat([cells.drop(columns="partner"), totals], ignore_index=True)

    @cached_property
    def world(self) -> pd.DataFrame:
        """World exports of the headings that speak for a chosen segment, after their last break."""
        parts = []
        for heading in self.speaking:
            try:
                rows = query.world_series(heading, data_dir=self.data_dir)
            except MissingDataError:
                continue
            rows = rows[rows["period"] >= str(self.headings[heading].usable_from)]
            ends = pd.to_datetime(rows["period"] + "-12-31").astype("datetime64[s]")
            parts.append(pd.DataFrame({"unique_id": heading, "ds": ends, "y": rows["value_usd"]}))
        columns = ["unique_id", "ds", "y"]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)

    @cached_property
    def speaking(self) -> dict[str, list[str]]:
        """Heading to the chosen segments that it may speak for."""
        found: dict[str, list[str]] = {}
        for segment in self.chosen:
            for heading in self.headings.speaking_for(segment):
                found.setdefault(heading.heading, []).append(segment)
        return found

    # Forecasts and their errors -------------------------------------------------------------------

    @cached_property
    def fans(self) -> pd.DataFrame:
        """Monthly forecasts, 80 and 95 %, of the combination and what it is compared with."""
        return fc.forecast(self.monthly_cut, MONTHS, (80, 95), MODELS)

    @cached_property
    def tested(self) -> pd.DataFrame:
        """Monthly back-test."""
        return fc.backtest(self.monthly_cut, MONTHS, ORIGINS, (80, 95), MODELS)

    @cached_property
    def errors(self) -> pd.DataFrame:
        """Monthly errors by series, model and level."""
        return fc.accuracy(self.tested, self.monthly_cut, by=("model", "unique_id"))

    @cached_property
    def errors_by_country(self) -> pd.DataFrame:
        """Monthly errors by country, model and level."""
        tested = self.tested.assign(country=self.tested["unique_id"].str[:3])
        return fc.accuracy(tested, self.monthly_cut, by=("country", "model"))

    @cached_property
    def annual_made(self) -> pd.DataFrame:
        """Yearly forecasts at all levels; cells and totals add up (bottom-up)."""
        made = fc.forecast(self.annual_panel, YEARS, LEVELS, freq="A")
        present = set(made["unique_id"])
        parts = []
        for total, rows in self.structure.groupby("aggregate"):
            ids = {total, *rows["part"]} & present
            group = made[made["unique_id"].isin(ids)]
            parts.append(fc.reconcile(group, rows, "bottom_up") if total in ids else group)
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def potential(self) -> pd.DataFrame:
        """Level in five years and its probabilities, cells and totals."""
        return summarise(self.annual_made, self.annual_panel, self._thresholds(self.annual_panel))

    @cached_property
    def annual_tested(self) -> pd.DataFrame:
        """Yearly back-test, cells and totals as they are (not reconciled)."""
        return fc.backtest(self.annual_panel, 2, ORIGINS, (80, 95), MODELS, freq="A")

    @cached_property
    def explanation(self) -> fc.Explanation:
        """Which models carried the yearly forecasts, and the errors two years ahead."""
        return fc.explain(self.annual_panel, 2, ORIGINS)

    @cached_property
    def weights(self) -> pd.DataFrame:
        """Members' shares of the yearly path over the whole horizon, and their own ends."""
        return fc.explain(self.annual_panel, YEARS, ORIGINS).weights

    @cached_property
    def world_made(self) -> pd.DataFrame:
        """Yearly forecasts of the headings."""
        return fc.forecast(self.world, YEARS, (80, 95), MODELS)

    @cached_property
    def world_potential(self) -> pd.DataFrame:
        """Level in five years and its probabilities, headings."""
        return fc.potential(self.world, YEARS, self._thresholds(self.world))

    @cached_property
    def world_errors(self) -> pd.DataFrame:
        """Yearly errors of the headings by model and level; empty if none can be tested."""
        tested = fc.backtest(self.world, YEARS, ORIGINS, (80, 95), MODELS)
        if tested.empty:
            return pd.DataFrame()
        return fc.accuracy(tested, self.world, by=("model", "unique_id"))

    @cached_property
    def world_weights(self) -> pd.DataFrame:
        """Members' shares of the headings' paths."""
        return fc.explain(self.world, YEARS, ORIGINS).weights

    @cached_property
    def silent(self) -> pd.DataFrame:
        """``unique_id, monthly, yearly``: why a series has no forecast of that kind."""
        monthly = fc.refused(self.fans).rename(columns={"reason": "monthly"})
        cover = self.yearly.drop_duplicates("unique_id")
        low = cover[~(cover["cover_pct"] >= series.MIN_COVER_PCT)]
        reasons = [
            f"codes unchanged since the data begin are {value:.0f} % of the segment's trade, less "
            f"than {series.MIN_COVER_PCT:.0f} %"
            if value == value
            else "no trade in the last year"
            for value in low["cover_pct"]
        ]
        enough = cover.loc[cover["cover_pct"] >= series.MIN_COVER_PCT, "unique_id"]
        few = fc.refused(
            fc.forecast(self.yearly[self.yearly["unique_id"].isin(enough)], YEARS, (95,))
        ).rename(columns={"reason": "yearly"})
        none = sorted(set(self.monthly["unique_id"]) - set(cover["unique_id"]))
        yearly = pd.concat(
            [
                pd.DataFrame({"unique_id": low["unique_id"], "yearly": reasons}),
                pd.DataFrame({"unique_id": none, "yearly": "no code is unchanged over the years"}),
                few,
            ]
        )
        return monthly.merge(yearly, how="outer", on="unique_id")

    # Shocks -------------------------------------------------------------------------------------

    @cached_property
    def shocks(self) -> pd.DataFrame:
        """Declared shocks (``reference/shocks.toml``)."""
        return load_shocks()

    @cached_property
    def spans(self) -> pd.DataFrame:
        """Which shocks touch which series of the outlook, months, years and world."""
        panels = [self.monthly, self.annual_panel, self.world]
        lives = pd.concat(panels).groupby("unique_id")["ds"].agg(["min", "max"]).reset_index()
        lives.columns = pd.Index(["unique_id", "start", "end"])
        world = lives["unique_id"].isin(self.world["unique_id"])
        lives["reporter"] = lives["unique_id"].where(world, REPORTER).where(~world, "WLD")
        lives["partner"] = lives["unique_id"].str[:3].where(~world, "WLD")
        return shock.touching(self.shocks, lives)

    @cached_property
    def shock_errors(self) -> pd.DataFrame:
        """Monthly errors of the combination on targets within and without a declared shock."""
        tested = self.tested[self.tested["model"].isin(["combination", "naive"])]
        tested = tested.assign(in_shock=shock.in_shock(tested, self.spans))
        return fc.accuracy(tested, self.monthly_cut, by=("in_shock", "model"))

    @cached_property
    def detected(self) -> pd.DataFrame:
        """Common shocks found in the data: ``where, ds, direction, share, series``."""
        found = [
            shock.detect(panel).assign(where=label)
            for label, panel in (
                ("US exports by month", self.monthly_cut),
                ("World headings by year", self._world_candidates),
            )
            if len(panel)
        ]
        return pd.concat(found, ignore_index=True) if found else pd.DataFrame()

    @cached_property
    def _world_candidates(self) -> pd.DataFrame:
        """World exports of every usable candidate heading after its last break."""
        parts = []
        for heading in self.headings:
            if heading.unusable:
                continue
            try:
                rows = query.world_series(heading.heading, data_dir=self.data_dir)
            except MissingDataError:
                continue
            rows = rows[rows["period"] >= str(heading.usable_from)]
            ends = pd.to_datetime(rows["period"] + "-12-31")
            parts.append(
                pd.DataFrame({"unique_id": heading.heading, "ds": ends, "y": rows["value_usd"]})
            )
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

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
        for what, estimate in (
            ("duties of the US", lambda: drivers.duty_elasticities(self.segments, self.data_dir)),
            (
                "income",
                lambda: drivers.gdp_elasticities(self.annual, self.headings, self.data_dir),
            ),
            (
                "exchange rates of these destinations",
                lambda: [drivers.currency_elasticity(self.annual, self.data_dir)],
            ),
        ):
            try:
                found += estimate()
            except MarketIntelError as error:
                gaps.append(f"No elasticity to {what}: {error}.")
        found += stored("gdp")
        known = self.projections.drop_duplicates("source")
        gaps += [
            f"Projected growth of GDP is a mean over {row.first} to {row.last}, edition {row.source}; "
            "`marketintel fetch imf` brings the current one."
            for row in known.itertuples()
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
        return drivers.gdp_projections(self.countries, self.data_dir)

    @cached_property
    def low_high(self) -> pd.DataFrame:
        """Each country's total under a point of GDP growth less and more, and as projected."""
        year = int(self.annual_panel["ds"].dt.year.max()) + 1
        last = self.annual_panel.groupby("unique_id")["ds"].max()
        texts = []
        for code in self.countries:
            if code not in last.index:
                continue
            first = min(year, last[code].year + 1)
            texts += [f"GDP of {code} {sign}1 point a year from {first}" for sign in "-+"]
            row = self.projections[self.projections["economy"] == code]
            if len(row):
                gap = float((row["projected_pct"] - row["history_pct"]).iloc[0])
                if round(gap, 1):
                    texts.append(f"GDP of {code} {gap:+.1f} points a year from {first}")
        table, _ = drivers.evaluate(
            texts, self.elasticities, self.baselines, self.segments, self.data_dir
        )
        return table

    @cached_property
    def baselines(self) -> pd.DataFrame:
        """``unique_id, ds, mean`` of the yearly forecasts."""
        rows = self.annual_made.drop_duplicates(["unique_id", "ds"])
        return rows[["unique_id", "ds", "mean"]].reset_index(drop=True)

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
        return drivers.evaluate(
            self.scenario_texts, self.elasticities, self.baselines, self.segments, self.data_dir
        )

    # Provenance ---------------------------------------------------------------------------------

    @cached_property
    def used(self) -> pd.DataFrame:
        """The raw files behind the outlook."""
        coverage = query.coverage(data_dir=self.data_dir)
        return coverage[coverage["source"].isin(USED)].reset_index(drop=True)

    @cached_property
    def source_line(self) -> str:
        """Citation under country figures."""
        return " ".join(self.used.loc[self.used["source"] == TRADE, "citation"])

    def last_month(self, iso3: str) -> str:
        """Last month of a destination's data."""
        return str(self.flows.loc[self.flows["partner"] == iso3, "period"].max())

    def _thresholds(self, panel: pd.DataFrame) -> dict[str, float]:
        last = panel.sort_values("ds").groupby("unique_id")["y"].last()
        return {str(k): float(v) * (1 + self.threshold_pct / 100) for k, v in last.items()}


def load(
    countries: Sequence[str] = (),
    segments: Sequence[str] = (),
    threshold_pct: float = 25.0,
    scenarios: Sequence[str] | None = None,
    data_dir: Path | str | None = None,
) -> Outlook:
    """Read what an outlook needs and check that it can be made.

    Parameters
    ----------
    countries : sequence of str
        Destinations, ISO3 or name; those shipped if empty.
    segments : sequence of str
        Segment ids or names; all if empty.
    threshold_pct : float
        The second probability asked of every market: that it exceeds its present level by so much.
    scenarios : sequence of str, optional
        Sentences; :data:`SCENARIOS` unless given.
    data_dir : path, optional
        Where the data lie.

    Raises
    ------
    UsageError
        A country, segment or scenario that cannot be read.
    MissingDataError
        No monthly exports to a country, or none of the segments.
    """
    from marketintel.analysis.forecast.scenarios import parse

    directory = Path(data_dir) if data_dir else None
    known = load_segments()
    chosen = [known.resolve(s) for s in segments] or [s.id for s in known]
    places = list(dict.fromkeys(country(c) for c in countries or COUNTRIES))
    for place in places:
        if group_members(place) != [place]:
            raise UsageError(f"{place!r} is a group; name single countries, such as CHE")
    if threshold_pct <= -100:
        raise UsageError(f"threshold {threshold_pct} %: a level cannot fall below zero")
    texts = list(SCENARIOS if scenarios is None else scenarios)
    for text in texts:
        parse(text)
    parts = [
        query.monthly(
            reporter=REPORTER,
            partner=place,
            segments=chosen,
            scope="core",
            fill_absent=True,
            data_dir=directory,
        )
        for place in places
    ]
    for place, rows in zip(places, parts, strict=True):
        if rows.empty:
            raise MissingDataError(
                f"no monthly exports of the United States to {place} in these segments are here; "
                "the shipped data have IRL, CHE, TUR, VNM and CHN, and `marketintel fetch USA` asks for more"
            )
    flows = pd.concat(parts, ignore_index=True)
    return Outlook(places, chosen, flows, known, load_headings(), threshold_pct, texts, directory)

"""Screening of photonic devices by heading, on a bilateral matrix known in part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from marketintel.analysis.markets import agreement, bilateral
from marketintel.analysis.markets.bilateral import HeadingScores
from marketintel.analysis.markets.candidates import Inputs
from marketintel.analysis.trade.headings import MIN_CHANGES, known_pairs
from marketintel.documents.market.heading_values import read_for
from marketintel.documents.ranking.screen import Screen
from marketintel.documents.screening.facts.devices_record import (
    RECORD,
    compared_of,
    first_markets,
    record_of,
)
from marketintel.errors import MissingDataError
from marketintel.reference.countries import group_members
from marketintel.reference.headings import Heading, load_headings
from marketintel.reference.priorities import load_priorities
from marketintel.warehouse import context_trade, engine

EU = "EU27"
#: Heading that is left out of sums unless photovoltaics is asked for: cells and diodes are most of it.
SWAMPS, ITS_SEGMENT = "8541", "photovoltaics"
_PAIRS = "SELECT origin, destination, distance_km, contiguous, common_language, colony FROM pairs"


@dataclass(frozen=True)
class Devices(Screen):
    """Markets of an exporter for photonic devices, ranked by three methods on headings.

    Attributes
    ----------
    trade : DataFrame
        Every pair of the year, known or modelled; see
        :func:`marketintel.analysis.markets.bilateral.filled`.
    totals, lists : DataFrame
        Trade of economies with the world by heading; their largest partners.
    covers : dict
        Heading to the segments asked for that it is read for, with their cover.
    """

    totals: pd.DataFrame = field(default_factory=pd.DataFrame)
    lists: pd.DataFrame = field(default_factory=pd.DataFrame)
    ties: pd.DataFrame = field(default_factory=pd.DataFrame)
    covers: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def what(self) -> str:
        """The goods, for captions."""
        return "photonic devices"

    @property
    def span(self) -> str:
        """Year whose trade is used."""
        return str(self.year)

    @property
    def codes(self) -> list[str]:
        """Headings that are ranked together."""
        return sorted(self.goods["cmd_code"])

    @cached_property
    def headings(self) -> dict[str, Heading]:
        """Headings by code, those ranked alone too."""
        every = load_headings()
        return {code: every[code] for code in sorted(self.covers)}

    def goods_of(self, code: str) -> str:
        """Return the goods of a heading in few words."""
        return self.headings[code].short or self.headings[code].title

    @cached_property
    def inputs(self) -> Inputs:
        """Inputs of the methods on the headings ranked together."""
        trade = self.trade[self.trade["cmd_code"].isin(self.codes)]
        return replace(super().inputs, trade=trade)

    @cached_property
    def now(self) -> HeadingScores:
        """The three methods with all data up to the year."""
        return self.scored(self.inputs)

    @cached_property
    def gravity_known(self) -> Any:
        """Gravity of the known pairs alone, unknown pairs left out."""
        year = str(self.year)
        return bilateral.known_gravity(
            known_pairs(self.lists[self.lists["period"] == year]), self.ties
        )

    @cached_property
    def gravity_gap_known(self) -> pd.Series:
        """Predicted less actual over the exporter's known pairs, by market, unknown left out."""
        rows = self.gravity_known.predicted
        rows = rows[rows["exporter"].isin(self.members) & ~rows["market"].isin(self.members)]
        rows = rows[rows["period"].isin(self.codes)]
        share = rows["exporter"].map(self.shares)
        gap = (rows["predicted_usd"] - rows["actual_usd"]) * share
        found: pd.Series = gap.groupby(rows["market"]).sum(min_count=1)
        return found

    @cached_property
    def sales_by_heading(self) -> pd.DataFrame:
        """The exporter's sales by market, heading and year: known, modelled, at most."""
        rows = self.totals.rename(columns={"reporter": "market"})
        imports = rows.set_index(["market", "cmd_code", "period"])["imports_usd"]
        years = imports[imports.index.isin(set(self.trade["period"]), level="period")]
        return bilateral.sales(self.trade, self.shares, years)

    @cached_property
    def sales(self) -> pd.DataFrame:
        """The exporter's sales by market in the headings ranked together; index market."""
        rows = self.sales_by_heading
        rows = rows[(rows["period"] == str(self.year)) & rows["cmd_code"].isin(self.codes)]
        sums = rows.groupby("market")[["known_usd", "value_usd", "most_usd", "known_members"]].sum()
        most = sums["most_usd"].where(sums["most_usd"] > 0)
        return sums.assign(known_pct=100 * sums["known_usd"] / most)

    @cached_property
    def flow_known(self) -> pd.Series:
        """True if the exporter's sales are known well enough for a robust market, by market."""
        return self.sales["known_pct"] >= self.rule.min_known_sales_pct

    @cached_property
    def classified(self) -> pd.DataFrame:
        """Ranks, votes, class and reason; robust only where the exporter's sales are known."""
        return agreement.classify(
            agreement.ranks(self.by_method), self.ranges["rank_hi"],
            self.scores["known_weight_pct"], self.rule, self.flow_known,
        )  # fmt: skip

    @cached_property
    def potential_range(self) -> pd.DataFrame:
        """Export potential with the exporter's unknown pairs at nothing and at their most.

        Returns
        -------
        DataFrame
            Index market; ``potential_usd, lo_usd, hi_usd``. Potential is proportional to the ease
            of trade, and ease to the pair's trade; all other pairs stay.
        """
        table = self.now.potential_by_market.set_index("market")[["potential_usd"]]
        known = self.sales.reindex(table.index)
        value = known["value_usd"].where(known["value_usd"] > 0)
        low, high = known["known_usd"] / value, known["most_usd"] / value
        return table.assign(
            lo_usd=table["potential_usd"] * low, hi_usd=table["potential_usd"] * high
        )

    @cached_property
    def volatility_pct(self) -> pd.Series:
        """Standard deviation of yearly log changes of imports × 100, by market.

        Over the headings and years that compare; missing with fewer than three changes.
        """
        compared, since = compared_of(self.codes, int(self.totals["period"].min()), self.year)
        rows = self.totals[self.totals["cmd_code"].isin(compared)]
        rows = rows[rows["period"].between(str(since), str(self.year))]
        wide = rows.pivot_table(
            index="reporter", columns="period", values="imports_usd", aggfunc="sum"
        )
        changes = wide.where(wide > 0).map(np.log).diff(axis=1)
        spread: pd.Series = changes.std(axis=1).where(changes.notna().sum(axis=1) >= MIN_CHANGES)
        return 100 * spread

    @cached_property
    def by_heading(self) -> pd.DataFrame:
        """First three markets of every heading by mean rank over the three methods.

        Gravity is of known pairs here; a market that fewer methods rank comes later.

        Returns
        -------
        DataFrame
            ``cmd_code, place, market, rank_potential, rank_gravity, rank_score, mean_rank,
            imports_usd, known_usd, most_usd, known_pct, unrealised_usd``.
        """
        return first_markets(self, replace(self.inputs, trade=self.trade))

    @cached_property
    def supply(self) -> pd.DataFrame:
        """Shares of world exports of the EU and its members, or of the exporter, by heading.

        Returns
        -------
        DataFrame
            ``cmd_code, economy, exports_usd, share_pct``, trade inside the Union included.
        """
        now = self.totals[self.totals["period"] == str(self.year)]
        now = now[now["cmd_code"].isin(self.headings)]
        world = now.groupby("cmd_code")["exports_usd"].sum()
        members = dict.fromkeys([*group_members(EU), *self.members])
        rows = now[now["reporter"].isin(list(members))].rename(columns={"reporter": "economy"})
        union = (
            rows[rows["economy"].isin(group_members(EU))].groupby("cmd_code")["exports_usd"].sum()
        )
        table = pd.concat([union.reset_index().assign(economy=EU), rows], ignore_index=True)
        table["share_pct"] = 100 * table["exports_usd"] / table["cmd_code"].map(world)
        return table[["cmd_code", "economy", "exports_usd", "share_pct"]].sort_values(
            ["cmd_code", "share_pct"], ascending=[True, False], ignore_index=True
        )

    @cached_property
    def about(self) -> pd.DataFrame:
        """Headings: world trade, known part, the year since which they compare.

        Returns
        -------
        DataFrame
            ``cmd_code, world_usd, known_pct, n_pairs, since, together, in_record``.
        """
        lists = self.lists[self.lists["cmd_code"].isin(self.headings)]
        trade = self.totals[self.totals["cmd_code"].isin(self.headings)]
        table = bilateral.cover(known_pairs(lists), trade)
        table = table[table["period"] == str(self.year)].drop(columns="period")
        first = int(self.totals["period"].min())
        since = {c: h.compared_from(first, self.year) for c, h in self.headings.items()}
        return table.assign(
            since=[str(since[c]) for c in table["cmd_code"]],
            together=table["cmd_code"].isin(self.codes),
            in_record=table["cmd_code"].isin(self.record_codes),
        ).reset_index(drop=True)

    @property
    def record_codes(self) -> list[str]:
        """Headings whose goods did not change over the years of the record."""
        first, _, last = RECORD
        return [c for c in self.codes if self.headings[c].compared_from(first, last) == first]

    @cached_property
    def record(self) -> pd.DataFrame:
        """Rankings with data up to 2019 against what came by 2024, methods beside naive rules.

        Returns
        -------
        DataFrame
            As :func:`marketintel.analysis.markets.ranking_backtest.record`, with ``outcome``: rise
            of the market's imports in dollars, their growth in per cent, and the rise of the
            exporter's own sales where they are known in both years.

        Raises
        ------
        MissingDataError
            Every heading broke in between, or the years are not here.
        """
        return record_of(self)

    def at(self, year: int, codes: Sequence[str]) -> Devices:
        """Return the screening of some of the headings as of another year."""
        world = {"totals": self.totals, "lists": self.lists, "ties": self.ties}
        return _at(self, codes, year, {code: self.covers[code] for code in codes}, world)

    def scored(self, inputs: Inputs) -> HeadingScores:
        """Return the three methods on the headings of some trade."""
        codes = sorted(inputs.trade["cmd_code"].unique())
        compared, since = compared_of(codes, self.first, self.year)
        return HeadingScores(
            inputs, self.year, self.settings.lookback, self.totals, compared, since
        )

    @property
    def first(self) -> int:
        """First year from which growth is taken."""
        return max(int(self.totals["period"].min()), self.year - self.settings.lookback)


def load(base: Screen, asked_year: int | None, asked: bool) -> Devices:
    """Return the screening of devices beside a ranking that is loaded.

    Parameters
    ----------
    base : Screen
        Exporter, segments, settings and markets left out.
    asked_year : int or None
        The newest of the headings unless given.
    asked : bool
        Whether segments were asked for by name.

    Raises
    ------
    MissingDataError
        Headings are not here, not of that year, or none holds enough of the segments.
    """
    totals = context_trade.heading_trade(data_dir=base.data_dir)
    there = sorted(totals["period"].unique())
    if asked_year is not None and not there[0] < str(asked_year) <= there[-1]:
        raise MissingDataError(
            f"no headings of {asked_year} with a year before: they are here from {there[0]} to "
            f"{there[-1]}; choose another --year"
        )
    rule = load_priorities().headings
    covers: dict[str, dict[str, float]] = {}
    for segment in base.segments_asked:
        for code, cover in read_for(segment, rule, sorted(set(totals["cmd_code"]))).items():
            covers.setdefault(code, {})[segment] = cover
    if not covers:
        raise MissingDataError(
            f"no heading on file stands for {', '.join(base.segments_asked)}: a heading is read where "
            f"photonic codes are {rule.min_cover:.0%} of it and the segment {rule.min_segment_cover:.0%}"
        )
    together = [c for c in covers if c != SWAMPS or (asked and ITS_SEGMENT in base.segments_asked)]
    year = asked_year or int(there[-1])
    world = {
        "totals": totals,
        "lists": context_trade.heading_shares(data_dir=base.data_dir),
        "ties": engine.ask(base.data_dir, _PAIRS),
    }
    return _at(base, together or list(covers), year, covers, world)


def _at(
    base: Screen,
    codes: Sequence[str],
    year: int,
    covers: dict[str, dict[str, float]],
    world: dict[str, pd.DataFrame],
) -> Devices:
    """Return the screening of headings as of a year."""
    totals, lists, ties = world["totals"], world["lists"], world["ties"]
    of_year = lists[lists["period"] == str(year)]
    rows = totals[(totals["period"] == str(year)) & totals["cmd_code"].isin(covers)]
    model = bilateral.known_gravity(known_pairs(of_year), ties)
    trade = bilateral.filled(of_year[of_year["cmd_code"].isin(covers)], rows, ties, model)
    if not (trade["exporter"].isin(base.members) & trade["cmd_code"].isin(codes)).any():
        raise MissingDataError(
            f"{base.name(base.exporter)} exports none of heading {', '.join(codes)}"
        )
    every = load_headings()
    goods = pd.DataFrame({"group": list(codes), "group_name": [every[c].short or every[c].title for c in codes],
                          "cmd_code": list(codes)})  # fmt: skip
    bloc = group_members(EU) if set(base.members) & set(group_members(EU)) else []
    inside = dict.fromkeys(set(bloc) - set(base.members), "in the European Union: no third country")
    return Devices(
        base.exporter, base.shares, trade, goods, base.materials, True, 100.0, "baci_headings", year,
        base.top, base.segments_asked, {**base.excluded, **inside}, base.settings, base.data_dir,
        is_consortium=base.is_consortium, totals=totals, lists=lists, ties=ties, covers=covers,
    )  # fmt: skip

"""Every figure of a market study, computed once: queries and analysis, no words and no pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from marketintel.analysis.trade import decomposition, duties, suppliers, trade
from marketintel.analysis.trade.facts import segment_facts
from marketintel.analysis.trade.frames import (
    CORE,
    CORE_AND_BROAD,
    EVERY,
    NEIGHBOUR,
    NEIGHBOUR_AND_BROAD,
    OWN,
    SCOPES,
)
from marketintel.analysis.trade.rules import Thresholds
from marketintel.analysis.trade.signals import signals
from marketintel.documents import prose as w
from marketintel.documents.frames import one, one_scope
from marketintel.documents.market.terms import Terms, terms, told_briefly
from marketintel.reference.countries import EU, country_name, group_members
from marketintel.reference.drivers import market_note
from marketintel.reference.segments import Segments
from marketintel.warehouse import reads
from marketintel.warehouse.context import coverage
from marketintel.warehouse.imports import Imports
from marketintel.warehouse.tariffs import tariff_rates

#: From which imports on the rules look at a single mixed code; a segment is far larger.
SMALL_PRODUCT_USD = 1e6

#: Below these imports of mixed codes money is printed in thousands.
SMALL_MARKET_USD = 100e6


_GAP_COLUMNS = (
    "partner",
    "effective_duty_pct",
    "gap_pp",
    "like_for_like_gap_pp",
    "reference_covered_pct",
)


@dataclass(frozen=True)
class Study:
    """The facts of one market study.

    A study stands on core codes, its rows being segments; neighbours of photonics have rows and
    pages of their own and are in no sum, unless only they are studied. Where there are figures of broad codes
    only, it stands on these, each code a row of its own, since a sum of mixed codes is no segment.

    Attributes
    ----------
    market, exporter : str
        ISO3 of the market; ISO3 or group of the exporter whose view is taken.
    members : list of str
        ISO3 of the exporter's members: 27 for the EU, one for a country.
    year, base : str
        The year studied and the one it is compared with.
    flows : DataFrame
        One figure a row (see :mod:`marketintel.analysis.trade.frames`), both years, all suppliers;
        ``segment`` is a row's id: a segment's, or a code where ``is_mixed``.
    matrix : DataFrame
        ``partner, cmd_code, value_usd`` over all HS6 codes of ``year``; empty where they are not
        all here.
    codes : DataFrame
        ``segment, cmd_code, scope, label`` of the codes studied.
    segments : Segments
        The segment definitions; ``asked`` are the ids studied, in their order in the file.
    chosen : list of str
        Ids of the rows: those of ``asked``, or codes where ``is_mixed``.
    basis : Imports
        Who told the figures of ``flows``, and what they lack.
    """

    market: str
    exporter: str
    members: list[str]
    year: str
    base: str
    flows: pd.DataFrame
    matrix: pd.DataFrame
    codes: pd.DataFrame
    segments: Segments
    asked: list[str]
    chosen: list[str]
    basis: Imports
    data_dir: Path | None = None

    @property
    def trade_sources(self) -> list[str]:
        """The sources of the trade figures, by name."""
        return self.basis.sources

    @property
    def is_mixed(self) -> bool:
        """Whether the figures are of mixed (broad) codes only, one row a code."""
        return self.chosen != self.asked

    @property
    def scope(self) -> str:
        """The scope of every sum, and of every figure that is not marked otherwise."""
        if self.is_mixed:
            return CORE_AND_BROAD
        return NEIGHBOUR if self.neighbours == set(self.chosen) else CORE

    @property
    def neighbours(self) -> set[str]:
        """Ids of the rows that are neighbours of photonics."""
        return {s for s in self.chosen if not self.is_mixed and self.segments[s].own == NEIGHBOUR}

    def scope_of(self, segment: str, *, broad: bool = False) -> str:
        """The scope of a row's own goods, or of all rows', with mixed codes if asked."""
        if segment in self.neighbours or self.scope == NEIGHBOUR:
            return NEIGHBOUR_AND_BROAD if broad else NEIGHBOUR
        return CORE_AND_BROAD if broad else self.scope

    @property
    def summed(self) -> pd.DataFrame:
        """``flows`` of the segments that sums hold: without neighbours and their mixed codes."""
        near = self.neighbours if self.scope == CORE else set()
        return self.flows[~self.flows["segment"].isin(near)]

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that rows have: the neighbours' beside that of every sum."""
        return (self.scope,) if self.scope != CORE or not self.neighbours else OWN

    @property
    def has_matrix(self) -> bool:
        """Whether the market's imports of all goods are known."""
        return not self.matrix.empty

    @staticmethod
    def name(code: str) -> str:
        """Return the plain name of an economy; a group keeps its short name (EU27)."""
        return code if len(group_members(code)) > 1 else country_name(code)

    @property
    def is_group(self) -> bool:
        """Whether the exporter is a group of economies."""
        return self.members != [self.exporter]

    @property
    def groups(self) -> dict[str, Sequence[str]] | None:
        """The grouping under which the exporter stands as one supplier among the others."""
        return {self.exporter: self.members} if self.is_group else None

    @cached_property
    def segment_names(self) -> dict[str, str]:
        """Id to name of every row: segments, or the goods of single codes."""
        if self.is_mixed:
            return dict(zip(self.codes["cmd_code"], self.codes["label"], strict=True))
        names = self.segments.names()
        return {segment: names[segment] for segment in self.chosen}

    @property
    def without_figures(self) -> list[str]:
        """Segments asked for of which there is no figure of any code in either year."""
        there = set(self.basis.flows["segment"])
        return [segment for segment in self.asked if segment not in there]

    def code_name(self, cmd_code: str) -> str:
        """Return a code's goods in words with the code behind them."""
        label = self.codes.set_index("cmd_code")["label"][cmd_code]
        return (
            f"{label[:1].lower()}{label[1:]}, {cmd_code}"
            if label[1:2].islower()
            else f"{label}, {cmd_code}"
        )

    @cached_property
    def terms(self) -> Terms:
        """What goods, rows and figures are called."""
        gone = set(self.without_figures)
        if self.scope == CORE:
            gone |= self.neighbours
        names = [n for s, n in self.segments.names().items() if s in self.asked and s not in gone]
        known = sum(s.own == self.scope for s in self.segments)
        return terms(self.basis, names, len(self.codes), self.scope, known)

    @cached_property
    def hs(self) -> str:
        """The HS edition of the codes, for the head of a column: ``HS 2022``."""
        return f"HS {w.listing([r.removeprefix('HS') for r in self.basis.revisions], 'to')}"

    @cached_property
    def money(self) -> str:
        """The kind in which tables print money: thousands where the market is small."""
        total = one(self.demand_total, "scope", self.scope)["value_usd"]
        return "usd_k" if self.is_mixed and total < SMALL_MARKET_USD else "usd_m"

    # Demand -----------------------------------------------------------------------------------

    @cached_property
    def demand(self) -> pd.DataFrame:
        """Imports by segment, own codes and with mixed ones, of ``year`` against ``base``."""
        scopes = (*SCOPES, NEIGHBOUR, NEIGHBOUR_AND_BROAD)
        rows = self._now(trade.import_demand(self.flows, "segment", scopes))
        near = rows["segment"].isin(self.neighbours)
        return rows[near == rows["scope"].str.startswith(NEIGHBOUR)].reset_index(drop=True)

    @cached_property
    def demand_total(self) -> pd.DataFrame:
        """Imports of all segments together, own codes and with mixed ones."""
        scopes = dict.fromkeys((self.scope, self.scope_of("", broad=True)))
        return self._now(trade.import_demand(self.summed, (), list(scopes)))

    @cached_property
    def code_demand(self) -> pd.DataFrame:
        """Imports by code, with its scope (core, broad or neighbour) and the change."""
        rows = self.flows.assign(part=self.flows["scope"])
        table = self._now(trade.import_demand(rows, ("segment", "cmd_code", "part"), EVERY))
        return table.drop(columns="scope").rename(columns={"part": "scope"})

    @cached_property
    def carriers(self) -> pd.DataFrame:
        """Which code carries most of each segment's total."""
        return self._now(trade.largest_code(self.flows, "segment", self.scopes))

    @cached_property
    def history(self) -> pd.DataFrame:
        """Imports of every year up to ``year`` that is in the same HS edition and told alike.

        ``segment`` is a row's id, as in ``flows``; years run without a gap.
        """
        rows = self.basis.history
        rows = rows[rows["hs_revision"].isin(self.basis.revisions[-1:])]
        known = {int(period) for period in rows["period"]}
        first = int(self.year)
        while first - 1 in known:
            first -= 1
        rows = rows[rows["period"].between(str(first), self.year)]
        rows = rows if self.is_mixed else rows[rows["scope"].isin(self.scopes)]
        return rows.assign(segment=rows["cmd_code"]) if self.is_mixed else rows

    @property
    def history_years(self) -> int:
        """How many years :attr:`history` has."""
        return int(self.history["period"].nunique())

    # Suppliers --------------------------------------------------------------------------------

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Suppliers by segment, own codes; the exporter's group counts as one supplier."""
        return self._now(suppliers.supplier_shares(self.flows, "segment", self.scopes, self.groups))

    @cached_property
    def shares_total(self) -> pd.DataFrame:
        """Suppliers over all segments, core codes; the exporter's group as one."""
        return self._now(suppliers.supplier_shares(self.flows, (), self.scope, self.groups))

    @cached_property
    def shares_apart(self) -> pd.DataFrame:
        """Suppliers over all segments, core codes; every economy apart (for the map)."""
        return self._now(suppliers.supplier_shares(self.flows, (), self.scope))

    @cached_property
    def concentration(self) -> pd.DataFrame:
        """HHI and first supplier by segment, own codes, every economy apart."""
        return self._now(suppliers.concentration(self.flows, "segment", self.scopes))

    @cached_property
    def concentration_as_one(self) -> pd.DataFrame:
        """HHI by segment with the EU as one supplier."""
        groups = {EU: group_members(EU)}
        return self._now(suppliers.concentration(self.flows, "segment", self.scopes, groups))

    @cached_property
    def position(self) -> pd.DataFrame:
        """The exporter's place in each segment, own codes."""
        sellers = {self.exporter: self.members}
        return self._now(suppliers.position(self.flows, sellers, "segment", self.scopes))

    @cached_property
    def position_total(self) -> pd.DataFrame:
        """The exporter's place over all segments."""
        return self._now(
            suppliers.position(self.flows, {self.exporter: self.members}, (), self.scope)
        )

    @cached_property
    def member_positions(self) -> pd.DataFrame:
        """Each EU member's place over all segments, core codes, against single economies."""
        return self._now(suppliers.position(self.flows, group_members(EU), (), self.scope))

    @cached_property
    def member_segments(self) -> pd.DataFrame:
        """Each EU member's sales by segment, own codes."""
        return self._now(suppliers.position(self.flows, group_members(EU), "segment", self.scopes))

    @cached_property
    def specialisation(self) -> pd.DataFrame:
        """RCA of every supplier by segment, as seen through this market's imports."""
        if not self.has_matrix:
            columns = ["segment", "partner", "value_usd", "rca_in_market", "rsca_in_market"]
            return pd.DataFrame(columns=columns)
        return suppliers.specialisation(self.matrix, self.codes, self.scopes, self.groups)

    # Duties -----------------------------------------------------------------------------------

    @cached_property
    def has_duties(self) -> bool:
        """Whether calculated duties are known for this market."""
        return bool(self.flows["duties_usd"].notna().any())

    @property
    def has_weights(self) -> bool:
        """Whether weights are known, so that unit values can be given."""
        return bool(self.flows["net_weight_kg"].gt(0).any())

    @cached_property
    def duty(self) -> pd.DataFrame:
        """Effective calculated duty by segment and supplier, own codes, both years."""
        return duties.effective_duty(self.flows, ("segment", "partner"), self.scopes, self.groups)

    @cached_property
    def duty_total(self) -> pd.DataFrame:
        """Effective calculated duty by supplier over all segments, core codes, both years."""
        return duties.effective_duty(self.flows, "partner", self.scope, self.groups)

    @cached_property
    def duty_market(self) -> pd.DataFrame:
        """Effective calculated duty over all suppliers by segment, own codes, both years."""
        return duties.effective_duty(self.flows, "segment", self.scopes)

    @cached_property
    def duty_members(self) -> pd.DataFrame:
        """Effective calculated duty by supplier, every economy apart, both years."""
        return duties.effective_duty(self.flows, "partner", self.scope)

    @cached_property
    def duty_gap(self) -> pd.DataFrame:
        """What each competitor pays against the exporter, all segments, core codes."""
        return self._gap((), (self.scope,))

    @cached_property
    def duty_gap_segments(self) -> pd.DataFrame:
        """The same by segment."""
        return self._gap("segment", self.scopes)

    @cached_property
    def exporter_codes(self) -> pd.DataFrame:
        """The exporter's sales and share by code, whatever its scope."""
        sellers = {self.exporter: self.members}
        return self._now(suppliers.position(self.flows, sellers, ("segment", "cmd_code"), EVERY))

    @cached_property
    def tariffs(self) -> pd.DataFrame:
        """Tariff rates of the market on the codes studied (see :func:`tariff_rates`)."""
        codes = self.codes["cmd_code"].tolist()
        return tariff_rates(self.market, codes, data_dir=self.data_dir)

    # Change -----------------------------------------------------------------------------------

    @cached_property
    def decomposition(self) -> pd.DataFrame:
        """Change of the exporter's sales by segment: market, mix, competitiveness, interaction."""
        return decomposition.constant_market_share(
            self.flows, self.members, self.base, self.year, "segment", self.scopes
        )

    @cached_property
    def decomposition_total(self) -> pd.DataFrame:
        """The same over all segments as one portfolio."""
        return decomposition.constant_market_share(
            self.flows, self.members, self.base, self.year, (), self.scope
        )

    def without_one(self, seller: str) -> pd.DataFrame:
        """A seller's headline figures without the segment that moves each most."""
        members = self.members if seller == self.exporter else group_members(seller)
        return decomposition.leave_one_out(self.flows, members, self.base, self.year, self.scope)

    @cached_property
    def composition(self) -> pd.DataFrame:
        """:meth:`without_one` of the exporter."""
        return self.without_one(self.exporter)

    @cached_property
    def drivers(self) -> pd.DataFrame:
        """The codes that the change comes from."""
        return decomposition.drivers(self.flows, self.members, self.base, self.year, (), self.scope)

    # Opportunities and risks --------------------------------------------------------------------

    @cached_property
    def segment_facts(self) -> pd.DataFrame:
        """Inputs of the rules, one row a segment, core codes; no neighbours."""
        return segment_facts(
            self.flows,
            self.exporter,
            self.members,
            self.base,
            self.year,
            self.scope,
            one_scope(self.specialisation, self.scope) if self.has_matrix else None,
        )

    @cached_property
    def thresholds(self) -> Thresholds:
        """When the rules speak; a year with a note on front-loading is declared to them."""
        noted = market_note(self.market, self.year)
        front_loaded = ((self.market, self.year),) if noted else ()
        if self.is_mixed:
            return Thresholds(
                min_market_usd=SMALL_PRODUCT_USD,
                min_exporter_usd=SMALL_PRODUCT_USD / 10,
                front_loaded=front_loaded,
            )
        return Thresholds(front_loaded=front_loaded)

    @cached_property
    def findings(self) -> pd.DataFrame:
        """Opportunities and risks, ranked among amounts of one measure."""
        partners = {*self.segment_facts["competitor"].dropna(), self.exporter}
        names = {code: self.name(code) for code in partners}
        names |= {code: self.code_name(code) for code in self.codes["cmd_code"]}
        found = signals(self.segment_facts, self.thresholds, names)
        found["segment_name"] = found["segment"].map(self.segment_names)
        found["statement"] = found["statement"].map(self.terms.of_rows).astype("str")
        return found

    # Where the figures come from ----------------------------------------------------------------

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """What data are here, one row a raw file (see :func:`coverage`)."""
        return coverage(data_dir=self.data_dir, newest=True)

    @cached_property
    def source_line(self) -> str:
        """One line under tables and figures: who published the trade figures, and what they are."""
        used = self.coverage[self.coverage["source"].isin(self.trade_sources)]
        return " ".join([*used["citation"], *filter(None, [told_briefly(self.basis)])])

    @property
    def used(self) -> pd.DataFrame:
        """The files that were read so far, in order."""
        return reads.used(self.data_dir)

    def _gap(self, by: str | tuple[()], scopes: tuple[str, ...]) -> pd.DataFrame:
        """Compare duties with the exporter's; no rows where it sold nothing to compare with."""
        if self.exporter not in set(self.duty_total["partner"]):
            return pd.DataFrame(columns=[*([by] if by else []), *_GAP_COLUMNS])
        return self._now(duties.duty_gap(self.flows, self.exporter, by, scopes, self.groups))

    def _now(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame[frame["period"] == self.year].reset_index(drop=True)

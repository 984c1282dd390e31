"""Demand, suppliers, duties and changes of a market as frames, each computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import pandas as pd

from marketintel.analysis.trade import decomposition, duties, suppliers, trade
from marketintel.analysis.trade.frames import EVERY, NEIGHBOUR, NEIGHBOUR_AND_BROAD, SCOPES, By
from marketintel.documents.market.scope import Scope
from marketintel.reference.countries import EU, group_members
from marketintel.warehouse.context import tariff_rates

_GAP_COLUMNS = ("partner", "effective_duty_pct", "gap_pp", "like_for_like_gap_pp",
                "reference_covered_pct")  # fmt: skip


class Figures(Scope):
    """Frames of a study; those of ``year`` only unless both years are named."""

    # Demand

    @cached_property
    def demand(self) -> pd.DataFrame:
        """Imports by segment, own codes and with mixed ones, against ``base``."""
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

    # Suppliers

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Suppliers by segment, own codes; the exporter's group as one."""
        return self._now(suppliers.supplier_shares(self.flows, "segment", self.scopes, self.groups))

    @cached_property
    def shares_total(self) -> pd.DataFrame:
        """Suppliers over all segments; the exporter's group as one."""
        return self._now(suppliers.supplier_shares(self.flows, (), self.scope, self.groups))

    @cached_property
    def shares_apart(self) -> pd.DataFrame:
        """Suppliers over all segments; every economy apart."""
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
        """The exporter's sales, share and rank by segment, own codes."""
        return self._position({self.exporter: self.members}, "segment", self.scopes)

    @cached_property
    def position_total(self) -> pd.DataFrame:
        """The exporter's sales, share and rank over all segments."""
        return self._position({self.exporter: self.members}, (), self.scope)

    @cached_property
    def exporter_codes(self) -> pd.DataFrame:
        """The exporter's sales and share by code, of any scope."""
        return self._position({self.exporter: self.members}, ("segment", "cmd_code"), EVERY)

    @cached_property
    def member_positions(self) -> pd.DataFrame:
        """Each EU member's sales, share and rank over all segments, among single economies."""
        return self._position(group_members(EU), (), self.scope)

    @cached_property
    def member_segments(self) -> pd.DataFrame:
        """Each EU member's sales by segment, own codes."""
        return self._position(group_members(EU), "segment", self.scopes)

    @cached_property
    def specialisation(self) -> pd.DataFrame:
        """RCA of every supplier by segment, over this market's imports."""
        if not self.has_matrix:
            columns = ["segment", "partner", "value_usd", "rca_in_market", "rsca_in_market"]
            return pd.DataFrame(columns=columns)
        return suppliers.specialisation(self.matrix, self.codes, self.scopes, self.groups)

    # Duties

    @cached_property
    def duty(self) -> pd.DataFrame:
        """Effective calculated duty by segment and supplier, own codes, both years."""
        return duties.effective_duty(self.flows, ("segment", "partner"), self.scopes, self.groups)

    @cached_property
    def duty_total(self) -> pd.DataFrame:
        """Effective calculated duty by supplier over all segments, both years."""
        return duties.effective_duty(self.flows, "partner", self.scope, self.groups)

    @cached_property
    def duty_members(self) -> pd.DataFrame:
        """Effective calculated duty by supplier, every economy apart, both years."""
        return duties.effective_duty(self.flows, "partner", self.scope)

    @cached_property
    def duty_gap(self) -> pd.DataFrame:
        """Each competitor's duty against the exporter's, all segments."""
        return self._gap((), (self.scope,))

    @cached_property
    def duty_gap_segments(self) -> pd.DataFrame:
        """Each competitor's duty against the exporter's, by segment."""
        return self._gap("segment", self.scopes)

    def duty_of(self, partner: str) -> tuple[float, float]:
        """Return a supplier's effective duty, per cent of customs value: ``base`` and ``year``."""
        rows = self.duty_total[self.duty_total["partner"] == partner].set_index("period")
        rates = rows["effective_duty_pct"].reindex([self.base, self.year])
        return float(rates.iloc[0]), float(rates.iloc[1])

    @cached_property
    def tariffs(self) -> pd.DataFrame:
        """Tariff rates of the market on the codes studied (see :func:`tariff_rates`)."""
        codes = self.codes["cmd_code"].tolist()
        return tariff_rates(self.market, codes, data_dir=self.data_dir)

    # Change

    @cached_property
    def decomposition(self) -> pd.DataFrame:
        """Change of the exporter's sales by segment: market, mix, competitiveness, interaction."""
        return self._decomposition("segment", self.scopes)

    @cached_property
    def decomposition_total(self) -> pd.DataFrame:
        """Change of the exporter's sales over all segments as one portfolio."""
        return self._decomposition((), self.scope)

    @cached_property
    def drivers(self) -> pd.DataFrame:
        """Codes that the change of the exporter's sales comes from."""
        return decomposition.drivers(self.flows, self.members, self.base, self.year, (), self.scope)

    def without_one(self, seller: str) -> pd.DataFrame:
        """Return a seller's headline figures without the segment that moves each most."""
        members = self.members if seller == self.exporter else group_members(seller)
        return decomposition.leave_one_out(self.flows, members, self.base, self.year, self.scope)

    @cached_property
    def composition(self) -> pd.DataFrame:
        """:meth:`without_one` of the exporter."""
        return self.without_one(self.exporter)

    def _position(
        self, sellers: Mapping[str, Sequence[str]] | Sequence[str], by: By, scopes: By
    ) -> pd.DataFrame:
        return self._now(suppliers.position(self.flows, sellers, by, scopes))

    def _decomposition(self, by: By, scopes: By) -> pd.DataFrame:
        return decomposition.constant_market_share(
            self.flows, self.members, self.base, self.year, by, scopes
        )

    def _gap(self, by: str | tuple[()], scopes: tuple[str, ...]) -> pd.DataFrame:
        """Compare duties with the exporter's; no rows where it sold nothing to compare with."""
        if self.exporter not in set(self.duty_total["partner"]):
            return pd.DataFrame(columns=[*([by] if by else []), *_GAP_COLUMNS])
        return self._now(duties.duty_gap(self.flows, self.exporter, by, scopes, self.groups))

    def _now(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame[frame["period"] == self.year].reset_index(drop=True)

"""Goods, rows, names and sources of a market study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from marketintel.analysis.trade.frames import (
    CORE,
    CORE_AND_BROAD,
    NEIGHBOUR,
    NEIGHBOUR_AND_BROAD,
    OWN,
)
from marketintel.documents import prose as w
from marketintel.documents.market.terms import Terms, basis_line, terms
from marketintel.reference.countries import country_name, group_members
from marketintel.reference.segments import Segments
from marketintel.warehouse import coverage, inputs
from marketintel.warehouse.imports import Imports


@dataclass(frozen=True)
class Scope:
    """Market, exporter, goods and flows of a study.

    A study stands on core codes, its rows being segments; neighbours of photonics have rows and
    pages of their own and are in no sum, unless only they are studied. Where there are figures of
    broad codes only, it stands on these, each code a row of its own, since a sum of mixed codes is
    no segment.

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
        Source and valuation of ``flows``, and what they lack.
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
        """Names of the sources of the trade figures."""
        return self.basis.sources

    @property
    def is_mixed(self) -> bool:
        """True if the figures are of mixed (broad) codes only, one row a code."""
        return self.chosen != self.asked

    @property
    def scope(self) -> str:
        """Scope of every sum, and of every figure that is not marked otherwise."""
        if self.is_mixed:
            return CORE_AND_BROAD
        return NEIGHBOUR if self.neighbours == set(self.chosen) else CORE

    @property
    def neighbours(self) -> set[str]:
        """Ids of the rows that are neighbours of photonics."""
        return {s for s in self.chosen if not self.is_mixed and self.segments[s].own == NEIGHBOUR}

    def scope_of(self, segment: str, *, broad: bool = False) -> str:
        """Return the scope of a row's own goods, or of all rows', with mixed codes if asked."""
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
        """Scopes of the rows: the neighbours' beside that of every sum."""
        return (self.scope,) if self.scope != CORE or not self.neighbours else OWN

    @property
    def has_matrix(self) -> bool:
        """True if the market's imports of all goods are in the data."""
        return not self.matrix.empty

    @property
    def has_duties(self) -> bool:
        """True if calculated duties are in the data of this market."""
        return bool(self.flows["duties_usd"].notna().any())

    @property
    def has_weights(self) -> bool:
        """True if weights are in the data, so that unit values can be given."""
        return bool(self.flows["net_weight_kg"].gt(0).any())

    @cached_property
    def history(self) -> pd.DataFrame:
        """Imports of every year up to ``year`` in the same HS edition and from the same source.

        ``segment`` is a row's id, as in ``flows``; years run without a gap.
        """
        rows = self.basis.history
        rows = rows[rows["hs_revision"].isin(self.basis.revisions[-1:])]
        years = {int(period) for period in rows["period"]}
        first = int(self.year)
        while first - 1 in years:
            first -= 1
        rows = rows[rows["period"].between(str(first), self.year)]
        rows = rows if self.is_mixed else rows[rows["scope"].isin(self.scopes)]
        return rows.assign(segment=rows["cmd_code"]) if self.is_mixed else rows

    @property
    def history_years(self) -> int:
        """Number of years of :attr:`history`."""
        return int(self.history["period"].nunique())

    # Names

    @staticmethod
    def name(code: str) -> str:
        """Return the plain name of an economy; a group keeps its short name (EU27)."""
        return code if len(group_members(code)) > 1 else country_name(code)

    @property
    def market_name(self) -> str:
        """Plain name of the market."""
        return self.name(self.market)

    @property
    def exporter_name(self) -> str:
        """Plain name of the exporter."""
        return self.name(self.exporter)

    @property
    def is_group(self) -> bool:
        """True if the exporter is a group of economies."""
        return self.members != [self.exporter]

    @property
    def groups(self) -> dict[str, Sequence[str]] | None:
        """Grouping under which the exporter stands as one supplier among the others."""
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
        """Segments studied without a figure of any code in either year."""
        there = set(self.basis.flows["segment"])
        return [segment for segment in self.asked if segment not in there]

    def code_name(self, cmd_code: str) -> str:
        """Return a code's goods in words with the code behind them."""
        label = self.codes.set_index("cmd_code")["label"][cmd_code]
        return f"{w.clause(label)}, {cmd_code}"

    @cached_property
    def terms(self) -> Terms:
        """Names of the goods, rows and figures in sentences."""
        gone = set(self.without_figures)
        if self.scope == CORE:
            gone |= self.neighbours
        names = [n for s, n in self.segments.names().items() if s in self.asked and s not in gone]
        known = sum(s.own == self.scope for s in self.segments)
        return terms(self.basis, names, len(self.codes), self.scope, known)

    @cached_property
    def hs(self) -> str:
        """HS edition of the codes, for the head of a column: ``HS 2022``."""
        return f"HS {w.listing([r.removeprefix('HS') for r in self.basis.revisions], 'to')}"

    # Sources

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """Data that are here, one row a raw file (see :func:`coverage.coverage`)."""
        return coverage.coverage(data_dir=self.data_dir, newest=True)

    @property
    def trade_files(self) -> pd.DataFrame:
        """Rows of :attr:`coverage` of the trade figures."""
        return self.coverage[self.coverage["source"].isin(self.trade_sources)]

    @cached_property
    def source_line(self) -> str:
        """Line under tables and figures: publishers of the trade figures, and their basis."""
        return " ".join([*self.trade_files["citation"], *filter(None, [basis_line(self.basis)])])

    @property
    def used(self) -> pd.DataFrame:
        """Files that were read so far, in order."""
        return inputs.used(self.data_dir)

"""Every figure of a market study, computed once: queries and analysis, no words and no pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from marketintel.analysis import decomposition, duties, suppliers, trade
from marketintel.analysis.facts import segment_facts
from marketintel.analysis.frames import CORE, CORE_AND_BROAD, SCOPES
from marketintel.analysis.rules import Thresholds
from marketintel.analysis.signals import signals
from marketintel.errors import MissingDataError, UsageError
from marketintel.warehouse import query
from marketintel.warehouse.notes import market_note
from marketintel.warehouse.provenance import sources_of
from marketintel.warehouse.reference import (
    Segments,
    country,
    country_name,
    group_members,
    load_segments,
)

#: The second supplier group that a study compares with, whatever the exporter's view.
EU = "EU27"


_GAP_COLUMNS = (
    "partner",
    "effective_duty_pct",
    "gap_pp",
    "like_for_like_gap_pp",
    "reference_covered_pct",
)


def each(frame: pd.DataFrame) -> Iterator[Any]:
    """Return the rows of a frame, each with its columns as attributes."""
    return iter(frame.itertuples())


def one(frame: pd.DataFrame, column: str, value: str) -> Any:
    """Return the one row in which a column has a value."""
    return frame.set_index(column).loc[value]


@dataclass(frozen=True)
class Study:
    """The facts of one market study.

    Attributes
    ----------
    market, exporter : str
        ISO3 of the market; ISO3 or group of the exporter whose view is taken.
    members : list of str
        ISO3 of the exporter's members: 27 for the EU, one for a country.
    year, base : str
        The year studied and the one it is compared with.
    flows : DataFrame
        One figure a row (see :mod:`marketintel.analysis.frames`), both years, all suppliers.
    matrix : DataFrame
        ``partner, cmd_code, value_usd`` over all HS6 codes of ``year``.
    segments : Segments
        The segment definitions; ``chosen`` are the ids studied, in their order in the file.
    """

    market: str
    exporter: str
    members: list[str]
    year: str
    base: str
    flows: pd.DataFrame
    totals: pd.DataFrame
    matrix: pd.DataFrame
    segments: Segments
    chosen: list[str]
    trade_sources: list[str]
    data_dir: Path | None = None

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
        """Segment id to name, of the segments studied."""
        names = self.segments.names()
        return {segment: names[segment] for segment in self.chosen}

    def code_name(self, cmd_code: str) -> str:
        """Return a code's goods in words with the code behind them."""
        label = self.codes.set_index("cmd_code")["label"][cmd_code]
        return (
            f"{label[:1].lower()}{label[1:]}, {cmd_code}"
            if label[1:2].islower()
            else f"{label}, {cmd_code}"
        )

    @cached_property
    def codes(self) -> pd.DataFrame:
        """``segment, cmd_code, scope, label`` of the segments studied."""
        frame = self.segments.frame()
        return frame[frame["segment"].isin(self.chosen)].reset_index(drop=True)

    # Demand -----------------------------------------------------------------------------------

    @cached_property
    def demand(self) -> pd.DataFrame:
        """Imports by segment, core and core+broad, of ``year`` against ``base``."""
        return self._now(trade.import_demand(self.flows, "segment", SCOPES))

    @cached_property
    def demand_total(self) -> pd.DataFrame:
        """Imports of all segments together, one row a scope."""
        return self._now(trade.import_demand(self.flows, (), SCOPES))

    @cached_property
    def code_demand(self) -> pd.DataFrame:
        """Imports by code, with its scope (core or broad) and the change."""
        rows = self.flows.assign(part=self.flows["scope"])
        table = self._now(
            trade.import_demand(rows, ("segment", "cmd_code", "part"), CORE_AND_BROAD)
        )
        return table.drop(columns="scope").rename(columns={"part": "scope"})

    @cached_property
    def carriers(self) -> pd.DataFrame:
        """Which code carries most of each segment's total."""
        return self._now(trade.largest_code(self.flows, "segment", SCOPES))

    # Suppliers --------------------------------------------------------------------------------

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Suppliers by segment, core codes; the exporter's group counts as one supplier."""
        return self._now(suppliers.supplier_shares(self.flows, "segment", CORE, self.groups))

    @cached_property
    def shares_total(self) -> pd.DataFrame:
        """Suppliers over all segments, core codes; the exporter's group as one."""
        return self._now(suppliers.supplier_shares(self.flows, (), CORE, self.groups))

    @cached_property
    def shares_apart(self) -> pd.DataFrame:
        """Suppliers over all segments, core codes; every economy apart (for the map)."""
        return self._now(suppliers.supplier_shares(self.flows, (), CORE))

    @cached_property
    def concentration(self) -> pd.DataFrame:
        """HHI and first supplier by segment, core codes, every economy apart."""
        return self._now(suppliers.concentration(self.flows, "segment", CORE))

    @cached_property
    def concentration_as_one(self) -> pd.DataFrame:
        """HHI by segment with the EU as one supplier."""
        groups = {EU: group_members(EU)}
        return self._now(suppliers.concentration(self.flows, "segment", CORE, groups))

    @cached_property
    def position(self) -> pd.DataFrame:
        """The exporter's place in each segment, both scopes."""
        return self._now(suppliers.position(self.flows, {self.exporter: self.members}, "segment"))

    @cached_property
    def position_total(self) -> pd.DataFrame:
        """The exporter's place over all segments, both scopes."""
        return self._now(suppliers.position(self.flows, {self.exporter: self.members}, ()))

    @cached_property
    def member_positions(self) -> pd.DataFrame:
        """Each EU member's place over all segments, core codes, against single economies."""
        return self._now(suppliers.position(self.flows, group_members(EU), (), CORE))

    @cached_property
    def member_segments(self) -> pd.DataFrame:
        """Each EU member's sales by segment, core codes."""
        return self._now(suppliers.position(self.flows, group_members(EU), "segment", CORE))

    @cached_property
    def specialisation(self) -> pd.DataFrame:
        """RCA of every supplier by segment, as seen through this market's imports."""
        return suppliers.specialisation(self.matrix, self.codes, CORE, self.groups)

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
        """Effective calculated duty by segment and supplier, core codes, both years."""
        return duties.effective_duty(self.flows, ("segment", "partner"), CORE, self.groups)

    @cached_property
    def duty_total(self) -> pd.DataFrame:
        """Effective calculated duty by supplier over all segments, core codes, both years."""
        return duties.effective_duty(self.flows, "partner", CORE, self.groups)

    @cached_property
    def duty_market(self) -> pd.DataFrame:
        """Effective calculated duty over all suppliers by segment, core codes, both years."""
        return duties.effective_duty(self.flows, "segment", CORE)

    @cached_property
    def duty_members(self) -> pd.DataFrame:
        """Effective calculated duty by supplier, every economy apart, both years."""
        return duties.effective_duty(self.flows, "partner", CORE)

    @cached_property
    def duty_gap(self) -> pd.DataFrame:
        """What each competitor pays against the exporter, all segments, core codes."""
        return self._gap(())

    @cached_property
    def duty_gap_segments(self) -> pd.DataFrame:
        """The same by segment."""
        return self._gap("segment")

    @cached_property
    def exporter_codes(self) -> pd.DataFrame:
        """The exporter's sales and share by code, core and broad."""
        return self._now(
            suppliers.position(
                self.flows, {self.exporter: self.members}, ("segment", "cmd_code"), CORE_AND_BROAD
            )
        )

    # Change -----------------------------------------------------------------------------------

    @cached_property
    def decomposition(self) -> pd.DataFrame:
        """Change of the exporter's sales by segment: market, mix, competitiveness, interaction."""
        return decomposition.constant_market_share(
            self.flows, self.members, self.base, self.year, "segment", CORE
        )

    @cached_property
    def decomposition_total(self) -> pd.DataFrame:
        """The same over all segments as one portfolio."""
        return decomposition.constant_market_share(
            self.flows, self.members, self.base, self.year, (), CORE
        )

    @cached_property
    def drivers(self) -> pd.DataFrame:
        """The codes that the change comes from."""
        return decomposition.drivers(self.flows, self.members, self.base, self.year, (), CORE)

    # Opportunities and risks --------------------------------------------------------------------

    @cached_property
    def segment_facts(self) -> pd.DataFrame:
        """What the rules look at, one row a segment, core codes."""
        return segment_facts(
            self.flows,
            self.exporter,
            self.members,
            self.base,
            self.year,
            CORE,
            self.specialisation,
        )

    @cached_property
    def thresholds(self) -> Thresholds:
        """When the rules speak; a year with a note on front-loading is declared to them."""
        noted = market_note(self.market, self.year)
        return Thresholds(front_loaded=((self.market, self.year),) if noted else ())

    @cached_property
    def findings(self) -> pd.DataFrame:
        """Opportunities and risks, ranked by the dollars concerned."""
        partners = {*self.segment_facts["competitor"].dropna(), self.exporter}
        names = {code: self.name(code) for code in partners}
        names |= {code: self.code_name(code) for code in self.codes["cmd_code"]}
        found = signals(self.segment_facts, self.thresholds, names)
        found["segment_name"] = found["segment"].map(self.segment_names)
        return found

    # Where the figures come from ----------------------------------------------------------------

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """What data are here, one row a raw file (see :func:`query.coverage`)."""
        return query.coverage(data_dir=self.data_dir)

    @cached_property
    def source_line(self) -> str:
        """One line under tables and figures: who published the trade figures, and which edition."""
        used = self.coverage[self.coverage["source"].isin(self.trade_sources)]
        return " ".join(used["citation"])

    @cached_property
    def used(self) -> pd.DataFrame:
        """The files that this study rests on, trade first."""
        other = ["usitc_hts", "natural_earth", "atlas_world_exports"]
        wanted = [*self.trade_sources, *other]
        used = self.coverage[self.coverage["source"].isin(wanted)]
        order = used["source"].map({source: i for i, source in enumerate(wanted)})
        return used.loc[order.sort_values(kind="stable").index].reset_index(drop=True)

    def _gap(self, by: str | tuple[()]) -> pd.DataFrame:
        """Compare duties with the exporter's; no rows where it sold nothing to compare with."""
        if self.exporter not in set(self.duty_total["partner"]):
            return pd.DataFrame(columns=[*([by] if by else []), *_GAP_COLUMNS])
        return self._now(duties.duty_gap(self.flows, self.exporter, by, CORE, self.groups))

    def _now(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame[frame["period"] == self.year].reset_index(drop=True)


def load(
    market: str = "USA",
    exporter: str = EU,
    segments: Sequence[str] = (),
    year: int | None = None,
    data_dir: Path | str | None = None,
) -> Study:
    """Read what a market study needs and check that it can be made.

    Parameters
    ----------
    market : str
        ISO3 code or name of the importing economy.
    exporter : str
        ``EU27``, another group, or any supplier.
    segments : sequence of str
        Segment ids; all if empty.
    year : int, optional
        The newest there is unless given.
    data_dir : path, optional
        Where the data lie.

    Raises
    ------
    UsageError
        Country, exporter or segment is unknown, or exporter and market are the same.
    MissingDataError
        There are no imports of this market, or not of this year and the one before.
    """
    directory = Path(data_dir) if data_dir else None
    reporter, seller = country(market), country(exporter)
    members = group_members(seller)
    if group_members(reporter) != [reporter]:
        raise UsageError(f"market {market!r} is a group; name one country, such as USA")
    if reporter in members:
        raise UsageError(
            f"exporter {exporter!r} includes the market {reporter} itself; choose a supplier from abroad"
        )
    definitions = load_segments()
    chosen = [definitions.resolve(s) for s in segments] or list(definitions.names())
    flows = query.flows(reporter=reporter, segments=chosen, with_weights=True, data_dir=directory)
    now, before = _years(flows, reporter, year)
    totals = query.partner_totals(reporter, data_dir=directory)
    return Study(
        market=reporter,
        exporter=seller,
        members=members,
        year=now,
        base=before,
        flows=flows[flows["period"].isin([before, now])].reset_index(drop=True),
        totals=totals,
        matrix=query.supplier_matrix(reporter, now, data_dir=directory),
        segments=definitions,
        trade_sources=sources_of(reporter, [before, now], data_dir=directory),
        chosen=[s for s in definitions.names() if s in chosen],
        data_dir=directory,
    )


def _years(flows: pd.DataFrame, reporter: str, year: int | None) -> tuple[str, str]:
    """Return the year studied and the one before it, both of which must be there."""
    there = sorted(flows["period"].unique())
    now = str(year) if year is not None else there[-1]
    before = str(int(now) - 1)
    for period in (now, before):
        if period not in there:
            raise MissingDataError(
                f"no imports of {reporter} for {period} (there are {', '.join(there)}); a study needs "
                f"a year and the one before it; get them with "
                f"`marketintel fetch --for {reporter} --years {before}-{now}`"
            )
    return now, before

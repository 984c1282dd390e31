"""Facts of a study from headings: one economy's trade, suppliers, positions and materials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from marketintel.analysis.trade import headings as analysis
from marketintel.documents.engine.naming import edition_month
from marketintel.documents.market.access import Access
from marketintel.documents.market.load import asked_of, parties
from marketintel.documents.market.priorities import Priorities, market_priorities
from marketintel.documents.market.segment_levels import segment_levels
from marketintel.documents.market.segment_outlook import SegmentOutlook, segment_outlook
from marketintel.documents.market_profile.beside_facts import BY_PRODUCT, Beside
from marketintel.errors import MissingDataError
from marketintel.reference.countries import country_name, group_members
from marketintel.reference.headings import Heading, Rule, load_headings
from marketintel.reference.segments import Segments, load_segments
from marketintel.warehouse import context_trade, coverage, inputs


@dataclass(frozen=True)
class ProfileFacts(Beside):
    """Trade of one market in headings, each frame read when a chapter asks for it.

    Attributes
    ----------
    market, exporter : str
        ISO3 of the market; ISO3 or group of the exporter whose view is taken.
    members : list of str
        ISO3 of the exporter's members.
    first, year : str
        First year of the headings, and the year studied.
    asked : list of str
        Ids of the segments studied.
    codes : list of str
        Headings that hold core codes of them, those that are mostly photonics first; none where only
        products are known.
    """

    market: str
    exporter: str
    members: list[str]
    first: str
    year: str
    segments: Segments
    asked: list[str]
    codes: list[str]
    world: pd.DataFrame
    data_dir: Path | None = None

    @cached_property
    def access(self) -> Access:
        """Statute, lists, months and rules that the exporter meets."""
        return Access(self.market, self.exporter, self.asked, self.data_dir)

    @property
    def answer_markets(self) -> list[str]:
        """Return the market whose segments are answered."""
        return [self.market]

    @cached_property
    def levels(self) -> pd.DataFrame:
        """Present level of every segment studied; see :func:`segment_levels`."""
        return segment_levels(self.market, self.asked, self.data_dir)

    @cached_property
    def answers(self) -> SegmentOutlook:
        """Level and forecast of every segment studied."""
        return segment_outlook(self.market, self.asked, data_dir=self.data_dir)

    # Names

    @property
    def market_name(self) -> str:
        """Plain name of the market."""
        return country_name(self.market)

    @property
    def exporter_name(self) -> str:
        """Plain name of the exporter; a group keeps its short name."""
        return self.name(self.exporter)

    @staticmethod
    def name(code: str) -> str:
        """Return the plain name of an economy; a group keeps its short name (EU27)."""
        return code if len(group_members(code)) > 1 else country_name(code)

    @property
    def is_group(self) -> bool:
        """True if the exporter is a group of economies."""
        return self.members != [self.exporter]

    @property
    def labels(self) -> dict[str, str]:
        """Words of column headers, and the size in which US dollars are printed."""
        small = self.heading_trade["imports_usd"].max() < 50e6
        return {"year": self.year, "base": self.first, "exporter": self.exporter_name,
                "unit": "segment", "Unit": "Segment", "money": "usd_k" if small else "usd_m"}  # fmt: skip

    # Sources

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """Data that are here, one row a raw file."""
        return coverage.coverage(data_dir=self.data_dir, newest=True)

    def cited(self, *sources: str) -> str:
        """Return the citations of sources."""
        rows = self.coverage[self.coverage["source"].isin(sources)]
        return " ".join(rows["citation"].unique())

    @property
    def source_line(self) -> str:
        """Line under tables and figures of headings."""
        return self.cited("baci_headings")

    @property
    def used(self) -> pd.DataFrame:
        """Files that were read so far."""
        return inputs.used(self.data_dir)

    @cached_property
    def as_of(self) -> str:
        """Day of the newest figures of headings: dated facts are old or not as of then."""
        rows = self.coverage[self.coverage["source"] == "baci_headings"]
        return str(rows["retrieved_at"].max())

    @property
    def month(self) -> str:
        """Month of the edition."""
        return edition_month([self.as_of])

    # Headings

    @cached_property
    def headings(self) -> dict[str, Heading]:
        """Headings studied, by code."""
        every = load_headings()
        return {code: every[code] for code in self.codes}

    @cached_property
    def photonic(self) -> list[str]:
        """Headings whose core codes of all segments together are most of them; all if none is."""
        most = self.rule.min_cover
        return [c for c, h in self.headings.items() if cover_of(h) >= most] or self.codes

    def goods(self, code: str) -> str:
        """Return the goods of a heading in few words."""
        heading = self.headings[code]
        return heading.short or heading.title

    def label(self, code: str) -> str:
        """Return a heading's code and goods in few words."""
        return f"{code} {self.goods(code)}"

    @property
    def rule(self) -> Rule:
        """Criterion by which a heading stands for segments."""
        rule: Rule = load_headings().rule
        return rule

    @cached_property
    def since(self) -> dict[str, int]:
        """First year that compares with :attr:`year`, by heading."""
        first, last = int(self.first), int(self.year)
        return {code: h.compared_from(first, last) for code, h in self.headings.items()}

    @cached_property
    def heading_trade(self) -> pd.DataFrame:
        """Imports and exports of this market in the headings studied, all years."""
        return self.world[self.world["reporter"] == self.market]

    @cached_property
    def standing(self) -> pd.DataFrame:
        """Level, place in the world and growth by heading, in the order of :attr:`codes`."""
        table = analysis.standing(self.world, self.market, self.year, self.since)
        return table.set_index("cmd_code").loc[self.codes].reset_index()

    @cached_property
    def total(self) -> dict[str, Any]:
        """Imports of the photonic headings together, and their growth where years compare."""
        now = self.world[self.world["period"] == self.year]
        now = now[now["cmd_code"].isin(self.photonic)]
        sums = now.groupby("reporter")[["imports_usd", "exports_usd"]].sum()
        own = sums.reindex([self.market]).iloc[0]
        ranks = sums["imports_usd"].rank(ascending=False, method="min")
        largest = now[now["reporter"] == self.market].sort_values("imports_usd").tail(1)
        found = {
            "imports_usd": own["imports_usd"],
            "exports_usd": own["exports_usd"],
            "balance_usd": own["exports_usd"] - own["imports_usd"],
            "rank": ranks.get(self.market),
            "economies": int((sums["imports_usd"] > 0).sum()),
            "world_share_pct": 100 * own["imports_usd"] / sums["imports_usd"].sum(),
            "largest": None,
        }
        if len(largest) and largest["imports_usd"].iloc[0] > own["imports_usd"] / 2:
            found["largest"] = largest["cmd_code"].iloc[0]
            found["without_usd"] = own["imports_usd"] - largest["imports_usd"].iloc[0]
        return found | self._growth()

    def _growth(self) -> dict[str, Any]:
        """Return growth of photonic headings over the longest span that most of them compare in."""
        starts = sorted(self.since[code] for code in self.photonic)
        first = next((y for y in starts if int(self.year) - y <= 6), starts[0])
        codes = [c for c in self.photonic if self.since[c] <= first]
        rows = self.world[self.world["cmd_code"].isin(codes)]
        own = rows[rows["reporter"] == self.market].groupby("period")["imports_usd"].sum()
        world = rows.groupby("period")["imports_usd"].sum()
        return {
            "compared": codes,
            "compared_since": str(first),
            "growth_pct": analysis.yearly_growth(own, str(first), self.year),
            "world_growth_pct": analysis.yearly_growth(world, str(first), self.year),
        }

    @cached_property
    def priorities(self) -> Priorities:
        """Segments of this study, ranked and classed among all."""
        return market_priorities(self.market, self.exporter, self.asked, self.data_dir)

    # Suppliers

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Largest partners of every economy that lists them, up to the year studied."""
        rows = context_trade.heading_shares(self.codes, None, None, self.data_dir)
        return rows[rows["period"] <= self.year]

    @cached_property
    def suppliers(self) -> pd.DataFrame:
        """Known suppliers by heading and year; a group of exporters as one."""
        groups = {self.exporter: self.members} if self.is_group else None
        return analysis.suppliers(self.shares, self.world, self.market, groups)

    @cached_property
    def suppliers_now(self) -> pd.DataFrame:
        """Known suppliers in the year studied."""
        return self.suppliers[self.suppliers["period"] == self.year]

    @cached_property
    def unlisted(self) -> pd.Series:
        """Most that one supplier without a known pair can sell in the year studied, per cent."""
        found = analysis.largest_unlisted(self.shares, self.world, self.market)
        return found.xs(self.year, level="period")

    @cached_property
    def first_for_certain(self) -> pd.DataFrame:
        """First known supplier of each heading where no other can be larger, by heading."""
        rows = self.suppliers_now.drop_duplicates("cmd_code").set_index("cmd_code")
        now = self.positions[self.positions["period"] == self.year].set_index("cmd_code")
        most = now["most_share_pct"].reindex(rows.index).where(rows["partner"] != self.exporter, 0)
        return rows[rows["share_pct"] > most.combine(self.unlisted.reindex(rows.index), max)]

    @cached_property
    def lists(self) -> dict[str, str]:
        """Side that the market lists in the year studied, by heading: ``import`` or ``export``."""
        rows = self.shares[self.shares["reporter"] == self.market]
        now = rows[rows["period"] == self.year].drop_duplicates("cmd_code")
        return dict(zip(now["cmd_code"], now["flow"], strict=True))

    @cached_property
    def positions(self) -> pd.DataFrame:
        """The exporter's sales by heading and year: known, and at most."""
        return analysis.positions(
            self.shares, self.world, self.market, {self.exporter: self.members}
        )

    @cached_property
    def member_sales(self) -> pd.DataFrame:
        """Known sales of each member of the exporter, by heading and year."""
        rows = analysis.suppliers(self.shares, self.world, self.market)
        rows = rows[rows["partner"].isin(self.members)]
        return rows.rename(columns={"partner": "seller"})


def cover_of(heading: Heading) -> float:
    """Return the share of a heading that core codes of all segments are."""
    return sum(heading.cover.values())


def load(
    market: str,
    exporter: str,
    segments: Sequence[str],
    year: int | None,
    data_dir: Path | None = None,
) -> ProfileFacts:
    """Return the facts of a market after checking that headings have its trade.

    Raises
    ------
    UsageError
        Country, exporter or segment is unknown, or the exporter is or includes the market.
    MissingDataError
        Headings have no trade of it, not in this year, or none that holds these segments.
    """
    reporter, seller = parties(market, exporter)
    definitions, asked = load_segments(), asked_of(segments)
    world = context_trade.heading_trade(data_dir=data_dir)
    first, last = str(world["period"].min()), str(world["period"].max())
    if year is not None and not first < str(year) <= last:
        raise MissingDataError(
            f"no headings of {year}: they are here from {first} to {last}, and a study compares a "
            "year with earlier ones; choose another --year"
        )
    now = str(year or last)
    there = set(world["cmd_code"])
    codes = [h for h in load_headings() if h.heading in there and set(h.cover) & set(asked)]
    if not codes and reporter not in BY_PRODUCT:
        raise MissingDataError(
            f"no level of {', '.join(asked)} in {reporter}: none of the headings that are here "
            f"holds these segments; get it with `marketintel fetch --for {reporter} --segments "
            f"{','.join(asked)}`"
        )
    codes.sort(key=lambda h: (cover_of(h) < h.rule.min_cover, h.heading))
    names = [h.heading for h in codes]
    world = world[(world["period"] <= now) & world["cmd_code"].isin(names)]
    own = world[(world["reporter"] == reporter) & (world["period"] == now)]
    if codes and not (own["imports_usd"] > 0).any():
        raise MissingDataError(
            f"no trade of {reporter} in headings of photonics in {now}; choose another economy or "
            f"--year, or get its imports with `marketintel fetch --for {reporter}`"
        )
    return ProfileFacts(
        reporter, seller, group_members(seller), first, now, definitions, asked, names, world,
        data_dir,
    )  # fmt: skip

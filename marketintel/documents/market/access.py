"""Access of an exporter to a market, read once: statute, lists, months, claims, rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from marketintel.analysis.markets import access, statute
from marketintel.documents.prose import the
from marketintel.errors import MissingDataError
from marketintel.reference.countries import EU, country_name, country_rows, group_members
from marketintel.reference.measures import load_measures
from marketintel.reference.screening import load_nontariff
from marketintel.reference.segments import load_segments
from marketintel.warehouse import context_trade, tariffs
from marketintel.warehouse.context import preference_claims, tariff_lines

#: Markets whose months, lists and additional duties are in the project.
DETAILED = "USA"
#: Aliases of so few letters are codes, not names.
SHORT_ALIAS = 3
#: Suppliers whose claims of a preference are known.
CLAIMANTS = ("CAN", "MEX")
#: Topics on which rules are looked up for every market.
TOPICS = ("laser safety", "medical devices", "radio and EMC", "export control",
          "standards marks")  # fmt: skip


@dataclass(frozen=True)
class Access:
    """Access of an exporter to a market, beside the calculated duty.

    Attributes
    ----------
    market, exporter : str
        ISO3; the exporter may be a group.
    segments : sequence of str
        Segment ids.
    data_dir : Path, optional
        The data directory.
    """

    market: str
    exporter: str
    segments: Sequence[str]
    data_dir: Path | None = None

    @property
    def market_name(self) -> str:
        """Name of the market."""
        return country_name(self.market)

    @property
    def exporter_name(self) -> str:
        """Name of the exporter, as in a sentence."""
        name = country_name(self.exporter)
        return f"the {name}" if self.is_group else the(name)

    @property
    def is_group(self) -> bool:
        """True if the exporter has members."""
        return len(group_members(self.exporter)) > 1

    @cached_property
    def side(self) -> set[str]:
        """The exporter, its members, and the European Union where they are of it."""
        members = group_members(self.exporter)
        union = {EU} if set(members) <= set(group_members(EU)) else set()
        return {self.exporter, *members, *union}

    @cached_property
    def rules(self) -> pd.DataFrame:
        """Cited rules on these segments: rows of ``nontariff.csv``."""
        return access.rules_of(load_nontariff(), self.market, self.side, self.segments)

    @cached_property
    def missing_topics(self) -> list[str]:
        """Topics on which no rule is on file for this market."""
        there = set(self.rules["kind"])
        return [topic for topic in TOPICS if topic not in there]

    @cached_property
    def notes(self) -> pd.DataFrame:
        """Note on each segment: see :func:`marketintel.analysis.markets.access.notes`."""
        return access.notes(self.segments, self.rules, self.lists)

    @cached_property
    def agreement(self) -> pd.DataFrame:
        """Rules of kind ``agreement``: the trade agreement and its proof of origin."""
        return self.rules[self.rules["kind"] == "agreement"]

    @cached_property
    def duties(self) -> pd.DataFrame:
        """Lines of chapter 99 that name the exporter or any country, with measure and state."""
        lines = tariffs.additional_duties(self.market, self.data_dir)
        if lines.empty:
            return lines
        found = statute.naming(lines, self._names, [r["name"] for r in country_rows()])
        return statute.states(found, load_measures(), self.revisions)

    @cached_property
    def _names(self) -> dict[str, str]:
        """Names of the exporter, and of its members, as a statute may write them."""
        names = {country_name(EU): country_name(EU)} if EU in self.side else {}
        for row in country_rows():
            if row["iso3"] in self.side:
                aliases = [a for a in row["aliases"].split(";") if len(a) > SHORT_ALIAS]
                names |= dict.fromkeys([row["name"], *aliases], row["name"])
        return names

    @cached_property
    def revisions(self) -> pd.DataFrame:
        """Revisions of the market's schedule."""
        return tariffs.tariff_revisions(self.market, self.data_dir)

    @cached_property
    def codes(self) -> pd.DataFrame:
        """Core codes of the segments: ``segment, cmd_code``."""
        rows = load_segments().frame("HS2022")
        own = rows["segment"].isin(list(self.segments)) & rows["scope"].isin(["core", "neighbour"])
        return rows.loc[own, ["segment", "cmd_code"]].drop_duplicates(ignore_index=True)

    @cached_property
    def lists(self) -> pd.DataFrame:
        """Lists that name tariff lines of the segments."""
        lists = tariffs.tariff_lists(self.market, self.data_dir)
        if lists.empty:
            return pd.DataFrame()
        lines = tariff_lines(self.codes["cmd_code"].tolist(), self.market, self.data_dir)
        lines = lines[["cmd_code", "hs8"]].merge(self.codes, on="cmd_code")
        found = statute.listed(lists, lines[["segment", "hs8"]], self.side)
        return statute.states(found, load_measures(), self.revisions)

    @cached_property
    def industries(self) -> pd.DataFrame:
        """Industry that holds most of each segment: ``segment, naics, covered_pct``."""
        return access.industries_of(self._newest, context_trade.line_concordance(
            sorted(set(self.codes["cmd_code"])), self.data_dir
        ))  # fmt: skip

    @cached_property
    def _values(self) -> pd.DataFrame:
        codes = self.codes
        rows = context_trade.line_imports(codes["cmd_code"], data_dir=self.data_dir)
        rows = rows.assign(cmd_code=rows["hts10"].str[:6]).merge(codes, on="cmd_code")
        columns = ["segment", "partner", "hts10", "period", "value_usd"]
        return pd.DataFrame(rows[columns])

    @property
    def _newest(self) -> pd.DataFrame:
        values = self._values
        return pd.DataFrame(values[values["period"] == values["period"].max()])

    @cached_property
    def months(self) -> pd.DataFrame:
        """Duty of the last months by segment's industry; empty where it is not known.

        segment, naics, naics_name, covered_pct, first, last, rate_pct, year_before_pct,
        all_rate_pct (of every partner), of (the exporter, or the European Union it is in).
        """
        if self.market != DETAILED:
            return pd.DataFrame()
        try:
            industries = self.industries
            months = context_trade.naics_months(
                sorted(set(industries["naics"].dropna())), data_dir=self.data_dir
            )
        except MissingDataError:
            return pd.DataFrame()
        rates = access.last_rates(months)
        there = [one for one in (self.exporter, EU) if one in self.side & set(rates["partner"])]
        if not there:
            return pd.DataFrame()
        own = rates[rates["partner"] == there[0]].rename(columns={"partner": "of"})
        everyone = rates[rates["partner"] == "WLD"].set_index("naics")["rate_pct"]
        table = industries.merge(own, on="naics")
        return table.assign(all_rate_pct=table["naics"].map(everyone))

    @cached_property
    def claims(self) -> pd.DataFrame:
        """Share of imports from Canada and Mexico that claim USMCA; empty where not known."""
        if self.market != DETAILED:
            return pd.DataFrame()
        try:
            parts = [preference_claims(None, p, data_dir=self.data_dir) for p in CLAIMANTS]
            return access.claimed(pd.concat(parts, ignore_index=True), self._values)
        except MissingDataError:
            return pd.DataFrame()

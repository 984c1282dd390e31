"""Facts beside headings: Canada's products, links with the United States, materials, actors."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import pandas as pd

from marketintel.analysis.trade import materials
from marketintel.analysis.trade.frames import CORE, OWN
from marketintel.documents.frames import one_scope
from marketintel.errors import MissingDataError
from marketintel.reference.countries import group_members, load_groups
from marketintel.reference.partnership import load_actors
from marketintel.reference.screening import load_materials
from marketintel.reference.segments import Segments
from marketintel.warehouse import context, context_trade, engine
from marketintel.warehouse.market_table import market_table

#: Economies whose trade by product with the world is in the shipped data.
BY_PRODUCT = ("CAN",)

#: Economies from which US imports are known by the preference that they claim.
CLAIMANTS = ("CAN", "MEX")

#: Years that are taken together for raw materials, and years between the two spans.
SPAN, STEP = 3, 7

#: Agreements among the groups of countries.
AGREEMENTS = ("USMCA", "CPTPP", "RCEP", "EFTA", "ASEAN", "MERCOSUR", "GCC")

_MATERIALS = """
SELECT reporter AS exporter, partner AS market, cmd_code, period, value_usd, net_weight_kg, source
FROM trade
WHERE flow = 'export' AND freq = 'A' AND NOT is_mirror AND reporter <> partner
  AND partner = $market AND source = 'baci' AND hs_revision = 'HS1992'
  AND cmd_code IN (SELECT unnest($codes::VARCHAR[]))
"""


class Beside:
    """Frames of a market that need no heading, each read when a chapter asks for it."""

    market: str
    year: str
    segments: Segments
    asked: list[str]
    data_dir: Path | None

    @cached_property
    def canada(self) -> pd.DataFrame:
        """Canada's trade in own codes of the segments studied; no rows for others."""
        if self.market not in BY_PRODUCT:
            return pd.DataFrame()
        codes = self.own_codes[["cmd_code", "segment", "label", "scope"]]
        rows = context_trade.canada_trade("HS6", list(codes["cmd_code"]), None, self.data_dir)
        return rows.merge(codes, left_on="product", right_on="cmd_code")

    @cached_property
    def canada_months(self) -> pd.DataFrame:
        """Canada's trade of chapter 90 by month; no rows for others."""
        if self.market not in BY_PRODUCT:
            return pd.DataFrame()
        return context_trade.canada_trade("HS2", "90", None, self.data_dir)

    @cached_property
    def own_codes(self) -> pd.DataFrame:
        """Core codes of the segments studied, HS2022, and own codes of neighbours of photonics."""
        codes = self.segments.frame("HS2022")
        return codes[codes["scope"].isin(OWN) & codes["segment"].isin(self.asked)]

    @property
    def core_codes(self) -> pd.DataFrame:
        """Core codes of the segments studied, without neighbours of photonics."""
        return one_scope(self.own_codes, CORE)

    @cached_property
    def us_imports(self) -> pd.DataFrame:
        """US imports from this market by segment and year, core codes."""
        if self.market == "USA":
            return pd.DataFrame()
        try:
            rows = market_table("USA", segments=self.asked, partner=self.market, by=["segment"],
                                data_dir=self.data_dir)  # fmt: skip
        except MissingDataError:
            return pd.DataFrame()
        return rows[rows["scope"] == CORE]

    @cached_property
    def claims(self) -> pd.DataFrame:
        """US imports from this market with the share that claims USMCA, by line; else no rows."""
        if self.market not in CLAIMANTS:
            return pd.DataFrame()
        codes = self.core_codes
        lines = context_trade.line_imports(
            list(codes["cmd_code"]), self.market, data_dir=self.data_dir
        )
        claimed = context.preference_claims(
            list(codes["cmd_code"]), self.market, data_dir=self.data_dir
        )
        rows = lines.merge(claimed[["hts10", "period", "share_pct"]], "left", ["hts10", "period"])
        segment = codes.set_index("cmd_code")["segment"]
        return rows.assign(segment=rows["hts10"].str[:6].map(segment))

    @cached_property
    def materials(self) -> pd.DataFrame:
        """Suppliers of raw materials in two spans of years; no rows where nothing is recorded."""
        names = load_materials()
        wanted = [c for c, m in names.items() if set(m.segments) & set(self.asked)]
        rows = engine.ask(self.data_dir, _MATERIALS, {"market": self.market, "codes": wanted})
        rows = rows[rows["period"] <= self.year]
        if rows.empty:
            return pd.DataFrame()
        last = int(rows["period"].max())
        spans = {}
        for end in (last, last - STEP):
            years = [str(year) for year in range(end - SPAN + 1, end + 1)]
            spans[f"{years[0]}–{years[-1][2:]}"] = years
        taken = materials.spans(rows, spans)
        if taken.empty:
            return pd.DataFrame()
        return materials.exposure(taken, {self.market: [self.market]})

    @cached_property
    def tariffs(self) -> pd.DataFrame:
        """Tariff rates of the market on core codes, if they have been fetched."""
        codes = self.core_codes["cmd_code"].tolist()
        return context.tariff_rates(self.market, codes, data_dir=self.data_dir)

    @property
    def agreements(self) -> list[str]:
        """Trade groups that the market is a member of."""
        groups = load_groups()
        return [g for g in AGREEMENTS if g in groups and self.market in group_members(g)]

    @cached_property
    def actors(self) -> pd.DataFrame:
        """Cited facts on actors of this market."""
        rows = load_actors()
        return rows[rows["iso3"] == self.market].reset_index(drop=True)

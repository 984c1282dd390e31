"""Facts on size and trend beside HS6 imports: industries, headings, classes, months of duty."""

from __future__ import annotations

from functools import cached_property

import pandas as pd

from marketintel.analysis.trade import size
from marketintel.analysis.trade.frames import CORE
from marketintel.documents.frames import one_scope
from marketintel.documents.market.proxy_class import CLASS, class_cover
from marketintel.documents.market.study import Study
from marketintel.errors import MissingDataError
from marketintel.warehouse import context_trade

#: Industry whose goods are nearly all photonic.
CLEAN = "333314"

#: Least share of a segment that an industry holds to be shown with it.
MIN_SEGMENT_PCT = 10

#: Proxies that carry imports of the industry :data:`CLEAN` from 2024 back to 2023.
PROXY_HEADINGS, PROXY_CLASS, PROXY_NAICS3 = ("9002", "9005"), CLASS, "333"

#: Year of the estimate, and that of the imports which are carried back.
ESTIMATED, IMPORTED = "2023", "2024"

#: Last year of the supply and use tables.
MEASURED = "2017"


class SizeFacts(Study):
    """Frames on size and trend, each read when a chapter asks for it."""

    @property
    def has_industries(self) -> bool:
        """True if output and use of this market's industries are in the shipped data."""
        return self.market == "USA"

    @cached_property
    def bridge(self) -> pd.DataFrame:
        """Segments in US industries, general imports by tariff line, with the industry of BEA.

        An industry reads as size only if the lines known are most of its last measured imports too.
        """
        lines = context_trade.line_imports(trade_system="general", data_dir=self.data_dir)
        concordance = context_trade.line_concordance(data_dir=self.data_dir)
        lines = lines[lines["period"] == IMPORTED]
        found = size.bridge(lines, concordance, self.segments.frame("HS2022"), "naics")
        measured = self.consumption[self.consumption["period"] == MEASURED]
        imports = measured.set_index("industry")["imports_usd"]
        known = {n: size.industry_of(n, sorted(imports.index)) for n in found["naics"].dropna()}
        found["industry"] = found["naics"].map(known)
        worth = (100 * found["value_usd"] / found["of_class_pct"]).where(
            ~found["naics"].duplicated()
        )
        held = worth.groupby(found["industry"]).sum() / imports
        found["speaks"] &= found["industry"].map(held) >= size.MIN_COVER
        return found

    @cached_property
    def class_cover(self) -> pd.Series:
        """Core codes of segments as per cent of the end-use class, by segment."""
        return class_cover(self.data_dir)

    @cached_property
    def accounts(self) -> pd.DataFrame:
        """Supply, use and buyers of US commodities."""
        return context_trade.industry_use(data_dir=self.data_dir)

    @cached_property
    def consumption(self) -> pd.DataFrame:
        """Apparent consumption of US commodities in both readings."""
        return size.apparent_consumption(self.accounts)

    @cached_property
    def output(self) -> pd.DataFrame:
        """Gross output and price index of the industries that hold photonic goods, 1997 on."""
        return context_trade.industry_output(self.industries, data_dir=self.data_dir)

    @cached_property
    def industry_names(self) -> dict[str, str]:
        """Names of US industries by BEA code."""
        return dict(self.consumption[["industry", "industry_name"]].itertuples(index=False))

    @cached_property
    def industries(self) -> list[str]:
        """Industries that hold a tenth of a segment studied at least; the clean one first."""
        rows = self.bridge[self.bridge["segment"].isin(self.asked)]
        rows = rows[rows["of_segment_pct"] >= MIN_SEGMENT_PCT]
        return list(dict.fromkeys([CLEAN, *rows["industry"].dropna()]))

    @cached_property
    def carried(self) -> dict[str, float]:
        """Imports of 2023 ÷ imports of 2024 by name of the proxy series."""
        of = {"data_dir": self.data_dir}
        headings = context_trade.heading_trade(PROXY_HEADINGS, "USA", **of)
        classes = context_trade.enduse_imports(PROXY_CLASS, "WLD", **of)
        months = context_trade.naics_months(PROXY_NAICS3, "WLD", **of)
        series = {f"heading {code}": rows.set_index("period")["imports_usd"]
                  for code, rows in headings.groupby("cmd_code")}  # fmt: skip
        series[f"class {PROXY_CLASS}"] = classes.set_index("period")["value_usd"]
        years = months["period"].str[:4]
        series[f"NAICS {PROXY_NAICS3}"] = months.groupby(years)["value_usd"].sum()
        return {name: float(rows[ESTIMATED] / rows[IMPORTED]) for name, rows in series.items()}

    @cached_property
    def estimate(self) -> dict[str, float]:
        """Apparent consumption of the clean industry in 2023: least, middle, largest, inputs."""
        output = context_trade.industry_output(CLEAN, data_dir=self.data_dir)
        produced = float(output.set_index("period")["gross_output_usd"][ESTIMATED])
        rows = self.bridge[self.bridge["naics"] == CLEAN].iloc[0]
        imported = float(100 * rows["value_usd"] / rows["of_class_pct"])
        ends = size.estimated_consumption(produced, imported, list(self.carried.values()))
        names = ("least_usd", "middle_usd", "largest_usd")
        return {**dict(zip(names, ends, strict=True)), "output_usd": produced,
                "imports_usd": imported}  # fmt: skip

    @cached_property
    def canada(self) -> pd.DataFrame:
        """Canada's trade in the codes studied, else in all core codes; one total of all months."""
        every = one_scope(self.segments.frame("HS2022"), CORE)
        names = (every if self.is_mixed else self.own_codes)[["cmd_code", "segment", "label"]]
        rows = context_trade.canada_trade("HS6", list(names["cmd_code"]), None, self.data_dir)
        return rows.merge(names, left_on="product", right_on="cmd_code")

    @property
    def own_codes(self) -> pd.DataFrame:
        """Codes of every figure that is not marked otherwise."""
        return self.codes if self.is_mixed else one_scope(self.codes, self.scope)

    @cached_property
    def heading_trade(self) -> pd.DataFrame:
        """Imports and exports of this market in all headings."""
        return context_trade.heading_trade(None, self.market, self.data_dir)

    @cached_property
    def heading_shares(self) -> pd.DataFrame:
        """Largest partners of this market by heading: suppliers or destinations."""
        return context_trade.heading_shares(None, self.market, None, self.data_dir)

    @cached_property
    def has_partners(self) -> bool:
        """True if partners of this market by heading are in the shipped data."""
        try:
            return not self.heading_shares.empty
        except MissingDataError:
            return False

    @cached_property
    def class_imports(self) -> pd.DataFrame:
        """US imports of the end-use class by partner and year."""
        return context_trade.enduse_imports(PROXY_CLASS, data_dir=self.data_dir)

    @cached_property
    def duty_months(self) -> pd.DataFrame:
        """US imports and duty by industry, partner and month."""
        return context_trade.naics_months(["333", "334", "335"], data_dir=self.data_dir)

"""Facts of a market study: trade of one market, its headline figures and findings."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import pandas as pd

from marketintel.analysis.trade.facts import segment_facts
from marketintel.analysis.trade.frames import BROAD, NEIGHBOUR
from marketintel.analysis.trade.rules import Thresholds
from marketintel.analysis.trade.signals import signals
from marketintel.documents import prose as w
from marketintel.documents.frames import each, one, one_scope
from marketintel.documents.market.figures import Figures
from marketintel.reference.drivers import MarketNote, market_note

#: From which imports on the rules look at a single mixed code; a segment is far larger.
SMALL_PRODUCT_USD = 1e6

#: Below these imports of mixed codes money is printed in thousands; a segment smaller than this is
#: left out of statements about the fastest change.
SMALL_USD = 100e6


class Study(Figures):
    """Frames of a market, its headline figures, and the findings of the rules."""

    @cached_property
    def money(self) -> str:
        """Kind in which tables print money: thousands where the market is small."""
        return "usd_k" if self.is_mixed and self.total["value_usd"] < SMALL_USD else "usd_m"

    @property
    def labels(self) -> dict[str, str]:
        """Words that headers of columns use, and the kind in which money is printed."""
        unit = self.terms.unit
        return {
            "year": self.year,
            "base": self.base,
            "exporter": self.exporter_name,
            "unit": unit,
            "Unit": unit.capitalize(),
            "money": self.money,
        }

    @property
    def note(self) -> MarketNote | None:
        """Note on an unusual year."""
        return market_note(self.market, self.year)

    # Headline figures

    @property
    def total(self) -> Any:
        """Imports of all segments together: ``value_usd, change_pct, …``."""
        return one(self.demand_total, "scope", self.scope)

    @property
    def total_with_broad_usd(self) -> float:
        """Imports of all segments together with their mixed codes."""
        broad = one(self.demand_total, "scope", self.scope_of("", broad=True))
        return float(broad["value_usd"])

    @property
    def largest_broad(self) -> dict[str, Any] | None:
        """Largest mixed code and its share of the total with such codes; None without any."""
        whole = self.total_with_broad_usd
        if self.scope == NEIGHBOUR or not whole > self.total["value_usd"]:
            return None
        rows = self.code_demand[self.code_demand["cmd_code"].isin(self.summed["cmd_code"])]
        row = rows[rows["scope"] == BROAD].nlargest(1, "value_usd").iloc[0]
        return {
            "name": self.code_name(row["cmd_code"]),
            "share_pct": 100 * row["value_usd"] / whole,
        }

    @property
    def sizes(self) -> list[Any]:
        """Demand of every segment in sums, the largest first."""
        return list(
            each(one_scope(self.demand, self.scope).sort_values("value_usd", ascending=False))
        )

    @property
    def small_usd(self) -> float:
        """Imports from which a segment's change is compared with others'."""
        return self.thresholds.min_market_usd if self.is_mixed else SMALL_USD

    @property
    def movers(self) -> tuple[Any, Any] | None:
        """Segments whose imports rose and fell most; None with fewer than two of some size."""
        rows = one_scope(self.demand, self.scope)
        sizeable = rows[rows["value_usd"].combine(rows["base_value_usd"], min) >= self.small_usd]
        sizeable = sizeable.sort_values("value_usd", ascending=False).dropna(subset=["change_pct"])
        if len(sizeable) < 2:
            return None
        low, *_, high = each(sizeable.sort_values("change_pct"))
        return high, low

    @property
    def place(self) -> Any:
        """The exporter's sales, share and rank over all segments."""
        return one(self.position_total, "scope", self.scope)

    @property
    def strongholds(self) -> list[Any]:
        """Up to three segments in which the exporter ranks first, by share."""
        rows = one_scope(self.position, self.scope)
        rows = rows[rows["rank"] == 1].sort_values("share_pct", ascending=False)
        return list(each(rows.head(3)))

    @property
    def causes(self) -> Any:
        """Causes of the change of the exporter's sales, base-year weights."""
        return one(self.decomposition_total, "weights", "base_year")

    @property
    def growth_or_level(self) -> str:
        """Measure of the change of imports that one segment makes: growth, else level."""
        return "change_pct" if self.composition.loc["change_pct", "moved"] else "change_usd"

    def beside(self, *measures: str) -> str:
        """Return the exporter's headline figures without one segment, where it makes most of them."""
        return w.without(self.composition, self.segment_names, *measures)

    def aside(self, *measures: str) -> str:
        """Return :meth:`beside` in brackets."""
        text = self.beside(*measures).removeprefix("; ")
        return f" ({text})" if text else ""

    def leaders(self, shares: pd.DataFrame, number: int) -> str:
        """Return the largest suppliers with their shares."""
        top = shares[shares["value_usd"] > 0].head(number)
        return w.listing([f"{self.name(r.partner)} ({w.percent(r.share_pct)})" for r in each(top)])

    def duties_in_words(self, rows: pd.DataFrame) -> list[str]:
        """Return suppliers with their duties."""
        return [f"{self.name(r.partner)} {w.percent(r.effective_duty_pct)}" for r in each(rows)]

    # Opportunities and risks

    @cached_property
    def segment_facts(self) -> pd.DataFrame:
        """Inputs of the rules, one row a segment; no neighbours."""
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
        """Thresholds of the rules, with the year's note on front-loading."""
        front_loaded = ((self.market, self.year),) if self.note else ()
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

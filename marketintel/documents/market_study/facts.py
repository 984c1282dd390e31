"""Facts of a market study: those of the market, and forecasts of its series or of world trade."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from marketintel.documents.engine.naming import edition_month
from marketintel.documents.market.access import Access
from marketintel.documents.market.priorities import Priorities, market_priorities
from marketintel.documents.market.segment_outlook import (
    OWN_MODEL,
    OWN_SERIES,
    THRESHOLD_PCT,
    SegmentOutlook,
    segment_outlook,
)
from marketintel.documents.market_study.size_facts import SizeFacts
from marketintel.documents.world_headings import WorldHeadings, world_headings
from marketintel.documents.yearly_forecasts import Forecasts, compute, panel_of
from marketintel.errors import MissingDataError
from marketintel.reference.headings import Heading, load_headings
from marketintel.warehouse.basis import fetch_command
from marketintel.warehouse.comparable import MIN_COVER_PCT, yearly
from marketintel.warehouse.context import tariff_lines

#: Years from which a series is shown and forecast on its own.
MIN_YEARS = 10


@dataclass(frozen=True)
class Series:
    """Yearly imports of this market that compare with themselves.

    Attributes
    ----------
    rows : DataFrame
        ``cmd_code, period, value_usd``; ``cmd_code`` is the id of a row of the study.
    names : dict of str to str
        Ids to names of the rows with a series.
    omitted : list of str
        Names of the rows without one.
    """

    rows: pd.DataFrame
    names: dict[str, str]
    omitted: list[str]

    @property
    def years(self) -> int:
        """Number of years with a figure."""
        return int(self.rows["period"].nunique())


class StudyFacts(SizeFacts):
    """Facts of a market with its forecasts."""

    min_years, min_cover_pct = MIN_YEARS, MIN_COVER_PCT

    @property
    def has_long_history(self) -> bool:
        """True if whole rows have a series that is long enough."""
        return self.history_years >= MIN_YEARS

    @cached_property
    def priorities(self) -> Priorities:
        """Segments of this study, ranked and classed among all."""
        return market_priorities(self.market, self.exporter, self.asked, self.data_dir, study=self)

    @cached_property
    def tariff_lines(self) -> pd.DataFrame:
        """Statutory lines of the codes studied; empty where no statute is in the data."""
        codes = self.own_codes["cmd_code"].tolist()
        try:
            return tariff_lines(codes, reporter=self.market, data_dir=self.data_dir)
        except MissingDataError:
            return pd.DataFrame()

    @cached_property
    def access(self) -> Access:
        """Statute, lists, months and rules that the exporter meets."""
        return Access(self.market, self.exporter, self.asked, self.data_dir)

    @cached_property
    def series(self) -> Series | None:
        """Series of whole rows, else of core codes that no HS edition changed; None without any."""
        if self.has_long_history:
            return self._whole_rows()
        codes = None if self.is_mixed else self._unchanged_codes()
        return codes if codes and codes.names else None

    def _whole_rows(self) -> Series:
        """Whole rows of the study, over the years since the last revision of the HS."""
        keys = ["segment", "period"]
        sums = self.history.groupby(keys)["value_usd"].sum(min_count=1).reset_index()
        years = sums.groupby("segment")["period"].nunique()
        return self._series_of(
            sums.rename(columns={"segment": "cmd_code"}), years.index[years == self.history_years]
        )

    def _unchanged_codes(self) -> Series:
        """Core codes that mean the same in every HS edition, where they are most of a segment."""
        rows = self.basis.history
        rows = rows[rows["scope"].isin(self.scopes) & (rows["period"] <= self.year)]
        same = yearly(rows.assign(partner=self.market), self.segments)
        year = same["ds"].dt.year
        years, first = (year.groupby(same["segment"]).agg(how) for how in ("nunique", "min"))
        long = (years >= MIN_YEARS) & (years == int(self.year) - first + 1)
        cover = same.groupby("segment")["cover_pct"].first()
        values = pd.DataFrame(
            {
                "cmd_code": same["segment"],
                "period": same["ds"].dt.strftime("%Y"),
                "value_usd": same["y"],
            }
        )
        return self._series_of(values, long.index[long & (cover >= MIN_COVER_PCT)])

    def _series_of(self, rows: pd.DataFrame, ids: pd.Index[str]) -> Series:
        names = {k: n for k, n in self.segment_names.items() if k in ids}
        omitted = [n for k, n in self.segment_names.items() if k not in names]
        return Series(rows[rows["cmd_code"].isin(names)], names, omitted)

    @cached_property
    def forecasts(self) -> Forecasts | None:
        """Forecasts of this market's imports, else of world exports; None without a series."""
        if self.series is None:
            return None if self.world.made.panel.empty else self.world.made
        rows = self.series.rows
        if rows.empty:
            return None
        month = edition_month(self.used["retrieved_at"])
        since = int(rows["period"].max())
        newer = fetch_command(self.trade_sources[0], self.market, since, month)
        return compute(panel_of(rows), month, fetch=newer)

    @property
    def answer_markets(self) -> list[str]:
        """Return the market whose segments are answered."""
        return [self.market]

    @cached_property
    def answers(self) -> SegmentOutlook:
        """Level and forecast of every segment studied."""
        asked = [s for s in self.asked if s in self.segments.names()]
        own, path = self._own or (None, None)
        return segment_outlook(self.market, asked, own=own, own_path=path, data_dir=self.data_dir)

    @property
    def _own(self) -> tuple[pd.DataFrame, pd.DataFrame] | None:
        """Forecasts of whole rows of the study and their paths, for :func:`segment_outlook`."""
        if self.series is None or self.is_mixed or self.forecasts is None:
            return None
        ends = self.forecasts.ends.join(self.forecasts.probabilities(THRESHOLD_PCT))
        ends = ends.rename_axis("segment").reset_index()
        named = {"last_usd": "level_usd", "last_year": "level_year", "mean": "median_usd"}
        shared = {"market": self.market, "model_class": OWN_MODEL}
        basis = f"its own series of {self.series.years} years"
        own = ends.rename(columns=named).assign(basis=basis, weight_pct=100.0, **shared)
        path = self.forecasts.path().rename(columns={"unique_id": "segment"})
        return own, path.assign(forecast_class=OWN_SERIES, **shared)

    @cached_property
    def world(self) -> WorldHeadings:
        """World exports of the headings that may stand for segments of the study."""
        month = edition_month(self.used["retrieved_at"])
        return world_headings(self.chosen, month, data_dir=self.data_dir)

    @cached_property
    def headings(self) -> dict[str, list[Heading]]:
        """Headings of world trade that may stand for each segment."""
        known = load_headings()
        return {s: [known[h] for h in self.world.headings_of(s)] for s in self.chosen}

    @cached_property
    def heading_titles(self) -> dict[str, str]:
        """Titles of the headings that stand for a segment."""
        return {h.heading: h.title for found in self.headings.values() for h in found}

    def segments_of(self, heading: str) -> list[str]:
        """Return the names of the segments that a heading stands for."""
        return [self.segment_names[s] for s in self.world.speaking[heading]]

"""World exports of the headings that may stand for a segment, forecast by year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast.outlook import LEVELS, summarise
from marketintel.documents.outlook.facts.months import MODELS, ORIGINS
from marketintel.documents.outlook.facts.years import YEARS, thresholds
from marketintel.errors import MissingDataError
from marketintel.reference.headings import Heading, Headings
from marketintel.warehouse.context import world_series

_TYPES = {"unique_id": "str", "ds": "datetime64[s]", "y": "float64"}


@dataclass(frozen=True)
class World:
    """Headings' series, forecasts and errors.

    Attributes
    ----------
    headings : Headings
        The reference file.
    chosen : list of str
        Segments that headings may speak for.
    threshold_pct : float
        The second probability: that exports exceed their present level by so much.
    month : str
        The edition's: forecasts are of years after it.
    """

    headings: Headings
    chosen: list[str]
    threshold_pct: float
    month: str
    data_dir: Path | None = None

    @cached_property
    def speaking(self) -> dict[str, list[str]]:
        """Heading to the chosen segments that it may speak for."""
        found: dict[str, list[str]] = {}
        for segment in self.chosen:
            for heading in self.headings.speaking_for(segment):
                found.setdefault(heading.heading, []).append(segment)
        return found

    @cached_property
    def panel(self) -> pd.DataFrame:
        """``unique_id, ds, y`` of the headings that speak, after their last break."""
        return self._series([self.headings[h] for h in self.speaking])

    @cached_property
    def candidates(self) -> pd.DataFrame:
        """The same of every usable heading: where common shocks are looked for."""
        return self._series([h for h in self.headings if not h.unusable])

    def _series(self, headings: Sequence[Heading]) -> pd.DataFrame:
        parts = []
        for heading in headings:
            try:
                rows = world_series(heading.heading, data_dir=self.data_dir)
            except MissingDataError:
                continue
            rows = rows[rows["period"] >= str(heading.usable_from)]
            ends = pd.to_datetime(rows["period"] + "-12-31").astype("datetime64[s]")
            parts.append(
                pd.DataFrame({"unique_id": heading.heading, "ds": ends, "y": rows["value_usd"]})
            )
        if not parts:
            return pd.DataFrame(columns=list(_TYPES)).astype(_TYPES)
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def fans(self) -> pd.DataFrame:
        """Yearly forecasts at 80 and 95 %: what is shown, and drift beside it."""
        made = self._levels
        return made[(made["model"] == "drift") | made["level"].isin([80, 95])]

    @cached_property
    def _levels(self) -> pd.DataFrame:
        made = fc.forecast_ahead(self.panel, YEARS, self.month, LEVELS, MODELS)
        return fc.shown(made, self.errors, beside="drift")

    @cached_property
    def potential(self) -> pd.DataFrame:
        """Level in five years and its probabilities."""
        passed = thresholds(self.panel, self.threshold_pct)
        made = self._levels
        return summarise(made[made["model"] == fc.SHOWN], self.panel, passed)

    @cached_property
    def errors(self) -> pd.DataFrame:
        """Errors by heading, model and level."""
        tested = fc.backtest(self.panel, YEARS, ORIGINS, (80, 95), MODELS)
        return fc.accuracy(tested, self.panel, by=("model", "unique_id"))

    @cached_property
    def weights(self) -> pd.DataFrame:
        """Members' shares of the paths."""
        return fc.member_weights(self.panel, YEARS)

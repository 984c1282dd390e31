"""World exports of the headings that may stand for a segment, forecast by year."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast import drivers
from marketintel.analysis.forecast.outlook import LEVELS, summarise
from marketintel.documents.outlook.facts.years import YEARS, thresholds
from marketintel.documents.world_headings import WorldHeadings, series, world_headings
from marketintel.reference.headings import Headings


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
    def found(self) -> WorldHeadings:
        """Forecasts of the headings, as every document has them."""
        return world_headings(
            self.chosen, self.month, LEVELS, headings=self.headings, data_dir=self.data_dir
        )

    @property
    def speaking(self) -> dict[str, list[str]]:
        """Heading to the chosen segments that it may speak for."""
        return self.found.speaking

    @property
    def panel(self) -> pd.DataFrame:
        """``unique_id, ds, y`` of the headings that speak, after their last break if it counts."""
        return self.found.made.panel

    @cached_property
    def candidates(self) -> pd.DataFrame:
        """Every usable heading after its last break: where common shocks are looked for."""
        usable = [h.heading for h in self.headings if not h.unusable]
        whole, _, _ = series(usable, self.data_dir)
        since = whole["unique_id"].map({h: self.headings[h].usable_from for h in usable})
        after: pd.DataFrame = whole[whole["ds"].dt.year >= since.astype(float)]
        return after.reset_index(drop=True)

    @cached_property
    def fans(self) -> pd.DataFrame:
        """Yearly forecasts at 80 and 95 %: what is shown, and drift beside it."""
        made = self._levels
        return made[(made["model"] == "drift") | made["level"].isin([80, 95])]

    @cached_property
    def _levels(self) -> pd.DataFrame:
        made = self.found.made
        return fc.shown(made.forecasts, made.errors, beside="drift")

    @cached_property
    def potential(self) -> pd.DataFrame:
        """Level in five years and its probabilities."""
        passed = thresholds(self.panel, self.threshold_pct)
        made = self._levels
        return summarise(made[made["model"] == fc.SHOWN], self.panel, passed)

    @property
    def errors(self) -> pd.DataFrame:
        """Errors by heading, model and level."""
        return self.found.made.errors

    @property
    def fitted(self) -> pd.DataFrame:
        """Results of statsmodels behind the forecasts."""
        return self.found.made.fitted

    @cached_property
    def weights(self) -> pd.DataFrame:
        """Members' shares of the paths that the combination made."""
        driven = {h for h, model in fc.chosen(self.errors).items() if model == drivers.NAME}
        rows = fc.member_weights(self.panel[~self.panel["unique_id"].isin(driven)], YEARS)
        whole = [
            {"unique_id": h, "model": drivers.NAME, "weight_pct": 100.0} for h in sorted(driven)
        ]
        return pd.concat([rows, pd.DataFrame(whole)], ignore_index=True) if whole else rows

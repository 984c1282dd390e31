"""Monthly facts of an outlook: whole segments after their last break, twelve months ahead."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.reference.segments import Segments
from marketintel.warehouse import comparable
from marketintel.warehouse.basis import Basis

MONTHS, ORIGINS = 12, 5
MODELS = ("combination", "naive", "drift")


@dataclass(frozen=True)
class Months:
    """Series, forecasts and errors by month.

    Attributes
    ----------
    flows : DataFrame
        ``months`` of :class:`marketintel.documents.outlook.facts.chosen.Chosen`; may be empty.
    segments : Segments
        The reference file, for its breaks.
    month : str
        The edition's: forecasts are of months after it.
    """

    flows: pd.DataFrame
    segments: Segments
    month: str

    @cached_property
    def panel(self) -> pd.DataFrame:
        """Whole segments, all months there are: ``unique_id, ds, y, partner, segment``."""
        return comparable.monthly(self.flows)

    @cached_property
    def breaks(self) -> pd.DataFrame:
        """``unique_id, ds, reason``: declared breaks."""
        return comparable.breaks(self.flows, self.segments)

    @property
    def breaks_within(self) -> pd.DataFrame:
        """Breaks within the data of their series."""
        last = self.panel.groupby("unique_id")["ds"].max().rename("last").reset_index()
        found = self.breaks.merge(last, on="unique_id")
        return found[found["ds"] <= found["last"]]

    @cached_property
    def cut(self) -> pd.DataFrame:
        """The panel after each series' last break: what forecasts are made from."""
        return fc.cut(self.panel, self.breaks)

    @cached_property
    def bases(self) -> dict[str, Basis]:
        """Basis of each series."""
        once = self.flows.drop_duplicates(["partner", "segment"])
        return dict(zip(comparable.name(once), once["kind"], strict=True))

    @cached_property
    def fans(self) -> pd.DataFrame:
        """Forecasts at 80 and 95 %: what is shown, and drift beside it."""
        made = fc.forecast_ahead(
            self.cut, MONTHS, self.month, (80, 95), MODELS, freq="M", fetch=self.newer
        )
        return fc.shown(made, self.errors, beside="drift")

    @property
    def newer(self) -> dict[str, str]:
        """Command that brings newer data of each series."""
        ends = self.panel.groupby("unique_id")["ds"].max().dt.year
        return {
            u: basis.fetch_command(u[:3], ends[u], self.month)
            for u, basis in self.bases.items()
            if u in ends
        }

    @cached_property
    def tested(self) -> pd.DataFrame:
        """Back-test."""
        return fc.backtest(self.cut, MONTHS, ORIGINS, (80, 95), MODELS)

    @cached_property
    def errors(self) -> pd.DataFrame:
        """Errors by series, model and level; empty if nothing can be tested."""
        return fc.accuracy(self.tested, self.cut, by=("model", "unique_id"))

    @cached_property
    def scored(self) -> pd.DataFrame:
        """Errors of the series that are forecast: those that end too early prove nothing here."""
        return self.errors[self.errors["unique_id"].isin(self.fans["unique_id"])]

    @cached_property
    def errors_by_country(self) -> pd.DataFrame:
        """Errors by country, model and level."""
        tested = self.tested[self.tested["unique_id"].isin(self.fans["unique_id"])]
        tested = tested.assign(country=tested["unique_id"].str[:3])
        return fc.accuracy(tested, self.cut, by=("country", "model"))

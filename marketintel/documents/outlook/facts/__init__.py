"""Facts of a segment outlook: series, forecasts, errors, shocks, elasticities and scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast import panel, record
from marketintel.analysis.forecast import shocks as shock
from marketintel.analysis.forecast.scenarios import parse
from marketintel.documents.engine.naming import edition_month
from marketintel.documents.market.segment_outlook import PATH, SegmentOutlook, segment_outlook
from marketintel.documents.outlook.facts import answered, chosen, months, totals, years
from marketintel.documents.outlook.facts.months import Months
from marketintel.documents.outlook.facts.omitted import omitted
from marketintel.documents.outlook.facts.scenarios import Drivers
from marketintel.documents.outlook.facts.world import World
from marketintel.documents.outlook.facts.years import Years
from marketintel.documents.outlook.wording import label
from marketintel.documents.prose import sentence
from marketintel.errors import MissingDataError, UsageError
from marketintel.reference.countries import country, country_name, group_members
from marketintel.reference.drivers import load_shocks
from marketintel.reference.headings import Headings, load_headings
from marketintel.reference.segments import Segments, load_segments
from marketintel.warehouse import comparable, inputs
from marketintel.warehouse.basis import REPORTED, US, US_EXPORTS, Basis, by_basis, in_order
from marketintel.warehouse.coverage import coverage

CONTEXT = ("us_census_imports", "atlas_world_exports", "worldbank", "imf", "ecb")
"""Sources that scenarios and world series may read."""

CURRENCIES = ("CHE", "CAN", "JPN", "CHN", "GBR", "KOR")
"""Of these the first target country is the one of the example of a currency scenario."""


@dataclass(frozen=True)
class Outlook:
    """The facts of one segment outlook.

    Attributes
    ----------
    countries, segment_ids : list of str
        Target countries (ISO3) and segment ids, in order.
    found : Chosen
        The best series there are of each country and segment.
    segments, headings
        Reference files.
    threshold_pct : float
        The second probability: that a market exceeds its present level by so much.
    scenario_texts : list of str
        As :func:`marketintel.analysis.forecast.scenarios.parse` reads them.
    """

    countries: list[str]
    segment_ids: list[str]
    found: chosen.Chosen
    segments: Segments
    headings: Headings
    threshold_pct: float
    scenario_texts: list[str]
    data_dir: Path | None = None

    MONTHS: ClassVar = months.MONTHS
    YEARS: ClassVar = years.YEARS
    TESTED_AHEAD: ClassVar = years.TESTED_AHEAD
    ORIGINS: ClassVar = months.ORIGINS
    MIN_POINTS: ClassVar = panel.MIN_POINTS
    MIN_COVER_PCT: ClassVar = comparable.MIN_COVER_PCT
    FEWEST_TESTS: ClassVar = fc.FEWEST_TESTS
    WIDE: ClassVar = record.WIDE

    country_name = staticmethod(country_name)

    @property
    def labels(self) -> dict[str, str]:
        """Words in headers of columns."""
        return {"money": "usd_m", "threshold": f"{self.threshold_pct:+.0f}"}

    @cached_property
    def names(self) -> dict[str, str]:
        """Segments, and the codes that stand one by one, to their names."""
        names = self.segments.names()
        known = {s: names[s] for s in self.segment_ids}
        for segment in self.segments:
            known |= {c.cmd_code: f"{c.label} ({c.cmd_code})" for c in segment.codes}
        return known

    @cached_property
    def month(self) -> str:
        """The edition's month: what ends in it or before is past.

        It must be known before anything is forecast, so all that may be read counts.
        """
        there = coverage(self.data_dir, newest=True)
        own = {basis.source for rows in (self.found.months, self.found.years) if len(rows)
               for basis in rows["kind"]}  # fmt: skip
        return edition_month(there.loc[there["source"].isin([*own, *CONTEXT]), "retrieved_at"])

    @cached_property
    def months(self) -> Months:
        """Whole segments by month."""
        return Months(self.found.months, self.segments, self.month)

    @cached_property
    def years(self) -> Years:
        """Comparable goods by year, and their totals."""
        return Years(self.found.years, self.threshold_pct, self.month)

    @cached_property
    def world(self) -> World:
        """World exports of the headings that may stand for a chosen segment."""
        return World(self.headings, self.segment_ids, self.threshold_pct, self.month, self.data_dir)

    def part(self, frequency: str) -> Any:
        """Return the facts of a frequency: ``monthly``, ``yearly`` or ``world``."""
        return {"monthly": self.months, "yearly": self.years, "world": self.world}[frequency]

    @property
    def answer_markets(self) -> list[str]:
        """Return the countries whose segments are answered."""
        return self.countries

    @cached_property
    def answers(self) -> SegmentOutlook:
        """Level and forecast of every country and segment."""
        return segment_outlook(self.countries, self.segment_ids, own=answered.own(self.years), own_path=answered.path(self.years),
                               threshold_pct=self.threshold_pct, data_dir=self.data_dir)  # fmt: skip

    @property
    def _path(self) -> pd.DataFrame:
        """Every year of the answers; no rows where the data hold nothing to answer from."""
        try:
            return self.answers.path
        except MissingDataError:
            return pd.DataFrame(columns=PATH)

    @cached_property
    def drivers(self) -> Drivers:
        """Elasticities and scenarios."""
        return Drivers(self.countries, self.scenario_texts, self.years, self._path, self.segments,
                       self.headings, self.month, self.data_dir)  # fmt: skip

    @cached_property
    def bases(self) -> list[Basis]:
        """Basis of the series of this outlook, each once."""
        return in_order({*self.months.bases.values(), *self.years.nodes["kind"]})

    @cached_property
    def omitted(self) -> pd.DataFrame:
        """``unique_id, partner, item, monthly, yearly``: reasons why there is no such forecast."""
        return omitted(self.countries, self.segment_ids, self.months, self.years)

    # Shocks -------------------------------------------------------------------------------------

    @cached_property
    def shocks(self) -> pd.DataFrame:
        """Declared shocks (``reference/shocks.toml``)."""
        return load_shocks()

    @cached_property
    def spans(self) -> dict[str, pd.DataFrame]:
        """Shocks that touch the series of each frequency."""
        bases = {"monthly": self.months.bases, "yearly": self.years.bases, "world": {}}
        return {
            frequency: shock.touching(self.shocks, _lives(self.part(frequency).panel, own))
            for frequency, own in bases.items()
        }

    @property
    def all_spans(self) -> pd.DataFrame:
        """All of these; a series by month and by year has one name and may stand twice."""
        parts = list(self.spans.values())
        return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)

    @cached_property
    def shock_errors(self) -> pd.DataFrame:
        """Monthly errors of the combination on targets within and without a declared shock."""
        tested = self.months.tested[self.months.tested["model"].isin(["combination", "naive"])]
        tested = tested.assign(in_shock=shock.in_shock(tested, self.spans["monthly"]))
        return fc.accuracy(tested, self.months.cut, by=("in_shock", "model"))

    @cached_property
    def detected(self) -> pd.DataFrame:
        """Common shocks found in the data: ``where, ds, direction, share, series``."""
        panels: dict[str, pd.DataFrame] = {}
        for basis in sorted(set(self.months.bases.values())):
            own = self.months.cut["unique_id"].map(self.months.bases) == basis
            panels[f"{label(basis)} by month"] = self.months.cut[own]
        cells = self.years.nodes[self.years.nodes["role"] == totals.CELL]
        for basis, nodes in by_basis(cells):
            own = self.years.panel["unique_id"].isin(nodes["unique_id"])
            panels[f"{label(basis)} by year"] = self.years.panel[own]
        panels["world headings by year"] = self.world.candidates
        found = [shock.detect(p).assign(where=where) for where, p in panels.items() if len(p)]
        columns = ["where", "ds", "direction", "share", "series"]
        found = [rows for rows in found if len(rows)]
        return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)

    # Provenance ---------------------------------------------------------------------------------

    @property
    def used(self) -> pd.DataFrame:
        """The files that were read so far, in order."""
        return inputs.used(self.data_dir)

    def cited(self, *bases: Basis) -> str:
        """Return basis and citations, for under a table or figure."""
        used = self.used
        lines = []
        for basis in dict.fromkeys(bases):
            citations = used.loc[used["source"] == basis.source, "citation"].unique()
            lines.append(f"{sentence(label(basis))}: {' '.join(citations)}")
        return " ".join(lines)


def _lives(panel: pd.DataFrame, bases: dict[str, Basis]) -> pd.DataFrame:
    """First and last date of each series, and the reporter and partner of its trade."""
    lives = panel.groupby("unique_id")["ds"].agg(start="min", end="max").reset_index()
    sides = [_sides(str(u), bases.get(str(u))) for u in lives["unique_id"]]
    return lives.assign(reporter=[side[0] for side in sides], partner=[side[1] for side in sides])


def _sides(unique_id: str, basis: Basis | None) -> tuple[str, str]:
    """Reporter and partner of a series; ``WLD`` for the whole world."""
    place = unique_id.partition(" ")[0]
    if basis is None or not (len(place) == 3 and place.isalpha()):  # several countries
        place = "WLD"
    if basis is not None and basis.kind == US_EXPORTS:
        return US, place
    return (place, "WLD") if basis and basis.kind == REPORTED else ("WLD", place)


def load(
    countries: Sequence[str],
    segments: Sequence[str] = (),
    threshold_pct: float = 25.0,
    scenarios: Sequence[str] | None = None,
    data_dir: Path | str | None = None,
) -> Outlook:
    """Check the parameters of an outlook and choose its series.

    Parameters
    ----------
    countries : sequence of str
        Target countries, ISO3 or name.
    segments : sequence of str
        Segment ids or names; all if empty.
    threshold_pct : float
        The second probability of every market: that it exceeds its present level by so much.
    scenarios : sequence of str, optional
        Sentences; examples unless given.
    data_dir : path, optional
        Default: the user's or the project's data.

    Raises
    ------
    UsageError
        A country, segment, threshold or scenario cannot be read.
    MissingDataError
        Nothing that can be forecast is here of some country in these segments.
    """
    directory = Path(data_dir) if data_dir else None
    known = load_segments()
    ids = list(dict.fromkeys(known.resolve(s) for s in segments)) or [s.id for s in known]
    places = list(dict.fromkeys(country(c) for c in countries))
    for place in places:
        if group_members(place) != [place]:
            raise UsageError(f"{place!r} is a group; name single countries, such as CHE")
    if not -100 < threshold_pct < float("inf"):
        raise UsageError(
            f"threshold {threshold_pct} %: a number above -100, such as 25 (a level cannot fall "
            "below zero)"
        )
    for text in scenarios or ():
        parse(text)
    found = chosen.choose(places, ids, known, directory)
    texts = list(_examples(found, ids) if scenarios is None else scenarios)
    return Outlook(places, ids, found, known, load_headings(), threshold_pct, texts, directory)


def _examples(found: chosen.Chosen, segments: Sequence[str]) -> list[str]:
    """Scenarios of each kind: a duty, and income and currency of one country."""
    texts = ["US duty on EU lasers +5 points from 2026"] if "lasers" in segments else []
    there = set(found.years["partner"]) if len(found.years) else set()
    place = next((c for c in CURRENCIES if c in there), min(there, default=""))
    if place:
        texts.append(f"GDP of {place} +1 point a year from 2026")
        texts.append(f"currency of {place} -10 % from 2026")
    return texts

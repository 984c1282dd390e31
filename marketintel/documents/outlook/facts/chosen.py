"""Series that an outlook forecasts: of each country and segment those on the preferred basis.

Of the bases of a market (:mod:`marketintel.warehouse.basis`) the first that can be forecast is
taken, years and months apart; a series that ends too early cannot, see
:mod:`marketintel.analysis.forecast.present`. Where a basis has no core code of a segment, its mixed
codes are taken, each as a series of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from marketintel.analysis.forecast import cut
from marketintel.analysis.forecast.panel import MIN_POINTS
from marketintel.analysis.forecast.present import standing
from marketintel.documents.engine.naming import edition_month
from marketintel.documents.market.segment_levels import has_level
from marketintel.documents.outlook.facts.months import MONTHS
from marketintel.documents.outlook.facts.years import YEARS
from marketintel.errors import MissingDataError
from marketintel.reference.scopes import BROAD, OWN
from marketintel.reference.segments import Segments
from marketintel.warehouse import comparable, reads
from marketintel.warehouse.basis import Candidate, candidates, with_basis
from marketintel.warehouse.coverage import coverage

_MONTHS = dict.fromkeys(["partner", "segment", "scope", "hs_revision", "cmd_code", "period"], "str")
NO_MONTHS = pd.DataFrame(columns=[*_MONTHS, "value_usd", "kind"]).astype(
    {**_MONTHS, "value_usd": "float64"}
)
_YEARS = dict.fromkeys(["unique_id", "partner", "segment", "basis"], "str")
NO_YEARS = pd.DataFrame(
    columns=["unique_id", "ds", "y", "partner", "segment", "cover_pct", "basis", "kind"]
).astype({**_YEARS, "ds": "datetime64[s]", "y": "float64", "cover_pct": "float64"})


@dataclass(frozen=True)
class Chosen:
    """Series that are forecast.

    Attributes
    ----------
    months : DataFrame
        ``partner, segment, scope, hs_revision, cmd_code, period, value_usd, kind``: core codes by
        month; one kind for each country and segment.
    years : DataFrame
        ``unique_id, ds, y, partner, segment, cover_pct, basis, kind``.
    """

    months: pd.DataFrame
    years: pd.DataFrame


def choose(
    countries: Sequence[str], chosen: Sequence[str], segments: Segments, data_dir: Path | None
) -> Chosen:
    """Choose the series of some countries and segments.

    Parameters
    ----------
    countries, chosen : sequence of str
        ISO3; segment ids.

    Raises
    ------
    MissingDataError
        Of some country neither a series nor a level in these segments is here: what there is, and
        what brings more.
    """
    months, years = [], []
    for country in countries:
        with reads.aside():
            offered = candidates(country, chosen, data_dir)
        month = _month(offered, data_dir)
        by_month = _first_months(offered, segments, month)
        by_year = _first_years(offered, chosen, segments, month)
        if not (_any_long(by_month, "period") or _any_long(by_year, "ds")
                or has_level(country, chosen, data_dir)):  # fmt: skip
            raise MissingDataError(_nothing(country, chosen, segments, data_dir))
        months += by_month
        years += by_year
    found = Chosen(_together(months, NO_MONTHS), _together(years, NO_YEARS))
    for rows in (found.months, found.years):
        reads.note(*dict.fromkeys(basis.source for basis in rows["kind"]))
    return found


def _together(parts: Sequence[pd.DataFrame], none: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else none


def _month(offered: Sequence[Candidate], data_dir: Path | None) -> str:
    """Month in which the newest file of a country's candidates was retrieved; empty without any."""
    files = coverage(data_dir=data_dir, newest=True)
    own = files["source"].isin({c.basis.source for c in offered})
    return edition_month(files.loc[own, "retrieved_at"]) if own.any() else ""


def _first_years(
    offered: Sequence[Candidate], chosen: Sequence[str], segments: Segments, month: str
) -> list[pd.DataFrame]:
    """Of every segment the first yearly series that can be forecast, else the first there is."""
    found: dict[str, list[pd.DataFrame]] = {segment: [] for segment in chosen}
    for c in offered:
        has_core = set(c.years.loc[c.years["scope"].isin(OWN), "segment"])
        core = comparable.yearly(c.years, segments) if has_core else NO_YEARS
        for segment, parts in found.items():
            if segment in has_core:
                basis, rows = c.basis.scoped(segments[segment].own), core
            else:  # mixed codes are taken only where they are long enough
                basis = c.basis.scoped(BROAD)
                rows = comparable.by_code(c.years[c.years["segment"] == segment])
            rows = rows[rows["segment"] == segment]
            if len(rows) and (segment in has_core or _long(rows)):
                parts.append(with_basis(rows, basis))
    taken = []
    for parts in found.values():
        long = [rows for rows in parts if _long(rows)]
        fit = [rows for rows in long if not _late(rows, YEARS, month, "A")]
        taken += [*fit, *long, *parts][:1]
    return taken


def _long(rows: pd.DataFrame) -> bool:
    """True if a segment's yearly series speak for it and can be forecast."""
    cover = rows["cover_pct"].dropna()
    years = rows.groupby("unique_id")["ds"].nunique().max()
    return bool((cover >= comparable.MIN_COVER_PCT).all() and years >= MIN_POINTS)


def _late(rows: pd.DataFrame, asked: int, month: str, freq: str) -> bool:
    """Return True if all series end too early to be forecast."""
    return bool((standing(rows, asked, month, freq)["reason"] != "").all())


def _any_long(parts: Sequence[pd.DataFrame], period: str) -> bool:
    """True if at least one segment could be forecast by its number of periods."""
    return any(rows[period].nunique() >= MIN_POINTS for rows in parts)


def _first_months(
    offered: Sequence[Candidate], segments: Segments, month: str
) -> list[pd.DataFrame]:
    """Of every segment the months of the first basis that can be forecast, else the first there are."""
    found: dict[str, list[tuple[bool, pd.DataFrame]]] = {}
    for c in offered:
        core = c.months[c.months["scope"].isin(OWN)]
        if core.empty:
            continue
        left = cut(comparable.monthly(core), comparable.breaks(core, segments))
        for segment, rows in core.groupby("segment", sort=False):
            own = left[left["segment"] == segment]
            fit = own["ds"].nunique() >= MIN_POINTS and not _late(own, MONTHS, month, "M")
            basis = c.basis.scoped(segments[str(segment)].own)
            found.setdefault(str(segment), []).append((fit, with_basis(rows, basis)))
    return [next((rows for fit, rows in parts if fit), parts[0][1]) for parts in found.values()]


def _nothing(country: str, chosen: Sequence[str], segments: Segments, data_dir: Path | None) -> str:
    """Return the error for missing series: what is here, and the command for more."""
    every = [s.id for s in segments]
    goods = "photonic goods" if len(chosen) == len(every) else ", ".join(chosen)
    said = f"no imports of {country} in {goods} are here that can be forecast, nor US exports to it"
    others = []
    for segment in [s for s in every if s not in chosen]:
        offered = candidates(country, [segment], data_dir)
        if _any_long(_first_years(offered, [segment], segments, _month(offered, data_dir)), "ds"):
            others.append(segment)
    hint = f"there is `-s {','.join(others)}`; " if others else ""
    return f"{said}; {hint}`marketintel fetch --for {country}` asks for more"

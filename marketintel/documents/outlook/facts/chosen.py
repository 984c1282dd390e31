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
from marketintel.documents.outlook.facts.months import MONTHS
from marketintel.documents.outlook.facts.years import YEARS
from marketintel.errors import MissingDataError
from marketintel.reference.scopes import BROAD, OWN
from marketintel.reference.segments import Segments
from marketintel.warehouse import comparable, reads
from marketintel.warehouse.basis import Candidate, candidates, with_basis
from marketintel.warehouse.coverage import coverage


@dataclass(frozen=True)
class Chosen:
    """What is forecast.

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
        Of some country nothing in these segments is here: what there is, and what brings more.
    """
    months, years = [], []
    for country in countries:
        with reads.aside():
            offered = candidates(country, chosen, data_dir)
        month = _month(offered, data_dir)
        by_month = _first_months(offered, segments, month)
        by_year = _first_years(offered, chosen, segments, month)
        if not _any_long(by_month, "period") and not _any_long(by_year, "ds"):
            raise MissingDataError(_nothing(country, chosen, segments, data_dir))
        months.append(by_month)
        years.append(by_year)
    found = Chosen(_together(months), _together(years))
    for rows in (found.months, found.years):
        reads.note(*{basis.source: None for basis in rows["kind"]} if len(rows) else ())
    return found


def _month(offered: Sequence[Candidate], data_dir: Path | None) -> str:
    """Month in which the newest file of a country's candidates was retrieved; empty without any."""
    files = coverage(data_dir=data_dir, newest=True)
    own = files["source"].isin({c.basis.source for c in offered})
    return edition_month(files.loc[own, "retrieved_at"]) if own.any() else ""


def _first_years(
    offered: Sequence[Candidate], chosen: Sequence[str], segments: Segments, month: str
) -> pd.DataFrame:
    """Of every segment the first yearly series that can be forecast, else the first there is."""
    cores = [
        comparable.yearly(c.years, segments)
        if c.years["scope"].isin(OWN).any()
        else pd.DataFrame(columns=["segment"])
        for c in offered
    ]
    taken = []
    for segment in chosen:
        found = [
            with_basis(core[core["segment"] == segment], c.basis.scoped(segments[segment].own))
            if _has_core(c, segment)
            else _mixed(c, segment)
            for c, core in zip(offered, cores, strict=True)
        ]
        kept = [rows for rows in found if len(rows) and (_long(rows) or not _all_mixed(rows))]
        fit = [rows for rows in kept if _long(rows) and not _late(rows, YEARS, month, "A")]
        if kept:
            taken.append(next(iter([*fit, *filter(_long, kept), *kept])))
    return _together(taken)


def _all_mixed(rows: pd.DataFrame) -> bool:
    """Whether these are mixed codes: too short, they do not even stand in."""
    return all(basis.mixed for basis in rows["kind"])


def _has_core(candidate: Candidate, segment: str) -> bool:
    rows = candidate.years
    return bool(((rows["segment"] == segment) & rows["scope"].isin(OWN)).any())


def _mixed(candidate: Candidate, segment: str) -> pd.DataFrame:
    """Series of a segment's mixed codes, where this kind of trade has no core code of it."""
    rows = candidate.years[candidate.years["segment"] == segment]
    return with_basis(comparable.by_code(rows), candidate.basis.scoped(BROAD))


def _long(rows: pd.DataFrame) -> bool:
    """Whether a segment's yearly series speak for it and can be forecast."""
    cover = rows["cover_pct"].dropna()
    years = rows.groupby("unique_id")["ds"].nunique().max()
    return bool((cover >= comparable.MIN_COVER_PCT).all() and years >= MIN_POINTS)


def _late(rows: pd.DataFrame, asked: int, month: str, freq: str) -> bool:
    """Return True if all series end too early to be forecast."""
    return bool((standing(rows, asked, month, freq)["reason"] != "").all())


def _any_long(rows: pd.DataFrame, period: str) -> bool:
    """Whether at least one series could be forecast by its number of periods."""
    return bool(len(rows)) and rows.groupby("segment")[period].nunique().max() >= MIN_POINTS


def _first_months(offered: Sequence[Candidate], segments: Segments, month: str) -> pd.DataFrame:
    """Of every segment the months of the first kind that is long enough, else the first there are."""
    parts: dict[str, list[tuple[bool, pd.DataFrame]]] = {}
    for c in offered:
        core = c.months[c.months["scope"].isin(OWN)] if len(c.months) else c.months
        if core.empty:
            continue
        left = cut(comparable.monthly(core), comparable.breaks(core, segments))
        for segment, rows in core.groupby("segment", sort=False):
            own = left[left["segment"] == segment]
            long = own["ds"].nunique() >= MIN_POINTS and not _late(own, MONTHS, month, "M")
            parts.setdefault(str(segment), []).append(
                (long, with_basis(rows, c.basis.scoped(segments[str(segment)].own)))
            )
    taken = [next((rows for long, rows in found if long), found[0][1]) for found in parts.values()]
    return _together(taken)


def _together(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    full = [part for part in parts if len(part)]
    return pd.concat(full, ignore_index=True) if full else pd.DataFrame()


def _nothing(country: str, chosen: Sequence[str], segments: Segments, data_dir: Path | None) -> str:
    """Say that nothing is here, what is, and what brings more."""
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

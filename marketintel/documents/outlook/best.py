"""The best series the warehouse has for a target: its own imports, else BACI's, else US exports to it.

For every country and segment the first of these that can be forecast is taken, years and months
apart; one that ends too early cannot, see :mod:`marketintel.analysis.forecast.present`:

1. **reported**: the country's own imports from everywhere, from one source and in one valuation;
   sources in the order of ``sources.toml``;
2. **reconciled**: BACI's flows to the country, exporters' and importer's reports made one;
3. **mirror**: exports of the United States to it.

Core codes are taken, or those of a neighbour of photonics, which are a kind of their own. Where a
kind of trade has no such code of the segment for the country, its
mixed codes stand in, each as a series of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from marketintel.analysis.forecast import cut
from marketintel.analysis.forecast.panel import MIN_POINTS
from marketintel.analysis.forecast.present import standing
from marketintel.analysis.trade.frames import NEIGHBOUR, OWN
from marketintel.documents.engine.naming import edition_month
from marketintel.documents.outlook import series
from marketintel.documents.outlook.kinds import MIRROR, RECONCILED, REPORTED, Kind, marked
from marketintel.documents.outlook.months import MONTHS
from marketintel.documents.outlook.years import YEARS
from marketintel.errors import MissingDataError
from marketintel.reference.segments import Segment, Segments
from marketintel.warehouse import engine, reads, selection
from marketintel.warehouse.context import coverage
from marketintel.warehouse.flows import monthly
from marketintel.warehouse.mirror import RECONCILED as BACI

US = "USA"
US_EXPORTS = "us_census_exports"

# A country's imports from everywhere as it reports them, and as BACI reconciles them.
_IMPORTS = """
SELECT w.segment, w.scope, t.reporter = $country AS own, t.hs_revision, t.cmd_code, t.period,
       t.freq, t.source, t.valuation, sum(t.value_usd) AS value_usd
FROM trade AS t JOIN wanted AS w USING (hs_revision, cmd_code)
WHERE t.cmd_code BETWEEN $first AND $last AND NOT t.is_mirror
  AND t.reporter <> 'WLD' AND t.partner <> 'WLD'
  AND ((t.reporter = $country AND t.flow = 'import'
        AND (t.trade_system IS NULL OR t.trade_system = 'consumption'))
       OR (t.partner = $country AND t.flow = 'export' AND t.source = $reconciled))
GROUP BY ALL
ORDER BY ALL
"""


@dataclass(frozen=True)
class Candidate:
    """Trade of one country of one kind: ``rows`` of whole years and ``months``, if it has any."""

    kind: Kind
    rows: pd.DataFrame
    months: pd.DataFrame


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
            offered = candidates(country, chosen, segments, data_dir)
        month = _month(offered, data_dir)
        by_month = _first_months(offered, segments, month)
        by_year = _first_years(offered, chosen, segments, month)
        if not _any_long(by_month, "period") and not _any_long(by_year, "ds"):
            raise MissingDataError(_nothing(country, chosen, segments, data_dir))
        months.append(by_month)
        years.append(by_year)
    found = Chosen(_together(months), _together(years))
    for rows in (found.months, found.years):
        reads.note(*{kind.source: None for kind in rows["kind"]} if len(rows) else ())
    return found


def candidates(
    country: str, chosen: Sequence[str], segments: Segments, data_dir: Path | None
) -> list[Candidate]:
    """Every kind of trade there is of a country, the best first."""
    wanted = selection.wanted(list(chosen), None, data_dir)
    found = engine.ask(
        data_dir,
        _IMPORTS,
        {
            "country": country,
            "first": min(wanted["cmd_code"]),
            "last": max(wanted["cmd_code"]),
            "reconciled": BACI,
        },
        {"wanted": wanted},
    ).assign(partner=country)
    order = list(selection.ranks("trade")["source"])
    offered = []
    own, told = found[found["own"]], found[~found["own"]]
    for source in sorted(own["source"].unique(), key=order.index):
        rows = own[own["source"] == source]
        valuation = rows.groupby("valuation")["period"].nunique().idxmax()
        offered.append(_candidate(REPORTED, rows[rows["valuation"] == valuation]))
    if len(told):  # BACI comes in several revisions: the longest is one whole
        revision = told.groupby("hs_revision")["period"].nunique().idxmax()
        offered.append(_candidate(RECONCILED, told[told["hs_revision"] == revision]))
    mirror = _us_exports(country, chosen, data_dir)
    if len(mirror):
        kind = Kind(MIRROR, US_EXPORTS, "FAS")
        offered.append(Candidate(kind, series.complete_years(mirror), mirror))
    return offered


def _candidate(what: str, rows: pd.DataFrame) -> Candidate:
    columns = ["partner", "segment", "scope", "hs_revision", "cmd_code", "period", "value_usd"]
    kind = Kind(what, str(rows["source"].iloc[0]), str(rows["valuation"].iloc[0]))
    years, months = rows[rows["freq"] == "A"][columns], rows[rows["freq"] == "M"][columns]
    if years.empty and len(months):
        years = series.complete_years(months)
    return Candidate(kind, years, months)


def _month(offered: Sequence[Candidate], data_dir: Path | None) -> str:
    """Month in which the newest file of a country's candidates was retrieved; empty without any."""
    files = coverage(data_dir=data_dir, newest=True)
    own = files["source"].isin({c.kind.source for c in offered})
    return edition_month(files.loc[own, "retrieved_at"]) if own.any() else ""


def _us_exports(country: str, chosen: Sequence[str], data_dir: Path | None) -> pd.DataFrame:
    if country == US:
        return pd.DataFrame()
    try:
        rows = monthly(
            reporter=US, partner=country, segments=list(chosen), fill_absent=True, data_dir=data_dir
        )
    except MissingDataError:  # nothing was fetched; a damaged file is not a gap
        return pd.DataFrame()
    columns = ["partner", "segment", "scope", "hs_revision", "cmd_code", "period", "value_usd"]
    return rows[columns]


def _first_years(
    offered: Sequence[Candidate], chosen: Sequence[str], segments: Segments, month: str
) -> pd.DataFrame:
    """Of every segment the first yearly series that can be forecast, else the first there is."""
    cores = [
        series.yearly(c.rows, segments)
        if c.rows["scope"].isin(OWN).any()
        else pd.DataFrame(columns=["segment"])
        for c in offered
    ]
    taken = []
    for segment in chosen:
        found = [
            marked(core[core["segment"] == segment], _kind(c, segments[segment]))
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
    return all(kind.mixed for kind in rows["kind"])


def _has_core(candidate: Candidate, segment: str) -> bool:
    rows = candidate.rows
    return bool(((rows["segment"] == segment) & rows["scope"].isin(OWN)).any())


def _kind(candidate: Candidate, segment: Segment) -> Kind:
    """Kind of a segment's own goods: those of a neighbour of photonics are one of their own."""
    return replace(candidate.kind, neighbour=segment.own == NEIGHBOUR)


def _mixed(candidate: Candidate, segment: str) -> pd.DataFrame:
    """Series of a segment's mixed codes, where this kind of trade has no core code of it."""
    kind = replace(candidate.kind, mixed=True)
    rows = candidate.rows[candidate.rows["segment"] == segment]
    return marked(series.by_code(rows), kind)


def _long(rows: pd.DataFrame) -> bool:
    """Whether a segment's yearly series speak for it and can be forecast."""
    cover = rows["cover_pct"].dropna()
    years = rows.groupby("unique_id")["ds"].nunique().max()
    return bool((cover >= series.MIN_COVER_PCT).all() and years >= MIN_POINTS)


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
        left = cut(series.monthly(core), series.breaks(core, segments))
        for segment, rows in core.groupby("segment", sort=False):
            own = left[left["segment"] == segment]
            long = own["ds"].nunique() >= MIN_POINTS and not _late(own, MONTHS, month, "M")
            parts.setdefault(str(segment), []).append(
                (long, marked(rows, _kind(c, segments[str(segment)])))
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
        offered = candidates(country, [segment], segments, data_dir)
        if _any_long(_first_years(offered, [segment], segments, _month(offered, data_dir)), "ds"):
            others.append(segment)
    hint = f"there is `-s {','.join(others)}`; " if others else ""
    return f"{said}; {hint}`marketintel fetch --for {country}` asks for more"

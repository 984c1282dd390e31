"""Statistical basis of a market's series, and the order in which bases are preferred.

Trade of a market is counted on one of these bases, the first that serves the purpose:

1. **reported**: its own imports, from one source; sources in the order of their rank;
2. **reconciled**: BACI, exporters' and importer's reports made one figure;
3. **mirror**: exports to it as partners report them, where enough of them do;
4. **EU exports**, **US exports**: exports of one seller to it, without any competitor.

Values on two bases are never added, and a market that reports a year is not replaced in it by its
partners. The evidence for the limits is in ``docs/studies.md``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import total_ordering
from pathlib import Path
from typing import TYPE_CHECKING

from marketintel.errors import MissingDataError
from marketintel.reference.countries import group_members
from marketintel.reference.scopes import BROAD, CORE, NEIGHBOUR
from marketintel.warehouse import engine, selection
from marketintel.warehouse.comparable import complete_years
from marketintel.warehouse.flows import monthly
from marketintel.warehouse.mirror import BACI

if TYPE_CHECKING:
    import pandas as pd

REPORTED, RECONCILED, MIRROR = "reported", "reconciled", "mirror"
EU_EXPORTS, US_EXPORTS = "EU exports", "US exports"
#: Bases, the preferred first.
ORDER = (REPORTED, RECONCILED, MIRROR, EU_EXPORTS, US_EXPORTS)

#: Partners that must report both years of a mirror, and those that must be among them.
ENOUGH = 10
LARGE = ("CHN", "DEU", "JPN", "KOR", "USA")

US, US_SOURCE, COMEXT = "USA", "us_census_exports", "comext"
_SCOPES = (CORE, NEIGHBOUR, BROAD)
_COLUMNS = ["partner", "segment", "scope", "hs_revision", "cmd_code", "period", "value_usd"]

# A country's imports from everywhere as it reports them, and as BACI reconciles them.
_IMPORTS = """
SELECT w.segment, w.scope, t.reporter = $market AS own, t.hs_revision, t.cmd_code, t.period,
       t.freq, t.source, t.valuation, sum(t.value_usd) AS value_usd
FROM trade AS t JOIN wanted AS w USING (hs_revision, cmd_code)
WHERE t.cmd_code BETWEEN $first AND $last AND NOT t.is_mirror
  AND t.reporter <> 'WLD' AND t.partner <> 'WLD'
  AND ((t.reporter = $market AND t.flow = 'import'
        AND (t.trade_system IS NULL OR t.trade_system = 'consumption'))
       OR (t.partner = $market AND t.flow = 'export' AND t.source = $reconciled))
GROUP BY ALL
ORDER BY ALL
"""

# Reporters with any figure of these codes. A partner reports if it exports them to anyone; whether
# it sold any to this market is a figure, not a gap.
_REPORTERS = """
SELECT DISTINCT t.reporter = $market AS own, t.reporter, t.source, t.period, t.freq,
       t.partner = $market AS to_market
FROM trade AS t JOIN wanted AS w USING (hs_revision, cmd_code)
WHERE NOT t.is_mirror AND t.reporter <> 'WLD'
  AND ((t.reporter = $market AND t.flow = 'import' AND t.partner <> 'WLD'
        AND (t.trade_system IS NULL OR t.trade_system = 'consumption'))
       OR (t.reporter <> $market AND t.flow = 'export'))
"""
_EXPORTERS = """
SELECT DISTINCT reporter, period FROM trade
WHERE source = $source AND flow = 'export' AND freq = 'A' AND partner = $market
"""


@total_ordering
@dataclass(frozen=True)
class Basis:
    """Source, valuation and code scope of a series; only equal bases may be summed.

    Attributes
    ----------
    kind : str
        One of :data:`ORDER`.
    source, valuation : str
        As in the table of trade.
    scope : str
        ``core``; ``neighbour`` for goods that are in no sum of photonics; ``broad`` for mixed
        codes, each a series of its own because no core code of the segment has figures.
    """

    kind: str
    source: str
    valuation: str
    scope: str = CORE

    def __lt__(self, other: "Basis") -> bool:
        return self._key() < other._key()

    def _key(self) -> tuple[str, str, str, int]:
        return self.kind, self.source, self.valuation, self.scope_rank

    @property
    def scope_rank(self) -> int:
        """Place of the code scope: core, neighbour, broad."""
        return _SCOPES.index(self.scope)

    @property
    def mixed(self) -> bool:
        """True if the series are mixed codes, one by one."""
        return self.scope == BROAD

    def scoped(self, scope: str) -> "Basis":
        """Return the same basis with another code scope."""
        return replace(self, scope=scope)

    def fetch_command(self, market: str, since: int, month: str) -> str:
        """Return the command that fetches figures of a market, from a year to a month."""
        return fetch_command(self.source, US if self.kind == US_EXPORTS else market, since, month)


@dataclass(frozen=True)
class Candidate:
    """One market's series on one basis: ``years`` of whole years and ``months``, if it has any."""

    basis: Basis
    years: "pd.DataFrame"
    months: "pd.DataFrame"


@dataclass(frozen=True)
class YearPair:
    """Basis of a market's imports in a year and the one before it.

    Attributes
    ----------
    kind : str
        One of :data:`ORDER`.
    year, base : str
        The year and the one before it.
    source : str, optional
        The only source; None for a mirror, in which each partner has its own.
    source_of : mapping of str to str
        ISO3 of the partners of a mirror or of EU exports to their source; else empty.
    """

    kind: str
    year: str
    source: str | None
    source_of: Mapping[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """The year before."""
        return _before(self.year)


def fetch_command(source: str, market: str, since: int, month: str) -> str:
    """Return the command that fetches a source's figures of a market, from a year to a month."""
    if source == BACI:
        return "marketintel fetch baci --edition HS92_V202601"
    return f"marketintel fetch {source} --for {market} --years {since}-{month[:4]}"


def with_basis(rows: "pd.DataFrame", basis: Basis) -> "pd.DataFrame":
    """Return rows with their basis in the column ``kind``."""
    import pandas as pd

    return rows.assign(kind=pd.Series([basis] * len(rows), index=rows.index, dtype="object"))


def in_order(bases: Iterable[Basis]) -> list[Basis]:
    """Return each basis once: core goods first, then neighbours, then mixed codes."""
    return sorted(set(bases), key=lambda b: (b.scope_rank, ORDER.index(b.kind), b))


def by_basis(rows: "pd.DataFrame") -> "Iterator[tuple[Basis, pd.DataFrame]]":
    """Split rows by the basis in their column ``kind``, in order."""
    for basis in in_order(rows["kind"]):
        yield basis, rows[rows["kind"] == basis]


def candidates(
    market: str, segments: Sequence[str], data_dir: Path | None = None
) -> list[Candidate]:
    """Return a market's series on every basis that has any, the preferred basis first.

    Parameters
    ----------
    market : str
        ISO3.
    segments : sequence of str
        Identifiers of segments.
    data_dir : Path, optional
        The data directory.

    Returns
    -------
    list of Candidate
        Columns partner (the market), segment, scope, hs_revision, cmd_code, period, value_usd.
    """
    wanted = selection.wanted(list(segments), None, data_dir)
    parameters = {
        "market": market, "reconciled": BACI,
        "first": min(wanted["cmd_code"]), "last": max(wanted["cmd_code"]),
    }  # fmt: skip
    rows = engine.ask(data_dir, _IMPORTS, parameters, {"wanted": wanted}).assign(partner=market)
    order = list(selection.ranks("trade")["source"])
    reported, reconciled = rows[rows["own"]], rows[~rows["own"]]
    offered = []
    for source in sorted(reported["source"].unique(), key=order.index):
        own = reported[reported["source"] == source]
        valuation = own.groupby("valuation")["period"].nunique().idxmax()
        offered.append(_candidate(REPORTED, own[own["valuation"] == valuation]))
    if len(reconciled):  # BACI comes in several revisions: the longest is one whole
        revision = reconciled.groupby("hs_revision")["period"].nunique().idxmax()
        offered.append(_candidate(RECONCILED, reconciled[reconciled["hs_revision"] == revision]))
    return offered + _us_exports(market, segments, data_dir)


def _candidate(kind: str, rows: "pd.DataFrame") -> Candidate:
    basis = Basis(kind, str(rows["source"].iloc[0]), str(rows["valuation"].iloc[0]))
    years, months = (rows[rows["freq"] == freq][_COLUMNS] for freq in ("A", "M"))
    if years.empty and len(months):
        years = complete_years(months)
    return Candidate(basis, years, months)


def _us_exports(market: str, segments: Sequence[str], data_dir: Path | None) -> list[Candidate]:
    if market == US:
        return []
    try:
        rows = monthly(
            reporter=US, partner=market, segments=list(segments), fill_absent=True,
            data_dir=data_dir,
        )  # fmt: skip
    except MissingDataError:  # nothing was fetched; a damaged file is not a gap
        return []
    basis = Basis(US_EXPORTS, US_SOURCE, "FAS")
    months = rows[_COLUMNS]
    return [Candidate(basis, complete_years(months), months)] if len(months) else []


def reporters(market: str, codes: "pd.DataFrame", data_dir: Path | None = None) -> "pd.DataFrame":
    """Return the reporters of a market's imports in ``codes`` (hs_revision, cmd_code), by period.

    Returns
    -------
    DataFrame
        own (the reporter is the market), reporter, source, period, freq, to_market (the partner
        is the market).
    """
    return engine.ask(data_dir, _REPORTERS, {"market": market}, {"wanted": codes}, figures=False)


def year_pair(
    market: str,
    annual: "pd.DataFrame",
    year: int | None = None,
    *,
    allow_fallback: bool = True,
    data_dir: Path | None = None,
) -> YearPair | None:
    """Return the basis of a market's imports in a year and the one before; None without any.

    Parameters
    ----------
    market : str
        ISO3.
    annual : DataFrame
        Rows of :func:`reporters` of whole years.
    year : int, optional
        The newest unless given.
    allow_fallback : bool
        Use BACI, a mirror or EU exports if the market's own imports are missing.
    """
    own, partners = annual[annual["own"]], annual[~annual["own"]]
    order = list(selection.ranks("trade")["source"])
    if newest := _newest_pair(own, order, year):
        return YearPair(REPORTED, *newest)
    if not allow_fallback or reports(own, year):
        return None
    to_market = partners[partners["to_market"]]
    if newest := _newest_pair(to_market[to_market["source"] == BACI], [BACI], year):
        return YearPair(RECONCILED, *newest)
    national = partners[partners["source"] != BACI]
    return _mirror(market, national, order, year) or _eu_exports(
        market, to_market[to_market["source"] == COMEXT], year, data_dir
    )


def reports(own: "pd.DataFrame", year: int | None) -> bool:
    """Return whether a market has figures of its own, of a year if one is given."""
    return bool(len(own)) if year is None else str(year) in set(own["period"])


def _before(year: str) -> str:
    return str(int(year) - 1)


def _newest_pair(
    rows: "pd.DataFrame", order: Sequence[str], year: int | None
) -> tuple[str, str] | None:
    """Return the newest year that a source has with the one before, and the preferred source."""
    periods = {str(source): set(own["period"]) for source, own in rows.groupby("source")}
    pairs = [
        (now, -order.index(source), source)
        for source, covered in periods.items()
        for now in covered
        if _before(now) in covered and year in (None, int(now))
    ]
    return (max(pairs)[0], max(pairs)[2]) if pairs else None


def _mirror(
    market: str, national: "pd.DataFrame", order: Sequence[str], year: int | None
) -> YearPair | None:
    """Return the newest years that enough partners report, with the source of each partner."""
    needed = set(LARGE) - {market}
    years = sorted(set(national["period"]), reverse=True)
    for now in years if year is None else [str(year)]:
        both = national[national["period"].isin([now, _before(now)])]
        covered = both.groupby(["reporter", "source"])["period"].nunique()
        full = covered[covered == 2].reset_index()
        full["rank"] = full["source"].map(order.index)
        first = full.sort_values("rank").drop_duplicates("reporter")
        source_of = dict(zip(first["reporter"], first["source"], strict=True))
        sellers = set(both.loc[both["to_market"], "reporter"])
        if len(source_of) >= ENOUGH and needed <= set(source_of) and sellers & set(source_of):
            return YearPair(MIRROR, now, None, source_of)
    return None


def _eu_exports(
    market: str, comext: "pd.DataFrame", year: int | None, data_dir: Path | None
) -> YearPair | None:
    """Return the newest years in which enough members of the EU report exports to the market."""
    newest = _newest_pair(comext, [COMEXT], year)
    if newest is None:
        return None
    now, source = newest
    rows = engine.ask_once(data_dir, _EXPORTERS, source=source, market=market)
    covered = rows[rows["period"].isin([now, _before(now)])].groupby("reporter")["period"].nunique()
    members = sorted(set(covered[covered == 2].index) & set(group_members("EU27")))
    if len(members) < ENOUGH:
        return None
    return YearPair(EU_EXPORTS, now, source, dict.fromkeys(members, source))

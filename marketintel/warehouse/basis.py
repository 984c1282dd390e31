"""Statistical basis of a market's series, and the order in which bases are preferred.

Trade of a market is counted on one of these bases, the first that serves the purpose:

1. **reported**: its own imports, from one source; sources in the order of ``sources.toml``;
2. **reconciled**: BACI, exporters' and importer's reports made one figure;
3. **mirror**: exports to it as partners report them, where enough of them do;
4. **EU exports**, **US exports**: exports of one seller to it, without any competitor.

Values on two bases are never added.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import total_ordering
from pathlib import Path
from typing import TYPE_CHECKING

from marketintel.errors import MissingDataError
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

US, US_SOURCE = "USA", "us_census_exports"
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
        """Place of the code scope: core goods, then neighbours, then mixed codes."""
        return _SCOPES.index(self.scope)

    @property
    def mixed(self) -> bool:
        """Whether the series are mixed codes, one by one."""
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
    exports = _us_exports(market, segments, data_dir)
    if exports is not None and len(exports):
        basis = Basis(US_EXPORTS, US_SOURCE, "FAS")
        offered.append(Candidate(basis, complete_years(exports), exports))
    return offered


def _candidate(kind: str, rows: "pd.DataFrame") -> Candidate:
    basis = Basis(kind, str(rows["source"].iloc[0]), str(rows["valuation"].iloc[0]))
    years, months = (rows[rows["freq"] == freq][_COLUMNS] for freq in ("A", "M"))
    if years.empty and len(months):
        years = complete_years(months)
    return Candidate(basis, years, months)


def _us_exports(
    market: str, segments: Sequence[str], data_dir: Path | None
) -> "pd.DataFrame | None":
    if market == US:
        return None
    try:
        rows = monthly(
            reporter=US, partner=market, segments=list(segments), fill_absent=True,
            data_dir=data_dir,
        )  # fmt: skip
    except MissingDataError:  # nothing was fetched; a damaged file is not a gap
        return None
    return rows[_COLUMNS]

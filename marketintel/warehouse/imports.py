"""What a country imports, told by whom: itself, both sides reconciled, or enough of its partners.

A study stands on one kind of figure in both of its years. The first of these that has a year and
the one before it, in codes of the segments asked, is taken:

1. **reported**: the country's own imports, all from one source, sources in the order of
   ``sources.toml``;
2. **reconciled**: BACI, which has made one figure of what exporter and importer said;
3. **mirror**: what partners say they exported to it, where enough partners tell: ``ENOUGH`` of
   them in both years, every one of ``LARGE`` among them. One partner's exports are not a
   country's imports.

4. **EU exports**: what the members of the European Union say they exported to it, in Comext. These
   are an exporter's figures: sales by segment, year and member, without any competitor.

Nobody stands in for a country whose own figures of the year are here. Kinds are never added:
they are valued differently. Why these limits: ``docs/studies.md``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from marketintel.errors import MissingDataError
from marketintel.reference.countries import country_name, group_members
from marketintel.reference.segments import load_segments
from marketintel.warehouse import engine, selection
from marketintel.warehouse.basis import EU_EXPORTS, MIRROR, RECONCILED, REPORTED
from marketintel.warehouse.comparable import like_for_like
from marketintel.warehouse.flows import flows
from marketintel.warehouse.mirror import BACI

if TYPE_CHECKING:
    import pandas as pd

#: The source that has all members of the EU.
COMEXT = "comext"

#: Partners that must tell in both years, and those that may not be missing among them. Both are a
#: choice, with its evidence in ``docs/studies.md``.
ENOUGH = 10
LARGE = ("CHN", "DEU", "JPN", "KOR", "USA")

# Who has figures, in which period. A partner tells if it reports exports of these codes to
# anyone; whether it then sold any to this country is a figure, not a gap.
_THERE = """
SELECT DISTINCT t.reporter = $market AS own, t.reporter, t.source, t.period, t.freq,
       t.partner = $market AS here
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
_NEWEST = "SELECT source, max(period[1:4]) AS year FROM trade WHERE freq = 'A' GROUP BY source"
_CODES = "SELECT DISTINCT hs_revision, cmd_code FROM trade WHERE source = $source"


@dataclass(frozen=True)
class Imports:
    """Imports of one country in two years that compare, and how they came about.

    Attributes
    ----------
    market, year, base : str
        ISO3; the year and the one before it.
    kind : str
        ``reported``, ``reconciled``, ``mirror`` or ``EU exports``; the last three are told by
        partners.
    flows : DataFrame
        As :func:`marketintel.warehouse.flows.flows` with weights and origin; both years, in codes
        that compare between them.
    history : DataFrame
        The same for every year of this kind and source, as published; only the two years of a
        mirror, whose partners differ from year to year.
    codes : DataFrame
        segment, cmd_code, scope, label of the codes that ``flows`` may have.
    left_out : DataFrame
        hs_revision, cmd_code, segment, scope, value_usd, reason: what does not compare between
        the years because the HS was revised.
    absent : DataFrame
        segment, cmd_code, scope, label: codes of the segments that the source does not have for
        any country, so that nothing is known of them.
    partners : tuple of str
        ISO3 of the partners that a mirror was told by.
    """

    market: str
    year: str
    base: str
    kind: str
    flows: "pd.DataFrame"
    history: "pd.DataFrame"
    codes: "pd.DataFrame"
    left_out: "pd.DataFrame"
    absent: "pd.DataFrame"
    partners: tuple[str, ...] = ()

    @property
    def sources(self) -> list[str]:
        """The sources of the figures, by name."""
        return sorted(set(self.flows["source"]))

    @property
    def valuations(self) -> list[str]:
        """How the figures are valued: CIF, FOB, FAS, customs_value."""
        return sorted(set(self.flows["valuation"]))

    @property
    def revisions(self) -> list[str]:
        """HS revisions in which the figures of the two years were reported."""
        two = self.history[self.history["period"].isin([self.base, self.year])]
        return sorted(set(two["hs_revision"]))


def imports(
    market: str,
    segments: Sequence[str],
    year: int | None = None,
    *,
    allow_fallback: bool = True,
    data_dir: Path | None = None,
) -> Imports:
    """Return the imports of a country in a year and the one before it.

    Parameters
    ----------
    market : str
        ISO3 or name of one country.
    segments : sequence of str
        Identifiers of segments.
    year : int, optional
        The newest there is unless given.
    allow_fallback : bool
        Use BACI, mirror or EU exports if the country's own imports are missing.
    data_dir : Path, optional
        The data directory.

    Raises
    ------
    MissingDataError
        Nobody, or not enough partners, tell of a year and the one before it: what there is, the
        rule, and the command that fetches it.
    """
    market = engine.one_economy(market)
    wanted = selection.wanted(segments, None, data_dir)
    there = engine.ask(data_dir, _THERE, {"market": market}, {"wanted": wanted}, figures=False)
    yearly = there[there["freq"] == "A"]
    own = yearly[yearly["own"]]
    order = selection.ranks("trade")["source"].tolist()
    pair = _pair_of_sources(own, order, year)
    if pair is not None:
        source, now, before = pair
        rows = flows(
            reporter=market, segments=segments, source=source, with_weights=True,
            with_origin=True, data_dir=data_dir,
        )  # fmt: skip
        return _made(market, now, before, REPORTED, rows, segments, data_dir)
    if not allow_fallback or (year is None and len(own)) or str(year) in set(own["period"]):
        raise MissingDataError(_nothing(market, segments, year, own, None, data_dir))
    partners = yearly[~yearly["own"]]
    baci = partners[(partners["source"] == BACI) & partners["here"]]
    pair = _pair_of_sources(baci, [BACI], year)
    if pair is not None:
        _, now, before = pair
        rows = flows(
            reporter=market, segments=segments, source=BACI, mirror=True,
            with_weights=True, data_dir=data_dir,
        )  # fmt: skip
        return _made(market, now, before, RECONCILED, rows[rows["is_mirror"]], segments, data_dir)
    national = partners[partners["source"] != BACI]
    found = _enough(market, national, order, year)
    if found is None and (sold := _eu_exports(market, national, year, data_dir)):
        now, before, members = sold
        rows = flows(
            reporter=market, segments=segments, source=COMEXT, partner=members, mirror=True,
            with_weights=True, data_dir=data_dir,
        )  # fmt: skip
        rows = rows[rows["is_mirror"]]
        return _made(market, now, before, EU_EXPORTS, rows, segments, data_dir, tuple(members))
    if found is None:
        monthly = there[~there["own"] & there["here"]]
        raise MissingDataError(_nothing(market, segments, year, own, monthly, data_dir))
    now, before, source_of = found
    rows = flows(
        reporter=market, segments=segments, partner=sorted(source_of), mirror=True,
        period=[before, now], with_weights=True, data_dir=data_dir,
    )  # fmt: skip
    same = rows["source"] == rows["partner"].map(source_of)
    return _made(
        market, now, before, MIRROR, rows[same & rows["is_mirror"]], segments, data_dir,
        tuple(sorted(source_of)),
    )  # fmt: skip


def newest_year(sources: Sequence[str], data_dir: Path | None = None) -> str:
    """Return the newest year of which some sources have figures, of any country."""
    there = engine.ask_once(data_dir, _NEWEST)
    return str(there.loc[there["source"].isin(list(sources)), "year"].max())


def _pair_of_sources(
    there: "pd.DataFrame", order: Sequence[str], year: int | None
) -> tuple[str, str, str] | None:
    """Return the source, year and year before it: the newest year, then the preferred source."""
    periods = {s: set(rows["period"]) for s, rows in there.groupby("source")}
    found = [
        (now, -order.index(source), source)
        for source, known in periods.items()
        for now in known
        if str(int(now) - 1) in known and year in (None, int(now))
    ]
    if not found:
        return None
    now, _, source = max(found)
    return str(source), now, str(int(now) - 1)


def _enough(
    market: str, national: "pd.DataFrame", order: Sequence[str], year: int | None
) -> tuple[str, str, dict[str, str]] | None:
    """Return year, year before and the source of every partner that tells in both of them."""
    needed = set(LARGE) - {market}
    years = sorted(set(national["period"]), reverse=True)
    for now in years if year is None else [str(year)]:
        before = str(int(now) - 1)
        both = national[national["period"].isin([now, before])]
        told = both.groupby(["reporter", "source"])["period"].nunique()
        full = told[told == 2].reset_index()
        full["rank"] = full["source"].map(order.index)
        first = full.sort_values("rank").drop_duplicates("reporter")
        source_of = dict(zip(first["reporter"], first["source"], strict=True))
        here = set(both.loc[both["here"], "reporter"])
        if len(source_of) >= ENOUGH and needed <= set(source_of) and here & set(source_of):
            return now, before, source_of
    return None


def _eu_exports(
    market: str, national: "pd.DataFrame", year: int | None, data_dir: Path | None
) -> tuple[str, str, list[str]] | None:
    """Return year, year before and the members of the EU whose exports to the market are here."""
    here = national[(national["source"] == COMEXT) & national["here"]]
    pair = _pair_of_sources(here, [COMEXT], year)
    if pair is None:
        return None
    _, now, before = pair
    told = engine.ask_once(data_dir, _EXPORTERS, source=COMEXT, market=market)
    both = told[told["period"].isin([now, before])].groupby("reporter")["period"].nunique()
    members = sorted(set(both[both == 2].index) & set(group_members("EU27")))
    return (now, before, members) if len(members) >= ENOUGH else None


def _made(
    market: str,
    now: str,
    before: str,
    kind: str,
    rows: "pd.DataFrame",
    segments: Sequence[str],
    data_dir: Path | None,
    partners: tuple[str, ...] = (),
) -> Imports:
    two = rows[rows["period"].isin([before, now])].reset_index(drop=True)
    compared = like_for_like(two)
    return Imports(
        market=market, year=now, base=before, kind=kind, flows=compared.rows,
        history=rows.reset_index(drop=True), codes=_chosen(compared.codes, segments),
        left_out=compared.left_out, absent=_absent(two, segments, data_dir), partners=partners,
    )  # fmt: skip


def _chosen(codes: "pd.DataFrame", segments: Sequence[str]) -> "pd.DataFrame":
    return codes[codes["segment"].isin(list(segments))].reset_index(drop=True)


def _absent(rows: "pd.DataFrame", segments: Sequence[str], data_dir: Path | None) -> "pd.DataFrame":
    """Return the codes of the segments of which no source read has a row for any country."""
    import pandas as pd

    known = load_segments()
    parts = []
    for revision in sorted(set(rows["hs_revision"])):
        asked = _chosen(known.frame(revision), segments)
        has: set[str] = set()
        for source in set(rows.loc[rows["hs_revision"] == revision, "source"]):
            there = engine.ask_once(data_dir, _CODES, source=source)
            has |= set(there.loc[there["hs_revision"] == revision, "cmd_code"])
        parts.append(asked[~asked["cmd_code"].isin(has)])
    columns = ["segment", "cmd_code", "scope", "label"]
    return pd.concat(parts, ignore_index=True)[columns].drop_duplicates(ignore_index=True)


def _nothing(
    market: str,
    segments: Sequence[str],
    year: int | None,
    own: "pd.DataFrame",
    partners: "pd.DataFrame | None",
    data_dir: Path | None,
) -> str:
    """Say in one line what is missing, what there is, and what fetches the rest."""
    known = load_segments()
    every = len(segments) == len(known)
    goods = "photonic goods" if every else ", ".join(segments)
    command = f"marketintel fetch --for {market}" + ("" if every else f" --segments {goods}")
    span = f" --years {year - 1}-{year}" if year else ""
    way_out = f"get them with `{command}{span}`"
    if partners is not None:
        way_out += ", or BACI with `marketintel fetch baci --zip FILE`"
    baci = partners[partners["source"] == BACI] if partners is not None else own.iloc[:0]
    if len(own) or len(baci):
        years = sorted(set(own["period"] if len(own) else baci["period"]))
        have = ", ".join(years) if len(years) < 6 else f"{years[0]} to {years[-1]}"
        asked = f" for {year} and {year - 1}" if year else ""
        return (
            f"no imports of {market}{asked} (there are {have}); a study needs a year and the one "
            f"before it from one source; {way_out}"
        )
    asked = f" for {year}" if year else ""
    said = f"no imports of {market} in {goods}{asked} in the warehouse"
    if partners is None:
        return f"{said}; {way_out}"
    tellers = sorted(set(partners["reporter"]) if len(partners) else [])
    if tellers:
        count = "one partner" if len(tellers) == 1 else f"{len(tellers)} partners"
        said += f" (exports to it are told by {count} only: {engine.few(tellers, 5)})"
    rest = _elsewhere(market, segments, data_dir)
    return (
        f"{said}{rest}; where {country_name(market)} is silent, exports to it must be told by "
        f"BACI, or in two years running by {ENOUGH} partners with {', '.join(LARGE)}; {way_out}"
    )


def _elsewhere(market: str, segments: Sequence[str], data_dir: Path | None) -> str:
    """Name the segments of which there are figures, where those asked have none."""
    wanted = selection.wanted(None, None, data_dir)
    others = wanted[~wanted["segment"].isin(list(segments))]
    found = []
    for segment, codes in others.groupby("segment", sort=False):
        there = engine.ask(data_dir, _THERE, {"market": market}, {"wanted": codes}, figures=False)
        good = (there["freq"] == "A") & (there["own"] | (there["here"] & (there["source"] == BACI)))
        if good.any():
            found.append(str(segment))
    return f"; it can be studied with `-s {','.join(found)}`" if found else ""

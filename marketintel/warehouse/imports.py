"""Imports of a market in a year and the one before it, in codes that compare between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from marketintel.errors import MissingDataError
from marketintel.reference.countries import country_name
from marketintel.reference.segments import load_segments
from marketintel.warehouse import engine, selection
from marketintel.warehouse.basis import (
    ENOUGH,
    LARGE,
    MIRROR,
    REPORTED,
    YearPair,
    reporters,
    reports,
    year_pair,
)
from marketintel.warehouse.comparable import like_for_like
from marketintel.warehouse.flows import flows
from marketintel.warehouse.mirror import BACI

if TYPE_CHECKING:
    import pandas as pd

_NEWEST = "SELECT source, max(period[1:4]) AS year FROM trade WHERE freq = 'A' GROUP BY source"
_CODES = "SELECT DISTINCT hs_revision, cmd_code FROM trade WHERE source = $source"


@dataclass(frozen=True)
class Imports:
    """Imports of one country in a year and the one before it, on one basis.

    Attributes
    ----------
    market, year, base : str
        ISO3; the year and the one before it.
    kind : str
        ``reported``, ``reconciled``, ``mirror`` or ``EU exports``.
    flows : DataFrame
        As :func:`marketintel.warehouse.flows.flows` with weights and origin; both years, in codes
        that compare between them.
    history : DataFrame
        The same for every year on this basis, as published; only the two years of a mirror, whose
        partners differ from year to year.
    codes : DataFrame
        segment, cmd_code, scope, label of the codes that ``flows`` may have.
    left_out : DataFrame
        hs_revision, cmd_code, segment, scope, value_usd, reason: what does not compare between
        the years because the HS was revised.
    absent : DataFrame
        segment, cmd_code, scope, label: codes of the segments that the source has for no country.
    partners : tuple of str
        ISO3 of the partners of a mirror or of EU exports.
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
        """Valuations of the figures: CIF, FOB, FAS, customs_value."""
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
        Use BACI, a mirror or EU exports if the country's own imports are missing.
    data_dir : Path, optional
        The data directory.

    Raises
    ------
    MissingDataError
        No basis has the year and the one before it: what there is, the rule, and the command that
        fetches it.
    """
    market = engine.one_economy(market)
    rows = reporters(market, selection.wanted(segments, None, data_dir), data_dir)
    annual = rows[rows["freq"] == "A"]
    pair = year_pair(market, annual, year, allow_fallback=allow_fallback, data_dir=data_dir)
    if pair is None:
        own = annual[annual["own"]]
        fallback = allow_fallback and not reports(own, year)
        partners = rows[~rows["own"] & rows["to_market"]] if fallback else None
        raise MissingDataError(_missing(market, segments, year, own, partners, data_dir))
    history = _history(market, segments, pair, data_dir)
    two = history[history["period"].isin([pair.base, pair.year])].reset_index(drop=True)
    compared = like_for_like(two)
    return Imports(
        market=market, year=pair.year, base=pair.base, kind=pair.kind, flows=compared.rows,
        history=history.reset_index(drop=True), codes=_of_segments(compared.codes, segments),
        left_out=compared.left_out, absent=_absent(two, segments, data_dir),
        partners=tuple(sorted(pair.source_of)),
    )  # fmt: skip


def newest_year(sources: Sequence[str], data_dir: Path | None = None) -> str:
    """Return the newest year of which some sources have figures, of any country."""
    rows = engine.ask_once(data_dir, _NEWEST)
    return str(rows.loc[rows["source"].isin(list(sources)), "year"].max())


def _history(
    market: str, segments: Sequence[str], pair: YearPair, data_dir: Path | None
) -> "pd.DataFrame":
    """Return flows of every year on a basis; of a mirror its two years."""
    rows = flows(
        reporter=market, segments=segments, source=pair.source,
        partner=sorted(pair.source_of) or None, mirror=pair.kind != REPORTED,
        period=[pair.base, pair.year] if pair.kind == MIRROR else None,
        with_weights=True, with_origin=True, data_dir=data_dir,
    )  # fmt: skip
    if pair.kind == REPORTED:
        return rows
    rows = rows[rows["is_mirror"]]
    if not pair.source_of:
        return rows
    return rows[rows["source"] == rows["partner"].map(pair.source_of)]


def _of_segments(codes: "pd.DataFrame", segments: Sequence[str]) -> "pd.DataFrame":
    return codes[codes["segment"].isin(list(segments))].reset_index(drop=True)


def _absent(rows: "pd.DataFrame", segments: Sequence[str], data_dir: Path | None) -> "pd.DataFrame":
    """Return the codes of the segments that no source read has for any country."""
    import pandas as pd

    every = load_segments()
    parts = []
    for revision in sorted(set(rows["hs_revision"])):
        codes = _of_segments(every.frame(revision), segments)
        traded: set[str] = set()
        for source in set(rows.loc[rows["hs_revision"] == revision, "source"]):
            held = engine.ask_once(data_dir, _CODES, source=source)
            traded |= set(held.loc[held["hs_revision"] == revision, "cmd_code"])
        parts.append(codes[~codes["cmd_code"].isin(traded)])
    columns = ["segment", "cmd_code", "scope", "label"]
    return pd.concat(parts, ignore_index=True)[columns].drop_duplicates(ignore_index=True)


def _missing(
    market: str,
    segments: Sequence[str],
    year: int | None,
    own: "pd.DataFrame",
    partners: "pd.DataFrame | None",
    data_dir: Path | None,
) -> str:
    """Return one line: what is missing, what is here, and the command for the rest."""
    every = len(segments) == len(load_segments())
    goods = "photonic goods" if every else ", ".join(segments)
    command = f"marketintel fetch --for {market}" + ("" if every else f" --segments {goods}")
    way_out = f"get them with `{command}{f' --years {year - 1}-{year}' if year else ''}`"
    if partners is not None:
        way_out += ", or BACI with `marketintel fetch baci --zip FILE`"
    of_baci = own.iloc[:0] if partners is None else partners[partners["source"] == BACI]
    if years := sorted(set((own if len(own) else of_baci)["period"])):
        have = ", ".join(years) if len(years) < 6 else f"{years[0]} to {years[-1]}"
        wanted = f" for {year} and {year - 1}" if year else ""
        return (
            f"no imports of {market}{wanted} (there are {have}); a study needs a year and the one "
            f"before it from one source; {way_out}"
        )
    message = f"no imports of {market} in {goods}{f' for {year}' if year else ''} in the warehouse"
    if partners is None:
        return f"{message}; {way_out}"
    if exporters := sorted(set(partners["reporter"])):
        count = "one partner" if len(exporters) == 1 else f"{len(exporters)} partners"
        message += f" (exports to it are reported by {count} only: {engine.few(exporters, 5)})"
    return (
        f"{message}{_other_segments(market, segments, data_dir)}; where {country_name(market)} "
        f"reports no imports, exports to it must be in BACI, or be reported in two years running "
        f"by {ENOUGH} partners with {', '.join(LARGE)}; {way_out}"
    )


def _other_segments(market: str, segments: Sequence[str], data_dir: Path | None) -> str:
    """Name the segments with figures, where those of the study have none."""
    codes = selection.wanted(None, None, data_dir)
    others = codes[~codes["segment"].isin(list(segments))]
    names = []
    for segment, wanted in others.groupby("segment", sort=False):
        rows = reporters(market, wanted, data_dir)
        usable = rows["own"] | (rows["to_market"] & (rows["source"] == BACI))
        if ((rows["freq"] == "A") & usable).any():
            names.append(str(segment))
    return f"; it can be studied with `-s {','.join(names)}`" if names else ""

"""Trade of one market, read after checking that a study of it can be made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import pandas as pd

from marketintel.analysis.trade.frames import OWN
from marketintel.documents.market.study import Study
from marketintel.errors import MissingDataError, UsageError
from marketintel.reference.countries import EU, country, group_members
from marketintel.reference.segments import load_segments
from marketintel.warehouse import selection
from marketintel.warehouse.basis import REPORTED, reporters
from marketintel.warehouse.flows import supplier_matrix
from marketintel.warehouse.imports import Imports, imports

S = TypeVar("S", bound=Study)

#: A reporter's imports are all goods from so many HS6 codes on; the HS has more than 5,000.
ALL_GOODS = 4_000


def load(
    market: str = "USA",
    exporter: str = EU,
    segments: Sequence[str] = (),
    year: int | None = None,
    data_dir: Path | str | None = None,
    *,
    allow_fallback: bool = False,
    kind: type[S] = Study,  # type: ignore[assignment]
) -> S:
    """Return the facts of a market after checking that a study of it can be made.

    Parameters
    ----------
    market : str
        ISO3 code or name of the importing economy.
    exporter : str
        ``EU27``, another group, or any supplier.
    segments : sequence of str
        Segment ids; all if empty.
    year : int, optional
        The newest there is unless given.
    data_dir : path, optional
        Default: the user's or the project's data.
    allow_fallback : bool
        Use BACI, mirror or mixed codes if the market's own core imports are missing. Only for
        documents that say so.
    kind : type
        Class of the facts.

    Raises
    ------
    UsageError
        Country, exporter or segment is unknown, or exporter and market are the same.
    MissingDataError
        There are no imports of this market, or not of this year and the one before; or, of all
        segments, mixed codes only: a country is not answered with a few raw materials.
    """
    directory = Path(data_dir) if data_dir else None
    reporter, seller = parties(market, exporter)
    members = group_members(seller)
    definitions = load_segments()
    asked = asked_of(segments)
    basis = imports(reporter, asked, year, allow_fallback=allow_fallback, data_dir=directory)
    flows, codes, rows = basis.flows, basis.codes, asked
    now = flows["period"] == basis.year
    if allow_fallback and not (now & flows["scope"].isin(OWN)).any():
        if not segments:
            raise MissingDataError(_mixed_only(basis))
        flows, codes, rows = _by_code(flows, codes)
    return kind(
        market=reporter,
        exporter=seller,
        members=members,
        year=basis.year,
        base=basis.base,
        flows=flows,
        matrix=_all_goods(basis, directory),
        codes=codes,
        segments=definitions,
        asked=asked,
        chosen=rows,
        basis=basis,
        data_dir=directory,
    )


def parties(market: str, exporter: str) -> tuple[str, str]:
    """Return the codes of a market and of an exporter from abroad.

    Raises
    ------
    UsageError
        One is unknown, the market is a group, or the exporter is or includes the market.
    """
    reporter, seller = country(market), country(exporter)
    members = group_members(seller)
    if group_members(reporter) != [reporter]:
        raise UsageError(f"market {market!r} is a group; name one country, such as USA")
    if reporter in members:
        abroad = "USA" if reporter in group_members(EU) else EU
        raise UsageError(
            f"exporter {exporter!r} {'is' if members == [reporter] else 'includes'} the market "
            f"{reporter} itself; choose a supplier from abroad, for instance --exporter {abroad}"
        )
    return reporter, seller


def asked_of(segments: Sequence[str]) -> list[str]:
    """Return the ids of the segments named, all if none, in the order of their file."""
    definitions = load_segments()
    named = [definitions.resolve(s) for s in segments] or list(definitions.names())
    return [s for s in definitions.names() if s in named]


def reports_core(market: str, segments: Sequence[str], data_dir: Path | None) -> bool:
    """Return whether a market's own imports in core codes of segments are known, in any year."""
    codes = selection.wanted(asked_of(segments), None, data_dir)
    rows = reporters(country(market), codes[codes["scope"].isin(OWN)], data_dir)
    return bool((rows["own"] & (rows["freq"] == "A")).any())


def _by_code(
    flows: pd.DataFrame, codes: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Make every code a row of its own; of the codes, keep those that have figures."""
    flows = flows.assign(segment=flows["cmd_code"])
    codes = codes[codes["cmd_code"].isin(set(flows["cmd_code"]))]
    codes = codes.assign(segment=codes["cmd_code"]).reset_index(drop=True)
    return flows, codes, codes["cmd_code"].tolist()


def _mixed_only(basis: Imports) -> str:
    """Return the message on missing core codes: what is here, and the command for the rest."""
    there = ",".join(sorted(set(basis.flows["segment"])))
    return (
        f"no imports of {basis.market} in core codes of photonics for {basis.year}, only in mixed codes of "
        f"{there}; study these with `-s {there}`, or get the rest with `marketintel fetch --for "
        f"{basis.market} --years {basis.base}-{basis.year}`"
    )


def _all_goods(basis: Imports, data_dir: Path | None) -> pd.DataFrame:
    """Return the market's imports of all goods; empty unless (nearly) all codes are here."""
    if basis.kind != REPORTED:
        return pd.DataFrame(columns=["partner", "cmd_code", "value_usd"])
    matrix = supplier_matrix(basis.market, basis.year, data_dir=data_dir)
    return matrix if matrix["cmd_code"].nunique() >= ALL_GOODS else matrix.iloc[:0]

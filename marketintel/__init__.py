"""Market intelligence for photonics: official trade data in, cited market studies out.

Rooms, imports one way: ``reference → sources → warehouse``; ``reference → analysis``; these →
``documents`` → ``cli``. Importing this package loads nothing heavy. For people who explore::

    import marketintel as mi
    mi.imports("USA", segments=["lasers"], by="partner")

The columns of every frame are explained in ``documents/columns.toml``; a mistake or a gap raises an
error of :mod:`marketintel.errors` in one line.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from marketintel.version import VERSION

if TYPE_CHECKING:
    import pandas as pd

    from marketintel.documents.document import Document

__version__ = VERSION
__all__ = ["facts", "forecast", "imports", "priorities", "series", "sources"]


def imports(
    market: str,
    *,
    segments: Sequence[str] = (),
    codes: Sequence[str] = (),
    partner: str | None = None,
    by: str | Sequence[str] = (),
    years: Sequence[int] = (),
    data_dir: Path | str | None = None,
) -> pd.DataFrame:
    """Return imports for consumption of a market as it reports them, summed to what was asked.

    Parameters
    ----------
    market : str
        ISO3 code or name of the importing economy.
    segments, codes : sequence of str
        Segment ids or HS6 codes, not both; all segments if neither.
    partner : str, optional
        One supplier, or a group such as EU27.
    by : str or sequence of str
        Of ``partner``, ``segment``, ``code``: what one row stands for.
    years : sequence of int
        All there are if not given.
    data_dir : path, optional
        Default: the user's or the project's data.

    Returns
    -------
    DataFrame
        ``reporter, [partner,] flow, hs_revision, [segment,] scope, [cmd_code,] period,
        value_usd, dutiable_value_usd, duties_usd, share_pct, change_pct, duty_pct``; see
        :func:`marketintel.warehouse.market_table.market_table`.

    Raises
    ------
    UsageError
        A name is unknown, or both segments and codes are given.
    MissingDataError
        Nothing of it is recorded.

    Examples
    --------
    >>> import marketintel as mi
    >>> lasers = mi.imports("USA", segments=["lasers"], by="partner", years=[2025])
    >>> lasers["partner"].head(2).tolist(), float(lasers["share_pct"].iloc[0].round(1))
    (['DEU', 'GBR'], 42.1)
    """
    from marketintel.errors import UsageError
    from marketintel.warehouse.market_table import market_table

    if segments and codes:
        raise UsageError("segments and codes are both given: choose one")
    return market_table(
        market,
        segments=list(segments) or None,
        codes=list(codes) or None,
        partner=partner,
        by=[by] if isinstance(by, str) else list(by),
        years=list(years) or None,
        data_dir=Path(data_dir) if data_dir else None,
    )


def series(
    market: str,
    *,
    segments: Sequence[str] = (),
    freq: str = "A",
    data_dir: Path | str | None = None,
) -> pd.DataFrame:
    """Return a market's imports of core goods over time, on every basis that has any.

    Parameters
    ----------
    market : str
        ISO3 code or name.
    segments : sequence of str
        All if empty.
    freq : str
        ``A`` for years, ``M`` for months.
    data_dir : path, optional
        Default: the user's or the project's data.

    Returns
    -------
    DataFrame
        ``market, segment, basis, source, valuation, period, value_usd, cover_pct, preference``.
        Goods are those that mean the same in every HS revision of the series; ``cover_pct`` is
        their share of the segment. ``preference`` 1 is the basis that documents would take first;
        values on two bases must not be added.

    Raises
    ------
    UsageError
        A name is unknown.
    MissingDataError
        No series is here.

    Examples
    --------
    >>> import marketintel as mi
    >>> china = mi.series("CHN", segments=["lasers"])
    >>> china[["basis", "period", "cover_pct"]].head(1).to_dict("records")
    [{'basis': 'US exports', 'period': '2013', 'cover_pct': 100.0}]
    """
    from marketintel.documents.analyst import series as made

    return made(market, segments, freq, Path(data_dir) if data_dir else None)


def forecast(
    markets: str | Sequence[str],
    *,
    segments: Sequence[str] = (),
    freq: str = "A",
    data_dir: Path | str | None = None,
) -> pd.DataFrame:
    """Return forecasts of markets by segment, with 80 and 95 % intervals, as an outlook has them.

    Parameters
    ----------
    markets : str or sequence of str
        ISO3 codes or names.
    segments : sequence of str
        All if empty.
    freq : str
        ``A``: five years after the newest data; ``M``: the next twelve months.
    data_dir : path, optional
        Default: the user's or the project's data.

    Returns
    -------
    DataFrame
        ``series, basis, source, valuation, period, mean_usd, lo_80_usd, hi_80_usd, lo_95_usd,
        hi_95_usd``; a series without a segment or code is a total of its market.

    Raises
    ------
    UsageError
        A name is unknown.
    MissingDataError
        No series can be forecast.

    Examples
    --------
    >>> import marketintel as mi
    >>> canada = mi.forecast("CAN", segments=["materials"])
    >>> bool((canada["lo_95_usd"] <= canada["lo_80_usd"]).all()), canada["period"].iloc[0]
    (True, '2026')
    """
    from marketintel.documents.analyst import forecast as made

    return made(markets, segments, freq, Path(data_dir) if data_dir else None)


def priorities(
    market: str,
    exporter: str = "EU27",
    segments: str | Sequence[str] = (),
    *,
    data_dir: Path | str | None = None,
) -> pd.DataFrame:
    """Return which segments to push, develop or hold in a market, as every document has it.

    Parameters
    ----------
    market, exporter : str
        ISO3 codes or names; the exporter may be a group.
    segments : str or sequence of str
        Segments returned; ranks and classes are those among all.
    data_dir : path, optional
        Default: the user's or the project's data.

    Returns
    -------
    DataFrame
        One row a segment, *push* first: ``segment, segment_name, market, exporter, class, reason,
        rank, rank_lo, rank_hi, score, size_usd, reachable_usd, exporter_share_pct, rca, growth_pct,
        growth_probability_pct, duty_gap_pp, duty_gap_usd, known_weight_pct, access_notes, basis``.

    Raises
    ------
    UsageError
        A name is unknown, or the exporter is or includes the market.
    MissingDataError
        There are no imports of the market.
    """
    from marketintel.documents.market.priorities import market_priorities

    asked = [segments] if isinstance(segments, str) else segments
    directory = Path(data_dir) if data_dir else None
    return market_priorities(market, exporter, asked, directory).columns


def sources(*, data_dir: Path | str | None = None) -> pd.DataFrame:
    """Return the data that are here, one row a raw file, with licence and citation.

    Parameters
    ----------
    data_dir : path, optional
        Default: the user's or the project's data.

    Returns
    -------
    DataFrame
        ``source, title, vintage, rows, retrieved_at, licence, citation, url``.

    Examples
    --------
    >>> import marketintel as mi
    >>> "us_census_imports" in set(mi.sources()["source"])
    True
    """
    from marketintel.documents.analyst import sources as made

    return made(Path(data_dir) if data_dir else None)


def facts(document: str, *, data_dir: Path | str | None = None, **parameters: Any) -> Document:
    """Return a document with its facts, tables and chapters.

    Parameters
    ----------
    document : str
        ``market_study``, ``market_profile``, ``outlook``, ``screening``, ``s3_brief``, ``mission``, ``clusters``,
        ``kpi_monitor``, ``roadmap`` or ``needs``.
    data_dir : path, optional
        Default: the user's or the project's data.
    parameters : object
        Of the document, as its notebook names them.

    Raises
    ------
    UsageError
        Document, parameter or a value of it is unknown.
    MissingDataError
        The data do not answer this question.

    Examples
    --------
    >>> import marketintel as mi
    >>> monitor = mi.facts("kpi_monitor", as_of="2026-11-22")
    >>> monitor.tables["indicators"].columns[:3].tolist()
    ['programme', 'name', 'target']
    """
    from marketintel.documents.document import open_document

    return open_document(document, data_dir, **parameters)


class _CallableModule(ModuleType):
    """The room ``marketintel.sources``, which can be called as the function of the same name."""

    __call__ = staticmethod(sources)


class _Package(ModuleType):
    """Package whose function ``sources`` survives the import of the room of that name."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "sources" and isinstance(value, ModuleType):
            value.__class__ = _CallableModule
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package

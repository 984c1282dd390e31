"""Answer to every segment of a market: its level now, and what is expected of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from marketintel.analysis.forecast import reference_class, reference_test
from marketintel.documents.market.reference_panel import gdp_growth, heading_panel, region_of
from marketintel.documents.market.segment_levels import segment_levels
from marketintel.reference.countries import country
from marketintel.reference.files import REFERENCE_DIR
from marketintel.reference.headings import load_headings
from marketintel.reference.segments import load_segments
from marketintel.warehouse import build, reads, store
from marketintel.warehouse.context import macro
from marketintel.warehouse.context_trade import heading_trade, industry_output

HORIZONS = (1, 2, 3, 4, 5)
"""Years ahead of a path; tables and probabilities are of the last."""

HORIZON = HORIZONS[-1]
THRESHOLD_PCT = 25.0

OWN_SERIES, REFERENCE, NONE = "own series", "reference class", "none"

OWN_MODEL = "combination"
"""Model of a study's own series; its parts stand where that forecast does."""

INDUSTRY = "333314"
"""US industry of optical instruments and lenses, whose prices deflate."""

PRICE_YEARS = 5

_Estimate = dict[int, tuple[reference_class.ReferenceClass, pd.DataFrame]]
_Read = tuple[list[str], list[str]]

COLUMNS = [
    "market", "segment", "segment_name", "forecast_class", "model_class", "basis", "weight_pct",
    "level_year", "level_usd", "year", "median_usd", "lo_80", "hi_80", "lo_95", "hi_95",
    "median_eur", "growth_pct", "real_growth_pct", "probability_growth_pct",
    "probability_real_growth_pct", "probability_above_pct", "reason",
]  # fmt: skip


PATH = ["market", "segment", "segment_name", "forecast_class", "model_class", "year",
        "median_usd", "lo_80", "hi_80", "lo_95", "hi_95"]  # fmt: skip

NO_GDP = "its GDP growth is not in the shipped data: that of an average economy is taken"


@dataclass(frozen=True)
class SegmentOutlook:
    """Answer to every segment of some markets.

    Attributes
    ----------
    table : DataFrame
        One row for every market and segment: ``market, segment, segment_name, forecast_class``
        ("own series", "reference class" or the rival shown in its place, "none"), ``model_class``
        (of statsmodels), ``basis`` and ``weight_pct`` of the level (see
        :func:`~marketintel.documents.market.segment_levels.segment_levels`), ``level_year,
        level_usd, year`` (of the forecast), ``median_usd`` with bounds ``lo_80, hi_80, lo_95,
        hi_95``, ``median_eur``, ``growth_pct`` and ``real_growth_pct`` (of the median, a year),
        three probabilities in per cent, and ``reason`` where there is no level or forecast.
    path : DataFrame
        Every year of the forecasts: ``market, segment, segment_name, forecast_class, model_class,
        year, median_usd, lo_80, hi_80, lo_95, hi_95``.
    parameters : DataFrame
        ``model_class, parameter, estimate, std_error`` of the reference class; empty without one.
    windows, first_year, last_year : int
        Windows of five years that the class is estimated from, and the years of their panel.
    without : list of str
        Headings that broke too late for such a window; theirs is the effect of an average heading.
    usd_per_eur, eur_year
        Rate of ``median_eur`` (ECB, a year's average).
    price_pct, price_years
        Yearly rise of prices of :data:`INDUSTRY` (BEA), and its years: ``real_growth_pct``.
    threshold_pct : float
        Growth over the horizon that ``probability_above_pct`` is of.
    """

    table: pd.DataFrame
    path: pd.DataFrame
    parameters: pd.DataFrame
    windows: int
    first_year: int
    last_year: int
    without: list[str]
    usd_per_eur: float
    eur_year: str
    price_pct: float
    price_years: str
    threshold_pct: float


@cache
def record(years: int = HORIZON) -> dict[str, Any]:
    """Return the back-test of the reference class (written by ``benchmarks/reference_class.py``).

    ``years, origin, shown`` and ``scores``, rows as
    :func:`marketintel.analysis.forecast.reference_test.score` with ``test``.
    """
    text = (REFERENCE_DIR / "reference_class.json").read_text(encoding="utf-8")
    found: dict[str, Any] = next(one for one in json.loads(text) if one["years"] == years)
    return found


def segment_outlook(
    markets: str | Sequence[str],
    segments: Sequence[str] = (),
    *,
    own: pd.DataFrame | None = None,
    own_path: pd.DataFrame | None = None,
    threshold_pct: float = THRESHOLD_PCT,
    data_dir: Path | None = None,
) -> SegmentOutlook:
    """Return level now and in five years of every segment in markets.

    Parameters
    ----------
    markets : str or sequence of str
        ISO3 or names.
    segments : sequence of str
        Segment ids; every segment of ``segments.toml`` if empty.
    own : DataFrame, optional
        Forecasts of the segments' own series: rows with columns of the answer from ``market`` to
        ``probability_above_pct``; they come before a reference class.
    own_path : DataFrame, optional
        Every year of those, with the columns of :attr:`SegmentOutlook.path`.
    threshold_pct : float
        Growth over the whole horizon that ``probability_above_pct`` is the probability of.

    Raises
    ------
    MissingDataError
        Headings, exchange rates or prices are not in the warehouse.
    """
    asked = [country(m) for m in ([markets] if isinstance(markets, str) else markets)]
    chosen = list(segments) or [s.id for s in load_segments()]
    levels = pd.concat([
        segment_levels(market, chosen, data_dir).assign(market=market) for market in asked
    ], ignore_index=True)  # fmt: skip
    table = levels.reindex(columns=COLUMNS)
    table["model_class"] = pd.Series(pd.NA, index=table.index, dtype="str")
    table["segment_name"] = table["segment"].map(load_segments().names())
    table["forecast_class"] = np.where(table["level_usd"].notna(), REFERENCE, NONE)
    if own is not None and len(own):
        table = _with_own(table, own)
    prices = price_change(data_dir)
    reference, path = _add_reference(table, threshold_pct, prices[0], data_dir)
    if own_path is not None and len(own_path):
        named = own_path.assign(segment_name=own_path["segment"].map(load_segments().names()))
        path = pd.concat([path, named[PATH]], ignore_index=True)
    rates = macro("exchange_rate_per_eur", "USA", data_dir=data_dir)
    rates = rates[rates["period"].str.len() == 4]
    rate = float(rates["value"].iloc[-1])
    table["median_eur"] = table["median_usd"] / rate
    ratio = (table["median_usd"] / table["level_usd"]).astype(float)
    span = (table["year"] - table["level_year"]).astype(float)
    table["growth_pct"] = 100 * (ratio ** (1 / span) - 1)
    table["real_growth_pct"] = 100 * ((1 + table["growth_pct"] / 100) / (1 + prices[0] / 100) - 1)
    return SegmentOutlook(
        table[COLUMNS],
        path,
        reference.parameters() if reference else pd.DataFrame(),
        len(reference.residuals) if reference else 0,
        *_years(data_dir),
        _without(reference, data_dir) if reference else [],
        rate,
        str(rates["period"].iloc[-1]),
        *prices,
        threshold_pct,
    )


def _without(reference: reference_class.ReferenceClass, data_dir: Path | None) -> list[str]:
    """Return headings on file that no window of the class is of."""
    there = heading_trade(data_dir=data_dir)["cmd_code"].unique()
    return sorted(set(there) - set(reference.effects["group"].index))


def _years(data_dir: Path | None) -> tuple[int, int]:
    """Return first and last year of the headings."""
    years = heading_trade(data_dir=data_dir)["period"]
    return int(years.min()), int(years.max())


def _with_own(table: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Put forecasts of own series in the place of levels."""
    keys = ["market", "segment"]
    rows = own.assign(forecast_class=OWN_SERIES, reason="").reindex(columns=COLUMNS)
    rows["segment_name"] = rows["segment"].map(load_segments().names())
    known = set(zip(rows["market"], rows["segment"], strict=True))
    rest = table[
        [pair not in known for pair in zip(table["market"], table["segment"], strict=True)]
    ]
    order = pd.Series(range(len(table)), index=pd.MultiIndex.from_frame(table[keys]))
    both = pd.concat([rest, rows], ignore_index=True)
    place = order.reindex(pd.MultiIndex.from_frame(both[keys]))
    kept = both.assign(place=place.to_numpy()).dropna(subset="place").sort_values("place")
    return kept.drop(columns="place").reset_index(drop=True)


def _add_reference(
    table: pd.DataFrame, threshold_pct: float, price_pct: float, data_dir: Path | None
) -> tuple[reference_class.ReferenceClass | None, pd.DataFrame]:
    """Fill in the forecasts of rows that have a level and no own series; return every year too."""
    small = (table["forecast_class"] == REFERENCE) & (
        table["level_usd"] < reference_class.MIN_LEVEL_USD
    )
    limit = f"{reference_class.MIN_LEVEL_USD / 1e6:g} million USD"
    table.loc[small, "forecast_class"] = NONE
    table.loc[small, "reason"] = f"imports below {limit} compare with no series of the class"
    rows = table[table["forecast_class"] == REFERENCE]
    if rows.empty:
        return None, pd.DataFrame(columns=PATH)
    estimates, targets = _estimate(data_dir), _targets(rows, data_dir)
    table.loc[rows.index[targets["gdp_growth"].isna()], "reason"] = NO_GDP
    level, path = rows["level_usd"].to_numpy(), []
    for years in HORIZONS:
        reference, windows = estimates[years]
        shown = record(years)["shown"]
        draws = reference_test.shown_draws(shown, reference, windows, targets, _weights(rows))
        mixed = type(reference.result.model).__name__
        path.append(pd.DataFrame({
            **rows[["market", "segment", "segment_name"]], "forecast_class": shown,
            "model_class": mixed if shown == REFERENCE else "empirical quantiles",
            "year": rows["level_year"] + years,
            **{name: np.exp(bound.to_numpy()) * level for name, bound in
               reference_class.quantiles(draws).rename(columns={"median": "median_usd"}).items()},
        }, index=rows.index))  # fmt: skip
    last = path[-1].drop(columns=["market", "segment", "segment_name"])
    for column in last:
        table.loc[rows.index, column] = last[column]
    rise = np.log1p(price_pct / 100) * HORIZON
    for column, least in (("probability_growth_pct", 0.0), ("probability_real_growth_pct", rise),
                          ("probability_above_pct", np.log1p(threshold_pct / 100))):  # fmt: skip
        table.loc[rows.index, column] = 100 * (draws > least).mean(axis=1)
    return reference, pd.concat(path, ignore_index=True)[PATH]


def _estimate(data_dir: Path | None) -> _Estimate:
    """Return class and windows of each horizon, estimated once for as long as no file changes."""
    directory = data_dir or store.default_data_dir()
    made, read = _estimated(directory, build.ensure(directory))
    reads.restore(read)
    return made


@lru_cache(maxsize=2)
def _estimated(data_dir: Path, stamp: build.Stamp) -> tuple[_Estimate, _Read]:
    with reads.recorded() as read:
        panel = heading_panel(data_dir)
        yearly = reference_class.windows(panel, 1)
        found = {years: reference_class.windows(panel, years) for years in HORIZONS}
        return {
            years: (reference_class.estimate_windows(rows, yearly, years), rows)
            for years, rows in found.items()
        }, read


def _targets(rows: pd.DataFrame, data_dir: Path | None) -> pd.DataFrame:
    growth = gdp_growth(data_dir).set_index(["economy", "year"])["gdp_growth"]
    wanted = pd.MultiIndex.from_arrays([rows["market"], rows["level_year"].astype(int)])
    return pd.DataFrame({
        "group": "", "region": rows["market"].map(region_of()).fillna("other").to_numpy(),
        "year": rows["level_year"].astype(int).to_numpy(), "drift": 0.0,
        "log10_level": np.log10(rows["level_usd"].to_numpy(dtype=float)),
        "gdp_growth": growth.reindex(wanted).to_numpy(),
    })  # fmt: skip


def _weights(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the part of each row's segment that lies in each heading."""
    headings = list(load_headings())
    held: dict[Any, dict[str, float]] = {
        i: {h.heading: h.weight.get(segment, 0.0) for h in headings}
        for i, segment in enumerate(rows["segment"])
    }
    return pd.DataFrame.from_dict(held, orient="index")


def price_change(data_dir: Path | None = None) -> tuple[float, str]:
    """Return the yearly rise of prices of :data:`INDUSTRY` in per cent, and its years."""
    index = industry_output(INDUSTRY, data_dir).dropna(subset="price_index")
    by_year = {str(y): float(v) for y, v in zip(index["period"], index["price_index"], strict=True)}
    last = max(by_year)
    first = str(int(last) - PRICE_YEARS)
    rise = (by_year[last] / by_year[first]) ** (1 / PRICE_YEARS) - 1
    return 100 * rise, f"{first}–{last}"

"""Elasticities estimated from the data, and projections of GDP."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from marketintel.analysis.forecast import elasticities, present
from marketintel.analysis.forecast.elasticities import Elasticity
from marketintel.analysis.trade.frames import CORE
from marketintel.errors import MissingDataError, UsageError
from marketintel.reference.drivers import load_elasticities
from marketintel.reference.headings import Headings
from marketintel.reference.segments import Segments
from marketintel.sources.catalogue import sources
from marketintel.warehouse.context import macro, world_series
from marketintel.warehouse.flows import supplier_matrix

CHAPTERS = ("84", "85", "90")
"""Machinery, electronics, optics and instruments: the goods that duties are studied on."""

IMPORTER = "USA"
"""The one market whose duties are known by partner and code."""

GDP = "gdp_current_usd"

EURO_SINCE = {
    **dict.fromkeys(
        ("AUT", "BEL", "DEU", "ESP", "FIN", "FRA", "IRL", "ITA", "LUX", "NLD", "PRT"), 1999
    ),
    "GRC": 2001, "SVN": 2007, "CYP": 2008, "MLT": 2008, "SVK": 2009, "EST": 2011, "LVA": 2014,
    "LTU": 2015, "HRV": 2023, "BGR": 2026,
}  # fmt: skip
"""Members of the euro area and the year from which the euro's rate is theirs."""


def stored_elasticities(driver: str) -> list[Elasticity]:
    """Estimates of a driver that were made outside an edition (``elasticities.toml``)."""
    return [
        Elasticity(**{k: v for k, v in vars(e).items() if k not in ("made_by", "made_at")})
        for e in load_elasticities()
        if e.driver == driver
    ]


def duty_elasticities(segments: Segments, data_dir: Path | None) -> list[Elasticity]:
    """Duty elasticities of US imports: chapters 84, 85 and 90, and core codes alone."""
    rows = supplier_matrix(IMPORTER, data_dir=data_dir)
    goods = rows[rows["cmd_code"].str[:2].isin(CHAPTERS)]
    codes = segments.frame()
    core = rows[rows["cmd_code"].isin(codes.loc[codes["scope"] == CORE, "cmd_code"])]
    years = "–".join(sorted(rows["period"].unique()))
    source = "US Census Bureau, imports for consumption and calculated duties"
    wide = elasticities.duty(
        goods, f"US imports by partner and HS6, chapters 84, 85 and 90, {years}", source
    )
    narrow = elasticities.duty(
        core, f"US imports by partner and HS6, core photonics codes, {years}", source
    )[0]
    named = {"key": "duty_core_codes", "label": f"{narrow.label}, core codes"}
    own = Elasticity(**{**vars(narrow), **named})
    return [*wide, own]


def gdp_elasticities(
    annual: pd.DataFrame, headings: Headings, data_dir: Path | None
) -> list[Elasticity]:
    """Income elasticities: world exports of the candidate headings, and the outlook's own cells."""
    gdp = macro(GDP, data_dir=data_dir)
    source = "Growth Lab, Atlas of Economic Complexity (via a public copy); World Bank, GDP"
    found = [elasticities.gdp_world(_world_growth(headings, gdp, data_dir), _WORLD, source)]
    if annual.empty:
        return found
    rows = with_gdp(_by_year(annual), data_dir)
    if len(set(rows["partner"])) > 1:
        source = "US Census Bureau, exports; World Bank, GDP"
        found.append(elasticities.gdp_destination(rows, _sample(rows), source))
    return found


def currency_elasticity(annual: pd.DataFrame, data_dir: Path | None) -> Elasticity:
    """Elasticity to the exchange rate, where the rates of enough destinations are in the data."""
    rows = with_rates(with_gdp(_by_year(annual), data_dir), data_dir)
    source = "US Census Bureau, exports; European Central Bank, reference rates; World Bank, GDP"
    return elasticities.exchange_rate(rows, _sample(rows.dropna(subset=["usd_per_local"])), source)


def with_gdp(rows: pd.DataFrame, data_dir: Path | None) -> pd.DataFrame:
    """Rows ``partner, period, …`` whose partner's GDP of the year is known, with ``gdp_usd``."""
    gdp = macro(GDP, data_dir=data_dir)
    known = gdp.rename(columns={"economy": "partner", "value": "gdp_usd"})
    return rows.merge(known[["partner", "period", "gdp_usd"]], on=["partner", "period"])


def with_rates(rows: pd.DataFrame, data_dir: Path | None) -> pd.DataFrame:
    """Rows ``partner, period, …`` with ``usd_per_local``; missing where no rate is known.

    Raises
    ------
    MissingDataError
        No exchange rates are in the data, or not the dollar's.
    """
    try:
        rates = macro("exchange_rate_per_eur", data_dir=data_dir)
    except UsageError:
        raise MissingDataError("no exchange rates are in the data; fetch source ecb") from None
    years = rates[rates["period"].str.fullmatch(r"\d{4}")]
    wide = years.pivot_table(index="period", columns="economy", values="value")
    if IMPORTER not in wide:
        raise MissingDataError("no rate of the dollar is in the data; fetch source ecb")
    # Dollars that a unit of the local currency buys: (USD per EUR) / (local per EUR).
    dollars = 1 / wide.div(wide[IMPORTER], axis=0)
    year = dollars.index.astype(int)
    euro = {c: wide[IMPORTER].where(year >= since) for c, since in EURO_SINCE.items()}
    own = dollars.drop(columns=list(euro), errors="ignore").assign(**euro)
    table = own.reset_index().melt("period", var_name="partner", value_name="usd_per_local")
    return rows.merge(table, "left", on=["partner", "period"])


def _by_year(annual: pd.DataFrame) -> pd.DataFrame:
    return annual.assign(period=annual["ds"].dt.strftime("%Y"), value_usd=annual["y"])


def _sample(rows: pd.DataFrame) -> str:
    places = ", ".join(sorted(rows["partner"].unique()))
    span = f"{rows['period'].min()}–{rows['period'].max()}"
    return f"US exports of unchanged core codes by segment to {places}, {span}"


_WORLD = "World exports of photonics-related HS4 headings between breaks, yearly growth"


PROJECTION = ["economy", "history_pct", "projected_pct", "first", "last", "source", "warning"]


def gdp_projections(countries: Sequence[str], month: str, data_dir: Path | None) -> pd.DataFrame:
    """Mean yearly growth of GDP in dollars: ten years back, and as projected after an edition.

    Growth is taken within one source's projections, never from one source's history to another's
    projection, and from the last year that is over in the edition's month.

    Returns
    -------
    DataFrame
        ``economy, history_pct, projected_pct, first, last`` (years of the projection), ``source``
        (producer and vintage), ``warning`` (that it is old, else empty). Economies without two
        projected years have no row.
    """
    rows: list[tuple[str, float, float, str, str, str, str]] = []
    over = str((present.ordinal(month) - 11) // 12)
    gdp = macro(GDP, list(countries), projections=True, data_dir=data_dir)
    for economy, values in gdp.groupby("economy"):
        ahead = values[values["is_projection"].astype(bool) & (values["period"] >= over)]
        back = values[~values["is_projection"].astype(bool)].tail(11)["value"]
        if len(ahead) < 2 or len(set(ahead["source"])) > 1 or len(back) < 2:
            continue
        producer = sources()[ahead["source"].iloc[0]].producer
        vintage = str(ahead["vintage"].iloc[0])
        said = f"{producer}, {vintage}"
        old = f"projection of {vintage}, out of date" if present.is_old(vintage, month) else ""
        span = ahead["period"].iloc[[0, -1]]
        growth = _mean_growth(back), _mean_growth(ahead["value"])
        rows.append((str(economy), *growth, *span, said, old))
    return pd.DataFrame(rows, columns=PROJECTION)


def _world_growth(headings: Headings, gdp: pd.DataFrame, data_dir: Path | None) -> pd.DataFrame:
    """Yearly log changes of headings and of world GDP; none across a break."""
    first, last = headings.rule.first_year, headings.rule.last_year
    span = {str(year) for year in range(first, last + 1)}
    whole = gdp.groupby("economy")["period"].agg(lambda years: span <= set(years))
    same = gdp[gdp["economy"].isin(whole[whole].index)]  # the same economies in every year
    world = np.log(same.groupby("period")["value"].sum().loc[sorted(span)]).diff()
    parts = []
    for heading in headings:
        if heading.unusable:
            continue
        try:
            rows = world_series(heading.heading, data_dir=data_dir)
        except MissingDataError:
            continue
        change = np.log(rows["value_usd"]).diff().where(~rows["period"].isin(heading.breaks))
        parts.append(
            pd.DataFrame(
                {
                    "unique_id": heading.heading,
                    "ds": pd.to_datetime(rows["period"] + "-12-31"),
                    "ln_y_change": change,
                    "ln_gdp_change": rows["period"].map(world),
                }
            )
        )
    if not parts:
        raise MissingDataError("no world export series are here to estimate an income elasticity")
    return pd.concat(parts, ignore_index=True)


def _mean_growth(values: pd.Series) -> float:
    return float(100 * ((values.iloc[-1] / values.iloc[0]) ** (1 / (len(values) - 1)) - 1))

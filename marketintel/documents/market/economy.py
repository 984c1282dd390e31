"""Economy of a market at a glance: GDP and its forecast, population, prices, currency."""

from __future__ import annotations

from typing import Any

import pandas as pd

from marketintel.documents import prose as w
from marketintel.errors import MissingDataError
from marketintel.warehouse import coverage
from marketintel.warehouse.context import macro

#: Indicator, its name, and years ahead of which projections are shown.
INDICATORS = {
    "gdp_current_usd": "GDP, current US dollars",
    "gdp_growth_pct": "GDP forecast, real change on the year before",
    "population": "Population",
    "cpi_inflation_pct": "Rise of consumer prices",
    "exchange_rate_per_eur": "Currency",
}


#: Sources of these indicators and their short names.
PUBLISHERS = {"worldbank": "World Bank", "imf": "IMF", "ecb": "ECB"}


def economy(facts: Any) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return GDP, its forecast, population, prices and currency with their citations; None without."""
    iso3 = getattr(facts.market, "iso3", facts.market)
    rows = [row for indicator in INDICATORS for row in _rows(indicator, iso3, facts)]
    columns = ["measure", "figure", "period", "source"]
    if not rows:
        return None, {}
    table = pd.DataFrame(rows, columns=columns, dtype="object")
    shown = {name.partition(",")[0] for name in table["source"]}
    files = coverage.coverage(data_dir=facts.data_dir, newest=True)
    used = [source for source in files["source"] if PUBLISHERS.get(source, source) in shown]
    cited = files.loc[files["source"].isin(used), "citation"].unique()
    return table, {"source": " ".join(cited)}


def _rows(indicator: str, iso3: str, facts: Any) -> list[tuple[str, str, str, str]]:
    forecast = indicator == "gdp_growth_pct"
    try:
        found = macro(indicator, iso3, projections=forecast, data_dir=facts.data_dir)
    except MissingDataError:
        return []
    found = found.sort_values("period")
    shown = found[found["period"] >= str(facts.year)].head(3) if forecast else found.tail(1)
    made = []
    for row in shown.to_dict("records"):
        figure = _figure(indicator, row["value"], str(row["unit"]))
        if indicator == "gdp_current_usd" and len(found) > 1:
            before = found["value"].iloc[-2]
            figure += f" ({w.change(100 * (row['value'] / before - 1))})"
        name = PUBLISHERS.get(row["source"], row["source"])
        made.append(
            (INDICATORS[indicator], figure, str(row["period"]), f"{name}, {row['vintage']}")
        )
    return made


def _figure(indicator: str, value: float, unit: str) -> str:
    if indicator == "gdp_current_usd":
        return w.money(value)
    if indicator == "population":
        return f"{value / 1e6:,.1f} million"
    if indicator == "exchange_rate_per_eur":
        return f"{value:,.4g} {unit}"
    return w.change(value)

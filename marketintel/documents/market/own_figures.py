"""Own figures of a cluster beside the levels of a study; they enter no sum."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from marketintel.errors import MissingDataError
from marketintel.reference.own_figures import load_own_figures
from marketintel.warehouse.context import macro


def own_figures(facts: Any, file: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return own figures of the market beside ours: value, in US dollars, ours, and the ratio.

    The ratio is that to our level of the same year only; euros are turned at the ECB's average
    rate of the year, and stay without a figure in dollars where that rate is not here.
    """
    given = load_own_figures(Path(file))
    rows = given[given["market"] == facts.market]
    levels = facts.answers.table.set_index("segment")
    rates = _rates(facts.data_dir)
    rate = rows["year"].map(rates).where(rows["currency"] == "EUR", 1.0)
    names = levels["segment_name"]
    table = pd.DataFrame({
        "segment_name": rows["segment"].map(names).fillna(rows["segment"]),
        "year": rows["year"], "own_value": rows["value"].map("{:,.0f}".format) + " " + rows["currency"],
        "own_usd": rows["value"] * rate.astype("float64"),
        "level_usd": rows["segment"].map(levels["level_usd"]),
        "level_year": rows["segment"].map(levels["level_year"]).map("{:.0f}".format, na_action="ignore"),
        "definition": rows["definition"], "own_source": rows["source"],
        "confidential": rows["confidential"],
    })  # fmt: skip
    same = table["year"] == table["level_year"]
    table["own_ratio"] = (table["own_usd"] / table["level_usd"]).where(same)
    return table, {"hide": ["own_value", "confidential"]}


def own_counts(facts: Any, file: str) -> dict[str, int]:
    """Return how many rows are of the market, of others, and confidential."""
    given = load_own_figures(Path(file))
    here = given["market"] == facts.market
    return {
        "here": int(here.sum()),
        "elsewhere": int((~here).sum()),
        "confidential": int((given.loc[here, "confidential"] == "yes").sum()),
    }


def _rates(data_dir: Path | None) -> dict[str, float]:
    """Return US dollars a euro by year, averages of the year."""
    try:
        rows = macro("exchange_rate_per_eur", "USA", data_dir=data_dir)
    except MissingDataError:
        return {}
    rows = rows[rows["period"].str.len() == 4]
    return dict(zip(rows["period"], rows["value"].astype("float64"), strict=True))

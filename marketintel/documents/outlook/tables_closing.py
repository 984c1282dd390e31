"""The outlook's tables of shocks, of series without a forecast, and of sources."""

from __future__ import annotations

import pandas as pd

from marketintel.documents.engine.blocks import Table
from marketintel.documents.outlook.facts import Outlook


def shocks(outlook: Outlook) -> Table:
    """Declared shocks and how many series lived through them."""
    touched = outlook.spans.groupby("shock")["unique_id"].nunique()
    rows = outlook.shocks.drop_duplicates("shock")
    table = pd.DataFrame(
        {
            "name": rows["name"],
            "first": rows["first"],
            "last": rows["last"].fillna("lasting"),
            "series": rows["shock"].map(touched).fillna(0).astype(int),
            "source": rows["source"],
        }
    )
    return Table(
        table,
        name="shocks",
        caption="Declared shocks",
        formats={"series": "int"},
        headers={"name": "Shock", "first": "From", "last": "To", "series": "Series that lived it", "source": "Source"},
        note="Declared in shocks.toml; add a shock there and it is shaded and counted everywhere.",
    )  # fmt: skip


def shock_errors(outlook: Outlook) -> Table:
    """Errors on targets within and without shocks."""
    rows = outlook.shock_errors
    held = rows[rows["model"] == "combination"].pivot_table(
        index="in_shock", columns="level", values="coverage_pct"
    )
    mase = rows[rows["level"] == 95].pivot_table(
        index="in_shock", columns="model", values="mase", dropna=False
    )
    count = rows[(rows["level"] == 95) & (rows["model"] == "combination")].set_index("in_shock")
    table = pd.DataFrame(
        {
            "targets": ["within a shock" if s else "outside shocks" for s in mase.index],
            "forecasts": count["forecasts"].reindex(mase.index).astype(int),
            "mase_combination": mase["combination"],
            "mase_naive": mase["naive"],
            "held_80_pct": held[80],
            "held_95_pct": held[95],
        }
    )
    return Table(
        table,
        name="shock_errors",
        caption="Errors of the monthly back-test with and without shocks",
        formats={
            "forecasts": "int",
            "mase_combination": "ratio2",
            "mase_naive": "ratio2",
            "held_80_pct": "pct",
            "held_95_pct": "pct",
        },
        headers={
            "targets": "Outcomes",
            "forecasts": "Forecasts",
            "mase_combination": "MASE",
            "mase_naive": "naive",
            "held_80_pct": "In 80 %",
            "held_95_pct": "In 95 %",
        },
        note="The shocks are those that touch each series; the US duties of 2025 last to the end of the data.",
        source=outlook.source_line(*outlook.months.kinds.values()),
    )


def silent(outlook: Outlook) -> Table:
    """Series without a forecast."""
    rows = outlook.silent
    table = pd.DataFrame(
        {
            "country": [outlook.country_name(p) for p in rows["partner"]],
            "segment": [outlook.names.get(i, i) for i in rows["item"]],
            "monthly": rows["monthly"],
            "yearly": rows["yearly"],
        }
    )
    return Table(
        table,
        name="without_forecast",
        caption="Series without a forecast, and why",
        group_col="country",
        headers={"monthly": "No monthly forecast", "yearly": "No level in five years"},
        missing="there is one",
    )


def sources(outlook: Outlook) -> Table:
    """The raw files behind the outlook."""
    columns = ["title", "vintage", "retrieved_at", "licence"]
    return Table(
        outlook.used[columns].astype("str"),
        name="sources",
        caption="Sources of this outlook",
        hide=["retrieved_at"],
        headers={"title": "Data", "vintage": "Vintage", "retrieved_at": "Compiled", "licence": "Licence"},
    )  # fmt: skip

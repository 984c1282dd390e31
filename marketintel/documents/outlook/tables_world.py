"""The outlook's tables of world exports by heading."""

from __future__ import annotations

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast import present
from marketintel.documents.engine.blocks import Table
from marketintel.documents.outlook.facts import Outlook
from marketintel.documents.outlook.months import MODELS, ORIGINS
from marketintel.documents.outlook.tables import MONEY, level_columns
from marketintel.documents.outlook.years import YEARS


def world(outlook: Outlook, carried: str) -> Table:
    """Headings: level in five years and probabilities; `carried` says which models they rest on."""
    rows = outlook.world.potential
    table = level_columns(rows)
    table.insert(0, "heading", rows["unique_id"].to_list())
    table.insert(1, "title", [outlook.headings[h].title for h in rows["unique_id"]])
    year, then = rows["cutoff"].iloc[0].year, rows["ds"].iloc[0].year
    return Table(
        table,
        name="world",
        caption=f"World exports by heading, {year} and the forecast of {then}; {present.seen(rows['cutoff'], outlook.month)}",
        formats={
            **dict.fromkeys(MONEY, "usd_bn"),
            "added_per_year_usd": "usd_bn_signed",
            "probability_growth_pct": "pct",
            "probability_above_pct": "pct",
        },
        headers={
            "heading": "Heading",
            "title": "Goods",
            "level_now_usd": str(year),
            "level_then_usd": str(then),
            "lo_80_usd": "80 % from",
            "hi_80_usd": "to",
            "added_per_year_usd": "Added a year",
            "probability_growth_pct": "P(grows)",
            "probability_above_pct": f"P(> {outlook.threshold_pct:+.0f} %)",
        },
        hide=["title", "lo_95_usd", "hi_95_usd"],
        note=f"Probabilities are read off the calibrated intervals; bounds of 95 % are in the tables. {carried}",
        source="Growth Lab, Atlas of Economic Complexity (via a public copy).",
    )


def world_errors(outlook: Outlook) -> Table:
    """Errors of the headings' forecasts."""
    errors = outlook.world.errors
    mase = errors[errors["level"] == 95].pivot_table(
        index="unique_id", columns="model", values="mase"
    )
    held = fc.shown(errors, errors).pivot_table(
        index="unique_id", columns="level", values="coverage_pct"
    )
    table = mase[list(MODELS)].add_prefix("mase_").rename_axis("heading").reset_index()
    for level in (80, 95):
        table[f"held_{level}_pct"] = table["heading"].map(held[level])
    return Table(
        table,
        name="world_errors",
        caption=f"Errors of the headings’ back-test, up to {YEARS} years ahead",
        formats={
            **{f"mase_{m}": "ratio2" for m in MODELS},
            "held_80_pct": "pct",
            "held_95_pct": "pct",
        },
        headers={
            "heading": "Heading",
            "mase_combination": "MASE",
            "mase_naive": "naive",
            "mase_drift": "drift",
            "held_80_pct": "In 80 %",
            "held_95_pct": "In 95 %",
        },
        note=f"{ORIGINS} origins where the series is long enough; a heading without a row is too short to test.",
        source="Growth Lab, Atlas of Economic Complexity (via a public copy).",
    )

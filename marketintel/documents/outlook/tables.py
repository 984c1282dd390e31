"""The tables of a country: the next months, the level in five years."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast import present
from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import Table
from marketintel.documents.outlook import totals
from marketintel.documents.outlook.facts import Outlook
from marketintel.documents.outlook.months import MODELS, MONTHS, ORIGINS
from marketintel.documents.outlook.wording import label, trade_of
from marketintel.warehouse.basis import Basis
from marketintel.warehouse.comparable import JOINED

MONEY = ["level_now_usd", "level_then_usd", "lo_80_usd", "hi_80_usd", "lo_95_usd", "hi_95_usd"]
"""Columns of money of every table of levels, besides ``added_per_year_usd``."""


def months(outlook: Outlook, code: str, basis: Basis, ids: Sequence[str], suffix: str) -> Table:
    """The next twelve months of a country's segments of one kind, and how wrong forecasts were."""
    facts = outlook.months
    ahead = facts.fans[(facts.fans["model"] == fc.SHOWN) & (facts.fans["level"] == 80)]
    ahead = ahead[ahead["unique_id"].isin(ids)]
    table = ahead.groupby("unique_id")["mean"].sum().rename("next_usd").to_frame()
    past = facts.panel[facts.panel["unique_id"].isin(table.index)].sort_values("ds")
    table.insert(0, "last_usd", past.groupby("unique_id")["y"].apply(lambda y: y.tail(12).sum()))
    change = table["next_usd"] / table["last_usd"].where(table["last_usd"] > 0)
    table["change_pct"] = 100 * (change - 1)
    errors = facts.errors[facts.errors["unique_id"].isin(table.index)]
    mase = errors[errors["level"] == 95].pivot_table(
        index="unique_id", columns="model", values="mase"
    )
    for model in MODELS:
        table[f"mase_{model}"] = mase[model].reindex(table.index) if model in mase else float("nan")
    held = fc.shown(errors, errors).pivot_table(
        index="unique_id", columns="level", values="coverage_pct"
    )
    for level in (80, 95):
        values = held[level].reindex(table.index) if level in held else float("nan")
        table[f"held_{level}_pct"] = values
    cutoffs = ahead.groupby("unique_id")["cutoff"].first()
    told = present.seen(cutoffs, outlook.month, "M")
    start, end = (present.label(ds, "M") for ds in (ahead["ds"].min(), ahead["ds"].max()))
    table = table.sort_values("last_usd", ascending=False).reset_index()
    items = [str(u).partition(" ")[2] for u in table.pop("unique_id")]
    table.insert(0, "segment", [outlook.names[i] for i in items])
    table["kind"] = label(basis)
    trade = w.sentence(trade_of(basis, outlook.country_name(code)))
    return Table(
        table,
        name=f"months_{code.lower()}{suffix}",
        caption=f"{trade}: the last {MONTHS} months known and {start} to {end}; {told}; errors of the back-test",
        formats={
            "last_usd": "usd_m",
            "next_usd": "usd_m",
            "change_pct": "pct_signed",
            **{f"mase_{m}": "ratio2" for m in MODELS},
            "held_80_pct": "pct",
            "held_95_pct": "pct",
        },
        headers={
            "segment": "Segment",
            "last_usd": f"To {present.label(cutoffs.max(), 'M')}",
            "next_usd": f"{start} to {end}",
            "change_pct": "Change",
            "mase_combination": "MASE",
            "mase_naive": "naive",
            "mase_drift": "drift",
            "held_80_pct": "In 80 %",
            "held_95_pct": "In 95 %",
        },
        hide=["kind"],
        missing="too short to test",
        note=(
            f"Whole segments (core codes) after their last break. MASE: mean error over {ORIGINS} origins, in units of "
            "the usual change on a year before; below 1 is better than that. In 80 %, in 95 %: share of outcomes "
            "inside the interval. Sums of twelve forecasts have no interval of their own."
        ),
        source=outlook.source_line(basis),
    )


def potential(outlook: Outlook, code: str, group: int) -> Table:
    """Level in five years, added demand a year, two probabilities: a country's cells of one group."""
    rows = outlook.years.potential
    of_country = (rows["partner"] == code) & rows["role"].isin([totals.CELL, totals.COUNTRY])
    rows = rows[of_country & (rows["group"] == group)]
    basis: Basis = rows["kind"].iloc[0]
    cells = outlook.years.cells.drop_duplicates("unique_id").set_index("unique_id")
    is_total = rows["role"] == totals.COUNTRY
    year, then = rows["cutoff"].iloc[0].year, rows["ds"].iloc[0].year
    table = levels(outlook, rows)
    table.insert(1, "cover_pct", list(rows["unique_id"].map(cells["cover_pct"])))
    table["basis"] = list(rows["unique_id"].map(cells["basis"]))
    table["kind"] = label(basis)
    table = table.assign(total=list(is_total)).sort_values(
        ["total", "level_now_usd"], ascending=[False, False]
    )
    joined = (cells.loc[rows.loc[~is_total, "unique_id"], "basis"] == JOINED).any()
    goods = (
        "Mixed codes, each by itself. "
        if basis.mixed
        else "Core codes that are the same in every HS revision of the data"
        + (", or joined across revisions by weights and families (column basis)" if joined else "")
        + f"; “of segment” is their share of its core trade in {year}. "
    )
    trade = w.sentence(trade_of(basis, outlook.country_name(code)))
    what = "mixed codes" if basis.mixed else "comparable codes" if joined else "unchanged codes"
    suffix = "" if group in _first_groups(outlook, code) else f"_{group}"
    return Table(
        table.drop(columns="total"),
        name=f"potential_{code.lower()}{suffix}",
        caption=f"{trade}: {year} and the forecast of {then}, {what}; {present.seen(rows['cutoff'], outlook.month)}",
        formats=level_formats() | {"cover_pct": "pct"},
        headers={"segment": "Code" if basis.mixed else "Segment", "cover_pct": "Of segment"}
        | level_headers(outlook, year, then),
        hide=["lo_95_usd", "hi_95_usd", "basis", "kind", *(["cover_pct"] if basis.mixed else [])],
        highlight=list(table["total"]),
        missing="a sum of several",
        note=(
            f"{goods}The total adds the rows below it. Probabilities are read off the calibrated intervals; bounds of "
            "95 % are in the tables."
        ),
        source=outlook.source_line(basis),
    )


def _first_groups(outlook: Outlook, code: str) -> list[int]:
    """The group whose table has the country's plain name: its first."""
    nodes = outlook.years.nodes
    own = nodes[(nodes["partner"] == code) & (nodes["role"] == totals.COUNTRY)]
    return sorted(own["group"])[:1]


LEVELS = {
    "level_now_usd": "level_now",
    "level_then_usd": "level_then",
    "lo_80_usd": "lo_80",
    "hi_80_usd": "hi_80",
    "lo_95_usd": "lo_95",
    "hi_95_usd": "hi_95",
    "added_per_year_usd": "added_per_year",
    "probability_growth_pct": "probability_growth",
    "probability_above_pct": "probability_above_threshold",
}
"""Columns of a table of levels, and those of ``Years.potential`` that they come from."""


def level_columns(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a potential as :data:`LEVELS`, in dollars and per cent."""
    table = pd.DataFrame({column: rows[name] for column, name in LEVELS.items()})
    table[["probability_growth_pct", "probability_above_pct"]] *= 100
    return table.reset_index(drop=True)


def levels(outlook: Outlook, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``Years.potential`` as columns of a table, in dollars and per cent."""
    items = [outlook.names.get(i, i) if i else "All together" for i in rows["item"]]
    return level_columns(rows).assign(segment=items)[["segment", *LEVELS]]


def level_formats() -> dict[str, str]:
    """Formats of the columns of :func:`levels`."""
    return {
        **dict.fromkeys(MONEY, "usd_m"),
        "added_per_year_usd": "usd_m_signed",
        "probability_growth_pct": "pct",
        "probability_above_pct": "pct",
    }


def level_headers(outlook: Outlook, year: int, then: int) -> dict[str, str]:
    """Headers of the columns of :func:`levels`."""
    return {
        "level_now_usd": str(year),
        "level_then_usd": str(then),
        "lo_80_usd": "80 % from",
        "hi_80_usd": "to",
        "lo_95_usd": "95 % from",
        "hi_95_usd": "to ",
        "added_per_year_usd": "Added a year",
        "probability_growth_pct": "P(grows)",
        "probability_above_pct": f"P(> {outlook.threshold_pct:+.0f} %)",
    }

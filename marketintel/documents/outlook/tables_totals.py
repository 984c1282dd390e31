"""The tables that add up: segment by country, their margins and the grand total."""

from __future__ import annotations

import pandas as pd

from marketintel.analysis.forecast import present
from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import Table
from marketintel.documents.frames import each
from marketintel.documents.outlook import totals
from marketintel.documents.outlook.facts import Outlook
from marketintel.documents.outlook.silent import OTHER_KIND, left_out
from marketintel.documents.outlook.tables import level_formats, level_headers, levels
from marketintel.documents.outlook.wording import label
from marketintel.warehouse.basis import Basis

PRINTED_COUNTRIES = 6
"""So many countries have a printed column in the grid; the tables hold all."""


def grid(outlook: Outlook, group: int) -> Table:
    """Forecasts of a group: a row a segment, a column a country; margins and grand total."""
    rows = _of(outlook, group)
    basis: Basis = rows["kind"].iloc[0]
    then = rows["ds"].iloc[0].year
    cells = rows[rows["role"] == totals.CELL]
    wide = cells.pivot_table(index="item", columns="partner", values="level_then", sort=False)
    margin = rows[rows["role"] == totals.SEGMENT].set_index("item")["level_then"]
    bottom = rows[rows["role"] == totals.COUNTRY].set_index("partner")["level_then"]
    places = [c for c in outlook.countries if c in wide]
    wide = wide[places].loc[margin.sort_values(ascending=False).index]
    wide["total_usd"] = margin
    last = pd.Series({**bottom.to_dict(), "total_usd": _grand(rows)["level_then"]}, name="")
    table = pd.concat([last.to_frame().T[wide.columns], wide]).astype("float64")
    columns = {c: f"{c.lower()}_usd" for c in places}
    table = table.rename(columns=columns).rename_axis("item").reset_index()
    names = [outlook.names.get(i, i) if i else "All together" for i in table["item"]]
    table.insert(0, "segment", names)
    table["kind"] = label(basis)
    money = [*columns.values(), "total_usd"]
    return Table(
        table,
        name=f"coherent_{group}",
        caption=(
            f"{w.sentence(label(basis))}: forecasts of {then} by {_goods(basis)} and country; "
            f"{present.seen(rows['cutoff'], outlook.month)}"
        ),
        formats=dict.fromkeys(money, "usd_m"),
        headers={
            "segment": w.sentence(_goods(basis)),
            **{columns[c]: outlook.country_name(c) for c in places},
            "total_usd": "Together",
        },
        hide=["item", "kind", *(columns[c] for c in places[PRINTED_COUNTRIES:])],
        highlight=[not item for item in table["item"]],
        missing="no forecast",
        note="Rows add up to the last column, columns to the first row, both to the figure where they meet.",
        source=outlook.source_line(basis),
    )


def margins(outlook: Outlook, group: int) -> Table:
    """Grand total, totals of countries and of segments, with their intervals and probabilities."""
    rows = _of(outlook, group)
    basis: Basis = rows["kind"].iloc[0]
    rows = rows[rows["role"] != totals.CELL]
    order = {totals.GRAND: 0, totals.COUNTRY: 1, totals.SEGMENT: 2}
    rows = rows.assign(order=rows["role"].map(order))
    rows = rows.sort_values(["order", "level_now"], ascending=[True, False])
    table = levels(outlook, rows)
    table["segment"] = [
        outlook.country_name(row.partner) if row.partner else name
        for row, name in zip(each(rows), table["segment"], strict=True)
    ]
    table.insert(0, "over", [_over(role, basis) for role in rows["role"]])
    table["role"], table["partner"] = list(rows["role"]), list(rows["partner"])
    table["item"], table["kind"] = list(rows["item"]), label(basis)
    year, then = rows["cutoff"].iloc[0].year, rows["ds"].iloc[0].year
    return Table(
        table,
        name=f"totals_{group}",
        caption=(
            f"{w.sentence(label(basis))}: totals of {year} and forecasts of {then}; "
            f"{present.seen(rows['cutoff'], outlook.month)}"
        ),
        formats=level_formats(),
        headers={"segment": "Total of"} | level_headers(outlook, year, then),
        group_col="over",
        hide=["lo_95_usd", "hi_95_usd", "role", "partner", "item", "kind"],
        highlight=[role == totals.GRAND for role in rows["role"]],
        note=(
            f"{_method(outlook, group)} Bounds do not add up: quantiles of a sum are not sums of quantiles. Bounds of "
            "95 % are in the tables."
        ),
        source=outlook.source_line(basis),
    )


def excluded(outlook: Outlook, group: int) -> Table | None:
    """What the grand total does not hold, one row a country and reason."""
    rows = left_out(outlook.years, group)
    basis: Basis = _of(outlook, group)["kind"].iloc[0]
    silent = outlook.silent.dropna(subset="yearly")
    same = (
        silent["item"].str.isdigit() == basis.mixed
    )  # a code among codes, a segment among segments
    without = silent[same].assign(reason="no yearly forecast", kind="")
    rows = pd.concat([rows, without[["partner", "item", "kind", "reason"]]], ignore_index=True)
    if rows.empty:
        return None
    rows["name"] = [outlook.names.get(i, i) for i in rows["item"]]
    keys = ["partner", "reason", "kind"]
    joined = rows.groupby(keys, sort=False)["name"].agg([", ".join, "size"]).reset_index()
    joined.columns = pd.Index([*keys, "goods", "series"])
    counted = joined["series"].astype(str) + " series of " + joined["kind"]
    joined["what"] = joined["goods"].where(joined["reason"] != OTHER_KIND, counted)
    place = joined["partner"].map({c: i for i, c in enumerate(outlook.countries)})
    joined = joined.assign(place=place).sort_values("place", kind="stable")
    joined["country"] = [outlook.country_name(c) for c in joined["partner"]]
    return Table(
        joined[["country", "reason", "what", "goods"]],
        name=f"left_out_{group}",
        caption="Not in this total",
        headers={"country": "Country", "reason": "Why", "what": "Goods"},
        hide=["goods"],
    )


def _of(outlook: Outlook, group: int) -> pd.DataFrame:
    rows = outlook.years.potential
    return rows[rows["group"] == group]


def _grand(rows: pd.DataFrame) -> pd.Series:
    return rows[rows["role"] == totals.GRAND].iloc[0]


def _goods(basis: Basis) -> str:
    return "code" if basis.mixed else "segment"


def _over(role: str, basis: Basis) -> str:
    goods = "codes" if basis.mixed else "segments"
    return {
        totals.GRAND: f"All countries and {goods}",
        totals.COUNTRY: f"Countries, over {goods}",
        totals.SEGMENT: f"{w.sentence(goods)}, over countries",
    }[role]


def _method(outlook: Outlook, group: int) -> str:
    """Method of totals and their intervals, and the error of the alternative method."""
    said = (
        "Totals are the sums of the cells’ forecasts (bottom-up), their intervals and probabilities those of "
        "joint draws of the cells, which depend on each other as their errors at earlier origins did (shrunk "
        "towards independence)."
    )
    mase = outlook.years.compared(group)
    if not mase:
        return said
    apart, up, mint = (mase[m] for m in ("base", "bottom_up", "mint"))
    return (
        f"{said} MASE on an origin that no method saw: each by itself {apart:.3f}, bottom-up {up:.3f}, moved by "
        f"their errors (MinT) {mint:.3f}."
    )

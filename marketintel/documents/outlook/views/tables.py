"""Tables of forecasts by country, of totals, and of world exports."""

from __future__ import annotations

from typing import Any

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast import present
from marketintel.documents.frames import each
from marketintel.documents.outlook.facts import Outlook, totals
from marketintel.documents.outlook.facts.months import MODELS
from marketintel.documents.outlook.facts.omitted import OTHER_KIND, left_out
from marketintel.documents.outlook.wording import label, trade_of
from marketintel.warehouse.basis import Basis
from marketintel.warehouse.comparable import JOINED

#: Countries with a printed column in the grid.
PRINTED_COUNTRIES = 6

#: Columns of a table of levels, and those of ``Years.potential`` that they come from.
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
BOUNDS = ["lo_95_usd", "hi_95_usd"]

Shown = tuple[pd.DataFrame, dict[str, Any]]


# Months -----------------------------------------------------------------------------------------


def monthly_groups(outlook: Outlook, country: str) -> list[dict[str, Any]]:
    """Return the monthly series of a country that are forecast, by basis, with their dates."""
    months = outlook.months
    bases = {u: b for u, b in months.bases.items() if u.startswith(f"{country} ")}
    name = outlook.country_name(country)
    found = []
    for place, basis in enumerate(sorted(set(bases.values()))):
        ids = tuple(u for u, own in bases.items() if own == basis)
        ahead = months.fans[months.fans["unique_id"].isin(ids)]
        if ahead.empty:
            continue
        cutoffs = ahead.groupby("unique_id")["cutoff"].first()
        found.append(
            {
                "basis": basis,
                "trade": trade_of(basis, name),
                "ids": tuple(u for u in ids if u in cutoffs.index),
                "suffix": f"_{place + 1}" if place else "",
                "last": present.label(cutoffs.max(), "M"),
                "first": present.label(ahead["ds"].min(), "M"),
                "end": present.label(ahead["ds"].max(), "M"),
                "seen": present.seen(cutoffs, outlook.month, "M"),
            }
        )
    return found


def months(outlook: Outlook, ids: tuple[str, ...]) -> Shown:
    """Return the last and the next twelve months of segments, and errors of the back-test."""
    facts = outlook.months
    ahead = facts.fans[(facts.fans["model"] == fc.SHOWN) & (facts.fans["level"] == 80)]
    ahead = ahead[ahead["unique_id"].isin(ids)]
    table = ahead.groupby("unique_id")["mean"].sum().rename("next_usd").to_frame()
    past = facts.panel[facts.panel["unique_id"].isin(table.index)].sort_values("ds")
    table.insert(0, "last_usd", past.groupby("unique_id")["y"].apply(lambda y: y.tail(12).sum()))
    change = table["next_usd"] / table["last_usd"].where(table["last_usd"] > 0)
    table["change_pct"] = 100 * (change - 1)
    errors = _errors(facts.errors[facts.errors["unique_id"].isin(table.index)])
    table = table.join(errors).sort_values("last_usd", ascending=False).reset_index()
    items = [str(u).partition(" ")[2] for u in table.pop("unique_id")]
    table.insert(0, "segment", [outlook.names[i] for i in items])
    return table.assign(kind=label(facts.bases[ids[0]])), {"hide": ["kind"]}


def _errors(errors: pd.DataFrame) -> pd.DataFrame:
    """MASE of every model and coverage of what is shown, by series."""
    mase = errors[errors["level"] == 95].pivot_table(
        index="unique_id", columns="model", values="mase"
    )
    held = fc.shown(errors, errors).pivot_table(
        index="unique_id", columns="level", values="coverage_pct"
    )
    mase = mase.reindex(columns=list(MODELS)).add_prefix("mase_")
    held = held.reindex(columns=[80, 95]).add_prefix("held_").add_suffix("_pct")
    return mase.join(held, how="outer")  # a series that never changed has no MASE


# Levels -----------------------------------------------------------------------------------------


def _levels(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a potential as :data:`LEVELS`, in dollars and per cent."""
    table = pd.DataFrame({column: rows[name] for column, name in LEVELS.items()})
    table[["probability_growth_pct", "probability_above_pct"]] *= 100
    return table.reset_index(drop=True)


def yearly_groups(outlook: Outlook, country: str) -> list[dict[str, Any]]:
    """Return the groups in which a country has yearly forecasts, with their years."""
    rows = outlook.years.potential
    rows = rows[(rows["partner"] == country) & (rows["group"] >= 0)]
    cells = outlook.years.cells
    found = []
    for place, (group, own) in enumerate(rows.groupby("group", sort=True)):
        segments = list(own.loc[own["role"] == totals.CELL, "unique_id"])
        joined = cells.loc[cells["unique_id"].isin(segments), "basis"] == JOINED
        found.append(
            _dates(outlook, own)
            | {
                "trade": trade_of(own["kind"].iloc[0], outlook.country_name(country)),
                "group": int(str(group)),
                "suffix": f"_{group}" if place else "",
                "joined": bool(joined.any()),
                "ids": tuple(own["unique_id"]),
                "cells": tuple(segments),
                "totals": tuple(own.loc[own["role"] == totals.COUNTRY, "unique_id"]),
            }
        )
    return found


def group(outlook: Outlook, number: int) -> dict[str, Any]:
    """Return basis and years of a group, and the errors of methods that add up."""
    return _dates(outlook, _of(outlook, number)) | {"mase": outlook.years.compared(number)}


def _dates(outlook: Outlook, rows: pd.DataFrame) -> dict[str, Any]:
    basis: Basis = rows["kind"].iloc[0]
    return {
        "basis": basis,
        "label": label(basis),
        "mixed": basis.mixed,
        "year": str(rows["cutoff"].iloc[0].year),
        "then": str(rows["ds"].iloc[0].year),
        "seen": present.seen(rows["cutoff"], outlook.month),
    }


def _of(outlook: Outlook, number: int) -> pd.DataFrame:
    rows = outlook.years.potential
    return rows[rows["group"] == number]


def potential(outlook: Outlook, country: str, number: int) -> Shown:
    """Return level at the horizon, added demand a year and probabilities of a country's cells."""
    rows = _of(outlook, number)
    rows = rows[(rows["partner"] == country) & rows["role"].isin([totals.CELL, totals.COUNTRY])]
    is_total = rows["role"] == totals.COUNTRY
    cells = outlook.years.cells.drop_duplicates("unique_id").set_index("unique_id")
    table = _levels(rows)
    table.insert(0, "segment", _items(outlook, rows))
    table.insert(1, "cover_pct", list(rows["unique_id"].map(cells["cover_pct"])))
    table["basis"] = list(rows["unique_id"].map(cells["basis"]))
    basis: Basis = rows["kind"].iloc[0]
    table = table.assign(kind=label(basis), total=list(is_total))
    table = table.sort_values(["total", "level_now_usd"], ascending=[False, False])
    return table.drop(columns="total"), {
        "highlight": list(table["total"]),
        "hide": [*BOUNDS, "basis", "kind", *(["cover_pct"] if basis.mixed else [])],
    }


def _items(outlook: Outlook, rows: pd.DataFrame) -> list[str]:
    return [outlook.names.get(i, i) if i else "All together" for i in rows["item"]]


# Totals -----------------------------------------------------------------------------------------


def grid(outlook: Outlook, number: int) -> Shown:
    """Return forecasts of a group by segment and country, with margins and grand total."""
    rows = _of(outlook, number)
    cells = rows[rows["role"] == totals.CELL]
    wide = cells.pivot_table(index="item", columns="partner", values="level_then", sort=False)
    margin = rows[rows["role"] == totals.SEGMENT].set_index("item")["level_then"]
    bottom = rows[rows["role"] == totals.COUNTRY].set_index("partner")["level_then"]
    places = [c for c in outlook.countries if c in wide]
    wide = wide[places].loc[margin.sort_values(ascending=False).index]
    wide["total_usd"] = margin
    grand = rows.loc[rows["role"] == totals.GRAND, "level_then"].iloc[0]
    last = pd.Series({**bottom.to_dict(), "total_usd": grand}, name="")
    table = pd.concat([last.to_frame().T[wide.columns], wide]).astype("float64")
    columns = {c: f"{c.lower()}_usd" for c in places}
    table = table.rename(columns=columns).rename_axis("item").reset_index()
    table.insert(0, "segment", _items(outlook, table))
    basis: Basis = rows["kind"].iloc[0]
    return table.assign(kind=label(basis)), {
        "formats": dict.fromkeys([*columns.values(), "total_usd"], "usd_m"),
        "headers": {"segment": "Code" if basis.mixed else "Segment"}
        | {columns[c]: outlook.country_name(c) for c in places},
        "hide": ["item", "kind", *(columns[c] for c in places[PRINTED_COUNTRIES:])],
        "highlight": [not item for item in table["item"]],
    }


def margins(outlook: Outlook, number: int) -> Shown:
    """Return the totals of a group: grand, by country and by segment, with their intervals."""
    rows = _of(outlook, number)
    rows = rows[rows["role"] != totals.CELL]
    order = {totals.GRAND: 0, totals.COUNTRY: 1, totals.SEGMENT: 2}
    rows = rows.assign(order=rows["role"].map(order))
    rows = rows.sort_values(["order", "level_now"], ascending=[True, False])
    names = [
        outlook.country_name(row.partner) if row.partner else name
        for row, name in zip(each(rows), _items(outlook, rows), strict=True)
    ]
    basis: Basis = rows["kind"].iloc[0]
    goods = "codes" if basis.mixed else "segments"
    over = {
        totals.GRAND: f"All countries and {goods}",
        totals.COUNTRY: f"Countries, over {goods}",
        totals.SEGMENT: f"{goods.capitalize()}, over countries",
    }
    table = _levels(rows)
    table.insert(0, "over", [over[role] for role in rows["role"]])
    table.insert(1, "segment", names)
    keys = ["role", "partner", "item"]
    table[keys] = rows[keys].to_numpy()
    return table.assign(kind=label(basis)), {
        "group_col": "over",
        "hide": [*BOUNDS, *keys, "kind"],
        "highlight": [role == totals.GRAND for role in rows["role"]],
    }


def excluded(outlook: Outlook, number: int) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return what a grand total does not hold, one row a country and reason; None if nothing."""
    rows = left_out(outlook.years, number)
    basis: Basis = _of(outlook, number)["kind"].iloc[0]
    omitted = outlook.omitted.dropna(subset="yearly")
    same = omitted["item"].str.isdigit() == basis.mixed  # a code among codes
    without = omitted[same].assign(reason="no yearly forecast", kind="")
    rows = pd.concat([rows, without[["partner", "item", "kind", "reason"]]], ignore_index=True)
    if rows.empty:
        return None, {}
    rows["name"] = [outlook.names.get(i, i) for i in rows["item"]]
    keys = ["partner", "reason", "kind"]
    joined = rows.groupby(keys, sort=False)["name"].agg([", ".join, "size"]).reset_index()
    joined.columns = pd.Index([*keys, "goods", "series"])
    counted = joined["series"].astype(str) + " series of " + joined["kind"]
    joined["what"] = joined["goods"].where(joined["reason"] != OTHER_KIND, counted)
    place = joined["partner"].map({c: i for i, c in enumerate(outlook.countries)})
    joined = joined.assign(place=place).sort_values("place", kind="stable")
    joined["country"] = [outlook.country_name(c) for c in joined["partner"]]
    return joined[["country", "reason", "what", "goods"]], {"hide": ["goods"]}


# World ------------------------------------------------------------------------------------------


def world_about(outlook: Outlook) -> dict[str, Any]:
    """Return years of the world's forecasts, or why there are none."""
    world = outlook.world
    made = world.made
    if made.empty:
        return {
            "series": len(world.panel),
            "reasons": list(dict.fromkeys(fc.refused(made)["reason"])),
        }
    rows = world.potential
    return {
        "series": len(world.panel),
        "year": str(rows["cutoff"].iloc[0].year),
        "then": str(rows["ds"].iloc[0].year),
        "seen": present.seen(made["cutoff"], outlook.month),
        "titles": list(world_titles(outlook).values()),
        "tested": len(world.errors) > 0,
    }


def world_titles(outlook: Outlook) -> dict[str, str]:
    """Return the headings that may stand for a segment, with their titles."""
    return {h: f"Heading {h}: {outlook.headings[h].title}" for h in outlook.world.speaking}


def world(outlook: Outlook) -> Shown:
    """Return level at the horizon and probabilities of the headings."""
    rows = outlook.world.potential
    table = _levels(rows)
    table.insert(0, "heading", rows["unique_id"].to_list())
    table.insert(1, "title", [outlook.headings[h].title for h in rows["unique_id"]])
    money = [c for c in LEVELS if c.endswith("_usd")]
    return table, {
        "formats": dict.fromkeys(money, "usd_bn") | {"added_per_year_usd": "usd_bn_signed"},
        "hide": ["title", *BOUNDS],
    }


def world_errors(outlook: Outlook) -> pd.DataFrame:
    """Return errors of the headings' back-test."""
    return _errors(outlook.world.errors).rename_axis("heading").reset_index()


# Shocks, omitted series, sources ----------------------------------------------------------------


def shocks(outlook: Outlook) -> pd.DataFrame:
    """Return declared shocks and how many series lived through them."""
    touched = outlook.spans.groupby("shock")["unique_id"].nunique()
    rows = outlook.shocks.drop_duplicates("shock")
    series = rows["shock"].map(touched).fillna(0).astype(int)
    rows = rows.assign(last=rows["last"].fillna("lasting"), series=series)
    return rows[["name", "first", "last", "series", "source"]]


def shock_errors(outlook: Outlook) -> pd.DataFrame | None:
    """Return errors on targets within and without shocks; None if nothing was tested."""
    rows = outlook.shock_errors
    if rows.empty:
        return None
    held = rows[rows["model"] == "combination"].pivot_table(
        index="in_shock", columns="level", values="coverage_pct"
    )
    mase = rows[rows["level"] == 95].pivot_table(
        index="in_shock", columns="model", values="mase", dropna=False
    )
    count = rows[(rows["level"] == 95) & (rows["model"] == "combination")].set_index("in_shock")
    return pd.DataFrame(
        {
            "targets": ["within a shock" if s else "outside shocks" for s in mase.index],
            "forecasts": count["forecasts"].reindex(mase.index).astype(int),
            "mase_combination": mase["combination"],
            "mase_naive": mase["naive"],
            "held_80_pct": held[80],
            "held_95_pct": held[95],
        }
    )


def omitted(outlook: Outlook) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return series without a forecast, with the reason; None if there are none."""
    rows = outlook.omitted
    table = pd.DataFrame(
        {
            "country": [outlook.country_name(p) for p in rows["partner"]],
            "segment": [outlook.names.get(i, i) for i in rows["item"]],
            "monthly": rows["monthly"],
            "yearly": rows["yearly"],
        }
    )
    return (table if len(table) else None), {"group_col": "country"}


def sources(outlook: Outlook) -> Shown:
    """Return the raw files behind the outlook."""
    columns = ["title", "vintage", "retrieved_at", "licence"]
    return outlook.used[columns].astype("str"), {"hide": ["retrieved_at"]}


def citations(outlook: Outlook) -> list[str]:
    """Return the citation of every source that was read."""
    return list(outlook.used["citation"].unique())

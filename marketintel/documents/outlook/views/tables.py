"""Tables of forecasts by country, of totals, and of world exports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast import present
from marketintel.documents.outlook.facts import Outlook, totals
from marketintel.documents.outlook.facts.months import MODELS
from marketintel.documents.outlook.facts.omitted import OTHER_KIND, left_out
from marketintel.documents.outlook.wording import label, trade_of
from marketintel.warehouse.basis import Basis
from marketintel.warehouse.comparable import JOINED

#: Countries with a printed column in the grid.
PRINTED_COUNTRIES = 6

#: Columns of ``Years.potential``, and those of a table of levels.
LEVELS = {
    "level_now": "level_now_usd",
    "level_then": "level_then_usd",
    "lo_80": "lo_80_usd",
    "hi_80": "hi_80_usd",
    "lo_95": "lo_95_usd",
    "hi_95": "hi_95_usd",
    "added_per_year": "added_per_year_usd",
    "probability_growth": "probability_growth_pct",
    "probability_above_threshold": "probability_above_pct",
}
BOUNDS = ["lo_95_usd", "hi_95_usd"]

Shown = tuple[pd.DataFrame, dict[str, Any]]


# Months -----------------------------------------------------------------------------------------


def monthly_groups(outlook: Outlook, country: str) -> list[dict[str, Any]]:
    """Return the monthly series of a country that are forecast, by basis, with their dates."""
    months = outlook.months
    bases = {u: b for u, b in months.bases.items() if u.startswith(f"{country} ")}
    found = []
    for place, basis in enumerate(sorted(set(bases.values()))):
        ahead = months.fans[months.fans["unique_id"].map(bases) == basis]
        if ahead.empty:
            continue
        cutoffs = ahead.groupby("unique_id")["cutoff"].first()
        found.append(
            {
                "basis": basis,
                "trade": trade_of(basis, outlook.country_name(country)),
                "ids": tuple(u for u in bases if u in cutoffs.index),
                "suffix": f"_{place + 1}" if place else "",
                "last": present.label(cutoffs.max(), "M"),
                "first": present.label(ahead["ds"].min(), "M"),
                "end": present.label(ahead["ds"].max(), "M"),
                "seen": present.seen(cutoffs, outlook.month, "M"),
            }
        )
    return found


def months(outlook: Outlook, *ids: str) -> Shown:
    """Return the last and the next twelve months of segments, and errors of the back-test."""
    facts = outlook.months
    ahead = facts.fans[(facts.fans["model"] == fc.SHOWN) & (facts.fans["level"] == 80)]
    ahead = ahead[ahead["unique_id"].isin(ids)]
    past = facts.panel[facts.panel["unique_id"].isin(ids)].sort_values("ds")
    last = past.groupby("unique_id")["y"].apply(lambda y: y.tail(12).sum()).rename("last_usd")
    table = last.to_frame().assign(next_usd=ahead.groupby("unique_id")["mean"].sum())
    table["change_pct"] = 100 * (table["next_usd"] / last.where(last > 0) - 1)
    table = table.join(_errors(facts.errors[facts.errors["unique_id"].isin(ids)]))
    table = table.sort_values("last_usd", ascending=False)
    table.insert(0, "segment", [outlook.names[u.partition(" ")[2]] for u in table.index])
    table["kind"] = label(facts.bases[ids[0]])
    return table.reset_index(drop=True), {"hide": ["kind"]}


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


def _of(outlook: Outlook, number: int) -> pd.DataFrame:
    rows = outlook.years.potential
    return rows[rows["group"] == number]


def _levels(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a potential in dollars and per cent."""
    table = rows[list(LEVELS)].rename(columns=LEVELS).reset_index(drop=True)
    table[["probability_growth_pct", "probability_above_pct"]] *= 100
    return table


def _dates(outlook: Outlook, rows: pd.DataFrame) -> dict[str, str]:
    first, seen = rows.iloc[0], present.seen(rows["cutoff"], outlook.month)
    return {"year": str(first["cutoff"].year), "then": str(first["ds"].year), "seen": seen}


def _items(outlook: Outlook, rows: pd.DataFrame) -> list[str]:
    return [outlook.names.get(i, i) if i else "All together" for i in rows["item"]]


def group(outlook: Outlook, number: int) -> dict[str, Any]:
    """Return basis and years of a group, and the errors of methods that add up."""
    rows = _of(outlook, number)
    basis: Basis = rows["kind"].iloc[0]
    named = {"basis": basis, "label": label(basis), "mixed": basis.mixed}
    return {**_dates(outlook, rows), **named, "mase": outlook.years.compared(number)}


def yearly_groups(outlook: Outlook, country: str) -> list[dict[str, Any]]:
    """Return the groups in which a country has yearly forecasts, with their years."""
    rows = outlook.years.potential
    rows = rows[(rows["partner"] == country) & (rows["group"] >= 0)]
    comparable = outlook.years.cells
    found = []
    for place, (number, own) in enumerate(rows.groupby("group", sort=True)):
        basis: Basis = own["kind"].iloc[0]
        ids = {role: tuple(nodes["unique_id"]) for role, nodes in own.groupby("role")}
        joined = comparable.loc[comparable["unique_id"].isin(ids[totals.CELL]), "basis"] == JOINED
        found.append(
            _dates(outlook, own)
            | {
                "basis": basis,
                "mixed": basis.mixed,
                "trade": trade_of(basis, outlook.country_name(country)),
                "group": number,
                "suffix": f"_{number}" if place else "",
                "joined": bool(joined.any()),
                "ids": tuple(own["unique_id"]),
                "cells": ids[totals.CELL],
                "totals": ids[totals.COUNTRY],
            }
        )
    return found


def potential(outlook: Outlook, country: str, number: int) -> Shown:
    """Return level at the horizon, added demand a year and probabilities of a country's cells."""
    rows = _of(outlook, number)
    rows = rows[(rows["partner"] == country) & rows["role"].isin([totals.CELL, totals.COUNTRY])]
    rows = rows.assign(total=rows["role"] == totals.COUNTRY)
    rows = rows.sort_values(["total", "level_now"], ascending=[False, False])
    cells = outlook.years.cells.drop_duplicates("unique_id").set_index("unique_id")
    basis: Basis = rows["kind"].iloc[0]
    table = _levels(rows)
    table.insert(0, "segment", _items(outlook, rows))
    table.insert(1, "cover_pct", list(rows["unique_id"].map(cells["cover_pct"])))
    table["basis"] = list(rows["unique_id"].map(cells["basis"]))
    hidden = [*BOUNDS, "basis", "kind", *(["cover_pct"] if basis.mixed else [])]
    return table.assign(kind=label(basis)), {"highlight": list(rows["total"]), "hide": hidden}


# Totals -----------------------------------------------------------------------------------------


def grid(outlook: Outlook, number: int) -> Shown:
    """Return forecasts of a group by segment and country, with margins and grand total."""
    rows = _of(outlook, number)
    basis: Basis = rows["kind"].iloc[0]
    wide = rows.assign(partner=rows["partner"].where(rows["partner"] != "", "total"))
    wide = wide.pivot_table(index="item", columns="partner", values="level_then", sort=False)
    wide = pd.concat([wide.loc[[""]], wide.drop("").sort_values("total", ascending=False)])
    places = [c for c in outlook.countries if c in wide]
    columns = {c: f"{c.lower()}_usd" for c in [*places, "total"]}
    table = wide[list(columns)].rename(columns=columns).reset_index()
    table.insert(0, "segment", _items(outlook, table))
    return table.assign(kind=label(basis)), {
        "formats": dict.fromkeys(columns.values(), "usd_m"),
        "headers": {"segment": "Code" if basis.mixed else "Segment"}
        | {columns[c]: outlook.country_name(c) for c in places},
        "hide": ["item", "kind", *(columns[c] for c in places[PRINTED_COUNTRIES:])],
        "highlight": [not item for item in table["item"]],
    }


def margins(outlook: Outlook, number: int) -> Shown:
    """Return the totals of a group: grand, by country and by segment, with their intervals."""
    rows = _of(outlook, number)
    basis: Basis = rows["kind"].iloc[0]
    goods = "codes" if basis.mixed else "segments"
    over = {
        totals.GRAND: f"All countries and {goods}",
        totals.COUNTRY: f"Countries, over {goods}",
        totals.SEGMENT: f"{goods.capitalize()}, over countries",
    }
    rows = rows[rows["role"].isin(over)]
    rows = rows.assign(order=rows["role"].map(list(over).index), over=rows["role"].map(over))
    rows = rows.sort_values(["order", "level_now"], ascending=[True, False])
    names = zip(rows["partner"], _items(outlook, rows), strict=True)
    table, keys = _levels(rows), ["role", "partner", "item"]
    table.insert(0, "over", list(rows["over"]))
    table.insert(1, "segment", [outlook.country_name(c) if c else name for c, name in names])
    table[keys] = rows[keys].to_numpy()
    return table.assign(kind=label(basis)), {
        "group_col": "over",
        "hide": [*BOUNDS, *keys, "kind"],
        "highlight": list(rows["role"] == totals.GRAND),
    }


def excluded(outlook: Outlook, number: int) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return what a grand total does not hold, one row a country and reason; None if nothing."""
    basis: Basis = _of(outlook, number)["kind"].iloc[0]
    omitted = outlook.omitted.dropna(subset="yearly")
    same = omitted["item"].str.isdigit() == basis.mixed  # a code among codes
    without = omitted[same].assign(reason="no yearly forecast", kind="")
    columns = ["partner", "item", "kind", "reason"]
    rows = pd.concat([left_out(outlook.years, number), without[columns]], ignore_index=True)
    if rows.empty:
        return None, {}
    rows["name"] = _items(outlook, rows)
    keys = ["partner", "reason", "kind"]
    joined = rows.groupby(keys, sort=False)["name"].agg([", ".join, "size"]).reset_index()
    joined.columns = pd.Index([*keys, "goods", "series"])
    counted = joined["series"].astype(str) + " series of " + joined["kind"]
    joined["what"] = joined["goods"].where(joined["reason"] != OTHER_KIND, counted)
    joined = joined.sort_values(
        "partner", key=lambda c: c.map(outlook.countries.index), kind="stable"
    )
    joined["country"] = [outlook.country_name(c) for c in joined["partner"]]
    return joined[["country", "reason", "what", "goods"]], {"hide": ["goods"]}


# World ------------------------------------------------------------------------------------------


def world_about(outlook: Outlook) -> dict[str, Any]:
    """Return headings and years of the world's forecasts, or why there are none."""
    world = outlook.world
    found = {"headings": tuple(world.speaking), "series": world.panel["unique_id"].nunique()}
    if world.fans.empty:
        return {**found, "reasons": list(dict.fromkeys(fc.refused(world.fans)["reason"]))}
    return {
        **found,
        **_dates(outlook, world.potential),
        "forecast": tuple(world.potential["unique_id"]),
    }


def world(outlook: Outlook) -> Shown:
    """Return level at the horizon and probabilities of the headings."""
    rows = outlook.world.potential
    table = _levels(rows)
    table.insert(0, "heading", list(rows["unique_id"]))
    table.insert(1, "goods", _goods(outlook, rows["unique_id"]))
    money = dict.fromkeys((c for c in LEVELS.values() if c.endswith("_usd")), "usd_bn")
    formats = money | {"added_per_year_usd": "usd_bn_signed"}
    return table, {"formats": formats, "hide": BOUNDS}


def world_errors(outlook: Outlook) -> pd.DataFrame | None:
    """Return errors of the headings' back-test; None if none can be tested."""
    errors = outlook.world.errors
    if errors.empty:
        return None
    table = _errors(errors).rename_axis("heading").reset_index()
    table.insert(1, "goods", _goods(outlook, table["heading"]))
    return table


def _goods(outlook: Outlook, headings: Iterable[str]) -> list[str]:
    """Goods of headings in few words."""
    found = (outlook.headings[heading] for heading in headings)
    return [heading.short or heading.title for heading in found]


# Shocks, omitted series, sources ----------------------------------------------------------------


def shocks(outlook: Outlook) -> pd.DataFrame:
    """Return declared shocks and how many series lived through them."""
    touched = outlook.all_spans.groupby("shock")["unique_id"].nunique()
    rows = outlook.shocks.drop_duplicates("shock")
    series = rows["shock"].map(touched).fillna(0).astype(int)
    rows = rows.assign(last=rows["last"].fillna("lasting"), series=series)
    return rows[["name", "first", "last", "series", "source"]]


def shock_errors(outlook: Outlook) -> pd.DataFrame | None:
    """Return errors on targets within and without shocks; None if nothing was tested."""
    rows = outlook.shock_errors
    if rows.empty:
        return None
    rows = rows.assign(
        targets=rows["in_shock"].map({True: "within a shock", False: "outside shocks"})
    )
    wide: Any = rows.set_index(["in_shock", "targets", "model", "level"])
    wide = wide[["forecasts", "mase", "coverage_pct"]].unstack(["model", "level"])  # noqa: PD010
    columns = {
        "forecasts": ("forecasts", "combination", 95),
        "mase_combination": ("mase", "combination", 95),
        "mase_naive": ("mase", "naive", 95),
        "held_80_pct": ("coverage_pct", "combination", 80),
        "held_95_pct": ("coverage_pct", "combination", 95),
    }
    table = pd.DataFrame({name: wide[key] for name, key in columns.items()})
    return table.astype({"forecasts": int}).reset_index("targets")


def omitted(outlook: Outlook) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return series without a forecast, with the reason; None if there are none."""
    rows = outlook.omitted
    country = rows["partner"].map(outlook.country_name)
    table = rows.assign(country=country, segment=_items(outlook, rows))
    table = table[["country", "segment", "monthly", "yearly"]]
    return (table if len(table) else None), {"group_col": "country"}


def sources(outlook: Outlook) -> Shown:
    """Return the raw files behind the outlook."""
    columns = ["title", "vintage", "retrieved_at", "licence"]
    return outlook.used[columns].astype("str"), {"hide": ["retrieved_at"]}


def citations(outlook: Outlook) -> list[str]:
    """Return the citation of every source that was read."""
    return list(outlook.used["citation"].unique())

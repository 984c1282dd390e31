"""Values that the sentences of an outlook state."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Hashable
from typing import Any

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast import choice, combination, drivers, intervals, present
from marketintel.documents import prose
from marketintel.documents.frames import each, one
from marketintel.documents.outlook.facts import Outlook, totals
from marketintel.documents.outlook.facts.months import MODELS
from marketintel.documents.outlook.wording import label, publisher, trade_of, trade_of_all
from marketintel.warehouse.basis import Basis, by_basis

PACKAGES = ("marketintel", "numpy", "pandas", "scipy", "statsmodels")


def bases(outlook: Outlook) -> list[dict[str, Any]]:
    """Return every basis with its countries and frequencies, the best first."""
    months, nodes = outlook.months, outlook.years.nodes
    ahead = set(months.fans["unique_id"])
    found = []
    for basis in outlook.bases:
        monthly = [u for u, own in months.bases.items() if own == basis]
        yearly = set(nodes.loc[nodes["kind"] == basis, "partner"])
        places = yearly | {u[:3] for u in monthly}
        by = ["month"] * (not ahead.isdisjoint(monthly)) + ["year"] * bool(yearly)
        trade = _trade(outlook, basis, places)
        found.append({"kind": basis.kind, "trade": trade, "by": by} | _named(basis))
    return found


def _named(basis: Basis) -> dict[str, Any]:
    return {"basis": basis, "label": label(basis), "mixed": basis.mixed}


def _trade(outlook: Outlook, basis: Basis, places: set[str]) -> str:
    names = [prose.the(outlook.country_name(c)) for c in outlook.countries if c in places]
    return trade_of_all(basis, prose.listing(names))


# Levels -----------------------------------------------------------------------------------------


def grand_groups(outlook: Outlook) -> list[int]:
    """Return the groups of more than one country: those with a grand total."""
    nodes = outlook.years.nodes
    return sorted(nodes.loc[nodes["role"] == totals.GRAND, "group"])


def grand_total(outlook: Outlook, group: int) -> dict[str, Any]:
    """Return the grand total of a group now and at the horizon."""
    rows = outlook.years.potential
    return _level(outlook, rows[(rows["group"] == group) & (rows["role"] == totals.GRAND)].iloc[0])


def country_totals(outlook: Outlook, country: str) -> list[dict[str, Any]]:
    """Return the totals of a country now and at the horizon, one a basis."""
    rows = outlook.years.potential
    rows = rows[(rows["partner"] == country) & (rows["role"] == totals.COUNTRY)]
    return [_level(outlook, row) for _, row in rows.sort_values("group").iterrows()]


def _level(outlook: Outlook, row: pd.Series) -> dict[str, Any]:
    adds, nodes, basis = outlook.years.structure, outlook.years.nodes, row["kind"]
    parts = adds.loc[adds["aggregate"] == row["unique_id"], "part"]
    cells = nodes[nodes["unique_id"].isin(parts)]
    return {
        **row,
        "trade": _trade(outlook, basis, set(cells["partner"])),
        "publisher": publisher(basis),
        "mixed": basis.mixed,
        "series": cells["item"].nunique(),
        "year": row["cutoff"].year,
        "then": row["ds"].year,
        "not_known": present.not_known(row["cutoff"], outlook.month),
        "growth_pct": 100 * row["probability_growth"],
        "above_pct": 100 * row["probability_above_threshold"],
    }


def yearly_gap(outlook: Outlook, country: str) -> str:
    """Return the commonest reason why a country has no yearly forecast; empty without any."""
    omitted = outlook.omitted
    reasons = omitted.loc[omitted["partner"] == country, "yearly"].dropna()
    return str(reasons.mode().iloc[0]) if len(reasons) else ""


def likeliest(outlook: Outlook) -> dict[str, Any] | None:
    """Return the cells most and least likely to grow, of those that reach their newest year."""
    cells = outlook.years.potential
    cells = cells[cells["role"] == totals.CELL]
    cells = cells[cells["cutoff"] == cells.groupby("kind")["cutoff"].transform("max")]
    if cells.empty:
        return None
    cells = cells.assign(pct=100 * cells["probability_growth"])
    first, last = cells.nlargest(1, "pct").iloc[0], cells.nsmallest(1, "pct").iloc[0]
    return {
        "first": _goods_and_trade(outlook, first["unique_id"]), "first_pct": first["pct"],
        "last": _goods_and_trade(outlook, last["unique_id"]), "last_pct": last["pct"],
        "year": first["cutoff"].year, "then": first["ds"].year,
        "series": len(cells), "sure": int((cells["probability_growth"] >= 0.8).sum()),
    }  # fmt: skip


# Errors -----------------------------------------------------------------------------------------


def frequency_tested(outlook: Outlook) -> str:
    """Return "monthly" if more series are tested by month than by year, else "yearly"."""
    months, years = (part.scored["unique_id"].nunique() for part in (outlook.months, outlook.years))
    return "monthly" if months >= max(years, 1) else "yearly"


def cards(outlook: Outlook) -> list[tuple[str, str, str]]:
    """Return the key figures."""
    series = f"{len(outlook.years.ids(totals.CELL))} series"
    figures = [
        (
            "Forecast",
            series,
            f"{outlook.YEARS} years after {outlook.month}, with their probabilities",
        )
    ]
    frequency = frequency_tested(outlook)
    found = record(outlook, frequency)
    if mase := found.get("mase"):
        by = frequency.removesuffix("ly")
        beside = f"naive {mase['naive']:.2f}, drift {mase['drift']:.2f}"
        figures.append((f"Error by {by} (MASE)", f"{mase['combination']:.2f}", beside))
    if held := found["held"]:
        narrow, wide = (prose.percent(held[level], 0) for level in (80, 95))
        figures.append(("Held by 95 % intervals", wide, f"by 80 % intervals {narrow}"))
    return figures


def record(outlook: Outlook, frequency: str, basis: Basis | None = None) -> dict[str, Any]:
    """Return errors against naive and drift, of one basis if given.

    ``held`` is None where no series is tested; ``mase`` is missing where none has a scale.
    """
    errors = (outlook.months if frequency == "monthly" else outlook.years).scored
    if basis is not None:
        nodes = outlook.years.nodes
        errors = errors[errors["unique_id"].isin(nodes.loc[nodes["kind"] == basis, "unique_id"])]
    found: dict[str, Any] = {"held": _held(errors)}
    rows = errors[errors["level"] == 95].dropna(subset="mase")
    if len(rows):
        mase = rows.groupby("model")["mase"].mean()
        wide = rows.pivot_table(index="unique_id", columns="model", values="mase")
        better = wide["combination"] < wide[["naive", "drift"]].min(axis=1)
        found |= {"mase": mase.to_dict(), "best": str(mase.idxmin()), "series": len(wide),
                  "better": int(better.sum()), "naive": len(fc.better_naive(rows))}  # fmt: skip
    return found


def held(outlook: Outlook, frequency: str, *ids: str) -> dict[Hashable, float] | None:
    """Return the per cent of outcomes held by the intervals of series; None if untested."""
    errors = outlook.part(frequency).errors
    return _held(errors[errors["unique_id"].isin(ids)])


def _held(errors: pd.DataFrame) -> dict[Hashable, float] | None:
    if errors.empty:
        return None
    return fc.shown(errors, errors).groupby("level")["coverage_pct"].mean().to_dict()


def country_errors(outlook: Outlook) -> list[dict[str, Any]]:
    """Return the monthly MASE of each model by country, where there is one."""
    table = outlook.months.errors_by_country
    table = table[(table["level"] == 95) & table["mase"].notna()]
    found = []
    for country in outlook.countries:
        rows = table[table["country"] == country].set_index("model")
        if len(rows):
            mase = {m: float(rows["mase"][m]) for m in MODELS}
            best = min(MODELS, key=mase.__getitem__)
            found.append(
                {"country": country, "mase": mase, "series": rows["series"].max(), "best": best}
            )
    return found


# Explanations -----------------------------------------------------------------------------------


def explanation(outlook: Outlook, unique_id: str) -> dict[str, Any]:
    """Return the members that carried a yearly forecast, its last errors, and its sensitivities."""
    years = outlook.years
    weights = years.weights[years.weights["unique_id"] == unique_id]
    naive = unique_id in fc.better_naive(years.errors)
    ends = dict(zip(weights["model"], weights["mean_end"], strict=True))
    low, high = min(ends, key=ends.__getitem__), max(ends, key=ends.__getitem__)
    elasticity = choice.default(outlook.drivers.fitting(years.bases[unique_id]), "gdp")
    errors = years.last_errors.dropna(subset="error_pct").sort_values("cutoff")
    model = "naive" if naive else "combination"
    errors = errors[(errors["unique_id"] == unique_id) & (errors["model"] == model)]
    return {
        "series": _goods_and_trade(outlook, unique_id),
        "naive": naive,
        "members": _members(weights),
        "errors": [(row.ds.year, row.error_pct) for row in each(errors)],
        "low": low, "low_usd": max(ends[low], 0.0), "high": high, "high_usd": ends[high],
        "year": one(years.potential, "unique_id", unique_id)["ds"].year,
        "elasticity": elasticity if elasticity and elasticity.value else None,
        "per_point_pct": 100 * (1.01 ** (outlook.YEARS * elasticity.value) - 1) if elasticity else None,
    }  # fmt: skip


def _members(weights: pd.DataFrame) -> list[tuple[str, float]]:
    """The two members that carry most of a forecast, with their share in per cent."""
    top = weights[weights["weight_pct"] > 0].nlargest(2, "weight_pct")
    return list(zip(top["model"], top["weight_pct"], strict=True))


def world_members(outlook: Outlook) -> list[tuple[str, list[tuple[str, float]]]]:
    """Return the members that carry the forecast of each heading."""
    weights = outlook.world.weights
    headings = outlook.world.potential["unique_id"]
    return [(heading, _members(weights[weights["unique_id"] == heading])) for heading in headings]


def _goods_and_trade(outlook: Outlook, unique_id: str) -> tuple[str, str]:
    """Goods of a yearly series as within a sentence, and its trade."""
    node = outlook.years.node(unique_id)
    goods = "all mixed codes" if node["kind"].mixed else "all comparable segments"
    if node["item"]:
        goods = outlook.names[node["item"]]
    if not goods[1:2].isupper():
        goods = goods[:1].lower() + goods[1:]
    return goods, trade_of(node["kind"], outlook.country_name(node["partner"]))


def duty(outlook: Outlook) -> dict[str, Any]:
    """Return the elasticities to duties by key, and the default if it passes its tests."""
    found = outlook.drivers.elasticities
    default = choice.default(found, "duty")
    passed = default if default and choice.passes(default) else None
    return {"by_key": {e.key: e for e in found}, "default": default, "passed": passed}


def common_shocks(outlook: Outlook) -> list[dict[Hashable, Any]]:
    """Return the periods in which most series moved unusually at once."""
    rows = outlook.detected
    years, shares = [day.year for day in rows["ds"]], 100 * rows["share"].astype(float)
    return rows.assign(year=years, share_pct=shares).to_dict("records")


# Model card -------------------------------------------------------------------------------------


def method(outlook: Outlook) -> dict[str, Any]:
    """Return names, weights and versions of the models, and the series that they suit badly."""
    months, years, world = outlook.months, outlook.years, outlook.world
    made = {
        "months": (months.fans, months.cut),
        "years": (years.fans, years.panel),
        "world": (world.fans, world.panel),
    }
    errors = {"months": months.scored, "years": years.scored, "world": world.errors}
    return {
        "name": combination.NAME,
        "yearly": [f"{100 * v:.0f} % `{m}`" for m, v in combination.WEIGHTS.items()],
        "monthly": combination.MEMBERS["M"],
        "naive": [series_name(outlook, part, u)
                  for part, rows in errors.items() for u in sorted(fc.better_naive(rows))],
        "driven": [series_name(outlook, "world", u)
                   for u, model in sorted(fc.chosen(world.errors).items()) if model == drivers.NAME],
        "wide": [f"{series_name(outlook, part, row.unique_id)} ({row.reason})"
                 for part, (fans, panel) in made.items()
                 for row in each(fc.unreliable(fans[fans["model"] == fc.SHOWN], panel))],
        "versions": [f"{p} {importlib.metadata.version(p)}" for p in PACKAGES],
        "vintage": intervals.vintage(),
    }  # fmt: skip


def series_name(outlook: Outlook, part: str, unique_id: str) -> str:
    """Return goods and trade of a series of ``months``, ``years`` or ``world``."""
    if part == "world":
        heading = outlook.headings[unique_id]
        return f"World exports of heading {unique_id} ({heading.short or heading.title})"
    if part == "months":
        place, _, segment = unique_id.partition(" ")
        trade = trade_of(outlook.months.bases[unique_id], outlook.country_name(place))
        return f"{outlook.names[segment]}, {trade}, by month"
    node = outlook.years.node(unique_id)
    places = outlook.country_name(node["partner"]) if node["partner"] else "all countries"
    every = "All mixed codes" if node["kind"].mixed else "All comparable segments"
    goods = outlook.names[node["item"]] if node["item"] else every
    return f"{goods}, {trade_of(node['kind'], places)}, by year"


def monthly_series(outlook: Outlook) -> dict[str, Any]:
    """Return how many monthly series there are and are forecast or cut, and where they end."""
    months = outlook.months
    ends = months.panel.groupby("partner")["ds"].max()
    return {
        "series": months.panel["unique_id"].nunique(),
        "forecast": months.fans["unique_id"].nunique(),
        "cut": months.breaks_within["unique_id"].nunique(),
        "ends": {c: present.label(ends[c], "M") for c in outlook.countries if c in ends},
        "ids": tuple(months.bases),
    }


def yearly_series(outlook: Outlook) -> list[dict[str, Any]]:
    """Return the yearly cells of each basis with their first and last year."""
    years = outlook.years
    found = []
    for basis, nodes in by_basis(years.nodes):
        cells = nodes.loc[nodes["role"] == totals.CELL, "unique_id"]
        days = years.panel.loc[years.panel["unique_id"].isin(cells), "ds"].dt.year
        spans = {"series": len(cells), "first": days.min(), "last": days.max()}
        found.append({"ids": tuple(nodes["unique_id"])} | spans | _named(basis))
    return found

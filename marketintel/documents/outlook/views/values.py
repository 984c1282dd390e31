"""Values that the sentences of an outlook state."""

from __future__ import annotations

import importlib.metadata
from typing import Any

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast import choice, combination, intervals, present
from marketintel.documents import prose
from marketintel.documents.frames import each, one
from marketintel.documents.outlook.facts import Outlook, totals
from marketintel.documents.outlook.facts.months import MODELS
from marketintel.documents.outlook.facts.years import YEARS
from marketintel.documents.outlook.wording import label, publisher, trade_of, trade_of_all
from marketintel.warehouse.basis import Basis, by_basis

PACKAGES = ("numpy", "pandas", "scipy", "statsmodels")


def bases(outlook: Outlook) -> list[dict[str, Any]]:
    """Return every basis with its countries and frequencies, the best first."""
    months, nodes = outlook.months, outlook.years.nodes
    ahead = set(months.fans["unique_id"])
    found = []
    for basis in outlook.bases:
        monthly = [u for u, own in months.bases.items() if own == basis]
        yearly = nodes[nodes["kind"] == basis]
        places = {u.partition(" ")[0] for u in monthly} | set(yearly["partner"])
        by = {"month": not ahead.isdisjoint(monthly), "year": len(yearly) > 0}
        found.append(
            {
                "kind": basis.kind,
                "mixed": basis.mixed,
                "label": label(basis),
                "trade": _trade(outlook, basis, places),
                "by": [word for word, there in by.items() if there],
            }
        )
    return found


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
    adds, nodes = outlook.years.structure, outlook.years.nodes
    parts = adds.loc[adds["aggregate"] == row["unique_id"], "part"]
    places = set(nodes.loc[nodes["unique_id"].isin(parts), "partner"])
    return {
        **row,
        "trade": _trade(outlook, row["kind"], places),
        "publisher": publisher(row["kind"]),
        "mixed": row["kind"].mixed,
        "series": len({str(part).partition(" ")[2] for part in parts}),
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
    first = cells.nlargest(1, "probability_growth").iloc[0]
    last = cells.nsmallest(1, "probability_growth").iloc[0]
    return {
        "first": _goods_and_trade(outlook, first["unique_id"]),
        "first_pct": 100 * first["probability_growth"],
        "last": _goods_and_trade(outlook, last["unique_id"]),
        "last_pct": 100 * last["probability_growth"],
        "year": first["cutoff"].year,
        "then": first["ds"].year,
        "series": len(cells),
        "sure": int((cells["probability_growth"] >= 0.8).sum()),
    }


# Errors -----------------------------------------------------------------------------------------


def frequency_tested(outlook: Outlook) -> str:
    """Return "monthly" if more series are tested by month than by year, else "yearly"."""
    by_month = _series(outlook.months.scored) >= max(_series(outlook.years.cell_errors), 1)
    return "monthly" if by_month else "yearly"


def _series(errors: pd.DataFrame) -> int:
    return errors["unique_id"].nunique() if len(errors) else 0


def cards(outlook: Outlook) -> list[tuple[str, str, str]]:
    """Return the key figures."""
    figures = [
        ("Forecast", f"{len(outlook.years.ids(totals.CELL))} series",
         f"{YEARS} years after {outlook.month}, with their probabilities"),
    ]  # fmt: skip
    frequency = frequency_tested(outlook)
    errors = _errors(outlook, frequency)
    if held := _held(errors):
        by = frequency.removesuffix("ly")
        mase = errors[errors["level"] == 95].groupby("model")["mase"].mean()
        if mase.notna().all():
            beside = f"naive {mase['naive']:.2f}, drift {mase['drift']:.2f}"
            figures.append((f"Error by {by} (MASE)", f"{mase['combination']:.2f}", beside))
        figures.append(
            ("Held by 95 % intervals", prose.percent(held[95], 0),
             f"by 80 % intervals {prose.percent(held[80], 0)}")
        )  # fmt: skip
    return figures


def record(outlook: Outlook, frequency: str, basis: Basis | None = None) -> dict[str, Any]:
    """Return errors against naive and drift, of one basis if given.

    ``held`` is None where no series is tested; ``mase`` is missing where none has a scale.
    """
    errors = _errors(outlook, frequency)
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


def held(outlook: Outlook, frequency: str, *ids: str) -> dict[int, float] | None:
    """Return the per cent of outcomes held by the intervals of some series; None if untested."""
    errors = {"monthly": outlook.months, "yearly": outlook.years, "world": outlook.world}
    rows = errors[frequency].errors
    return _held(rows[rows["unique_id"].isin(ids)] if ids else rows)


def _errors(outlook: Outlook, frequency: str) -> pd.DataFrame:
    return outlook.months.scored if frequency == "monthly" else outlook.years.cell_errors


def _held(errors: pd.DataFrame) -> dict[int, float] | None:
    rows = fc.shown(errors, errors) if len(errors) else errors
    return rows.groupby("level")["coverage_pct"].mean().to_dict() if len(rows) else None


def country_errors(outlook: Outlook) -> list[dict[str, Any]]:
    """Return the monthly MASE of each model by country, where there is one."""
    table = outlook.months.errors_by_country
    table = table[(table["level"] == 95) & table["mase"].notna()]
    found = []
    for country in outlook.countries:
        rows = table[table["country"] == country]
        if len(rows):
            mase = dict(zip(rows["model"], rows["mase"], strict=True))
            found.append(
                {"country": country, "mase": {m: mase[m] for m in MODELS},
                 "series": rows["series"].max(), "best": min(MODELS, key=mase.__getitem__)}
            )  # fmt: skip
    return found


# Explanations -----------------------------------------------------------------------------------


def explanation(outlook: Outlook, unique_id: str) -> dict[str, Any]:
    """Return what carried a yearly forecast, its last errors, and what would change it."""
    years = outlook.years
    weights = years.weights[years.weights["unique_id"] == unique_id]
    naive = unique_id in fc.better_naive(years.errors)
    ends = dict(zip(weights["model"], weights["mean_end"], strict=True))
    low, high = min(ends, key=ends.__getitem__), max(ends, key=ends.__getitem__)
    elasticity = choice.default(outlook.drivers.fitting(years.basis(unique_id)), "gdp")
    return {
        "series": _goods_and_trade(outlook, unique_id),
        "naive": naive,
        "members": members(weights),
        "errors": _last_errors(years.last_errors, unique_id, "naive" if naive else "combination"),
        "low": low,
        "high": high,
        "low_usd": max(ends[low], 0.0),
        "high_usd": ends[high],
        "year": one(years.potential, "unique_id", unique_id)["ds"].year,
        "elasticity": elasticity if elasticity and elasticity.value else None,
        "per_point_pct": 100 * (1.01 ** (YEARS * elasticity.value) - 1) if elasticity else None,
    }


def members(weights: pd.DataFrame) -> list[tuple[str, float]]:
    """Return the two members that carry most of a forecast, with their share in per cent."""
    top = weights[weights["weight_pct"] > 0].nlargest(2, "weight_pct")
    return list(zip(top["model"], top["weight_pct"], strict=True))


def world_members(outlook: Outlook) -> list[tuple[str, list[tuple[str, float]]]]:
    """Return the members that carry the forecast of each heading."""
    world = outlook.world
    return [
        (heading, members(world.weights[world.weights["unique_id"] == heading]))
        for heading in world.potential["unique_id"]
    ]


def _last_errors(errors: pd.DataFrame, unique_id: str, model: str) -> list[tuple[int, float]]:
    rows = errors[(errors["unique_id"] == unique_id) & (errors["model"] == model)]
    rows = rows.dropna(subset="error_pct").sort_values("cutoff")
    return [(row.ds.year, row.error_pct) for row in each(rows)]


def _goods_and_trade(outlook: Outlook, unique_id: str) -> tuple[str, str]:
    """Goods of a yearly series as within a sentence (empty for a total), and its trade."""
    node = outlook.years.node(unique_id)
    goods = outlook.names[node["item"]] if node["item"] else ""
    if not goods[1:2].isupper():
        goods = goods[:1].lower() + goods[1:]
    if not goods:
        goods = "all mixed codes" if node["kind"].mixed else "all comparable segments"
    return goods, trade_of(node["kind"], outlook.country_name(node["partner"]))


def duty(outlook: Outlook) -> dict[str, Any]:
    """Return the elasticities to duties by key, and the default if it passes its tests."""
    found = outlook.drivers.elasticities
    chosen = choice.default(found, "duty")
    passed = chosen if chosen and choice.passes(chosen) else None
    return {"by_key": {e.key: e for e in found}, "default": chosen, "passed": passed}


def common_shocks(outlook: Outlook) -> list[dict[str, Any]]:
    """Return the periods in which most series moved unusually at once."""
    rows = outlook.detected
    return rows.assign(
        year=[day.year for day in rows["ds"]], share_pct=100 * rows["share"].astype(float)
    ).to_dict("records")  # type: ignore[return-value]


# Model card -------------------------------------------------------------------------------------


def method(outlook: Outlook) -> dict[str, Any]:
    """Return names, weights and versions of what forecasts, and the series that it suits badly."""
    months, years, world = outlook.months, outlook.years, outlook.world
    made = ((months.fans, months.cut), (years.fans, years.panel), (world.made, world.panel))
    wide = pd.concat([fc.unreliable(frame[frame["model"] == fc.SHOWN], p) for frame, p in made])
    errors = {"months": months.scored, "years": years.cell_errors, "world": world.errors}
    return {
        "name": combination.NAME,
        "yearly": [f"{100 * v:.0f} % `{m}`" for m, v in combination.WEIGHTS.items()],
        "monthly": combination.MEMBERS["M"],
        "naive": [f"{u} ({of})" for of, rows in errors.items() for u in sorted(fc.better_naive(rows))],
        "wide": [f"{row.unique_id} ({row.reason})" for row in each(wide)],
        "versions": [f"{p} {importlib.metadata.version(p)}" for p in ("marketintel", *PACKAGES)],
        "vintage": intervals.vintage(),
    }  # fmt: skip


def monthly_series(outlook: Outlook) -> dict[str, Any]:
    """Return how many monthly series there are and are forecast or cut, and where they end."""
    months = outlook.months
    last = months.panel.groupby("unique_id")["ds"].max().rename("last").reset_index()
    happened = months.breaks.merge(last)
    ends = {country: months.last(country) for country in outlook.countries}
    return {
        "series": months.panel["unique_id"].nunique(),
        "forecast": months.fans["unique_id"].nunique(),
        "cut": happened.loc[happened["ds"] <= happened["last"], "unique_id"].nunique(),
        "ends": {country: end for country, end in ends.items() if end},
        "ids": tuple(months.bases),
    }


def world_headings(outlook: Outlook) -> int:
    """Return the number of headings with world exports."""
    return int(outlook.world.panel["unique_id"].nunique())


def yearly_series(outlook: Outlook) -> list[dict[str, Any]]:
    """Return the yearly cells of each basis with their first and last year."""
    years = outlook.years
    found = []
    for basis, nodes in by_basis(years.nodes):
        cells = nodes.loc[nodes["role"] == totals.CELL, "unique_id"]
        days = years.panel.loc[years.panel["unique_id"].isin(cells), "ds"]
        found.append(
            {"basis": basis, "label": label(basis), "mixed": basis.mixed, "series": len(cells),
             "first": days.min().year, "last": days.max().year, "ids": tuple(nodes["unique_id"])}
        )  # fmt: skip
    return found

"""Tables of elasticities and scenarios."""

from __future__ import annotations

from typing import Any

import pandas as pd

from marketintel.analysis.forecast import choice
from marketintel.analysis.forecast import elasticities as el
from marketintel.documents import prose
from marketintel.documents.outlook.facts import Outlook

#: Order in which elasticities are shown.
DRIVERS = ("duty", "gdp", "exchange_rate")

Shown = tuple[pd.DataFrame | None, dict[str, Any]]


def elasticities(outlook: Outlook) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return every estimate with its standard error, method and weaknesses."""
    known = outlook.drivers.elasticities
    found = [e for driver in DRIVERS for e in choice.in_order(known, driver)]
    default = [e is choice.default(known, e.driver) for e in found]
    table = el.table(found)
    table["label"] = _marked(table["label"], default, [e.is_significant for e in found])
    shown = ["label", "value", "std_error", "lo_95", "hi_95", "weaknesses"]
    columns = ["label", "key", "value", "std_error", "lo_95", "hi_95", "n_obs", "n_clusters",
               "clusters", "method", "sample", "source", "weaknesses"]  # fmt: skip
    return table[columns], {"hide": [c for c in columns if c not in shown]}


def low_high(outlook: Outlook) -> Shown:
    """Return each country's total under low and high income; None if there is none."""
    rows = outlook.drivers.low_high
    if rows.empty:
        return None, {}
    places = [outlook.country_name(u) for u in rows["unique_id"]]
    what = [f"{p}, {y}" for p, y in zip(places, rows["ds"].dt.year, strict=True)]
    points = rows["assumption"].str.extract(r"([+-][\d.]+) points? a year")[0]
    old = rows["warning"].where(rows["warning"] == "", " (" + rows["warning"] + ")")
    growth = points.str.replace("-", prose.MINUS) + " a year" + old
    return _scenarios(rows.assign(what=what, growth=growth), ["growth"], ["warning"])


def scenarios(outlook: Outlook) -> Shown:
    """Return the scenarios that were asked for; None if there is none."""
    rows = outlook.drivers.scenarios
    if rows.empty:
        return None, {}
    parts = zip(rows["assumption"], rows["baseline_what"], rows["ds"].dt.year, strict=True)
    what = [f"{assumption} → {on} ({year})" for assumption, on, year in parts]
    return _scenarios(rows.assign(what=what), [], [])


def _scenarios(rows: pd.DataFrame, more: list[str], hidden: list[str]) -> Shown:
    rows = rows.assign(
        label=_marked(rows["label"], list(rows["is_default"]), list(rows["is_significant"])),
        baseline_usd=rows["baseline"],
        scenario_usd=rows["scenario"],
        lo_95_usd=rows["lo_95"],
        hi_95_usd=rows["hi_95"],
    )
    labels = rows.groupby("source", sort=False)["label"].agg(
        lambda label: "; ".join(label.unique())
    )
    columns = ["what", *more, "label", "baseline_usd", "scenario_usd", "lo_95_usd", "hi_95_usd",
               "change_pct", "elasticity", "std_error"]  # fmt: skip
    hidden = ["assumption", "estimate", "rate_pct", "source", *hidden]
    return rows[[*columns, *hidden]], {
        "group_col": "what",
        "hide": hidden,
        "source": " ".join(f"{which}: {source}." for source, which in labels.items()),
    }


def _marked(labels: pd.Series, default: list[bool], directed: list[bool]) -> list[str]:
    """Labels with an asterisk after the default and a dagger where the sign is not certain."""
    rows = zip(labels, default, directed, strict=True)
    return [label + ("*" if first else "") + ("" if sure else "†") for label, first, sure in rows]

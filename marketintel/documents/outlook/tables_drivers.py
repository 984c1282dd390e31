"""The outlook's tables of elasticities and scenarios."""

from __future__ import annotations

import pandas as pd

from marketintel.analysis.forecast import choice
from marketintel.analysis.forecast import elasticities as el
from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import Table
from marketintel.documents.outlook.facts import Outlook
from marketintel.documents.outlook.years import YEARS


def elasticities(outlook: Outlook) -> Table:
    """Every estimate with its standard error, method and weaknesses."""
    known = outlook.elasticities
    found = [e for driver in DRIVERS for e in choice.in_order(known, driver)]
    table = el.table(found)
    first = [e is choice.default(known, e.driver) for e in found]
    told = [e.tells_direction for e in found]
    table["label"] = _marked(table["label"], first, told)
    columns = [
        "label",
        "key",
        "value",
        "std_error",
        "lo_95",
        "hi_95",
        "n_obs",
        "n_clusters",
        "clusters",
    ]
    return Table(
        table[[*columns, "method", "sample", "source", "weaknesses"]],
        name="elasticities",
        caption="Elasticities: per cent of trade for one per cent of the driver",
        formats={
            **dict.fromkeys(["value", "std_error", "lo_95", "hi_95"], "ratio2"),
            "n_obs": "int",
            "n_clusters": "int",
        },
        headers={
            "label": "Estimate",
            "value": "Value",
            "std_error": "Std error",
            "lo_95": "95 % from",
            "hi_95": "to",
            "weaknesses": "What it cannot know",
        },
        hide=["key", "n_obs", "n_clusters", "clusters", "method", "sample", "source"],
        note=(
            f"{MARKS} The driver of a duty is one plus its rate. Method, sample, source, rows and clusters of each are "
            "in the tables."
        ),
    )


def low_high(outlook: Outlook) -> Table:
    """Each country's total under low and high income."""
    rows = outlook.low_high
    places = [outlook.country_name(u) for u in rows["unique_id"]]
    what = [f"{p}, {y}" for p, y in zip(places, rows["ds"].dt.year, strict=True)]
    said = rows["assumption"].str.extract(r"([+-][\d.]+) points? a year")[0]
    old = rows["warning"].where(rows["warning"] == "", " (" + rows["warning"] + ")")
    growth = said.str.replace("-", w.MINUS) + " a year" + old
    return _scenario_table(
        rows.assign(what=what, growth=growth),
        "low_high",
        f"Low and high: the forecast of each total, {YEARS} years after {outlook.month}, under other growth of GDP",
        "The baseline is the forecast. Low and high assume a point less and a point more of GDP growth every year; a third "
        "line takes growth as the IMF projects it, less that of the ten years before.",
    )


def scenarios(outlook: Outlook) -> Table:
    """The user's scenarios."""
    rows = outlook.scenarios
    said = zip(rows["assumption"], rows["baseline_what"], rows["ds"].dt.year, strict=True)
    what = [f"{assumption} → {on} ({year})" for assumption, on, year in said]
    return _scenario_table(
        rows.assign(what=what),
        "scenarios",
        "Scenarios under each estimate of the elasticity",
        "Duties come on top of the rate calculated in the last year (rate_pct in the tables). Front-loading of 2025 "
        "is in that baseline.",
    )


DRIVERS = ("duty", "gdp", "exchange_rate")
"""The order in which elasticities are shown."""

MARKS = "* the default, by the rule in the documentation; † not told apart from zero."
"""What :func:`_marked` puts after a label."""


def _marked(labels: pd.Series, default: list[bool], told: list[bool]) -> list[str]:
    rows = zip(labels, default, told, strict=True)
    return [label + ("*" if first else "") + ("" if sure else "†") for label, first, sure in rows]


def _scenario_table(rows: pd.DataFrame, name: str, caption: str, note: str) -> Table:
    rows = rows.assign(
        label=_marked(rows["label"], list(rows["is_default"]), list(rows["tells_direction"])),
        baseline_usd=rows["baseline"],
        scenario_usd=rows["scenario"],
        lo_95_usd=rows["lo_95"],
        hi_95_usd=rows["hi_95"],
    )
    sources = rows.groupby("source", sort=False)["label"].agg(lambda told: "; ".join(told.unique()))
    money = ["baseline_usd", "scenario_usd", "lo_95_usd", "hi_95_usd"]
    columns = ["what", *(["growth"] if "growth" in rows else []), "label", *money]
    columns += ["change_pct", "elasticity", "std_error"]
    hidden = [
        "assumption",
        "estimate",
        "rate_pct",
        "source",
        *(["warning"] if "warning" in rows else []),
    ]
    headers = {
        "growth": "GDP, points",
        "label": "Estimate",
        "baseline_usd": "Baseline",
        "scenario_usd": "Scenario",
        "lo_95_usd": "95 % from",
        "hi_95_usd": "to",
        "change_pct": "Change",
        "elasticity": "Elasticity",
        "std_error": "Std error",
    }
    return Table(
        rows[[*columns, *hidden]],
        name=name,
        caption=caption,
        formats={
            **dict.fromkeys(money, "usd_m"),
            "change_pct": "pct_signed",
            "elasticity": "ratio2",
            "std_error": "ratio2",
        },
        headers={c: h for c, h in headers.items() if c in rows},
        group_col="what",
        hide=hidden,
        note=f"{MARKS} {note} 95 %: from the standard error of the elasticity alone: low and high.",
        source=" ".join(f"{which}: {source}." for source, which in sources.items()),
    )

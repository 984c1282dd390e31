"""The tables of the outlook."""

from __future__ import annotations

import pandas as pd

from marketintel.analysis.forecast import choice
from marketintel.analysis.forecast import elasticities as el
from marketintel.report.blocks import Table
from marketintel.report.market_study import words as w
from marketintel.report.outlook.facts import MODELS, MONTHS, ORIGINS, YEARS, Outlook


def months(outlook: Outlook, code: str, name: str) -> Table:
    """The next twelve months of each segment, and how wrong such forecasts were."""
    fans = outlook.fans[outlook.fans["unique_id"].str.startswith(f"{code} ")]
    ahead = fans[(fans["model"] == "combination") & (fans["level"] == 80)]
    table = ahead.groupby("unique_id")["mean"].sum().rename("next_usd").to_frame()
    past = outlook.monthly[outlook.monthly["unique_id"].isin(table.index)].sort_values("ds")
    table.insert(0, "last_usd", past.groupby("unique_id")["y"].apply(lambda y: y.tail(12).sum()))
    change = table["next_usd"] / table["last_usd"].where(table["last_usd"] > 0)
    table["change_pct"] = 100 * (change - 1)
    errors = outlook.errors[outlook.errors["unique_id"].isin(table.index)]
    mase = errors[errors["level"] == 95].pivot_table(
        index="unique_id", columns="model", values="mase"
    )
    for model in MODELS:
        table[f"mase_{model}"] = mase[model].reindex(table.index) if model in mase else float("nan")
    held = errors[errors["model"] == "combination"].pivot_table(
        index="unique_id", columns="level", values="coverage_pct"
    )
    for level in (80, 95):
        values = held[level].reindex(table.index) if level in held else float("nan")
        table[f"held_{level}_pct"] = values
    table = table.sort_values("last_usd", ascending=False).reset_index()
    table.insert(0, "segment", _segments(outlook, table.pop("unique_id")))
    return Table(
        table,
        name=f"months_{code.lower()}",
        caption=f"US exports to {w.the(name)}: last and next {MONTHS} months, and errors of the back-test",
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
            "last_usd": f"To {outlook.last_month(code)}",
            "next_usd": f"Next {MONTHS} months",
            "change_pct": "Change",
            "mase_combination": "MASE",
            "mase_naive": "naive",
            "mase_drift": "drift",
            "held_80_pct": "In 80 %",
            "held_95_pct": "In 95 %",
        },
        missing="too short to test",
        note=(
            f"Whole segments (core codes) after their last break. MASE: mean error over {ORIGINS} origins, in units of "
            "the usual change on a year before; below 1 is better than that. In 80 %, in 95 %: share of outcomes "
            "inside the interval. Sums of twelve forecasts have no interval of their own."
        ),
        source=outlook.source_line,
    )


def potential(outlook: Outlook, code: str, name: str) -> Table:
    """Level in five years, added demand a year, two probabilities."""
    rows = outlook.potential
    rows = rows[(rows["unique_id"] == code) | rows["unique_id"].str.startswith(f"{code} ")]
    cover = outlook.annual.drop_duplicates("unique_id").set_index("unique_id")["cover_pct"]
    is_total = rows["unique_id"] == code
    year, then = rows["cutoff"].iloc[0].year, rows["ds"].iloc[0].year
    table = pd.DataFrame(
        {
            "segment": _segments(outlook, rows["unique_id"]),
            "cover_pct": rows["unique_id"].map(cover),
            "level_now_usd": rows["level_now"],
            "level_then_usd": rows["level_then"],
            "lo_80_usd": rows["lo_80"],
            "hi_80_usd": rows["hi_80"],
            "lo_95_usd": rows["lo_95"],
            "hi_95_usd": rows["hi_95"],
            "added_per_year_usd": rows["added_per_year"],
            "growth_pct": 100 * rows["probability_growth"],
            "above_pct": 100 * rows["probability_above_threshold"],
        }
    )
    table = table.assign(total=is_total).sort_values(
        ["total", "level_now_usd"], ascending=[False, False]
    )
    money = [c for c in map(str, table.columns) if c.endswith("_usd")]
    return Table(
        table.drop(columns="total"),
        name=f"potential_{code.lower()}",
        caption=f"US exports to {w.the(name)}: {year} and {then}, unchanged codes",
        formats={
            **dict.fromkeys(money, "usd_m"),
            "added_per_year_usd": "usd_m_signed",
            "cover_pct": "pct",
            "growth_pct": "pct",
            "above_pct": "pct",
        },
        headers={
            "segment": "Segment",
            "cover_pct": "Of segment",
            "level_now_usd": str(year),
            "level_then_usd": str(then),
            "lo_80_usd": "80 % from",
            "hi_80_usd": "to",
            "lo_95_usd": "95 % from",
            "hi_95_usd": "to ",
            "added_per_year_usd": "Added a year",
            "growth_pct": "P(grows)",
            "above_pct": f"P(> {outlook.threshold_pct:+.0f} %)",
        },
        hide=["lo_95_usd", "hi_95_usd"],
        highlight=list(table["total"]),
        missing="a sum of several segments",
        note=(
            "Core codes that are the same in every HS revision of the data; “of segment” is their share of its core "
            f"trade in {year}. The total adds the rows below it. Probabilities are read off the calibrated "
            "intervals; bounds of 95 % are in the tables."
        ),
        source=outlook.source_line,
    )


def world(outlook: Outlook, carried: str) -> Table:
    """Headings: level in five years and probabilities; `carried` says which models they rest on."""
    rows = outlook.world_potential
    table = pd.DataFrame(
        {
            "heading": rows["unique_id"],
            "title": [outlook.headings[h].title for h in rows["unique_id"]],
            "level_now_usd": rows["level_now"],
            "level_then_usd": rows["level_then"],
            "lo_80_usd": rows["lo_80"],
            "hi_80_usd": rows["hi_80"],
            "lo_95_usd": rows["lo_95"],
            "hi_95_usd": rows["hi_95"],
            "added_per_year_usd": rows["added_per_year"],
            "growth_pct": 100 * rows["probability_growth"],
            "above_pct": 100 * rows["probability_above_threshold"],
        }
    )
    year, then = rows["cutoff"].iloc[0].year, rows["ds"].iloc[0].year
    money = [c for c in map(str, table.columns) if c.endswith("_usd")]
    return Table(
        table,
        name="world",
        caption=f"World exports by heading, {year} and {then}",
        formats={
            **dict.fromkeys(money, "usd_bn"),
            "added_per_year_usd": "usd_bn_signed",
            "growth_pct": "pct",
            "above_pct": "pct",
        },
        headers={
            "heading": "Heading",
            "title": "Goods",
            "level_now_usd": str(year),
            "level_then_usd": str(then),
            "lo_80_usd": "80 % from",
            "hi_80_usd": "to",
            "added_per_year_usd": "Added a year",
            "growth_pct": "P(grows)",
            "above_pct": f"P(> {outlook.threshold_pct:+.0f} %)",
        },
        hide=["title", "lo_95_usd", "hi_95_usd"],
        note=f"Probabilities are read off the calibrated intervals; bounds of 95 % are in the tables. {carried}",
        source="Growth Lab, Atlas of Economic Complexity (via a public copy).",
    )


def world_errors(outlook: Outlook) -> Table:
    """Errors of the headings' forecasts."""
    errors = outlook.world_errors
    mase = errors[errors["level"] == 95].pivot_table(
        index="unique_id", columns="model", values="mase"
    )
    held = errors[errors["model"] == "combination"].pivot_table(
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
    mase = rows[rows["level"] == 95].pivot_table(index="in_shock", columns="model", values="mase")
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
        source=outlook.source_line,
    )


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
    growth = said.str.replace("-", w.MINUS) + " a year"
    return _scenario_table(
        rows.assign(what=what, growth=growth),
        "low_high",
        f"Low and high: the forecast of each total, {YEARS} years ahead, under other growth of GDP",
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
    hidden = ["assumption", "estimate", "rate_pct", "source"]
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


def silent(outlook: Outlook) -> Table:
    """Series without a forecast."""
    rows = outlook.silent
    partner = rows["unique_id"].str.split(" ", n=1).str[0]
    table = pd.DataFrame(
        {
            "country": [outlook.country_name(p) for p in partner],
            "segment": _segments(outlook, rows["unique_id"]),
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
        headers={"title": "Data", "vintage": "Vintage", "retrieved_at": "Compiled", "licence": "Licence"},
    )  # fmt: skip


def _segments(outlook: Outlook, ids: pd.Series) -> list[str]:
    parts = [str(u).partition(" ")[2] for u in ids]
    return [outlook.segment_names[p] if p else "All comparable segments" for p in parts]

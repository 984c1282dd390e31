"""What the notebook of a segment outlook calls: one function a cell."""

from __future__ import annotations

import pandas as pd

from marketintel.report.blocks import (
    Callout,
    Figure,
    Heading,
    KeyFigures,
    Stack,
    Table,
    Text,
    escape,
)
from marketintel.report.market_study import words as w
from marketintel.report.outlook import card, charts, tables
from marketintel.report.outlook import sentences as say
from marketintel.report.outlook.facts import MONTHS, YEARS, Outlook, load

__all__ = [
    "Outlook",
    "countries",
    "load",
    "model_card",
    "scenarios",
    "shocks",
    "silent",
    "sources",
    "summary",
    "world",
]

PANELS = 6
"""Fans drawn for a country: its largest segments; the tables hold all."""

EXPLAINED = 3
"""Segments whose forecast is explained in words for each country, after the total."""


def summary(outlook: Outlook) -> Stack:
    """What the series are, the totals, the record."""
    cells = outlook.potential[outlook.potential["unique_id"].str.contains(" ")]
    errors = outlook.errors[(outlook.errors["level"] == 95)]
    mase = errors.groupby("model")["mase"].mean()
    rows = outlook.errors[outlook.errors["model"] == "combination"]
    held = rows.groupby("level")["coverage_pct"].mean()
    figures = [
        ("Forecast", f"{len(cells)} series", f"{YEARS} years ahead, with their probabilities"),
    ]
    if len(errors):
        figures += [
            ("Error (MASE)", f"{mase['combination']:.2f}", f"naive {mase['naive']:.2f}, drift {mase['drift']:.2f}"),
            ("Held by 95 % intervals", w.percent(held[95], 0), f"by 80 % intervals {w.percent(held[80], 0)}"),
        ]  # fmt: skip
    lines = "\n".join(f"- {line}" for line in say.in_short(outlook))
    return Stack(Callout("warning", say.what_it_is(outlook)), KeyFigures(figures), Text(lines))


def countries(outlook: Outlook) -> Stack:
    """Each destination: fans, errors, potential, explanation."""
    return Stack(*[block for code in outlook.countries for block in _country(outlook, code)])


def _country(outlook: Outlook, code: str) -> list[Heading | Text | Figure | Table]:
    name = w.sentence(outlook.country_name(code))
    fans = outlook.fans[outlook.fans["unique_id"].str.startswith(f"{code} ")]
    combined = fans[fans["model"] == "combination"]
    recent = outlook.monthly[outlook.monthly["partner"] == code].groupby("unique_id")["y"]
    size = recent.apply(lambda y: y.tail(12).sum()).reindex(combined["unique_id"].unique())
    largest = list(size.nlargest(PANELS).index)
    totals = outlook.annual[outlook.annual["partner"] == code]
    latest = totals[totals["ds"] == totals["ds"].max()].nlargest(EXPLAINED, "y")["unique_id"]
    present = set(outlook.potential["unique_id"])
    explained = [u for u in (code, *latest) if u in present]
    blocks: list[Heading | Text | Figure | Table] = [
        Heading(3, f"US exports to {w.the(outlook.country_name(code))}"),
        Text(say.total(outlook, code)),
    ]
    if largest:
        blocks.append(_fans(outlook, code, combined, fans, largest))
        blocks.append(Text(say.coverage(outlook, largest)))
        blocks.append(tables.months(outlook, code, name))
    if explained:
        blocks.append(tables.potential(outlook, code, name))
        blocks.append(Text(say.annual_coverage(outlook, code)))
        blocks.append(
            Text("\n".join(f"- {say.explanation(outlook, unique)}" for unique in explained))
        )
    return blocks


def _fans(
    outlook: Outlook, code: str, combined: pd.DataFrame, fans: pd.DataFrame, largest: list[str]
) -> Figure:
    order = pd.Categorical(combined["unique_id"], largest, ordered=True)
    shown = combined.assign(order=order).dropna(subset="order").sort_values(["order", "ds"])
    drift = fans[(fans["model"] == "drift") & (fans["level"] == 80)]
    titles = {u: outlook.segment_names[u.split(" ", 1)[1]] for u in largest}
    history = outlook.monthly[outlook.monthly["unique_id"].isin(largest)]
    ends = history.groupby("unique_id")["ds"].max()
    breaks = outlook.breaks[outlook.breaks["unique_id"].isin(largest)]
    breaks = breaks[breaks["ds"] <= breaks["unique_id"].map(ends)]
    figure = charts.fan_with_shocks(
        history,
        shown,
        outlook.spans[outlook.spans["unique_id"].isin(largest)],
        breaks=breaks,
        benchmark=drift,
        titles=titles,
        what="US exports a month",
    )
    name = outlook.country_name(code)
    return Figure(
        figure,
        name=f"fans_{code.lower()}",
        caption=(
            f"US exports to {w.the(name)} by month, the {len(largest)} largest segments, {MONTHS} months ahead, 80 and "
            "95 % intervals; shaded: shocks; dotted: breaks"
        ),
        alt=(
            f"Monthly US exports to {name} and their forecasts: {w.listing(list(titles.values()))}. "
            f"{say.coverage(outlook, largest)}"
        ),
        source=outlook.source_line,
    )


def world(outlook: Outlook) -> Stack:
    """World exports of the headings that may speak for a chosen segment."""
    if outlook.world.empty:
        return Stack(Callout("note", "No world heading may speak for these segments."))
    made = outlook.world_made
    titles = {h: f"Heading {h}: {outlook.headings[h].title}" for h in outlook.speaking}
    errors = outlook.world_errors
    rows = errors[errors["model"] == "combination"] if len(errors) else errors
    said = say.covered(rows, f"up to {YEARS} years ahead")
    figure = charts.fan_with_shocks(
        outlook.world,
        made[made["model"] == "combination"],
        outlook.spans[outlook.spans["unique_id"].isin(outlook.world["unique_id"])],
        benchmark=made[(made["model"] == "drift") & (made["level"] == 80)],
        titles=titles,
        what="World exports",
        unit="USD billion",
        scale=1e9,
    )
    weights = outlook.world_weights
    carried = " ".join(
        f"{heading}: {w.clause(say.carried(weights[weights['unique_id'] == heading]))}."
        for heading in outlook.world_potential["unique_id"]
    )
    return Stack(
        Text(
            "World exports of a whole heading, under its own name: they speak about the world's trade in these "
            f"goods, not about a country's market. {said}"
        ),
        Figure(
            figure,
            name="fans_world",
            caption=f"World exports of single headings, {YEARS} years ahead, 80 and 95 % intervals; shaded: shocks",
            alt=f"World exports and forecasts: {w.listing(list(titles.values()))}. {said}",
            source="Growth Lab, Atlas of Economic Complexity (via a public copy).",
        ),
        tables.world(outlook, carried),
        tables.world_errors(outlook) if len(outlook.world_errors) else None,
    )


def shocks(outlook: Outlook) -> Stack:
    """Declared shocks, those seen in the data, and errors with and without them."""
    seen = outlook.detected
    said = (
        w.listing(
            [
                f"{r['ds'].year} in {w.clause(r['where'])} ({w.percent(100 * r['share'], 0)} of {r['series']} "
                f"series fell unusually)" if r["direction"] == "down" else f"{r['ds'].year} (a rise)"
                for r in seen.to_dict("records")
            ]
        )
        if len(seen)
        else "none"
    )  # fmt: skip
    return Stack(
        Text(
            "A shock is part of what happened: it stays in the series, its errors widen the intervals, and it is "
            "shaded on every chart. The same rule holds for all. Looking for periods in which most series moved "
            f"unusually at once finds: {said}."
        ),
        tables.shocks(outlook),
        tables.shock_errors(outlook),
    )


def scenarios(outlook: Outlook) -> Stack:
    """Elasticities, low and high, and the user's scenarios."""
    refused = [
        f"**{escape(row['assumption'])}** was not computed: {escape(row['reason'])}."
        for row in outlook.scenarios_refused.to_dict("records")
    ]
    gaps = [escape(gap) for gap in outlook.driver_gaps]
    return Stack(
        Text(
            "Scenarios multiply a baseline by assumption and elasticity, everything else held equal. The interval "
            "beside them says how well the elasticity is known, not how well the future is. "
            + say.duty_verdict(outlook.elasticities)
        ),
        tables.elasticities(outlook),
        tables.low_high(outlook) if len(outlook.low_high) else None,
        tables.scenarios(outlook) if len(outlook.scenarios) else None,
        Text("\n".join(f"- {line}" for line in [*refused, *gaps])),
    )


def silent(outlook: Outlook) -> Stack:
    """Every series without a forecast, with the reason."""
    if outlook.silent.empty:
        return Stack(Text("Every series has both forecasts."))
    return Stack(tables.silent(outlook))


def model_card(outlook: Outlook) -> Text:
    """The model card; the edition's folder has it as ``model_card.md``."""
    return Text(card.markdown(outlook))


def sources(outlook: Outlook) -> Stack:
    """Every source with licence and vintage."""
    return Stack(
        tables.sources(outlook),
        Text("\n".join(f"- {escape(c)}" for c in outlook.used["citation"].unique())),
    )

"""What the notebook of a segment outlook calls: one function a cell."""

from __future__ import annotations

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast import present
from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import (
    Callout,
    Figure,
    Heading,
    KeyFigures,
    Stack,
    Table,
    Text,
    escape,
)
from marketintel.documents.engine.chapters import chapter
from marketintel.documents.outlook import (
    card,
    charts,
    tables,
    tables_closing,
    tables_drivers,
    tables_totals,
    tables_world,
    totals,
)
from marketintel.documents.outlook import sentences as say
from marketintel.documents.outlook.asked import load
from marketintel.documents.outlook.facts import Outlook
from marketintel.documents.outlook.months import MONTHS
from marketintel.documents.outlook.wording import label, trade_of
from marketintel.documents.outlook.years import YEARS
from marketintel.warehouse.basis import US_EXPORTS, Basis

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
    "together",
    "world",
]

PANELS = 6
"""Fans drawn for a country: its largest segments; the tables hold all."""

EXPLAINED = 3
"""Segments whose forecast is explained in words for each country, after the total."""


@chapter
def summary(outlook: Outlook) -> Stack:
    """What the series are, the totals, the record."""
    cells = outlook.years.ids(totals.CELL)
    monthly = say.tested_by_month(outlook)
    errors = outlook.months.scored if monthly else say.cell_errors(outlook)
    figures = [
        (
            "Forecast",
            f"{len(cells)} series",
            f"{YEARS} years after {outlook.month}, with their probabilities",
        ),
    ]
    if len(errors):
        by = "by month" if monthly else "by year"
        mase = errors[errors["level"] == 95].groupby("model")["mase"].mean()
        held = fc.shown(errors, errors).groupby("level")["coverage_pct"].mean()
        known = [
            (f"Error {by} (MASE)", f"{mase['combination']:.2f}", f"naive {mase['naive']:.2f}, drift {mase['drift']:.2f}")
        ] if mase.notna().all() else []  # fmt: skip
        figures += [
            *known,
            ("Held by 95 % intervals", w.percent(held[95], 0), f"by 80 % intervals {w.percent(held[80], 0)}"),
        ]  # fmt: skip
    lines = "\n".join(f"- {line}" for line in say.in_short(outlook))
    return Stack(Callout("warning", say.what_it_is(outlook)), KeyFigures(figures), Text(lines))


@chapter
def together(outlook: Outlook) -> Stack:
    """What adds up: for every kind of trade with several countries a grid and its margins."""
    groups = say.grand_groups(outlook)
    if not groups:
        return Stack(
            Text("No two countries have series of one kind that end in one year: there is no sum over countries.")
        )  # fmt: skip
    blocks: list[Heading | Text | Table | None] = []
    for group in groups:
        basis = outlook.years.nodes.set_index("group").loc[[group], "kind"].iloc[0]
        blocks += [
            Heading(3, w.sentence(label(basis))),
            Text(say.grand(outlook, group)),
            tables_totals.margins(outlook, group),
            tables_totals.grid(outlook, group),
            tables_totals.excluded(outlook, group),
        ]
    return Stack(*blocks)


@chapter
def countries(outlook: Outlook) -> Stack:
    """Each country: fans, errors, potential, explanation."""
    return Stack(*[block for code in outlook.countries for block in _country(outlook, code)])


def _country(outlook: Outlook, code: str) -> list[Heading | Text | Figure | Table]:
    months, years = outlook.months, outlook.years
    kinds = {u: k for u, k in months.kinds.items() if u.startswith(f"{code} ")}
    said = say.total(outlook, code)
    blocks: list[Heading | Text | Figure | Table] = [
        Heading(3, outlook.country_name(code)),
        Text(said[0]),
    ]
    made = set(months.fans["unique_id"])
    for place, basis in enumerate(sorted(set(kinds.values()))):
        ids = [u for u, own in kinds.items() if own == basis and u in made]
        if ids:
            suffix = f"_{place + 1}" if place else ""
            largest = _largest(months.panel, ids, 12)
            blocks.append(_monthly_fans(outlook, code, basis, largest, suffix))
            blocks.append(Text(say.coverage(outlook, largest)))
            blocks.append(tables.months(outlook, code, basis, ids, suffix))
    rows = years.nodes[(years.nodes["partner"] == code) & (years.nodes["group"] >= 0)]
    for place, (group, nodes) in enumerate(rows.groupby("group", sort=True)):
        if place:
            blocks.append(Text(said[place]))
        cells = list(nodes.loc[nodes["role"] == totals.CELL, "unique_id"])
        largest = _largest(years.panel, cells, 1)
        if nodes["kind"].iloc[0] not in kinds.values():  # no months show these series
            blocks.append(_yearly_fans(outlook, code, largest, int(str(group))))
        blocks.append(tables.potential(outlook, code, int(str(group))))
        blocks.append(Text(say.annual_coverage(outlook, list(nodes["unique_id"]))))
        sums = list(nodes.loc[nodes["role"] == totals.COUNTRY, "unique_id"])
        told = [*sums, *largest[:EXPLAINED]]
        blocks.append(Text("\n".join(f"- {say.explanation(outlook, unique)}" for unique in told)))
    return blocks


def _largest(panel: pd.DataFrame, ids: list[str], periods: int) -> list[str]:
    """The series that are largest over their last periods, as many as a figure has panels."""
    rows = panel[panel["unique_id"].isin(ids)].sort_values("ds")
    size = rows.groupby("unique_id")["y"].apply(lambda y: y.tail(periods).sum())
    return list(size.nlargest(PANELS).index)


def _in_order(made: pd.DataFrame, ids: list[str]) -> pd.DataFrame:
    kept = made[made["unique_id"].isin(ids)]
    order = kept["unique_id"].map({unique: place for place, unique in enumerate(ids)})
    return kept.assign(order=order).sort_values(["order", "ds"])


def _monthly_fans(
    outlook: Outlook, code: str, basis: Basis, largest: list[str], suffix: str
) -> Figure:
    months = outlook.months
    made = months.fans
    history = months.panel[months.panel["unique_id"].isin(largest)]
    ends = history.groupby("unique_id")["ds"].max()
    breaks = months.breaks[months.breaks["unique_id"].isin(largest)]
    titles = {u: outlook.names[u.split(" ", 1)[1]] for u in largest}
    trade = w.sentence(trade_of(basis, outlook.country_name(code)))
    spans = outlook.month_spans
    figure = charts.fan_with_shocks(
        history,
        _in_order(made[made["model"] == fc.SHOWN], largest),
        spans[spans["unique_id"].isin(largest)],
        breaks=breaks[breaks["ds"] <= breaks["unique_id"].map(ends)],
        benchmark=made[(made["model"] == "drift") & (made["level"] == 80)],
        titles=titles,
        what=f"{'US exports' if basis.kind == US_EXPORTS else 'Imports'} a month",
    )
    return Figure(
        figure,
        name=f"fans_{code.lower()}{suffix}",
        caption=(
            f"{trade} by month, {_largest_of(largest, 'segment')}, {MONTHS} months after {outlook.month}, "
            f"80 and 95 % intervals; {present.seen(ends, outlook.month, 'M')}; shaded: shocks; dotted: breaks"
        ),
        alt=(
            f"{trade} by month and forecasts: {w.listing(list(titles.values()))}. "
            f"{say.coverage(outlook, largest)}"
        ),
        source=outlook.source_line(basis),
    )


def _yearly_fans(outlook: Outlook, code: str, largest: list[str], group: int) -> Figure:
    years = outlook.years
    made, basis = years.fans, years.basis(largest[0])
    titles = {u: outlook.names[years.node(u)["item"]] for u in largest}
    trade = w.sentence(trade_of(basis, outlook.country_name(code)))
    spans = outlook.year_spans
    figure = charts.fan_with_shocks(
        years.panel[years.panel["unique_id"].isin(largest)],
        _in_order(made[made["model"] == fc.SHOWN], largest),
        spans[spans["unique_id"].isin(largest)],
        benchmark=made[(made["model"] == "drift") & (made["level"] == 80)],
        titles=titles,
        what=f"{'US exports' if basis.kind == US_EXPORTS else 'Imports'} a year",
    )
    said = say.annual_coverage(outlook, largest)
    ends = made.loc[made["unique_id"].isin(largest), "cutoff"]
    goods = "mixed code" if basis.mixed else "segment"
    return Figure(
        figure,
        name=f"years_{code.lower()}_{group}",
        caption=(
            f"{trade} by year, {_largest_of(largest, goods)}, {YEARS} years after {outlook.month}, 80 and 95 % "
            f"intervals; {present.seen(ends, outlook.month)}; shaded: shocks"
        ),
        alt=f"{trade} by year and forecasts: {w.listing(list(titles.values()))}. {said}",
        source=outlook.source_line(basis),
    )


def _largest_of(ids: list[str], goods: str) -> str:
    return f"the {len(ids)} largest {goods}s" if len(ids) > 1 else f"one {goods}"


@chapter
def world(outlook: Outlook) -> Stack:
    """World exports of the headings that may speak for a chosen segment."""
    world = outlook.world
    if world.panel.empty:
        return Stack(Callout("note", "No world heading may speak for these segments."))
    made = world.made
    if made.empty:
        reasons = w.listing(list(dict.fromkeys(fc.refused(made)["reason"])))
        return Stack(Callout("note", f"World exports are not forecast: {escape(reasons)}."))
    titles = {h: f"Heading {h}: {outlook.headings[h].title}" for h in world.speaking}
    errors = world.errors
    said = say.covered(errors, f"up to {YEARS} years ahead")
    figure = charts.fan_with_shocks(
        world.panel,
        made[made["model"] == fc.SHOWN],
        outlook.world_spans,
        benchmark=made[(made["model"] == "drift") & (made["level"] == 80)],
        titles=titles,
        what="World exports",
        unit="USD billion",
        scale=1e9,
    )
    weights = world.weights
    carried = " ".join(
        f"{heading}: {w.clause(say.carried(weights[weights['unique_id'] == heading]))}."
        for heading in world.potential["unique_id"]
    )
    return Stack(
        Text(
            "World exports of a whole heading, under its own name: they speak about the world's trade in these "
            f"goods, not about a country's market. {said}"
        ),
        Figure(
            figure,
            name="fans_world",
            caption=(
                f"World exports of single headings, {YEARS} years after {outlook.month}, 80 and 95 % intervals; "
                f"{present.seen(made['cutoff'], outlook.month)}; shaded: shocks"
            ),
            alt=f"World exports and forecasts: {w.listing(list(titles.values()))}. {said}",
            source="Growth Lab, Atlas of Economic Complexity (via a public copy).",
        ),
        tables_world.world(outlook, carried),
        tables_world.world_errors(outlook) if len(world.errors) else None,
    )


@chapter
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
        tables_closing.shocks(outlook),
        tables_closing.shock_errors(outlook) if len(outlook.shock_errors) else None,
    )


@chapter
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
        tables_drivers.elasticities(outlook),
        tables_drivers.low_high(outlook) if len(outlook.low_high) else None,
        tables_drivers.scenarios(outlook) if len(outlook.scenarios) else None,
        Text("\n".join(f"- {line}" for line in [*refused, *gaps])),
    )


@chapter
def silent(outlook: Outlook) -> Stack:
    """Every series without a forecast, with the reason."""
    if outlook.silent.empty:
        return Stack(Text("Every series has its forecast."))
    return Stack(tables_closing.silent(outlook))


@chapter
def model_card(outlook: Outlook) -> Text:
    """The model card; the edition's folder has it as ``model_card.md``."""
    return Text(card.markdown(outlook))


@chapter
def sources(outlook: Outlook) -> Stack:
    """Every source with licence and vintage."""
    return Stack(
        tables_closing.sources(outlook),
        Text("\n".join(f"- {escape(c)}" for c in outlook.used["citation"].unique())),
    )

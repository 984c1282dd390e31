"""The model card, written from the run: what was forecast, with what, how well, and what it is not."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable

import pandas as pd

from marketintel import __version__
from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast import combination, intervals, panel, record
from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import escape
from marketintel.documents.engine.chapters import gap
from marketintel.documents.frames import each
from marketintel.documents.outlook import sentences as say
from marketintel.documents.outlook import totals
from marketintel.documents.outlook.facts import Outlook
from marketintel.documents.outlook.months import MODELS, MONTHS, ORIGINS
from marketintel.documents.outlook.wording import label
from marketintel.documents.outlook.years import YEARS
from marketintel.errors import MissingDataError, UsageError
from marketintel.warehouse.basis import US_EXPORTS, by_basis
from marketintel.warehouse.comparable import MIN_COVER_PCT

BEGIN = "**What is forecast**"

PACKAGES = ("numpy", "pandas", "scipy", "statsmodels")


def markdown(outlook: Outlook) -> str:
    """Return the card as lists under bold headings; the same inputs give the same text."""
    parts: dict[str, Callable[[Outlook], list[str]]] = {
        BEGIN.strip("*"): _series,
        "Model": _model,
        "How well it did": _record,
        "Intervals": _intervals,
        "Breaks and shocks": _breaks,
        "Drivers": _drivers,
        "What it must not be used for": _limits,
        "Data": _data,
    }
    return "\n\n".join(
        f"**{title}**\n\n" + "\n".join(f"- {line}" for line in _lines(make, outlook))
        for title, make in parts.items()
    )


def _lines(make: Callable[[Outlook], list[str]], outlook: Outlook) -> list[str]:
    """Return a part of the card, or why it cannot be made."""
    try:
        return make(outlook)
    except (MissingDataError, UsageError) as error:
        return [gap(error)]


def _series(outlook: Outlook) -> list[str]:
    months, years = outlook.months, outlook.years
    lines = [
        line.removeprefix("- ")
        for line in say.what_it_is(outlook).splitlines()
        if line and line != "Country figures are of several kinds."
    ]
    if len(months.panel):
        ends = "; ".join(f"{c} {months.last(c)}" for c in outlook.countries if months.last(c))
        lines.append(
            f"Monthly: {months.fans['unique_id'].nunique()} of {months.panel['unique_id'].nunique()} series, each a "
            f"whole segment of core codes after its last break, {MONTHS} months after {outlook.month}. Last month known: {ends}."
        )
    for basis, nodes in by_basis(years.nodes[years.nodes["role"] == totals.CELL]):
        goods = (
            "one mixed code each"
            if basis.mixed
            else "core codes that are unchanged in all HS revisions of the data, or joined across them, and make up "
            f"at least {MIN_COVER_PCT:.0f} % of their segment"
        )
        days = years.panel.loc[years.panel["unique_id"].isin(nodes["unique_id"]), "ds"]
        lines.append(
            f"Yearly, {escape(label(basis))}: {len(nodes)} series of {goods}, {days.min().year} to "
            f"{days.max().year}, {YEARS} years after {outlook.month}."
        )
    return [
        *lines,
        "Totals of countries, segments and all together add only series of one kind that end in one year "
        "(bottom-up); their intervals are of joint draws of the cells.",
        f"World: {w.count(outlook.world.panel['unique_id'].nunique(), 'HS4 heading')} that may speak for a segment, {YEARS} "
        f"years after {outlook.month}. What lies between the last figure and that month is not known here, and "
        "no forecast of it is shown.",
    ]


def _naive(outlook: Outlook) -> list[str]:
    """Series that are shown by their last value; totals are sums of what is shown."""
    errors = {
        "months": outlook.months.scored,
        "years": say.cell_errors(outlook),
        "world": outlook.world.errors,
    }
    return [
        f"{escape(name)} ({what})"
        for what, rows in errors.items()
        for name in sorted(fc.better_naive(rows))
    ]


def _wide(outlook: Outlook) -> list[str]:
    """Series whose intervals are not to be relied on."""
    months, years, world = outlook.months, outlook.years, outlook.world
    made = ((months.fans, months.cut), (years.fans, years.panel), (world.made, world.panel))
    found = pd.concat([fc.unreliable(frame[frame["model"] == fc.SHOWN], p) for frame, p in made])
    return [f"{escape(row.unique_id)} ({row.reason})" for row in each(found)]


def _model(outlook: Outlook) -> list[str]:
    monthly = ", ".join(f"`{m}`" for m in combination.MEMBERS["M"])
    yearly = w.listing([f"{100 * v:.0f} % `{m}`" for m, v in combination.WEIGHTS.items()])
    versions = [f"{p} {importlib.metadata.version(p)}" for p in PACKAGES]
    return [
        f"`{combination.NAME}`, for years: {yearly} (`shrunk_drift` is halfway between last value and local level, "
        f"plus the mean change as far as it is told apart from zero); for months the median of {monthly}, "
        "seasonally adjusted first. The same for every series.",
        "The yearly rule was learned on trade series with origins up to 2020; its second form followed a look at "
        "scores elsewhere. The monthly members were chosen on the training part of the M3 competition (docs/forecast.md).",
        f"Where a series' own back-test, of at least {fc.FEWEST_TESTS} outcomes, was hit better by the last value, "
        f"that is shown (`naive`): {w.listing(_naive(outlook)) or 'none here'}.",
        f"Intervals wider than {record.WIDE:.0f} times the level, not to be relied on: "
        f"{w.listing(_wide(outlook)) or 'none here'}.",
        f"Software: {', '.join([f'marketintel {__version__}', *versions])}.",
    ]


def _record(outlook: Outlook) -> list[str]:
    table = outlook.months.errors_by_country
    lines = [
        f"{w.sentence(escape(label(basis)))}: {w.clause(_plain(say.yearly_record(outlook, basis)))}."
        for basis in sorted(set(outlook.years.nodes["kind"]))
    ]
    if say.tested_by_month(outlook):
        lines.insert(0, _plain(say.record(outlook)))
    for country in outlook.countries:
        rows = (
            table[(table["country"] == country) & (table["level"] == 95)] if len(table) else table
        )
        if rows.empty or rows["mase"].isna().all():  # a series that never changed has no scale
            continue
        mase = dict(zip(rows["model"], rows["mase"], strict=True))
        said = ", ".join(f"{m} {mase[m]:.3f}" for m in MODELS)
        best = min(MODELS, key=mase.__getitem__)
        verdict = "" if best == "combination" else f"; it loses to {best} here"
        lines.append(
            f"{country}, by month: MASE {said} over {rows['series'].max()} series{verdict}."
        )
    return lines


def _plain(record: str) -> str:
    return record.replace("**Record.** ", "")


def _intervals(outlook: Outlook) -> list[str]:
    return [
        "80 and 95 %, from the errors that the same method made on a fixed pool of official statistics (vintage "
        f"{intervals.vintage()}), by horizon and length of history, scaled to each series and by its own errors at "
        "earlier origins: the same for a series in any document.",
        *(
            [f"Monthly: {w.clause(say.coverage(outlook, list(outlook.months.kinds)))}."]
            if len(outlook.months.panel)
            else []
        ),
        *(
            f"{w.sentence(escape(label(basis)))}, yearly: {w.clause(say.annual_coverage(outlook, list(nodes['unique_id'])))}."
            for basis, nodes in by_basis(outlook.years.nodes)
        ),
        f"Back-tests have {ORIGINS} origins, one period apart, the last one a whole horizon before the end.",
    ]


def _breaks(outlook: Outlook) -> list[str]:
    happened = outlook.months.breaks.merge(
        outlook.months.panel.groupby("unique_id")["ds"].max().rename("last").reset_index()
    )
    cut = happened.loc[happened["ds"] <= happened["last"], "unique_id"].nunique()
    detected = [
        f"{r.ds.year} ({r.where}, {w.percent(100 * r.share, 0)} of {r.series} series {r.direction})"
        for r in each(outlook.detected)
    ]
    names = dict.fromkeys(outlook.spans["name"])
    return [
        f"{cut} series are cut at a declared break of HS revisions; nothing is forecast across one.",
        f"Shocks lived through: {w.listing(list(names)) or 'none'}. They stay in the series and in the errors; "
        "they are declared in `shocks.toml` with their sources.",
        f"Common shocks seen in the data: {w.listing(detected) or 'none'}.",
        f"Without a forecast: {len(outlook.silent)} series, each with its reason in the tables. At least "
        f"{panel.MIN_POINTS} points are needed.",
    ]


def _drivers(outlook: Outlook) -> list[str]:
    found = [f"`{e.key}`: {say.estimate(e)}; {e.method}." for e in outlook.elasticities]
    return [
        "Drivers enter scenarios only; the forecast itself looks at each series' own past.",
        *found,
        *outlook.driver_gaps,
    ]


def _limits(outlook: Outlook) -> list[str]:
    whats = {basis.kind for basis in outlook.kinds}
    lines = ["Market size or market share: domestic production is not in these series."]
    if US_EXPORTS in whats:
        lines.append(
            "US exports as a market: other suppliers are not in them, and what the United States sells somewhere is "
            "not what Europe would sell."
        )
    if any(basis.mixed for basis in outlook.kinds):
        lines.append(
            "Photonic demand, where codes are mixed: no share of them is known to be photonic."
        )
    if len(outlook.kinds) > 1:
        lines.append(
            "Comparing countries or segments across kinds of trade: they are valued differently."
        )
    return [
        *lines,
        "Budgeting on a point: five years ahead most intervals hold both growth and decline.",
        "Causal claims: an elasticity is a description (its weaknesses stand beside it).",
    ]


def _data(outlook: Outlook) -> list[str]:
    return [
        f"{escape(row.citation)} Vintage {row.vintage}, SHA-256 {row.sha256[:16]}…"
        for row in each(outlook.used)
    ]

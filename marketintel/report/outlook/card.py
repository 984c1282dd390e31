"""The model card, written from the run: what was forecast, with what, how well, and what it is not."""

from __future__ import annotations

import importlib.metadata

from marketintel import __version__
from marketintel.analysis.forecast import combination, intervals, panel
from marketintel.report.blocks import escape
from marketintel.report.market_study import words as w
from marketintel.report.market_study.facts import each
from marketintel.report.outlook import sentences as say
from marketintel.report.outlook.facts import MODELS, MONTHS, ORIGINS, YEARS, Outlook
from marketintel.report.outlook.series import MIN_COVER_PCT

PACKAGES = ("numpy", "pandas", "scipy", "statsmodels")


def markdown(outlook: Outlook) -> str:
    """Return the card as lists under bold headings; the same inputs give the same text."""
    parts = {
        "What is forecast": _series(outlook),
        "Model": _model(),
        "How well it did": _record(outlook),
        "Intervals": _intervals(outlook),
        "Breaks and shocks": _breaks(outlook),
        "Drivers": _drivers(outlook),
        "What it must not be used for": _limits(outlook),
        "Data": _data(outlook),
    }
    return "\n\n".join(
        f"**{title}**\n\n" + "\n".join(f"- {line}" for line in lines)
        for title, lines in parts.items()
    )


def _series(outlook: Outlook) -> list[str]:
    done, yearly = outlook.fans["unique_id"].nunique(), outlook.annual["unique_id"].nunique()
    ends = "; ".join(f"{c} {outlook.last_month(c)}" for c in outlook.countries)
    return [
        say.what_it_is(outlook),
        f"Monthly: {done} of {outlook.monthly['unique_id'].nunique()} series, each a whole segment of core codes "
        f"after its last break, {MONTHS} months ahead. Last month: {ends}.",
        f"Yearly: {yearly} series of core codes that are unchanged in all HS revisions of the data and make up at "
        f"least {MIN_COVER_PCT:.0f} % of their segment, {YEARS} years ahead; country totals are the sums of these "
        "series (bottom-up).",
        f"World: {outlook.world['unique_id'].nunique()} HS4 headings that may speak for a segment, {YEARS} years ahead.",
    ]


def _model() -> list[str]:
    yearly, monthly = (", ".join(f"`{m}`" for m in combination.MEMBERS[f]) for f in "AM")
    versions = [f"{p} {importlib.metadata.version(p)}" for p in PACKAGES]
    return [
        f"`{combination.NAME}`: the median of {yearly} for years, of {monthly} for months, "
        "the same for every series; months are seasonally adjusted first.",
        "Chosen on rolling origins of the training part of the M3 competition; the yearly members are a second "
        "choice, made after the first had been scored on the test part (docs/forecast.md gives both scores).",
        f"Software: {', '.join([f'marketintel {__version__}', *versions])}.",
    ]


def _record(outlook: Outlook) -> list[str]:
    table = outlook.errors_by_country
    lines = [say.record(outlook).replace("**Record.** ", "")]
    for country in outlook.countries:
        rows = table[(table["country"] == country) & (table["level"] == 95)]
        if rows.empty:
            continue
        mase = dict(zip(rows["model"], rows["mase"], strict=True))
        said = ", ".join(f"{m} {mase[m]:.3f}" for m in MODELS)
        best = min(MODELS, key=mase.__getitem__)
        verdict = "" if best == "combination" else f"; it loses to {best} here"
        lines.append(f"{country}: MASE {said} over {rows['series'].max()} series{verdict}.")
    return lines


def _intervals(outlook: Outlook) -> list[str]:
    return [
        "80 and 95 %, from the errors that the same method made at earlier origins, pooled over the panel and "
        f"scaled to each series; a prior worth {intervals.PRIOR_WEIGHT:.0f} errors carries them where origins are few.",
        say.coverage(outlook, list(outlook.errors["unique_id"].unique())),
        *(f"{c}, yearly: {w.clause(say.annual_coverage(outlook, c))}." for c in outlook.countries),
        f"Back-tests have {ORIGINS} origins, one period apart, the last one a whole horizon before the end.",
    ]


def _breaks(outlook: Outlook) -> list[str]:
    happened = outlook.breaks.merge(
        outlook.monthly.groupby("unique_id")["ds"].max().rename("last").reset_index()
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
    return [
        "Market size or market share: domestic production and other suppliers are not in these series.",
        "Another supplier's potential: what the United States sells somewhere is not what Europe would sell.",
        "Budgeting on a point: five years ahead most intervals hold both growth and decline.",
        "Causal claims: an elasticity from one pair of years is a description (its weaknesses stand beside it).",
    ]


def _data(outlook: Outlook) -> list[str]:
    return [
        f"{escape(row.citation)} Vintage {row.vintage}, SHA-256 {row.sha256[:16]}…"
        for row in each(outlook.used)
    ]

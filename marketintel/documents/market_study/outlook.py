"""Forecasts of world exports of the headings that may speak for a segment, and why others may not."""

from __future__ import annotations

import pandas as pd

from marketintel.documents import prose as w
from marketintel.documents.charts import fans
from marketintel.documents.engine.blocks import Callout, Figure, Stack, Table, Text, escape
from marketintel.documents.engine.chapters import chapter
from marketintel.documents.engine.naming import edition_month
from marketintel.documents.frames import each
from marketintel.documents.market.study import Study
from marketintel.documents.market_study.forecasts import (
    HORIZON,
    Outlook,
    compute,
    error_table,
    last,
    one_level,
    unknown,
)
from marketintel.documents.market_study.series import (
    MIN_YEARS,
    long_view,
    own_outlook,
    unchanged_codes,
    whole_rows,
)
from marketintel.errors import MissingDataError
from marketintel.reference.headings import Heading, Headings, load_headings
from marketintel.warehouse.context import world_series


@chapter
def outlook(study: Study) -> Stack:
    """Fans, back-test errors, and the reason of every segment that has no forecast."""
    if study.history_years >= MIN_YEARS:
        return Stack(long_view(study), own_outlook(study, whole_rows(study)))
    if study.is_mixed:
        reason = (
            f"there are {study.history_years} years of these imports, and {MIN_YEARS} are needed; no heading "
            "of world trade may speak for a mixed code"
        )
        return Stack(Callout("note", f"There is no forecast: {reason}."))
    own = unchanged_codes(study)
    if own.names:
        return own_outlook(study, own)
    headings = load_headings()
    speaking = {s: headings.speaking_for(s) for s in study.chosen}
    chosen = {h.heading: h for found in speaking.values() for h in found}
    series, gone = _series(study, list(chosen))
    missing = _without(study, headings, speaking)
    few = (
        "The imports of this market are known for too few years to forecast. World exports of a "
        "four-digit heading may stand in for a segment where the segment's core codes make up most "
        "of the heading and its series is long enough after its last break. A forecast speaks about "
        "world exports of that heading, under its own name, and not about the segment in this market."
    )
    if series.empty:
        reason = gone or "no heading may speak for a segment of this study"
        return Stack(
            Text(few), Callout("note", f"There is no forecast: {escape(reason)}."), missing
        )
    result = compute(series, edition_month(study.used["retrieved_at"]))
    if result.forecasts.empty:
        why = "; ".join(f"{r.unique_id}: {r.reason}" for r in each(result.refused))
        return Stack(Text(few), Callout("note", f"There is no forecast of {why}."), missing)
    return Stack(
        Text(few),
        Text(_sentence(study, result, chosen, speaking)),
        Figure(
            fans.fan(
                result.panel,
                result.shown,
                benchmark=one_level(result.forecasts, "drift"),
                titles={h: f"Heading {h}: {chosen[h].title}" for h in chosen},
            ),
            name="outlook",
            caption=(
                f"World exports of single headings, forecasts of {HORIZON} years after {result.month}, 80 and 95 % "
                f"intervals; {result.seen}"
            ),
            alt=_sentence(study, result, chosen, speaking).replace("**", ""),
            source=_source(series),
        ),
        _forecast_table(result, chosen, speaking, study, series),
        error_table(result, "heading", "heading", _source(series)),
        missing,
    )


def _series(study: Study, headings: list[str]) -> tuple[pd.DataFrame, str]:
    """World series of the headings from the first usable year on; and why there are none."""
    usable = {h.heading: str(h.usable_from) for h in load_headings()}
    parts, gone = [], ""
    for heading in sorted(headings):
        try:
            rows = world_series(heading, data_dir=study.data_dir)
        except MissingDataError as error:
            gone = str(error)
            continue
        parts.append(rows[rows["period"] >= usable[heading]])
    empty = pd.DataFrame(columns=["cmd_code", "period", "value_usd", "source", "vintage"])
    return (pd.concat(parts, ignore_index=True) if parts else empty), gone


def _sentence(
    study: Study, result: Outlook, chosen: dict[str, Heading], speaking: dict[str, list[Heading]]
) -> str:
    ends = last(result)
    said = []
    for heading, row in ends.iterrows():
        segments = [
            w.clause(study.segment_names[s])
            for s, hs in speaking.items()
            if chosen[str(heading)] in hs
        ]
        said.append(
            f"World exports of heading {heading} ({escape(chosen[str(heading)].title)}; for "
            f"{w.listing(segments)}) stood at {w.money(row['last_usd'])} in {int(row['last_year'])}"
            f"{unknown(row)} and are forecast at {w.money(row['mean'])} in {row['year']}; with 80{w.NBSP}% "
            f"confidence between {w.money(row['lo_80'])} and {w.money(row['hi_80'])}."
        )
    return " ".join(said)


def _forecast_table(
    result: Outlook,
    chosen: dict[str, Heading],
    speaking: dict[str, list[Heading]],
    study: Study,
    series: pd.DataFrame,
) -> Table:
    table = last(result).reset_index(names="heading")
    table.insert(1, "title", [chosen[h].title for h in table["heading"]])
    table["segments"] = [
        w.listing([study.segment_names[s] for s, hs in speaking.items() if chosen[h] in hs])
        for h in table["heading"]
    ]
    columns = [
        "heading",
        "title",
        "segments",
        "last_usd",
        "mean",
        "lo_80",
        "hi_80",
        "lo_95",
        "hi_95",
        "growth_pct",
    ]
    year, then = int(table["last_year"].max()), int(table["year"].max())
    return Table(
        table[[*columns, "naive", "drift"]],
        name="outlook",
        caption=f"World exports by heading: {year} and the forecast of {then}; {result.seen}",
        formats={
            **dict.fromkeys(
                ["last_usd", "mean", "lo_80", "hi_80", "lo_95", "hi_95", "naive", "drift"], "usd_bn"
            ),
            "growth_pct": "pct_signed",
        },
        headers={
            "heading": "Heading",
            "title": "Goods",
            "segments": "Speaks for",
            "last_usd": str(year),
            "mean": str(then),
            "lo_80": "80 % from",
            "hi_80": "to",
            "lo_95": "95 % from",
            "hi_95": "to ",
            "growth_pct": "A year",
            "naive": "Naive",
            "drift": "Drift",
        },
        hide=["segments", "naive", "drift"],
        note="Current US dollars. The forecast speaks about world exports of the heading, not about this market.",
        source=_source(series),
    )


def _without(study: Study, headings: Headings, speaking: dict[str, list[Heading]]) -> Table | None:
    """Every segment without a forecast and the reason."""
    rows = []
    for segment, found in speaking.items():
        if found:
            continue
        reasons = [h.verdict(segment) for h in headings.candidates(segment)[:2]]
        reason = (
            ". ".join(r[0].upper() + r[1:] for r in reasons) or "No heading holds its core codes"
        )
        rows.append((study.segment_names[segment], f"{reason}."))
    if not rows:
        return None
    return Table(
        pd.DataFrame(rows, columns=["segment", "reason"]),
        name="no_outlook",
        caption="Segments without a forecast, and why",
        headers={"segment": "Segment", "reason": "Why no heading speaks for it"},
        note="The rule, the cover of each heading and its breaks are in a reference file (headings.toml).",
    )


def _source(series: pd.DataFrame) -> str:
    if series.empty:
        return ""
    return f"Growth Lab, Atlas of Economic Complexity (via a public copy), vintage {series['vintage'].iloc[0]}."

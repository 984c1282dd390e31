"""The last pages: opportunities and risks, the tariff schedule, sources, gaps, provenance."""

from __future__ import annotations

import re

import pandas as pd

from marketintel.analysis.facts import segment_facts
from marketintel.analysis.frames import CORE
from marketintel.analysis.signals import Thresholds, not_evaluated, rule_texts, signals
from marketintel.report.blocks import Callout, Stack, Table, Text, escape
from marketintel.report.market_study import words as w
from marketintel.report.market_study.facts import Study, each
from marketintel.warehouse import query
from marketintel.warehouse.notes import market_note

#: Opportunities and risks that are printed; the tables of the edition hold all.
TOP = 10


def opportunities_and_risks(study: Study) -> Stack:
    """What the rules find, ranked by the dollars concerned, and the rules themselves."""
    facts = _facts(study)
    limits = _thresholds(study)
    names = {code: study.name(code) for code in {*facts["competitor"].dropna(), study.exporter}}
    found = signals(facts, limits, names)
    found["segment_name"] = found["segment"].map(study.segment_names)
    rules = rule_texts(limits)
    silent = not_evaluated(facts)
    return Stack(
        *[
            _findings(study, found, kind, title)
            for kind, title in (("opportunity", "Opportunities"), ("risk", "Risks"))
        ],
        Table(
            rules.assign(kind=rules["kind"].str.capitalize())[["kind", "rule_text", "score_text"]],
            name="rules",
            caption="The rules, with their thresholds",
            headers={"rule_text": "The rule speaks where …", "score_text": "Ranked by"},
            group_col="kind",
        ),
        Text(
            f"{w.count(len(silent), 'rule and segment', 'pairs of rule and segment').capitalize()} could not be "
            "asked, because a figure is missing."
        )
        if len(silent)
        else None,
    )


def _findings(study: Study, found: pd.DataFrame, kind: str, title: str) -> Table | Text:
    rows = found[found["kind"] == kind].head(TOP)
    if rows.empty:
        return Text(f"**{title}.** No rule speaks.")
    return Table(
        rows[["rank", "segment_name", "statement", "score_usd", "score_text"]],
        name={"opportunity": "opportunities", "risk": "risks"}[kind],
        caption=f"{title} for {study.name(study.exporter)}, by dollars concerned",
        formats={"rank": "int", "score_usd": "usd_m"},
        headers={
            "segment_name": "Segment",
            "statement": "Finding",
            "score_usd": "Amount",
            "score_text": "What the amount is",
        },
        note="Found by the rules below; amounts rank the findings and are not forecasts.",
        source=study.source_line,
    )


def tariff_schedule(study: Study) -> Stack:
    """The statutory lines of the core codes, as the law of their own year."""
    core = study.codes[study.codes["scope"] == CORE]
    lines = query.tariff_lines(core["cmd_code"].tolist(), data_dir=study.data_dir)
    lines = lines[lines["reporter"] == study.market]
    if lines.empty:
        return Stack(
            Callout("note", f"No tariff schedule of {study.name(study.market)} is in the data.")
        )
    lines = lines.merge(core[["cmd_code", "segment"]], on="cmd_code")
    lines["segment_name"] = lines["segment"].map(study.segment_names)
    order = {segment: i for i, segment in enumerate(study.chosen)}
    lines = lines.sort_values(
        ["segment", "hs8"], key=lambda c: c.map(order) if c.name == "segment" else c
    )
    lines["line"] = lines["hs8"].map(_dotted)
    free = (lines["general"].str.strip() == "Free").sum()
    return Stack(
        Text(
            f"Of {len(lines)} tariff lines under the core codes {free} are free in the general column. The "
            "general column is not what importers pay: additional duties stand in chapter 99 of the schedule "
            "and reach a line only through its footnotes or through general notes."
        ),
        Table(
            lines[["segment_name", "line", "description", "general", "special", "footnotes"]],
            name="tariff_lines",
            caption=f"Tariff schedule of {study.name(study.market)}, core codes: a statute of its year",
            headers={
                "line": "Line",
                "description": "Goods",
                "general": "General",
                "special": "Special",
                "footnotes": "Footnotes",
            },
            group_col="segment_name",
            missing="none given",
            note=(
                "A statute of the schedule's own year; it is never subtracted from the duties of earlier years. "
                "Special: rates for the programmes named by their symbols."
            ),
            source=_citations(study, ["usitc_hts"]),
        ),
    )


def sources(study: Study) -> Stack:
    """Every source with producer, licence, vintage and retrieval date."""
    here = study.used
    columns = ["title", "vintage", "retrieved_at", "licence"]
    return Stack(
        Table(
            here[columns].astype("str"),
            name="sources",
            caption="Sources of this study",
            headers={
                "title": "Data",
                "vintage": "Vintage",
                "retrieved_at": "Compiled",
                "licence": "Licence",
            },
            note=(
                "Compiled: the day on which the figures were compiled from the producer's release. "
                "Each file's sidecar has the full citation, address, checksum and quirks."
            ),
        ),
        Text("\n".join(f"- {escape(citation)}" for citation in here["citation"].unique())),
    )


def gaps(study: Study) -> Stack:
    """What this study could not compute, and why."""
    items = [
        "**Market size.** There is no production data in the sources; imports are demand for foreign "
        "goods and say nothing about what domestic firms sell at home.",
        f"**Trend.** Imports of {escape(study.name(study.market))} by supplier are here for "
        f"{study.base} and {study.year} only: one change, no growth rate, no sparkline.",
    ]
    if market_note(study.market, study.year):
        items.append(
            f"**Front-loading.** {study.year} is not a normal year (see the summary); annual figures cannot "
            "show which part of it was brought forward."
        )
    if not study.has_weights:
        items.append("**Unit values.** The import figures come without weights, so none are given.")
    if not study.has_duties:
        items.append("**Duties.** No calculated duties are known for this market.")
    items += [
        "**Rules of origin and refunds.** Calculated duty is an estimate at entry, before refunds and "
        "drawback; who claimed a preference is not in the data.",
        "**Origin of parts.** A supplier is the country of origin declared at entry; what it imported "
        "to make the goods is not visible.",
    ]
    empty = [
        s
        for s in study.chosen
        if s not in set(study.demand.loc[study.demand["scope"] == CORE, "segment"])
    ]
    if empty:
        names = w.listing([study.segment_names[s].lower() for s in empty])
        items.append(f"**Segments without a core code in the data:** {names}.")
    items += [f"**{escape(title)}.** {escape(text)}" for title, text in _quirks(study)]
    return Stack(Text("\n".join(f"- {item}" for item in items)))


def _quirks(study: Study) -> list[tuple[str, str]]:
    """The producers' figures have traps of their own; each sidecar lists them."""
    trade = study.used[study.used["source"].isin(study.trade_sources)]
    return [(f"Traps in {row.source}", " ".join(row.quirks)) for row in each(trade)]


def _citations(study: Study, wanted: list[str]) -> str:
    rows = study.coverage[study.coverage["source"].isin(wanted)]
    return " ".join(rows["citation"].unique())


def _facts(study: Study) -> pd.DataFrame:
    return segment_facts(
        study.flows,
        study.exporter,
        study.members,
        study.base,
        study.year,
        CORE,
        study.specialisation,
    )


def _thresholds(study: Study) -> Thresholds:
    note = market_note(study.market, study.year)
    return Thresholds(front_loaded=((study.market, study.year),) if note else ())


def _dotted(hs8: str) -> str:
    return re.sub(r"^(\d{4})(\d{2})(\d{2})$", r"\1.\2.\3", hs8)

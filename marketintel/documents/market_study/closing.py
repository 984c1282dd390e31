"""The last pages: opportunities and risks, the tariff schedule, sources, gaps, provenance."""

from __future__ import annotations

import pandas as pd

from marketintel.analysis.trade.signals import floors_text, not_evaluated, rule_texts
from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import Heading, Stack, Table, Text, escape
from marketintel.documents.engine.chapters import chapter
from marketintel.documents.frames import each, one_scope
from marketintel.documents.market.study import Study
from marketintel.documents.market_study import origin, series, tariffs
from marketintel.errors import MissingDataError
from marketintel.reference.drivers import market_note
from marketintel.warehouse.basis import REPORTED
from marketintel.warehouse.context import tariff_lines

#: Opportunities and risks that are printed; the tables of the edition hold all.
TOP = 10


@chapter
def opportunities_and_risks(study: Study) -> Stack:
    """Findings of the rules, ranked among amounts of one measure, and the rules themselves."""
    found = study.findings
    silent = not_evaluated(study.segment_facts)
    rules = rule_texts(study.thresholds)
    times = silent.groupby("rule").size().reindex(rules["rule"]).fillna(0).to_numpy()
    never = times == len(study.segment_facts)
    unasked = int(times[~never].sum())
    rules = rules[~never]
    for column in ("rule_text", "score_text"):
        rules[column] = rules[column].map(study.terms.of_rows)
    return Stack(
        *[
            _findings(study, found, kind, title)
            for kind, title in (("opportunity", "Opportunities"), ("risk", "Risks"))
        ],
        Table(
            rules.assign(kind=rules["kind"].str.capitalize())[
                ["kind", "measure", "rule_text", "score_text"]
            ],
            name="rules",
            caption="The rules, with their thresholds",
            headers={"measure": "Amount", "rule_text": "Criterion", "score_text": "What it counts"},
            group_col="kind",
            note=(
                "The thresholds are a choice of the authors; they have not been calibrated on outcomes. "
                + study.terms.of_rows(floors_text(study.thresholds))
                + (f" {_never(int(never.sum()))}" if never.any() else "")
            ),
        ),
        Text(f"{_pairs(study, len(silent))} could not be asked, because a figure is missing.")
        if unasked
        else None,
    )


def _never(number: int) -> str:
    return (
        f"{w.sentence(w.count(number, 'more rule'))} could not be asked at all, for want of duties or of "
        "the market's imports of all goods."
    )


def _pairs(study: Study, number: int) -> str:
    unit = study.terms.unit
    return w.count(number, f"rule and {unit}", f"pairs of rule and {unit}").capitalize()


def _findings(study: Study, found: pd.DataFrame, kind: str, title: str) -> Table | Text:
    rows = found[found["kind"] == kind]
    if rows.empty:
        return Text(f"**{title}.** No rule speaks.")
    return Table(
        rows[["measure", "rank", "segment_name", "statement", "score_usd", "rule"]],
        name={"opportunity": "opportunities", "risk": "risks"}[kind],
        caption=f"{title} for {w.the(study.name(study.exporter))}, by kind of amount",
        formats={"rank": "int", "score_usd": study.money},
        headers={
            "segment_name": study.terms.unit.capitalize(),
            "statement": "Finding",
            "score_usd": "Amount",
        },
        hide=["rule"],
        group_col="measure",
        printed_rows=TOP,
        note=(
            "Found by the rules below, which say what each amount counts; amounts rank findings of one "
            "kind only, and are not forecasts."
        ),
        source=study.source_line,
    )


@chapter
def tariff_schedule(study: Study) -> Stack:
    """The statutory lines of the core codes, as the law of their own year; where it is here."""
    core = study.codes if study.is_mixed else one_scope(study.codes, study.scope)
    try:
        lines = tariff_lines(
            core["cmd_code"].tolist(), reporter=study.market, data_dir=study.data_dir
        )
    except MissingDataError:  # no statute of any country is here
        return Stack()
    if lines.empty:
        return Stack()
    statute = str(lines["statute"].iloc[0])
    free = int((lines["general"].str.strip() == "Free").sum())
    return Stack(
        Heading(2, "The tariff schedule"),
        Text(
            f"This is the {escape(statute)} as it reads, for the core codes of this study: "
            f"{free} of {len(lines)} tariff lines are free in the general column. That column is not "
            "what importers pay: additional duties stand in chapter 99 of the schedule and reach a "
            "line only through its footnotes or through general notes."
        ),
        Table(
            _by_code(lines, core, study),
            name="tariff_codes",
            caption=f"General rates of duty of {w.the(study.name(study.market))}, by core code",
            formats={"lines": "int"},
            headers={
                "cmd_code": study.hs,
                "label": "Goods",
                "lines": "Lines",
                "general": "General rates",
                "footnotes": "Footnotes to chapter 99",
            },
            group_col="segment_name",
            missing="none",
            note=(
                "A statute of its own year; it is never subtracted from the duties of earlier years. "
                "Every line with its special rates and full text is in the tables beside the report."
            ),
            source=_citations(study, ["usitc_hts"]),
        ),
        Table(
            lines.drop(columns=["source", "vintage"]),
            name="tariff_lines",
            caption=f"Tariff schedule of {w.the(study.name(study.market))}, lines of the core codes",
            printed_rows=0,
        ),
    )


def _by_code(lines: pd.DataFrame, core: pd.DataFrame, study: Study) -> pd.DataFrame:
    """One row a code: how many lines, which general rates, which footnotes to chapter 99."""
    order = {code: place for place, code in enumerate(core["cmd_code"])}
    notes = lines["footnotes"].fillna("").str.findall(r"99\d\d\.\d\d\.\d\d")
    grouped = lines.assign(notes=notes).groupby("cmd_code")
    table = pd.DataFrame(
        {
            "lines": grouped.size(),
            "general": grouped["general"].agg(lambda r: ", ".join(dict.fromkeys(r.dropna()))),
            "footnotes": grouped["notes"].agg(
                lambda r: ", ".join(sorted({n for x in r for n in x}))
            ),
        }
    ).reset_index()
    table["footnotes"] = table["footnotes"].replace("", None)
    table = table.merge(core[["cmd_code", "segment", "label"]], on="cmd_code")
    table["segment_name"] = table["segment"].map(study.segment_names)
    table = table.sort_values("cmd_code", key=lambda codes: codes.map(order))
    return table[["segment_name", "cmd_code", "label", "lines", "general", "footnotes"]]


@chapter
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


def _trend(study: Study) -> str:
    """Say why whole rows of the study have no series of years."""
    imports = f"Imports of {escape(w.the(study.name(study.market)))}"
    if not study.is_mixed and series.unchanged_codes(study).names:
        return (
            f"Whole segments compare over {study.history_years} years only, since the HS was revised; "
            "longer series hold the codes that mean the same in every edition."
        )
    if study.history_years == 2:
        return (
            f"{imports} by supplier are here for {study.base} and {study.year} only: one change, no "
            "growth rate, no sparkline."
        )
    return (
        f"{imports} are here for {study.history_years} years, too few for a series of their own "
        f"({series.MIN_YEARS})."
    )


@chapter
def gaps(study: Study) -> Stack:
    """What this study could not compute, and why."""
    items = [
        "**Market size.** There is no production data in the sources; imports are demand for foreign "
        "goods and say nothing about what domestic firms sell at home.",
    ]
    if study.history_years < series.MIN_YEARS:
        items.append(f"**Trend.** {_trend(study)}")
    if market_note(study.market, study.year):
        items.append(
            f"**Front-loading.** {study.year} is not a normal year (see the summary); annual figures cannot "
            "show which part of it was brought forward."
        )
    if not study.has_weights:
        items.append("**Unit values.** The import figures come without weights, so none are given.")
    if not study.has_duties:
        items.append(
            "**Duties.** No calculated duties are known for this market; what goods paid cannot be said."
            + (
                f" `{tariffs.fetch_wits(study)}` asks for its tariff."
                if study.tariffs.empty
                else ""
            )
        )
    items += origin.gap_items(study)
    if study.has_duties:
        items.append(
            "**Rules of origin and refunds.** Calculated duty is an estimate at entry, before refunds "
            "and drawback; who claimed a preference is not in the data."
        )
    items += [
        "**Origin of parts.** A supplier is the country of origin declared at entry; what it imported "
        "to make the goods is not visible."
        if study.basis.kind == REPORTED
        else "**Origin.** A supplier is the country that exported the goods, which need not be where "
        "they were made, mined or refined.",
    ]
    empty = [
        s
        for s in study.chosen
        if s not in set(study.demand.loc[study.demand["scope"].isin(study.scopes), "segment"])
        and s not in study.without_figures
    ]
    if empty:
        names = w.listing([w.clause(study.segment_names[s]) for s in empty])
        items.append(f"**Segments without a core code in the data:** {names}.")
    items += [f"**{escape(title)}.** {escape(text)}" for title, text in _quirks(study)]
    return Stack(Text("\n".join(f"- {item}" for item in items)))


def _quirks(study: Study) -> list[tuple[str, str]]:
    """The producers' figures have traps of their own; each sidecar lists them."""
    trade = study.used[study.used["source"].isin(study.trade_sources)]
    return [(f"Traps in the figures ({row.title})", " ".join(row.quirks)) for row in each(trade)]


def _citations(study: Study, wanted: list[str]) -> str:
    rows = study.coverage[study.coverage["source"].isin(wanted)]
    return " ".join(rows["citation"].unique())

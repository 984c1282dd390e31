"""The first pages: summary, and all segments at a glance."""

from __future__ import annotations

import textwrap

import pandas as pd

from marketintel.analysis.trade.frames import BROAD, CORE, CORE_AND_BROAD
from marketintel.documents import prose as w
from marketintel.documents.charts import charts
from marketintel.documents.engine.blocks import Callout, Figure, KeyFigures, Stack, Table, Text
from marketintel.documents.engine.chapters import chapter
from marketintel.documents.frames import one
from marketintel.documents.market.study import Study
from marketintel.documents.market_study import origin
from marketintel.documents.market_study import sentences as say
from marketintel.reference.drivers import market_note

#: The id of the row of all rows together.
TOTAL = "total"

_MIXED = (
    "Each row is one *mixed* code, as the summary says: goods on which photonics depends and of which "
    "other industries use most."
)
_SCOPES = (
    "Every segment appears twice: with its own codes and with its *broad* codes added, which mix such "
    "goods with others. Only *core* codes, which are photonic as such, carry a headline; neighbours of "
    "photonics stand below the sum and are not in it."
)


@chapter
def summary(study: Study) -> Stack:
    """Half a page: four figures and the sentences that they support."""
    core = one(study.demand_total, "scope", study.scope)
    own_rows = study.position[study.position["scope"] == study.scope]
    own = one(study.position_total, "scope", study.scope)
    name = study.name(study.exporter)
    figures = [
        (
            f"{'Photonic imports' if study.scope == CORE else 'Imports'}, {study.year}",
            w.money(core["value_usd"]),
            f"{study.terms.codes}; {w.change(core['change_pct'])} on {study.base}"
            f"{study.beside(study.growth_or_level)}",
        ),
        (
            f"Share of {name}",
            w.percent(own["share_pct"]),
            f"{w.points(own['share_change_pp'])} on {study.base}"
            f"{study.beside('share_pct', 'share_change_pp')}",
        ),
    ]
    if study.has_duties:
        before, now = study.duty_of(study.exporter)
        figures.append(
            (
                f"Duty on goods of {w.the(name)}",
                w.percent(now),
                f"of customs value; {w.percent(before)} in {study.base}"
                f"{study.beside('duty_pct', 'duty_change_pp')}",
            )
        )
    first = int((own_rows["rank"] == 1).sum())
    figures.append(
        (
            "First supplier",
            f"{first} of {len(own_rows)}",
            f"{study.terms.unit}s in which {name} ranks first",
        )
    )
    note = market_note(study.market, study.year)
    return Stack(
        *origin.warnings(study),
        KeyFigures(figures),
        Callout("warning", f"{note.text} Source: {note.source}.") if note else None,
        Text("\n".join(f"- {sentence}" for sentence in say.summary_sentences(study))),
    )


@chapter
def glance(study: Study) -> Stack:
    """All segments in one table and one picture."""
    table = _glance_frame(study)
    return Stack(
        Text(_SCOPES if not study.is_mixed else _MIXED),
        Table(
            table,
            name="segments_at_a_glance",
            caption=f"{study.terms.unit.capitalize()}s at a glance: imports of {w.the(study.name(study.market))}, {study.year}",
            formats={
                "value_usd": study.money,
                "change_pct": "pct_signed",
                "with_broad_usd": study.money,
                "share_pct": "pct",
                "share_change_pp": "points",
                "rank": "int",
                "first_share_pct": "pct",
                "hhi": "ratio2",
                "hhi_eu_as_one": "ratio2",
                **({"effective_duty_pct": "pct"} if study.has_duties else {}),
            },
            headers={
                "segment_name": study.terms.unit.capitalize(),
                "value_usd": study.year if study.is_mixed else "Own codes",
                "change_pct": "Change",
                "with_broad_usd": "+ broad",
                "share_pct": f"{study.name(study.exporter)} share",
                "share_change_pp": "Change",
                "rank": "Rank",
                "first_supplier": "First supplier",
                "first_share_pct": "Its share",
                "hhi": "HHI",
                **(
                    {"effective_duty_pct": f"Duty {study.name(study.exporter)}"}
                    if study.has_duties
                    else {}
                ),
            },
            hide=[
                "segment",
                "scope",
                "base_value_usd",
                "rank",
                "hhi",
                "hhi_eu_as_one",
                "suppliers_for_80_pct",
                *(["base_duty_pct"] if study.has_duties else []),
                *(["with_broad_usd"] if study.is_mixed else []),
            ],
            highlight=(table["segment"] == TOTAL).tolist(),
            missing=f"given by {study.terms.unit} only",
            note=_glance_note(study),
            source=study.source_line,
        ),
        _glance_chart(study, table[table["segment"] != TOTAL]),
    )


def _glance_note(study: Study) -> str:
    core = (
        "Codes that mix photonic with other goods; their sum is no size of anything photonic. "
        if study.is_mixed
        else "Own codes: photonic as such (core), or of a neighbour of photonics. “+ broad” adds mixed "
        "codes and is never a headline. "
    )
    duty = "Duty: calculated duty as per cent of customs value. " if study.has_duties else ""
    whole = study.beside(study.growth_or_level, "share_pct", "share_change_pp")
    whole = f"{study.terms.every}{whole.replace(';', ':', 1)}. " if whole else ""
    grouped = f"Shares count {study.exporter} as one supplier. " if study.is_group else ""
    return (
        f"{core}{whole}Changes are against {study.base}. {grouped}The first supplier is "
        f"a single economy. {duty}Ranks and concentration (HHI) are in the tables "
        "beside the report."
    )


def _glance_chart(study: Study, table: pd.DataFrame) -> Figure:
    if study.is_mixed:
        drawn = charts.bar_suppliers(
            table.assign(
                name=[textwrap.shorten(n, 34, placeholder="…") for n in table["segment_name"]]
            ),
            supplier="name",
            value="value_usd",
            base="base_value_usd",
            share=None,
            label=study.year,
            base_label=study.base,
        )
        caption = f"Imports by product, {study.year} and {study.base}: mixed codes"
    else:
        drawn = charts.segments_bar(
            table,
            core="value_usd",
            core_broad="with_broad_usd",
            base_core="base_value_usd",
            period=study.year,
            base_period=study.base,
        )
        caption = f"Imports by segment, {study.year}: own codes and mixed codes apart"
    return Figure(
        drawn,
        name="segments",
        caption=caption,
        alt=f"Horizontal bars of imports by {study.terms.unit}. {say.segments(study)}".replace(
            "**", ""
        ),
        source=study.source_line,
    )


def _glance_frame(study: Study) -> pd.DataFrame:
    """One row a segment, largest first, one for all together, and the neighbours below it.

    ``value_usd`` and what follows from it are of the row's own codes, whose ``scope`` is given.
    """

    def keyed(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(segment=TOTAL)

    demand = pd.concat([study.demand, keyed(study.demand_total)])
    own = demand[demand["scope"].isin(study.scopes)].set_index("segment")
    table = own[["scope", "value_usd", "base_value_usd", "change_pct"]]
    wide = {s: study.scope_of(s, broad=True) for s in table.index}
    every = demand[demand["scope"] == demand["segment"].map(wide)].set_index("segment")
    table["with_broad_usd"] = every["value_usd"]
    place = pd.concat([study.position, keyed(study.position_total)]).set_index("segment")
    table = table.join(place[["share_pct", "share_change_pp", "rank"]])
    first = study.concentration.set_index("segment")
    table["first_supplier"] = first["first_supplier"].map(study.name)
    table["first_share_pct"] = first["first_supplier_share_pct"]
    table["hhi"] = first["hhi"]
    table["hhi_eu_as_one"] = study.concentration_as_one.set_index("segment")["hhi"]
    table["suppliers_for_80_pct"] = first["suppliers_for_80_pct"].astype("Int64")
    if study.has_duties:
        duty = pd.concat([study.duty, keyed(study.duty_total)])
        duty = duty[duty["partner"] == study.exporter].pivot_table(
            index="segment", columns="period", values="effective_duty_pct"
        )
        duty = duty.reindex(columns=[study.base, study.year])
        table["effective_duty_pct"], table["base_duty_pct"] = duty[study.year], duty[study.base]
    table = table.reset_index()
    table.insert(
        1, "segment_name", table["segment"].map(study.segment_names).fillna(study.terms.every)
    )
    near = table["scope"].ne(study.scope)
    table.loc[near, "segment_name"] += " (neighbour)"
    table["scope"] = table["scope"].replace(CORE_AND_BROAD, BROAD)  # rows of a mixed study
    order = 2 * near + (table["segment"] == TOTAL)
    table = table.assign(order=order).sort_values(["order", "value_usd"], ascending=[True, False])
    return table.drop(columns="order")

"""The pages about the whole market: summary, glance, suppliers, exporter, duties, change."""

from __future__ import annotations

import pandas as pd

from marketintel.analysis.frames import CORE, CORE_AND_BROAD
from marketintel.report import charts, maps
from marketintel.report.blocks import Callout, Figure, KeyFigures, PageBreak, Stack, Table, Text
from marketintel.report.market_study import sentences as say
from marketintel.report.market_study import words as w
from marketintel.report.market_study.facts import EU, Study, each, one
from marketintel.warehouse import query
from marketintel.warehouse.notes import market_note

#: Suppliers printed by name; the tables in the edition's folder hold all of them.
TOP = 12

ALL = "All segments"

#: Below these sales a specialisation rests on single shipments.
SMALL_SALES_USD = 10e6


def summary(study: Study) -> Stack:
    """Half a page: four figures and the sentences that they support."""
    core = one(study.demand_total, "scope", CORE)
    own_segments = study.position[study.position["scope"] == CORE]
    own = one(study.position_total, "scope", CORE)
    name = study.name(study.exporter)
    figures = [
        (
            f"Photonic imports, {study.year}",
            w.money(core["value_usd"]),
            f"core codes; {w.change(core['change_pct'])} on {study.base}",
        ),
        (
            f"Share of {name}",
            w.percent(own["share_pct"]),
            f"{w.points(own['share_change_pp'])} on {study.base}",
        ),
    ]
    if study.has_duties:
        before, now = say.duty_of(study, study.exporter)
        figures.append(
            (
                f"Duty on {name} goods",
                w.percent(now),
                f"of customs value; {w.percent(before)} in {study.base}",
            )
        )
    first = int((own_segments["rank"] == 1).sum())
    figures.append(
        (
            "First supplier",
            f"{first} of {len(own_segments)}",
            f"segments in which {name} ranks first",
        )
    )
    note = market_note(study.market, study.year)
    return Stack(
        KeyFigures(figures),
        Callout("warning", f"{note.text} Source: {note.source}.") if note else None,
        Text("\n".join(f"- {sentence}" for sentence in say.summary_sentences(study))),
    )


def glance(study: Study) -> Stack:
    """All segments in one table and one picture."""
    table = _glance_frame(study)
    return Stack(
        Table(
            table,
            name="segments_at_a_glance",
            caption=f"Segments at a glance: imports of {w.the(study.name(study.market))}, {study.year}",
            formats={
                "core_usd": "usd_m",
                "change_pct": "pct_signed",
                "core_broad_usd": "usd_m",
                "share_pct": "pct",
                "share_change_pp": "points",
                "rank": "int",
                "first_share_pct": "pct",
                "hhi": "ratio2",
                "hhi_eu_as_one": "ratio2",
                "effective_duty_pct": "pct",
            }
            if study.has_duties
            else {},
            headers={
                "segment_name": "Segment",
                "core_usd": "Core",
                "change_pct": "Change",
                "core_broad_usd": "Core + broad",
                "share_pct": f"{study.exporter} share",
                "share_change_pp": "Change",
                "rank": "Rank",
                "first_supplier": "First supplier",
                "first_share_pct": "Its share",
                "hhi": "HHI",
                "effective_duty_pct": f"Duty {study.exporter}",
            },
            hide=[
                "segment",
                "base_core_usd",
                "rank",
                "hhi",
                "hhi_eu_as_one",
                "suppliers_for_80_pct",
                "base_duty_pct",
            ],
            highlight=(table["segment_name"] == ALL).tolist(),
            missing="given by segment only",
            note=(
                "Core: codes that are photonic as such. Core + broad adds mixed codes and is never a "
                f"headline. Changes are against {study.base}. Shares count {study.exporter} as one "
                "supplier; the first supplier is a single economy. Duty: calculated duty as per cent "
                "of customs value. Ranks and concentration (HHI) are in the tables of the edition."
            ),
            source=study.source_line,
        ),
        Figure(
            charts.segments_bar(
                table[table["segment_name"] != ALL], period=study.year, base_period=study.base
            ),
            name="segments",
            caption=f"Imports by segment, {study.year}: core codes and mixed codes apart",
            alt=f"Horizontal bars of imports by segment. {say.segments(study)}".replace("**", ""),
            source=study.source_line,
        ),
    )


def _glance_frame(study: Study) -> pd.DataFrame:
    """One row a segment, largest first, and one for all together."""
    total = "total"
    keyed = lambda frame: frame.assign(segment=total)  # noqa: E731
    demand = pd.concat([study.demand, keyed(study.demand_total)]).set_index(["segment", "scope"])
    place = pd.concat([study.position, keyed(study.position_total)]).set_index(["segment", "scope"])
    core, everything = demand.xs(CORE, level="scope"), demand.xs(CORE_AND_BROAD, level="scope")
    table = pd.DataFrame(
        {
            "core_usd": core["value_usd"],
            "base_core_usd": core["base_value_usd"],
            "change_pct": core["change_pct"],
            "core_broad_usd": everything["value_usd"],
        }
    )
    own = place.xs(CORE, level="scope")
    table = table.join(own[["share_pct", "share_change_pp", "rank"]])
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
    table.insert(1, "segment_name", table["segment"].map(study.segment_names).fillna(ALL))
    table = table.sort_values("core_usd", ascending=False)
    return pd.concat([table[table["segment"] != total], table[table["segment"] == total]])


def suppliers(study: Study) -> Stack:
    """Who sells photonic goods to this market: map, ranking, table."""
    shares = study.shares_total[study.shares_total["value_usd"] > 0]
    table = shares.assign(supplier=shares["partner"].map(study.name))
    leader = shares.iloc[0]
    return Stack(
        Text(
            f"{study.name(leader['partner'])} is the first supplier with {w.money(leader['value_usd'])}, "
            f"{w.percent(leader['share_pct'])} of core imports ({w.points(leader['share_change_pp'])}). "
            f"The first five suppliers together hold {w.percent(shares['share_pct'].head(5).sum())}."
        ),
        Figure(
            maps.supplier_map(
                study.shares_apart[["partner", "value_usd"]],
                query.countries_geometry(data_dir=study.data_dir),
                reporter=study.market,
                names={code: study.name(code) for code in study.shares_apart["partner"]},
            ),
            name="supplier_map",
            caption=f"Suppliers of photonic goods to {w.the(study.name(study.market))}, core codes, {study.year}",
            alt=(
                "World map of suppliers, shaded by what they sold. The largest single economies are "
                f"{say.leaders(study, study.shares_apart, 5)}; the table below has the figures."
            ),
            source=f"{study.source_line} {maps.DISCLAIMER}",
        ),
        Table(
            table[
                [
                    "rank",
                    "supplier",
                    "base_value_usd",
                    "value_usd",
                    "change_pct",
                    "share_pct",
                    "share_change_pp",
                ]
            ],
            name="largest_suppliers",
            caption=f"Largest suppliers, core codes of all segments, {study.exporter} as one supplier",
            formats={
                "rank": "int",
                "base_value_usd": "usd_m",
                "value_usd": "usd_m",
                "change_pct": "pct_signed",
                "share_pct": "pct",
                "share_change_pp": "points",
            },
            headers={
                "supplier": "Supplier",
                "base_value_usd": study.base,
                "value_usd": study.year,
                "change_pct": "Change",
                "share_pct": "Share",
                "share_change_pp": "Change of share",
            },
            highlight=(table["partner"] == study.exporter).tolist(),
            printed_rows=TOP,
            source=study.source_line,
        ),
    )


def specialisation(study: Study) -> Stack:
    """What the largest suppliers are specialised in, as seen through this market's imports."""
    table = study.specialisation.copy()
    table["segment_name"] = table["segment"].map(study.segment_names)
    table["supplier"] = table["partner"].map(study.name)
    shares = study.shares_total[study.shares_total["value_usd"] > 0]
    sold = table[table["value_usd"] >= SMALL_SALES_USD]
    sold = sold.sort_values(["rca_in_market", "segment"], ascending=[False, True])
    sold = sold[sold["rca_in_market"] > 1]
    said = sold.assign(
        text=[f"{r.segment_name} ({r.rca_in_market:.1f})" for r in each(sold)]
    ).groupby("partner")["text"]
    names = said.agg(lambda texts: ", ".join(texts.head(3)))
    top = shares.head(TOP)
    shown = pd.DataFrame(
        {
            "supplier": top["partner"].map(study.name),
            "value_usd": top["value_usd"],
            "segments": top["partner"].map(names),
        }
    )
    columns = ["supplier", "segment_name", "value_usd", "rca_in_market", "rsca_in_market"]
    return Stack(
        Table(
            shown,
            name="specialisation",
            caption=f"What the largest suppliers are specialised in, as seen through imports of {w.the(study.name(study.market))}",
            formats={"value_usd": "usd_m"},
            headers={
                "supplier": "Supplier",
                "value_usd": study.year,
                "segments": "Segments with the highest RCA in this market",
            },
            highlight=(top["partner"] == study.exporter).tolist(),
            missing="no segment above 1",
            note=(
                "RCA in this market: a segment's weight in what a supplier sells here against its weight "
                f"in all imports; above 1 is specialised. Segments with sales of {w.money(SMALL_SALES_USD)} "
                "or more. It is not the supplier's specialisation in the world."
            ),
            source=study.source_line,
        ),
        Table(
            table.sort_values(["supplier", "segment"])[columns],
            name="specialisation_all",
            caption="RCA in this market of every supplier and segment, core codes",
            printed_rows=0,
        ),
    )


def exporter_position(study: Study) -> Stack:
    """Where the exporter stands by segment, and the EU's members one by one."""
    own = study.position[study.position["scope"] == CORE].copy()
    own.insert(0, "segment_name", own["segment"].map(study.segment_names))
    rca = study.specialisation[study.specialisation["partner"] == study.exporter]
    own["rca_in_market"] = own["segment"].map(rca.set_index("segment")["rca_in_market"])
    own = own.sort_values("value_usd", ascending=False)
    columns = [
        "segment_name",
        "base_value_usd",
        "value_usd",
        "change_pct",
        "market_change_pct",
        "share_pct",
        "share_change_pp",
        "rank",
        "rca_in_market",
    ]
    name = study.name(study.exporter)
    gained = own.loc[own["share_change_pp"] > 0, "segment"].tolist()
    return Stack(
        Text(
            f"{w.sentence(w.the(name))} gained share in {w.count(len(gained), 'segment')} of {len(own)} and lost it in "
            f"{w.count(int((own['share_change_pp'] < 0).sum()), 'segment')}."
        ),
        Table(
            own[columns],
            name="exporter_position",
            caption=f"{name} in the market, core codes, {study.year} against {study.base}",
            formats={
                "base_value_usd": "usd_m",
                "value_usd": "usd_m",
                "change_pct": "pct_signed",
                "market_change_pct": "pct_signed",
                "share_pct": "pct",
                "share_change_pp": "points",
                "rank": "int",
                "rca_in_market": "ratio2",
            },
            headers={
                "segment_name": "Segment",
                "base_value_usd": study.base,
                "value_usd": study.year,
                "change_pct": "Change",
                "market_change_pct": "Market",
                "share_pct": "Share",
                "share_change_pp": "Change of share",
                "rca_in_market": "RCA in this market",
            },
            source=study.source_line,
        ),
        PageBreak(),
        *_members(study),
    )


def _members(study: Study) -> list[Table]:
    """The EU27 and its member states over all segments, with each one's main segment."""
    members = study.member_positions.sort_values("value_usd", ascending=False).copy()
    by_segment = study.member_segments.sort_values("value_usd", ascending=False)
    main = by_segment[by_segment["value_usd"] > 0].drop_duplicates("exporter").set_index("exporter")
    members["member"] = members["exporter"].map(study.name)
    members["main_segment"] = members["exporter"].map(main["segment"].map(study.segment_names))
    if study.has_duties:
        duty = study.duty_members[study.duty_members["period"] == study.year].set_index("partner")
        members["effective_duty_pct"] = members["exporter"].map(duty["effective_duty_pct"])
    columns = [
        "member",
        "base_value_usd",
        "value_usd",
        "change_pct",
        "share_pct",
        "share_change_pp",
        "rank",
    ]
    columns += [*(["effective_duty_pct"] if study.has_duties else []), "main_segment"]
    formats = {
        "base_value_usd": "usd_m",
        "value_usd": "usd_m",
        "change_pct": "pct_signed",
        "share_pct": "pct",
        "share_change_pp": "points",
        "rank": "int",
        "effective_duty_pct": "pct",
    }
    return [
        Table(
            members[columns],
            name="eu_members",
            caption=f"{EU} member states in the market, core codes; rank among all single economies",
            formats={c: k for c, k in formats.items() if c in columns},
            headers={
                "member": "Member state",
                "base_value_usd": study.base,
                "value_usd": study.year,
                "change_pct": "Change",
                "share_pct": "Share",
                "share_change_pp": "Change of share",
                "main_segment": "Main segment",
                **({"effective_duty_pct": "Duty"} if study.has_duties else {}),
            },
            highlight=(members["exporter"] == study.exporter).tolist(),
            source=study.source_line,
        )
    ]


def duty_pages(study: Study) -> Stack:
    """Effective calculated duties: the exporter against its competitors."""
    if not study.has_duties:
        return Stack(
            Callout("note", f"No calculated duties are known for {study.name(study.market)}.")
        )
    rates = study.duty_total.pivot_table(
        index="partner", columns="period", values=["effective_duty_pct", "duty_on_dutiable_pct"]
    )
    gap = study.duty_gap.set_index("partner")
    top = study.shares_total[study.shares_total["value_usd"] > 0]["partner"].head(TOP).tolist()
    top = list(dict.fromkeys([*top, study.exporter]))
    table = pd.DataFrame(
        {
            "supplier": [study.name(p) for p in top],
            "base_duty_pct": rates[("effective_duty_pct", study.base)].reindex(top).to_numpy(),
            "duty_pct": rates[("effective_duty_pct", study.year)].reindex(top).to_numpy(),
            "duty_on_dutiable_pct": rates[("duty_on_dutiable_pct", study.year)]
            .reindex(top)
            .to_numpy(),
            "gap_pp": gap["gap_pp"].reindex(top).to_numpy(),
            "like_for_like_gap_pp": gap["like_for_like_gap_pp"].reindex(top).to_numpy(),
            "covered_pct": gap["reference_covered_pct"].reindex(top).to_numpy(),
        }
    )
    name = study.name(study.exporter)
    chart = study.duty_total[study.duty_total["partner"].isin(top)]
    return Stack(
        Text(say.duty(study)),
        Figure(
            charts.duty_dumbbell(
                chart.assign(supplier=chart["partner"].map(study.name)),
                order=[study.name(p) for p in top],
                highlight=name,
            ),
            name="duties",
            caption=f"Calculated duty as per cent of customs value, {study.base} and {study.year}",
            alt=f"Duty by supplier in {study.base} and {study.year}. {say.duty(study)}".replace(
                "**", ""
            ),
            source=study.source_line,
        ),
        Table(
            table,
            name="duties_by_supplier",
            caption=f"What goods of {name} paid at entry against goods of its competitors, core codes",
            formats={
                "base_duty_pct": "pct",
                "duty_pct": "pct",
                "duty_on_dutiable_pct": "pct",
                "gap_pp": "points",
                "like_for_like_gap_pp": "points",
                "covered_pct": "pct",
            },
            headers={
                "supplier": "Supplier",
                "base_duty_pct": f"Duty {study.base}",
                "duty_pct": f"Duty {study.year}",
                "duty_on_dutiable_pct": f"On dutiable value {study.year}",
                "gap_pp": f"More than {study.exporter}",
                "like_for_like_gap_pp": "Same basket",
                "covered_pct": "Basket covered",
            },
            highlight=[p == study.exporter for p in top],
            missing="not applicable, or no common code",
            note=(
                "Duty: calculated duties ÷ customs value. The raw difference also compares two baskets of "
                f"goods; “same basket” gives each competitor the basket of {study.exporter}, over the codes "
                "both sell. An estimate at entry before refunds and drawback."
            ),
            source=study.source_line,
        ),
    )


def change(study: Study) -> Stack:
    """Why the exporter's sales changed, by segment, and the codes behind it."""
    terms = study.decomposition.copy()
    terms.insert(0, "segment_name", terms["segment"].map(study.segment_names))
    base = terms[terms["weights"] == "base_year"].sort_values("change_usd")
    total = study.decomposition_total.assign(segment_name=ALL)
    # Printed are the segments and the total under base-year weights, and the other total.
    table = pd.concat([base, total, terms[terms["weights"] == "end_year"]], ignore_index=True)
    table["weights"] = table["weights"].map(
        {"base_year": f"Weights of {study.base}", "end_year": f"Weights of {study.year}"}
    )
    labels = study.codes.set_index("cmd_code")
    codes = study.drivers[
        (study.drivers["weights"] == "base_year") & study.drivers["rank"].le(12)
    ].copy()
    codes["label"] = codes["cmd_code"].map(labels["label"])
    codes["segment_name"] = codes["cmd_code"].map(labels["segment"]).map(study.segment_names)
    name = study.name(study.exporter)
    money = [
        "change_usd",
        "market_growth_usd",
        "product_mix_usd",
        "competitiveness_usd",
        "interaction_usd",
    ]
    heads = {
        "segment_name": "Segment",
        "change_usd": "Change",
        "market_growth_usd": "Market growth",
        "product_mix_usd": "Product mix",
        "competitiveness_usd": "Competitiveness",
        "interaction_usd": "Interaction",
    }
    return Stack(
        Text(say.why(study)),
        Figure(
            charts.decomposition_bars(base),
            name="decomposition",
            caption=f"Change of {name}'s sales {study.base} to {study.year} by cause, base-year weights",
            alt=f"Stacked bars by segment. {say.why(study)}".replace("**", ""),
            source=study.source_line,
        ),
        Table(
            table[["weights", "segment_name", *money]],
            name="decomposition",
            caption=f"Change of {name}'s sales, core codes, by cause",
            formats=dict.fromkeys(money, "usd_m_signed"),
            headers=heads,
            group_col="weights",
            printed_rows=len(base) + len(total),
            highlight=(table["segment_name"] == ALL).tolist(),
            note=(
                "Constant-market-share analysis, each term computed directly. “All segments” is one "
                "portfolio, so that demand moving between segments is product mix too; it is therefore "
                "not the sum of the rows above it."
            ),
            source=study.source_line,
        ),
        Table(
            codes[
                [
                    "cmd_code",
                    "label",
                    "segment_name",
                    *money[:1],
                    "base_share_pct",
                    "share_pct",
                    "market_change_usd",
                ]
            ],
            name="decomposition_codes",
            caption="The codes that drive the change",
            formats={
                "change_usd": "usd_m_signed",
                "base_share_pct": "pct",
                "share_pct": "pct",
                "market_change_usd": "usd_m_signed",
            },
            headers={
                "cmd_code": "Code",
                "label": "Goods",
                "segment_name": "Segment",
                "change_usd": f"{study.exporter} sales",
                "base_share_pct": f"Share {study.base}",
                "share_pct": f"Share {study.year}",
                "market_change_usd": "Market",
            },
            source=study.source_line,
        ),
    )

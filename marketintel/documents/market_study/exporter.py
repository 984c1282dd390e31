"""Where the exporter stands by segment, and the EU's members one by one."""

from __future__ import annotations

from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import PageBreak, Stack, Table, Text
from marketintel.documents.engine.chapters import chapter
from marketintel.documents.frames import one_scope
from marketintel.documents.market.study import Study
from marketintel.reference.countries import EU


@chapter
def exporter_position(study: Study) -> Stack:
    """Where the exporter stands by segment, and the EU's members one by one."""
    own = one_scope(study.position, study.scope).copy()
    own.insert(0, "segment_name", own["segment"].map(study.segment_names))
    if study.has_matrix:
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
        *(["rca_in_market"] if study.has_matrix else []),
    ]
    name = study.name(study.exporter)
    gained = own.loc[own["share_change_pp"] > 0, "segment"].tolist()
    return Stack(
        Text(
            f"{w.sentence(w.the(name))} gained share in {study.terms.rows(len(gained))} of {len(own)} and lost it in "
            f"{study.terms.rows(int((own['share_change_pp'] < 0).sum()))}."
        ),
        Table(
            own[columns],
            name="exporter_position",
            caption=f"{name} in the market, {study.terms.codes}, {study.year} against {study.base}",
            formats={
                "base_value_usd": study.money,
                "value_usd": study.money,
                "change_pct": "pct_signed",
                "market_change_pct": "pct_signed",
                "share_pct": "pct",
                "share_change_pp": "points",
                "rank": "int",
                **({"rca_in_market": "ratio2"} if study.has_matrix else {}),
            },
            headers={
                "segment_name": study.terms.unit.capitalize(),
                "base_value_usd": study.base,
                "value_usd": study.year,
                "change_pct": "Change",
                "market_change_pct": "Market",
                "share_pct": "Share",
                "share_change_pp": "Change of share",
                **({"rca_in_market": "RCA in this market"} if study.has_matrix else {}),
            },
            source=study.source_line,
        ),
        PageBreak() if not study.is_mixed else None,
        *_members(study),
    )


def _members(study: Study) -> list[Table]:
    """The EU27 and its member states over all segments, with each one's main segment."""
    members = study.member_positions.sort_values("value_usd", ascending=False).copy()
    by_segment = one_scope(study.member_segments, study.scope)
    by_segment = by_segment.sort_values("value_usd", ascending=False)
    main = by_segment[by_segment["value_usd"] > 0].drop_duplicates("exporter").set_index("exporter")
    members["member"] = members["exporter"].map(study.name)
    members["main_segment"] = members["exporter"].map(main["segment"].map(study.segment_names))
    if study.has_duties:
        duty = study.duty_members[study.duty_members["period"] == study.year].set_index("partner")
        members["effective_duty_pct"] = members["exporter"].map(duty["effective_duty_pct"])
    sold = members["value_usd"].gt(0) | members["base_value_usd"].gt(0)
    if study.is_mixed and not sold.any():
        return []
    members = members[sold] if study.is_mixed else members
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
        "base_value_usd": study.money,
        "value_usd": study.money,
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
            caption=f"{EU} member states in the market, {study.terms.codes}; rank among all single economies",
            formats={c: k for c, k in formats.items() if c in columns},
            headers={
                "member": "Member state",
                "base_value_usd": study.base,
                "value_usd": study.year,
                "change_pct": "Change",
                "share_pct": "Share",
                "share_change_pp": "Change of share",
                "main_segment": f"Main {study.terms.unit}",
                **({"effective_duty_pct": "Duty"} if study.has_duties else {}),
            },
            highlight=(members["exporter"] == study.exporter).tolist(),
            note="Member states without recorded sales in either year have no row."
            if study.is_mixed
            else None,
            source=study.source_line,
        )
    ]

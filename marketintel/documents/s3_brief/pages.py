"""The parts of the brief: each function is one cell of the notebook."""

from __future__ import annotations

import pandas as pd

from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import (
    Callout,
    Figure,
    KeyFigures,
    Stack,
    Table,
    Text,
    escape,
)
from marketintel.documents.engine.naming import edition_month
from marketintel.documents.s3_brief import charts, figures, limits, strategy
from marketintel.documents.s3_brief import sentences as say
from marketintel.documents.s3_brief import words as p
from marketintel.documents.s3_brief.demand import Market, world_forecasts
from marketintel.documents.s3_brief.facts import Brief, load
from marketintel.documents.s3_brief.figures import YEAR
from marketintel.errors import MissingDataError
from marketintel.reference.sources import load_sources
from marketintel.warehouse.regions import nuts_polygons

__all__ = [
    "cannot_tell",
    "demand",
    "load",
    "nearness",
    "partners",
    "priorities",
    "sources",
    "strength",
    "summary",
    "three_options",
]

#: Rows of the printed tables, and markets with a printed table; the edition's tables hold all.
SEGMENTS, PARTNERS, MARKETS = 6, 4, 2

NOTICE = "© EuroGeographics for the administrative boundaries."


def summary(brief: Brief) -> Stack:
    """Four figures and five sentences."""
    facts = brief.indicators.set_index("indicator")
    strong = int((brief.table["specialised"] == 1).sum())
    cards = [
        (f"Jobs in business, {YEAR}", p.persons(brief.jobs), "without farms, banks and the state"),
        ("Strong branches", f"{strong} of {len(brief.table)}", "with more than Europe’s share of jobs"),
    ]  # fmt: skip
    for indicator, label, digits in (
        ("epo_patents", "Patents per million people", 0),
        ("hightech_employment", "Jobs in high technology", 1),
    ):
        row = facts.loc[[indicator]].iloc[0]
        unit = f"{w.NBSP}%" if digits else ""
        value = f"{row['value']:.{digits}f}{unit}" if w.known(row["value"]) else "no figure"
        rank = f", {_rank(row)}" if w.known(row["rank"]) else ""
        cards.append((label, value, f"{row['year']}{rank}" if w.known(row["value"]) else ""))
    lines = "\n".join(f"- {sentence}" for sentence in say.in_short(brief))
    return Stack(KeyFigures(cards), Text(lines))


def _rank(row: pd.Series) -> str:
    return p.place(int(row["rank"]), int(row["regions"]))


def priorities(brief: Brief) -> Stack:
    """What the region has declared, with source and date."""
    if brief.priorities.empty:
        text = (
            "Nothing is on file. To fill this in, add a line for each priority to "
            "`s3_priorities.csv`, with its date and source."
        )
        return Stack(Text(text))
    lines = "\n".join(f"- {line}" for line in strategy.declared(brief))
    sources_ = w.listing([escape(s) for s in strategy.declared_sources(brief)])
    return Stack(Text(f"{lines}\n\nRead from: {sources_}."), _priority_table(brief))


def _priority_table(brief: Brief) -> Table:
    return Table(
        brief.priorities,
        name="declared_priorities",
        caption=f"Declared priorities on file, {brief.region.name}",
        printed_rows=0,
    )


def strength(brief: Brief) -> Stack:
    """Where the region stands: a map where polygons have been fetched, else a ranked plot."""
    names = {code: division.name for code, division in brief.divisions.items()}
    return Stack(
        *(_map(brief) or _dots(brief, names)),
        _indicator_table(brief),
        _branch_table(brief, names),
    )


def _dots(brief: Brief, names: dict[str, str]) -> tuple[Text, Figure]:
    table = brief.table.loc[brief.photonic]
    picture = charts.strength_dots(table, brief.europe.lq, names, brief.region.name)
    return Text(say.see_strength(brief)), Figure(
        picture,
        name="strength",
        caption=f"Branches that hold photonics: {brief.region.name} among Europe’s regions, {YEAR}",
        alt=f"{say.see_strength(brief)} {say.strength(brief)}",
        source=_cite(brief, "eurostat_sbs"),
    )


def _map(brief: Brief) -> tuple[Text, Figure] | None:
    """Map the region's strongest branch with photonics."""
    try:
        polygons = nuts_polygons(brief.data_dir)
    except MissingDataError:
        return None
    lq = brief.table.loc[brief.photonic, "lq"].dropna()
    code = str(lq.idxmax()) if len(lq) else brief.photonic[0]
    values, own = figures.for_polygons(
        brief.europe.lq[code], list(polygons["nuts_id"]), brief.region, brief.data_dir
    )
    label = brief.divisions[code].name
    return Text(say.see_map(brief, code)), Figure(
        charts.strength_map(polygons, values, own, f"{label} ({code})"),
        name="strength_map",
        caption=f"{label} ({code}): share of jobs against Europe’s, {YEAR}",
        alt=f"{say.see_map(brief, code)} {say.strength(brief)}",
        source=f"{_cite(brief, 'eurostat_sbs')} {NOTICE}",
    )


def _indicator_table(brief: Brief) -> Table:
    frame = brief.indicators.copy()
    frame["place"] = [_rank(row) if w.known(row["rank"]) else None for _, row in frame.iterrows()]
    return Table(
        frame[["indicator", "label", "year", "value", "rank", "regions", "place"]],
        name="indicators",
        caption="Patents, research and skills",
        formats={"value": "pct", "rank": "int", "regions": "int"},
        units={"value": ""},
        headers={"label": "Measure", "value": "Value", "place": "Rank in Europe"},
        hide=["indicator", "rank", "regions"],
        missing="not available",
        source=_cite(brief, "eurostat_regional", "regional_indicators"),
    )


def _branch_table(brief: Brief, names: dict[str, str]) -> Table:
    # Where a whole section is blank, nothing bounds a blank cell.
    frame = brief.table.replace(float("inf"), float("nan")).rename_axis("nace").reset_index()
    frame.insert(1, "branch", frame["nace"].map(names))
    frame.insert(2, "photonic", frame["nace"].isin(brief.photonic))
    return Table(
        frame,
        name="branches",
        caption=f"All branches of {brief.region.name}, {YEAR}",
        printed_rows=0,
    )


def nearness(brief: Brief) -> Stack:
    """What is close to what the region does, and what is complex."""
    table = brief.table.assign(photonic=brief.table.index.isin(brief.photonic))
    names = {code: division.name for code, division in brief.divisions.items()}
    market = brief.first_market
    return Stack(
        Text(say.see_nearness(brief)),
        Figure(
            charts.nearness(table, names, w.the(market.name) if market else ""),
            name="nearness",
            caption=f"How close and how complex: {len(table)} branches seen from {brief.region.name}",
            alt=say.see_nearness(brief),
            source=_cite(brief, "eurostat_sbs"),
        ),
    )


def demand(brief: Brief) -> Stack:
    """What the target countries import, segment by segment, and world forecasts."""
    known = [m for m in brief.markets if m.known]
    segments = list(dict.fromkeys(s for m in known for s in m.segments["segment"]))
    outlook = world_forecasts(segments, edition_month(brief.used["retrieved_at"]), brief.data_dir)
    return Stack(
        Text(f"{say.demand(brief)} Amounts are in US dollars (USD). {_forecast_sentence(outlook)}"),
        *[
            _demand_table(brief, market, SEGMENTS // min(len(known), MARKETS) if i < MARKETS else 0)
            for i, market in enumerate(known)
        ],
        Table(
            outlook,
            name="world_forecasts",
            caption="; ".join(
                [
                    "World exports of headings that may speak for a segment",
                    *outlook.attrs.get("seen", []),
                ]
            ),
            printed_rows=0,
        ),
    )


def _demand_table(brief: Brief, market: Market, shown: int) -> Table:
    frame = market.segments.copy()
    seller = brief.region.name if brief.region.is_country else say.country_of(brief)
    return Table(
        frame,
        name=f"demand_{market.code.lower()}",
        caption=f"Imports of {w.the(market.name)}, {market.year}: largest segments made in these branches",
        formats={"value_usd": "usd_bn", "change_pct": "pct_signed", "share_pct": "pct",
                 "rank": "int", "duty_pct": "pct"},
        headers={
            "segment_name": "Segment", "division": "Branch", "value_usd": "Imports",
            "change_pct": f"Change on {market.base}", "share_pct": f"From {seller}",
            "rank": "Its rank", "duty_pct": "Duty it paid",
        },
        hide=["segment"],
        printed_rows=shown,
        missing="no sales, so no rank and no duty",
        note="Only goods that are photonic as such. Duty: calculated at entry, % of customs value, an average of the year and not today’s rate.",
        source=_cite(brief, *market.sources),
    )  # fmt: skip


def _forecast_sentence(outlook: pd.DataFrame) -> str:
    refused = [
        f"World exports of heading {row['unique_id']} are not forecast: {escape(row['reason'])}."
        for row in outlook.attrs.get("refused", [])
    ]
    if outlook.empty:
        return " ".join(["There is no forecast for these segments.", *refused])
    said = [
        f"World exports of {escape(say.low(row['title']))} (heading {row['heading']}) are forecast to go from "
        f"{w.money(row['last_usd'])} in {row['last_year']}{_unknown(row['not_known'])} to {w.money(row['mean_usd'])} in {row['year']}, with 80{w.NBSP}% "
        f"confidence between {w.money(row['lo_usd'])} and {w.money(row['hi_usd'])}"
        f"{' (the last value: it has been the better forecast here)' if row['by'] == 'naive' else ''}."
        for row in outlook.to_dict("records")
    ]
    return f"{' '.join([*said, *refused])} For the other segments there is no forecast."


def _unknown(years: str) -> str:
    return f" ({years} not known here)" if years else ""


def partners(brief: Brief) -> Stack:
    """Regions that are strong where this one is not."""
    frame = brief.partners.copy()
    frame["region"] = [f"{n} ({i})" for n, i in zip(frame["name"], frame["nuts_id"], strict=True)]
    mates = frame["group"] == "partnership"
    frame["where"] = mates.map({True: "In the PIMAP partnership", False: "Elsewhere in Europe"})
    frame["strong_in"] = frame["has"].str.replace(";", ", ").replace("", None)
    number = int(mates.sum()) + PARTNERS
    printed = ["where", "region", "country", "cluster", "strong_in", "added_density"]
    frame["cluster"] = frame["cluster"].replace("", None)
    wanted = w.listing([say.branch(brief, code) for code in brief.wanted])
    return Stack(
        Text(
            f"The question is who is strong in {wanted}. A partner also brings what goes with these branches: the last "
            "column says how many points of relatedness it adds. PIMAP (Photonics for International Markets and "
            f"Applications) joins the clusters of four regions. {say.partner(brief)}"
        ),
        Table(
            frame[[*printed, "nuts_id", "n_has"]],
            name="partners",
            caption="Possible partner regions",
            formats={"added_density": "points", "n_has": "int"},
            headers={
                "region": "Region", "country": "Country", "cluster": "Cluster",
                "strong_in": "Strong in", "added_density": "Adds",
            },
            group_col="where",
            hide=["nuts_id", "n_has"],
            printed_rows=number,
            missing="none of them, or no cluster on file",
            source=_cite(brief, "eurostat_sbs"),
        ),
    )  # fmt: skip


def three_options(brief: Brief) -> Stack:
    """Three options, each with cost of entry, benefit, evidence and a measure."""
    cells = [say.option_text(brief, option) for option in brief.options]
    labels = {
        "branch": "Branch",
        "cost": "Cost of entry",
        "benefit": "Benefit",
        "evidence": "Evidence",
        "measure": "Measure of success",
    }
    heads = {str(i): f"{i}. {cell['kind']}" for i, cell in enumerate(cells, start=1)}
    rows = [
        {"part": label, **{str(i): cell[key] for i, cell in enumerate(cells, start=1)}}
        for key, label in labels.items()
    ]
    frame = pd.DataFrame(rows)
    return Stack(
        Text(
            "The options follow fixed rules: build on what is strong, branch out to what is closest, team up where demand "
            "is largest. They are a start for talks with firms, and not advice to invest."
        ),
        Table(
            frame,
            name="options",
            caption="Three options",
            headers={"part": "Option", **heads},
        ),
    )


def cannot_tell(brief: Brief) -> Callout:
    """Return the box of what the data cannot tell."""
    items = "\n".join(f"- {item}" for item in limits.cannot_tell(brief))
    return Callout("warning", items)


def sources(brief: Brief) -> Stack:
    """Where the figures come from; the table in the edition has the full citations."""
    used = brief.used
    said = (
        f"{escape(_cite(brief, *used['source']))} Relatedness and complexity follow Balland and others (2019), partners "
        "Balland and Boschma (2021). Full citations, licences and addresses are in the tables beside the report."
    )
    return Stack(
        Text(said),
        Table(
            used[["title", "vintage", "retrieved_at", "licence", "url", "citation"]].astype("str"),
            name="sources",
            caption="Sources of this brief",
            printed_rows=0,
        ),
    )


def _cite(brief: Brief, *wanted: str) -> str:
    """Say who published; the full citations are among the sources."""
    rows = brief.used[brief.used["source"].isin(wanted)]
    parts = [
        f"{producer} ({vintage})"
        for producer, vintage in zip(_producers(rows["source"]), rows["vintage"], strict=True)
    ]
    return f"{'; '.join(dict.fromkeys(parts))}."


def _producers(names: pd.Series) -> list[str]:
    known = load_sources()
    return [known[str(name)].producer for name in names]

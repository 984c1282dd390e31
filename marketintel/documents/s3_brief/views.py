"""Tables, charts and values of the brief."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from babel import Locale

from marketintel.documents.chapters import texts
from marketintel.documents.prose import known, words
from marketintel.documents.s3_brief import charts, europe
from marketintel.documents.s3_brief.facts import Brief
from marketintel.errors import MissingDataError
from marketintel.reference.countries import EU, code_map, country_name, group_members
from marketintel.reference.nuts import region_name
from marketintel.sources import catalogue
from marketintel.warehouse.regions import nuts_polygons

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Rows of the printed tables, and markets with a printed table; the edition's tables hold all.
SEGMENTS, PARTNERS, MARKETS = 6, 4, 2

#: Declared priorities that a sentence lists before it says how many more there are.
MOST_NAMED = 6

#: Short forms in the declared priorities, written out: a reader need not know them.
SPELT = {
    "SMEs": "small and medium-sized firms",
    "R&I": "research and innovation",
    "ICT": "information technology",
    "MEUR": "million euros",
    "RIS3": "regional strategy",
    "EPRISE": "a European project",
    "S3": "strategy",
}


def year(brief: Brief) -> str:
    """Return the year of the employment figures."""
    return europe.YEAR


def strong_branches(brief: Brief) -> int:
    """Return the number of branches in which the region is strong."""
    return int((brief.table["specialised"] == 1).sum())


def indicator(brief: Brief, name: str) -> Any:
    """Return an indicator's row; value and rank are None where they are missing."""
    rows = brief.indicators[brief.indicators["indicator"] == name].astype(object)
    return rows.where(rows.notna(), None).iloc[0]


def strong(brief: Brief) -> list[tuple[str, Any]]:
    """Return branches with photonics in which the region is strong, the strongest first."""
    table = brief.table.loc[brief.photonic]
    rows = table[table["specialised"] == 1].sort_values("lq", ascending=False).iterrows()
    return [(str(code), row) for code, row in rows]


def nearest(brief: Brief) -> tuple[str, Any] | None:
    """Return the nearest branch in which the region is not known to be strong; None without one."""
    table = brief.table.loc[brief.photonic]
    lacking = table[table["specialised"] != 1]
    if lacking.empty:
        return None
    code = str(lacking["density"].idxmax())
    return code, lacking.loc[code]


def highest(brief: Brief) -> tuple[str, Any] | None:
    """Return the branch with the highest quotient; None where no figure is published."""
    quotients = brief.table.loc[brief.photonic, "lq"].dropna()
    if quotients.empty:
        return None
    code = str(quotients.idxmax())
    return code, brief.table.loc[code]


def best_partners(brief: Brief) -> list[tuple[str, Any]]:
    """Return group and row of the partner that adds most, in Europe and in the partnership."""
    rows = brief.partners[brief.partners["n_has"] > 0]
    best = (
        rows.sort_values("added_density", ascending=False, kind="stable").groupby("group").head(1)
    )
    found = {str(row["group"]): row for _, row in best.iterrows()}
    return [(group, found[group]) for group in ("others", "partnership") if group in found]


def outside_union(brief: Brief, in_table: bool) -> list[str]:
    """Return countries outside the European Union: of the best partners, or of all printed."""
    inside, iso3 = set(group_members(EU)), code_map("eurostat")
    named = [row["nuts_id"] for _, row in best_partners(brief)]
    named += list(brief.partners["nuts_id"].head(PARTNERS + len(brief.mates))) if in_table else []
    away = [place_country(brief, i) for i in named if iso3.get(i[:2], "") not in inside]
    return list(dict.fromkeys(away))


def declared_photonics(brief: Brief) -> list[tuple[str, str]]:
    """Return bodies and dates whose strategy names photonics."""
    rows = brief.priorities
    named = rows[(rows["fact"] + " " + rows["value"]).str.contains("photoni", case=False)]
    return list(dict.fromkeys(zip(named["entity"], named["ref_date"], strict=True)))


def strategies(brief: Brief) -> list[dict[str, Any]]:
    """Return body, date and items of its newest strategy, and of older ones on photonics."""
    rows = brief.priorities.assign(newest=brief.priorities["ref_date"].map(_last_year))
    found = []
    for entity in dict.fromkeys(rows["entity"]):
        groups = list(rows[rows["entity"] == entity].groupby(["newest", "ref_date"], sort=True))
        for i, ((_, date), group) in enumerate(reversed(groups)):
            words = group["fact"] + " " + group["value"]
            if i and not words.str.contains("photoni", case=False).any():
                continue
            found.append(
                {
                    "entity": entity,
                    "date": str(date),
                    "challenges": bool((group["unit"] == "challenge").all()),
                    "items": [_item(row) for row in group.head(MOST_NAMED).to_dict("records")],
                    "more": max(len(group) - MOST_NAMED, 0),
                    "titles": list(group["source_title"]),
                }
            )
    return found


def _item(row: Mapping[Any, Any]) -> str:
    fact, value, unit = (_spelt(str(row[c])) for c in ("fact", "value", "unit"))
    if unit in ("priority", "challenge"):
        return value
    return fact if unit == "flag" else f"{fact}: {value} {unit}"


def _spelt(text: str) -> str:
    for short, long in SPELT.items():
        text = re.sub(rf"\b{re.escape(short)}\b", long, text)
    return text


def _last_year(date: str) -> int:
    return max((int(y) for y in re.findall(r"\d{4}", date)), default=0)


def declared_priorities(brief: Brief) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the records of the declared strategy."""
    return brief.priorities, {"printed_rows": 0}


def has_map(brief: Brief) -> bool:
    """Return whether polygons have been fetched."""
    try:
        nuts_polygons(brief.data_dir)
    except MissingDataError:
        return False
    return True


def map_branch(brief: Brief) -> str:
    """Return the branch of the map: the strongest with photonics."""
    best = highest(brief)
    return best[0] if best else brief.photonic[0]


def strength_map(brief: Brief) -> Figure:
    """Draw regions by the location quotient of the strongest branch with photonics."""
    polygons, code = nuts_polygons(brief.data_dir), map_branch(brief)
    values, own = europe.for_polygons(
        brief.europe.lq[code], list(polygons["nuts_id"]), brief.region, brief.data_dir
    )
    label = f"{_names(brief)[code]} ({code})"
    return charts.strength_map(polygons, values, own, label, _texts(brief))


def strength(brief: Brief) -> Figure:
    """Draw the region among all, a line a branch with photonics."""
    return charts.strength_dots(
        brief.table.loc[brief.photonic], brief.europe.lq, _names(brief), brief.region.name,
        _texts(brief),
    )  # fmt: skip


def nearness(brief: Brief) -> Figure:
    """Draw relatedness against complexity."""
    table = brief.table.assign(photonic=brief.table.index.isin(brief.photonic))
    market = country(brief, brief.first_market.code) if brief.first_market else ""
    return charts.nearness(table, _names(brief), market, _texts(brief))


def quadrant(brief: Brief, near: bool, complex: bool) -> list[str]:
    """Return branches with photonics that are near or not, and complex or not."""
    table = brief.table.loc[brief.photonic]
    return [str(c) for c in table.index[(table["near"] == near) & (table["complex"] == complex)]]


def _names(brief: Brief) -> dict[str, str]:
    names = {code: division.name for code, division in brief.divisions.items()}
    return names | {c: t for c, t in _texts(brief).items() if c in names}


def _texts(brief: Brief) -> Mapping[str, str]:
    return texts("s3_brief", brief.language)


def indicators(brief: Brief) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return patents, research and skills with the region's place."""
    frame = brief.indicators.copy()
    frame["label"] = [
        _texts(brief).get(i, label)
        for i, label in zip(frame["indicator"], frame["label"], strict=True)
    ]
    frame["place"] = [
        words(brief.language)["place"](int(rank), int(regions)) if known(rank) else None
        for rank, regions in zip(frame["rank"], frame["regions"], strict=True)
    ]
    columns = ["indicator", "label", "year", "value", "rank", "regions", "place"]
    return frame[columns], {"hide": ["indicator", "rank", "regions"], "units": {"value": ""}}


def branches(brief: Brief) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return all branches of the region; a cell that nothing bounds is missing."""
    frame = brief.table.replace(float("inf"), float("nan")).rename_axis("nace").reset_index()
    frame.insert(1, "branch", frame["nace"].map(_names(brief)))
    frame.insert(2, "photonic", frame["nace"].isin(brief.photonic))
    return frame, {"printed_rows": 0}


def known_markets(brief: Brief) -> list[Any]:
    """Return target countries with figures."""
    return [market for market in brief.markets if market.known]


def demand(brief: Brief, at: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return imports of a target country by segment."""
    markets = known_markets(brief)
    frame = markets[at].segments.copy()
    names = {i: t for i, t in _texts(brief).items() if i in set(frame["segment"])}
    frame["segment_name"] = frame["segment"].map(names).fillna(frame["segment_name"])
    rows = SEGMENTS // min(len(markets), MARKETS) if at < MARKETS else 0
    return frame, {"hide": ["segment"], "printed_rows": rows}


def forecasts(brief: Brief) -> list[dict[Any, Any]]:
    """Return forecasts of world exports of the headings that may speak for a segment."""
    return brief.forecasts.to_dict("records")


def world_forecasts(brief: Brief) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the table of those forecasts."""
    return brief.forecasts, {"printed_rows": 0}


def partners(brief: Brief) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return possible partner regions by group."""
    frame, labels = brief.partners.copy(), _texts(brief)
    frame["region"] = [f"{n} ({i})" for n, i in zip(frame["name"], frame["nuts_id"], strict=True)]
    frame["where"] = frame["group"].map({g: labels[g] for g in ("partnership", "others")})
    frame["country"] = [place_country(brief, nuts_id) for nuts_id in frame["nuts_id"]]
    frame["strong_in"] = frame["has"].str.replace(";", ", ").replace("", None)
    frame["cluster"] = frame["cluster"].replace("", None)
    printed = ["where", "region", "country", "cluster", "strong_in", "added_density"]
    return frame[[*printed, "nuts_id", "n_has"]], {
        "group_col": "where",
        "hide": ["nuts_id", "n_has"],
        "printed_rows": int((frame["group"] == "partnership").sum()) + PARTNERS,
    }


def partners_for(brief: Brief, division: str) -> list[tuple[str, str]]:
    """Return name and country of the regions that add most to a branch: partnership, Europe."""
    found = [brief.partner_for(division, mates=mates) for mates in (True, False)]
    return list(dict.fromkeys(pair for pair in found if pair))


def option_table(
    brief: Brief, cells: Sequence[Mapping[str, str]]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the three options side by side.

    Parameters
    ----------
    cells : sequence of mapping
        Of each option ``kind`` and the text of each row.
    """
    labels = _texts(brief)
    rows = [
        {"part": labels[f"option_{key}"], **{str(i): cell[key] for i, cell in enumerate(cells, 1)}}
        for key in ("branch", "cost", "benefit", "evidence", "measure")
    ]
    heads = {str(i): f"{i}. {cell['kind']}" for i, cell in enumerate(cells, 1)}
    return pd.DataFrame(rows), {"headers": heads}


def blank_branches(brief: Brief) -> int:
    """Return the number of branches without a figure."""
    return int(brief.table["persons"].isna().sum())


def parts(brief: Brief) -> list[tuple[str, str, float]]:
    """Return name, code and share of the regions of 2013 that make this region."""
    return [(region_name(code), code, share) for code, share in brief.region.members.items()]


def country(brief: Brief, iso3: str) -> str:
    """Return a country's name in the language of the brief."""
    code = next((two for two, three in code_map("eurostat").items() if three == iso3), "")
    return _territory(brief, code, country_name(iso3))


def place_country(brief: Brief, nuts_id: str) -> str:
    """Return the name of a region's country in the language of the brief."""
    return _territory(brief, nuts_id[:2], region_name(nuts_id[:2]))


def _territory(brief: Brief, code: str, name: str) -> str:
    """Return a country's name by its two-letter code; the English name where Babel has none."""
    if brief.language == "en":
        return name
    iso2 = {"EL": "GR", "UK": "GB"}.get(code, code)
    return str(Locale.parse(brief.language).territories.get(iso2, name))


def left_out(brief: Brief, iso3: str, measure: str) -> tuple[str, float] | None:
    """Return the segment that moves a headline figure by over half, and the figure without it."""
    return next(m.left_out.get(measure) for m in brief.markets if m.code == iso3)


def cited(brief: Brief, *wanted: str) -> str:
    """Return the publishers of some sources' figures, with vintage."""
    rows = brief.used[brief.used["source"].isin(wanted or set(brief.used["source"]))]
    producers = [catalogue.sources()[str(name)].producer for name in rows["source"]]
    parts = [f"{p} ({v})" for p, v in zip(producers, rows["vintage"], strict=True)]
    return f"{'; '.join(dict.fromkeys(parts))}."


def sources(brief: Brief) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the files that were read."""
    columns = ["title", "vintage", "retrieved_at", "licence", "url", "citation"]
    return brief.used[columns].astype("str"), {"printed_rows": 0}

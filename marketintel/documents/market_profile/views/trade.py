"""Size, growth and suppliers by heading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from marketintel.documents import prose as w
from marketintel.documents.charts import headings as charts
from marketintel.documents.frames import each
from marketintel.documents.market_profile.facts import ProfileFacts, cover_of
from marketintel.documents.market_profile.views.position import position

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Shown = tuple[pd.DataFrame, dict[str, Any]]

#: Suppliers that have a colour of their own in the picture, and those named in tables.
COLOURED, NAMED = 5, 4

OTHERS, UNKNOWN = "Others listed", "Not known"


def holds(facts: ProfileFacts, code: str) -> list[tuple[str, float]]:
    """Return the segments whose core codes a heading holds, with their share of it, per cent."""
    names = facts.segments.names()
    parts = sorted(facts.headings[code].cover.items(), key=lambda item: -item[1])
    return [(names[segment], 100 * share) for segment, share in parts]


def kind(facts: ProfileFacts, code: str) -> str:
    """Return whether a heading stands for one segment, for several together, or is context."""
    heading = facts.headings[code]
    most = heading.rule.min_cover
    if max(heading.cover.values()) >= most:
        return "one segment"
    return "several together" if cover_of(heading) >= most else "context only"


def least_cover(facts: ProfileFacts) -> float:
    """Return the least share of a heading, per cent, from which core codes stand for it."""
    return 100 * float(facts.rule.min_cover)


def mostly(facts: ProfileFacts) -> bool:
    """Return whether the headings that are added up are mostly photonics."""
    return kind(facts, facts.photonic[0]) != "context only"


def largest(facts: ProfileFacts) -> list[Any]:
    """Return the three photonic headings with the largest imports."""
    rows = facts.standing[facts.standing["cmd_code"].isin(facts.photonic)]
    return list(each(rows[rows["imports_usd"] > 0].nlargest(3, "imports_usd")))


def fastest(facts: ProfileFacts) -> tuple[Any, Any]:
    """Return the photonic headings that grew fastest and slowest; None without two to compare."""
    rows = facts.standing[facts.standing["cmd_code"].isin(facts.photonic)]
    rows = rows.dropna(subset=["growth_pct"]).sort_values("growth_pct", ascending=False)
    if rows.empty:
        return None, None
    found = list(each(rows))
    return found[0], found[-1] if len(found) > 1 else None


def glance(facts: ProfileFacts) -> Shown:
    """Return imports, growth, first supplier and the exporter's share of photonic headings."""
    rows = facts.standing[facts.standing["cmd_code"].isin(facts.photonic)].set_index("cmd_code")
    first = facts.first_for_certain
    known = position(facts)[0].set_index("heading")
    named = [f"{facts.name(r.partner)} {r.share_pct:.0f} %" for r in each(first)]
    table = pd.DataFrame(
        {
            "heading": rows.index,
            "goods": [facts.goods(code) for code in rows.index],
            "imports_usd": rows["imports_usd"],
            "growth_pct": rows["growth_pct"],
            "since": rows["since"],
            "first_known": pd.Series(named, first.index).reindex(rows.index),
            "share_pct": known["share_pct"].reindex(rows.index),
            "most_share_pct": known["most_share_pct"].reindex(rows.index),
        }
    )
    none = [] if len(facts.suppliers_now) else ["first_known", "share_pct", "most_share_pct"]
    return table.reset_index(drop=True), {"hide": none}


def heading_size(facts: ProfileFacts) -> Shown:
    """Return imports, exports and place in the world by heading."""
    table = facts.standing.rename(columns={"cmd_code": "heading"})
    table["goods"] = [facts.goods(c) for c in table["heading"]]
    table["group"] = [_group(facts, c) for c in table["heading"]]
    columns = ["group", "heading", "goods", "imports_usd", "exports_usd", "balance_usd",
               "world_share_pct", "world_rank", "economies"]  # fmt: skip
    return table[columns], {"group_col": "group", "hide": ["economies"]}


def _group(facts: ProfileFacts, code: str) -> str:
    return "Context only" if kind(facts, code) == "context only" else "Mostly photonics"


def heading_growth(facts: ProfileFacts) -> Shown:
    """Return growth of imports and its spread by heading, with the place of exports."""
    table = facts.standing.rename(columns={"cmd_code": "heading"})
    table["goods"] = [facts.goods(c) for c in table["heading"]]
    table["group"] = [_group(facts, c) for c in table["heading"]]
    columns = ["group", "heading", "goods", "since", "growth_pct", "world_growth_pct",
               "volatility_pct", "export_share_pct", "export_rank"]  # fmt: skip
    return table[columns], {"group_col": "group"}


def covers(facts: ProfileFacts) -> pd.DataFrame:
    """Return what each heading holds, how much of it core codes are, and what it may stand for."""
    rows = []
    for code, heading in facts.headings.items():
        parts = [f"{w.clause(name)} {w.percent(share, 0)}" for name, share in holds(facts, code)]
        breaks = [f"{year}: {what}" for year, what in heading.breaks.items()
                  if facts.first < year <= facts.year]  # fmt: skip
        rows.append((code, "; ".join(parts), 100 * cover_of(heading), kind(facts, code),
                     str(facts.since[code]), "; ".join(breaks)))  # fmt: skip
    columns = ["heading", "holds", "cover_pct", "stands_for", "since", "break"]
    return pd.DataFrame(rows, columns=columns)


def without_level(facts: ProfileFacts) -> list[str]:
    """Return the names of segments of which no level is in the data."""
    names, levels = facts.segments.names(), facts.levels
    return [names[segment] for segment in levels.loc[levels["level_usd"].isna(), "segment"]]


def supplied(facts: ProfileFacts) -> list[str]:
    """Return the headings of which a supplier is known in the year studied."""
    known = set(facts.suppliers_now["cmd_code"])
    return [code for code in facts.codes if code in known]


def suppliers_by_heading(facts: ProfileFacts) -> Shown:
    """Return the largest known suppliers of each heading, and how much of its imports is known."""
    rows = []
    for code in supplied(facts):
        own = facts.suppliers_now[facts.suppliers_now["cmd_code"] == code]
        top = [f"{facts.name(r.partner)} {r.share_pct:.1f}" for r in each(own.head(NAMED))]
        rows.append((code, facts.goods(code), ", ".join(top), own["share_pct"].sum(),
                     facts.unlisted[code], _seen_from(facts.lists.get(code))))  # fmt: skip
    columns = ["heading", "goods", "first_suppliers", "known_pct", "largest_unlisted_pct",
               "seen_from"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns), {}


def _seen_from(flow: str | None) -> str:
    return "own list" if flow == "import" else "exporters' lists"


def all_suppliers(facts: ProfileFacts) -> pd.DataFrame:
    """Return every known supplier by heading in the year studied."""
    rows = facts.suppliers_now.rename(columns={"cmd_code": "heading"})
    rows = rows.assign(supplier=rows["partner"].map(facts.name))
    return rows[["heading", "supplier", "value_usd", "share_pct", "rank"]]


def supplier_mix(facts: ProfileFacts) -> Figure | None:
    """Draw the suppliers of each heading, with what is not known; None without any."""
    codes = supplied(facts)
    if not codes:
        return None
    wide = facts.suppliers_now.pivot_table(index="cmd_code", columns="partner", values="share_pct")
    wide = wide.reindex(codes).fillna(0)
    first = [facts.exporter] if facts.exporter in wide else []
    largest = wide.drop(columns=first).sum().sort_values(ascending=False, kind="stable")
    chosen = [*first, *largest.head(COLOURED).index]
    frame = wide[chosen].rename(columns=facts.name)
    names = [facts.name(code) for code in chosen]
    frame[OTHERS] = wide.drop(columns=chosen).sum(axis=1)
    frame[UNKNOWN] = (100 - wide.sum(axis=1)).clip(lower=0)
    frame.insert(0, "label", [facts.label(code) for code in codes])
    return charts.supplier_mix(frame, [*names, OTHERS, UNKNOWN], facts.exporter_name)


def first_suppliers(facts: ProfileFacts) -> list[str]:
    """Return the suppliers that are certainly first in most photonic headings, with how many."""
    rows = facts.first_for_certain
    counts = rows[rows.index.isin(facts.photonic)]["partner"].value_counts()
    return [f"{facts.name(str(one))} ({number})" for one, number in counts.head(4).items()]


def known_pct(facts: ProfileFacts) -> float:
    """Return the share of imports in photonic headings whose supplier is known."""
    rows = facts.suppliers_now[facts.suppliers_now["cmd_code"].isin(facts.photonic)]
    return float(100 * rows["value_usd"].sum() / facts.total["imports_usd"])


def blind(facts: ProfileFacts) -> list[str]:
    """Return the headings in which suppliers of less than half of the imports are known."""
    known = facts.suppliers_now.groupby("cmd_code")["share_pct"].sum()
    return [code for code in facts.codes if known.get(code, 0) < 50]


def trends(facts: ProfileFacts) -> Figure:
    """Draw imports and exports of every heading by year."""
    titles = {code: facts.label(code) for code in facts.codes}
    rows = facts.heading_trade
    breaks = {code: year for code, year in facts.since.items() if year > int(facts.first)}
    return charts.trends(
        rows, {c: t for c, t in titles.items() if c in set(rows["cmd_code"])}, breaks
    )

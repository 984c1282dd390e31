"""Figures, picture and contacts of a market on one printed page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marketintel.analysis.markets.priorities import NO_DATA
from marketintel.documents import prose
from marketintel.documents.charts import priorities as drawing
from marketintel.reference.partnership import load_actors
from marketintel.sources import catalogue

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CALLED = ("association", "cluster", "agency", "soft landing", "institute", "matchmaking")
"""Kinds of actors that a firm or a cluster can call, in this order."""

MOST_CALLED, MOST_SAID = 5, 5
"""Contacts and segments that a page names."""


def page_figures(facts: Any) -> dict[str, Any]:
    """Return imports of the classed segments, the exporter's part and the reachable part."""
    found = facts.priorities
    rows = found.table[found.table["class"] != NO_DATA].dropna(subset="size_usd")
    known = rows.dropna(subset="exporter_share_pct")
    sold = (known["size_usd"] * known["exporter_share_pct"]).sum()
    size = float(rows["size_usd"].sum())
    return {
        "segments": len(rows), "of": len(found.table), "size_usd": size, "year": found.year,
        "share_pct": float(sold / known["size_usd"].sum()) if len(known) else None,
        "lower": found.level == "headings",
        "reachable_usd": float(rows["reachable_usd"].sum(min_count=1)),
    }  # fmt: skip


def page_said(facts: Any) -> list[dict[str, Any]]:
    """Return the first segments of the list that have a class, with the reason in short sentences."""
    rows = facts.priorities.table
    rows = rows[rows["class"] != NO_DATA].head(MOST_SAID)
    said = [" ".join(f"{prose.sentence(part)}." for part in reason.rstrip(".").split("; "))
            for reason in rows["reason"]]  # fmt: skip
    found: list[dict[str, Any]] = rows.assign(said=said).to_dict("records")
    return found


def page_bars(facts: Any) -> Figure | None:
    """Draw imports of the classed segments with the exporter's part; None without one."""
    rows = facts.priorities.table
    rows = rows[(rows["class"] != NO_DATA) & rows["size_usd"].notna()]
    return drawing.bars(rows, facts.priorities.exporter_name) if len(rows) else None


def page_sources(facts: Any) -> str:
    """Return the producers of all figures read so far, each with its vintages."""
    rows = facts.used
    producers = rows["source"].map(lambda name: catalogue.sources()[name].producer)
    vintages = rows["vintage"].astype("str").groupby(producers, sort=False).unique().map(", ".join)
    return "; ".join(f"{producer} ({of})" for producer, of in vintages.items())


def page_actors(facts: Any) -> list[dict[str, str]]:
    """Return whom to call in the market: ``actor, what, source_url, ref_date``, newest first."""
    rows = load_actors()
    rows = rows[(rows["iso3"] == facts.market) & rows["kind"].isin(CALLED)]
    rows = rows.assign(place=rows["kind"].map(CALLED.index)).sort_values(
        ["place", "ref_date"], ascending=[True, False], kind="stable"
    )
    rows = rows.drop_duplicates("actor").head(MOST_CALLED)
    return [
        {"actor": r["actor"], "what": r["kind"], "url": r["source_url"],
         "date": r["ref_date"]}
        for r in rows.to_dict("records")
    ]  # fmt: skip

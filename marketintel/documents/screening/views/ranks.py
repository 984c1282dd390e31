"""First chapters: key figures, candidates, ranks, filters and the figures behind the score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from marketintel.analysis.markets.agreement import CONTESTED, INSUFFICIENT, ROBUST
from marketintel.documents.charts import maps
from marketintel.documents.charts import screening as drawings
from marketintel.documents.ranking.screen import Screen
from marketintel.documents.screening.facts import Screening
from marketintel.documents.screening.views.frames import printed, with_name
from marketintel.warehouse.context import countries_geometry

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Shown = tuple[pd.DataFrame, dict[str, Any]]
METHODS = {"potential": "Export potential", "gravity": "Gravity", "score": "Score"}
#: Candidates drawn in the chart of ranks, beyond the shortlist.
DRAWN = 20


def headline(screening: Screening) -> dict[str, Any]:
    """Return the figures of the summary."""
    table = screening.classified
    counts = table["class"].value_counts()
    known = screening.correlations.dropna(subset=["spearman"])
    return {
        "n_goods": screening.goods["cmd_code"].nunique(),
        "n_markets": len(screening.now.markets),
        "n_stayed": len(screening.funnel.stayed),
        "n_robust": counts.get(ROBUST, 0),
        "n_contested": counts.get(CONTESTED, 0),
        "own_usd": screening.now.indicators["own_sales_usd"].sum(),
        "unrealised_usd": float(screening.by_method["potential"].sum()),
        "n_together": int((table["votes"] == 3).sum()),
        "thin": table.index[table["class"] == INSUFFICIENT].tolist(),
        "furthest": known.nsmallest(1, "spearman").replace(METHODS).to_dict("records"),
        "shares": [(member, 100 * share) for member, share in screening.shares.items()],
    }


def shortlist(screening: Screening) -> Shown:
    """Return the candidates with the rank by every method."""
    table = with_name(screening, screening.classified.loc[screening.shortlist], "iso3")
    table = table.rename(columns={"name": "market"})
    table = table.join(screening.by_method["potential"].rename("unrealised_usd"), on="iso3")
    table = table.join(screening.ranges[["rank_lo", "rank_hi"]], on="iso3")
    table["range"] = [
        "–" if pd.isna(a) else f"{a:.0f} to {b:.0f}"
        for a, b in zip(table["rank_lo"], table["rank_hi"], strict=True)
    ]
    columns = "market class rank_potential rank_gravity rank_score range unrealised_usd why"
    return printed(table, columns, "iso3")


def reading(screening: Screening) -> list[dict[str, str]]:
    """Return for each candidate its market study, empty if there is none, and the seller in it.

    A study has no shares: of a consortium, it is that of its largest share's country.
    """
    seller = screening.exporter
    if screening.is_consortium:
        seller = max(screening.shares, key=screening.shares.__getitem__)
    rows = []
    for market in screening.shortlist:
        found = [s for s in screening.studies if f"/market-study-{market}-" in s]
        best = max(found, key=lambda study: (f"-{seller}-" in study, study), default="")
        rows.append({"market": market, "study": best, "seller": seller})
    return rows


def largest(screening: Screen) -> list[tuple[str, float]]:
    """Return the five markets with the largest unrealised potential; none if there is none."""
    values = screening.now.potential_by_market.set_index("market")["unrealised_usd"]
    top = values.nlargest(5) if (values > 0).any() else values.head(0)
    return list(zip(top.index, top, strict=True))


def potential_map(screening: Screen) -> Figure:
    """Draw the map of unrealised potential."""
    values = screening.now.potential_by_market[["market", "unrealised_usd"]]
    names = {market: screening.name(market) for market in values["market"]}
    land = countries_geometry(data_dir=screening.data_dir)
    return drawings.candidates_map(values, land, screening.members, names)


def disclaimer(screening: Screening) -> str:
    """Return the disclaimer under a map."""
    return f"{screening.source_line} {maps.DISCLAIMER}"


def disagreement(screening: Screening) -> dict[str, Any]:
    """Return the markets on which the methods disagree most, and correlations by two methods."""
    spread = screening.classified["rank_spread"].dropna().nlargest(3)
    rows = screening.correlations[["method", "other", "spearman"]].replace(METHODS)
    return {"apart": list(spread.items()), "pairs": rows.to_numpy().tolist()}


def drawn(screening: Screen) -> pd.DataFrame:
    """Return the markets in the chart of ranks."""
    table = screening.classified.head(DRAWN).join(screening.ranges)
    return with_name(screening, table).dropna(subset=["rank_lo"])


def rank_ranges(screening: Screen) -> Figure:
    """Draw ranks by method, and under other weights."""
    return drawings.rank_ranges(
        drawn(screening), screening.rule.first, screening.settings.range_pct
    )


def agreement(screening: Screening) -> Figure:
    """Draw the correlations of the methods."""
    return drawings.agreement_matrix(screening.correlations, METHODS)


def agreement_by_market(screening: Screening) -> Shown:
    """Return the rank of every market by each method."""
    table = with_name(screening, screening.classified, "iso3").rename(columns={"name": "market"})
    columns = "market rank_potential rank_gravity rank_score rank_spread class"
    return printed(table, columns, "iso3 mean_rank votes why", printed_rows=DRAWN)


def filtered(screening: Screening) -> dict[str, Any]:
    """Return the first filter's reason, how many left there, and how often a figure was missing."""
    result, first = screening.funnel, screening.settings.filters[0]
    return {
        "reason": first.reason,
        "n_left": int((result.log["filter"] == first.id).sum()),
        "n_unknown": int(result.steps["not_known"].sum()),
        "steps": list(zip(result.steps["label"], result.steps["remain"], strict=True)),
    }


def funnel(screening: Screening) -> Figure:
    """Draw how many markets remain after each filter."""
    return drawings.funnel(screening.funnel.steps)


def funnel_log(screening: Screening) -> Shown | None:
    """Return the markets that left; the first filter takes many, so what later ones took is first."""
    log = screening.funnel.log
    if log.empty:
        return None
    late = log.assign(late=log["filter"] != screening.settings.filters[0].id)
    late = late.sort_values("late", ascending=False, kind="stable")
    return printed(
        with_name(screening, late), "name label value rule reason", "market", printed_rows=12
    )


def score(screening: Screening) -> Shown:
    """Return figures and indices of every market that stayed."""
    indices = screening.index.add_suffix("_index")
    values = screening.now.indicators.loc[screening.funnel.stayed]
    table = values.join(screening.scores).join(indices).sort_values("rank")
    return printed(
        with_name(screening, table),
        "name demand_usd demand_growth_pct gdp_growth_pct distance_km attractiveness access score",
        headers={c: c for c in indices},
        printed_rows=15,
    )

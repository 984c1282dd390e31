"""Chapters of devices: candidates, headings, supply, known flows, and the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from marketintel.analysis.markets import agreement as agree
from marketintel.analysis.markets.agreement import CONTESTED, INSUFFICIENT, ROBUST
from marketintel.analysis.markets.candidates import METHODS as RULES
from marketintel.analysis.markets.candidates import NAIVE
from marketintel.documents.charts import screening as drawings
from marketintel.documents.market.priorities import market_priorities
from marketintel.documents.market.priority_views import names_by_class
from marketintel.documents.screening.facts import Screening
from marketintel.documents.screening.facts.devices import EU
from marketintel.documents.screening.facts.devices_record import OUTCOMES, RECORD
from marketintel.documents.screening.views import ranks
from marketintel.documents.screening.views.frames import printed, with_name
from marketintel.documents.screening.views.methods import RANKS, TERMS
from marketintel.documents.screening.views.ranks import Shown
from marketintel.errors import MissingDataError, UsageError
from marketintel.reference.countries import country_name
from marketintel.reference.segments import load_segments

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: First markets whose list of priorities is shown.
LISTED = 5

#: Markets printed; so many leave room for the summary on its page.
PRINTED = 15


def device_push(screening: Screening) -> pd.DataFrame | None:
    """Return which segments to push in the first markets, as every document has it."""
    rows = []
    for market in screening.devices.shortlist[:LISTED]:
        try:
            found = market_priorities(market, screening.exporter, data_dir=screening.data_dir)
        except (MissingDataError, UsageError):
            continue
        names = names_by_class(found)
        rows.append((country_name(market), *("; ".join(names[k]) for k in ("push", "develop"))))
    return pd.DataFrame(rows, columns=["country", "push", "develop"]) if rows else None


def device_headline(screening: Screening) -> dict[str, Any]:
    """Return the figures of the summary."""
    d = screening.devices
    counts = d.classified["class"].value_counts()
    sales, figures = d.sales, d.now.indicators
    known = d.sales.reindex(d.shortlist)
    return {
        "n_markets": len(d.now.markets),
        "n_stayed": len(d.funnel.stayed),
        "n_robust": int(counts.get(ROBUST, 0)),
        "n_contested": int(counts.get(CONTESTED, 0)),
        "n_thin": int(counts.get(INSUFFICIENT, 0)),
        "robust": [m for m in d.classified.index if d.classified.loc[m, "class"] == ROBUST],
        "n_together": int((d.classified["votes"] == len(RULES)).sum()),
        "known_usd": float(sales["known_usd"].sum()),
        "most_usd": float(sales["most_usd"].sum()),
        "imports_usd": float(figures["demand_usd"].sum()),
        "unknown": [m for m in d.shortlist if not bool(d.flow_known.get(m, False))],
        "known_pct": float(100 * known["known_usd"].sum() / known["most_usd"].sum()),
        "furthest": agree.correlations(d.by_method).dropna().nsmallest(1, "spearman")
        .replace(ranks.METHODS).to_dict("records"),
    }  # fmt: skip


def device_markets(screening: Screening) -> Shown:
    """Return the markets with ranks, demand, the exporter's sales, and potential."""
    d = screening.devices
    table = with_name(screening, d.classified, "iso3").rename(columns={"name": "market"})
    figures = d.now.indicators[["demand_usd", "demand_growth_pct"]]
    table = table.join(figures, on="iso3").join(
        d.volatility_pct.rename("volatility_pct"), on="iso3"
    )
    table = table.join(d.sales[["known_usd", "most_usd"]], on="iso3")
    table[["known_usd", "most_usd"]] = table[["known_usd", "most_usd"]].fillna(0.0)
    table = table.join(d.by_method["potential"].rename("unrealised_usd"), on="iso3")
    table["ranks"] = _three(table)
    columns = ("market class ranks demand_usd demand_growth_pct volatility_pct known_usd most_usd "
               "unrealised_usd")  # fmt: skip
    rest = f"iso3 {' '.join(RANKS)} mean_rank rank_spread votes why"
    return printed(table, columns, rest, printed_rows=PRINTED)


def device_headings(screening: Screening) -> Shown:
    """Return the first three markets of every heading."""
    d = screening.devices
    table = with_name(screening, d.by_heading)
    table["ranks"] = _three(table)
    table["goods"] = [f"{code} {d.goods_of(code)}" for code in table["cmd_code"]]
    table[["known_usd", "most_usd"]] = table[["known_usd", "most_usd"]].fillna(0.0)
    columns = "goods name ranks imports_usd known_usd most_usd unrealised_usd"
    rest = f"cmd_code place market {' '.join(RANKS)} mean_rank known_pct"
    return printed(table, columns, rest, group_col="goods")


def first_of_headings(screening: Screening) -> list[tuple[str, str, list[str], list[str]]]:
    """Return heading, goods, segments and the first three markets of every heading."""
    d, names = screening.devices, load_segments().names()
    return [
        (code, d.goods_of(code), [names[s] for s in d.covers[code]],
         d.by_heading.loc[d.by_heading["cmd_code"] == code, "market"].tolist())
        for code in d.headings
    ]  # fmt: skip


def device_supply(screening: Screening) -> Shown:
    """Return shares of world exports: the EU, the exporter, and the first three members."""
    d = screening.devices
    rows = []
    for code, part in d.supply.groupby("cmd_code"):
        share = part.set_index("economy")["share_pct"]
        members = share.drop(EU)
        first = [f"{country_name(m)} {members[m]:.1f} %" for m in members.index[:3]]
        own = share.get(d.exporter, members.reindex(d.members).sum())
        rows.append((str(code), d.goods_of(str(code)), share[EU], own, "; ".join(first)))
    columns = ["heading", "goods", "union_pct", "own_pct", "first_members"]
    table = pd.DataFrame(rows, columns=columns)
    return table, {"hide": ["own_pct"] if d.exporter == EU else []}


def device_supply_members(screening: Screening) -> Shown:
    """Return shares of world exports of every member by heading, which is not printed."""
    return screening.devices.supply, {"printed_rows": 0}


def device_about(screening: Screening) -> Shown:
    """Return the headings with their segments, world trade and known part."""
    d, names = screening.devices, load_segments().names()
    table = d.about.assign(
        heading=d.about["cmd_code"],
        goods=[d.goods_of(c) for c in d.about["cmd_code"]],
        read_for=["; ".join(f"{names[s]} {100 * cover:.0f} %" for s, cover in d.covers[c].items())
                  for c in d.about["cmd_code"]],
        ranked=d.about["together"].map({True: "with all", False: "by itself"}),
        recorded=d.about["in_record"].map({True: "yes", False: "no"}),
    )  # fmt: skip
    columns = "heading goods read_for world_usd known_pct since ranked recorded"
    return printed(table, columns, "n_pairs")


def alone(screening: Screening) -> list[str]:
    """Return the headings that are ranked by themselves only."""
    return [c for c in screening.devices.headings if c not in screening.devices.codes]


def compared(screening: Screening) -> dict[str, Any]:
    """Return headings of which growth is taken, and the years."""
    d = screening.devices
    return {"codes": d.now.compared, "since": d.now.since, "year": d.year,
            "lost": [c for c in d.codes if c not in d.now.compared]}  # fmt: skip


def netherlands_pct(screening: Screening) -> float | None:
    """Return the Dutch share of the exporter's known sales; None if it has no Dutch part."""
    d = screening.devices
    if "NLD" not in d.members or len(d.members) == 1:
        return None
    rows = d.trade[d.trade["exporter"].isin(d.members) & ~d.trade["market"].isin(d.members)]
    sold = rows[rows["cmd_code"].isin(d.codes)].groupby("exporter")["known_usd"].sum()
    return float(100 * sold["NLD"] / sold.sum())


def device_bounds(screening: Screening) -> Shown:
    """Return potential and gravity of the first markets, unknown pairs modelled, out, at bounds."""
    d = screening.devices
    table = d.potential_range.join(d.by_method["gravity"].rename("gap_usd"))
    table = table.join(d.gravity_gap_known.rename("gap_known_usd")).join(d.sales["known_pct"])
    table = table.reindex(d.classified.index[:PRINTED])
    table["basis"] = ["known" if d.flow_known.get(m, False) else "modelled" for m in table.index]
    columns = "name basis known_pct potential_usd lo_usd hi_usd gap_usd gap_known_usd"
    return printed(with_name(screening, table), columns)


def device_terms(screening: Screening) -> Shown:
    """Return the coefficients of gravity on known pairs."""
    table = screening.devices.gravity_known.coefficients
    return printed(
        table.assign(label=table["term"].map(TERMS)),
        "label estimate std_error lo hi p_value",
        "term",
    )


def gravity_agreement(screening: Screening) -> dict[str, Any]:
    """Return the rank correlation of both readings of gravity, and the numbers of pairs."""
    d = screening.devices
    both = pd.DataFrame({"filled": d.by_method["gravity"], "known": d.gravity_gap_known}).dropna()
    return {"spearman": agree.rank_correlation(both["filled"], both["known"]), "n": len(both),
            "n_obs": d.gravity_known.n_obs, "lost": int(d.gravity_known.dropped["n"].sum())}  # fmt: skip


def device_record(screening: Screening, labels: dict[str, str]) -> Shown:
    """Return hit rates and rank correlation by outcome and rule."""
    table = screening.devices.record
    table = table.assign(
        outcome_name=table["outcome"].map(labels),
        rule=[f"{rule} (naive)" if rule in NAIVE else rule for rule in table["rule"]],
    )
    lengths = screening.settings.first
    columns = ["outcome_name", "rule", "rank_corr", *(f"hit_{n}_pct" for n in lengths), "n_markets"]
    return printed(
        table, " ".join(columns), None, group_col="outcome_name",
        headers={f"hit_{n}_pct": f"Hits in {n}" for n in lengths},
        formats={f"hit_{n}_pct": "pct" for n in lengths},
    )  # fmt: skip


def record_verdicts(screening: Screening) -> list[dict[str, Any]]:
    """Return by outcome the method and the naive rule with the highest rank correlation.

    ``lead`` is zero where they differ by less than the standard error of a rank correlation
    between unrelated ranks, 1/√(n − 1).
    """
    found = []
    for outcome in OUTCOMES:
        rows = screening.devices.record.query("outcome == @outcome").dropna(subset=["rank_corr"])
        if rows.empty:
            continue
        naive = rows["rule"].isin(NAIVE)
        best, rival = (
            part.nlargest(1, "rank_corr").iloc[0] for part in (rows[~naive], rows[naive])
        )
        methods = rows.set_index("rule")["rank_corr"]
        lead, error = best["rank_corr"] - rival["rank_corr"], (best["n_markets"] - 1) ** -0.5
        found.append(
            {"outcome": outcome, "rule": best["rule"], "corr": best["rank_corr"],
             "naive": rival["rule"], "naive_corr": rival["rank_corr"], "n": int(best["n_markets"]),
             "lead": lead if abs(lead) >= error else 0.0, "error": error,
             "hit_pct": best["hit_10_pct"], "naive_hit_pct": rival["hit_10_pct"],
             "chance_pct": best["chance_10_pct"],
             "potential": methods.get("potential"), "gravity": methods.get("gravity")}
        )  # fmt: skip
    return found


def record_years(screening: Screening) -> dict[str, Any]:
    """Return years and headings of the record."""
    d = screening.devices
    return {"first": RECORD[0], "base": RECORD[1], "last": RECORD[2], "codes": d.record_codes,
            "lost": [c for c in d.codes if c not in d.record_codes]}  # fmt: skip


def device_map(screening: Screening) -> Figure:
    """Draw the map of unrealised potential in devices."""
    return ranks.potential_map(screening.devices)


def device_rank_ranges(screening: Screening) -> Figure:
    """Draw ranks by method, and under other weights."""
    return ranks.rank_ranges(screening.devices)


def device_agreement(screening: Screening) -> Figure:
    """Draw the correlations of the methods."""
    return drawings.agreement_matrix(agree.correlations(screening.devices.by_method), ranks.METHODS)


def device_correlations(screening: Screening) -> list[list[Any]]:
    """Return the correlations of the methods, two by two."""
    rows = agree.correlations(screening.devices.by_method)[["method", "other", "spearman"]]
    return rows.replace(ranks.METHODS).to_numpy().tolist()


def device_largest(screening: Screening) -> list[tuple[str, float]]:
    """Return the five markets with the largest unrealised potential."""
    return ranks.largest(screening.devices)


def device_source(screening: Screening) -> str:
    """Return the citations of headings and partners."""
    cited = map(screening.cited, ("baci_headings", "baci_heading_partners"))
    return " ".join(dict.fromkeys(cited))


def _three(table: pd.DataFrame) -> list[str]:
    """Return the three ranks in one word, such as 1 / 4 / 12."""
    return [" / ".join("–" if pd.isna(rank) else f"{rank:.0f}" for rank in three)
            for three in table[RANKS].to_numpy(float)]  # fmt: skip

"""Chapters of the methods: potential, gravity, groups of goods, and the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from marketintel.analysis.markets.candidates import NAIVE
from marketintel.documents.charts import screening as drawings
from marketintel.documents.engine.formats import is_missing, show
from marketintel.documents.screening.facts import Screening
from marketintel.documents.screening.views.frames import printed, with_name
from marketintel.documents.screening.views.ranks import Shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TERMS = {
    "ln_distance": "Distance (logarithm)",
    "contiguous": "Common border",
    "common_language": "Common official language",
    "colony": "Colonial tie",
}
RANKS = ["rank_potential", "rank_gravity", "rank_score"]


def potential_cells(screening: Screening) -> Shown:
    """Return the thousand largest cells with every factor."""
    cells = screening.now.potential.cells(screening.exporter)
    cells = cells[~cells["is_home"] & (cells["potential_usd"] > 0)]
    names = dict(zip(screening.goods["cmd_code"], screening.goods["group_name"], strict=True))
    cells = cells.sort_values("unrealised_usd", ascending=False, ignore_index=True)
    cells = cells.assign(goods=cells["cmd_code"].map(names), supply_pct=100 * cells["supply"])
    columns = "name goods supply_pct demand_usd distance ease potential_usd unrealised_usd"
    return printed(with_name(screening, cells).head(1000), columns, printed_rows=12)


def scenario(screening: Screening) -> Shown | None:
    """Return potential in the markets of the scenario, with and without it."""
    keys = ["potential_usd", "unrealised_usd"]
    without, now = (
        year.potential_by_market.set_index("market")[keys].assign(
            rank=lambda t: t["unrealised_usd"].rank(ascending=False, method="min")
        )
        for year in (screening.in_force, screening.now)
    )
    table = without.add_prefix("was_").join(now)
    table = table[table.index.isin(list(screening.scenario))]
    if table.empty:
        return None
    before = table["was_potential_usd"]
    change = 100 * (table["potential_usd"] / before.where(before > 0) - 1)
    table = table.assign(
        points=table.index.map(screening.scenario),
        change_pct=change.replace([np.inf, -np.inf], np.nan),
    )
    columns = "name points was_potential_usd potential_usd change_pct was_rank rank"
    rest = "was_unrealised_usd unrealised_usd market"
    return printed(with_name(screening, table), columns, rest)


def assumed(screening: Screening) -> dict[str, Any]:
    """Return factors that were not known with the markets that lack them, and unknown distances."""
    table, markets = screening.now.potential.assumed, screening.now.markets
    lacking = table[table["factor"].str.endswith("of market") & table["economy"].isin(markets)]
    far = table[(table["economy"] == screening.exporter) & (table["factor"] == "distance")]
    return {
        "factors": [(f, rows["economy"].tolist()) for f, rows in lacking.groupby("factor")],
        "far": far.loc[far["other"].isin(markets), "other"].tolist(),
    }


def below(screening: Screening) -> tuple[int, int]:
    """Return how many markets lie below gravity's interval, of how many."""
    verdicts = screening.now.gravity["verdict"]
    return int((verdicts == "below").sum()), len(verdicts)


def gravity_terms(screening: Screening) -> Shown:
    """Return the coefficients of gravity."""
    table = screening.gravity.coefficients
    table = table.assign(label=table["term"].map(TERMS))
    return printed(table, "label estimate std_error lo hi p_value", "term")


def gravity_markets(screening: Screening) -> Shown:
    """Return predicted against actual sales, with agreements where ties by year were fetched."""
    table = screening.now.gravity.sort_values("gap_usd", ascending=False, ignore_index=True)
    table = with_name(screening, table).merge(screening.agreements, "left", on="market")
    stated = [str(c) for c in screening.agreements if c != "market"]
    table[stated] = table[stated].fillna("not stated")
    columns = ["name", "actual_usd", "predicted_usd", "lo_usd", "hi_usd", "gap_usd", "verdict"]
    return table[[*columns, *stated, "market"]], {
        "hide": ["market"],
        "headers": {c: c.capitalize() for c in stated},
        "source": f"{screening.source_line} {screening.cited('cepii_gravity') if stated else ''}",
        "printed_rows": 12,
    }


def by_group(screening: Screening) -> Shown:
    """Return the first markets of each segment or material, with the interval of gravity."""
    rest = "group market rank_potential rank_gravity rank_score lo_usd hi_usd"
    words = ["market", "verdict"]
    figures = [*RANKS, "unrealised_usd", "actual_usd", "predicted_usd", "lo_usd", "hi_usd"]
    table = screening.by_group.copy()
    for column in {*words, *figures} - set(table):
        table[column] = None if column in words else float("nan")
    table["name"] = [
        screening.name(m) if isinstance(m, str) else f"not screened: {note}"
        for m, note in zip(table["market"], table["note"], strict=True)
    ]
    table["interval"] = [
        None if is_missing(hi) else f"{show(lo, 'usd_m')} to {show(hi, 'usd_m')}"
        for lo, hi in zip(table["lo_usd"], table["hi_usd"], strict=True)
    ]
    table["ranks"] = [
        " / ".join("–" if pd.isna(rank) else f"{rank:.0f}" for rank in three)
        for three in table[RANKS].to_numpy(float)
    ]
    columns = "group_name name ranks unrealised_usd actual_usd predicted_usd interval verdict"
    return printed(table, columns, rest, group_col="group_name")


def hits(screening: Screening) -> list[dict[str, Any]]:
    """Return the chance rate for each length of a list that can be judged."""
    table = screening.record_summary
    lengths = [n for n in screening.settings.first if f"hit_{n}_pct" in table]
    return [{"n": n, "chance_pct": float(table[f"chance_{n}_pct"].mean())} for n in lengths]


def best_rules(screening: Screening) -> dict[str, Any] | None:
    """Return the method and the naive rule that hit most; None if the years are too few."""
    table = screening.record_summary
    horizon = int(table["horizon"].max())
    n = 10 if "hit_10_pct" in table else int(screening.settings.first[0])
    rows = table[(table["horizon"] == horizon) & table[f"hit_{n}_pct"].notna()]
    if rows.empty:
        return None
    method, naive = (rows[rows["is_naive"] == flag].nlargest(1, f"hit_{n}_pct").iloc[0]
                     for flag in (False, True))  # fmt: skip
    hit, naive_hit = method[f"hit_{n}_pct"], naive[f"hit_{n}_pct"]
    return {
        "n": n, "horizon": horizon, "rule": method["rule"], "hit_pct": hit,
        "naive": naive["rule"], "naive_pct": naive_hit, "lead": hit - naive_hit,
        "chance_pct": method[f"chance_{n}_pct"], "n_years": int(method["n_years"]),
    }  # fmt: skip


def record(screening: Screening) -> Shown:
    """Return hit rates and rank correlation by rule and horizon."""
    table = screening.record_summary
    table = table.assign(
        rule=[f"{rule} (naive)" if naive else rule
              for rule, naive in zip(table["rule"], table["is_naive"], strict=True)],
        horizon_name=[f"{years} years ahead" for years in table["horizon"]],
    )  # fmt: skip
    lengths = [one["n"] for one in hits(screening)]
    columns = ["horizon_name", "rule", *(f"hit_{n}_pct" for n in lengths)]
    return printed(
        table,
        " ".join([*columns, "rank_corr years_ahead_of_naive n_years"]),
        "first_year last_year horizon",
        group_col="horizon_name",
        headers={f"hit_{n}_pct": f"Hits in {n}" for n in lengths},
        formats={f"hit_{n}_pct": "pct" for n in lengths},
    )


def record_lines(screening: Screening) -> Figure:
    """Draw rank correlations by year."""
    rules = {"gravity": "gravity", "potential": "export potential", "score": "score"}
    rules |= {rule: f"{rule} (naive)" for rule in NAIVE[:1] + NAIVE[2:]}
    horizon = int(screening.record_summary["horizon"].max())
    return drawings.record_lines(screening.record, rules, horizon)


def record_by_year(screening: Screening) -> Shown:
    """Return the record year by year, which is not printed."""
    shares = [c for c in map(str, screening.record) if c.endswith("_pct")]
    return screening.record, {
        "headers": {c: c for c in shares},
        "formats": dict.fromkeys(shares, "pct"),
        "printed_rows": 0,
    }

"""Hit rate of a ranking's top n after 3 and 5 years.

A market *hit* is one of the first n by the ranking that was also among the first n by the rise of
the exporter's sales. Naive rules and the rate of a random choice stand beside it.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from marketintel.analysis.markets.agreement import rank_correlation
from marketintel.analysis.trade.frames import require

FIRST = (5, 10, 20)


def outcomes(sales: pd.DataFrame, horizons: Sequence[int] = (3, 5)) -> pd.DataFrame:
    """Rise of an exporter's sales to each market from every year to some years on.

    Parameters
    ----------
    sales : DataFrame
        ``market, period, value_usd`` of one exporter; years as text, one without a break. A market
        without a row in a year bought nothing that was recorded: 0.
    horizons : sequence of int
        Years ahead.

    Returns
    -------
    DataFrame
        ``period, horizon, market, change_usd``: current dollars, every market and every year from
        which the horizon can be reached.
    """
    require(sales, ["market", "period", "value_usd"], "sales")
    table = sales.pivot_table(
        index="market", columns="period", values="value_usd", aggfunc="sum", fill_value=0.0
    )
    parts = []
    for horizon in horizons:
        for period in table.columns:
            later = str(int(period) + horizon)
            if later in table.columns:
                change = (table[later] - table[period]).rename("change_usd").reset_index()
                parts.append(change.assign(period=period, horizon=horizon))
    columns = ["period", "horizon", "market", "change_usd"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def record(
    rankings: pd.DataFrame, happened: pd.DataFrame, first: Sequence[int] = FIRST
) -> pd.DataFrame:
    """Compare every ranking with what happened.

    Parameters
    ----------
    rankings : DataFrame
        ``period, rule, market, score``, higher is better, made with data up to the period only. A
        market whose score is missing cannot be chosen, but stays among what could have happened.
    happened : DataFrame
        Result of :func:`outcomes`. Only markets that some rule of the year ranks take part.
    first : sequence of int
        Numbers of markets chosen.

    Returns
    -------
    DataFrame
        ``period, horizon, rule, n_markets, n_ranked, hit_<n>_pct, chance_<n>_pct, rank_corr``;
        equal scores or outcomes are ordered by market code. A hit rate is NaN where fewer than n
        markets are ranked.
    """
    require(rankings, ["period", "rule", "market", "score"], "rankings")
    rows = []
    for (period, horizon), later in happened.groupby(["period", "horizon"]):
        of_year = rankings[rankings["period"] == period]
        if of_year.empty:
            continue
        markets = sorted(set(of_year["market"]) & set(later["market"]))
        change = later.set_index("market")["change_usd"].reindex(markets)
        for rule, part in of_year.groupby("rule", sort=False):
            score = part.set_index("market")["score"].reindex(markets)
            rows.append({"period": period, "horizon": horizon, "rule": rule,
                         **_compare(score, change, first)})  # fmt: skip
    return pd.DataFrame(rows)


def summary(
    recorded: pd.DataFrame, naive: Sequence[str], first: Sequence[int] = FIRST
) -> pd.DataFrame:
    """Average the record over the years, method beside naive rule.

    Parameters
    ----------
    recorded : DataFrame
        Result of :func:`record`.
    naive : sequence of str
        The naive rules.

    Returns
    -------
    DataFrame
        ``horizon, rule, is_naive, n_years, first_year, last_year, hit_<n>_pct, chance_<n>_pct,
        rank_corr, years_ahead_of_naive`` (years in which its rank correlation was above that of
        every naive rule; NaN for naive rules), best mean rank correlation first.
    """
    means = [c for c in map(str, recorded) if c.startswith(("hit_", "chance_"))] + ["rank_corr"]
    table = recorded.groupby(["horizon", "rule"])[means].mean()
    span = recorded.groupby(["horizon", "rule"])["period"].agg(["nunique", "min", "max"])
    table[["n_years", "first_year", "last_year"]] = span
    wide = recorded.pivot_table(index=["horizon", "period"], columns="rule", values="rank_corr")
    bar = wide[[rule for rule in naive if rule in wide]].max(axis=1)
    ahead = wide.gt(bar, axis=0).groupby(level="horizon").sum()
    table["years_ahead_of_naive"] = [
        float(ahead[rule].get(horizon, 0)) if rule in ahead else 0.0
        for horizon, rule in table.index
    ]
    table = table.reset_index()
    table.insert(2, "is_naive", table["rule"].isin(list(naive)))
    table.loc[table["is_naive"], "years_ahead_of_naive"] = np.nan
    order = ["horizon", "rule", "is_naive", "n_years", "first_year", "last_year",
             *means, "years_ahead_of_naive"]  # fmt: skip
    return table[order].sort_values(
        ["horizon", "rank_corr"], ascending=[True, False], ignore_index=True
    )


def _compare(score: pd.Series, change: pd.Series, first: Sequence[int]) -> dict[str, float]:
    ranked = score.dropna().sort_index().sort_values(ascending=False, kind="stable").index
    best = change.sort_index().sort_values(ascending=False, kind="stable").index
    result: dict[str, float] = {"n_markets": len(change), "n_ranked": len(ranked)}
    for n in first:
        enough = len(ranked) >= n
        hits = len(set(ranked[:n]) & set(best[:n]))
        result[f"hit_{n}_pct"] = 100 * hits / n if enough else np.nan
        result[f"chance_{n}_pct"] = 100 * n / len(change) if len(change) >= n else np.nan
    both = score.notna()
    result["rank_corr"] = rank_correlation(score[both], change[both])
    return result

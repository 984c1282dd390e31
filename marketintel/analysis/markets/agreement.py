"""Agreement of methods: rank correlations, each market's spread, and a class by a stated rule."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from marketintel.reference.screening import Rule

ROBUST, CONTESTED, INSUFFICIENT = "robust", "contested", "insufficient data"
NOT_A_CANDIDATE = "not a candidate"


def rank_correlation(a: pd.Series, b: pd.Series) -> float:
    """Spearman correlation; NaN with fewer than three values or where one does not vary."""
    if len(a) < 3 or np.ptp(a.to_numpy(float)) == 0 or np.ptp(b.to_numpy(float)) == 0:
        return float("nan")
    return float(stats.spearmanr(a, b).statistic)


def correlations(values: pd.DataFrame) -> pd.DataFrame:
    """Spearman correlation of every two methods over the markets that both rank.

    Parameters
    ----------
    values : DataFrame
        One market a row, one method a column, higher is better; NaN where a method has none.

    Returns
    -------
    DataFrame
        ``method, other, spearman, n_markets``; NaN with fewer than three markets or no variation.
    """
    rows = []
    for a, b in combinations(values.columns, 2):
        both = values[[a, b]].dropna()
        rows.append((a, b, rank_correlation(both[a], both[b]), len(both)))
    return pd.DataFrame(rows, columns=["method", "other", "spearman", "n_markets"])


def ranks(values: pd.DataFrame) -> pd.DataFrame:
    """Rank markets by each method.

    Returns
    -------
    DataFrame
        Same index; ``rank_<method>`` (1 is best), ``n_methods``, ``mean_rank`` and ``rank_spread``
        (highest less lowest) over the methods that rank it. Equals share the worse rank: a method
        that cannot tell markets apart has none of them among its first.
    """
    table = values.rank(ascending=False, method="max").add_prefix("rank_")
    return table.assign(
        n_methods=table.notna().sum(axis=1),
        mean_rank=table.mean(axis=1),
        rank_spread=table.max(axis=1) - table.min(axis=1),
    )


def classify(
    ranked: pd.DataFrame,
    rank_hi: pd.Series,
    known_weight_pct: pd.Series,
    rule: Rule,
    complete: bool | pd.Series,
) -> pd.DataFrame:
    """Class each market, with the reason.

    Parameters
    ----------
    ranked : DataFrame
        Result of :func:`ranks`.
    rank_hi, known_weight_pct : Series
        By market; see :mod:`marketintel.analysis.markets.screening`.
    rule : Rule
        The limits.
    complete : bool or Series
        Whether the data cover what was asked for, for all or by market. If not, none is robust.

    Returns
    -------
    DataFrame
        `ranked` with ``votes, class, why``, the shortlist first: robust before contested, each by
        mean rank.
    """
    columns = [c for c in map(str, ranked) if c.startswith("rank_") and c != "rank_spread"]
    votes = (ranked[columns] <= rule.first).sum(axis=1)
    limit = rule.first * rule.range_factor
    classes, reasons = [], []
    for market in ranked.index:
        lacking = [c.removeprefix("rank_") for c in columns if pd.isna(ranked.loc[market, c])]
        known, high, n = known_weight_pct.get(market, 0.0), rank_hi.get(market), votes[market]
        kind, why = NOT_A_CANDIDATE, f"no method has it among its first {rule.first}"
        if lacking:
            kind, why = INSUFFICIENT, f"not ranked by {', '.join(lacking)}"
        elif known < rule.min_known_weight_pct:
            kind, why = INSUFFICIENT, f"only {known:.0f} % of the score's weight is known"
        elif n == len(columns) and high is not None and high <= limit:
            kind, why = ROBUST, f"all methods agree; at worst rank {high:.0f} when weights change"
            whole = complete if isinstance(complete, bool) else bool(complete.get(market, False))
            if not whole:
                kind, why = CONTESTED, "all methods agree, but on partial data"
        elif n == len(columns):
            kind, why = CONTESTED, f"all methods agree, but weights move it to rank {high:.0f}"
        elif n > 0:
            among = ranked.loc[market, columns] <= rule.first
            voters = [c.removeprefix("rank_") for c in columns if among[c]]
            verb = "has" if len(voters) == 1 else "have"
            kind = CONTESTED
            why = f"only {' and '.join(voters)} {verb} it among the first {rule.first}"
        classes.append(kind)
        reasons.append(why)
    table = ranked.assign(votes=votes, why=reasons)
    table["class"] = classes
    order = {ROBUST: 0, CONTESTED: 1, INSUFFICIENT: 2, NOT_A_CANDIDATE: 3}
    table["_order"] = table["class"].map(order)
    return table.sort_values(["_order", "mean_rank"], kind="stable").drop(columns="_order")


def shortlist(classified: pd.DataFrame, number: int) -> Sequence[str]:
    """Return the first markets that are robust or contested, in order."""
    kept = classified[classified["class"].isin([ROBUST, CONTESTED])]
    return list(kept.index[:number])

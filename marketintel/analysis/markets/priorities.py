"""Priorities of an exporter among segments and markets: criteria, ranks, classes and reasons.

Each criterion is scored by its rank among the rows compared (100 best, 0 last), after the OECD/JRC
Handbook on Constructing Composite Indicators (2008): rank normalisation, stated weights, and their
uncertainty. The score is the weighted mean; a criterion that is not known stands in the middle of
its range in the score and is drawn over the whole of it in the range of ranks: never zero, and a
row about which less is known has the wider range. Classes follow from stated limits, not from ranks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from marketintel.analysis.trade.frames import require
from marketintel.reference.priorities import Classes, Criterion, Draws, Reachable, Settings

Row: TypeAlias = Mapping[Any, Any]

PUSH, DEVELOP, HOLD, NO_DATA = "push", "develop", "hold", "not enough data"
CLASSES = (PUSH, DEVELOP, HOLD, NO_DATA)

#: Columns that the classes read beside the criteria.
FACTS = ("growth_years", "rival_share_pct", "handicap_pp")


def criterion_scores(values: pd.DataFrame, criteria: Sequence[Criterion]) -> pd.DataFrame:
    """Score criteria by rank, 0 to 100.

    Parameters
    ----------
    values : DataFrame
        One row a segment and market, one column a criterion; NaN where not known.
    criteria : sequence of Criterion
        Which columns, and which way is better.

    Returns
    -------
    DataFrame
        Same index, one column a criterion. Equals share the mean of their ranks; a single known
        value scores 50.
    """
    require(values, [c.id for c in criteria], "values")
    result = {}
    for one in criteria:
        column = values[one.id].astype("float64")
        place = column.rank(ascending=one.better == "high") - 1
        known = int(column.notna().sum())
        result[one.id] = 100 * place / (known - 1) if known > 1 else place * 0 + 50
    return pd.DataFrame(result, index=values.index)


def ranked(scores: pd.DataFrame, criteria: Sequence[Criterion], draws: Draws) -> pd.DataFrame:
    """Weigh scores, and rank rows under drawn weights and drawn values of what is not known.

    Returns
    -------
    DataFrame
        Index of `scores`; ``score`` (0 to 100), ``rank``, ``rank_lo, rank_hi`` (range that holds
        ``draws.range_pct`` of the draws), ``known_weight_pct``. Same seed, same draws.
    """
    block = scores[[c.id for c in criteria]].to_numpy("float64")
    known = np.isfinite(block)
    weights = np.array([c.weight for c in criteria]) / sum(c.weight for c in criteria)
    score = np.where(known, block, 50.0) @ weights
    rng = np.random.default_rng(draws.seed)
    drawn = rng.dirichlet(draws.concentration * weights, draws.draws)
    filled = np.where(known, block, rng.uniform(0, 100, (draws.draws, *block.shape)))
    each = np.einsum("drc,dc->dr", filled, drawn)
    ranks = 1 + (-each).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    tail = (100 - draws.range_pct) / 2
    low, high = (np.percentile(ranks, q, axis=0, method="nearest") if len(block) else []
                 for q in (tail, 100 - tail))  # fmt: skip
    table = pd.DataFrame({"score": score, "rank_lo": low, "rank_hi": high}, index=scores.index)
    table.insert(1, "rank", table["score"].rank(ascending=False, method="min"))
    table["known_weight_pct"] = 100 * known @ weights
    return table


def conditions(values: pd.DataFrame, rules: Classes) -> pd.DataFrame:
    """Test each row for what the classes ask: ``large, strong, grows, open``; missing if not known.

    Parameters
    ----------
    values : DataFrame
        Criteria, and :data:`FACTS`: years over which growth compares, share of the largest other
        supplier, and the duty that the exporter pays above it on its own basket, points.
    """
    require(values, [*FACTS, "size_usd", "rca", "growth_pct"], "values")
    chance, trend = values["growth_probability_pct"], values["growth_pct"]
    trend = trend.where(values["growth_years"] >= rules.min_growth_years)
    grows = _at_least(chance, rules.growth_probability_pct)
    grows = grows.fillna((trend > rules.growth_pct).astype("boolean").where(trend.notna()))
    share = _at_least(values["exporter_share_pct"], rules.strong_share_pct)
    losing = _at_least(-values["share_change_pp"], rules.lost_share_pp).fillna(False)
    closed = _at_least(values["handicap_pp"], rules.closed_duty_pp).fillna(False)
    captive = _at_least(values["rival_share_pct"], rules.captive_share_pct).fillna(False)
    return pd.DataFrame({
        "large": _at_least(values["size_usd"], rules.min_size_usd),
        "strong": share & _at_least(values["rca"], rules.strong_rca) & ~losing,
        "grows": grows, "not_closed": ~closed, "not_captive": ~captive,
        "open": ~closed & ~captive,
    })  # fmt: skip


def _at_least(column: pd.Series, limit: float) -> pd.Series:
    column = column.astype("float64")
    return (column >= limit).astype("boolean").where(column.notna())


def classify(values: pd.DataFrame, known_weight_pct: pd.Series, rules: Classes) -> pd.Series:
    """Class each row by the stated rules.

    *push*: the exporter is strong (share, specialisation, no known loss of share), imports grow,
    and nothing known closes the market: a duty or rival that is not known does not. *develop*:
    growth is not known, or one of the three does not hold. *hold*: more do not, or imports are
    small. *not enough data*: size, share or specialisation is not known, or too little of the weight.
    """
    met = conditions(values, rules)
    holds = met[["strong", "grows", "open"]].fillna(False).sum(axis=1)
    result = pd.Series(HOLD, index=values.index, dtype="object")
    large = met["large"].fillna(False).astype(bool)
    result[large & (holds == 2)] = DEVELOP
    result[large & (holds == 3)] = PUSH
    missing = values[["size_usd", "exporter_share_pct", "rca"]].isna().any(axis=1)
    result[missing | (known_weight_pct < rules.min_known_weight_pct)] = NO_DATA
    return result


def reasons(values: pd.DataFrame, classes: pd.Series, rules: Classes) -> pd.Series:
    """State in one sentence why each row has its class, with the figures that decide."""
    met = conditions(values, rules)
    rows = zip(values.to_dict("records"), met.to_dict("records"), classes, strict=True)
    return pd.Series([_reason(v, m, c, rules) for v, m, c in rows], index=values.index)


def _reason(value: Row, met: Row, kind: str, rules: Classes) -> str:
    if kind == NO_DATA:
        return f"Not enough data: {_gap(value)}."
    if met["large"] is not True:
        usd = value["size_usd"] / 1e6
        return (
            f"Small: imports of USD {usd:.1f} million, below {rules.min_size_usd / 1e6:g} million."
        )
    facts = [f"share {value['exporter_share_pct']:.0f} %", f"specialisation {value['rca']:.1f}"]
    if -value["share_change_pp"] >= rules.lost_share_pp:
        facts.append(f"{-value['share_change_pp']:.1f} points of share lost a year")
    strong = "Strong" if met["strong"] is True else "Not strong"
    parts = [f"{strong} ({', '.join(facts)})", _growth(value, met)]
    if met["not_captive"] is False:
        parts.append(f"one other supplier holds {value['rival_share_pct']:.0f} %")
    if met["not_closed"] is False:
        parts.append(f"the exporter pays {value['handicap_pp']:.1f} points more duty")
    elif pd.isna(value["handicap_pp"]):
        parts.append("duty against rivals not known")
    elif met["open"] is True:
        parts.append("open")
    return "; ".join(parts) + "."


def _gap(value: Row) -> str:
    if pd.isna(value["size_usd"]):
        return str(value.get("basis") or "imports are not known")
    needs = {"exporter_share_pct": "the exporter's share", "rca": "its specialisation"}
    gaps = [words for name, words in needs.items() if pd.isna(value[name])]
    return f"{' and '.join(gaps)} not known" if gaps else "too few criteria are known"


def _growth(value: Row, met: Row) -> str:
    chance, trend = value["growth_probability_pct"], value["growth_pct"]
    if not pd.isna(chance):
        return f"imports grow with a probability of {chance:.0f} %"
    if pd.isna(trend):
        return "growth not known"
    years = int(value["growth_years"])
    moved = f"imports {'rose' if trend > 0 else 'fell'} by {abs(trend):.1f} %"
    if met["grows"] in (True, False):
        return f"{moved} a year over {years} years"
    return f"{moved}{' a year' if years > 1 else ''} over {years} year{'s' * (years > 1)}, no direction"


def priorities(values: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Rank and class the rows, *push* first.

    Parameters
    ----------
    values : DataFrame
        ``segment, market, exporter``, the criteria of ``priorities.toml`` and :data:`FACTS`; NaN
        where not known. One row a segment and market.

    Returns
    -------
    DataFrame
        `values` with ``class, score, rank, rank_lo, rank_hi, known_weight_pct, reachable_usd,
        reason``; by class, then rank. Rows without a size have no rank.
    """
    require(values, ["segment", "market", "exporter"], "values")
    values = values.reset_index(drop=True)
    found = values["size_usd"].notna()
    scores = criterion_scores(values[found], settings.criteria)
    table = values.join(ranked(scores, settings.criteria, settings.draws))
    table["known_weight_pct"] = table["known_weight_pct"].fillna(0.0)
    table["class"] = classify(values, table["known_weight_pct"], settings.classes)
    table["reachable_usd"] = reachable(values, settings.reachable)
    table["reason"] = reasons(values, table["class"], settings.classes)
    order = table["class"].map(CLASSES.index)
    return (
        table.assign(order=order)
        .sort_values(["order", "rank", "market", "segment"], ignore_index=True)
        .drop(columns="order")
    )


def criteria_table(table: pd.DataFrame, criteria: Sequence[Criterion]) -> pd.DataFrame:
    """List every criterion of every row: value, rank among the rows, weight.

    Returns
    -------
    DataFrame
        ``segment, market, exporter, criterion, label, value, rank, weight_pct``; rank 1 is best,
        equals share the better one; both missing where the value is not known.
    """
    whole = sum(c.weight for c in criteria)
    parts = [
        table[["segment", "market", "exporter"]].assign(
            criterion=one.id, label=one.label, value=table[one.id].astype("float64"),
            rank=table[one.id].astype("float64").rank(ascending=one.better == "low", method="min"),
            weight_pct=100 * one.weight / whole,
        )
        for one in criteria
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def reachable(values: pd.DataFrame, rule: Reachable) -> pd.Series:
    """Imports that firms of the exporter can reach, US dollars.

    Size less the captive part of a dominant rival's sales, less the closed part of the rest where
    the exporter pays much more duty; by assumption (``[reachable]``). A rival's share or a duty
    that is not known takes nothing away.
    """
    rival = values["rival_share_pct"].astype("float64")
    captive = (rival / 100 * rule.captive_part_pct / 100).where(rival >= rule.captive_from_pct, 0)
    closed = values["handicap_pp"].astype("float64") >= rule.closed_from_pp
    part = (1 - captive) * (1 - closed * rule.closed_part_pct / 100)
    return values["size_usd"] * part


def scored(last: pd.DataFrame, came: pd.DataFrame) -> pd.DataFrame:
    """Score an earlier list against the sizes that came.

    Parameters
    ----------
    last : DataFrame
        Result of :func:`priorities` of an earlier edition.
    came : DataFrame
        ``segment, market, exporter, size_usd, exporter_share_pct`` now, on the same basis.

    Returns
    -------
    DataFrame
        ``segment, market, exporter, class, rank, size_usd, came_usd, came_pct`` (change),
        ``share_came_pp, grew``; in the order of `last`. Rows that are not there now are missing.
    """
    keys = ["segment", "market", "exporter"]
    require(last, [*keys, "class", "rank", "size_usd", "exporter_share_pct"], "last")
    require(came, [*keys, "size_usd", "exporter_share_pct"], "came")
    later = came[[*keys, "size_usd", "exporter_share_pct"]]
    both = last.merge(later, on=keys, how="left", suffixes=("", "_now"), validate="1:1")
    change = 100 * (both["size_usd_now"] / both["size_usd"].where(both["size_usd"] > 0) - 1)
    both = both.assign(
        came_usd=both["size_usd_now"], came_pct=change,
        share_came_pp=both["exporter_share_pct_now"] - both["exporter_share_pct"],
        grew=(change > 0).astype("boolean").where(change.notna()),
    )  # fmt: skip
    return both[
        [*keys, "class", "rank", "size_usd", "came_usd", "came_pct", "share_came_pp", "grew"]
    ]

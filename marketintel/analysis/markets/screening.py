"""Scores of markets, filters, and ranges of ranks under other weights.

- Index: ``100·(v − min)/(max − min)`` over the markets (of the logarithm, or turned round, where
  the indicator says so). A missing value has no index and takes no part: the weights of what is
  known are scaled up, and how much was known is said.
- Score: attractiveness (is there demand?) and access (can it be reached?), each the weighted mean
  of its indices; the score is the weighted mean of the two. Weights after the market attractiveness
  index of the International Trade Centre, whose author calls them arbitrary.
- Hence rank ranges: weights are drawn from a Dirichlet distribution around those given, markets
  are ranked under each draw, and the range that holds most ranks is reported.
- Funnel: filters one after the other; who left where, and why. A market whose figure is missing
  stays in and is counted as not known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketintel.analysis.trade.frames import require
from marketintel.analysis.trade.indices import divide
from marketintel.reference.screening import Filter, Indicator

Array = npt.NDArray[np.float64]


def indices(values: pd.DataFrame, indicators: Sequence[Indicator]) -> pd.DataFrame:
    """Bring indicators to 0–100.

    Parameters
    ----------
    values : DataFrame
        One market a row (index), one indicator a column. NaN where not known.
    indicators : sequence of Indicator
        Which columns, and which way round.

    Returns
    -------
    DataFrame
        Same index, one column an indicator, 100 for the best market. If all known values are the
        same the index is 50: the indicator then tells no market from another. A logarithm of
        zero or less is not known.
    """
    require(values, [indicator.id for indicator in indicators], "values")
    result = {}
    for indicator in indicators:
        column = values[indicator.id].astype(float)
        if indicator.logarithm:
            column = column.where(column > 0).map(np.log)
        low, high = column.min(), column.max()
        index = 100 * (column - low) / (high - low) if high > low else column * 0 + 50
        result[indicator.id] = index if indicator.better == "high" else 100 - index
    return pd.DataFrame(result, index=values.index)


def scores(
    index: pd.DataFrame, indicators: Sequence[Indicator], sides: Mapping[str, float]
) -> pd.DataFrame:
    """Weigh indices into one score a market.

    Parameters
    ----------
    index : DataFrame
        Result of :func:`indices`.
    indicators : sequence of Indicator
        Their weights count within each side.
    sides : mapping of str to float
        Weight of each side, for example attractiveness 65 and access 35.

    Returns
    -------
    DataFrame
        Index as given; one column a side, then ``score, known_weight_pct, rank`` (1 is best; equal
        scores share the better rank). A market about which nothing is known has no score.
    """
    result = pd.DataFrame(index=index.index)
    for side in sides:
        own = [indicator for indicator in indicators if indicator.side == side]
        weight = np.array([indicator.weight for indicator in own])
        result[side] = _weighted(index[[i.id for i in own]].to_numpy(float), weight[:, None])[:, 0]
    weights = _weights(indicators, sides)
    block = index[[indicator.id for indicator in indicators]].to_numpy(float)
    result["score"] = _weighted(block, weights[:, None])[:, 0]
    result["known_weight_pct"] = 100 * (np.isfinite(block) @ weights) / weights.sum()
    result["rank"] = result["score"].rank(ascending=False, method="min")
    return result


def rank_ranges(
    index: pd.DataFrame,
    indicators: Sequence[Indicator],
    sides: Mapping[str, float],
    *,
    draws: int = 1000,
    concentration: float = 20,
    range_pct: float = 90,
    first: int = 10,
    seed: int = 0,
) -> pd.DataFrame:
    """Rank markets under many weights.

    Parameters
    ----------
    index, indicators, sides
        As for :func:`scores`.
    draws : int
        How many sets of weights.
    concentration : float
        Sum of the Dirichlet parameters: the higher, the closer the draws stay to the weights given.
        A weight w then has the standard deviation ``√(w(1−w)/(concentration+1))``.
    range_pct : float
        Share of draws that the range holds.
    first : int
        For ``in_first_pct``.
    seed : int
        Same seed, same draws.

    Returns
    -------
    DataFrame
        Index as given; ``rank_lo, rank_median, rank_hi, in_first_pct``; NaN without a score.
    """
    block = index[[indicator.id for indicator in indicators]].to_numpy(float)
    weights = _weights(indicators, sides)
    drawn = np.random.default_rng(seed).dirichlet(concentration * weights / weights.sum(), draws).T
    ranks = _ranks(_weighted(block, drawn))
    known = np.isfinite(ranks).all(axis=1)
    tail = (100 - range_pct) / 2
    result = pd.DataFrame(
        np.nan, index=index.index, columns=["rank_lo", "rank_median", "rank_hi", "in_first_pct"]
    )
    if known.any():
        low, middle, high = np.percentile(ranks[known], [tail, 50, 100 - tail], axis=1)
        share = 100 * (ranks[known] <= first).mean(axis=1)
        result.loc[known] = np.column_stack([low, middle, high, share])
    return result


@dataclass(frozen=True)
class Funnel:
    """Markets that stayed, and the filter at which each other left.

    Attributes
    ----------
    stayed : list of str
        Markets, in the order given.
    steps : DataFrame
        ``filter, label, entered, left, not_known, remain``, in order.
    log : DataFrame
        ``market, filter, label, value, rule, reason``: one row a market that left.
    """

    stayed: list[str]
    steps: pd.DataFrame
    log: pd.DataFrame


def funnel(
    values: pd.DataFrame, filters: Sequence[Filter], excluded: Mapping[str, str] | None = None
) -> Funnel:
    """Send markets through filters and log where each left.

    Parameters
    ----------
    values : DataFrame
        One market a row (index), one figure a column.
    filters : sequence of Filter
        Applied in order.
    excluded : mapping of str to str, optional
        Markets that leave before the first filter, with the reason: the exporter itself, or a
        wish of the reader.
    """
    inside = list(values.index)
    steps: list[tuple[object, ...]] = []
    log: list[tuple[object, ...]] = []

    def leave(
        step: str, label: str, gone: Mapping[str, tuple[float, str, str]], unknown: int
    ) -> None:
        nonlocal inside
        entered = len(inside)
        log.extend((market, step, label, *gone[market]) for market in inside if market in gone)
        inside = [market for market in inside if market not in gone]
        steps.append((step, label, entered, entered - len(inside), unknown, len(inside)))

    if excluded:
        gone = {market: (float("nan"), "left out", why) for market, why in excluded.items()}
        leave("excluded", "Left out beforehand", gone, 0)
    for rule in filters:
        require(values, [rule.column], "values")
        column = values.loc[inside, rule.column].astype(float)
        outside = pd.Series(False, index=column.index)
        texts = []
        if rule.minimum is not None:
            outside |= column < rule.minimum
            texts.append(f"at least {rule.minimum:,g}")
        if rule.maximum is not None:
            outside |= column > rule.maximum
            texts.append(f"at most {rule.maximum:,g}")
        limit = " and ".join(texts)
        gone = {m: (float(column[m]), limit, rule.reason) for m in column.index[outside]}
        leave(rule.id, rule.label, gone, int(column.isna().sum()))
    return Funnel(
        inside,
        pd.DataFrame(steps, columns=["filter", "label", "entered", "left", "not_known", "remain"]),
        pd.DataFrame(log, columns=["market", "filter", "label", "value", "rule", "reason"]),
    )


def _weights(indicators: Sequence[Indicator], sides: Mapping[str, float]) -> Array:
    """Return the weight of each indicator in the whole score."""
    within = {s: sum(i.weight for i in indicators if i.side == s) for s in sides}
    if unknown := {i.side for i in indicators} - set(sides):
        raise ValueError(f"no weight for side {', '.join(sorted(unknown))}")
    return np.array([sides[i.side] * i.weight / within[i.side] for i in indicators])


def _weighted(block: Array, weights: Array) -> Array:
    """Return the weighted means over what is known: markets × sets of weights."""
    known = np.isfinite(block)
    total = known.astype(float) @ weights
    return divide(np.where(known, block, 0.0) @ weights, total)


def _ranks(score: Array) -> Array:
    """Return ranks down each column, 1 for the highest; NaN where there is no score."""
    order = np.argsort(-np.where(np.isfinite(score), score, -np.inf), axis=0, kind="stable")
    ranks = np.empty(score.shape)
    np.put_along_axis(ranks, order, np.arange(1.0, len(score) + 1)[:, None], axis=0)
    return np.where(np.isfinite(score), ranks, np.nan)

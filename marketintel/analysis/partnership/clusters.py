"""Coverage of value chains by clusters, sets that complete a chain, and gaps.

A chain is a segment; its steps are the stages of a value chain. A cluster covers a step when at
least one of its members says that it works there. Demand weighs the segments: the coverage of a
set of clusters is sum(demand * steps covered / steps) / sum(demand) over the segments that the
target country imports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

COMBINATION_COLUMNS = [
    "clusters",
    "size",
    "coverage_pct",
    "best_alone_pct",
    "gain_pp",
    "complete_segments",
    "complete_demand_usd",
]


def coverage(members: pd.DataFrame) -> pd.DataFrame:
    """Return how many members each cluster has at each step.

    Parameters
    ----------
    members : DataFrame
        cluster, member, segment, stage; a member may stand in several rows.

    Returns
    -------
    DataFrame
        cluster, segment, stage, members (different ones; steps without any have no row).
    """
    keys = ["cluster", "segment", "stage"]
    return members.groupby(keys, as_index=False).agg(members=("member", "nunique"))


def complementarity(
    covered: pd.DataFrame, demand: pd.Series, stages: Sequence[str], size: int = 2
) -> pd.DataFrame:
    """Return the sets of clusters that complete chains for a target country.

    Parameters
    ----------
    covered : DataFrame
        As of :func:`coverage`.
    demand : Series
        USD that the target country imports, by segment; segments without a figure are left out.
    stages : sequence of str
        The steps of a chain.
    size : int
        2 for pairs, 3 for triples.

    Returns
    -------
    DataFrame
        One row a set: clusters (tuple of ids), size, coverage_pct (weighted by demand),
        best_alone_pct (of the best smaller set in it: a single cluster for pairs, a pair for
        triples), gain_pp (what the set adds to that), complete_segments (tuple of segments whose
        steps all are covered together and by no smaller set in it), complete_demand_usd. Sets to
        which some cluster adds nothing are left out; the largest gain comes first.
    """
    names = sorted(covered["cluster"].unique())
    segments = [s for s in demand.dropna().index if demand[s] > 0]
    grid = _grid(covered, names, segments, stages)
    weights = demand.loc[segments].to_numpy(dtype=float)
    rows = []
    for chosen in combinations(range(len(names)), size):
        joint = np.logical_or.reduce(grid[list(chosen)])
        smaller = [np.logical_or.reduce(grid[sorted({*chosen} - {left})]) for left in chosen]
        scores = [_score(part, weights) for part in smaller]
        score = _score(joint, weights)
        if score - max(scores) <= 1e-9:
            continue
        complete = joint.all(axis=1) & ~np.logical_or.reduce([p.all(axis=1) for p in smaller])
        rows.append(
            {
                "clusters": tuple(names[i] for i in chosen),
                "size": size,
                "coverage_pct": score,
                "best_alone_pct": max(scores),
                "gain_pp": score - max(scores),
                "complete_segments": tuple(np.array(segments, dtype=object)[complete]),
                "complete_demand_usd": float(weights[complete].sum()),
            }
        )
    table = pd.DataFrame(rows, columns=COMBINATION_COLUMNS)
    order = ["complete_demand_usd", "gain_pp", "clusters"]
    return table.sort_values(order, ascending=[False, False, True], ignore_index=True)


def steps(members: pd.DataFrame, segments: Sequence[str], stages: Sequence[str]) -> pd.DataFrame:
    """Return who fills each step of the chains of segments.

    Parameters
    ----------
    members : DataFrame
        cluster, member, segment, stage.

    Returns
    -------
    DataFrame
        One row a segment and stage, in the orders given: segment, stage, filled_by (tuple of pairs
        member, cluster; empty where nobody does).
    """
    filled = {
        key: tuple(sorted(set(zip(rows["member"], rows["cluster"], strict=True))))
        for key, rows in members.groupby(["segment", "stage"])
    }
    rows = [(s, stage, filled.get((s, stage), ())) for s in segments for stage in stages]
    return pd.DataFrame(rows, columns=["segment", "stage", "filled_by"])


def best_pairs(
    covered: pd.DataFrame, segments: Sequence[str], stages: Sequence[str]
) -> pd.DataFrame:
    """Return for each segment the two clusters that fill most steps together.

    Parameters
    ----------
    covered : DataFrame
        As of :func:`coverage`.

    Returns
    -------
    DataFrame
        segment, first, first_steps (tuple of stages, the cluster with most alone), second,
        added_steps (what the second adds), missing_steps; segments of fewer than two clusters, or
        where no second one adds a step, are left out.
    """
    rows = []
    for segment in segments:
        own = covered[covered["segment"] == segment]
        has = {str(c): set(part["stage"]) for c, part in own.groupby("cluster")}
        pairs = [(a, b) for a in sorted(has) for b in sorted(has) if a != b and has[b] - has[a]]
        if not pairs:
            continue
        first, second = max(
            pairs, key=lambda pair: (len(has[pair[0]] | has[pair[1]]), len(has[pair[0]]))
        )
        of = [tuple(s for s in stages if s in found)
              for found in (has[first], has[second] - has[first])]  # fmt: skip
        left = tuple(s for s in stages if s not in has[first] | has[second])
        rows.append((segment, first, of[0], second, of[1], left))
    columns = ["segment", "first", "first_steps", "second", "added_steps", "missing_steps"]
    return pd.DataFrame(rows, columns=columns)


def gaps(covered: pd.DataFrame, segments: Sequence[str], stages: Sequence[str]) -> pd.DataFrame:
    """Return the steps that no cluster covers: segment, stages (tuple), in the order given."""
    filled = set(zip(covered["segment"], covered["stage"], strict=True))
    rows = [(s, tuple(stage for stage in stages if (s, stage) not in filled)) for s in segments]
    return pd.DataFrame([row for row in rows if row[1]], columns=["segment", "stages"])


def readiness(
    answers: pd.DataFrame, weights: Mapping[str, float], min_answers: int, nearly: int, ready: int
) -> pd.DataFrame:
    """Return how ready members are to export, from 0 to 100.

    Parameters
    ----------
    answers : DataFrame
        cluster, member, and one column a question of `weights`, 0 to 3 or NaN.
    weights : mapping of question to weight
        The score is the weighted mean of the questions answered, over 3, times 100.
    min_answers : int
        With fewer answers there is no score.
    nearly, ready : int
        Scores from which a member is "nearly ready" and "ready".

    Returns
    -------
    DataFrame
        cluster, member, answered, score (NaN where too few), band ("ready", "nearly ready",
        "prepare first", "too few answers").
    """
    questions = list(weights)
    single = answers.drop_duplicates(["cluster", "member"])
    values = single[questions].to_numpy(dtype=float)
    share = np.array([weights[q] for q in questions], dtype=float)
    given = ~np.isnan(values)
    weight = (given * share).sum(axis=1)
    with np.errstate(invalid="ignore"):
        score = 100 * np.nansum(values * share, axis=1) / (3 * weight)
    answered = given.sum(axis=1)
    score = np.where(answered >= min_answers, score, np.nan)
    band = np.select(
        [np.isnan(score), score >= ready, score >= nearly],
        ["too few answers", "ready", "nearly ready"],
        "prepare first",
    )
    table = single[["cluster", "member"]].assign(answered=answered, score=score, band=band)
    return table.sort_values(["cluster", "member"], ignore_index=True)


def _grid(
    covered: pd.DataFrame, names: Sequence[str], segments: Sequence[str], stages: Sequence[str]
) -> np.ndarray:
    """Cluster × segment × stage: whether the step is covered."""
    filled = set(covered[["cluster", "segment", "stage"]].itertuples(index=False, name=None))
    cells = [[[(c, s, t) in filled for t in stages] for s in segments] for c in names]
    return np.array(cells, dtype=bool).reshape(len(names), len(segments), len(stages))


def _score(covered: np.ndarray, weights: np.ndarray) -> float:
    return float(100 * (covered.mean(axis=1) * weights).sum() / weights.sum())

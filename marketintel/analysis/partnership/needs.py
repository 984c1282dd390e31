"""Needs of members: shares with intervals, without cells that disclose a single answer.

A question may have several answers. For each answer and each group (all, a cluster, a segment)
the cells are "said it" and "did not"; both count as cells, because the second is the group's size
less the first. Every group size and every cell is subject to :mod:`marketintel.analysis.partnership.disclosure`
with all sums at once: over clusters, over segments, and over both answers. Groups of different
kinds overlap (every respondent has one cluster and one segment), which an attacker knows too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from marketintel.analysis.partnership.disclosure import MINIMUM, Relation, shown

ALL = "all"
KINDS = ("cluster", "segment")
COLUMNS = ["kind", "group", "answer", "respondents", "count", "share_pct", "lo_pct", "hi_pct"]


def proportions(
    survey: pd.DataFrame,
    answers: Mapping[str, np.ndarray],
    confidence: float = 0.95,
    minimum: int = MINIMUM,
) -> pd.DataFrame:
    """Return how many of each group gave each answer, where that may be shown.

    Parameters
    ----------
    survey : DataFrame
        One row a respondent: cluster, segment (one each).
    answers : mapping of answer to values
        For each answer, one value a respondent in the order of `survey`: whether it was given
        (see :func:`chosen` and :func:`themes`).
    confidence : float
        Of the Wilson score interval (Wilson 1927; Brown, Cai and DasGupta 2001 recommend it for
        small samples).
    minimum : int
        Cells with fewer answers are not shown, nor what they could be worked out from; 0 shows all.

    Returns
    -------
    DataFrame
        kind ("all", "cluster", "segment"), group, answer, respondents, count, share_pct, lo_pct,
        hi_pct. Figures are NaN where they may not be shown; nothing else says how large they are.
    """
    groups = _groups(survey)
    sizes = {key: int(mask.sum()) for key, mask in groups.items()}
    base = _crossing(survey, np.ones(len(survey), dtype=bool), "n")
    size_cells = {f"n|{key}": size for key, size in sizes.items()} | base[0]
    size_sums = _sums(groups, "n") + base[1]
    visible = shown(size_cells, size_sums, [f"n|{key}" for key in groups], (), minimum)
    rows = []
    for answer, given in answers.items():
        yes = np.asarray(given, dtype=bool)
        cells, sums = dict(size_cells), list(size_sums)
        for part, said in (("yes", yes), ("no", ~yes)):
            cells |= {f"{part}|{key}": int((mask & said).sum()) for key, mask in groups.items()}
            crossed = _crossing(survey, said, part)
            cells |= crossed[0]
            sums += _sums(groups, part) + crossed[1]
        sums += [(f"n|{key}", (f"yes|{key}", f"no|{key}")) for key in groups]
        sums += [(f"n{pair}", (f"yes{pair}", f"no{pair}")) for pair in _pairs(survey)]
        wanted = [
            f"yes|{key}"
            for key in groups
            if f"n|{key}" in visible and cells[f"no|{key}"] >= minimum
        ]
        allowed = shown(cells, sums, wanted, visible, minimum)
        for key in groups:
            kind, _, group = key.partition(":")
            size = sizes[key] if f"n|{key}" in visible else None
            count = cells[f"yes|{key}"] if f"yes|{key}" in allowed else None
            rows.append(_row(kind, group, answer, size, count, confidence))
    return pd.DataFrame(rows, columns=COLUMNS)


def chosen(column: pd.Series, answers: Sequence[str]) -> dict[str, np.ndarray]:
    """Return which respondents chose each answer of a question; cells hold ids joined by ``;``."""
    given = [{part.strip() for part in str(cell).split(";")} for cell in column]
    return {answer: np.array([answer in one for one in given]) for answer in answers}


def themes(texts: pd.Series, words: Mapping[str, Sequence[str]]) -> dict[str, np.ndarray]:
    """Return which respondents' free text has a word that begins with one of a theme's words.

    The words are a list that anybody can read and change; a text may have several themes or none.
    """
    found = {}
    for theme, starts in words.items():
        pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, starts))})", re.IGNORECASE)
        found[theme] = np.array([bool(pattern.search(str(text))) for text in texts])
    return found


def _groups(survey: pd.DataFrame) -> dict[str, np.ndarray]:
    groups = {f"{ALL}:{ALL}": np.ones(len(survey), dtype=bool)}
    for kind in KINDS:
        for value in sorted(survey[kind].unique()):
            groups[f"{kind}:{value}"] = (survey[kind] == value).to_numpy()
    return groups


def _sums(groups: Mapping[str, np.ndarray], part: str) -> list[Relation]:
    """All respondents are the sum over clusters, and the sum over segments."""
    return [
        (f"{part}|{ALL}:{ALL}", [f"{part}|{key}" for key in groups if key.startswith(f"{kind}:")])
        for kind in KINDS
    ]


def _pairs(survey: pd.DataFrame) -> list[str]:
    clusters, segments = (sorted(survey[kind].unique()) for kind in KINDS)
    return [f"|{c}&{s}" for c in clusters for s in segments]


def _crossing(
    survey: pd.DataFrame, mask: np.ndarray, part: str
) -> tuple[dict[str, int], list[Relation]]:
    """Cluster × segment: never printed, but open to an attacker."""
    clusters, segments = (sorted(survey[kind].unique()) for kind in KINDS)
    cells = {
        f"{part}|{c}&{s}": int(
            (mask & (survey["cluster"] == c).to_numpy() & (survey["segment"] == s).to_numpy()).sum()
        )
        for c in clusters
        for s in segments
    }
    sums: list[Relation] = [
        (f"{part}|cluster:{c}", [f"{part}|{c}&{s}" for s in segments]) for c in clusters
    ]
    sums += [(f"{part}|segment:{s}", [f"{part}|{c}&{s}" for c in clusters]) for s in segments]
    return cells, sums


def _row(
    kind: str, group: str, answer: str, size: int | None, count: int | None, confidence: float
) -> tuple[object, ...]:
    if size is None or count is None:
        return kind, group, answer, size, None, None, None, None
    low, high = proportion_confint(count, size, alpha=1 - confidence, method="wilson")
    return kind, group, answer, size, count, 100 * count / size, 100 * low, 100 * high

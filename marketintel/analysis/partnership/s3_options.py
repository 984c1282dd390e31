"""Three options for a region's smart specialisation, by stated rules.

Candidates are the divisions of industry that hold photonics.

1. *Build on*  the candidate with a location quotient of 1 or more whose complexity ranks highest
               in its group; if there is none, the candidate nearest to what the region does.
2. *Branch out*  of the others, the nearest one in which the region is not known to be specialised;
               if it is in all, the next by complexity.
3. *Team up*   of the others, the one with the largest demand for its segments in the target
               country (by complexity where no demand is known), together with a partner region.

Cost of entry is read from relatedness, after Balland et al. (2019): low in the nearest third of all
divisions, high in the farthest. Benefit is read from complexity by thirds of the group, with the
demand in dollars beside it. Neither is an amount of money.
"""

from dataclasses import dataclass

import pandas as pd

KINDS = ("build on", "branch out", "team up")


@dataclass(frozen=True)
class Option:
    """One option.

    Attributes
    ----------
    kind : str
        One of :data:`KINDS`.
    division : str
        NACE code.
    cost, benefit : str
        ``low``, ``medium`` or ``high``.
    fact : Series
        The candidate's row.
    """

    kind: str
    division: str
    cost: str
    benefit: str
    fact: pd.Series


def options(candidates: pd.DataFrame) -> list[Option]:
    """Choose three options.

    Parameters
    ----------
    candidates : DataFrame
        By division: ``specialised`` (1, 0 or NaN), ``density``, ``density_rank``,
        ``n_divisions``, ``complexity_rank``, ``group_size``, ``demand_usd`` (NaN where no demand is
        known). At least three rows.

    Raises
    ------
    ValueError
        Fewer than three candidates.
    """
    if len(candidates) < 3:
        raise ValueError("three options need at least three candidates")
    left = candidates.copy()
    left["standing"] = left["complexity_rank"] / left["group_size"]
    strong = left[left["specialised"] == 1]
    first = _lowest(strong, "standing") if len(strong) else _highest(left, "density")
    left_over = left.drop(index=first)
    open_ = left_over[left_over["specialised"] != 1]
    second = _highest(open_, "density") if len(open_) else _lowest(left_over, "standing")
    rest = left_over.drop(index=second)
    wanted = rest[rest["demand_usd"] > 0]
    third = _highest(wanted, "demand_usd") if len(wanted) else _lowest(rest, "standing")
    return [
        _option(kind, code, left.loc[[code]].iloc[0])
        for kind, code in zip(KINDS, (first, second, third), strict=True)
    ]


def _option(kind: str, division: str, fact: pd.Series) -> Option:
    return Option(kind, division, cost(fact), benefit(fact), fact)


def cost(row: pd.Series) -> str:
    """Return the cost of entry: low in the nearest third of all divisions, high in the last."""
    return _third(row["density_rank"], row["n_divisions"], ("low", "medium", "high"))


def benefit(row: pd.Series) -> str:
    """Return the benefit: high in the most complex third of the division's group."""
    return _third(row["complexity_rank"], row["group_size"], ("high", "medium", "low"))


def _third(rank: float, size: float, words: tuple[str, str, str]) -> str:
    return words[min(int(3 * (rank - 1) / size), 2)]


def _highest(rows: pd.DataFrame, column: str) -> str:
    return str(rows.sort_index().sort_values(column, ascending=False, kind="stable").index[0])


def _lowest(rows: pd.DataFrame, column: str) -> str:
    return str(rows.sort_index().sort_values(column, kind="stable").index[0])

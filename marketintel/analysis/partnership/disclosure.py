"""Choice of counts to show such that no cell of fewer than five answers can be derived.

Counts hang together by sums (all = first cluster + second cluster; a cluster = those who said
yes + those who did not). Hiding a small cell is not enough where the others of its sum are shown.
So the question is put as an attacker would: given everything that is shown, every sum, and that
no count is negative, how large can a hidden cell be? That is a linear programme. A small cell is
safe when it could be five or more as far as the attacker can tell; while one is not, a least set
of shown cells that betrays it is found, and an integer programme chooses the most cells that shows
no such set whole (complementary suppression; Hundepool et al., Statistical Disclosure Control,
2012, ch. 4). What is left passes the same attack.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import lil_matrix

#: Cells with fewer answers are not shown.
MINIMUM = 5

#: A sum: the whole, and the parts that add up to it.
Relation = tuple[str, Sequence[str]]


def shown(
    counts: Mapping[str, int],
    relations: Sequence[Relation],
    candidates: Collection[str],
    given: Collection[str] = (),
    minimum: int = MINIMUM,
) -> set[str]:
    """Return the cells that may be shown: the most of them, and of as many the largest.

    Parameters
    ----------
    counts : mapping of cell to count
        Every cell, also those that are never printed but hang on a sum.
    relations : sequence of (whole, parts)
        Sums that hold among the cells.
    candidates : collection of str
        Cells one would like to show.
    given : collection of str
        Cells that are shown already, all of them at least `minimum`; they stay.

    Returns
    -------
    set of str
        A part of `candidates` such that every cell below `minimum`, printed or not, could be
        `minimum` or more as far as can be told from what is shown (with `given`).
    """
    small = [cell for cell, count in counts.items() if count < minimum]
    able = [cell for cell in counts if cell in set(candidates) and counts[cell] >= minimum]
    betrayals: list[set[str]] = []  # sets of cells that together betray a small one
    while able:
        keep = _most_useful(able, counts, betrayals)
        attack = Attack(counts, relations, keep | set(given), minimum)
        safe: set[str] = set()
        known = next((c for c in small if not _is_safe(attack, c, small, safe, minimum)), None)
        if known is None or not keep:
            return keep
        betrayals.append(_least_betrayal(attack, known, keep, counts, minimum))
    return set()


def _most_useful(
    able: Sequence[str], counts: Mapping[str, int], betrayals: Sequence[set[str]]
) -> set[str]:
    """Choose the most cells without showing the whole of any betrayal, by an integer programme."""
    if not betrayals:
        return set(able)
    # A cell counts as one; sizes only decide between sets of as many cells.
    sizes = np.array([counts[cell] for cell in able], dtype=float)
    value = 1 + sizes / (2 * sizes.sum() + 1)
    rows = np.array([[float(cell in one) for cell in able] for one in betrayals])
    most = rows.sum(axis=1) - 1
    found = milp(
        -value, constraints=LinearConstraint(rows, -np.inf, most), bounds=Bounds(0, 1),
        integrality=np.ones(len(able)),
    )  # fmt: skip
    return {cell for cell, chosen in zip(able, found.x, strict=True) if chosen > 1 / 2}


def _least_betrayal(
    attack: Attack, known: str, keep: set[str], counts: Mapping[str, int], minimum: int
) -> set[str]:
    """Reduce what is shown to a least set from which `known` is still known to be small."""
    needed = set(keep)
    for cell in sorted(keep, key=lambda one: (counts[one], one)):
        attack.hide(cell)
        if attack.extreme(known, largest=True)[known] >= minimum - 1e-6:
            attack.show(cell, counts[cell])
        else:
            needed.remove(cell)
    return needed


class Attack:
    """Bounds on hidden cells that follow from the visible cells and all sums.

    Parameters
    ----------
    counts, relations
        As of :func:`shown`; only the counts of `visible` cells are used.
    visible : collection of str
        The cells that are shown.
    """

    def __init__(
        self,
        counts: Mapping[str, int],
        relations: Sequence[Relation],
        visible: Collection[str],
        minimum: int = MINIMUM,
    ) -> None:
        self._index = {cell: i for i, cell in enumerate(counts)}
        self._sums = lil_matrix((len(relations), len(counts)))
        for row, (whole, parts) in enumerate(relations):
            self._sums[row, self._index[whole]] = -1
            for part in parts:
                self._sums[row, self._index[part]] = 1
        self._sums = self._sums.tocsr()
        # No count is unbounded: beyond every visible one it tells no more than "five or more".
        self._top = float(max((counts[cell] for cell in visible), default=0) + 10 * minimum)
        self._bounds = [
            (float(counts[cell]), float(counts[cell])) if cell in visible else (0.0, self._top)
            for cell in counts
        ]

    def hide(self, cell: str) -> None:
        """Take a cell away from what is seen."""
        self._bounds[self._index[cell]] = (0, self._top)

    def show(self, cell: str, count: int) -> None:
        """Give a cell back to what is seen."""
        self._bounds[self._index[cell]] = (float(count), float(count))

    def extreme(self, cell: str, largest: bool) -> dict[str, float]:
        """Return all counts of a solution in which `cell` is as large, or as small, as can be."""
        goal = np.zeros(len(self._index))
        goal[self._index[cell]] = -1 if largest else 1
        found = linprog(
            goal,
            A_eq=self._sums,
            b_eq=np.zeros(self._sums.shape[0]),
            bounds=self._bounds,
            method="highs",
        )
        if not found.success:
            raise ValueError(f"the counts contradict their sums: {found.message}")
        return dict(zip(self._index, found.x, strict=True))


def _is_safe(attack: Attack, cell: str, cells: Sequence[str], safe: set[str], minimum: int) -> bool:
    """True if a cell can be `minimum` or more; add to `safe` all that one solution clears."""
    if cell not in safe:
        solution = attack.extreme(cell, largest=True)
        safe |= {c for c in cells if solution[c] >= minimum - 1e-6}
    return cell in safe

"""Rows for which no Poisson estimate exists, and rows that an effect fits by itself.

A combination of regressors and effects that is 0 wherever there is trade and never negative where
there is none can be given any coefficient down to minus infinity: the likelihood has no maximum
(*separation*). Rows where the combination is positive are fitted by a mean of 0, whatever the other
coefficients, and are set aside (Correia, Guimarães and Zylkin 2019, "Verifying the existence of
maximum likelihood estimates for generalized linear models", arXiv:1903.01633).

That there is none is shown by the authors' *iterative rectifier*: from u = 1 on every row without
trade, project u on regressors and effects under a large weight on the rows with trade, set what is
negative to 0, and repeat. Projections keep the product of u with every such combination and
rectifying can only raise it, so that once no u is 1 or more, no combination exists. Otherwise the
linear programme that defines the combinations is solved, which has no tolerance to choose.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import linalg, optimize, sparse

from marketintel.analysis.markets.effects import AXES, Effects

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_WEIGHT = 1e5
_MOST_ROUNDS = 50


def separated(y: Array, x: Sequence[Array], used: Flags, effects: Sequence[str]) -> Flags:
    """Return the cells without trade that some combination separates.

    Parameters
    ----------
    y : array
        Values on a block exporters × markets × periods.
    x : sequence of array
        Regressors on the same block; a constant among them if there are no effects.
    used : array of bool
        Cells that count.
    effects : sequence of str
        Of :data:`~marketintel.analysis.markets.effects.AXES`.
    """
    if _none_separated(y, x, used, effects):
        return np.zeros_like(used)
    return _by_linear_programme(y, x, used, effects)


def _none_separated(y: Array, x: Sequence[Array], used: Flags, effects: Sequence[str]) -> bool:
    """Return whether the rectifier proves that there is no combination."""
    zero = used & (y == 0)
    weights = np.where(zero, 1.0, np.where(used, _WEIGHT, 0.0))
    net = Effects(effects, y.shape, len(x))
    net.fit(x, weights, 1e-9)
    root = np.sqrt(weights[used])
    own = np.column_stack([root * (v - net.spread(p))[used] for p, v in enumerate(x)])
    basis = linalg.orth(own, rcond=1e-9)
    rest = Effects(effects, y.shape, 1)
    u = zero.astype(float)
    for _ in range(_MOST_ROUNDS):
        rest.fit([u], weights, 1e-9)
        spread = np.broadcast_to(rest.spread(0), y.shape)
        along = basis @ (basis.T @ (root * (u - spread)[used])) / root
        u = np.zeros_like(y)
        u[used] = np.maximum(spread[used] + along, 0.0)
        u[~zero] = 0.0
        if u.max(initial=0.0) < 1 - 1e-6:
            return True
    return False


def _by_linear_programme(
    y: Array, x: Sequence[Array], used: Flags, effects: Sequence[str]
) -> Flags:
    """Maximise Σ min(z, 1) over combinations z that are 0 with trade and ≥ 0 without."""
    place = np.argwhere(used)
    columns = [sparse.csr_array(np.column_stack([variable[used] for variable in x]))]
    for effect in effects:
        at = pd.MultiIndex.from_arrays([place[:, axis] for axis in AXES[effect]])
        group = pd.factorize(at)[0]
        columns.append(sparse.csr_array((np.ones(len(group)), (np.arange(len(group)), group))))
    design = sparse.hstack(columns, format="csr")
    none = y[used] == 0
    without, n = design[none], int(none.sum())
    found = optimize.linprog(
        np.concatenate([np.zeros(design.shape[1]), -np.ones(n)]),
        A_ub=sparse.hstack([-without, sparse.eye_array(n)]),  # min(z, 1) ≤ z; being ≥ 0, so is z
        b_ub=np.zeros(n),
        A_eq=sparse.hstack([design[~none], sparse.csr_array((int((~none).sum()), n))]),
        b_eq=np.zeros(int((~none).sum())),
        bounds=[(None, None)] * design.shape[1] + [(0, 1)] * n,
        method="highs",
    )
    out = np.zeros_like(used)
    out[tuple(place[none].T)] = found.x[design.shape[1] :] > 0.5
    return out


def singletons(used: Flags, effects: Sequence[str]) -> Flags:
    """Return the cells that are the only one left of an effect, found over and over.

    The effect fits such a cell exactly, so that it adds nothing but a cluster too many (Correia
    2015, "Singletons, cluster-robust standard errors and fixed effects").
    """
    kept = used.copy()
    before = -1
    while before != (before := int(kept.sum())):
        for effect in effects:
            off = tuple(axis for axis in range(3) if axis not in AXES[effect])
            kept &= kept.sum(axis=off, keepdims=True) > 1
    return used & ~kept

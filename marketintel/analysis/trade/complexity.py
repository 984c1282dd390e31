"""Economic complexity and relatedness, exact, without building the product space.

Actors (countries or regions) are rows, products columns. M says what an actor is present in:
``RCA ≥ 1`` (classic), or the continuous ``RCA/(1 + RCA)``. From M alone, with C = MᵀM and k the
ubiquity (column sums):

- proximity     φ_ab = C_ab / max(k_a, k_b), diagonal 0;
- density       d_cb = Σ_a M_ca φ_ab / Σ_a φ_ab;
- ECI, PCI      second eigenvector of the actor–actor matrix, and its mean over a product's actors;
- outlook       COI_c = Σ_b d_cb (1 − M_cb) PCI_b, and what one more product adds to it.

Sources: Hidalgo and Hausmann (2009); Hausmann, Hidalgo et al. (2014); Balland et al. (2019) for the
reading in smart specialisation (their relatedness density is 100 times the density here).

φ has 25 million cells for 5,000 products. Sorted by ubiquity, ``max(k_a, k_b)`` is the later
product's k, so sums over φ need only two running actor × actor matrices (:func:`_through_space`).
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import eigh
from scipy.sparse.csgraph import connected_components
from threadpoolctl import ThreadpoolController

from marketintel.analysis.trade.indices import balassa

Array = npt.NDArray[np.float64]

_BLOCK = 128  # products handled at once; larger blocks spend time on φ within the block
_SAME_EIGENVALUE = 1e-12


def presence(
    matrix: pd.DataFrame,
    kind: Literal["binary", "continuous"] = "binary",
    threshold: float = 1.0,
) -> pd.DataFrame:
    """Turn trade values into M.

    Parameters
    ----------
    matrix : DataFrame
        Values ≥ 0, actors × products.
    kind : {"binary", "continuous"}
        ``RCA ≥ threshold`` as 0 or 1, or ``RCA/(1 + RCA)``.
    threshold : float
        For binary M.

    Returns
    -------
    DataFrame
        M, 0 to 1, same labels. An actor or product without any trade has 0 throughout.
    """
    rca = balassa(matrix).fillna(0.0)
    if kind == "binary":
        return (rca >= threshold).astype(float)
    if kind == "continuous":
        return rca / (1 + rca)
    raise ValueError(f"kind must be binary or continuous, not {kind}")


def proximity(m: pd.DataFrame) -> pd.DataFrame:
    """Return φ, products × products; for small sets of products, as it holds every pair.

    The rows of a product that no actor is present in are NaN.
    """
    x = _checked(m)
    k = x.sum(axis=0)
    with np.errstate(invalid="ignore"):
        phi = (x.T @ x) / np.maximum.outer(k, k)
    np.fill_diagonal(phi, 0.0)
    phi[k == 0, :] = phi[:, k == 0] = np.nan
    return pd.DataFrame(phi, index=m.columns, columns=m.columns)


def density(m: pd.DataFrame) -> pd.DataFrame:
    """Return how close each product is to what each actor does already, 0 to 1, exactly.

    NaN for a product that no actor is present in, or that shares no actor with another product.
    """
    x = _checked(m)
    # One more row of ones gives the denominators with the same pass.
    sums = _through_space(np.vstack([x, np.ones(x.shape[1])]), x)
    with np.errstate(invalid="ignore", divide="ignore"):
        result = np.where(sums[-1] > 0, sums[:-1] / sums[-1], np.nan)
    return pd.DataFrame(result, index=m.index, columns=m.columns)


@dataclass(frozen=True)
class Complexity:
    """Complexity of actors (``eci``) and of products (``pci``).

    ``eci`` has mean 0 and standard deviation 1 over the actors. ``pci`` is the mean ECI of the
    actors present in a product, so it is on ECI's scale and not standardised itself. Levels of
    different years do not compare. NaN without any presence.
    """

    eci: pd.Series
    pci: pd.Series


def complexity(m: pd.DataFrame, ddof: int = 1) -> Complexity:
    """Economic and product complexity indices.

    Parameters
    ----------
    m : DataFrame
        Result of :func:`presence`. Filter tiny economies first (:func:`without_tiny`): otherwise
        a territory with five products comes first.
    ddof : int
        1 for the sample's standard deviation, 0 for the population's.

    Raises
    ------
    ValueError
        M falls apart into groups of actors that share no product (the index does not compare
        them), its second eigenvalue is double, or fewer than three actors have any presence.
    """
    x = _checked(m)
    diversity, ubiquity = x.sum(axis=1), x.sum(axis=0)
    rows, columns = diversity > 0, ubiquity > 0
    if rows.sum() < 3:
        raise ValueError("complexity needs at least three actors with a presence")
    live, d, k = x[np.ix_(rows, columns)], diversity[rows], ubiquity[columns]
    root = np.sqrt(d)
    n = len(d)
    with _one_thread():
        shared = (live / k) @ live.T
        _refuse_islands(shared, m.index[rows])
        # Symmetric form of D⁻¹·M·K⁻¹·Mᵀ: same eigenvalues, real and stable to compute.
        values, vectors = eigh(shared / np.outer(root, root), subset_by_index=[n - 3, n - 2])
    if values[1] - values[0] < _SAME_EIGENVALUE:
        raise ValueError("the second eigenvalue is double: complexity is not defined for this M")
    scores = vectors[:, 1] / root
    if (scores - scores.mean()) @ (d - d.mean()) < 0:  # the sign that goes with diversity
        scores = -scores
    eci = np.full(len(x), np.nan)
    eci[rows] = (scores - scores.mean()) / scores.std(ddof=ddof)
    pci = np.full(x.shape[1], np.nan)
    pci[columns] = eci[rows] @ live / k
    return Complexity(
        pd.Series(eci, index=m.index, name="eci"), pd.Series(pci, index=m.columns, name="pci")
    )


@dataclass(frozen=True)
class Outlook:
    """Complexity outlook: ``coi`` by actor, ``cog_gross`` and ``cog_net`` by actor and product.

    ``cog_gross`` is what a product opens; ``cog_net`` also takes off what is no longer ahead once
    it is there, and is exactly the change of COI on entry (per unit of M). The two can rank very
    differently: say which is shown. NaN where the actor is present already (M = 1).
    """

    coi: pd.Series
    cog_gross: pd.DataFrame
    cog_net: pd.DataFrame


def outlook(m: pd.DataFrame, pci: pd.Series, near: pd.DataFrame | None = None) -> Outlook:
    """Complexity outlook index and gain.

    Parameters
    ----------
    m : DataFrame
        Result of :func:`presence`.
    pci : Series
        Product complexity by product. Products whose PCI or density is NaN do not count.
    near : DataFrame, optional
        Result of :func:`density` for the same `m`, if it is at hand.
    """
    x = _checked(m)
    d = (density(m) if near is None else near).to_numpy(float)
    value = pci.reindex(m.columns).to_numpy(float)
    counts = np.isfinite(value) & np.isfinite(d).all(axis=0)
    value, d = np.where(counts, value, 0.0), np.where(counts, d, 0.0)
    ahead = (1 - x) * value
    sums = _through_space(np.ones((1, x.shape[1])), x)[0]
    scaled = np.divide(ahead, sums, out=np.zeros_like(ahead), where=counts & (sums > 0))
    gross = _through_space(scaled, x)
    absent = (x < 1) & counts
    return Outlook(
        pd.Series((d * ahead).sum(axis=1), index=m.index, name="coi"),
        pd.DataFrame(np.where(absent, gross, np.nan), index=m.index, columns=m.columns),
        pd.DataFrame(np.where(absent, gross - d * value, np.nan), m.index, m.columns),
    )


def without_tiny(
    matrix: pd.DataFrame,
    min_value: float = 1e9,
    population: pd.Series | None = None,
    min_population: float = 1e6,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave out economies too small for complexity indices; list them with the reason.

    Parameters
    ----------
    matrix : DataFrame
        Values, actors × products.
    min_value : float
        Least sum of an actor's values, in the unit of `matrix`; the default is USD 1 bn.
    population : Series, optional
        Persons by actor; without it only values decide. An actor it does not know is left out.
    min_population : float
        Least number of persons.

    Returns
    -------
    kept : DataFrame
        The rows that remain, and the columns that anyone of them still trades.
    left_out : DataFrame
        ``actor, value, population, reason``, largest value first.
    """
    value = matrix.sum(axis=1)
    people = (
        pd.Series(np.nan, matrix.index) if population is None else population.reindex(value.index)
    )
    reason = pd.Series("", index=matrix.index)
    if population is not None:
        reason = reason.mask(people < min_population, f"fewer than {min_population:,.0f} persons")
        reason = reason.mask(people.isna(), "population not known")
    reason = reason.mask(value < min_value, f"trade below {min_value:,.0f}")
    kept = matrix[reason == ""]
    left_out = pd.DataFrame(
        {"actor": matrix.index, "value": value, "population": people, "reason": reason}
    )
    left_out = left_out[reason != ""].sort_values(["value", "actor"], ascending=[False, True])
    return kept.loc[:, kept.sum() > 0], left_out.reset_index(drop=True)


def _checked(m: pd.DataFrame) -> Array:
    x = m.to_numpy(dtype=float)
    if not ((x >= 0) & (x <= 1)).all():
        raise ValueError("m must hold values from 0 to 1: pass trade values through presence first")
    return x


def _refuse_islands(shared: Array, actors: pd.Index) -> None:
    parts, label = connected_components(shared > 0, directed=False)
    if parts > 1:
        small = label != np.bincount(label).argmax()
        names = ", ".join(map(str, actors[small][:5]))
        raise ValueError(f"{small.sum()} actor(s) share no product with the others: {names}")


def _through_space(weights: Array, x: Array) -> Array:
    """Return ``weights · φ(x)`` without φ.

    With products sorted by ubiquity, for product b of a block

        Σ_a w_a C_ab/max(k_a, k_b) = Σ_c x_cb · (Σ_{a before} w_a x_ca / k_b
                                               + Σ_{a after} w_a x_ca / k_a)

    plus the pairs within the block, done directly. The two inner sums, over the products before
    and after the block, are running actors × (rows of weights) matrices: one pass up, one down.
    """
    ubiquity = x.sum(axis=0)
    order = np.argsort(ubiquity, kind="stable")
    order = order[ubiquity[order] > 0]
    k = ubiquity[order][:, np.newaxis]
    # Products as rows: each block is then one piece of memory.
    xs, ws = np.ascontiguousarray(x.T)[order], np.ascontiguousarray(weights.T)[order]
    sums = np.empty_like(ws)
    blocks = [slice(start, start + _BLOCK) for start in range(0, len(k), _BLOCK)]
    with _one_thread():
        before = np.zeros((len(x), len(weights)))
        for block in blocks:
            xb, wb, kb = xs[block], ws[block], k[block]
            phi = (xb @ xb.T) / np.maximum(kb, kb.T)
            np.fill_diagonal(phi, 0.0)
            sums[block] = (xb @ before) / kb + phi @ wb
            before += xb.T @ wb
        after = np.zeros_like(before)
        for block in reversed(blocks):
            xb, wb, kb = xs[block], ws[block], k[block]
            sums[block] += xb @ after
            after += xb.T @ (wb / kb)
    result = np.zeros((x.shape[1], len(weights)))
    result[order] = sums
    return result.T


def _one_thread() -> AbstractContextManager[object]:
    """Keep linear algebra on one thread.

    Threads pay for one large product, not for hundreds of small ones that wait for each other: on
    a busy machine with two cores they made these functions up to ten times slower.
    """
    limit: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return limit


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()

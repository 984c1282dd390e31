"""Poisson pseudo maximum likelihood and least squares on a block, with effects taken out.

The machinery of :mod:`marketintel.analysis.markets.gravity`: rows laid out as exporters × markets ×
periods, what cannot be used counted with its reason, the fit, and its clustered errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketintel.analysis.markets.effects import AXES, Effects
from marketintel.analysis.markets.separation import separated, singletons

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_TOLERANCE = 1e-8
_MOST_ROUNDS = 100
_COLLINEAR = 1e-9
#: Reason given for rows that a combination of regressors and effects separates.
SEPARATED = "separated: the regressors mark it as a row without trade"


@dataclass
class Block:
    """Rows as exporters × markets × periods.

    Attributes
    ----------
    axes : list of pandas.Index
        Labels.
    place : tuple of array
        Where each row lies.
    y : array
        Value; 0 where `used` is false.
    x : list of array
        Regressors; 0 where unknown.
    known : array of bool
        There is a row, and all its regressors are known.
    used : array of bool
        It counts in the fit.
    separated : array of bool
        It was set aside because no estimate exists with it.
    """

    axes: list[pd.Index]
    place: tuple[npt.NDArray[np.intp], ...]
    y: Array
    x: list[Array]
    known: Flags
    used: Flags
    separated: Flags


@dataclass
class Fit:
    """Estimates: ``beta``; regressors net of effects; ``score`` (y − μ, or the OLS residual);
    ``weights`` of the last round; ``eta`` in every cell; how many rounds it took.
    """  # noqa: D205

    beta: Array
    x: list[Array]
    score: Array
    weights: Array
    eta: Array
    rounds: int


def lay_out(rows: pd.DataFrame, names: Sequence[str]) -> Block:
    """Make a block of rows ``exporter, market, period, value_usd`` and the columns `names`."""
    axes, places = [], []
    for key in ("exporter", "market", "period"):
        place, labels = pd.factorize(rows[key], sort=True)
        axes.append(pd.Index(labels))
        places.append(place)
    shape = tuple(len(axis) for axis in axes)
    flat = np.ravel_multi_index(places, shape)
    known = np.zeros(shape, bool)
    known.ravel()[flat] = rows[list(names)].notna().all(axis=1).to_numpy()
    if np.bincount(flat).max(initial=0) > 1:
        raise ValueError("rows hold a pair twice in a period")
    blocks = []
    for name in ("value_usd", *names):
        block = np.zeros(shape)
        block.ravel()[flat] = np.nan_to_num(rows[name].to_numpy(float))
        blocks.append(block)
    return Block(
        axes, tuple(places), blocks[0], blocks[1:], known, known.copy(), np.zeros(shape, bool)
    )


def drop(
    block: Block, rows: pd.DataFrame, effects: Sequence[str], zeros: bool, held_out: Flags | None
) -> dict[str, int]:
    """Set aside what cannot count; return reason to number of rows, each counted once."""
    reasons = {"a regressor is not known": int(len(rows) - block.known.sum())}
    if held_out is not None:
        block.used[tuple(place[held_out] for place in block.place)] = False
        reasons["held out"] = int(block.known.sum() - block.used.sum())
    if not zeros:
        reasons["no trade: no logarithm"] = _set_aside(block, block.y > 0)
    # The effect of a group that never trades goes to minus infinity: the simplest separation, told
    # apart for its reason. Setting some aside can leave others without trade, so go on.
    names = {
        "exporter": "the exporter sells nothing in the period",
        "market": "the market buys nothing in the period",
        "pair": "the pair never trades",
        "period": "nobody trades in the period",
    }
    again = zeros
    while again:
        again = False
        for effect in effects:
            off = tuple(axis for axis in range(3) if axis not in AXES[effect])
            trades = np.where(block.used, block.y, 0.0).sum(axis=off, keepdims=True) > 0
            lost = _set_aside(block, np.broadcast_to(trades, block.y.shape))
            reasons[names[effect]] = reasons.get(names[effect], 0) + lost
            again = again or lost > 0
    if zeros and block.used.any():
        x = block.x if effects else [*block.x, np.ones_like(block.y)]
        block.separated = separated(block.y, x, block.used, effects)
        reasons[SEPARATED] = _set_aside(block, ~block.separated)
    reasons["the only row left of an effect"] = _set_aside(block, ~singletons(block.used, effects))
    block.y = np.where(block.used, block.y, 0.0)
    return {reason: n for reason, n in reasons.items() if n}


def _set_aside(block: Block, keep: Flags) -> int:
    before = int(block.used.sum())
    block.used &= keep
    return before - int(block.used.sum())


def identified(block: Block, effects: Sequence[str]) -> list[int]:
    """Return which regressors vary beyond the effects and the regressors before them."""
    net = Effects(effects, block.y.shape, len(block.x))
    weights = block.used.astype(float)
    net.fit(block.x, weights, 1e-10)
    kept: list[int] = []
    basis: list[Array] = []
    for p, x in enumerate(block.x):
        # Where a cell does not count it is 0 and stays 0: sums over blocks are sums over rows.
        own = np.where(block.used, x - net.spread(p), 0.0)
        middle = float(x[block.used].mean()) if effects else 0.0
        whole = float((np.where(block.used, x - middle, 0.0) ** 2).sum())
        for other in basis:
            own = own - other * _dot(other, own)
        size = _dot(own, own)
        if size > _COLLINEAR * max(whole, 1e-300):
            kept.append(p)
            basis.append(own / np.sqrt(size))
    return kept


def ppml(block: Block, effects: Sequence[str]) -> Fit:
    """Fit ``E[y] = exp(βx + effects)`` by iteratively reweighted least squares."""
    used, scale = block.used, float(block.y[block.used].mean())
    y = block.y / scale
    net = Effects(effects, y.shape, 1 + len(block.x))
    mu = np.where(used, (y + 1.0) / 2, 0.0)
    eta = np.log(mu, where=used, out=np.zeros_like(y))
    deviance, inner = np.inf, 1e-3
    z = np.zeros_like(y)
    for rounds in range(1, _MOST_ROUNDS + 1):
        np.divide(y, mu, out=z, where=used)
        z += eta
        z -= 1.0
        net.fit([z, *block.x], mu, inner)
        x = [variable - net.spread(1 + p) for p, variable in enumerate(block.x)]
        beta = _solve(x, z - net.spread(0), mu)
        before, eta = eta, _linear(net.spread(0), x, beta, y.shape)
        new = _mean(eta, used)
        after = _deviance(y, new, used)
        while not after <= deviance * (1 + 1e-6) and np.isfinite(deviance):  # overshot: half-way
            eta = (eta + before) / 2
            new = _mean(eta, used)
            after = _deviance(y, new, used)
            if np.abs(eta - before)[used].max() < 1e-12:
                break
        mu = new
        change = abs(deviance - after) / max(after, 1e-12)
        if change < _TOLERANCE and inner <= _TOLERANCE:
            return Fit(beta, x, (y - mu) * scale, mu * scale, eta + np.log(scale), rounds)
        inner = min(inner, max(_TOLERANCE, 0.1 * change))
        deviance = after
    raise ArithmeticError(f"PPML did not converge in {_MOST_ROUNDS} rounds")


def ols(block: Block, effects: Sequence[str]) -> Fit:
    """Fit ``ln y = βx + effects`` on the rows in use."""
    weights = block.used.astype(float)
    ln = np.log(block.y, where=block.used, out=np.zeros_like(block.y))
    net = Effects(effects, ln.shape, 1 + len(block.x))
    net.fit([ln, *block.x], weights, 1e-10)
    x = [variable - net.spread(1 + p) for p, variable in enumerate(block.x)]
    beta = _solve(x, ln - net.spread(0), weights)
    eta = _linear(net.spread(0), x, beta, ln.shape)
    return Fit(beta, x, np.where(block.used, ln - eta, 0.0), weights, eta, 1)


def clustered(
    fit: Fit, block: Block, clusters: npt.NDArray[np.intp], effects: Sequence[str], exact: bool
) -> tuple[Array, int]:
    """Return standard errors clustered by `clusters` (a number for each cell), and how many.

    Sandwich with the factor G/(G−1); `exact` (least squares) adds (N−1)/(N−K), where K counts
    regressors and effects.
    """
    used = block.used
    ids = np.unique(clusters[used], return_inverse=True)[1]
    groups = int(ids.max()) + 1
    if groups < 2:
        raise ValueError("errors cannot be clustered: all rows in use are of one cluster")
    gram = np.array([[_dot(fit.weights * a, b) for b in fit.x] for a in fit.x])
    sums = np.array([np.bincount(ids, (a * fit.score)[used], groups) for a in fit.x])
    bread = np.linalg.inv(gram)
    factor = groups / (groups - 1)
    if exact:
        n, k = int(used.sum()), len(fit.x) + _count(used, effects)
        factor *= (n - 1) / (n - k)
    variance = factor * bread @ (sums @ sums.T) @ bread
    return np.sqrt(np.diag(variance)), groups


def estimable(block: Block, effects: Sequence[str]) -> Flags:
    """Return the cells that have a row, known regressors, and effects that could be estimated."""
    cells = block.known & ~block.separated
    for effect in effects:
        off = tuple(axis for axis in range(3) if axis not in AXES[effect])
        cells &= block.used.any(axis=off, keepdims=True)
    return cells


def _count(used: Flags, effects: Sequence[str]) -> int:
    """Return how many parameters the sets of effects have, one lost for each set after the first.

    Sets that hold each other's periods lose one in every period.
    """
    total = 0
    for number, effect in enumerate(effects):
        off = tuple(axis for axis in range(3) if axis not in AXES[effect])
        total += int(used.any(axis=off).sum())
        if number:
            both_by_period = {effect, effects[0]} <= {"exporter", "market", "period"}
            total -= int(used.any(axis=(0, 1)).sum()) if both_by_period else 1
    return total


def _solve(x: Sequence[Array], z: Array, weights: Array) -> Array:
    if not x:
        return np.zeros(0)
    weighted = [weights * a for a in x]
    gram = np.array([[_dot(a, b) for b in x] for a in weighted])
    return np.asarray(np.linalg.solve(gram, np.array([_dot(a, z) for a in weighted])))


def _dot(a: Array, b: Array) -> float:
    # Not vdot: threads of the linear algebra library cost more here than they bring.
    return float(np.einsum("ijt,ijt->", a, b))


def _linear(effects: Array, x: Sequence[Array], beta: Array, shape: tuple[int, ...]) -> Array:
    eta = np.broadcast_to(effects, shape).copy()
    for b, a in zip(beta, x, strict=True):
        eta += b * a
    return eta


def _mean(eta: Array, used: Flags) -> Array:
    with np.errstate(over="ignore"):
        return np.exp(eta, where=used, out=np.zeros_like(eta))


def _deviance(y: Array, mu: Array, used: Flags) -> float:
    """Twice the Poisson log-likelihood short of a perfect fit; a zero costs its mean."""
    positive = used & (y > 0)
    v, m = y[positive], mu[positive]
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(2 * (np.sum(v * np.log(v / m)) - v.sum() + mu[used].sum()))

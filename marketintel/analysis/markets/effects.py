"""Weighted least squares on a block exporters × markets × periods with many fixed effects.

Every observation has a place in the block, so a sum over one axis replaces the sorting and hashing
that long tables need: exporter-period effects are sums over markets, and so on. Effects are found
by conjugate gradients on their normal equations with a diagonal preconditioner, all columns at
once; nothing of the size (observations × effects) is ever built.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from marketintel.analysis.trade.indices import divide

Array = npt.NDArray[np.float64]

#: Name of a set of effects to the axes it varies along (0 exporters, 1 markets, 2 periods).
AXES = {"exporter": (0, 2), "market": (1, 2), "pair": (0, 1), "period": (2,)}
_LETTERS = "ijt"


class Effects:
    """Sets of fixed effects, and their best fit under changing weights.

    Parameters
    ----------
    names : sequence of str
        Of :data:`AXES`: ``exporter`` and ``market`` mean one effect a period.
    shape : tuple of int
        Of the block.
    columns : int
        How many variables are fitted at a time.
    """

    def __init__(self, names: Sequence[str], shape: tuple[int, ...], columns: int) -> None:
        self.letters = ["".join(_LETTERS[axis] for axis in AXES[name]) for name in names]
        self.values = [np.zeros((columns, *(shape[axis] for axis in AXES[name]))) for name in names]
        self._off = [tuple(axis for axis in range(3) if axis not in AXES[name]) for name in names]

    def spread(self, column: int) -> Array:
        """Return the sum of all effects of one column in every cell of the block (broadcast)."""
        total: Array = np.zeros(())
        for value, off in zip(self.values, self._off, strict=True):
            total = total + np.expand_dims(value[column], off)
        return total

    def fit(self, variables: Sequence[Array], weights: Array, tolerance: float) -> int:
        """Project `variables` on the effects under `weights`, from the last fit on.

        Parameters
        ----------
        variables : sequence of array
            Blocks; their values do not matter where the weight is 0.
        weights : array
            Block of weights ≥ 0.
        tolerance : float
            Norm of what the effects still explain ÷ norm of the right-hand side.

        Returns
        -------
        int
            Iterations.
        """
        if not self.values:
            return 0
        scale = [self._sum(weights, letters) for letters in self.letters]
        inverse = [divide(1.0, s, 0.0) for s in scale]
        target = [np.empty_like(value) for value in self.values]
        for column, variable in enumerate(variables):
            weighted = weights * variable
            for aim, letters in zip(target, self.letters, strict=True):
                aim[column] = self._sum(weighted, letters)
        size = np.sqrt(_dot(target, [t * i for t, i in zip(target, inverse, strict=True)]))
        fitted = self._normal(self.values, weights, scale)
        rest = [t - f for t, f in zip(target, fitted, strict=True)]
        step = [r * i for r, i in zip(rest, inverse, strict=True)]
        energy = _dot(rest, step)
        direction = [s.copy() for s in step]
        for iteration in range(1, 2001):
            if (np.sqrt(energy) <= tolerance * np.maximum(size, 1e-300)).all():
                return iteration - 1
            moved = self._normal(direction, weights, scale)
            length = divide(energy, _dot(direction, moved), 0.0)
            for value, along, residual, m in zip(self.values, direction, rest, moved, strict=True):
                value += _tall(length, value) * along
                residual -= _tall(length, m) * m
            step = [r * i for r, i in zip(rest, inverse, strict=True)]
            before, energy = energy, _dot(rest, step)
            keep = divide(energy, before, 0.0)
            direction = [s + _tall(keep, d) * d for s, d in zip(step, direction, strict=True)]
        raise ArithmeticError("fixed effects did not converge in 2,000 iterations")

    def _normal(
        self, values: Sequence[Array], weights: Array, scale: Sequence[Array]
    ) -> list[Array]:
        """Return the normal matrix of the effects times `values`."""
        result = [s * v for s, v in zip(scale, values, strict=True)]
        for a, to in enumerate(self.letters):
            for b, source in enumerate(self.letters):
                if a != b:
                    result[a] += _cross(weights, values[b], source, to)
        return result

    @staticmethod
    def _sum(block: Array, letters: str) -> Array:
        return np.asarray(np.einsum(f"{_LETTERS}->{letters}", block))


def _cross(weights: Array, value: Array, source: str, to: str) -> Array:
    """Return ``Σ weights · value`` over the axes that `to` does not have."""
    if len(source) + len(to) < 4:
        return np.asarray(np.einsum(f"{_LETTERS},c{source}->c{to}", weights, value))
    # Two sets with an axis in common are a matrix product for each place on that axis.
    (shared,) = set(source) & set(to)
    here, there = to.replace(shared, ""), source.replace(shared, "")
    w = weights.transpose([_LETTERS.index(letter) for letter in shared + here + there])
    v = value.transpose([1 + source.index(shared), 1 + source.index(there), 0])
    product: Array = np.matmul(w, v)  # shared × here × columns
    return product.transpose([2, *((0, 1) if to[0] == shared else (1, 0))])


def _dot(a: Sequence[Array], b: Sequence[Array]) -> Array:
    total = sum(np.einsum("cn,cn->c", x.reshape(len(x), -1), y.reshape(len(y), -1))
                for x, y in zip(a, b, strict=True))  # fmt: skip
    return np.asarray(total)


def _tall(scalars: Array, like: Array) -> Array:
    return scalars.reshape(-1, *[1] * (like.ndim - 1))

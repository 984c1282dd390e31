"""Indices of trade: small formulas on numbers, arrays and frames, free of any table layout.

Sources of the formulas: Balassa (1965); Laursen (1998) for the symmetric form; the World Bank's
WITS indicator glossary for concentration, complementarity, intensity and penetration; UNCTAD for
the normalised concentration; Finger and Kreinin (1979) for similarity.
"""

from typing import TypeVar, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

Values = npt.ArrayLike | pd.Series
Array = npt.NDArray[np.float64]
Number = TypeVar("Number", float, pd.Series, pd.DataFrame, Array)


def divide(part: npt.ArrayLike, whole: Array, otherwise: float = np.nan) -> Array:
    """Divide cell by cell; `otherwise` where the divisor is not above zero."""
    part, whole = np.broadcast_arrays(part, whole)
    quotient: Array = np.divide(part, whole, out=np.full(whole.shape, otherwise), where=whole > 0)
    return quotient


@overload
def balassa(matrix: pd.DataFrame) -> pd.DataFrame: ...
@overload
def balassa(matrix: Array) -> Array: ...
def balassa(
    matrix: pd.DataFrame | Array,
) -> pd.DataFrame | Array:
    """Revealed comparative advantage, ``(x_ik/x_i)/(x_k/x)``: above 1 is more than the average.

    The same formula on employment by region × activity is the location quotient.

    Parameters
    ----------
    matrix : DataFrame or 2-D array
        One actor a row, one product a column, values ≥ 0.

    Returns
    -------
    DataFrame or 2-D array
        Same shape and labels. NaN in a row or column that sums to zero: it has no structure.

    Raises
    ------
    ValueError
        Not two-dimensional, or a value is missing or negative.
    """
    x = np.asarray(matrix, dtype=float)
    if x.ndim != 2:
        raise ValueError("matrix must have two dimensions: actors × products")
    if not (x >= 0).all():
        raise ValueError("matrix holds missing or negative values")
    rows, columns = x.sum(axis=1, keepdims=True), x.sum(axis=0, keepdims=True)
    expected = rows * (columns / x.sum() if x.any() else columns)
    rca = divide(x, expected)
    if isinstance(matrix, pd.DataFrame):
        return pd.DataFrame(rca, index=matrix.index, columns=matrix.columns)
    return rca


def symmetric(rca: Number) -> Number:
    """Return ``(RCA − 1)/(RCA + 1)``: from −1 (sells none) over 0 (average) towards 1."""
    return (rca - 1) / (rca + 1)


@overload
def normalised_herfindahl(hhi: float, n: float) -> float: ...
@overload
def normalised_herfindahl(hhi: pd.Series, n: pd.Series) -> pd.Series: ...
def normalised_herfindahl(hhi: float | pd.Series, n: float | pd.Series) -> float | pd.Series:
    """UNCTAD's ``(√HHI − √(1/n))/(1 − √(1/n))``, from 0 (equal shares) to 1.

    Parameters
    ----------
    hhi : float or Series
        Plain index, 1/n to 1.
    n : float or Series
        Number of suppliers with sales. The index does not exist for one supplier: NaN.
    """
    count = np.asarray(n, dtype=float)
    floor = np.sqrt(1 / np.where(count > 1, count, np.nan))
    # Equal shares leave √HHI a rounding error below the floor, where the index cannot go.
    result = np.maximum((np.sqrt(np.asarray(hhi, dtype=float)) - floor) / (1 - floor), 0.0)
    return pd.Series(result, index=hhi.index) if isinstance(hhi, pd.Series) else float(result)


def complementarity(imports: Values, exports: Values) -> float:
    """Trade complementarity ``100·(1 − Σ_k |m_k − x_k|/2)`` of product shares, 0 to 100.

    Parameters
    ----------
    imports, exports : array or Series
        What the market imports, and what the exporter sells to the world, by product. Two Series
        are matched by label; a label that only one has counts as zero in the other.
    """
    m, x = _matched(imports, exports)
    return float(100 * (1 - np.abs(_shares(m) - _shares(x)).sum() / 2))


def intensity(bilateral: float, exports: float, imports: float, world_imports: float) -> float:
    """Trade intensity ``(x_ij/x_i)/(m_j/m_w)``: above 1, i sells to j more than j's size explains.

    Parameters
    ----------
    bilateral, exports : float
        Exports of i to j, and of i to the world, in one currency.
    imports, world_imports : float
        Imports of j, and of the world (without i, if i is not to count as its own customer).
    """
    if not (exports > 0 and imports > 0 and world_imports > 0):
        return float("nan")
    return (bilateral / exports) / (imports / world_imports)


def _matched(a: Values, b: Values) -> tuple[Array, Array]:
    if isinstance(a, pd.Series) and isinstance(b, pd.Series):
        a, b = a.align(b, join="outer", fill_value=0)
    x, y = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if x.shape != y.shape:
        raise ValueError(f"{len(x)} values against {len(y)}: give labelled Series or equal lengths")
    return x, y


def _shares(values: Values) -> Array:
    x = np.asarray(values, dtype=float)
    if not (x >= 0).all():
        raise ValueError("values are missing or negative")
    whole = x.sum()
    return x / whole if whole > 0 else np.full(max(len(x), 1), np.nan)

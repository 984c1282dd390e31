"""Gravity of trade: PPML with exporter-period, importer-period and pair effects, zeros kept.

``E[trade_ijt] = exp(β·x_ij + a_it + b_jt + c_ij)``, estimated by Poisson pseudo maximum likelihood
(Santos Silva and Tenreyro 2006) with iteratively reweighted least squares, the effects taken out in
every step (Correia, Guimarães and Zylkin 2020). Standard errors are clustered, by pair unless told
otherwise. OLS on the logarithm of positive trade is there to compare with published tables.

What a model without pair effects predicts beyond actual trade is *potential*: what trade with
these distances and ties would be if the pair were like the others. It is not a forecast.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from marketintel.analysis.markets import ppml
from marketintel.analysis.markets.effects import AXES
from marketintel.analysis.markets.world import Array, World, matrix_of
from marketintel.analysis.trade.frames import require

Flags = npt.NDArray[np.bool_]

#: An interval from fewer pairs of its size class than this says nothing.
_FEWEST_PAIRS = 40


@dataclass(frozen=True)
class Gravity:
    """A fitted gravity model.

    Attributes
    ----------
    method, effects
        As asked for.
    coefficients : DataFrame
        ``term, estimate, std_error, z, p_value, lo, hi`` (95 %); all but ``term`` missing for a
        regressor that the effects or others hold already, or that separates rows.
    predicted : DataFrame
        ``exporter, market, period, actual_usd, predicted_usd``, in the order of the rows given.
        Missing where a regressor is not known, an effect could not be estimated or a row was
        separated. For OLS the
        exponent of the fit, which is no mean.
    dropped : DataFrame
        ``reason, n``: rows that did not count in the fit, each once.
    n_rows, n_obs, n_zeros, n_clusters, rounds : int
        Rows given, used, of these without trade; clusters; iterations.
    """

    method: str
    effects: tuple[str, ...]
    coefficients: pd.DataFrame
    predicted: pd.DataFrame
    dropped: pd.DataFrame
    n_rows: int
    n_obs: int
    n_zeros: int
    n_clusters: int
    rounds: int


def gravity(
    rows: pd.DataFrame,
    regressors: Sequence[str],
    effects: Sequence[str] = ("exporter", "market"),
    method: Literal["ppml", "ols"] = "ppml",
    cluster: str = "pair",
    held_out: Flags | None = None,
) -> Gravity:
    """Estimate a gravity model.

    Parameters
    ----------
    rows : DataFrame
        ``exporter, market, period, value_usd`` and the regressors; a combination once. **Zeros are
        rows**: a pair that did not trade has value 0, and a row that is not there does not count.
    regressors : sequence of str
        Columns, already in logarithms where they should be; NaN where not known.
    effects : sequence of str
        Of ``exporter`` and ``market`` (one a period), ``pair``, ``period``. Without any, a
        constant is estimated.
    method : {"ppml", "ols"}
        OLS takes the logarithm of value and leaves out zeros.
    cluster : str
        ``pair`` (exporter → market), or a column with the cluster of each row.
    held_out : array of bool, optional
        Rows to predict without having them in the fit.

    Raises
    ------
    ValueError
        A column is missing, an effect unknown, a combination twice, a value missing, negative or
        infinite, a regressor infinite, all rows of one cluster, or too little is left to estimate
        from.
    """
    require(rows, ["exporter", "market", "period", "value_usd", *regressors], "rows")
    if unknown := [name for name in effects if name not in AXES]:
        raise ValueError(f"unknown effect {', '.join(unknown)}: of {', '.join(AXES)}")
    if not (np.isfinite(rows["value_usd"]) & (rows["value_usd"] >= 0)).all():
        raise ValueError("value_usd is missing, negative or infinite: a pair without trade has 0")
    names = list(regressors)
    if endless := [name for name in names if np.isinf(rows[name]).any()]:
        raise ValueError(f"{', '.join(endless)} holds infinite values: the logarithm of 0?")
    block = ppml.lay_out(rows, names)
    reasons = ppml.drop(block, rows, effects, method == "ppml", held_out)
    if block.used.sum() < len(names) + 2:
        raise ValueError(f"too few rows are left to estimate from: {reasons or 'none given'}")
    if not effects:
        names.append("constant")
        block.x.append(np.ones_like(block.y))
    kept = ppml.identified(block, effects)
    if not kept:
        raise ValueError(f"nothing of {', '.join(names)} varies beyond the effects")
    block.x = [block.x[p] for p in kept]
    fit = (ppml.ppml if method == "ppml" else ppml.ols)(block, effects)
    errors, groups = ppml.clustered(
        fit, block, _clusters(block, rows, cluster), effects, method == "ols"
    )
    degrees = groups - 1 if method == "ols" else np.inf
    estimates = _estimates([names[p] for p in kept], fit.beta, errors, degrees)
    predicted = np.where(ppml.estimable(block, effects), fit.eta, np.nan)[block.place]
    return Gravity(
        method,
        tuple(effects),
        estimates.set_index("term").reindex(names).rename_axis("term").reset_index(),
        rows[["exporter", "market", "period"]].assign(
            actual_usd=rows["value_usd"], predicted_usd=np.exp(predicted)
        ),
        pd.DataFrame({"reason": list(reasons), "n": list(reasons.values())}),
        len(rows),
        int(block.used.sum()),
        int((block.y[block.used] == 0).sum()),
        groups,
        fit.rounds,
    )


def pair_rows(world: World, pairs: pd.DataFrame, period: str) -> pd.DataFrame:
    """Lay out a world for :func:`gravity`: total trade of every pair abroad, zeros included.

    Parameters
    ----------
    world : World
        Its products are summed.
    pairs : DataFrame
        ``origin, destination, distance_km, contiguous, common_language, colony``.
    period : str
        Written into every row.

    Returns
    -------
    DataFrame
        ``exporter, market, period, value_usd, ln_distance, contiguous, common_language, colony``.
        Regressors are NaN for a pair that `pairs` does not have. Home markets have no row.
    """
    i, j = np.nonzero(~world.is_home())
    total = world.values.sum(axis=2)
    frame = pd.DataFrame(
        {
            "exporter": world.exporters[i],
            "market": world.markets[j],
            "period": period,
            "value_usd": total[i, j],
        }
    )
    frame["ln_distance"] = np.log(matrix_of(pairs, world)[i, j])
    for tie in ("contiguous", "common_language", "colony"):
        frame[tie] = matrix_of(pairs, world, tie)[i, j]
    return frame


def gravity_potential(
    rows: pd.DataFrame,
    regressors: Sequence[str],
    exporter: str | None = None,
    level_pct: float = 80,
    folds: int = 5,
    classes: int = 5,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare what exporters sell with what gravity predicts, with intervals.

    Every pair is predicted by a model that has not seen it (PPML with exporter and market
    effects). How far actual trade lies from such predictions, in classes of predicted size, gives
    the interval: `level_pct` of all pairs left out had their trade in it.

    Parameters
    ----------
    rows, regressors
        As for :func:`gravity`; one period.
    exporter : str, optional
        Whose markets to return; every exporter's if not given.
    level_pct : float
        Of the interval.
    folds, classes, seed : int
        Parts left out in turn; classes of predicted size; how pairs are drawn into parts.

    Returns
    -------
    DataFrame
        ``exporter, market, actual_usd, predicted_usd, lo_usd, hi_usd, gap_usd, verdict``, one row
        a market of the exporter in `rows`. ``gap_usd`` is predicted less actual. ``verdict`` is
        ``below`` (actual under the interval), ``within``, ``above``, or ``not predicted`` with
        missing figures: a regressor is not known or an effect cannot be estimated.
    """
    if len(set(rows["period"])) != 1:
        raise ValueError("give one period: an interval over several would mix years")
    part = np.random.default_rng(seed).permutation(len(rows)) % folds
    unseen = np.full(len(rows), np.nan)
    for fold in range(folds):
        model = gravity(rows, regressors, held_out=part == fold)
        unseen[part == fold] = model.predicted["predicted_usd"].to_numpy()[part == fold]
    low, high = _margins(unseen, rows["value_usd"].to_numpy(float), level_pct, classes)
    table = rows[["exporter", "market"]].assign(
        actual_usd=rows["value_usd"],
        predicted_usd=unseen,
        lo_usd=low,
        hi_usd=high,
        gap_usd=unseen - rows["value_usd"],
    )
    actual = table["actual_usd"]
    table["verdict"] = np.select(
        [table["lo_usd"].isna(), actual < table["lo_usd"], actual > table["hi_usd"]],
        ["not predicted", "below", "above"],
        "within",
    )
    wanted = table if exporter is None else table[table["exporter"] == exporter]
    return wanted.reset_index(drop=True)


def _margins(
    predicted: Array, actual: Array, level_pct: float, classes: int
) -> tuple[Array, Array]:
    """Return the interval of each prediction from the errors of others of its size."""
    low, high = np.full(len(predicted), np.nan), np.full(len(predicted), np.nan)
    known = np.flatnonzero(predicted > 0)
    order = known[np.argsort(predicted[known], kind="stable")]
    number = max(1, min(classes, len(order) // _FEWEST_PAIRS))
    if len(order) < _FEWEST_PAIRS:
        return low, high
    tail = (1 - level_pct / 100) / 2
    for group in np.array_split(order, number):
        ratio = np.sort(actual[group] / predicted[group])
        n = len(ratio)
        # Ranks that leave at most `tail` outside on each side for one more, exchangeable pair.
        first = max(int(np.floor(tail * (n + 1))) - 1, 0)
        last = min(int(np.ceil((1 - tail) * (n + 1))) - 1, n - 1)
        low[group], high[group] = predicted[group] * ratio[first], predicted[group] * ratio[last]
    return low, high


def _clusters(block: ppml.Block, rows: pd.DataFrame, cluster: str) -> npt.NDArray[np.intp]:
    shape = block.y.shape
    if cluster == "pair":
        pairs = np.arange(shape[0] * shape[1], dtype=np.intp).reshape(*shape[:2], 1)
        return np.broadcast_to(pairs, shape)
    require(rows, [cluster], "rows")
    ids = np.zeros(shape, dtype=np.intp)
    ids[block.place] = pd.factorize(rows[cluster])[0]
    return ids


def _estimates(names: Sequence[str], beta: Array, errors: Array, degrees: float) -> pd.DataFrame:
    z = beta / errors
    distribution = stats.t(degrees) if np.isfinite(degrees) else stats.norm
    margin = distribution.ppf(0.975) * errors
    return pd.DataFrame(
        {
            "term": list(names),
            "estimate": beta,
            "std_error": errors,
            "z": z,
            "p_value": 2 * distribution.sf(np.abs(z)),
            "lo": beta - margin,
            "hi": beta + margin,
        }
    )

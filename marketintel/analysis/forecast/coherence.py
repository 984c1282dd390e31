"""Make forecasts add up: segment by country to country, segment and total.

**Points.** *Bottom-up* keeps the parts and adds them; *MinT* (Wickramasuriya, Athanasopoulos &
Hyndman 2019) moves parts and sums as little as their errors allow::

    y~ = S (S' W^-1 S)^-1 S' W^-1 y^

``S`` says which parts a series sums; ``W`` is the covariance of the base forecasts' errors on
rolling origins, all horizons pooled, shrunk towards its diagonal (Schäfer & Strimmer 2005), so it
can be inverted with fewer origins than series.

**Bounds.** Quantiles of a sum are not sums of quantiles: a sum has those of joint draws of its
parts (:mod:`~marketintel.analysis.forecast.joint`), moved with them, cut at zero and then added.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from marketintel.analysis.forecast import joint
from marketintel.analysis.forecast.scores import accuracy
from marketintel.errors import UsageError

METHODS = ("bottom_up", "mint")

_TARGET = ["cutoff", "ds"]


def reconcile(
    frame: pd.DataFrame,
    structure: pd.DataFrame,
    method: str = "bottom_up",
    errors: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Replace means by means that add up, and give sums the bounds of their parts' joint draws.

    Parameters
    ----------
    frame : DataFrame
        Long frame of one model with every part of the structure at the same targets; for MinT also
        every sum. Lower bounds may be cut at zero, upper ones not.
    structure : DataFrame
        ``aggregate, part``: one row for every part that a sum holds, both ``unique_id``; parts are
        series that are no sums themselves. A part may be in several sums.
    method : {"bottom_up", "mint"}
    errors : DataFrame, optional
        The base forecasts' errors, ``unique_id, cutoff, ds, error`` (outcome minus mean), on
        origins before the forecast. MinT needs those of all series; draws take how parts depend
        on each other from those of the parts, and are independent without.

    Returns
    -------
    DataFrame
        The same rows, and those of sums that had none. ``mean`` adds up exactly at every target;
        parts below zero count as zero. Bounds of parts move with their mean and are cut at zero
        last. Levels nest; a sum's bounds lie no lower than those of any of its parts.

    Raises
    ------
    UsageError
        A series lacks a forecast at some target, or MinT lacks errors.
    """
    if method not in METHODS:
        raise UsageError(f"unknown method {method!r}; choose from {', '.join(METHODS)}")
    if len(set(frame["model"])) > 1:
        raise UsageError("reconcile one model at a time")
    ids, parts, summing = _summing(structure)
    once = frame.drop_duplicates(["unique_id", *_TARGET])
    base = once.set_index([*_TARGET, "unique_id"])["mean"].unstack()  # noqa: PD010
    needed = parts if method == "bottom_up" else ids
    if set(needed) - set(base.columns) or base[needed].isna().any().any():
        raise UsageError("every series of the structure needs a forecast at every target")
    if method == "bottom_up":
        bottom = base[parts]
    elif errors is None:
        raise UsageError("MinT needs the base forecasts' errors on earlier origins")
    else:
        weights = _mint_weights(_error_matrix(errors, ids), summing)
        bottom = pd.DataFrame(
            base[ids].to_numpy() @ weights.T, index=base.index, columns=base[parts].columns
        )
    moved = _moved(frame[frame["unique_id"].isin(parts)], bottom - base[parts])
    sums = _sums(moved, structure, errors)
    kept = frame[~frame["unique_id"].isin(ids)]
    whole = pd.concat([kept, _cut(moved), sums], ignore_index=True)[frame.columns]
    whole = whole.sort_values(
        ["unique_id", "cutoff", "level", "ds"], kind="stable", ignore_index=True
    )
    whole.attrs = dict(frame.attrs)
    return whole


def _moved(rows: pd.DataFrame, shift: pd.DataFrame) -> pd.DataFrame:
    """Parts with mean and bounds moved, and bounds that were cut at zero as they were before."""
    by = shift.reset_index().melt(_TARGET, var_name="unique_id", value_name="shift")
    rows = rows.merge(by, on=[*_TARGET, "unique_id"], how="left")
    was_cut = rows["lo"].eq(0)
    lo = rows["lo"].where(~was_cut, (2 * rows["mean"] - rows["hi"]).clip(upper=0.0))
    return rows.assign(
        lo=lo + rows["shift"], mean=rows["mean"] + rows["shift"], hi=rows["hi"] + rows["shift"]
    )


def _cut(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(**{c: rows[c].clip(lower=0.0) for c in ("mean", "lo", "hi")})


def _sums(
    parts: pd.DataFrame, structure: pd.DataFrame, errors: pd.DataFrame | None
) -> pd.DataFrame:
    """Rows of the sums, those of few parts first: a sum of their parts and more is no lower."""
    held = structure.groupby("aggregate", sort=False)["part"].agg(frozenset)
    held = held.loc[held.map(len).sort_values(kind="stable").index]
    of = dict(tuple(_cut(parts).groupby("unique_id", sort=False)))
    uncut = dict(tuple(parts.groupby("unique_id", sort=False)))
    done: dict[str, pd.DataFrame] = {}
    for total, members in held.items():
        names = sorted(members)
        within = [of[name] for name in names]
        within += [done[other] for other in done if held[other] < members]
        done[str(total)] = joint.total(
            str(total), [uncut[name] for name in names], within, joint.dependence(names, errors)
        )
    return pd.concat(done.values())


def compare(tested: pd.DataFrame, panel: pd.DataFrame, structure: pd.DataFrame) -> pd.DataFrame:
    """Score base, bottom-up and MinT forecasts on rolling origins.

    Parameters
    ----------
    tested : DataFrame
        Back-test of one model over several origins. The last origin is scored, the earlier ones
        with outcomes known by then give MinT its errors, so none sees what it is scored on.
    panel, structure : DataFrame
        As in ``accuracy`` and :func:`reconcile`.

    Returns
    -------
    DataFrame
        ``method, level, mase, smape, …``, the rows of ``accuracy``; take the method with the
        smallest ``mase``.
    """
    last = tested["cutoff"].max()
    final = tested[tested["cutoff"] == last]
    before = errors_of(tested[tested["cutoff"] < last], panel)
    before = before[before["ds"] <= last]
    candidates = [
        final.assign(method="base"),
        reconcile(final, structure, "bottom_up").assign(method="bottom_up"),
        reconcile(final, structure, "mint", before).assign(method="mint"),
    ]
    return accuracy(pd.concat(candidates), panel, by=["method"])


def errors_of(tested: pd.DataFrame, panel: pd.DataFrame) -> pd.DataFrame:
    """``unique_id, cutoff, ds, error`` (outcome minus mean) of a back-test."""
    once = tested.drop_duplicates(["unique_id", "cutoff", "ds"])
    rows = once.merge(panel[["unique_id", "ds", "y"]].dropna(), on=["unique_id", "ds"])
    return rows.assign(error=rows["y"] - rows["mean"])[["unique_id", "cutoff", "ds", "error"]]


def _summing(structure: pd.DataFrame) -> tuple[list[str], list[str], np.ndarray]:
    """All series (sums first), the parts, and the 0/1 matrix (series, parts), by name."""
    sums, parts = (sorted(set(structure[column])) for column in ("aggregate", "part"))
    if set(sums) & set(parts):
        raise UsageError("a part of the structure is itself a sum; list the lowest parts only")
    matrix = np.zeros((len(sums), len(parts)))
    rows = [sums.index(s) for s in structure["aggregate"]]
    columns = [parts.index(p) for p in structure["part"]]
    matrix[rows, columns] = 1.0
    return [*sums, *parts], parts, np.concatenate([matrix, np.eye(len(parts))])


def _error_matrix(errors: pd.DataFrame, ids: list[str]) -> np.ndarray:
    """(observations, series) errors where all series have one."""
    wide = errors.set_index(["cutoff", "ds", "unique_id"])["error"].unstack()  # noqa: PD010
    if set(ids) - set(wide.columns):
        raise UsageError("MinT needs errors of every series of the structure")
    complete = wide[ids].dropna().to_numpy()
    if len(complete) < 3:
        raise UsageError(f"MinT has errors at {len(complete)} targets; at least 3 are needed")
    if not complete.any():
        raise UsageError("no series of the structure has had an error; MinT cannot weigh them")
    return complete


def _mint_weights(errors: np.ndarray, summing: np.ndarray) -> np.ndarray:
    """(parts, series) matrix ``(S' W^-1 S)^-1 S' W^-1``."""
    covariance = joint.shrunk_covariance(errors)
    weighted = np.linalg.solve(covariance, summing).T
    return np.linalg.solve(weighted @ summing, weighted)

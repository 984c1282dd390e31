"""Make forecasts add up: segment by country to country, segment and total.

Base forecasts of parts and sums are made apart and disagree. *Bottom-up* keeps the parts and adds
them; *MinT* (Wickramasuriya, Athanasopoulos & Hyndman 2019) moves all of them as little as their
errors allow::

    y~ = S (S' W^-1 S)^-1 S' W^-1 y^

``S`` says which parts a series sums; ``W`` is the covariance of the base forecasts' errors on
rolling origins, all horizons pooled, shrunk towards its diagonal (Schäfer & Strimmer 2005), so it
can be inverted with fewer origins than series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from marketintel.analysis.forecast.scores import accuracy
from marketintel.errors import UsageError

METHODS = ("bottom_up", "mint")


def reconcile(
    frame: pd.DataFrame,
    structure: pd.DataFrame,
    method: str = "bottom_up",
    errors: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Replace means by means that add up; bounds move with them.

    Parameters
    ----------
    frame : DataFrame
        Long frame of one model with every series of the structure, sums and parts, at the same
        targets.
    structure : DataFrame
        ``aggregate, part``: one row for every part that a sum holds, both ``unique_id``; parts are
        series that are no sums themselves. A part may be in several sums.
    method : {"bottom_up", "mint"}
    errors : DataFrame, optional
        For MinT, the base forecasts' errors: ``unique_id, cutoff, ds, error`` (outcome minus mean)
        on origins before the forecast.

    Returns
    -------
    DataFrame
        The same rows; ``mean`` adds up exactly at every target. Parts below zero are set to zero
        before they are added. Bounds keep their distance from the mean and are not coherent:
        quantiles of a sum are not sums of quantiles.

    Raises
    ------
    UsageError
        A series of the structure has no forecast at some target, or MinT lacks errors.
    """
    if method not in METHODS:
        raise UsageError(f"unknown method {method!r}; choose from {', '.join(METHODS)}")
    if len(set(frame["model"])) > 1:
        raise UsageError("reconcile one model at a time")
    ids, parts, summing = _summing(structure)
    means = frame.drop_duplicates(["unique_id", "cutoff", "ds"])
    base = means.set_index(["cutoff", "ds", "unique_id"])["mean"].unstack()  # noqa: PD010
    if set(ids) - set(base.columns) or base[ids].isna().any().any():
        raise UsageError("every series of the structure needs a forecast at every target")
    if method == "bottom_up":
        bottom = base[parts].to_numpy()
    else:
        if errors is None:
            raise UsageError("MinT needs the base forecasts' errors on earlier origins")
        bottom = base[ids].to_numpy() @ _mint_weights(_error_matrix(errors, ids), summing).T
    coherent = np.maximum(bottom, 0.0) @ summing.T
    new = pd.DataFrame(coherent, index=base.index, columns=ids)
    moved = new.reset_index().melt(["cutoff", "ds"], var_name="unique_id", value_name="new")
    out = frame.merge(moved, on=["cutoff", "ds", "unique_id"], how="left")
    shift = (out["new"] - out["mean"]).fillna(0.0)
    for column in ("lo", "hi"):
        out[column] = (out[column] + shift).clip(lower=0.0)
    out["mean"] = out["new"].fillna(out["mean"])
    return out[frame.columns]


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


@dataclass(frozen=True)
class Choice:
    """Which method makes a structure add up, and why.

    Attributes
    ----------
    method : str
        One of :data:`METHODS`.
    mase : dict of str to float
        Of base, bottom-up and MinT on the last origin; empty where they could not be compared.
    reason : str
        Why they could not; empty where they could.
    """

    method: str
    mase: dict[str, float]
    reason: str = ""


def choose(tested: pd.DataFrame, panel: pd.DataFrame, structure: pd.DataFrame) -> Choice:
    """Take the method with the smaller error on an origin that neither saw; bottom-up if unknown.

    Parameters
    ----------
    tested, panel, structure
        As in :func:`compare`; a structure whose series lack origins falls back to bottom-up.
    """
    try:
        table = compare(tested, panel, structure).drop_duplicates("method")
    except UsageError as error:
        return Choice("bottom_up", {}, str(error))
    mase = {str(m): float(e) for m, e in zip(table["method"], table["mase"], strict=True)}
    return Choice(min(METHODS, key=mase.__getitem__), mase)


def errors_of(tested: pd.DataFrame, panel: pd.DataFrame) -> pd.DataFrame:
    """``unique_id, cutoff, ds, error`` (outcome minus mean) of a back-test."""
    once = tested.drop_duplicates(["unique_id", "cutoff", "ds"])
    rows = once.merge(panel[["unique_id", "ds", "y"]].dropna(), on=["unique_id", "ds"])
    return rows.assign(error=rows["y"] - rows["mean"])[["unique_id", "cutoff", "ds", "error"]]


def _summing(structure: pd.DataFrame) -> tuple[list[str], list[str], np.ndarray]:
    """All series (sums first), the parts, and the 0/1 matrix (series, parts)."""
    sums = list(dict.fromkeys(structure["aggregate"]))
    parts = list(dict.fromkeys(structure["part"]))
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
    return complete


def _mint_weights(errors: np.ndarray, summing: np.ndarray) -> np.ndarray:
    """(parts, series) matrix ``(S' W^-1 S)^-1 S' W^-1``."""
    covariance = _shrunk_covariance(errors)
    weighted = np.linalg.solve(covariance, summing).T
    return np.linalg.solve(weighted @ summing, weighted)


def _shrunk_covariance(errors: np.ndarray) -> np.ndarray:
    """Second moments with correlations shrunk by the Schäfer-Strimmer intensity."""
    count = len(errors)
    scale = np.sqrt((errors**2).mean(axis=0))
    scale = np.maximum(scale, 1e-6 * scale.max() + 1e-300)
    standard = errors / scale
    correlation = standard.T @ standard / count
    spread = ((standard**2).T @ (standard**2) / count - correlation**2) / (count - 1)
    off = ~np.eye(len(scale), dtype=bool)
    intensity = np.clip(spread[off].sum() / max((correlation[off] ** 2).sum(), 1e-300), 0.0, 1.0)
    shrunk = np.where(off, (1 - intensity) * correlation, 1.0)
    return shrunk * np.outer(scale, scale)

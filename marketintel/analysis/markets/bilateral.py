"""Bilateral matrix known in part: known pairs, bounds of the others, and a modelled fill.

Economies list their ten largest partners of a heading. A pair that neither side lists is unknown,
not zero: it is at most what the lists and the totals leave. Where one figure a pair is needed, an
unknown pair is *modelled*: what the totals leave is spread over unknown pairs in proportion to
``exp(β·x_ij)`` of a gravity model fitted to the known pairs alone, within the bounds (iterative
proportional fitting, Deming and Stephan 1940, with upper limits).
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from marketintel.analysis.markets.candidates import REGRESSORS, Inputs, MethodScores
from marketintel.analysis.markets.gravity import Gravity, gravity
from marketintel.analysis.markets.world import Array, World
from marketintel.analysis.trade.frames import require
from marketintel.analysis.trade.headings import known_pairs, unlisted_most
from marketintel.analysis.trade.indices import divide

_ROUNDS, _CLOSE = 200, 1e-6
COLUMNS = ("exporter", "market", "cmd_code", "period", "value_usd", "known_usd", "most_usd")


def known_gravity(pairs: pd.DataFrame, ties: pd.DataFrame) -> Gravity:
    """Fit gravity to the known pairs of one year, unknown pairs left out.

    Parameters
    ----------
    pairs : DataFrame
        Result of :func:`marketintel.analysis.trade.headings.known_pairs`, one year.
    ties : DataFrame
        ``origin, destination, distance_km, contiguous, common_language, colony``.

    Returns
    -------
    Gravity
        PPML with effects of exporter and market in every heading; ``period`` of its rows is the
        heading.
    """
    rows = pairs.rename(columns={"importer": "market"}).drop(columns="period")
    rows = rows.rename(columns={"cmd_code": "period"})
    rows = rows.merge(_regressors(ties), "left", left_on=["exporter", "market"],
                      right_on=["origin", "destination"])  # fmt: skip
    columns = ["exporter", "market", "period", "value_usd", *REGRESSORS]
    return gravity(rows[columns].reset_index(drop=True), REGRESSORS)


def filled(
    shares: pd.DataFrame, trade: pd.DataFrame, ties: pd.DataFrame, model: Gravity | None = None
) -> pd.DataFrame:
    """Every pair of one year: known, at most, and the figure known or modelled.

    Parameters
    ----------
    shares : DataFrame
        As of :func:`marketintel.analysis.trade.headings.known_pairs`, one year.
    trade : DataFrame
        ``reporter, cmd_code, period, exports_usd, imports_usd`` of every economy, the same year.
    ties : DataFrame
        ``origin, destination, distance_km, contiguous, common_language, colony``.
    model : Gravity, optional
        Result of :func:`known_gravity`; fitted here if not given.

    Returns
    -------
    DataFrame
        ``exporter, market, cmd_code, period, value_usd, known_usd, most_usd``; pairs that can
        have traded only. ``known_usd`` is missing where the pair is unknown; ``value_usd`` is then
        modelled, and never above ``most_usd``. Known pairs never add up to more than a total: a
        share in basis points may pass it by its rounding, and is then scaled down.
    """
    require(trade, ["reporter", "cmd_code", "period", "exports_usd", "imports_usd"], "trade")
    pairs = known_pairs(shares)
    ends = unlisted_most(shares)
    prior = _prior(ties, model or known_gravity(pairs, ties), sorted(trade["reporter"].unique()))
    parts = []
    for keys, rows in trade.groupby(["cmd_code", "period"]):
        code, period = map(str, keys)
        of_heading = (pairs["cmd_code"] == code) & (pairs["period"] == period)
        at = ends.index
        own = at.isin([code], level="cmd_code") & at.isin([period], level="period")
        found = _heading(rows.set_index("reporter"), pairs[of_heading], ends[own], prior)
        parts.append(found.assign(cmd_code=code, period=period))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def cover(pairs: pd.DataFrame, trade: pd.DataFrame) -> pd.DataFrame:
    """Share of the world trade of each heading and year that known pairs are.

    Returns
    -------
    DataFrame
        ``cmd_code, period, world_usd, known_usd, known_pct, n_pairs``.
    """
    keys = ["cmd_code", "period"]
    table = trade.groupby(keys)["exports_usd"].sum().rename("world_usd").to_frame()
    known = pairs.groupby(keys)["value_usd"]
    table["known_usd"], table["n_pairs"] = known.sum(), known.size()
    table["known_pct"] = 100 * table["known_usd"] / table["world_usd"]
    return table.reset_index()


def sales(
    matrix: pd.DataFrame, shares: dict[str, float], weights: pd.Series | None = None
) -> pd.DataFrame:
    """Sales of an exporter by market and heading: known, modelled, and at most.

    Parameters
    ----------
    matrix : DataFrame
        Result of :func:`filled`.
    shares : dict of str to float
        Economies of the exporter with the share of each one's supply; what they sell to each other
        does not count.
    weights : Series, optional
        Imports of each market by ``market, cmd_code, period``: the unknown part is at most what
        the market's known suppliers leave.

    Returns
    -------
    DataFrame
        ``market, cmd_code, period, known_usd, value_usd, most_usd, known_members, known_pct``.
        ``known_usd`` is a lower bound; ``known_pct`` is its share of ``most_usd``.
    """
    keys = ["market", "cmd_code", "period"]
    rows = matrix[matrix["exporter"].isin(list(shares)) & ~matrix["market"].isin(list(shares))]
    share = rows["exporter"].map(shares)
    unknown = rows["known_usd"].isna()
    table = pd.DataFrame(
        {
            **{key: rows[key] for key in keys},
            "known_usd": rows["known_usd"].fillna(0) * share,
            "value_usd": rows["value_usd"] * share,
            "most_usd": rows["most_usd"].where(unknown, 0) * share,
            "known_members": (~unknown).astype(int),
        }
    )
    table = table.groupby(keys, as_index=False).sum()
    if weights is not None:
        known = matrix.groupby(keys)["known_usd"].sum()
        left = (weights - known.reindex(weights.index).fillna(0)).clip(0)
        limit = left.reindex(pd.MultiIndex.from_frame(table[keys])).to_numpy()
        table["most_usd"] = np.minimum(table["most_usd"], limit)
    table["most_usd"] += table["known_usd"]
    table["known_pct"] = 100 * divide(table["known_usd"].to_numpy(), table["most_usd"].to_numpy())
    return table


class HeadingScores(MethodScores):
    """The three methods on headings: growth only where goods did not change between the years.

    Parameters
    ----------
    inputs, year, lookback
        As of :class:`MethodScores`; trade of `year` is enough.
    totals : DataFrame
        ``reporter, cmd_code, period, exports_usd, imports_usd`` of every year.
    compared : sequence of str
        Headings of which growth and the change of the balance are taken.
    since : int
        Year from which these grow.
    """

    def __init__(
        self,
        inputs: Inputs,
        year: int,
        lookback: int,
        totals: pd.DataFrame,
        compared: Sequence[str],
        since: int,
    ) -> None:
        super().__init__(inputs, year, lookback, smooth=1)
        self.totals, self.compared, self.since = totals, list(compared), since

    @property
    def earlier(self) -> World:
        """Trade of the year itself: growth is of totals."""
        return self.world

    @cached_property
    def indicators(self) -> pd.DataFrame:
        """Figures for the score; see :attr:`MethodScores.indicators`."""
        table = super().indicators
        of_totals = demand(self.totals, self.compared, self.since, self.year)
        columns = ["demand_growth_pct", "balance_change_usd"]
        table[columns] = of_totals[columns].reindex(table.index)
        return table


def demand(totals: pd.DataFrame, codes: Sequence[str], since: int, year: int) -> pd.DataFrame:
    """Level and growth of imports, balance and its change, over headings.

    Returns
    -------
    DataFrame
        Index reporter; ``demand_usd, demand_growth_pct, balance_usd, balance_change_usd``; growth
        a year, missing where nothing was imported in one of the years.
    """
    rows = totals[totals["cmd_code"].isin(list(codes))]
    flows = ["imports_usd", "exports_usd"]
    now, before = (
        rows[rows["period"] == str(y)].groupby("reporter")[flows].sum() for y in (year, since)
    )
    before = before.reindex(now.index)
    ratio = now["imports_usd"] / before["imports_usd"].where(before["imports_usd"] > 0)
    ratio = ratio.where(now["imports_usd"] > 0)
    balance = now["imports_usd"] - now["exports_usd"]
    growth = 100 * (ratio ** (1 / max(year - since, 1)) - 1)
    return pd.DataFrame(
        {
            "demand_usd": now["imports_usd"],
            "demand_growth_pct": growth if year > since else np.nan,
            "balance_usd": balance,
            "balance_change_usd": balance - before["imports_usd"] + before["exports_usd"],
        }
    )


def _regressors(ties: pd.DataFrame) -> pd.DataFrame:
    rows = ties.assign(ln_distance=np.log(ties["distance_km"].where(ties["distance_km"] > 0)))
    return rows.astype(dict.fromkeys(REGRESSORS, "float64"))


def _prior(ties: pd.DataFrame, model: Gravity, economies: list[str]) -> pd.DataFrame:
    """Return ``exp(β·x)``, economies × economies; the median where a pair is not described."""
    beta = model.coefficients.set_index("term")["estimate"].fillna(0.0)
    rows = _regressors(ties)
    weight = np.exp(
        (rows[list(REGRESSORS)].astype(float) * beta[list(REGRESSORS)]).sum(axis=1, skipna=False)
    )
    table = rows.assign(weight=weight).pivot_table("weight", "origin", "destination")
    return table.reindex(index=economies, columns=economies).fillna(float(weight.median()))


def _heading(
    totals: pd.DataFrame, pairs: pd.DataFrame, ends: pd.Series, prior: pd.DataFrame
) -> pd.DataFrame:
    """Return the pairs of one heading and year."""
    names = prior.index
    exports, imports = (
        totals[f"{flow}s_usd"].reindex(names).fillna(0.0).to_numpy(float)
        for flow in ("export", "import")
    )
    known = np.full(prior.shape, np.nan)
    at = tuple(names.get_indexer(pd.Index(pairs[end])) for end in ("exporter", "importer"))
    known[at] = pairs["value_usd"]
    np.fill_diagonal(known, 0.0)
    for _ in range(2):
        known *= np.minimum(1.0, divide(imports, np.nansum(known, axis=0), 1.0))[None, :]
        known *= np.minimum(1.0, divide(exports, np.nansum(known, axis=1), 1.0))[:, None]
    row = np.maximum(exports - np.nansum(known, axis=1), 0.0)
    column = np.maximum(imports - np.nansum(known, axis=0), 0.0)
    limits = [
        ends[ends.index.isin([flow], level="flow")].droplevel(["flow", "cmd_code", "period"])
        .reindex(names).fillna(np.inf).to_numpy(float)
        for flow in ("export", "import")
    ]  # fmt: skip
    unknown = np.isnan(known)
    most = np.minimum(np.minimum(row, limits[0])[:, None], np.minimum(column, limits[1])[None, :])
    most = np.where(unknown, most, known)
    value = np.where(unknown, _spread(prior.to_numpy(float) * unknown, row, column, most), known)
    i, j = np.nonzero(most > 0)
    return pd.DataFrame(
        {"exporter": names[i], "market": names[j], "value_usd": value[i, j],
         "known_usd": known[i, j], "most_usd": most[i, j]}
    )  # fmt: skip


def _spread(seed: Array, row: Array, column: Array, most: Array) -> Array:
    """Fit a seed to row and column sums, no cell above `most`."""
    value = np.minimum(seed * (row[:, None] * column[None, :]), most)
    for _ in range(_ROUNDS):
        value = np.minimum(value * divide(row, value.sum(axis=1), 0.0)[:, None], most)
        ratio = divide(column, value.sum(axis=0), 0.0)
        value = np.minimum(value * ratio[None, :], most)
        if np.abs(value.sum(axis=1) - row).max() <= _CLOSE * max(row.max(), 1.0):
            break
    fits: Array = value
    return fits

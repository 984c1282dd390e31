"""Back-test of priorities on headings: growth of what ranked first.

One row is a heading in a market. The list is made with data up to a year; what happened is the
growth of imports and of the exporter's known sales over the years after. Beside the list stand two
naive rules, the largest market and the fastest growth before.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from marketintel.analysis.markets.priorities import criterion_scores, ranked
from marketintel.analysis.markets.ranking_backtest import FIRST, record
from marketintel.analysis.trade.headings import known_pairs
from marketintel.reference.priorities import CRITERIA, Settings

LIST, LARGEST, FASTEST = "priorities", "largest market", "fastest growth"
_ROW = ["market", "cmd_code"]


def values_of(
    trade: pd.DataFrame, shares: pd.DataFrame, members: Sequence[str], first: str, year: str
) -> pd.DataFrame:
    """Criteria of every heading and market outside the exporter, with data of two years only.

    Parameters
    ----------
    trade : DataFrame
        ``reporter, cmd_code, period, exports_usd, imports_usd``.
    shares : DataFrame
        As of :func:`marketintel.analysis.trade.headings.known_pairs`.
    members : sequence of str
        ISO3 of the exporter's members.
    first, year : str
        Growth and change of share are between these.

    Returns
    -------
    DataFrame
        ``market, cmd_code``, the criteria and ``sold_usd`` (known sales); NaN where not known.
    """
    trade = trade[trade["period"].isin([first, year]) & ~trade["reporter"].isin(members)]
    trade = trade.rename(columns={"reporter": "market"})
    size = trade.pivot_table(index=_ROW, columns="period", values="imports_usd", aggfunc="sum")
    size = size[size[year] > 0]
    pairs = known_pairs(shares[shares["period"].isin([first, year])])
    pairs = pairs.rename(columns={"importer": "market", "value_usd": "sold_usd"})
    mine = pairs[pairs["exporter"].isin(members)]
    sold = mine.pivot_table(index=_ROW, columns="period", values="sold_usd", aggfunc="sum")
    share = 100 * (sold / size[[first, year]].where(size > 0)).reindex(size.index).clip(upper=1)
    now = pairs[pairs["period"] == year].set_index(_ROW)
    part = (now["sold_usd"] / size[year].reindex(now.index)).clip(upper=1)
    whole = sold[year].groupby("market").sum() / size[year].groupby("market").sum()
    average = whole.reindex(size.index.get_level_values("market")).set_axis(size.index)
    years = int(year) - int(first)
    table = pd.DataFrame({
        "size_usd": size[year],
        "world_share_pct": 100 * size[year] / size[year].groupby("cmd_code").transform("sum"),
        "growth_pct": 100 * ((size[year] / size[first].where(size[first] > 0)) ** (1 / years) - 1),
        "exporter_share_pct": share[year],
        "share_change_pp": (share[year] - share[first]) / years,
        "rca": share[year] / 100 / average.where(average > 0),
        "suppliers_hhi": (part**2).groupby(level=_ROW).sum().reindex(size.index),
    })  # fmt: skip
    table = table.reindex(columns=list(CRITERIA)).assign(sold_usd=sold[year])
    return table.reset_index()


def backtest(
    values: pd.DataFrame,
    came: pd.DataFrame,
    years: tuple[str, str],
    settings: Settings,
    first: Sequence[int] = FIRST,
) -> pd.DataFrame:
    """Compare the list and the naive rules with what came.

    Parameters
    ----------
    values, came : DataFrame
        Results of :func:`values_of` for the first and for the second of `years`.
    years : tuple of str
        The year of the list and the year that came.

    Returns
    -------
    DataFrame
        ``outcome, rule, rank_corr, hit_<n>_pct, chance_<n>_pct, n_rows``; rows below the smallest
        size that a class asks for, or not traded in the second year, take no part; nor, in the
        exporter's sales, those that are not known in both years.
    """
    rows = values[values["size_usd"] >= settings.classes.min_size_usd].set_index(_ROW)
    later = came.set_index(_ROW).reindex(rows.index)
    rows, later = rows[later["size_usd"] > 0], later[later["size_usd"] > 0]
    outcomes: dict[str, pd.Series] = {
        "imports, growth in %": (later["size_usd"] / rows["size_usd"]).map(np.log),
        "imports, growth in USD": later["size_usd"] - rows["size_usd"],
        "exporter's sales, growth in USD": later["sold_usd"] - rows["sold_usd"],
    }
    parts = [
        _compared(rows[found.notna()], found.dropna(), years, settings, first).assign(outcome=name)
        for name, found in outcomes.items()
    ]
    table = pd.concat(parts, ignore_index=True).rename(columns={"n_markets": "n_rows"})
    shown = [c for n in first for c in (f"hit_{n}_pct", f"chance_{n}_pct")]
    return table[["outcome", "rule", "rank_corr", *shown, "n_rows"]]


def _compared(
    rows: pd.DataFrame,
    change: pd.Series,
    years: tuple[str, str],
    settings: Settings,
    first: Sequence[int],
) -> pd.DataFrame:
    """Return the record of list and naive rules over rows with an outcome."""
    score = ranked(criterion_scores(rows, settings.criteria), settings.criteria, settings.draws)
    rules = {LIST: score["score"], LARGEST: rows["size_usd"], FASTEST: rows["growth_pct"]}
    start, end = years
    names = [f"{market} {code}" for market, code in rows.index]
    made = pd.concat([
        pd.DataFrame({"period": start, "rule": rule, "market": names, "score": one.to_numpy()})
        for rule, one in rules.items()
    ], ignore_index=True)  # fmt: skip
    happened = pd.DataFrame({"period": start, "horizon": int(end) - int(start),
                             "market": names, "change_usd": change.to_numpy()})  # fmt: skip
    return record(made, happened, first)

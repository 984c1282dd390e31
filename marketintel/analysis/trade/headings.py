"""Standing of an economy by heading, and its suppliers in a bilateral matrix known in part.

An economy lists its ten largest partners of a heading and year: suppliers with their share of its
imports where it is a net importer, destinations with their share of its exports where it is a net
exporter. A pair is known where either side lists it. A pair that neither lists is not zero: it is
at most the smallest share of each list that could have named it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from marketintel.analysis.trade.frames import require

_KEYS = ["cmd_code", "period"]
_SHARES = ["reporter", "flow", "partner", *_KEYS, "rank", "share_bp", "total_usd", "value_usd"]

#: Partners that a full list names, and the flow below which an economy's short list may stop.
LISTED, LEAST_USD = 10, 1e6

#: Fewest yearly changes of which a spread is given.
MIN_CHANGES = 3


def known_pairs(shares: pd.DataFrame) -> pd.DataFrame:
    """Flows that either side lists; of two sides, the one with the smaller total.

    Parameters
    ----------
    shares : DataFrame
        ``reporter, flow, partner, cmd_code, period, rank, share_bp, total_usd, value_usd``: shares
        of ``import`` are suppliers, of ``export`` destinations.

    Returns
    -------
    DataFrame
        ``exporter, importer, cmd_code, period, value_usd, total_usd`` (the total that the share is
        of; its ten-thousandth is the rounding).
    """
    require(shares, _SHARES, "shares")
    own = shares["flow"] == "import"
    pairs = shares.assign(
        exporter=shares["partner"].where(own, shares["reporter"]),
        importer=shares["reporter"].where(own, shares["partner"]),
    ).sort_values("total_usd", kind="stable")
    pairs = pairs.drop_duplicates(["exporter", "importer", *_KEYS])
    return pairs[["exporter", "importer", *_KEYS, "value_usd", "total_usd"]].reset_index(drop=True)


def unlisted_most(shares: pd.DataFrame) -> pd.Series:
    """Largest flow with a partner that a list does not name.

    Returns
    -------
    Series
        US dollars by ``reporter, flow, cmd_code, period``: the last of ten; of a shorter list, the
        larger of its last and :data:`LEAST_USD`, since smaller flows are not in the source.
    """
    require(shares, _SHARES, "shares")
    lists = shares.groupby(["reporter", "flow", *_KEYS])
    found = lists.agg(last=("value_usd", "min"), listed=("rank", "size"))
    full = found["listed"] >= LISTED
    return found["last"].where(full, found["last"].clip(lower=LEAST_USD)).rename("most_usd")


def suppliers(
    shares: pd.DataFrame,
    trade: pd.DataFrame,
    market: str,
    groups: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Known suppliers of a market by heading and year.

    Parameters
    ----------
    shares : DataFrame
        As of :func:`known_pairs`.
    trade : DataFrame
        ``reporter, cmd_code, period, exports_usd, imports_usd``.
    market : str
        ISO3 of the importing economy.
    groups : mapping of str to sequence of str, optional
        Economies that count as one supplier: the sum of those that are known, a lower bound.

    Returns
    -------
    DataFrame
        ``cmd_code, period, partner, value_usd, share_pct, rank, imports_usd``; the largest first.
        Shares are of the market's imports and never above 100.
    """
    owner = {member: name for name, members in (groups or {}).items() for member in members}
    require(shares, _SHARES, "shares")
    mine = shares[(shares["reporter"] == market) | (shares["partner"] == market)]
    pairs = known_pairs(mine).query("importer == @market")
    pairs = pairs.assign(partner=pairs["exporter"].map(owner).fillna(pairs["exporter"]))
    sums = pairs.groupby([*_KEYS, "partner"], as_index=False)["value_usd"].sum()
    own = trade[(trade["reporter"] == market) & (trade["imports_usd"] > 0)]
    rows = sums.merge(own[[*_KEYS, "imports_usd"]], on=_KEYS)
    # A share in basis points of a large total may pass a small one by its rounding.
    whole = rows.groupby(_KEYS)["value_usd"].transform("sum").clip(lower=rows["imports_usd"])
    rows["value_usd"] *= rows["imports_usd"] / whole
    rows["share_pct"] = 100 * rows["value_usd"] / rows["imports_usd"]
    rows = rows.sort_values(
        [*_KEYS, "value_usd", "partner"], ascending=[True, True, False, True], ignore_index=True
    )
    rows["rank"] = rows.groupby(_KEYS).cumcount() + 1
    columns = ["partner", "value_usd", "share_pct", "rank", "imports_usd"]
    table: pd.DataFrame = rows[[*_KEYS, *columns]]
    return table


def positions(
    shares: pd.DataFrame,
    trade: pd.DataFrame,
    market: str,
    sellers: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """Sales of sellers in a market by heading and year: what is known, and the most they can be.

    Parameters
    ----------
    shares, trade, market
        As of :func:`suppliers`.
    sellers : mapping of str to sequence of str
        Name to the ISO3 of its members; of a country, itself.

    Returns
    -------
    DataFrame
        ``seller, cmd_code, period, value_usd, most_usd, share_pct, most_share_pct, known_members,
        imports_usd``. Without a known member ``value_usd`` and ``share_pct`` are missing, not 0.
        ``most_usd`` adds, for every member without a known pair, the least of: the last place of
        the market's list, that of the member's, the member's exports less its known sales, and the
        market's imports less the known.
    """
    known, imports, rest = _parts(shares, trade, market)
    most = _most(shares, trade, market)
    parts = []
    for name, members in sellers.items():
        inside = [m for m in members if m != market]
        sold = known[known.index.isin(inside, level="partner")].groupby(level=_KEYS)
        other = most[most.index.isin(inside, level="partner")].drop(known.index, errors="ignore")
        part = pd.DataFrame({"imports_usd": imports})
        part["value_usd"], part["known_members"] = sold.sum(), sold.size()
        more = other.groupby(level=_KEYS).sum().reindex(imports.index).fillna(0)
        part["most_usd"] = part["value_usd"].fillna(0) + np.minimum(more, rest)
        parts.append(part.assign(seller=name).reset_index())
    rows = pd.concat(parts, ignore_index=True)
    rows["known_members"] = rows["known_members"].fillna(0).astype("int64")
    rows["share_pct"] = 100 * rows["value_usd"] / rows["imports_usd"]
    rows["most_share_pct"] = 100 * rows["most_usd"] / rows["imports_usd"]
    columns = [
        "value_usd",
        "most_usd",
        "share_pct",
        "most_share_pct",
        "known_members",
        "imports_usd",
    ]
    return rows[["seller", *_KEYS, *columns]]


def largest_unlisted(shares: pd.DataFrame, trade: pd.DataFrame, market: str) -> pd.Series:
    """Most that one supplier without a known pair can sell, by heading and year.

    A known supplier is the first for certain where it sells more than this.

    Returns
    -------
    Series
        Per cent of the market's imports by ``cmd_code, period``.
    """
    known, imports, rest = _parts(shares, trade, market)
    most = _most(shares, trade, market).drop(known.index, errors="ignore")
    one = most.groupby(level=_KEYS).max().reindex(imports.index).fillna(0)
    share: pd.Series = 100 * np.minimum(one, rest) / imports
    return share.rename("largest_unlisted_pct")


def _parts(
    shares: pd.DataFrame, trade: pd.DataFrame, market: str
) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return known sales by heading, year and supplier, the market's imports, and what is left."""
    known = suppliers(shares, trade, market).set_index([*_KEYS, "partner"])["value_usd"]
    own = trade[(trade["reporter"] == market) & (trade["imports_usd"] > 0)]
    imports = own.set_index(_KEYS)["imports_usd"].sort_index()
    rest = imports - known.groupby(level=_KEYS).sum().reindex(imports.index).fillna(0)
    return known, imports, rest.clip(0)


def _most(shares: pd.DataFrame, trade: pd.DataFrame, market: str) -> pd.Series:
    """Return the most that each economy can have sold to a market where no list names the pair."""
    ends = unlisted_most(shares)
    pairs = known_pairs(shares)
    sold = pairs.groupby(["exporter", *_KEYS])["value_usd"].sum()
    rows = trade[trade["reporter"] != market].set_index(["reporter", *_KEYS])[["exports_usd"]]
    index = rows.index.set_names(["exporter", *_KEYS])
    left = (rows["exports_usd"].set_axis(index) - sold.reindex(index).fillna(0)).clip(0)
    theirs = _of_flow(ends, "export").reindex(rows.index).set_axis(index)
    ours = _of_flow(ends, "import")
    ours = ours[ours.index.get_level_values("reporter") == market].droplevel("reporter")
    at = pd.MultiIndex.from_arrays([index.get_level_values(k) for k in _KEYS], names=_KEYS)
    most = pd.concat([left, theirs, ours.reindex(at).set_axis(index)], axis=1).min(axis=1)
    by_heading = most.swaplevel(0, 1).swaplevel(1, 2)
    return by_heading.rename_axis([*_KEYS, "partner"]).sort_index()


def _of_flow(ends: pd.Series, flow: str) -> pd.Series:
    return ends[ends.index.get_level_values("flow") == flow].droplevel("flow")


def standing(trade: pd.DataFrame, market: str, year: str, since: Mapping[str, int]) -> pd.DataFrame:
    """Trade of an economy by heading: level, place in the world, growth and its spread.

    Parameters
    ----------
    trade : DataFrame
        ``reporter, cmd_code, period, exports_usd, imports_usd`` of every economy.
    market, year : str
        ISO3 and the year looked at.
    since : mapping of str to int
        First year that compares with `year`, by heading.

    Returns
    -------
    DataFrame
        One row a heading: ``cmd_code, imports_usd, exports_usd, balance_usd, world_usd,
        world_share_pct, world_rank, economies, export_share_pct, export_rank, since, growth_pct,
        world_growth_pct, volatility_pct``. Growth is that of imports a year since ``since``,
        missing where the years do not compare; volatility is the standard deviation of yearly
        changes, in log points × 100, from :data:`MIN_CHANGES` changes on.
    """
    rows = []
    for code, part in trade.groupby("cmd_code"):
        now = part[part["period"] == year].set_index("reporter")
        first = str(since[str(code)])
        imports, exports = now["imports_usd"], now["exports_usd"]
        years = part[part["period"].between(first, year)]
        own = years[years["reporter"] == market].set_index("period")["imports_usd"]
        world = years.groupby("period")["imports_usd"].sum()
        row = {
            "cmd_code": code,
            "imports_usd": imports.get(market, np.nan),
            "exports_usd": exports.get(market, np.nan),
            "world_usd": imports.sum(),
            "world_rank": imports.rank(ascending=False, method="min").get(market, np.nan),
            "economies": int((imports > 0).sum()),
            "export_share_pct": 100 * exports.get(market, np.nan) / exports.sum(),
            "export_rank": exports.rank(ascending=False, method="min").get(market, np.nan),
            "since": first,
            "growth_pct": yearly_growth(own, first, year),
            "world_growth_pct": yearly_growth(world, first, year),
            "volatility_pct": _volatility(own),
        }
        rows.append(row)
    table = pd.DataFrame(rows)
    table["balance_usd"] = table["exports_usd"] - table["imports_usd"]
    table["world_share_pct"] = 100 * table["imports_usd"] / table["world_usd"]
    return table


def yearly_growth(values: pd.Series, first: str, last: str) -> float:
    """Return growth a year between two years, per cent; missing where it does not compare."""
    before, after = values.get(first, np.nan), values.get(last, np.nan)
    years = int(last) - int(first)
    if years < 1 or not before > 0 or not after >= 0:
        return float("nan")
    return float(100 * ((after / before) ** (1 / years) - 1))


def _volatility(values: pd.Series) -> float:
    """Return the standard deviation of yearly log changes × 100 of a series without a gap."""
    changes = np.log(values[values > 0].sort_index()).diff().dropna()
    gaps = len(values) and int(values.index.max()) - int(values.index.min()) + 1 != len(values)
    if gaps or len(changes) < MIN_CHANGES or not (values > 0).all():
        return float("nan")
    return float(100 * changes.std())

"""World trade of some products as one block: exporters × markets × codes, US dollars.

Export potential, gravity and screening all ask for every exporter in every market at once, which
a long frame answers slowly. A cell of 0 is trade that no source recorded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketintel.analysis.trade.frames import require

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """Exports by exporter, market and product.

    Attributes
    ----------
    values : array
        US dollars, exporters × markets × codes; no NaN, nothing negative.
    exporters, markets, codes : pandas.Index
        Labels of the three axes.
    homes : mapping of str to mapping of str to float
        For pooled exporters only: the economies it is made of, and the share of each one's supply.
    """

    values: Array
    exporters: pd.Index
    markets: pd.Index
    codes: pd.Index
    homes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def home_of(self, exporter: str) -> Mapping[str, float]:
        """Return the economies that an exporter is made of, with the share of each."""
        return self.homes.get(exporter, {exporter: 1.0})

    def is_home(self) -> npt.NDArray[np.bool_]:
        """Return which markets are at home for which exporter; exporters × markets."""
        home = np.zeros((len(self.exporters), len(self.markets)), dtype=bool)
        place = self.markets.get_indexer(self.exporters)
        own = np.flatnonzero(place >= 0)
        home[own, place[own]] = True
        for name, members in self.homes.items():
            row = self.exporters.get_indexer(pd.Index([name]))[0]
            home[row] = self.markets.isin(list(members))
        return home

    def of(self, codes: Sequence[str]) -> "World":
        """Return the same world with these products only."""
        kept = self.codes.isin(list(codes))
        return World(
            self.values[:, :, kept], self.exporters, self.markets, self.codes[kept], self.homes
        )

    def exports(self) -> pd.Series:
        """Return each exporter's exports over all markets and codes."""
        return pd.Series(self.values.sum(axis=(1, 2)), self.exporters, name="value_usd")

    def imports(self) -> pd.Series:
        """Return each market's imports over all exporters and codes."""
        return pd.Series(self.values.sum(axis=(0, 2)), self.markets, name="value_usd")


def world_of(
    frame: pd.DataFrame,
    exporters: Sequence[str] | None = None,
    markets: Sequence[str] | None = None,
    codes: Sequence[str] | None = None,
) -> World:
    """Lay out a long frame as a block.

    Parameters
    ----------
    frame : DataFrame
        ``exporter, market, cmd_code, value_usd``; a combination once.
    exporters, markets, codes : sequence of str, optional
        Labels of the axes, in order; default: all that the frame has, sorted. A row outside them
        is an error: to trade less, filter first.

    Raises
    ------
    ValueError
        A figure is missing or negative, a combination stands twice, or a label is not on its axis.
    """
    keys = ["exporter", "market", "cmd_code"]
    require(frame, [*keys, "value_usd"], "trade")
    if not (frame["value_usd"] >= 0).all():
        raise ValueError("trade holds missing or negative values")
    twice = frame.duplicated(keys)
    if twice.any():
        raise ValueError(f"trade holds {tuple(frame.loc[twice, keys].iloc[0])} twice")
    axes = [
        pd.Index(sorted(frame[key].unique()) if labels is None else list(labels), dtype="str")
        for key, labels in zip(keys, (exporters, markets, codes), strict=True)
    ]
    places = [axis.get_indexer(pd.Index(frame[key])) for axis, key in zip(axes, keys, strict=True)]
    for place, key in zip(places, keys, strict=True):
        if (place < 0).any():
            raise ValueError(f"{key} {frame[key].iloc[int(np.argmin(place))]} is not on its axis")
    values = np.zeros([len(axis) for axis in axes])
    values[tuple(places)] = frame["value_usd"].to_numpy(float)
    return World(values, axes[0], axes[1], axes[2])


def pooled(world: World, name: str, members: Sequence[str] | Mapping[str, float]) -> World:
    """Make several exporters one.

    Parameters
    ----------
    world : World
        Trade with the members apart.
    name : str
        Of the new exporter; comes last on the axis.
    members : sequence or mapping of str
        Economies that are pooled whole, like the 27 of the EU: their rows go, and so does what
        they sell to each other, which is no export any more. Or economy to share, 0 to 1, for a
        consortium of regions: so much of each economy's supply moves to the consortium, the rest
        stays where it was, and sales of the consortium to its own countries stay in the world
        (its home markets are never candidates, though).

    Raises
    ------
    ValueError
        The name is an exporter already, no member is, or a share is not above 0 and up to 1.
    """
    shares = dict(members) if isinstance(members, Mapping) else dict.fromkeys(members, 1.0)
    whole = not isinstance(members, Mapping)
    if name in world.exporters:
        raise ValueError(f"{name} is an exporter already")
    if not all(0 < share <= 1 for share in shares.values()):
        raise ValueError("a share of supply is above 0 and at most 1")
    weight = np.array([shares.get(exporter, 0.0) for exporter in world.exporters])
    if not weight.any():
        raise ValueError(f"no member of {name} is an exporter here")
    values = world.values.copy()
    if whole:
        inside = np.ix_(weight > 0, world.markets.isin(list(shares)))
        values[inside] = 0.0
    row = np.tensordot(weight, values, axes=1)
    values *= (1 - weight)[:, None, None]
    kept = weight < 1
    return World(
        np.concatenate([values[kept], row[None]]),
        world.exporters[kept].append(pd.Index([name], dtype="str")),
        world.markets,
        world.codes,
        {**world.homes, name: shares},
    )


def pooled_pairs(pairs: pd.DataFrame, name: str, weights: Mapping[str, float]) -> pd.DataFrame:
    """Add the pairs of a pooled exporter: its members' pairs averaged with weights.

    Parameters
    ----------
    pairs : DataFrame
        ``origin, destination, distance_km`` and ties as 0/1 or boolean.
    name : str
        The pooled exporter.
    weights : mapping of str to float
        Member to weight, for example its exports; members without pairs do not count.

    Returns
    -------
    DataFrame
        `pairs` and the new rows. The distance is the geometric mean, because only logarithms of
        distances are compared; a tie is the weighted share of members that have it, 0 to 1.
    """
    ties = [c for c in ("contiguous", "common_language", "colony") if c in pairs]
    rows = pairs[pairs["origin"].isin(list(weights))].copy()
    weight = rows["origin"].map(weights).astype(float)
    rows["ln"] = np.log(rows["distance_km"].where(rows["distance_km"] > 0))
    rows, weight = rows[rows["ln"].notna()], weight[rows["ln"].notna()]
    columns = ["ln", *ties]
    summed = rows[columns].astype(float).mul(weight, axis=0).groupby(rows["destination"]).sum()
    mean = summed.div(weight.groupby(rows["destination"]).sum(), axis=0)
    mean = mean[np.isfinite(mean["ln"])]
    new: pd.DataFrame = mean[ties].assign(distance_km=np.exp(mean["ln"]), origin=name).reset_index()
    both = pairs[["origin", "destination", "distance_km", *ties]].astype(dict.fromkeys(ties, float))
    return pd.concat([both, new[both.columns]], ignore_index=True)


def matrix_of(pairs: pd.DataFrame, world: World, column: str = "distance_km") -> Array:
    """Return a column of `pairs` as exporters × markets; NaN where a pair is not known."""
    table = pairs.set_index(["origin", "destination"])[column].astype(float)
    grid = pd.MultiIndex.from_product([world.exporters, world.markets])
    values = table.reindex(grid).to_numpy(float)
    return np.asarray(values.reshape(len(world.exporters), len(world.markets)))


def growth_ratio(
    series: pd.DataFrame,
    base: str,
    end: str,
    groups: Mapping[str, Mapping[str, float] | Sequence[str]] | None = None,
) -> pd.Series:
    """Return value in `end` ÷ value in `base` by economy: 1.1 for growth of ten per cent.

    Parameters
    ----------
    series : DataFrame
        ``economy, period, value``.
    base, end : str
        Years. An economy without a figure above zero in either is absent from the result.
    groups : mapping, optional
        Pooled exporters: sums over the members that have both figures.
    """
    table = series[series["period"].isin([base, end])].pivot_table(
        index="economy", columns="period", values="value"
    )
    table = table.reindex(columns=[base, end]).dropna()
    table = table[(table > 0).all(axis=1)]
    for name, members in (groups or {}).items():
        known = table.reindex(list(members)).dropna()
        if len(known):
            table.loc[name] = known.sum()
    return (table[end] / table[base]).rename("growth")

"""Export potential in US dollars, from supply, demand, duties, distance and ease of trade.

For exporter i, market j and product k

    potential_ijk = Supply_ik · Demand_jk · Duty_ijk · Distance_ijk · Ease_ij

- Supply: share of world exports if GDP grows as expected, times ``min(1, exports/imports)`` (who
  imports more than it sells mostly passes goods on), times ``(1+τ_ik)/(1+τ_k)`` (who sells in
  spite of higher duties is stronger than its share says);
- Demand: imports times ``(ΔGDP/ΔPOP)^ε·ΔPOP``;
- Duty: ``((1+τ_jk)/(1+τ_ijk))^σ``, the margin of i over what the market's suppliers pay on average;
- Distance: ``exp(−|mean ln d_jk − ln d_ij|)``, the mean weighted with the market's imports;
- Ease: ``v_ij / Σ_k (v_ik/v_k)·v_jk``, bilateral trade ÷ what shares of world exports would give.

After the Export Potential Indicator of the International Trade Centre (Decreux and Spies 2016).
Growth is a ratio over some years (1.1, not 0.1). With neutral factors the potentials of a pair add
up to its trade, ``Σ_k potential_ijk = v_ij``. Without any trade between two economies ease and
potential are zero: the method extends what there is and cannot see a tie that does not exist yet.
It is a potential, not a forecast.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from marketintel.analysis.markets.duty_rates import duty_margin, relative_duty, unknown_duties
from marketintel.analysis.markets.world import Array, World
from marketintel.analysis.trade.frames import require
from marketintel.analysis.trade.indices import divide


@dataclass(frozen=True)
class Potential:
    """Export potential of every exporter in every market, with all its factors.

    Attributes
    ----------
    world : World
        Actual trade.
    supply_share, supply_balance, supply_duty : array
        Exporters × codes.
    imports_usd : array
        Markets × codes.
    demand_growth : array
        Markets × codes.
    duty, distance : array
        Exporters × markets × codes.
    ease : array
        Exporters × markets.
    usd : array
        Potential, exporters × markets × codes; the product of the factors.
    assumed : DataFrame
        ``factor, economy, other, assumption``: every place where a figure was not known.
    """

    world: World
    supply_share: Array
    supply_balance: Array
    supply_duty: Array
    imports_usd: Array
    demand_growth: Array
    duty: Array
    distance: Array
    ease: Array
    usd: Array
    assumed: pd.DataFrame

    @property
    def unrealised(self) -> Array:
        """Potential above actual trade, cell by cell; never below zero."""
        return np.maximum(0.0, self.usd - self.world.values)

    def cells(self, exporter: str) -> pd.DataFrame:
        """Return one exporter's cells with every factor.

        Returns
        -------
        DataFrame
            ``exporter, market, cmd_code, supply_share, supply_balance, supply_duty, supply,
            imports_usd, demand_growth, demand_usd, duty, distance, ease, potential_usd,
            actual_usd, realised_usd, unrealised_usd, is_home``; one row a market and product,
            none left out. ``potential_usd = supply · demand_usd · duty · distance · ease``.
        """
        i = self._place(exporter)
        w = self.world
        j, k = (axis.ravel() for axis in np.indices((len(w.markets), len(w.codes))))
        supply = self.supply_share[i] * self.supply_balance[i] * self.supply_duty[i]
        demand = self.imports_usd * self.demand_growth
        actual = w.values[i].ravel()
        potential = self.usd[i].ravel()
        return pd.DataFrame(
            {
                "exporter": exporter,
                "market": w.markets[j],
                "cmd_code": w.codes[k],
                "supply_share": self.supply_share[i][k],
                "supply_balance": self.supply_balance[i][k],
                "supply_duty": self.supply_duty[i][k],
                "supply": supply[k],
                "imports_usd": self.imports_usd[j, k],
                "demand_growth": self.demand_growth[j, k],
                "demand_usd": demand[j, k],
                "duty": self.duty[i].ravel(),
                "distance": self.distance[i].ravel(),
                "ease": self.ease[i][j],
                "potential_usd": potential,
                "actual_usd": actual,
                "realised_usd": np.minimum(potential, actual),
                "unrealised_usd": np.maximum(0.0, potential - actual),
                "is_home": w.is_home()[i][j],
            }
        )

    def markets(self, exporter: str, codes: pd.DataFrame | None = None) -> pd.DataFrame:
        """Sum one exporter's cells by market, or by market and segment.

        Parameters
        ----------
        exporter : str
            One of the world's exporters.
        codes : DataFrame, optional
            ``segment, cmd_code, weight``: how much of a code counts for the segment, 0 to 1.
            Without it, everything is summed with weight 1.

        Returns
        -------
        DataFrame
            ``exporter, market, [segment,] imports_usd, potential_usd, actual_usd, realised_usd,
            unrealised_usd, realised_pct, n_codes, is_home``. Unrealised is summed over cells, so
            that what is sold beyond potential in one product hides nothing in another.
            ``n_codes`` counts products that the market imports.
        """
        cells = self.cells(exporter)
        keys = ["exporter", "market"]
        money = ["imports_usd", "potential_usd", "actual_usd", "realised_usd", "unrealised_usd"]
        cells["n_codes"] = (cells["imports_usd"] > 0).astype(int)
        if codes is not None:
            require(codes, ["segment", "cmd_code", "weight"], "codes")
            cells = cells.merge(codes[["segment", "cmd_code", "weight"]], on="cmd_code")
            cells[money] = cells[money].mul(cells["weight"], axis=0)
            keys.append("segment")
        sums = cells.groupby(keys, sort=False)[[*money, "n_codes"]].sum()
        sums["realised_pct"] = (
            100 * sums["realised_usd"] / sums["potential_usd"].where(sums["potential_usd"] > 0)
        )
        sums["is_home"] = cells.groupby(keys, sort=False)["is_home"].first()
        order = [*money, "realised_pct", "n_codes", "is_home"]
        return sums[order].reset_index()

    def _place(self, exporter: str) -> int:
        if exporter not in self.world.exporters:
            raise ValueError(f"{exporter} exports nothing here")
        return int(self.world.exporters.get_indexer(pd.Index([exporter]))[0])


def export_potential(
    world: World,
    *,
    gdp_growth: pd.Series | None = None,
    population_growth: pd.Series | None = None,
    income_elasticity: float | pd.Series = 1.0,
    distance_km: Array | None = None,
    duties: Array | None = None,
    scenario: Array | None = None,
    sigma: float | pd.Series = 1.0,
    balance: bool = True,
    basket: World | None = None,
) -> Potential:
    """Compute export potential.

    Parameters
    ----------
    world : World
        Trade in the products asked for. Shares of supply are shares of each product's own world
        exports, whatever other products there are.
    gdp_growth, population_growth : Series, optional
        Ratio (1.1) by economy, pooled exporters under their own name; for exporters and markets
        alike. None: no growth. An economy without a figure takes the median of those known.
    income_elasticity : float or Series
        ε, one for all or by product code.
    distance_km : array, optional
        Exporters × markets; NaN where not known: the factor is then 1.
    duties : array, optional
        τ as a fraction of value (0.05), exporters × markets × codes; NaN where not known: the
        factor is then 1. None: no duties at all.
    scenario : array, optional
        Duties to imagine instead, same shape. They move the margin in the market; supply was shown
        under `duties` and stays.
    sigma : float or Series
        σ, one for all or by product code. The Centre's own exponent has not been verified here.
    balance : bool
        Use ``min(1, exports/imports)``.
    basket : World, optional
        Trade from which ease is computed, same exporters and markets: all goods say more about a
        tie than a few products do. None: `world`, for which the adding-up property then holds.

    Raises
    ------
    ValueError
        Arrays of another shape, a distance or growth that is not positive, or another basket.
    """
    v = world.values
    imports, exports = v.sum(axis=0), v.sum(axis=1)
    notes: list[pd.DataFrame] = []

    gdp = _ratios(gdp_growth, world.exporters, "GDP growth of exporter", notes)
    grown = exports * gdp[:, None]
    share = divide(grown, grown.sum(axis=0)[None, :], 0.0)
    kept = _balance(world, exports, imports) if balance else np.ones_like(share)

    gdp_j = _ratios(gdp_growth, world.markets, "GDP growth of market", notes)
    people = _ratios(population_growth, world.markets, "population growth of market", notes)
    elasticity = _by_code(income_elasticity, world.codes)
    demand_growth = (gdp_j / people)[:, None] ** elasticity[None, :] * people[:, None]

    ease = _ease(world if basket is None else _matching(basket, world))
    supply_duty, duty = np.ones_like(share), np.ones(v.shape)
    if duties is not None:
        _check_shape(duties, v.shape, "duties")
        supply_duty = relative_duty(v, duties)
    ruling = duties if scenario is None else scenario
    if ruling is not None:
        _check_shape(ruling, v.shape, "scenario")
        duty = duty_margin(v, ruling, _by_code(sigma, world.codes))
        notes.append(unknown_duties(world, ruling))
    distance = np.ones(v.shape)
    if distance_km is not None:
        _check_shape(distance_km, v.shape[:2], "distance_km")
        distance = _distance(v, distance_km)
        notes.append(_unknown_distances(world, distance_km))

    usd = (share * kept * supply_duty)[:, None, :] * (imports * demand_growth)[None, :, :]
    usd *= ease[:, :, None]
    usd *= duty
    usd *= distance
    usd[world.is_home()] = 0.0
    columns = ["factor", "economy", "other", "assumption"]
    assumed = pd.concat([pd.DataFrame(columns=columns, dtype="str"), *notes], ignore_index=True)
    return Potential(
        world, share, kept, supply_duty, imports, demand_growth, duty, distance, ease, usd, assumed
    )


def _ratios(
    growth: pd.Series | None, labels: pd.Index, factor: str, notes: list[pd.DataFrame]
) -> Array:
    if growth is None:
        return np.ones(len(labels))
    if not (growth.dropna() > 0).all():
        raise ValueError(f"{factor}: a ratio is above zero (1.1 for ten per cent)")
    found = growth.reindex(labels).to_numpy(float)
    middle = float(growth.median())
    unknown = np.isnan(found)
    notes.append(
        pd.DataFrame(
            {
                "factor": factor,
                "economy": labels[unknown],
                "other": "",
                "assumption": f"not known: median of the economies known, {middle:.3f}",
            }
        )
    )
    return np.where(unknown, middle, found)


def _balance(world: World, exports: Array, imports: Array) -> Array:
    place = world.markets.get_indexer(world.exporters)
    own = np.where((place >= 0)[:, None], imports[place], 0.0)
    for name, members in world.homes.items():
        at = world.markets.get_indexer(pd.Index(list(members)))
        share = np.array(list(members.values()))[at >= 0]
        row = world.exporters.get_indexer(pd.Index([name]))[0]
        own[row] = share @ imports[at[at >= 0]]
    return np.minimum(1.0, divide(exports, own, np.inf))


def _ease(world: World) -> Array:
    v = world.values
    share = divide(v.sum(axis=1), v.sum(axis=(0, 1))[None, :], 0.0)
    return divide(v.sum(axis=2), share @ v.sum(axis=0).T, 0.0)


def _matching(basket: World, world: World) -> World:
    if not (basket.exporters.equals(world.exporters) and basket.markets.equals(world.markets)):
        raise ValueError("the basket has other exporters or markets")
    return basket


def _distance(v: Array, distance_km: Array) -> Array:
    if (distance_km <= 0).any():
        raise ValueError("a distance is above zero; leave an unknown one NaN")
    known = ~np.isnan(distance_km)
    ln = np.where(known, np.log(np.where(known, distance_km, 1.0)), 0.0)
    weight = known.astype(float)
    mean = divide(np.einsum("ijk,ij->jk", v, ln), np.einsum("ijk,ij->jk", v, weight), np.nan)
    gap = np.abs(mean[None] - ln[:, :, None])
    gap[~known] = 0.0
    factor: Array = np.exp(-np.nan_to_num(gap))
    return factor


def _unknown_distances(world: World, distance_km: Array) -> pd.DataFrame:
    i, j = np.nonzero(np.isnan(distance_km) & ~world.is_home())
    return pd.DataFrame(
        {
            "factor": "distance",
            "economy": world.exporters[i],
            "other": world.markets[j],
            "assumption": "not known: factor 1",
        }
    )


def _by_code(value: float | pd.Series, codes: pd.Index) -> Array:
    if not isinstance(value, pd.Series):
        return np.full(len(codes), float(value))
    found = value.reindex(codes).to_numpy(float)
    if np.isnan(found).any():
        raise ValueError(f"no value for product {codes[np.isnan(found)][0]}")
    return found


def _check_shape(array: Array, shape: tuple[int, ...], name: str) -> None:
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, not {shape}")

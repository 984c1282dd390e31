"""Supply of raw materials: concentration, dependence on one supplier, and their change.

Shares are of what a buyer imports: what it digs, refines or recycles itself is not in trade data,
and a supplier is where goods were sent from, which for some is a port on the way. Several years
are taken together: single years of small flows jump.

- Concentration: ``HHI = Σ s²`` over suppliers, 0 to 1.
- Dependence: the share of the first supplier.
- Replaceable: what all other suppliers sell to third markets ÷ what the first sells to the buyer.
  Below 1, even all of it would not replace the first supplier: a chokepoint in the strict sense.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from marketintel.analysis.trade.frames import require

_KEYS = ["exporter", "market", "cmd_code"]


def spans(trade: pd.DataFrame, years: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Take years together.

    Parameters
    ----------
    trade : DataFrame
        ``exporter, market, cmd_code, period, value_usd`` and, if known, ``net_weight_kg``.
    years : mapping of str to sequence of str
        Label of a span to its years; years without a span are left out.

    Returns
    -------
    DataFrame
        Same columns with the label as period; ``weighed_value_usd`` is the part of the value that
        has a weight, so that a unit value never divides by a weight that is partly missing.
    """
    label = {year: name for name, chosen in years.items() for year in chosen}
    rows = trade[trade["period"].isin(label)]
    weight = rows["net_weight_kg"] if "net_weight_kg" in rows else pd.Series(np.nan, rows.index)
    known = weight > 0
    rows = rows.assign(
        period=rows["period"].map(label),
        net_weight_kg=weight.where(known),
        weighed_value_usd=rows["value_usd"].where(known),
    )
    sums = rows.groupby([*_KEYS, "period"])
    money = ["value_usd", "net_weight_kg", "weighed_value_usd"]
    return sums[money].sum(min_count=1).reset_index()


def exposure(
    trade: pd.DataFrame,
    buyers: Mapping[str, Sequence[str]],
    watch: Sequence[str] = ("CHN",),
    value: str = "value_usd",
) -> pd.DataFrame:
    """Dependence of buyers on suppliers, by material and period.

    Parameters
    ----------
    trade : DataFrame
        ``exporter, market, cmd_code, period`` and `value`; with ``net_weight_kg`` and
        ``weighed_value_usd`` (see :func:`spans`) also unit values.
    buyers : mapping of str to sequence of str
        Name to members: ``{"EU27": […], "USA": ["USA"]}``. Trade between members is no import.
    watch : sequence of str
        Suppliers whose share is given by name.
    value : str
        Column of money; its unit is kept in the names: ``value_eur`` gives ``imports_eur``.

    Returns
    -------
    DataFrame
        ``buyer, cmd_code, period, imports_<unit>, n_suppliers, hhi, first_supplier,
        first_share_pct, second_supplier, second_share_pct, suppliers_for_80_pct,
        <watch>_share_pct…, replaceable, unit_value_usd_kg``. One row for each buyer, material and
        period that `trade` has; without imports everything but ``n_suppliers`` (0) is missing.
        ``replaceable`` is missing where `trade` holds no other market than the buyer's own.
    """
    require(trade, [*_KEYS, "period", value], "trade")
    unit = value.removeprefix("value_")
    grid = trade[["cmd_code", "period"]].drop_duplicates()
    by_supplier = trade.groupby(["cmd_code", "period", "exporter"])[value].sum()
    rows = []
    for buyer, members in buyers.items():
        inside = trade["market"].isin(list(members)) & ~trade["exporter"].isin(list(members))
        bought = trade[inside]
        outside = by_supplier.drop(index=list(members), level="exporter", errors="ignore")
        own_only = bool(trade["market"].isin(list(members)).all())
        groups = dict(list(bought.groupby(["cmd_code", "period"])))
        for code, period in grid.itertuples(index=False):
            part = groups.get((code, period))
            row = {"buyer": buyer, "cmd_code": code, "period": period}
            rows.append(row | _suppliers(part, value, unit, watch, outside, (code, period)))
            if own_only:  # sales to third markets are not in these data: that is not zero
                rows[-1]["replaceable"] = np.nan
    table = pd.DataFrame(rows)
    return table.sort_values(["buyer", "cmd_code", "period"], ignore_index=True)


def movement(table: pd.DataFrame, base: str, end: str) -> pd.DataFrame:
    """Compare two periods of :func:`exposure`.

    Returns
    -------
    DataFrame
        ``buyer, cmd_code, base_hhi, hhi, hhi_change, base_first_supplier, base_first_share_pct,
        first_supplier, first_share_pct, share_change_pp, direction``; direction is ``more
        concentrated`` or ``less concentrated`` from a change of HHI by 0.05, else ``little
        changed``; ``not comparable`` if one of the periods has no imports.
    """
    columns = ["hhi", "first_supplier", "first_share_pct"]
    at = ["buyer", "cmd_code"]
    new = table[table["period"] == end].set_index(at)[columns]
    old = table[table["period"] == base].set_index(at)[columns].add_prefix("base_")
    both = old.join(new, how="outer")
    both["hhi_change"] = both["hhi"] - both["base_hhi"]
    both["share_change_pp"] = both["first_share_pct"] - both["base_first_share_pct"]
    both["direction"] = np.select(
        [both["hhi_change"].isna(), both["hhi_change"] >= 0.05, both["hhi_change"] <= -0.05],
        ["not comparable", "more concentrated", "less concentrated"],
        "little changed",
    )
    order = ["base_hhi", "hhi", "hhi_change", "base_first_supplier", "base_first_share_pct",
             "first_supplier", "first_share_pct", "share_change_pp", "direction"]  # fmt: skip
    return both[order].reset_index()


def chokepoints(table: pd.DataFrame, share_pct: float = 65) -> pd.DataFrame:
    """Keep the rows that depend on one supplier: first share at or above a limit, worst first.

    Parameters
    ----------
    table : DataFrame
        Result of :func:`exposure`, one period.
    share_pct : float
        The limit. 65 is the share of consumption that Regulation (EU) 2024/1252 names for a single
        third country; here it is held against imports.

    Returns
    -------
    DataFrame
        Rows of `table` with ``is_strict``: ``replaceable`` below 1.
    """
    found = table[table["first_share_pct"] >= share_pct]
    found = found.assign(is_strict=found["replaceable"] < 1)
    return found.sort_values(
        ["is_strict", "first_share_pct"], ascending=[False, False], ignore_index=True
    )


def world_supply(trade: pd.DataFrame, groups: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Concentration of world exports, by material and period.

    Parameters
    ----------
    trade : DataFrame
        As for :func:`exposure`.
    groups : mapping of str to sequence of str
        Economies that count as one supplier; trade inside a group is left out.

    Returns
    -------
    DataFrame
        ``cmd_code, period, exports_usd, n_suppliers, hhi, first_supplier, first_share_pct``.
    """
    owner = {member: name for name, members in groups.items() for member in members}
    named = trade.assign(
        exporter=trade["exporter"].map(owner).fillna(trade["exporter"]),
        buyer=trade["market"].map(owner).fillna(trade["market"]),
    )
    named = named[named["exporter"] != named["buyer"]]
    sums = named.groupby(["cmd_code", "period", "exporter"])["value_usd"].sum().reset_index()
    rows = []
    for (code, period), part in sums[sums["value_usd"] > 0].groupby(["cmd_code", "period"]):
        shares = (part.set_index("exporter")["value_usd"] / part["value_usd"].sum()).sort_index()
        first = str(shares.idxmax())
        rows.append((code, period, part["value_usd"].sum(), len(shares), (shares**2).sum(),
                     first, 100 * shares[first]))  # fmt: skip
    return pd.DataFrame(
        rows,
        columns=["cmd_code", "period", "exports_usd", "n_suppliers", "hhi", "first_supplier",
                 "first_share_pct"],
    )  # fmt: skip


def _suppliers(
    part: pd.DataFrame | None,
    value: str,
    unit: str,
    watch: Sequence[str],
    outside: pd.Series,
    key: tuple[str, str],
) -> dict[str, object]:
    names = [f"{supplier.lower()}_share_pct" for supplier in watch]
    empty: dict[str, object] = {
        f"imports_{unit}": np.nan, "n_suppliers": 0, "hhi": np.nan, "first_supplier": None,
        "first_share_pct": np.nan, "second_supplier": None, "second_share_pct": np.nan,
        "suppliers_for_80_pct": np.nan, **dict.fromkeys(names, np.nan), "replaceable": np.nan,
        "unit_value_usd_kg": np.nan,
    }  # fmt: skip
    if part is None or not part[value].sum() > 0:
        return empty
    sold = part.groupby("exporter")[value].sum()
    sold = sold[sold > 0].sort_index().sort_values(ascending=False, kind="stable")
    shares = sold / sold.sum()
    first = sold.index[0]
    others = outside.loc[key].drop(index=first, errors="ignore").sum() - sold.iloc[1:].sum()
    second = len(sold) > 1
    weighed = "weighed_value_usd" in part
    weight = part["net_weight_kg"].sum() if weighed else 0.0
    return empty | {
        f"imports_{unit}": sold.sum(),
        "n_suppliers": len(sold),
        "hhi": (shares**2).sum(),
        "first_supplier": first,
        "first_share_pct": 100 * shares.iloc[0],
        "second_supplier": sold.index[1] if second else None,
        "second_share_pct": 100 * shares.iloc[1] if second else np.nan,
        "suppliers_for_80_pct": int((shares.cumsum() < 0.8 - 1e-12).sum()) + 1,
        **{n: 100 * shares.get(s, 0.0) for n, s in zip(names, watch, strict=True)},
        "replaceable": others / sold.iloc[0],
        "unit_value_usd_kg": part["weighed_value_usd"].sum() / weight if weight > 0 else np.nan,
    }

"""Structure of sums: cells to countries, segments and the grand total.

Only series of one :class:`~marketintel.warehouse.basis.Basis` that end in one year are added.
Such a set is a *group*; it has a total for each country and, where it has more than one country, a
total for each segment and a grand total. A cell that ends before the other cells of its country is
in no sum.
"""

from __future__ import annotations

import pandas as pd

CELL, COUNTRY, SEGMENT, GRAND = "cell", "country", "segment", "grand"

NODES = ["unique_id", "role", "partner", "item", "kind", "group"]


def groups(cells: pd.DataFrame) -> pd.DataFrame:
    """Put cells into groups.

    Parameters
    ----------
    cells : DataFrame
        ``unique_id, ds, y, partner, kind`` of yearly series that can be forecast.

    Returns
    -------
    DataFrame
        ``unique_id, role, partner, item, kind, group``, one row a cell and total. ``group`` is a
        number from 0, core codes before neighbours and mixed ones and then the group with most cells first; -1 for a
        cell in no sum. A total's
        ``unique_id`` is the country alone (in its first group; else with the group's number),
        ``* segment`` or ``*``; ``item`` is a segment or, of mixed codes, a code.
    """
    ends = cells.dropna(subset="y").groupby("unique_id")["ds"].max().dt.year
    once = cells.drop_duplicates("unique_id")[["unique_id", "partner", "kind"]]
    once = once.assign(end=once["unique_id"].map(ends))
    newest = once.groupby(["partner", "kind"])["end"].transform("max")
    kept = once[once["end"] == newest]
    sizes = kept.groupby(["kind", "end"]).size()
    order = sorted(sizes.index, key=lambda key: (key[0].scope_rank, -sizes[key], key))
    number = {key: i for i, key in enumerate(order)}
    pairs = zip(once["kind"], once["end"], strict=True)
    once = once.assign(role=CELL, item=once["unique_id"].str.partition(" ")[2])
    groups = pd.Series([number.get(pair, -1) for pair in pairs], index=once.index, dtype=int)
    once["group"] = groups.where(once["end"] == newest, -1)
    parts = [once[NODES]]
    taken: set[str] = set()
    for group, rows in once[once["group"] >= 0].groupby("group", sort=True):
        basis = rows["kind"].iloc[0]
        suffix = "" if group == 0 else f" #{group}"
        named = []
        for place in rows["partner"].unique():
            total = place if place not in taken else f"{place}{suffix}"
            taken.add(place)
            named.append((total, COUNTRY, place, "", basis, group))
        if len(named) > 1:
            named += [
                (f"* {item}{suffix}", SEGMENT, "", item, basis, group)
                for item in rows["item"].unique()
            ]
            named.append((f"*{suffix}", GRAND, "", "", basis, group))
        parts.append(pd.DataFrame(named, columns=NODES))
    return pd.concat(parts, ignore_index=True)


def structure(nodes: pd.DataFrame) -> pd.DataFrame:
    """``aggregate, part, group``: every total with the cells that it adds."""
    sums = nodes[nodes["role"] != CELL]
    cells = nodes[(nodes["role"] == CELL) & (nodes["group"] >= 0)]
    pairs = sums.merge(cells, on="group", suffixes=("", "_of_cell"))
    own = pairs["role"].eq(GRAND)
    own |= pairs["role"].eq(COUNTRY) & pairs["partner"].eq(pairs["partner_of_cell"])
    own |= pairs["role"].eq(SEGMENT) & pairs["item"].eq(pairs["item_of_cell"])
    found = pairs[own]
    return pd.DataFrame(
        {
            "aggregate": found["unique_id"],
            "part": found["unique_id_of_cell"],
            "group": found["group"],
        }
    ).reset_index(drop=True)


def panel(cells: pd.DataFrame, adds: pd.DataFrame) -> pd.DataFrame:
    """Cells and totals, ``unique_id, ds, y``.

    A total begins with the year from which all its cells have figures. A year that one cell misses
    in between is interpolated in that cell first, as the forecast of the cell does.
    """
    own = cells[["unique_id", "ds", "y"]]
    wide = own.pivot_table(index="ds", columns="unique_id", values="y", aggfunc="sum", min_count=1)
    whole = wide.interpolate(limit_area="inside")
    sums = {
        total: whole[list(rows["part"])].sum(axis=1, skipna=False)
        for total, rows in adds.groupby("aggregate", sort=False)
    }
    if not sums:
        return own.reset_index(drop=True)
    totals = pd.DataFrame(sums).rename_axis("ds").reset_index()
    long = totals.melt("ds", var_name="unique_id", value_name="y").dropna(subset="y")
    return pd.concat([own, long[["unique_id", "ds", "y"]]], ignore_index=True)

"""Import demand of one reporter: size, growth, unit values, and the codes that carry it.

Imports are demand for foreign goods, not market size: nothing here knows domestic production.
"""

import numpy as np
import pandas as pd

from marketintel.analysis.trade.frames import (
    CORE,
    SCOPES,
    By,
    as_keys,
    check_flows,
    in_scope,
    percent_change,
    percent_of,
    total,
    with_base,
    years,
)


def import_demand(
    flows: pd.DataFrame, by: By = "segment", scope: By = SCOPES, lag: int = 1
) -> pd.DataFrame:
    """Sum imports per period, and show their change.

    Parameters
    ----------
    flows : DataFrame
        See :mod:`marketintel.analysis.trade.frames`.
    by : str or sequence of str
        Columns to group by, for example ``"segment"`` or ``("segment", "cmd_code")``; ``()`` sums
        over everything.
    scope : str or sequence of str
        ``"core"``, ``"core+broad"``, ``"neighbour"``, or several; the first two by default.
    lag : int
        Compare with so many periods before: 1 for years, 12 for a month on the same month.

    Returns
    -------
    DataFrame
        *by*, ``scope, period, value_usd, n_missing, base_period, base_value_usd, change_usd,
        change_pct``. ``n_missing`` counts rows without a figure, which the sum leaves out. Growth
        from a base that is zero or missing is NaN. A group without any row in a period has none
        here either: it may lack the code rather than the trade.
    """
    keys = [*as_keys(by), "scope"]
    check_flows(flows, as_keys(by))
    rows = in_scope(flows, scope)
    demand = total(rows, [*keys, "period"])
    gaps = rows["value_usd"].isna().groupby([rows[key] for key in [*keys, "period"]]).sum()
    demand = demand.merge(gaps.rename("n_missing").reset_index(), on=[*keys, "period"])
    demand = with_base(demand, keys, ["value_usd"], lag)
    demand["change_usd"] = demand["value_usd"] - demand["base_value_usd"]
    demand["change_pct"] = percent_change(demand["value_usd"], demand["base_value_usd"])
    return demand.sort_values([*keys, "period"], ignore_index=True)


def demand_growth(
    flows: pd.DataFrame, by: By = "segment", scope: By = SCOPES, min_points: int = 3
) -> pd.DataFrame:
    """Yearly growth over all periods, as CAGR and as log-linear trend, which differ.

    CAGR, ``(v_last/v_first)^(1/years) − 1``, sees two points; the trend, ``exp(slope of ln v on
    years) − 1`` by least squares, sees all of them. Meant for annual data: between different
    months a CAGR measures the season too.

    Parameters
    ----------
    flows, by, scope
        As in :func:`import_demand`.
    min_points : int
        Fewer periods with a value above zero than this give NaN: over two points both measures
        only repeat the change.

    Returns
    -------
    DataFrame
        *by*, ``scope, first_period, last_period, n_points, cagr_pct, trend_pct``.
    """
    keys = [*as_keys(by), "scope"]
    check_flows(flows, as_keys(by))
    points = total(in_scope(flows, scope), [*keys, "period"]).sort_values([*keys, "period"])
    points = points[points["value_usd"] > 0]
    points = points.assign(t=years(points["period"]), log=np.log(points["value_usd"]))
    points[["dt", "dlog"]] = points[["t", "log"]] - points.groupby(keys)[["t", "log"]].transform(
        "mean"
    )
    points = points.assign(cross=points["dt"] * points["dlog"], square=points["dt"] ** 2)
    growth = points.groupby(keys).agg(
        first_period=("period", "first"),
        last_period=("period", "last"),
        n_points=("period", "size"),
        span=("t", np.ptp),
        first=("log", "first"),
        last=("log", "last"),
        cross=("cross", "sum"),
        square=("square", "sum"),
    )
    enough = growth["n_points"] >= max(min_points, 2)
    cagr = np.expm1((growth["last"] - growth["first"]) / growth["span"].where(enough))
    trend = np.expm1(growth["cross"] / growth["square"].where(enough))
    growth = growth.assign(cagr_pct=100 * cagr, trend_pct=100 * trend).reset_index()
    return growth.drop(columns=["span", "first", "last", "cross", "square"])


def largest_code(flows: pd.DataFrame, by: By = "segment", scope: By = SCOPES) -> pd.DataFrame:
    """Largest code of each total and its share: the guard against catch-all codes.

    Pass only the rows of one supplier to see on which code *its* sales depend.

    Returns
    -------
    DataFrame
        *by*, ``scope, period, cmd_code, code_value_usd, value_usd, largest_code_share_pct,
        n_codes``; codes with a value above zero; of equal codes the first by number.
    """
    keys = [*as_keys(by), "scope", "period"]
    check_flows(flows, as_keys(by))
    codes = total(in_scope(flows, scope), [*keys, "cmd_code"])
    codes = codes[codes["value_usd"] > 0].sort_values(
        [*keys, "value_usd", "cmd_code"], ascending=[True] * len(keys) + [False, True]
    )
    whole = codes.groupby(keys)["value_usd"]
    first = codes.rename(columns={"value_usd": "code_value_usd"}).assign(
        value_usd=whole.transform("sum"), n_codes=whole.transform("size")
    )
    first = first.groupby(keys).head(1).reset_index(drop=True)
    first["largest_code_share_pct"] = percent_of(first["code_value_usd"], first["value_usd"])
    order = ["cmd_code", "code_value_usd", "value_usd", "largest_code_share_pct", "n_codes"]
    return first[[*keys, *order]]


def unit_values(
    flows: pd.DataFrame, by: By = ("cmd_code", "partner"), scope: By = CORE
) -> pd.DataFrame:
    """Value per kilogram, from the rows whose weight is known and above zero, and no others.

    Parameters
    ----------
    flows : DataFrame
        With ``net_weight_kg`` beside the usual columns.
    by, scope
        As in :func:`import_demand`. Over mixed codes a unit value mostly shows the mix.

    Returns
    -------
    DataFrame
        *by*, ``scope, period, value_usd`` (of all rows), ``net_weight_kg``,
        ``unit_value_usd_per_kg``, ``covered_pct`` (value of the weighed rows, per cent of all).
    """
    keys = [*as_keys(by), "scope", "period"]
    check_flows(flows, [*as_keys(by), "net_weight_kg"])
    rows = in_scope(flows, scope)
    weighed = (rows["net_weight_kg"] > 0) & rows["value_usd"].notna()
    rows = rows.assign(
        weighed_usd=rows["value_usd"].where(weighed),
        net_weight_kg=rows["net_weight_kg"].where(weighed),
    )
    units = total(rows, keys, ["value_usd", "net_weight_kg", "weighed_usd"])
    units["unit_value_usd_per_kg"] = units["weighed_usd"] / units["net_weight_kg"]
    units["covered_pct"] = percent_of(units["weighed_usd"].fillna(0), units["value_usd"])
    return units.drop(columns="weighed_usd").sort_values(keys, ignore_index=True)

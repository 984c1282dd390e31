"""Suppliers of one reporter: shares, concentration, an exporter's position, specialisation."""

from collections.abc import Mapping, Sequence

import pandas as pd

from marketintel.analysis.trade.frames import (
    CORE,
    SCOPES,
    By,
    Groups,
    as_keys,
    check_flows,
    in_scope,
    percent_change,
    percent_of,
    pool,
    require,
    total,
    with_base,
)
from marketintel.analysis.trade.indices import balassa, normalised_herfindahl, symmetric

# A cumulative share that is 80 % but for rounding counts as 80 %.
_ROUNDING_PCT = 1e-9


def supplier_shares(
    flows: pd.DataFrame,
    by: By = "segment",
    scope: By = CORE,
    groups: Groups | None = None,
    lag: int = 1,
) -> pd.DataFrame:
    """Sales, share and rank of each supplier, and how they changed.

    Parameters
    ----------
    flows : DataFrame
        See :mod:`marketintel.analysis.trade.frames`.
    by, scope, lag
        As in :func:`marketintel.analysis.trade.trade.import_demand`.
    groups : mapping of str to sequence of str, optional
        Suppliers to count as one, ``{"EU27": [...]}``; their members no longer appear.

    Returns
    -------
    DataFrame
        *by*, ``scope, period, partner, value_usd, share_pct, rank, base_period, base_value_usd,
        base_share_pct, change_usd, change_pct, share_change_pp``, largest first. A supplier that
        sells in any period has a row in all periods of its group, 0 where nothing was recorded;
        without sales it has no rank. Equal values rank by name.
    """
    keys = [*as_keys(by), "scope"]
    check_flows(flows, as_keys(by))
    values = total(in_scope(pool(flows, groups), scope), [*keys, "period", "partner"])
    cells = values[[*keys, "partner"]].drop_duplicates()
    market = total(values, [*keys, "period"]).rename(columns={"value_usd": "market_usd"})
    shares = cells.merge(market, on=keys).merge(
        values, on=[*keys, "period", "partner"], how="left", indicator="recorded"
    )
    absent = shares["recorded"] == "left_only"
    shares["value_usd"] = shares["value_usd"].mask(absent, 0.0)
    shares["share_pct"] = percent_of(shares["value_usd"], shares["market_usd"])

    order = [*keys, "period", "value_usd", "partner"]
    shares = shares.sort_values(
        order, ascending=[column != "value_usd" for column in order], ignore_index=True
    )
    place = shares.groupby([*keys, "period"]).cumcount() + 1
    shares["rank"] = place.where(shares["value_usd"] > 0).astype("Int64")

    shares = with_base(shares, [*keys, "partner"], ["value_usd", "share_pct"], lag)
    shares["change_usd"] = shares["value_usd"] - shares["base_value_usd"]
    shares["change_pct"] = percent_change(shares["value_usd"], shares["base_value_usd"])
    shares["share_change_pp"] = shares["share_pct"] - shares["base_share_pct"]
    first = [*keys, "period", "partner", "value_usd", "share_pct", "rank"]
    last = ["base_period", "base_value_usd", "base_share_pct"]
    return shares[[*first, *last, "change_usd", "change_pct", "share_change_pp"]]


def concentration(
    flows: pd.DataFrame, by: By = "segment", scope: By = CORE, groups: Groups | None = None
) -> pd.DataFrame:
    """Concentration of a market's suppliers.

    Parameters
    ----------
    flows, by, scope, groups
        As in :func:`supplier_shares`. The EU as one supplier is more concentrated than as 27, so
        the result says which it is.

    Returns
    -------
    DataFrame
        *by*, ``scope, period``; ``suppliers_counted`` ("each apart" or "EU27 as one");
        ``hhi`` (Σ s², 1/n to 1); ``hhi_normalised`` (UNCTAD, 0 to 1, NaN of one supplier);
        ``first_supplier, first_supplier_share_pct`` (dependence); ``suppliers_for_80_pct``;
        ``n_suppliers`` (with sales above zero).
    """
    keys = [*as_keys(by), "scope", "period"]
    shares = supplier_shares(flows, by, scope, groups)
    shares = shares[shares["value_usd"] > 0]
    shares = shares.assign(square=(shares["share_pct"] / 100) ** 2)
    # Largest first, so the suppliers needed for 80 % are those before which it is not reached.
    before = shares.groupby(keys)["share_pct"].cumsum() - shares["share_pct"]
    shares["needed"] = before < 80 - _ROUNDING_PCT
    result = (
        shares.groupby(keys)
        .agg(
            hhi=("square", "sum"),
            first_supplier=("partner", "first"),
            first_supplier_share_pct=("share_pct", "first"),
            suppliers_for_80_pct=("needed", "sum"),
            n_suppliers=("partner", "size"),
        )
        .reset_index()
    )
    counted = f"{', '.join(groups)} as one" if groups else "each apart"
    result.insert(len(keys), "suppliers_counted", counted)
    normalised = normalised_herfindahl(result["hhi"], result["n_suppliers"].astype(float))
    result.insert(len(keys) + 2, "hhi_normalised", normalised)
    return result


def position(
    flows: pd.DataFrame,
    exporters: Mapping[str, Sequence[str]] | Sequence[str],
    by: By = "segment",
    scope: By = SCOPES,
    lag: int = 1,
) -> pd.DataFrame:
    """Position of each exporter in the market, against the market's own growth.

    Parameters
    ----------
    flows, by, scope, lag
        As in :func:`supplier_shares`.
    exporters : mapping of str to sequence of str, or sequence of str
        ``{"EU27": [27 members], "DEU": ["DEU"]}``, or plain ISO3 codes. Each exporter is ranked
        alone: a group against single countries, a member against its fellow members too.

    Returns
    -------
    DataFrame
        *by*, ``scope, period, exporter, value_usd, share_pct, rank, n_suppliers, base_period,
        base_value_usd, change_usd, change_pct, share_change_pp, market_value_usd,
        market_change_pct, growth_gap_pp`` (the exporter's growth less the market's). An exporter
        without sales has value and share 0 and no rank.
    """
    members = exporters if isinstance(exporters, Mapping) else {name: [name] for name in exporters}
    keys = [*as_keys(by), "scope", "period"]
    parts = []
    apart: pd.DataFrame | None = None  # single countries all stand in the same ranking
    for exporter, countries in members.items():
        if list(countries) != [exporter]:
            shares = supplier_shares(flows, by, scope, {exporter: countries}, lag)
        else:
            apart = supplier_shares(flows, by, scope, None, lag) if apart is None else apart
            shares = apart
        sums = shares.groupby(keys)[["value_usd", "base_value_usd"]].sum(min_count=1)
        market = sums.rename(columns=lambda name: f"market_{name}")
        market["n_suppliers"] = (shares["value_usd"] > 0).groupby([shares[k] for k in keys]).sum()
        market["base_period"] = shares.groupby(keys)["base_period"].first()
        own = shares[shares["partner"] == exporter].drop(columns=["partner", "base_period"])
        place = market.reset_index().merge(own, on=keys, how="left", indicator="sells")
        # No row at all in any period: nothing was ever recorded, which is 0 and not unknown.
        never = place.pop("sells") == "left_only"
        based = place["market_base_value_usd"].notna()
        place.loc[never, ["value_usd", "share_pct"]] = 0.0
        place.loc[never & based, ["base_value_usd", "change_usd", "share_change_pp"]] = 0.0
        place.insert(len(keys), "exporter", exporter)
        parts.append(place)
    if not parts:
        raise ValueError("exporters is empty")
    result = pd.concat(parts, ignore_index=True)
    result["market_change_pct"] = percent_change(
        result["market_value_usd"], result["market_base_value_usd"]
    )
    result["growth_gap_pp"] = result["change_pct"] - result["market_change_pct"]
    order = {name: place for place, name in enumerate(members)}
    result = result.sort_values(
        [*keys, "exporter"],
        key=lambda column: column.map(order) if column.name == "exporter" else column,
        ignore_index=True,
    )
    own_columns = ["value_usd", "share_pct", "rank", "n_suppliers", "base_period"]
    changes = ["base_value_usd", "change_usd", "change_pct", "share_change_pp"]
    against = ["market_value_usd", "market_change_pct", "growth_gap_pp"]
    return result[[*keys, "exporter", *own_columns, *changes, *against]]


def specialisation(
    matrix: pd.DataFrame,
    segments: pd.DataFrame,
    scope: By = CORE,
    groups: Groups | None = None,
) -> pd.DataFrame:
    """Show what each supplier is specialised in, *as seen through one reporter's imports*.

    The index compares a segment's weight in what the supplier sells to this reporter with its
    weight in all the reporter's imports. It is not the supplier's specialisation in the world:
    distance, duties and supply chains between the two countries are in it.

    Parameters
    ----------
    matrix : DataFrame
        ``partner, cmd_code, value_usd`` over **all** HS6 codes of one period, and optionally
        ``period`` if there are several.
    segments : DataFrame
        ``segment, cmd_code, scope``, one row a code.
    scope, groups
        As in :func:`supplier_shares`.

    Returns
    -------
    DataFrame
        ``period`` (if given), ``segment, scope, partner, value_usd, supplier_total_usd,
        segment_share_of_supplier_pct, rca_in_market, rsca_in_market``. Every supplier of anything
        appears in every segment; where nobody sells, the indices are NaN.
    """
    require(matrix, ["partner", "cmd_code", "value_usd"], "matrix")
    require(segments, ["segment", "cmd_code", "scope"], "segments")
    if segments["cmd_code"].duplicated().any():
        raise ValueError("segments holds a code twice")
    suppliers = pool(matrix, groups)
    if "period" not in suppliers:
        return _specialisation(suppliers, segments, scope)
    parts = [
        _specialisation(rows, segments, scope).assign(period=period)
        for period, rows in suppliers.groupby("period")
    ]
    result = pd.concat(parts, ignore_index=True)
    return result[["period", *result.columns.drop("period")]]


def _specialisation(suppliers: pd.DataFrame, segments: pd.DataFrame, scope: By) -> pd.DataFrame:
    whole = suppliers.groupby("partner")["value_usd"].sum()
    whole = whole[whole > 0]
    figures = suppliers[["partner", "cmd_code", "value_usd"]]
    parts = []
    for label in [scope] if isinstance(scope, str) else scope:
        codes = in_scope(segments, label)[["cmd_code", "segment"]]
        sold = figures.merge(codes, on="cmd_code").pivot_table(
            index="partner", columns="segment", values="value_usd", aggfunc="sum", fill_value=0
        )
        names = pd.Index(sorted(codes["segment"].unique()), name="segment")
        sold = sold.reindex(index=whole.index, columns=names, fill_value=0)
        # The rest of each supplier's trade is one more column, so that the margins are complete.
        rest = (whole - sold.sum(axis=1)).clip(lower=0).to_frame("")
        rca = balassa(pd.concat([sold, rest], axis=1)).drop(columns="")
        long = sold.reset_index().melt("partner", var_name="segment", value_name="value_usd")
        long["rca_in_market"] = rca.melt()["value"]
        parts.append(long.assign(scope=label))
    result = pd.concat(parts, ignore_index=True)
    result["supplier_total_usd"] = result["partner"].map(whole)
    result["segment_share_of_supplier_pct"] = percent_of(
        result["value_usd"], result["supplier_total_usd"]
    )
    result["rsca_in_market"] = symmetric(result["rca_in_market"])
    first = ["segment", "scope", "partner", "value_usd", "supplier_total_usd"]
    result = result.sort_values(["segment", "scope", "partner"], ignore_index=True)
    return result[[*first, "segment_share_of_supplier_pct", "rca_in_market", "rsca_in_market"]]

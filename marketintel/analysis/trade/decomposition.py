"""Causes of a change in an exporter's sales: market growth, product mix, competitiveness.

This is constant market share analysis. Notation, per code p of a group: X the exporter's sales, M
the market's imports, s = X/M, 0 and 1 the base and end period; without p, sums over the group.
Every term is computed directly from these and none is a remainder, so that a test can compare
their sum with the change.

====================  ==============================  ==========================================
term                  base-year weights               end-year weights
====================  ==============================  ==========================================
market growth         g·X0,  g = ΔM/M0                h·X1,  h = ΔM/M1
product mix           Σ (g_p − g)·X_p0                Σ (h_p − h)·X_p1
competitiveness       Σ Δs_p·M_p0                     Σ Δs_p·M_p1
interaction           Σ Δs_p·ΔM_p                     −Σ Δs_p·ΔM_p
====================  ==============================  ==========================================

A code that the market imported in only one of the two periods has no change of share. Its sales,
gained or lost, came with the demand for the code: they are product mix under either weighting.
"""

from collections.abc import Sequence

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
)

WEIGHTS = ("base_year", "end_year")
TERMS = ["market_growth_usd", "product_mix_usd", "competitiveness_usd", "interaction_usd"]


def constant_market_share(
    flows: pd.DataFrame,
    members: Sequence[str],
    base: str,
    end: str,
    by: By = "segment",
    scope: By = SCOPES,
) -> pd.DataFrame:
    """Decompose the change of an exporter's sales to the market, under both weightings.

    Parameters
    ----------
    flows : DataFrame
        All suppliers of the market, in both periods.
    members : sequence of str
        ISO3 of the exporter's members, summed as one: 27 for the EU, one for a country.
    base, end : str
        The two periods.
    by, scope
        As in :func:`marketintel.analysis.trade.trade.import_demand`. ``by=()`` takes the whole
        portfolio as one group, so that demand moving between segments is product mix too.

    Returns
    -------
    DataFrame
        *by*, ``scope, weights`` ("base_year" or "end_year"), ``base_value_usd, value_usd,
        change_usd, market_growth_usd, product_mix_usd, competitiveness_usd, interaction_usd,
        new_or_gone_usd`` (the part of product mix from codes imported in one period only),
        ``n_codes, n_codes_missing`` (codes left out because a figure is missing).
        NaN where the market imported nothing in the period that gives the weights.
    """
    codes = drivers(flows, members, base, end, by, scope)
    keys = [*as_keys(by), "scope", "weights"]
    figures = ["base_value_usd", "value_usd", "change_usd", *TERMS, "new_or_gone_usd"]
    # One undefined code means an undefined group: the group's own growth has no base.
    sums = codes[~codes["missing"]].groupby(keys)[figures].sum(skipna=False)
    counts = codes.groupby(keys)["missing"].agg(n_codes="size", n_codes_missing="sum")
    counts["n_codes"] -= counts["n_codes_missing"]
    table: pd.DataFrame = counts[[]].join(sums).join(counts)
    return table.reset_index()


def drivers(
    flows: pd.DataFrame,
    members: Sequence[str],
    base: str,
    end: str,
    by: By = "segment",
    scope: By = SCOPES,
) -> pd.DataFrame:
    """Give the same terms code by code, to show which codes the change comes from.

    Parameters
    ----------
    flows, members, base, end, by, scope
        As in :func:`constant_market_share`.

    Returns
    -------
    DataFrame
        *by*, ``scope, weights, rank, cmd_code``, the figures of :func:`constant_market_share`,
        ``base_share_pct, share_pct, market_change_usd, missing``; ranked by the size of
        ``change_usd`` within its group, ties by code. A code with a missing figure in either
        period has ``missing`` true, no terms and no rank.

    Raises
    ------
    ValueError
        As for every frame, and if `base` and `end` are one period or absent from `flows`.
    """
    group = [*as_keys(by), "scope"]
    check_flows(flows, as_keys(by))
    if base == end:
        raise ValueError(f"base and end are both {base}")
    absent = [period for period in (base, end) if not (flows["period"] == period).any()]
    if absent:
        raise ValueError(f"flows has no rows for {', '.join(absent)}")
    codes = _sales_and_market(in_scope(flows, scope), group, members, base, end)
    parts = [_terms(codes, group, weights) for weights in WEIGHTS]
    result = pd.concat(parts, ignore_index=True)
    keys = [*group, "weights"]
    result["size"] = result["change_usd"].abs()
    result = result.sort_values(
        [*keys, "size", "cmd_code"], ascending=[True] * len(keys) + [False, True], ignore_index=True
    )
    place = result.groupby(keys).cumcount() + 1
    result["rank"] = place.mask(result["missing"]).astype("Int64")
    first = [*keys, "rank", "cmd_code", "base_value_usd", "value_usd", "change_usd", *TERMS]
    last = ["new_or_gone_usd", "base_share_pct", "share_pct", "market_change_usd", "missing"]
    return result[[*first, *last]]


def _sales_and_market(
    rows: pd.DataFrame, group: list[str], members: Sequence[str], base: str, end: str
) -> pd.DataFrame:
    """One row a code: x0, x1, m0, m1, and whether any figure behind them is missing."""
    rows = rows[rows["period"].isin([base, end])]
    rows = rows.assign(
        x=rows["value_usd"].where(rows["partner"].isin(list(members)), 0.0),
        m=rows["value_usd"],
        missing=rows["value_usd"].isna(),
    )
    key = [*group, "cmd_code"]
    codes = rows.groupby(key)["missing"].any().reset_index()
    for period, mark in ((base, "0"), (end, "1")):
        sums = total(rows[rows["period"] == period], key, ["x", "m"])
        codes = codes.merge(sums.rename(columns={"x": f"x{mark}", "m": f"m{mark}"}), "left", on=key)
    # Without a row in the period nothing was recorded; missing figures are marked apart.
    figures = ["x0", "m0", "x1", "m1"]
    codes[figures] = codes[figures].fillna(0.0).mask(codes["missing"], axis=0)
    return codes


def _terms(codes: pd.DataFrame, group: list[str], weights: str) -> pd.DataFrame:
    x0, x1, m0, m1 = (codes[name] for name in ("x0", "x1", "m0", "m1"))
    s0, s1 = x0 / m0.where(m0 > 0), x1 / m1.where(m1 > 0)
    change_of_share = (s1 - s0).fillna(0.0).mask(codes["missing"])
    change_of_market = m1 - m0
    one_sided = (m0 > 0) != (m1 > 0)

    weighed_x, weighed_m = (x0, m0) if weights == "base_year" else (x1, m1)
    sign = 1 if weights == "base_year" else -1
    whole = codes.assign(m=weighed_m, change=change_of_market).groupby(group)[["m", "change"]]
    sums = whole.transform("sum")
    growth = sums["change"] / sums["m"].where(sums["m"] > 0)
    code_growth = (change_of_market / weighed_m.where(weighed_m > 0)).fillna(0.0)
    # Demand that appeared or vanished brings or takes the exporter's sales with it.
    moved = (x1 - x0).where(one_sided & (weighed_m == 0), 0.0)
    market_growth = growth * weighed_x
    product_mix = code_growth * weighed_x - market_growth + moved
    return codes[[*group, "cmd_code", "missing"]].assign(
        weights=weights,
        base_value_usd=x0,
        value_usd=x1,
        change_usd=x1 - x0,
        market_growth_usd=market_growth,
        product_mix_usd=product_mix,
        competitiveness_usd=change_of_share * weighed_m,
        interaction_usd=sign * change_of_share * change_of_market,
        new_or_gone_usd=product_mix.where(one_sided | product_mix.isna(), 0.0),
        base_share_pct=100 * s0,
        share_pct=100 * s1,
        market_change_usd=change_of_market,
    )


def leave_one_out(
    flows: pd.DataFrame, members: Sequence[str], base: str, end: str, scope: By = CORE
) -> pd.DataFrame:
    """Headline figures without the segment that moves each most.

    Parameters
    ----------
    flows, members, base, end
        As in :func:`constant_market_share`; duties of the exporter where the columns are there.
    scope : str
        One scope.

    Returns
    -------
    DataFrame
        Indexed by measure: ``change_usd, change_pct`` (imports), ``share_pct, share_change_pp,
        sold_change_usd, sold_change_pct, duty_pct, duty_change_pp`` (the exporter); ``value``
        over all segments, ``segment``, ``without`` (the value over the others),
        ``segment_change_pct`` (of its imports) and ``moved``: whether leaving the segment out
        moves the value by more than half of it. NaN and False with fewer than two segments.
    """
    check_flows(flows, ["segment"])
    rows = in_scope(flows[flows["period"].isin([base, end])], scope)
    own = rows["partner"].isin(list(members))
    duties = rows["duties_usd"] if "duties_usd" in rows else rows["value_usd"] * float("nan")
    figures = {
        "market": rows["value_usd"],
        "sold": rows["value_usd"].where(own),
        "duties": duties.where(own & rows["value_usd"].notna()),
        "dutied": rows["value_usd"].where(own & duties.notna()),
    }
    table = pd.DataFrame(
        {
            f"{name}{mark}": values.where(rows["period"] == period, 0.0)
            .groupby(rows["segment"])
            .sum()
            for name, values in figures.items()
            for mark, period in enumerate((base, end))
        }
    )
    whole = _headline(table.agg(["sum"])).loc["sum"]
    others = [table.drop(segment).sum() for segment in table.index]
    rest = _headline(pd.DataFrame(others, index=table.index, columns=table.columns)).T
    if len(table) < 2:
        rest = rest.astype(float) * float("nan")
    off = rest.sub(whole, axis=0).abs()
    first = {str(m): str(row.idxmax()) for m, row in off.dropna(how="all").iterrows()}
    without = {m: rest.loc[m, segment] for m, segment in first.items()}
    growth = percent_change(table["market1"], table["market0"])
    found = pd.DataFrame({"value": whole})
    found["segment"] = pd.Series(first, dtype="object").reindex(whole.index)
    found["without"] = pd.Series(without, dtype="float64").reindex(whole.index)
    found["segment_change_pct"] = found["segment"].map(growth).astype(float)
    found["moved"] = (found["without"] - whole).abs() > whole.abs() / 2
    return found.rename_axis("measure")


def _headline(f: pd.DataFrame) -> pd.DataFrame:
    """Return the headline figures of sums over segments, one row a sum; NaN without a base."""
    share = [percent_of(f[f"sold{mark}"], f[f"market{mark}"]) for mark in (0, 1)]
    duty = [percent_of(f[f"duties{mark}"], f[f"dutied{mark}"]) for mark in (0, 1)]
    return pd.DataFrame(
        {
            "change_usd": f["market1"] - f["market0"],
            "change_pct": percent_change(f["market1"], f["market0"]),
            "share_pct": share[1],
            "share_change_pp": share[1] - share[0],
            "sold_change_usd": f["sold1"] - f["sold0"],
            "sold_change_pct": percent_change(f["sold1"], f["sold0"]),
            "duty_pct": duty[1],
            "duty_change_pp": duty[1] - duty[0],
        }
    )

"""Effective calculated duties of suppliers at entry, between competitors and over time.

The figures are the customs authority's calculated duties: an estimate at entry, before refunds
and drawback, averaged over a period in which measures may have changed. They are not a tariff
rate in force today, and no statutory rate is ever subtracted from them.
"""

from collections.abc import Sequence

import pandas as pd

from marketintel.analysis.trade.frames import (
    CORE,
    By,
    Groups,
    as_keys,
    check_flows,
    in_scope,
    percent_of,
    pool,
    total,
    with_base,
)

_DUTY_COLUMNS = ("dutiable_value_usd", "duties_usd")


def effective_duty(
    flows: pd.DataFrame,
    by: By = ("segment", "partner"),
    scope: By = CORE,
    groups: Groups | None = None,
    lag: int = 1,
) -> pd.DataFrame:
    """Duties as per cent of customs value (the headline) and of dutiable value.

    Parameters
    ----------
    flows : DataFrame
        With ``dutiable_value_usd`` and ``duties_usd``; ``value_usd`` is the customs value.
    by, scope, lag
        As in :func:`marketintel.analysis.trade.trade.import_demand`.
    groups : mapping of str to sequence of str, optional
        Suppliers to pool into one, for example ``{"EU27": [...]}``.

    Returns
    -------
    DataFrame
        *by*, ``scope, period, customs_value_usd, dutiable_value_usd, duties_usd,
        effective_duty_pct`` (duties ÷ customs value), ``duty_on_dutiable_pct`` (duties ÷ dutiable
        value), ``dutiable_share_pct`` (dutiable ÷ customs value), ``covered_pct`` (value of the
        rows whose duties are known, per cent of all), ``base_period, effective_duty_change_pp``.
        The sums hold only rows with both value and duties. A rate on a value that is zero or
        missing is NaN, never 0.
    """
    keys = [*as_keys(by), "scope"]
    check_flows(flows, [*as_keys(by), *_DUTY_COLUMNS])
    rows = _known(in_scope(pool(flows, groups), scope))
    sums = ["value_usd", "customs_value_usd", *_DUTY_COLUMNS]
    duty = total(rows, [*keys, "period"], sums)
    customs = duty["customs_value_usd"]
    duty["effective_duty_pct"] = percent_of(duty["duties_usd"], customs)
    duty["duty_on_dutiable_pct"] = percent_of(duty["duties_usd"], duty["dutiable_value_usd"])
    duty["dutiable_share_pct"] = percent_of(duty["dutiable_value_usd"], customs)
    duty["covered_pct"] = percent_of(customs.fillna(0), duty["value_usd"])
    duty = with_base(duty, keys, ["effective_duty_pct"], lag)
    duty["effective_duty_change_pp"] = duty["effective_duty_pct"] - duty["base_effective_duty_pct"]
    duty = duty.drop(columns=["value_usd", "base_effective_duty_pct"])
    return duty.sort_values([*keys, "period"], ignore_index=True)


def duty_gap(
    flows: pd.DataFrame,
    reference: str,
    by: By = "segment",
    scope: By = CORE,
    groups: Groups | None = None,
) -> pd.DataFrame:
    """Difference of each competitor's duty to a reference exporter's, in percentage points.

    A raw gap also compares two baskets of goods. The like-for-like gap gives the competitor the
    reference exporter's basket: its own rate on each code, weighted with what the *reference*
    sells, over the codes that both sell; the reference's rate is taken over the same codes.

    Parameters
    ----------
    flows, by, scope, groups
        As in :func:`effective_duty`; `by` without ``partner``.
    reference : str
        ISO3 of a supplier, or the name of one of `groups`.

    Returns
    -------
    DataFrame
        *by*, ``scope, period, partner, customs_value_usd, effective_duty_pct,
        reference_duty_pct, gap_pp`` (above zero: the competitor pays more),
        ``like_for_like_duty_pct, reference_like_for_like_pct, like_for_like_gap_pp,
        reference_covered_pct`` (the codes both sell, per cent of the reference's sales). Largest
        competitor first; without a common code the like-for-like columns are NaN.

    Raises
    ------
    ValueError
        As for every frame, and if `reference` sells nothing in `flows`.
    """
    if "partner" in as_keys(by):
        raise ValueError("by must not name partner: the result has one row a competitor anyway")
    keys = [*as_keys(by), "scope", "period"]
    check_flows(flows, [*as_keys(by), *_DUTY_COLUMNS])
    rows = _known(in_scope(pool(flows, groups), scope))
    codes = total(rows, [*keys, "partner", "cmd_code"], ["customs_value_usd", "duties_usd"])
    codes = codes[codes["customs_value_usd"] > 0]
    if reference not in set(codes["partner"]):
        raise ValueError(f"the reference exporter {reference} has no duties in flows")

    raw = total(codes, [*keys, "partner"], ["customs_value_usd", "duties_usd"])
    raw["effective_duty_pct"] = percent_of(raw["duties_usd"], raw["customs_value_usd"])
    own = raw[raw["partner"] == reference].set_index(keys)
    own_codes = codes[codes["partner"] == reference].drop(columns="partner")
    both = codes[codes["partner"] != reference].merge(
        own_codes, on=[*keys, "cmd_code"], suffixes=("", "_own")
    )
    both["reweighted_usd"] = (
        both["customs_value_usd_own"] * both["duties_usd"] / both["customs_value_usd"]
    )
    alike = total(
        both, [*keys, "partner"], ["reweighted_usd", "customs_value_usd_own", "duties_usd_own"]
    )
    gap = raw[raw["partner"] != reference].merge(alike, on=[*keys, "partner"], how="left")
    basis = gap["customs_value_usd_own"]
    gap = gap.join(own["effective_duty_pct"].rename("reference_duty_pct"), on=keys)
    gap = gap.join(own["customs_value_usd"].rename("reference_usd"), on=keys)
    gap["gap_pp"] = gap["effective_duty_pct"] - gap["reference_duty_pct"]
    gap["like_for_like_duty_pct"] = percent_of(gap["reweighted_usd"], basis)
    gap["reference_like_for_like_pct"] = percent_of(gap["duties_usd_own"], basis)
    gap["like_for_like_gap_pp"] = gap["like_for_like_duty_pct"] - gap["reference_like_for_like_pct"]
    gap["reference_covered_pct"] = percent_of(basis.fillna(0), gap["reference_usd"])
    order = [*keys, "customs_value_usd", "partner"]
    gap = gap.sort_values(
        order, ascending=[column != "customs_value_usd" for column in order], ignore_index=True
    )
    plain = ["customs_value_usd", "effective_duty_pct", "reference_duty_pct", "gap_pp"]
    like = ["like_for_like_duty_pct", "reference_like_for_like_pct", "like_for_like_gap_pp"]
    return gap[[*keys, "partner", *plain, *like, "reference_covered_pct"]]


def duty_wedge(
    flows: pd.DataFrame,
    of: Sequence[str],
    against: Sequence[str],
    base: str,
    end: str,
    by: By = "segment",
    scope: By = CORE,
) -> pd.DataFrame:
    """Duty on a supplier's sales above what they would bear at another's rates, code by code.

    With ``V`` the customs value of `of` in `end` and ``r``, ``q`` the rates of `of` and `against`
    on a code: ``gap_usd = Σ V·(r − q)`` over the codes that both sell, and ``rise_gap_usd =
    Σ V·(Δr − Δq)`` over those that both sold in `base` too. Rates, gaps and amounts thus all
    stand on one basket, that of `of` in `end`.

    Parameters
    ----------
    flows, by, scope
        As in :func:`effective_duty`; `by` without ``partner``.
    of, against : sequence of str
        ISO3 of the members of either side, pooled.
    base, end : str
        The two periods.

    Returns
    -------
    DataFrame
        *by*, ``scope, duty_pct, against_duty_pct, gap_pp, gap_usd, covered_pct`` (codes that both
        sell, per cent of the sales of `of`), ``rise_pp, against_rise_pp, rise_gap_pp,
        rise_gap_usd, rise_covered_pct``. Without a common code all but the cover are NaN.
    """
    keys = [*as_keys(by), "scope"]
    check_flows(flows, [*as_keys(by), *_DUTY_COLUMNS])
    rows = _known(in_scope(flows[flows["period"].isin([base, end])], scope))

    def rates(partners: Sequence[str], period: str) -> pd.DataFrame:
        chosen = rows[rows["partner"].isin(list(partners)) & (rows["period"] == period)]
        sums = total(chosen, [*keys, "cmd_code"], ["customs_value_usd", "duties_usd"])
        sums = sums.set_index([*keys, "cmd_code"])
        return sums.assign(rate=percent_of(sums["duties_usd"], sums["customs_value_usd"]))

    codes = rates(of, end)
    value, r, q = codes["customs_value_usd"], codes["rate"], rates(against, end)["rate"]
    change = pd.DataFrame({"r": r - rates(of, base)["rate"], "q": q - rates(against, base)["rate"]})
    terms = codes[[]].assign(whole=value, duty=value * r, against_duty=value * q)
    terms = terms.assign(rise=value * change["r"], against_rise=value * change["q"])
    sides = {"": ("duty", "against_duty"), "rise_": ("rise", "against_rise")}
    for prefix, (own, other) in sides.items():
        both = terms[own].notna() & terms[other].notna()
        terms[[own, other]] = terms[[own, other]].where(both, axis=0)
        terms[f"{prefix}basket"] = terms["whole"].where(both)
    sums = terms.groupby(keys).sum(min_count=1)
    found = sums[[]]
    for prefix, (own, other) in sides.items():
        basket = sums[f"{prefix}basket"]
        found[f"{own}_pct" if not prefix else f"{own}_pp"] = sums[own] / basket
        found[f"{other}_pct" if not prefix else f"{other}_pp"] = sums[other] / basket
        found[f"{prefix}gap_pp"] = (sums[own] - sums[other]) / basket
        found[f"{prefix}gap_usd"] = (sums[own] - sums[other]) / 100
        found[f"{prefix}covered_pct"] = percent_of(basket.fillna(0), sums["whole"])
    return found.reset_index()


def _known(rows: pd.DataFrame) -> pd.DataFrame:
    """Blank the duty figures of rows that lack value or duties; they belong to no rate."""
    known = rows["value_usd"].notna() & rows["duties_usd"].notna()
    return rows.assign(
        customs_value_usd=rows["value_usd"].where(known),
        dutiable_value_usd=rows["dutiable_value_usd"].where(known),
        duties_usd=rows["duties_usd"].where(known),
    )

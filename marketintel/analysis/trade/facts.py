"""Facts read by the rules of :mod:`marketintel.analysis.trade.signals`: one row a segment."""

from collections.abc import Sequence

import pandas as pd

from marketintel.analysis.trade.duties import duty_wedge, effective_duty
from marketintel.analysis.trade.frames import CORE, By, Groups, in_scope, percent_of, require
from marketintel.analysis.trade.suppliers import position, supplier_shares
from marketintel.analysis.trade.trade import largest_code

_KEYS = ["segment", "scope"]
_NAN = float("nan")

#: Name under which the largest competitor of each segment is compared; no code of an economy.
_RIVAL = "largest competitor"

#: What the rules read of :func:`marketintel.analysis.trade.duties.duty_wedge`, by whose basket it is.
_GAP = ("duty_pct", "against_duty_pct", "gap_pp", "gap_usd", "covered_pct")
_RISE = ("rise_pp", "against_rise_pp", "rise_gap_pp", "rise_gap_usd", "rise_covered_pct")
_WEDGES = {
    "competitor_basket": (*_GAP, *_RISE),
    "exporter_basket": _GAP,
    "exporter_others": _RISE,
}


def segment_facts(
    flows: pd.DataFrame,
    exporter: str,
    members: Sequence[str],
    base: str,
    end: str,
    scope: By = CORE,
    specialisation: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Gather, per segment, the position of one exporter in one market and its change.

    Parameters
    ----------
    flows : DataFrame
        All suppliers of the reporter; see :mod:`marketintel.analysis.trade.frames`. Without the duty
        columns the duty facts are NaN.
    exporter : str
        Name of the exporter, for example "EU27" or "FRA".
    members : sequence of str
        ISO3 of its members; ``["FRA"]`` for a country.
    base, end : str
        The two periods compared.
    scope : str or sequence of str
        ``"core"`` (the default), ``"core+broad"`` or both.
    specialisation : DataFrame, optional
        Result of :func:`marketintel.analysis.trade.suppliers.specialisation` **for the period** `end`
        with the exporter pooled in the same way.

    Returns
    -------
    DataFrame
        ``segment, scope, reporter, exporter, base_period, period``;
        ``market_value_usd, market_change_pct, market_share_of_all_pct`` (segment ÷ all segments);
        ``exporter_value_usd, exporter_base_value_usd, exporter_base_share_pct,
        exporter_share_pct, share_change_pp, exporter_rank``; ``portfolio_share_pct`` (the
        exporter's share over all segments);
        ``competitor`` (largest other supplier), ``competitor_value_usd, competitor_share_pct``;
        ``exporter_duty_pct, exporter_duty_change_pp, others_duty_change_pp,
        competitor_duty_change_pp`` (each on its own basket); the columns of
        :func:`marketintel.analysis.trade.duties.duty_wedge` with a prefix that says whose basket and
        against whom: ``competitor_basket_`` (competitor against exporter), ``exporter_basket_``
        (exporter against competitor), ``exporter_others_`` (exporter against all others);
        ``largest_code, largest_code_share_pct`` (of the exporter's
        sales), ``n_codes`` (that the market imports); ``rca_in_market``.
    """
    require(flows, ["segment", "partner", "period", "cmd_code", "value_usd"], "flows")
    both = flows[flows["period"].isin([base, end])]
    groups = None if list(members) == [exporter] else {exporter: members}
    facts = _position(both, exporter, members, end, scope)
    facts = facts.merge(_competitor(both, exporter, groups, end, scope), "left", on=_KEYS)
    facts = facts.merge(_codes(both, members, end, scope), "left", on=_KEYS)
    facts = _with_duties(facts, both, exporter, members, groups, base, end)
    facts["rca_in_market"] = _NAN
    if specialisation is not None:
        own = specialisation[specialisation["partner"] == exporter]
        if "period" in own:
            own = own[own["period"] == end]
        rca = own.set_index(_KEYS)["rca_in_market"]
        facts["rca_in_market"] = facts[_KEYS].join(rca, on=_KEYS)["rca_in_market"]
    reporter = flows["reporter"].iloc[0] if "reporter" in flows and len(flows) else ""
    labels = {"reporter": reporter, "exporter": exporter, "base_period": base, "period": end}
    for place, (name, label) in enumerate(labels.items(), start=len(_KEYS)):
        facts.insert(place, name, label)
    return facts.sort_values(_KEYS, ignore_index=True)


def _position(
    flows: pd.DataFrame, exporter: str, members: Sequence[str], end: str, scope: By
) -> pd.DataFrame:
    place = position(flows, {exporter: members}, "segment", scope)
    place = place[place["period"] == end]
    whole = position(flows, {exporter: members}, (), scope)
    whole = whole[whole["period"] == end].set_index("scope")
    facts = place[[*_KEYS, "market_value_usd", "market_change_pct"]].assign(
        market_share_of_all_pct=percent_of(
            place["market_value_usd"], place["scope"].map(whole["market_value_usd"])
        ),
        exporter_value_usd=place["value_usd"],
        exporter_base_value_usd=place["base_value_usd"],
        exporter_base_share_pct=place["share_pct"] - place["share_change_pp"],
        exporter_share_pct=place["share_pct"],
        share_change_pp=place["share_change_pp"],
        exporter_rank=place["rank"],
        portfolio_share_pct=place["scope"].map(whole["share_pct"]),
    )
    return facts.reset_index(drop=True)


def _competitor(
    flows: pd.DataFrame, exporter: str, groups: Groups | None, end: str, scope: By
) -> pd.DataFrame:
    shares = supplier_shares(flows, "segment", scope, groups)
    others = shares[(shares["period"] == end) & (shares["partner"] != exporter)]
    first = others[others["value_usd"] > 0].groupby(_KEYS).head(1)  # largest come first
    return first[[*_KEYS, "partner", "value_usd", "share_pct"]].rename(
        columns={
            "partner": "competitor",
            "value_usd": "competitor_value_usd",
            "share_pct": "competitor_share_pct",
        }
    )


def _codes(flows: pd.DataFrame, members: Sequence[str], end: str, scope: By) -> pd.DataFrame:
    now = flows[(flows["period"] == end) & (flows["value_usd"] > 0)]
    market = in_scope(now, scope).groupby(_KEYS)["cmd_code"].nunique().rename("n_codes")
    own = largest_code(now[now["partner"].isin(list(members))], "segment", scope)
    own = own.rename(columns={"cmd_code": "largest_code"})
    return market.reset_index().merge(
        own[[*_KEYS, "largest_code", "largest_code_share_pct"]], "left", on=_KEYS
    )


def _with_duties(
    facts: pd.DataFrame,
    flows: pd.DataFrame,
    exporter: str,
    members: Sequence[str],
    groups: Groups | None,
    base: str,
    end: str,
) -> pd.DataFrame:
    changes = [f"{side}_duty_change_pp" for side in ("exporter", "others", "competitor")]
    alike = [f"{whose}_{name}" for whose, names in _WEDGES.items() for name in names]
    facts = facts.assign(**dict.fromkeys(["exporter_duty_pct", *changes, *alike], _NAN))
    known = {"duties_usd", "dutiable_value_usd"} <= set(flows.columns)
    if not known or not flows["duties_usd"].notna().any():
        return facts
    scopes = list(facts["scope"].unique())
    at = [*_KEYS, "partner"]
    others = sorted(set(flows["partner"]) - set(members))

    sides = {exporter: list(members), "all others": others}
    two = effective_duty(flows, ("segment", "partner"), scopes, sides)
    two = two[two["period"] == end].set_index(at)
    each = effective_duty(flows, ("segment", "partner"), scopes, groups)
    each = each[each["period"] == end].set_index(at)
    own = _beside(facts, exporter, two)
    facts["exporter_duty_pct"] = own["effective_duty_pct"]
    beside = (own, _beside(facts, "all others", two), _beside(facts, facts["competitor"], each))
    for column, rows in zip(changes, beside, strict=True):
        facts[column] = rows["effective_duty_change_pp"]
    rivals = facts[facts["competitor"].notna()]
    for scope, part in rivals.groupby("scope"):
        rival = flows["segment"].astype("str").map(part.set_index("segment")["competitor"])
        rows = flows[rival.notna()]
        # Each segment has a rival of its own; under one name all are compared at once.
        rows = rows.assign(
            partner=rows["partner"]
            .astype("str")
            .where(rows["partner"] != rival[rows.index], _RIVAL)
        )
        pairs = {
            "competitor_basket": ([_RIVAL], members),
            "exporter_basket": (members, [_RIVAL]),
            "exporter_others": (members, [*others, _RIVAL]),
        }
        for whose, (of, against) in pairs.items():
            wedge = duty_wedge(rows, of, against, base, end, "segment", str(scope))
            wedge = wedge.set_index("segment")
            for column in _WEDGES[whose]:
                facts.loc[part.index, f"{whose}_{column}"] = part["segment"].map(wedge[column])
    return facts


def _beside(facts: pd.DataFrame, partner: str | pd.Series, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `table` for this partner in each segment and scope of `facts`."""
    at = pd.MultiIndex.from_frame(facts[_KEYS].assign(partner=partner))
    return table.reindex(at).set_axis(facts.index)

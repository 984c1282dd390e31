"""The rules behind opportunities and risks: each one a sentence, a condition and an amount.

A rule reads columns of :func:`marketintel.analysis.trade.facts.segment_facts`. Its amount, in USD a
year, says how much trade or duty a finding is about; it is no forecast. Condition and amount of
a duty rule stand on one basket. Only amounts of one ``measure`` are alike and may be ranked.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of the rules. Percentages of values, ``pp`` for percentage points, money in USD.

    Attributes
    ----------
    min_market_usd : float
        Segments smaller than this give no signal.
    min_exporter_usd : float
        An exporter selling less in the segment than this has no position to lose.
    growth_pct, decline_pct : float
        From which rise or fall demand counts as growing or shrinking.
    share_pp, share_part_pct : float
        From which change a share counts as changed: so many points, or so much of itself,
        whichever is less; small exporters never move by points.
    large_segment_pct : float
        From which part of all segments' imports a segment counts as large.
    foothold_part_pct : float
        An exporter has a foothold from this part of its own share over all segments.
    duty_pp : float
        From which difference duties count as different.
    covered_pct : float
        Part of the sales in the basket that a comparison of duties code by code must cover.
    dependence_pct : float
        Share from which the market counts as dependent on a supplier.
    one_code_pct : float
        Part of the exporter's sales in one code from which it counts as dependent on that code.
    specialised_rca : float
        Revealed comparative advantage from which the exporter counts as specialised.
    front_loaded : tuple of (str, str)
        Reporter and period in which importers are known to have brought purchases forward; a
        fact with a source, so the caller declares it (``reference/market_notes.toml``).
    """

    min_market_usd: float = 50e6
    min_exporter_usd: float = 1e6
    growth_pct: float = 5.0
    decline_pct: float = 5.0
    share_pp: float = 0.5
    share_part_pct: float = 10.0
    large_segment_pct: float = 5.0
    foothold_part_pct: float = 25.0
    duty_pp: float = 2.0
    covered_pct: float = 50.0
    dependence_pct: float = 40.0
    one_code_pct: float = 80.0
    specialised_rca: float = 1.0
    front_loaded: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Rule:
    """One rule: its words, the facts it reads, its condition and its amount in USD.

    ``measure`` is what the amount counts: amounts of different measures are never ranked together.
    """

    id: str
    kind: str
    measure: str
    text: str
    score_text: str
    statement: str
    inputs: tuple[str, ...]
    when: Callable[[pd.DataFrame, Thresholds], pd.Series]
    score_usd: Callable[[pd.DataFrame, Thresholds], pd.Series]


def _established(f: pd.DataFrame, t: Thresholds) -> pd.Series:
    return f["exporter_value_usd"] >= t.min_exporter_usd


def _foothold(f: pd.DataFrame, t: Thresholds) -> pd.Series:
    part = t.foothold_part_pct / 100 * f["portfolio_share_pct"]
    return _established(f, t) & (f["exporter_share_pct"] >= part)


def _share_step(f: pd.DataFrame, t: Thresholds) -> pd.Series:
    return (t.share_part_pct / 100 * f["exporter_base_share_pct"]).clip(upper=t.share_pp)


def _share_up(f: pd.DataFrame, t: Thresholds) -> pd.Series:
    return (
        _established(f, t)
        & (f["share_change_pp"] > 0)
        & (f["share_change_pp"] >= _share_step(f, t))
    )


def _share_down(f: pd.DataFrame, t: Thresholds) -> pd.Series:
    lost = -f["share_change_pp"]
    return (
        (f["exporter_base_value_usd"] >= t.min_exporter_usd)
        & (lost > 0)
        & (lost >= _share_step(f, t))
    )


def _front_loaded(f: pd.DataFrame, t: Thresholds) -> pd.Series:
    pairs = list(zip(f["reporter"], f["period"], strict=True))
    return pd.Series([pair in t.front_loaded for pair in pairs], index=f.index, dtype=bool)


_MARKET = ("market_value_usd", "market_change_pct")
_SHARE = ("exporter_base_share_pct", "exporter_share_pct", "share_change_pp")
_LOST = ("exporter_base_value_usd", *_SHARE)
_WEDGE, _WEDGE_RISE = (
    tuple(f"competitor_basket_{name}" for name in names)
    for names in (
        ("duty_pct", "against_duty_pct", "gap_pp", "gap_usd", "covered_pct"),
        ("rise_pp", "against_rise_pp", "rise_gap_pp", "rise_gap_usd", "rise_covered_pct"),
    )
)
_OWN_WEDGE = tuple(name.replace("competitor", "exporter") for name in _WEDGE)
_OWN_RISE = tuple(name.replace("competitor_basket", "exporter_others") for name in _WEDGE_RISE)
_COVERED = "over codes that make up {covered_pct:g} % or more of "
_STEP = "by at least {share_pp:g} points or {share_part_pct:g} % of itself"
_FOOTHOLD = "{foothold_part_pct:g} % or more of its share over all segments"

RULES: tuple[Rule, ...] = (
    Rule(
        id="share_up_in_growing_market",
        kind="opportunity",
        measure="share gained",
        text="Imports grew by {growth_pct:g} % or more, in a period in which no purchases are "
        "known to have been brought forward, and the exporter's share rose " + _STEP + ".",
        score_text="the share gained, at the market's present size",
        statement="{exporter} gained {share_change_pp:.2f} points, to {exporter_share_pct:.1f} %, "
        "while imports grew by {market_change_pct:.1f} %.",
        inputs=(*_MARKET, "exporter_value_usd", *_SHARE),
        when=lambda f, t: (
            (f["market_change_pct"] >= t.growth_pct) & ~_front_loaded(f, t) & _share_up(f, t)
        ),
        score_usd=lambda f, t: f["share_change_pp"] / 100 * f["market_value_usd"],
    ),
    Rule(
        id="below_own_average",
        kind="opportunity",
        measure="missing share",
        text="The segment is {large_segment_pct:g} % or more of all segments' imports; the "
        "exporter's share is not falling and lies below its share over all segments, but at "
        + _FOOTHOLD
        + ".",
        score_text="the sales that separate the exporter from its share over all segments",
        statement="{exporter} holds {exporter_share_pct:.1f} % here against "
        "{portfolio_share_pct:.1f} % over all segments.",
        inputs=(
            "market_value_usd",
            "market_share_of_all_pct",
            "exporter_value_usd",
            *_SHARE,
            "portfolio_share_pct",
        ),
        when=lambda f, t: (
            (f["market_share_of_all_pct"] >= t.large_segment_pct)
            & _foothold(f, t)
            & (f["share_change_pp"] >= 0)
            & (f["exporter_share_pct"] < f["portfolio_share_pct"])
        ),
        score_usd=lambda f, t: (
            (f["portfolio_share_pct"] - f["exporter_share_pct"]) / 100 * f["market_value_usd"]
        ),
    ),
    Rule(
        id="duty_advantage",
        kind="opportunity",
        measure="duty difference",
        text="On its own basket the largest other supplier pays {duty_pp:g} points or more above "
        "the exporter's rates, "
        + _COVERED
        + "its sales; it pays more on the exporter's basket too; and the exporter's share is "
        + _FOOTHOLD
        + ".",
        score_text="duty on the competitor's sales above what the exporter's rates would bring, "
        "code by code",
        statement="On what {competitor} sells it pays {competitor_basket_duty_pct:.1f} %; the "
        "rates of {exporter} on the same basket are {competitor_basket_against_duty_pct:.1f} %.",
        inputs=(
            "exporter_value_usd",
            "exporter_share_pct",
            "portfolio_share_pct",
            *_WEDGE,
            "exporter_basket_gap_pp",
        ),
        when=lambda f, t: (
            _foothold(f, t)
            & (f["competitor_basket_gap_pp"] >= t.duty_pp)
            & (f["competitor_basket_covered_pct"] >= t.covered_pct)
            & (f["exporter_basket_gap_pp"] < 0)
        ),
        score_usd=lambda f, t: f["competitor_basket_gap_usd"],
    ),
    Rule(
        id="diversification_opening",
        kind="opportunity",
        measure="difference of duty rises",
        text="One other supplier holds {dependence_pct:g} % or more; its duty rose, on its own "
        "basket, by {duty_pp:g} points or more above the exporter's rates, "
        + _COVERED
        + "its sales; and the exporter's share is "
        + _FOOTHOLD
        + ".",
        score_text="that difference of rises on the supplier's sales, code by code",
        statement="{competitor} holds {competitor_share_pct:.1f} %; on what it sells its duty rose "
        "by {competitor_basket_rise_pp:.1f} points, the rates of {exporter} on the same basket by "
        "{competitor_basket_against_rise_pp:.1f}.",
        inputs=(
            "exporter_value_usd",
            "exporter_share_pct",
            "portfolio_share_pct",
            "competitor_share_pct",
            *_WEDGE_RISE,
        ),
        when=lambda f, t: (
            _foothold(f, t)
            & (f["competitor_share_pct"] >= t.dependence_pct)
            & (f["competitor_basket_rise_pp"] > 0)
            & (f["competitor_basket_rise_gap_pp"] >= t.duty_pp)
            & (f["competitor_basket_rise_covered_pct"] >= t.covered_pct)
        ),
        score_usd=lambda f, t: f["competitor_basket_rise_gap_usd"],
    ),
    Rule(
        id="duty_rose_more",
        kind="risk",
        measure="difference of duty rises",
        text="On the exporter's basket its duty rose by {duty_pp:g} points or more above the rates "
        "of all other suppliers together, " + _COVERED + "its sales.",
        score_text="that difference of rises on the exporter's sales, code by code",
        statement="On what {exporter} sells its duty rose by {exporter_others_rise_pp:.1f} points, "
        "the rates of all others on the same basket by {exporter_others_against_rise_pp:.1f}.",
        inputs=("exporter_value_usd", *_OWN_RISE),
        when=lambda f, t: (
            _established(f, t)
            & (f["exporter_others_rise_pp"] > 0)
            & (f["exporter_others_rise_gap_pp"] >= t.duty_pp)
            & (f["exporter_others_rise_covered_pct"] >= t.covered_pct)
        ),
        score_usd=lambda f, t: f["exporter_others_rise_gap_usd"],
    ),
    Rule(
        id="duty_disadvantage",
        kind="risk",
        measure="duty difference",
        text="On its own basket the exporter pays {duty_pp:g} points or more above the rates of "
        "the largest other supplier, " + _COVERED + "its sales.",
        score_text="duty on the exporter's sales above what the competitor's rates would bring, "
        "code by code",
        statement="On what {exporter} sells it pays {exporter_basket_duty_pct:.1f} %; the rates of "
        "{competitor} on the same basket are {exporter_basket_against_duty_pct:.1f} %.",
        inputs=("exporter_value_usd", *_OWN_WEDGE),
        when=lambda f, t: (
            _established(f, t)
            & (f["exporter_basket_gap_pp"] >= t.duty_pp)
            & (f["exporter_basket_covered_pct"] >= t.covered_pct)
        ),
        score_usd=lambda f, t: f["exporter_basket_gap_usd"],
    ),
    Rule(
        id="losing_share_in_growing_market",
        kind="risk",
        measure="share lost",
        text="Imports grew by {growth_pct:g} % or more while the exporter's share fell "
        + _STEP
        + ".",
        score_text="the share lost, at the market's present size",
        statement="{exporter} lost {lost_pp:.2f} points, down to {exporter_share_pct:.1f} %, while "
        "imports grew by {market_change_pct:.1f} %.",
        inputs=(*_MARKET, *_LOST),
        when=lambda f, t: (f["market_change_pct"] >= t.growth_pct) & _share_down(f, t),
        score_usd=lambda f, t: -f["share_change_pp"] / 100 * f["market_value_usd"],
    ),
    Rule(
        id="specialisation_eroding",
        kind="risk",
        measure="share lost",
        text="The exporter is specialised in the segment, as seen in this market (RCA of "
        "{specialised_rca:g} or more), imports grew by less than {growth_pct:g} %, and its share "
        "fell " + _STEP + ".",
        score_text="the share lost, at the market's present size",
        statement="{exporter} is specialised here (RCA {rca_in_market:.1f} in this market) and "
        "lost {lost_pp:.2f} points, down to {exporter_share_pct:.1f} %.",
        inputs=(*_MARKET, *_LOST, "rca_in_market"),
        when=lambda f, t: (
            (f["rca_in_market"] >= t.specialised_rca)
            & (f["market_change_pct"] < t.growth_pct)
            & _share_down(f, t)
        ),
        score_usd=lambda f, t: -f["share_change_pp"] / 100 * f["market_value_usd"],
    ),
    Rule(
        id="one_code_dependence",
        kind="risk",
        measure="sales in one code",
        text="One code carries {one_code_pct:g} % or more of the exporter's sales in a segment "
        "that has several.",
        score_text="the sales in that code above the threshold",
        statement="One code ({largest_code}) carries {largest_code_share_pct:.1f} % of the "
        "sales of {exporter}.",
        inputs=("exporter_value_usd", "largest_code", "largest_code_share_pct", "n_codes"),
        when=lambda f, t: (
            _established(f, t)
            & (f["n_codes"] > 1)
            & (f["largest_code_share_pct"] >= t.one_code_pct)
        ),
        score_usd=lambda f, t: (
            (f["largest_code_share_pct"] - t.one_code_pct) / 100 * f["exporter_value_usd"]
        ),
    ),
    Rule(
        id="shrinking_demand",
        kind="risk",
        measure="demand lost",
        text="Imports fell by {decline_pct:g} % or more.",
        score_text="the exporter's loss had it only kept its earlier share",
        statement="Imports fell by {fell_pct:.1f} %.",
        inputs=(*_MARKET, "exporter_value_usd", "exporter_base_value_usd"),
        when=lambda f, t: _established(f, t) & (f["market_change_pct"] <= -t.decline_pct),
        score_usd=lambda f, t: -f["market_change_pct"] / 100 * f["exporter_base_value_usd"],
    ),
    Rule(
        id="front_loaded_growth",
        kind="risk",
        measure="demand brought forward",
        text="Imports grew by {growth_pct:g} % or more in a period in which purchases are known "
        "to have been brought forward: part of the growth may be taken from the next period.",
        score_text="the exporter's part of the growth, at its earlier share",
        statement="Imports grew by {market_change_pct:.1f} % in {period}, a front-loaded period.",
        inputs=(*_MARKET, "exporter_value_usd", "exporter_base_value_usd"),
        when=lambda f, t: (
            _front_loaded(f, t) & _established(f, t) & (f["market_change_pct"] >= t.growth_pct)
        ),
        score_usd=lambda f, t: f["market_change_pct"] / 100 * f["exporter_base_value_usd"],
    ),
)

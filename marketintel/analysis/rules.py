"""The rules behind opportunities and risks: each one a sentence, a condition and an amount.

A rule reads columns of :func:`marketintel.analysis.facts.segment_facts`. Its amount, in USD a
year, says how much trade or duty a finding is about and ranks the findings; it is no forecast.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Thresholds:
    """When a rule speaks. Percentages of values, ``pp`` for percentage points, money in USD.

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
        Part of the exporter's sales that a like-for-like comparison of duties must cover.
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
    """One rule: what it says, which facts it reads, when it speaks, what it is worth."""

    id: str
    kind: str
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
_ALIKE = ("reference_like_for_like_pct", "like_for_like_duty_pct", "like_for_like_gap_pp")
_STEP = "by at least {share_pp:g} points or {share_part_pct:g} % of itself"
_FOOTHOLD = "{foothold_part_pct:g} % or more of its share over all segments"

RULES: tuple[Rule, ...] = (
    Rule(
        id="share_up_in_growing_market",
        kind="opportunity",
        text="Imports grew by {growth_pct:g} % or more and the exporter's share " + _STEP + ".",
        score_text="the share gained, at the market's present size",
        statement="{exporter} gained {share_change_pp:.2f} points, to {exporter_share_pct:.1f} %, "
        "while imports grew by {market_change_pct:.1f} %.",
        inputs=(*_MARKET, "exporter_value_usd", *_SHARE),
        when=lambda f, t: (f["market_change_pct"] >= t.growth_pct) & _share_up(f, t),
        score_usd=lambda f, t: f["share_change_pp"] / 100 * f["market_value_usd"],
    ),
    Rule(
        id="below_own_average",
        kind="opportunity",
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
        text="The largest other supplier pays {duty_pp:g} points or more above the exporter, like "
        "for like, over codes with {covered_pct:g} % or more of the exporter's sales, and the "
        "exporter's share is " + _FOOTHOLD + ".",
        score_text="what that difference is worth on the competitor's sales",
        statement="On the same codes {competitor} pays {like_for_like_duty_pct:.1f} % and "
        "{exporter} {reference_like_for_like_pct:.1f} %.",
        inputs=(
            "exporter_value_usd",
            "exporter_share_pct",
            "portfolio_share_pct",
            "competitor_value_usd",
            *_ALIKE,
            "reference_covered_pct",
        ),
        when=lambda f, t: (
            _foothold(f, t)
            & (f["like_for_like_gap_pp"] >= t.duty_pp)
            & (f["reference_covered_pct"] >= t.covered_pct)
        ),
        score_usd=lambda f, t: f["like_for_like_gap_pp"] / 100 * f["competitor_value_usd"],
    ),
    Rule(
        id="diversification_opening",
        kind="opportunity",
        text="One other supplier holds {dependence_pct:g} % or more, its effective duty rose by "
        "{duty_pp:g} points or more above the rise for the exporter, and the exporter's share is "
        + _FOOTHOLD
        + ".",
        score_text="what the difference of the two rises is worth on that supplier's sales",
        statement="{competitor} holds {competitor_share_pct:.1f} %; its duty rose by "
        "{competitor_duty_change_pp:.1f} points, that of {exporter} by "
        "{exporter_duty_change_pp:.1f}.",
        inputs=(
            "exporter_value_usd",
            "exporter_share_pct",
            "portfolio_share_pct",
            "competitor_value_usd",
            "competitor_share_pct",
            "competitor_duty_change_pp",
            "exporter_duty_change_pp",
        ),
        when=lambda f, t: (
            _foothold(f, t)
            & (f["competitor_share_pct"] >= t.dependence_pct)
            & (f["competitor_duty_change_pp"] > 0)
            & (f["competitor_duty_change_pp"] - f["exporter_duty_change_pp"] >= t.duty_pp)
        ),
        score_usd=lambda f, t: (
            (f["competitor_duty_change_pp"] - f["exporter_duty_change_pp"])
            / 100
            * f["competitor_value_usd"]
        ),
    ),
    Rule(
        id="duty_rose_more",
        kind="risk",
        text="The exporter's effective duty rose by {duty_pp:g} points or more above the rise for "
        "all other suppliers together.",
        score_text="what the difference of the two rises is worth on the exporter's sales",
        statement="The duty of {exporter} rose by {exporter_duty_change_pp:.1f} points, that of "
        "all others by {others_duty_change_pp:.1f}.",
        inputs=("exporter_value_usd", "exporter_duty_change_pp", "others_duty_change_pp"),
        when=lambda f, t: (
            _established(f, t)
            & (f["exporter_duty_change_pp"] > 0)
            & (f["exporter_duty_change_pp"] - f["others_duty_change_pp"] >= t.duty_pp)
        ),
        score_usd=lambda f, t: (
            (f["exporter_duty_change_pp"] - f["others_duty_change_pp"])
            / 100
            * f["exporter_value_usd"]
        ),
    ),
    Rule(
        id="duty_disadvantage",
        kind="risk",
        text="The exporter pays {duty_pp:g} points or more above the largest other supplier, like "
        "for like, over codes with {covered_pct:g} % or more of the exporter's sales.",
        score_text="what that difference is worth on the exporter's sales",
        statement="On the same codes {exporter} pays {reference_like_for_like_pct:.1f} % and "
        "{competitor} {like_for_like_duty_pct:.1f} %.",
        inputs=("exporter_value_usd", *_ALIKE, "reference_covered_pct"),
        when=lambda f, t: (
            _established(f, t)
            & (f["like_for_like_gap_pp"] <= -t.duty_pp)
            & (f["reference_covered_pct"] >= t.covered_pct)
        ),
        score_usd=lambda f, t: -f["like_for_like_gap_pp"] / 100 * f["exporter_value_usd"],
    ),
    Rule(
        id="losing_share_in_growing_market",
        kind="risk",
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

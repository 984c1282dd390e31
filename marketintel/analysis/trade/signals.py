"""Opportunities and risks: rules with stated thresholds, ranked among amounts of one measure.

The rules themselves are in :mod:`marketintel.analysis.trade.rules`. A rule whose facts are missing
stays silent, and :func:`not_evaluated` lists it.
"""

from collections.abc import Mapping
from dataclasses import asdict

import pandas as pd

from marketintel.analysis.trade.frames import require
from marketintel.analysis.trade.rules import RULES, Rule, Thresholds


def signals(
    facts: pd.DataFrame,
    thresholds: Thresholds | None = None,
    names: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Apply every rule to every segment and rank what they find.

    Parameters
    ----------
    facts : DataFrame
        Result of :func:`marketintel.analysis.trade.facts.segment_facts`.
    thresholds : Thresholds, optional
        The defaults of :class:`Thresholds` if not given.
    names : mapping of str to str, optional
        Names to write instead of ISO3 and HS codes in ``statement``.

    Returns
    -------
    DataFrame
        ``kind`` (opportunity or risk), ``measure`` (what the amount counts), ``rank`` (within
        kind, scope and measure, largest amount first, ties by segment and rule), ``segment,
        scope, exporter, period, rule, rule_text`` (with the thresholds in it), ``statement`` (the
        finding in words), ``score_usd, score_text`` (what the amount counts); then every fact
        that some rule reads, NaN where this rule does not.
    """
    limits = thresholds or Thresholds()
    used = list(dict.fromkeys(name for rule in RULES for name in rule.inputs))
    require(facts, ["segment", "scope", "reporter", "exporter", "period", *used], "facts")
    found = [_apply(rule, facts, limits, names or {}, used) for rule in RULES]
    result = pd.concat(found, ignore_index=True)
    by = ["kind", "scope", "measure", "score_usd", "segment", "rule"]
    result = result.sort_values(by, ascending=[key != "score_usd" for key in by], ignore_index=True)
    result.insert(2, "rank", result.groupby(["kind", "scope", "measure"]).cumcount() + 1)
    return result


def rule_texts(thresholds: Thresholds | None = None) -> pd.DataFrame:
    """List the rules: ``kind, measure, rule, rule_text, score_text``, thresholds in words."""
    limits = asdict(thresholds or Thresholds())
    rows = [(r.kind, r.measure, r.id, r.text.format(**limits), r.score_text) for r in RULES]
    return pd.DataFrame(rows, columns=["kind", "measure", "rule", "rule_text", "score_text"])


def floors_text(thresholds: Thresholds | None = None) -> str:
    """State the thresholds that hold for all rules, and the periods declared front-loaded."""
    limits = thresholds or Thresholds()
    periods = ", ".join(" ".join(pair) for pair in limits.front_loaded) or "none"
    return (
        f"Segments with imports below USD {limits.min_market_usd / 1e6:g} million are not asked, "
        f"nor is an exporter that sells less than USD {limits.min_exporter_usd / 1e6:g} million "
        "there (or sold less before, where it lost share). Periods in which purchases are known to "
        f"have been brought forward: {periods}."
    )


def not_evaluated(facts: pd.DataFrame) -> pd.DataFrame:
    """List the rules that lack facts: ``segment, scope, rule, missing`` (facts, by name)."""
    rows = [
        (segment, scope, rule.id, ", ".join(gaps))
        for rule in RULES
        for segment, scope, missing in zip(
            facts["segment"],
            facts["scope"],
            facts[list(rule.inputs)].isna().to_numpy(),
            strict=True,
        )
        if (gaps := [name for name, gap in zip(rule.inputs, missing, strict=True) if gap])
    ]
    result = pd.DataFrame(rows, columns=["segment", "scope", "rule", "missing"])
    return result.sort_values(["segment", "scope", "rule"], ignore_index=True)


def _apply(
    rule: Rule, facts: pd.DataFrame, limits: Thresholds, names: Mapping[str, str], used: list[str]
) -> pd.DataFrame:
    large = facts[facts["market_value_usd"] >= limits.min_market_usd]
    asked = large[large[list(rule.inputs)].notna().all(axis=1)]
    hits = asked[rule.when(asked, limits)]
    named = hits.assign(
        exporter=hits["exporter"].replace(dict(names)),
        competitor=hits["competitor"].replace(dict(names)),
        largest_code=hits["largest_code"].replace(dict(names)),
        lost_pp=-hits["share_change_pp"],
        fell_pct=-hits["market_change_pct"],
    )
    words = [rule.statement.format_map(row) for row in named.to_dict("records")]
    found = hits[["segment", "scope", "exporter", "period"]].assign(
        rule=rule.id,
        rule_text=rule.text.format(**asdict(limits)),
        statement=pd.Series(words, index=hits.index, dtype="str"),
        score_usd=rule.score_usd(hits, limits).astype(float),
        score_text=rule.score_text,
    )
    found.insert(0, "kind", rule.kind)
    found.insert(1, "measure", rule.measure)
    return found.join(hits[list(rule.inputs)].reindex(columns=used))

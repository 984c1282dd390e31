"""Findings of the rules, tariff schedule, gaps, origin and sources."""

from __future__ import annotations

from typing import Any

import pandas as pd

from marketintel.analysis.trade.signals import floors_text, not_evaluated, rule_texts
from marketintel.documents.frames import each
from marketintel.documents.market_study.facts import StudyFacts
from marketintel.warehouse import basis
from marketintel.warehouse.imports import newest_year

#: Opportunities and risks that are printed; the tables of the edition hold all.
PRINTED = 10

#: From so many years behind the source's newest on, a market's figures are old.
STALE_YEARS = 2

#: Below these imports of all goods studied, shares are those of single shipments.
TINY_MARKET_USD = 1e6

#: Number of partners that a mirror needs, and those that must be among them.
ENOUGH, LARGE = basis.ENOUGH, basis.LARGE


def findings(facts: StudyFacts, kind: str) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return opportunities or risks by kind of amount; None without any."""
    rows = facts.findings[facts.findings["kind"] == kind]
    columns = ["measure", "rank", "segment_name", "statement", "score_usd", "rule"]
    return None if rows.empty else rows[columns], {
        "hide": ["rule"],
        "group_col": "measure",
        "printed_rows": PRINTED,
    }


def rules(facts: StudyFacts) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the rules that could be evaluated for a row at least, with their thresholds."""
    rows = rule_texts(facts.thresholds)
    rows = rows[rows["rule"].map(_omissions(facts)) < len(facts.segment_facts)]
    for column in ("rule_text", "score_text"):
        rows[column] = rows[column].map(facts.terms.of_rows)
    rows = rows.assign(kind=rows["kind"].str.capitalize())
    return rows[["kind", "measure", "rule_text", "score_text"]], {"group_col": "kind"}


def rule_notes(facts: StudyFacts) -> dict[str, Any]:
    """Return the smallest sizes, and how many rules or pairs of rule and row lack a figure."""
    times = _omissions(facts)
    never = times == len(facts.segment_facts)
    return {
        "floors": facts.terms.of_rows(floors_text(facts.thresholds)),
        "never": int(never.sum()),
        "pairs": int(times.sum()) if times[~never].sum() else 0,
    }


def _omissions(facts: StudyFacts) -> pd.Series:
    """Return by rule the number of rows for which a figure is missing."""
    missing = not_evaluated(facts.segment_facts).groupby("rule").size()
    return missing.reindex(rule_texts(facts.thresholds)["rule"], fill_value=0)


def tariff_lines(facts: StudyFacts) -> pd.DataFrame:
    """Return every line of the schedule with its special rates and full text."""
    return facts.tariff_lines.drop(columns=["source", "vintage"])


def schedule(facts: StudyFacts) -> dict[str, Any]:
    """Return the statute, and how many lines are free in the general column."""
    lines = facts.tariff_lines
    free = int((lines["general"].str.strip() == "Free").sum())
    return {"statute": str(lines["statute"].iloc[0]), "free": free, "lines": len(lines)}


def tariff_codes(facts: StudyFacts) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return lines, general rates and footnotes to chapter 99 by code."""
    lines, codes = facts.tariff_lines, facts.own_codes
    notes = lines["footnotes"].fillna("").str.findall(r"99\d\d\.\d\d\.\d\d")
    grouped = lines.assign(notes=notes).groupby("cmd_code")
    table = pd.DataFrame(
        {
            "lines": grouped.size(),
            "general": grouped["general"].agg(lambda r: ", ".join(dict.fromkeys(r.dropna()))),
            "footnotes": grouped["notes"].agg(
                lambda r: ", ".join(sorted({n for x in r for n in x}))
            ),
        }
    ).reset_index()
    table["footnotes"] = table["footnotes"].replace("", None)
    table = table.merge(codes[["cmd_code", "segment", "label"]], on="cmd_code")
    table["segment_name"] = table["segment"].map(facts.segment_names)
    order = {code: place for place, code in enumerate(codes["cmd_code"])}
    table = table.sort_values("cmd_code", key=lambda column: column.map(order))
    columns = ["segment_name", "cmd_code", "label", "lines", "general", "footnotes"]
    return table[columns], {"group_col": "segment_name"}


def cited(facts: StudyFacts, source: str) -> str:
    """Return the citations of a source."""
    rows = facts.coverage[facts.coverage["source"] == source]
    return " ".join(rows["citation"].unique())


def sources(facts: StudyFacts) -> pd.DataFrame:
    """Return the files that were read, with vintage, day and licence."""
    return facts.used[["title", "vintage", "retrieved_at", "licence"]].astype("str")


def citations(facts: StudyFacts) -> list[str]:
    """Return the citation of every file that was read."""
    return list(facts.used["citation"].unique())


def quirks(facts: StudyFacts) -> list[tuple[str, str]]:
    """Return title and quirks of the files of the trade figures."""
    rows = facts.used[facts.used["source"].isin(facts.trade_sources)]
    return [(row.title, " ".join(row.quirks)) for row in each(rows)]


def stale(facts: StudyFacts) -> dict[str, int] | None:
    """Return the newest years if the year studied is not the newest; None if it is.

    ``later`` is the newest year of the market if years after the one studied compare; ``newest``
    that of the source and ``single`` the market's if it stands without its year before.
    """
    years = {int(period) for period in facts.basis.history["period"]}
    year = int(facts.year)
    if any(later > year and later - 1 in years for later in years):
        return {"later": max(years), "newest": 0, "single": 0}
    newest = int(newest_year(facts.trade_sources, facts.data_dir))
    if newest - year < STALE_YEARS:
        return None
    return {"later": 0, "newest": newest, "single": max(years) if max(years) > year else 0}


def partners(facts: StudyFacts) -> list[str]:
    """Return the partners whose reports a mirror stands on."""
    return [facts.name(partner) for partner in facts.basis.partners]


def absent_codes(facts: StudyFacts) -> list[Any]:
    """Return the codes of segments with figures that the source does not have."""
    absent = facts.basis.absent
    return list(each(absent[~absent["segment"].isin(facts.without_figures)]))


def is_raw_material(facts: StudyFacts) -> bool:
    """True if all figures are of raw materials."""
    return set(facts.basis.flows["segment"]) == {"materials"}


def left_out(facts: StudyFacts) -> list[Any]:
    """Return the products that do not compare between two HS editions."""
    return list(each(facts.basis.left_out))


def empty_segments(facts: StudyFacts) -> list[str]:
    """Return the names of rows whose mixed codes only have figures."""
    own = set(facts.demand.loc[facts.demand["scope"].isin(facts.scopes), "segment"])
    rows = [s for s in facts.chosen if s not in own and s not in facts.without_figures]
    return [facts.segment_names[segment] for segment in rows]


def fetch_command(facts: StudyFacts, *segments: str) -> str:
    """Return the command that fetches the market's own statistics; default: all segments studied."""
    years = f"{facts.base}-{facts.year}"
    return f"marketintel fetch --for {facts.market}{_named(facts, *segments)} --years {years}"


def fetch_tariff_command(facts: StudyFacts) -> str:
    """Return the command that fetches the market's tariff."""
    return f"marketintel fetch wits --for {facts.market}{_named(facts)} --years {facts.base}"


def _named(facts: StudyFacts, *segments: str) -> str:
    wanted = segments or facts.asked
    whole = len(wanted) == len(facts.segments)
    return "" if whole else f" --segments {','.join(wanted)}"


def explain_command(facts: StudyFacts) -> str:
    """Return the command that takes the figure of the first row apart."""
    row, scope = facts.chosen[0], ""
    if facts.is_mixed:
        flows = facts.basis.flows
        row = str(flows.loc[flows["cmd_code"] == row, "segment"].iloc[0])
        scope = " --scope broad"
    mirror = "" if facts.basis.kind == "reported" else " --mirror"
    return f"marketintel explain {facts.market} {row} {facts.year}{scope}{mirror}"

"""Tables and values of the list of priorities, the same in every document."""

from __future__ import annotations

from typing import Any

import pandas as pd

from marketintel.analysis.markets.priorities import DEVELOP, HOLD, NO_DATA, PUSH
from marketintel.documents.market.priorities import COLUMNS, Priorities, past_record
from marketintel.errors import MissingDataError
from marketintel.warehouse import coverage

_PRINTED = ("segment_name", "class", "range", "size_usd", "exporter_share_pct", "reachable_usd",
            "reason")  # fmt: skip


def priorities(facts: Any) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the list: class, range of ranks, size, share, reachable market and reason."""
    found: Priorities = facts.priorities
    table = found.columns.copy()
    table["range"] = pd.Series(map(_range, table.to_dict("records")), table.index, dtype="object")
    hidden = [c for c in COLUMNS if c not in _PRINTED]
    return table[[*_PRINTED, *hidden]], {
        "headers": {"range": "Rank (range)", "size_usd": "Imports", "growth_pct": "Growth a year"},
        "hide": hidden,
        "highlight": (table["class"] == PUSH).tolist(),
        "printed_rows": int((table["class"] != NO_DATA).sum()),
    }


def _range(row: Any) -> str | None:
    if pd.isna(row["rank"]):
        return None
    return f"{row['rank']:.0f} ({row['rank_lo']:.0f}–{row['rank_hi']:.0f})"


def priority_source(facts: Any) -> str:
    """Return the citations of the trade figures that the list is made of."""
    files = coverage.coverage(data_dir=facts.data_dir, newest=True)
    rows = files[files["source"].isin(facts.priorities.sources)]
    return " ".join(rows["citation"].unique())


def criteria(facts: Any) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return every criterion of every segment with value, rank, weight and basis."""
    return facts.priorities.criteria, {"printed_rows": 0, "headers": {"weight_pct": "Weight"}}


def classed(facts: Any) -> dict[str, list[str]]:
    """Return names of segments by class: keys ``push, develop, hold, no_data``."""
    return names_by_class(facts.priorities)


def classed_or_none(facts: Any) -> dict[str, list[str]] | None:
    """Return :func:`classed`; None where no segment has a class."""
    try:
        found = classed(facts)
    except MissingDataError:
        return None
    return found if found["push"] or found["develop"] or found["hold"] else None


def names_by_class(found: Priorities) -> dict[str, list[str]]:
    """Return names of a list's segments by class: keys ``push, develop, hold, no_data``."""
    kinds = {"push": PUSH, "develop": DEVELOP, "hold": HOLD, "no_data": NO_DATA}
    return {key: list(found.of(kind)["segment_name"]) for key, kind in kinds.items()}


def lacking(facts: Any) -> list[str]:
    """Return segments without a class, each with what is lacking."""
    rows = facts.priorities.of(NO_DATA)
    why = rows["reason"].str.removeprefix("Not enough data: ").str.rstrip(".")
    return [f"{name} ({text})" for name, text in zip(rows["segment_name"], why, strict=True)]


def priority_weights(facts: Any) -> pd.DataFrame:
    """Return the criteria with weight and reason."""
    settings = facts.priorities.settings
    whole = sum(c.weight for c in settings.criteria)
    rows = [(c.label, 100 * c.weight / whole, c.reason) for c in settings.criteria]
    return pd.DataFrame(rows, columns=["criterion", "weight_pct", "why"])


def record_of(facts: Any, outcome: str) -> dict[str, float]:
    """Return the hits among the first 20, of our list and of the largest markets, by an outcome."""
    rows = past_record(facts.priorities.exporter, facts.data_dir)
    hits = rows[rows["outcome"] == outcome].set_index("rule")["hit_20_pct"]
    return {"ours": float(hits["priorities"]), "naive": float(hits["largest market"])}


def priority_record(facts: Any) -> pd.DataFrame:
    """Return how the list of 2019 did until 2024, by heading, beside naive rules."""
    table = past_record(facts.priorities.exporter, facts.data_dir)
    return table.drop(columns=[c for c in table if str(c).startswith("chance_")])

"""The declared strategy in words: what is on file, from when, and whether photonics is named."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from typing import Any

import pandas as pd

from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import escape
from marketintel.documents.s3_brief.facts import Brief

#: Declared priorities that a sentence lists before it says how many more there are.
MOST_NAMED = 6


def declared_short(brief: Brief) -> str:
    """Whether photonics is named in the strategy on file."""
    rows = brief.priorities
    if rows.empty:
        return (
            f"No strategy of {escape(brief.region.name)} is on file here, so this brief cannot say "
            "whether photonics is a declared priority."
        )
    named = rows[(rows["fact"] + " " + rows["value"]).str.contains("photoni", case=False)]
    if named.empty:
        return "Photonics is not named among the priorities on file. Nearby ones may still hold it."
    when = w.listing(
        [f"{escape(entity)} ({escape(date)})" for entity, date in
         dict.fromkeys(zip(named["entity"], named["ref_date"], strict=True))]
    )  # fmt: skip
    return f"Photonics is named in the strategy of {when}."


def declared(brief: Brief) -> list[str]:
    """Return one line for each body, of its newest strategy, and of older ones on photonics."""
    lines = []
    for entity, date, group in _strategies(brief):
        kinds = "; ".join(_item(row) for row in group.head(MOST_NAMED).to_dict("records"))
        more = len(group) - MOST_NAMED
        tail = f"; and {more} more" if more > 0 else ""
        what = "challenges: " if (group["unit"] == "challenge").all() else ""
        lines.append(f"**{escape(entity)}** ({escape(_when(date))}): {what}{kinds}{tail}.")
    return lines


def declared_sources(brief: Brief) -> list[str]:
    """Return the titles of the pages that the lines of :func:`declared` were read from."""
    titles = [title for _, _, group in _strategies(brief) for title in group["source_title"]]
    return list(dict.fromkeys(titles))


def _strategies(brief: Brief) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield body, date and rows; an older strategy only for what it says on photonics."""
    rows = brief.priorities.assign(newest=brief.priorities["ref_date"].map(_last_year))
    for entity in dict.fromkeys(rows["entity"]):
        groups = list(rows[rows["entity"] == entity].groupby(["newest", "ref_date"], sort=True))
        for i, ((_, date), group) in enumerate(reversed(groups)):
            said = group["fact"] + " " + group["value"]
            if i and not said.str.contains("photoni", case=False).any():
                continue
            yield entity, str(date), group


def _item(row: dict[Hashable, Any]) -> str:
    fact, value, unit = (_spelt(str(row[c])) for c in ("fact", "value", "unit"))
    if unit in ("priority", "challenge"):
        return escape(value)
    return escape(fact if unit == "flag" else f"{fact}: {value} {unit}")


#: Short forms in the facts, written out: a reader need not know them.
_SPELT = {
    "SMEs": "small and medium-sized firms",
    "R&I": "research and innovation",
    "ICT": "information technology",
    "MEUR": "million euros",
    "RIS3": "regional strategy",
    "EPRISE": "a European project",
    "S3": "strategy",
}


def _spelt(text: str) -> str:
    for short, long in _SPELT.items():
        text = re.sub(rf"\b{re.escape(short)}\b", long, text)
    return text


def _when(date: str) -> str:
    return f"from {date[:-1]}" if date.endswith("+") else date


def _last_year(date: str) -> int:
    return max((int(y) for y in re.findall(r"\d{4}", date)), default=0)

"""Good practice: what others did for exporters, what it cost and what they say it brought."""

from __future__ import annotations

import pandas as pd

from marketintel.documents.engine.blocks import Table
from marketintel.documents.partnership import dated
from marketintel.errors import UsageError
from marketintel.reference.countries import REFERENCE_DIR
from marketintel.reference.files import listed, unknown
from marketintel.reference.partnership import load_needs, load_practice, need_ids

COLUMNS = [
    "practice",
    "action",
    "cost",
    "result",
    "needs",
    "ref_date",
    "source_title",
    "source_url",
]


def catalogue(need: str | None = None) -> pd.DataFrame:
    """Return the catalogue, all of it or what answers one need.

    Parameters
    ----------
    need : str, optional
        Id of a need or barrier of ``needs.toml``.

    Returns
    -------
    DataFrame
        practice, action, cost and result as text with unit and kind ("not found" where nobody
        says), needs, ref_date, source_title, source_url.

    Raises
    ------
    UsageError
        The need is not known.
    """
    known = need_ids(REFERENCE_DIR)
    if need is not None and need not in known:
        raise UsageError(f"need {unknown(need, known)}")
    frame = load_practice()
    if need is not None:
        frame = frame[[need in listed(needs) for needs in frame["needs"]]]
    rows = frame.to_dict("records")
    return pd.DataFrame(
        {
            "practice": [row["practice"] for row in rows],
            "action": [row["action"] for row in rows],
            "cost": [_figure(row["cost"], row["cost_unit"], row["cost_note"]) for row in rows],
            "result": [
                _figure(row["result"], row["result_unit"], row["result_kind"]) for row in rows
            ],
            "needs": [row["needs"].replace(";", ", ") for row in rows],
            "ref_date": [row["ref_date"] for row in rows],
            "source_title": [row["source_title"] for row in rows],
            "source_url": [row["source_url"] for row in rows],
        },
        columns=COLUMNS,
    )


def table(as_of: str, need: str | None = None) -> Table:
    """Print the catalogue, or the part of it that answers one need."""
    frame = catalogue(need)
    words = load_needs()
    asked = {**words["barriers"], **words["needs"]}.get(need or "", "")
    pairs = zip(frame["practice"], frame["action"], strict=True)
    frame["practice"] = [f"{who}: {what[0].lower()}{what[1:]}" for who, what in pairs]
    frame["source"] = [
        f"{title} (as of {dated(day, as_of)})"
        for title, day in zip(frame["source_title"], frame["ref_date"], strict=True)
    ]
    return Table(
        frame,
        name="good_practice" if need is None else f"good_practice_{need}",
        caption="Good practice" + (f": {asked[0].lower()}{asked[1:]}" if asked else ""),
        headers={"practice": "Who did what", "cost": "Cost", "result": "Result",
                 "source": "Source"},
        hide=["source_url", "needs", "source_title", "ref_date", "action"],
        note="Self-declared results come from the programmes themselves; planned ones were never "
        "confirmed. No cost is divided by a result: they rarely belong to the same thing.",
    )  # fmt: skip


def _figure(value: float, unit: str, note: str) -> str:
    if pd.isna(value):
        return note or "not found"
    shown = f"{value:,g}" if value < 1e4 else f"{value:,.0f}"
    return f"{shown} {unit}" + (f" ({note})" if note else "")

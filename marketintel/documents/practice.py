"""Good practice: support measures for exporters, with cost, result and source."""

from __future__ import annotations

import pandas as pd

from marketintel.documents.partnership import dated
from marketintel.errors import UsageError
from marketintel.reference.files import REFERENCE_DIR, listed, unknown
from marketintel.reference.partnership import load_practice, need_ids


def catalogue(need: str | None = None) -> pd.DataFrame:
    """Return the catalogue, all of it or the entries for one need.

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
    figures = {
        name: [_figure(*row) for row in frame[[name, f"{name}_unit", note]].itertuples(index=False)]
        for name, note in (("cost", "cost_note"), ("result", "result_kind"))
    }
    columns = ["practice", "action", "cost", "result", "needs", "ref_date", "source_title",
               "source_url"]  # fmt: skip
    needs = frame["needs"].str.replace(";", ", ")
    return frame.assign(**figures, needs=needs)[columns].reset_index(drop=True)


def with_sources(frame: pd.DataFrame, as_of: str) -> pd.DataFrame:
    """Return the catalogue with actor and action in one column, and source and date in one."""
    pairs = zip(frame["practice"], frame["action"], strict=True)
    dates = zip(frame["source_title"], frame["ref_date"], strict=True)
    return frame.assign(
        practice=[f"{who}: {what[0].lower()}{what[1:]}" for who, what in pairs],
        source=[f"{title} (as of {dated(day, as_of)})" for title, day in dates],
    )


def _figure(value: float, unit: str, note: str) -> str:
    """Return a figure with its unit and note; the note alone, or "not found", without one."""
    if pd.isna(value):
        return note or "not found"
    shown = f"{value:,g}" if value < 1e4 else f"{value:,.0f}"
    return f"{shown} {unit}" + (f" ({note})" if note else "")

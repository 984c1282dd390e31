"""Forecast probability that imports of each segment of a market grow, computed once a process."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from marketintel.documents.market.segment_outlook import segment_outlook
from marketintel.errors import MissingDataError
from marketintel.warehouse import reads, store

_Key = tuple[str, Path, int]
_Record = tuple[list[str], list[str]]
_done: dict[_Key, tuple[pd.DataFrame, _Record]] = {}


def growth_chance(market: str, data_dir: Path | None) -> pd.DataFrame:
    """Return probabilities of growth by segment.

    Returns
    -------
    DataFrame
        Index segment; ``growth_probability_pct`` and ``basis`` (kind of forecast and its year);
        empty where nothing can be forecast. What was read for it is recorded at every call.
    """
    folder = (data_dir or store.default_data_dir()).resolve()
    processed = folder / "processed"
    key = (market, folder, processed.stat().st_mtime_ns if processed.exists() else 0)
    if key not in _done:
        with reads.recorded() as record:
            _done[key] = _chances(market, data_dir), record
    table, record = _done[key]
    reads.restore(record)
    return table


def _chances(market: str, data_dir: Path | None) -> pd.DataFrame:
    try:
        rows = segment_outlook(market, data_dir=data_dir).table.set_index("segment")
    except MissingDataError:
        return pd.DataFrame(columns=["growth_probability_pct", "basis"], dtype="object")
    rows = rows[rows["probability_growth_pct"].notna()]
    years = rows["year"].astype("float64").map("{:.0f}".format).astype("str")
    return pd.DataFrame({
        "growth_probability_pct": rows["probability_growth_pct"].astype("float64"),
        "basis": rows["forecast_class"].astype("str") + ", until " + years,
    })  # fmt: skip

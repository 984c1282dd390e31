"""Trade of US states by industry: old, and context only."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from marketintel.errors import MissingDataError
from marketintel.warehouse import engine

if TYPE_CHECKING:
    import pandas as pd

_STATES = """
SELECT * FROM state_trade
WHERE flow = coalesce($flow, flow)
  AND ($industries IS NULL OR naics IN (SELECT unnest($industries::VARCHAR[])))
ORDER BY naics, flow, state
"""


def state_trade(
    industries: str | Iterable[str] | None = None,
    flow: str | None = None,
    data_dir: Path | None = None,
) -> pd.DataFrame:
    """Imports and exports of US states by industry, 2012 (Census).

    Parameters
    ----------
    industries : str or iterable of str, optional
        NAICS codes of four digits, or ``all`` for all goods; every one if not given.
    flow : {"import", "export"}, optional

    Returns
    -------
    pandas.DataFrame
        reporter, state (``All States`` is the published total), flow, naics, naics_name, period,
        value_usd, source, vintage.
    """
    asked = {"industries": engine.as_list(industries), "flow": flow}
    found = engine.ask(data_dir, _STATES, asked)
    if found.empty:
        raise MissingDataError(
            f"no trade of US states in industries {engine.few(asked['industries'] or [])}; choose NAICS "
            "codes of four digits, or rebuild the snapshot with scripts/starter/us_state_trade.py"
        )
    return found

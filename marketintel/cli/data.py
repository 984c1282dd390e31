"""``marketintel data --matrix`` and ``--codes``: coverage, and codes of providers nobody has."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def codes(data: Path | None = None) -> "pd.DataFrame":
    """Return the provider codes that fetches met and ``countries.csv`` still lacks."""
    import pandas as pd

    from marketintel.reference.countries import NUMERIC_WIDTH, code_map
    from marketintel.sources import unknown
    from marketintel.warehouse import store

    met = unknown.read(data or store.default_data_dir())
    left = [
        row for row in met
        if str(row["code"]).zfill(NUMERIC_WIDTH.get(str(row["system"]), 0))
        not in code_map(str(row["system"]))
    ]  # fmt: skip
    return pd.DataFrame(left, columns=["source", "system", "code", "rows", "value", "unit"])


def matrix(
    targets: str | None = None,
    flow: str = "import",
    *,
    long: bool = False,
    data: Path | None = None,
) -> "pd.DataFrame":
    """Return the coverage matrix: wide for people, long for programs.

    Parameters
    ----------
    targets : str, optional
        Markets, comma-separated; every reporter there is if not given.
    flow : str
        ``import`` or ``export``.
    long : bool
        One row a cell, with source, vintage and staleness.
    data : Path, optional
        The data directory.
    """
    from marketintel.warehouse.coverage import matrix as told
    from marketintel.warehouse.coverage import wide

    asked = [part.strip() for part in targets.split(",") if part.strip()] if targets else None
    cells = told(asked, data)
    return cells if long else wide(cells, flow)

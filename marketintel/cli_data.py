"""``marketintel data --matrix``: what is here for which market, segment and year.

``cli.py`` calls :func:`matrix` when ``--matrix`` is given.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


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
    from marketintel.warehouse.matrix import matrix as told
    from marketintel.warehouse.matrix import wide

    asked = [part.strip() for part in targets.split(",") if part.strip()] if targets else None
    cells = told(asked, data)
    return cells if long else wide(cells, flow)

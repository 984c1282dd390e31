"""What is here for whom: target × segment × year, where from, and what has gone stale."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from marketintel.errors import MissingDataError
from marketintel.warehouse import engine, selection
from marketintel.warehouse.context import coverage

if TYPE_CHECKING:
    import pandas as pd

#: Days after which a snapshot should be fetched again, and the years that are still revised.
STALE_DAYS = 90
OPEN_YEARS = 2

_MATRIX = """
SELECT t.reporter AS target, w.segment, t.flow, t.period[1:4] AS year, t.freq, t.source,
       t.vintage, count(DISTINCT t.cmd_code) AS codes, count(DISTINCT t.partner) AS partners,
       count(DISTINCT t.period) AS periods
FROM trade AS t JOIN wanted AS w USING (hs_revision, cmd_code)
WHERE t.reporter <> 'WLD' AND t.partner <> 'WLD' AND w.scope = 'core'
  AND ($targets IS NULL OR t.reporter IN (SELECT unnest($targets::VARCHAR[])))
GROUP BY ALL ORDER BY ALL
"""


def matrix(
    targets: str | Iterable[str] | None = None,
    data_dir: Path | None = None,
    today: date | None = None,
) -> "pd.DataFrame":
    """Return what there is of each target, segment and year.

    Parameters
    ----------
    targets : str or iterable of str, optional
        ISO3, names or groups; every reporter if not given.
    data_dir : Path, optional
        The data directory.
    today : date, optional
        The day staleness is counted from; that of the call if not given.

    Returns
    -------
    pandas.DataFrame
        target, segment, flow, year, freq, source, vintage, codes, partners, periods (core codes,
        partners and years or months that have rows), retrieved_at, is_stale: the year may still
        be revised (it is one of the last ``OPEN_YEARS`` before ``today``'s) and the snapshot is
        older than ``STALE_DAYS``. What is not here has no row.
    """
    import pandas as pd

    wanted = selection.wanted(None, None, data_dir)
    found = engine.ask(
        data_dir, _MATRIX, {"targets": engine.economies(targets)}, {"wanted": wanted}, figures=False
    )
    day = today or date.today()
    files = coverage(data_dir)[["source", "vintage", "retrieved_at"]].drop_duplicates()
    found = found.merge(files, how="left", on=["source", "vintage"])
    age = (pd.Timestamp(day) - pd.to_datetime(found["retrieved_at"])).dt.days
    is_open = found["year"].astype("int64") > day.year - OPEN_YEARS - 1
    return found.assign(is_stale=is_open & (age > STALE_DAYS))


def wide(told: "pd.DataFrame", flow: str = "import") -> "pd.DataFrame":
    """Return the matrix for people: a row a target and segment, a column a year.

    A cell is the number of core codes that have figures, ``*`` marks a stale one, ``(M)`` one
    that has months only; an empty cell is nothing here.

    Raises
    ------
    MissingDataError
        No such flow in it.
    """
    rows = told[told["flow"] == flow]
    if rows.empty:
        raise MissingDataError(
            f"no {flow}s in the warehouse; fetch some with `marketintel fetch --for COUNTRY`"
        )
    # Of a year and its months, and of two sources, the cell that says most.
    best = rows.sort_values(["freq", "codes"], ascending=[True, False])
    best = best.drop_duplicates(["target", "segment", "year"])
    cell = best["codes"].astype("str")
    cell += best["freq"].map({"M": " (M)"}).fillna("")
    cell += best["is_stale"].map({True: " *", False: ""})
    cells = best.assign(cell=cell).set_index(["target", "segment", "year"])["cell"]
    table = cells.unstack(fill_value="")  # noqa: PD010 - no sums
    return table.reset_index().rename_axis(columns=None)

"""Coverage of the warehouse: raw files, and figures by target, segment and year."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from marketintel.errors import MissingDataError
from marketintel.sources import snapshot
from marketintel.sources.catalogue import sources
from marketintel.warehouse import engine, selection, store
from marketintel.warehouse.mirror import BACI

if TYPE_CHECKING:
    import pandas as pd

#: Days after which a snapshot should be fetched again, and the years that are still revised.
STALE_DAYS = 90
OPEN_YEARS = 2

#: Years of the table for people: the newest ones.
SHOWN_YEARS = 8

# A study stands on what a country reports, else on BACI, else on what partners say they sold to it.
_MATRIX = """
WITH seen AS (
    SELECT t.*, reporter AS target, flow AS side,
           CASE source WHEN $reconciled THEN 'reconciled' ELSE 'reported' END AS kind
    FROM trade AS t WHERE NOT is_mirror
    UNION ALL
    SELECT t.*, partner, 'import', CASE source WHEN $reconciled THEN 'reconciled' ELSE 'mirror' END
    FROM trade AS t WHERE NOT is_mirror AND flow = 'export'
)
SELECT t.target, w.segment, t.side AS flow, t.period[1:4] AS year, t.freq, t.kind, t.source,
       t.vintage,
       count(DISTINCT t.cmd_code) FILTER (w.scope <> 'broad') AS codes,
       count(DISTINCT t.cmd_code) FILTER (w.scope <> 'core') AS broad_codes,
       CASE WHEN codes > 0
            THEN count(DISTINCT CASE t.target WHEN t.reporter THEN t.partner ELSE t.reporter END)
                 FILTER (w.scope <> 'broad')
            ELSE count(DISTINCT CASE t.target WHEN t.reporter THEN t.partner ELSE t.reporter END)
       END AS partners,
       count(DISTINCT t.period) AS periods
FROM seen AS t JOIN wanted AS w USING (hs_revision, cmd_code)
WHERE t.reporter <> 'WLD' AND t.partner <> 'WLD'
  AND ($targets IS NULL OR t.target IN (SELECT unnest($targets::VARCHAR[])))
GROUP BY ALL ORDER BY ALL
"""


def coverage(data_dir: Path | None = None, *, newest: bool = False) -> "pd.DataFrame":
    """Return what is here, one row a raw file.

    Parameters
    ----------
    data_dir : Path, optional
        The data directory.
    newest : bool
        Of each source the vintage retrieved last only: what tables are built from, and what a
        report cites.

    Returns
    -------
    pandas.DataFrame
        source, title, vintage, rows, bytes, licence, licence_url, citation, url, retrieved_at,
        retrieved_note, published_at, removable, table (the processed tables it feeds, joined by
        ``;``), file, sha256, quirks (list of sentences).

    Raises
    ------
    MissingDataError
        Nothing is here.
    """
    import pandas as pd

    data_dir = data_dir or store.default_data_dir()
    rows, declared = [], sources()
    items = snapshot.list_snapshots(data_dir)
    if not items:
        raise snapshot.nothing_in(data_dir)
    if newest:
        names = dict.fromkeys(item.meta.source for item in items)
        items = [item for name in names for item in snapshot.find(data_dir, name)]
    for item in items:
        meta = item.meta
        feeds = declared[meta.source].feeds if meta.source in declared else ()
        tables = ";".join(feed.table for feed in feeds)
        rows.append(
            {
                "source": meta.source, "title": meta.title, "vintage": meta.vintage,
                "rows": meta.rows, "bytes": meta.bytes, "licence": meta.licence,
                "licence_url": meta.licence_url, "citation": meta.citation, "url": meta.url,
                "retrieved_at": meta.retrieved_at.isoformat(),
                "retrieved_note": meta.retrieved_note,
                "published_at": meta.published_at.isoformat() if meta.published_at else None,
                "removable": meta.removable, "table": tables,
                "file": str(item.path.relative_to(data_dir)), "sha256": meta.sha256,
                "quirks": meta.quirks,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


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
        target, segment, flow, year, freq, kind (reported, reconciled by BACI, or a mirror: exports
        of partners to it), source, vintage, codes (core or neighbour), broad_codes (mixed),
        partners, periods (that have rows; partners of own codes where there are any),
        retrieved_at, is_stale: the
        year may still be revised (it is one of the last ``OPEN_YEARS`` before ``today``'s) and the
        snapshot is older than ``STALE_DAYS``. What is not here has no row.
    """
    import pandas as pd

    wanted = selection.wanted(None, None, data_dir)
    found = engine.ask(
        data_dir,
        _MATRIX,
        {"targets": engine.economies(targets), "reconciled": BACI},
        {"wanted": wanted},
        figures=False,
    )
    day = today or date.today()
    files = coverage(data_dir)[["source", "vintage", "retrieved_at"]].drop_duplicates()
    found = found.merge(files, how="left", on=["source", "vintage"])
    age = (pd.Timestamp(day) - pd.to_datetime(found["retrieved_at"])).dt.days
    is_open = found["year"].astype("int64") > day.year - OPEN_YEARS - 1
    return found.assign(is_stale=is_open & (age > STALE_DAYS))


def wide(rows: "pd.DataFrame", flow: str = "import") -> "pd.DataFrame":
    """Return the matrix for people: a row a target and segment, a column a year, the newest.

    A cell is the number of own codes (core or neighbour) that have figures, or else of mixed ones;
    ``BACI`` and ``mirror`` mark figures that are not its own, ``*`` marks a stale cell, ``(M)``
    one that has months only; an empty cell is nothing here.

    Raises
    ------
    MissingDataError
        No such flow in it.
    """
    rows = rows[rows["flow"] == flow]
    rows = rows[rows["year"].isin(sorted(set(rows["year"]))[-SHOWN_YEARS:])]
    if rows.empty:
        raise MissingDataError(
            f"no {flow}s in the warehouse; fetch some with `marketintel fetch --for COUNTRY`"
        )
    # Of a year and its months, and of two sources, the cell that says most.
    rank = rows["kind"].map({"reported": 0, "reconciled": 1, "mirror": 2})
    best = rows.assign(rank=rank).sort_values(
        ["freq", "rank", "codes", "broad_codes"], ascending=[True, True, False, False]
    )
    best = best.drop_duplicates(["target", "segment", "year"])
    mixed = best["broad_codes"].astype("str") + " other"
    cell = best["codes"].astype("str").where(best["codes"] > 0, mixed)
    cell += best["kind"].map({"reported": "", "reconciled": " BACI", "mirror": " mirror"})
    cell += best["freq"].map({"M": " (M)"}).fillna("")
    cell += best["is_stale"].map({True: " *", False: ""})
    cells = best.assign(cell=cell).set_index(["target", "segment", "year"])["cell"]
    table = cells.unstack(fill_value="")  # noqa: PD010 - no sums
    return table.reset_index().rename_axis(columns=None)

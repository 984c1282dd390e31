"""DuckDB over the processed tables, and the checks every question shares.

Questions are SQL with placeholders only: no text from a user becomes part of a statement.
"""

import difflib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.errors import DamagedDataError, MissingDataError, UsageError
from marketintel.reference.countries import country, group_members
from marketintel.warehouse import build, reads, store

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa


#: Trade can be asked about where no source has duties: they are missing then.
_NO_DUTIES = """
CREATE VIEW duties AS
SELECT NULL::VARCHAR AS reporter, NULL::VARCHAR AS partner, NULL::VARCHAR AS hs_revision,
       NULL::VARCHAR AS cmd_code, NULL::VARCHAR AS period, NULL::DOUBLE AS dutiable_value_usd,
       NULL::DOUBLE AS duties_usd, NULL::DOUBLE AS rate_pct, NULL::VARCHAR AS regime,
       NULL::VARCHAR AS source, NULL::VARCHAR AS vintage
WHERE false
"""


def ask(
    data_dir: Path | None,
    sql: str,
    parameters: Mapping[str, Any] | None = None,
    frames: "Mapping[str, pd.DataFrame] | None" = None,
    *,
    figures: bool = True,
) -> "pd.DataFrame":
    """Answer one statement over the processed tables, which are built first if they are not.

    The sources of the answer are recorded as read (:mod:`marketintel.warehouse.reads`): those of
    its column ``source``; else the placeholder of that name; else all that the tables hold.

    Parameters
    ----------
    data_dir : Path or None
        The data directory; None for the default.
    sql : str
        May name every processed table that exists, and ``frames``; ``$name`` is a placeholder.
    parameters : mapping, optional
        Values of the placeholders.
    frames : mapping of str to DataFrame, optional
        Small tables to join with.
    figures : bool
        Whether figures are asked for, rather than which there are: that is not recorded.
    """
    import duckdb

    data_dir = data_dir or store.default_data_dir()
    build.ensure(data_dir)
    tables = tuple(t for t in build.TABLES if store.table_path(data_dir, t).exists())
    with _database(data_dir, tables, os.getpid()).cursor() as connection:
        try:
            for name, frame in (frames or {}).items():
                connection.register(name, frame)
            answer = connection.sql(sql, params=dict(parameters or {})).to_arrow_table()
            if figures and answer.num_rows:
                reads.note(*_sources(data_dir, tables, sql, parameters or {}, answer))
            result: pd.DataFrame = answer.to_pandas()
            return result
        except duckdb.CatalogException as error:
            named = re.search(r"Table with name (\w+)", str(error))
            table = f"'{named[1]}'" if named else "this question needs"
            raise MissingDataError(
                f"the table {table} was not built, since none of its sources is in "
                f"{data_dir / 'raw'}; see `marketintel data` for what is there"
            ) from error
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise DamagedDataError(
                f"{data_dir / 'processed'}: a table is not readable "
                f"({str(error).splitlines()[0]}); delete it and run `marketintel build`"
            ) from error


def _sources(
    data_dir: Path,
    tables: tuple[str, ...],
    sql: str,
    parameters: Mapping[str, Any],
    answer: "pa.Table",
) -> list[str]:
    if "source" in answer.column_names:
        return [source for source in answer["source"].unique().to_pylist() if source]
    if "source" in parameters:
        return [parameters["source"]]
    named = [table for table in tables if re.search(rf"\b{table}\b", sql)]
    return [source for table in named for source in store.sources_of(data_dir, table)]


def ask_once(data_dir: Path | None, sql: str, **parameters: str) -> "pd.DataFrame":
    """Answer as :func:`ask`, and keep the answer for as long as no file changes.

    For questions about what there is, which precede every question about figures. The frame is
    shared between callers: read it, do not write to it.
    """
    data_dir = data_dir or store.default_data_dir()
    return _answer(data_dir, build.ensure(data_dir), sql, tuple(sorted(parameters.items())))


@lru_cache(maxsize=64)
def _answer(
    data_dir: Path, stamp: build.Stamp, sql: str, parameters: tuple[tuple[str, str], ...]
) -> "pd.DataFrame":
    return ask(data_dir, sql, dict(parameters), figures=False)


@lru_cache(maxsize=8)
def _database(data_dir: Path, tables: tuple[str, ...], process: int) -> "duckdb.DuckDBPyConnection":
    """Return a database of views on the tables, opened once: opening costs more than asking.

    Views read the files anew at each question. A forked process opens its own database, and
    each question gets a cursor of its own, so threads do not meet.
    """
    import duckdb

    database = duckdb.connect(":memory:")
    for table in tables:
        database.from_parquet(str(store.table_path(data_dir, table))).create_view(table)
    if "duties" not in tables:
        database.execute(_NO_DUTIES)
    return database


def as_list(value: str | Iterable[str] | None) -> list[str] | None:
    """Return one text or several as a list; None stays None."""
    if value is None:
        return None
    return [value] if isinstance(value, str) else [str(item) for item in value]


def choose(kind: str, asked: Sequence[str], known: Iterable[str]) -> list[str]:
    """Return the items if all of them are known.

    Raises
    ------
    UsageError
        One that is not, with the nearest that are.
    """
    there_are = sorted(set(known))
    for item in asked:
        if item not in there_are:
            near = difflib.get_close_matches(item, there_are, n=3, cutoff=0.5)
            hint = f"did you mean {', '.join(near)}?" if near else f"have: {few(there_are)}"
            raise UsageError(f"unknown {kind} '{item}'; {hint}")
    return list(dict.fromkeys(asked))


def economies(text: str | Iterable[str] | None) -> list[str] | None:
    """Return the ISO3 codes meant by ISO3, names or groups; a group becomes its members."""
    asked = as_list(text)
    if asked is None:
        return None
    return list(dict.fromkeys(iso3 for item in asked for iso3 in group_members(item)))


def one_economy(text: str) -> str:
    """Return the ISO3 of one country.

    Raises
    ------
    UsageError
        Not known, or a group where one country is needed.
    """
    iso3 = country(text)
    members = group_members(iso3)
    if members != [iso3]:
        raise UsageError(
            f"'{text}' is a group of {len(members)} countries; choose one, such as {members[0]}"
        )
    return iso3


def few(items: Iterable[str], most: int = 12) -> str:
    """Return items for a message, cut after ``most``."""
    listed = sorted(items)
    return ", ".join(listed[:most]) + (f", … ({len(listed)})" if len(listed) > most else "")

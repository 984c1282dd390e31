"""Rows of a snapshot under the contract of a table, as its source's feed declares."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from marketintel.errors import DamagedDataError, MissingDataError, SourceError
from marketintel.reference.contracts import columns, validate
from marketintel.reference.limits import is_amount
from marketintel.sources import snapshot
from marketintel.sources.catalogue import sources
from marketintel.sources.http.answers import UNFORESEEN
from marketintel.sources.snapshot import Citation
from marketintel.sources.source import Feed

#: ``(rows, column, currency) ->`` rows with value_usd, currency, usd_per_unit, rate_source.
ToUsd = Callable[[pd.DataFrame, str, str], pd.DataFrame]

#: Columns that a snapshot of trade may lack.
_OPTIONAL: dict[str, dict[str, str | float | bool | None]] = {
    "trade": {
        "is_mirror": False, "trade_system": None, "net_weight_kg": float("nan"),
        "quantity": float("nan"), "quantity_unit": None, "currency": "USD", "usd_per_unit": 1.0,
        "rate_source": None,
    },
}  # fmt: skip


def table_rows(
    feed: Feed, raw: pd.DataFrame, meta: Citation, file: str, to_usd: ToUsd
) -> pd.DataFrame:
    """Return the rows that a snapshot adds to a table, validated by the table's contract.

    Parameters
    ----------
    feed : Feed
        Of the source.
    raw : pandas.DataFrame
        Content of the snapshot.
    meta : Citation
        Source and vintage.
    file : str
        Named in errors.
    to_usd : callable
        Conversion of amounts in other currencies.

    Raises
    ------
    DamagedDataError
        One line with the file, the column or row, and the rule that it breaks.
    MissingDataError
        An exchange rate is missing.
    """
    for name, values in raw.items():
        if not _fits(str(name), values):
            raise DamagedDataError(
                f"{file}: column '{name}' holds {_kind(values)}; expected "
                f"{'numbers' if _is_figure(str(name)) else 'text'}: correct the file or the step "
                "that wrote it"
            )
    try:
        rows = feed.rows(raw)
        if feed.amount:
            rows = to_usd(rows, feed.amount, feed.currency)
        rows = rows.assign(source=meta.source, vintage=meta.vintage)
        optional = _OPTIONAL.get(feed.table, {})
        same = {name: value for name, value in optional.items() if name not in rows}
        for name, value in (same | dict(feed.same)).items():
            rows[name] = pd.Series(None, rows.index, "str") if value is None else value
        if feed.table == "trade":
            amounts = ["value_usd", "net_weight_kg", "quantity"]
            rows = rows.astype(dict.fromkeys(amounts, "float64"))
        return validate(rows[columns(feed.table)], feed.table, file)
    except MissingDataError:
        raise
    except UNFORESEEN as error:
        absent = re.findall(r"'([^']+)'", str(error)) if isinstance(error, KeyError) else []
        named = f"column '{absent[0]}' is missing" if absent else " ".join(str(error).split())[:200]
        raise DamagedDataError(
            f"{file}: {named}; expected the columns that table '{feed.table}' is made of: correct "
            "the file or the step that wrote it"
        ) from error


def _is_figure(name: str) -> bool:
    return is_amount(name) or name in ("value", "level")


def _fits(name: str, values: pd.Series) -> bool:
    """Return whether a column is of the kind that its name promises: number, or anything flat."""
    numeric = pd.api.types.is_numeric_dtype(values.dtype) and values.dtype != "bool"
    if _is_figure(name) and name != "quantity_unit":
        return bool(numeric or values.isna().all())
    if values.dtype == "object":
        return not bool(values.map(lambda cell: isinstance(cell, list | dict | tuple | bytes)
                                   or hasattr(cell, "__array__")).any())  # fmt: skip
    return True


def _kind(values: pd.Series) -> str:
    first = values.dropna().iloc[0] if values.notna().any() else None
    return "text" if isinstance(first, str) else f"values of type {type(first).__name__}"


def admit(raw: pd.DataFrame, meta: Citation, file: str) -> None:
    """Validate a snapshot's frame as the build will, before it is saved.

    Exchange rates may be fetched later, so that amounts are converted at a rate of 1 here.

    Raises
    ------
    DamagedDataError
        As :func:`table_rows`: the build would refuse the snapshot.
    """

    def at_par(rows: pd.DataFrame, amount: str, currency: str) -> pd.DataFrame:
        return rows.assign(value_usd=rows[amount], currency=currency, usd_per_unit=1.0,
                           rate_source="none")  # fmt: skip

    declared = sources().get(meta.source)
    for feed in declared.feeds if declared else ():
        table_rows(feed, raw, meta, file, at_par)


def save_admitted(
    data_dir: Path, citation: Citation, file: str, frame: pd.DataFrame, payload: bytes
) -> snapshot.Snapshot:
    """Save a snapshot if the build will accept it.

    Raises
    ------
    SourceError
        The build would refuse it; the vintage before stays the latest.
    UsageError
        As :func:`marketintel.sources.snapshot.save`.
    """
    try:
        admit(frame, citation, file)
    except DamagedDataError as error:
        raise SourceError(
            f"{citation.source}: not saved, the figures break a rule ({error}); try again later, "
            "the vintage before stays in use"
        ) from error
    return snapshot.save(data_dir, citation, file, payload, rows=len(frame))

"""Conversion of a provider's body to a frame under a declared contract.

A contract is a mapping of column → dtype (``str``, ``float64``, ``bool``), kept as a constant in
each connector. :func:`conform` enforces it: a misfit raises one
:class:`~marketintel.errors.SourceError` naming source, field and expectation, so that a provider's
schema change stops a run instead of bending its figures.
"""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from json import JSONDecodeError
from typing import Any, ParamSpec, TypeAlias, TypeVar
from xml.etree.ElementTree import Element, ParseError  # types only; defusedxml reads

import pandas as pd
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from marketintel.errors import SourceError
from marketintel.reference.limits import is_amount, limit_of
from marketintel.sources.http.answers import UNFORESEEN, strict_json

Contract: TypeAlias = Mapping[str, str]
Body: TypeAlias = bytes | str
P = ParamSpec("P")
R = TypeVar("R")

#: Spellings of "no figure" in use among the providers. Never read as zero.
NO_FIGURE = frozenset(
    ["", ":", "..", "...", "NA", "N/A", "n/a", "n.a.", "NaN", "nan", "NP", "null", "None", "x"]
)

#: Longest text accepted as a label, a unit or a note.
_LONGEST_TEXT = 5000
_PERIOD = re.compile(r"(1[89]|2\d)\d\d(-((0[1-9]|1[0-2])(-[0-3]\d)?|[QS]\d|W\d\d))?")


def reading(source: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a ``process`` function: a body of unforeseen shape is a ``SourceError`` too.

    Connectors check the fields they read; this is for the rest: a list where a mapping was, a
    null where a list was, a table that is none.
    """

    def decorate(process: Callable[P, R]) -> Callable[P, R]:
        @wraps(process)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return process(*args, **kwargs)
            except UNFORESEEN as error:
                raise _unexpected(
                    source, f"{type(error).__name__}: {snippet(str(error))}"
                ) from error

        return guarded

    return decorate


def _unexpected(source: str, reason: str) -> SourceError:
    return SourceError(
        f"{source}: the answer is not built as expected ({reason}); the provider's format changed, "
        "or the answer is damaged"
    )


def text_of(body: Body, source: str) -> str:
    """Return a body as text, without a byte order mark.

    Raises
    ------
    SourceError
        The bytes are not UTF-8.
    """
    if isinstance(body, str):
        return body.removeprefix("\ufeff")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{source}: the answer is not UTF-8 text (byte {error.start}); expected text; try "
            "again, and report it if it stays"
        ) from error


def is_markup(body: Body) -> bool:
    """Return whether a body starts like XML or HTML, whatever its content type."""
    head = body[:64] if isinstance(body, str) else body[:64].decode("utf-8", "ignore")
    return head.lstrip("\ufeff \t\r\n").startswith("<")


def json_of(body: Body | Mapping[str, Any] | list[Any], source: str) -> Any:
    """Return a JSON body as Python values; parsed values pass through.

    Raises
    ------
    SourceError
        The body is markup (a web page in place of data) or is cut off.
    """
    if not isinstance(body, bytes | str):
        return body
    text = text_of(body, source)
    if is_markup(text):
        raise SourceError(
            f"{source}: got a page of markup where JSON was expected ({snippet(text)}); the "
            "service may be under maintenance: try again later"
        )
    try:
        return strict_json(text)
    except JSONDecodeError as error:
        raise SourceError(
            f"{source}: the JSON answer is broken or cut off at character {error.pos}; expected a "
            "complete document: fetch again"
        ) from error
    except (ValueError, RecursionError) as error:
        raise _unexpected(source, snippet(str(error))) from error


def xml_of(body: Body, source: str) -> Element:
    """Return the root element of a document without a DTD.

    Raises
    ------
    SourceError
        Not well-formed, or declares a document type.
    """
    try:
        root: Element = fromstring(text_of(body, source).encode(), forbid_dtd=True)
        return root
    except ParseError as error:
        raise SourceError(
            f"{source}: the XML answer is broken or cut off ({error}); fetch again"
        ) from error
    except DefusedXmlException as error:
        raise SourceError(
            f"{source}: the XML answer declares a document type; refused as unsafe"
        ) from error


def snippet(text: str, length: int = 120) -> str:
    """Return the start of a provider's text on one line, for an error message."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def as_list(value: Any) -> list[Any]:
    """Return a list: providers write a single element with and without its brackets."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def numbers(values: pd.Series, source: str, field: str) -> pd.Series:
    """Return ``values`` as float64; :data:`NO_FIGURE` and nulls become NaN.

    Raises
    ------
    SourceError
        A value is neither a number nor a known spelling of "no figure", or it is infinite,
        absurdly large, or negative where that is impossible.
    """
    if pd.api.types.is_numeric_dtype(values.dtype) and values.dtype != "bool":
        figures = values.astype("float64")
    else:
        text = values.astype("str").str.strip()
        text = text.mask(text.isin(NO_FIGURE))
        figures = pd.to_numeric(text, errors="coerce").astype("float64")
        bad = text[figures.isna() & text.notna()]
        if len(bad):
            raise SourceError(
                f"{source}: field '{field}' holds {snippet(str(bad.iloc[0]), 40)!r}; expected a "
                "number: the provider's format changed, or the answer is damaged"
            )
    most = limit_of(field) or sys.float_info.max
    least = 0 if is_amount(field) else -most
    wrong = figures[figures.notna() & ~figures.between(least, most)]
    if len(wrong):
        raise SourceError(
            f"{source}: field '{field}' holds {wrong.iloc[0]:g}; expected a figure from {least:g} "
            f"to {most:g}: the answer is damaged"
        )
    return figures


def conform(
    frame: pd.DataFrame, contract: Contract, source: str, *, others: bool = False
) -> pd.DataFrame:
    """Return ``frame`` with the contract's columns, in its order and dtypes, without notes.

    Parameters
    ----------
    frame : DataFrame
        Made by a connector; optional columns must already be there.
    contract : mapping of str to str
        Column → ``str``, ``float64`` or ``bool``.
    source : str
        Named in the error.
    others : bool
        Keep further columns behind those of the contract, as ``str``: for data sets whose
        dimensions differ from one to the next.

    Raises
    ------
    SourceError
        A column is missing or cannot take its dtype.
    """
    missing = [column for column in contract if column not in frame.columns]
    if missing:
        raise SourceError(
            f"{source}: the answer has no field '{missing[0]}'; expected "
            f"{', '.join(contract)}: the provider's format changed"
        )
    rest = dict.fromkeys((c for c in frame.columns if others and c not in contract), "str")
    columns: dict[str, pd.Series] = {}
    for column, dtype in {**contract, **rest}.items():
        if dtype == "float64":
            columns[column] = numbers(frame[column], source, column)
        elif dtype == "bool":
            columns[column] = frame[column].astype("bool")
        else:
            columns[column] = frame[column].astype("str")
            _check_text(columns[column], source, column)
    made = pd.DataFrame(columns).reset_index(drop=True)
    made.attrs["notes"] = []
    return made


def _check_text(values: pd.Series, source: str, column: str) -> None:
    """Refuse a text of absurd length, or a period that is none."""
    for value in values.dropna().unique():
        if len(value) > _LONGEST_TEXT or (column == "period" and not _PERIOD.fullmatch(value)):
            raise SourceError(
                f"{source}: field '{column}' holds {snippet(value, 40)!r}; expected "
                f"{'a period as 2025 or 2025-03' if column == 'period' else 'a short text'}: the "
                "answer is damaged, or the provider's format changed"
            )


def empty(contract: Contract, note: str = "no data") -> pd.DataFrame:
    """Return a frame without rows, under the contract, with the reason in ``attrs["notes"]``."""
    made = pd.DataFrame({column: pd.Series(dtype=dtype) for column, dtype in contract.items()})
    made.attrs["notes"] = [note]
    return made


def need(columns: Iterable[str], wanted: Iterable[str], source: str) -> None:
    """Raise SourceError when a body lacks a required field."""
    present = list(columns)
    for field in wanted:
        if field not in present:
            raise SourceError(
                f"{source}: the answer has no field '{field}'; expected it among "
                f"{snippet(', '.join(map(str, present)), 160)}: the provider's format changed"
            )


def periods(values: pd.Series) -> pd.Series:
    """Return time labels as ``2025``, ``2025-Q1``, ``2025-03`` or ``2025-03-01``.

    Other spellings of these (``2025M03``, ``2025-A1``, ``2025Q1``, ``202503``) are rewritten;
    every other text stays as it is.
    """
    text = values.astype("str").str.strip()
    return text.map({label: _period(label) for label in text.dropna().unique()}).astype("str")


def _period(label: str) -> str:
    if match := re.fullmatch(r"(\d{4})-?(?:M|m)?(0[1-9]|1[0-2])", label):
        return f"{match[1]}-{match[2]}"
    if match := re.fullmatch(r"(\d{4})-?([QS])0?(\d)", label):
        return f"{match[1]}-{match[2]}{match[3]}"
    if match := re.fullmatch(r"(\d{4})-?(?:A1?)", label):
        return match[1]
    return label


def frequencies(period: pd.Series) -> pd.Series:
    """Return A, S, Q, M, W or D from a period's spelling; missing for other spellings."""
    by_length = {4: "A", 7: "M", 10: "D"}
    frequency = {
        label: next((f for f in "QSW" if f in label), by_length.get(len(label)))
        for label in period.dropna().unique()
    }
    return period.map(frequency).astype("str")

"""From a provider's body to a frame under a declared contract.

A contract is a mapping of column → dtype (``str``, ``float64``, ``bool``), kept as a constant in
each connector. :func:`conform` enforces it; what does not fit raises one
:class:`~marketintel.errors.SourceError` naming source, field and what was expected, so that a
provider's schema change stops a run instead of bending its figures.
"""

import io
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from json import JSONDecodeError
from pathlib import Path
from typing import Any, ParamSpec, TypeAlias, TypeVar
from xml.etree.ElementTree import Element, ParseError  # types only; defusedxml reads

import pandas as pd
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from marketintel.errors import DamagedDataError, SourceError
from marketintel.reference.limits import is_amount, limit_of
from marketintel.sources.http.answers import strict_json

Contract: TypeAlias = Mapping[str, str]
Body: TypeAlias = bytes | str
P = ParamSpec("P")
R = TypeVar("R")

#: Spellings of "no figure" in use among the providers. Never read as zero.
NO_FIGURE = frozenset(
    ["", ":", "..", "...", "NA", "N/A", "n/a", "n.a.", "NaN", "nan", "NP", "null", "None", "x"]
)

#: Longest text taken for a label, a unit or a note.
_LONGEST_TEXT = 5000
_PERIOD = re.compile(r"(1[89]|2\d)\d\d(-((0[1-9]|1[0-2])(-[0-3]\d)?|[QS]\d|W\d\d))?")

#: What an archive may hold once unpacked; the largest real one (Canada, a year) is under 1 GB.
MAX_UNPACKED_BYTES = 4 * 2**30


#: What walking through a value of another shape raises.
UNFORESEEN = (
    TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError,
)  # fmt: skip


def reading(source: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a ``process`` function: a body of unforeseen shape is a ``SourceError`` too.

    Fields that a connector knows about are checked by it and named in its errors. This is for
    the rest: a list where a mapping was, a null where a list was, a table that is none.
    """

    def decorate(process: Callable[P, R]) -> Callable[P, R]:
        @wraps(process)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return process(*args, **kwargs)
            except UNFORESEEN as error:
                raise SourceError(
                    f"{source}: the answer is not built as expected ({type(error).__name__}: "
                    f"{snippet(str(error))}); the provider's format changed, or the answer is "
                    "damaged"
                ) from error

        return guarded

    return decorate


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
    """Tell whether a body starts like XML or HTML, whatever its content type says."""
    head = body[:64] if isinstance(body, str) else body[:64].decode("utf-8", "ignore")
    return head.lstrip("\ufeff \t\r\n").startswith("<")


def json_of(body: Body | Mapping[str, Any] | list[Any], source: str) -> Any:
    """Return a JSON body as Python values; what is already parsed passes through.

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
        raise SourceError(
            f"{source}: the answer is not built as expected ({snippet(str(error))}); the "
            "provider's format changed, or the answer is damaged"
        ) from error


def xml_of(body: Body, source: str) -> Element:
    """Return the root element of a document without a DTD.

    Raises
    ------
    SourceError
        Not well-formed, or declares a document type.
    """
    try:
        return fromstring(text_of(body, source).encode(), forbid_dtd=True)
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
        A value is neither a number nor a known spelling of "no figure", or it is infinite.
    """
    if pd.api.types.is_numeric_dtype(values.dtype) and values.dtype != "bool":
        return _finite(values.astype("float64"), source, field)
    text = values.astype("str").str.strip()
    text = text.mask(text.isin(NO_FIGURE))
    parsed = pd.to_numeric(text, errors="coerce").astype("float64")
    bad = text[parsed.isna() & text.notna()]
    if len(bad):
        raise SourceError(
            f"{source}: field '{field}' holds {snippet(str(bad.iloc[0]), 40)!r}; expected a "
            "number: the provider's format changed, or the answer is damaged"
        )
    return _finite(parsed, source, field)


def _finite(values: pd.Series, source: str, field: str) -> pd.Series:
    """Refuse what is no figure of trade: infinite, absurdly large, or negative where none is."""
    most = limit_of(field) or sys.float_info.max
    least = 0 if is_amount(field) else -most
    bad = values[values.notna() & ~values.between(least, most)]
    if len(bad):
        raise SourceError(
            f"{source}: field '{field}' holds {bad.iloc[0]:g}; expected a figure from {least:g} to "
            f"{most:g}: the answer is damaged"
        )
    return values


def conform(
    frame: pd.DataFrame, contract: Contract, source: str, *, others: bool = False
) -> pd.DataFrame:
    """Return ``frame`` with the contract's columns, in its order and dtypes; no notes yet.

    Parameters
    ----------
    frame : DataFrame
        What a connector made; optional columns must already be there.
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
    dtypes = dict(contract)
    if others:
        dtypes |= {column: "str" for column in frame.columns if column not in contract}
    columns: dict[str, pd.Series] = {}
    for column, dtype in dtypes.items():
        if dtype == "float64":
            columns[column] = numbers(frame[column], source, column)
        else:
            columns[column] = frame[column].astype("bool" if dtype == "bool" else "str")
            if dtype == "str":
                _plain(columns[column], source, column)
    made = pd.DataFrame(columns).reset_index(drop=True)
    made.attrs["notes"] = []
    return made


def _plain(values: pd.Series, source: str, column: str) -> None:
    """Refuse text that is no label: of absurd length, or a period that is none."""
    for value in values.dropna().unique():
        if len(value) > _LONGEST_TEXT or (column == "period" and not _PERIOD.fullmatch(value)):
            raise SourceError(
                f"{source}: field '{column}' holds {snippet(value, 40)!r}; expected "
                f"{'a period as 2025 or 2025-03' if column == 'period' else 'a short text'}: the "
                "answer is damaged, or the provider's format changed"
            )


def empty(contract: Contract, note: str = "no data") -> pd.DataFrame:
    """Return a frame without rows, under the contract; ``attrs["notes"]`` says why."""
    columns = {column: pd.Series(dtype=dtype) for column, dtype in contract.items()}
    made = pd.DataFrame(columns)
    made.attrs["notes"] = [note]
    return made


def need(columns: Iterable[str], wanted: Iterable[str], source: str) -> None:
    """Raise SourceError when a body lacks a field that nothing can stand in for."""
    have = list(columns)
    for field in wanted:
        if field not in have:
            raise SourceError(
                f"{source}: the answer has no field '{field}'; expected it among "
                f"{snippet(', '.join(map(str, have)), 160)}: the provider's format changed"
            )


def periods(values: pd.Series) -> pd.Series:
    """Return time labels as ``2025``, ``2025-Q1``, ``2025-03`` or ``2025-03-01``.

    Other spellings of these (``2025M03``, ``2025-A1``, ``2025Q1``, ``202503``) are rewritten;
    what is none of them stays as the provider wrote it.
    """
    text = values.astype("str").str.strip()
    known = {label: _period(label) for label in text.dropna().unique()}
    return text.map(known).astype("str")


def _period(label: str) -> str:
    if match := re.fullmatch(r"(\d{4})-?(?:M|m)?(0[1-9]|1[0-2])", label):
        return f"{match[1]}-{match[2]}"
    if match := re.fullmatch(r"(\d{4})-?([QS])0?(\d)", label):
        return f"{match[1]}-{match[2]}{match[3]}"
    if match := re.fullmatch(r"(\d{4})-?(?:A1?)", label):
        return match[1]
    return label


def frequencies(period: pd.Series) -> pd.Series:
    """Return A, S, Q, M, W or D from how a period is written; missing where it does not tell."""
    length = {4: "A", 7: "M", 10: "D"}
    known = {
        label: next((f for f in "QSW" if f in label), length.get(len(label)))
        for label in period.dropna().unique()
    }
    return period.map(known).astype("str")


def unpacked(body: Any, source: str) -> Any:
    """Return the data file of a zip; every other body as it is."""
    if isinstance(body, bytes) and body.startswith(b"PK"):
        return member_of(body, source, ".csv", ".xml", ".json")
    return body


def member_of(body: bytes, source: str, *suffixes: str, without: str = "\0") -> bytes:
    """Return the first file of a zip that ends in a suffix and does not hold ``without``.

    Raises
    ------
    SourceError
        Not a zip, damaged, without such a file, or unpacking to more than
        :data:`MAX_UNPACKED_BYTES`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = [
                info
                for info in archive.infolist()
                if info.filename.lower().endswith(suffixes) and without not in info.filename
            ]
            if not names:
                raise SourceError(
                    f"{source}: the archive has no file ending in {' or '.join(suffixes)} (has "
                    f"{snippet(', '.join(archive.namelist()))}); the provider's format changed"
                )
            if names[0].file_size > MAX_UNPACKED_BYTES:
                raise SourceError(
                    f"{source}: {names[0].filename} would unpack to {names[0].file_size} bytes; "
                    f"expected at most {MAX_UNPACKED_BYTES}: not unpacked"
                )
            # zipfile stops at the declared size, so a false declaration cannot unpack more.
            return archive.read(names[0])
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise SourceError(
            f"{source}: the archive is damaged or cut off ({error}); fetch it again"
        ) from error


def zip_entries(archive: Path) -> list[zipfile.ZipInfo]:
    """Return the files of a zip on disk.

    Raises
    ------
    DamagedDataError
        The file is not a zip.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            return opened.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise DamagedDataError(
            f"{archive}: not readable as a zip ({error}); delete it and download it again"
        ) from error

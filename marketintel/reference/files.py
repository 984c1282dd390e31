"""Tables and rows of the files that people edit, with the line of each.

Forms come back from spreadsheets of all Europe: commas, semicolons or tabs, UTF-8, UTF-16 or
Windows-1252, or a workbook. What a file may hold is declared in :mod:`marketintel.reference.model`.
"""

from __future__ import annotations

import csv
import difflib
import io
import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from marketintel.errors import ReferenceFileError

REFERENCE_DIR = Path(__file__).resolve().parent

#: Hosts that copy what others published, and hosts that stand for none.
COPIES = (
    "docplayer.net", "docslib.org", "example.com", "example.org", "fdocuments.net", "localhost",
    "pages.dev", "paperzz.com", "pdffox.com", "pdfslide.tips", "readkong.com", "scribd.com", "studylib.net",
    "vdocuments.net", "vdocuments.site", "vdocuments.us", "yumpu.com",
)  # fmt: skip

_TABLE = re.compile(r"^\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[A-Za-z0-9_-]+)\s*=""")
_YEAR = re.compile(r"(?:19|20)\d\d")
_REF_DATE = re.compile(
    r"undated|(?:c\.|FY|before )?(?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?(?:/(?:\d\d-)?\d\d)?\+?"
    r"|(?:19|20)\d\ds?-(?:19|20)\d\d"
)
_MOST_BYTES = 20_000_000


@dataclass(frozen=True)
class Problem:
    """One mistake: where it stands, the rule it breaks, what is wrong and what to do."""

    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.message}"


def refuse(problems: Sequence[Problem]) -> None:
    """Raise the first problem, saying how many there are; do nothing when there is none."""
    if problems:
        first = min(problems, key=lambda p: (p.file, p.line))
        more = f" ({len(problems)} mistakes in all)" if len(problems) > 1 else ""
        raise ReferenceFileError(f"{first}{more}; see `marketintel check`")


def _likeness(text: str, name: str) -> tuple[float, int]:
    """Return the share of letters in common, then the length of the common beginning."""
    ratio = difflib.SequenceMatcher(None, name, text).ratio()
    alike = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(text, name, strict=False))
    return round(ratio, 2), len(list(alike))


Checked = TypeVar("Checked", "Tables", "Sheet")


def sound(checked: Checked) -> Checked:
    """Return what a check has read; raise its first problem if there is one."""
    refuse(checked.problems)
    return checked


def unknown(text: str, known: Iterable[str], what: str = "") -> str:
    """Message that a name is not known, with the one that may be meant."""
    known = list(known)
    near = difflib.get_close_matches(text, known, n=5, cutoff=0.6)
    folded = {name.casefold(): name for name in known}
    meant = folded.get(text.casefold()) or max(
        sorted(near), key=partial(_likeness, text), default=""
    )
    some = f"{', '.join(known[:30])}{', …' if len(known) > 30 else ''}"
    hint = f"did you mean {meant}?" if meant else f"use one of {some}"
    return f"{what + ' ' if what else ''}{text!r} is not known: {hint}"


def is_url(text: str) -> bool:
    """Return whether a text starts like a web address."""
    return text.startswith(("https://", "http://"))


def is_copy(text: str) -> bool:
    """Return whether a web address is of a host of copies, or stands for none."""
    host = (urlsplit(text).hostname or "").removeprefix("www.")
    return any(host == copy or host.endswith(f".{copy}") for copy in COPIES)


def is_ref_date(text: str) -> bool:
    """Return whether a text is a date as facts carry it: also a year, a span or undated."""
    return _REF_DATE.fullmatch(text) is not None


def year_of(ref_date: str) -> int | None:
    """Return the last year that a fact's date names; None where it is undated."""
    years = _YEAR.findall(ref_date)
    return int(years[-1]) if years else None


def listed(cell: str) -> list[str]:
    """Return the values of a ``;``-joined field."""
    return [part.strip() for part in cell.split(";") if part.strip()]


@dataclass
class Tables:
    """Tables of a TOML file.

    Attributes
    ----------
    raw : dict
        The parsed content; empty when the file is not TOML.
    items : dict of str to Table
        The tables that keep the rules of their model.
    problems : list of Problem
    """

    path: Path
    raw: dict[str, Any] = field(default_factory=dict)
    items: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    lines: dict[tuple[str, ...], int] = field(default_factory=dict)

    def line(self, *where: str) -> int:
        """Return the line of a table or key; of the nearest table above it if it has none."""
        place: tuple[str, ...] = ()
        for part in where:
            if (*place, part) in self.lines:
                place = (*place, part)
        return self.lines.get(place, 1)

    def add(self, rule: str, message: str, *where: str) -> None:
        """Note a mistake at the line of a table or key."""
        self.problems.append(Problem(str(self.path), self.line(*where), rule, message))


def raw_toml(path: Path) -> Tables:
    """Read a TOML file without a model; what cannot be read is its one problem."""
    tables = Tables(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
        tables.raw, tables.lines = _parsed(text)
    except OSError as error:
        tables.add("unreadable", f"cannot be read: {error.strerror}; restore the file")
    except UnicodeDecodeError:
        tables.add("toml-syntax", "is not UTF-8 text: save it as UTF-8")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        at = re.search(r"at line (\d+)", str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        tables.problems.append(Problem(str(path), line, "toml-syntax", f"not TOML: {error}"))
    return tables


@lru_cache(maxsize=32)
def _parsed(text: str) -> tuple[dict[str, Any], dict[tuple[str, ...], int]]:
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _TABLE.match(line):
            table = tuple(part.strip().strip("\"'") for part in found.group(1).split("."))
            for length in range(1, len(table) + 1):  # [a.b] also opens the table a
                lines.setdefault(table[:length], number)
        elif found := _KEY.match(line):
            lines.setdefault((*table, found.group(1).strip("\"'")), number)
    return tomllib.loads(text), lines


@dataclass
class Sheet:
    """Rows of a CSV file or workbook.

    Attributes
    ----------
    rows : list of (int, dict of str to str)
        Line and cells of every row that has as many fields as the header.
    items : list of (int, Line)
        The rows that keep the rules of their model, as models.
    problems : list of Problem
    """

    path: Path
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    items: list[tuple[int, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add(self, line: int, rule: str, message: str) -> None:
        """Note a mistake."""
        self.problems.append(Problem(str(self.path), line, rule, message))


def read_cells(sheet: Sheet, columns: Sequence[str], optional: Sequence[str] = ()) -> None:
    """Fill a sheet with the rows of its file, or with the reason why it has none."""
    try:
        content = sheet.path.read_bytes()
        if len(content) > _MOST_BYTES:
            raise ValueError(f"has {len(content):,} bytes, more than {_MOST_BYTES:,}")
        if content.startswith(b"PK\x03\x04"):
            lines = iter(_workbook(content))
        else:
            lines = _csv_lines(_decoded(content), {*columns, *optional})
        _take(sheet, lines, columns, optional)
    except OSError as error:
        sheet.add(1, "unreadable", f"cannot be read: {error.strerror}; restore the file")
    except csv.Error as error:
        sheet.add(1, "csv-syntax", f"not CSV: {error}; look for an open quotation mark")
    except ValueError as error:
        sheet.add(1, "unreadable", f"{error}; save it as “CSV UTF-8” or XLSX")


def _decoded(content: bytes) -> str:
    """Return the text of a file in one of the encodings that spreadsheets write."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    if content[1:2] == b"\x00" or content[:1] == b"\x00":
        return content.decode("utf-16-le" if content[1:2] == b"\x00" else "utf-16-be")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def _csv_lines(text: str, names: set[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield line and fields, split at the separator that finds most columns in the header."""
    skipped = 0
    if text.startswith("sep="):  # a line by which Excel notes the separator
        text, skipped = text.partition("\n")[2], 1
    header = text.partition("\n")[0]
    separator = max(",;\t", key=lambda s: len(names & {c.strip(' "\r') for c in header.split(s)}))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    for cells in reader:
        yield line + skipped, cells
        line = reader.line_num + 1


def _workbook(content: bytes) -> list[tuple[int, list[str]]]:
    """Return the rows of a workbook's first sheet as text."""
    import zipfile

    import pandas as pd

    try:
        frame = pd.read_excel(io.BytesIO(content), header=None, dtype=object)
    except (ValueError, KeyError, OSError, zipfile.BadZipFile, AttributeError) as error:
        raise ValueError(f"is not a readable workbook ({error})") from None
    rows = frame.astype(object).where(frame.notna(), "").to_numpy().tolist()
    return [(number, [_cell(cell) for cell in row]) for number, row in enumerate(rows, start=1)]


def _cell(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return text.removesuffix(" 00:00:00")


def _take(
    sheet: Sheet,
    lines: Iterator[tuple[int, list[str]]],
    columns: Sequence[str],
    optional: Sequence[str],
) -> None:
    header = [cell.strip() for cell in next(lines, (1, [""]))[1]]
    width = len(header)  # a spreadsheet may have saved empty columns too
    while header and not header[-1]:
        header.pop()
    absent = [column for column in columns if column not in header]
    strange = [column for column in header if column not in (*columns, *optional)]
    if absent or strange or len(set(header)) != len(header):
        hints = [unknown(name, [*columns, *optional], "column") for name in strange]
        hints += [f"column {name} is not there: add it" for name in absent]
        sheet.add(1, "header", "; ".join(hints) or "a column stands twice: remove one")
        return
    for line, fields in lines:
        cells = [cell.strip() for cell in fields]
        if not any(cells):
            continue
        if len(cells) == width and not any(cells[len(header) :]):
            cells = cells[: len(header)]
        if len(cells) == len(header):
            filled = dict(zip(header, cells, strict=True))
            sheet.rows.append((line, filled | {c: "" for c in optional if c not in filled}))
        else:
            message = f"{len(cells)} fields instead of {len(header)}: "
            sheet.add(line, "field-count", f"{message}put text with separators in quotes")

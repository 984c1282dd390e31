"""A CSV file that people fill in, with the line of every row, so that a mistake can be shown."""

import csv
import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from marketintel.warehouse.problems import Problem

#: Rows whose first field starts so are examples: they show the form and are no data.
EXAMPLE = "EXAMPLE"
_YEAR = re.compile(r"(?:19|20)\d\d")
_REF_DATE = re.compile(
    r"undated|(?:c\.|FY)?(?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?(?:/(?:\d\d-)?\d\d)?|(?:19|20)\d\d-(?:19|20)\d\d"
)


@dataclass(frozen=True)
class Row:
    """One row: the line where it begins, and its fields by column."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]


class CsvFile:
    """The rows of a CSV file and the mistakes found in it.

    Parameters
    ----------
    path : Path
        UTF-8, comma-separated, with a header.
    columns : sequence of str
        Columns that must be there.
    optional : sequence of str
        Columns that may be there; an absent one reads as "".
    """

    def __init__(self, path: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> None:
        self.path = path
        self.rows: list[Row] = []
        self.problems: list[Problem] = []
        try:
            with path.open(encoding="utf-8-sig", newline="") as handle:
                self._read(csv.reader(handle, strict=True), columns, optional)
        except OSError as error:
            self.add(1, "unreadable", f"cannot be read: {error.strerror}; restore the file")
        except UnicodeDecodeError:
            self.add(1, "unreadable", "is not UTF-8 text; save it as “CSV UTF-8”")
        except csv.Error as error:
            self.add(1, "csv-syntax", f"not CSV: {error}; look for an open quotation mark")

    def add(self, line: int, rule: str, message: str) -> None:
        """Note a mistake."""
        self.problems.append(Problem(str(self.path), line, rule, message))

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def required(self, row: Row, *columns: str) -> bool:
        """Note every empty field of those that must be filled; return whether none is."""
        empty = [column for column in columns if not row[column]]
        for column in empty:
            self.add(row.line, "missing-value", f"{column} is empty: fill it in")
        return not empty

    def choice(self, row: Row, column: str, known: Iterable[str]) -> bool:
        """Note a value that is not one of those known; return whether it is."""
        known = list(known)
        if row[column] in known:
            return True
        self.add(row.line, f"unknown-{column.replace('_', '-')}", unknown(row[column], known))
        return False

    def cited(self, row: Row) -> None:
        """Check what makes a fact citable: its date, its source and the address."""
        self.required(row, "ref_date", "source_title", "source_url")
        if row["ref_date"] and not is_ref_date(row["ref_date"]):
            message = f"{row['ref_date']!r} is no date: write 2024, 2024-06, 2024-06-27, c.2023, "
            self.add(row.line, "ref-date", f"{message}FY2023 or undated")
        if row["source_url"] and not is_url(row["source_url"]):
            message = f"{row['source_url']!r} is not a web address: it starts with https://"
            self.add(row.line, "url", message)

    def _read(
        self, reader: Iterator[list[str]], columns: Sequence[str], optional: Sequence[str]
    ) -> None:
        header = next(reader, [])
        absent = [column for column in columns if column not in header]
        strange = [column for column in header if column not in (*columns, *optional)]
        if absent or strange or len(set(header)) != len(header):
            hints = [unknown(name, [*columns, *optional], "column") for name in strange]
            hints += [f"column {name} is not there: add it" for name in absent]
            self.add(1, "header", "; ".join(hints) or "a column stands twice: remove one")
            return
        line = 2
        for cells in reader:
            end = getattr(reader, "line_num", line)
            if any(cell.strip() for cell in cells):
                if len(cells) == len(header):
                    filled = {c: v.strip() for c, v in zip(header, cells, strict=True)}
                    row = Row(line, {c: filled.get(c, "") for c in (*columns, *optional)})
                    self.rows.append(row)
                else:
                    message = f"{len(cells)} fields instead of {len(header)}: "
                    self.add(line, "field-count", f"{message}put text with commas in quotes")
            line = end + 1


def unknown(text: str, known: Iterable[str], what: str = "") -> str:
    """Say that a name is not known, and which one may be meant."""
    known = list(known)
    near = difflib.get_close_matches(text, known, n=1, cutoff=0.6)
    folded = {name.casefold(): name for name in known}
    meant = folded.get(text.casefold()) or (near[0] if near else "")
    hint = f"did you mean {meant}?" if meant else f"use one of {', '.join(known)}"
    return f"{what + ' ' if what else ''}{text!r} is not known: {hint}"


def is_url(text: str) -> bool:
    """Whether a text starts like a web address."""
    return text.startswith(("https://", "http://"))


def is_ref_date(text: str) -> bool:
    """Whether a text is a date as facts carry it, which may be a year, a span or undated."""
    return _REF_DATE.fullmatch(text) is not None


def year_of(ref_date: str) -> int | None:
    """Return the last year that a fact's date names; None where it is undated."""
    years = _YEAR.findall(ref_date)
    return int(years[-1]) if years else None


def listed(cell: str) -> list[str]:
    """Return the values of a ``;``-joined field."""
    return [part.strip() for part in cell.split(";") if part.strip()]


def is_example(text: str) -> bool:
    """Whether a name says that its row is an example."""
    return text.upper().startswith(EXAMPLE)

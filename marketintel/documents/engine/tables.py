"""The report's tables as files: one CSV each and one workbook, the same bytes every time.

A spreadsheet runs a text such as ``=1+1`` from a CSV as a formula. Texts that it may run get an
apostrophe in front, and so do texts that have apostrophes before such a beginning: taking one
apostrophe away from each (:func:`as_written`) gives the text back. Numbers are never changed. In
the workbook texts are stored as texts and need none.
"""

import datetime
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.documents.engine.formats import is_missing

if TYPE_CHECKING:
    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

# A workbook must carry a date; this one says "not a real one" and never changes.
_CREATED = datetime.datetime(1980, 1, 1)
_NUMBER_FORMATS = [
    ("_usd", "#,##0"),
    ("_pp", "+0.0;-0.0;0.0"),
    ("_pct", "0.0"),
    ("hhi", "0.000"),
    ("rca", "0.00"),
]
_WIDEST = 48
# Beginnings that spreadsheets run as formulas, full-width ones and those after blanks included.
_RUNS = re.compile(r"'*[\s\x00-\x1f\ufeff]*[=+\-@＝＋－＠\t\r\n]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?|-")


def save_tables(
    tables: Mapping[str, "pd.DataFrame"],
    out_dir: Path,
    title: str,
    edition: str,
    captions: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write ``tables/<name>.csv`` and ``tables/tables.xlsx`` under `out_dir`.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Unformatted figures; the index is not written.
    out_dir : Path
        The edition's folder.
    title, edition : str
        Of the report, for the workbook's contents sheet.
    captions : mapping of str to str, optional
        By table name, for the contents sheet.

    Returns
    -------
    list of Path
        The CSV files in order, then the workbook. UTF-8 with a byte order mark; see
        :func:`as_csv`.
    """
    from xlsxwriter.exceptions import FileCreateError

    folder = out_dir / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, frame in tables.items():
        file = folder / f"{name}.csv"
        # With a byte order mark, or a European desktop reads Türkiye as TÃ¼rkiye.
        file.write_text(as_csv(frame), encoding="utf-8-sig", newline="")
        files.append(file)
    workbook = folder / "tables.xlsx"
    try:
        _write_workbook(workbook, tables, title, edition, dict(captions or {}))
    except FileCreateError as error:  # hides the system's error: a full disk, mostly
        raise error.args[0] from error
    return [*files, workbook]


def as_csv(frame: "pd.DataFrame") -> str:
    """Return a frame as CSV that a spreadsheet opens without running anything.

    Line feeds; missing is empty; whole numbers have no decimals, others the shortest text that
    reads back to the same number, never in scientific notation.
    """
    rows = [[_inert(str(label)) for label in frame.columns], *frame.map(_plain).to_numpy()]
    return "".join((",".join(map(_quoted, row)) or '""') + "\n" for row in rows)


def _quoted(cell: str) -> str:
    # The csv module leaves a lone carriage return unquoted, and its reader then ends the row.
    return '"{}"'.format(cell.replace('"', '""')) if re.search(r'[",\r\n]', cell) else cell


def as_written(text: str) -> str:
    """Return the text that a cell of :func:`as_csv` stands for."""
    return text[1:] if text.startswith("'") and _RUNS.match(text) else text


def _inert(text: str) -> str:
    return f"'{text}" if _RUNS.match(text) and not _NUMBER.fullmatch(text) else text


def _plain(value: Any) -> str:
    import numpy as np

    if is_missing(value):
        return ""
    if isinstance(value, str):
        return _inert(value)
    if isinstance(value, float | np.floating):
        return np.format_float_positional(value, trim="-")
    return str(value)


def _write_workbook(
    file: Path,
    tables: Mapping[str, "pd.DataFrame"],
    title: str,
    edition: str,
    captions: Mapping[str, str],
) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(file), {"strings_to_formulas": False}) as book:
        book.set_properties({"title": title, "comments": edition, "created": _CREATED})
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        bold = book.add_format({"bold": True, "font_size": 14})
        formats = {code: book.add_format({"num_format": code}) for _, code in _NUMBER_FORMATS}

        contents = book.add_worksheet("Contents")
        contents.write_string(0, 0, title, bold)
        contents.write_string(1, 0, edition)
        for column, label in enumerate(("Sheet", "Table")):
            contents.write_string(3, column, label, head)
        contents.set_column(0, 0, 34)
        contents.set_column(1, 1, 100)

        taken = {"contents"}
        for row, (name, frame) in enumerate(tables.items(), start=4):
            sheet = book.add_worksheet(_sheet_name(name, taken))
            contents.write_string(row, 0, sheet.get_name())
            contents.write_string(row, 1, captions.get(name, name))
            _fill(sheet, frame, head, formats)


def _fill(sheet: "Worksheet", frame: "pd.DataFrame", head: Any, formats: dict[str, Any]) -> None:
    sheet.freeze_panes(1, 0)
    for j, (label, values) in enumerate(frame.items()):
        name = str(label)
        sheet.write_string(0, j, name, head)
        code = next((code for end, code in _NUMBER_FORMATS if name.endswith(end)), None)
        widest = len(name)
        for i, value in enumerate(values, start=1):
            if is_missing(value):
                continue
            if isinstance(value, str):
                sheet.write_string(i, j, value)
                widest = max(widest, len(value))
            elif value is True or value is False:
                sheet.write_boolean(i, j, value)
            else:
                sheet.write_number(i, j, value, formats[code] if code else None)
                widest = max(widest, len(f"{value:,.1f}"))
        sheet.set_column(j, j, min(widest + 2, _WIDEST))
    if len(frame):
        sheet.autofilter(0, 0, len(frame), max(len(frame.columns) - 1, 0))


def _sheet_name(name: str, taken: set[str]) -> str:
    """Find a unique name of at most 31 characters, without those that a workbook forbids."""
    clean = re.sub(r"[\[\]:*?/\\']", "_", name)[:31]
    candidate, count = clean, 2
    while candidate.lower() in taken:
        tail = f"_{count}"
        candidate, count = clean[: 31 - len(tail)] + tail, count + 1
    taken.add(candidate.lower())
    return candidate

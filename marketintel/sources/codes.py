"""Provider country codes to ISO3; notes on rows whose code is missing from ``countries.csv``."""

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from marketintel.files import write_atomic
from marketintel.reference.countries import is_code, to_iso3
from marketintel.sources.formats.tidy import snippet


class UnknownCode(str):
    """Note on rows left out because no economy has their code.

    Attributes
    ----------
    system, code : str
        Column of ``countries.csv`` that lacks it; the code.
    rows, value : int, float
        Number of rows, and sum of their amounts.
    unit : str
        Of ``value``; "" where rows have no amount.
    """

    source: str
    system: str
    code: str
    rows: int
    value: float
    unit: str

    def __new__(
        cls, source: str, system: str, code: str, rows: int, value: float, unit: str
    ) -> "UnknownCode":
        """Make the note."""
        amount = f" ({unit} {value:,.0f})" if unit else ""
        made = super().__new__(
            cls,
            f"{source}: code {code} is no economy's in column {system} of countries.csv: "
            f"{rows:,} row{'s' if rows > 1 else ''}{amount} left out; `marketintel data --codes` "
            "lists such codes",
        )
        made.source, made.system, made.code = source, system, code
        made.rows, made.value, made.unit = rows, value, unit
        return made

    def __getnewargs__(self) -> tuple[str, str, str, int, float, str]:  # type: ignore[override]
        """Return the arguments of a copy: pandas copies the notes of a frame."""
        return self.source, self.system, self.code, self.rows, self.value, self.unit

    def plus(self, other: "UnknownCode") -> "UnknownCode":
        """Return one note on the rows of both, which have the same code."""
        rows, value = self.rows + other.rows, self.value + other.value
        return UnknownCode(self.source, self.system, self.code, rows, value, self.unit)


def economies(
    codes: pd.Series,
    system: str,
    source: str,
    notes: list[str],
    *,
    amounts: pd.Series | None = None,
    unit: str = "",
    ignore: Iterable[str] = (),
) -> pd.Series:
    """Return the ISO3 of a provider's codes; an unknown code is missing, and noted.

    Parameters
    ----------
    codes : Series
        Of the provider.
    system : str
        Column of ``countries.csv``.
    source : str
        Named in the note.
    notes : list of str
        Takes an :class:`UnknownCode` for each unknown code.
    amounts : Series, optional
        Amounts of the rows, in ``unit``.
    unit : str
        Of ``amounts``.
    ignore : iterable of str
        Codes of world totals and groups: missing, and not noted.
    """
    ignored = set(ignore)
    unknown = sorted(
        str(code)
        for code in codes.dropna().unique()
        if code not in ignored and not is_code(str(code), system)
    )
    for code in unknown:
        rows = codes == code
        value = 0.0 if amounts is None else float(amounts[rows].sum())
        notes.append(UnknownCode(source, system, snippet(code, 20), int(rows.sum()), value, unit))
    return to_iso3(codes, system, ignore=[*ignored, *unknown])


def merged_notes(notes: list[str], more: Iterable[str]) -> list[str]:
    """Return the notes of two parts: each once, and one on each unknown code."""
    merged = list(notes)
    for note in more:
        same = next(
            (n for n in merged if isinstance(n, UnknownCode) and isinstance(note, UnknownCode)
             and (n.system, n.code) == (note.system, note.code)),
            None,
        )  # fmt: skip
        if same is not None and isinstance(note, UnknownCode):
            merged[merged.index(same)] = same.plus(note)
        elif note not in merged:
            merged.append(note)
    return merged


def _folder(data_dir: Path) -> Path:
    return data_dir / "local" / "unknown_codes"


def write(data_dir: Path, source: str, notes: Iterable[str]) -> None:
    """Keep the unknown codes among the notes of a fetch, in place of the earlier ones."""
    unknown = [
        {"system": n.system, "code": n.code, "rows": n.rows, "value": n.value, "unit": n.unit}
        for n in notes
        if isinstance(n, UnknownCode)
    ]
    file = _folder(data_dir) / f"{source}.json"
    if unknown:
        write_atomic(file, json.dumps(unknown, indent=1).encode())
    else:
        file.unlink(missing_ok=True)


def read(data_dir: Path) -> list[dict[str, str | float]]:
    """Return source, system, code, rows, value and unit of every unknown code."""
    rows: list[dict[str, str | float]] = []
    for file in sorted(_folder(data_dir).glob("*.json")):
        try:
            rows += [{"source": file.stem, **one} for one in json.loads(file.read_text("utf-8"))]
        except (OSError, ValueError, TypeError):
            continue
    return rows

"""Entry of measurements into the log."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from marketintel.documents.indicators import is_open
from marketintel.errors import UsageError
from marketintel.reference import kpi_log, kpi_rules
from marketintel.reference.files import unknown
from marketintel.reference.partnership import load_clusters, load_kpis, load_units
from marketintel.warehouse import store

#: Columns of a file of measurements.
REQUIRED = ("indicator", "value", "date", "evidence")
OPTIONAL = ("country", "meeting", "counterpart", "corrects", "partner")


def indicator_of(meeting: str, day: str) -> str:
    """Return the id of the indicator that counts a kind of meeting on a day.

    Raises
    ------
    UsageError
        No indicator counts it, or none does on that day.
    """
    fed = {name: one for name, one in load_kpis().items() if "meeting" in one}
    if meeting not in (kinds := {one["meeting"] for one in fed.values()}):
        raise UsageError(f"meeting {unknown(meeting, sorted(kinds))}")
    own = {name: one for name, one in fed.items() if one["meeting"] == meeting}
    if name := next((name for name, one in own.items() if is_open(one, day)), None):
        return name
    periods = ", ".join(f"{n} {one['start']} to {one['deadline']}" for n, one in own.items())
    raise UsageError(
        f"no indicator counts {meeting} meetings on {day} ({periods}): add one in kpis.toml"
    )


def enter(
    indicator: str,
    day: str,
    value: float | str,
    evidence: str,
    data_dir: Path | None = None,
    **more: str,
) -> tuple[kpi_log.Entry, Path]:
    """Add a line to the log, and return it and where the log lies.

    Parameters
    ----------
    value : float or str
        As typed, text is read by :func:`marketintel.reference.kpi_rules.parse_value`.
    more : str
        ``iso3, meeting, counterpart, corrects, partner`` of
        :func:`marketintel.reference.kpi_log.new_entry`.

    Raises
    ------
    UsageError
        The entry breaks a rule of the log or of :mod:`marketintel.reference.kpi_rules`.
    """
    path = kpi_log.log_path(data_dir or store.default_data_dir())
    entry = _checked(indicator, day, value, evidence, kpi_log.inspect(path)[0], **more)
    kpi_log.append(path, entry)
    return entry, path


def enter_file(file: Path, data_dir: Path | None = None) -> tuple[list[kpi_log.Entry], Path]:
    """Add every row of a CSV or XLSX file to the log: all of them, or none with a mistake.

    Columns: indicator, value, date, evidence; if there are such, country, meeting, counterpart,
    corrects, partner (id of a cluster).

    Raises
    ------
    UsageError
        The file is no such table, or a row breaks a rule; the message names its line.
    """
    rows = _rows(file)
    path = kpi_log.log_path(data_dir or store.default_data_dir())
    before, made = list(kpi_log.inspect(path)[0]), []
    for line, row in rows:
        more = {("iso3" if key == "country" else key): row[key] for key in OPTIONAL if key in row}
        indicator, value, day, evidence = (row[key] for key in REQUIRED)
        try:
            entry = _checked(indicator, day, value, evidence, before, **more)
        except UsageError as error:
            raise UsageError(f"{file.name}, line {line}: {error}; nothing was entered") from error
        before.append(entry)
        made.append(entry)
    for entry in made:
        kpi_log.append(path, entry)
    return made, path


def _rows(file: Path) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a table as text, with their lines."""
    import pandas as pd

    read = pd.read_excel if file.suffix.lower() == ".xlsx" else pd.read_csv
    try:
        frame = read(file, dtype="str", keep_default_na=False)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{file}: not readable as CSV or XLSX ({reason})") from error
    if missing := [column for column in REQUIRED if column not in frame]:
        raise UsageError(
            f"{file.name}: no column {missing[0]!r}; the first line names {', '.join(REQUIRED)} "
            f"and, if needed, {', '.join(OPTIONAL)}"
        )
    table = frame.fillna("").apply(lambda column: column.str.strip())
    # A sheet gives a day as a moment of it.
    table["date"] = table["date"].str.removesuffix(" 00:00:00")
    return [(at, row) for at, row in enumerate(table.to_dict("records"), 2)]


def _checked(
    indicator: str,
    day: str,
    value: float | str,
    evidence: str,
    before: list[kpi_log.Entry],
    **more: str,
) -> kpi_log.Entry:
    """Return an entry that keeps the rules of the log, of its unit and of the lines before."""
    kpis, units, clusters = load_kpis(), load_units(), load_clusters()
    if isinstance(value, str):
        unit = kpis.get(indicator, {}).get("unit", next(iter(units)))
        value = kpi_rules.parse_value(value, units[unit], unit)
    if (partner := more.get("partner", "")) and partner not in clusters:
        raise UsageError(f"partner {unknown(partner, list(clusters))}")
    entry = kpi_log.new_entry(indicator, day, value, evidence, kpis, **more)
    kpi_rules.check_entry(entry, kpis, units, before, date.today().isoformat())
    return entry

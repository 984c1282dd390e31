"""Entry of measurements into the log."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from marketintel.documents.indicators import is_open
from marketintel.errors import UsageError
from marketintel.reference import kpi_log, kpi_rules
from marketintel.reference.files import unknown
from marketintel.reference.partnership import load_kpis, load_units
from marketintel.warehouse import store


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
    *,
    iso3: str = "",
    meeting: str = "",
    counterpart: str = "",
    corrects: str = "",
) -> tuple[kpi_log.Entry, Path]:
    """Add a line to the log, and return it and where the log lies.

    Parameters
    ----------
    value : float or str
        As typed, text is read by :func:`marketintel.reference.kpi_rules.parse_value`.

    Raises
    ------
    UsageError
        The entry breaks a rule of the log or of :mod:`marketintel.reference.kpi_rules`.
    """
    kpis, units = load_kpis(), load_units()
    if isinstance(value, str):
        unit = kpis.get(indicator, {}).get("unit", next(iter(units)))
        value = kpi_rules.parse_value(value, units[unit], unit)
    path = kpi_log.log_path(data_dir or store.default_data_dir())
    entry = kpi_log.new_entry(
        indicator, day, value, evidence, kpis,
        iso3=iso3, meeting=meeting, counterpart=counterpart, corrects=corrects,
    )  # fmt: skip
    today = date.today().isoformat()
    kpi_rules.check_entry(entry, kpis, units, kpi_log.inspect(path)[0], today)
    kpi_log.append(path, entry)
    return entry, path

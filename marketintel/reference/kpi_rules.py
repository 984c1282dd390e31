"""Rules for a new line of the log of measurements, from ``kpis.toml`` and the log itself.

They hold when a line is entered. Lines written before a rule was made stay readable; a correction
puts them right.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from marketintel.errors import UsageError
from marketintel.reference.countries import country_name, group_members, load_groups
from marketintel.reference.kpi_log import Entry, standing

_MAIL = re.compile(
    r"mailto:|[^\s/]\s*(@|%40|[(\[{<]\s*(@|at)\s*[)\]}>])\s*\w|[^\s/]@\s*\[", re.IGNORECASE
)
"""An address however it is written; not a name behind a slash, as in ``https://x.eu/@name``."""
_COUNT = re.compile(r"[0-9]{1,12}")
_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")


def parse_value(text: str, unit: Mapping[str, Any], name: str) -> float:
    """Return the value that somebody typed, in plain digits.

    ``2.500`` is two and a half in one country and two thousand five hundred in another, so
    separators are refused; an amount may have a point and one or two decimals.

    Raises
    ------
    UsageError
        It is written otherwise.
    """
    if unit["type"] == "count" and not _COUNT.fullmatch(text):
        raise UsageError(f"{text!r} is not a whole number of {name}: write digits only, like 2500")
    if not _AMOUNT.fullmatch(text):
        raise UsageError(
            f"{text!r} is not an amount in {name}: digits, a point, at most two decimals"
        )
    return float(text)


def places(kpi: Mapping[str, Any]) -> list[str]:
    """Return the ISO3 codes where an indicator may happen; empty if anywhere."""
    groups = load_groups()
    named = kpi.get("within", kpi.get("countries", []))
    return [iso3 for one in named for iso3 in (group_members(one) if one in groups else [one])]


def check_entry(
    entry: Entry,
    kpis: Mapping[str, Mapping[str, Any]],
    units: Mapping[str, Mapping[str, Any]],
    before: Iterable[Entry],
    today: str,
) -> None:
    """Refuse a line that would not count, or that cannot be.

    Parameters
    ----------
    kpis, units : mapping
        Of ``kpis.toml``.
    before : iterable of Entry
        The log so far.
    today : str
        ISO date; what happens later cannot have been counted.

    Raises
    ------
    UsageError
        With the rule and the way out.
    """
    kpi, before = kpis[entry.kpi], list(before)
    _check_value(entry, kpi, units)
    _check_day(entry, kpi, today)
    for key in ("evidence", "counterpart"):
        text = unicodedata.normalize("NFKC", getattr(entry, key))
        if _MAIL.search(text):
            raise UsageError(f"{key} holds an e-mail address: name a document or organisation")
        if text and not any(letter.isalnum() for letter in text):
            raise UsageError(f"{key} holds no letter: name a document or organisation")
    if kpi.get("countries_counted"):
        raise UsageError(f"{entry.kpi} is counted from {kpi['of']}: enter the line there")
    allowed = places(kpi)
    if entry.country in load_groups():
        raise UsageError(f"{entry.country} is a group: name the country in which it happened")
    if entry.country and allowed and entry.country not in allowed:
        few = ", ".join(allowed) if len(allowed) < 8 else ", ".join(kpi["within"])
        raise UsageError(
            f"{country_name(entry.country)} is no place of {entry.kpi}, which counts {few}"
        )
    if entry.corrects:
        _check_correction(entry, before)
    if kpi["measure"] == "level" and (entry.value > 0 or not entry.corrects):
        _check_level(entry, before)


def _check_value(
    entry: Entry, kpi: Mapping[str, Any], units: Mapping[str, Mapping[str, Any]]
) -> None:
    unit = units[kpi["unit"]]
    if unit["type"] == "count" and entry.value != int(entry.value):
        raise UsageError(f"value {entry.value:g} is not a whole number of {kpi['unit']}")
    if entry.value > unit["most"]:
        raise UsageError(
            f"value {entry.value:,.0f} is above {unit['most']:,}, the most {kpi['unit']} that one "
            "line can plausibly hold: split it, or raise the limit in kpis.toml"
        )


def _check_day(entry: Entry, kpi: Mapping[str, Any], today: str) -> None:
    start, deadline = (kpi[key].isoformat() for key in ("start", "deadline"))
    if not start <= entry.date <= deadline:
        raise UsageError(
            f"{entry.date} is outside the period of {entry.kpi} ({start} to {deadline}): give the "
            "day of the event, or choose an indicator of that time"
        )
    if entry.date > today:
        raise UsageError(f"{entry.date} is after today, {today}: enter what has happened")


def _check_correction(entry: Entry, before: list[Entry]) -> None:
    wrong = next((line for line in before if line.id == entry.corrects), None)
    if wrong is None:
        return  # the log refuses it when the line is written, under its lock
    if wrong.kpi != entry.kpi:
        raise UsageError(
            f"line {wrong.id} is of {wrong.kpi}: correct it with a line of {wrong.kpi}"
        )
    if later := [line.id for line in before if line.corrects == wrong.id]:
        raise UsageError(f"line {wrong.id} is already replaced by {later[0]}: correct that one")


def _check_level(entry: Entry, before: list[Entry]) -> None:
    """A total so far never falls from one day to a later one."""
    for line in standing(before):
        if line.kpi != entry.kpi or line.id == entry.corrects:
            continue
        fell = line.date <= entry.date and line.value > entry.value
        if fell or (line.date > entry.date and line.value < entry.value):
            raise UsageError(
                f"{entry.kpi} is a total so far and cannot fall: {line.value:g} on {line.date} "
                f"(line {line.id}), {entry.value:g} on {entry.date}; correct the wrong one with "
                "--corrects"
            )

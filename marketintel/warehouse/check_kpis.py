"""The rules of ``kpis.toml``."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

from marketintel.warehouse.countries import country_rows, load_groups
from marketintel.warehouse.csvfile import is_ref_date, is_url, unknown
from marketintel.warehouse.problems import Problem, Report

MEASURES = ("events", "level")
MEETINGS = ("c2c", "b2b", "memorandum")
UNITS = "units"
UNIT_TYPES = ("count", "amount")
UNIT_KEYS = {"type": str, "most": (int, float)}
TARGET_KINDS = ("published", "derived", "own")
KPI_KEYS = {
    "name": str,
    "programme": str,
    "definition": str,
    "unit": str,
    "measure": str,
    "owner_role": str,
    "evidence": str,
    "start": date,
    "deadline": date,
}
KPI_OPTIONS = {
    "period_note": str,
    "target": (int, float),
    "target_kind": str,
    "source": str,
    "url": str,
    "ref_date": str,
    "countries": list,
    "within": list,
    "countries_counted": bool,
    "example": bool,
    "of": str,
    "meeting": str,
    "results": list,
    "yardstick": str,
    "yardstick_source": str,
    "yardstick_url": str,
    "yardstick_date": str,
}
RESULT_KEYS = {"date": date, "value": (int, float), "source": str, "url": str}
RESULT_OPTIONS = {"country": str, "what": str}


def check_kpis(path: Path) -> list[Problem]:
    """Return the mistakes of a ``kpis.toml``."""
    report = Report(path)
    countries = {row["iso3"] for row in country_rows()}
    places = {*countries, *load_groups()}
    units = _check_units(report)
    fed: dict[str, list[str]] = {}
    tables = report.toml.tables
    for kpi, table in tables.items():
        if kpi == UNITS:
            continue
        if not isinstance(table, dict):
            report.add("unknown-key", f"{kpi!r} stands outside every indicator", kpi)
            continue
        if not report.keys(table, KPI_KEYS, KPI_OPTIONS, kpi):
            continue
        for key, known in (("measure", MEASURES), ("meeting", MEETINGS)):
            if key in table and table[key] not in known:
                report.add(f"unknown-{key}", unknown(str(table[key]), known), kpi, key)
        if table["unit"] not in units:
            report.add("unknown-unit", unknown(table["unit"], sorted(units)), kpi, "unit")
        for key, there in (("countries", set(countries)), ("within", places)):
            for place in table.get(key, []):
                if place not in there:
                    report.add("unknown-country", unknown(str(place), sorted(there)), kpi, key)
        if _day(table["deadline"]) <= _day(table["start"]):
            message = f"deadline {table['deadline']} is not after start {table['start']}"
            report.add("date-order", f"{message}: change one of them", kpi, "deadline")
        if meeting := table.get("meeting"):
            for other in fed.setdefault(meeting, []):
                first, last = _day(tables[other]["start"]), _day(tables[other]["deadline"])
                if first <= _day(table["deadline"]) and _day(table["start"]) <= last:
                    message = f"meetings of kind {meeting!r} already feed {other}: remove one"
                    report.add("meeting-twice", message, kpi, "meeting")
            fed[meeting].append(kpi)
        _check_target(report, kpi, table)
        _check_counted(report, kpi, table)
        _check_yardstick(report, kpi, table)
        for result in table.get("results", []):
            _check_result(report, kpi, table, result, countries)
    return report.problems


def _check_units(report: Report) -> set[str]:
    units = report.toml.tables.get(UNITS, {})
    for name, unit in units.items():
        at = (UNITS, name)
        if not isinstance(unit, dict) or not report.keys(unit, UNIT_KEYS, {}, *at):
            continue
        if unit["type"] not in UNIT_TYPES:
            report.add("unknown-type", unknown(unit["type"], UNIT_TYPES), *at, "type")
        if not 0 < unit["most"] < 1e12:
            report.add("most", f"most {unit['most']!r} is not above 0", *at, "most")
    return set(units)


def _check_target(report: Report, kpi: str, table: dict[str, Any]) -> None:
    target = table.get("target")
    if target is None:
        if "target_kind" in table:
            message = f"{kpi} has target_kind but no target: add the target or remove the kind"
            report.add("target", message, kpi, "target_kind")
        return
    if isinstance(target, bool) or target <= 0:
        report.add("target", f"target {target!r} is not above 0", kpi, "target")
    kind = table.get("target_kind", "")
    if kind not in TARGET_KINDS:
        report.add("target-kind", unknown(str(kind), TARGET_KINDS), kpi, "target_kind")
    elif kind != "own":
        for key in ("source", "url", "ref_date"):
            if not table.get(key):
                message = f"a {kind} target needs {key}: cite it, or set target_kind = 'own'"
                report.add("target-source", message, kpi)
    _check_citation(report, kpi, table, "url", "ref_date")


def _check_yardstick(report: Report, kpi: str, table: dict[str, Any]) -> None:
    if "yardstick" in table:
        for key in ("yardstick_source", "yardstick_url", "yardstick_date"):
            if not table.get(key):
                report.add("yardstick-source", f"a yardstick needs {key}: cite it", kpi)
    _check_citation(report, kpi, table, "yardstick_url", "yardstick_date")


def _check_citation(
    report: Report, kpi: str, table: dict[str, Any], url: str, ref_date: str
) -> None:
    if not is_url(str(table.get(url, "https://"))):
        report.add("url", f"{url} is not a web address: it starts with https://", kpi, url)
    if not is_ref_date(str(table.get(ref_date, "undated"))):
        message = f"{table[ref_date]!r} is no date: write 2024, 2024-06 or 2024-06-27"
        report.add("ref-date", message, kpi, ref_date)


def _check_counted(report: Report, kpi: str, table: dict[str, Any]) -> None:
    if not table.get("countries_counted"):
        return
    of = table.get("of", "")
    if of not in report.toml.tables or of == kpi:
        known = [name for name in report.toml.tables if name != kpi]
        message = f"countries_counted needs of, another indicator: {unknown(str(of), known)}"
        report.add("counted-of", message, kpi, "of")


def _check_result(
    report: Report, kpi: str, table: dict[str, Any], result: Any, countries: set[str]
) -> None:
    at = (kpi, "results")
    if not isinstance(result, dict) or not report.keys(result, RESULT_KEYS, RESULT_OPTIONS, *at):
        return
    if not _day(table["start"]) <= _day(result["date"]) <= _day(table["deadline"]):
        message = f"result of {result['date']} is outside {table['start']} to {table['deadline']}"
        report.add("date-order", message, *at)
    if result.get("country", "USA") not in countries:
        report.add("unknown-country", unknown(str(result["country"]), sorted(countries)), *at)
    if not is_url(result["url"]):
        report.add("url", "url of a result is not a web address: it starts with https://", *at)


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value

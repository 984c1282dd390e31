"""The rules of ``roadmap.toml``."""

from datetime import date
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from marketintel.warehouse.countries import country_rows
from marketintel.warehouse.csvfile import is_ref_date, is_url, unknown
from marketintel.warehouse.problems import Problem, Report
from marketintel.warehouse.tomlfile import TomlFile

STATES = ("proposed", "adopted", "done")
ACTION_KEYS = {"name": str, "owner_role": str, "status": str}
ACTION_OPTIONS = {
    "start": date, "end": date, "weeks": (int, float), "after": list, "countries": list,
    "kpis": list, "reason": str, "date_note": str, "source": str, "url": str, "ref_date": str,
}  # fmt: skip


def check_roadmap(path: Path) -> list[Problem]:
    """Return the mistakes of a ``roadmap.toml``; indicators are read from the file beside it."""
    report = Report(path)
    tables = report.toml.tables
    countries = sorted(row["iso3"] for row in country_rows())
    kpis = list(TomlFile(path.parent / "kpis.toml").tables)
    after: dict[str, list[str]] = {}
    for action, table in tables.items():
        if not isinstance(table, dict):
            report.add("unknown-key", f"{action!r} stands outside every action", action)
            continue
        report.keys(table, ACTION_KEYS, ACTION_OPTIONS, action)
        if isinstance(table.get("status"), str) and table["status"] not in STATES:
            report.add("unknown-status", unknown(table["status"], STATES), action, "status")
        for key, known in (("after", list(tables)), ("countries", countries), ("kpis", kpis)):
            named = table.get(key, [])
            for name in named if isinstance(named, list) else []:
                if name not in known:
                    report.add(f"unknown-{key}", unknown(str(name), known), action, key)
        after[action] = [a for a in table.get("after", []) if a in tables]
        _check_dates(report, action, table)
        _check_grounds(report, action, table)
    try:
        TopologicalSorter(after).prepare()
    except CycleError as error:
        circle = error.args[1][::-1]
        message = f"{' → '.join(circle)} wait for each other: take one of them out of after"
        report.add("circle", message, circle[0], "after")
    return report.problems


def _check_dates(report: Report, action: str, table: dict[str, Any]) -> None:
    start, end, weeks = (table.get(key) for key in ("start", "end", "weeks"))
    if (end is None) == (weeks is None):
        message = f"{action} needs either end (fixed dates) or weeks (how long it takes)"
        report.add("end-or-weeks", message, action)
    if start is None and (end is not None or not table.get("after")):
        message = f"{action} has no start: give one, unless it waits for others and has weeks"
        report.add("missing-start", message, action)
    if isinstance(start, date) and isinstance(end, date) and end < start:
        report.add("date-order", f"end {end} is before start {start}", action, "end")
    if isinstance(weeks, bool) or (isinstance(weeks, int | float) and not 0 < weeks <= 520):
        report.add("weeks", f"weeks {weeks!r} is not between 0 and 520", action, "weeks")


def _check_grounds(report: Report, action: str, table: dict[str, Any]) -> None:
    if table.get("status") == "proposed" and not table.get("reason"):
        report.add("missing-reason", f"{action} is proposed: give the reason", action, "status")
    if table.get("url") is not None and not is_url(str(table["url"])):
        message = "url is not a web address: it starts with https://"
        report.add("url", message, action, "url")
    if not is_ref_date(str(table.get("ref_date", "undated"))):
        report.add("ref-date", f"{table['ref_date']!r} is no date", action, "ref_date")

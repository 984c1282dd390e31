"""Every mistake in the reference files, with file, line and rule.

The loaders refuse a file with the first mistake; ``marketintel check`` shows all of them.
"""

import re
from pathlib import Path

from marketintel.warehouse.check_countries import check_countries
from marketintel.warehouse.check_segments import check_segments
from marketintel.warehouse.countries import REFERENCE_DIR
from marketintel.warehouse.problems import Problem, Report, table_in
from marketintel.warehouse.tomlfile import TomlFile

HEADING_KEYS = {"title": str, "cover_2024": dict, "cover_2025": dict, "weight_2024": dict}
HEADING_OPTIONS = {"breaks": dict, "unusable": str, "note": str}
RULE_KEYS = {
    "min_cover": float,
    "min_years": int,
    "first_year": int,
    "last_year": int,
    "cover_source": str,
    "series_source": str,
}
SOURCE_KEYS = {
    "title": str,
    "producer": str,
    "citation": str,
    "licence": str,
    "licence_url": str,
    "redistributable": bool,
    "url": str,
}
SOURCE_OPTIONS = {"note": str}


def check_reference(path: Path | None = None) -> list[Problem]:
    """Return every mistake in a directory of reference files, in file and line order.

    Parameters
    ----------
    path : Path, optional
        A directory laid out like ``marketintel/reference`` (the default).
    """
    home = Path(path or REFERENCE_DIR)
    problems = [
        *check_segments(home / "segments.toml"),
        *check_countries(home / "countries.csv"),
        *check_headings(home / "headings.toml"),
        *check_sources(home / "sources.toml"),
    ]
    return sorted(problems, key=lambda p: (p.file, p.line))


def check_headings(path: Path) -> list[Problem]:
    """Return the mistakes of a ``headings.toml``; segments are read from the file beside it."""
    report = Report(path)
    tables = dict(report.toml.tables)
    rule = tables.pop("rule", {})
    if not report.toml.syntax_error:
        report.keys(rule, RULE_KEYS, {}, "rule")
    segments = set(TomlFile(path.parent / "segments.toml").tables) - {"families"}
    for heading, table in tables.items():
        if not re.fullmatch(r"\d{4}", heading) or not isinstance(table, dict):
            report.add("malformed-code", f"{heading!r} is not a four-digit heading", heading)
            continue
        report.keys(table, HEADING_KEYS, HEADING_OPTIONS, heading)
        for key in ("cover_2024", "cover_2025", "weight_2024"):
            for segment, value in table_in(table, key).items():
                if segment not in segments:
                    report.add("unknown-segment", f"{segment!r} is not a segment", heading, key)
                if not isinstance(value, (int, float)) or not 0 <= value <= 1:
                    report.add("cover-range", f"{value!r} is not between 0 and 1", heading, key)
        for year in table_in(table, "breaks"):
            span = (rule.get("first_year", 0), rule.get("last_year", 9999))
            if not year.isdigit() or not span[0] <= int(year) <= span[1]:
                message = f"{year!r} is not a year of the series ({span[0]} to {span[1]})"
                report.add("break-year", message, heading, "breaks")
    return report.problems


def check_sources(path: Path) -> list[Problem]:
    """Return the mistakes of a ``sources.toml``."""
    report = Report(path)
    for source, table in report.toml.tables.items():
        if not isinstance(table, dict):
            report.add("unknown-key", f"{source!r} stands outside every source", source)
            continue
        report.keys(table, SOURCE_KEYS, SOURCE_OPTIONS, source)
        for key in ("url", "licence_url"):
            if not str(table.get(key, "https://")).startswith(("https://", "http://")):
                report.add("url", f"{key} is not a web address", source, key)
    return report.problems

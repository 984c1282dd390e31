"""The rules of ``segments.toml``."""

import re
from pathlib import Path
from typing import Any

from marketintel.reference.files import Problem, Tables, raw_toml, table_in
from marketintel.reference.hs import LATEST, REVISIONS, hs_codes

SCOPES = ("core", "broad", "neighbour")
THEMES = (
    "materials technology",
    "instrumentation",
    "sensors",
    "manufacturing",
    "communications",
    "health",
    "energy",
    "lighting",
)
SEGMENT_KEYS = {"name": str, "themes": list, "applications": list, "note": str}
CODE_KEYS = {"label": str, "scope": str, "since": str}
CODE_OPTIONS = {
    "until": str,
    "scope_until": dict,
    "from": list,
    "breaks": dict,
    "reason": str,
    "share": (int, float),
    "share_script": str,
}
FAMILY_KEYS = {"name": str, "segments": list, "reason": str}


def check_segments(path: Path) -> list[Problem]:
    """Return the mistakes of a ``segments.toml``."""
    report = raw_toml(path)
    tables = dict(report.raw)
    families = tables.pop("families", {})
    taken: dict[tuple[str, str], str] = {}
    for segment, table in tables.items():
        if not isinstance(table, dict):
            report.add("unknown-key", f"{segment!r} stands outside every segment", segment)
            continue
        codes = {key: value for key, value in table.items() if isinstance(value, dict)}
        rest = {key: value for key, value in table.items() if key not in codes}
        report.keys(rest, SEGMENT_KEYS, {}, segment)
        for theme in rest.get("themes", []):
            if theme not in THEMES:
                message = f"theme {theme!r} is not one of {', '.join(THEMES)}"
                report.add("unknown-theme", message, segment, "themes")
        if not codes:
            report.add("empty-segment", f"segment {segment} has no code", segment)
        for code, entry in codes.items():
            _check_code(report, segment, code, entry, taken)
        _check_own(report, segment, codes)
    for family, table in families.items():
        _check_family(report, family, table, taken)
    return report.problems


def _check_code(
    report: Tables, segment: str, code: str, entry: dict[str, Any], taken: dict[Any, str]
) -> None:
    at = (segment, code)
    complete = report.keys(entry, CODE_KEYS, CODE_OPTIONS, *at)
    if not re.fullmatch(r"\d{6}", code):
        report.add("malformed-code", f"{code!r} is not six digits", *at)
        complete = False
    scopes = [("scope", entry.get("scope", "core"))]
    scopes += [("scope_until", scope) for scope in table_in(entry, "scope_until").values()]
    for key, scope in scopes:
        if scope not in SCOPES:
            message = f"{scope!r} is not one of {', '.join(SCOPES)}"
            report.add("unknown-scope", message, *at, key)
    named = [("since", entry.get("since")), ("until", entry.get("until", LATEST))]
    named += [(key, r) for key in ("scope_until", "breaks") for r in table_in(entry, key)]
    for key, revision in named:
        if isinstance(revision, str) and revision not in REVISIONS:
            message = f"{revision!r} is not one of {', '.join(REVISIONS)}"
            report.add("unknown-revision", message, *at, key)
            complete = False
    for origin in entry.get("from", []):
        if not re.fullmatch(r"\d{6}", str(origin)):
            report.add("malformed-code", f"from: {origin!r} is not six digits", *at, "from")
    _check_share(report, at, entry)
    if complete:
        _check_life(report, at, entry, taken)


def _check_own(report: Tables, segment: str, codes: dict[str, dict[str, Any]]) -> None:
    """Check that a segment's own goods are all core or all neighbour: report the fewer."""
    own = [
        (code, scope)
        for code, entry in codes.items()
        for scope in (entry.get("scope"), *table_in(entry, "scope_until").values())
        if scope in ("core", "neighbour")
    ]
    scopes = [scope for _, scope in own]
    for code, scope in own:
        if scope != max(dict.fromkeys(scopes), key=scopes.count):
            message = (
                f"{code} is {scope} in a segment of others: all own codes are one or the other"
            )
            report.add("core-and-neighbour", message, segment, code, "scope")


def _check_share(report: Tables, at: tuple[str, str], entry: dict[str, Any]) -> None:
    mixed = "broad" in (entry.get("scope"), *table_in(entry, "scope_until").values())
    if mixed and not entry.get("reason"):
        report.add("broad-needs-reason", f"{at[1]} is broad: give the reason", *at)
    share = entry.get("share")
    if not isinstance(share, (int, float)):
        return
    if share in (0, 1):
        if share != int(entry.get("scope") != "broad"):
            report.add(
                "share", f"a {entry.get('scope')} code cannot have share {share}", *at, "share"
            )
    elif not 0 < share < 1 or not entry.get("share_script"):
        message = "a share other than 0 or 1 needs share_script, the script that computes it"
        report.add("share", message, *at, "share")


def _check_life(
    report: Tables, at: tuple[str, str], entry: dict[str, Any], taken: dict[Any, str]
) -> None:
    """Check that a code exists while it is listed, and that nobody else lists it then."""
    segment, code = at
    first, last = REVISIONS.index(entry["since"]), REVISIONS.index(entry.get("until", LATEST))
    if first > last:
        report.add("revision-order", f"until {entry['until']} is before since", *at, "until")
        return
    listed = REVISIONS[first : last + 1]
    for revision in (*table_in(entry, "scope_until"), *table_in(entry, "breaks")):
        if revision not in listed:
            message = f"{revision} is outside {entry['since']} to {listed[-1]}"
            report.add("revision-order", message, *at, "breaks")
    known = hs_codes()
    absent = [revision for revision in listed if code not in known[revision]]
    if absent:
        message = f"{code} does not exist in {', '.join(absent)}: change since or until"
        report.add("code-not-in-hs", message, *at)
    if first and (
        unknown := [c for c in entry.get("from", []) if c not in known[REVISIONS[first - 1]]]
    ):
        message = f"{', '.join(unknown)} did not exist in {REVISIONS[first - 1]}"
        report.add("code-not-in-hs", message, *at, "from")
    for revision in listed:
        if (revision, code) in taken:
            message = f"{code} is already in segment {taken[revision, code]} in {revision}"
            report.add("code-twice", message, *at)
            break
        taken[revision, code] = segment


def _check_family(
    report: Tables, family: str, table: dict[str, Any], taken: dict[Any, str]
) -> None:
    at = ("families", family)
    revisions = dict.fromkeys(REVISIONS, list)
    if not report.keys(table, FAMILY_KEYS, revisions, *at):
        return
    listed = [revision for revision in REVISIONS if isinstance(table.get(revision), list)]
    if len(listed) < 2:
        report.add("family-code", "a family joins the codes of at least two revisions", *at)
    for revision in listed:
        for code in table[revision]:
            if taken.get((revision, code)) not in table["segments"]:
                message = f"{code} is in none of the family's segments in {revision}"
                report.add("family-code", message, *at, revision)

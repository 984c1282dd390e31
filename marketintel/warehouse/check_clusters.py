"""The rules of ``clusters.toml``, ``cluster_facts.csv``, ``readiness.toml`` and members files."""

from pathlib import Path
from typing import Any

from marketintel.warehouse.countries import country_rows
from marketintel.warehouse.csvfile import CsvFile, Row, is_example, is_ref_date, is_url, unknown
from marketintel.warehouse.problems import Problem, Report
from marketintel.warehouse.tomlfile import TomlFile

KINDS = ("photonics", "host_industry", "regional")
STATES = ("active", "ended")
#: Steps of a value chain, from what is dug and grown to what keeps a machine running.
STAGES = ("materials", "components", "modules", "systems", "integration", "services")
CLUSTER_KEYS = {
    "name": str, "country": str, "seat": str, "nuts": list, "kind": str, "status": str,
}  # fmt: skip
CLUSTER_OPTIONS = {
    "partnerships": list, "partnership_source": str, "partnership_url": str,
    "focus": list, "focus_source": str, "focus_url": str, "focus_date": str,
    "industry": str, "sectors": list,
    "ended": str, "successor": str, "ended_source": str, "ended_url": str,
}  # fmt: skip
FACT_COLUMNS = (
    "cluster", "fact", "value", "unit", "ref_date", "self_declared", "source_title", "source_url",
)  # fmt: skip
MEMBER_COLUMNS = ("cluster", "member", "segment", "stage", "capability", "ref_date")
ANSWER = "r_"
RULE_KEYS = {"min_answers": int, "ready": int, "nearly": int}
QUESTION_KEYS = {"question": str, "weight": (int, float), "levels": list, "reason": str}


def check_clusters(path: Path) -> list[Problem]:
    """Return the mistakes of a ``clusters.toml``; segments are read from the file beside it."""
    report = Report(path)
    countries = sorted(row["iso3"] for row in country_rows())
    segments = segment_ids(path.parent)
    for cluster, table in report.toml.tables.items():
        if not isinstance(table, dict):
            report.add("unknown-key", f"{cluster!r} stands outside every cluster", cluster)
            continue
        report.keys(table, CLUSTER_KEYS, CLUSTER_OPTIONS, cluster)
        for key, known in (("kind", KINDS), ("status", STATES), ("country", countries)):
            if isinstance(table.get(key), str) and table[key] not in known:
                report.add(f"unknown-{key}", unknown(table[key], known), cluster, key)
        for segment in table.get("focus", []):
            if segment not in segments:
                report.add("unknown-segment", unknown(str(segment), segments), cluster, "focus")
        _check_sources(report, cluster, table)
    return report.problems


def _check_sources(report: Report, cluster: str, table: dict[str, Any]) -> None:
    needs = {
        "partnerships": ("partnership_source", "partnership_url"),
        "focus": ("focus_source", "focus_url", "focus_date"),
    }
    if table.get("status") == "ended":
        needs["status"] = ("ended", "ended_source", "ended_url")
    elif "ended" in table:
        message = "has ended but is not status = 'ended': it would be proposed as a partner"
        report.add("ended", message, cluster, "ended")
    if table.get("kind") == "host_industry":
        needs["kind"] = ("industry", "sectors")
    for key, wanted in needs.items():
        for other in wanted if key in table else ():
            if not table.get(other):
                report.add("missing-source", f"{key} needs {other}: add it", cluster, key)
    for key, value in table.items():
        if key.endswith("_url") and not is_url(str(value)):
            message = f"{key} is not a web address: it starts with https://"
            report.add("url", message, cluster, key)


def check_cluster_facts(path: Path) -> list[Problem]:
    """Return the mistakes of a ``cluster_facts.csv``; clusters are read from the file beside it."""
    file = CsvFile(path, FACT_COLUMNS)
    clusters = cluster_ids(path.parent)
    for row in file:
        file.choice(row, "cluster", clusters)
        file.required(row, "fact", "value", "unit")
        file.choice(row, "self_declared", ("yes", "no"))
        file.cited(row)
    return file.problems


def check_readiness(path: Path) -> list[Problem]:
    """Return the mistakes of a ``readiness.toml``."""
    report = Report(path)
    tables = dict(report.toml.tables)
    rule = tables.pop("rule", {})
    if not report.toml.syntax_error:
        report.keys(rule, RULE_KEYS, {}, "rule")
        if not 0 < rule.get("nearly", 40) < rule.get("ready", 70) <= 100:
            report.add("limits", "must be 0 < nearly < ready <= 100: change one", "rule", "nearly")
        if not 0 < rule.get("min_answers", 1) <= len(tables):
            message = f"min_answers must be between 1 and {len(tables)}, the number of questions"
            report.add("min-answers", message, "rule", "min_answers")
    for item, table in tables.items():
        if not isinstance(table, dict) or not report.keys(table, QUESTION_KEYS, {}, item):
            continue
        if len(table["levels"]) != 4:
            message = f"{item} has {len(table['levels'])} levels: give four, for 0, 1, 2 and 3"
            report.add("levels", message, item, "levels")
        if isinstance(table["weight"], bool) or table["weight"] <= 0:
            report.add("weight", f"weight {table['weight']!r} is not above 0", item, "weight")
    return report.problems


def check_members(path: Path, reference: Path, examples: bool = False) -> list[Problem]:
    """Return the mistakes of a members file.

    Parameters
    ----------
    reference : Path
        The directory with ``clusters.toml``, ``segments.toml`` and ``readiness.toml``.
    examples : bool
        Whether rows that call themselves examples may be there.
    """
    items = list(TomlFile(reference / "readiness.toml").tables)
    answers = [f"{ANSWER}{item}" for item in items if item != "rule"]
    file = CsvFile(path, MEMBER_COLUMNS, answers)
    ended = ended_clusters(reference)
    clusters = [c for c in cluster_ids(reference) if c not in ended]
    segments = segment_ids(reference)
    seen: dict[tuple[str, ...], int] = {}
    answered: dict[str, tuple[int, list[str]]] = {}
    for row in file:
        cluster = cluster_of(row)
        if is_example(row["cluster"]) != is_example(row["member"]):
            message = "cluster and member must both be examples, or neither: change one"
            file.add(row.line, "example-row", message)
        elif is_example(row["member"]) and not examples:
            file.add(row.line, "example-row", f"{row['member']} is an example: delete the row")
        if cluster in ended:
            message = f"{cluster} no longer exists ({ended[cluster]}): name another cluster"
            file.add(row.line, "ended-cluster", message)
        elif cluster not in clusters:
            file.add(row.line, "unknown-cluster", unknown(cluster, clusters))
        file.choice(row, "segment", segments)
        file.choice(row, "stage", STAGES)
        file.required(row, "member", "capability", "ref_date")
        if row["ref_date"] and not is_ref_date(row["ref_date"]):
            file.add(row.line, "ref-date", f"{row['ref_date']!r} is no date: write 2027-01")
        _check_answers(file, row, answers, answered)
        key = tuple(row[c] for c in ("cluster", "member", "segment", "stage", "capability"))
        if key in seen:
            file.add(row.line, "row-twice", f"is the same as line {seen[key]}: remove one")
        seen.setdefault(key, row.line)
    return file.problems


def _check_answers(
    file: CsvFile, row: Row, answers: list[str], answered: dict[str, tuple[int, list[str]]]
) -> None:
    for column in answers:
        if row[column] not in ("", "0", "1", "2", "3"):
            message = f"{column} is {row[column]!r}: answer 0, 1, 2 or 3, or leave it empty"
            file.add(row.line, "answer", message)
    given = [row[column] for column in answers]
    line, first = answered.setdefault(row["member"], (row.line, given))
    if given != first:
        message = f"{row['member']} answers differently than in line {line}: make them the same"
        file.add(row.line, "answers-differ", message)


def cluster_of(row: Row) -> str:
    """Return the cluster id that a row means, without the word that marks an example."""
    text = row["cluster"]
    return text.split(maxsplit=1)[-1] if is_example(text) else text


def cluster_ids(reference: Path) -> list[str]:
    """Return the ids in ``clusters.toml``."""
    return list(TomlFile(reference / "clusters.toml").tables)


def ended_clusters(reference: Path) -> dict[str, str]:
    """Return clusters that no longer exist, with when they ended and what they became."""
    found = {}
    for cluster, table in TomlFile(reference / "clusters.toml").tables.items():
        if isinstance(table, dict) and table.get("status") == "ended":
            became = f", now {table['successor']}" if table.get("successor") else ""
            found[cluster] = f"ended {table.get('ended', 'at an unknown date')}{became}"
    return found


def segment_ids(reference: Path) -> list[str]:
    """Return the ids in ``segments.toml``."""
    return [s for s in TomlFile(reference / "segments.toml").tables if s != "families"]

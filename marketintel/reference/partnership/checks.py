"""Checks of the partnerships' reference files and forms, as file, line, rule and advice."""

from __future__ import annotations

from collections.abc import Callable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from marketintel.reference.fields import Names, Text
from marketintel.reference.files import REFERENCE_DIR, Sheet, Tables, listed, raw_toml, unknown
from marketintel.reference.model import sheet_rows, toml_tables
from marketintel.reference.partnership.models import (
    ANSWER,
    EXAMPLE,
    INDUSTRY_LINKS,
    NONE,
    QUESTIONS,
    UNITS,
    Action,
    Actor,
    Answer,
    Cluster,
    ClusterFact,
    Indicator,
    Link,
    Member,
    Options,
    Practice,
    Question,
    ReadinessRule,
    Unit,
)


def check_clusters(path: Path) -> Tables:
    """Check ``clusters.toml``."""
    return toml_tables(path, dict[str, Cluster], Names(path.parent))


def check_readiness(path: Path) -> Tables:
    """Check ``readiness.toml``."""
    tables = toml_tables(path, dict[str, Question], besides={"rule": ReadinessRule})
    rule, questions = tables.items.get("rule"), len(tables.raw) - 1
    if rule and rule.min_answers > questions:
        message = f"min_answers must be between 1 and {questions}, the number of questions"
        tables.add("min-answers", message, "rule", "min_answers")
    return tables


def check_needs(path: Path) -> Tables:
    """Check ``needs.toml``: tables of texts, and words that mark themes."""
    tables = {**dict.fromkeys(QUESTIONS, Options), "themes": dict[str, list[Text]]}
    return toml_tables(path, None, besides=tables)


def check_kpis(path: Path) -> Tables:
    """Check ``kpis.toml``."""
    raw = raw_toml(path).raw
    units = raw.get(UNITS)
    names = Names(path.parent, units=list(units) if isinstance(units, dict) else None)
    tables = toml_tables(path, dict[str, Indicator], names, besides={UNITS: dict[str, Unit]})
    indicators = {k: v for k, v in tables.items.items() if k != UNITS}
    fed: dict[str, list[str]] = {}
    for name, kpi in indicators.items():
        if kpi.countries_counted and (kpi.of not in raw or kpi.of in (name, UNITS)):
            others = [other for other in raw if other not in (name, UNITS)]
            message = f"countries_counted needs of, another indicator: {unknown(kpi.of, others)}"
            tables.add("counted-of", message, name, "of")
        for other in fed.setdefault(kpi.meeting, []) if kpi.meeting else ():
            if kpi.start <= indicators[other].deadline and indicators[other].start <= kpi.deadline:
                message = f"meetings of kind {kpi.meeting!r} already feed {other}: remove one"
                tables.add("meeting-twice", message, name, "meeting")
        fed.setdefault(kpi.meeting, []).append(name)
    return tables


def check_roadmap(path: Path) -> Tables:
    """Check ``roadmap.toml``."""
    raw = raw_toml(path).raw
    names = Names(path.parent, actions=list(raw))
    names["kpis"] = [name for name in names["kpis"] or () if name != UNITS]
    tables = toml_tables(path, dict[str, Action], names)
    after = {
        name: [a for a in table.get("after", []) if a in raw]
        for name, table in raw.items()
        if isinstance(table, dict) and isinstance(table.get("after", []), list)
    }
    try:
        TopologicalSorter(after).prepare()
    except CycleError as error:
        circle = error.args[1][::-1]
        message = f"{' → '.join(circle)} wait for each other: take one of them out of after"
        tables.add("circle", message, circle[0], "after")
    return tables


def check_cluster_facts(path: Path) -> Sheet:
    """Check ``cluster_facts.csv``."""
    return sheet_rows(path, ClusterFact, Names(path.parent))


def check_actors(path: Path) -> Sheet:
    """Check ``actors.csv``."""
    return sheet_rows(path, Actor, Names(path.parent))


def check_links(path: Path) -> Sheet:
    """Check ``industry_links.csv``."""
    return sheet_rows(path, Link, Names(path.parent))


def check_practice(path: Path) -> Sheet:
    """Check ``good_practice.csv``; needs are read from the file beside it."""
    names = Names(path.parent, needs=need_ids(path.parent))
    return sheet_rows(path, Practice, names, unique=lambda cells: cells["id"])


def check_members(path: Path, home: Path | None = None, examples: bool = False) -> Sheet:
    """Check a members file.

    Parameters
    ----------
    home : Path, optional
        The directory with ``clusters.toml``, ``segments.toml`` and ``readiness.toml``.
    examples : bool
        Whether rows that call themselves examples may be there.
    """
    home = Path(home or REFERENCE_DIR)
    questions = [item for item in raw_toml(home / "readiness.toml").raw if item != "rule"]
    answers = [f"{ANSWER}{item}" for item in questions]
    key = ("cluster", "member", "segment", "stage", "capability")
    sheet = sheet_rows(
        path, Member, Names(home), answers, unique=lambda cells: tuple(cells[c] for c in key)
    )
    answered: dict[str, tuple[int, list[str]]] = {}
    for line, cells in sheet.rows:
        if is_example(cells["cluster"]) != is_example(cells["member"]):
            message = "cluster and member must both be examples, or neither: change one"
            sheet.add(line, "example-row", message)
        else:
            _check_form_row(sheet, line, cells, "member", home, examples)
        for column in answers:
            if cells[column] not in ("", "0", "1", "2", "3"):
                message = f"{column} is {cells[column]!r}: answer 0, 1, 2 or 3, or leave it empty"
                sheet.add(line, "answer", message)
        given = [cells[column] for column in answers]
        first_line, first = answered.setdefault(cells["member"], (line, given))
        if given != first:
            message = f"{cells['member']} answers differently than in line {first_line}: "
            sheet.add(line, "answers-differ", f"{message}make them the same")
    return sheet


def check_survey(path: Path, home: Path | None = None, examples: bool = False) -> Sheet:
    """Check a file of survey answers, one row a respondent."""
    home = Path(home or REFERENCE_DIR)
    sheet = sheet_rows(path, Answer, Names(home), unique=lambda cells: cells["respondent"])
    words = raw_toml(home / "needs.toml").raw
    for line, cells in sheet.rows:
        _check_form_row(sheet, line, cells, "respondent", home, examples)
        for question in QUESTIONS:
            answers = listed(cells[question])
            if not answers:
                message = f"{question} is empty: write {NONE} where nothing applies"
                sheet.add(line, "missing-answer", message)
            for answer in answers:
                if answer not in (names := list(words.get(question, {}))):
                    sheet.add(line, "unknown-answer", unknown(answer, names, question))
            if NONE in answers and len(answers) > 1:
                message = f"{question} names {NONE} beside an answer: keep one of them"
                sheet.add(line, "none-and-more", message)
    return sheet


def check_form(path: Path) -> Sheet:
    """Check a members file or a survey: the one of the two whose columns fit the file better."""

    def strange(sheet: Sheet) -> int:
        return max(
            (p.message.count(";") + 1 for p in sheet.problems if p.rule == "header"), default=0
        )

    return min((check_members(path), check_survey(path)), key=strange)


def _check_form_row(
    sheet: Sheet, line: int, cells: dict[str, str], who: str, home: Path, examples: bool
) -> None:
    """Note an example where none may be, and a cluster that is none or has ended."""
    if is_example(cells[who]) and not examples:
        sheet.add(line, "example-row", f"{cells[who]} is an example: delete the row")
    raw = raw_toml(home / "clusters.toml").raw
    clusters = {name: table for name, table in raw.items() if isinstance(table, dict)}
    ended = [c for c, table in clusters.items() if "ended" in (table.get("status"), *table)]
    cluster = cluster_of(cells)
    if cluster in ended:
        table = clusters[cluster]
        became = f", now {table['successor']}" if table.get("successor") else ""
        message = f"{cluster} no longer exists (ended {table.get('ended', '?')}{became})"
        sheet.add(line, "ended-cluster", f"{message}: name another cluster")
    elif cluster not in clusters:
        sheet.add(
            line, "unknown-cluster", unknown(cluster, [c for c in clusters if c not in ended])
        )


#: File of the reference directory → its check.
TABLES: dict[str, Callable[[Path], Tables]] = {
    "clusters.toml": check_clusters,
    "readiness.toml": check_readiness,
    "needs.toml": check_needs,
    "kpis.toml": check_kpis,
    "roadmap.toml": check_roadmap,
}
SHEETS: dict[str, Callable[[Path], Sheet]] = {
    "cluster_facts.csv": check_cluster_facts,
    "cluster_members_template.csv": lambda path: check_members(path, path.parent, examples=True),
    "actors.csv": check_actors,
    "good_practice.csv": check_practice,
    INDUSTRY_LINKS: check_links,
    "needs_template.csv": lambda path: check_survey(path, path.parent, examples=True),
}


def is_example(text: str) -> bool:
    """Return whether a name marks its row as an example."""
    return text.upper().startswith(EXAMPLE)


def cluster_of(cells: dict[str, str]) -> str:
    """Return the cluster id of a row, without the word that marks an example."""
    text = cells["cluster"]
    return text.split(maxsplit=1)[-1] if is_example(text) else text


def need_ids(home: Path) -> list[str]:
    """Return the ids of needs and barriers of ``needs.toml``, without the answer none."""
    tables = raw_toml(home / "needs.toml").raw
    named = [*tables.get("needs", {}), *tables.get("barriers", {})]
    return [name for name in dict.fromkeys(named) if name != NONE]

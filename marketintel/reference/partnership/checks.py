"""Checks of the partnerships' reference files and forms, as file, line, rule and advice."""

from __future__ import annotations

from collections.abc import Callable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from marketintel.reference.countries import country_rows, load_groups
from marketintel.reference.files import (
    REFERENCE_DIR,
    Problem,
    Sheet,
    Tables,
    listed,
    raw_toml,
    unknown,
)
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
    Practice,
    Question,
    ReadinessRule,
    Units,
)


def check_clusters(home: Path) -> Tables:
    """Check ``clusters.toml``."""
    return toml_tables(home / "clusters.toml", Cluster, _names(home))


def check_readiness(home: Path) -> Tables:
    """Check ``readiness.toml``."""
    tables = toml_tables(home / "readiness.toml", Question, besides={"rule": ReadinessRule})
    rule, questions = tables.items.get("rule"), len(tables.raw) - 1
    if rule and rule.min_answers > questions:
        message = f"min_answers must be between 1 and {questions}, the number of questions"
        tables.add("min-answers", message, "rule", "min_answers")
    return tables


def check_needs(home: Path) -> Tables:
    """Check ``needs.toml``: tables of texts, and words that mark themes."""
    tables = raw_toml(home / "needs.toml")
    names = (*QUESTIONS, "themes")
    for name in names if not tables.problems else ():
        if name not in tables.raw:
            tables.add("missing-key", f"the table [{name}] is not there: add it")
    for name, table in tables.raw.items():
        if name not in names or not isinstance(table, dict):
            tables.add("unknown-key", unknown(name, names, "table"), name)
            continue
        for key, value in table.items():
            wanted = list if name == "themes" else str
            if not isinstance(value, wanted) or not value:
                message = f"{key} must be {'a list of words' if wanted is list else 'a text'}"
                tables.add("wrong-type", f"{message}, not {value!r}", name, key)
        if name in QUESTIONS and NONE not in table:
            tables.add("missing-none", f"[{name}] has no answer {NONE!r}: add it", name)
    return tables


def check_kpis(home: Path) -> Tables:
    """Check ``kpis.toml``."""
    path = home / "kpis.toml"
    raw = raw_toml(path).raw
    units = raw.get(UNITS, {})
    names = {**_names(home), "units": list(units) if isinstance(units, dict) else []}
    tables = toml_tables(path, Indicator, names, besides={UNITS: Units})
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


def check_roadmap(home: Path) -> Tables:
    """Check ``roadmap.toml``."""
    path = home / "roadmap.toml"
    raw = raw_toml(path).raw
    kpis = [name for name in raw_toml(home / "kpis.toml").raw if name != UNITS]
    tables = toml_tables(path, Action, {**_names(home), "actions": list(raw), "kpis": kpis})
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


def check_cluster_facts(home: Path) -> Sheet:
    """Check ``cluster_facts.csv``."""
    return sheet_rows(home / "cluster_facts.csv", ClusterFact, _names(home))


def check_actors(home: Path) -> Sheet:
    """Check ``actors.csv``."""
    return sheet_rows(home / "actors.csv", Actor, _names(home))


def check_links(home: Path) -> Sheet:
    """Check ``industry_links.csv``."""
    return sheet_rows(home / INDUSTRY_LINKS, Link, _names(home))


def check_practice(home: Path) -> Sheet:
    """Check ``good_practice.csv``; needs are read from the file beside it."""
    sheet = sheet_rows(home / "good_practice.csv", Practice, _names(home))
    needs = need_ids(home)
    for line, cells in sheet.rows:
        for need in listed(cells["needs"]):
            if need not in needs:
                sheet.add(line, "unknown-need", unknown(need, needs))
    sheet.unique(lambda cells: cells["id"], "id-twice", "{id}")
    return sheet


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
    answers = [
        f"{ANSWER}{item}" for item in raw_toml(home / "readiness.toml").raw if item != "rule"
    ]
    sheet = sheet_rows(path, Member, _names(home), answers)
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
    key = ("cluster", "member", "segment", "stage", "capability")
    sheet.unique(lambda cells: tuple(cells[c] for c in key), "row-twice", "this row")
    return sheet


def check_survey(path: Path, home: Path | None = None, examples: bool = False) -> Sheet:
    """Check a file of survey answers, one row a respondent."""
    home = Path(home or REFERENCE_DIR)
    sheet = sheet_rows(path, Answer, _names(home))
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
    sheet.unique(lambda cells: cells["respondent"], "respondent-twice", "{respondent}")
    return sheet


def _check_form_row(
    sheet: Sheet, line: int, cells: dict[str, str], who: str, home: Path, examples: bool
) -> None:
    """Note an example where none may be, and a cluster that is none or has ended."""
    if is_example(cells[who]) and not examples:
        sheet.add(line, "example-row", f"{cells[who]} is an example: delete the row")
    ended = ended_clusters(home)
    if (cluster := cluster_of(cells)) in ended:
        message = f"{cluster} no longer exists ({ended[cluster]}): name another cluster"
        sheet.add(line, "ended-cluster", message)
    elif cluster not in (names := [c for c in cluster_ids(home) if c not in ended]):
        sheet.add(line, "unknown-cluster", unknown(cluster, names))


#: File of the reference directory → its check.
CHECKS: dict[str, Callable[[Path], Tables | Sheet]] = {
    "clusters.toml": check_clusters,
    "cluster_facts.csv": check_cluster_facts,
    "readiness.toml": check_readiness,
    "actors.csv": check_actors,
    "good_practice.csv": check_practice,
    INDUSTRY_LINKS: check_links,
    "needs.toml": check_needs,
    "kpis.toml": check_kpis,
    "roadmap.toml": check_roadmap,
}


def check_partnership(path: Path | None = None) -> list[Problem]:
    """Return every mistake in the partnership's files of a reference directory."""
    home = Path(path or REFERENCE_DIR)
    return [problem for check in CHECKS.values() for problem in check(home).problems]


def _names(home: Path) -> dict[str, list[str]]:
    """Names that the models of a reference directory look up."""
    countries = sorted(row["iso3"] for row in country_rows())
    return {
        "countries": countries,
        "places": [*countries, *load_groups()],
        "segments": [s for s in raw_toml(home / "segments.toml").raw if s != "families"],
        "clusters": cluster_ids(home),
    }


def is_example(text: str) -> bool:
    """Return True if a name marks its row as an example."""
    return text.upper().startswith(EXAMPLE)


def cluster_of(cells: dict[str, str]) -> str:
    """Return the cluster id that a row means, without the word that marks an example."""
    text = cells["cluster"]
    return text.split(maxsplit=1)[-1] if is_example(text) else text


def cluster_ids(home: Path) -> list[str]:
    """Return the ids in ``clusters.toml``."""
    return list(raw_toml(home / "clusters.toml").raw)


def ended_clusters(home: Path) -> dict[str, str]:
    """Return clusters that no longer exist, with when they ended and what they became."""
    found = {}
    for cluster, table in raw_toml(home / "clusters.toml").raw.items():
        if isinstance(table, dict) and table.get("status") == "ended":
            became = f", now {table['successor']}" if table.get("successor") else ""
            found[cluster] = f"ended {table.get('ended', 'at an unknown date')}{became}"
    return found


def need_ids(home: Path) -> list[str]:
    """Return the ids of needs and barriers of ``needs.toml``, without the answer none."""
    tables = raw_toml(home / "needs.toml").raw
    named = [*tables.get("needs", {}), *tables.get("barriers", {})]
    return [name for name in dict.fromkeys(named) if name != NONE]

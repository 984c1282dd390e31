"""The rules of ``needs.toml`` and of a file of survey answers."""

from pathlib import Path

from marketintel.warehouse.check_clusters import cluster_ids, ended_clusters, segment_ids
from marketintel.warehouse.csvfile import CsvFile, is_example, listed, unknown
from marketintel.warehouse.problems import Problem, Report
from marketintel.warehouse.tomlfile import TomlFile

QUESTIONS = ("needs", "barriers", "expectations")
NONE = "none"
SURVEY_COLUMNS = ("respondent", "cluster", "segment", *QUESTIONS, "free_text")


def check_needs(path: Path) -> list[Problem]:
    """Return the mistakes of a ``needs.toml``."""
    report = Report(path)
    for name in (*QUESTIONS, "themes"):
        if not report.toml.syntax_error and name not in report.toml.tables:
            report.add("missing-key", f"the table [{name}] is not there: add it")
    for name, table in report.toml.tables.items():
        if name not in (*QUESTIONS, "themes") or not isinstance(table, dict):
            report.add("unknown-key", unknown(name, (*QUESTIONS, "themes"), "table"), name)
            continue
        for key, value in table.items():
            wanted = list if name == "themes" else str
            if not isinstance(value, wanted) or not value:
                message = f"{key} must be {'a list of words' if wanted is list else 'a text'}"
                report.add("wrong-type", f"{message}, not {value!r}", name, key)
        if name in QUESTIONS and NONE not in table:
            report.add("missing-none", f"[{name}] has no answer {NONE!r}: add it", name)
    return report.problems


def check_survey(path: Path, reference: Path, examples: bool = False) -> list[Problem]:
    """Return the mistakes of a file of survey answers, one row a respondent."""
    file = CsvFile(path, SURVEY_COLUMNS)
    words = TomlFile(reference / "needs.toml").tables
    ended = ended_clusters(reference)
    clusters = [c for c in cluster_ids(reference) if c not in ended]
    segments = segment_ids(reference)
    seen: dict[str, int] = {}
    for row in file:
        if is_example(row["respondent"]) and not examples:
            message = f"{row['respondent']} is an example: delete the row"
            file.add(row.line, "example-row", message)
        if row["cluster"] in ended:
            message = f"{row['cluster']} no longer exists ({ended[row['cluster']]})"
            file.add(row.line, "ended-cluster", f"{message}: name another cluster")
        else:
            file.choice(row, "cluster", clusters)
        file.choice(row, "segment", segments)
        if file.required(row, "respondent") and row["respondent"] in seen:
            message = f"{row['respondent']} is already in line {seen[row['respondent']]}"
            file.add(row.line, "respondent-twice", f"{message}: remove one")
        seen.setdefault(row["respondent"], row.line)
        for question in QUESTIONS:
            known = list(words.get(question, {}))
            answers = listed(row[question])
            if not answers:
                message = f"{question} is empty: write {NONE} where nothing applies"
                file.add(row.line, "missing-answer", message)
            for answer in answers:
                if answer not in known:
                    file.add(row.line, "unknown-answer", unknown(answer, known, question))
            if NONE in answers and len(answers) > 1:
                message = f"{question} names {NONE} beside an answer: keep one of them"
                file.add(row.line, "none-and-more", message)
    return file.problems

"""The rules of the cited lists: actors, good practice and links between industries."""

from pathlib import Path

from marketintel.warehouse.countries import country_rows, load_groups
from marketintel.warehouse.csvfile import CsvFile, listed, unknown
from marketintel.warehouse.problems import Problem
from marketintel.warehouse.tomlfile import TomlFile

ACTOR_KINDS = (
    "association", "cluster", "institute", "industry", "fair", "congress", "memorandum",
)  # fmt: skip
ACTOR_COLUMNS = (
    "iso3", "actor", "kind", "fact", "value", "unit", "ref_date", "self_declared",
    "source_title", "source_url",
)  # fmt: skip
RESULT_KINDS = ("measured", "self-declared", "planned", "not found")
PRACTICE_COLUMNS = (
    "id", "practice", "country", "needs", "action", "cost", "cost_unit", "cost_note", "result",
    "result_unit", "result_kind", "period", "ref_date", "source_title", "source_url",
)  # fmt: skip
LINK_COLUMNS = (
    "seller", "buyer", "seller_sector", "buyer_sector", "buyer_industry", "value_musd",
    "ref_date", "source_title", "source_url",
)  # fmt: skip


def check_actors(path: Path) -> list[Problem]:
    """Return the mistakes of an ``actors.csv``."""
    file = CsvFile(path, ACTOR_COLUMNS)
    countries = sorted(row["iso3"] for row in country_rows())
    for row in file:
        file.choice(row, "iso3", countries)
        file.choice(row, "kind", ACTOR_KINDS)
        file.choice(row, "self_declared", ("yes", "no"))
        file.required(row, "actor", "fact", "value", "unit")
        file.cited(row)
    return file.problems


def check_practice(path: Path) -> list[Problem]:
    """Return the mistakes of a ``good_practice.csv``; needs are read from the file beside it."""
    file = CsvFile(path, PRACTICE_COLUMNS)
    places = [*(row["iso3"] for row in country_rows()), *load_groups()]
    needs = need_ids(path.parent)
    seen: dict[str, int] = {}
    for row in file:
        file.required(row, "id", "practice", "needs", "action")
        file.choice(row, "country", places)
        file.choice(row, "result_kind", RESULT_KINDS)
        for need in listed(row["needs"]):
            if need not in needs:
                file.add(row.line, "unknown-need", unknown(need, needs))
        for figure in ("cost", "result"):
            if row[figure] and not row[f"{figure}_unit"]:
                message = f"{figure} has no unit: fill in {figure}_unit"
                file.add(row.line, "missing-unit", message)
            if row[figure] and not _is_number(row[figure]):
                message = f"{figure} is {row[figure]!r}: write a plain number, or leave it empty"
                file.add(row.line, "number", message)
        if bool(row["result"]) != (row["result_kind"] != "not found"):
            message = "result and result_kind disagree: without a result it is 'not found'"
            file.add(row.line, "result-kind", message)
        if row["id"] in seen:
            file.add(row.line, "id-twice", f"{row['id']} is already in line {seen[row['id']]}")
        seen.setdefault(row["id"], row.line)
        file.cited(row)
    return file.problems


def check_links(path: Path) -> list[Problem]:
    """Return the mistakes of an ``industry_links.csv``."""
    file = CsvFile(path, LINK_COLUMNS)
    places = [*(row["iso3"] for row in country_rows()), *load_groups()]
    for row in file:
        for side in ("seller", "buyer"):
            file.choice(row, side, places)
        if not _is_number(row["value_musd"]):
            file.add(row.line, "number", f"value_musd is {row['value_musd']!r}: write a number")
        file.cited(row)
    return file.problems


def need_ids(reference: Path) -> list[str]:
    """Return the ids of needs and barriers of ``needs.toml``, without the answer none."""
    tables = TomlFile(reference / "needs.toml").tables
    named = [*tables.get("needs", {}), *tables.get("barriers", {})]
    return [name for name in dict.fromkeys(named) if name != "none"]


def _is_number(text: str) -> bool:
    try:
        return float(text) >= 0
    except ValueError:
        return False

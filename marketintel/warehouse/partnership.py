"""What the regions' partnerships keep in files that people edit: read, checked, as frames.

Every loader refuses a file with a mistake, with file, line, rule and what to do;
:func:`check_partnership` shows all mistakes at once.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.warehouse.check_actors import (
    ACTOR_COLUMNS,
    LINK_COLUMNS,
    PRACTICE_COLUMNS,
    check_actors,
    check_links,
    check_practice,
)
from marketintel.warehouse.check_clusters import (
    ANSWER,
    FACT_COLUMNS,
    MEMBER_COLUMNS,
    check_cluster_facts,
    check_clusters,
    check_members,
    check_readiness,
    cluster_of,
)
from marketintel.warehouse.check_kpis import UNITS, check_kpis
from marketintel.warehouse.check_needs import SURVEY_COLUMNS, check_needs, check_survey
from marketintel.warehouse.check_roadmap import check_roadmap
from marketintel.warehouse.countries import REFERENCE_DIR
from marketintel.warehouse.csvfile import CsvFile, is_example
from marketintel.warehouse.problems import Problem, refuse
from marketintel.warehouse.tomlfile import TomlFile

if TYPE_CHECKING:
    import pandas as pd

INDUSTRY_LINKS = "industry_links.csv"
#: File of the reference directory → what checks it.
CHECKS: dict[str, Callable[[Path], list[Problem]]] = {
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
    return [problem for name, check in CHECKS.items() for problem in check(home / name)]


def load_clusters(home: Path | None = None) -> dict[str, dict[str, Any]]:
    """Return the clusters by id, as in ``clusters.toml``."""
    return _tables("clusters.toml", home)


def load_cluster_facts(home: Path | None = None) -> pd.DataFrame:
    """Return cited facts of the clusters: the columns of ``cluster_facts.csv``, all text."""
    return _table("cluster_facts.csv", FACT_COLUMNS, home)


def load_actors(home: Path | None = None) -> pd.DataFrame:
    """Return cited facts of actors in target markets: the columns of ``actors.csv``, all text."""
    return _table("actors.csv", ACTOR_COLUMNS, home)


def load_practice(home: Path | None = None) -> pd.DataFrame:
    """Return the catalogue of good practice; cost and result are numbers, NaN where not found."""
    import pandas as pd

    frame = _table("good_practice.csv", PRACTICE_COLUMNS, home)
    return frame.assign(cost=pd.to_numeric(frame["cost"]), result=pd.to_numeric(frame["result"]))


def load_links(home: Path | None = None) -> pd.DataFrame:
    """Return who buys electronics and electrical goods; ``value_usd`` in dollars."""
    import pandas as pd

    frame = _table(INDUSTRY_LINKS, LINK_COLUMNS, home)
    return frame.assign(value_usd=pd.to_numeric(frame.pop("value_musd")) * 1e6)


def load_readiness(home: Path | None = None) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the rule and the questions of ``readiness.toml``."""
    tables = dict(_tables("readiness.toml", home))
    return tables.pop("rule"), tables


def load_needs(home: Path | None = None) -> dict[str, dict[str, Any]]:
    """Return the vocabulary of ``needs.toml``: needs, barriers, expectations, themes."""
    return _tables("needs.toml", home)


def load_kpis(home: Path | None = None) -> dict[str, dict[str, Any]]:
    """Return the indicators by id, as in ``kpis.toml``."""
    return {name: one for name, one in _tables("kpis.toml", home).items() if name != UNITS}


def load_units(home: Path | None = None) -> dict[str, dict[str, Any]]:
    """Return type and largest plausible value of each unit of ``kpis.toml``."""
    return dict(_tables("kpis.toml", home)[UNITS])


def load_actions(home: Path | None = None) -> dict[str, dict[str, Any]]:
    """Return the actions by id, as in ``roadmap.toml``."""
    return _tables("roadmap.toml", home)


def load_members(path: Path, home: Path | None = None, examples: bool = True) -> pd.DataFrame:
    """Return what clusters say that their members make.

    Returns
    -------
    DataFrame
        cluster (id), member, segment, stage, capability, ref_date, is_example, and one column
        ``r_<question>`` for each readiness question (0 to 3, NaN where not answered).
    """
    import pandas as pd

    reference = Path(home or REFERENCE_DIR)
    refuse(check_members(path, reference, examples))
    answers = [f"{ANSWER}{item}" for item in load_readiness(home)[1]]
    rows = [
        {**row.cells, "cluster": cluster_of(row), "is_example": is_example(row["member"])}
        for row in CsvFile(path, MEMBER_COLUMNS, answers)
    ]
    frame = pd.DataFrame(rows, columns=[*MEMBER_COLUMNS, "is_example", *answers])
    return frame.assign(**{column: pd.to_numeric(frame[column]) for column in answers})


def load_survey(path: Path, home: Path | None = None, examples: bool = True) -> pd.DataFrame:
    """Return survey answers, one row a respondent: the columns of the file, and is_example."""
    import pandas as pd

    refuse(check_survey(path, Path(home or REFERENCE_DIR), examples))
    rows = [
        {**row.cells, "is_example": is_example(row["respondent"])}
        for row in CsvFile(path, SURVEY_COLUMNS)
    ]
    return pd.DataFrame(rows, columns=[*SURVEY_COLUMNS, "is_example"])


def _tables(name: str, home: Path | None) -> dict[str, dict[str, Any]]:
    path = Path(home or REFERENCE_DIR) / name
    refuse(CHECKS[name](path))
    return TomlFile(path).tables


def _table(name: str, columns: tuple[str, ...], home: Path | None) -> pd.DataFrame:
    import pandas as pd

    path = Path(home or REFERENCE_DIR) / name
    refuse(CHECKS[name](path))
    rows = [row.cells for row in CsvFile(path, columns)]
    return pd.DataFrame(rows, columns=list(columns), dtype="str")

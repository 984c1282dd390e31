"""Clusters, members, actors, indicators and plan of the partnerships, as frames and tables.

Every loader refuses a file with a mistake, with file, line, rule and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.reference.files import REFERENCE_DIR, sound
from marketintel.reference.partnership.checks import (
    SHEETS,
    TABLES,
    check_form,
    check_members,
    check_survey,
    cluster_of,
    is_example,
    need_ids,
)
from marketintel.reference.partnership.models import (
    ANSWER,
    INDUSTRY_LINKS,
    MEETINGS,
    NONE,
    QUESTIONS,
    STAGES,
    UNITS,
    Answer,
    Member,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ANSWER",
    "INDUSTRY_LINKS",
    "MEETINGS",
    "NONE",
    "QUESTIONS",
    "SHEETS",
    "STAGES",
    "TABLES",
    "check_form",
    "check_members",
    "check_survey",
    "need_ids",
]


def load_clusters(home: Path | None = None) -> dict[str, dict[str, Any]]:
    """Return the clusters by id, as in ``clusters.toml``."""
    return _tables("clusters.toml", home)


def clusters_of(regions: Sequence[str], home: Path | None = None) -> list[dict[str, Any]]:
    """Return the active clusters whose territory (NUTS codes) holds regions or a part of them."""
    return [
        one
        for one in load_clusters(home).values()
        if one["status"] == "active"
        and any(n.startswith(r) or r.startswith(n) for n in one["nuts"] for r in regions)
    ]


def load_cluster_facts(home: Path | None = None) -> pd.DataFrame:
    """Return cited facts of the clusters: the columns of ``cluster_facts.csv``, all text."""
    return _table("cluster_facts.csv", home)


def load_actors(home: Path | None = None) -> pd.DataFrame:
    """Return cited facts of actors in target markets: the columns of ``actors.csv``, all text."""
    return _table("actors.csv", home)


def load_practice(home: Path | None = None) -> pd.DataFrame:
    """Return the catalogue of good practice; cost and result are numbers, NaN where not found."""
    import pandas as pd

    frame = _table("good_practice.csv", home)
    return frame.assign(cost=pd.to_numeric(frame["cost"]), result=pd.to_numeric(frame["result"]))


def load_links(home: Path | None = None) -> pd.DataFrame:
    """Return who buys electronics and electrical goods; ``value_usd`` in dollars."""
    import pandas as pd

    frame = _table(INDUSTRY_LINKS, home)
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
    """Return the members that clusters enter in a members file.

    Returns
    -------
    DataFrame
        cluster (id), member, segment, stage, capability, ref_date, is_example, and one column
        ``r_<question>`` for each readiness question (0 to 3, NaN where not answered).
    """
    import pandas as pd

    sheet = sound(check_members(path, home, examples))
    answers = [f"{ANSWER}{item}" for item in load_readiness(home)[1]]
    rows = [
        {**cells, "cluster": cluster_of(cells), "is_example": is_example(cells["member"])}
        for _, cells in sheet.rows
    ]
    frame = pd.DataFrame(rows, columns=[*Member.model_fields, "is_example", *answers])
    return frame.assign(**{column: pd.to_numeric(frame[column]) for column in answers})


def load_survey(path: Path, home: Path | None = None, examples: bool = True) -> pd.DataFrame:
    """Return survey answers, one row a respondent: the columns of the file, and is_example."""
    import pandas as pd

    sheet = sound(check_survey(path, home, examples))
    rows = [{**cells, "is_example": is_example(cells["respondent"])} for _, cells in sheet.rows]
    return pd.DataFrame(rows, columns=[*Answer.model_fields, "is_example"])


def _tables(name: str, home: Path | None) -> dict[str, dict[str, Any]]:
    return dict(sound(TABLES[name](Path(home or REFERENCE_DIR) / name)).raw)


def _table(name: str, home: Path | None) -> pd.DataFrame:
    import pandas as pd

    sheet = sound(SHEETS[name](Path(home or REFERENCE_DIR) / name))
    columns = list(sheet.rows[0][1]) if sheet.rows else []
    return pd.DataFrame([cells for _, cells in sheet.rows], columns=columns, dtype="str")

"""Elasticities estimated once, outside an edition, from ``reference/elasticities.toml``."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marketintel.warehouse.countries import REFERENCE_DIR
from marketintel.warehouse.problems import Problem, Report, refuse
from marketintel.warehouse.tomlfile import parse

DRIVERS = ("duty", "gdp", "exchange_rate")

_KEYS = {
    "driver": str,
    "label": str,
    "value": float,
    "std_error": float,
    "n_obs": int,
    "n_clusters": int,
    "clusters": str,
    "method": str,
    "sample": str,
    "source": str,
    "weaknesses": str,
    "made_by": str,
    "made_at": datetime.date,
}
_OPTIONS = {"placebo": list, "trend": list}


@dataclass(frozen=True)
class StoredElasticity:
    """One estimate; the file says what each field means, and they are in its order.

    ``key`` is its name; ``placebo`` and ``trend`` are value and standard error.
    """

    key: str
    driver: str
    label: str
    value: float
    std_error: float
    n_obs: int
    n_clusters: int
    clusters: str
    method: str
    sample: str
    source: str
    weaknesses: str
    made_by: str
    made_at: datetime.date
    placebo: tuple[float, float] | None = None
    trend: tuple[float, float] | None = None


def load_elasticities(path: Path | None = None) -> list[StoredElasticity]:
    """Read the stored estimates, in the order of the file.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule: the first mistake with file and line.
    """
    path = Path(path or REFERENCE_DIR / "elasticities.toml")
    refuse(check_elasticities(path))
    tables = parse(path.read_text(encoding="utf-8"))
    return [StoredElasticity(key=key, **_with_pairs(table)) for key, table in tables.items()]


def check_elasticities(path: Path) -> list[Problem]:
    """Return the mistakes of an ``elasticities.toml``."""
    report = Report(path)
    for key, table in report.toml.tables.items():
        if not isinstance(table, dict):
            report.add("unknown-key", f"{key!r} stands outside every estimate", key)
            continue
        if not report.keys(table, _KEYS, _OPTIONS, key):
            continue
        if table["driver"] not in DRIVERS:
            message = f"{table['driver']!r} is not one of {', '.join(DRIVERS)}"
            report.add("driver", message, key, "driver")
        if not table["std_error"] > 0:
            report.add("std-error", "a standard error is above zero", key, "std_error")
        if not 2 <= table["n_clusters"] <= table["n_obs"]:
            message = "there are at least 2 clusters and no more of them than observations"
            report.add("clusters", message, key, "n_clusters")
        if not re.fullmatch(r"python \S+\.py", table["made_by"]):
            message = f"{table['made_by']!r} is not a command such as python benchmarks/x.py"
            report.add("made-by", message, key, "made_by")
        for test in _OPTIONS:
            if test in table and not _is_pair(table[test]):
                message = f"{test} is a value and its standard error, such as [-0.15, 0.38]"
                report.add("test", message, key, test)
    return report.problems


def _is_pair(found: Any) -> bool:
    numbers = [x for x in found if isinstance(x, int | float) and not isinstance(x, bool)]
    return len(found) == len(numbers) == 2 and numbers[1] > 0


def _with_pairs(table: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if k in _OPTIONS else v for k, v in table.items()}

"""Declared shocks of trade, from ``reference/shocks.toml``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from marketintel.warehouse.countries import REFERENCE_DIR, country_rows
from marketintel.warehouse.problems import Problem, Report, refuse
from marketintel.warehouse.tomlfile import parse

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("shock", "name", "first", "last", "reporter", "partner", "source", "note")

_KEYS = {"name": str, "first": str, "flows": (str, list), "source": str}
_OPTIONS = {"last": str, "note": str}
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def load_shocks(path: Path | None = None) -> pd.DataFrame:
    """Read all shocks, one row for each pair of sides that one touches.

    Returns
    -------
    DataFrame
        ``shock`` (id), ``name``, ``first``, ``last`` (month, "YYYY-MM"; ``last`` is missing while
        the shock lasts), ``reporter``, ``partner`` (ISO3, or ``*`` for any), ``source``, ``note``.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule: the first mistake with file and line.
    """
    import pandas as pd

    path = Path(path or REFERENCE_DIR / "shocks.toml")
    refuse(check_shocks(path))
    rows = []
    for shock, table in parse(path.read_text(encoding="utf-8")).items():
        flows = ["*-*"] if table["flows"] == "all" else table["flows"]
        for flow in flows:
            reporter, partner = flow.split("-")
            rows.append(
                (shock, table["name"], table["first"], table.get("last"), reporter, partner,
                 table["source"], table.get("note", ""))
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def check_shocks(path: Path) -> list[Problem]:
    """Return the mistakes of a ``shocks.toml``."""
    report = Report(path)
    known = {"*", *(row["iso3"] for row in country_rows())}
    for shock, table in report.toml.tables.items():
        if not isinstance(table, dict):
            report.add("unknown-key", f"{shock!r} stands outside every shock", shock)
            continue
        if not report.keys(table, _KEYS, _OPTIONS, shock):
            continue
        for key in ("first", "last"):
            if key in table and not _MONTH.fullmatch(table[key]):
                report.add("month", f"{table[key]!r} is not a month such as 2020-03", shock, key)
        if table.get("last", "9999-12") < table["first"]:
            report.add("month-order", f"{shock} ends before it begins", shock, "last")
        if table["flows"] == "all":
            continue
        for flow in [table["flows"]] if isinstance(table["flows"], str) else table["flows"]:
            sides = str(flow).split("-")
            if len(sides) != 2 or not known.issuperset(sides):
                message = f"{flow!r} is not REPORTER-PARTNER in ISO3, such as USA-CHN or USA-*"
                report.add("flow", message, shock, "flows")
    return report.problems

"""Indicators of the partnership with measurements, pace and projection on a day."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from marketintel.analysis.partnership import kpi
from marketintel.reference import kpi_log, kpi_rules
from marketintel.reference.partnership import load_kpis
from marketintel.warehouse import store


@dataclass(frozen=True)
class Monitor:
    """Indicators, their lines and their status on a day."""

    as_of: str
    kpis: dict[str, dict[str, Any]]
    lines: pd.DataFrame
    data_dir: Path

    @cached_property
    def status(self) -> pd.DataFrame:
        """One row an indicator; see :func:`marketintel.analysis.partnership.kpi.status`."""
        return kpi.status(self.definitions, self.lines, self.as_of)

    @cached_property
    def definitions(self) -> pd.DataFrame:
        """Definitions for the analysis, one row an indicator."""
        rows = [
            {
                "kpi": name,
                "measure": one["measure"],
                "start": one["start"].isoformat(),
                "deadline": one["deadline"].isoformat(),
                "target": float(one.get("target", math.nan)),
                "counts_countries_of": one.get("of", "") if one.get("countries_counted") else "",
                "places": kpi_rules.places(one),
            }
            for name, one in self.kpis.items()
        ]
        return pd.DataFrame(rows)

    @cached_property
    def table(self) -> pd.DataFrame:
        """Status with names, units and targets."""
        keys = ("programme", "name", "unit", "owner_role")
        named = pd.DataFrame([{k: one[k] for k in keys} for one in self.kpis.values()])
        more = pd.DataFrame({"target": self.definitions["target"],
                             "deadline": self.definitions["deadline"]})  # fmt: skip
        return pd.concat([self.status, named, more], axis=1)


def load(as_of: str, data_dir: Path | None = None) -> Monitor:
    """Read indicators and log.

    Parameters
    ----------
    as_of : str
        Day on which they are looked at, ``YYYY-MM-DD``.

    Raises
    ------
    ReferenceFileError, DamagedDataError
        ``kpis.toml`` or the log breaks a rule.
    """
    directory = data_dir or store.default_data_dir()
    kpis = load_kpis()
    entries = kpi_log.standing(kpi_log.read(kpi_log.log_path(directory), kpis))
    used = {entry.kpi for entry in entries}
    kpis = {name: one for name, one in kpis.items() if name in used or not one.get("example")}
    rows = [*_published(kpis), *(vars(entry) for entry in entries)]
    texts = ["meeting", "counterpart", "id", "partner"]
    columns = ["kpi", "date", "value", "country", "evidence", *texts]
    lines = pd.DataFrame(rows, columns=columns).fillna(dict.fromkeys(texts, ""))
    return Monitor(as_of, kpis, lines, directory)


def is_open(kpi: Mapping[str, Any], day: str) -> bool:
    """Return whether a day lies in an indicator's period."""
    return bool(kpi["start"].isoformat() <= day <= kpi["deadline"].isoformat())


def command(as_of: str, arguments: str, meeting: str = "", unit: str = "") -> str:
    """Return the command that enters a line today, or why there is none.

    Parameters
    ----------
    arguments : str
        With ``{kpi}`` where the indicator stands.
    meeting, unit : str
        Kind of meeting or unit that the indicator has.
    """
    for name, one in load_kpis().items():
        wanted = one.get("meeting") == meeting if meeting else one["unit"] == unit
        if wanted and is_open(one, as_of) and not one.get("countries_counted"):
            return f"`marketintel kpi {arguments.format(kpi=name)}` enters one."
    return f"No indicator for it is open on {as_of}: add one in `kpis.toml`."


def _published(kpis: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield published results as lines."""
    for name, one in kpis.items():
        for result in one.get("results", []):
            yield {
                "kpi": name,
                "date": result["date"].isoformat(),
                "value": result["value"],
                "country": result.get("country", ""),
                "evidence": result["source"],
                "counterpart": result.get("what", ""),
            }


def contributions(lines: pd.DataFrame) -> pd.DataFrame:
    """Return what each partner has contributed to indicators that add up.

    Returns
    -------
    DataFrame
        cluster ("not named" where a line has none), kpi, lines, value: sums of lines that stand;
        totals so far (levels) do not add up over partners and are left out.
    """
    events = {name for name, one in load_kpis().items() if one["measure"] == "events"}
    rows = lines[lines["kpi"].isin(events)]
    named = rows.assign(cluster=rows["partner"].replace("", "not named"))
    found = named.groupby(["cluster", "kpi"])["value"].agg(lines="size", value="sum")
    return found.reset_index()

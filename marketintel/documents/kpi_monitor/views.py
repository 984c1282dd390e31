"""Tables, charts and values of the monitor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from marketintel.analysis.partnership import kpi
from marketintel.documents import partnership
from marketintel.documents.charts import partnership as drawings
from marketintel.documents.indicators import Monitor, command
from marketintel.reference.countries import country_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TARGET_WORDS = {"published": "published", "derived": "derived from a definition", "own": "own"}


def cards(monitor: Monitor) -> list[tuple[str, str, str]]:
    """Return the key figures."""
    table = monitor.table
    counts = table["status"].value_counts()
    return [
        ("Indicators", str(len(table)), f"in {table['programme'].nunique()} programmes"),
        ("Measured", str(int((table["lines"] > 0).sum())), "have at least one line"),
        ("Attained", str(int(counts.get("attained", 0))), "have reached their target"),
        (
            "Not measured",
            str(int(counts.get("no measurement", 0))),
            "no line yet; not a result of zero",
        ),
    ]


def ended(monitor: Monitor) -> list[dict[str, Any]]:
    """Return programmes that ended with indicators that were never measured."""
    table = monitor.table
    rows = table[(table["deadline"] < monitor.as_of) & (table["status"] == "no measurement")]
    return [
        {
            "programme": programme,
            "deadline": group["deadline"].max(),
            "unmeasured": len(group),
            "aimed": int(group["target"].notna().sum()),
        }
        for programme, group in rows.groupby("programme", sort=False)
    ]


def measured(monitor: Monitor) -> list[dict[Any, Any]]:
    """Return indicators with a measurement; a missing figure is None."""
    rows = monitor.table[monitor.table["lines"] > 0].astype(object)
    return rows.where(rows.notna(), None).to_dict("records")


def indicators(monitor: Monitor) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return all indicators with status and projection."""
    columns = ["programme", "name", "target", "measured", "attained_pct", "elapsed_pct",
               "projected_lo", "projected_hi", "p_attain_pct", "status", "unit", "deadline",
               "lines", "last_date", "projected"]  # fmt: skip
    table = monitor.table.assign(deadline=monitor.table["deadline"].astype("str"))
    return table[columns].astype({"last_date": "object"}), {
        "group_col": "programme",
        "hide": ["unit", "deadline", "lines", "last_date", "projected"],
    }


def verdicts(monitor: Monitor) -> str:
    """Return the meaning of each status in the table."""
    present = set(monitor.table["status"])
    return "; ".join(f"{name}: {text}" for name, text in kpi.STATUSES.items() if name in present)


def progress_rows(monitor: Monitor) -> pd.DataFrame:
    """Return indicators with a measurement and a target, the furthest last."""
    rows = monitor.table[monitor.table["attained_pct"].notna()]
    return rows.sort_values("attained_pct")


def progress(monitor: Monitor) -> Figure | None:
    """Draw part of the target against part of the time; None for one bar or none."""
    rows = monitor.table[monitor.table["attained_pct"].notna()]
    return drawings.progress(rows) if len(rows) > 1 else None


def definitions(monitor: Monitor) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the definition, owner, proof, and the target with its source."""
    rows = [
        {
            "programme": one["programme"],
            "name": one["name"],
            "definition": one["definition"],
            "proof": f"{one['owner_role']}: {one['evidence']}",
            "period": f"{one['start']} to {one['deadline']}",
            "target": _target(one, monitor.as_of),
            "period_note": one.get("period_note"),
            "url": one.get("url"),
        }
        for one in monitor.kpis.values()
    ]
    return pd.DataFrame(rows).astype("object"), {
        "group_col": "programme",
        "hide": ["period", "period_note", "url"],
        "formats": {"target": "text"},
    }


def _target(one: dict[str, Any], as_of: str) -> str:
    if "target" not in one:
        return "none published; none set"
    kind = TARGET_WORDS[one["target_kind"]]
    cite = (
        f": {one['source']}, {partnership.dated(one['ref_date'], as_of)}" if "source" in one else ""
    )
    return f"{one['target']:g} {one['unit']} ({kind}{cite})"


def exchange_indicators(monitor: Monitor) -> list[tuple[str, dict[str, Any], bool]]:
    """Return indicators of exchanges: id, declaration and whether any was entered."""
    return [
        (name, one, len(exchanges(monitor, name)[0]) > 0)
        for name, one in monitor.kpis.items()
        if "exchange" in one["name"].lower() and not one.get("countries_counted")
    ]


def exchanges(monitor: Monitor, name: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return exchanges of an indicator by country."""
    rows = kpi.by_country(monitor.lines, name, monitor.as_of)
    rows.insert(0, "name", rows["country"].map(country_name))
    return rows, {"hide": ["country", "lines"], "formats": {"value": "int"}}


def exchange_command(monitor: Monitor) -> str:
    """Return the command that enters an exchange."""
    return command(
        monitor.as_of, 'add {kpi} 1 --country FIN --evidence "signed report"', unit="exchanges"
    )


def yardsticks(monitor: Monitor) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return results of earlier partnerships."""
    rows = [
        {
            "name": f"{one['name']} ({one['programme']})",
            "yardstick": one["yardstick"],
            "source": f"{one['yardstick_source']}, "
            f"{partnership.dated(one['yardstick_date'], monitor.as_of)}",
            "url": one["yardstick_url"],
        }
        for one in monitor.kpis.values()
        if "yardstick" in one
    ]
    return pd.DataFrame(rows), {"hide": ["url"]}


def markets(monitor: Monitor) -> list[partnership.Market]:
    """Return the target countries."""
    named = [iso3 for one in monitor.kpis.values() for iso3 in one.get("countries", [])]
    return [partnership.market(i, monitor.data_dir) for i in dict.fromkeys(named)]


def trade_context(monitor: Monitor) -> pd.DataFrame | None:
    """Return trade of the target countries."""
    return partnership.trade_context(markets(monitor))


def without_one(monitor: Monitor) -> str:
    """Return the note on markets whose change one segment makes."""
    return partnership.without_one(markets(monitor))


def lines(monitor: Monitor) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return every line that counts: published results and the log; None without one."""
    rows = monitor.lines[monitor.lines["date"] <= monitor.as_of]
    if rows.empty:
        return None, {}
    table = rows.assign(
        indicator=[monitor.kpis[k]["name"] for k in rows["kpi"]],
        place=rows["country"].map(lambda c: country_name(c) if c else None),
        counterpart=rows["counterpart"].replace("", None),
    ).sort_values("date", kind="stable")
    columns = ["date", "indicator", "value", "place", "counterpart", "evidence", "id", "kpi"]
    return table[columns].astype({"value": "float64"}), {"hide": ["id", "kpi"]}

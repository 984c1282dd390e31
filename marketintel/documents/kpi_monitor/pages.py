"""The monitor: every indicator with its target, its measurements, its pace and where it will end."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from marketintel.analysis.partnership import kpi
from marketintel.documents.charts import partnership as drawings
from marketintel.documents.engine.blocks import (
    Callout,
    Figure,
    KeyFigures,
    Stack,
    Table,
    Text,
    escape,
)
from marketintel.documents.market_study import words as w
from marketintel.documents.partnership import context, dated, figures_read, market
from marketintel.errors import UsageError
from marketintel.reference import kpi_log, kpi_rules
from marketintel.reference.countries import country_name
from marketintel.reference.files import unknown
from marketintel.reference.partnership import load_kpis, load_units
from marketintel.warehouse import store

TARGET_WORDS = {"published": "published", "derived": "derived from a definition", "own": "own"}


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
        """What the analysis needs of each indicator."""
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
    columns = ["kpi", "date", "value", "country", "evidence", "meeting", "counterpart", "id"]
    lines = pd.DataFrame(rows, columns=columns).fillna({"meeting": "", "counterpart": "", "id": ""})
    return Monitor(as_of, kpis, lines, directory)


def indicator_of(meeting: str, day: str) -> str:
    """Return the id of the indicator that counts a kind of meeting on a day.

    Raises
    ------
    UsageError
        No indicator counts it, or none does on that day.
    """
    fed = {name: one for name, one in load_kpis().items() if "meeting" in one}
    if meeting not in (kinds := {one["meeting"] for one in fed.values()}):
        raise UsageError(f"meeting {unknown(meeting, sorted(kinds))}")
    own = {name: one for name, one in fed.items() if one["meeting"] == meeting}
    if name := next((name for name, one in own.items() if is_open(one, day)), None):
        return name
    periods = ", ".join(f"{n} {one['start']} to {one['deadline']}" for n, one in own.items())
    raise UsageError(
        f"no indicator counts {meeting} meetings on {day} ({periods}): add one in kpis.toml"
    )


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


def enter(
    indicator: str,
    day: str,
    value: float | str,
    evidence: str,
    data_dir: Path | None = None,
    *,
    iso3: str = "",
    meeting: str = "",
    counterpart: str = "",
    corrects: str = "",
) -> tuple[kpi_log.Entry, Path]:
    """Add a line to the log, and return it and where the log lies.

    Parameters
    ----------
    value : float or str
        As typed, text is read by :func:`marketintel.reference.kpi_rules.parse_value`.

    Raises
    ------
    UsageError
        The entry breaks a rule of the log or of :mod:`marketintel.reference.kpi_rules`.
    """
    kpis, units = load_kpis(), load_units()
    if isinstance(value, str):
        unit = kpis.get(indicator, {}).get("unit", next(iter(units)))
        value = kpi_rules.parse_value(value, units[unit], unit)
    path = kpi_log.log_path(data_dir or store.default_data_dir())
    entry = kpi_log.new_entry(
        indicator, day, value, evidence, kpis,
        iso3=iso3, meeting=meeting, counterpart=counterpart, corrects=corrects,
    )  # fmt: skip
    today = date.today().isoformat()
    kpi_rules.check_entry(entry, kpis, units, kpi_log.inspect(path)[0], today)
    kpi_log.append(path, entry)
    return entry, path


def _published(kpis: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The results that somebody has published, as lines."""
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


def summary(monitor: Monitor) -> Stack:
    """What stands where, in four figures and a few sentences."""
    table = monitor.table
    counts = table["status"].value_counts()
    cards = [
        ("Indicators", str(len(table)), f"in {table['programme'].nunique()} programmes"),
        ("Measured", str(int((table["lines"] > 0).sum())), "have at least one line"),
        ("Attained", str(int(counts.get("attained", 0))), "have reached their target"),
        ("Not measured", str(int(counts.get("no measurement", 0))), "that is not zero"),
    ]
    sentences = []
    ended = table[(table["deadline"] < monitor.as_of) & (table["status"] == "no measurement")]
    for programme, rows in ended.groupby("programme", sort=False):
        aimed = int(rows["target"].notna().sum())
        sentences.append(
            f"**{escape(programme)}** ended on {rows['deadline'].max()}. "
            f"{w.sentence(w.count(len(rows), 'indicator'))} without a measurement, {aimed} of them with a "
            "target: what was aimed at is known, what was reached was not found."
        )
    sentences += [_sentence(row) for row in table[table["lines"] > 0].to_dict("records")]
    return Stack(
        KeyFigures(cards),
        Callout(
            "warning",
            "Published targets are what the partnerships set out to do. They are **not results**, and "
            "nothing here treats them as such.",
        ),
        Text("\n".join(f"- {sentence}" for sentence in sentences)) if sentences else None,
    )


def _sentence(row: dict[Any, Any]) -> str:
    name = f"**{escape(row['name'])}** ({escape(row['programme'])})"
    text = f"{name}: {row['measured']:g} {escape(row['unit'])}"
    if not math.isnan(row["target"]):
        text += f" of {row['target']:g}"
    text += f", {w.percent(row['elapsed_pct'], 0)} of the period gone; **{row['status']}**."
    if not math.isnan(row["projected"]):
        text += (
            f" If it goes on like this it ends between {row['projected_lo']:,.0f} and "
            f"{row['projected_hi']:,.0f}"
        )
        if not math.isnan(row["p_attain_pct"]):
            chance = row["p_attain_pct"]
            said = (
                f"of {chance:.0f} %"
                if 1 <= chance <= 99
                else "below 1 %"
                if chance < 1
                else "above 99 %"
            )
            text += f"; the target is reached with a probability {said}"
        text += "."
    return text


def board(monitor: Monitor) -> Stack:
    """All indicators in one table and one picture."""
    table = monitor.table
    formats = {
        "target": "int", "measured": "int", "attained_pct": "pct", "elapsed_pct": "pct",
        "projected_lo": "int", "projected_hi": "int", "p_attain_pct": "pct",
    }  # fmt: skip
    shown = table.assign(deadline=table["deadline"].astype("str"))
    columns = ["programme", "name", "target", "measured", "attained_pct", "elapsed_pct",
               "projected_lo", "projected_hi", "p_attain_pct", "status", "unit", "deadline",
               "lines", "last_date", "projected"]  # fmt: skip
    verdicts = "; ".join(f"{k}: {v}" for k, v in kpi.STATUSES.items() if k in set(table["status"]))
    return Stack(
        Table(
            shown[columns].astype({"last_date": "object"}),
            name="indicators",
            caption=f"Indicators on {monitor.as_of}",
            formats=formats,
            headers={
                "name": "Indicator", "target": "Target", "measured": "Measured",
                "attained_pct": "Of target", "elapsed_pct": "Time gone",
                "projected_lo": "End from", "projected_hi": "End to",
                "p_attain_pct": "Chance", "status": "Status",
            },
            group_col="programme",
            hide=["unit", "deadline", "lines", "last_date", "projected"],
            missing="not measured, or not to be had without a measurement",
            note=f"End from, to: the central 80 % of where it ends at this pace. {verdicts}.",
        ),
        _progress(shown),
    )  # fmt: skip


def _progress(table: pd.DataFrame) -> Figure | None:
    """A picture of what has been measured against a target; None where there is one bar or none."""
    rows = table[table["attained_pct"].notna()]
    if len(rows) < 2:
        return None
    most = rows.sort_values("attained_pct").iloc[-1]
    return Figure(
        drawings.progress(rows),
        name="progress",
        caption="Measured indicators: part of the target, against part of the time",
        alt=(
            "A bar shows the part of the target that is reached, a line the part of the period that "
            f"has gone. Furthest is {most['name']} with {most['attained_pct']:.0f} per cent. "
            "Indicators without a measurement or a target are not drawn."
        ),
    )


def definitions(monitor: Monitor) -> Table:
    """What is counted, who answers for it, what proves it, and where the target comes from."""
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
    frame = pd.DataFrame(rows)
    return Table(
        frame.astype("object"),
        name="definitions",
        caption="Definitions, owners, evidence and targets",
        headers={"name": "Indicator", "definition": "What is counted", "proof": "Owner: proof",
                 "target": "Target and its source"},
        group_col="programme",
        hide=["period", "period_note", "url"],
        note="Periods, and why they are what they are, are in the tables beside the report.",
    )  # fmt: skip


def _target(one: dict[str, Any], as_of: str) -> str:
    if "target" not in one:
        return "none published; none set"
    kind = TARGET_WORDS[one["target_kind"]]
    cite = f": {one['source']}, {dated(one['ref_date'], as_of)}" if "source" in one else ""
    return f"{one['target']:g} {one['unit']} ({kind}{cite})"


def exchanges(monitor: Monitor) -> Stack:
    """ClusterXchange exchanges by country, as the log has them."""
    names = [k for k in monitor.kpis if "exchange" in monitor.kpis[k]["name"].lower()]
    blocks: list[Table | Text] = []
    for name in [n for n in names if not monitor.kpis[n].get("countries_counted")]:
        one = monitor.kpis[name]
        rows = kpi.by_country(monitor.lines, name, monitor.as_of)
        if rows.empty:
            blocks.append(
                Text(
                    f"**{escape(one['name'])}, {escape(one['programme'])}.** No exchange has been "
                    "entered, and no count by country has been published where we looked."
                )
            )
            continue
        rows.insert(0, "name", rows["country"].map(country_name))
        blocks.append(
            Table(
                rows,
                name=f"by_country_{name}",
                caption=f"{one['name']} by country, {one['programme']}",
                formats={"value": "int", "lines": "int"},
                headers={"name": "Country", "value": one["unit"].capitalize()},
                hide=["country", "lines"],
            )
        )
    how = command(
        monitor.as_of, 'add {kpi} 1 --country FIN --evidence "signed report"', unit="exchanges"
    )
    return Stack(*blocks, Text(f"A new exchange: {how}"))


def yardsticks(monitor: Monitor) -> Table:
    """What earlier partnerships brought: to read the indicators against, not to copy."""
    rows = [
        {
            "name": f"{one['name']} ({one['programme']})",
            "yardstick": one["yardstick"],
            "source": f"{one['yardstick_source']}, {dated(one['yardstick_date'], monitor.as_of)}",
            "url": one["yardstick_url"],
        }
        for one in monitor.kpis.values()
        if "yardstick" in one
    ]
    return Table(
        pd.DataFrame(rows),
        name="yardsticks",
        caption="What the first generation of European partnerships reported",
        headers={"name": "Beside", "yardstick": "Published figure", "source": "Source"},
        hide=["url"],
        note="Reported by the programme itself. Yardsticks are neither targets nor results of ours.",
    )


def beside(monitor: Monitor) -> Stack:
    """Trade of the target countries, labelled as context."""
    named = [iso3 for one in monitor.kpis.values() for iso3 in one.get("countries", [])]
    markets = [market(iso3, data_dir=monitor.data_dir) for iso3 in dict.fromkeys(named)]
    return Stack(*context(markets))


def log(monitor: Monitor) -> Stack:
    """Every line that counts: published results and the log."""
    lines = monitor.lines[monitor.lines["date"] <= monitor.as_of]
    if lines.empty:
        return Stack(Text("There is no line yet."))
    table = lines.assign(
        indicator=[monitor.kpis[k]["name"] for k in lines["kpi"]],
        place=lines["country"].map(lambda c: country_name(c) if c else None),
        counterpart=lines["counterpart"].replace("", None),
    ).sort_values("date", kind="stable")
    columns = ["date", "indicator", "value", "place", "counterpart", "evidence", "id", "kpi"]
    return Stack(
        Table(
            table[columns].astype({"value": "float64"}),
            name="lines",
            caption="Measurements that count",
            formats={"value": "int"},
            headers={"place": "Country", "counterpart": "With", "evidence": "Proof"},
            hide=["id", "kpi"],
            missing="none named",
            note="Lines that a later line corrects are left out; the log keeps them.",
        )
    )


def gaps(monitor: Monitor) -> Text:
    """What this monitor cannot tell."""
    return Text(
        "- **Results of ended programmes.** Final counts of Photonics4Industry and PIMAP+ were not "
        "found; without them their targets stay targets.\n"
        "- **Projection.** It assumes that the pace so far goes on. A plan with most of its missions "
        "at the end will look behind until then. Counts of countries and levels that fall are not "
        "projected.\n"
        "- **Quality.** A meeting counts as one whether or not anything came of it.\n"
        "- **Effect.** No indicator here shows that exports rose because of the partnership; that "
        "would need companies that did not take part, to compare with."
    )


def sources(monitor: Monitor) -> Stack:
    """Every source of figures, once."""
    return Stack(figures_read(monitor.data_dir))

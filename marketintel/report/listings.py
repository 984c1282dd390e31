"""What the command line prints: market figures, segments, data; as table, CSV or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from marketintel.errors import ReferenceFileError
from marketintel.report.formats import show
from marketintel.report.screening.settings import load_materials, load_nontariff, load_settings
from marketintel.report.theme import load_brand
from marketintel.warehouse import query
from marketintel.warehouse.elasticities import check_elasticities
from marketintel.warehouse.flows import MONEY
from marketintel.warehouse.notes import check_market_notes
from marketintel.warehouse.nuts import check_regions
from marketintel.warehouse.partnership import check_partnership
from marketintel.warehouse.reference import (
    REFERENCE_DIR,
    check_reference,
    country,
    country_name,
    group_members,
    load_segments,
)
from marketintel.warehouse.shocks import check_shocks

#: The order in which columns are printed; what was summed over has no column.
COLUMNS = ("reporter", "partner", "flow", "hs_revision", "segment", "scope", "cmd_code", "period")


def market_table(
    market: str,
    *,
    segments: Sequence[str] | None = None,
    codes: Sequence[str] | None = None,
    partner: str | None = None,
    by: Sequence[str] = (),
    years: Sequence[int] | None = None,
    data_dir: Path | None = None,
) -> pd.DataFrame:
    """Return imports for consumption of a market, summed to what was asked.

    Parameters
    ----------
    market : str
        ISO3 code or name of the importing economy.
    segments, codes : sequence of str, optional
        Either; all segments if neither.
    partner : str, optional
        One supplier or a group; all if not given.
    by : sequence of str
        Of ``partner``, ``segment``, ``code``: what one row stands for. Rows of core and of broad
        codes are always apart, and so are years and HS revisions.
    years : sequence of int, optional
        All there are if not given.

    Returns
    -------
    DataFrame
        ``reporter, [partner,] flow, hs_revision, [segment,] scope, [cmd_code,] period,
        value_usd, dutiable_value_usd, duties_usd, share_pct, change_pct, duty_pct``; largest value
        first within a period. ``share_pct`` is of the imports from everyone in the same row,
        ``change_pct`` on the year before, ``duty_pct`` calculated duties over value. A group of
        partners has a row of its own above its members.
    """
    imports = partial(
        query.flows, reporter=market, segments=segments, codes=codes, data_dir=data_dir
    )
    period = [str(year) for year in years] if years else None
    rows = imports(partner=partner, period=period)
    wanted = {"code": "cmd_code"}
    asked = {wanted.get(name, name) for name in by}
    if codes:
        asked |= {"cmd_code", "segment"}
    if partner is not None:
        asked.add("partner")
    always = {"reporter", "flow", "hs_revision", "scope", "period"}
    columns = [column for column in COLUMNS if column in asked | always]
    table = query.aggregate(rows, columns)
    everyone = imports()
    group = country(partner) if partner else ""
    if group and group_members(group) != [group]:
        rest = [c for c in columns if c != "partner"]
        table = pd.concat([query.aggregate(rows, rest).assign(partner=group), table])
    table = _compared(table[[*columns, *MONEY]], everyone, columns, group)
    order = ["period", "value_usd", *[c for c in columns if c != "period"]]
    return table.sort_values(order, ascending=[c != "value_usd" for c in order], ignore_index=True)


def _compared(
    table: pd.DataFrame, everyone: pd.DataFrame, columns: list[str], group: str
) -> pd.DataFrame:
    """Add shares of all imports, changes on the year before, and duties over value."""
    keys = [c for c in columns if c != "partner"]
    whole = query.aggregate(everyone, keys)[[*keys, "value_usd"]]
    before = query.aggregate(everyone, columns)
    if group and "partner" in columns:
        own = everyone[everyone["partner"].isin(group_members(group))]
        before = pd.concat([before, query.aggregate(own, keys).assign(partner=group)])
        before = before.drop_duplicates(columns)
    before = before.assign(period=(before["period"].astype(int) + 1).astype("str"))
    base = before[[*columns, "value_usd"]]
    table = table.merge(whole, how="left", on=keys, suffixes=("", "_all"))
    table = table.merge(base, how="left", on=columns, suffixes=("", "_base"))
    value = table["value_usd"]
    return table.assign(
        share_pct=100 * value / table["value_usd_all"].where(table["value_usd_all"] > 0),
        change_pct=100 * (value / table["value_usd_base"].where(table["value_usd_base"] > 0) - 1),
        duty_pct=100 * table["duties_usd"] / value.where(value > 0),
    ).drop(columns=["value_usd_all", "value_usd_base"])


def list_segments() -> pd.DataFrame:
    """Return the segments with their numbers of core, neighbour and broad codes."""
    definitions = load_segments()
    names = definitions.names()
    return pd.DataFrame(
        {
            "segment": list(names),
            "name": list(names.values()),
            "core_codes": [len(definitions[s].cmd_codes(scope="core")) for s in names],
            "neighbour_codes": [len(definitions[s].cmd_codes(scope="neighbour")) for s in names],
            "broad_codes": [len(definitions[s].cmd_codes(scope="broad")) for s in names],
            "themes": [", ".join(definitions[s].themes) for s in names],
        }
    )


def list_codes(segment: str) -> pd.DataFrame:
    """Return the HS 2022 codes of one segment.

    Raises
    ------
    UsageError
        The segment is not known; the nearest names are given.
    """
    definitions = load_segments()
    known = definitions.resolve(segment)
    frame = definitions.frame()
    return frame.loc[frame["segment"] == known, ["cmd_code", "scope", "label"]].reset_index(
        drop=True
    )


def list_data(data_dir: Path | None = None) -> pd.DataFrame:
    """Return what data are here: source, vintage, rows, size, licence."""
    there = query.coverage(data_dir=data_dir)
    there["size_kb"] = (there["bytes"] / 1024).round().astype(int)
    columns = ["source", "vintage", "rows", "size_kb", "retrieved_at", "licence", "title"]
    return there[columns]


def reference_mistakes(path: Path | None = None) -> list[str]:
    """Return every mistake in the reference files, one line each: file, line, rule, way out."""
    folder = path or REFERENCE_DIR
    problems = [
        *check_reference(path),
        *check_regions(folder / "regions.toml"),
        *check_shocks(folder / "shocks.toml"),
        *check_elasticities(folder / "elasticities.toml"),
        *check_partnership(path),
    ]
    found = [f"{p.file}:{p.line}: {p.rule}: {p.message}" for p in problems]
    readers = (
        (load_brand, "brand.toml"),
        (check_market_notes, "market_notes.toml"),
        (load_settings, "screening.toml"),
        (load_materials, "raw_materials.toml"),
        (load_nontariff, "nontariff.csv"),
    )
    for read, name in readers:
        try:
            read(folder / name)
        except ReferenceFileError as error:
            found.append(str(error))
    return found


def as_json(frame: pd.DataFrame) -> str:
    """Return a frame as a JSON list of records; a missing figure is null."""
    return str(frame.to_json(orient="records", indent=2, force_ascii=False))


def print_table(frame: pd.DataFrame) -> None:
    """Print a frame for people: names beside codes, thousands grouped, figures flush right."""
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(header_style="bold", box=None, pad_edge=False)
    for column in frame.columns:
        numeric = pd.api.types.is_numeric_dtype(frame[column])
        table.add_column(
            str(column), justify="right" if numeric else "left", no_wrap=numeric,
            overflow="fold",
        )  # fmt: skip
    for record in frame.to_dict("records"):
        table.add_row(*[Text(_cell(str(column), value)) for column, value in record.items()])
    console = Console(highlight=False)
    if not console.is_terminal:  # a pipe has no width of its own; do not squeeze into 80 columns
        console.width = 160
    console.print(table)


def _cell(column: str, value: object) -> str:
    if column == "partner" and isinstance(value, str):
        return f"{value} {country_name(value)}"
    if column.endswith("_pct"):
        return show(value, "pct_signed" if column.startswith("change") else "pct")
    if isinstance(value, int | float):
        return show(value, "int" if column not in ("year",) else "year")
    return show(value, "text")

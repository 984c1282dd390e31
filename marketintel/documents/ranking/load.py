"""Data of a ranking of markets: world trade of the goods, duties, settings; checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from marketintel.analysis.trade.frames import CORE, OWN
from marketintel.documents.ranking.screen import Screen
from marketintel.documents.ranking.terms import exporter_of, scenario_of
from marketintel.errors import MissingDataError, UsageError
from marketintel.reference.countries import country, group_members
from marketintel.reference.screening import Material, load_materials, load_settings
from marketintel.reference.segments import load_segments
from marketintel.warehouse import engine, reads, selection, store

#: Command that loads world trade of devices; printed wherever they are missing.
LOAD_COMMAND = "marketintel fetch baci --zip BACI_HS92_V….zip"

#: Products count as covered from so many exporters on; the data as complete from such a share.
ENOUGH_EXPORTERS = 50
ENOUGH_CODES_PCT = 80.0

_DUTIES = """
SELECT reporter, partner, cmd_code, period, regime, rate_pct, customs_value_usd, duties_usd, source
FROM duties JOIN goods USING (hs_revision, cmd_code)
ORDER BY reporter, partner, cmd_code, period, regime, source
"""

_WORLD = """
SELECT reporter AS exporter, partner AS market, hs_revision, cmd_code, period, source,
       value_usd, net_weight_kg
FROM trade
WHERE flow = 'export' AND freq = 'A' AND NOT is_mirror AND reporter <> partner
  AND reporter <> 'WLD' AND partner <> 'WLD'
"""


def load(
    exporter: str = "EU27",
    segments: Sequence[str] = (),
    exclude: Sequence[str] = (),
    top: int = 10,
    year: int | None = None,
    data_dir: Path | str | None = None,
    scenario: Sequence[str] = (),
) -> Screen:
    """Read the data of a screening and check that it can be made.

    Parameters
    ----------
    exporter : str
        ``EU27``, another group, any economy, or a consortium: ``FRA=0.1,SWE=0.05``.
    segments : sequence of str
        Segment ids; all if empty.
    exclude : sequence of str
        Markets or groups to leave out.
    top : int
        Length of the shortlist; also what "among the first" means in the classes.
    year : int, optional
        The newest there is unless given.
    data_dir : path, optional
        Where the data lie.
    scenario : sequence of str
        Duties to imagine: ``["USA:+5"]``, percentage points on the exporter's goods.

    Raises
    ------
    UsageError
        Exporter, segment or market is unknown, or `top` is not 1 to 50.
    MissingDataError
        No bilateral trade of many exporters is here, or not of that year.
    """
    directory = Path(data_dir) if data_dir else None
    if not 1 <= top <= 50:
        raise UsageError(f"top {top}: give a number from 1 to 50")
    seller, shares, is_consortium = exporter_of(exporter)
    members = list(shares)
    points = scenario_of(scenario, members)
    excluded = {m: "left out on request" for name in exclude for m in group_members(country(name))}
    definitions = load_segments()
    asked = [definitions.resolve(s) for s in segments]
    asked = asked or [s.id for s in definitions if s.own == CORE]
    world = engine.ask(directory, _WORLD, figures=False)
    if world.empty:
        raise MissingDataError(
            f"no trade between all economies in the warehouse; load it with `{LOAD_COMMAND}`"
        )
    source = str(world.groupby("source")["exporter"].nunique().idxmax())
    world = world[world["source"] == source]
    reads.note(source)
    goods, covered = _devices(world, asked, definitions.names(), directory)
    complete = covered >= ENOUGH_CODES_PCT
    materials = load_materials()
    if not complete:
        goods = _materials(world, materials)
    trade = world.merge(goods[["hs_revision", "cmd_code"]], on=["hs_revision", "cmd_code"])
    columns = ["exporter", "market", "cmd_code", "period", "value_usd", "net_weight_kg"]
    trade = trade[columns].sort_values(columns[:4], ignore_index=True)
    if not trade["exporter"].isin(members).any():
        raise MissingDataError(f"{seller} exports none of these goods in {source}")
    settings = load_settings()
    return Screen(
        seller, shares, trade, goods.drop(columns="hs_revision"), materials, complete, covered,
        source, _newest(trade, year), top, asked, excluded, settings, directory,
        _duties(goods, directory), points, is_consortium,
    )  # fmt: skip


def _duties(goods: pd.DataFrame, data_dir: Path | None) -> pd.DataFrame:
    """Return what is known of duties on these goods, in the revision of their codes only."""
    if not store.table_path(data_dir or store.default_data_dir(), "duties").exists():
        return pd.DataFrame()
    codes = goods[["hs_revision", "cmd_code"]].drop_duplicates()
    return engine.ask(data_dir, _DUTIES, frames={"goods": codes}).drop(columns="source")


def _devices(
    world: pd.DataFrame, asked: Sequence[str], names: dict[str, str], data_dir: Path | None
) -> tuple[pd.DataFrame, float]:
    """Return the own codes that world trade is there for, and their number among those requested."""
    wanted = selection.wanted(None, None, data_dir)
    wanted = wanted[wanted["scope"].isin(OWN) & wanted["segment"].isin(asked)]
    last = world[world["period"] == world["period"].max()]
    keys = ["hs_revision", "cmd_code"]
    sellers = last.groupby(keys)["exporter"].nunique().rename("n").reset_index()
    both = wanted[wanted["hs_revision"].isin(set(last["hs_revision"]))].merge(
        sellers, "left", on=keys
    )
    there = both[both["n"] >= ENOUGH_EXPORTERS]
    goods = there.assign(group=there["segment"], group_name=there["segment"].map(names))
    covered = 100 * len(there) / len(both) if len(both) else 0.0
    return goods[["group", "group_name", *keys]].reset_index(drop=True), covered


def _materials(world: pd.DataFrame, materials: dict[str, Material]) -> pd.DataFrame:
    there = set(world.loc[world["hs_revision"] == "HS1992", "cmd_code"])
    codes = [code for code in materials if code in there]
    if not codes:
        raise MissingDataError(
            f"neither world trade of photonic goods nor of their raw materials is here; load it "
            f"with `{LOAD_COMMAND}`"
        )
    return pd.DataFrame(
        {
            "group": codes,
            "group_name": [materials[code].name for code in codes],
            "hs_revision": "HS1992",
            "cmd_code": codes,
        }
    )


def _newest(trade: pd.DataFrame, asked: int | None) -> int:
    there = sorted(trade["period"].unique())
    if asked is None:
        return int(there[-1])
    if str(asked) not in there:
        raise MissingDataError(f"no trade of {asked} here (there are {there[0]} to {there[-1]})")
    return asked

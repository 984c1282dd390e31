"""How each raw snapshot becomes rows of a table: one small function per source and table.

Starter snapshots already carry ISO3, padded HS codes and units; what remains is to spell a
wide table out into one figure a row. A feed gets the raw frame and its sidecar and returns
rows in the column order of the contract; ``build`` checks them.
"""

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd

from marketintel.sources.snapshot import Sidecar
from marketintel.warehouse.nuts import version_of
from marketintel.warehouse.schema import WORLD, columns


class Feed(NamedTuple):
    """A raw source that contributes rows to a table."""

    table: str
    source: str
    convert: Callable[[pd.DataFrame, Sidecar], pd.DataFrame]


def us_imports_trade(raw: pd.DataFrame, meta: Sidecar) -> pd.DataFrame:
    """US imports: one row for general imports, one for imports for consumption."""
    keys = raw[["reporter", "partner", "hs_revision", "cmd_code", "period"]]
    return pd.concat(
        [
            _trade(
                keys.assign(value_usd=raw[f"{system}_value_usd"], trade_system=system),
                meta, flow="import", freq="A", valuation="customs_value",
            )
            for system in ("general", "consumption")
        ],
        ignore_index=True,
    )  # fmt: skip


def us_imports_duties(raw: pd.DataFrame, meta: Sidecar) -> pd.DataFrame:
    """US calculated duties: they belong to imports for consumption."""
    frame = raw.rename(columns={"consumption_value_usd": "customs_value_usd"}).assign(
        rate_pct=float("nan"), regime="calculated", source=meta.source, vintage=meta.vintage
    )
    money = ["customs_value_usd", "dutiable_value_usd", "duties_usd"]
    return frame.astype(dict.fromkeys(money, "float64"))[columns("duties")]


def us_exports_trade(raw: pd.DataFrame, meta: Sidecar) -> pd.DataFrame:
    """US exports, monthly, free alongside ship; zero months are the source's own."""
    return _trade(raw, meta, flow="export", freq="M", valuation="FAS", trade_system="general")


def baci_trade(raw: pd.DataFrame, meta: Sidecar) -> pd.DataFrame:
    """BACI: exporter-importer flows, both sides reconciled, so not a mirror of either."""
    return _trade(raw, meta, flow="export", freq="A", valuation="FOB", trade_system=None)


def atlas_trade(raw: pd.DataFrame, meta: Sidecar) -> pd.DataFrame:
    """World exports of HS4 headings."""
    world = raw.assign(reporter=WORLD, partner=WORLD)
    return _trade(world, meta, flow="export", freq="A", valuation="FOB", trade_system=None)


def as_published(table: str) -> Callable[[pd.DataFrame, Sidecar], pd.DataFrame]:
    """Return a feed for a snapshot that already has the columns of ``table``."""

    def convert(raw: pd.DataFrame, meta: Sidecar) -> pd.DataFrame:
        return raw.assign(source=meta.source, vintage=meta.vintage)[columns(table)]

    return convert


def regions_sbs(raw: pd.DataFrame, meta: Sidecar) -> pd.DataFrame:
    """Persons employed by region and activity, in the regions of NUTS 2013."""
    frame = raw.assign(
        indicator="persons_employed", unit="persons", nuts_version="2013",
        source=meta.source, vintage=meta.vintage,
    )  # fmt: skip
    return frame[columns("regions")]


def regions_by_code(*order: str) -> Callable[[pd.DataFrame, Sidecar], pd.DataFrame]:
    """Return a feed for regional indicators whose NUTS version is known only by their codes.

    A code gets the first of the versions that has it. A code of none of them, of a candidate
    country or an older NUTS, has no place in a conversion and is left out.
    """

    def convert(raw: pd.DataFrame, meta: Sidecar) -> pd.DataFrame:
        found = raw["nuts_id"].map({c: version_of(c, order) for c in raw["nuts_id"].unique()})
        frame = raw.assign(
            level=raw["nuts_id"].str.len() - 2,
            activity=pd.Series(None, index=raw.index, dtype="str"),
            nuts_version=found.mask(raw["nuts_id"].str.len() == 2, order[0]),
            source=meta.source,
            vintage=meta.vintage,
        )
        kept = frame[frame["nuts_version"].notna()].astype({"nuts_version": "str"})
        return kept.reset_index(drop=True)[columns("regions")]

    return convert


def _trade(
    rows: pd.DataFrame,
    meta: Sidecar,
    *,
    flow: str,
    freq: str,
    valuation: str,
    trade_system: str | None = "",
) -> pd.DataFrame:
    """Fill the columns of ``trade`` that are the same on every row of a source."""
    absent = pd.Series(None, index=rows.index, dtype="str")
    frame = rows.assign(
        flow=flow, freq=freq, valuation=valuation, is_mirror=False,
        source=meta.source, vintage=meta.vintage,
    )  # fmt: skip
    if trade_system != "":
        frame["trade_system"] = absent if trade_system is None else trade_system
    for column in ("net_weight_kg", "quantity"):
        if column not in frame:
            frame[column] = float("nan")
    if "quantity_unit" not in frame:
        frame["quantity_unit"] = absent
    amounts = ["value_usd", "net_weight_kg", "quantity"]
    return frame.astype(dict.fromkeys(amounts, "float64"))[columns("trade")]


FEEDS = (
    Feed("trade", "us_census_imports", us_imports_trade),
    Feed("trade", "us_census_exports", us_exports_trade),
    Feed("trade", "baci", baci_trade),
    Feed("trade", "atlas_world_exports", atlas_trade),
    Feed("duties", "us_census_imports", us_imports_duties),
    Feed("tariff_lines", "usitc_hts", as_published("tariff_lines")),
    Feed("macro", "worldbank", as_published("macro")),
    Feed("pairs", "cepii_geodist", as_published("pairs")),
    Feed("regions", "eurostat_sbs", regions_sbs),
    Feed("regions", "eurostat_regional", regions_by_code("2013", "2016", "2010", "2021")),
    Feed("regions", "regional_indicators", regions_by_code("2013", "2016", "2010", "2021")),
)

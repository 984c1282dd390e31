"""Elasticities to an importer's income and exchange rate over a world panel of raw materials.

    python benchmarks/panel_elasticities.py

Eight raw materials of photonics in BACI, every exporter and importer, with importers' GDP (World
Bank) and the dollars that their currency buys (ECB), all from the data shipped with the project.
Prints what stands in ``marketintel/reference/elasticities.toml``.
"""

from __future__ import annotations

import pandas as pd

from marketintel.analysis.forecast import elasticities
from marketintel.documents.outlook.facts import drivers
from marketintel.sources import snapshot
from marketintel.warehouse import store

LAST = "2023"
"""The last year with GDP."""


def panel() -> pd.DataFrame:
    """Every material of an exporter and importer that ever traded it, all years, zeros kept.

    ``segment`` is the exporter with its material: what a segment is to one exporter's trade.
    """
    raw = snapshot.find(store.default_data_dir(), "baci")[0]
    rows = store.read_parquet(raw.path)
    rows = rows[rows["period"] <= LAST]
    rows = rows.assign(segment=rows["reporter"] + " " + rows["cmd_code"])
    keys = ["segment", "partner", "period"]
    sums = rows.groupby(keys, as_index=False)["value_usd"].sum()
    years = sums[["period"]].drop_duplicates()
    cells = sums[["segment", "partner"]].drop_duplicates().merge(years, how="cross")
    whole = cells.merge(sums, "left", on=keys).fillna({"value_usd": 0.0})
    return drivers.with_rates(drivers.with_gdp(whole, None), None)


def main() -> None:
    """Print both estimates."""
    rows = panel()
    sample = f"World trade in eight raw materials, {rows['period'].min()}–{LAST}"
    for estimate in (elasticities.gdp_destination, elasticities.exchange_rate):
        found = estimate(rows, sample, "CEPII, BACI; World Bank; ECB")
        print(
            f"{found.driver}: {found.value:.4f} ({found.std_error:.4f}), {found.n_obs:,} rows, "
            f"{found.n_clusters} {found.clusters}; {found.method}"
        )


if __name__ == "__main__":
    main()

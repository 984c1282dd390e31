"""World trade of twelve headings of photonics by economy, 2017-2024 (CEPII BACI).

The input is a table with columns year, hs4, iso3, exports_usd, imports_usd as parquet: BACI HS17
V202601 added up to headings, trade of each economy with the world.
"""

import _common
import pandas as pd

from marketintel.reference.countries import to_iso3

CITATION = _common.cite(
    "baci_headings", "V202601", "baci_headings", classification="HS2017, four digits",
    years=["2017", "2024"], by_way_of="Lucas-Speciale/trade-atlas",
)  # fmt: skip


def main() -> None:
    """Read the table, check that the world balances, write the snapshot."""
    chosen = _common.options(__doc__, "parquet with the columns named above")
    frame = tidy(pd.read_parquet(chosen.file))
    _common.save(chosen.data, CITATION, "headings.parquet", frame)


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return one row an economy, heading and year; world exports must equal world imports."""
    frame = pd.DataFrame(
        {
            "reporter": to_iso3(published["iso3"], "iso3"),
            "hs_revision": "HS2017",
            "cmd_code": published["hs4"].astype("str"),
            "period": published["year"].astype("str"),
            "exports_usd": published["exports_usd"].astype("float64"),
            "imports_usd": published["imports_usd"].astype("float64"),
        }
    )
    world = frame.groupby(["cmd_code", "period"])[["exports_usd", "imports_usd"]].sum()
    if not (world["exports_usd"] == world["imports_usd"]).all():
        raise SystemExit("world exports and imports differ: the table is not whole")
    return frame.sort_values(["cmd_code", "reporter", "period"], ignore_index=True)


if __name__ == "__main__":
    main()

"""US supply, use and buyers of 33 commodities near photonics, 2012 and 2017 (BEA).

``--from`` is a CSV with one row a commodity and year and BEA's columns (T007 output, MCIF imports,
T016 supply at purchasers' prices, F04000 exports, T019 total use, ...); ``--from-buyers`` a parquet
with bea_code, user, value_musd, year: the row of the use table. Million US dollars. Buyers that are
among the largest of a commodity have BEA's names of 2012 (``bea_item_names.csv``, read in the
repository USEPA/useeior); the 33 commodities have those of ``--from``.
"""

import argparse
from pathlib import Path

import _common
import pandas as pd

CITATION = _common.cite(
    "bea_supply_use", "2012-2017", "bea_supply_use", commodities="33, BEA detail",
    years=["2012", "2017"],
).model_copy(update={
    "rebuild": "python scripts/starter/bea_supply_use.py --from FILE --from-buyers FILE",
})  # fmt: skip
NAMES = Path(__file__).with_name("bea_item_names.csv")
SUPPLY = ("T007", "MCIF", "MADJ", "T013", "TRADE", "TRANS", "MDTY", "TOP", "SUB", "T016")
#: Published column → item.
USE = {
    "intermediate_T001": "T001",
    "pce_F01000": "F01000",
    "private_equipment_F02E00": "F02E00",
    "government_F06_F07_F10": "F06_F07_F10",
    "exports_F04000": "F04000",
    "total_use_T019": "T019",
}


def main() -> None:
    """Read both tables, check that supply is use, write the snapshot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="file", type=Path, metavar="FILE", required=True)
    parser.add_argument("--from-buyers", dest="buyers", type=Path, metavar="FILE", required=True)
    parser.add_argument("--data", type=Path, default=_common.DATA_DIR, metavar="DIR")
    chosen = parser.parse_args()
    frame = tidy(
        pd.read_csv(chosen.file, dtype={"bea_code": "str"}), pd.read_parquet(chosen.buyers)
    )
    _common.save(chosen.data, CITATION, "supply_use.parquet", frame)


def tidy(accounts: pd.DataFrame, buyers: pd.DataFrame) -> pd.DataFrame:
    """Return one row a commodity, account, item and year."""
    if not (accounts["T016"] == accounts["total_use_T019"]).all():
        raise SystemExit("T016 is not T019: supply and use do not balance")
    keys = ["bea_code", "name", "year"]
    supply = accounts.melt(keys, list(SUPPLY), "item", "value_musd").assign(account="supply")
    use = accounts.rename(columns=USE).melt(keys, list(USE.values()), "item", "value_musd")
    names = accounts.drop_duplicates("bea_code").set_index("bea_code")["name"]
    rows = buyers.rename(columns={"user": "item"}).assign(
        name=buyers["bea_code"].map(names), account="buyer"
    )
    every = pd.concat([supply, use.assign(account="use"), rows], ignore_index=True)
    item_names = pd.read_csv(NAMES, dtype="str").set_index("item")["name"]
    frame = pd.DataFrame(
        {
            "industry": every["bea_code"].astype("str"),
            "industry_name": every["name"].astype("str"),
            "account": every["account"].astype("str"),
            "item": every["item"].astype("str"),
            "period": every["year"].astype("str"),
            "value": every["value_musd"] * 1e6,
            "item_name": every["item"].map(pd.concat([names, item_names])).astype("str"),
        }
    )
    keys = ["industry", "period", "account", "item"]
    return frame.sort_values(keys, ignore_index=True)


if __name__ == "__main__":
    main()

"""Buyers of electronics and electrical equipment of the partnership's countries (OECD ICIO, 2022).

The input is a table cut from the OECD Inter-Country Input-Output tables, edition 2025: columns
seller_sector, seller, buyer, buyer_sector, intermediate_musd_2022 (text, million US dollars). Of it
only the links that the cross-sector workshops speak about are kept: a small compilation, cited in
the file itself. C26 is computer, electronic and optical products, C27 electrical equipment: both
are far wider than photonics.
"""

import argparse
from pathlib import Path

import pandas as pd

from marketintel.reference.countries import group_members
from marketintel.reference.files import REFERENCE_DIR
from marketintel.reference.partnership import INDUSTRY_LINKS

SELLERS = ["FRA", "SWE", "PRT", "FIN", "ITA", "CZE"]
BUYERS = ["USA", "CAN", "JPN", "CHN"]
#: Industries that work with light or carry it: metals, machinery, vehicles, aerospace, health …
SECTORS = {
    "C24A": "Basic iron and steel",
    "C25": "Fabricated metal products",
    "C28": "Machinery and equipment",
    "C29": "Motor vehicles",
    "C302T309": "Aircraft, rail and other transport equipment",
    "J61": "Telecommunications",
    "Q": "Health and social work",
}
SOURCE = "OECD Inter-Country Input-Output tables, edition 2025"
URL = "https://www.oecd.org/en/data/datasets/inter-country-input-output-tables.html"


def main() -> None:
    """Read the table, keep the links, write the reference file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="file", metavar="FILE", type=Path, required=True)
    parser.add_argument("--to", metavar="FILE", type=Path, default=REFERENCE_DIR / INDUSTRY_LINKS)
    chosen = parser.parse_args()
    frame = tidy(pd.read_parquet(chosen.file))
    frame.to_csv(chosen.to, index=False, lineterminator="\n")
    print(f"{chosen.to}: {len(frame):,} rows")


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return one row a seller, buyer, selling sector and buying industry."""
    eu = group_members("EU27")
    value = pd.to_numeric(published["intermediate_musd_2022"])
    rows = published.assign(value_musd=value)[published["buyer_sector"].isin(list(SECTORS))]
    apart = rows[rows["seller"].isin(SELLERS)]
    as_one = rows[rows["seller"].isin(eu)].assign(seller="EU27")
    both = pd.concat([apart, as_one])
    abroad = both[both["buyer"].isin(BUYERS)]
    home = both[both["buyer"].isin(eu)].assign(buyer="EU27")
    keys = ["seller", "buyer", "seller_sector", "buyer_sector"]
    frame = pd.concat([abroad, home]).groupby(keys, as_index=False)["value_musd"].sum()
    frame["value_musd"] = frame["value_musd"].round(2)
    frame = frame[frame["value_musd"] > 0].reset_index(drop=True)  # below the table's precision
    frame.insert(4, "buyer_industry", frame["buyer_sector"].map(SECTORS))
    return frame.assign(ref_date="2022", source_title=SOURCE, source_url=URL)


if __name__ == "__main__":
    main()

"""Canada's trade by HS6 (one total), by chapter and month, by partner and month (StatCan).

``--from`` is a CSV with hs6, imports_cad_28m, exports_cad_28m; ``--from-chapters`` one with date,
hs2, hs2_name, imports, exports; ``--from-partners`` one with date, country (two letters), imports,
exports. Canadian dollars, 2024-01 to 2026-04. Products and chapters must agree exactly.
"""

import argparse
from pathlib import Path

import _common
import pandas as pd

from marketintel.reference.countries import to_iso3

MONTHS = "2024-01/2026-04"
CITATION = _common.cite(
    "statcan_products", "2024-01-2026-04", "canada_products", classification="HS6, HS2, all goods",
    months=["2024-01", "2026-04"],
).model_copy(update={
    "rebuild": "python scripts/starter/canada_products.py --from FILE --from-chapters FILE "
    "--from-partners FILE",
})  # fmt: skip
KEYS = ["classification", "product", "flow", "period", "partner"]


def main() -> None:
    """Read the three tables, check that they agree, write the snapshot."""
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("from", "from-chapters", "from-partners"):
        parser.add_argument(f"--{option}", dest=option, type=Path, metavar="FILE", required=True)
    parser.add_argument("--data", type=Path, default=_common.DATA_DIR, metavar="DIR")
    chosen = vars(parser.parse_args())
    text = {"hs6": "str", "hs2": "str", "country": "str"}
    tables = [
        pd.read_csv(chosen[option], dtype=text, keep_default_na=False)  # NA is Namibia
        for option in ("from", "from-chapters", "from-partners")
    ]
    _common.save(chosen["data"], CITATION, "trade_by_product.parquet", tidy(*tables))


def tidy(products: pd.DataFrame, chapters: pd.DataFrame, partners: pd.DataFrame) -> pd.DataFrame:
    """Return one row a product list, product, flow, period and partner."""
    parts = [
        products.rename(columns={"hs6": "product", "imports_cad_28m": "imports",
                                 "exports_cad_28m": "exports"})
        .assign(classification="HS6", date=MONTHS, partner="WLD", hs2_name=None),
        chapters.rename(columns={"hs2": "product"}).assign(classification="HS2", partner="WLD"),
        partners.assign(classification="TOTAL", product="TOTAL", hs2_name="All goods",
                        partner=to_iso3(partners["country"], "eurostat")),
    ]  # fmt: skip
    every = pd.concat(parts, ignore_index=True)
    long = every.melt(
        ["classification", "product", "hs2_name", "date", "partner"], ["imports", "exports"],
        "side", "value",
    )  # fmt: skip
    if long.groupby(["side", "classification"])["value"].sum().groupby("side").nunique().max() > 1:
        raise SystemExit("products, chapters and partners differ in sum: a table is not whole")
    frame = pd.DataFrame(
        {
            "partner": long["partner"].astype("str"),
            "flow": long["side"].str.removesuffix("s"),
            "classification": long["classification"].astype("str"),
            "product": long["product"].astype("str"),
            "product_name": long["hs2_name"].astype("str"),
            "period": long["date"].astype("str"),
            "value": long["value"].astype("float64"),
        }
    )
    return frame.sort_values(KEYS, ignore_index=True)


if __name__ == "__main__":
    main()

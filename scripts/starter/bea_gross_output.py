"""US gross output and price index of 402 industries, 1997-2023 (BEA).

The input is a table with columns bea_code, year, gross_output_musd, price_index, name (of the
industries near photonics) as parquet, in million US dollars.
"""

import _common
import pandas as pd

CITATION = _common.cite(
    "bea_gross_output", "1997-2023", "bea_gross_output", industries="402, BEA detail",
    years=["1997", "2023"],
)  # fmt: skip


def main() -> None:
    """Read the table, write the snapshot."""
    chosen = _common.options(__doc__, "parquet with the columns named above")
    frame = tidy(pd.read_parquet(chosen.file))
    _common.save(chosen.data, CITATION, "gross_output.parquet", frame)


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return one row an industry and year."""
    frame = pd.DataFrame(
        {
            "industry": published["bea_code"].astype("str"),
            "industry_name": published["name"].astype("str"),
            "period": published["year"].astype("str"),
            "gross_output_usd": published["gross_output_musd"] * 1e6,
            "price_index": published["price_index"],
        }
    )
    return frame.sort_values(["industry", "period"], ignore_index=True)


if __name__ == "__main__":
    main()

"""Concordance of ten-digit tariff lines with end-use, NAICS, SITC and technology (US Census, 2022).

The input is a table with columns HS10, HS6, short_desc, sitc, end_use, naics, hitech as parquet.
Lost leading zeros of end-use classes are put back.
"""

import _common
import pandas as pd

CITATION = _common.cite(
    "us_census_concordance", "2022", "us_hts10_concordance", classification="HTS, ten digits",
    changes="long descriptions, quantities and USDA codes left out",
)  # fmt: skip


def main() -> None:
    """Read the table, keep the codes, write the snapshot."""
    chosen = _common.options(__doc__, "parquet with the columns named above")
    frame = tidy(pd.read_parquet(chosen.file))
    _common.save(chosen.data, CITATION, "hts10_concordance.parquet", frame)


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return one row a tariff line of 2022."""
    frame = pd.DataFrame(
        {
            "hts10": published["HS10"].astype("str"),
            "cmd_code": published["HS6"].astype("str"),
            "description": published["short_desc"].astype("str"),
            "sitc": published["sitc"].astype("str"),
            "end_use": published["end_use"].astype("str").str.zfill(5),
            "naics": published["naics"].astype("str"),
            "hitech": published["hitech"].astype("str").str.zfill(2),
        }
    )
    return frame.sort_values("hts10", ignore_index=True)


if __name__ == "__main__":
    main()

"""Share of US imports from Canada and Mexico that claim USMCA, by line (US Census Bureau).

The input is a table with columns hts10, cty_code, usmca_share (0 to 1), year as parquet.
"""

import _common
import pandas as pd

from marketintel.reference.countries import to_iso3

CITATION = _common.cite(
    "us_census_preference", "2024-2025", "us_usmca_claims", classification="HTS, ten digits",
    years=["2024", "2025"], changes="countries as ISO3; shares as per cent",
)  # fmt: skip


def main() -> None:
    """Read the table, harmonise its keys, write the snapshot."""
    chosen = _common.options(__doc__, "parquet with the columns named above")
    frame = tidy(pd.read_parquet(chosen.file))
    _common.save(chosen.data, CITATION, "usmca_claims_hts10.parquet", frame)


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return one row a line, partner and year."""
    frame = pd.DataFrame(
        {
            "partner": to_iso3(published["cty_code"], "census"),
            "hts10": published["hts10"].astype("str"),
            "period": published["year"].astype("str"),
            "share_pct": 100 * published["usmca_share"],
        }
    )
    return frame.sort_values(["hts10", "partner", "period"], ignore_index=True)


if __name__ == "__main__":
    main()

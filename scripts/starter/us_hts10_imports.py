"""US imports by ten-digit tariff line and country, 58 headings, 2024 and 2025 (US Census Bureau).

The input is a table with columns year, cty, hts10, gen_imports_usd, con_imports_usd, dutiable_usd,
duties_usd as parquet: the lines of photonics and neighbouring headings.
"""

import _common
import pandas as pd

from marketintel.reference.countries import to_iso3

CITATION = _common.cite(
    "us_census_hts10", "2024-2025", "us_hts10_imports", classification="HTS, ten digits",
    years=["2024", "2025"], changes="countries as ISO3; Gaza Strip and West Bank summed",
)  # fmt: skip


def main() -> None:
    """Read the table, harmonise its keys, write the snapshot."""
    chosen = _common.options(__doc__, "parquet with the columns named above")
    frame = tidy(pd.read_parquet(chosen.file))
    _common.save(chosen.data, CITATION, "imports_hts10.parquet", frame)


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return one row a line, partner and year."""
    frame = pd.DataFrame(
        {
            "partner": to_iso3(published["cty"], "census"),
            "product": published["hts10"].astype("str"),
            "period": published["year"].astype("str"),
            "general_value_usd": published["gen_imports_usd"],
            "consumption_value_usd": published["con_imports_usd"],
            "dutiable_value_usd": published["dutiable_usd"],
            "duties_usd": published["duties_usd"],
        }
    )
    return frame.groupby(["product", "period", "partner"], as_index=False).sum()


if __name__ == "__main__":
    main()

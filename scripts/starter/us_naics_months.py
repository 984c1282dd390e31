"""US imports and calculated duty by NAICS3 industry, month and partner, 2013-2025 (US Census).

The input is a table with columns cty_name, naics_name, naics, imports_usd, duty_usd, month as
parquet: 30 countries, two groups (European Union, USMCA) that hold some of them, and the total.
"""

import _common
import pandas as pd

from marketintel.reference.countries import country

CITATION = _common.cite(
    "us_census_naics", "2013-01-2025-11", "us_naics_months", classification="NAICS, three digits",
    months=["2013-01", "2025-11"], changes="countries as ISO3",
)  # fmt: skip
NOT_COUNTRIES = {
    "TOTAL FOR ALL COUNTRIES": "WLD",
    "EUROPEAN UNION": "EU27",
    "USMCA (NAFTA)": "USMCA",
    "KOREA, SOUTH": "KOR",
}
LABEL = r"^NAICS CODE \d+, "


def main() -> None:
    """Read the table, harmonise its keys, write the snapshot."""
    chosen = _common.options(__doc__, "parquet with the columns named above")
    frame = tidy(pd.read_parquet(chosen.file))
    _common.save(chosen.data, CITATION, "imports_naics3_monthly.parquet", frame)


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return one row an industry, month and partner."""
    names = published["cty_name"].unique()
    partner = {name: NOT_COUNTRIES.get(name) or country(name) for name in names}
    frame = pd.DataFrame(
        {
            "partner": published["cty_name"].map(partner).astype("str"),
            "product": published["naics"].astype("str"),
            "product_name": published["naics_name"]
            .str.replace(LABEL, "", regex=True).str.capitalize(),
            "period": published["month"].astype("str"),
            "value": published["imports_usd"],
            "duty_value": published["duty_usd"],
        }
    )  # fmt: skip
    return frame.sort_values(["product", "partner", "period"], ignore_index=True)


if __name__ == "__main__":
    main()

"""Ten largest partners of 73 economies in twelve headings of photonics, 2017-2024 (CEPII BACI).

The input is a table with columns year, hs4, economy, of (imports or exports), partner, rank,
share_bp as parquet: shares of the economy's total of the heading in basis points. A pair without
a row is unknown, not zero.
"""

import _common
import pandas as pd

from marketintel.reference.countries import to_iso3

CITATION = _common.cite(
    "baci_heading_partners", "V202601", "baci_heading_partners",
    classification="HS2017, four digits", years=["2017", "2024"],
    by_way_of="Lucas-Speciale/trade-atlas",
)  # fmt: skip
FLOWS = {"imports": "import", "exports": "export"}


def main() -> None:
    """Read the table, harmonise its keys, write the snapshot."""
    chosen = _common.options(__doc__, "parquet with the columns named above")
    frame = tidy(pd.read_parquet(chosen.file))
    _common.save(chosen.data, CITATION, "heading_partners.parquet", frame)


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return one row an economy, heading, year and partner."""
    frame = pd.DataFrame(
        {
            "reporter": to_iso3(published["economy"], "iso3"),
            "flow": published["of"].map(FLOWS).astype("str"),
            "partner": to_iso3(published["partner"], "iso3"),
            "hs_revision": "HS2017",
            "cmd_code": published["hs4"].astype("str"),
            "period": published["year"].astype("str"),
            "rank": published["rank"],
            "share_bp": published["share_bp"],
        }
    )
    return frame.sort_values(["cmd_code", "reporter", "period", "rank"], ignore_index=True)


if __name__ == "__main__":
    main()

"""US general imports by end-use class and country, 2014-2025 (US Census Bureau).

The input is a table with columns cty (Census country code; 0000 is the world), end_use,
end_use_name, value_usd, year as parquet. All 142 classes are kept: they are the panel on which
forecasts with little history are tested.
"""

import _common
import pandas as pd

from marketintel.reference.countries import to_iso3

CITATION = _common.cite(
    "us_census_enduse", "2014-2025", "us_enduse_imports", classification="end-use, five digits",
    years=["2014", "2025"], changes="countries as ISO3; Gaza Strip and West Bank summed",
)  # fmt: skip
WORLD = "0000"


def main() -> None:
    """Read the table, check that partners sum to the world, write the snapshot."""
    chosen = _common.options(__doc__, "parquet with the columns named above")
    frame = tidy(pd.read_parquet(chosen.file))
    _common.save(chosen.data, CITATION, "imports_enduse.parquet", frame)


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return one row a class, partner and year; partner WLD is the published total."""
    frame = pd.DataFrame(
        {
            "partner": to_iso3(published["cty"], "census", ignore=[WORLD])
            .where(published["cty"] != WORLD, "WLD"),
            "product": published["end_use"].astype("str"),
            "product_name": published["end_use_name"].astype("str"),
            "period": published["year"].astype("str"),
            "value": published["value_usd"].astype("float64"),
        }
    )  # fmt: skip
    keys = ["product", "product_name", "period", "partner"]
    frame = frame.groupby(keys, as_index=False)["value"].sum()
    is_world = frame["partner"] == "WLD"
    totals = [part.groupby(keys[:3])["value"].sum() for _, part in frame.groupby(is_world)]
    if not totals[0].equals(totals[1]):
        raise SystemExit("partners do not sum to the world: the table is not whole")
    return frame


if __name__ == "__main__":
    main()

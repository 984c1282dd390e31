"""US imports and exports by state and industry, 2012 (US Census Bureau, USA Trade Online).

The input is a table with columns flow, State, naics, Commodity, Time, value_usd as parquet; the row
without a naics is that of all goods, the state "All States" the published total.
"""

import _common
import pandas as pd

CITATION = _common.cite(
    "us_census_states", "2012", "us_state_trade", classification="NAICS, four digits",
    years=["2012"], changes="all goods as naics all; industries of three digits left out",
)  # fmt: skip
TOTAL = "All States"


def main() -> None:
    """Read the table, check that states sum to the total, write the snapshot."""
    chosen = _common.options(__doc__, "parquet with the columns named above")
    frame = tidy(pd.read_parquet(chosen.file))
    _common.save(chosen.data, CITATION, "trade_naics4_states.parquet", frame)


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return one row a state, flow and industry."""
    frame = pd.DataFrame(
        {
            "state": published["State"].astype("str"),
            "flow": published["flow"].astype("str"),
            "naics": published["naics"].astype("str").where(published["naics"].notna(), "all"),
            "naics_name": published["Commodity"].astype("str"),
            "period": published["Time"].astype("str"),
            "value_usd": published["value_usd"].astype("float64"),
        }
    )
    frame = frame[frame["naics"].str.fullmatch(r"\d{4}|all")]  # three digits hold others' goods
    keys = ["flow", "naics", "period"]
    is_total = frame["state"] == TOTAL
    totals = [part.groupby(keys)["value_usd"].sum() for _, part in frame.groupby(is_total)]
    if not totals[0].equals(totals[1]):
        raise SystemExit("states do not sum to the total: the table is not whole")
    return frame.sort_values(["naics", "flow", "state"], ignore_index=True)


if __name__ == "__main__":
    main()

"""US exports by HS6 and month to five countries (US Census Bureau).

Two inputs, both made from the International Trade API, dataset exports/hs, as parquet:
``--from`` China at HS6, 2013-01 to 2021-01 (columns time, hs6, value_usd); ``--from-hs10``
Ireland, Switzerland, Turkey and Viet Nam at HS10, 2013-01 to 2026-01 (columns CTY_CODE,
E_COMMODITY, time, ALL_VAL_MO), for the headings of photonics and its neighbours, summed to HS6.
Kept are the chapters in which photonics segments have codes, so that a segment can be edited
without rebuilding.
"""

import argparse
from pathlib import Path

import _common
import pandas as pd

from marketintel.reference.countries import to_iso3
from marketintel.reference.hs import hs_revision_at, pad_hs
from marketintel.sources.snapshot import Citation

CHAPTERS = ("28", "37", "38", "70", "81", "84", "85", "90", "94")
CHINA = "5700"  # Census country code

CITATION = Citation(
    source="us_census_exports",
    vintage="2026-11-22",
    producer="US Census Bureau",
    title="US exports by HS6 and month to China (2013-01 to 2021-01), and to Ireland, "
    "Switzerland, Turkey and Viet Nam (2013-01 to 2026-01)",
    citation="US Census Bureau, USA Trade Online / International Trade API, dataset exports/hs, "
    "2013-2026; compiled 2026-11-22.",
    licence="US government work, public domain",
    licence_url="https://www.census.gov/data/developers/about/terms-of-service.html",
    url="https://api.census.gov/data/timeseries/intltrade/exports/hs",
    parameters={
        "measure": "value of exports in the month, domestic and foreign goods",
        "partners": ["CHN", "IRL", "CHE", "TUR", "VNM"],
        "chapters": list(CHAPTERS),
    },
    retrieved_at=_common.COMPILED_AT,
    retrieved_note=_common.COMPILED_NOTE,
    rebuild="python scripts/starter/us_census_exports.py --from FILE --from-hs10 FILE",
    quirks=[
        "Values are free alongside ship (f.a.s.) at the US port.",
        "A month without a row is a month without exports: in each calendar year a code's rows "
        "begin with its first month of trade, which is never zero, and run to December without a "
        "gap, zero months included (checked on every partner, code and year).",
        "The US statistics change HS revision with the calendar year: HS2012 to December 2016, "
        "HS2017 to December 2021, HS2022 from January 2022 (845610 ends and 845611 begins at the "
        "first change, 854140 and 854141 at the second).",
        "854140 holds LED, laser diodes and photovoltaic cells together until December 2021.",
        "China ends in January 2021; February 2021 is named in the source without any record.",
        "For Ireland, Switzerland, Turkey and Viet Nam only the headings of photonics and its "
        "neighbours were compiled: a code of another heading is unknown for them, not zero. "
        "Headings are those of the column cmd_code that occur for these partners.",
        "2026 has January only.",
        "Exports include re-exports of foreign goods.",
    ],
)


def main() -> None:
    """Read both tables, stack them on HS6, write the snapshot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="china", type=Path, required=True, metavar="FILE")
    parser.add_argument("--from-hs10", dest="hs10", type=Path, required=True, metavar="FILE")
    parser.add_argument("--data", type=Path, default=_common.DATA_DIR, metavar="DIR")
    chosen = parser.parse_args()
    frame = tidy(pd.read_parquet(chosen.china), pd.read_parquet(chosen.hs10))
    _common.save(chosen.data, CITATION, "us_exports_hs6_monthly.parquet", frame)


def tidy(china: pd.DataFrame, hs10: pd.DataFrame) -> pd.DataFrame:
    """Return one row a partner, HS6 code and month."""
    named = china[china["hs6"] != ""]  # 2021-02 is one row without a code
    both = pd.concat(
        [
            pd.DataFrame({"census": CHINA, "period": named["time"], "cmd_code": named["hs6"],
                          "value_usd": named["value_usd"]}),
            pd.DataFrame({"census": hs10["CTY_CODE"], "period": hs10["time"],
                          "cmd_code": hs10["E_COMMODITY"].str[:6],
                          "value_usd": hs10["ALL_VAL_MO"].astype("int64")}),
        ],
        ignore_index=True,
    )  # fmt: skip
    both = both[both["cmd_code"].str[:2].isin(CHAPTERS)]
    frame = both.assign(
        reporter="USA",
        partner=to_iso3(both["census"], "census"),
        cmd_code=pad_hs(both["cmd_code"]),
        hs_revision=both["period"].map(
            {month: hs_revision_at("USA", month) for month in both["period"].unique()}
        ),
    )
    keys = ["cmd_code", "partner", "period", "reporter", "hs_revision"]
    return frame.groupby(keys, as_index=False)["value_usd"].sum()


if __name__ == "__main__":
    main()

"""GDP, population and patent applications of NUTS 2 regions (Eurostat).

The input is a table of Eurostat's regional indicators as parquet: input_var_code (tgs00003 GDP,
tgs00096 population, tgs00040 patent applications to the European Patent Office, tsc00011
employment in high and medium-high technology, countries only), unit, geo, time, values, nace_r2.
Unemployment is in the table three times a region without saying which sex, and stays out.
"""

import _common
import pandas as pd

from marketintel.sources.snapshot import Citation

#: Eurostat's code and activity to our indicator and unit.
INDICATORS = {
    ("tgs00003", ""): ("gdp", "million EUR"),
    ("tgs00096", ""): ("population", "persons"),
    ("tgs00040", ""): ("epo_patents", "per million inhabitants"),
    ("tsc00011", "C_HTC_MH"): ("hightech_manufacturing", "% of employment"),
    ("tsc00011", "KIS"): ("knowledge_services", "% of employment"),
}

CITATION = Citation(
    source="eurostat_regional",
    vintage="2000-2019",
    producer="Eurostat",
    title="GDP, population and patent applications by NUTS 2 region",
    citation="Eurostat, regional statistics: GDP (tgs00003), population (tgs00096), patent "
    "applications to the EPO (tgs00040), employment in high technology (tsc00011), 2000-2019; "
    "compiled 2026-11-22.",
    licence="Reuse with attribution (Commission Decision 2011/833/EU)",
    licence_url="https://ec.europa.eu/eurostat/help/copyright-notice",
    url="https://ec.europa.eu/eurostat/databrowser/view/tgs00003",
    parameters={"tables": ["tgs00003", "tgs00096", "tgs00040", "tsc00011"]},
    retrieved_at=_common.COMPILED_AT,
    retrieved_note=_common.COMPILED_NOTE,
    rebuild="python scripts/starter/eurostat_regional.py --from FILE",
    quirks=[
        "GDP and population are in the regions of NUTS 2016, patents in those of NUTS 2010 and "
        "2013: the version is decided code by code with the JRC cross-walk.",
        "Patent applications end in 2012, which is incomplete at the source: use 2011.",
        "Patents count all fields of technology, not photonics.",
        "Employment in high technology is here for countries only.",
    ],
)


def main() -> None:
    """Read the table, keep the indicators above, write the snapshot."""
    chosen = _common.options(__doc__, "parquet with the columns named above")
    _common.save(
        chosen.data, CITATION, "regional_indicators.parquet", tidy(pd.read_parquet(chosen.file))
    )


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return one row an indicator, region and year that has a figure."""
    keys = list(zip(published["input_var_code"], published["nace_r2"].fillna(""), strict=True))
    named = pd.Series([INDICATORS.get(key) for key in keys], index=published.index)
    kept = published[named.notna() & published["values"].notna()]
    frame = pd.DataFrame(
        {
            "nuts_id": kept["geo"].astype("str"),
            "indicator": [named[i][0] for i in kept.index],
            "period": kept["time"].astype("str"),
            "value": kept["values"].astype("float64"),
            "unit": [named[i][1] for i in kept.index],
        }
    )
    # Country groups, extra-regio and "not regionalised" are no regions.
    region = frame["nuts_id"].str.fullmatch(r"[A-Z]{2}([0-9A-Z]{2})?")
    apart = frame["nuts_id"].str.fullmatch(r".*(ZZ|XX)|EU\d\d|EA\d\d")
    kept_rows = frame[region & ~apart]
    return kept_rows.sort_values(["indicator", "nuts_id", "period"], ignore_index=True)


if __name__ == "__main__":
    main()

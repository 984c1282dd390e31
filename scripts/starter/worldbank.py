"""GDP, population and consumer-price inflation by country and year (World Bank).

Three inputs as parquet, each with country code, year and value, as the World Development
Indicators publish them: ``--from-gdp`` (NY.GDP.MKTP.CD), ``--from-population`` (SP.POP.TOTL),
``--from-inflation`` (FP.CPI.TOTL.ZG; its value column is called Inflation).
"""

import argparse
from pathlib import Path

import _common
import pandas as pd

from marketintel.reference.countries import to_iso3
from marketintel.sources.snapshot import Citation

#: Regions, income groups and lending groups that stand among the countries, and the Channel
#: Islands, which are two countries in ISO 3166. A code neither here nor in countries.csv fails.
NOT_COUNTRIES = (
    "AFE", "AFW", "ARB", "CEB", "CHI", "CSS", "EAP", "EAR", "EAS", "ECA", "ECS", "EMU",
    "EUU", "FCS", "HIC", "HPC", "IBD", "IBT", "IDA", "IDB", "IDX", "LAC", "LCN", "LDC",
    "LIC", "LMC", "LMY", "LTE", "MEA", "MIC", "MNA", "NAC", "OED", "OSS", "PRE", "PSS",
    "PST", "SAS", "SSA", "SSF", "SST", "TEA", "TEC", "TLA", "TMN", "TSA", "TSS", "UMC",
    "WLD",
)  # fmt: skip

CITATION = Citation(
    source="worldbank",
    vintage="2026-11-22",
    producer="World Bank",
    title="World Development Indicators: GDP (current US$), population, consumer-price inflation",
    citation="World Bank, World Development Indicators: NY.GDP.MKTP.CD, SP.POP.TOTL, "
    "FP.CPI.TOTL.ZG; countries, 1960-2024; compiled 2026-11-22.",
    licence="CC BY 4.0",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    url="https://api.worldbank.org/v2/country/all/indicator/NY.GDP.MKTP.CD",
    parameters={"indicators": ["NY.GDP.MKTP.CD", "SP.POP.TOTL", "FP.CPI.TOTL.ZG"]},
    retrieved_at=_common.COMPILED_AT,
    retrieved_note=_common.COMPILED_NOTE,
    rebuild="python scripts/starter/worldbank.py --from-gdp FILE --from-population FILE "
    "--from-inflation FILE",
    quirks=[
        "GDP and inflation end in 2023, population in 2024; a year without a figure has no row.",
        "Regions and income groups of the source are left out; Taiwan is not in the source.",
        "GDP is in current US dollars at market exchange rates: growth holds inflation and "
        "exchange rates.",
        "The edition of the World Development Indicators is not known.",
    ],
)


def main() -> None:
    """Read the three tables, stack them, write the snapshot."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("gdp", "population", "inflation"):
        parser.add_argument(f"--from-{name}", type=Path, required=True, metavar="FILE")
    parser.add_argument("--data", type=Path, default=_common.DATA_DIR, metavar="DIR")
    chosen = parser.parse_args()
    frame = pd.concat(
        [
            tidy(pd.read_parquet(chosen.from_gdp), "Value", "gdp_current_usd", "USD"),
            tidy(pd.read_parquet(chosen.from_population), "Value", "population", "persons"),
            tidy(pd.read_parquet(chosen.from_inflation), "Inflation", "cpi_inflation_pct", "%"),
        ]
    )
    _common.save(chosen.data, CITATION, "macro.parquet", frame)


def tidy(published: pd.DataFrame, value: str, indicator: str, unit: str) -> pd.DataFrame:
    """Return one row an economy and year; aggregates and empty years left out."""
    iso3 = to_iso3(published["Country Code"], "iso3", ignore=NOT_COUNTRIES)
    frame = pd.DataFrame(
        {
            "economy": iso3,
            "indicator": indicator,
            "period": published["Year"].astype("str"),
            "value": pd.to_numeric(published[value]),
            "unit": unit,
            "is_projection": False,
        }
    )
    return frame.dropna(subset=["economy", "value"]).sort_values(["economy", "period"])


if __name__ == "__main__":
    main()

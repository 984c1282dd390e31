"""US imports by HS6 and partner, 2024 and 2025, with calculated duties (US Census Bureau).

The input is a table made from the International Trade API (dataset imports/hs, COMM_LVL=HS6,
every country, whole years) as parquet: year, cty (Census 4-digit country code), hs6,
gen_imports_usd, con_imports_usd, dutiable_usd, duties_usd. Every HS6 code is kept: segments can
be edited without rebuilding, and each partner's total and specialisation are in the same file.
"""

import _common
import pandas as pd

from marketintel.reference.countries import to_iso3
from marketintel.reference.hs import hs_revision_at, pad_hs
from marketintel.sources.snapshot import Citation

CITATION = Citation(
    source="us_census_imports",
    vintage="2026-11-22",
    producer="US Census Bureau",
    title="US imports by HS6 and country: general imports, imports for consumption, "
    "dutiable value and calculated duty, 2024 and 2025",
    citation="US Census Bureau, USA Trade Online / International Trade API, dataset imports/hs, "
    "2024 and 2025; compiled 2026-11-22.",
    licence="US government work, public domain",
    licence_url="https://www.census.gov/data/developers/about/terms-of-service.html",
    url="https://api.census.gov/data/timeseries/intltrade/imports/hs",
    parameters={
        "COMM_LVL": "HS6",
        "time": ["2024", "2025"],
        "measures": "general imports, imports for consumption, dutiable value, calculated duty",
        "partners": "all countries, no country groups",
    },
    retrieved_at=_common.COMPILED_AT,
    retrieved_note=_common.COMPILED_NOTE,
    rebuild="python scripts/starter/us_census_imports.py --from FILE",
    quirks=[
        "Values are customs value: they exclude freight and insurance, unlike CIF imports.",
        "Calculated duty is an estimate at entry, before refunds and drawback; for 2025 it is an "
        "annual average over measures that changed within the year, never today's rate.",
        "A partner and code without trade in a year has no row; a row may say zero for general "
        "imports or for imports for consumption where only the other took place in that year.",
        "Calculated duty exceeds the customs value in 86 rows, by 2025 also under ad-valorem "
        "measures that add up to more than 100 % (electric cars from China).",
        "Gaza Strip and West Bank are reported apart and are summed here as Palestine (PSE).",
        "French Guiana, Guadeloupe, Martinique, Mayotte and Réunion are partners of their own, "
        "not part of France.",
        "Chapters 98 and 99 are special provisions and low-value shipments: HS 999995 is "
        "estimated, is called dutiable whole, and has no calculated duty.",
        "Weights and quantities are not in this compilation, so there are no unit values.",
        "Whether the figures include later annual revisions is not known.",
    ],
)


def main() -> None:
    """Read the table, harmonise its keys, write the snapshot."""
    chosen = _common.options(__doc__, "parquet with the columns named above")
    _common.save(
        chosen.data, CITATION, "us_imports_hs6.parquet", tidy(pd.read_parquet(chosen.file))
    )


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return the published table under our names: one row a partner, code and year."""
    period = published["year"].astype("str")
    frame = pd.DataFrame(
        {
            "reporter": "USA",
            "partner": to_iso3(published["cty"], "census"),
            "hs_revision": period.map(lambda year: hs_revision_at("USA", year)),
            "cmd_code": pad_hs(published["hs6"]),
            "period": period,
            "general_value_usd": published["gen_imports_usd"],
            "consumption_value_usd": published["con_imports_usd"],
            "dutiable_value_usd": published["dutiable_usd"],
            "duties_usd": published["duties_usd"],
        }
    )
    keys = ["cmd_code", "partner", "period", "reporter", "hs_revision"]
    summed = frame.groupby(keys, as_index=False).sum()  # Gaza + West Bank
    return summed[frame.columns]


if __name__ == "__main__":
    main()

"""Weights to carry figures from one version of NUTS 2 regions to another (JRC).

The input is the table of cross-walks of the European Commission's Joint Research Centre as
(gzipped) CSV: from_code, to_code, from_version, to_version, level and what each intersection
holds: area, population of 2011 and 2021. Only NUTS 2 is kept.
"""

import _common
import pandas as pd

from marketintel.sources.snapshot import Citation

CITATION = Citation(
    source="jrc_nuts_crosswalk",
    vintage="2006-2024",
    producer="European Commission, Joint Research Centre",
    title="Cross-walks between versions of NUTS 2 regions, 2006 to 2024",
    citation="European Commission, Joint Research Centre, NUTS converter tables 2006-2024, as "
    "distributed with the R package nuts (Hennicke, M. and Krause, W. 2024).",
    licence="MIT (package nuts); reuse with attribution (JRC)",
    licence_url="https://opensource.org/license/mit",
    url="https://urban.jrc.ec.europa.eu/tools/nuts-converter",
    parameters={"level": 2, "versions": [2006, 2010, 2013, 2016, 2021, 2024]},
    retrieved_at=_common.COMPILED_AT,
    retrieved_note=_common.COMPILED_NOTE,
    rebuild="python scripts/starter/jrc_nuts_crosswalk.py --from FILE",
    quirks=[
        "Intersections come from overlaid maps: borders that differ by metres leave slivers with "
        "a few inhabitants, which are no change of the region.",
        "Population is of 2011 and 2021 whatever the versions.",
        "Only NUTS 2 is kept; a change within a NUTS 2 region does not show.",
    ],
)


def main() -> None:
    """Read the table, keep NUTS 2, write the snapshot."""
    chosen = _common.options(__doc__, "the cross-walks as CSV, or gzipped")
    _common.save(chosen.data, CITATION, "nuts2_crosswalk.parquet", tidy(pd.read_csv(chosen.file)))


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return one row an intersection of two NUTS 2 regions."""
    kept = published[published["level"] == 2]
    frame = pd.DataFrame(
        {
            "from_version": kept["from_version"].astype("int64"),
            "to_version": kept["to_version"].astype("int64"),
            "from_code": kept["from_code"].astype("str"),
            "to_code": kept["to_code"].astype("str"),
            "area_km2": kept["areaKm"].astype("float64").round(3),
            "population_2011": kept["pop11"].astype("float64").round(1),
            "population_2021": kept["pop21"].astype("float64").round(1),
        }
    )
    keys = ["from_version", "to_version", "from_code", "to_code"]
    return frame.sort_values(keys, ignore_index=True)


if __name__ == "__main__":
    main()

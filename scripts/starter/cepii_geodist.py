"""Distance and ties between 224 countries (CEPII GeoDist).

The input is CEPII's bilateral file ``dist_cepii`` in Stata format (origin and destination
codes, contig, comlang_off, colony, dist, distw).
"""

import _common
import pandas as pd

from marketintel.reference.countries import to_iso3
from marketintel.sources.snapshot import Citation

CITATION = Citation(
    source="cepii_geodist",
    vintage="2011",
    producer="CEPII",
    title="GeoDist: distances, contiguity, language and colonial ties between countries",
    citation="Mayer, T. and Zignago, S. (2011) Notes on CEPII's distances measures: the GeoDist "
    "database. CEPII Working Paper 2011-25.",
    licence="Free use with citation (CEPII)",
    licence_url="https://www.cepii.fr/CEPII/en/bdd_modele/bdd_modele_item.asp?id=6",
    url="https://www.cepii.fr/distance/dist_cepii.zip",
    parameters={"file": "dist_cepii"},
    retrieved_at=_common.COMPILED_AT,
    retrieved_note=_common.COMPILED_NOTE,
    rebuild="python scripts/starter/cepii_geodist.py --from FILE",
    quirks=[
        "The countries of about 2004: former codes are translated, Yugoslavia (then Serbia and "
        "Montenegro) to SRB; the Netherlands Antilles stand as they were (ANT); Montenegro, "
        "Kosovo and South Sudan have no row of their own.",
        "distance_km is between the largest cities, distance_weighted_km between populations; "
        "the latter is missing for some territories.",
        "A country paired with itself has its internal distance.",
        "common_language is a shared official language; colony is a colonial tie at any time.",
    ],
)


def main() -> None:
    """Read the file, harmonise its keys, write the snapshot."""
    chosen = _common.options(__doc__, "dist_cepii.dta")
    _common.save(chosen.data, CITATION, "pairs.parquet", tidy(pd.read_stata(chosen.file)))


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return one row an origin and destination."""
    published = published.rename(
        columns={"iso_o": "exporter", "iso_d": "importer"}  # CEPII's own names
    )
    frame = pd.DataFrame(
        {
            "origin": to_iso3(published["exporter"], "iso3"),
            "destination": to_iso3(published["importer"], "iso3"),
            # Single precision at source: metres are its last meaningful digit.
            "distance_km": published["dist"].astype("float64").round(3),
            "contiguous": published["contig"].astype("bool"),
            "common_language": published["comlang_off"].astype("bool"),
            "colony": published["colony"].astype("bool"),
            "distance_weighted_km": published["distw"].astype("float64").round(3),
        }
    )
    return frame.sort_values(["origin", "destination"], ignore_index=True)


if __name__ == "__main__":
    main()

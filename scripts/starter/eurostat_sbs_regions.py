"""Persons employed by region and economic activity, 2015 (Eurostat structural business statistics).

The input is Eurostat's table ``sbs_r_nuts06_r2`` as a CSV: geo, nuts_level, nace_r2, year,
persons_employed, flag. A blank figure is one that the source does not give, in most cases because
it is confidential; it is kept as a row without a figure.
"""

import _common
import pandas as pd

from marketintel.sources.snapshot import Citation

#: What a spreadsheet made of a dash: a time of day. The figure is not known.
ARTEFACT = "excel_time_artefact"

CITATION = Citation(
    source="eurostat_sbs",
    vintage="2015",
    producer="Eurostat",
    title="Persons employed by NUTS 2 region and NACE Rev. 2 activity, 2015",
    citation="Eurostat, structural business statistics by NUTS 2 regions and NACE Rev. 2 "
    "(sbs_r_nuts06_r2), persons employed (V16110), 2015; compiled 2026-11-22.",
    licence="Reuse with attribution (Commission Decision 2011/833/EU)",
    licence_url="https://ec.europa.eu/eurostat/help/copyright-notice",
    url="https://ec.europa.eu/eurostat/databrowser/view/sbs_r_nuts06_r2",
    parameters={"indicator": "V16110", "time": "2015", "nuts": "countries, NUTS 1, NUTS 2"},
    retrieved_at=_common.COMPILED_AT,
    retrieved_note=_common.COMPILED_NOTE,
    rebuild="python scripts/starter/eurostat_sbs_regions.py --from FILE",
    quirks=[
        "One year, 2015, in the regions of NUTS 2013: Nouvelle-Aquitaine is FR61, FR63 and FR53.",
        "The copy does not name its indicator; it was read as persons employed (V16110).",
        "About one cell in eight of the regions with figures is blank, most of them confidential: "
        "SE31 lacks C26 and C27; FR61 lacks C25, C27 and C30; FI1D lacks C27.",
        "Ireland has no figure for manufacturing; ten of the regions of Germany and both of "
        "Ireland lack the total of manufacturing.",
        "The persons employed of the regions add up to the country's in manufacturing within five "
        "persons, except in Belgium, Germany, Greece and the Netherlands; FRZZ, persons of France "
        "without a region, counts in that sum and is no region.",
        "Figures of Poland and Norway follow a definition of their own (flag d).",
        "Ten figures of Iceland had been turned into times of day by a spreadsheet and are blank.",
        "Agriculture, finance, education, health and public administration are not covered.",
    ],
)


def main() -> None:
    """Read the table, drop codes without any figure, write the snapshot."""
    chosen = _common.options(__doc__, "CSV with the columns named above")
    published = pd.read_csv(chosen.file, keep_default_na=False, na_values=[""])
    _common.save(chosen.data, CITATION, "sbs_persons_employed.parquet", tidy(published))


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return one row a region and activity; codes of other NUTS versions, always blank, go."""
    value = published["persons_employed"].where(published["flag"] != ARTEFACT).astype("float64")
    frame = pd.DataFrame(
        {
            "nuts_id": published["geo"].astype("str"),
            "level": published["nuts_level"].astype("int64"),
            "activity": published["nace_r2"].astype("str"),
            "period": published["year"].astype("str"),
            "value": value,
            "flag": published["flag"].where(published["flag"] == "d").astype("str"),
        }
    )
    has_any = frame.groupby("nuts_id")["value"].transform("count") > 0
    return frame[has_any].sort_values(["nuts_id", "activity"], ignore_index=True)


if __name__ == "__main__":
    main()

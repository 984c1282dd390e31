"""Materials that HS6 hides: EU imports of gallium, germanium, indium, silicon, tellurium by CN8.

HS 8112.92 holds gallium, germanium, indium, niobium and vanadium together; only the eight digits of
the Combined Nomenclature tell them apart. ``--from FILE`` is a table with Comext's own columns
(DECLARANT_ISO, PARTNER_ISO, PRODUCT_NC, FLOW, PERIOD, VALUE_IN_EUROS), all text, annual, imports.
"""

import _common
import pandas as pd

from marketintel.errors import DamagedDataError
from marketintel.reference.countries import to_iso3
from marketintel.reference.hs import pad_hs
from marketintel.sources.snapshot import Citation

#: What a code is, and where that was read.
READ_IN_NOMENCLATURE = "read in a reprint of the nomenclature of 2023 (conex.net)"
AS_USED_BY_OTHERS = (
    "not read in the nomenclature itself; two public studies of Comext use the code so, and "
    "partners and values fit"
)
CODES = {
    "81129289": ("Gallium, unwrought; powders", AS_USED_BY_OTHERS),
    "81129295": ("Germanium, unwrought; powders", AS_USED_BY_OTHERS),
    "81129281": (
        "Indium, unwrought; powders",
        "not read in the nomenclature of these years; the code before 2007, 81129181, was indium "
        "(Czech Statistical Office), and partners and values fit",
    ),
    "28046100": ("Silicon of 99.99 % or more", READ_IN_NOMENCLATURE),
    "28045090": ("Tellurium", READ_IN_NOMENCLATURE),
}

CITATION = Citation(
    source="eurostat_comext_inputs",
    vintage="2022-2024",
    producer="Eurostat",
    title="EU imports of five materials of photonics by CN8, member and partner, 2022-2024",
    citation="Eurostat, Comext: EU trade since 1988 by HS2-4-6 and CN8 (DS-045409), imports of "
    "five CN8 codes, 2022-2024; compiled 2026-11-22.",
    licence="Reuse with attribution (Commission Decision 2011/833/EU)",
    licence_url="https://ec.europa.eu/eurostat/help/copyright-notice",
    url="https://ec.europa.eu/eurostat/databrowser/view/ds-045409/default/table",
    parameters={
        "flow": "1 (imports)",
        "codes": {code: label for code, (label, _) in CODES.items()},
        "labels": {code: where for code, (_, where) in CODES.items()},
    },
    retrieved_at=_common.COMPILED_AT,
    retrieved_note=_common.COMPILED_NOTE,
    rebuild="python scripts/starter/eurostat_comext_inputs.py --from FILE",
    quirks=[
        "Three years, so two changes: one year before China's export licences of August 2023, one "
        "across, one after; no trend can be read from them.",
        "Euros as declared, no weights: a share of value is not a share of tonnes, and a change of "
        "value may be a change of price.",
        "Labels of gallium, germanium and indium were not read in the nomenclature of these years. "
        "What fits: from outside the Union, gallium is 97 % Chinese in 2022 and 68 % in 2024, "
        "germanium Chinese and American, indium mostly Chinese; inside it, germanium is "
        "Belgian and indium French. 81123100, which stands near, is hafnium.",
        "Partners outside the Union are countries of origin, within the Union members of "
        "consignment; trade between members can count a good twice.",
        "Members report what passes their thresholds; a row that is not there is not a zero.",
        "Unwrought metal and powders only: wafers, oxides, scrap and compounds have other codes.",
    ],
)


def main() -> None:
    """Read Comext rows, harmonise their keys, write the snapshot."""
    chosen = _common.options(__doc__, "table of annual Comext imports, parquet")
    frame = tidy(pd.read_parquet(chosen.file))
    _common.save(chosen.data, CITATION, "eu_imports_cn8.parquet", frame)


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return one row a member, partner, code and year."""
    codes = pad_hs(published["PRODUCT_NC"], 8)
    rows = published[codes.isin(CODES)].assign(cn8=codes)
    if set(rows["FLOW"]) != {"1"}:
        raise DamagedDataError("not imports only: keep flow 1")
    frame = pd.DataFrame(
        {
            "reporter": to_iso3(rows["DECLARANT_ISO"], "eurostat"),
            "partner": to_iso3(rows["PARTNER_ISO"], "eurostat"),
            "cn8": rows["cn8"],
            "period": rows["PERIOD"].astype("str"),
            "value_eur": rows["VALUE_IN_EUROS"].astype("float64"),
        }
    )
    keys = ["cn8", "reporter", "partner", "period"]
    if frame.duplicated(keys).any():
        raise DamagedDataError("a member, partner, code and year stands twice")
    return frame.sort_values(keys, ignore_index=True)


if __name__ == "__main__":
    main()

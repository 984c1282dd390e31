"""Research, skills and high-technology employment of NUTS 2 regions, 2008 to 2018.

The input is the indicator data base of Honti, Czvetkó and Abonyi (2020, CC BY 4.0), which
compiled Eurostat's regional tables: one row a region and year, tab-separated, one column an
indicator.
"""

import _common
import pandas as pd

from marketintel.sources.snapshot import Citation

#: Column of the data base to our indicator and unit.
INDICATORS = {
    "hrst_st_rcat_CATEGORY_HRST__UNIT_PC_POP": ("hrst", "% of population"),
    "htec_emp_reg2_NACE_R2_HTC__UNIT_PC_EMP__SEX_T": ("hightech_employment", "% of employment"),
    "htec_emp_reg2_NACE_R2_C_HTC_MH__UNIT_PC_EMP__SEX_T": (
        "hightech_manufacturing",
        "% of employment",
    ),
    "rd_e_gerdreg_SECTPERF_TOTAL__UNIT_PC_GDP": ("gerd", "% of GDP"),
    "rd_e_gerdreg_SECTPERF_BES__UNIT_PC_GDP": ("berd", "% of GDP"),
    "rd_p_persreg_PROF_POS_TOTAL__SEX_T__SECTPERF_TOTAL__UNIT_FTE": (
        "rd_personnel",
        "full-time equivalents",
    ),
}

CITATION = Citation(
    source="regional_indicators",
    vintage="2008-2018",
    producer="Eurostat, compiled by Honti, Czvetkó and Abonyi",
    title="Research spending, research staff, skills and high-technology employment by NUTS 2 "
    "region, 2008-2018",
    citation="Eurostat regional tables rd_e_gerdreg, rd_p_persreg, hrst_st_rcat and "
    "htec_emp_reg2, 2008-2018, as compiled by Honti, G., Czvetkó, T. and Abonyi, J. (2020) Data "
    "describing the regional Industry 4.0 readiness index. Data in Brief.",
    licence="CC BY 4.0",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    url="https://ec.europa.eu/eurostat/databrowser/view/htec_emp_reg2",
    parameters={"columns": list(INDICATORS)},
    retrieved_at=_common.COMPILED_AT,
    retrieved_note=_common.COMPILED_NOTE,
    rebuild="python scripts/starter/regional_indicators.py --from FILE",
    quirks=[
        "Research spending and staff are in the regions of NUTS 2013 and end in 2013 to 2016; "
        "skills and high technology are in those of NUTS 2016: the version is decided code by "
        "code with the JRC cross-walk.",
        "High technology is an aggregate of whole divisions of NACE (C21, C26, J59 to J63, M72): "
        "photonics is a part of it that is not known.",
        "Flags of the source (low reliability, break) are not in the compilation.",
    ],
)


def main() -> None:
    """Read the data base, spell the columns out, write the snapshot."""
    chosen = _common.options(__doc__, "tab-separated table with the columns above")
    _common.save(
        chosen.data,
        CITATION,
        "research_and_hightech.parquet",
        tidy(pd.read_csv(chosen.file, sep="\t", keep_default_na=False, na_values=[""])),
    )


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return one row an indicator, region and year that has a figure."""
    parts = []
    for column, (indicator, unit) in INDICATORS.items():
        rows = published[["NUTS2", "YEAR", column]].dropna()
        parts.append(
            pd.DataFrame(
                {
                    "nuts_id": rows["NUTS2"].astype("str"),
                    "indicator": indicator,
                    "period": rows["YEAR"].astype("int64").astype("str"),
                    "value": rows[column].astype("float64"),
                    "unit": unit,
                }
            )
        )
    frame = pd.concat(parts, ignore_index=True)
    apart = frame["nuts_id"].str.fullmatch(r".*(ZZ|XX)|EU\d\d|EA\d\d")
    return frame[~apart].sort_values(["indicator", "nuts_id", "period"], ignore_index=True)


if __name__ == "__main__":
    main()

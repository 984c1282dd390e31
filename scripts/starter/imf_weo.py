"""Projected GDP by country and year (International Monetary Fund, World Economic Outlook).

``--from`` is the WEO's table by countries of October 2022, tab-separated text as the IMF
published it, or the wheel of the package pydeflate 1.2.0, which holds that file. Kept are the
years after each country's last actual figure: history is the World Bank's.
"""

import io
import zipfile
from pathlib import Path

import _common
import pandas as pd

from marketintel.reference.countries import to_iso3
from marketintel.sources.providers.imf import OWN_CODES, WEO
from marketintel.sources.snapshot import Citation

INSIDE = "weo2022_2.csv"
EDITION = 2022

#: What a unit of the published scale is worth.
SCALES = {"NGDPD": 1e9, "NGDP_RPCH": 1.0}

CITATION = Citation(
    source="imf",
    vintage="2022-10",
    producer="International Monetary Fund",
    title="World Economic Outlook, October 2022: projected GDP and growth, to 2027",
    citation="International Monetary Fund, World Economic Outlook database, October 2022: NGDPD, "
    "NGDP_RPCH.",
    licence="IMF terms: free use with attribution",
    licence_url="https://www.imf.org/en/About/copyright-and-terms",
    url="https://www.imf.org/en/Publications/WEO/weo-database/2022/October",
    parameters={
        "indicators": list(SCALES),
        "rows": "years after the last actual figure of each country",
        "by_way_of": "pydeflate 1.2.0, file weo2022_2.csv",
    },
    retrieved_at=_common.COMPILED_AT,
    retrieved_note=_common.COMPILED_NOTE,
    rebuild="python scripts/starter/imf_weo.py --from FILE",
    quirks=[
        "An old edition: what the IMF expected in October 2022. `marketintel fetch imf` brings the "
        "current one.",
        "Only years after the last actual figure that the IMF names for a country, all flagged "
        "is_projection; where it names none, years from 2022 on. History is the World Bank's.",
        "Growth within these rows is comparable; growth from another source's history to them is "
        "not.",
        "GDP is in current US dollars: growth holds inflation and expected exchange rates.",
    ],
)


def main() -> None:
    """Read the table, keep projections of GDP, write the snapshot."""
    chosen = _common.options(__doc__, "weo2022_2.csv as published, or the pydeflate 1.2.0 wheel")
    _common.save(chosen.data, CITATION, "weo.parquet", tidy(table_in(chosen.file)))


def table_in(file: Path) -> pd.DataFrame:
    """Return the published table, every cell as text."""
    content = file.read_bytes()
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            (name,) = [n for n in archive.namelist() if n.endswith(INSIDE)]
            content = archive.read(name)
    text = content.decode("utf-16" if content[:2] == b"\xff\xfe" else "cp1252")
    return pd.read_csv(io.StringIO(text), sep="\t", dtype="str", keep_default_na=False)


def tidy(published: pd.DataFrame) -> pd.DataFrame:
    """Return one row a country, indicator and projected year."""
    kept = published[published["WEO Subject Code"].isin(SCALES)]
    years = [column for column in kept if column.isdigit()]
    long = kept.melt(["ISO", "WEO Subject Code", "Estimates Start After"], years, "period", "text")
    number = long["text"].str.replace(",", "").replace({"n/a": "", "--": "", "": None})
    last = pd.to_numeric(long["Estimates Start After"], errors="coerce").fillna(EDITION - 1)
    named = long["WEO Subject Code"].map(WEO)
    frame = pd.DataFrame(
        {
            "economy": to_iso3(long["ISO"].replace(OWN_CODES), "iso3"),
            "indicator": named.str[0],
            "period": long["period"],
            "value": pd.to_numeric(number) * long["WEO Subject Code"].map(SCALES),
            "unit": named.str[1],
            "is_projection": long["period"].astype(int) > last,
        }
    )[["economy", "indicator", "period", "value", "unit", "is_projection"]]
    found = frame[frame["is_projection"]].dropna(subset=["value"])
    return found.sort_values(["indicator", "economy", "period"], ignore_index=True)


if __name__ == "__main__":
    main()

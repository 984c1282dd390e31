"""CEPII GeoDist: distance, contiguity, language and colonial ties between 224 countries."""

import io
import struct
import zipfile
from typing import TYPE_CHECKING

from marketintel.errors import SourceError, Unreachable
from marketintel.sources.codes import economies
from marketintel.sources.formats import tidy
from marketintel.sources.formats.zips import member_of
from marketintel.sources.http.answers import Answer
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import MIB, Provider
from marketintel.sources.source import Feed, Question, Source, noted

if TYPE_CHECKING:
    import pandas as pd

SOURCE = "cepii_geodist"
STATA = "/distance/dist_cepii.dta"
ARCHIVE = "/distance/dist_cepii.zip"
PROVIDER = Provider(SOURCE, "https://www.cepii.fr", hosts=("cepii.fr",), max_bytes=32 * MIB)

#: Codes are ISO3 of about 2004 (ROM, ZAR, YUG …); kilometres.
CONTRACT = {
    "origin_code": "str", "destination_code": "str", "distance_km": "float64",
    "contiguous": "bool", "common_language": "bool", "colony": "bool",
    "distance_weighted_km": "float64",
}  # fmt: skip
_FIELDS = {
    "iso_o": "origin_code", "iso_d": "destination_code",
    "exporter": "origin_code", "importer": "destination_code",
    "dist": "distance_km", "contig": "contiguous", "comlang_off": "common_language",
    "colony": "colony", "distw": "distance_weighted_km",
}  # fmt: skip
#: As declared for a Stata file, an Excel sheet, or a zip of one.
_MEDIA = (
    "application/zip", "application/x-zip-compressed", "application/octet-stream",
    "application/x-stata-dta", "application/x-stata", "application/stata",
    "application/vnd.ms-excel",
)  # fmt: skip
_TIES = ("contiguous", "common_language", "colony")


def fetch(client: Client) -> "pd.DataFrame":
    """Return the pairs under :data:`CONTRACT`: from the Stata file, else from the archive.

    Raises
    ------
    SourceError
        Refusal, a damaged file, or a changed format.
    """
    frame: pd.DataFrame
    try:
        frame = client.get(STATA, expect=_MEDIA, check=_accept).content
    except Unreachable:
        raise
    except SourceError as first:
        try:
            frame = client.get(ARCHIVE, expect=_MEDIA, check=_accept).content
        except SourceError as second:
            raise SourceError(f"{second} (nor {STATA}: {first})") from None
    return frame


def _accept(answer: Answer) -> "pd.DataFrame":
    return process(answer.body)


def _is_workbook(body: bytes) -> bool:
    """Return whether a zip is itself a workbook of Excel."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except zipfile.BadZipFile:
        return False  # said when it is unpacked


@tidy.reading(SOURCE)
def process(body: bytes) -> "pd.DataFrame":
    """Return the Stata file or the Excel sheet, zipped or not, under :data:`CONTRACT`."""
    import pandas as pd
    from python_calamine import CalamineError

    data = body
    if body.startswith(b"PK") and not _is_workbook(body):
        data = member_of(body, SOURCE, ".dta", ".xls", ".xlsx")
    is_sheet = data.startswith((b"\xd0\xcf\x11\xe0", b"PK"))
    try:
        if is_sheet:
            raw = pd.read_excel(io.BytesIO(data), engine="calamine", keep_default_na=False,
                                na_values=["", "."])  # fmt: skip
        else:
            raw = pd.read_stata(io.BytesIO(data))
    except (ValueError, KeyError, OSError, struct.error, CalamineError) as error:
        raise SourceError(
            f"{SOURCE}: the {'Excel' if is_sheet else 'Stata'} file cannot be read "
            f"({tidy.snippet(str(error))}); fetch it again"
        ) from error
    raw = raw.rename(columns=_FIELDS)
    tidy.need(raw.columns, CONTRACT, SOURCE)
    for tie in _TIES:
        if not raw[tie].isin([0, 1]).all():
            raise SourceError(
                f"{SOURCE}: field '{tie}' has a value other than 0 and 1; expected these"
            )
    return tidy.conform(raw, CONTRACT, SOURCE).sort_values(
        ["origin_code", "destination_code"], ignore_index=True
    )


def _snapshot(_: str, client: Client) -> "pd.DataFrame":
    raw = fetch(client)
    notes: list[str] = []
    frame = raw.assign(
        origin=economies(raw["origin_code"], "iso3", SOURCE, notes),
        destination=economies(raw["destination_code"], "iso3", SOURCE, []),
        # Single precision at source: metres are its last meaningful digit.
        **{column: raw[column].round(3) for column in ("distance_km", "distance_weighted_km")},
    ).dropna(subset=["origin", "destination"])
    columns = ["origin", "destination", *list(CONTRACT)[2:]]
    return noted(frame[columns].sort_values(["origin", "destination"]), notes)


SOURCES = (
    Source(
        "cepii_geodist", 160, redistributable=True,
        producer="CEPII",
        licence="Etalab Open Licence 2.0",
        licence_url="https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
        title="GeoDist: distances and ties between countries",
        citation="Mayer, T. and Zignago, S. (2011), Notes on CEPII's distances measures: the "
        "GeoDist Database. CEPII Working Paper 2011-25.",
        quirks=(
            "The countries of about 2004; former codes are translated.",
            "distance_km is between the largest cities; a country paired with itself has its "
            "internal distance.",
        ),
        feeds=(Feed("pairs"),),
        provider=PROVIDER, file="pairs.parquet", groups=("origin", "destination"),
        plan=lambda _: [Question("distances and ties, all economies", STATA, 50_000)],
        questions=lambda path, _: [(path, None)], fetch=_snapshot, years="none", by_code=False,
    ),
)  # fmt: skip

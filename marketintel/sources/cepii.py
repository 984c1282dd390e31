"""CEPII GeoDist: distance, contiguity, language and colonial ties between 224 countries."""

import io
import struct
from typing import TYPE_CHECKING

from marketintel.errors import SourceError
from marketintel.sources import tidy
from marketintel.sources.answers import Answer
from marketintel.sources.http import Client
from marketintel.sources.settings import MIB, Provider

if TYPE_CHECKING:
    import pandas as pd

SOURCE = "cepii_geodist"
GEODIST = "/distance/dist_cepii.zip"
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
_TIES = ("contiguous", "common_language", "colony")


def fetch(client: Client, path: str = GEODIST) -> "pd.DataFrame":
    """Return the pairs under :data:`CONTRACT`.

    Raises
    ------
    SourceError
        Refusal, a damaged file, or a changed format.
    """
    frame: pd.DataFrame = client.get(path, expect="zip", check=_accept).content
    return frame


def _accept(answer: Answer) -> "pd.DataFrame":
    tidy.member_of(answer.body, SOURCE, ".dta")  # not the file as it is, which process reads too
    return process(answer.body)


@tidy.reading(SOURCE)
def process(body: bytes) -> "pd.DataFrame":
    """Return the Stata file inside the zip (or as it is) under :data:`CONTRACT`."""
    import pandas as pd

    data = tidy.member_of(body, SOURCE, ".dta") if body.startswith(b"PK") else body
    try:
        raw = pd.read_stata(io.BytesIO(data))
    except (ValueError, KeyError, OSError, struct.error) as error:
        raise SourceError(
            f"{SOURCE}: the Stata file cannot be read ({tidy.snippet(str(error))}); fetch it again"
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

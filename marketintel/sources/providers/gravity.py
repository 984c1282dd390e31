"""CEPII Gravity: ties of each pair of countries by year since 1948, from a zip of one CSV.

The file has 87 columns and some 4.7 million rows, several gigabytes unpacked. It is read out of
the zip piece by piece, a few columns only, and never unpacked.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from marketintel.errors import DamagedDataError, MissingDataError, SourceError
from marketintel.reference.countries import is_code, to_iso3
from marketintel.sources.formats.zips import zip_entries
from marketintel.sources.source import Feed, Source

if TYPE_CHECKING:
    import pyarrow as pa

SOURCE = "cepii_gravity"

#: First year kept by default: BACI's.
FIRST_YEAR = 1995

_MEMBER = re.compile(r"(?:.*/)?Gravity_V(\d{6}[a-z]?)\.csv")
_PIECE = 16 << 20

#: Their columns to ours, with the kind of value. GDP is in thousand current US dollars at source.
_FIELDS = {
    "year": ("period", "int"), "iso3_o": ("origin", "text"), "iso3_d": ("destination", "text"),
    "country_exists_o": ("exists_o", "flag"), "country_exists_d": ("exists_d", "flag"),
    "dist": ("distance_km", "number"), "contig": ("contiguous", "flag"),
    "comlang_off": ("common_language", "flag"), "col_dep_ever": ("colony", "flag"),
    "fta_wto": ("trade_agreement", "flag"),
    "wto_o": ("origin_in_wto", "flag"), "wto_d": ("destination_in_wto", "flag"),
    "eu_o": ("origin_in_eu", "flag"), "eu_d": ("destination_in_eu", "flag"),
    "gdp_o": ("gdp_origin_usd", "number"), "gdp_d": ("gdp_destination_usd", "number"),
}  # fmt: skip
_KEYS = ["origin", "destination", "period"]
COLUMNS = (
    *_KEYS, "distance_km", "contiguous", "common_language", "colony", "trade_agreement",
    "origin_in_wto", "destination_in_wto", "origin_in_eu", "destination_in_eu",
    "gdp_origin_usd", "gdp_destination_usd",
)  # fmt: skip


def edition_of(archive: Path) -> tuple[str, str]:
    """Return the name of the data file in a zip, and its edition.

    Raises
    ------
    DamagedDataError
        The archive is not a zip.
    SourceError
        It has no such file.
    """
    found = [m for entry in zip_entries(archive) if (m := _MEMBER.fullmatch(entry.filename))]
    if len(found) != 1:
        raise SourceError(
            f"{SOURCE}: {archive.name} has {len(found)} files Gravity_V.......csv; expected one: "
            "choose the zip of CSV, not of R or Stata"
        )
    return found[0].string, found[0][1]


def read(archive: Path, member: str, years: Sequence[int]) -> pd.DataFrame:
    """Read the ties of pairs of countries that existed in some years, all from 1995 on if empty.

    Returns
    -------
    DataFrame
        :data:`COLUMNS`; ties are true, false or missing; GDP in current US dollars; distance
        between the most populated cities. Countries unknown to ``book`` are left out.

    Raises
    ------
    DamagedDataError, SourceError
        The zip is damaged, or the file has another form.
    MissingDataError
        None of these years is in it.
    """
    parts = []
    for piece in _pieces(archive, member):
        rows = piece.to_pandas().rename(columns={name: ours for name, (ours, _) in _FIELDS.items()})
        chosen = rows["period"].isin(years) if years else rows["period"] >= FIRST_YEAR
        rows = rows[chosen & (rows["exists_o"] == 1) & (rows["exists_d"] == 1)]
        if len(rows):
            parts.append(rows)
    if not parts:
        span = f"{min(years)} to {max(years)}" if years else f"{FIRST_YEAR} or later"
        raise MissingDataError(f"{archive.name}: has no year of {span}; choose with --years")
    return _tidy(pd.concat(parts, ignore_index=True))


def _pieces(archive: Path, member: str) -> Iterator["pa.RecordBatch"]:
    """Yield the wanted columns piece by piece, straight out of the zip."""
    import pyarrow as pa
    from pyarrow import csv

    kinds = {"int": pa.int32(), "text": pa.string(), "flag": pa.float64(), "number": pa.float64()}
    options = csv.ConvertOptions(
        include_columns=list(_FIELDS),
        column_types={name: kinds[kind] for name, (_, kind) in _FIELDS.items()},
        null_values=["", "NA"], strings_can_be_null=True, quoted_strings_can_be_null=True,
    )  # fmt: skip
    try:
        with (
            zipfile.ZipFile(archive) as opened,
            opened.open(member) as packed,
            csv.open_csv(
                pa.PythonFile(packed, mode="r"),
                read_options=csv.ReadOptions(block_size=_PIECE, use_threads=False),
                convert_options=options,
            ) as reader,
        ):
            yield from reader
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DamagedDataError(
            f"{archive}: {member} is damaged ({error}); delete the zip and download it again"
        ) from error
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        reason = " ".join(str(error).split())[:160]
        raise SourceError(
            f"{SOURCE}: {member} is not in Gravity's form ({reason}); the provider's format changed"
        ) from None


def _tidy(rows: pd.DataFrame) -> pd.DataFrame:
    """Return :data:`COLUMNS` of the pairs of known countries."""
    for side in ("origin", "destination"):
        known = [code for code in rows[side].dropna().unique() if is_code(code, "iso3")]
        rows = rows[rows[side].isin(known)]
        rows = rows.assign(**{side: to_iso3(rows[side], "iso3")})
    # A country that changed its borders within the year has two rows of the same code.
    frame = rows.drop_duplicates(_KEYS, keep="last").sort_values(_KEYS, ignore_index=True)
    flags = [ours for ours, kind in _FIELDS.values() if kind == "flag"]
    for column in flags:
        if not frame[column].dropna().isin([0, 1]).all():
            raise SourceError(
                f"{SOURCE}: field '{column}' has a value other than 0 and 1; expected these"
            )
    gdp = ["gdp_origin_usd", "gdp_destination_usd"]
    frame[gdp] *= 1000
    frame = frame.astype(dict.fromkeys(flags, "boolean") | {"period": "str"})
    return frame[list(COLUMNS)]


def _by_year(raw: pd.DataFrame) -> pd.DataFrame:
    """Return ties by year: true, false, or not stated."""
    ties = [name for name, kind in _FIELDS.values() if kind == "flag" and name in raw]
    return raw.astype(dict.fromkeys(ties, "boolean"))


SOURCES = (
    Source(
        "cepii_gravity", 170, redistributable=True,
        producer="CEPII",
        title="Gravity: ties of countries by year",
        citation="Conte, M., Cotterlaz, P. and Mayer, T. (2022), The CEPII Gravity Database. "
        "CEPII Working Paper 2022-05.",
        licence="Etalab Open Licence 2.0",
        licence_url="https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
        url="https://www.cepii.fr/CEPII/en/bdd_modele/bdd_modele_item.asp?id=8",
        quirks=(
            "Pairs of which one did not exist in the year are left out.",
            "A trade agreement is one notified to the WTO and in force in the year (fta_wto), "
            "whatever goods it covers.",
            "Figures of the last years may be carried forward at source.",
        ),
        feeds=(Feed("pairs_yearly", _by_year),),
    ),
)  # fmt: skip

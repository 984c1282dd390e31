"""CEPII Gravity: what ties each pair of countries, year by year since 1948, from a zip of one CSV.

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
from marketintel.parquet import parquet_bytes
from marketintel.sources import snapshot
from marketintel.sources.bulk import numbered_vintage
from marketintel.sources.connector import Book, day_of, keep
from marketintel.sources.formats import tidy

if TYPE_CHECKING:
    import pyarrow as pa

SOURCE = "cepii_gravity"
FILE = "pairs_yearly.parquet"

#: First year kept unless asked otherwise: BACI's.
FIRST_YEAR = 1995

_MEMBER = re.compile(r"(?:.*/)?Gravity_V(\d{6}[a-z]?)\.csv")
_PIECE = 16 << 20

#: Their columns to ours, and what they are. GDP is in thousand current US dollars at source.
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
    """Return the member of a zip that holds the data, and its edition.

    Raises
    ------
    DamagedDataError
        The file is not a zip.
    SourceError
        It has no such member.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            found = [m for name in opened.namelist() if (m := _MEMBER.fullmatch(name))]
    except (zipfile.BadZipFile, OSError) as error:
        raise DamagedDataError(
            f"{archive}: not readable as a zip ({error}); delete it and download it again"
        ) from error
    if len(found) != 1:
        raise SourceError(
            f"{SOURCE}: {archive.name} has {len(found)} files Gravity_V.......csv; expected one: "
            "choose the zip of CSV, not of R or Stata"
        )
    return found[0].string, found[0][1]


@tidy.reading(SOURCE)
def add_gravity(
    archive: Path, years: Sequence[int], book: Book, data_dir: Path
) -> snapshot.Snapshot:
    """Read a zip and keep the ties of pairs by year as a snapshot.

    Parameters
    ----------
    archive : Path
        ``Gravity_csv_V202211.zip`` as published.
    years : sequence of int
        All from 1995 on, if empty.
    book : Book
        Country codes.
    data_dir : Path
        Gets the snapshot under ``raw``.

    Returns
    -------
    Snapshot
        :data:`COLUMNS`; ties are true, false or missing; GDP in current US dollars; distance
        between the most populated cities.

    Raises
    ------
    DamagedDataError, SourceError
        The zip is damaged, or the file has another form.
    MissingDataError
        None of these years is in it.
    """
    member, version = edition_of(archive)
    wanted = set(years)
    parts = [
        kept
        for piece in _pieces(archive, member)
        if len(kept := _of_years(piece, wanted))
    ]  # fmt: skip
    if not parts:
        asked = f"{min(wanted)} to {max(wanted)}" if wanted else f"{FIRST_YEAR} or later"
        raise MissingDataError(f"{archive.name}: has no year of {asked}; choose with --years")
    frame = _tidy(pd.concat(parts, ignore_index=True), book)
    payload = parquet_bytes(frame)
    chosen = [int(frame["period"].min()), int(frame["period"].max())]
    edition = f"V{version}-{chosen[0]}-{chosen[1]}"
    citation = snapshot.Citation(
        source=SOURCE,
        vintage=numbered_vintage(data_dir, SOURCE, edition, FILE, payload),
        producer="CEPII",
        title=f"Gravity: ties of countries by year, edition {version}, {chosen[0]}-{chosen[1]}",
        citation="Conte, M., Cotterlaz, P. and Mayer, T. (2022) The CEPII Gravity Database. CEPII "
        f"Working Paper 2022-05. Edition {version}.",
        licence="Etalab Open Licence 2.0",
        licence_url="https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
        url="https://www.cepii.fr/CEPII/en/bdd_modele/bdd_modele_item.asp?id=8",
        parameters={"edition": version, "years": chosen},
        retrieved_at=day_of(archive),
        retrieved_note="date of the downloaded zip",
        rebuild=f"marketintel fetch gravity --zip {archive.name}",
        quirks=[
            "Pairs of which one did not exist in the year are left out.",
            "A trade agreement is one notified to the WTO and in force in the year (fta_wto), "
            "whatever goods it covers.",
            "Figures of the last years may be carried forward at source.",
        ],
    )
    return keep(data_dir, citation, FILE, frame, payload, book)


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


def _of_years(piece: "pa.RecordBatch", years: set[int]) -> pd.DataFrame:
    """Return the pairs of these years that existed."""
    rows = piece.to_pandas().rename(columns={theirs: ours for theirs, (ours, _) in _FIELDS.items()})
    chosen = rows["period"].isin(years) if years else rows["period"] >= FIRST_YEAR
    return rows[chosen & (rows["exists_o"] == 1) & (rows["exists_d"] == 1)]


def _tidy(rows: pd.DataFrame, book: Book) -> pd.DataFrame:
    """Return :data:`COLUMNS`; countries that ours do not know are left out."""
    for side in ("origin", "destination"):
        known = {code: book.knows(code, "iso3") for code in rows[side].dropna().unique()}
        rows = rows[rows[side].map(known).fillna(value=False).astype("bool")]
        rows = rows.assign(**{side: book.to_iso3(rows[side], "iso3")})
    # A country that changed its borders within the year has two rows of the same code.
    frame = rows.drop_duplicates(_KEYS, keep="last").sort_values(_KEYS, ignore_index=True)
    flags = [ours for ours, kind in _FIELDS.values() if kind == "flag"]
    for column in flags:
        if not frame[column].dropna().isin([0, 1]).all():
            raise SourceError(
                f"{SOURCE}: field '{column}' has a value other than 0 and 1; expected these"
            )
    frame = frame.astype(dict.fromkeys(flags, "boolean") | {"period": "str"})
    for column in ("gdp_origin_usd", "gdp_destination_usd"):
        frame[column] = frame[column] * 1000
    return frame[list(COLUMNS)]

"""CEPII BACI: reconciled bilateral trade of the world, from a zip of yearly CSV files.

A year is some 11 million rows. Each is taken out of the zip, sorted by product on disk and
written as one parquet file, so that no year is in memory even once; a year that is done is not
done again. Afterwards a few products over all years are read without touching the rest.
"""

import json
import re
import shutil
import zipfile
import zlib
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.errors import (
    DamagedDataError,
    MissingDataError,
    SourceError,
    StorageError,
    UsageError,
)
from marketintel.files import check_folder, temporary_folder, write_atomic
from marketintel.sources.formats.zips import zip_entries
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import Provider
from marketintel.sources.source import Feed, Source

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SOURCE = "baci"
PROVIDER = Provider(
    SOURCE, "https://www.cepii.fr", hosts=("cepii.fr",),
    max_bytes=8 << 30, body_s=6 * 3600, patience_s=12 * 3600, attempts=3,
)  # fmt: skip

#: As published: year, exporter, importer, product, thousand US dollars, tonnes (missing: null).
CONTRACT = {"t": "int16", "i": "int16", "j": "int16", "k": "str", "v": "float64", "q": "float64"}
_HEADER = ",".join(CONTRACT)
_MEMBER = re.compile(r"(?:.*/)?BACI_HS(\d\d)_Y(\d{4})_V(\d{6}[a-z]?)\.csv")


@dataclass(frozen=True)
class Year:
    """One year's file inside a zip."""

    member: str
    revision: str
    year: int
    vintage: str
    crc: int
    size: int


def download(version: str, revision: str, target: Path, client: Client) -> Path:
    """Fetch the zip of a version ("202501") and HS revision ("HS92") to ``target``.

    A zip that is there is not fetched again.

    Raises
    ------
    SourceError
        See :class:`~marketintel.sources.http.client.Client`.
    """
    if not target.exists():
        path = f"/DATA_DOWNLOAD/baci/data/BACI_{revision}_V{version}.zip"
        client.get(path, expect="zip", to_file=target)
        try:
            years(target)
        except (DamagedDataError, SourceError):
            target.unlink()  # or it would count as downloaded
            raise
    return target


def years(archive: Path) -> list[Year]:
    """List the years in a zip, oldest first.

    Raises
    ------
    DamagedDataError
        The file is not a zip.
    SourceError
        It holds no yearly file under BACI's names.
    """
    found = [
        Year(entry.filename, f"HS{name[1]}", int(name[2]), name[3], entry.CRC, entry.file_size)
        for entry in zip_entries(archive)
        if (name := _MEMBER.fullmatch(entry.filename))
    ]
    if not found:
        raise SourceError(
            f"{SOURCE}: {archive.name} has no file BACI_HS.._Y...._V.......csv; expected one a "
            "year: the provider's format changed"
        )
    return sorted(found, key=lambda year: year.year)


def load(
    archive: Path,
    library: Path,
    progress: Callable[[Year], None] | None = None,
) -> list[Path]:
    """Turn the years of a zip into parquet files sorted by product.

    Parameters
    ----------
    archive : Path
        The zip as published.
    library : Path
        Gets ``<revision>_V<vintage>/<year>.parquet`` with the columns of :data:`CONTRACT`.
    progress : callable, optional
        Called with each year that is loaded.

    Returns
    -------
    list of Path
        The files, oldest year first. Years already done from the same content are left alone.

    Raises
    ------
    DamagedDataError
        The zip is damaged.
    SourceError
        A file breaks BACI's form; the message has file, rule and, where known, the line.
    """
    done = []
    for year in years(archive):
        target = library / f"{year.revision}_V{year.vintage}" / f"{year.year}.parquet"
        if not _is_done(target, year):
            target.parent.mkdir(parents=True, exist_ok=True)
            check_folder(target.parent, 2 * year.size)  # as text, and as what is made of it
            with temporary_folder(target.parent, ".loading-") as folder:
                rows = _convert(archive, year, folder, target)
            mark = {"member": year.member, "crc": year.crc, "size": year.size, "rows": rows,
                    "groups": _index(target)}  # fmt: skip
            write_atomic(_mark(target), (json.dumps(mark) + "\n").encode())
        done.append(target)
        if progress:
            progress(year)
    return done


def _mark(target: Path) -> Path:
    return target.with_name(target.name + ".from.json")


def _index(target: Path) -> list[tuple[str, str]]:
    """Return the first and last product of each row group, read once: asking parquet is slow."""
    import pyarrow.parquet as pq

    meta = pq.read_metadata(target)
    column = list(CONTRACT).index("k")
    groups = (meta.row_group(n).column(column).statistics for n in range(meta.num_row_groups))
    return [(group.min, group.max) for group in groups]


def _is_done(target: Path, year: Year) -> bool:
    """Return whether a year's file and the mark written after it are from this content."""
    try:
        mark = json.loads(_mark(target).read_text(encoding="utf-8"))
        same = (mark["crc"], mark["size"]) == (year.crc, year.size)
        return same and target.is_file() and "groups" in mark
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _convert(archive: Path, year: Year, folder: Path, target: Path) -> int:
    """Unpack one year beside its target, sort it on disk, and give it its name when whole."""
    import duckdb

    text, part = folder / "year.csv", folder / "year.parquet"
    try:
        with (
            zipfile.ZipFile(archive) as opened,
            opened.open(year.member) as packed,
            text.open("wb") as plain,
        ):
            shutil.copyfileobj(packed, plain, 1 << 20)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise DamagedDataError(
            f"{archive}: {year.member} is damaged ({error}); delete the zip and fetch it again"
        ) from error
    with text.open(encoding="utf-8-sig") as stream:
        header = stream.readline().strip().replace('"', "")
    if header != _HEADER:
        raise SourceError(
            f"{SOURCE}: {year.member} begins with {header[:60]!r}; expected {_HEADER}: the "
            "provider's format changed"
        )
    with duckdb.connect(config={"memory_limit": "900MB", "temp_directory": str(folder)}) as engine:
        try:
            # Two threads: more would each hold a buffer of the sort.
            engine.execute("SET threads = 2; SET preserve_insertion_order = false")
            engine.execute(_SORT.format(text=_quoted(text), part=_quoted(part)))
            counts = engine.execute(_COUNT.format(part=_quoted(part)), [year.year]).fetchall()
        except duckdb.IOException as error:
            raise StorageError(
                f"{target}: {str(error).splitlines()[0]}; free some space or choose a folder on "
                "another disk"
            ) from None
        except duckdb.Error as error:
            reason = " ".join(str(error).split())[:200].replace(str(text), year.member)
            raise SourceError(
                f"{SOURCE}: {year.member} is not in BACI's form ({reason}); check the download"
            ) from None
    rows, wrong = counts[0]
    if wrong:
        raise SourceError(
            f"{SOURCE}: {year.member} has {wrong} rows of another year, without value, or with a "
            "product that is not six digits; expected none: the provider's format changed"
        )
    part.replace(target)
    return int(rows)


#: Values are padded with blanks at source; k is text, or 010121 would lose its zero, and 9999AA
#: (goods not specified by kind, in the lists of products) would be none. A row group is what
#: parquet can skip as one: about a product and year of a common code.
_SORT = """
COPY (
    SELECT t::SMALLINT AS t, i::SMALLINT AS i, j::SMALLINT AS j,
           lpad(trim(k), 6, '0') AS k, trim(v)::DOUBLE AS v,
           CASE WHEN trim(q) IN ('NA', '') THEN NULL ELSE trim(q)::DOUBLE END AS q
    FROM read_csv({text}, header = true, delim = ',', quote = '"', auto_detect = false,
                  columns = {{'t': 'SMALLINT', 'i': 'SMALLINT', 'j': 'SMALLINT',
                              'k': 'VARCHAR', 'v': 'VARCHAR', 'q': 'VARCHAR'}})
    ORDER BY k, i, j
) TO {part} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 16384)
"""
_COUNT = """
SELECT count(*),
       count(*) FILTER (t <> ? OR v IS NULL OR NOT regexp_full_match(k, '[0-9]{{6}}|9999AA'))
FROM read_parquet({part})
"""


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def read(edition: Path, codes: Sequence[str]) -> "pd.DataFrame":
    """Read products over all loaded years of an edition.

    Parameters
    ----------
    edition : Path
        A folder made by :func:`load`, such as ``HS92_V202501``.
    codes : sequence of str
        HS codes of six digits, of the edition's revision.

    Returns
    -------
    DataFrame
        Columns of :data:`CONTRACT` in BACI's units (thousand US dollars, tonnes), sorted by
        product, year, exporter, importer.

    Raises
    ------
    UsageError
        A code is not of six digits.
    MissingDataError
        Nothing is loaded.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    for code in codes:
        if not re.fullmatch(r"\d{6}", code):
            raise UsageError(f"{SOURCE}: {code!r} is not an HS code of six digits; write all six")
    files = sorted(p for p in edition.glob("[0-9][0-9][0-9][0-9].parquet") if _mark(p).exists())
    if not files:
        raise MissingDataError(f"{edition}: no year is loaded; load a BACI zip first")
    products = sorted(set(codes))
    table = pa.concat_tables([_rows_of(file, products) for file in files])
    # Years follow each other and each is sorted by product, so that a stable sort by product
    # alone (here its rank, which is quicker than its text) gives product, year, both partners.
    rank = pc.index_in(table["k"], pa.array(products, table.schema.field("k").type))
    frame: pd.DataFrame = table.take(pc.sort_indices(rank)).to_pandas()
    return frame.astype(CONTRACT)[list(CONTRACT)]


def _rows_of(file: Path, codes: list[str]) -> "pa.Table":
    """Read the row groups of one year that have any of ``codes``, and only their rows."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    groups = json.loads(_mark(file).read_text(encoding="utf-8"))["groups"]
    wanted = [
        n
        for n, (first, last) in enumerate(groups)
        if (at := bisect_left(codes, first)) < len(codes) and codes[at] <= last
    ]
    with pq.ParquetFile(file) as opened:
        table = opened.read_row_groups(wanted, use_threads=False)
    return table.filter(pc.is_in(table["k"], pa.array(codes, table.schema.field("k").type)))


_COMMON: dict[str, Any] = {
    "producer": "CEPII",
    "citation": "Gaulier, G. and Zignago, S. (2010), BACI: International Trade Database at the "
    "Product-Level. CEPII Working Paper 2010-23.",
    "licence": "Etalab Open Licence 2.0",
    "licence_url": "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
    "url": "https://www.cepii.fr/CEPII/en/bdd_modele/bdd_modele_item.asp?id=37",
}

SOURCES = (
    Source(
        "baci", 70, redistributable=True, short="CEPII BACI",
        title="BACI: bilateral trade at product level, both sides reconciled",
        quirks=(
            "BACI reconciles exporter and importer reports; values are f.o.b. in thousand US "
            "dollars at source, weights in tonnes, converted here to dollars and kilograms.",
            "A weight that is missing at source stays missing.",
            "Areas as reported; Other Asia, nes is Taiwan.",
        ),
        feeds=(Feed("trade", same={"flow": "export", "freq": "A", "valuation": "FOB",
                                   "trade_system": None}),),
        **_COMMON,
    ),
    Source(
        "baci_baskets", 80, redistributable=True,
        title="BACI: exports of all products by economy",
        quirks=(
            "Exports f.o.b. in US dollars, exporter and importer reports reconciled; partners "
            "are added up.",
            "A destination other than WLD is a group of economies that the exporter is in.",
        ),
        feeds=(Feed("baskets"),),
        **_COMMON,
    ),
)  # fmt: skip

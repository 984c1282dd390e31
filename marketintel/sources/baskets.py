"""All products of BACI, summed over partners: what an economy sells, for indices of whole baskets.

A year of BACI is some 11 million rows, far more than a study of a few segments needs; what an
index of complexity needs is one figure an exporter and product. So the library of all products is
added up where it lies, a year at a time, and only the sums become a snapshot.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from marketintel.errors import DamagedDataError, MissingDataError
from marketintel.parquet import parquet_bytes
from marketintel.sources import snapshot
from marketintel.sources.bulk import REVISIONS, numbered_vintage
from marketintel.sources.connector import WORLD, Book, day_of, economies, keep
from marketintel.sources.formats import tidy
from marketintel.sources.providers import baci

if TYPE_CHECKING:
    import duckdb

SOURCE = "baci_baskets"
FILE = "baci_baskets.parquet"

#: Rounded to whole dollars before they are added: three decimals of a thousand are whole, and
#: sums of whole numbers do not depend on their order.
_SUMS = """
WITH flow AS (
    SELECT e.iso3 AS exporter, m.iso3 AS market, k, round(v * 1000) AS usd
    FROM read_parquet($file) JOIN codes AS e ON e.code = i JOIN codes AS m ON m.code = j
    WHERE e.iso3 <> m.iso3
)
SELECT exporter, $world AS destination, k AS cmd_code, sum(usd) AS value_usd
FROM flow GROUP BY ALL
UNION ALL
SELECT exporter, a.name AS destination, k AS cmd_code, sum(usd) AS value_usd
FROM flow JOIN groups AS a ON a.iso3 = exporter
          JOIN groups AS b ON b.iso3 = market AND b.name = a.name
GROUP BY ALL
"""
_PARTNERS = "SELECT DISTINCT unnest([i, j]) AS code FROM read_parquet($file)"


@tidy.reading(SOURCE)
def add_baskets(
    archive: Path, edition: Path, years: Sequence[int], book: Book, data_dir: Path
) -> snapshot.Snapshot:
    """Add up every product of some years of a loaded edition and keep that as a snapshot.

    Years of the same edition that an earlier snapshot holds are kept; a new edition takes the
    place of the one before, and is read for the same years.

    Parameters
    ----------
    archive : Path
        The zip, for its date.
    edition : Path
        Folder of the library, as made by :func:`marketintel.sources.providers.baci.load`.
    years : sequence of int
        The newest year there is, if empty.
    book : Book
        Country codes and groups.
    data_dir : Path
        Gets the snapshot under ``raw``.

    Returns
    -------
    Snapshot
        Columns exporter, destination (``WLD``, or a group that the exporter is in: what it sells
        to the others in it, so that a group can be taken as one), hs_revision, cmd_code, period,
        value_usd (f.o.b.).

    Raises
    ------
    MissingDataError
        A year is not in the edition.
    """
    there = [int(f.stem) for f in sorted(edition.glob("[0-9][0-9][0-9][0-9].parquet"))]
    wanted = sorted(set(years) or {max(there)})
    if absent := [year for year in wanted if year not in there]:
        raise MissingDataError(
            f"{archive.name}: has no year {absent[0]} (there are {there[0]} to {there[-1]}); "
            "choose from these with --years"
        )
    wanted = sorted({*wanted, *(year for year in _held(data_dir) if year in there)})
    revision, _, version = edition.name.partition("_")
    parts = [_sums(edition / f"{year}.parquet", book).assign(period=str(year)) for year in wanted]
    whole = pd.concat(parts, ignore_index=True).assign(hs_revision=REVISIONS[revision])
    columns = ["exporter", "destination", "hs_revision", "cmd_code", "period", "value_usd"]
    frame = whole[columns].sort_values(["period", "cmd_code", "exporter", "destination"])
    payload = parquet_bytes(frame)
    citation = snapshot.Citation(
        source=SOURCE,
        vintage=numbered_vintage(data_dir, SOURCE, edition.name, FILE, payload),
        **baci.ABOUT,
        title=f"BACI exports of all products by economy, {REVISIONS[revision]}, edition {version}",
        citation=baci.CITATION.format(edition=edition.name) + ", summed over partners.",
        parameters={"edition": edition.name, "years": wanted},
        retrieved_at=day_of(archive),
        rebuild=f"marketintel fetch baci --zip {archive.name} --all-products",
        quirks=[
            "Exports f.o.b. in US dollars, exporter and importer reports reconciled; partners "
            "are added up.",
            "A destination other than WLD is a group of economies that the exporter is in.",
        ],
    )
    return keep(data_dir, citation, FILE, frame, payload, book)


def _sums(file: Path, book: Book) -> pd.DataFrame:
    """Add up one year; in duckdb, which goes to disk before it fills the memory."""
    import duckdb

    members = [(name, iso3) for name, group in book.groups.items() for iso3 in sorted(group)]
    groups = pd.DataFrame(members, columns=["name", "iso3"], dtype="str")
    beside = str(file.parent / ".summing")
    with duckdb.connect(config={"memory_limit": "900MB", "temp_directory": beside}) as engine:
        engine.execute("SET threads = 2")
        partners = _frame(engine.sql(_PARTNERS, params={"file": str(file)}))
        codes = partners.assign(iso3=economies(partners["code"], "m49_comtrade", book, SOURCE, []))
        engine.register("codes", codes)
        engine.register("groups", groups)
        asked = {"file": str(file), "world": WORLD}
        return _frame(engine.sql(_SUMS, params=asked))


def _frame(relation: "duckdb.DuckDBPyRelation") -> pd.DataFrame:
    return relation.to_arrow_table().to_pandas()


def _held(data_dir: Path) -> list[int]:
    """Return the years that the newest snapshot has."""
    try:
        (before,) = snapshot.find(data_dir, SOURCE)
        return [int(year) for year in before.meta.parameters["years"]]
    except (MissingDataError, DamagedDataError, *tidy.UNFORESEEN):
        return []

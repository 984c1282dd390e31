"""From a BACI zip to a snapshot of the products a study needs.

The library of all products stays local; the snapshot is a selection from it in our columns. It
keeps the products of the snapshot before it, read anew from the new edition, so that asking for
one segment does not take another away.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
from pyarrow import ArrowException

from marketintel.errors import DamagedDataError, MissingDataError
from marketintel.parquet import parquet_bytes
from marketintel.sources import snapshot, unknown
from marketintel.sources.connector import day_of, economies, keep
from marketintel.sources.connectors import Book
from marketintel.sources.formats import tidy
from marketintel.sources.providers import baci

REVISIONS = {
    "HS92": "HS1992", "HS96": "HS1996", "HS02": "HS2002", "HS07": "HS2007", "HS12": "HS2012",
    "HS17": "HS2017", "HS22": "HS2022",
}  # fmt: skip
_FILE = "baci_selection.parquet"


def library_dir(data_dir: Path) -> Path:
    """Return where loaded BACI editions are."""
    return data_dir / "local" / "baci"


def edition_dir(data_dir: Path, year: baci.Year) -> Path:
    """Return the folder that the years of an edition are loaded into."""
    return library_dir(data_dir) / f"{year.revision}_V{year.vintage}"


@tidy.reading(baci.SOURCE)
def add_baci(
    archive: Path,
    codes: Sequence[str],
    book: Book,
    data_dir: Path,
    *,
    progress: Callable[[baci.Year], None] | None = None,
) -> snapshot.Snapshot:
    """Load a zip (years that are done are left alone) and keep a selection as a snapshot.

    Parameters
    ----------
    archive : Path
        ``BACI_HS92_V202501.zip`` as published.
    codes : sequence of str
        HS codes of six digits in the zip's revision.
    book : Book
        Country codes.
    data_dir : Path
        Gets the library under ``local`` and the snapshot under ``raw``.
    progress : callable, optional
        Told of each year when it is there.

    Raises
    ------
    DamagedDataError, SourceError
        As :func:`marketintel.sources.providers.baci.load`.
    MissingDataError
        None of the products is in it.
    """
    edition = baci.load(archive, library_dir(data_dir), progress=progress)[0].parent
    revision, _, version = edition.name.partition("_")
    wanted = sorted({*codes, *_codes_before(data_dir, REVISIONS[revision])})
    notes: list[str] = []
    frame = _tidy(baci.read(edition, wanted), REVISIONS[revision], book, notes)
    unknown.write(data_dir, baci.SOURCE, notes)
    if frame.empty:
        raise MissingDataError(
            f"{archive.name}: has none of {', '.join(wanted[:5])}; give codes of {revision}"
        )
    payload = parquet_bytes(frame)
    citation = snapshot.Citation(
        source=baci.SOURCE,
        vintage=numbered_vintage(data_dir, baci.SOURCE, edition.name, _FILE, payload),
        **baci.ABOUT,
        title=f"BACI bilateral trade, {REVISIONS[revision]}, edition {version}, "
        f"{len(wanted)} products",
        citation=baci.CITATION.format(edition=edition.name) + ".",
        parameters={
            "edition": edition.name,
            "codes": wanted,
            **({"notes": notes} if notes else {}),
        },
        retrieved_at=day_of(archive),
        rebuild=f"marketintel fetch baci --zip {archive.name}",
        quirks=[
            "BACI reconciles exporter and importer reports; values are f.o.b. in thousand US "
            "dollars at source, weights in tonnes, converted here to dollars and kilograms.",
            "A weight that is missing at source stays missing.",
            "Areas as reported; Other Asia, nes is Taiwan.",
        ],
    )
    return keep(data_dir, citation, _FILE, frame, payload, book)


def _tidy(raw: pd.DataFrame, revision: str, book: Book, notes: list[str]) -> pd.DataFrame:
    """Return one row an exporter, importer, product and year, in dollars and kilograms."""
    frame = pd.DataFrame(
        {
            **{
                side: economies(
                    raw[code],
                    "m49_comtrade",
                    book,
                    baci.SOURCE,
                    notes,
                    amounts=raw["v"] * 1000,
                    unit="USD",
                )
                for side, code in (("reporter", "i"), ("partner", "j"))
            },
            "hs_revision": revision,
            "cmd_code": raw["k"],
            "period": raw["t"].astype("str"),
            # Three decimals of a thousand are whole dollars and whole kilograms.
            "value_usd": (raw["v"] * 1000).round(),
            "net_weight_kg": (raw["q"] * 1000).round(),
        }
    )
    frame = frame.dropna(subset=["reporter", "partner"])
    return frame.sort_values(["cmd_code", "reporter", "partner", "period"], ignore_index=True)


def _codes_before(data_dir: Path, revision: str) -> set[str]:
    try:
        held = snapshot.find(data_dir, baci.SOURCE)
        frames = [pd.read_parquet(s.path, columns=["cmd_code", "hs_revision"]) for s in held]
    except (MissingDataError, DamagedDataError, *tidy.UNFORESEEN, OSError, ArrowException):
        return set()  # nothing that could be built upon; `find` has said so
    codes = {c for f in frames for c in f.loc[f["hs_revision"] == revision, "cmd_code"].unique()}
    return {code for code in codes if re.fullmatch(r"\d{6}", str(code))}


def numbered_vintage(data_dir: Path, source: str, edition: str, file: str, payload: bytes) -> str:
    """Return the edition's name, numbered where it holds another selection already."""
    digest = hashlib.sha256(payload).hexdigest()
    for n in range(1, 100):
        name = edition if n == 1 else f"{edition}.{n:02}"
        path = data_dir / "raw" / source / name / file
        if not path.exists() or snapshot.sha256_of(path) == digest:
            return name
    raise AssertionError("a hundred selections of one edition")

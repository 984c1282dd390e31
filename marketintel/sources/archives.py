"""Snapshots from CEPII's zip archives: BACI's trade and totals, Gravity's ties of countries.

The library of all products of BACI stays local; its snapshots are a selection of products, and
the exports of every product summed over partners. A selection keeps the products of the snapshot
before it, read anew from the new edition, so that fetching one segment does not drop another.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from pyarrow import ArrowException

from marketintel.errors import DamagedDataError, MissingDataError
from marketintel.parquet import parquet_bytes
from marketintel.reference import hs
from marketintel.reference.countries import group_members, load_groups
from marketintel.sources import snapshot
from marketintel.sources.catalogue import sources
from marketintel.sources.codes import economies, write
from marketintel.sources.feeds import save_admitted
from marketintel.sources.formats import tidy
from marketintel.sources.http.answers import UNFORESEEN
from marketintel.sources.providers import baci, gravity
from marketintel.sources.source import WORLD

if TYPE_CHECKING:
    import duckdb

#: HS revisions by BACI's names for them (``HS92``).
REVISIONS = {f"HS{revision[-2:]}": revision for revision in hs.REVISIONS}

#: Source of the exports of all products, summed over partners.
BASKETS = "baci_baskets"

_SELECTION_FILE = "baci_selection.parquet"
_BASKETS_FILE = "baci_baskets.parquet"
_GRAVITY_FILE = "pairs_yearly.parquet"

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


def library_dir(data_dir: Path) -> Path:
    """Return the folder of loaded BACI editions."""
    return data_dir / "local" / "baci"


@tidy.reading(baci.SOURCE)
def add_baci(
    archive: Path,
    codes: Sequence[str],
    data_dir: Path,
    *,
    progress: Callable[[baci.Year], None] | None = None,
) -> snapshot.Snapshot:
    """Load a BACI zip (years that are done are left alone) and keep a selection of products.

    Parameters
    ----------
    archive : Path
        ``BACI_HS92_V202501.zip`` as published.
    codes : sequence of str
        HS codes of six digits in the zip's revision.
    data_dir : Path
        Gets the library under ``local`` and the snapshot under ``raw``.
    progress : callable, optional
        Called with each year that is loaded.

    Raises
    ------
    DamagedDataError, SourceError
        As :func:`marketintel.sources.providers.baci.load`.
    MissingDataError
        None of the products is in it.
    """
    edition = baci.load(archive, library_dir(data_dir), progress=progress)[0].parent
    short_revision, _, version = edition.name.partition("_")
    revision = REVISIONS[short_revision]
    products = sorted({*codes, *_selected_before(data_dir, revision)})
    notes: list[str] = []
    frame = _selection(baci.read(edition, products), revision, notes)
    write(data_dir, baci.SOURCE, notes)
    if frame.empty:
        raise MissingDataError(
            f"{archive.name}: has none of {', '.join(products[:5])}; give codes of {short_revision}"
        )
    return _keep(
        data_dir, archive, baci.SOURCE, edition.name, _SELECTION_FILE, frame,
        title=f"BACI bilateral trade, {revision}, edition {version}, {len(products)} products",
        edition_note=f"Data: BACI {edition.name}.",
        parameters={
            "edition": edition.name, "codes": products, **({"notes": notes} if notes else {}),
        },
        rebuild=f"marketintel fetch baci --zip {archive.name}",
    )  # fmt: skip


@tidy.reading(BASKETS)
def add_baskets(
    archive: Path, edition: Path, years: Sequence[int], data_dir: Path
) -> snapshot.Snapshot:
    """Sum every product of some years of a loaded edition over partners and keep the sums.

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
    data_dir : Path
        Gets the snapshot under ``raw``.

    Returns
    -------
    Snapshot
        Columns exporter, destination (``WLD``, or a group that the exporter is in: its exports
        to the other members, so that a group can be taken as one), hs_revision, cmd_code, period,
        value_usd (f.o.b.).

    Raises
    ------
    MissingDataError
        A year is not in the edition.
    """
    loaded = [int(f.stem) for f in sorted(edition.glob("[0-9][0-9][0-9][0-9].parquet"))]
    wanted = set(years) or {max(loaded)}
    if absent := sorted(wanted - set(loaded)):
        raise MissingDataError(
            f"{archive.name}: has no year {absent[0]} (there are {loaded[0]} to {loaded[-1]}); "
            "choose from these with --years"
        )
    summed = sorted(wanted | (_summed_before(data_dir) & set(loaded)))
    short_revision, _, version = edition.name.partition("_")
    revision = REVISIONS[short_revision]
    parts = [_sums(edition / f"{year}.parquet").assign(period=str(year)) for year in summed]
    columns = ["exporter", "destination", "hs_revision", "cmd_code", "period", "value_usd"]
    frame = pd.concat(parts, ignore_index=True).assign(hs_revision=revision)[columns]
    return _keep(
        data_dir, archive, BASKETS, edition.name, _BASKETS_FILE,
        frame.sort_values(["period", "cmd_code", "exporter", "destination"]),
        title=f"BACI exports of all products by economy, {revision}, edition {version}",
        edition_note=f"Data: BACI {edition.name}, summed over partners.",
        parameters={"edition": edition.name, "years": summed},
        rebuild=f"marketintel fetch baci --zip {archive.name} --all-products",
    )  # fmt: skip


@tidy.reading(gravity.SOURCE)
def add_gravity(archive: Path, years: Sequence[int], data_dir: Path) -> snapshot.Snapshot:
    """Read a Gravity zip and keep the ties of countries by year.

    Parameters
    ----------
    archive : Path
        ``Gravity_csv_V202211.zip`` as published.
    years : sequence of int
        All from 1995 on, if empty.
    data_dir : Path
        Gets the snapshot under ``raw``.

    Returns
    -------
    Snapshot
        Columns of :data:`marketintel.sources.providers.gravity.COLUMNS`.

    Raises
    ------
    DamagedDataError, SourceError, MissingDataError
        As :func:`marketintel.sources.providers.gravity.read`.
    """
    member, version = gravity.edition_of(archive)
    frame = gravity.read(archive, member, years)
    first, last = int(frame["period"].min()), int(frame["period"].max())
    return _keep(
        data_dir, archive, gravity.SOURCE, f"V{version}-{first}-{last}", _GRAVITY_FILE, frame,
        title=f"Gravity: ties of countries by year, edition {version}, {first}-{last}",
        edition_note=f"Edition {version}.",
        parameters={"edition": version, "years": [first, last]},
        rebuild=f"marketintel fetch gravity --zip {archive.name}",
    )  # fmt: skip


def _keep(
    data_dir: Path,
    archive: Path,
    source: str,
    edition: str,
    file: str,
    frame: pd.DataFrame,
    parameters: dict[str, Any],
    title: str,
    edition_note: str,
    rebuild: str,
) -> snapshot.Snapshot:
    """Save a snapshot; its vintage is the edition, numbered if that has another selection."""
    payload = parquet_bytes(frame)
    digest = hashlib.sha256(payload).hexdigest()
    for n in range(1, 100):
        vintage = edition if n == 1 else f"{edition}.{n:02}"
        path = data_dir / "raw" / source / vintage / file
        if not path.exists() or snapshot.sha256_of(path) == digest:
            break
    else:
        raise AssertionError("a hundred selections of one edition")
    downloaded = datetime.fromtimestamp(archive.stat().st_mtime, UTC)
    day = min(downloaded, datetime.now(UTC)).date()  # never one of tomorrow
    declared = sources()[source]
    citation = declared.cite(
        vintage, parameters, day, title=title, citation=f"{declared.citation} {edition_note}",
        rebuild=rebuild, retrieved_note="date of the downloaded zip",
    )  # fmt: skip
    return save_admitted(data_dir, citation, file, frame, payload)


def _selection(raw: pd.DataFrame, revision: str, notes: list[str]) -> pd.DataFrame:
    """Return one row an exporter, importer, product and year, in dollars and kilograms."""
    usd = raw["v"] * 1000
    codes = ("m49_comtrade", baci.SOURCE, notes)
    frame = pd.DataFrame(
        {
            "reporter": economies(raw["i"], *codes, amounts=usd, unit="USD"),
            "partner": economies(raw["j"], *codes, amounts=usd, unit="USD"),
            "hs_revision": revision,
            "cmd_code": raw["k"],
            "period": raw["t"].astype("str"),
            # Three decimals of a thousand are whole dollars and whole kilograms.
            "value_usd": usd.round(),
            "net_weight_kg": (raw["q"] * 1000).round(),
        }
    ).dropna(subset=["reporter", "partner"])
    return frame.sort_values(["cmd_code", "reporter", "partner", "period"], ignore_index=True)


def _selected_before(data_dir: Path, revision: str) -> set[str]:
    """Return the products of the newest selection."""
    try:
        files = snapshot.find(data_dir, baci.SOURCE)
        frames = [pd.read_parquet(s.path, columns=["cmd_code", "hs_revision"]) for s in files]
    except (MissingDataError, DamagedDataError, *UNFORESEEN, OSError, ArrowException):
        return set()  # nothing that could be built upon; `find` has warned of it
    codes = {c for f in frames for c in f.loc[f["hs_revision"] == revision, "cmd_code"].unique()}
    return {code for code in codes if re.fullmatch(r"\d{6}", str(code))}


def _summed_before(data_dir: Path) -> set[int]:
    """Return the years of the newest snapshot of sums."""
    try:
        (before,) = snapshot.find(data_dir, BASKETS)
        return {int(year) for year in before.meta.parameters["years"]}
    except (MissingDataError, DamagedDataError, *UNFORESEEN):
        return set()


def _sums(file: Path) -> pd.DataFrame:
    """Sum one year over partners; in duckdb, which goes to disk before it fills the memory."""
    import duckdb

    members = [(name, iso3) for name in load_groups() for iso3 in group_members(name)]
    groups = pd.DataFrame(members, columns=["name", "iso3"], dtype="str")
    spill = str(file.parent / ".summing")
    with duckdb.connect(config={"memory_limit": "900MB", "temp_directory": spill}) as engine:
        engine.execute("SET threads = 2")
        partners = _frame(engine.sql(_PARTNERS, params={"file": str(file)}))
        codes = partners.assign(iso3=economies(partners["code"], "m49_comtrade", BASKETS, []))
        engine.register("codes", codes)
        engine.register("groups", groups)
        return _frame(engine.sql(_SUMS, params={"file": str(file), "world": WORLD}))


def _frame(relation: "duckdb.DuckDBPyRelation") -> pd.DataFrame:
    frame: pd.DataFrame = relation.to_arrow_table().to_pandas()
    return frame

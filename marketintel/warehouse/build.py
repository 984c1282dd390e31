"""Raw snapshots to processed tables, doing again only what changed.

A processed table is a function of raw files, reference files and code. Its meta lists their
checksums; a table whose inputs are the same and whose file is undamaged is left alone.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from marketintel import files
from marketintel.errors import DamagedDataError, MissingDataError
from marketintel.sources import rejections, snapshot
from marketintel.warehouse import store

if TYPE_CHECKING:
    import pandas as pd

_HERE = Path(__file__).resolve().parent
_PROVIDERS = _HERE.parent / "sources" / "providers"

#: Code and reference files that decide the rows of every table; their checksums are inputs, with
#: those of the modules that declare a table's sources.
_INPUTS = (
    *(_HERE / f"{module}.py" for module in ("build", "currency", "store")),
    *(_HERE.parent / file for file in ("parquet.py", "sources/feeds.py")),
    *(_HERE.parent / "reference" / file
      for file in ("contracts.py", "countries.csv", "countries.py", "files.py", "hs.py",
                   "limits.py", "nuts.py", "nuts_regions.csv")),
)  # fmt: skip

#: Source of exchange rates.
RATES = "ecb"

#: Tables, with the columns they are sorted by: a product's rows stand side by side, as they are
#: queried.
TABLES = {
    "trade": ["cmd_code", "hs_revision", "reporter", "flow", "freq", "trade_system",
              "period", "partner", "source"],
    "duties": ["cmd_code", "hs_revision", "reporter", "period", "partner", "source"],
    "tariff_lines": ["hs8", "reporter", "source"],
    "macro": ["indicator", "economy", "period", "source"],
    "pairs": ["origin", "destination", "source"],
    "pairs_yearly": ["origin", "destination", "period", "source"],
    "baskets": ["period", "cmd_code", "exporter", "destination", "source"],
    "regions": ["indicator", "nuts_id", "activity", "period", "source"],
    "heading_trade": ["cmd_code", "reporter", "period", "source"],
    "heading_shares": ["cmd_code", "reporter", "period", "rank", "source"],
    "national_trade": ["classification", "product", "reporter", "flow", "period", "partner",
                       "trade_system", "source"],
    "industry_accounts": ["industry", "account", "item", "period", "source"],
    "line_concordance": ["hts10", "source"],
    "preference_claims": ["hts10", "partner", "period", "source"],
    "state_trade": ["naics", "state", "flow", "source"],
    "additional_duties": ["heading", "source"],
    "tariff_lists": ["list", "product", "part", "heading", "origin", "source"],
    "tariff_revisions": ["since", "revision", "source"],
}  # fmt: skip


@dataclass(frozen=True)
class BuiltTable:
    """A processed table after a build.

    Attributes
    ----------
    rebuilt : bool
        False where the table was current and was left alone.
    inputs : dict of str to str
        SHA-256 of every raw, reference and code file it was made from.
    """

    name: str
    path: Path
    rows: int
    bytes: int
    rebuilt: bool
    inputs: dict[str, str]


def build(
    data_dir: Path | None = None, vintages: Mapping[str, str] | None = None
) -> list[BuiltTable]:
    """Bring every processed table up to date.

    Sources that are not there are left out: a table is made of the snapshots that exist, and
    a table without any is not made. A newest vintage that is damaged or breaks a contract is passed
    over for the one before: a warning says so, and ``processed/rejected.json`` remembers it.

    Parameters
    ----------
    data_dir : Path, optional
        The data directory; ``store.default_data_dir()`` unless given.
    vintages : mapping of str to str, optional
        Source to vintage, to pin an edition; otherwise the one retrieved last.

    Returns
    -------
    list of BuiltTable
        In the order of ``TABLES``.

    Raises
    ------
    DamagedDataError
        A raw file is unreadable, differs from its checksum, or breaks the contract, and it was
        pinned or has no vintage before it.
    MissingDataError
        No snapshot at all, or not the pinned vintage.
    """
    data_dir = data_dir or store.default_data_dir()
    present = snapshot.sources(data_dir)
    if not present:
        raise snapshot.nothing_in(data_dir)
    common = _checksums(_INPUTS)
    everything = common | _checksums(_PROVIDERS.glob("*.py"))
    rules = hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()
    rejections.drop_outdated(data_dir, rules)
    while True:
        chosen = {s: snapshot.find(data_dir, s, (vintages or {}).get(s)) for s in present}
        for vintage in chosen.values():
            for file in vintage:
                snapshot.verify(file)
        try:
            return _build(data_dir, _recipes(data_dir, chosen, common))
        except BrokenContract as broken:
            source = broken.file.meta.source
            if source in (vintages or {}):
                raise DamagedDataError(str(broken)) from broken
            # The next round takes the vintage before, and says so; without one it is an error.
            rejections.add(data_dir, chosen[source], str(broken), rules)


class BrokenContract(Exception):
    """A snapshot that breaks the contract of a table."""

    def __init__(self, file: snapshot.Snapshot, reason: str) -> None:
        super().__init__(reason)
        self.file = file


def _build(data_dir: Path, recipes: "dict[str, _Recipe]") -> list[BuiltTable]:
    """Bring every table up to date from one choice of vintages."""
    built = {name: _as_it_is(data_dir, name, recipe) for name, recipe in recipes.items()}
    gone = [table for table in TABLES if table not in recipes]
    if None in built.values() or any(store.table_path(data_dir, t).exists() for t in gone):
        # Nothing is written, nor locked, where all is current: a data folder may be read-only.
        files.check_folder(data_dir / "processed")
        with files.locked(data_dir):
            store.sweep(data_dir)
            for name, recipe in recipes.items():
                # Another process may have made it while this one waited.
                built[name] = _as_it_is(data_dir, name, recipe) or _make(data_dir, name, recipe)
            for table in gone:
                store.remove_table(data_dir, table)  # of a source that has been taken away
    return [table for table in built.values() if table]


@dataclass(frozen=True)
class _Recipe:
    """Inputs of a processed table."""

    raw: list[snapshot.Snapshot]
    rates: list[snapshot.Snapshot]
    inputs: dict[str, str]


def _recipes(
    data_dir: Path, chosen: Mapping[str, list[snapshot.Snapshot]], common: dict[str, str]
) -> dict[str, _Recipe]:
    """Return the recipe of each table that has a source here."""
    from marketintel.sources.catalogue import declared_in, feeding

    recipes = {}
    for table in TABLES:
        sources = feeding(table)
        if raw := [file for source in sources for file in chosen.get(source, [])]:
            converted = any(sources[file.meta.source].converted for file in raw)
            rates = chosen.get(RATES, []) if converted else []
            inputs = {str(f.path.relative_to(data_dir)): f.meta.sha256 for f in [*raw, *rates]}
            modules = {declared_in(file.meta.source) for file in raw}
            recipes[table] = _Recipe(raw, rates, inputs | common | _checksums(modules))
    return recipes


#: Path, modification time and size of every file that matters: equal while nothing changes.
Stamp = tuple[tuple[str, int, int], ...]


def ensure(data_dir: Path) -> Stamp:
    """Build before a question, unless no file has been touched since the last time.

    Looking at dates and sizes takes well under a millisecond; only a change among them costs
    the checksums, and only a change of content costs a rebuild.

    Returns
    -------
    Stamp
        The state of the files, by which answers may be kept.
    """
    return _ensure(data_dir, _stamp(data_dir))


@lru_cache(maxsize=8)
def _ensure(data_dir: Path, before: Stamp) -> Stamp:
    build(data_dir)
    return _stamp(data_dir)


def _stamp(data_dir: Path) -> Stamp:
    named = [*files.visible(data_dir, "raw/*/*/*"), *files.visible(data_dir, "processed/*")]
    stamp = []
    for file in (*named, *_INPUTS, *sorted(_PROVIDERS.glob("*.py"))):
        with suppress(FileNotFoundError):  # taken away since it was listed
            state = file.stat()
            stamp.append((str(file), state.st_mtime_ns, state.st_size))
    return tuple(stamp)


def _as_it_is(data_dir: Path, table: str, recipe: _Recipe) -> BuiltTable | None:
    """Return a table that is current; None for one that must be made."""
    meta = store.current_meta(data_dir, table, recipe.inputs)
    path = store.table_path(data_dir, table)
    return BuiltTable(table, path, meta.rows, meta.bytes, False, recipe.inputs) if meta else None


def _make(data_dir: Path, table: str, recipe: _Recipe) -> BuiltTable:
    rows = _rows_of(table, recipe.raw, recipe.rates)
    meta = store.write_table(data_dir, table, rows, recipe.inputs)
    path = store.table_path(data_dir, table)
    return BuiltTable(table, path, meta.rows, meta.bytes, True, recipe.inputs)


def _rows_of(
    table: str, files: list[snapshot.Snapshot], rates: list[snapshot.Snapshot]
) -> "pd.DataFrame":
    import pandas as pd

    from marketintel.sources.catalogue import feeding
    from marketintel.sources.feeds import table_rows
    from marketintel.warehouse.currency import to_usd

    parts = []
    for file in files:
        source = feeding(table)[file.meta.source]
        (feed,) = (feed for feed in source.feeds if feed.table == table)
        known = _rates_of(rates, source.name) if feed.amount else pd.DataFrame()
        try:
            raw = store.read_parquet(file.path)
            convert = partial(to_usd, known=known)
            parts.append(table_rows(feed, raw, file.meta, str(file.path), convert))
        except DamagedDataError as error:
            raise BrokenContract(file, str(error)) from error
    return pd.concat(parts, ignore_index=True).sort_values(
        TABLES[table], kind="stable", ignore_index=True
    )


def _rates_of(files: list[snapshot.Snapshot], source: str) -> "pd.DataFrame":
    from marketintel.sources.feeds import admit
    from marketintel.warehouse.currency import rates

    if not files:
        raise MissingDataError(
            f"{source} is not in US dollars and there are no exchange rates; fetch them with "
            f"`marketintel fetch {RATES}` for the same years"
        )
    try:
        published = store.read_parquet(files[0].path)
        admit(published, files[0].meta, str(files[0].path))
        return rates(published, files[0].meta)
    except (DamagedDataError, KeyError) as error:
        raise BrokenContract(files[0], str(error)) from error


def _checksums(paths: Iterable[Path]) -> dict[str, str]:
    return {f"{f.parent.name}/{f.name}": snapshot.sha256_of(f) for f in sorted(paths)}

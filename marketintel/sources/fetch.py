"""A plan carried out: answers into snapshots, going on where an earlier run was stopped.

Every answer is kept as it comes, so a run that was killed, refused or switched off loses at most
the request it was at. A snapshot is written once its source is complete: the rows of the vintage
before it, with those replaced that were asked for and answered. What a provider no longer has is
not thereby deleted here. If nothing changed, no new vintage is made.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from marketintel import files
from marketintel.errors import MissingDataError, SourceError
from marketintel.sources import snapshot
from marketintel.sources.answers import Answer, AnswerStore
from marketintel.sources.connector import codes_of
from marketintel.sources.connectors import CONNECTORS, Book, Connector
from marketintel.sources.http import CLOCK, Client, Clock
from marketintel.sources.plan import Plan, Step


@dataclass(frozen=True)
class Outcome:
    """What came of one source.

    Attributes
    ----------
    vintage : str or None
        The new snapshot's; None if nothing changed, or if the source failed.
    rows : int
        Rows answered.
    asked, reused : int
        Requests sent; answers taken from earlier runs.
    notes : tuple of str
        What was left out and why.
    error : SourceError or None
        Why the source could not be completed; its answers so far are kept.
    """

    source: str
    vintage: str | None
    rows: int
    asked: int
    reused: int
    notes: tuple[str, ...] = ()
    error: SourceError | None = None

    def describe(self) -> str:
        """Return one line for a person."""
        done = f"{self.source}: {self.asked:,} requests, {self.reused:,} answers from earlier runs"
        if self.error:
            return f"{done}; stopped: {self.error}"
        news = f"new vintage {self.vintage}" if self.vintage else "nothing new"
        return "; ".join([f"{done}, {self.rows:,} rows, {news}", *self.notes])


def answers_dir(data_dir: Path) -> Path:
    """Return where answers are kept: local, never published."""
    return data_dir / "local" / "answers"


def execute(
    plan: Plan,
    data_dir: Path,
    book: Book,
    *,
    clock: Clock = CLOCK,
    progress: Callable[[str], None] | None = None,
) -> list[Outcome]:
    """Carry out a plan, source by source; a source that fails does not stop the others.

    Parameters
    ----------
    plan : Plan
        From :func:`marketintel.sources.plan.plan`.
    data_dir : Path
        Gets answers under ``local`` and snapshots under ``raw``.
    book : Book
        Country codes and HS revisions.
    clock : Clock, optional
        Injectable time.
    progress : callable, optional
        Told the source after each answer.

    Returns
    -------
    list of Outcome
        One a source, in the plan's order.
    """
    outcomes = []
    for source in dict.fromkeys(step.source for step in plan.steps):
        steps = [step for step in plan.steps if step.source == source]
        outcomes.append(_fetch_source(CONNECTORS[source], steps, data_dir, book, clock, progress))
    return outcomes


def _fetch_source(
    connector: Connector,
    steps: list[Step],
    data_dir: Path,
    book: Book,
    clock: Clock,
    progress: Callable[[str], None] | None,
) -> Outcome:
    asked = reused = 0
    newest = datetime.min.replace(tzinfo=UTC)
    parts: list[pd.DataFrame] = []
    notes: list[str] = []

    def seen(answer: Answer) -> None:
        nonlocal newest
        newest = max(newest, answer.retrieved_at)
        if progress:
            progress(connector.source)

    for step in steps:
        store = AnswerStore(answers_dir(data_dir) / connector.source, step.max_age_s)
        store.sweep()
        with Client(connector.provider, store, clock, seen) as client:
            try:
                rows = connector.rows(step.query, client, book)
            except SourceError as error:
                return Outcome(connector.source, None, 0, asked + client.asked,
                               reused + client.reused, tuple(notes), error)  # fmt: skip
            finally:
                asked, reused = asked + client.asked, reused + client.reused
        notes += rows.attrs["notes"]
        parts.append(rows)
    new = pd.concat(parts, ignore_index=True)
    if new.empty:
        return Outcome(
            connector.source, None, 0, asked, reused, (*notes, "the provider has no data")
        )
    with files.locked(data_dir):  # two at once would each leave out the other's rows
        vintage = _keep(connector, steps, new, data_dir, newest.date())
    return Outcome(connector.source, vintage, len(new), asked, reused, tuple(notes))


def _keep(
    connector: Connector, steps: list[Step], new: pd.DataFrame, data_dir: Path, day: date
) -> str | None:
    """Write a snapshot of the earlier rows and the new ones; return its vintage if it differs."""
    before = _latest(data_dir, connector)
    if connector.polygons:
        whole, payload = new, geoparquet_bytes(new)
        held = None
    else:
        codes = {code for step in steps for code in codes_of(step.query)}
        held = pd.read_parquet(before.path) if before else None
        whole = merge(held, new, connector.groups, codes)
        payload = parquet_bytes(whole)
    if before and (
        hashlib.sha256(payload).hexdigest() == before.meta.sha256
        # The same figures written otherwise, as those shipped with the project may be.
        or (held is not None and parquet_bytes(_sorted(held)) == payload)
    ):
        return None
    folder = data_dir / "raw" / connector.source
    vintage = next(v for v in _vintages(day) if not (folder / v).exists())
    if not connector.public:
        files.write_atomic(folder / ".gitignore", b"*\n")
    citation = snapshot.Citation(
        source=connector.source,
        vintage=vintage,
        url=connector.provider.base,
        parameters=_parameters(steps) | {"built_on": before.meta.vintage if before else None},
        retrieved_at=day,
        rebuild=f"marketintel fetch {connector.source}",
        **connector.about,
    )
    snapshot.save(data_dir, citation, connector.file, payload, rows=len(whole))
    return vintage


def _latest(data_dir: Path, connector: Connector) -> snapshot.Snapshot | None:
    try:
        found = snapshot.find(data_dir, connector.source)
    except MissingDataError:
        return None
    same = [s for s in found if s.meta.file == connector.file]
    for s in same:
        snapshot.verify(s)
    return same[0] if same else None


def merge(
    before: pd.DataFrame | None, new: pd.DataFrame, groups: tuple[str, ...], codes: set[str]
) -> pd.DataFrame:
    """Return earlier rows with those replaced that ``new`` is about.

    Parameters
    ----------
    before : DataFrame or None
        Rows of the vintage before.
    new : DataFrame
        Rows just fetched.
    groups : tuple of str
        A group is replaced only if ``new`` has rows of it: silence deletes nothing.
    codes : set of str
        Codes asked for, in rows that have a ``cmd_code``; rows of other codes stay.
    """
    if before is not None:
        answered = pd.MultiIndex.from_frame(new[list(groups)].drop_duplicates())
        replaced = pd.MultiIndex.from_frame(before[list(groups)]).isin(answered)
        if codes:
            # A shorter code asks for all codes that begin with it.
            replaced &= before["cmd_code"].str.startswith(tuple(codes)).to_numpy()
        columns = [*before.columns, *(c for c in new.columns if c not in before)]
        new = pd.concat([before[~replaced], new], ignore_index=True)[columns]
    return _sorted(new)


#: What rows are sorted by, as far as they have it.
_ORDER = ("cmd_code", "indicator", "currency", "reporter", "economy", "nuts_id", "activity",
          "partner", "origin", "destination", "flow", "period")  # fmt: skip


def _sorted(rows: pd.DataFrame) -> pd.DataFrame:
    keys = [column for column in _ORDER if column in rows]
    return rows.sort_values(keys, kind="stable", ignore_index=True)


def _vintages(day: date) -> Any:
    yield day.isoformat()
    for n in range(2, 100):
        yield f"{day.isoformat()}.{n:02}"


def _parameters(steps: list[Step]) -> dict[str, Any]:
    return {"questions": [step.what for step in steps],
            "codes": sorted({c for s in steps for c in codes_of(s.query)})}  # fmt: skip


def parquet_bytes(frame: pd.DataFrame) -> bytes:
    """Return ``frame`` as parquet; equal frames give equal bytes."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    plain = pa.schema(
        [pa.field(f.name, pa.string() if pa.types.is_large_string(f.type) else f.type)
         for f in table.schema]
    )  # fmt: skip
    sink = BytesIO()
    pq.write_table(
        table.cast(plain).replace_schema_metadata(None), sink, compression="zstd",
        compression_level=12, row_group_size=1 << 20,
    )  # fmt: skip
    return sink.getvalue()


def geoparquet_bytes(frame: pd.DataFrame) -> bytes:
    """Return polygons as GeoParquet; equal frames give equal bytes."""
    sink = BytesIO()
    frame.to_parquet(sink, compression="zstd", index=False)
    return sink.getvalue()

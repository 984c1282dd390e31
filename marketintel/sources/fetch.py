"""Execution of a request plan: answers into snapshots, continuing where an earlier run stopped.

Every answer is kept as it comes, so a run that was killed, refused or switched off loses at most
the request it was at. A snapshot is written once its source is complete: the rows of the vintage
before it, with those replaced that were queried and answered. What a provider no longer has is
not thereby deleted here. If nothing changed, no new vintage is made. What is saved has been
validated as the tables will be, so that ``build`` accepts it.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from marketintel import files
from marketintel.errors import (
    DamagedDataError,
    MarketIntelError,
    Refused,
    SourceError,
    StorageError,
    Unreachable,
)
from marketintel.parquet import geoparquet_bytes, parquet_bytes
from marketintel.sources import codes, snapshot
from marketintel.sources.catalogue import fetched
from marketintel.sources.cuts import Cuts, depth, part_name, refusal
from marketintel.sources.feeds import admit, save_admitted
from marketintel.sources.http.answers import UNFORESEEN, Answer, AnswerStore, one_line
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import redact
from marketintel.sources.http.retry import CLOCK, Clock
from marketintel.sources.merging import (
    Part,
    in_order,
    merged,
    sifted,
)
from marketintel.sources.plan import Plan, Step
from marketintel.sources.source import Source, codes_of

log = logging.getLogger("marketintel.sources")


@dataclass(frozen=True)
class Outcome:
    """Result of fetching one source.

    Attributes
    ----------
    vintage : str or None
        The new snapshot's; None if nothing changed, or if nothing was answered.
    rows : int
        Rows answered.
    asked, reused : int
        Requests sent; answers taken from earlier runs.
    notes : tuple of str
        On rows left out, with the reason.
    error : SourceError or None
        Reason why the source is not complete; what is complete has been saved.
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
            saved = f"; {self.rows:,} rows saved in vintage {self.vintage}" if self.vintage else ""
            return "; ".join([f"{done}{saved}; stopped: {self.error}", *self.notes])
        news = f"new vintage {self.vintage}" if self.vintage else "nothing new"
        return "; ".join([f"{done}, {self.rows:,} rows, {news}", *self.notes])


def answers_dir(data_dir: Path) -> Path:
    """Return the folder of kept answers: local, never published."""
    return data_dir / "local" / "answers"


def execute(
    plan: Plan,
    data_dir: Path,
    *,
    clock: Clock = CLOCK,
    progress: Callable[[str], None] | None = None,
    done: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Carry out a plan, source by source; a source that fails does not stop the others.

    Parameters
    ----------
    plan : Plan
        From :func:`marketintel.sources.plan.plan`.
    data_dir : Path
        Gets answers under ``local`` and snapshots under ``raw``.
    clock : Clock, optional
        Injectable time.
    progress : callable, optional
        Called with the source after each answer.
    done : callable, optional
        Called with the outcome of each source.

    Returns
    -------
    list of Outcome
        One a source, in the plan's order.
    """
    outcomes = []
    for source in dict.fromkeys(step.source for step in plan.steps):
        steps = [step for step in plan.steps if step.source == source]
        run = _Run(fetched()[source], data_dir, clock, progress)
        outcomes.append(run.outcome(steps))
        if done:
            done(outcomes[-1])
    return outcomes


class _Run:
    """Fetch of one source."""

    def __init__(
        self,
        source: Source,
        data_dir: Path,
        clock: Clock,
        progress: Callable[[str], None] | None,
    ) -> None:
        self.source = source
        self.data_dir = data_dir
        self.clock = clock
        self.progress = progress
        self.asked = self.reused = 0
        self.newest = datetime.min.replace(tzinfo=UTC)
        self.notes: list[str] = []
        self.refused: list[tuple[str, SourceError]] = []
        self.cuts = Cuts(answers_dir(data_dir) / source.name)
        self.clients: list[Client] = []

    def outcome(self, steps: list[Step]) -> Outcome:
        """Fetch; whatever goes wrong is this source's own and one line."""
        vintage, rows, failed = None, 0, None
        try:
            done = self._ask_all(steps)
            vintage, rows = self._save(steps, done)
        except StorageError:
            raise  # the next source would meet the same disk
        except Exception as error:
            failed = self._trouble(error)
            # What the answers say together cannot be a table: all are asked for again.
            if not isinstance(error, OSError):
                for client in self.clients:
                    client.forget()
        failed = failed or refusal(self.refused)
        self.asked += sum(client.requests_sent for client in self.clients)
        self.reused += sum(client.reused for client in self.clients)
        return Outcome(
            self.source.name, vintage, rows, self.asked, self.reused, tuple(self.notes), failed
        )

    def _trouble(self, error: Exception) -> SourceError:
        """Return any error as one line that names the source and holds no key."""
        if isinstance(error, SourceError):
            return error
        source = self.source.name
        if isinstance(error, MarketIntelError):
            return SourceError(redact(f"{source}: {' '.join(str(error).split())}"))
        if isinstance(error, OSError):
            return SourceError(f"{source}: {one_line(error)}; check the disk and its permissions")
        log.debug("%s", source, exc_info=error)
        return SourceError(
            f"{source}: the answers are not built as expected ({type(error).__name__}: "
            f"{one_line(error)}); run the same command again, and report it if it stays"
        )

    def _seen(self, answer: Answer) -> None:
        self.newest = max(self.newest, answer.retrieved_at)
        if self.progress:
            self.progress(self.source.name)

    def _ask_all(self, steps: list[Step]) -> list[Part]:
        """Ask part by part; one that is refused does not take the others with it."""
        done: list[Part] = []
        parts = [(step, part) for step in steps for part in self.source.parts(step.query)]
        for n, (step, part) in enumerate(parts):
            try:
                self._ask_part(step, part, done)
            except Unreachable as error:
                self.refused.append((part_name(part), error))
                rest = SourceError("not asked")
                self.refused += [(part_name(query), rest) for _, query in parts[n + 1 :]]
                break
        return done

    def _ask_part(self, step: Step, part: Any, done: list[Part]) -> None:
        """Ask one part; where it is refused ask its halves, until what is refused stands alone."""
        waiting, in_a_row = [part], 0
        refused: list[tuple[str, SourceError]] = []
        cut: list[Any] = []
        while waiting:
            query = waiting.pop(0)
            if halves := self.cuts.halves(query):
                waiting[:0] = halves
                continue
            try:
                done.append((self._ask(step, query), set(codes_of(query))))
                in_a_row = 0
            except (StorageError, OSError, Unreachable):
                raise
            except Exception as error:
                in_a_row += 1
                if in_a_row > depth(part) + 1:  # no bit of it is what is refused: all of it is
                    self.cuts.drop(cut)
                    self.refused.append((part_name(part), self._trouble(error)))
                    return
                if isinstance(error, Refused) and self.cuts.cut(query):
                    cut.append(query)
                    waiting.insert(0, query)
                else:
                    refused.append((part_name(query), self._trouble(error)))
        self.refused += refused

    def _ask(self, step: Step, query: Any) -> pd.DataFrame:
        store = AnswerStore(answers_dir(self.data_dir) / self.source.name, step.max_age_s)
        store.sweep()
        with Client(self.source.service, store, self.clock, self._seen) as client:
            self.clients.append(client)
            try:
                rows = self.source.fetch(query, client)
            except OSError:
                raise
            except Exception:
                # Answers that came before one that failed are good. If it is the answers together
                # that make no sense, all are asked for again.
                if not client.failed:
                    client.forget()
                raise
        self.notes = codes.merged_notes(self.notes, rows.attrs["notes"])
        return rows

    def _save(self, steps: list[Step], done: list[Part]) -> tuple[str | None, int]:
        """Return the new vintage, if there is one, and the number of rows answered."""
        codes.write(self.data_dir, self.source.name, self.notes)
        total = sum(len(rows) for rows, _ in done)
        if not total:
            if not self.refused:
                self.notes.append("the provider has no data")
            return None, 0
        day = (self.newest if self.newest.year > 1 else datetime.now(UTC)).date()
        with files.locked(self.data_dir):  # two at once would each leave out the other's rows
            return self._keep(steps, [part for part in done if len(part[0])], day), total

    def _keep(self, steps: list[Step], done: list[Part], day: date) -> str | None:
        """Write a snapshot of the earlier rows and the new ones; return its vintage if new."""
        source = self.source
        before, held = self._before()
        if source.polygons:
            whole = done[-1][0]
            payload = geoparquet_bytes(whole)
        else:
            whole = merged(held, done, source.groups)
            payload = parquet_bytes(whole)
        if before and (
            hashlib.sha256(payload).hexdigest() == before.meta.sha256
            # The same figures written otherwise, as those shipped with the project may be.
            or (held is not None and parquet_bytes(in_order(held)) == payload)
        ):
            return None
        folder = self.data_dir / "raw" / source.name
        tomorrow = datetime.now(UTC).date() + timedelta(days=1)
        # An answer kept for long may be older than a vintage that is there: the newest vintage is
        # the one that was made last all the same.
        days = [s.meta.retrieved_at for s in snapshot.list_snapshots(self.data_dir, source.name)]
        day = max([day, *(d for d in days if d <= tomorrow)])
        vintage: str = next(v for v in _vintages(day) if not (folder / v).exists())
        parameters = {
            "questions": [step.what for step in steps],
            "codes": sorted({code for step in steps for code in codes_of(step.query)}),
            "built_on": before.meta.vintage if before else None,
        } | ({"notes": self.notes} if self.notes else {})
        if not source.redistributable:
            files.write_atomic(folder / ".gitignore", b"*\n")
        save_admitted(self.data_dir, source.cite(vintage, parameters, day), source.file, whole,
                      payload)  # fmt: skip
        return vintage

    def _before(self) -> tuple[snapshot.Snapshot | None, pd.DataFrame | None]:
        """Return the latest vintage that can be built upon, and its rows.

        Rows that break a rule of today are not carried along, and a vintage that has no usable
        form is passed over for the one before; both are noted.
        """
        file = self.source.file
        citation = self.source.cite("new", {}, datetime.now(UTC).date())
        for found in snapshot.vintages(self.data_dir, self.source.name):
            if isinstance(found, DamagedDataError):
                self.notes.append(f"not built upon: {found}")
                continue
            same = next((s for s in found if s.meta.file == file), None)
            if same is None or self.source.polygons:
                return same, None
            try:
                held = pd.read_parquet(same.path)
                if absent := [c for c in self.source.groups if c not in held]:
                    raise DamagedDataError(f"{same.path}: column '{absent[0]}' is missing")
                good = sifted(held, partial(admit, meta=citation, file=file))
            except (MarketIntelError, *UNFORESEEN, pa.ArrowException) as error:
                self.notes.append(
                    f"vintage {same.meta.vintage} is not built upon: {one_line(error)}"
                )
                continue
            if len(good) < len(held):
                lost = len(held) - len(good)
                self.notes.append(
                    f"{lost} rows of vintage {same.meta.vintage} break a rule and are left out"
                )
            return same, good
        return None, None


def _vintages(day: date) -> Any:
    yield day.isoformat()
    for n in range(2, 100):
        yield f"{day.isoformat()}.{n:02}"

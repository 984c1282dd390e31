"""Refresh of a series: only documents whose inputs, parameters or code changed are made again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from marketintel import files
from marketintel.documents.document import document_class
from marketintel.documents.editions import state, worker
from marketintel.documents.editions.plan import Plan, Task
from marketintel.documents.engine import run as engine
from marketintel.documents.engine.scrub import scrub_text
from marketintel.errors import ReportError
from marketintel.warehouse.build import build

#: Most bytes of the log; then it is begun again, and the one before is kept as ``log.1.jsonl``.
_LOG_BYTES = 4 << 20


@dataclass
class Summary:
    """Result of a refresh.

    Attributes
    ----------
    documents : list of dict
        document, parameters, status (``made``, ``unchanged``, ``failed``; ``due`` in a dry run),
        reasons, folder, seconds, error.
    fetched : str
        Trouble of fetching; empty if there was none.
    seconds : float
        Of the whole.
    """

    documents: list[dict[str, Any]] = field(default_factory=list)
    fetched: str = ""
    seconds: float = 0.0
    _codes: list[int] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0; 6 if only fetching failed; that of the documents' errors if it is one, else 7."""
        if not self._codes:
            return 6 if self.fetched else 0
        return self._codes[0] if len(set(self._codes)) == 1 else ReportError.exit_code

    def count(self, status: str) -> int:
        """Return how many documents have a status."""
        return sum(one["status"] == status for one in self.documents)

    def add(self, task: Task, status: str, why: list[str], result: worker.Result) -> dict[str, Any]:
        """Note the end of a document and return its line."""
        line = {"document": task.document, "parameters": task.values, "status": status, "reasons": why,
                "folder": result.folder, "seconds": result.seconds, "error": result.error}  # fmt: skip
        self.documents.append(line)
        if result.error:
            self._codes.append(result.exit_code)
        return line

    def as_json(self) -> str:
        """Return all of it for programs."""
        counts = {s: self.count(s) for s in ("made", "unchanged", "failed", "due")}
        whole = {"exit_code": self.exit_code, **counts, "fetched": self.fetched, "seconds": self.seconds,
                 "documents": self.documents}  # fmt: skip
        return json.dumps(whole, ensure_ascii=False, indent=1)


def due(plan: Plan, data: Path, reports: Path, only: list[str]) -> list[tuple[Task, list[str]]]:
    """Return each task that was chosen, with the reasons why it must be made; none if it need not."""
    now, versions = state.Data(data), engine.versions()
    return [
        (task, state.reasons(task, state.load_state(reports, task), now, reports, versions))
        for task in plan.chosen(only)
    ]


def refresh(
    plan: Plan,
    *,
    data: Path,
    reports: Path,
    only: list[str],
    jobs: int = 1,
    fetch: Callable[[], str] = str,
    told: Callable[[dict[str, Any]], None] = lambda _: None,
    work: worker.Work = worker.write_document,
) -> Summary:
    """Make every document that is due; a document that fails does not stop the others.

    Parameters
    ----------
    plan : Plan
        See :func:`marketintel.documents.editions.plan.load_plan`.
    data, reports : Path
        Folders of data and of editions.
    only : list of str
        Limits the tasks; see :meth:`Plan.chosen`.
    jobs : int
        Documents made side by side.
    fetch : callable, optional
        Fetches what is stale and returns its trouble, if any.
    told : callable, optional
        Called with the line of each document as it ends.
    work : callable, optional
        Makes a document.

    Raises
    ------
    StorageError
        Another refresh of this folder runs, or the folder cannot be written to.
    """
    begun, home = time.monotonic(), reports / state.HOME
    files.check_folder(home)
    with files.locked(home, wait_s=0):
        summary = Summary(fetched=fetch())
        waves: dict[bool, list[Task]] = {}
        tasks = due(plan, data, reports, only)
        if any(why for _, why in tasks):
            build(data)  # once, before several processes ask for it
        why_of = {task.key: why for task, why in tasks}
        for task, why in tasks:
            if why:
                # Documents that link to others come after them.
                late = "beside" in vars(document_class(task.document))
                waves.setdefault(late, []).append(task)
            else:
                held = state.load_state(reports, task) or state.State()
                told(summary.add(task, "unchanged", [], worker.Result(held.folder)))
        limits = (reports, data, plan.settings.timeout_s, plan.settings.memory_mb)
        for wave in sorted(waves):
            now = state.Data(data)
            before = {task.key: state.now_of(task, now) for task in waves[wave]}
            made = [worker.Job(task, *limits) for task in waves[wave]]
            for job, result in worker.run_all(made, jobs, work):
                task = job.task
                _keep(reports, task, before[task.key], result, now)
                status = "failed" if result.error else "made"
                line = summary.add(task, status, why_of[task.key], result)
                _log(home, line)
                told(line)
        summary.seconds = round(time.monotonic() - begun, 1)
        files.write_atomic(home / "summary.json", f"{summary.as_json()}\n".encode())
    return summary


def _keep(
    reports: Path, task: Task, made_from: state.State, result: worker.Result, now: state.Data
) -> None:
    """Write the state of a document; after a failure, with the last good edition's folder."""
    if result.error:
        last = state.load_state(reports, task)
        made_from.folder = last.folder if last else ""
        made_from.error = scrub_text(result.error, Path.cwd())
    else:
        made_from.folder = result.folder
        made_from.took(result.run or {}, now)
    state.save_state(reports, task, made_from)


def _log(home: Path, line: dict[str, Any]) -> None:
    log = home / "log.jsonl"
    with files.storage_errors(log):
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(home / "log.1.jsonl")
        entry = {"at": datetime.now(UTC).isoformat(timespec="seconds"), **line}
        with log.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry, ensure_ascii=False) + "\n")

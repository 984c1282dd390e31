"""A process for each document: it may hang, eat memory or die without harm to the others."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import FrameType
from typing import Any, cast

from marketintel.documents.editions.plan import Task
from marketintel.errors import MarketIntelError, ReportError
from marketintel.files import storage_error

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_GRACE_S = 20.0
#: Beyond twice the time of a cell, for what is not a cell.
_SLACK_S = 60


@dataclass(frozen=True)
class Job:
    """A document to be made, and its limits.

    Attributes
    ----------
    task : Task
        Document and parameters.
    reports, data : Path
        Folders of editions and of data.
    timeout_s, memory_mb : int
        Longest time of a cell, and most memory of a process.
    """

    task: Task
    reports: Path
    data: Path
    timeout_s: int
    memory_mb: int


@dataclass(frozen=True)
class Result:
    """End of a job: the edition's folder and record, or one line on why there is none."""

    folder: str = ""
    run: dict[str, Any] | None = None
    error: str = ""
    exit_code: int = 0
    seconds: float = 0.0


Work = Callable[[Job], Result]


def write_document(job: Job) -> Result:
    """Write a document."""
    from marketintel.documents.document import write

    done = write(job.task.document, reports_dir=job.reports, data_dir=job.data, progress=False,
                 timeout_s=job.timeout_s, **job.task.values)  # fmt: skip
    return Result(done.folder.relative_to(job.reports).as_posix(), done.run)


def run_all(
    jobs: Sequence[Job], workers: int, work: Work = write_document
) -> Iterator[tuple[Job, Result]]:
    """Do jobs side by side, each in a process of its own; yield each as it ends.

    Processes are forked from one that has imported what documents need.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["marketintel.documents.editions.preload"])
    waiting, running = deque(jobs), dict[Connection, tuple[Job, Any, float]]()
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                job = waiting.popleft()
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_process, args=(job, work, theirs))
                process.start()
                theirs.close()
                running[ours] = job, process, time.monotonic()
            for ours in cast(list[Connection], wait(list(running), timeout=0.5)):
                job, process, begun = running.pop(ours)
                yield job, _ended(ours, process, time.monotonic() - begun)
            for ours, (job, process, begun) in list(running.items()):
                if time.monotonic() - begun > 2 * job.timeout_s + _SLACK_S:
                    del running[ours]
                    _stop(process)
                    text = f"stopped after {time.monotonic() - begun:.0f} seconds; raise timeout_s in the plan"
                    yield (
                        job,
                        Result(
                            error=text,
                            exit_code=ReportError.exit_code,
                            seconds=time.monotonic() - begun,
                        ),
                    )
    finally:
        for _, process, _ in running.values():
            process.terminate()
        for _, process, _ in running.values():
            _stop(process)


def _ended(ours: Connection, process: Any, seconds: float) -> Result:
    try:
        result: Result = ours.recv()
    except EOFError:
        process.join()
        by = (
            f"by signal {-process.exitcode}" if process.exitcode < 0 else f"with {process.exitcode}"
        )
        text = f"its process ended {by}; out of memory, often: see memory_mb in the plan"
        result = Result(error=text, exit_code=ReportError.exit_code)
    process.join(_GRACE_S)
    _stop(process)
    return Result(**(vars(result) | {"seconds": round(seconds, 1)}))


def _stop(process: Any) -> None:
    """End a process; it has some time to clear up."""
    if process.is_alive():
        process.terminate()
        process.join(_GRACE_S)
    if process.is_alive():
        process.kill()
        process.join()


def _process(job: Job, work: Work, answer: Connection) -> None:
    """Do one job in a process of its own and send its result."""
    signal.signal(signal.SIGTERM, _unwind)
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)
    # Of what a process writes itself, errors are sent; the rest is not for the terminal.
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)
    limit = job.memory_mb << 20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    try:
        result = work(job)
    except MarketIntelError as error:
        result = Result(error=" ".join(str(error).split()), exit_code=error.exit_code)
    except MemoryError:
        result = Result(error=f"more than {job.memory_mb} MB of memory were asked for; raise memory_mb in "
                        "the plan", exit_code=ReportError.exit_code)  # fmt: skip
    except OSError as error:
        trouble = storage_error(error)
        result = Result(error=str(trouble), exit_code=trouble.exit_code)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"
        result = Result(error=" ".join(text.split()), exit_code=1)
    with suppress(OSError):  # nobody waits any more
        answer.send(result)


def _unwind(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(128 + number)

"""The draft of an edition, and how it takes the place of the last one.

A draft is ``.draft-…/edition`` inside ``reports/`` (same file system), under a lock that lasts as
long as the run: what a killed run left is told by its lock being free, from any container or host
that shares the folder. A finished draft and the last edition exchange their names in one step, so
a reader always finds one of them, plain folders stay plain, and nothing is lost if the run is
killed between any two steps. (Links to numbered editions would do the same, but do not survive
being copied, zipped or served from everywhere.)
"""

import functools
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from marketintel import files

_PREFIX = ".draft-"


@contextmanager
def draft(reports_dir: Path) -> Iterator[Path]:
    """Lend a folder that is gone afterwards, whatever happened, unless put in place."""
    with ExitStack() as stack:
        with files.locked(reports_dir):
            rescue = functools.partial(_bring_back, reports_dir=reports_dir)
            home = stack.enter_context(files.temporary_folder(reports_dir, _PREFIX, rescue))
        edition = home / "edition"
        edition.mkdir()
        yield edition


def put_in_place(edition: Path, folder: Path, reports_dir: Path) -> None:
    """Exchange the last edition for the new one; the caller holds the lock of `reports_dir`."""
    with files.storage_errors(folder):
        files.sync(edition)
        folder.parent.mkdir(exist_ok=True)
        if not os.path.lexists(folder):
            edition.rename(folder)
        elif not files.exchange(edition, folder):
            _move(edition, folder, reports_dir)


def _move(edition: Path, folder: Path, reports_dir: Path) -> None:
    """Do the same where there is no exchange; if it fails, the last edition is back."""
    home = edition.parent
    (home / "target").write_text(folder.relative_to(reports_dir).as_posix(), encoding="utf-8")
    folder.rename(home / "old")
    try:
        edition.rename(folder)
    finally:
        _bring_back(home, reports_dir)


def _bring_back(home: Path, reports_dir: Path) -> None:
    """Put a moved edition back, unless another has its place."""
    if (home / "old").is_dir():
        target = reports_dir / (home / "target").read_text(encoding="utf-8")
        if not os.path.lexists(target):
            (home / "old").rename(target)

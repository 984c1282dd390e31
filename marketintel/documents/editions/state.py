"""State of a series: what each document was made from, kept beside the editions in ``_refresh``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from marketintel.documents.document import NAMES, document_class
from marketintel.documents.editions.plan import Task
from marketintel.files import visible, write_atomic
from marketintel.places import notebook_path
from marketintel.reference.files import REFERENCE_DIR
from marketintel.sources import snapshot

#: Folder within ``reports`` for lock, states, log and summary; no edition has such a name.
HOME = "_refresh"
_PACKAGE = REFERENCE_DIR.parent
_CODE = (".py", ".j2", ".toml", ".typ", ".html", ".svg")


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


@cache
def _code_files() -> dict[str, str]:
    """Return the digest of each file of code; reference files are inputs, the command line none."""
    found = {}
    for file in sorted(_PACKAGE.rglob("*")):
        name = file.relative_to(_PACKAGE)
        if file.suffix in _CODE and name.parts[0] not in ("cli", "_starter", "_notebooks"):
            if name.parts[0] == "reference" and file.suffix != ".py":
                continue
            if name.parts[:2] != ("documents", "editions"):
                found[name.as_posix()] = snapshot.sha256_of(file)
    return found


@cache
def code(document: str) -> str:
    """Return the digest of all code behind a document: its own and what documents share."""
    others = {f"documents/{name}/" for name in NAMES if name not in _family(document)}
    files = [f"{n} {d}" for n, d in _code_files().items() if not n.startswith(tuple(others))]
    kinds = [document_class(name) for name in _family(document)]
    notebooks = [notebook_path(n) for k in kinds for n in (k.notebook, k.one_page_notebook) if n]
    return _digest([*files, *map(snapshot.sha256_of, notebooks)])


def _family(document: str) -> tuple[str, ...]:
    """Return a document and the one that answers where its data are missing."""
    return (document, "market_profile") if document == "market_study" else (document,)


@dataclass(frozen=True)
class Data:
    """The snapshots and edited files that are here now."""

    root: Path

    @cached_property
    def sources(self) -> dict[str, str]:
        """Digest of the newest vintage of each source."""
        return {name: _digest(f"{one.path.name} {one.meta.sha256}" for one in files)
                for name, files in self._newest.items()}  # fmt: skip

    @cached_property
    def _newest(self) -> dict[str, list[snapshot.Snapshot]]:
        return {name: snapshot.find(self.root, name) for name in snapshot.sources(self.root)}

    @cached_property
    def days(self) -> dict[str, str]:
        """Day on which each source was retrieved last."""
        return {name: max(one.meta.retrieved_at for one in files).isoformat()
                for name, files in self._newest.items()}  # fmt: skip

    @cached_property
    def edited(self) -> dict[str, str]:
        """Digest of each reference file and each file of the user's own, by name."""
        own = {f"local/{f.name}": f for f in visible(self.root / "local", "*") if f.is_file()}
        shipped = {f"reference/{f.relative_to(REFERENCE_DIR).as_posix()}": f
                   for f in REFERENCE_DIR.rglob("*") if f.is_file() and f.suffix != ".py"}  # fmt: skip
        return {name: snapshot.sha256_of(file) for name, file in (shipped | own).items()}


@dataclass
class State:
    """Inputs, parameters and code that a document was made from.

    Attributes
    ----------
    folder : str
        Of the edition within ``reports``; empty if none was made.
    code : str
        Digest of the code.
    versions : dict
        Of the libraries.
    sources : dict
        Digest of every source there was.
    read : list of str
        Sources that were read.
    edited : dict
        Digest of each edited file that was read.
    given : dict
        Digest of each file that a parameter names.
    own : list of str
        Names of the user's own files there were.
    error : str
        Of the last run; empty if it was well.
    """

    folder: str = ""
    code: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)
    edited: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    own: list[str] = field(default_factory=list)
    error: str = ""

    def took(self, run: dict[str, Any], now: Data) -> None:
        """Note what an edition was made from, from its ``run.json``."""
        inputs = run.get("inputs", {})
        self.read = sorted({n.split("/")[1] for n in inputs if n.startswith("raw/")})
        self.edited = {n: d for n, d in inputs.items() if n in now.edited}
        self.versions = run.get("versions", {})


def now_of(task: Task, now: Data) -> State:
    """Return the part of a state that is known before the document is made."""
    given = {}
    for value in task.values.values():
        if isinstance(value, str) and Path(value).suffix and (file := Path(value)).is_file():
            given[value] = snapshot.sha256_of(file)
    own = sorted(name for name in now.edited if name.startswith("local/"))
    return State(code=code(task.document), sources=now.sources, given=given, own=own)


def reasons(
    task: Task, last: State | None, now: Data, reports: Path, versions: dict[str, str]
) -> list[str]:
    """Return why a document must be made again; empty if it need not."""
    if last is None:
        return ["never made"]
    if last.error:
        return [f"failed last time: {last.error}"]
    current = now_of(task, now)
    found = []
    if not _is_whole(reports / last.folder):
        found.append(f"edition {last.folder} is not there or not whole")
    if last.code != current.code:
        found.append("code changed")
    found += [f"{name} {old} became {versions[name]}" for name, old in last.versions.items()
              if versions.get(name, old) != old]  # fmt: skip
    found += [f"new figures of {name}" for name in last.read
              if now.sources.get(name) != last.sources.get(name)]  # fmt: skip
    found += [f"new source {name}" for name in now.sources if name not in last.sources]
    found += [f"{name} changed" for name, old in last.edited.items() if now.edited.get(name) != old]
    found += [f"{name} changed" for name in {*last.given, *current.given}
              if last.given.get(name) != current.given.get(name)]  # fmt: skip
    found += [f"{name} is new" for name in current.own if name not in last.own]
    return found


def _is_whole(folder: Path) -> bool:
    try:
        files = json.loads((folder / "run.json").read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return all((folder / name).is_file() for name in files)


def state_path(reports: Path, task: Task) -> Path:
    """Return the file of a task's state."""
    return reports / HOME / "state" / f"{hashlib.sha256(task.key.encode()).hexdigest()[:16]}.json"


def load_state(reports: Path, task: Task) -> State | None:
    """Read the state of a task; None if there is none, or it cannot be read."""
    try:
        held = json.loads(state_path(reports, task).read_text(encoding="utf-8"))
        return State(**held["state"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def save_state(reports: Path, task: Task, state: State) -> None:
    """Write the state of a task in one step."""
    text = json.dumps({"task": task.key, "state": vars(state)}, ensure_ascii=False, indent=1)
    write_atomic(state_path(reports, task), f"{text}\n".encode())

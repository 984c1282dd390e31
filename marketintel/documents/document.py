"""Documents: parameters, facts, cover and chapters of each, and the registry of all."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import pickle
import re
from collections.abc import Mapping
from dataclasses import MISSING
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from marketintel.documents.declared import Parameters
from marketintel.documents.engine.naming import folder_name
from marketintel.documents.tables import Tables
from marketintel.errors import MissingDataError, UsageError
from marketintel.places import notebook_path

if TYPE_CHECKING:
    import pandas as pd

    from marketintel.documents.engine.blocks import Stack
    from marketintel.documents.engine.cover import Cover
    from marketintel.documents.engine.run import Edition

#: Folders of this package that hold a document; each has a module ``document`` with one class.
NAMES = (
    "market_study", "market_profile", "outlook", "screening", "s3_brief", "mission", "clusters", "kpi_monitor",
    "roadmap", "needs",
)  # fmt: skip

#: Environment variable with the path of facts that the parent process has computed.
HANDOVER = "MARKETINTEL_FACTS"


class _Chapters:
    """Chapters of a document in the order of its notebook."""

    def __get__(self, one: Document | None, owner: type[Document]) -> tuple[str, ...]:
        return _chapters_of(notebook_path((one or owner).notebook))


@functools.cache
def _chapters_of(notebook: Path) -> tuple[str, ...]:
    text = notebook.read_text(encoding="utf-8")
    sources = ("".join(cell["source"]) for cell in json.loads(text)["cells"])
    found = (re.fullmatch(r'doc\.chapter\("(\w+)"\)', source.strip()) for source in sources)
    return tuple(match[1] for match in found if match)


class Document:
    """A document about one question: parameters, facts, cover and chapters.

    Parameters
    ----------
    parameters : Parameters
        Instance of the class's own dataclass.
    data_dir : Path, optional
        Default: the user's or the project's data.

    Attributes
    ----------
    facts : object
        Figures of the document, computed once; views and chapters read nothing else.
    record : tuple of list of str
        Sources and files read for it.
    """

    name: ClassVar[str]
    command: ClassVar[str]
    notebook: str
    #: Notebook of the form on one printed page; empty if there is none.
    one_page_notebook: ClassVar[str] = ""
    help: ClassVar[str]
    chapters: ClassVar[Any] = _Chapters()
    Parameters: ClassVar[type[Parameters]]
    #: Names of the files of :meth:`files`.
    more_files: ClassVar[tuple[str, ...]] = ()
    #: Name of the document that was asked for, where this one answers instead.
    stands_for = ""

    def __init__(self, parameters: Any, data_dir: Path | None = None) -> None:
        from marketintel.warehouse import reads

        self.parameters, self.data_dir = parameters, data_dir
        if self.is_one_page:
            self.notebook = self.one_page_notebook
        with reads.recorded() as self.record:
            self.facts = self.load()
        self.memo: dict[Any, Any] = {}

    @classmethod
    def beside(cls, reports_dir: Path) -> dict[str, Any]:
        """Return internal parameters taken from the editions that are already there."""
        return {}

    @classmethod
    def instead(cls, parameters: Any, data_dir: Path | None) -> str:
        """Name the document that answers these parameters where data are missing; empty if none."""
        return ""

    def load(self) -> Any:
        """Check the parameters and return the facts."""
        raise NotImplementedError

    def cover(self) -> Cover:
        """Return the title page."""
        raise NotImplementedError

    def resolved(self) -> dict[str, Any]:
        """Return the parameters as plain values with names resolved and defaults filled in."""
        return dataclasses.asdict(self.parameters)

    def folder(self) -> str:
        """Return the folder within an edition; every parameter that changes a figure is in it."""
        values = self.resolved()
        for field in dataclasses.fields(self.parameters):
            if field.metadata["file"] and values[field.name]:
                values[field.name] = file_digest(values[field.name])
        return folder_name(self.command, *map(str, values.values()))

    @property
    def as_of(self) -> str:
        """Day or month that the document looks at; empty if none."""
        return str(getattr(self.parameters, "as_of", ""))

    @property
    def is_one_page(self) -> bool:
        """True if the form on one printed page is asked for."""
        return bool(getattr(self.parameters, "one_page", False))

    @property
    def language(self) -> str:
        """BCP 47 tag of the chapters."""
        return str(getattr(self.parameters, "language", "en"))

    def files(self) -> dict[str, str]:
        """Return further texts of the edition, by file name."""
        return {}

    def chapter(self, name: str) -> Stack:
        """Return a chapter as blocks; a gap is stated in its place if its data are missing."""
        from marketintel.documents.chapters import chapter
        from marketintel.warehouse import reads

        record = self.__dict__.setdefault("record", ([], []))  # of facts made elsewhere: none
        with reads.recorded(record):
            return chapter(self, name)

    @cached_property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Tables of all chapters as frames, by the name of their file; made when asked for."""
        return Tables(self)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "memo": {}, "tables": Tables(self)}


def file_digest(path: str) -> str:
    """Return the first digits of a file's digest, for the name of a folder; nothing without one."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:8] if path else ""


def document_class(name: str) -> type[Document]:
    """Return the class of a document.

    Raises
    ------
    UsageError
        There is no such document.
    """
    if name not in NAMES:
        raise UsageError(f"no document {name!r}; there are {', '.join(NAMES)}")
    module = import_module(f"marketintel.documents.{name}.document")
    classes = (one for one in vars(module).values() if isinstance(one, type))
    return next(c for c in classes if issubclass(c, Document) and c.__module__ == module.__name__)


def open_document(name: str, data_dir: Path | str | None = None, **values: Any) -> Document:
    """Compute the facts of a document, or take those that the parent process has computed.

    Parameters
    ----------
    name : str
        Of :data:`NAMES`.
    data_dir : path, optional
        Default: the user's or the project's data.
    values : object
        Parameters; see the document's ``Parameters``.

    Raises
    ------
    UsageError
        Document, parameter or a value of it is unknown.
    MissingDataError
        The data do not answer this question.
    """
    cls = document_class(name)
    known = [field.name for field in dataclasses.fields(cls.Parameters)]
    if wrong := sorted(set(values) - set(known)):
        raise UsageError(f"{name} has no parameter {', '.join(wrong)}; it has {', '.join(known)}")
    if (path := os.environ.get(HANDOVER)) and Path(path).exists():
        from marketintel.warehouse import reads

        document: Document
        given, document = pickle.loads(Path(path).read_bytes())  # noqa: S301 - our parent's
        if given == (cls.name, values):
            reads.restore(document.record)
            return document
    try:
        parameters = cls.Parameters(**values)
    except TypeError as error:
        needed = [f.name for f in dataclasses.fields(cls.Parameters) if _is_required(f)]
        raise UsageError(f"{name} needs {', '.join(needed)}: {error}") from error
    folder = Path(data_dir) if data_dir else None
    try:
        return cls(parameters, folder)
    except MissingDataError as missing:
        if not (other := cls.instead(parameters, folder)):
            raise
        try:
            answer = document_class(other)(parameters, folder)
        except MissingDataError:  # what the document asked for lacks is the answer
            raise missing from None
        answer.stands_for = cls.name
        return answer


def write(
    name: str,
    *,
    reports_dir: Path = Path("reports"),
    edition: str | None = None,
    data_dir: Path | None = None,
    progress: bool = True,
    timeout_s: int | None = None,
    **values: Any,
) -> Edition:
    """Write a document: check its question, run its notebook, render and publish the edition.

    Parameters
    ----------
    name, data_dir, values
        As of :func:`open_document`; checked before anything is written.
    reports_dir : Path
        Editions are ``<reports_dir>/<edition>/<folder>/``.
    edition : str, optional
        Default: see :func:`marketintel.documents.engine.naming.edition_month`.
    progress : bool
        Show a progress bar.
    timeout_s : int, optional
        Longest time of a cell.

    Returns
    -------
    Edition
        Its ``folder`` holds report.html, report.pdf, tables/, run.json and the executed notebook.
    """
    from marketintel.documents.engine.run import run_notebook
    from marketintel.documents.engine.workbench import data_in_kernel
    from marketintel.files import scratch
    from marketintel.warehouse import reads

    values = {**document_class(name).beside(reports_dir), **values}
    document = open_document(name, data_dir, **values)
    with reads.recorded(document.record):
        cover, parameters, more = document.cover(), document.resolved(), document.files()
    given = (document.name, parameters)
    with scratch() as folder, data_in_kernel(data_dir, {HANDOVER: str(folder / "facts")}):
        (folder / "facts").write_bytes(pickle.dumps((given, document), protocol=5))
        return run_notebook(
            notebook_path(document.notebook),
            parameters,
            reports_dir=reports_dir,
            study=document.folder(),
            cover=cover,
            edition=edition,
            as_of=document.as_of,
            more=more,
            progress=progress,
            timeout_s=timeout_s,
        )


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING

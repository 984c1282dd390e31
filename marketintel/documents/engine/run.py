"""Run a study: execute its notebook, render it, and put the edition in place in one step.

Everything is made in a draft inside ``reports/``. Only a complete edition replaces the last one.
"""

import hashlib
import importlib.metadata
import json
import platform
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from marketintel import files
from marketintel.documents.engine import ledger, naming
from marketintel.documents.engine.blocks import Table
from marketintel.documents.engine.catalogue import write_index
from marketintel.documents.engine.changes import since_last
from marketintel.documents.engine.cover import Cover
from marketintel.documents.engine.document import Document
from marketintel.documents.engine.drafts import draft, put_in_place
from marketintel.documents.engine.html import settle_page
from marketintel.documents.engine.language import used, word
from marketintel.documents.engine.naming import folder_name
from marketintel.documents.engine.render import Rendered, read_document, render
from marketintel.documents.engine.scrub import scrub, scrub_text
from marketintel.documents.engine.tables import save_tables
from marketintel.errors import ReportError
from marketintel.reference.brand import Brand

# What computes figures or sets pages; the lock file has the rest.
_PACKAGES = (
    "marketintel",
    "duckdb",
    "geopandas",
    "matplotlib",
    "numpy",
    "pandas",
    "papermill",
    "pyarrow",
    "pypandoc_binary",
    "statsmodels",
    "typst",
    "xlsxwriter",
)


@dataclass(frozen=True)
class Edition:
    """A finished edition in its folder, with the content of its ``run.json``."""

    folder: Path
    run: dict[str, Any]

    @property
    def html(self) -> Path:
        """The web page."""
        return self.folder / "report.html"

    @property
    def pdf(self) -> Path:
        """The PDF."""
        return self.folder / "report.pdf"

    @property
    def notebook(self) -> Path:
        """The executed notebook."""
        return self.folder / "report.ipynb"

    @property
    def workbook(self) -> Path:
        """All tables as XLSX; each is beside it as CSV."""
        return self.folder / "tables" / "tables.xlsx"


def run_notebook(
    notebook: Path,
    parameters: Mapping[str, Any],
    *,
    reports_dir: Path,
    study: str,
    cover: Cover,
    edition: str | None = None,
    as_of: str = "",
    more: Mapping[str, str] | None = None,
    brand: Brand | None = None,
    cwd: Path | None = None,
    progress: bool = True,
    timeout_s: int | None = None,
) -> Edition:
    """Execute `notebook` and publish ``reports_dir/<edition>/<study>/``.

    Parameters
    ----------
    notebook : Path
        With a cell tagged ``parameters`` and blocks of :mod:`marketintel.documents.engine.blocks`.
    parameters : mapping
        Values for names in that cell; plain Python values.
    reports_dir : Path
        Made if absent.
    study : str
        Folder name: letters, digits, ``.``, ``_`` and ``-``.
    cover : Cover
        The title page, without the edition.
    edition : str, optional
        Folder name; default: :func:`marketintel.documents.engine.naming.edition_month` of what was read.
    as_of : str
        The day that the document looks at, if it looks at one.
    more : mapping, optional
        Further texts for the folder, by file name.
    brand : Brand, optional
        Default: ``reference/brand.toml``.
    cwd : Path, optional
        Where the notebook runs; default: the current folder.
    progress : bool
        Show papermill's progress bar.
    timeout_s : int, optional
        Longest time of a cell.

    Raises
    ------
    UsageError
        For a parameter that the notebook does not have, or an unusable edition or study name.
    ReportError
        If a cell fails or the report cannot be made; one line that names the cell, the reason and
        the executed notebook, kept in ``reports_dir/_failed``. Its exit code is that of the error
        raised in the cell if that is one of :mod:`marketintel.errors`. The last edition stays.
    StorageError
        If `reports_dir` or the temporary folder cannot be written to, or the disk is full.
    """
    from marketintel.documents.engine import notebooks

    naming.check(*filter(None, [edition, study]))
    cwd = (cwd or Path.cwd()).resolve()
    source = notebooks.read(notebook, parameters)
    files.check_folder(reports_dir / (edition or "") / study)
    timing: dict[str, Any] = {"started": datetime.now(UTC).isoformat(timespec="seconds")}
    begin = time.perf_counter()
    with (
        draft(reports_dir) as made,
        files.scratch() as temporary,
        files.storage_errors(reports_dir, always=False),
    ):
        executed = made / "report.ipynb"
        try:
            with _stopwatch(timing, "papermill_s"):
                notebooks.execute(source, executed, parameters, cwd, temporary, progress, timeout_s)
            document = read_document(executed)
            book = document.ledger
            audience = ledger.audience(book, parameters, cwd)
            edition = edition or naming.edition_month(book.get("days", []), as_of)
            folder = reports_dir / edition / study
            cover = replace(cover, edition=edition)
            about = {
                "notebook": notebook.stem,
                "audience": audience,
                "parameters": dict(parameters),
            }
            document = _opened(document, executed, asdict(cover) | about, reports_dir)
            rendered = _print(document, made, cover, audience, brand, timing)
            for name, text in (more or {}).items():
                (made / name).write_text(text, encoding="utf-8", newline="\n")
            found = settle_page(rendered.html, folder)
        except ReportError as error:
            kept = _keep(executed, reports_dir, f"{folder_name(edition, study)}.ipynb")
            raise _failure(notebook.name, error, kept, cwd) from error
        timing["total_s"] = round(time.perf_counter() - begin, 3)
        of_run = about | {"edition": edition, "study": study, "links": found}
        run = _record(cover, of_run, rendered, made) | {"timing": timing}
        run = _write_run(scrub(run, cwd), made)
        with files.locked(reports_dir):
            put_in_place(made, folder, reports_dir)
            write_index(reports_dir)
    return Edition(folder, run)


def _opened(document: Document, executed: Path, run: dict[str, Any], reports_dir: Path) -> Document:
    """Read the notebook again with what changed since the last edition before it, if there is one."""
    tables = {one.name: one.frame for one in document.blocks if isinstance(one, Table)}
    run |= {"inputs": document.ledger.get("inputs", {}), "versions": versions()}
    with used(run["language"]):
        first = since_last(tables, run, reports_dir)
    return read_document(executed, first) if first else document


def _print(
    document: Document,
    made: Path,
    cover: Cover,
    audience: str,
    brand: Brand | None,
    timing: dict[str, Any],
) -> Rendered:
    """Write pages and tables into the draft."""
    with used(cover.language):
        marked = replace(cover, edition=f"{cover.edition} ({word(audience)})")
    with _stopwatch(timing, "render_s"):
        rendered = render(document, made, marked, brand)
    with _stopwatch(timing, "tables_s"):
        _save(rendered, made, marked)
    return rendered


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that compute figures or set pages."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _write_run(run: dict[str, Any], folder: Path) -> dict[str, Any]:
    text = json.dumps(run, ensure_ascii=False, indent=1)
    (folder / "run.json").write_text(text + "\n", encoding="utf-8")
    return run


def _save(rendered: Rendered, draft: Path, cover: Cover) -> None:
    tables: dict[str, Table] = {}
    for block in rendered.document.blocks:
        if isinstance(block, Table):
            if block.name in tables:
                raise ReportError(f"two tables are called {block.name}: each needs its own file")
            tables[block.name] = block
    frames = {name: table.frame for name, table in tables.items()}
    captions = {name: table.caption for name, table in tables.items()}
    title = ", ".join(filter(None, [cover.title, cover.subtitle]))
    save_tables(frames, draft, title, cover.edition, captions)


def _record(
    cover: Cover,
    of_run: Mapping[str, Any],
    rendered: Rendered,
    draft: Path,
) -> dict[str, Any]:
    """All of ``run.json`` but the timing: the same for the same inputs."""
    files = sorted(file for file in draft.rglob("*") if file.is_file())
    return {
        **asdict(cover),
        **of_run,
        "inputs": rendered.document.ledger.get("inputs", {}),
        "versions": versions(),
        "warnings": rendered.warnings,
        "files": {
            file.relative_to(draft).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in files
        },
    }


@contextmanager
def _stopwatch(timing: dict[str, Any], stage: str) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    timing[stage] = round(time.perf_counter() - begin, 3)


def _keep(executed: Path, reports_dir: Path, name: str) -> Path | None:
    kept = reports_dir / "_failed" / name
    try:
        files.write_atomic(kept, executed.read_bytes())
    except OSError:  # of two troubles, the first is told
        return None
    return kept


def _failure(notebook: str, error: ReportError, kept: Path | None, cwd: Path) -> ReportError:
    where = f"; executed notebook kept as {_shown(kept)}" if kept else ""
    failure = ReportError(f"{notebook}: {scrub_text(str(error), cwd)}{where}")
    failure.exit_code = error.exit_code
    return failure


def _shown(path: Path) -> str:
    """As short as it can be typed from the current folder."""
    path, here = path.resolve(), Path.cwd().resolve()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)

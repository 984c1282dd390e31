"""Run a study: execute its notebook, render it, and put the edition in place in one step.

Everything is made in a temporary folder inside ``reports/`` (same file system, leading dot, the
process's number in its name). Only a complete edition replaces the last one.
"""

import hashlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel import errors
from marketintel.errors import ReportError, UsageError
from marketintel.report.blocks import Table
from marketintel.report.catalogue import write_index
from marketintel.report.render import Cover, Rendered, render
from marketintel.report.scrub import scrub_notebook, scrub_text
from marketintel.report.tables import save_tables
from marketintel.report.theme import Brand

if TYPE_CHECKING:
    from nbformat import NotebookNode

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_DRAFT = re.compile(r"\.(draft|old)-(\d+)-")
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
    """A finished edition in its folder, and what its ``run.json`` says."""

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


def run_study(
    notebook: Path,
    parameters: Mapping[str, Any],
    *,
    reports_dir: Path,
    edition: str,
    study: str,
    cover: Cover,
    inputs: Mapping[str, str] | None = None,
    brand: Brand | None = None,
    cwd: Path | None = None,
    progress: bool = True,
) -> Edition:
    """Execute `notebook` and publish ``reports_dir/<edition>/<study>/``.

    Parameters
    ----------
    notebook : Path
        With a cell tagged ``parameters`` and blocks of :mod:`marketintel.report.blocks`.
    parameters : mapping
        Values for names in that cell; plain Python values.
    reports_dir : Path
        Made if absent.
    edition, study : str
        Folder names: letters, digits, ``.``, ``_`` and ``-``.
    cover : Cover
        The title page.
    inputs : mapping of str to str, optional
        Name and SHA-256 of each file the figures come from, for ``run.json``.
    brand : Brand, optional
        Default: ``reference/brand.toml``.
    cwd : Path, optional
        Where the notebook runs; default: the current folder.
    progress : bool
        Show papermill's progress bar.

    Raises
    ------
    UsageError
        For a parameter that the notebook does not have, or an unusable edition or study name.
    ReportError
        If a cell fails or the report cannot be made; one line that names the cell, the reason and
        the executed notebook, kept in ``reports_dir/_failed``. Its exit code is that of the error
        raised in the cell if that is one of :mod:`marketintel.errors`. The last edition stays.
    """
    for name in (edition, study):
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name!r} cannot be a folder name: letters, digits, . _ and - only")
    cwd = (cwd or Path.cwd()).resolve()
    source = _read(notebook)
    _check_parameters(source, notebook.name, parameters)
    reports_dir.mkdir(parents=True, exist_ok=True)
    _sweep(reports_dir)
    timing: dict[str, Any] = {"started": datetime.now(UTC).isoformat(timespec="seconds")}
    begin = time.perf_counter()
    with _draft(reports_dir, study) as draft:
        executed = draft / "report.ipynb"
        try:
            with _stopwatch(timing, "papermill_s"):
                _execute(source, executed, parameters, cwd, progress)
            with _stopwatch(timing, "render_s"):
                rendered = render(executed, draft, cover, brand)
            with _stopwatch(timing, "tables_s"):
                _save(rendered, draft, cover)
        except ReportError as error:
            kept = _keep(executed, reports_dir, f"{edition}-{study}.ipynb")
            where = f"; executed notebook kept as {_shown(kept)}" if kept else ""
            failure = ReportError(f"{notebook.name}: {scrub_text(str(error), cwd)}{where}")
            failure.exit_code = error.exit_code
            raise failure from error
        timing["total_s"] = round(time.perf_counter() - begin, 3)
        run = _record(parameters, inputs or {}, edition, study, cover, rendered, draft)
        text = scrub_text(json.dumps({**run, "timing": timing}, ensure_ascii=False, indent=1), cwd)
        (draft / "run.json").write_text(text + "\n", encoding="utf-8")
        folder = reports_dir / edition / study
        _put_in_place(draft, folder, reports_dir)
    write_index(reports_dir)
    return Edition(folder, json.loads(text))


def _read(notebook: Path) -> "NotebookNode":
    import nbformat

    try:
        source = nbformat.read(notebook, as_version=4)
    except (OSError, ValueError, nbformat.reader.NotJSONError) as error:
        raise UsageError(f"{notebook}: not a readable notebook") from error
    # Whatever kernel the file was last saved with, it runs in this interpreter.
    source.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    return source


def _check_parameters(source: "NotebookNode", name: str, parameters: Mapping[str, Any]) -> None:
    import papermill

    known = papermill.inspect_notebook(source)
    if unknown := sorted(set(parameters) - set(known)):
        raise UsageError(
            f"{name} has no parameter {', '.join(unknown)}; it has {', '.join(known) or 'none'}"
        )


def _execute(
    source: "NotebookNode", executed: Path, parameters: Mapping[str, Any], cwd: Path, progress: bool
) -> None:
    """Run all cells; `executed` holds the scrubbed result, also of a failure."""
    import nbformat
    import papermill

    from marketintel.report.kernel import pinned_kernel

    with tempfile.TemporaryDirectory(prefix="study-") as folder:
        try:
            papermill.execute_notebook(
                source,
                str(executed),
                parameters=dict(parameters),
                kernel_name="python3",
                kernel_manager_class=pinned_kernel(Path(folder)),
                progress_bar=progress,
                cwd=str(cwd),
            )
        except papermill.PapermillExecutionError as error:
            if error.ename == "KeyboardInterrupt":
                raise KeyboardInterrupt from error
            reason = " ".join(f"{error.ename}: {error.evalue}".split())
            number = _source_cell(source, bool(parameters), error.cell_index)
            failure = ReportError(f"cell {number} failed: {reason}")
            kind = getattr(errors, error.ename, None)
            if isinstance(kind, type) and issubclass(kind, errors.MarketIntelError):
                failure.exit_code = kind.exit_code
            raise failure from error
        except RuntimeError as error:  # the kernel did not start, or died
            raise ReportError(f"the kernel stopped: {' '.join(str(error).split())}") from error
        finally:
            if executed.exists():
                result: NotebookNode = nbformat.read(executed, as_version=4)
                nbformat.write(scrub_notebook(result, cwd), executed)


def _source_cell(source: "NotebookNode", injected: bool, index: int) -> int:
    """Count a cell as its author does: from 1, without the one that papermill put in."""
    tagged = [
        i for i, cell in enumerate(source.cells) if "parameters" in cell.metadata.get("tags", [])
    ]
    return index + (0 if injected and tagged and index > tagged[0] else 1)


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
    parameters: Mapping[str, Any],
    inputs: Mapping[str, str],
    edition: str,
    study: str,
    cover: Cover,
    rendered: Rendered,
    draft: Path,
) -> dict[str, Any]:
    """All of ``run.json`` but the timing: the same for the same inputs."""
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    files = sorted(file for file in draft.rglob("*") if file.is_file())
    return {
        **asdict(cover),
        "edition": edition,
        "study": study,
        "parameters": dict(parameters),
        "inputs": dict(sorted(inputs.items())),
        "versions": versions,
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


@contextmanager
def _draft(reports_dir: Path, study: str) -> Iterator[Path]:
    """Lend a folder that is gone afterwards, whatever happened, unless moved into place."""
    folder = Path(tempfile.mkdtemp(prefix=f".draft-{os.getpid()}-{study}-", dir=reports_dir))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(draft: Path, folder: Path, reports_dir: Path) -> None:
    """Exchange the last edition for the new one; if that fails, the last one is back."""
    folder.parent.mkdir(exist_ok=True)
    if not folder.exists():
        draft.rename(folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f".old-{os.getpid()}-", dir=reports_dir))
    (old / "target").write_text(folder.relative_to(reports_dir).as_posix(), encoding="utf-8")
    folder.rename(old / "edition")
    try:
        draft.rename(folder)
    except BaseException:
        if not folder.exists():
            (old / "edition").rename(folder)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _sweep(reports_dir: Path) -> None:
    """Clear up after runs that were killed: bring back a moved edition, remove the rest."""
    for folder in sorted(reports_dir.glob(".*")):
        found = _DRAFT.match(folder.name)
        if not found or _alive(int(found[2])):
            continue
        if found[1] == "old" and (folder / "edition").is_dir():
            target = reports_dir / (folder / "target").read_text(encoding="utf-8")
            if not target.exists():
                (folder / "edition").rename(target)
        shutil.rmtree(folder, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _keep(executed: Path, reports_dir: Path, name: str) -> Path | None:
    if not executed.exists():
        return None
    kept = reports_dir / "_failed" / name
    kept.parent.mkdir(exist_ok=True)
    shutil.copyfile(executed, kept)
    return kept


def _shown(path: Path) -> str:
    """As short as it can be typed from the current folder."""
    path, here = path.resolve(), Path.cwd().resolve()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)

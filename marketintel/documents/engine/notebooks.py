"""Notebooks: read, executed by papermill, and kept without what belongs to this machine."""

# ruff: noqa: E402

import builtins
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# For web addresses jsonschema would build a grammar, more than a second long; none is checked here.
_IS_BARRED = sys.modules.setdefault("rfc3987_syntax", None) is None  # type: ignore[arg-type]

import nbformat
import papermill
from nbformat import NotebookNode
from papermill.engines import NBClientEngine, papermill_engines

if _IS_BARRED:
    del sys.modules["rfc3987_syntax"]

from marketintel import errors, files
from marketintel.documents.engine import ledger
from marketintel.documents.engine.kernel import last_words, pinned_kernel
from marketintel.documents.engine.scrub import scrub_notebook
from marketintel.errors import ReportError, UsageError


class _Engine(NBClientEngine):  # type: ignore[misc]
    """Papermill's engine; saves before the first cell and at the end, whatever happens."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        path, nb_man.output_path = nb_man.output_path, None
        try:
            super().execute_managed_notebook(nb_man, kernel_name, **options)
        finally:
            nb_man.output_path = path


papermill_engines.register("marketintel", _Engine)


def read(notebook: Path, parameters: Mapping[str, Any]) -> NotebookNode:
    """Read a notebook that is to run with `parameters`.

    Raises
    ------
    UsageError
        It cannot be read, or has not these parameters.
    """
    try:
        source: NotebookNode = nbformat.read(notebook, as_version=4)
    except (OSError, ValueError, nbformat.reader.NotJSONError) as error:
        raise UsageError(f"{notebook}: not a readable notebook") from error
    # Whatever kernel the file was last saved with, it runs in this interpreter.
    source.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    known = papermill.inspect_notebook(source)
    if unknown := sorted(set(parameters) - set(known)):
        raise UsageError(
            f"{notebook.name} has no parameter {', '.join(unknown)}; "
            f"it has {', '.join(known) or 'none'}"
        )
    return source


def execute(
    source: NotebookNode,
    executed: Path,
    parameters: Mapping[str, Any],
    cwd: Path,
    folder: Path,
    progress: bool,
    timeout_s: int | None = None,
) -> None:
    """Run all cells; `executed` holds the scrubbed result, also of a failure."""
    ledger.ask_for(source)
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what goes wrong is raised
    try:
        papermill.execute_notebook(
            source,
            str(executed),
            parameters=dict(parameters),
            engine_name="marketintel",
            kernel_name="python3",
            kernel_manager_class=pinned_kernel(folder),
            progress_bar=progress,
            cwd=str(cwd),
            execution_timeout=timeout_s,
        )
    except TimeoutError as error:
        raise ReportError(
            f"a cell was stopped after {timeout_s} seconds; raise timeout_s in the plan, or mend it"
        ) from error
    except papermill.PapermillExecutionError as error:
        if error.ename == "KeyboardInterrupt":
            raise KeyboardInterrupt from error
        reason = " ".join(f"{error.ename}: {error.evalue}".split())
        number = _source_cell(source, bool(parameters), error.cell_index)
        failure = ReportError(f"cell {number} failed: {reason}")
        kind = getattr(errors, error.ename, getattr(builtins, error.ename, None))
        if isinstance(kind, type) and issubclass(kind, errors.MarketIntelError):
            failure.exit_code = kind.exit_code
        elif isinstance(kind, type) and issubclass(kind, OSError):
            failure.exit_code = errors.StorageError.exit_code
        raise failure from error
    except RuntimeError as error:  # the kernel did not start, or died
        files.check_folder(folder)  # of a full disk, often, and then this says so
        said = f"{error} {last_words(folder)}"
        raise ReportError(f"the kernel stopped: {' '.join(said.split())}") from error
    finally:
        if executed.exists():
            _scrub(executed, cwd)


def _scrub(executed: Path, cwd: Path) -> None:
    """Scrub a notebook in its file; one that was cut off by a full disk is removed."""
    try:
        result: NotebookNode = nbformat.read(executed, as_version=4)
    except (ValueError, nbformat.reader.NotJSONError):
        executed.unlink()
    else:
        ledger.move(result)
        nbformat.write(scrub_notebook(result, cwd), executed)


def _source_cell(source: NotebookNode, injected: bool, index: int) -> int:
    """Count a cell as its author does: from 1, without the one that papermill put in."""
    tagged = [
        i for i, cell in enumerate(source.cells) if "parameters" in cell.metadata.get("tags", [])
    ]
    return index + (0 if injected and tagged and index > tagged[0] else 1)

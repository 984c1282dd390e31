"""Where the project's notebooks lie, and how one is run on the data that its facts rest on."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from marketintel.documents.engine.run import Edition, run_notebook
from marketintel.errors import MissingDataError
from marketintel.places import notebooks_dir


def run_on(
    data_dir: Path | None, notebook: str, parameters: Mapping[str, Any], **options: Any
) -> Edition:
    """Run a notebook of the project on a data directory.

    Parameters
    ----------
    data_dir : Path or None
        None for the default.
    notebook, parameters, options
        As of :func:`marketintel.documents.engine.run.run_notebook`; the notebook by its name.
    """
    with data_in_kernel(data_dir):
        return run_notebook(notebook_path(notebook), parameters, **options)


def notebook_path(name: str) -> Path:
    """Return a notebook of the project.

    Raises
    ------
    MissingDataError
        It was removed.
    """
    path = notebooks_dir() / name
    if not path.exists():
        raise MissingDataError(f"{path}: the project's notebook is not there; install it again")
    return path


@contextmanager
def data_in_kernel(
    data_dir: Path | None, variables: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Point the notebook's kernel, which inherits the environment, to data and other values."""
    values = dict(variables or {})
    if data_dir is not None:
        values["MARKETINTEL_DATA"] = str(Path(data_dir).resolve())
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

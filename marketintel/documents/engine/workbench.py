"""Environment of a notebook's kernel."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from marketintel.documents.engine.run import Edition, run_notebook
from marketintel.places import notebook_path


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

"""Environment of a notebook's kernel."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


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

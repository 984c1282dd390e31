"""Where the project's notebooks lie, and how the kernel that runs one finds the data."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from marketintel.errors import MissingDataError


def notebook_path(name: str) -> Path:
    """Return a notebook of the project.

    Raises
    ------
    MissingDataError
        The package is not run from a checkout of the project.
    """
    path = Path(__file__).resolve().parents[2] / "notebooks" / name
    if not path.exists():
        raise MissingDataError(
            f"notebook {name} not found beside the package; run marketintel from a checkout of "
            "the project"
        )
    return path


@contextmanager
def data_in_kernel(data_dir: Path | None) -> Iterator[None]:
    """Point the notebook's kernel, which inherits the environment, to the same data."""
    if data_dir is None:
        yield
        return
    before = os.environ.get("MARKETINTEL_DATA")
    os.environ["MARKETINTEL_DATA"] = str(Path(data_dir).resolve())
    try:
        yield
    finally:
        if before is None:
            del os.environ["MARKETINTEL_DATA"]
        else:
            os.environ["MARKETINTEL_DATA"] = before

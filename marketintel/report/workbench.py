"""Where the project's notebooks lie, and how one is run on the data that its facts rest on."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.analysis.forecast.present import edition_month
from marketintel.errors import MissingDataError
from marketintel.places import notebooks_dir
from marketintel.report.render import Cover
from marketintel.report.run import Edition, run_study

if TYPE_CHECKING:
    import pandas as pd


def edition_name(used: "pd.DataFrame", edition: str | None) -> str:
    """Return the name asked for, or the month in which the newest file was compiled.

    So the same inputs make the same edition, whenever it is run.
    """
    return edition or edition_month(used)


def run_on(
    used: "pd.DataFrame",
    notebook: str,
    parameters: Mapping[str, Any],
    *,
    study: str,
    cover: Cover,
    reports_dir: Path,
    data_dir: Path | None,
    progress: bool,
) -> Edition:
    """Run a notebook of the project as an edition of the cover's name.

    Parameters
    ----------
    used : DataFrame
        ``file, sha256`` of the snapshots that its facts rest on: the edition's inputs.
    """
    with data_in_kernel(data_dir):
        return run_study(
            notebook_path(notebook),
            parameters,
            reports_dir=reports_dir,
            edition=cover.edition,
            study=study,
            cover=cover,
            inputs=dict(zip(used["file"], used["sha256"], strict=True)),
            progress=progress,
        )


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

"""Folders of notebooks, starter snapshots and the user's data, in a checkout or a wheel."""

import os
from pathlib import Path

from marketintel import files
from marketintel.errors import MissingDataError, StorageError

_PACKAGE = Path(__file__).resolve().parent
_ROOT = _PACKAGE.parent
# A wheel carries both inside the package; a checkout has them beside it.
_IS_WHEEL = (_PACKAGE / "_notebooks").is_dir()


def notebooks_dir() -> Path:
    """Return the folder of the notebooks behind the documents."""
    return _PACKAGE / "_notebooks" if _IS_WHEEL else _ROOT / "notebooks"


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


def starter_dir() -> Path:
    """Return the folder of the snapshots that come with the project."""
    return _PACKAGE / "_starter" if _IS_WHEEL else _ROOT / "data" / "raw"


def default_data_dir() -> Path:
    """Return the folder of the user's data.

    The environment variable ``MARKETINTEL_DATA``; else ``data`` of the checkout that holds this
    package; else ``data`` in the current folder if it has snapshots; else ``marketintel`` among
    the user's own data (``XDG_DATA_HOME``), where the starter snapshots are copied on first use.
    Nothing is ever written beside an installed package.

    Raises
    ------
    StorageError
        That folder cannot be written to.
    """
    if chosen := os.environ.get("MARKETINTEL_DATA"):
        return Path(chosen)
    if not _IS_WHEEL:
        return _ROOT / "data"
    if (here := Path.cwd() / "data" / "raw").is_dir():
        return here.parent
    from platformdirs import user_data_path

    folder = user_data_path("marketintel").expanduser().absolute()
    try:
        _copy_starter(folder)
    except OSError as error:
        line = files.storage_error(error) if error.errno else error
        raise StorageError(f"{line}; or set MARKETINTEL_DATA to a folder of your own") from error
    return folder


def _copy_starter(folder: Path) -> None:
    """Copy the starter snapshots that were never copied here; deleted ones stay away."""
    source, note = starter_dir(), folder / ".starter"
    names = sorted(str(p.relative_to(source)) for p in source.rglob("*") if p.is_file())
    if set(names) <= _lines(note):
        return
    files.check_folder(folder)
    with files.locked(folder):
        copied = _lines(note)
        # A sidecar sorts after its file, which without it is not yet a snapshot.
        for name in names:
            if name not in copied and not (folder / "raw" / name).exists():
                files.write_atomic(folder / "raw" / name, (source / name).read_bytes())
        files.write_atomic(note, ("\n".join(sorted({*copied, *names})) + "\n").encode())


def _lines(note: Path) -> set[str]:
    return set(note.read_text(encoding="utf-8").splitlines()) if note.exists() else set()
